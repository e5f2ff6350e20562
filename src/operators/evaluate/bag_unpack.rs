//! `bag_unpack`: the properties of bags as columns.

use std::collections::BTreeMap;

use super::{Evaluate, OutputSchema, column, constant};
use crate::bind::{Binder, BoundColumn, Relation, duplicate};
use crate::column::Table;
use crate::diag::{BAD_ARGUMENT, DUPLICATE_NAME, Diagnostic, UNKNOWN_COLUMN, WRONG_TYPE};
use crate::plan::{Expr, PathStep, Term};
use crate::registry::{Example, Plugin};
use crate::syntax::ast;
use crate::value::{JsonEntries, Type, Value, ValueRef};

/// What becomes of a property that is called like a column of the input.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Conflict {
    Error,
    ReplaceSource,
    KeepSource,
}

const CONFLICTS: [(&str, Conflict); 3] =
    [("error", Conflict::Error), ("replace_source", Conflict::ReplaceSource), ("keep_source", Conflict::KeepSource)];

pub(super) const BAG_UNPACK: Plugin = Plugin {
    name: "bag_unpack",
    syntax: "bag_unpack(column [, prefix] [, columnsConflict] [, ignoredProperties])",
    about: "The properties of the bags in `column` as columns, each name behind `prefix`.",
    examples: &[Example {
        query: "print d = dynamic({'a': 1, 'b': 'x'}) | evaluate bag_unpack(d, 'd_') | project d_b, d_a",
        result: "x, 1",
    }],
    caution: None,
};

/// The parameters behind the column, which may be given by name.
const NAMES: [&str; 3] = ["OutputColumnPrefix", "columnsConflict", "ignoredProperties"];

/// One call.
struct BagUnpack {
    /// The column of bags.
    bags: usize,
    prefix: String,
    conflict: Conflict,
    ignored: Vec<Value>,
}

impl Evaluate {
    pub(super) fn bag_unpack(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let unpacked = self.unpacked(&input, binder)?;
        if let Some(schema) = &self.schema {
            let outputs = unpacked.declared(schema, &input, binder)?;
            return Some(input.compute(outputs).of_whole_table(false));
        }
        let input = binder.repeatable(input, self.plugin.name.span);
        // Its rows may be of a sub-query that failed.
        let column = input.columns.list().get(unpacked.bags)?.clone();
        let alone = input.clone().compute(vec![(column, Expr::column(Type::Dynamic, unpacked.bags))]);
        let answer = binder.run_subquery(alone, self.plugin.name.span).ok()?;
        let open = answer.is_none();
        let slots = answer.map_or_else(BTreeMap::new, |table| slots(&table));
        let mut outputs = unpacked.source(&input);
        let width = outputs.len();
        for (key, ty) in slots {
            if unpacked.ignores(&key) {
                continue;
            }
            let name = format!("{}{key}", unpacked.prefix);
            let slot = unpacked.slot(&key, ty, binder);
            match outputs[..width].iter().position(|(column, _)| *column.name == *name) {
                None => outputs.push((BoundColumn::new(name, ty), slot)),
                Some(at) => match unpacked.conflict {
                    Conflict::ReplaceSource => outputs[at] = (BoundColumn::new(name, ty), slot),
                    Conflict::KeepSource => {}
                    Conflict::Error => {
                        let span = self.plugin.arguments[0].value.span;
                        binder.error(
                            Diagnostic::error(DUPLICATE_NAME, span, format!("there is a column `{name}` already"))
                                .label("its bags have a property of this name")
                                .help("give a prefix, or `columnsConflict='replace_source'` or `'keep_source'`"),
                        );
                        return None;
                    }
                },
            }
        }
        let made = input.compute(outputs).of_whole_table(false);
        Some(if open { made.with_any_column() } else { made })
    }

    /// What the arguments say.
    fn unpacked(&self, input: &Relation, binder: &mut Binder<'_>) -> Option<BagUnpack> {
        let [first, rest @ ..] = self.plugin.arguments.as_slice() else {
            self.wrong_count(&BAG_UNPACK, binder);
            return None;
        };
        let mut given: [Option<&ast::Expr>; 3] = [None; 3];
        for (at, argument) in rest.iter().enumerate() {
            let place = match &argument.name {
                None => at,
                Some(name) => match NAMES.iter().position(|known| *known == name.text) {
                    Some(place) => place,
                    None => {
                        let message = format!("`{}` has no parameter `{}`", BAG_UNPACK.name, name.text);
                        binder.error(
                            Diagnostic::error(UNKNOWN_COLUMN, name.span, message)
                                .label("unknown parameter")
                                .suggest(&name.text, NAMES),
                        );
                        return None;
                    }
                },
            };
            match given.get_mut(place) {
                Some(empty @ None) => *empty = Some(&argument.value),
                Some(Some(_)) => {
                    let message = format!("`{}` is given twice", NAMES[place]);
                    binder.error(Diagnostic::error(DUPLICATE_NAME, argument.value.span, message));
                    return None;
                }
                None => {
                    self.wrong_count(&BAG_UNPACK, binder);
                    return None;
                }
            }
        }
        let bags = column(&first.value, &input.columns, binder)?;
        let ty = input.columns.list()[bags].ty;
        if ty != Type::Dynamic {
            let message = format!("only dynamic columns have properties, and this one is {ty}");
            let diagnostic = Diagnostic::error(WRONG_TYPE, first.value.span, message).label(ty.name());
            binder.error(if ty == Type::String {
                diagnostic.help("unpack `parse_json(…)` of it")
            } else {
                diagnostic
            });
            return None;
        }
        let [prefix, conflict, ignored] = given;
        let prefix = match prefix.map(|prefix| constant(prefix, Type::String, &input.columns, binder)) {
            None => String::new(),
            Some(Some(Value::String(prefix))) => prefix.to_string(),
            Some(_) => return None,
        };
        let conflict = match conflict {
            None => Conflict::Error,
            Some(written) => {
                let Value::String(text) = constant(written, Type::String, &input.columns, binder)? else { return None };
                let Some((_, conflict)) = CONFLICTS.iter().find(|(known, _)| *known == &*text) else {
                    let message = format!("`{text}` is no way out of a conflict");
                    binder.error(
                        Diagnostic::error(BAD_ARGUMENT, written.span, message)
                            .help("there are `error`, `replace_source` and `keep_source`"),
                    );
                    return None;
                };
                *conflict
            }
        };
        let ignored = match ignored {
            None => Vec::new(),
            Some(written) => match constant(written, Type::Dynamic, &input.columns, binder)? {
                Value::Array(names) => names.to_vec(),
                _ => {
                    let message = "the properties to ignore are an array of names";
                    binder.error(Diagnostic::error(BAD_ARGUMENT, written.span, message).help("`dynamic(['a', 'b'])`"));
                    return None;
                }
            },
        };
        Some(BagUnpack { bags, prefix, conflict, ignored })
    }
}

impl BagUnpack {
    fn ignores(&self, key: &str) -> bool {
        self.ignored.iter().any(|name| matches!(name, Value::String(name) if **name == *key))
    }

    /// The columns of the input but the bags.
    fn source(&self, input: &Relation) -> Vec<(BoundColumn, Expr)> {
        input.pass_through().enumerate().filter(|(at, _)| *at != self.bags).map(|(_, output)| output).collect()
    }

    /// The value of one property.
    fn slot(&self, key: &str, ty: Type, binder: &mut Binder<'_>) -> Expr {
        let steps = vec![PathStep::Key(key.into())];
        let kind = Term::Path { base: Box::new(Expr::column(Type::Dynamic, self.bags)), steps };
        binder.converted(Expr { ty: Type::Dynamic, kind }, ty)
    }

    /// The columns that the query itself lists: properties, and those of the input by their names.
    fn declared(
        &self,
        schema: &OutputSchema,
        input: &Relation,
        binder: &mut Binder<'_>,
    ) -> Option<Vec<(BoundColumn, Expr)>> {
        let source = self.source(input);
        let mut outputs: Vec<(BoundColumn, Expr)> = if schema.star { source.clone() } else { Vec::new() };
        let width = outputs.len();
        for declared in &schema.columns {
            let name = &declared.name.text;
            if outputs[width..].iter().any(|(column, _)| *column.name == **name) {
                binder.error(duplicate(&declared.name));
                return None;
            }
            let property = name.strip_prefix(self.prefix.as_str()).filter(|key| !self.ignores(key));
            let slot = match property {
                Some(key) => self.slot(key, declared.ty, binder),
                None => Expr::literal(declared.ty, Value::absent(declared.ty)),
            };
            let new = (BoundColumn::new(name.as_str(), declared.ty), slot);
            let known = source.iter().find(|(column, _)| *column.name == **name);
            let place = outputs.iter().position(|(column, _)| *column.name == **name);
            match (known, self.conflict) {
                (None, _) => outputs.push(new),
                (Some(_), Conflict::ReplaceSource) => match place {
                    Some(at) => outputs[at] = new,
                    None => outputs.push(new),
                },
                (Some((column, _)), _) if column.ty != declared.ty => {
                    let message = format!("the column `{name}` is {}, and here it is to be {}", column.ty, declared.ty);
                    binder.error(Diagnostic::error(WRONG_TYPE, declared.name.span, message).label(column.ty.name()));
                    return None;
                }
                (Some(_), _) if place.is_some() => {
                    if self.conflict == Conflict::Error {
                        binder.error(duplicate(&declared.name));
                        return None;
                    }
                }
                (Some(known), _) => outputs.push(known.clone()),
            }
        }
        Some(outputs)
    }
}

/// The properties that bags have, in the order of their names, each with the type of all of its values; dynamic if
/// these differ, or are null alone.
fn slots(table: &Table) -> BTreeMap<String, Type> {
    let mut slots: BTreeMap<String, Option<Type>> = BTreeMap::new();
    let mut note = |key: &str, value: ValueRef<'_>| {
        let ty = type_of(value);
        match slots.get_mut(key) {
            None => {
                slots.insert(key.to_owned(), ty);
            }
            Some(known) => *known = common(*known, ty),
        }
    };
    for batch in table.batches() {
        for cell in batch.columns[0].iter() {
            match cell {
                ValueRef::Bag(bag) => bag.iter().for_each(|(key, value)| note(key, value.as_ref())),
                ValueRef::Json(text) => {
                    for (key, value) in JsonEntries::of(text).into_iter().flatten() {
                        note(&key, value.as_ref());
                    }
                }
                _ => {}
            }
        }
    }
    slots.into_iter().map(|(key, ty)| (key, ty.unwrap_or(Type::Dynamic))).collect()
}

fn common(known: Option<Type>, next: Option<Type>) -> Option<Type> {
    match (known, next) {
        (Some(known), Some(next)) if known != next => Some(Type::Dynamic),
        (known, next) => known.or(next),
    }
}

/// The type of what a dynamic value holds; none of null.
fn type_of(value: ValueRef<'_>) -> Option<Type> {
    Some(match value {
        ValueRef::Null => return None,
        ValueRef::Bool(_) => Type::Bool,
        ValueRef::Int(_) | ValueRef::Long(_) => Type::Long,
        ValueRef::Real(_) => Type::Real,
        ValueRef::Decimal(_) => Type::Decimal,
        ValueRef::String(_) => Type::String,
        ValueRef::DateTime(_) => Type::DateTime,
        ValueRef::TimeSpan(_) => Type::TimeSpan,
        ValueRef::Guid(_) => Type::Guid,
        ValueRef::Array(_) | ValueRef::Bag(_) | ValueRef::Json(_) => Type::Dynamic,
    })
}
