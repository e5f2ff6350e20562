//! Arguments: how many and of which types a call takes, what they are converted to, and what the call gives for them.

use std::sync::Arc;

use crate::bind::{Exprs, Reported};
use crate::diag::{BAD_ARGUMENT, Diagnostic, NO_OVERLOAD, NOT_CONSTANT, Span, WRONG_COUNT, WRONG_TYPE};
use crate::functions;
use crate::plan::{Callee, Expr, Term};
use crate::registry::{Args, ArgumentFault, Param, Returns, Takes, param_of};
use crate::syntax::ast::{self, ExprKind};
use crate::value::{Type, Value, convert};

impl Exprs<'_, '_> {
    /// Arguments go by position: a name given to one is that of the column to be made (`tostring(kind = a.b)`), and
    /// cannot be that of another parameter.
    pub(super) fn check_names(&mut self, call: &ast::Call) -> Result<(), Reported> {
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

    /// Whether the value is known before any row is read, or will be.
    pub(crate) fn is_constant(&self, expr: &Expr) -> bool {
        expr.constant().is_some() || (self.binder.may_leave_open() && expr.is_open())
    }

    pub(super) fn any_open(&self, args: &[Expr]) -> bool {
        self.binder.may_leave_open() && args.iter().any(Expr::is_open)
    }

    pub(super) fn check_count(
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
            .help(format!("`{}`", usage(name, params))),
        ))
    }

    /// Arguments as the parameters take them.
    pub(super) fn arguments(
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

    pub(super) fn returns(
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
                    .help(format!("`{}`", usage(name, params))),
                )
            }),
            Returns::ByText(at, decide) => {
                Ok(decide(args.get(at).and_then(Expr::constant).and_then(|value| value.as_str())))
            }
        }
    }

    pub(super) fn fault(&mut self, fault: ArgumentFault, span: Span, written: &[&ast::Expr]) -> Reported {
        let span = written.get(fault.argument).map_or(span, |argument| argument.span);
        let diagnostic = Diagnostic::error(BAD_ARGUMENT, span, fault.message);
        self.binder.error(match fault.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        })
    }

    /// `expr` as a value of type `to` that KQL converts to by itself, or an error at `written`.
    pub(crate) fn convert(&mut self, expr: Expr, to: Type, written: &ast::Expr) -> Result<Expr, Reported> {
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
    pub(in crate::bind) fn argument(&mut self, expr: Expr, to: Type, written: &ast::Expr) -> Option<Expr> {
        let fits = match (expr.ty, to) {
            (from, to) if from == to => true,
            (Type::Dynamic, _) => true,
            (Type::Int, Type::Long | Type::Real | Type::Decimal) => true,
            (Type::Long, Type::Int | Type::Real | Type::Decimal) => true,
            (Type::Real, Type::Decimal) => true,
            (Type::String, Type::Decimal | Type::DateTime | Type::TimeSpan | Type::Guid) => {
                // Text that is no such value is none, rather than null.
                let reads = |text: &Value| !convert(text.as_ref(), to).is_null();
                matches!(written.kind, ExprKind::Literal(_)) && expr.constant().is_some_and(reads)
            }
            _ => false,
        };
        fits.then(|| self.converted(expr, to))
    }

    /// `expr` as a value of type `to`, whatever it is now.
    pub(in crate::bind) fn converted(&mut self, expr: Expr, to: Type) -> Expr {
        if expr.ty == to {
            return expr;
        }
        let callee = functions::conversion(to);
        let types = [expr.ty];
        let constants = [expr.constant().cloned()];
        let known = Args { types: &types, constants: &constants, ..Args::none(to) };
        let kernel = callee.kernel.prepared(&known).expect("a conversion takes any argument");
        let kind = Term::Call { callee: Callee::Scalar(callee), kernel: Arc::new(kernel), args: vec![expr] };
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
fn usage(name: &str, params: &[Param]) -> String {
    let params: Vec<String> = params
        .iter()
        .map(|param| {
            let dots = if param.repeated { ", …" } else { "" };
            if param.optional { format!("[{}{dots}]", param.name) } else { format!("{}{dots}", param.name) }
        })
        .collect();
    format!("{name}({})", params.join(", "))
}
