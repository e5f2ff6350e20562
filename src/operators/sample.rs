//! `sample`: rows picked by chance, though the same ones whenever the query is run.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Beside, Binder, BoundColumns, Exprs, Relation};
use crate::functions;
use crate::plan::{self, Node, SortKey, WindowCall};
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::expr::expr;
use crate::syntax::tokens::{Parsed, Tokens};
use crate::value::{SortOrder, Type, Value};

/// `sample 5`
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) rows: Expr,
}

const SAMPLE: OperatorDef = OperatorDef {
    names: &["sample"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &[],
    syntax: "sample rows",
    about: "So many of the rows, picked from all over the table; the same ones whenever the query is run.",
    examples: &[Example { query: "range x from 1 to 9 step 1 | sample 3 | count", result: "3" }],
};

impl Syntax for Sample {
    const DEF: &'static OperatorDef = &SAMPLE;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Sample> {
        let (input, rows) = expr(input)?;
        Ok((input, Sample { rows }))
    }
}

impl Display for Sample {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {}", self.rows)
    }
}

impl Tabular for Sample {
    /// The rows whose numbers have the smallest hashes, in the order they had.
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let Ok(rows) = Exprs::new(binder, &BoundColumns::none()).count(&self.rows) else { return input };
        let outputs: Vec<_> = input.pass_through().collect();
        let number = plan::Expr::column(Type::Long, outputs.len());
        let hash = binder.plain_call(&functions::HASH, Type::Long, vec![number.clone()]);
        let order = SortOrder { descending: false, nulls_first: true };
        let by = |expr| vec![SortKey { expr, order }];
        let numbered = input.with_windows(vec![numbering()]);
        let rows = usize::try_from(rows).unwrap_or(0);
        let picked = numbered
            .map(|input| Node::Sort { input, keys: by(hash) })
            .map(|input| Node::Limit { input, rows })
            .map(|input| Node::Sort { input, keys: by(number) })
            .compute(outputs);
        Relation { serialized: false, ..picked }
    }
}

/// The numbers of the rows, from 0.
pub(super) fn numbering() -> Beside {
    Beside::Along(WindowCall {
        function: &functions::ROW_NUMBER,
        args: vec![plan::Expr::literal(Type::Long, Value::Long(0))],
        ty: Type::Long,
        kernel: Arc::new(functions::numbered(0)),
    })
}
