//! Calls of functions, aggregates and infix operators: which one, with which conversions, with which kernel.

use std::sync::Arc;

use super::{Exprs, Reported};
use crate::diag::{
    BAD_ARGUMENT, Diagnostic, NO_OVERLOAD, NOT_CONSTANT, Span, UNEXPECTED, UNORDERED, UNSUPPORTED, WRONG_COUNT,
    WRONG_TYPE,
};
use crate::functions;
use crate::plan::{AggregateCall, Callee, Expr, Kind, WindowCall};
use crate::registry::{
    self, AggregateNaming, Args, Fault, FormMeaning, Infix, KernelDef, Meaning, Operand, Operation, Param, Returns,
    Scalar, Takes, param_of,
};
use crate::syntax::ast::{self, ExprKind};
use crate::value::{Type, Value};

impl Exprs<'_, '_> {
    pub(super) fn call(&mut self, call: &ast::Call, span: Span) -> Result<Expr, Reported> {
        let name = &call.name;
        let built_in = functions::scalar(&name.text).is_some() || functions::aggregate(&name.text).is_some();
        if !built_in && self.binder.is_function(&name.text) {
            return self.function(call);
        }
        match call.form() {
            Some(FormMeaning::FirstValue) => return self.toscalar(call),
            Some(FormMeaning::ColumnNames) => return self.column_names_of(call),
            Some(FormMeaning::Kept | FormMeaning::Database | FormMeaning::ResourceGraph) => {
                return Err(self.misplaced(span, "a table"));
            }
            Some(FormMeaning::Literal | FormMeaning::Statement) | None => {}
        }
        if built_in {
            self.check_names(call)?;
        }
        // `a.tostring()` is `tostring(a)`.
        let arguments: Vec<&ast::Expr> =
            call.of.as_deref().into_iter().chain(call.arguments.iter().map(|argument| &argument.value)).collect();
        if let Some(scalar) = functions::scalar(&name.text) {
            return self.scalar(scalar, name.span, span, &arguments);
        }
        if functions::aggregate(&name.text).is_some() {
            let mut columns = self.aggregate(call, None)?;
            if columns.len() > 1 {
                return Err(self.binder.error(
                    Diagnostic::error(
                        WRONG_TYPE,
                        span,
                        format!("`{}` makes several columns, and one value is wanted", name.text),
                    )
                    .label("several columns"),
                ));
            }
            return columns.pop().ok_or_else(|| self.no_groups(name));
        }
        Err(self.binder.no_function(name))
    }

    /// Arguments go by position: a name given to one is that of the column to be made (`tostring(kind = a.b)`), and
    /// cannot be that of another parameter.
    fn check_names(&mut self, call: &ast::Call) -> Result<(), Reported> {
        let name = &call.name.text;
        let params = match (functions::scalar(name), functions::aggregate(name)) {
            (Some(scalar), _) => scalar.params,
            (None, Some(aggregate)) => aggregate.params,
            (None, None) => &[],
        };
        let before = usize::from(call.of.is_some());
        let given = before + call.arguments.len();
        for (at, argument) in call.arguments.iter().enumerate() {
            let Some(named) = &argument.name else { continue };
            let own = param_of(params, before + at, given).map(|param| param.name);
            if params.iter().any(|param| param.name == named.text) && own != Some(named.text.as_str()) {
                return Err(self.binder.error(
                    Diagnostic::error(WRONG_TYPE, named.span, format!("`{name}` takes its arguments by position"))
                        .help("only functions defined by `let` take named arguments"),
                ));
            }
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        scalar: &'static Scalar,
        name: Span,
        span: Span,
        arguments: &[&ast::Expr],
    ) -> Result<Expr, Reported> {
        let bound = self.exprs(arguments.iter().copied())?;
        self.check_count(scalar.name, scalar.params, scalar.arity(), arguments.len(), name)?;
        let args = self.arguments(scalar.name, scalar.params, bound, arguments)?;
        let types: Vec<Type> = args.iter().map(|arg| arg.ty).collect();
        let ty = self.returns(scalar.name, scalar.params, scalar.returns, &args, &types, span)?;
        match scalar.kernel {
            KernelDef::Columns(asked) => return self.asked(asked, span, args),
            KernelDef::Window(_) => self.check_order(scalar.name, name)?,
            KernelDef::Plain(_) | KernelDef::Prepared(_) => {}
        }
        if self.any_open(&args) {
            return Ok(Expr::waiting(ty, Callee::Scalar(scalar), args));
        }
        let constants: Vec<Option<Value>> = args.iter().map(|arg| arg.constant().cloned()).collect();
        let known = Args { types: &types, constants: &constants, returns: ty, now: self.binder.environment.now };
        if let KernelDef::Window(prepare) = scalar.kernel {
            let kernel = Arc::new(prepare(&known).map_err(|fault| self.fault(fault, span, arguments))?);
            let windows = self.windows.as_mut().expect("it was looked at above");
            windows.calls.push(WindowCall { function: scalar, args, ty, kernel });
            return Ok(Expr::column(ty, self.columns.list().len() + windows.calls.len() - 1));
        }
        let kernel = scalar.kernel.prepared(&known).map_err(|fault| self.fault(fault, span, arguments))?;
        let kind = Kind::Call { callee: Callee::Scalar(scalar), kernel: Arc::new(kernel), args };
        Ok(Expr { ty, kind }.folded())
    }

    /// A function of the columns themselves, here where it is known which there are.
    fn asked(&mut self, asked: registry::Columns, span: Span, args: Vec<Expr>) -> Result<Expr, Reported> {
        self.binder.reads_all(self.columns);
        match asked {
            registry::Columns::IfExists => match args.first().and_then(Expr::constant) {
                Some(Value::String(name)) => match self.columns.position(name) {
                    Some(at) => self.column(at, span),
                    None if self.columns.is_open() => Err(Reported::error()),
                    None => Ok(args.into_iter().nth(1).expect("the number of arguments was checked")),
                },
                _ => Ok(args.into_iter().nth(1).expect("the number of arguments was checked")),
            },
            registry::Columns::Pack => {
                if self.columns.is_open() {
                    return Err(Reported::error());
                }
                let mut pairs = Vec::new();
                for (at, column) in self.columns.list().iter().enumerate() {
                    pairs.push(Expr::literal(Type::String, Value::from(&*column.name)));
                    pairs.push(self.column(at, span)?);
                }
                let ignoring = matches!(args.first().and_then(Expr::constant), Some(Value::Bool(true)));
                let callee = functions::packing(ignoring);
                let kernel = callee.kernel.prepared(&Args::none(Type::Dynamic)).expect("packing needs no preparation");
                let kind = Kind::Call { callee: Callee::Scalar(callee), kernel: Arc::new(kernel), args: pairs };
                Ok(Expr { ty: Type::Dynamic, kind }.folded())
            }
        }
    }

    /// That a function along the order of the rows may stand here.
    fn check_order(&mut self, what: &str, name: Span) -> Result<(), Reported> {
        let diagnostic = match &self.windows {
            Some(windows) if windows.serialized => return Ok(()),
            Some(_) => {
                let message = format!("`{what}` reads the rows in their order, and here it is open");
                Diagnostic::error(UNORDERED, name, message)
                    .label("wants rows in order")
                    .help("sort the rows first (`| sort by …`), or take them as they come (`| serialize`)")
            }
            None => Diagnostic::error(UNEXPECTED, name, format!("`{what}` cannot stand here"))
                .label("reads the rows around its own")
                .help(format!("make a column of it first: `extend n = {what}(…)`")),
        };
        Err(self.binder.error(diagnostic))
    }

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
        aggregate: &'static crate::registry::Aggregate,
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
            AggregateNaming::PerArgument(_) | AggregateNaming::EachPrefixed(_) => types.clone(),
            names => {
                let ty = self.returns(aggregate.name, aggregate.params, aggregate.returns, &args, &types, name.span)?;
                let columns =
                    if let AggregateNaming::PerPercentile(from) = names { types.len().saturating_sub(from) } else { 1 };
                vec![ty; columns]
            }
        };
        let constants: Vec<Option<Value>> = args.iter().map(|arg| arg.constant().cloned()).collect();
        let now = self.binder.environment.now;
        let result = returns.first().copied().unwrap_or(Type::Dynamic);
        let start = move || (aggregate.fold)(&Args { types: &types, constants: &constants, returns: result, now });
        if !self.any_open(&args)
            && let Err(fault) = start()
        {
            return Err(self.fault(fault, name.span, &written));
        }
        let columns = returns.iter().enumerate().map(|(at, &ty)| Expr::column(ty, first + at)).collect();
        let start = Arc::new(move || start().expect("an aggregate that could be started once can be started again"));
        Ok((AggregateCall { aggregate, args, condition, returns, start }, columns))
    }

    pub(super) fn infix(
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
            && let Some(table) = self.listed_table(infix, right)
        {
            let left = self.expr(left);
            let ty = left.as_ref().map_or(Type::Dynamic, |left| left.ty);
            let list = self.list(infix, operator, ty, table);
            return self.among(infix, operator, left?, list?);
        }
        let bound = self.exprs(operands)?;
        let operands = bound.into_iter().zip(operands.iter().map(Some)).collect();
        self.computed(infix.text, operator, operands)
    }

    /// `x in (T)`: one operand for the whole list, however long it is.
    fn among(
        &mut self,
        infix: &'static Infix,
        operator: Span,
        left: Expr,
        (to, list): (Type, Expr),
    ) -> Result<Expr, Reported> {
        let operation = Operation { operands: vec![to, Type::Dynamic], result: Type::Bool };
        let left = self.converted(left, to);
        self.computation(infix, operator, &operation, vec![left, list])
    }

    /// Whether the value is known before any row is read, or will be.
    pub(crate) fn is_constant(&self, expr: &Expr) -> bool {
        expr.constant().is_some() || (self.binder.opens() && expr.is_open())
    }

    fn any_open(&self, args: &[Expr]) -> bool {
        self.binder.opens() && args.iter().any(Expr::is_open)
    }

    /// `* has "x"`: true if it is so for one of the columns.
    fn any_column(&mut self, infix: &'static Infix, operator: Span, right: &[ast::Expr]) -> Result<Expr, Reported> {
        let list = match self.listed_table(infix, right) {
            Some(table) => Some(self.list(infix, operator, Type::String, table)?),
            None => None,
        };
        let right_bound = if list.is_some() { Vec::new() } else { self.exprs(right)? };
        self.binder.reads_all(self.columns);
        let mut parts = Vec::new();
        for (at, column) in self.columns.list().to_vec().into_iter().enumerate() {
            let text = self.converted(Expr::column(column.ty, at), Type::String);
            if let Some(list) = &list {
                parts.push(self.among(infix, operator, text, list.clone())?);
                continue;
            }
            let operands = std::iter::once((text, None)).chain(right_bound.iter().cloned().zip(right.iter().map(Some)));
            parts.push(self.computed(infix.text, operator, operands.collect())?);
        }
        match parts.len() {
            0 => Ok(Expr::literal(Type::Bool, Value::Bool(false))),
            1 => Ok(parts.remove(0)),
            _ => Ok(Expr { ty: Type::Bool, kind: Kind::Or(parts) }),
        }
    }

    /// An infix operator over bound operands, each with how it was written (none for what the binder adds).
    pub(crate) fn computed(
        &mut self,
        text: &'static str,
        operator: Span,
        operands: Vec<(Expr, Option<&ast::Expr>)>,
    ) -> Result<Expr, Reported> {
        let infix = functions::infix(text).expect("the parser knows no other operators");
        let Meaning::Computed { types, .. } = infix.meaning else {
            return Err(self.binder.error(
                Diagnostic::error(UNSUPPORTED, operator, format!("the operator `{text}` is not implemented"))
                    .label("not implemented")
                    .help("it is refused so that no wrong answer is given"),
            ));
        };
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
        self.computation(infix, operator, &operation, args)
    }

    /// The kernel of an infix operator over operands of the right types.
    fn computation(
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
        let now = self.binder.environment.now;
        let prepared =
            kernel(&Args { types: &operation.operands, constants: &constants, returns: operation.result, now });
        let kernel = prepared.map_err(|fault| self.fault(fault, operator, &[]))?;
        let kind = Kind::Call { callee: Callee::Infix(infix, strict), kernel: Arc::new(kernel), args };
        Ok(Expr { ty: operation.result, kind }.folded())
    }

    pub(super) fn no_operation(&mut self, text: &str, operator: Span, operands: &[Operand]) -> Reported {
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

    fn check_count(
        &mut self,
        name: &str,
        params: &[Param],
        (least, most): (usize, usize),
        given: usize,
        span: Span,
    ) -> Result<(), Reported> {
        if (least..=most).contains(&given) && (given == 0 || param_of(params, 0, given).is_some()) {
            return Ok(());
        }
        let wanted = match (least, most) {
            (least, usize::MAX) => format!("at least {least}"),
            (least, most) if least == most => least.to_string(),
            (least, most) => format!("{least} to {most}"),
        };
        let plural = if wanted == "1" || wanted.ends_with(" 1") { "" } else { "s" };
        Err(self.binder.error(
            Diagnostic::error(
                WRONG_COUNT,
                span,
                format!("`{name}` takes {wanted} argument{plural}, and {given} are given"),
            )
            .help(format!("`{}`", signature(name, params))),
        ))
    }

    /// Arguments as the parameters take them.
    fn arguments(
        &mut self,
        name: &str,
        params: &[Param],
        bound: Vec<Expr>,
        written: &[&ast::Expr],
    ) -> Result<Vec<Expr>, Reported> {
        let given = bound.len();
        let param = |at: usize| param_of(params, at, given).expect("the number of arguments was checked");
        let common_at =
            |at: usize| Some(param(at).takes).filter(|takes| matches!(takes, Takes::Common | Takes::Branch));
        let commons: Vec<Type> =
            bound.iter().enumerate().filter(|(at, _)| common_at(*at).is_some()).map(|(_, arg)| arg.ty).collect();
        let common = (0..bound.len()).find_map(common_at).and_then(|takes| common_type(takes, &commons));
        let mut args = Vec::with_capacity(bound.len());
        let mut failed = None;
        for (at, arg) in bound.into_iter().enumerate() {
            let written = written[at];
            let Param { takes, constant, name: parameter, .. } = *param(at);
            let wanted = match (takes, arg.ty) {
                (Takes::Is(ty), _) => Some(ty),
                (Takes::Any, ty) => Some(ty),
                (Takes::Number, Type::Int | Type::Long | Type::Real | Type::Decimal) => Some(arg.ty),
                (Takes::Number, Type::Dynamic) => Some(Type::Real),
                (Takes::Number, Type::Bool) => Some(Type::Long),
                (Takes::Integer, Type::Int | Type::Long | Type::Bool | Type::Dynamic) => Some(Type::Long),
                (Takes::Orderable, ty) => ty.is_orderable().then_some(ty),
                (Takes::Summable, Type::Dynamic) => None,
                (Takes::Summable, ty) => {
                    (ty.is_number() || matches!(ty, Type::TimeSpan | Type::DateTime)).then_some(ty)
                }
                (Takes::Common | Takes::Branch, _) => common,
                (Takes::As(of), _) => args.get(of).map(|arg: &Expr| arg.ty),
                _ => None,
            };
            let given = arg.ty;
            let fitting = wanted.and_then(|ty| match takes {
                Takes::Is(_) | Takes::As(_) => self.argument(arg, ty, written),
                _ => Some(self.converted(arg, ty)),
            });
            let Some(arg) = fitting else {
                failed = Some(match (takes, wanted) {
                    (Takes::As(_), Some(ty)) => self.wrong_type(given, ty, written.span),
                    _ => self.wrong_argument(name, parameter, takes, common, given, written.span),
                });
                continue;
            };
            if constant && !self.is_constant(&arg) {
                failed = Some(
                    self.binder.error(
                        Diagnostic::error(
                            NOT_CONSTANT,
                            written.span,
                            format!("`{parameter}` of `{name}` must be a constant"),
                        )
                        .label("varies by row"),
                    ),
                );
                continue;
            }
            args.push(arg);
        }
        failed.map_or(Ok(args), Err)
    }

    fn wrong_argument(
        &mut self,
        name: &str,
        parameter: &str,
        takes: Takes,
        common: Option<Type>,
        ty: Type,
        span: Span,
    ) -> Reported {
        let wanted = match takes {
            Takes::Is(ty) => ty.name(),
            Takes::Any => "any value",
            Takes::Number => "a number",
            Takes::Integer => "a whole number",
            Takes::Orderable => "a value with an order",
            Takes::Summable => "a number, timespan or datetime",
            Takes::Common | Takes::Branch if common.is_none() => "the same type as the others",
            Takes::As(_) | Takes::Common | Takes::Branch => "a value",
        };
        let diagnostic =
            Diagnostic::error(WRONG_TYPE, span, format!("`{parameter}` of `{name}` wants {wanted}, and this is {ty}"))
                .label(ty.name());
        self.binder.error(match (takes, ty) {
            (_, Type::Dynamic) => diagnostic.help("convert it first: `tostring(…)`, `tolong(…)`, `todatetime(…)` …"),
            (Takes::Is(Type::Dynamic), Type::String) => diagnostic.help("write `parse_json(…)` around the string"),
            (Takes::Is(Type::String), _) => diagnostic.help("write `tostring(…)` around it"),
            _ => diagnostic,
        })
    }

    fn returns(
        &mut self,
        name: &str,
        params: &[Param],
        returns: Returns,
        args: &[Expr],
        types: &[Type],
        span: Span,
    ) -> Result<Type, Reported> {
        match returns {
            Returns::Is(ty) => Ok(ty),
            Returns::Argument(at) => Ok(types.get(at).copied().unwrap_or(Type::Dynamic)),
            Returns::Common => {
                let at = (0..types.len()).find(|&at| {
                    matches!(
                        param_of(params, at, types.len()),
                        Some(Param { takes: Takes::Common | Takes::Branch, .. })
                    )
                });
                Ok(at.map_or(Type::Dynamic, |at| types[at]))
            }
            Returns::By(decide) => decide(types).map_err(|why| {
                let types: Vec<&str> = types.iter().map(|ty| ty.name()).collect();
                self.binder.error(
                    Diagnostic::error(
                        NO_OVERLOAD,
                        span,
                        format!("`{name}` is not defined for {}: {why}", types.join(", ")),
                    )
                    .help(format!("`{}`", signature(name, params))),
                )
            }),
            Returns::ByText(at, decide) => {
                Ok(decide(args.get(at).and_then(Expr::constant).and_then(|value| value.as_str())))
            }
        }
    }

    fn fault(&mut self, fault: Fault, span: Span, written: &[&ast::Expr]) -> Reported {
        let span = written.get(fault.argument).map_or(span, |argument| argument.span);
        let diagnostic = Diagnostic::error(BAD_ARGUMENT, span, fault.message);
        self.binder.error(match fault.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        })
    }

    /// `d[i]` with an index that varies by row.
    pub(super) fn element(&mut self, base: Expr, index: Expr, at: &ast::Expr) -> Result<Expr, Reported> {
        if !matches!(index.ty, Type::Long | Type::Int | Type::String | Type::Dynamic) || base.ty != Type::Dynamic {
            return Err(self.binder.error(
                Diagnostic::error(WRONG_TYPE, at.span, format!("a {} has no element by {}", base.ty, index.ty))
                    .help("arrays have elements by whole number, bags by string"),
            ));
        }
        let callee = &functions::ELEMENT;
        let kernel = callee.kernel.prepared(&Args::none(Type::Dynamic)).expect("an element needs no preparation");
        let kind = Kind::Call { callee: Callee::Scalar(callee), kernel: Arc::new(kernel), args: vec![base, index] };
        Ok(Expr { ty: Type::Dynamic, kind }.folded())
    }

    /// `expr` as a value of type `to` that KQL converts to by itself, or an error at `written`.
    pub(super) fn convert(&mut self, expr: Expr, to: Type, written: &ast::Expr) -> Result<Expr, Reported> {
        let from = expr.ty;
        self.argument(expr, to, written).ok_or_else(|| self.wrong_type(from, to, written.span))
    }

    fn wrong_type(&mut self, from: Type, to: Type, span: Span) -> Reported {
        let diagnostic = Diagnostic::error(WRONG_TYPE, span, format!("a {to} is wanted here, and this is {from}"))
            .label(from.name());
        self.binder.error(match to {
            Type::Bool => diagnostic.help("compare it with something: `… == …`"),
            _ => diagnostic,
        })
    }

    /// `expr` for a parameter of type `to`: the same type, a narrower number, a dynamic value, or a literal that can be
    /// read as one.
    pub(super) fn argument(&mut self, expr: Expr, to: Type, written: &ast::Expr) -> Option<Expr> {
        let fits = match (expr.ty, to) {
            (from, to) if from == to => true,
            (Type::Dynamic, _) => true,
            (Type::Int, Type::Long | Type::Real | Type::Decimal) => true,
            (Type::Long, Type::Int | Type::Real | Type::Decimal) => true,
            (Type::Real, Type::Decimal) => true,
            (Type::String, Type::DateTime | Type::TimeSpan | Type::Guid) => {
                matches!(written.kind, ExprKind::Literal(_))
            }
            _ => false,
        };
        fits.then(|| self.converted(expr, to))
    }

    /// `expr` as a value of type `to`, whatever it is now.
    pub(super) fn converted(&mut self, expr: Expr, to: Type) -> Expr {
        if expr.ty == to {
            return expr;
        }
        let callee = functions::conversion(to);
        let types = [expr.ty];
        let constants = [expr.constant().cloned()];
        let known = Args { types: &types, constants: &constants, returns: to, now: self.binder.environment.now };
        let kernel = callee.kernel.prepared(&known).expect("a conversion takes any argument");
        let kind = Kind::Call { callee: Callee::Scalar(callee), kernel: Arc::new(kernel), args: vec![expr] };
        Expr { ty: to, kind }.folded()
    }
}

/// The one type of arguments that must agree: the wider of two integers. Reals and integers do not mix in Kusto's engine
/// (measured: SEM0525), but published queries of Resource Graph have such branches, which Kusto's binder takes for
/// reals. Beside dynamic ones, branches are what the others are, if these agree; values to choose from are dynamic, as
/// the binder has it.
fn common_type(takes: Takes, types: &[Type]) -> Option<Type> {
    let dynamic = types.contains(&Type::Dynamic);
    let mut others = types.iter().copied().filter(|&ty| ty != Type::Dynamic);
    let Some(first) = others.next() else { return dynamic.then_some(Type::Dynamic) };
    let agreed = others.try_fold(first, |common, ty| match (common, ty) {
        (a, b) if a == b => Some(a),
        (Type::Int | Type::Long, Type::Int | Type::Long) => Some(Type::Long),
        (Type::Int | Type::Long | Type::Real, Type::Int | Type::Long | Type::Real) if takes == Takes::Branch => {
            Some(Type::Real)
        }
        _ => None,
    });
    match agreed {
        Some(ty) if !dynamic || takes == Takes::Branch => Some(ty),
        _ => dynamic.then_some(Type::Dynamic),
    }
}

/// `substring(source, start, [length])`
pub(crate) fn signature(name: &str, params: &[Param]) -> String {
    let params: Vec<String> = params
        .iter()
        .map(|param| {
            let dots = if param.repeated { ", …" } else { "" };
            if param.optional { format!("[{}{dots}]", param.name) } else { format!("{}{dots}", param.name) }
        })
        .collect();
    format!("{name}({})", params.join(", "))
}
