//! The elements of a pattern while its clauses are bound: what they are called, and what is read of them.

use super::{BoundColumns, Graph};
use crate::plan::{Expr, Slot};
use crate::syntax::ast::Name;
use crate::value::Type;

/// An element of a pattern that has a name, by its position among those of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    Node(usize),
    Edge(usize),
    /// An edge of variable length.
    Path(usize),
}

/// The elements of a pattern, as its clauses read them.
pub(crate) struct Elements<'a> {
    pub(super) graph: &'a Graph,
    pub(super) names: &'a [(Name, Element)],
    slots: Vec<Slot>,
    /// In `map(e, …)` and its like: how many columns stand before the slots, and whether these are those of nodes.
    pub(super) part: Option<(usize, bool)>,
}

impl<'a> Elements<'a> {
    pub(crate) fn new(graph: &'a Graph, names: &'a [(Name, Element)]) -> Elements<'a> {
        Elements { graph, names, slots: Vec::new(), part: None }
    }

    pub(crate) fn into_slots(self) -> Vec<Slot> {
        self.slots
    }

    pub(super) fn named(&self, name: &str) -> Option<Element> {
        self.names.iter().find(|(known, _)| known.text == name).map(|(_, element)| *element)
    }

    /// What reads a slot.
    pub(super) fn slot(&mut self, slot: Slot, ty: Type) -> Expr {
        let same = |known: &Slot| match (known, &slot) {
            (Slot::Node { at, column }, Slot::Node { at: other, column: of_other })
            | (Slot::Edge { at, column }, Slot::Edge { at: other, column: of_other }) => {
                at == other && column == of_other
            }
            _ => false,
        };
        let at = self.slots.iter().position(same).unwrap_or(self.slots.len());
        if at == self.slots.len() {
            self.slots.push(slot);
        }
        Expr::column(ty, self.part.map_or(0, |(own, _)| own) + at)
    }

    pub(super) fn columns_of(&self, element: Element) -> &'a BoundColumns {
        match element {
            Element::Node(_) => &self.graph.nodes,
            Element::Edge(_) | Element::Path(_) => &self.graph.edges,
        }
    }

    /// How many elements an expression reads.
    pub(super) fn count_read(&self, expr: &Expr) -> usize {
        let mut read: Vec<Element> = Vec::new();
        let mut slots: Vec<usize> = expr.columns().into_iter().collect();
        while let Some(slot) = slots.pop().and_then(|at| self.slots.get(at)) {
            let element = match slot {
                Slot::Node { at, .. } => Element::Node(*at),
                Slot::Edge { at, .. } => Element::Edge(*at),
                Slot::Each(each) => {
                    slots.extend(each.expr.columns().into_iter().filter_map(|at| at.checked_sub(each.own)));
                    Element::Path(each.at)
                }
            };
            if !read.contains(&element) {
                read.push(element);
            }
        }
        read.len()
    }

    /// A column of a node or edge.
    pub(super) fn property(&mut self, element: Element, column: usize, ty: Type) -> Expr {
        let slot = match element {
            Element::Node(at) => Slot::Node { at, column },
            Element::Edge(at) | Element::Path(at) => Slot::Edge { at, column },
        };
        self.slot(slot, ty)
    }
}
