//! A stage: what runs on one share of the rows without a look at the others.

use std::collections::BTreeSet;
use std::fmt;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use crate::column::{Batch, Column, SchemaRef, wire_schema};
use crate::eval::eval;
use crate::guard::Guard;
use crate::plan::{Expr, Node, place_of};
use crate::value::{Type, Value, encode_key};

/// A part of a plan that runs in so many partitions, each for itself.
#[derive(Debug)]
pub(crate) struct Stage {
    /// Its place among the stages of its cut.
    pub(crate) number: usize,
    /// The stages whose rows it reads, which stand before it.
    pub(crate) inputs: Vec<Input>,
    pub(crate) partitions: usize,
    /// Of the rows that it gives.
    pub(crate) schema: SchemaRef,
    /// What it does, for people.
    pub(crate) about: String,
    /// Why all rows had to come into one partition, if they had.
    pub(crate) why: Option<&'static str>,
    /// Whether who asks runs it: it gives the answer of one stage's rows, and is no work beside having them.
    pub(crate) at_home: bool,
    /// The types behind the schema.
    pub(super) types: Vec<Type>,
    pub(super) fragments: Vec<Fragment>,
}

/// The rows of a stage as another reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) stage: usize,
    pub(crate) via: Via,
}

/// Which partition of the reader gets a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// The one that the number in the row's first column says: rows with the same number come together.
    Hash,
    /// The first; there is no other.
    Gather,
    /// Every one.
    Broadcast,
}

/// What some of the partitions run, one behind the other.
#[derive(Debug)]
pub(super) struct Fragment {
    pub(super) node: Node,
    pub(super) partitions: usize,
    pub(super) exit: Exit,
}

/// What leaves a stage of each row.
#[derive(Debug)]
pub(super) struct Exit {
    /// The keys whose hash says where a row goes.
    pub(super) hash: Option<Vec<Expr>>,
    pub(super) outputs: Vec<Expr>,
    pub(super) place: Vec<PlaceItem>,
}

/// A column of a row's place.
#[derive(Clone, Copy, Debug)]
pub(super) enum PlaceItem {
    /// The same for all rows.
    Number(usize),
    /// This column.
    Column(usize),
    /// The number of the partition, from this one on, and of the row in it.
    Serial(usize),
}

impl Stage {
    pub(super) fn new(number: usize, inputs: Vec<Input>, fragments: Vec<Fragment>, why: Option<&'static str>) -> Stage {
        let types = fragments.first().map_or(Vec::new(), |fragment| fragment.exit.types());
        let mut about: Vec<String> = Vec::new();
        for fragment in &fragments {
            let text = about_node(&fragment.node);
            if about.last() != Some(&text) {
                about.push(text);
            }
        }
        let spread = fragments.iter().any(|fragment| fragment.exit.hash.is_some());
        Stage {
            number,
            inputs,
            partitions: fragments.iter().map(|fragment| fragment.partitions).sum(),
            schema: wire_schema(&types, spread),
            about: if about.iter().all(String::is_empty) { "answer".to_owned() } else { about.join("; ") },
            why,
            at_home: false,
            types,
            fragments,
        }
    }

    /// Whether who asks can run it as the stage that gives the answer: it takes the rows of one stage, of which it picks
    /// some or puts all in order.
    pub(super) fn goes_home(&self) -> bool {
        fn goes_along(node: &Node) -> bool {
            match node {
                Node::Arrival { .. } => true,
                Node::Filter { input, .. }
                | Node::Compute { input, .. }
                | Node::Sort { input, .. }
                | Node::TopN { input, .. }
                | Node::Limit { input, .. } => goes_along(input),
                _ => false,
            }
        }
        self.inputs.len() == 1 && self.fragments.iter().all(|fragment| goes_along(&fragment.node))
    }

    /// What a partition runs, and which share of it.
    pub(super) fn fragment(&self, partition: usize) -> Option<(&Fragment, usize)> {
        let mut share = partition;
        for fragment in &self.fragments {
            if share < fragment.partitions {
                return Some((fragment, share));
            }
            share -= fragment.partitions;
        }
        None
    }
}

/// `Stage 1 in 8 partitions: aggregate parts`, and beneath it where the rows come from.
impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (partitions, plural) = (self.partitions, if self.partitions == 1 { "" } else { "s" });
        writeln!(f, "Stage {} in {partitions} partition{plural}: {}", self.number, self.about)?;
        for (via, before, behind) in [
            (Via::Hash, "by key from", ""),
            (Via::Gather, "all rows of", ""),
            (Via::Broadcast, "all rows of", ", in every partition"),
        ] {
            let from = self.inputs.iter().filter(|input| input.via == via);
            let from: Vec<String> = from.map(|input| format!("stage {}", input.stage)).collect();
            if !from.is_empty() {
                writeln!(f, "  {before} {}{behind}", from.join(", "))?;
            }
        }
        if self.at_home {
            writeln!(f, "  on the machine that asks")?;
        }
        self.why.map_or(Ok(()), |why| writeln!(f, "  in one partition: {why}"))
    }
}

/// What a node does with its rows, from the first step on.
fn about_node(node: &Node) -> String {
    let own = match node {
        Node::Scan { table, .. } => format!("scan {}", table.name()),
        Node::Values { .. } => "values".to_owned(),
        Node::Range { .. } => "range".to_owned(),
        Node::Filter { .. } => "filter".to_owned(),
        Node::Compute { .. } | Node::Arrival { .. } | Node::Part { .. } | Node::Placed { .. } => String::new(),
        Node::Aggregate { .. } => "aggregate".to_owned(),
        Node::Groups { loads, saves, .. } => match (loads, saves) {
            (false, true) => "aggregate in part",
            (true, _) => "aggregate parts",
            (false, false) => "aggregate",
        }
        .to_owned(),
        Node::Sort { .. } => "sort".to_owned(),
        Node::Limit { rows, .. } => format!("take {rows}"),
        Node::TopN { rows, .. } => format!("top {rows}"),
        Node::Expand { .. } => "expand".to_owned(),
        Node::Join { kind, .. } => format!("join {kind:?}").to_lowercase(),
        Node::Graph { .. } => "graph".to_owned(),
        Node::Union { .. } => "union".to_owned(),
        Node::Window { .. } => "window".to_owned(),
        Node::Match { .. } => "match".to_owned(),
        Node::Plugin { call, .. } => call.name.to_owned(),
        Node::Each { .. } => "each".to_owned(),
    };
    let inputs = match node {
        Node::Each { input, .. } => vec![&**input],
        node => node.inputs(),
    };
    let steps: Vec<String> = inputs.into_iter().map(about_node).chain([own]).filter(|step| !step.is_empty()).collect();
    if steps.is_empty() { String::new() } else { steps.join(", ") }
}

impl Exit {
    /// The types of what leaves.
    fn types(&self) -> Vec<Type> {
        let number = self.hash.as_ref().map(|_| Type::Long);
        let outputs = self.outputs.iter().map(|output| output.ty);
        number.into_iter().chain(outputs).chain(self.place.iter().map(|_| Type::Long)).collect()
    }

    /// What leaves of some rows, but for what only their numbers tell.
    pub(super) fn columns(&self, batch: &Batch, guard: &Guard) -> Batch {
        let number = self.hash.as_ref().map(|keys| {
            let keys: Vec<Column> = keys.iter().map(|key| eval(key, batch, guard)).collect();
            hashed(&keys, batch.rows)
        });
        let outputs = self.outputs.iter().map(|output| eval(output, batch, guard));
        let place = self.place.iter().map(|item| match item {
            PlaceItem::Column(at) => batch.columns[*at].clone(),
            PlaceItem::Number(number) => {
                let number = Value::Long(i64::try_from(*number).unwrap_or(i64::MAX));
                Column::constant(Type::Long, number, batch.rows)
            }
            PlaceItem::Serial(_) => Column::constant(Type::Long, Value::Null, batch.rows),
        });
        // No rows may be without columns.
        if batch.rows == 0 {
            return Batch::default();
        }
        Batch::new(number.into_iter().chain(outputs).chain(place).collect(), batch.rows)
    }

    /// Numbers the rows, before which there were so many.
    pub(super) fn place(&self, batch: &mut Batch, partition: usize, before: usize) {
        let first = batch.columns.len() - self.place.len();
        for (column, item) in batch.columns[first..].iter_mut().zip(&self.place) {
            if let PlaceItem::Serial(base) = item {
                let places = (before..before + batch.rows).map(|row| place_of(base + partition, row));
                *column = Column::longs(places.collect());
            }
        }
    }
}

/// A number for each row: equal keys, in whatever form they are, have the same.
pub(super) fn hashed(keys: &[Column], rows: usize) -> Column {
    let hasher = FixedState::default();
    let mut bytes = Vec::new();
    let mut hashes = vec![0_u64; rows];
    for key in keys {
        let mut of_cell = |cell| {
            bytes.clear();
            encode_key(&mut bytes, cell);
            hasher.hash_one(&bytes[..])
        };
        let with = |hash: &mut u64, next: u64| *hash = hash.rotate_left(5).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ next;
        match key.as_dictionary() {
            Some(dictionary) if dictionary.values().len() <= rows => {
                let entries: Vec<u64> = dictionary.values().iter().map(of_cell).collect();
                hashes.iter_mut().zip(dictionary.codes()).for_each(|(hash, &code)| with(hash, entries[code as usize]));
            }
            _ => hashes.iter_mut().zip(key.iter()).for_each(|(hash, cell)| with(hash, of_cell(cell))),
        }
    }
    Column::longs(hashes.into_iter().map(u64::cast_signed).collect())
}

/// The columns that expressions read.
pub(super) fn columns_of(exprs: &[Expr]) -> BTreeSet<usize> {
    exprs.iter().flat_map(Expr::columns).collect()
}
