//! The infix operators: symbols, words and levels here, their kernels in the files beside.

use crate::registry::{Infix, Level, Meaning, Right};

/// Every infix operator.
pub(crate) const INFIXES: &[Infix] = &[
    infix("or", Level::Or, Meaning::Or, "True if one side is."),
    infix("and", Level::And, Meaning::And, "True if both sides are."),
    infix("==", Level::Equality, Meaning::Refused, "Equal, by case."),
    infix("!=", Level::Equality, Meaning::Refused, "Not equal, by case."),
    legacy("<>", Level::Equality, Meaning::Refused, "Not equal, by case."),
    infix("=~", Level::Equality, Meaning::Refused, "Equal text in any letter case."),
    infix("!~", Level::Equality, Meaning::Refused, "Not equal text in any letter case."),
    list("in", Level::Equality, Meaning::Refused, "Equal to one of the list, by case."),
    list("!in", Level::Equality, Meaning::Refused, "Equal to none of the list, by case."),
    list("in~", Level::Equality, Meaning::Refused, "Equal to one of the list in any letter case."),
    list("!in~", Level::Equality, Meaning::Refused, "Equal to none of the list in any letter case."),
    list("has_any", Level::Equality, Meaning::Refused, "Has one of the list as a term, in any letter case."),
    list("has_all", Level::Equality, Meaning::Refused, "Has each of the list as a term, in any letter case."),
    range("between", Level::Equality, Meaning::Refused, "From the first to the second, both included."),
    range("!between", Level::Equality, Meaning::Refused, "Outside of first to second."),
    infix("<", Level::Relation, Meaning::Refused, "Less."),
    infix("<=", Level::Relation, Meaning::Refused, "Less or equal."),
    infix(">", Level::Relation, Meaning::Refused, "Greater."),
    infix(">=", Level::Relation, Meaning::Refused, "Greater or equal."),
    infix("contains", Level::Relation, Meaning::Refused, "Has the text anywhere, in any letter case."),
    infix("!contains", Level::Relation, Meaning::Refused, "Has the text nowhere, in any letter case."),
    infix("contains_cs", Level::Relation, Meaning::Refused, "Has the text anywhere, by case."),
    infix("!contains_cs", Level::Relation, Meaning::Refused, "Has the text nowhere, by case."),
    legacy("notcontains", Level::Relation, Meaning::Refused, "Has the text nowhere, in any letter case."),
    legacy("containscs", Level::Relation, Meaning::Refused, "Has the text anywhere, by case."),
    legacy("notcontainscs", Level::Relation, Meaning::Refused, "Has the text nowhere, by case."),
    infix("startswith", Level::Relation, Meaning::Refused, "Begins with the text, in any letter case."),
    infix("!startswith", Level::Relation, Meaning::Refused, "Does not begin with the text, in any letter case."),
    infix("startswith_cs", Level::Relation, Meaning::Refused, "Begins with the text, by case."),
    infix("!startswith_cs", Level::Relation, Meaning::Refused, "Does not begin with the text, by case."),
    infix("endswith", Level::Relation, Meaning::Refused, "Ends with the text, in any letter case."),
    infix("!endswith", Level::Relation, Meaning::Refused, "Does not end with the text, in any letter case."),
    infix("endswith_cs", Level::Relation, Meaning::Refused, "Ends with the text, by case."),
    infix("!endswith_cs", Level::Relation, Meaning::Refused, "Does not end with the text, by case."),
    infix("has", Level::Relation, Meaning::Refused, "Has the text as a term, in any letter case."),
    infix("!has", Level::Relation, Meaning::Refused, "Does not have the text as a term, in any letter case."),
    infix("has_cs", Level::Relation, Meaning::Refused, "Has the text as a term, by case."),
    infix("!has_cs", Level::Relation, Meaning::Refused, "Does not have the text as a term, by case."),
    infix("hasprefix", Level::Relation, Meaning::Refused, "Has a term that begins with the text, in any letter case."),
    infix("!hasprefix", Level::Relation, Meaning::Refused, "Has no term that begins with the text, in any letter case."),
    infix("hasprefix_cs", Level::Relation, Meaning::Refused, "Has a term that begins with the text, by case."),
    infix("!hasprefix_cs", Level::Relation, Meaning::Refused, "Has no term that begins with the text, by case."),
    infix("hassuffix", Level::Relation, Meaning::Refused, "Has a term that ends with the text, in any letter case."),
    infix("!hassuffix", Level::Relation, Meaning::Refused, "Has no term that ends with the text, in any letter case."),
    infix("hassuffix_cs", Level::Relation, Meaning::Refused, "Has a term that ends with the text, by case."),
    infix("!hassuffix_cs", Level::Relation, Meaning::Refused, "Has no term that ends with the text, by case."),
    infix("matches regex", Level::Relation, Meaning::Refused, "The regular expression matches somewhere."),
    legacy("like", Level::Relation, Meaning::Refused, "Undocumented pattern match."),
    legacy("notlike", Level::Relation, Meaning::Refused, "Undocumented pattern match, negated."),
    infix("+", Level::Sum, Meaning::Refused, "Sum."),
    infix("-", Level::Sum, Meaning::Refused, "Difference."),
    infix("*", Level::Product, Meaning::Refused, "Product."),
    infix("/", Level::Product, Meaning::Refused, "Quotient; of integers, truncated toward zero."),
    infix("%", Level::Product, Meaning::Refused, "Remainder, never negative."),
];

const fn infix(text: &'static str, level: Level, meaning: Meaning, about: &'static str) -> Infix {
    Infix { text, level, right: Right::Operand, about, legacy: false, meaning }
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
