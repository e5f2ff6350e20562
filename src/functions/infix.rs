//! The infix operators: symbols, words and levels here, their kernels in the files beside.

mod arithmetic;
mod comparison;
mod matching;
mod membership;

use arithmetic::{Minus, Modulo, Over, Plus, Times};
use matching::{Contains, Ends, Has, HasPrefix, HasSuffix, Starts};

use super::conversion::{ISNOTNULL, ISNULL};
use crate::registry::{
    Args, ArgumentFault, Compares, Implies, Infix, Kernel, Level, Meaning, Operand, Operation, Right, Scalar,
};

pub(super) use matching::{Edges, Needle, compile};

/// Every infix operator.
pub(crate) const INFIXES: &[Infix] = &[
    infix("or", Level::Or, Meaning::Or, "True if one side is."),
    infix("and", Level::And, Meaning::And, "True if both sides are."),
    compares(
        Compares::Equal,
        equal(infix("==", Level::Equality, free(comparison::equality, comparison::equals::<false>), "Equal, by case.")),
    ),
    unequal(infix(
        "!=",
        Level::Equality,
        free(comparison::equality, comparison::equals::<true>),
        "Not equal, by case.",
    )),
    unequal(legacy(
        "<>",
        Level::Equality,
        free(comparison::equality, comparison::equals::<true>),
        "Not equal, by case.",
    )),
    equal(infix(
        "=~",
        Level::Equality,
        free(matching::lenient_types, matching::equals::<false>),
        "Equal text in any letter case.",
    )),
    unequal(infix(
        "!~",
        Level::Equality,
        free(matching::lenient_types, matching::equals::<true>),
        "Not equal text in any letter case.",
    )),
    compares(
        Compares::Equal,
        equal(list(
            "in",
            Level::Equality,
            free(membership::types, membership::contained::<false>),
            "Equal to one of the list, by case.",
        )),
    ),
    unequal(list(
        "!in",
        Level::Equality,
        free(membership::types, membership::contained::<true>),
        "Equal to none of the list, by case.",
    )),
    equal(list(
        "in~",
        Level::Equality,
        free(membership::textual_types, membership::contained_folded::<false>),
        "Equal to one of the list in any letter case.",
    )),
    unequal(list(
        "!in~",
        Level::Equality,
        free(membership::textual_types, membership::contained_folded::<true>),
        "Equal to none of the list in any letter case.",
    )),
    list(
        "has_any",
        Level::Equality,
        free(membership::textual_types, membership::has::<false>),
        "Has one of the list as a term, in any letter case.",
    ),
    list(
        "has_all",
        Level::Equality,
        free(membership::textual_types, membership::has::<true>),
        "Has each of the list as a term, in any letter case.",
    ),
    compares(
        Compares::Between,
        range(
            "between",
            Level::Equality,
            strict(comparison::range, comparison::between::<false>),
            "From the first to the second, both included.",
        ),
    ),
    range(
        "!between",
        Level::Equality,
        strict(comparison::range, comparison::between::<true>),
        "Outside of first to second.",
    ),
    compares(
        Compares::Less,
        infix("<", Level::Relation, strict(comparison::order, comparison::ordered::<true, false>), "Less."),
    ),
    compares(
        Compares::AtMost,
        infix("<=", Level::Relation, strict(comparison::order, comparison::ordered::<true, true>), "Less or equal."),
    ),
    compares(
        Compares::Greater,
        infix(">", Level::Relation, strict(comparison::order, comparison::ordered::<false, false>), "Greater."),
    ),
    compares(
        Compares::AtLeast,
        infix(
            ">=",
            Level::Relation,
            strict(comparison::order, comparison::ordered::<false, true>),
            "Greater or equal.",
        ),
    ),
    infix(
        "contains",
        Level::Relation,
        free(matching::types, matching::kernel::<Contains, true, false>),
        "Has the text anywhere, in any letter case.",
    ),
    infix(
        "!contains",
        Level::Relation,
        free(matching::types, matching::kernel::<Contains, true, true>),
        "Has the text nowhere, in any letter case.",
    ),
    infix(
        "contains_cs",
        Level::Relation,
        free(matching::types, matching::kernel::<Contains, false, false>),
        "Has the text anywhere, by case.",
    ),
    infix(
        "!contains_cs",
        Level::Relation,
        free(matching::types, matching::kernel::<Contains, false, true>),
        "Has the text nowhere, by case.",
    ),
    legacy(
        "notcontains",
        Level::Relation,
        free(matching::types, matching::kernel::<Contains, true, true>),
        "Has the text nowhere, in any letter case.",
    ),
    legacy(
        "containscs",
        Level::Relation,
        free(matching::types, matching::kernel::<Contains, false, false>),
        "Has the text anywhere, by case.",
    ),
    legacy(
        "notcontainscs",
        Level::Relation,
        free(matching::types, matching::kernel::<Contains, false, true>),
        "Has the text nowhere, by case.",
    ),
    infix(
        "startswith",
        Level::Relation,
        free(matching::types, matching::kernel::<Starts, true, false>),
        "Begins with the text, in any letter case.",
    ),
    infix(
        "!startswith",
        Level::Relation,
        free(matching::types, matching::kernel::<Starts, true, true>),
        "Does not begin with the text, in any letter case.",
    ),
    infix(
        "startswith_cs",
        Level::Relation,
        free(matching::types, matching::kernel::<Starts, false, false>),
        "Begins with the text, by case.",
    ),
    infix(
        "!startswith_cs",
        Level::Relation,
        free(matching::types, matching::kernel::<Starts, false, true>),
        "Does not begin with the text, by case.",
    ),
    infix(
        "endswith",
        Level::Relation,
        free(matching::types, matching::kernel::<Ends, true, false>),
        "Ends with the text, in any letter case.",
    ),
    infix(
        "!endswith",
        Level::Relation,
        free(matching::types, matching::kernel::<Ends, true, true>),
        "Does not end with the text, in any letter case.",
    ),
    infix(
        "endswith_cs",
        Level::Relation,
        free(matching::types, matching::kernel::<Ends, false, false>),
        "Ends with the text, by case.",
    ),
    infix(
        "!endswith_cs",
        Level::Relation,
        free(matching::types, matching::kernel::<Ends, false, true>),
        "Does not end with the text, by case.",
    ),
    infix(
        "has",
        Level::Relation,
        free(matching::types, matching::kernel::<Has, true, false>),
        "Has the text as a term, in any letter case.",
    ),
    infix(
        "!has",
        Level::Relation,
        free(matching::types, matching::kernel::<Has, true, true>),
        "Does not have the text as a term, in any letter case.",
    ),
    infix(
        "has_cs",
        Level::Relation,
        free(matching::types, matching::kernel::<Has, false, false>),
        "Has the text as a term, by case.",
    ),
    infix(
        "!has_cs",
        Level::Relation,
        free(matching::types, matching::kernel::<Has, false, true>),
        "Does not have the text as a term, by case.",
    ),
    infix(
        "hasprefix",
        Level::Relation,
        free(matching::types, matching::kernel::<HasPrefix, true, false>),
        "Has a term that begins with the text, in any letter case.",
    ),
    infix(
        "!hasprefix",
        Level::Relation,
        free(matching::types, matching::kernel::<HasPrefix, true, true>),
        "Has no term that begins with the text, in any letter case.",
    ),
    infix(
        "hasprefix_cs",
        Level::Relation,
        free(matching::types, matching::kernel::<HasPrefix, false, false>),
        "Has a term that begins with the text, by case.",
    ),
    infix(
        "!hasprefix_cs",
        Level::Relation,
        free(matching::types, matching::kernel::<HasPrefix, false, true>),
        "Has no term that begins with the text, by case.",
    ),
    infix(
        "hassuffix",
        Level::Relation,
        free(matching::types, matching::kernel::<HasSuffix, true, false>),
        "Has a term that ends with the text, in any letter case.",
    ),
    infix(
        "!hassuffix",
        Level::Relation,
        free(matching::types, matching::kernel::<HasSuffix, true, true>),
        "Has no term that ends with the text, in any letter case.",
    ),
    infix(
        "hassuffix_cs",
        Level::Relation,
        free(matching::types, matching::kernel::<HasSuffix, false, false>),
        "Has a term that ends with the text, by case.",
    ),
    infix(
        "!hassuffix_cs",
        Level::Relation,
        free(matching::types, matching::kernel::<HasSuffix, false, true>),
        "Has no term that ends with the text, by case.",
    ),
    infix(
        "matches regex",
        Level::Relation,
        free(matching::types, matching::regex),
        "The regular expression matches somewhere.",
    ),
    legacy(
        "like",
        Level::Relation,
        free(matching::types, matching::like::<true, false>),
        "Equal text in any letter case; wildcards are refused.",
    ),
    legacy(
        "notlike",
        Level::Relation,
        free(matching::types, matching::like::<true, true>),
        "Not equal text in any letter case; wildcards are refused.",
    ),
    legacy(
        "likecs",
        Level::Relation,
        free(matching::types, matching::like::<false, false>),
        "Equal text, by case; wildcards are refused.",
    ),
    legacy(
        "notlikecs",
        Level::Relation,
        free(matching::types, matching::like::<false, true>),
        "Not equal text, by case; wildcards are refused.",
    ),
    infix("+", Level::Sum, strict(arithmetic::types::<Plus>, arithmetic::kernel::<Plus>), "Sum."),
    infix("-", Level::Sum, strict(arithmetic::types::<Minus>, arithmetic::kernel::<Minus>), "Difference."),
    infix("*", Level::Product, strict(arithmetic::types::<Times>, arithmetic::kernel::<Times>), "Product."),
    infix(
        "/",
        Level::Product,
        strict(arithmetic::types::<Over>, arithmetic::kernel::<Over>),
        "Quotient; of integers, truncated toward zero.",
    ),
    infix(
        "%",
        Level::Product,
        strict(arithmetic::types::<Modulo>, arithmetic::kernel::<Modulo>),
        "Remainder, never negative.",
    ),
];

/// An operation that has its own rule for nulls.
const fn free(
    types: fn(&[Operand]) -> Option<Operation>,
    kernel: fn(&Args<'_>) -> Result<Kernel, ArgumentFault>,
) -> Meaning {
    Meaning::Computed { types, kernel, strict: false }
}

/// An operation that is null if an operand is.
const fn strict(
    types: fn(&[Operand]) -> Option<Operation>,
    kernel: fn(&Args<'_>) -> Result<Kernel, ArgumentFault>,
) -> Meaning {
    Meaning::Computed { types, kernel, strict: true }
}

const fn infix(text: &'static str, level: Level, meaning: Meaning, about: &'static str) -> Infix {
    Infix {
        text,
        level,
        right: Right::Operand,
        about,
        legacy: false,
        implies: Implies::Nothing,
        compares: Compares::Nothing,
        meaning,
    }
}

const fn list(text: &'static str, level: Level, meaning: Meaning, about: &'static str) -> Infix {
    Infix { right: Right::List, ..infix(text, level, meaning, about) }
}

const fn range(text: &'static str, level: Level, meaning: Meaning, about: &'static str) -> Infix {
    Infix { right: Right::Range, ..infix(text, level, meaning, about) }
}

const fn legacy(text: &'static str, level: Level, meaning: Meaning, about: &'static str) -> Infix {
    Infix { legacy: true, ..infix(text, level, meaning, about) }
}

/// The one operator of a level that joins predicates: `and`, `or`.
pub(crate) fn joining(level: Level) -> Option<&'static Infix> {
    INFIXES.iter().find(|infix| infix.level == level && matches!(infix.meaning, Meaning::And | Meaning::Or))
}

const fn equal(infix: Infix) -> Infix {
    Infix { implies: Implies::Equal, ..infix }
}

const fn compares(compares: Compares, infix: Infix) -> Infix {
    Infix { compares, ..infix }
}

const fn unequal(infix: Infix) -> Infix {
    Infix { implies: Implies::Unequal, ..infix }
}

/// The function that tests for null what an operator cannot compare with null.
pub(crate) fn null_test(infix: &Infix) -> Option<&'static Scalar> {
    match infix.implies {
        Implies::Equal => Some(&ISNULL),
        Implies::Unequal => Some(&ISNOTNULL),
        Implies::Nothing => None,
    }
}
