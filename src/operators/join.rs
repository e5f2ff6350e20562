//! `join`: the rows of two tables side by side.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use crate::diag::{Diagnostic, Span, UNEXPECTED};
use crate::registry::{Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{choice, commas, hint, parameter};
use crate::syntax::expr::{expr, operand};
use crate::syntax::print::{Dotted, HintList, Listed, spelling};
use crate::syntax::tokens::{Fault, Parsed, Tokens, expect, said, word};

/// `join kind=leftouter (T | project id, x) on id`
#[derive(Clone, Debug)]
pub(crate) struct Join {
    /// `None` is Kusto's default, [`JoinKind::InnerUnique`].
    pub(crate) kind: Option<JoinKind>,
    pub(crate) hints: Vec<Hint>,
    pub(crate) right: Box<Expr>,
    pub(crate) on: Vec<Condition>,
}

/// What happens to rows with one partner, several or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JoinKind {
    InnerUnique,
    Inner,
    LeftOuter,
    RightOuter,
    FullOuter,
    LeftSemi,
    RightSemi,
    LeftAnti,
    RightAnti,
}

/// What partners have in common.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    /// `on id`
    Same(Name),
    /// `on $left.id == $right.key`, written in either order.
    Pair { left: Name, right: Name },
}

const JOIN: OperatorDef = OperatorDef {
    names: &["join"],
    position: Position::Piped,
    words: &[
        "kind",
        "on",
        "innerunique",
        "inner",
        "leftouter",
        "rightouter",
        "fullouter",
        "leftsemi",
        "rightsemi",
        "leftanti",
        "rightanti",
    ],
    syntax: "join [kind=…] (table) on column | $left.a == $right.b, …",
    about: "Puts the rows of two tables that agree in the keys side by side.",
    examples: &[Example {
        query: "print k = 1, a = 2 | join kind=inner (print k = 1, b = 3) on k",
        result: "1, 2, 1, 3",
    }],
};

impl Syntax for Join {
    const DEF: &'static OperatorDef = &JOIN;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Join> {
        let (mut input, mut kind, mut hints) = (input, None, Vec::new());
        loop {
            if let Some(rest) = parameter(input, "kind") {
                let (rest, given) = choice("a kind of join", KINDS)(rest)?;
                (input, kind) = (rest, Some(given));
            } else if let (rest, Some(given)) = hint(input)? {
                hints.push(given);
                input = rest;
            } else {
                break;
            }
        }
        let (input, right) = table(input)?;
        let (input, on) = on(input)?;
        Ok((input, Join { kind, hints, right: Box::new(right), on }))
    }
}

const KINDS: &[(&str, JoinKind)] = &[
    ("innerunique", JoinKind::InnerUnique),
    ("inner", JoinKind::Inner),
    ("leftouter", JoinKind::LeftOuter),
    ("rightouter", JoinKind::RightOuter),
    ("fullouter", JoinKind::FullOuter),
    ("leftsemi", JoinKind::LeftSemi),
    ("rightsemi", JoinKind::RightSemi),
    ("leftanti", JoinKind::LeftAnti),
    ("anti", JoinKind::LeftAnti),
    ("leftantisemi", JoinKind::LeftAnti),
    ("rightanti", JoinKind::RightAnti),
    ("rightantisemi", JoinKind::RightAnti),
];

/// The right table: a name, a call, or a pipeline in brackets.
pub(super) fn table(input: Tokens<'_>) -> Parsed<'_, Expr> {
    expect("a table", operand).parse(input)
}

/// `on a, $left.b == $right.c and $left.d == $right.e`
pub(super) fn on(input: Tokens<'_>) -> Parsed<'_, Vec<Condition>> {
    let (input, _) = word("on").parse(input)?;
    let (input, keys) = commas(expr)(input)?;
    let mut conditions = Vec::new();
    for key in keys {
        condition(key, &mut conditions)?;
    }
    Ok((input, conditions))
}

fn condition(key: Expr, conditions: &mut Vec<Condition>) -> Result<(), nom::Err<Fault>> {
    match key.kind {
        ExprKind::Name(name) => conditions.push(Condition::Same(name)),
        ExprKind::And(keys) => return keys.into_iter().try_for_each(|key| condition(key, conditions)),
        ExprKind::Infix { infix, operator, operands } => {
            if infix.text != "==" {
                let help = "a join compares columns with `==`; filter by anything else in a `where` behind it";
                return Err(refusal(operator, format!("`{}` cannot join tables", infix.text), help));
            }
            let mut sides = [None, None];
            for operand in operands {
                let span = operand.span;
                let (side, name) = side(operand)?;
                if sides[side].replace(name).is_some() {
                    let help = "compare a column of `$left` with one of `$right`";
                    return Err(refusal(span, "both columns are of the same side", help));
                }
            }
            if let [Some(left), Some(right)] = sides {
                conditions.push(Condition::Pair { left, right });
            }
        }
        _ => {
            let help = "compute it with `extend` before the join, in both tables";
            return Err(refusal(key.span, "a join key must be a column", help));
        }
    }
    Ok(())
}

/// Which side `$left.a` or `$right.a` is of, and the column.
fn side(operand: Expr) -> Result<(usize, Name), nom::Err<Fault>> {
    if let ExprKind::Member { of, name } = operand.kind {
        match of.as_name().map(|name| name.text.as_str()) {
            Some("$left") => return Ok((0, name)),
            Some("$right") => return Ok((1, name)),
            _ => {}
        }
    }
    let message = "a join condition compares a column of `$left` with one of `$right`";
    Err(refusal(operand.span, message, "write `$left.a == $right.b`, or just `a` if both columns are called so"))
}

fn refusal(span: Span, message: impl Into<String>, help: &str) -> nom::Err<Fault> {
    said(Diagnostic::error(UNEXPECTED, span, message).help(help))
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Condition::Same(name) => write!(f, "{name}"),
            Condition::Pair { left, right } => write!(f, "$left{} == $right{}", Dotted(left), Dotted(right)),
        }
    }
}

impl Display for Join {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(kind) = self.kind {
            write!(f, " kind={}", spelling(KINDS, kind))?;
        }
        write!(f, "{} {} on {}", HintList(&self.hints), self.right, Listed(&self.on))
    }
}
