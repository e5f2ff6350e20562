//! How plans are shown by `explain`.

use std::fmt::{Display, Formatter, Result, Write};

use super::{
    AggregateCall, Cycles, Each, Expr, GraphMake, GraphPattern, GraphStep, GraphWork, Node, PathChoice, PathStep, Plan,
    RowParts, Slot, Term,
};
use crate::registry::AggregateNaming;
use crate::value::{Value, write_json};

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(&self.annotated(&|_| String::new()))
    }
}

/// What stands in front of a node's line; of the answer's, if there is no node.
type Margin<'a> = &'a dyn Fn(Option<&Node>) -> String;

impl Plan {
    /// A line per node, inputs beneath and indented, each line behind what `margin` says of its node.
    pub(crate) fn annotated(&self, margin: Margin<'_>) -> String {
        let fields: Vec<String> = self.fields.iter().map(|field| format!("{}: {}", field.name, field.ty)).collect();
        let mut text = format!("{}Answer {}\n", margin(None), fields.join(", "));
        self.node.write(&mut text, 1, margin).expect("strings take all text");
        text
    }
}

impl Node {
    fn write(&self, f: &mut String, depth: usize, margin: Margin<'_>) -> Result {
        write!(f, "{}{:indent$}", margin(Some(self)), "", indent = depth * 2)?;
        match self {
            Node::Scan { table, wants } => {
                let wants: Vec<String> = wants.iter().map(|want| want.path.join(".")).collect();
                let database = table.database().map_or(String::new(), |name| format!("{name}."));
                write!(f, "Scan {database}{} [{}]", table.name(), wants.join(", "))?;
            }
            Node::Values { batch } => write!(f, "Values {} row(s)", batch.rows)?,
            Node::Range { ty, start, step, rows } => {
                let [start, step] = [(*ty, start), (*ty, step)].map(|(ty, value)| Expr::literal(ty, value.clone()));
                write!(f, "Range {rows} row(s) from {start} by {step}")?;
            }
            Node::Filter { conditions, .. } => write!(f, "Filter {}", list(conditions, " and "))?,
            Node::Compute { outputs, .. } => write!(f, "Compute [{}]", list(outputs, ", "))?,
            Node::Aggregate { keys, aggregates, .. } => {
                write!(f, "Aggregate [{}] by [{}]", calls(aggregates), list(keys, ", "))?;
            }
            Node::Groups { keys, aggregates, place, loads, saves, .. } => {
                let (from, to) = (if *loads { " of parts" } else { "" }, if *saves { " in part" } else { "" });
                write!(f, "Aggregate{from}{to} [{}] by [{}]", calls(aggregates), list(keys, ", "))?;
                if !place.is_empty() {
                    write!(f, " at [{}]", list(place, ", "))?;
                }
            }
            Node::Arrival { inputs, place, .. } => {
                let inputs: Vec<String> = inputs.iter().map(usize::to_string).collect();
                write!(f, "Arrival [{}]", inputs.join(", "))?;
                if !place.is_empty() {
                    let place: Vec<String> = place.clone().map(|at| format!("#{at}")).collect();
                    write!(f, " in the order of {}", place.join(", "))?;
                }
            }
            Node::Placed { .. } => write!(f, "Placed")?,
            Node::Sort { keys, .. } => write!(f, "Sort {}", sort_keys(keys))?,
            Node::Limit { rows, .. } => write!(f, "Limit {rows}")?,
            Node::TopN { keys, rows, .. } => write!(f, "TopN {rows} {}", sort_keys(keys))?,
            Node::Expand { keep, expanded, index, limit, .. } => {
                let each: Vec<String> = expanded.iter().map(|each| format!("{} to {}", each.expr, each.to)).collect();
                write!(f, "Expand [{}] keep [{}]", each.join(", "), list(keep, ", "))?;
                if *index {
                    write!(f, " with index")?;
                }
                if *limit != usize::MAX {
                    write!(f, " limit {limit}")?;
                }
            }
            Node::Join { left, right, kind } => {
                let pairs: Vec<String> =
                    left.keys.iter().zip(&right.keys).map(|(left, right)| format!("{left} == {right}")).collect();
                let (kept_left, kept_right) = (list(&left.keep, ", "), list(&right.keep, ", "));
                write!(f, "Join {kind:?} on {} keep [{kept_left}] [{kept_right}]", pairs.join(", "))?;
            }
            Node::Graph { edges, nodes, work } => {
                let (kept_edges, kept_nodes) = (list(&edges.keep, ", "), list(&nodes.keep, ", "));
                let (ends, ids) = (list(&edges.keys, " --> "), list(&nodes.keys, ", "));
                write!(f, "Graph {ends} with {ids} keep [{kept_edges}] [{kept_nodes}]{work}")?;
            }
            Node::Union { .. } => write!(f, "Union")?,
            Node::Window { keep, calls, .. } => {
                let calls: Vec<String> =
                    calls.iter().map(|call| format!("{}({})", call.function.name, list(&call.args, ", "))).collect();
                write!(f, "Window [{}] keep [{}]", calls.join(", "), list(keep, ", "))?;
            }
            Node::Match { keep, steps, .. } => {
                let step = |step: &super::Step| {
                    let assigned: Vec<String> =
                        step.assigned.iter().map(|(at, expr)| format!("d{at} = {expr}")).collect();
                    let arrow = if assigned.is_empty() { "" } else { " => " };
                    format!("{}{arrow}{}", step.condition, assigned.join(", "))
                };
                let listed: Vec<String> = steps.list.iter().map(step).collect();
                write!(f, "Match [{}] keep [{}]", listed.join("; "), list(keep, ", "))?;
            }
            Node::Plugin { args, call, .. } => write!(f, "Plugin {}({})", call.name, list(args, ", "))?,
            Node::Each { parts, keep, .. } => {
                match parts {
                    RowParts::Rows => write!(f, "Each row")?,
                    RowParts::Keyed(key) => write!(f, "Each {key}")?,
                }
                write!(f, " keep [{}]", list(keep, ", "))?;
            }
            Node::Part { outputs, .. } => write!(f, "Part [{}]", list(outputs, ", "))?,
        }
        writeln!(f)?;
        self.inputs().into_iter().try_for_each(|input| input.write(f, depth + 1, margin))
    }
}

impl Display for GraphWork {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for step in &self.steps {
            match step {
                GraphStep::Components { strong } => {
                    write!(f, ", {} components", if *strong { "strong" } else { "weak" })?;
                }
                GraphStep::Nodes(expr) => write!(f, ", nodes where {expr}")?,
                GraphStep::Edges(expr) => write!(f, ", edges where {expr}")?,
            }
        }
        match &self.make {
            GraphMake::Nodes { of_id } => write!(f, ": nodes [{}]", list(of_id, ", ")),
            GraphMake::Edges { of_source, of_target } => {
                write!(f, ": edges [{}] [{}]", list(of_source, ", "), list(of_target, ", "))
            }
            GraphMake::Matches(pattern) => write!(f, ": {pattern}"),
        }
    }
}

/// Nodes and edges are `n0`, `e0` …, in the order of the query; what is asked of one alone stands behind it.
impl Display for GraphPattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let asked = |expr: &Option<Expr>| expr.as_ref().map_or(String::new(), |expr| format!(" where {expr}"));
        let nodes: Vec<String> =
            self.nodes.iter().enumerate().map(|(at, asked_of)| format!("(n{at}{})", asked(asked_of))).collect();
        let node = |at: usize| nodes.get(at).map_or("", String::as_str);
        let mut parts = Vec::new();
        for (at, edge) in self.edges.iter().enumerate() {
            let range = edge.range.map_or(String::new(), |(least, most)| format!("*{least}..{most}"));
            let inside = edge.inside.as_ref().map_or(String::new(), |expr| format!(" through {expr}"));
            let (before, behind) = edge.direction.marks();
            let (left, right, each) = (node(edge.left), node(edge.right), asked(&edge.each));
            parts.push(format!("{left}{before}[e{at}{range}{each}{inside}]{behind}{right}"));
        }
        if parts.is_empty() {
            parts.extend(nodes.iter().cloned());
        }
        let choice = match (self.paths, self.cycles) {
            (PathChoice::AnyShortest, _) => "any shortest",
            (PathChoice::AllShortest, _) => "all shortest",
            (PathChoice::Every, Cycles::All) => "with cycles",
            (PathChoice::Every, Cycles::None) => "no node twice",
            (PathChoice::Every, Cycles::UniqueEdges) => "no edge twice",
        };
        write!(f, "match {} {choice}", parts.join(", "))?;
        if !self.slots.is_empty() {
            let slots: Vec<String> = self.slots.iter().map(Slot::to_string).collect();
            write!(f, " as [{}]", slots.join(", "))?;
        }
        if !self.conditions.is_empty() {
            write!(f, " where {}", list(&self.conditions, " and "))?;
        }
        write!(f, " [{}]", list(&self.outputs, ", "))
    }
}

impl Display for Slot {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Slot::Node { at, column } => write!(f, "n{at}.#{column}"),
            Slot::Edge { at, column } => write!(f, "e{at}.#{column}"),
            Slot::Each(Each { at, inside, fold, expr, .. }) => {
                let of = if *inside { " inside" } else { "" };
                write!(f, "{fold:?} e{at}{of} {expr}")
            }
        }
    }
}

fn calls(aggregates: &[AggregateCall]) -> String {
    let call = |call: &AggregateCall| {
        let condition = call.condition.as_ref().map_or(String::new(), |c| format!(" where {c}"));
        let naming = if matches!(call.aggregate.names, AggregateNaming::PerArgument(_)) { "…" } else { "" };
        format!("{}({}{naming}){condition}", call.aggregate.name, list(&call.args, ", "))
    };
    aggregates.iter().map(call).collect::<Vec<_>>().join(", ")
}

fn sort_keys(keys: &[super::SortKey]) -> String {
    let keys: Vec<String> = keys
        .iter()
        .map(|key| {
            let direction = if key.order.descending { "desc" } else { "asc" };
            let nulls = if key.order.nulls_first { "first" } else { "last" };
            format!("{} {direction} nulls {nulls}", key.expr)
        })
        .collect();
    keys.join(", ")
}

fn list(exprs: &[Expr], separator: &str) -> String {
    exprs.iter().map(Expr::to_string).collect::<Vec<_>>().join(separator)
}

/// Longer arrays, such as the rows of a sub-query, are not spelled out.
const LONG: usize = 20;

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.kind {
            Term::Literal(Value::Null) => write!(f, "{}(null)", self.ty),
            Term::Literal(Value::Array(items)) if items.len() > LONG => write!(f, "[… {} values …]", items.len()),
            Term::Literal(value) => {
                let mut text = String::new();
                write_json(&mut text, value.as_ref());
                f.write_str(&text)
            }
            Term::Column(index) => write!(f, "#{index}"),
            Term::Path { base, steps } => {
                write!(f, "{base}")?;
                steps.iter().try_for_each(|step| match step {
                    PathStep::Key(key) => write!(f, ".{key}"),
                    PathStep::Index(index) => write!(f, "[{index}]"),
                })
            }
            Term::Call { callee, args, .. } => write!(f, "{}({})", callee.name(), list(args, ", ")),
            Term::And(parts) => write!(f, "({})", list(parts, " and ")),
            Term::Or(parts) => write!(f, "({})", list(parts, " or ")),
        }
    }
}

impl std::fmt::Debug for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Term::Literal(value) => write!(f, "Literal({value:?})"),
            Term::Column(index) => write!(f, "Column({index})"),
            Term::Path { base, steps } => write!(f, "Path({base:?}, {steps:?})"),
            Term::Call { callee, args, .. } => write!(f, "Call({}, {args:?})", callee.name()),
            Term::And(parts) => write!(f, "And({parts:?})"),
            Term::Or(parts) => write!(f, "Or({parts:?})"),
        }
    }
}
