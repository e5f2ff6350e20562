//! Cutting a plan into stages: node by node from below.

use std::sync::Arc;

use super::flow::{
    Flow, Leg, Needs, Place, Sent, arrival, kept_behind, place_exprs, place_keys, read_columns, restored, shifted,
};
use super::job::Job;
use super::stage::{Exit, Fragment, Input, Stage, Via, columns_of};
use crate::plan::{AggregateCall, Expr, GraphWork, JoinSide, Node, PartId, RowParts, SortKey};
use crate::value::{Type, Value};

/// About how many bytes a row of values has.
const ROW: u64 = 64;

pub(super) struct Cutter<'j> {
    pub(super) job: &'j Job,
    pub(super) stages: Vec<Stage>,
}

impl Cutter<'_> {
    /// All stages of a plan of whose columns the first ones are the answer.
    pub(super) fn answer(&mut self, node: Node, width: usize) {
        let needs: Needs = (0..width).collect();
        let flow = if node.deterministic() {
            self.cut(node, &needs)
        } else {
            let why = Some("what is drawn by chance is drawn in one place");
            Flow { legs: vec![Leg { node, inputs: Vec::new(), partitions: 1, place: Place::Serial }], bytes: 0, why }
        };
        let why = flow.why;
        let Flow { mut legs, .. } = self.gathered(flow, &needs);
        let Some(leg) = legs.pop() else { return };
        let types = leg.node.types();
        let outputs = (0..width).map(|at| Expr::column(types[at], at)).collect();
        let exit = Exit { hash: None, outputs, place: Vec::new() };
        self.stage(vec![(leg.node, 1, exit)], leg.inputs, why);
        if let Some(answering) = self.stages.last_mut() {
            answering.at_home = answering.goes_home();
        }
    }

    /// The rows of a node of which these columns are read.
    pub(super) fn cut(&mut self, node: Node, needs: &Needs) -> Flow {
        match node {
            Node::Scan { ref table, .. } => {
                let bytes = self.job.weight(table.database(), table.name());
                self.leaf(node, bytes)
            }
            Node::Values { ref batch } => {
                let bytes = ROW * batch.rows as u64;
                self.leaf(node, bytes)
            }
            Node::Range { rows, .. } => {
                let leg = Leg { node, inputs: Vec::new(), partitions: 1, place: Place::Serial };
                Flow { legs: vec![leg], bytes: ROW * rows as u64, why: None }
            }
            Node::Filter { input, conditions } => {
                let mut flow = self.cut(*input, &(needs | &columns_of(&conditions)));
                let filter = |leg: Leg| leg.map(|input| Node::Filter { input, conditions: conditions.clone() });
                flow.legs = flow.legs.into_iter().map(filter).collect();
                flow
            }
            Node::Compute { input, mut outputs } => {
                unread(&mut outputs, needs);
                let mut flow = self.cut(*input, &columns_of(&outputs));
                let compute = |leg: Leg| {
                    let (width, place) = (outputs.len(), leg.place_columns());
                    let outputs = outputs.iter().cloned().chain(place).collect();
                    leg.map(|input| Node::Compute { input, outputs }).with_place_at(width, true)
                };
                flow.legs = flow.legs.into_iter().map(compute).collect();
                flow
            }
            Node::Expand { input, mut keep, expanded, index, limit } => {
                unread(&mut keep, needs);
                let exprs: Vec<Expr> = keep.iter().chain(expanded.iter().map(|each| &each.expr)).cloned().collect();
                let mut flow = self.cut(*input, &columns_of(&exprs));
                let expand = |leg: Leg| {
                    kept_behind(leg, &keep, |input, keep| Node::Expand {
                        input,
                        keep,
                        expanded: expanded.clone(),
                        index,
                        limit,
                    })
                };
                flow.legs = flow.legs.into_iter().map(expand).collect();
                flow
            }
            Node::Each { part, input, parts, mut keep, body, made } => {
                unread(&mut keep, needs);
                let mut read = columns_of(&keep);
                part_columns(&body, part, &mut read);
                let mut flow = match &parts {
                    RowParts::Rows => self.cut(*input, &read),
                    RowParts::Keyed(key) => {
                        let key = std::slice::from_ref(key);
                        read.extend(columns_of(key));
                        let flow = self.cut(*input, &read);
                        self.brought_together(flow, &read, key)
                    }
                };
                if body.scans() {
                    flow = self.gathered(flow, &read);
                    flow.why = Some("what is run for parts of the rows reads a table of its own");
                }
                let each = |leg: Leg| {
                    kept_behind(leg, &keep, |input, keep| Node::Each {
                        part,
                        input,
                        parts: parts.clone(),
                        keep,
                        body: body.clone(),
                        made: made.clone(),
                    })
                };
                flow.legs = flow.legs.into_iter().map(each).collect();
                flow
            }
            Node::Limit { input, rows } => {
                let mut flow = self.cut(*input, needs);
                let limit = |leg: Leg| leg.map(|input| Node::Limit { input, rows });
                flow.legs = flow.legs.into_iter().map(limit).collect();
                if flow.is_single() {
                    return flow;
                }
                let mut flow = self.gathered(flow, needs);
                flow.legs = flow.legs.into_iter().map(limit).collect();
                flow
            }
            Node::Sort { input, keys } => self.sorted(*input, needs, keys, |input, keys| Node::Sort { input, keys }),
            Node::TopN { input, keys, rows } => {
                self.sorted(*input, needs, keys, |input, keys| Node::TopN { input, keys, rows })
            }
            Node::Union { inputs } => {
                let mut all = Flow { legs: Vec::new(), bytes: 0, why: None };
                for input in inputs {
                    let flow = self.cut(input, needs);
                    all.legs.extend(flow.legs);
                    all.bytes += flow.bytes;
                    all.why = all.why.or(flow.why);
                }
                if all.legs.is_empty() {
                    all.legs.push(Leg {
                        node: Node::Union { inputs: Vec::new() },
                        inputs: Vec::new(),
                        partitions: 1,
                        place: Place::Serial,
                    });
                }
                all.merged()
            }
            Node::Aggregate { input, keys, aggregates } => self.aggregate(*input, keys, aggregates),
            Node::Join { left, right, kind } => self.join(*left, *right, kind),
            Node::Graph { edges, nodes, work } => self.graph(*edges, *nodes, work),
            // Steps read what is kept by its position.
            Node::Match { input, keep, steps } => {
                let read = columns_of(&keep);
                let flow = self.cut(*input, &read);
                let mut flow = self.gathered(flow, &read);
                let matched =
                    |leg: Leg| leg.map(|input| Node::Match { input, keep: keep.clone(), steps: steps.clone() });
                flow.legs = flow.legs.into_iter().map(matched).collect();
                flow.why = Some("steps see all rows in their order in one place");
                flow
            }
            Node::Plugin { input, args, call } => {
                let read = columns_of(&args);
                let flow = self.cut(*input, &read);
                let mut flow = self.gathered(flow, &read);
                let called = |leg: Leg| leg.map(|input| Node::Plugin { input, args: args.clone(), call: call.clone() });
                flow.legs = flow.legs.into_iter().map(called).collect();
                flow.why = Some("a plugin sees all rows in one place");
                flow
            }
            Node::Window { input, mut keep, calls } => {
                unread(&mut keep, needs);
                let exprs: Vec<Expr> = keep.iter().chain(calls.iter().flat_map(|call| &call.args)).cloned().collect();
                let read = columns_of(&exprs);
                let flow = self.cut(*input, &read);
                let mut flow = self.gathered(flow, &read);
                let window =
                    |leg: Leg| leg.map(|input| Node::Window { input, keep: keep.clone(), calls: calls.clone() });
                flow.legs = flow.legs.into_iter().map(window).collect();
                flow.why = Some("functions along the order of all rows see them in one place");
                flow
            }
            node @ (Node::Part { .. } | Node::Arrival { .. } | Node::Groups { .. } | Node::Placed { .. }) => {
                let leg = Leg { node, inputs: Vec::new(), partitions: 1, place: Place::Serial };
                Flow { legs: vec![leg], bytes: 0, why: None }
            }
        }
    }

    /// All edges and all nodes meet in one partition.
    fn graph(&mut self, edges: JoinSide, nodes: JoinSide, work: Arc<GraphWork>) -> Flow {
        let (mut inputs, mut bytes) = (Vec::new(), 0);
        let mut gathered = |side: JoinSide| {
            let read = columns_of(&[side.keys.clone(), side.keep.clone()].concat());
            let flow = self.cut(side.input, &read);
            let flow = self.gathered(flow, &read);
            bytes += flow.bytes;
            let input = flow.legs.into_iter().next().map_or(Node::Union { inputs: Vec::new() }, |leg| {
                let node = shifted(leg.node, inputs.len());
                inputs.extend(leg.inputs);
                node
            });
            Box::new(JoinSide { input, ..side })
        };
        let [edges, nodes] = [edges, nodes].map(&mut gathered);
        let node = Node::Graph { edges, nodes, work };
        let legs = vec![Leg { node, inputs, partitions: 1, place: Place::Serial }];
        Flow { legs, bytes, why: Some("a graph is looked at in one place") }
    }

    fn leaf(&self, node: Node, bytes: u64) -> Flow {
        let leg = Leg { node, inputs: Vec::new(), partitions: self.job.shares(bytes), place: Place::Serial };
        Flow { legs: vec![leg], bytes, why: None }
    }

    /// In how many partitions rows are brought together by their keys.
    pub(super) fn spread(&self, flows: &[&Flow]) -> usize {
        flows.iter().map(|flow| flow.partitions()).max().unwrap_or(1).min(self.job.partitions).max(1)
    }

    fn stage(&mut self, parts: Vec<(Node, usize, Exit)>, inputs: Vec<Input>, why: Option<&'static str>) -> usize {
        let number = self.stages.len();
        let fragments: Vec<Fragment> =
            parts.into_iter().map(|(node, partitions, exit)| Fragment { node, partitions, exit }).collect();
        self.stages.push(Stage::new(number, inputs, fragments, why));
        number
    }

    /// Sends the rows on: `outputs` of them, and their places.
    pub(super) fn sent(&mut self, flow: Flow, outputs: &[Expr], hash: Option<&[Expr]>) -> Sent {
        let types: Vec<Type> = outputs.iter().map(|output| output.ty).collect();
        let (places, why) = (flow.places(), flow.why);
        let width = places.first().map_or(0, Vec::len);
        let (mut stages, mut bundle) = (Vec::new(), Vec::new());
        for (leg, place) in flow.legs.into_iter().zip(places) {
            let exit = Exit { hash: hash.map(<[Expr]>::to_vec), outputs: outputs.to_vec(), place };
            let part = (leg.node, leg.partitions, exit);
            // Those that read no other stage are one stage.
            if leg.inputs.is_empty() {
                bundle.push(part);
            } else {
                stages.push(self.stage(vec![part], leg.inputs, why));
            }
        }
        if !bundle.is_empty() {
            stages.push(self.stage(bundle, Vec::new(), why));
        }
        let place = types.len()..types.len() + width;
        Sent { stages, types: types.into_iter().chain(vec![Type::Long; width]).collect(), place }
    }

    /// All rows in one partition, in order.
    fn gathered(&mut self, flow: Flow, needs: &Needs) -> Flow {
        let flow = flow.merged();
        if flow.is_single() {
            return flow;
        }
        let (bytes, types) = (flow.bytes, flow.types());
        let outputs = read_columns(needs, &types);
        let sent = self.sent(flow, &outputs, None);
        let (node, inputs) = arrival(&sent, Via::Gather, 0, true);
        let node = restored(node, needs, &types, 0);
        Flow { legs: vec![Leg { node, inputs, partitions: 1, place: Place::Serial }], bytes, why: None }
    }

    /// Rows with the same keys in one partition, those of each partition in order.
    fn brought_together(&mut self, flow: Flow, needs: &Needs, keys: &[Expr]) -> Flow {
        let flow = flow.merged();
        let partitions = if keys.is_empty() { 1 } else { self.spread(&[&flow]) };
        if flow.is_single() || partitions == 1 {
            return self.gathered(flow, needs);
        }
        let (bytes, types) = (flow.bytes, flow.types());
        let sent = self.sent(flow, &read_columns(needs, &types), Some(keys));
        let (node, inputs) = arrival(&sent, Via::Hash, 0, true);
        let node = restored(node, needs, &types, sent.place.len());
        let width = needs.last().map_or(0, |last| last + 1);
        let place = Place::Columns { at: width..width + sent.place.len(), unique: true };
        Flow { legs: vec![Leg { node, inputs, partitions, place }], bytes, why: None }
    }

    /// The rows in order, or the first of them: each partition for itself, and then what these have left.
    fn sorted(
        &mut self,
        input: Node,
        needs: &Needs,
        keys: Vec<SortKey>,
        sort: impl Fn(Box<Node>, Vec<SortKey>) -> Node,
    ) -> Flow {
        let exprs: Vec<Expr> = keys.iter().map(|key| key.expr.clone()).collect();
        let needs = needs | &columns_of(&exprs);
        let mut flow = self.cut(input, &needs).merged();
        flow.legs = flow.legs.into_iter().map(|leg| leg.map(|input| sort(input, keys.clone()))).collect();
        if flow.is_single() {
            flow.legs.iter_mut().for_each(|leg| leg.place = Place::Serial);
            return flow;
        }
        let (bytes, types) = (flow.bytes, flow.types());
        let sent = self.sent(flow, &read_columns(&needs, &types), None);
        let (node, inputs) = arrival(&sent, Via::Gather, 0, false);
        let node = restored(node, &needs, &types, sent.place.len());
        let width = needs.last().map_or(0, |last| last + 1);
        let keys = keys.into_iter().chain(place_keys(width..width + sent.place.len())).collect();
        let leg = Leg { node: sort(Box::new(node), keys), inputs, partitions: 1, place: Place::Serial };
        Flow { legs: vec![leg], bytes, why: None }
    }

    fn aggregate(&mut self, input: Node, keys: Vec<Expr>, aggregates: Vec<AggregateCall>) -> Flow {
        let read = aggregates.iter().flat_map(|call| call.args.iter().chain(&call.condition)).chain(&keys);
        let needs = columns_of(&read.cloned().collect::<Vec<_>>());
        let mut flow = self.cut(input, &needs).merged();
        let in_order = flow.legs.iter().all(|leg| matches!(leg.place, Place::Serial));
        let in_parts = !flow.is_single() && (in_order || aggregates.iter().all(|call| !call.aggregate.ordered));
        if !in_parts {
            // Where rows are not in order across partitions, and the aggregates ask for it: the rows themselves.
            let mut flow = self.brought_together(flow, &needs, &keys);
            let width = keys.len() + aggregates.iter().map(|call| call.returns.len()).sum::<usize>();
            let whole = |leg: Leg| {
                let place = leg.place_columns();
                let (keys, aggregates) = (keys.clone(), aggregates.clone());
                let whole = |input| Node::Groups { input, keys, aggregates, place, loads: false, saves: false };
                leg.map(whole).with_place_at(width, true)
            };
            flow.legs = flow.legs.into_iter().map(whole).collect();
            return flow;
        }
        let saved = keys.len() + aggregates.iter().map(|call| (call.start)().saved().len()).sum::<usize>();
        let part = |leg: Leg| {
            let place = leg.place_columns();
            let (keys, aggregates) = (keys.clone(), aggregates.clone());
            let part = |input| Node::Groups { input, keys, aggregates, place, loads: false, saves: true };
            leg.map(part).with_place_at(saved, true)
        };
        flow.legs = flow.legs.into_iter().map(part).collect();
        let partitions = if keys.is_empty() { 1 } else { self.spread(&[&flow]) };
        let (bytes, types) = (flow.bytes, flow.types());
        let outputs: Vec<Expr> = (0..saved).map(|at| Expr::column(types[at], at)).collect();
        let keys = outputs[..keys.len()].to_vec();
        let sent = self.sent(flow, &outputs, (partitions > 1).then_some(&keys[..]));
        let via = if partitions > 1 { Via::Hash } else { Via::Gather };
        let (node, inputs) = arrival(&sent, via, 0, true);
        let width = keys.len() + aggregates.iter().map(|call| call.returns.len()).sum::<usize>();
        // In one partition the groups come in order.
        let places = if partitions > 1 { place_exprs(&sent.place) } else { Vec::new() };
        let place = if partitions > 1 {
            Place::Columns { at: width..width + places.len(), unique: true }
        } else {
            Place::Serial
        };
        let input = Box::new(node);
        let node = Node::Groups { input, keys, aggregates, place: places, loads: true, saves: false };
        Flow { legs: vec![Leg { node, inputs, partitions, place }], bytes, why: None }
    }
}

/// What nobody reads is nothing.
fn unread(exprs: &mut [Expr], needs: &Needs) {
    for (at, expr) in exprs.iter_mut().enumerate() {
        if !needs.contains(&at) {
            *expr = Expr::literal(expr.ty, Value::absent(expr.ty));
        }
    }
}

/// The columns that the body of an `Each` reads of its part.
fn part_columns(node: &Node, part: PartId, read: &mut Needs) {
    if let Node::Part { part: own, outputs } = node
        && *own == part
    {
        read.extend(columns_of(outputs));
    }
    node.inputs().into_iter().for_each(|input| part_columns(input, part, read));
}
