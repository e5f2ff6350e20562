//! Scalar functions: the kernel of a call, made for its constants.

use std::sync::Arc;

use crate::bind::{Beside, BoundColumn, Exprs, Reported};
use crate::diag::{BAD_ARGUMENT, Diagnostic, OTHER_WAY, Span, WRONG_TYPE};
use crate::functions;
use crate::plan::{Callee, Expr, Term, WindowCall};
use crate::registry::{Args, ColumnsFunction, KernelDef, Naming, Scalar};
use crate::syntax::ast::{self, ExprKind};
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
        if let (KernelDef::Columns(ColumnsFunction::Size), [ast::Expr { kind: ExprKind::Star, .. }]) =
            (scalar.kernel, arguments)
        {
            self.binder.columns_made = 1;
            let all = self.all_columns(span)?;
            return self.size(all, span);
        }
        let args = if scalar.star && matches!(arguments, [ast::Expr { kind: ExprKind::Star, .. }]) {
            self.all_columns(span)?
        } else {
            let bound = self.exprs(arguments.iter().copied())?;
            self.check_count(scalar.name, scalar.params, scalar.arity(), arguments.len(), name)?;
            self.arguments(scalar.name, scalar.params, bound, arguments)?
        };
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
            let call = WindowCall { function: scalar, args, ty, kernel: Arc::new(kernel) };
            return Ok(self.beside(Beside::Along(call)));
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
        let named = match args.first().and_then(Expr::constant) {
            Some(Value::String(name)) => Some(&**name),
            _ => None,
        };
        match function {
            ColumnsFunction::Grid => self.on_grid(args, span),
            ColumnsFunction::PackThese => self.packed(args, written),
            ColumnsFunction::Size => self.size(args, span),
            ColumnsFunction::OfPattern(_) => Err(self.misplaced(span, "what asks about a pattern")),
            ColumnsFunction::IfExists => match self.column_named(named)? {
                Some(at) => self.column(at, span),
                None => Ok(args.into_iter().nth(1).expect("the number of arguments was checked")),
            },
            ColumnsFunction::Exists => {
                let exists = self.column_named(named)?.is_some();
                Ok(Expr::literal(Type::Bool, Value::Bool(exists)))
            }
            ColumnsFunction::Pack => {
                let ignoring = matches!(args.first().and_then(Expr::constant), Some(Value::Bool(true)));
                let columns = self.all_columns(span)?;
                let name = |column: &BoundColumn| Expr::literal(Type::String, Value::from(&*column.name));
                let pairs = self.columns.list().iter().map(name).zip(columns);
                let pairs = pairs.flat_map(|(name, column)| [name, column]).collect();
                Ok(self.binder.plain_call(functions::packing(ignoring), Type::Dynamic, pairs).folded())
            }
        }
    }

    /// Every column.
    fn all_columns(&mut self, span: Span) -> Result<Vec<Expr>, Reported> {
        self.binder.needs_all_columns(self.columns);
        if self.columns.has_any_column() {
            return Err(Reported::error());
        }
        (0..self.columns.list().len()).map(|at| self.column(at, span)).collect()
    }

    /// Where the column is that a text names, if there is one.
    fn column_named(&mut self, name: Option<&str>) -> Result<Option<usize>, Reported> {
        self.binder.needs_all_columns(self.columns);
        let Some(name) = name else { return Ok(None) };
        match self.columns.position(name) {
            None if self.columns.has_any_column() => Err(Reported::error()),
            found => Ok(found),
        }
    }

    /// `estimate_data_size(a, b)`
    fn size(&mut self, columns: Vec<Expr>, span: Span) -> Result<Expr, Reported> {
        let callee = &functions::DATA_SIZE;
        let types: Vec<Type> = columns.iter().map(|column| column.ty).collect();
        let ty = self.returns(callee.name, callee.params, callee.returns, &columns, &types, span)?;
        let known = Args { types: &types, ..Args::none(ty) };
        let kernel = Arc::new(callee.kernel.prepared(&known).expect("sizes need no constants"));
        let kind = Term::Call { callee: Callee::Scalar(callee), kernel, args: columns };
        Ok(Expr { ty, kind }.folded())
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
