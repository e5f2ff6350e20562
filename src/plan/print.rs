//! How plans are shown by `explain`.

use std::fmt::{Display, Formatter, Result, Write};

use super::{AggregateCall, Expr, Node, PathStep, Plan, RowParts, Term};
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
