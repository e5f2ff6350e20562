//! Cutting a plan into stages, and running them.

use std::collections::BTreeSet;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use super::job::Job;
use super::rows::Rows;
use super::stage::{Exit, Fragment, Input, PlaceItem, Stage, Via, columns_of};
use crate::column::{Batch, Field, RecordBatch, Table};
use crate::diag::{CLUSTER, Diagnostic, Place as DiagnosticPlace};
use crate::engine::Engine;
use crate::error::Error;
use crate::guard::{Cancel, Guard};
use crate::plan::{AggregateCall, Expr, JoinKind, JoinSide, Node, Plan, RowParts, SortKey};
use crate::run::{Arriving, Failure, run_stage};
use crate::value::{SortOrder, Type, Value};

/// A plan in stages, each after those whose rows it reads; the last one gives the answer, in one partition.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(crate) stages: Vec<Stage>,
    fields: Arc<[Field]>,
    plan: Plan,
    engine: Engine,
    notes: Vec<Diagnostic>,
}

fn wrong(message: impl Into<String>) -> Failure {
    Box::new(Diagnostic::at(CLUSTER, DiagnosticPlace::Nowhere, message))
}

impl Cut {
    pub(super) fn of(job: &Job, engine: &Engine) -> Result<Cut, Error> {
        let (plan, notes) = job.plan(engine)?;
        engine.agrees(&job.tables, &plan.node)?;
        let mut cutter = Cutter { job, stages: Vec::new() };
        cutter.answer(plan.node.clone(), plan.fields.len());
        Ok(Cut {
            stages: cutter.stages,
            fields: plan.fields.as_slice().into(),
            plan: Plan { node: Node::Union { inputs: Vec::new() }, ..plan },
            engine: engine.clone(),
            notes,
        })
    }

    /// The limits of the job for one run of a stage's partition, with a switch that stops it. Where the process gives
    /// less memory than the job may take, `memory` says so.
    pub(crate) fn guard(&self, stage: usize, memory: Option<u64>, cancel: &Cancel) -> Guard {
        let whose = self.stages.get(stage).map(|stage| format!("stage {} ({})", stage.number, stage.about));
        self.engine.guard_of_stage(whose, memory, cancel)
    }

    /// Runs one partition of a stage: `inputs` are the rows of its inputs that this partition gets, in the order of
    /// [`Stage::inputs`]; `each` takes what it gives until it breaks off. Gives what there is to know about the data.
    pub(crate) fn run(
        &self,
        stage: usize,
        partition: usize,
        inputs: Vec<Rows>,
        guard: &Guard,
        each: &mut (dyn FnMut(RecordBatch) -> ControlFlow<()> + Send),
    ) -> Result<Vec<Diagnostic>, Failure> {
        let found = self.stages.get(stage).and_then(|found| Some((found, found.fragment(partition)?)));
        let Some((found, (fragment, share))) = found else {
            return Err(wrong(format!("there is no partition {partition} of stage {stage}")));
        };
        if inputs.len() != found.inputs.len() {
            return Err(wrong(format!("stage {stage} has {} inputs, not {}", found.inputs.len(), inputs.len())));
        }
        let arriving = inputs.into_iter().zip(&found.inputs).map(|(rows, input)| self.arriving(rows, *input));
        let arriving = arriving.collect::<Result<Vec<Arriving>, Failure>>()?;
        let node = share_of(fragment.node.clone(), share, fragment.partitions);
        let (exit, types) = (&fragment.exit, &found.types);
        let last = stage + 1 == self.stages.len();
        let mut before = 0;
        self.engine.on_threads(guard, || {
            let work = |batch: Batch| exit.columns(&batch, guard);
            run_stage(&node, arriving, guard, work, |mut batch: Batch| {
                if batch.rows == 0 {
                    return Ok(ControlFlow::Continue(()));
                }
                exit.place(&mut batch, share, before);
                before += batch.rows;
                if last {
                    guard.rows(before)?;
                }
                Ok(each(batch.to_wire(types, &found.schema)))
            })
        })
    }

    /// The rows of an input as batches, without the number that says where they go.
    fn arriving(&self, rows: Rows, input: Input) -> Result<Arriving, Failure> {
        let Some(from) = self.stages.get(input.stage) else {
            return Err(wrong(format!("there is no stage {}", input.stage)));
        };
        let types = from.types.clone();
        Ok(Box::new(rows.map(move |rows| {
            let batch = Batch::from_wire(&rows?, &types);
            let mut batch = batch.ok_or_else(|| wrong("rows have other columns than the stage that gives them"))?;
            if input.via == Via::Hash {
                batch.columns.remove(0);
            }
            Ok(batch)
        })))
    }

    /// The columns of the answer.
    pub(crate) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The answer: what the last stage gave, and what there is to know about the data. Of a piece of the answer, a piece.
    pub(crate) fn answer(&self, rows: &[RecordBatch], warnings: Vec<Diagnostic>) -> Result<Table, Failure> {
        let types: Vec<Type> = self.fields.iter().map(|field| field.ty).collect();
        let batches = rows.iter().map(|rows| Batch::from_wire(rows, &types)).collect::<Option<Vec<Batch>>>();
        let batches = batches.ok_or_else(|| wrong("the answer has other columns than the query"))?;
        let mut table = Table::new(self.fields.clone(), batches, warnings).drawn(self.plan.chart.clone());
        table.warn(self.notes.clone());
        Ok(table)
    }

    /// The stages for people to read: what each does in how many partitions, and where its rows come from.
    pub(crate) fn explained(&self) -> String {
        self.stages.iter().map(ToString::to_string).collect()
    }
}

/// A node that reads a share of what the whole node reads.
fn share_of(node: Node, share: usize, of: usize) -> Node {
    if of == 1 {
        return node;
    }
    match node {
        Node::Scan { table, wants } => Node::Scan { table: Arc::new(table.part(share, of)), wants },
        Node::Values { batch } => {
            let end = |share: usize| batch.rows * share / of;
            Node::Values { batch: batch.slice(end(share), end(share + 1)) }
        }
        Node::Placed { input, partition } => {
            Node::Placed { input: Box::new(share_of(*input, share, of)), partition: partition + share }
        }
        // What the body of an `Each` has is the same for all rows.
        Node::Each { part, input, parts, keep, body, made } => {
            Node::Each { part, input: Box::new(share_of(*input, share, of)), parts, keep, body, made }
        }
        node => node.map_inputs(|input| share_of(input, share, of)),
    }
}

/// Where the rows of one leg stand among all rows. The rows of each partition are in order.
#[derive(Clone, Debug)]
enum Place {
    /// The partitions are one behind the other.
    Serial,
    /// These columns, the last ones, say so; where several rows are at one place, they are of one partition.
    Columns { at: Range<usize>, unique: bool },
}

/// Rows that come from one place, in partitions.
#[derive(Debug)]
struct Leg {
    node: Node,
    inputs: Vec<Input>,
    partitions: usize,
    place: Place,
}

/// All rows of a node: those of the legs one behind the other.
#[derive(Debug)]
struct Flow {
    legs: Vec<Leg>,
    /// About how many bytes were read for them.
    bytes: u64,
    /// Why they are in one partition, if they had to be brought there.
    why: Option<&'static str>,
}

/// Rows that have left for another stage.
struct Sent {
    stages: Vec<usize>,
    types: Vec<Type>,
    place: Range<usize>,
}

impl Leg {
    fn map(self, change: impl FnOnce(Box<Node>) -> Node) -> Leg {
        Leg { node: change(Box::new(self.node)), ..self }
    }

    fn place_columns(&self) -> Vec<Expr> {
        match &self.place {
            Place::Serial => Vec::new(),
            Place::Columns { at, .. } => place_exprs(at),
        }
    }

    /// With the places, if there are columns for them, from there on; no longer unique unless they are so still.
    fn with_place_at(mut self, from: usize, unique: bool) -> Leg {
        if let Place::Columns { at, unique: was } = &mut self.place {
            *at = from..from + at.len();
            *was &= unique;
        }
        self
    }
}

impl Flow {
    /// As one leg, if all rows are in one partition each.
    fn merged(mut self) -> Flow {
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

    fn is_single(&self) -> bool {
        matches!(&self.legs[..], [leg] if leg.partitions == 1)
    }

    fn partitions(&self) -> usize {
        self.legs.iter().map(|leg| leg.partitions).sum()
    }

    fn types(&self) -> Vec<Type> {
        self.legs.first().map_or(Vec::new(), |leg| leg.node.types())
    }

    /// What gives the places of the rows of each leg.
    fn places(&self) -> Vec<Vec<PlaceItem>> {
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
fn shifted(node: Node, by: usize) -> Node {
    match node {
        Node::Arrival { inputs, types, place } => {
            Node::Arrival { inputs: inputs.into_iter().map(|input| input + by).collect(), types, place }
        }
        node => node.map_inputs(|input| shifted(input, by)),
    }
}

/// The columns of a node in another order.
fn columns_in_order(node: Node, types: &[Type], order: impl Iterator<Item = usize>) -> Node {
    let outputs = order.map(|at| Expr::column(types[at], at)).collect();
    Node::Compute { input: Box::new(node), outputs }
}

/// The columns of a node, with those of the places behind all others.
fn places_last(node: Node, types: &[Type], place: Range<usize>) -> Node {
    let order = (0..types.len()).filter(|at| !place.contains(at)).chain(place.clone());
    columns_in_order(node, types, order)
}

fn place_exprs(place: &Range<usize>) -> Vec<Expr> {
    place.clone().map(|at| Expr::column(Type::Long, at)).collect()
}

fn place_keys(place: Range<usize>) -> Vec<SortKey> {
    let order = SortOrder { descending: false, nulls_first: false };
    place.map(|at| SortKey { expr: Expr::column(Type::Long, at), order }).collect()
}

/// About how many bytes a row of values has.
const ROW: u64 = 64;

struct Cutter<'j> {
    job: &'j Job,
    stages: Vec<Stage>,
}

/// The columns of a node that somebody reads.
type Needs = BTreeSet<usize>;

impl Cutter<'_> {
    /// All stages of a plan of whose columns the first ones are the answer.
    fn answer(&mut self, node: Node, width: usize) {
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
    }

    /// The rows of a node of which these columns are read.
    fn cut(&mut self, node: Node, needs: &Needs) -> Flow {
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
                if let RowParts::Keyed(key) = &parts {
                    read.extend(columns_of(std::slice::from_ref(key)));
                }
                part_columns(&body, part, &mut read);
                let mut flow = self.cut(*input, &read);
                let apart = matches!(parts, RowParts::Rows) && !body.scans();
                if !apart {
                    flow = self.gathered(flow, &read);
                    flow.why = Some("the parts of `partition` are run side by side, in one place");
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

    fn leaf(&self, node: Node, bytes: u64) -> Flow {
        let leg = Leg { node, inputs: Vec::new(), partitions: self.job.shares(bytes), place: Place::Serial };
        Flow { legs: vec![leg], bytes, why: None }
    }

    /// In how many partitions rows are brought together by their keys.
    fn spread(&self, flows: &[&Flow]) -> usize {
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
    fn sent(&mut self, flow: Flow, outputs: &[Expr], hash: Option<&[Expr]>) -> Sent {
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
        if flow.is_single() {
            let whole = |leg: Leg| {
                let whole = |input| Node::Aggregate { input, keys: keys.clone(), aggregates: aggregates.clone() };
                Leg { place: Place::Serial, ..leg.map(whole) }
            };
            flow.legs = flow.legs.into_iter().map(whole).collect();
            return flow;
        }
        let partitions = if keys.is_empty() { 1 } else { self.spread(&[&flow]) };
        let (bytes, types) = (flow.bytes, flow.types());
        let serial = flow.legs.iter().all(|leg| matches!(leg.place, Place::Serial));
        let in_parts = serial || aggregates.iter().all(|call| !call.aggregate.ordered);
        if in_parts {
            let width = keys.len() + aggregates.iter().map(|call| (call.start)().saved().len()).sum::<usize>();
            let part = |leg: Leg| {
                let place = leg.place_columns();
                let leg = leg.map(|input| Node::Groups {
                    input,
                    keys: keys.clone(),
                    aggregates: aggregates.clone(),
                    place,
                    loads: false,
                    saves: true,
                });
                leg.with_place_at(width, true)
            };
            flow.legs = flow.legs.into_iter().map(part).collect();
        }
        let outputs = if in_parts {
            let (all, place) = (flow.types(), flow.legs[0].place_columns().len());
            all[..all.len() - place].iter().enumerate().map(|(at, ty)| Expr::column(*ty, at)).collect()
        } else {
            read_columns(&needs, &types)
        };
        let of_parts: Vec<Expr> = keys.iter().enumerate().map(|(at, key)| Expr::column(key.ty, at)).collect();
        let by: &[Expr] = if in_parts { &of_parts } else { &keys };
        let sent = self.sent(flow, &outputs, (partitions > 1).then_some(by));
        let via = if partitions > 1 { Via::Hash } else { Via::Gather };
        let (node, inputs) = arrival(&sent, via, 0, true);
        let (input, keys, place) = if in_parts {
            (node, of_parts, sent.place.clone())
        } else {
            let width = needs.last().map_or(0, |last| last + 1);
            (restored(node, &needs, &types, sent.place.len()), keys, width..width + sent.place.len())
        };
        // In one partition the groups come in order.
        let place: Vec<Expr> =
            if partitions > 1 { place.map(|at| Expr::column(Type::Long, at)).collect() } else { Vec::new() };
        let width = keys.len() + aggregates.iter().map(|call| call.returns.len()).sum::<usize>();
        let at = width..width + place.len();
        let node = Node::Groups { input: Box::new(input), keys, aggregates, place, loads: in_parts, saves: false };
        let place = if partitions > 1 { Place::Columns { at, unique: true } } else { Place::Serial };
        Flow { legs: vec![Leg { node, inputs, partitions, place }], bytes, why: None }
    }

    fn join(&mut self, left: JoinSide, right: JoinSide, kind: JoinKind) -> Flow {
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

/// One side of a join.
struct Side {
    flow: Flow,
    keys: Vec<Expr>,
    keep: Vec<Expr>,
}

/// A node that keeps expressions of its rows and makes several of one: with the places of these kept behind all columns.
fn kept_behind(leg: Leg, keep: &[Expr], make: impl FnOnce(Box<Node>, Vec<Expr>) -> Node) -> Leg {
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

/// Rows that were sent, as they arrive at a stage behind its first inputs.
fn arrival(sent: &Sent, via: Via, before: usize, in_order: bool) -> (Node, Vec<Input>) {
    let place = if in_order { sent.place.clone() } else { 0..0 };
    let numbers = (before..before + sent.stages.len()).collect();
    let node = Node::Arrival { inputs: numbers, types: sent.types.clone(), place };
    (node, sent.stages.iter().map(|&stage| Input { stage, via }).collect())
}

/// The columns that are read, as they are sent.
fn read_columns(needs: &Needs, types: &[Type]) -> Vec<Expr> {
    needs.iter().filter_map(|&at| Some(Expr::column(*types.get(at)?, at))).collect()
}

/// Columns that were sent, and so many places behind them, with each at its position again.
fn restored(node: Node, needs: &Needs, types: &[Type], places: usize) -> Node {
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

/// What nobody reads is nothing.
fn unread(exprs: &mut [Expr], needs: &Needs) {
    for (at, expr) in exprs.iter_mut().enumerate() {
        if !needs.contains(&at) {
            *expr = Expr::literal(expr.ty, Value::absent(expr.ty));
        }
    }
}

/// The columns that the body of an `Each` reads of its part.
fn part_columns(node: &Node, part: crate::plan::PartId, read: &mut Needs) {
    if let Node::Part { part: own, outputs } = node
        && *own == part
    {
        read.extend(columns_of(outputs));
    }
    node.inputs().into_iter().for_each(|input| part_columns(input, part, read));
}
