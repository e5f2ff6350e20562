//! `binary_all_and`, `binary_all_or` and `binary_all_xor`.

use crate::column::Out;
use crate::registry::{
    Aggregate, AggregateNaming::First, ArgumentFault, Example, Fold, PerGroup, Returns, State, integer,
};
use crate::value::{Type, Value, ValueRef};

pub(super) const FAMILY: &[&Aggregate] = &[&BINARY_ALL_AND, &BINARY_ALL_OR, &BINARY_ALL_XOR];

const BINARY_ALL_AND: Aggregate = Aggregate {
    name: "binary_all_and",
    params: &[integer("expr")],
    returns: Returns::Is(Type::Long),
    names: First,
    about: "The bits that are set in every value of `expr`; null of nothing.",
    examples: &[Example { query: "datatable(x: long)[7, 13] | summarize binary_all_and(x)", result: "5" }],
    fold: |_| bits(|a, b| a & b),
    ordered: false,
    ..Aggregate::PLAIN
};

const BINARY_ALL_OR: Aggregate = Aggregate {
    name: "binary_all_or",
    about: "The bits that are set in some value of `expr`; null of nothing.",
    examples: &[Example { query: "datatable(x: long)[5, 8] | summarize binary_all_or(x)", result: "13" }],
    fold: |_| bits(|a, b| a | b),
    ordered: false,
    ..BINARY_ALL_AND
};

const BINARY_ALL_XOR: Aggregate = Aggregate {
    name: "binary_all_xor",
    about: "The bits that are set in an odd number of values of `expr`; null of nothing.",
    examples: &[Example { query: "datatable(x: long)[7, 13] | summarize binary_all_xor(x)", result: "10" }],
    fold: |_| bits(|a, b| a ^ b),
    ordered: false,
    ..BINARY_ALL_AND
};

fn bits(join: fn(i64, i64) -> i64) -> Result<Box<dyn Fold>, ArgumentFault> {
    Ok(PerGroup::fold(Type::Long, move || Bits { join, bits: None }))
}

struct Bits {
    join: fn(i64, i64) -> i64,
    bits: Option<i64>,
}

impl Bits {
    fn take(&mut self, value: i64) {
        self.bits = Some(self.bits.map_or(value, |bits| (self.join)(bits, value)));
    }
}

impl State for Bits {
    const SAVED: &'static [Type] = &[Type::Long];

    fn add(&mut self, row: &[ValueRef<'_>]) {
        match row[0] {
            ValueRef::Long(value) => self.take(value),
            ValueRef::Int(value) => self.take(value.into()),
            _ => {}
        }
    }

    fn merge(&mut self, later: Bits) {
        if let Some(value) = later.bits {
            self.take(value);
        }
    }

    fn finish(self, out: &mut Out) {
        out.value(self.bits.map_or(ValueRef::Null, ValueRef::Long));
    }

    fn save(self) -> Vec<Value> {
        vec![self.bits.map_or(Value::Null, Value::Long)]
    }

    fn load(&mut self, saved: &[ValueRef<'_>]) {
        self.add(saved);
    }
}
