//! `hll` and `tdigest`: values that stand for those of a group, and can be merged.

use super::PREDICATE;
use crate::column::Out;
use crate::functions::sketch::{Digest, Hll};
use crate::registry::{
    Aggregate, AggregateNaming::Prefixed, Args, ArgumentFault, Example, Fold, PerGroup, Returns, State, dynamic,
    integer, orderable, summable,
};
use crate::value::{Type, Value, ValueRef};

pub(super) const FAMILY: &[&Aggregate] = &[&HLL, &HLL_IF, &HLL_MERGE, &TDIGEST, &TDIGEST_MERGE, &MERGE_TDIGEST];

const HLL: Aggregate = Aggregate {
    name: "hll",
    params: &[orderable("expr"), integer("accuracy").optional().constant()],
    returns: Returns::Is(Type::Dynamic),
    names: Prefixed("hll"),
    about: "A value that stands for the distinct values of `expr`, to be merged, and counted by `dcount_hll`; `accuracy` is from 0 to 4.",
    examples: &[Example {
        query: "datatable(x: long)[1, 2, 2] | summarize h = hll(x) | project dcount_hll(h)",
        result: "2",
    }],
    fold: |args| hll(args),
    ..Aggregate::PLAIN
};

const HLL_IF: Aggregate = Aggregate {
    name: "hll_if",
    params: &[orderable("expr"), PREDICATE, integer("accuracy").optional().constant()],
    names: Prefixed("hll_if"),
    about: "A value that stands for the distinct values of `expr` where `predicate` is true.",
    examples: &[Example {
        query: "datatable(x: long)[1, 2, 3] | summarize h = hll_if(x, x > 1) | project dcount_hll(h)",
        result: "2",
    }],
    condition: Some(1),
    ..HLL
};

const HLL_MERGE: Aggregate = Aggregate {
    name: "hll_merge",
    params: &[dynamic("hll")],
    names: Prefixed("hll_merge"),
    about: "The `hll` of all values that those of the group stand for.",
    examples: &[Example {
        query: "range x from 1 to 9 step 1 | summarize h = hll(x % 4) by x % 2 | summarize h = hll_merge(h) | project dcount_hll(h)",
        result: "4",
    }],
    fold: |_| Ok(PerGroup::fold(Type::Dynamic, || Merged(None))),
    ..Aggregate::PLAIN
};

fn hll(args: &Args<'_>) -> Result<Box<dyn Fold>, ArgumentFault> {
    let accuracy = match args.constant(1) {
        None => Some(1),
        Some(Value::Long(accuracy)) => usize::try_from(*accuracy).ok(),
        Some(Value::Int(accuracy)) => usize::try_from(*accuracy).ok(),
        Some(_) => None,
    };
    let bits = accuracy.and_then(|accuracy| Hll::BITS.get(accuracy));
    let &bits = bits.ok_or_else(|| ArgumentFault::new(1, "the accuracy is a whole number from 0 to 4"))?;
    Ok(PerGroup::fold(Type::Dynamic, move || Seen(Hll::new(bits))))
}

struct Seen(Hll);

impl State for Seen {
    const SAVED: &'static [Type] = &[Type::Dynamic];

    fn add(&mut self, row: &[ValueRef<'_>]) {
        self.0.add(row[0]);
    }

    fn merge(&mut self, later: Seen) {
        self.0.merge(later.0);
    }

    fn finish(self, out: &mut Out) {
        out.owned(self.0.to_value());
    }

    fn save(self) -> Vec<Value> {
        vec![self.0.to_value()]
    }

    fn load(&mut self, saved: &[ValueRef<'_>]) {
        if let Some(hll) = Hll::of(saved[0]) {
            self.0 = hll;
        }
    }
}

struct Merged(Option<Hll>);

impl State for Merged {
    const SAVED: &'static [Type] = &[Type::Dynamic];

    fn add(&mut self, row: &[ValueRef<'_>]) {
        self.merge(Merged(Hll::of(row[0])));
    }

    fn merge(&mut self, later: Merged) {
        match (&mut self.0, later.0) {
            (Some(known), Some(later)) => known.merge(later),
            (known @ None, later) => *known = later,
            (Some(_), None) => {}
        }
    }

    fn finish(self, out: &mut Out) {
        out.owned(self.0.map_or(Value::Null, |hll| hll.to_value()));
    }

    fn save(self) -> Vec<Value> {
        vec![self.0.map_or(Value::Null, |hll| hll.to_value())]
    }

    fn load(&mut self, saved: &[ValueRef<'_>]) {
        self.add(saved);
    }
}

const TDIGEST: Aggregate = Aggregate {
    name: "tdigest",
    params: &[summable("expr"), integer("weight").optional()],
    returns: Returns::Is(Type::Dynamic),
    names: Prefixed("tdigest"),
    about: "A value that stands for the values of `expr`, each counting `weight` times, to be merged, and asked by `percentile_tdigest`.",
    examples: &[Example {
        query: "datatable(x: long)[5, 1, 4, 2, 3] | summarize t = tdigest(x) | project percentile_tdigest(t, 50)",
        result: "3",
    }],
    fold: |_| {
        Ok(PerGroup::fold(Type::Dynamic, || Points {
            digest: Digest::default(),
            add: |digest, row| match row {
                [value] => digest.add(*value, 1),
                [value, ValueRef::Long(weight), ..] => digest.add(*value, *weight),
                _ => {}
            },
        }))
    },
    ..Aggregate::PLAIN
};

const TDIGEST_MERGE: Aggregate = Aggregate {
    name: "tdigest_merge",
    params: &[dynamic("tdigest")],
    returns: Returns::Is(Type::Dynamic),
    names: Prefixed("merge_tdigests"),
    about: "The `tdigest` of all values that those of the group stand for.",
    examples: &[Example {
        query: "range x from 1 to 10 step 1 | summarize t = tdigest(x) by x % 2 | summarize t = tdigest_merge(t) | project percentile_tdigest(t, 50)",
        result: "5",
    }],
    fold: |_| {
        Ok(PerGroup::fold(Type::Dynamic, || Points {
            digest: Digest::default(),
            add: |digest, row| {
                if let Some(other) = row.first().and_then(|&cell| Digest::of(cell)) {
                    digest.merge(other);
                }
            },
        }))
    },
    ..Aggregate::PLAIN
};

const MERGE_TDIGEST: Aggregate = Aggregate {
    name: "merge_tdigest",
    examples: &[Example {
        query: "range x from 1 to 10 step 1 | summarize t = tdigest(x) by x % 2 | summarize t = merge_tdigest(t) | project rank_tdigest(t, 7)",
        result: "7.0",
    }],
    ..TDIGEST_MERGE
};

/// Nothing is condensed before all values are there, so that it makes no difference where they were split.
struct Points {
    digest: Digest,
    add: fn(&mut Digest, &[ValueRef<'_>]),
}

impl State for Points {
    const SAVED: &'static [Type] = &[Type::Dynamic];

    fn add(&mut self, row: &[ValueRef<'_>]) {
        (self.add)(&mut self.digest, row);
    }

    fn merge(&mut self, later: Points) {
        self.digest.merge(later.digest);
    }

    fn finish(self, out: &mut Out) {
        out.owned(self.digest.settled().to_value());
    }

    fn save(self) -> Vec<Value> {
        vec![self.digest.to_value()]
    }

    fn load(&mut self, saved: &[ValueRef<'_>]) {
        if let Some(digest) = Digest::of(saved[0]) {
            self.digest = digest;
        }
    }
}
