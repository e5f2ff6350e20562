//! Steps into dynamic values.

use crate::column::{Column, Out};
use crate::guard::{Guard, Pace};
use crate::plan::PathStep;
use crate::value::{self, Type, Value};

/// What `steps` lead to at every row: null where there is nothing. Runs once per distinct value of a dictionary.
pub(super) fn walk(base: &Column, steps: &[PathStep], guard: &Guard) -> Column {
    if let Some(value) = base.as_constant() {
        let one = rows(&Column::constant(base.ty(), value.clone(), 1), steps, guard);
        return Column::constant(Type::Dynamic, one.get(0).to_value(), base.len());
    }
    match base.as_dictionary() {
        Some(dictionary) if dictionary.values().len() <= base.len() => {
            dictionary.map(rows(dictionary.values(), steps, guard))
        }
        _ => rows(base, steps, guard),
    }
}

fn rows(base: &Column, steps: &[PathStep], guard: &Guard) -> Column {
    let steps: Vec<value::PathStepRef<'_>> = steps
        .iter()
        .map(|step| match step {
            PathStep::Key(key) => value::PathStepRef::Key(key),
            PathStep::Index(index) => value::PathStepRef::Index(*index),
        })
        .collect();
    let (mut out, mut pace) = (Out::new(Type::Dynamic, base.len()), Pace::new(guard));
    for cell in base.iter() {
        if pace.stops() {
            return Column::constant(Type::Dynamic, Value::Null, base.len());
        }
        out.value(value::walk(cell, &steps).as_ref());
    }
    out.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_a_dictionary_are_taken_once_per_entry_and_give_the_rows_their_own() {
        let entries = Column::from_values(Type::Dynamic, [value::from_json(r#"{"a":[1,2]}"#), Value::Null]);
        let column = Column::dictionary(vec![0, 1, 0, 0], entries, true);
        let found = walk(&column, &[PathStep::Key("a".into()), PathStep::Index(-1)], &Guard::none());
        let cells: Vec<Value> = found.iter().map(value::ValueRef::to_value).collect();
        assert_eq!(cells, [Value::Long(2), Value::Null, Value::Long(2), Value::Long(2)]);
    }
}
