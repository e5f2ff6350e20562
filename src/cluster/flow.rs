//! Rows on their way through a plan that is being cut: where they come from, and where each stands among all others.

use std::collections::BTreeSet;
use std::ops::Range;

use super::stage::{Input, PlaceItem, Via};
use crate::plan::{Expr, Node, SortKey};
use crate::value::{SortOrder, Type, Value};

/// Where the rows of one leg stand among all rows. The rows of each partition are in order.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// The partitions are one behind the other.
    Serial,
    /// These columns, the last ones, say so; where several rows are at one place, they are of one partition.
    Columns { at: Range<usize>, unique: bool },
}

/// Rows that come from one place, in partitions.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) node: Node,
    pub(super) inputs: Vec<Input>,
    pub(super) partitions: usize,
    pub(super) place: Place,
}

/// All rows of a node: those of the legs one behind the other.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) legs: Vec<Leg>,
    /// About how many bytes were read for them.
    pub(super) bytes: u64,
    /// Why they are in one partition, if they had to be brought there.
    pub(super) why: Option<&'static str>,
}

/// Rows that have left for another stage.
pub(super) struct Sent {
    pub(super) stages: Vec<usize>,
    pub(super) types: Vec<Type>,
    pub(super) place: Range<usize>,
}

impl Leg {
    pub(super) fn map(self, change: impl FnOnce(Box<Node>) -> Node) -> Leg {
        Leg { node: change(Box::new(self.node)), ..self }
    }

    pub(super) fn place_columns(&self) -> Vec<Expr> {
        match &self.place {
            Place::Serial => Vec::new(),
            Place::Columns { at, .. } => place_exprs(at),
        }
    }

    /// With the places, if there are columns for them, from there on; no longer unique unless they are so still.
    pub(super) fn with_place_at(mut self, from: usize, unique: bool) -> Leg {
        if let Place::Columns { at, unique: was } = &mut self.place {
            *at = from..from + at.len();
            *was &= unique;
        }
        self
    }
}

impl Flow {
    /// As one leg, if all rows are in one partition each.
    pub(super) fn merged(mut self) -> Flow {
        if self.legs.len() < 2 || self.legs.iter().any(|leg| leg.partitions > 1) {
            return self;
        }
        let (mut inputs, mut nodes) = (Vec::new(), Vec::new());
        for leg in self.legs.drain(..) {
            nodes.push(shifted(leg.node, inputs.len()));
            inputs.extend(leg.inputs);
        }
        let node = Node::Union { inputs: nodes };
        self.legs.push(Leg { node, inputs, partitions: 1, place: Place::Serial });
        self
    }

    pub(super) fn is_single(&self) -> bool {
        matches!(&self.legs[..], [leg] if leg.partitions == 1)
    }

    pub(super) fn partitions(&self) -> usize {
        self.legs.iter().map(|leg| leg.partitions).sum()
    }

    pub(super) fn types(&self) -> Vec<Type> {
        self.legs.first().map_or(Vec::new(), |leg| leg.node.types())
    }

    /// What gives the places of the rows of each leg.
    pub(super) fn places(&self) -> Vec<Vec<PlaceItem>> {
        let own = |leg: &Leg, base: usize| match &leg.place {
            Place::Serial => vec![PlaceItem::Serial(base)],
            Place::Columns { at, unique } => {
                let columns = at.clone().map(PlaceItem::Column);
                columns.chain((!unique).then_some(PlaceItem::Serial(0))).collect()
            }
        };
        if self.legs.iter().all(|leg| matches!(leg.place, Place::Serial)) {
            let mut base = 0;
            let place = |leg: &Leg| {
                base += leg.partitions;
                own(leg, base - leg.partitions)
            };
            return self.legs.iter().map(place).collect();
        }
        if let [only] = &self.legs[..] {
            return vec![own(only, 0)];
        }
        let mut places: Vec<Vec<PlaceItem>> = Vec::new();
        for (number, leg) in self.legs.iter().enumerate() {
            places.push([vec![PlaceItem::Number(number)], own(leg, 0)].concat());
        }
        let most = places.iter().map(Vec::len).max().unwrap_or(0);
        places.iter_mut().for_each(|items| items.resize(most, PlaceItem::Number(0)));
        places
    }
}

/// The node with other numbers for the inputs that it reads.
pub(super) fn shifted(node: Node, by: usize) -> Node {
    match node {
        Node::Arrival { inputs, types, place } => {
            Node::Arrival { inputs: inputs.into_iter().map(|input| input + by).collect(), types, place }
        }
        node => node.map_inputs(|input| shifted(input, by)),
    }
}

/// The columns of a node in another order.
pub(super) fn columns_in_order(node: Node, types: &[Type], order: impl Iterator<Item = usize>) -> Node {
    let outputs = order.map(|at| Expr::column(types[at], at)).collect();
    Node::Compute { input: Box::new(node), outputs }
}

/// The columns of a node, with those of the places behind all others.
pub(super) fn places_last(node: Node, types: &[Type], place: Range<usize>) -> Node {
    let order = (0..types.len()).filter(|at| !place.contains(at)).chain(place.clone());
    columns_in_order(node, types, order)
}

pub(super) fn place_exprs(place: &Range<usize>) -> Vec<Expr> {
    place.clone().map(|at| Expr::column(Type::Long, at)).collect()
}

pub(super) fn place_keys(place: Range<usize>) -> Vec<SortKey> {
    let order = SortOrder { descending: false, nulls_first: false };
    place.map(|at| SortKey { expr: Expr::column(Type::Long, at), order }).collect()
}

/// A node that keeps expressions of its rows and makes several of one: with the places of these kept behind all columns.
pub(super) fn kept_behind(leg: Leg, keep: &[Expr], make: impl FnOnce(Box<Node>, Vec<Expr>) -> Node) -> Leg {
    let (place, width) = (leg.place_columns(), keep.len());
    let keep = keep.iter().cloned().chain(place.clone()).collect();
    let leg = leg.map(|input| make(input, keep));
    if place.is_empty() {
        return leg;
    }
    let types = leg.node.types();
    let all = types.len();
    let leg = leg.map(|node| places_last(*node, &types, width..width + place.len()));
    leg.with_place_at(all - place.len(), false)
}

/// The columns of a node that somebody reads.
pub(super) type Needs = BTreeSet<usize>;

/// Rows that were sent, as they arrive at a stage behind its first inputs.
pub(super) fn arrival(sent: &Sent, via: Via, before: usize, in_order: bool) -> (Node, Vec<Input>) {
    let place = if in_order { sent.place.clone() } else { 0..0 };
    let numbers = (before..before + sent.stages.len()).collect();
    let node = Node::Arrival { inputs: numbers, types: sent.types.clone(), place };
    (node, sent.stages.iter().map(|&stage| Input { stage, via }).collect())
}

/// The columns that are read, as they are sent.
pub(super) fn read_columns(needs: &Needs, types: &[Type]) -> Vec<Expr> {
    needs.iter().filter_map(|&at| Some(Expr::column(*types.get(at)?, at))).collect()
}

/// Columns that were sent, and so many places behind them, with each at its position again.
pub(super) fn restored(node: Node, needs: &Needs, types: &[Type], places: usize) -> Node {
    let width = needs.last().map_or(0, |last| last + 1);
    if needs.len() == width {
        return node;
    }
    let column = |at: usize| {
        let ty = types[at];
        match needs.contains(&at) {
            true => Expr::column(ty, needs.range(..at).count()),
            false => Expr::literal(ty, Value::absent(ty)),
        }
    };
    let places = (needs.len()..needs.len() + places).map(|at| Expr::column(Type::Long, at));
    Node::Compute { input: Box::new(node), outputs: (0..width).map(column).chain(places).collect() }
}
