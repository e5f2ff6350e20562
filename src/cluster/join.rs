//! Joins: both sides where they are, one side sent to all partitions of the other, or both by the hash of their keys.

use super::cutter::Cutter;
use super::flow::{Flow, Leg, Place, Sent, arrival, columns_in_order, place_exprs, places_last, shifted};
use super::stage::{Input, Via, columns_of};
use crate::plan::{Expr, JoinKind, JoinSide, Node};

/// One side of a join.
struct Side {
    flow: Flow,
    keys: Vec<Expr>,
    keep: Vec<Expr>,
}

impl Cutter<'_> {
    pub(super) fn join(&mut self, left: JoinSide, right: JoinSide, kind: JoinKind) -> Flow {
        let [left, right] = [left, right].map(|side| {
            let read: Vec<Expr> = side.keys.iter().chain(&side.keep).cloned().collect();
            Side { flow: self.cut(side.input, &columns_of(&read)).merged(), keys: side.keys, keep: side.keep }
        });
        let bytes = left.flow.bytes + right.flow.bytes;
        let small =
            |side: &Side| side.flow.bytes <= self.job.broadcast || side.flow.is_single() && self.job.broadcast > 0;
        if left.flow.is_single() && right.flow.is_single() {
            return self.joined_here(left, right, kind, bytes);
        }
        use JoinKind as K;
        let right_may = matches!(kind, K::Inner | K::LeftOuter | K::LeftSemi | K::LeftAnti);
        let left_may = matches!(kind, K::Inner | K::InnerUnique | K::RightOuter | K::RightSemi | K::RightAnti);
        if right_may && small(&right) && (right.flow.bytes <= left.flow.bytes || !left_may) {
            return self.joined_with_right(left, right, kind, bytes);
        }
        let by_left = matches!(kind, K::RightSemi | K::RightAnti) || right.flow.legs.len() == 1;
        if left_may && by_left && small(&left) {
            return self.joined_with_left(left, right, kind, bytes);
        }
        self.joined_by_hash(left, right, kind, bytes)
    }

    /// Both sides are in one partition already.
    fn joined_here(&mut self, left: Side, right: Side, kind: JoinKind, bytes: u64) -> Flow {
        let (mut inputs, mut sides) = (Vec::new(), Vec::new());
        for side in [left, right] {
            let Side { flow, keys, keep } = side;
            for leg in flow.legs {
                let input = shifted(leg.node, inputs.len());
                inputs.extend(leg.inputs);
                sides.push(JoinSide { input, keys: keys.clone(), keep: keep.clone() });
            }
        }
        let (right, left) = (sides.pop(), sides.pop());
        let legs = left.zip(right).map(|(left, right)| Leg {
            node: Node::Join { left: Box::new(left), right: Box::new(right), kind },
            inputs,
            partitions: 1,
            place: Place::Serial,
        });
        Flow { legs: legs.into_iter().collect(), bytes, why: None }
    }

    /// Each partition of the left rows meets all right rows.
    fn joined_with_right(&mut self, left: Side, right: Side, kind: JoinKind, bytes: u64) -> Flow {
        let (sent, keys, keep) = self.side_sent(right, false);
        let both = matches!(kind, JoinKind::Inner | JoinKind::LeftOuter);
        let join = |leg: Leg| {
            let (input, inputs) = arrival(&sent, Via::Broadcast, leg.inputs.len(), true);
            let right = JoinSide { input, keys: keys.clone(), keep: keep.clone() };
            let (place, width) = (leg.place_columns(), left.keep.len());
            let kept = left.keep.iter().cloned().chain(place.clone()).collect();
            let own = JoinSide { input: leg.node, keys: left.keys.clone(), keep: kept };
            let mut node = Node::Join { left: Box::new(own), right: Box::new(right), kind };
            if both && !place.is_empty() {
                let types = node.types();
                node = places_last(node, &types, width..width + place.len());
            }
            let from = if both { width + keep.len() } else { width };
            let inputs = leg.inputs.into_iter().chain(inputs).collect();
            Leg { node, inputs, partitions: leg.partitions, place: leg.place }.with_place_at(from, !both)
        };
        let legs = left.flow.legs.into_iter().map(join).collect();
        Flow { legs, bytes, why: None }
    }

    /// Each partition of the right rows, which have one leg, meets all left rows.
    fn joined_with_left(&mut self, left: Side, right: Side, kind: JoinKind, bytes: u64) -> Flow {
        let (sent, keys, keep) = self.side_sent(left, false);
        let join = |leg: Leg| {
            let (input, inputs) = arrival(&sent, Via::Broadcast, leg.inputs.len(), true);
            let inputs: Vec<Input> = leg.inputs.iter().copied().chain(inputs).collect();
            let left = JoinSide { input, keys: keys.clone(), keep: keep.clone() };
            let own = |input, keep| JoinSide { input, keys: right.keys.clone(), keep };
            if matches!(kind, JoinKind::RightSemi | JoinKind::RightAnti) {
                let place = leg.place_columns();
                let width = right.keep.len();
                let own = own(leg.node, right.keep.iter().cloned().chain(place.clone()).collect());
                let node = Node::Join { left: Box::new(left), right: Box::new(own), kind };
                let leg = Leg { node, inputs, ..leg };
                return leg.with_place_at(width, true);
            }
            // The rows come in the order of the left ones, and those of one left row in the order of the right ones.
            let (input, places, unique) = match leg.place {
                Place::Serial => {
                    let types = leg.node.types();
                    let input = Node::Placed {
                        input: Box::new(columns_in_order(leg.node, &types, 0..types.len())),
                        partition: 0,
                    };
                    (input, types.len()..types.len() + 1, true)
                }
                Place::Columns { at, unique } => (leg.node, at, unique),
            };
            let kept = [place_exprs(&sent.place), keep.clone()].concat();
            let left = JoinSide { keep: kept, ..left };
            let own = own(input, right.keep.iter().cloned().chain(place_exprs(&places)).collect());
            let node = Node::Join { left: Box::new(left), right: Box::new(own), kind };
            // Before: places of the left rows, left and right columns, places of the right rows.
            let (types, lefts) = (node.types(), sent.place.len());
            let all = types.len();
            let node = columns_in_order(
                node,
                &types,
                (lefts..all - places.len()).chain(0..lefts).chain(all - places.len()..all),
            );
            let at = all - places.len() - lefts..all;
            Leg { node, inputs, partitions: leg.partitions, place: Place::Columns { at, unique } }
        };
        let legs = right.flow.legs.into_iter().map(join).collect();
        Flow { legs, bytes, why: None }
    }

    /// Rows with the same key meet in one of many partitions.
    fn joined_by_hash(&mut self, left: Side, right: Side, kind: JoinKind, bytes: u64) -> Flow {
        let partitions = if left.keys.is_empty() { 1 } else { self.spread(&[&left.flow, &right.flow]) };
        let via = if partitions > 1 { Via::Hash } else { Via::Gather };
        let (left, left_keys, left_keep) = self.side_sent(left, partitions > 1);
        let (right, right_keys, right_keep) = self.side_sent(right, partitions > 1);
        let (left_input, mut inputs) = arrival(&left, via, 0, true);
        let (right_input, more) = arrival(&right, via, inputs.len(), true);
        inputs.extend(more);
        // In one partition the rows come in order.
        let places = |sent: &Sent| if partitions > 1 { place_exprs(&sent.place) } else { Vec::new() };
        let (left_places, right_places) = match kind {
            JoinKind::LeftSemi | JoinKind::LeftAnti => (places(&left), Vec::new()),
            JoinKind::RightSemi | JoinKind::RightAnti => (Vec::new(), places(&right)),
            _ => (places(&left), places(&right)),
        };
        let (lefts, rights) = (left_places.len(), right_places.len());
        // Before: places of the left rows, left and right columns, places of the right rows.
        let left = JoinSide { input: left_input, keys: left_keys, keep: [left_places, left_keep].concat() };
        let right = JoinSide { input: right_input, keys: right_keys, keep: [right_keep, right_places].concat() };
        let node = Node::Join { left: Box::new(left), right: Box::new(right), kind };
        if partitions == 1 {
            return Flow { legs: vec![Leg { node, inputs, partitions, place: Place::Serial }], bytes, why: None };
        }
        let types = node.types();
        let all = types.len();
        let node = columns_in_order(node, &types, (lefts..all - rights).chain(0..lefts).chain(all - rights..all));
        let place = Place::Columns { at: all - lefts - rights..all, unique: true };
        Flow { legs: vec![Leg { node, inputs, partitions, place }], bytes, why: None }
    }

    /// Sends one side of a join: its keys and what is kept of it. Gives these as they arrive.
    fn side_sent(&mut self, side: Side, by_hash: bool) -> (Sent, Vec<Expr>, Vec<Expr>) {
        let mut outputs: Vec<Expr> = Vec::new();
        let mut places = |exprs: &[Expr]| -> Vec<Expr> {
            let place = |expr: &Expr| {
                let same = |other: &Expr| matches!((expr.as_path(), other.as_path()), (Some(a), Some(b)) if a == b);
                let at = outputs.iter().position(same).unwrap_or_else(|| {
                    outputs.push(expr.clone());
                    outputs.len() - 1
                });
                Expr::column(expr.ty, at)
            };
            exprs.iter().map(place).collect()
        };
        let (keys, keep) = (places(&side.keys), places(&side.keep));
        let sent = self.sent(side.flow, &outputs, by_hash.then_some(&side.keys[..]));
        (sent, keys, keep)
    }
}
