//! Choosing between values.

use std::cmp::Ordering;

use crate::column::Out;
use crate::registry::*;
use crate::value::{Type, ValueRef, compare};

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] = &[&IFF, &IIF, &CASE, &COALESCE, &NOT, &MAX_OF, &MIN_OF];

const IFF: Scalar = Scalar {
    name: "iff",
    params: &[boolean("if"), branch("then"), branch("else")],
    returns: Returns::Common,
    about: "`then` where `if` is true, and `else` where it is false or null.",
    examples: &[Example { query: "print iff(2 > 1, 'more', 'less')", result: "more" }],
    strict: false,
    reads: Reads::Branch,
    kernel: KernelDef::Plain(case),
    ..Scalar::PLAIN
};

/// The other name of `iff`.
const IIF: Scalar = Scalar { name: "iif", ..IFF };

pub(crate) const CASE: Scalar = Scalar {
    name: "case",
    params: &[boolean("predicate").repeated(), branch("then").repeated(), branch("else")],
    returns: Returns::Common,
    about: "The `then` behind the first `predicate` that is true, or else the last argument.",
    examples: &[Example { query: "print n = 7 | project case(n <= 3, 'few', n <= 9, 'some', 'many')", result: "some" }],
    strict: false,
    reads: Reads::Branch,
    kernel: KernelDef::Plain(case),
    ..Scalar::PLAIN
};

fn case(cells: &[ValueRef<'_>], out: &mut Out) {
    let mut rest = cells;
    while let [predicate, then, others @ ..] = rest {
        if matches!(predicate, ValueRef::Bool(true)) {
            return out.value(*then);
        }
        rest = others;
    }
    out.value(rest.first().copied().unwrap_or_default());
}

const COALESCE: Scalar = Scalar {
    name: "coalesce",
    params: &[common("value").repeated()],
    returns: Returns::Common,
    about: "The first `value` that is neither null nor an empty string.",
    examples: &[Example { query: "print coalesce(tolong('x'), 5), coalesce('', 'b')", result: "5, b" }],
    strict: false,
    reads: Reads::UntilFilled,
    passes: Passes::on(0),
    kernel: KernelDef::Plain(|cells, out| {
        let there = |cell: &&ValueRef<'_>| !matches!(cell, ValueRef::Null | ValueRef::String(""));
        out.value(cells.iter().find(there).copied().unwrap_or_default());
    }),
    ..Scalar::PLAIN
};

pub(crate) const NOT: Scalar = Scalar {
    name: "not",
    params: &[boolean("expression")],
    returns: Returns::Is(Type::Bool),
    about: "True where `expression` is false, null where it is null.",
    examples: &[Example { query: "print not(1 > 2)", result: "True" }],
    kernel: KernelDef::Plain(|cells, out| match cells[0] {
        ValueRef::Bool(v) => out.bool(!v),
        _ => out.null(),
    }),
    ..Scalar::PLAIN
};

const MAX_OF: Scalar = Scalar {
    name: "max_of",
    params: &[orderable("value"), orderable("other").repeated()],
    returns: Returns::By(widest),
    about: "The greatest `value`; nulls do not count.",
    examples: &[Example { query: "print max_of(10, 1, -3)", result: "10" }],
    strict: false,
    kernel: KernelDef::Plain(|cells, out| extreme(cells, Ordering::Greater, out)),
    ..Scalar::PLAIN
};

const MIN_OF: Scalar = Scalar {
    name: "min_of",
    params: &[orderable("value"), orderable("other").repeated()],
    returns: Returns::By(widest),
    about: "The least `value`; nulls do not count.",
    examples: &[Example { query: "print min_of(10, 1, -3)", result: "-3" }],
    strict: false,
    kernel: KernelDef::Plain(|cells, out| extreme(cells, Ordering::Less, out)),
    ..Scalar::PLAIN
};

/// The one type of all values, or the widest of their numbers.
fn widest(types: &[Type]) -> Result<Type, String> {
    let first = types[0];
    if types.iter().all(|&ty| ty == first) {
        return Ok(first);
    }
    match types.iter().find(|ty| !ty.is_number()) {
        None => Ok(types.iter().copied().max().unwrap_or(first)),
        Some(_) => Err(format!("the values are of different types: {first} and others")),
    }
}

fn extreme(cells: &[ValueRef<'_>], wanted: Ordering, out: &mut Out) {
    let cells = cells.iter().copied().filter(|cell| !cell.is_null());
    let best = cells.reduce(|best, cell| if compare(cell, best) == wanted { cell } else { best });
    out.value(best.unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::value::Type;

    #[test]
    fn a_null_condition_is_not_true() {
        assert_eq!(answer("iff", &[null(Type::Bool), text("a"), text("b")]), "b");
        assert_eq!(answer("case", &[null(Type::Bool), long(1), bool(true), long(2), long(3)]), "2");
        assert_eq!(answer("case", &[bool(false), long(1), bool(false), long(2), long(3)]), "3");
        assert_eq!(answer("not", &[null(Type::Bool)]), "null");
    }

    #[test]
    fn coalesce_skips_nulls_and_empty_strings_only() {
        assert_eq!(answer("coalesce", &[text(""), text(" "), text("b")]), " ");
        assert_eq!(answer("coalesce", &[null(Type::Long), long(0), long(5)]), "0");
        assert_eq!(answer("coalesce", &[null(Type::Dynamic), dynamic("[]")]), "[]");
        assert_eq!(answer("coalesce", &[text(""), text("")]), "");
        assert_eq!(answer("coalesce", &[null(Type::Long)]), "null");
    }

    #[test]
    fn extremes_skip_nulls() {
        assert_eq!(answer("max_of", &[long(1), null(Type::Long), long(3)]), "3");
        assert_eq!(answer("min_of", &[null(Type::Long), null(Type::Long)]), "null");
        assert_eq!(answer("max_of", &[text("a"), text("b")]), "b");
        assert_eq!(call("max_of", &[long(3), real(2.5)]).unwrap(), real(3.0));
        assert!(call("max_of", &[long(3), text("b")]).is_err());
    }
}
