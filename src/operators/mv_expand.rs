//! `mv-expand`: a row per element of an array or bag.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::tabular::Tabular;
use super::target::TargetCheck;
use crate::bind::{Binder, BoundColumn, Exprs, Label, Namer, Relation, label};
use crate::diag::{Diagnostic, WRONG_TYPE};
use crate::plan::{self, Node};
use crate::registry::{Allowed, Example, OperatorDef, Position, words};
use crate::syntax::ast::*;
use crate::syntax::clause::{assign, choice, commas, parameter, to_type};
use crate::syntax::expr::{expr, name};
use crate::syntax::print::{Listed, spelling};
use crate::syntax::tokens::{Hope, Parsed, Tokens};
use crate::value::Type;

/// `mv-expand kind=array with_itemindex=i a, n = b.c to typeof(string) limit 5`
#[derive(Clone, Debug)]
pub(crate) struct MvExpand {
    /// `kind=` or `bagexpansion=`; `None` is [`BagExpansion::Bag`].
    pub(crate) kind: Option<BagExpansion>,
    pub(crate) item_index: Option<Name>,
    pub(crate) columns: Vec<ExpandedColumn>,
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
pub(crate) struct ExpandedColumn {
    pub(crate) column: Assign,
    pub(crate) to: Option<crate::value::Type>,
}

const MV_EXPAND: OperatorDef = OperatorDef {
    names: &["mv-expand", "mvexpand"],
    position: Position::Piped,
    resource_graph: Allowed::AtMost(3),
    words: &words::<_, 8>(&["kind", "bagexpansion", "with_itemindex"], KINDS, &["to", "typeof", "limit"]),
    syntax: "mv-expand [kind=bag | array] [with_itemindex=name] [name =] expr [to typeof(type)], … [limit rows]",
    about: "Makes a row per element of an array or entry of a bag.",
    examples: &[Example {
        query: "print a = dynamic([7, 8]) | mv-expand a to typeof(long) | summarize sum(a)",
        result: "15",
    }],
};

impl Syntax for MvExpand {
    const DEF: &'static OperatorDef = &MV_EXPAND;

    fn parse(input: Tokens<'_>) -> Parsed<'_, MvExpand> {
        let (mut input, mut kind, mut item_index) = (input, None, None);
        loop {
            if let Some(rest) = parameter(input, "kind").or_else(|| parameter(input, "bagexpansion")) {
                let (rest, given) = choice("a kind of expansion", KINDS)(rest)?;
                (input, kind) = (rest, Some(given));
            } else if let Some(rest) = parameter(input, "with_itemindex") {
                let (rest, given) = name(rest)?;
                (input, item_index) = (rest, Some(given));
            } else {
                break;
            }
        }
        let (input, columns) = commas(expanded)(input)?;
        let (input, limit) = limit(input)?;
        Ok((input, MvExpand { kind, item_index, columns, limit }))
    }
}

const KINDS: &[(&str, BagExpansion)] = &[("bag", BagExpansion::Bag), ("array", BagExpansion::Array)];

/// `n = expr to typeof(type)`
pub(super) fn expanded(input: Tokens<'_>) -> Parsed<'_, ExpandedColumn> {
    let (input, column) = assign(input)?;
    let (input, to) = to_type(input)?;
    Ok((input, ExpandedColumn { column, to }))
}

/// `limit 5`, if it is ahead.
pub(super) fn limit(input: Tokens<'_>) -> Parsed<'_, Option<Expr>> {
    if !input.is(0, "limit") {
        input.hope(Hope::Text("limit"));
        return Ok((input, None));
    }
    let (input, rows) = expr(input.skip(1))?;
    Ok((input, Some(rows)))
}

impl Display for ExpandedColumn {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.column)?;
        match self.to {
            Some(ty) => write!(f, " to typeof({ty})"),
            None => Ok(()),
        }
    }
}

impl Display for MvExpand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(kind) = self.kind {
            write!(f, " kind={}", spelling(KINDS, kind))?;
        }
        if let Some(name) = &self.item_index {
            write!(f, " with_itemindex={name}")?;
        }
        write!(f, " {}", Listed(&self.columns))?;
        match &self.limit {
            Some(limit) => write!(f, " limit {limit}"),
            None => Ok(()),
        }
    }
}

impl Tabular for MvExpand {
    fn lower(&self, input: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let limit = match &self.limit {
            // The old spelling has a limit of its own (Kusto's page of the operator).
            None if step.name.text == "mvexpand" => 128,
            None => usize::MAX,
            Some(limit) => match Exprs::new(binder, &input.columns).count(limit) {
                Ok(limit) => usize::try_from(limit).unwrap_or(0),
                Err(_) => return input,
            },
        };
        let (mut outputs, keep): (Vec<(BoundColumn, plan::Expr)>, Vec<plan::Expr>) =
            input.pass_through().map(|(column, expr)| ((column, expr.clone()), expr)).unzip();
        let width = keep.len();
        let labels: Vec<Label> = self.columns.iter().map(|each| label(&each.column, &input.columns)).collect();
        let mut namer = Namer::expanding(&labels, &input.columns);
        let mut expanded = Vec::new();
        for (each, label) in self.columns.iter().zip(&labels) {
            let name = match namer.name(label, each.column.expr.span) {
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
                    expanded.push(plan::Expansion { expr, to: ty, pairs });
                    (BoundColumn::new(name, ty), plan::Expr::column(ty, width + expanded.len() - 1))
                }
                Err(_) => (BoundColumn::poisoned(name), plan::Expr::literal(Type::Dynamic, crate::value::Value::Null)),
            };
            // As `extend` does: a name that exists is replaced where it stands.
            match input.columns.position(&column.0.name) {
                Some(at) => outputs[at] = column,
                None => outputs.push(column),
            }
        }
        if let Some(index) = &self.item_index {
            let taken = outputs.iter().map(|(column, _)| &*column.name);
            let name = Namer::new([]).with_taken(taken).free_name(index.text.clone());
            let at = plan::Expr::column(Type::Long, width + expanded.len());
            outputs.push((BoundColumn::new(name, Type::Long), at));
        }
        let index = self.item_index.is_some();
        input.map(|input| Node::Expand { input, keep, expanded, index, limit }).compute(outputs)
    }

    fn target(&self, _: &PipelineStep, target: &mut TargetCheck) {
        self.columns.iter().for_each(|column| target.expr(&column.column.expr));
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
            Diagnostic::error(
                WRONG_TYPE,
                expr.span,
                format!("only dynamic values can be expanded, and this is {}", bound.ty),
            )
            .label(bound.ty.name())
            .help("make an array of it first: `split(…)`, `parse_json(…)` …"),
        ))
    }
}
