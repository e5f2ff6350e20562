//! Scalar functions: the kernel of a call, made for its constants.

use std::sync::Arc;

use crate::bind::{Exprs, Reported};
use crate::diag::{BAD_ARGUMENT, Diagnostic, OTHER_WAY, Span, WRONG_TYPE};
use crate::functions;
use crate::plan::{Callee, Expr, Term, WindowCall};
use crate::registry::{Args, ColumnsFunction, KernelDef, Naming, Scalar};
use crate::syntax::ast;
use crate::value::{Type, Value};

impl Exprs<'_, '_> {
    pub(in crate::bind) fn scalar(
        &mut self,
        scalar: &'static Scalar,
        name: Span,
        span: Span,
        arguments: &[&ast::Expr],
    ) -> Result<Expr, Reported> {
        let assigned = std::mem::take(&mut self.binder.assigns_columns);
        if let Some(function) = scalar.of_pattern() {
            return self.of_pattern(function, scalar, span, arguments);
        }
        if matches!(scalar.names, Naming::Parts(_)) && !assigned {
            return Err(self.several_columns(scalar.name, span));
        }
        let bound = self.exprs(arguments.iter().copied())?;
        self.check_count(scalar.name, scalar.params, scalar.arity(), arguments.len(), name)?;
        let args = self.arguments(scalar.name, scalar.params, bound, arguments)?;
        let types: Vec<Type> = args.iter().map(|arg| arg.ty).collect();
        let ty = self.returns(scalar.name, scalar.params, scalar.returns, &args, &types, span)?;
        self.binder.columns_made = match scalar.names {
            Naming::Parts(parts) => parts.len(),
            _ => scalar.columns.map_or(1, |columns| columns(&types)),
        };
        match scalar.kernel {
            KernelDef::Columns(function) => return self.columns_function(function, span, args, arguments),
            KernelDef::Window(_) => self.check_order(scalar.name, name)?,
            KernelDef::Plain(_) | KernelDef::Prepared(_) => {}
        }
        if self.any_open(&args) {
            return Ok(Expr::waiting(ty, Callee::Scalar(scalar), args));
        }
        let constants: Vec<Option<Value>> = args.iter().map(|arg| arg.constant().cloned()).collect();
        let mut known = Args { types: &types, constants: &constants, ..Args::none(ty) };
        if scalar.clock {
            known.now = self.binder.moment();
        }
        if let Some(caution) = scalar.caution.and_then(|caution| caution(&known)) {
            self.binder.warn(Diagnostic::error(OTHER_WAY, span, caution).label("Kusto may answer otherwise"));
        }
        if let KernelDef::Window(prepare) = scalar.kernel {
            let kernel = prepare(&known).map_err(|fault| self.fault(fault, span, arguments))?;
            return Ok(self.window_call(WindowCall { function: scalar, args, ty, kernel: Arc::new(kernel) }));
        }
        let kernel = scalar.kernel.prepared(&known).map_err(|fault| self.fault(fault, span, arguments))?;
        let kind = Term::Call { callee: Callee::Scalar(scalar), kernel: Arc::new(kernel), args };
        Ok(Expr { ty, kind }.folded())
    }

    /// A function of the columns themselves, here where it is known which there are.
    fn columns_function(
        &mut self,
        function: ColumnsFunction,
        span: Span,
        args: Vec<Expr>,
        written: &[&ast::Expr],
    ) -> Result<Expr, Reported> {
        match function {
            ColumnsFunction::Grid => return self.on_grid(args, span),
            ColumnsFunction::PackThese => return self.packed(args, written),
            ColumnsFunction::OfPattern(_) => return Err(self.misplaced(span, "what asks about a pattern")),
            ColumnsFunction::Pack | ColumnsFunction::IfExists => {}
        }
        self.binder.needs_all_columns(self.columns);
        match function {
            ColumnsFunction::Grid | ColumnsFunction::PackThese | ColumnsFunction::OfPattern(_) => {
                unreachable!("they need no other columns")
            }
            ColumnsFunction::IfExists => match args.first().and_then(Expr::constant) {
                Some(Value::String(name)) => match self.columns.position(name) {
                    Some(at) => self.column(at, span),
                    None if self.columns.has_any_column() => Err(Reported::error()),
                    None => Ok(args.into_iter().nth(1).expect("the number of arguments was checked")),
                },
                _ => Ok(args.into_iter().nth(1).expect("the number of arguments was checked")),
            },
            ColumnsFunction::Pack => {
                if self.columns.has_any_column() {
                    return Err(Reported::error());
                }
                let mut pairs = Vec::new();
                for (at, column) in self.columns.list().iter().enumerate() {
                    pairs.push(Expr::literal(Type::String, Value::from(&*column.name)));
                    pairs.push(self.column(at, span)?);
                }
                let ignoring = matches!(args.first().and_then(Expr::constant), Some(Value::Bool(true)));
                Ok(self.binder.plain_call(functions::packing(ignoring), Type::Dynamic, pairs).folded())
            }
        }
    }

    /// `bag_pack_columns(a, b)`
    fn packed(&mut self, args: Vec<Expr>, written: &[&ast::Expr]) -> Result<Expr, Reported> {
        let mut pairs = Vec::with_capacity(args.len() * 2);
        for (arg, written) in args.into_iter().zip(written) {
            let Some(name) = written.as_name() else {
                let diagnostic = Diagnostic::error(WRONG_TYPE, written.span, "a column is wanted here");
                return Err(self.binder.error(diagnostic.label("no column").help("write `bag_pack('name', …)`")));
            };
            pairs.extend([Expr::literal(Type::String, Value::from(name.text.as_str())), arg]);
        }
        Ok(self.binder.plain_call(functions::packing(false), Type::Dynamic, pairs).folded())
    }

    /// `bin_auto(x)`
    fn on_grid(&mut self, args: Vec<Expr>, span: Span) -> Result<Expr, Reported> {
        let Some(size) = self.binder.grid.size.clone() else {
            let diagnostic = Diagnostic::error(BAD_ARGUMENT, span, "the size of the grid is not set");
            return Err(self.binder.error(diagnostic.help("begin the query with `set query_bin_auto_size = 1h;`")));
        };
        let point = self.binder.grid.point.clone();
        let callee = functions::rounding(point.is_some());
        let args: Vec<Expr> = args.into_iter().chain([size]).chain(point).collect();
        let types: Vec<Type> = args.iter().map(|arg| arg.ty).collect();
        let ty = self.returns(callee.name, callee.params, callee.returns, &args, &types, span)?;
        Ok(self.binder.plain_call(callee, ty, args).folded())
    }

    /// `d[i]` with an index that varies by row.
    pub(in crate::bind) fn element(&mut self, base: Expr, index: Expr, at: &ast::Expr) -> Result<Expr, Reported> {
        if !matches!(index.ty, Type::Long | Type::Int | Type::String | Type::Dynamic) || base.ty != Type::Dynamic {
            return Err(self.binder.error(
                Diagnostic::error(WRONG_TYPE, at.span, format!("a {} has no element by {}", base.ty, index.ty))
                    .help("arrays have elements by whole number, bags by string"),
            ));
        }
        let callee = &functions::ELEMENT;
        let kernel = callee.kernel.prepared(&Args::none(Type::Dynamic)).expect("an element needs no preparation");
        let kind = Term::Call { callee: Callee::Scalar(callee), kernel: Arc::new(kernel), args: vec![base, index] };
        Ok(Expr { ty: Type::Dynamic, kind }.folded())
    }
}
