//! `graph-match`: where a pattern of nodes and edges fits a graph.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use nom::Parser;

use super::Syntax;
use super::make_graph::graph_of;
use super::project::made_by;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumn, BoundColumns, Element, Elements, Exprs, Namer, Relation, label_in_pattern};
use crate::diag::{BAD_ARGUMENT, DUPLICATE_NAME, Diagnostic, Span, UNEXPECTED};
use crate::plan::{
    self, Cycles, Direction, EachFold, GraphMake, GraphPattern, GraphWork, Node, PathChoice, PatternEdge, Slot, Term,
};
use crate::registry::{Allowed, Example, OperatorDef, Position, words};
use crate::syntax::TokenKind;
use crate::syntax::ast::*;
use crate::syntax::clause::{assign, choice, commas, constant, parameter};
use crate::syntax::expr::{expr, name};
use crate::syntax::print::{Listed, spelling};
use crate::syntax::tokens::{Hope, Parsed, Thing, Tokens, failure, symbol, word};
use crate::value::Type;

/// `graph-match cycles=none (n)-[e]->(m) where n.x == m.x project n.name`
#[derive(Clone, Debug)]
pub(crate) struct GraphMatch {
    /// `None` is Kusto's default, [`Cycles::UniqueEdges`].
    pub(crate) cycles: Option<Cycles>,
    pub(crate) places: Places,
}

/// `(n)-[e]->(m), (n)-->(o) where n.x == m.x project n.name`
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) sequences: Vec<Sequence>,
    pub(crate) condition: Option<Expr>,
    pub(crate) columns: Vec<Assign>,
}

/// `(n)-[e]->(m)<--()`
#[derive(Clone, Debug)]
pub(crate) struct Sequence {
    pub(crate) first: Option<Name>,
    /// Each edge, and the node behind it.
    pub(crate) rest: Vec<(EdgeNotation, Option<Name>)>,
    pub(crate) span: Span,
}

/// `-[e*1..3]->`
#[derive(Clone, Debug)]
pub(crate) struct EdgeNotation {
    pub(crate) direction: Direction,
    pub(crate) name: Option<Name>,
    /// Fewest and most edges of a path.
    pub(crate) range: Option<[Expr; 2]>,
    pub(crate) span: Span,
}

const GRAPH_MATCH: OperatorDef = OperatorDef {
    names: &["graph-match"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &words::<_, 6>(&["cycles"], CYCLES, &["where", "project"]),
    syntax: "graph-match [cycles=unique_edges | none | all] (node)-[edge]->(node), … [where predicate] project [name =] expr, …",
    about: "A row for each place where a pattern fits the graph: nodes `(n)`, edges `-[e]->`, `<-[e]-`, `-[e]-`, paths `-[e*1..3]->`.",
    examples: &[Example {
        query: "datatable(who: string, boss: string)['b', 'a', 'c', 'b'] | make-graph who --> boss with_node_id=name | graph-match (n)-->(m) where m.name == 'a' project n.name",
        result: "b",
    }],
};

pub(super) const CYCLES: &[(&str, Cycles)] =
    &[("unique_edges", Cycles::UniqueEdges), ("none", Cycles::None), ("all", Cycles::All)];

impl Syntax for GraphMatch {
    const DEF: &'static OperatorDef = &GRAPH_MATCH;

    fn parse(input: Tokens<'_>) -> Parsed<'_, GraphMatch> {
        let (input, cycles) = match parameter(input, "cycles") {
            Some(rest) => {
                let (rest, cycles) = choice("a choice of cycles", CYCLES)(rest)?;
                (rest, Some(cycles))
            }
            None => (input, None),
        };
        let (input, places) = places(input)?;
        Ok((input, GraphMatch { cycles, places }))
    }
}

/// Patterns, what must hold of them, and what comes out.
pub(super) fn places(input: Tokens<'_>) -> Parsed<'_, Places> {
    let (input, sequences) = commas(sequence)(input)?;
    let (input, condition) = if input.is(0, "where") {
        let (input, condition) = expr(input.skip(1))?;
        (input, Some(condition))
    } else {
        input.hope(Hope::Text("where"));
        (input, None)
    };
    let (input, _) = word("project").parse(input)?;
    let (input, columns) = commas(assign)(input)?;
    Ok((input, Places { sequences, condition, columns }))
}

fn sequence(input: Tokens<'_>) -> Parsed<'_, Sequence> {
    let start = input.here();
    if input.is(0, "-") || input.is(0, "<") {
        let complaint = Diagnostic::error(UNEXPECTED, input.here(), "a pattern begins with a node").label("an edge");
        return Err(failure(complaint.help("a node may be without a name: `()-[e]->(m)`")));
    }
    let (mut input, first) = node(input)?;
    let mut rest = Vec::new();
    while let (behind, Some(edge)) = edge(input)? {
        if behind.is(0, ">") {
            let complaint = Diagnostic::error(UNEXPECTED, behind.here(), "an arrow has no blanks inside");
            return Err(failure(complaint.label("belongs to the edge").help("`-->`, `-[e]->`")));
        }
        if behind.is_word(0) {
            let complaint = Diagnostic::error(UNEXPECTED, behind.here(), "an edge leads to a node").label("no node");
            return Err(failure(complaint.help("a node may be without a name: `(n)-[e]->()`")));
        }
        let (behind, node) = node(behind)?;
        rest.push((edge, node));
        input = behind;
    }
    Ok((input, Sequence { first, rest, span: input.since(start) }))
}

/// `(n)`, `()`
fn node(input: Tokens<'_>) -> Parsed<'_, Option<Name>> {
    let (input, _) = symbol("(").parse(input)?;
    if input.is(0, ")") {
        return Ok((input.skip(1), None));
    }
    input.hope(Hope::Text(")"));
    let (input, name) = name(input)?;
    let (input, _) = symbol(")").parse(input)?;
    Ok((input, Some(name)))
}

/// Edges without a name.
const BARE: &[(&str, &[&str], Direction)] = &[
    ("-->", &["-", "-", ">"], Direction::Right),
    ("<--", &["<", "-", "-"], Direction::Left),
    ("--", &["-", "-"], Direction::Either),
];

/// How many tokens ahead make this sign, without gaps.
fn sign(input: Tokens<'_>, signs: &[&str]) -> bool {
    signs.iter().enumerate().all(|(at, sign)| input.is(at, sign) && (at == 0 || input.touches(at)))
}

/// An edge, if one is ahead.
fn edge(input: Tokens<'_>) -> Parsed<'_, Option<EdgeNotation>> {
    let start = input.here();
    for &(text, signs, direction) in BARE {
        if sign(input, signs) {
            let input = input.skip(signs.len());
            let span = input.since(start);
            return Ok((input, Some(EdgeNotation { direction, name: None, range: None, span })));
        }
        input.hope(Hope::Text(text));
    }
    let left = sign(input, &["<", "-", "["]);
    if !left && !sign(input, &["-", "["]) {
        input.hope(Hope::Text("-["));
        input.hope(Hope::Text("<-["));
        return Ok((input, None));
    }
    let input = input.skip(if left { 3 } else { 2 });
    let (input, name) = if input.is(0, "*") || input.is(0, "]") {
        (input, None)
    } else {
        let (input, name) = name(input)?;
        (input, Some(name))
    };
    let (input, range) = if input.is(0, "*") {
        let (input, least) = bound(input.skip(1))?;
        let (input, _) = symbol("..").parse(input)?;
        let (input, most) = bound(input)?;
        (input, Some([least, most]))
    } else {
        input.hope(Hope::Text("*"));
        (input, None)
    };
    let right = sign(input, &["]", "-", ">"]);
    if !right && !sign(input, &["]", "-"]) {
        input.hope(Hope::Text("]-"));
        return input.unexpected(Hope::Text("]->"));
    }
    let input = input.skip(if right { 3 } else { 2 });
    let span = input.since(start);
    let direction = match (left, right) {
        (true, true) => {
            let complaint = Diagnostic::error(UNEXPECTED, span, "an edge points to one side");
            let complaint = complaint.label("to both sides");
            return Err(failure(complaint.help("write `-[e]-` for an edge in any direction")));
        }
        (true, false) => Direction::Left,
        (false, true) => Direction::Right,
        (false, false) => Direction::Either,
    };
    Ok((input, Some(EdgeNotation { direction, name, range, span })))
}

/// How many edges: a number, or the name of one.
fn bound(input: Tokens<'_>) -> Parsed<'_, Expr> {
    let start = input.here();
    match input.first() {
        Some(token) if token.kind == TokenKind::Long => constant(input),
        Some(token) if token.kind == TokenKind::Word => {
            let (input, name) = name(input)?;
            input.expr(ExprKind::Name(name), start)
        }
        _ => input.unexpected(Hope::Thing(Thing::Number)),
    }
}

impl Display for EdgeNotation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (before, behind) = self.direction.marks();
        if self.name.is_none() && self.range.is_none() {
            return match self.direction {
                Direction::Right => f.write_str("-->"),
                Direction::Left => f.write_str("<--"),
                Direction::Either => f.write_str("--"),
            };
        }
        write!(f, "{before}[")?;
        if let Some(name) = &self.name {
            write!(f, "{name}")?;
        }
        if let Some([least, most]) = &self.range {
            write!(f, "*{least}..{most}")?;
        }
        write!(f, "]{behind}")
    }
}

impl Display for Sequence {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let node = |f: &mut Formatter<'_>, node: &Option<Name>| match node {
            Some(name) => write!(f, "({name})"),
            None => f.write_str("()"),
        };
        node(f, &self.first)?;
        self.rest.iter().try_for_each(|(edge, behind)| {
            edge.fmt(f)?;
            node(f, behind)
        })
    }
}

impl Display for Places {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Listed(&self.sequences))?;
        if let Some(condition) = &self.condition {
            write!(f, " where {condition}")?;
        }
        write!(f, " project {}", Listed(&self.columns))
    }
}

impl Display for GraphMatch {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(cycles) = self.cycles {
            write!(f, " cycles={}", spelling(CYCLES, cycles))?;
        }
        write!(f, " {}", self.places)
    }
}

impl Tabular for GraphMatch {
    fn lower(&self, input: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let cycles = self.cycles.unwrap_or(Cycles::UniqueEdges);
        fitting(&self.places, cycles, PathChoice::Every, input, step, binder)
    }

    fn reads_graph(&self) -> bool {
        true
    }
}

/// A pattern while it is bound: its nodes and edges, and those that have names.
#[derive(Default)]
struct Shape {
    nodes: usize,
    edges: Vec<PatternEdge>,
    names: Vec<(Name, Element)>,
}

/// The rows of the places where a pattern fits the graph.
pub(super) fn fitting(
    places: &Places,
    cycles: Cycles,
    paths: PathChoice,
    input: Relation,
    step: &PipelineStep,
    binder: &mut Binder<'_>,
) -> Relation {
    let Some(parts) = graph_of(input, step, binder) else { return Relation::poisoned() };
    let graph = parts.graph;
    let Some(shape) = shape(places, binder) else { return Relation::poisoned() };
    let nothing = BoundColumns::none();
    let mut exprs = Exprs::of_elements(binder, &nothing, Elements::new(&graph, &shape.names));
    let condition = places.condition.as_ref().map(|condition| exprs.predicate(condition)).transpose();
    let label = |assign: &Assign, at: usize| label_in_pattern(assign, at, &graph, &shape.names);
    let labels: Vec<_> =
        places.columns.iter().flat_map(|assign| (0..assign.names.len().max(1)).map(|at| label(assign, at))).collect();
    let mut namer = Namer::new(&labels);
    let mut columns = Vec::new();
    for assign in &places.columns {
        columns.extend(match exprs.property_of_path(&assign.expr) {
            Some(bound) => match namer.name(&label(assign, 0), assign.expr.span) {
                Ok(name) => vec![super::project::output(name, bound)],
                Err(diagnostic) => {
                    exprs.binder.error(*diagnostic);
                    Vec::new()
                }
            },
            None => made_by(assign, &mut exprs, &mut namer, |at, _| label(assign, at)),
        });
    }
    if let (Ok(Some(condition)), Some(written), true) = (&condition, &places.condition, paths != PathChoice::Every) {
        exprs.asks_each_alone(condition, written);
    }
    let slots = exprs.into_elements().map(Elements::into_slots).unwrap_or_default();
    let (columns, outputs): (Vec<BoundColumn>, Vec<plan::Expr>) = columns.into_iter().unzip();
    let Ok(condition) = condition else { return Relation::poisoned() };
    let id = binder.converted(plan::Expr::column(graph.id, 0), Type::String);
    let mut pattern = GraphPattern {
        nodes: vec![None; shape.nodes],
        edges: shape.edges,
        cycles,
        paths,
        id,
        slots,
        conditions: Vec::new(),
        outputs,
    };
    condition.into_iter().flat_map(conjuncts).for_each(|condition| ask(&mut pattern, condition));
    let make = GraphMake::Matches(Box::new(pattern));
    let known = parts.work.known.clone();
    let work = Arc::new(GraphWork { known, steps: parts.work.steps.clone(), make });
    let node = Node::Graph { edges: parts.edges, nodes: parts.nodes, work };
    Relation::new(node, columns)
}

/// The parts of a conjunction.
fn conjuncts(condition: plan::Expr) -> Vec<plan::Expr> {
    match condition.kind {
        Term::And(parts) => parts.into_iter().flat_map(conjuncts).collect(),
        _ => vec![condition],
    }
}

/// Asks a condition as early as can be: of a node or an edge alone, if it is about nothing else.
fn ask(pattern: &mut GraphPattern, mut condition: plan::Expr) {
    let read: Vec<&Slot> = condition.columns().iter().filter_map(|&at| pattern.slots.get(at)).collect();
    let deterministic = condition.deterministic();
    let about = match read.as_slice() {
        [first, rest @ ..] if deterministic => match first {
            Slot::Node { at, .. }
                if rest.iter().all(|slot| matches!(slot, Slot::Node { at: other, .. } if other == at)) =>
            {
                Some(Element::Node(*at))
            }
            Slot::Edge { at, .. }
                if rest.iter().all(|slot| matches!(slot, Slot::Edge { at: other, .. } if other == at)) =>
            {
                Some(Element::Edge(*at))
            }
            Slot::Each(each)
                if each.fold == EachFold::All
                    && matches!(condition.kind, Term::Column(_))
                    && each.is_of_part()
                    && each.expr.deterministic() =>
            {
                let (edge, expr) = (&mut pattern.edges[each.at], each.expr.clone());
                let place = if each.inside { &mut edge.inside } else { &mut edge.each };
                *place = Some(both(place.take(), expr));
                return;
            }
            _ => None,
        },
        _ => None,
    };
    let place = match about {
        Some(Element::Node(at)) => &mut pattern.nodes[at],
        Some(Element::Edge(at) | Element::Path(at)) => &mut pattern.edges[at].each,
        None => return pattern.conditions.push(condition),
    };
    let slots = &pattern.slots;
    condition.replace(&mut |expr| match (&expr.kind, expr.ty) {
        (Term::Column(at), ty) => match slots.get(*at) {
            Some(Slot::Node { column, .. } | Slot::Edge { column, .. }) => Some(plan::Expr::column(ty, *column)),
            _ => None,
        },
        _ => None,
    });
    *place = Some(both(place.take(), condition));
}

fn both(before: Option<plan::Expr>, condition: plan::Expr) -> plan::Expr {
    match before {
        None => condition,
        Some(before) => plan::Expr { ty: Type::Bool, kind: Term::And(vec![before, condition]) },
    }
}

/// The nodes and edges of a pattern; none if something is wrong with it.
fn shape(places: &Places, binder: &mut Binder<'_>) -> Option<Shape> {
    let mut shape = Shape::default();
    let mut right = true;
    // Which nodes hang together: the first of those that do.
    let mut heads: Vec<usize> = Vec::new();
    for sequence in &places.sequences {
        let mut left = node_of(&mut shape, &mut heads, &sequence.first, binder, &mut right);
        for (edge, node) in &sequence.rest {
            let next = node_of(&mut shape, &mut heads, node, binder, &mut right);
            let range = match &edge.range {
                None => Some(None),
                Some(range) => range_of(range, edge.span, binder).map(Some),
            };
            right &= range.is_some();
            let range = range.flatten();
            if let Some(name) = &edge.name {
                let at = shape.edges.len();
                let element = if edge.range.is_some() { Element::Path(at) } else { Element::Edge(at) };
                right &= named(&mut shape.names, name, element, binder);
            }
            let (one, other) = (heads[left], heads[next]);
            heads.iter_mut().filter(|head| **head == other).for_each(|head| *head = one);
            let edge = PatternEdge { left, right: next, direction: edge.direction, range, each: None, inside: None };
            shape.edges.push(edge);
            left = next;
        }
        // Each sequence begins with a node of its own.
        let apart = heads.first().is_some_and(|first| heads.iter().any(|head| head != first));
        if apart && sequence.span == places.sequences.last().map_or(sequence.span, |last| last.span) {
            let message = "the parts of a pattern must hang together, and this one shares no node with the others";
            let diagnostic = Diagnostic::error(UNEXPECTED, sequence.span, message).label("stands apart");
            binder.error(diagnostic.help("name a node in both: `(a)-->(n), (n)-->(b)`"));
            right = false;
        }
    }
    right.then_some(shape)
}

/// The position of a node: that of its name, if it had one before.
fn node_of(
    shape: &mut Shape,
    heads: &mut Vec<usize>,
    name: &Option<Name>,
    binder: &mut Binder<'_>,
    right: &mut bool,
) -> usize {
    if let Some(name) = name {
        let known = shape.names.iter().find(|(known, _)| known.text == name.text);
        if let Some((_, Element::Node(at))) = known {
            return *at;
        }
    }
    let at = shape.nodes;
    shape.nodes += 1;
    heads.push(at);
    if let Some(name) = name {
        *right &= named(&mut shape.names, name, Element::Node(at), binder);
    }
    at
}

/// Gives an element its name, which must be new; of a node and an edge of one name, it is the node's (measured on Kusto).
fn named(names: &mut Vec<(Name, Element)>, name: &Name, element: Element, binder: &mut Binder<'_>) -> bool {
    let known = names.iter_mut().find(|(known, _)| known.text == name.text).map(|(_, known)| known);
    if let Some(known) = known {
        match (*known, element) {
            (Element::Node(_), Element::Edge(_) | Element::Path(_)) => return true,
            (_, Element::Node(_)) => {
                *known = element;
                return true;
            }
            _ => {}
        }
        let message = format!("there is an element `{}` already", name.text);
        let diagnostic = Diagnostic::error(DUPLICATE_NAME, name.span, message).label("same name again");
        binder.error(diagnostic.help("only nodes may stand in several places of a pattern"));
        return false;
    }
    names.push((name.clone(), element));
    true
}

/// Fewest and most edges of a path.
fn range_of(range: &[Expr; 2], span: Span, binder: &mut Binder<'_>) -> Option<(usize, usize)> {
    let nothing = BoundColumns::none();
    let mut exprs = Exprs::new(binder, &nothing);
    let [least, most] = range.each_ref().map(|bound| exprs.count(bound));
    let (least, most) = (least.ok()?, most.ok()?);
    match (usize::try_from(least), usize::try_from(most)) {
        (Ok(least), Ok(most)) if least <= most => Some((least, most)),
        _ => {
            let message = format!("no path has from {least} to {most} edges");
            let diagnostic = Diagnostic::error(BAD_ARGUMENT, span, message).label("fits nothing");
            binder.error(diagnostic.help("the smaller number stands first: `-[e*1..3]->`"));
            None
        }
    }
}
