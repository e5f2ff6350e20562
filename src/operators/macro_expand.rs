//! `macro-expand`: one query over each of several snapshots, their rows together.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use super::tabular::Tabular;
use super::union::{KINDS, UnionKind, united};
use crate::bind::{Binder, Relation};
use crate::registry::{Allowed, OperatorDef, Position, words};
use crate::syntax::ast::*;
use crate::syntax::bracketed_body;
use crate::syntax::clause::{boolean, choice, commas, parameter};
use crate::syntax::expr::{name, operand};
use crate::syntax::print::{Listed, spelling};
use crate::syntax::tokens::{Parsed, Tokens, symbol, word};

/// `macro-expand kind=inner isfuzzy=true entity_group [database("a"), database("b")] as X (X.resources | count)`
#[derive(Clone, Debug)]
pub(crate) struct MacroExpand {
    /// `None` is [`UnionKind::Outer`].
    pub(crate) kind: Option<UnionKind>,
    /// Snapshots that do not exist are left out.
    pub(crate) fuzzy: bool,
    pub(crate) entities: Vec<Expr>,
    pub(crate) name: Name,
    pub(crate) body: Function,
}

const MACRO_EXPAND: OperatorDef = OperatorDef {
    names: &["macro-expand"],
    position: Position::Start,
    resource_graph: Allowed::Never,
    words: &words::<_, 6>(&["kind"], KINDS, &["isfuzzy", "entity_group", "as"]),
    syntax: "macro-expand [kind=outer | inner] [isfuzzy=true] entity_group [database(\"name\"), …] as name (query)",
    about: "The rows that a query gives for each of several snapshots, whose tables it calls `name.table`, and itself `name.$current_database`.",
    examples: &[],
};

impl Syntax for MacroExpand {
    const DEF: &'static OperatorDef = &MACRO_EXPAND;

    fn parse(input: Tokens<'_>) -> Parsed<'_, MacroExpand> {
        let (input, kind) = match parameter(input, "kind") {
            Some(rest) => {
                let (rest, kind) = choice("a kind of union", KINDS)(rest)?;
                (rest, Some(kind))
            }
            None => (input, None),
        };
        let (input, fuzzy) = match parameter(input, "isfuzzy") {
            Some(rest) => boolean(rest)?,
            None => (input, false),
        };
        let (input, _) = word("entity_group").parse(input)?;
        let (input, _) = symbol("[").parse(input)?;
        let (input, entities) = commas(operand)(input)?;
        let (input, _) = symbol("]").parse(input)?;
        let (input, _) = word("as").parse(input)?;
        let (input, name) = name(input)?;
        let (input, body) = bracketed_body(input)?;
        Ok((input, MacroExpand { kind, fuzzy, entities, name, body }))
    }
}

/// The inside of a body.
struct Inside<'a>(&'a Function);

impl Display for Inside<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.write_inside(f)
    }
}

impl Display for MacroExpand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(kind) = self.kind {
            write!(f, " kind={}", spelling(KINDS, kind))?;
        }
        if self.fuzzy {
            f.write_str(" isfuzzy=true")?;
        }
        write!(f, " entity_group [{}] as {} ({})", Listed(&self.entities), self.name, Inside(&self.body))
    }
}

impl Tabular for MacroExpand {
    fn lower(&self, _: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let entities = self.entities.iter().filter(|entity| !self.fuzzy || binder.database_exists(entity));
        let entities: Vec<&Expr> = entities.collect();
        let legs = entities.into_iter().map(|entity| (None, binder.expanded(&self.name, entity, &self.body))).collect();
        united(legs, self.kind == Some(UnionKind::Inner), None)
    }
}
