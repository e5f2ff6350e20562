//! `buildschema`: the types that dynamic values have, and those of what is in them.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::column::Out;
use crate::registry::{Aggregate, AggregateNaming::Prefixed, Example, PerGroup, Returns, State, dynamic};
use crate::value::{Type, Value, ValueRef};

pub(super) const FAMILY: &[&Aggregate] = &[&BUILDSCHEMA];

const BUILDSCHEMA: Aggregate = Aggregate {
    name: "buildschema",
    params: &[dynamic("expr")],
    returns: Returns::Is(Type::Dynamic),
    names: Prefixed("schema"),
    about: "The least schema that takes all values of `expr`: types by key, of elements under `indexer`, and an array where there are several.",
    examples: &[Example {
        query: r#"print d = dynamic({"x": 1, "z": [1, "a"]}) | summarize buildschema(d)"#,
        result: r#"{"x":"long","z":{"`indexer`":["long","string"]}}"#,
    }],
    fold: |_| Ok(PerGroup::fold(Type::Dynamic, Schema::default)),
    ..Aggregate::PLAIN
};

/// The key under which the type of the elements of an array stands.
const ELEMENTS: &str = "`indexer`";

/// The types that were met, in the order in which they were.
#[derive(Default)]
struct Schema {
    kinds: Vec<Kind>,
    members: IndexMap<Arc<str>, Schema>,
}

#[derive(Clone, PartialEq)]
enum Kind {
    Named(Arc<str>),
    /// A bag or an array.
    Container,
}

impl Schema {
    fn note(&mut self, kind: Kind) {
        if !self.kinds.contains(&kind) {
            self.kinds.push(kind);
        }
    }

    fn take(&mut self, value: &Value) {
        let name = match value {
            Value::Null => return,
            Value::Bag(bag) => {
                self.note(Kind::Container);
                bag.iter().for_each(|(key, value)| self.members.entry(key.clone()).or_default().take(value));
                return;
            }
            Value::Array(items) => {
                self.note(Kind::Container);
                let elements = self.members.entry(Arc::from(ELEMENTS)).or_default();
                items.iter().for_each(|item| elements.take(item));
                return;
            }
            Value::Real(_) => "double",
            Value::Bool(_) => Type::Bool.name(),
            Value::Int(_) | Value::Long(_) => Type::Long.name(),
            Value::String(_) => Type::String.name(),
            Value::DateTime(_) => Type::DateTime.name(),
            Value::TimeSpan(_) => Type::TimeSpan.name(),
            Value::Guid(_) => Type::Guid.name(),
            Value::Decimal(_) => Type::Decimal.name(),
        };
        self.note(Kind::Named(name.into()));
    }

    /// Members of which nothing is known are left out, or kept in their place.
    fn to_value(&self, keep: bool) -> Value {
        let mut kinds: Vec<Value> = self
            .kinds
            .iter()
            .map(|kind| match kind {
                Kind::Named(name) => Value::String(name.clone()),
                Kind::Container => {
                    let members = self.members.iter().map(|(key, schema)| (key.clone(), schema.to_value(keep)));
                    Value::Bag(Arc::new(members.filter(|(_, schema)| keep || *schema != Value::Null).collect()))
                }
            })
            .collect();
        match kinds.len() {
            0 => Value::Null,
            1 => kinds.remove(0),
            _ => Value::Array(Arc::new(kinds)),
        }
    }

    fn of(value: &Value) -> Schema {
        let mut schema = Schema::default();
        match value {
            Value::String(name) => schema.note(Kind::Named(name.clone())),
            Value::Array(kinds) => kinds.iter().for_each(|kind| schema.merge(Schema::of(kind))),
            Value::Bag(members) => {
                schema.note(Kind::Container);
                schema.members = members.iter().map(|(key, value)| (key.clone(), Schema::of(value))).collect();
            }
            _ => {}
        }
        schema
    }
}

impl State for Schema {
    const SAVED: &'static [Type] = &[Type::Dynamic];

    fn add(&mut self, row: &[ValueRef<'_>]) {
        self.take(&row[0].to_value());
    }

    fn merge(&mut self, later: Schema) {
        later.kinds.into_iter().for_each(|kind| self.note(kind));
        for (key, schema) in later.members {
            self.members.entry(key).or_default().merge(schema);
        }
    }

    fn finish(self, out: &mut Out) {
        out.owned(self.to_value(false));
    }

    fn save(self) -> Vec<Value> {
        vec![self.to_value(true)]
    }

    fn load(&mut self, saved: &[ValueRef<'_>]) {
        *self = Schema::of(&saved[0].to_value());
    }
}
