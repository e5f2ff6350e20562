//! Infix operators: which operation the types of the operands choose, and its kernel.

use std::sync::Arc;

use crate::bind::{Exprs, Reported};
use crate::diag::{Diagnostic, NO_OVERLOAD, Span};
use crate::functions;
use crate::plan::{Callee, Expr, Term};
use crate::registry::{Args, Infix, Meaning, Operand, Operation};
use crate::syntax::ast::{self, ExprKind};
use crate::value::{Type, Value};

impl Exprs<'_, '_> {
    pub(in crate::bind) fn infix(
        &mut self,
        infix: &'static Infix,
        operator: Span,
        operands: &[ast::Expr],
    ) -> Result<Expr, Reported> {
        if let [left, ..] = operands
            && matches!(left.kind, ExprKind::Star)
        {
            return self.any_column(infix, operator, &operands[1..]);
        }
        if let [left, right @ ..] = operands
            && let Some(table) = self.table_in_list(infix, right)
        {
            let left = self.expr(left);
            let ty = left.as_ref().map_or(Type::Dynamic, |left| left.ty);
            let list = self.list_of_table(infix, operator, ty, table);
            return self.in_list(infix, operator, left?, list?);
        }
        let bound = self.exprs(operands)?;
        let operands = bound.into_iter().zip(operands.iter().map(Some)).collect();
        self.infix_call(infix.text, operator, operands)
    }

    /// `x in (T)`: one operand for the whole list, however long it is.
    fn in_list(
        &mut self,
        infix: &'static Infix,
        operator: Span,
        left: Expr,
        (to, list): (Type, Expr),
    ) -> Result<Expr, Reported> {
        let operation = Operation { operands: vec![to, Type::Dynamic], result: Type::Bool };
        let left = self.converted(left, to);
        self.infix_kernel(infix, operator, &operation, vec![left, list])
    }

    /// `* has "x"`: true if it is so for one of the columns.
    fn any_column(&mut self, infix: &'static Infix, operator: Span, right: &[ast::Expr]) -> Result<Expr, Reported> {
        let list = match self.table_in_list(infix, right) {
            Some(table) => Some(self.list_of_table(infix, operator, Type::String, table)?),
            None => None,
        };
        let right_bound = if list.is_some() { Vec::new() } else { self.exprs(right)? };
        self.binder.needs_all_columns(self.columns);
        let mut parts = Vec::new();
        for (at, column) in self.columns.list().to_vec().into_iter().enumerate() {
            let text = self.converted(Expr::column(column.ty, at), Type::String);
            if let Some(list) = &list {
                parts.push(self.in_list(infix, operator, text, list.clone())?);
                continue;
            }
            let operands = std::iter::once((text, None)).chain(right_bound.iter().cloned().zip(right.iter().map(Some)));
            parts.push(self.infix_call(infix.text, operator, operands.collect())?);
        }
        match parts.len() {
            0 => Ok(Expr::literal(Type::Bool, Value::Bool(false))),
            1 => Ok(parts.remove(0)),
            _ => Ok(Expr { ty: Type::Bool, kind: Term::Or(parts) }),
        }
    }

    /// An infix operator over bound operands, each with how it was written (none for what the binder adds).
    pub(crate) fn infix_call(
        &mut self,
        text: &'static str,
        operator: Span,
        operands: Vec<(Expr, Option<&ast::Expr>)>,
    ) -> Result<Expr, Reported> {
        let infix = functions::infix(text).expect("the parser knows no other operators");
        let Meaning::Computed { types, .. } = infix.meaning else { unreachable!("`and` and `or` have no kernels") };
        let known: Vec<Operand> = operands
            .iter()
            .map(|(operand, written)| Operand {
                ty: operand.ty,
                literal: written.is_some_and(|written| matches!(written.kind, ExprKind::Literal(_))),
            })
            .collect();
        let Some(operation) = types(&known) else {
            return Err(self.no_operation(text, operator, &known));
        };
        let args: Vec<Expr> = operands
            .into_iter()
            .zip(&operation.operands)
            .map(|((operand, _), &ty)| self.converted(operand, ty))
            .collect();
        self.infix_kernel(infix, operator, &operation, args)
    }

    /// The kernel of an infix operator over operands of the right types.
    fn infix_kernel(
        &mut self,
        infix: &'static Infix,
        operator: Span,
        operation: &Operation,
        args: Vec<Expr>,
    ) -> Result<Expr, Reported> {
        let Meaning::Computed { kernel, strict, .. } = infix.meaning else { unreachable!("callers looked it up") };
        if self.any_open(&args) {
            return Ok(Expr::waiting(operation.result, Callee::Infix(infix, strict), args));
        }
        let constants: Vec<Option<Value>> = args.iter().map(|arg| arg.constant().cloned()).collect();
        let prepared =
            kernel(&Args { types: &operation.operands, constants: &constants, ..Args::none(operation.result) });
        let kernel = prepared.map_err(|fault| self.fault(fault, operator, &[]))?;
        let kind = Term::Call { callee: Callee::Infix(infix, strict), kernel: Arc::new(kernel), args };
        Ok(Expr { ty: operation.result, kind }.folded())
    }

    pub(in crate::bind) fn no_operation(&mut self, text: &str, operator: Span, operands: &[Operand]) -> Reported {
        let mut types: Vec<&str> = Vec::new();
        for operand in operands {
            if types.len() < 2 || !types.contains(&operand.ty.name()) {
                types.push(operand.ty.name());
            }
        }
        let diagnostic =
            Diagnostic::error(NO_OVERLOAD, operator, format!("`{text}` is not defined for {}", types.join(" and ")))
                .label(types.join(", "));
        let texts = types.iter().all(|ty| *ty == "string");
        let dynamic = types.contains(&"dynamic");
        self.binder.error(match text {
            "<" | "<=" | ">" | ">=" if texts => {
                diagnostic.help("KQL has no order of strings: compare with `strcmp(a, b) < 0`")
            }
            "+" if types.contains(&"string") => diagnostic.help("join text with `strcat(a, b)`"),
            _ if dynamic => diagnostic.help("convert the dynamic side: `tostring(…)`, `tolong(…)`, `todatetime(…)` …"),
            _ if types.contains(&"string") => {
                diagnostic.help("convert the string: `tolong(…)`, `todatetime(…)` …, or the other side: `tostring(…)`")
            }
            _ => diagnostic,
        })
    }
}
