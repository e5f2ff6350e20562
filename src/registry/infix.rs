//! Infix operators: the lexer takes its symbols and words from here, the parser its levels, the binder its kernels.

use super::{Args, ArgumentFault, Kernel};
use crate::value::Type;

/// Binding strength, weakest first; all associate to the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Or,
    And,
    /// `==`, `in`, `between` and their like: no two of them in a row.
    Equality,
    /// `<` and the string operators.
    Relation,
    Sum,
    Product,
}

impl Level {
    /// The family that help and README show its operators in.
    pub(crate) fn family(self) -> &'static str {
        match self {
            Level::Or | Level::And => "logic",
            Level::Equality => "equality and lists",
            Level::Relation => "order and text",
            Level::Sum | Level::Product => "arithmetic",
        }
    }
}

/// What stands to the right of the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    /// An expression.
    Operand,
    /// `(a, b, …)` or `(tabular)`.
    List,
    /// `(low .. high)`.
    Range,
}

/// An infix operator.
pub(crate) struct Infix {
    /// The symbol or word: `==`, `!contains`, `matches regex`.
    pub(crate) text: &'static str,
    pub(crate) level: Level,
    pub(crate) right: Right,
    pub(crate) about: &'static str,
    /// An older or undocumented spelling; not offered in help and completion.
    pub(crate) legacy: bool,
    /// What holds for its sides where it is true.
    pub(crate) implies: Implies,
    /// What it says of the order of its sides.
    pub(crate) compares: Compares,
    pub(crate) meaning: Meaning,
}

/// What is known of the sides of an infix operator where it is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Implies {
    Nothing,
    /// They are equal, in some letter case, or one is among the others.
    Equal,
    /// They are not.
    Unequal,
}

/// Where the left side of an infix operator stands in the order of values where it is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compares {
    Nothing,
    /// It is the right side, or one of them, by case.
    Equal,
    Less,
    AtMost,
    Greater,
    AtLeast,
    /// From the second side to the third.
    Between,
}

/// What an infix operator does.
#[derive(Clone, Copy)]
pub(crate) enum Meaning {
    /// `and`: evaluated by the engine itself, column-wise.
    And,
    /// `or`: evaluated by the engine itself, column-wise.
    Or,
    /// Computed by a kernel over the converted operands: left, then right, or every item of a list, or low and high.
    Computed {
        /// What the operands are converted to and what comes out; `None` if there is no such operation.
        types: fn(&[Operand]) -> Option<Operation>,
        /// As for a scalar function; not called for null operands if `strict`.
        kernel: fn(&Args<'_>) -> Result<Kernel, ArgumentFault>,
        strict: bool,
    },
}

/// What is known of an operand when the operation is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operand {
    pub(crate) ty: Type,
    /// A literal in the query: `n == '1'` compares numbers, while a string column is no number.
    pub(crate) literal: bool,
}

/// The types that the operands are converted to, one each, and that of the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) operands: Vec<Type>,
    pub(crate) result: Type,
}

impl std::fmt::Debug for Infix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text)
    }
}
