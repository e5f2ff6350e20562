//! Where a value comes from: the table and the path in its rows, found by going back through a plan.

use std::sync::Arc;

use crate::plan::{Callee, Expr, Node, PartId, PathStep, RowParts, Term};
use crate::registry::{Case, Implies};
use crate::source::{PathSketch, SketchStep, SourceTable};
use crate::value::{Type, Value};

/// The origins of the only column that a query ends with.
pub(super) fn origins(node: &Node) -> Vec<ValueOrigin> {
    OriginSearch::default().column(node, 0)
}

/// A path in the rows of a table.
#[derive(Clone, Debug)]
pub(super) struct ValueOrigin {
    table: Arc<SourceTable>,
    path: Vec<SketchStep>,
    /// The types that the rows are of, in lower case, where the query has said so.
    types: Option<Vec<String>>,
    /// The values are seen through one of these.
    case: Case,
}

/// Looks for the origins of values in a plan.
#[derive(Default)]
struct OriginSearch<'a> {
    /// What the parts inside the `Each` nodes around are parts of.
    parts: Vec<(PartId, &'a Node)>,
}

impl<'a> OriginSearch<'a> {
    /// Where the values of a column of a node come from; several where tables are put together.
    fn column(&mut self, node: &'a Node, at: usize) -> Vec<ValueOrigin> {
        match node {
            Node::Scan { table, wants } => wants.get(at).map_or(Vec::new(), |want| {
                let path = want.path.iter().cloned().map(SketchStep::Key).collect();
                vec![ValueOrigin { table: table.clone(), path, types: None, case: Case::Unchanged }]
            }),
            Node::Filter { input, conditions } => {
                let mut found = self.column(input, at);
                for condition in conditions {
                    self.narrow(&mut found, input, condition);
                }
                found
            }
            Node::Sort { input, .. } | Node::Limit { input, .. } | Node::TopN { input, .. } => self.column(input, at),
            Node::Compute { input, outputs } => self.output(input, outputs, at),
            Node::Aggregate { input, keys, aggregates } => match at.checked_sub(keys.len()) {
                None => self.output(input, keys, at),
                Some(mut made) => {
                    for call in aggregates {
                        if made < call.returns.len() {
                            return if call.aggregate.picks {
                                self.output(input, &call.args, made)
                            } else {
                                Vec::new()
                            };
                        }
                        made -= call.returns.len();
                    }
                    Vec::new()
                }
            },
            Node::Expand { input, keep, expanded, .. } => match at.checked_sub(keep.len()) {
                None => self.output(input, keep, at),
                Some(made) => {
                    let found = expanded.get(made).map_or(Vec::new(), |each| self.expr(input, &each.expr));
                    found.into_iter().map(|origin| origin.inward(SketchStep::Element)).collect()
                }
            },
            Node::Join { left, right, .. } => match at.checked_sub(left.keep.len()) {
                None => self.output(&left.input, &left.keep, at),
                Some(at) => self.output(&right.input, &right.keep, at),
            },
            Node::Union { inputs } => inputs.iter().flat_map(|input| self.column(input, at)).collect(),
            Node::Plugin { .. } | Node::Graph { .. } => Vec::new(),
            Node::Window { input, keep, .. } | Node::Match { input, keep, .. } => self.output(input, keep, at),
            Node::Each { part, input, parts: RowParts::Rows | RowParts::Keyed(_), keep, body, .. } => {
                match at.checked_sub(keep.len()) {
                    None => self.output(input, keep, at),
                    Some(at) => {
                        self.parts.push((*part, input));
                        let found = self.column(body, at);
                        self.parts.pop();
                        found
                    }
                }
            }
            Node::Part { part, outputs } => match self.parts.iter().rfind(|(known, _)| known == part) {
                Some(&(_, input)) => self.output(input, outputs, at),
                None => Vec::new(),
            },
            Node::Values { .. }
            | Node::Range { .. }
            | Node::Arrival { .. }
            | Node::Groups { .. }
            | Node::Placed { .. } => Vec::new(),
        }
    }

    fn output(&mut self, input: &'a Node, outputs: &'a [Expr], at: usize) -> Vec<ValueOrigin> {
        outputs.get(at).map_or(Vec::new(), |expr| self.expr(input, expr))
    }

    /// Where the values of an expression over a node's columns come from.
    fn expr(&mut self, input: &'a Node, expr: &'a Expr) -> Vec<ValueOrigin> {
        match &expr.kind {
            Term::Column(at) => self.column(input, *at),
            Term::Path { base, steps } => {
                let inward = |step: &PathStep| match step {
                    PathStep::Key(key) => SketchStep::Key(key.clone()),
                    PathStep::Index(_) => SketchStep::Element,
                };
                let bases = self.expr(input, base);
                bases.into_iter().map(|base| steps.iter().map(inward).fold(base, ValueOrigin::inward)).collect()
            }
            Term::Call { callee: Callee::Scalar(scalar), args, .. } => {
                let Some(passes) = scalar.passes else { return Vec::new() };
                let mut found = self.output(input, args, passes.argument);
                if passes.case != Case::Unchanged {
                    found.iter_mut().for_each(|origin| origin.case = passes.case);
                }
                found
            }
            _ => Vec::new(),
        }
    }

    /// Takes note of what a filter says about the type of the rows.
    fn narrow(&mut self, found: &mut [ValueOrigin], input: &'a Node, condition: &'a Expr) {
        match &condition.kind {
            Term::And(all) => all.iter().for_each(|each| self.narrow(found, input, each)),
            Term::Call { callee: Callee::Infix(infix, _), args, .. } if infix.implies == Implies::Equal => {
                let [left, right @ ..] = args.as_slice() else { return };
                let values: Option<Vec<String>> = right.iter().map(text).collect();
                let Some(values) = values.filter(|values| !values.is_empty()) else { return };
                let ty = [SketchStep::Key("type".into())];
                for about in self.expr(input, left).into_iter().filter(|about| about.path == ty) {
                    let same = |origin: &&mut ValueOrigin| Arc::ptr_eq(&origin.table, &about.table);
                    found.iter_mut().filter(same).for_each(|origin| origin.types = Some(values.clone()));
                }
            }
            _ => {}
        }
    }
}

fn text(expr: &Expr) -> Option<String> {
    match expr.constant()? {
        Value::String(text) if expr.ty == Type::String => Some(text.to_lowercase()),
        _ => None,
    }
}

impl ValueOrigin {
    fn inward(mut self, step: SketchStep) -> ValueOrigin {
        self.path.push(step);
        self
    }

    /// What stands there in the rows that were looked at, and whether there are more rows.
    pub(super) fn shape(&self) -> Option<(PathSketch, usize, bool)> {
        let sketch = self.table.sketch().ok()?;
        let rows = sketch.at(&[], self.types.as_deref()).count;
        // Rows of a type that was not met are taken to be like all others.
        let types = self.types.as_deref().filter(|_| rows > 0);
        let rows = sketch.at(&[], types).count;
        Some((sketch.at(&self.path, types), rows, sketch.sampled))
    }

    /// A value as the query sees it.
    pub(super) fn in_case(&self, value: &str) -> String {
        match self.case {
            Case::Unchanged => value.to_owned(),
            Case::Lower => value.to_lowercase(),
            Case::Upper => value.to_uppercase(),
        }
    }
}
