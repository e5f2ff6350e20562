//! Aggregates: the fold of a call, and the columns that it makes.

use std::sync::Arc;

use crate::bind::{Exprs, Reported};
use crate::functions;
use crate::plan::{AggregateCall, Expr};
use crate::registry::{Aggregate, AggregateNaming, Args};
use crate::syntax::ast::{self, ExprKind};
use crate::value::{Type, Value};

impl Exprs<'_, '_> {
    /// An aggregate of a summarize: the columns that it makes, as seen behind it. `star` stands for `*`.
    pub(crate) fn aggregate(&mut self, call: &ast::Call, star: Option<&[ast::Expr]>) -> Result<Vec<Expr>, Reported> {
        let name = &call.name;
        let aggregate = functions::aggregate(&name.text).expect("callers looked it up");
        let Some(outer) = self.aggregates.take() else { return Err(self.no_groups(name)) };
        let result = self.aggregate_call(aggregate, call, star, outer.next());
        let mut outer = outer;
        let columns = result.map(|(call, columns)| {
            outer.calls.push(call);
            columns
        });
        self.aggregates = Some(outer);
        columns
    }

    fn aggregate_call(
        &mut self,
        aggregate: &'static Aggregate,
        call: &ast::Call,
        star: Option<&[ast::Expr]>,
        first: usize,
    ) -> Result<(AggregateCall, Vec<Expr>), Reported> {
        let name = &call.name;
        let written: Vec<&ast::Expr> = call
            .arguments
            .iter()
            .enumerate()
            .flat_map(|(at, argument)| match (&argument.value.kind, star) {
                // Only where any number of columns may stand: `arg_max(t, *)`, `take_any(*)`.
                (ExprKind::Star, Some(all)) if aggregate.params.get(at).is_none_or(|param| param.repeated) => {
                    all.iter().collect()
                }
                _ => vec![&argument.value],
            })
            .collect();
        let bound = self.exprs(written.iter().copied())?;
        self.check_count(aggregate.name, aggregate.params, aggregate.arity(), written.len(), name.span)?;
        let mut args = self.arguments(aggregate.name, aggregate.params, bound, &written)?;
        let condition = aggregate.condition.filter(|&at| at < args.len()).map(|at| args.remove(at));
        let types: Vec<Type> = args.iter().map(|arg| arg.ty).collect();
        let returns = match aggregate.names {
            _ if aggregate.gives_its_arguments() => types.clone(),
            names => {
                let ty = self.returns(aggregate.name, aggregate.params, aggregate.returns, &args, &types, name.span)?;
                let columns =
                    if let AggregateNaming::PerPercentile(from) = names { types.len().saturating_sub(from) } else { 1 };
                vec![ty; columns]
            }
        };
        let constants: Vec<Option<Value>> = args.iter().map(|arg| arg.constant().cloned()).collect();
        let result = returns.first().copied().unwrap_or(Type::Dynamic);
        let start = move || (aggregate.fold)(&Args { types: &types, constants: &constants, ..Args::none(result) });
        if !self.any_open(&args)
            && let Err(fault) = start()
        {
            return Err(self.fault(fault, name.span, &written));
        }
        let columns = returns.iter().enumerate().map(|(at, &ty)| Expr::column(ty, first + at)).collect();
        let start = Arc::new(move || start().expect("an aggregate that could be started once can be started again"));
        Ok((AggregateCall { aggregate, args, condition, returns, start }, columns))
    }
}
