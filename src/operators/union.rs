//! `union`: the rows of several tables.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::join::table;
use crate::registry::{Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{boolean, choice, commas, hint, parameter, pattern};
use crate::syntax::expr::name;
use crate::syntax::print::{HintList, Listed, spelling};
use crate::syntax::tokens::{Parsed, Tokens};

/// `union kind=inner withsource=t A, (B | take 5), C*`
#[derive(Clone, Debug)]
pub(crate) struct Union {
    /// `None` is [`UnionKind::Outer`].
    pub(crate) kind: Option<UnionKind>,
    /// The column that says where a row is from.
    pub(crate) with_source: Option<Name>,
    /// Tables that do not exist are left out.
    pub(crate) fuzzy: bool,
    pub(crate) hints: Vec<Hint>,
    pub(crate) legs: Vec<Leg>,
}

/// Which columns remain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnionKind {
    /// Those that all tables have.
    Inner,
    /// All.
    Outer,
}

/// One table, or several.
#[derive(Clone, Debug)]
pub(crate) enum Leg {
    /// `A`, `(A | take 5)`
    Table(Expr),
    /// `A*`
    Wild(Pattern),
}

const UNION: OperatorDef = OperatorDef {
    names: &["union"],
    position: Position::Both,
    words: &["kind", "inner", "outer", "withsource", "isfuzzy"],
    syntax: "union [kind=outer | inner] [withsource=column] [isfuzzy=true] table, …",
    about: "The rows of several tables, columns matched by name.",
    examples: &[Example { query: "union (print a = 1), (print a = 2) | summarize sum(a)", result: "3" }],
};

impl Syntax for Union {
    const DEF: &'static OperatorDef = &UNION;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Union> {
        let mut union = Union { kind: None, with_source: None, fuzzy: false, hints: Vec::new(), legs: Vec::new() };
        let mut input = input;
        loop {
            if let Some(rest) = parameter(input, "kind") {
                let (rest, kind) = choice("a kind of union", KINDS)(rest)?;
                (input, union.kind) = (rest, Some(kind));
            } else if let Some(rest) = parameter(input, "withsource").or_else(|| parameter(input, "with_source")) {
                let (rest, column) = name(rest)?;
                (input, union.with_source) = (rest, Some(column));
            } else if let Some(rest) = parameter(input, "isfuzzy") {
                (input, union.fuzzy) = boolean(rest)?;
            } else if let (rest, Some(given)) = hint(input)? {
                union.hints.push(given);
                input = rest;
            } else {
                break;
            }
        }
        let (input, legs) = commas(leg)(input)?;
        Ok((input, Union { legs, ..union }))
    }
}

const KINDS: &[(&str, UnionKind)] = &[("inner", UnionKind::Inner), ("outer", UnionKind::Outer)];

fn leg(input: Tokens<'_>) -> Parsed<'_, Leg> {
    if input.is(0, "*") || (input.is_word(0) && input.is(1, "*")) {
        let (input, tables) = pattern(input)?;
        return Ok((input, Leg::Wild(tables)));
    }
    let (input, table) = table(input)?;
    Ok((input, Leg::Table(table)))
}

impl Display for Leg {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Leg::Table(table) => table.fmt(f),
            Leg::Wild(pattern) => pattern.fmt(f),
        }
    }
}

impl Display for Union {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(kind) = self.kind {
            write!(f, " kind={}", spelling(KINDS, kind))?;
        }
        if let Some(column) = &self.with_source {
            write!(f, " withsource={column}")?;
        }
        if self.fuzzy {
            f.write_str(" isfuzzy=true")?;
        }
        write!(f, "{} {}", HintList(&self.hints), Listed(&self.legs))
    }
}
