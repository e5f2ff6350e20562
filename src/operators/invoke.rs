//! `invoke`: calls a function with the rows so far as its first argument.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, Relation};
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::expr::operand;
use crate::syntax::print::Listed;
use crate::syntax::tokens::{Hope, Parsed, Thing, Tokens};

/// `invoke f(5)`
#[derive(Clone, Debug)]
pub(crate) struct Invoke {
    pub(crate) call: Call,
}

const INVOKE: OperatorDef = OperatorDef {
    names: &["invoke"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &[],
    syntax: "invoke function(argument, …)",
    about: "Calls a function that `let` defined with the rows so far as its first argument.",
    examples: &[Example {
        query: "let above = (T: (x: long), n: long) { T | where x > n }; range x from 1 to 3 step 1 | invoke above(2)",
        result: "3",
    }],
};

impl Syntax for Invoke {
    const DEF: &'static OperatorDef = &INVOKE;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Invoke> {
        if !(input.is_word(0) && input.is(1, "(")) {
            return input.unexpected(Hope::Thing(Thing::FunctionCall));
        }
        match operand(input)? {
            (rest, Expr { kind: ExprKind::Call(call @ Call { of: None, .. }), .. }) => Ok((rest, Invoke { call })),
            _ => input.unexpected(Hope::Thing(Thing::FunctionCall)),
        }
    }
}

impl Display for Invoke {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {}({})", self.call.name, Listed(&self.call.arguments))
    }
}

impl Tabular for Invoke {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        binder.invoke(&self.call, input)
    }
}
