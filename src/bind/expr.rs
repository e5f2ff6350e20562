//! Expressions: from the tree to typed expressions over the columns of the input.

use super::{Beside, Binder, BoundColumn, BoundColumns, Definition, Elements, Relation};
use crate::diag::{
    AGGREGATE_HERE, DYNAMIC_KEY, Diagnostic, NO_OVERLOAD, NOT_AGGREGATED, NOT_CONSTANT, Span, UNEXPECTED,
    UNKNOWN_COLUMN, UNSUPPORTED, WRONG_TYPE,
};
use crate::functions;
use crate::plan::{AggregateCall, Expr, PathStep, Term};
use crate::registry::Naming;
use crate::syntax::ast::{self, ExprKind, Name};
use crate::value::{Type, Value};

/// Something is wrong and has been said; made by [`Binder::error`] alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported(());

impl Reported {
    pub(crate) fn error() -> Reported {
        Reported(())
    }
}

/// Binds expressions over the columns of one operator's input.
pub(crate) struct Exprs<'a, 'b> {
    pub(crate) binder: &'a mut Binder<'b>,
    pub(crate) columns: &'a BoundColumns,
    /// In summarize: what aggregates were met so far.
    pub(super) aggregates: Option<Aggregates>,
    /// Where columns are made beside the rows: those met so far.
    pub(super) windows: Option<Windows>,
    /// In a step of `scan`: the rows that steps hold.
    steps: Option<StepRows<'a>>,
    /// In the clauses of a pattern: what it is made of.
    pub(super) elements: Option<Elements<'a>>,
}

/// The rows that the steps of `scan` hold, as a step reads them: `s1.x`. They stand behind the row at hand.
#[derive(Clone, Copy)]
pub(crate) struct StepRows<'a> {
    pub(crate) names: &'a [&'a str],
    /// The position of the step at hand, which knows no later one.
    pub(crate) at: usize,
    /// The columns of each of these rows by name.
    pub(crate) columns: &'a BoundColumns,
    /// Where in these rows each of the columns is.
    pub(crate) places: &'a [usize],
    pub(crate) width: usize,
}

/// What is made beside the rows, functions along them above all; expressions around read these columns behind those of
/// the input.
pub(super) struct Windows {
    pub(super) made: Vec<Beside>,
    /// Whether the rows have an order to go along.
    pub(super) serialized: bool,
}

/// The aggregates of a summarize; expressions around them read the columns that they make.
pub(crate) struct Aggregates {
    pub(crate) calls: Vec<AggregateCall>,
    /// Columns before those of the aggregates: the keys.
    pub(crate) keys: usize,
}

impl Aggregates {
    /// The position of the next aggregate's first column.
    pub(super) fn next(&self) -> usize {
        self.keys + self.calls.iter().map(|call| call.returns.len()).sum::<usize>()
    }
}

impl<'a, 'b> Exprs<'a, 'b> {
    pub(crate) fn new(binder: &'a mut Binder<'b>, columns: &'a BoundColumns) -> Exprs<'a, 'b> {
        Exprs { binder, columns, aggregates: None, windows: None, steps: None, elements: None }
    }

    /// For the aggregates of a summarize with `keys` keys.
    pub(crate) fn summarizing(binder: &'a mut Binder<'b>, columns: &'a BoundColumns, keys: usize) -> Exprs<'a, 'b> {
        Exprs { aggregates: Some(Aggregates { calls: Vec::new(), keys }), ..Exprs::new(binder, columns) }
    }

    /// For an operator whose expressions may look at the rows around each.
    pub(crate) fn with_windows(binder: &'a mut Binder<'b>, input: &'a Relation) -> Exprs<'a, 'b> {
        let serialized = input.serialized || input.columns.has_any_column();
        let windows = Windows { made: Vec::new(), serialized };
        Exprs { windows: Some(windows), ..Exprs::new(binder, &input.columns) }
    }

    /// For a step of `scan`.
    pub(crate) fn of_step(binder: &'a mut Binder<'b>, columns: &'a BoundColumns, steps: StepRows<'a>) -> Exprs<'a, 'b> {
        Exprs { steps: Some(steps), ..Exprs::new(binder, columns) }
    }

    /// For the clauses of a pattern.
    pub(crate) fn of_elements(
        binder: &'a mut Binder<'b>,
        nothing: &'a BoundColumns,
        elements: Elements<'a>,
    ) -> Exprs<'a, 'b> {
        Exprs { elements: Some(elements), ..Exprs::new(binder, nothing) }
    }

    pub(crate) fn into_windows(self) -> Vec<Beside> {
        self.windows.map_or(Vec::new(), |windows| windows.made)
    }

    pub(crate) fn into_aggregates(self) -> Vec<AggregateCall> {
        self.aggregates.map_or(Vec::new(), |aggregates| aggregates.calls)
    }

    /// An expression that is assigned, as the columns that it makes: more than one if it is a call of several.
    pub(crate) fn columns_of(&mut self, expr: &ast::Expr) -> Result<Vec<Expr>, Reported> {
        let called = match &expr.kind {
            ExprKind::Call(call) => functions::scalar(&call.name.text),
            _ => None,
        };
        self.binder.assigns_columns = called.is_some();
        let bound = self.expr(expr)?;
        let made = self.binder.columns_made;
        if made == 1 {
            return Ok(vec![bound]);
        }
        let Some(called) = called else {
            return Err(self.binder.refuse(expr.span, "a function that gives several columns"));
        };
        let index = |at: usize| PathStep::Index(i64::try_from(at).unwrap_or(i64::MAX));
        let part = |at: usize| {
            let part = below(bound.clone(), index(at));
            match called.names {
                Naming::Parts(parts) => self.converted(part, parts[at].1),
                _ => part,
            }
        };
        Ok((0..made).map(part).collect())
    }

    /// Any expression.
    pub(crate) fn expr(&mut self, expr: &ast::Expr) -> Result<Expr, Reported> {
        let bound = self.any_expr(expr)?;
        let keeps = match &expr.kind {
            ExprKind::Call(call) => {
                functions::scalar(&call.name.text).is_some() || self.binder.is_function(&call.name.text)
            }
            ExprKind::Name(name) => self.binder.is_function(&name.text),
            _ => false,
        };
        if !keeps {
            self.binder.columns_made = 1;
        }
        Ok(bound)
    }

    fn any_expr(&mut self, expr: &ast::Expr) -> Result<Expr, Reported> {
        match &expr.kind {
            ExprKind::Literal(literal) => Ok(Expr::literal(literal.ty, literal.value.clone())),
            ExprKind::Name(name) => self.name(name),
            ExprKind::Star => Err(self.misplaced(expr.span, "`*`")),
            ExprKind::Tabular(_) => Err(self.misplaced(expr.span, "a table")),
            ExprKind::TypeOf(ty) => Ok(Expr::literal(Type::String, Value::from(ty.name()))),
            ExprKind::Member { of, name } => {
                if let Some(held) = self.held(of, name) {
                    return held;
                }
                if let Some(property) = self.property(of, name) {
                    return property;
                }
                if let Some(of_entity) = self.of_entity(of, name) {
                    return of_entity;
                }
                let base = self.expr(of)?;
                self.step(base, PathStep::Key(name.text.as_str().into()), name.span)
            }
            ExprKind::Index { of, at } => self.index(of, at),
            ExprKind::Call(call) => self.call(call, expr.span),
            ExprKind::Minus(of) => self.minus(of, expr.span),
            ExprKind::Plus(of) => {
                let bound = self.expr(of)?;
                match bound.ty {
                    Type::Int | Type::Long | Type::Real | Type::Decimal | Type::TimeSpan | Type::Dynamic => Ok(bound),
                    ty => Err(self.no_sign("+", ty, expr.span)),
                }
            }
            ExprKind::And(parts) => Ok(Expr { ty: Type::Bool, kind: Term::And(self.bools(parts)?) }.folded()),
            ExprKind::Or(parts) => Ok(Expr { ty: Type::Bool, kind: Term::Or(self.bools(parts)?) }.folded()),
            ExprKind::Infix { infix, operator, operands } => self.infix(infix, *operator, operands),
        }
    }

    /// Several expressions; all errors are found.
    pub(crate) fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e ast::Expr>) -> Result<Vec<Expr>, Reported> {
        let bound: Vec<Result<Expr, Reported>> = exprs.into_iter().map(|expr| self.expr(expr)).collect();
        bound.into_iter().collect()
    }

    /// What decides whether a row is kept.
    pub(crate) fn predicate(&mut self, expr: &ast::Expr) -> Result<Expr, Reported> {
        let bound = self.expr(expr)?;
        match bound.ty {
            Type::Bool => Ok(bound),
            Type::Dynamic => Err(self.binder.error(
                Diagnostic::error(WRONG_TYPE, expr.span, "a bool is wanted here, and this is dynamic")
                    .label("dynamic")
                    .help("write `tobool(…)` around it, or compare it: `… == true`"),
            )),
            ty => Err(self.binder.error(
                Diagnostic::error(WRONG_TYPE, expr.span, format!("a bool is wanted here, and this is {ty}"))
                    .label(ty.name())
                    .help("compare it with something: `… == …`"),
            )),
        }
    }

    /// What rows are sorted, grouped or made distinct by.
    pub(crate) fn key(&mut self, expr: &ast::Expr) -> Result<Expr, Reported> {
        let bound = self.expr(expr)?;
        if bound.ty.is_orderable() {
            return Ok(bound);
        }
        Err(self.binder.error(dynamic_key(expr)))
    }

    /// The value of a cell of a `datatable`, as its column's type.
    pub(crate) fn cell(&mut self, bound: Expr, ty: Type, written: &ast::Expr) -> Result<Value, Reported> {
        if !self.is_constant(&bound) {
            return Err(self.binder.error(Diagnostic::error(NOT_CONSTANT, written.span, "a constant is wanted here")));
        }
        let converted = self.convert(bound, ty, written)?;
        Ok(converted.constant().cloned().unwrap_or_default())
    }

    /// A whole number known before any row is read, as `take` and `top` want it.
    pub(crate) fn count(&mut self, expr: &ast::Expr) -> Result<i64, Reported> {
        let bound = self.expr(expr)?;
        match bound.constant() {
            Some(Value::Long(count)) => Ok(*count),
            Some(Value::Int(count)) => Ok((*count).into()),
            Some(_) => Err(self.binder.error(
                Diagnostic::error(
                    WRONG_TYPE,
                    expr.span,
                    format!("a whole number is wanted here, and this is {}", bound.ty),
                )
                .label(bound.ty.name()),
            )),
            None if self.is_constant(&bound) && bound.ty.is_integer() => Err(Reported(())),
            None => Err(self
                .binder
                .error(Diagnostic::error(NOT_CONSTANT, expr.span, "a constant is wanted here").label("varies by row"))),
        }
    }

    fn bools(&mut self, parts: &[ast::Expr]) -> Result<Vec<Expr>, Reported> {
        let bound = self.exprs(parts)?;
        bound.into_iter().zip(parts).map(|(part, written)| self.convert(part, Type::Bool, written)).collect()
    }

    /// The column at a position, which `span` speaks of.
    pub(super) fn column(&mut self, at: usize, span: Span) -> Result<Expr, Reported> {
        let column = &self.columns.list()[at];
        if column.poisoned {
            return Err(Reported(()));
        }
        if self.aggregates.is_some() {
            let name = &column.name;
            return Err(self.binder.error(
                Diagnostic::error(
                    NOT_AGGREGATED,
                    span,
                    format!("`{name}` has many values in a group, and no aggregate picks one"),
                )
                .label("outside an aggregate")
                .help(format!("write `take_any({name})`, `max({name})` …, or put it behind `by`")),
            ));
        }
        Ok(Expr::column(column.ty, at))
    }

    /// `s1.x`: a column of the row that a step holds.
    fn held(&mut self, of: &ast::Expr, name: &Name) -> Option<Result<Expr, Reported>> {
        let (steps, step) = (self.steps?, of.as_name()?);
        let at = steps.names.iter().position(|known| *known == step.text)?;
        if at > steps.at {
            let message = format!("`{}` comes later: a step knows what it holds itself and those before it", step.text);
            return Some(Err(self
                .binder
                .error(Diagnostic::error(UNEXPECTED, step.span, message).label("a later step"))));
        }
        let list = steps.columns.list();
        Some(match steps.columns.position(&name.text).map(|column| (column, &list[column])) {
            Some((_, column)) if column.poisoned => Err(Reported(())),
            Some((column, BoundColumn { ty, .. })) => {
                Ok(Expr::column(*ty, self.columns.list().len() + at * steps.width + steps.places[column]))
            }
            None if self.columns.has_any_column() => Err(Reported(())),
            None => Err(self.binder.error(steps.columns.unknown(name))),
        })
    }

    fn name(&mut self, name: &Name) -> Result<Expr, Reported> {
        if let Some(at) = self.columns.position(&name.text) {
            return self.column(at, name.span);
        }
        if let Some(whole) = self.whole(name) {
            return whole;
        }
        match self.binder.definition(&name.text) {
            Some(Definition::Scalar { rows_at: Some(rows_at), .. }) if *rows_at < self.binder.nesting.pipelines => {
                return Err(self.binder.error(
                    Diagnostic::error(
                        NOT_CONSTANT,
                        name.span,
                        format!("`{}` varies by row, and a sub-query runs once for all rows", name.text),
                    )
                    .label("varies by row")
                    .help("join the tables instead"),
                ));
            }
            Some(Definition::Scalar { expr, .. }) => return Ok(expr.clone()),
            Some(Definition::Function { function, tabular: false, .. }) if function.takes_nothing() => {
                let call = ast::Call { of: None, name: name.clone(), arguments: Vec::new() };
                return self.call(&call, name.span);
            }
            Some(Definition::Function { .. }) => {
                return Err(self.misplaced(name.span, &format!("the function `{}`", name.text)));
            }
            Some(Definition::Table { .. }) => {
                return Err(self.misplaced(name.span, &format!("`{}`, which is a table,", name.text)));
            }
            Some(Definition::Poisoned { .. }) => return Err(Reported(())),
            None => {}
        }
        if self.columns.has_any_column() {
            return Err(Reported(()));
        }
        if let Some(ty) = self.columns.unshown(&name.text) {
            return Ok(Expr::literal(ty, Value::absent(ty)));
        }
        if let Some(steps) = self.steps
            && steps.columns.position(&name.text).is_some()
        {
            let step = steps.names.get(steps.at).copied().unwrap_or_default();
            let message = format!("what `{}` is before a step gives it something is not documented", name.text);
            return Err(self.binder.error(
                Diagnostic::error(UNSUPPORTED, name.span, message)
                    .label("not implemented")
                    .help(format!("say of which step it is: `{step}.{}`", name.text)),
            ));
        }
        if let Some(diagnostic) = self.no_element(name) {
            return Err(self.binder.error(diagnostic));
        }
        let diagnostic = match name.text.as_str() {
            "null" => Diagnostic::error(UNKNOWN_COLUMN, name.span, "`null` is not a literal of KQL")
                .label("not a value")
                .help("test with `isnull(…)` or `isempty(…)`; a typed null is `long(null)`, `dynamic(null)` …"),
            _ => {
                let unknown = self.columns.unknown(name);
                let definitions: Vec<String> = self.binder.definition_names().map(str::to_owned).collect();
                unknown.suggest(&name.text, self.columns.names().chain(definitions.iter().map(String::as_str)))
            }
        };
        Err(self.binder.error(diagnostic))
    }

    fn index(&mut self, of: &ast::Expr, at: &ast::Expr) -> Result<Expr, Reported> {
        let base = self.expr(of)?;
        let index = self.expr(at)?;
        match index.constant() {
            Some(Value::Long(index)) => self.step(base, PathStep::Index(*index), at.span),
            Some(Value::Int(index)) => self.step(base, PathStep::Index((*index).into()), at.span),
            Some(Value::String(key)) => self.step(base, PathStep::Key(key.clone()), at.span),
            _ => self.element(base, index, at),
        }
    }

    /// A step into a dynamic value.
    fn step(&mut self, base: Expr, step: PathStep, span: Span) -> Result<Expr, Reported> {
        match base.ty {
            Type::Dynamic => {}
            // Kusto takes it and finds nothing: text has no properties until it is parsed.
            Type::String => {
                self.binder.warn(
                    Diagnostic::error(WRONG_TYPE, span, "a string has no properties, so this is always null")
                        .label("always null")
                        .help("write `parse_json(…)` around the string"),
                );
                return Ok(Expr::literal(Type::Dynamic, Value::Null));
            }
            ty => {
                return Err(self.binder.error(
                    Diagnostic::error(WRONG_TYPE, span, format!("a value of type {ty} has no properties"))
                        .label(ty.name()),
                ));
            }
        }
        Ok(below(base, step))
    }

    fn minus(&mut self, of: &ast::Expr, span: Span) -> Result<Expr, Reported> {
        let bound = self.expr(of)?;
        match bound.ty {
            Type::Int | Type::Long | Type::Real | Type::Decimal | Type::TimeSpan | Type::Dynamic => {}
            ty => return Err(self.no_sign("-", ty, span)),
        }
        let zero = match bound.ty {
            Type::TimeSpan => Expr::literal(Type::TimeSpan, Value::TimeSpan(crate::value::TimeSpan::from_ticks(0))),
            // `-0.0` is what zero minus zero is not.
            Type::Real => Expr::literal(Type::Real, Value::Real(-0.0)),
            // Beside a dynamic zero the result is what is held: `-d.a` of 1.5 is no whole number.
            Type::Dynamic => Expr::literal(Type::Dynamic, Value::Long(0)),
            _ => Expr::literal(Type::Long, Value::Long(0)),
        };
        self.infix_call("-", span, vec![(zero, None), (bound, Some(of))])
    }

    fn no_sign(&mut self, sign: &str, ty: Type, span: Span) -> Reported {
        self.binder
            .error(Diagnostic::error(NO_OVERLOAD, span, format!("`{sign}` is not defined for {ty}")).label(ty.name()))
    }

    pub(super) fn misplaced(&mut self, span: Span, what: &str) -> Reported {
        self.binder
            .error(Diagnostic::error(UNEXPECTED, span, format!("{what} cannot stand here")).label("a value is wanted"))
    }

    /// That an aggregate stands where there are no groups.
    pub(super) fn no_groups(&mut self, name: &Name) -> Reported {
        self.binder.error(
            Diagnostic::error(
                AGGREGATE_HERE,
                name.span,
                format!("`{}` is an aggregate, and there are no groups here", name.text),
            )
            .label("aggregate")
            .help(format!("write `summarize {}(…)`", name.text)),
        )
    }
}

/// A step below a dynamic value.
fn below(base: Expr, step: PathStep) -> Expr {
    let expr = match base {
        Expr { kind: Term::Path { base, mut steps }, .. } => {
            steps.push(step);
            Expr { ty: Type::Dynamic, kind: Term::Path { base, steps } }
        }
        base => Expr { ty: Type::Dynamic, kind: Term::Path { base: Box::new(base), steps: vec![step] } },
    };
    expr.folded()
}

/// That rows cannot be sorted, grouped or made distinct by a dynamic value.
pub(crate) fn dynamic_key(expr: &ast::Expr) -> Diagnostic {
    Diagnostic::error(DYNAMIC_KEY, expr.span, "a dynamic value cannot be a key")
        .label("dynamic")
        .help("convert it first: `tostring(…)`, `tolong(…)`, `todatetime(…)` …")
}

impl Expr {
    /// The value of an expression whose parts are all constants.
    pub(crate) fn folded(self) -> Expr {
        let constant = match &self.kind {
            Term::Literal(_) | Term::Column(_) => false,
            Term::Call { callee, args, .. } => {
                callee.deterministic() && args.iter().all(|arg| arg.constant().is_some())
            }
            _ => self.children().iter().all(|child| child.constant().is_some()),
        };
        if constant { Expr::literal(self.ty, crate::eval::constant(&self)) } else { self }
    }
}
