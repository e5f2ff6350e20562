//! `mv-expand`: a row per element of an array or bag.

use crate::bind::{Binder, Column, Exprs, Label, Namer, Relation, label};
use crate::diag::{Diagnostic, WRONG_TYPE};
use crate::plan::{self, Node};
use crate::value::Type;
use crate::syntax::ast::*;

/// `mv-expand kind=array with_itemindex=i a, n = b.c to typeof(string) limit 5`
#[derive(Clone, Debug)]
pub(crate) struct MvExpand {
    /// `kind=` or `bagexpansion=`; `None` is [`BagExpansion::Bag`].
    pub(crate) kind: Option<BagExpansion>,
    pub(crate) item_index: Option<Name>,
    pub(crate) columns: Vec<Expanded>,
    /// Most rows out of one.
    pub(crate) limit: Option<Expr>,
}

/// What becomes of a bag's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BagExpansion {
    /// Bags of one key.
    Bag,
    /// `[key, value]`.
    Array,
}

/// `n = expr to typeof(type)`
#[derive(Clone, Debug)]
pub(crate) struct Expanded {
    pub(crate) column: Assign,
    pub(crate) to: Option<crate::value::Type>,
}

impl MvExpand {
    pub(crate) fn lower(&self, input: Relation, binder: &mut Binder<'_>) -> Relation {
        let limit = match &self.limit {
            None => usize::MAX,
            Some(limit) => match Exprs::new(binder, &input.columns).count(limit) {
                Ok(limit) => usize::try_from(limit).unwrap_or(0),
                Err(_) => return input,
            },
        };
        let (mut outputs, keep): (Vec<(Column, plan::Expr)>, Vec<plan::Expr>) =
            input.pass().map(|(column, expr)| ((column, expr.clone()), expr)).unzip();
        let width = keep.len();
        let labels: Vec<Label> = self.columns.iter().map(|each| label(&each.column)).collect();
        let mut namer = Namer::new(&labels);
        let mut expanded = Vec::new();
        for (each, label) in self.columns.iter().zip(&labels) {
            let name = match namer.name(label) {
                Ok(name) => name,
                Err(diagnostic) => {
                    binder.error(*diagnostic);
                    continue;
                }
            };
            let ty = each.to.unwrap_or(Type::Dynamic);
            let column = match Exprs::new(binder, &input.columns).expandable(&each.column.expr) {
                Ok(expr) => {
                    let pairs = self.kind == Some(BagExpansion::Array);
                    expanded.push(plan::Expanded { expr, to: ty, pairs });
                    (Column::new(name, ty), plan::Expr::column(ty, width + expanded.len() - 1))
                }
                Err(_) => (Column::poisoned(name), plan::Expr::literal(Type::Dynamic, crate::value::Value::Null)),
            };
            // As `extend` does: a name that exists is replaced where it stands.
            match input.columns.position(&column.0.name) {
                Some(at) => outputs[at] = column,
                None => outputs.push(column),
            }
        }
        if let Some(index) = &self.item_index {
            let given: Vec<Label> = outputs
                .iter()
                .map(|(column, _)| Label::Given(Name::new(&*column.name, index.span)))
                .collect();
            let name = Namer::new(&given).free(index.text.clone());
            let at = plan::Expr::column(Type::Long, width + expanded.len());
            outputs.push((Column::new(name, Type::Long), at));
        }
        let index = self.item_index.is_some();
        input.map(|input| Node::Expand { input, keep, expanded, index, limit }).compute(outputs)
    }
}

impl Exprs<'_, '_> {
    /// What can be expanded: a dynamic value.
    fn expandable(&mut self, expr: &Expr) -> Result<plan::Expr, crate::bind::Reported> {
        let bound = self.expr(expr)?;
        if bound.ty == Type::Dynamic {
            return Ok(bound);
        }
        Err(self.binder.error(
            Diagnostic::error(WRONG_TYPE, expr.span, format!("only dynamic values can be expanded, and this is {}", bound.ty))
                .label(bound.ty.name())
                .help("make an array of it first: `split(…)`, `parse_json(…)` …"),
        ))
    }
}
