//! `schema_merge`: the schemas of several tables as one.

use super::{Evaluate, constant};
use crate::bind::{Binder, Relation};
use crate::column::Batch;
use crate::diag::{BAD_ARGUMENT, Diagnostic, UNKNOWN_COLUMN, WRONG_TYPE};
use crate::operators::getschema::{COLUMNS, described};
use crate::plan::Node;
use crate::registry::{Example, Plugin};
use crate::value::{Type, Value, ValueRef};

pub(super) const SCHEMA_MERGE: Plugin = Plugin {
    name: "schema_merge",
    syntax: "schema_merge([PreserveOrder = true])",
    about: "One schema of several, each as `getschema` gives it. A column that stands elsewhere than in the first schema \
            that has it is an error in the answer, unless `PreserveOrder` is false.",
    examples: &[Example {
        query: "union (print a = 1 | getschema), (print a = 2, b = 'x' | getschema) | evaluate schema_merge()",
        result: "a, 0, System.Int64, long\nb, 1, System.String, string",
    }],
    caution: None,
};

/// What a column is said to be that is not where it was.
const OUT_OF_ORDER: &str = "ERROR(columns are out of order)";

/// A column of the schemas.
struct Merged {
    name: String,
    /// Where it stands in the first schema that has it, and the furthest place where it stands.
    first: i32,
    last: i32,
    /// Stands elsewhere than in the first schema that has it.
    moved: bool,
    ty: String,
}

impl Evaluate {
    pub(super) fn schema_merge(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        if let Some(schema) = &self.schema {
            binder.refuse(schema.span, &format!("a schema for `{}`", SCHEMA_MERGE.name));
            return None;
        }
        let span = self.plugin.name.span;
        let preserves = match self.plugin.arguments.as_slice() {
            [] => true,
            [argument] => {
                if let Some(name) = argument.name.as_ref().filter(|name| name.text != "PreserveOrder") {
                    let message = format!("`{}` has no parameter `{}`", SCHEMA_MERGE.name, name.text);
                    let unknown = Diagnostic::error(UNKNOWN_COLUMN, name.span, message).label("unknown parameter");
                    binder.error(unknown.suggest(&name.text, ["PreserveOrder"]));
                    return None;
                }
                constant(&argument.value, Type::Bool, &input.columns, binder)? == Value::Bool(true)
            }
            _ => {
                self.wrong_count(&SCHEMA_MERGE, binder);
                return None;
            }
        };
        let mut read = Vec::new();
        for (name, ty) in COLUMNS {
            match input.columns.position(name).filter(|at| input.columns.list()[*at].ty == ty) {
                Some(at) => read.push((input.columns.list()[at].clone(), crate::plan::Expr::column(ty, at))),
                None => {
                    let message = format!("schemas have a column `{name}` of type {ty}, and there is none here");
                    binder.error(Diagnostic::error(BAD_ARGUMENT, span, message).help("`getschema` makes a schema"));
                    return None;
                }
            }
        }
        let columns: Vec<_> = read.iter().map(|(column, _)| column.clone()).collect();
        let Some(table) = binder.run_subquery(input.compute(read), span).ok()? else {
            return Some(Relation::empty(columns));
        };
        let mut merged: Vec<Merged> = Vec::new();
        for batch in table.batches() {
            for row in 0..batch.rows {
                let cell = |at: usize| batch.columns.get(at).map_or(ValueRef::Null, |column| column.get(row));
                let (ValueRef::String(name), ValueRef::Int(place), ValueRef::String(ty)) = (cell(0), cell(1), cell(3))
                else {
                    continue;
                };
                match merged.iter_mut().find(|column| column.name == name) {
                    Some(known) if known.ty != ty => {
                        let message = format!("the column `{name}` is {} and {ty}", known.ty);
                        binder.error(
                            Diagnostic::error(WRONG_TYPE, span, message)
                                .label("what types have in common is documented nowhere")
                                .help("convert the column before `getschema`"),
                        );
                        return None;
                    }
                    Some(known) => {
                        known.moved |= preserves && place != known.first;
                        known.last = known.last.max(place);
                    }
                    None => merged.push(Merged {
                        name: name.to_owned(),
                        first: place,
                        last: place,
                        moved: false,
                        ty: ty.to_owned(),
                    }),
                }
            }
        }
        merged.sort_by_key(|column| (column.moved, column.last));
        let rows = merged.iter().enumerate().map(|(at, column)| {
            if column.moved {
                let unknown = format!("ERROR(unknown CSL type:{OUT_OF_ORDER})");
                return (column.name.as_str(), -1, unknown, OUT_OF_ORDER);
            }
            let net = Type::named(&column.ty).map_or_else(String::new, |ty| described(ty).to_owned());
            (column.name.as_str(), i32::try_from(at).unwrap_or(i32::MAX), net, column.ty.as_str())
        });
        let mut cells = COLUMNS.map(|(_, ty)| crate::column::Out::new(ty, merged.len()));
        for (name, place, net, ty) in rows {
            cells[0].string(name);
            cells[1].value(ValueRef::Int(place));
            cells[2].string(&net);
            cells[3].string(ty);
        }
        let batch = Batch::new(cells.into_iter().map(crate::column::Out::finish).collect(), merged.len());
        Some(Relation::new(Node::Values { batch }, columns).in_order())
    }
}
