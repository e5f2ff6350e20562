//! Text to tree and back: [`lex`] makes tokens, [`parse`] a tree of them, and the tree's `Display` text again.
//!
//! Keywords are contextual: `kind`, `type` and `where` are columns wherever a column may stand. Operators parse
//! themselves, each in its file in `operators`, out of the clauses in [`clause`].

pub(crate) mod ast;
pub(crate) mod clause;
mod complaint;
pub(crate) mod expr;
mod lex;
mod literal;
pub(crate) mod pipeline;
pub(crate) mod print;
mod statement;
pub(crate) mod tokens;

pub(crate) use lex::{Kind, Token, lex};
pub(crate) use literal::{concatenated, literal, type_name};

use crate::diag::Diagnostic;

/// How high a tree may be, and how deep brackets may be nested: what walks a tree calls itself that often.
pub(crate) const DEPTH: u16 = 150;

/// Reads a whole query text.
pub(crate) fn parse(text: &str) -> Result<ast::Script, Vec<Diagnostic>> {
    let tokens = lex(text).map_err(|problem| vec![problem])?;
    let context = tokens::Context::new(text, &tokens);
    match statement::script(context.input()) {
        Ok((_, script)) => Ok(script),
        Err(error) => Err(vec![complaint::complaint(&context, error)]),
    }
}
