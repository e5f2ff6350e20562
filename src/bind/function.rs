//! Functions defined by `let`: a body is bound anew for every call, with the arguments in the place of the parameters.
//!
//! A body sees what stands before its function. The definitions of a query are one list, so a call cuts it there, puts
//! the parameters behind, and gives the rest back when the body is bound.

use std::sync::Arc;

use super::expr::Exprs;
use super::{Binder, BoundColumn, BoundColumns, Definition, Growth, Relation, Reported};
use crate::diag::{
    DUPLICATE_NAME, Diagnostic, Span, TOO_DEEP, UNEXPECTED, UNKNOWN_COLUMN, UNKNOWN_FUNCTION, UNKNOWN_TABLE,
    WRONG_COUNT, WRONG_TYPE,
};
use crate::functions;
use crate::operators::evaluate::plugins;
use crate::plan::Expr;
use crate::registry::{FormMeaning, Refused, RefusedKind, refusal};
use crate::syntax::DEPTH;
use crate::syntax::ast::{self, Argument, Call, ColumnType, Function, Name, Parameter, ParameterKind};

/// Most bodies that are bound for one query: functions that call functions grow fast.
const BODIES: usize = 1000;

/// What a call gives.
enum CallResult {
    Value(Expr),
    Table(Box<Relation>),
}

impl Binder<'_> {
    /// A function by a name. Its body is looked at once without arguments, so that errors in it are found also where
    /// it is never called.
    pub(super) fn function(&mut self, name: &Name, function: &Function) -> Definition {
        if functions::scalar(&name.text).is_some() || functions::aggregate(&name.text).is_some() {
            self.warn(
                Diagnostic::error(DUPLICATE_NAME, name.span, format!("KQL has a function `{}` of its own", name.text))
                    .label("never called")
                    .help("give this one another name: calls take the one of KQL"),
            );
        }
        let mut parameters = Vec::new();
        let mut scalars = false;
        for parameter in &function.parameters {
            if parameters.iter().any(|known: &Definition| known.name() == parameter.name.text) {
                self.error(
                    Diagnostic::error(
                        DUPLICATE_NAME,
                        parameter.name.span,
                        format!("there is a parameter `{}` already", parameter.name.text),
                    )
                    .label("same name again"),
                );
                return Definition::poisoned(&name.text);
            }
            let unknown = match &parameter.kind {
                ParameterKind::Scalar { .. } => {
                    scalars = true;
                    Definition::poisoned(&parameter.name.text)
                }
                ParameterKind::Tabular { .. } if scalars => {
                    self.error(
                        Diagnostic::error(UNEXPECTED, parameter.name.span, "tables come before values")
                            .label("a table behind a value")
                            .help(format!("make `{}` the first parameter", parameter.name.text)),
                    );
                    return Definition::poisoned(&name.text);
                }
                ParameterKind::Tabular { columns, open } => {
                    let columns = columns.iter().map(|column| BoundColumn::new(column.name.text.as_str(), column.ty));
                    let relation = Relation::empty(columns.collect());
                    let relation = if *open { relation.with_any_column() } else { relation };
                    Definition::Table { name: parameter.name.text.clone(), relation }
                }
            };
            parameters.push(unknown);
        }
        let at = self.scope.len();
        let before = self.growth;
        self.nesting.rehearsals += 1;
        let given = self.bind_body(at, name, function, parameters);
        self.nesting.rehearsals -= 1;
        if !self.is_rehearsing() {
            self.growth = Growth { parts: self.growth.parts, ..before };
        }
        let tabular = matches!(given, Ok(CallResult::Table(_)));
        Definition::Function { name: name.text.clone(), function: Arc::new(function.clone()), tabular }
    }

    /// Whether bodies are being bound that nobody called.
    pub(super) fn is_rehearsing(&self) -> bool {
        self.nesting.rehearsals > 0
    }

    pub(super) fn is_function(&self, name: &str) -> bool {
        matches!(self.definition(name), Some(Definition::Function { .. } | Definition::Poisoned { .. }))
    }

    /// That there is no function of this name, or none that argql runs.
    pub(super) fn no_function(&mut self, name: &Name) -> Reported {
        match refusal(&name.text) {
            Some(Refused { kind: RefusedKind::Operator(_), .. }) | None => {}
            Some(refused) => return self.refuse_named(name, refused),
        }
        let unknown = Diagnostic::error(UNKNOWN_FUNCTION, name.span, format!("there is no function `{}`", name.text));
        if self.nesting.functions.contains(&name.text) {
            return self.error(
                Diagnostic { message: format!("`{}` calls itself", name.text), ..unknown }
                    .label("not defined yet")
                    .help("functions of KQL see only what is defined before them"),
            );
        }
        if plugins().any(|plugin| plugin.name == name.text) {
            return self.error(unknown.label("a plugin").help(format!("write `| evaluate {}(…)`", name.text)));
        }
        let defined = self.scope.iter().filter(|known| matches!(known, Definition::Function { .. }));
        let defined = defined.map(|known| known.name().to_owned());
        let known: Vec<String> = defined.chain(functions::names().map(str::to_owned)).collect();
        let unknown = unknown.label("unknown function").suggest(&name.text, known.iter().map(String::as_str));
        self.error(unknown)
    }

    /// A call in the place of a table.
    pub(super) fn table_of_call(&mut self, call: &Call) -> Relation {
        let name = &call.name;
        if call.form() == Some(FormMeaning::Materialized) {
            return self.materialize(call);
        }
        if call.form() == Some(FormMeaning::History) {
            return self.history(call);
        }
        if self.names_table(call) {
            return self.table_by_name(call);
        }
        let nothing = BoundColumns::none();
        match Exprs::new(self, &nothing).call_result(call) {
            Some(Ok(CallResult::Table(relation))) => return *relation,
            Some(Err(_)) => {}
            Some(Ok(CallResult::Value(_))) => {
                self.error(not_a_table(name));
            }
            None if functions::scalar(&name.text).is_some()
                || functions::aggregate(&name.text).is_some()
                || call.form().is_some_and(FormMeaning::gives_value) =>
            {
                self.error(not_a_table(name));
            }
            None => {
                self.no_function(name);
            }
        }
        Relation::poisoned()
    }

    /// A call whose first argument is a table that has no name.
    pub(crate) fn invoke(&mut self, call: &Call, rows: Relation) -> Relation {
        // Only what the call itself takes sees this name.
        let name = Name::new("the rows", call.name.span);
        let first = Argument { name: None, value: ast::Expr::named(&name) };
        let arguments = std::iter::once(first).chain(call.arguments.iter().cloned()).collect();
        let at = self.scope.len();
        self.scope.define(Definition::Table { name: name.text, relation: rows });
        let made = self.table_of_call(&Call { arguments, ..call.clone() });
        self.scope.remove(at);
        made
    }

    /// Binds the body of the function that stands at `at`, with these parameters.
    fn bind_body(
        &mut self,
        at: usize,
        name: &Name,
        function: &Function,
        parameters: Vec<Definition>,
    ) -> Result<CallResult, Reported> {
        let height = self.nesting.height.saturating_add(function.height());
        self.growth.bodies += 1;
        if height > DEPTH || self.growth.bodies > BODIES {
            return Err(self.error(
                Diagnostic::error(TOO_DEEP, name.span, format!("`{}` calls too many functions", name.text))
                    .label("too much to bind")
                    .help("functions are put in where they are called: let them call fewer others"),
            ));
        }
        let outer_height = std::mem::replace(&mut self.nesting.height, height);
        let outer = self.scope.enter(at, parameters);
        self.nesting.functions.push(name.text.clone());

        function.statements.iter().for_each(|statement| self.statement(statement));
        let given = match self.as_table(&function.body) {
            Some(relation) => Ok(CallResult::Table(Box::new(relation))),
            None => Exprs::new(self, &BoundColumns::none()).expr(&function.body).map(CallResult::Value),
        };

        self.nesting.functions.pop();
        self.scope.leave(at, outer);
        self.nesting.height = outer_height;
        given
    }
}

fn not_a_table(name: &Name) -> Diagnostic {
    Diagnostic::error(UNKNOWN_TABLE, name.span, format!("`{}` gives a value, and a table is wanted here", name.text))
        .label("a value")
        .help(format!("write `print {}(…)`", name.text))
}

impl Exprs<'_, '_> {
    /// A call of a function of the query in the place of a value.
    pub(super) fn function(&mut self, call: &Call) -> Result<Expr, Reported> {
        match self.call_result(call).expect("callers looked it up")? {
            CallResult::Value(expr) => Ok(expr),
            CallResult::Table(_) => Err(self.binder.error(
                Diagnostic::error(
                    UNEXPECTED,
                    call.name.span,
                    format!("`{}` gives a table, and a value is wanted here", call.name.text),
                )
                .label("a table")
                .help("write `toscalar(…)` around the call, for the first value of the first row"),
            )),
        }
    }

    /// What a call of a function of the query gives; none if there is no such function.
    fn call_result(&mut self, call: &Call) -> Option<Result<CallResult, Reported>> {
        let name = &call.name;
        let (at, definition) = self.binder.scope.find(&name.text)?;
        let function = match definition {
            Definition::Function { function, .. } => function.clone(),
            Definition::Poisoned { .. } => return Some(Err(Reported::error())),
            Definition::Scalar { .. } | Definition::Table { .. } => return None,
        };
        Some(self.parameters(&function, call).and_then(|given| self.binder.bind_body(at, name, &function, given)))
    }

    /// The parameters as a call fills them.
    fn parameters(&mut self, function: &Function, call: &Call) -> Result<Vec<Definition>, Reported> {
        let name = &call.name.text;
        let parameters = &function.parameters;
        let mut written: Vec<Option<&ast::Expr>> = vec![None; parameters.len()];
        let mut wrong = None;
        let first = call.of.as_deref().map(|of| (None, of)).into_iter();
        let all = first.chain(call.arguments.iter().map(|argument| (argument.name.as_ref(), &argument.value)));
        let mut names = false;
        for (position, (given, value)) in all.enumerate() {
            let at = match given {
                Some(given) => {
                    let at = parameters.iter().position(|parameter| parameter.name.text == given.text);
                    names |= at != Some(position);
                    at
                }
                None if names => {
                    wrong = Some(
                        self.binder.error(
                            Diagnostic::error(
                                UNEXPECTED,
                                value.span,
                                "behind a named argument in another place all others need names",
                            )
                            .label("no name"),
                        ),
                    );
                    continue;
                }
                None => Some(position),
            };
            match (given, at.and_then(|at| written.get_mut(at))) {
                (_, Some(place @ None)) => *place = Some(value),
                (Some(given), Some(Some(_))) => {
                    let twice = format!("`{}` is given twice", given.text);
                    wrong =
                        Some(self.binder.error(
                            Diagnostic::error(DUPLICATE_NAME, given.span, twice).label("second argument for it"),
                        ));
                }
                (Some(given), None) => {
                    let unknown = format!("`{name}` has no parameter `{}`", given.text);
                    let diagnostic = Diagnostic::error(UNKNOWN_COLUMN, given.span, unknown).label("unknown parameter");
                    let known = parameters.iter().map(|parameter| parameter.name.text.as_str());
                    wrong = Some(self.binder.error(diagnostic.suggest(&given.text, known)));
                }
                (None, _) => wrong = Some(self.too_many_arguments(function, call, position + 1)),
            }
        }
        let mut definitions = Vec::with_capacity(parameters.len());
        for (parameter, value) in parameters.iter().zip(written) {
            match self.parameter(name, parameter, value) {
                Some(Ok(definition)) => definitions.push(definition),
                Some(Err(reported)) => wrong = Some(reported),
                // Said already if there are too many, or names that no parameter has.
                None if wrong.is_some() => {}
                None => wrong = Some(self.missing_argument(function, call, parameter)),
            }
        }
        wrong.map_or(Ok(definitions), Err)
    }

    /// One parameter with its argument or else its default; none if it has neither.
    fn parameter(
        &mut self,
        function: &str,
        parameter: &Parameter,
        value: Option<&ast::Expr>,
    ) -> Option<Result<Definition, Reported>> {
        let name = &parameter.name;
        match (&parameter.kind, value) {
            (ParameterKind::Scalar { ty, .. }, Some(value)) => Some(self.expr(value).and_then(|expr| {
                let given = expr.ty;
                let Some(expr) = self.argument(expr, *ty, value) else {
                    let message = format!("`{}` of `{function}` wants {ty}, and this is {given}", name.text);
                    let diagnostic = Diagnostic::error(WRONG_TYPE, value.span, message).label(given.name());
                    return Err(self.binder.error(diagnostic.help(format!("write `to{ty}(…)` around it"))));
                };
                Ok(self.binder.scalar(name, expr, value.span))
            })),
            (ParameterKind::Scalar { ty, default }, None) => {
                let default = default.as_ref()?;
                Some(self.binder.default(*ty, default).map(|expr| self.binder.scalar(name, expr, default.span)))
            }
            (ParameterKind::Tabular { columns, .. }, Some(value)) => {
                let relation = self.binder.nested_pipeline(|binder| binder.tabular(value));
                Some(
                    self.check_columns(function, parameter, columns, &relation, value.span)
                        .map(|()| Definition::Table { name: name.text.clone(), relation }),
                )
            }
            (ParameterKind::Tabular { .. }, None) => None,
        }
    }

    /// Whether a table has the columns that a parameter asks for; it may have more, which then pass through.
    fn check_columns(
        &mut self,
        function: &str,
        parameter: &Parameter,
        columns: &[ColumnType],
        relation: &Relation,
        span: Span,
    ) -> Result<(), Reported> {
        if relation.columns.has_any_column() {
            return Err(Reported::error());
        }
        let parameter = &parameter.name.text;
        for ColumnType { name, ty } in columns {
            let wants = format!("`{parameter}` of `{function}` wants a column `{}` of type {ty}", name.text);
            let diagnostic = match relation.columns.position(&name.text).map(|at| &relation.columns.list()[at]) {
                Some(column) if column.poisoned => return Err(Reported::error()),
                Some(column) if column.ty == *ty => continue,
                Some(column) => Diagnostic::error(WRONG_TYPE, span, format!("{wants}, and it is {}", column.ty)),
                None => Diagnostic::error(UNKNOWN_COLUMN, span, format!("{wants}, and there is none")),
            };
            return Err(self.binder.error(diagnostic.label(format!("no `{}: {ty}`", name.text))));
        }
        Ok(())
    }

    fn missing_argument(&mut self, function: &Function, call: &Call, parameter: &Parameter) -> Reported {
        self.binder.error(
            Diagnostic::error(
                WRONG_COUNT,
                call.name.span,
                format!("`{}` needs an argument for `{}`", call.name.text, parameter.name.text),
            )
            .label("argument missing")
            .help(format!("`{}`", signature(&call.name.text, function))),
        )
    }

    fn too_many_arguments(&mut self, function: &Function, call: &Call, given: usize) -> Reported {
        let (name, most) = (&call.name.text, function.parameters.len());
        let given = given.max(call.arguments.len());
        let (plural, are) = (if most == 1 { "" } else { "s" }, if given == 1 { "is" } else { "are" });
        self.binder.error(
            Diagnostic::error(
                WRONG_COUNT,
                call.name.span,
                format!("`{name}` takes {most} argument{plural}, and {given} {are} given"),
            )
            .label("too many arguments")
            .help(format!("`{}`", signature(name, function))),
        )
    }
}

impl Binder<'_> {
    /// The default of a parameter.
    pub(super) fn default(&mut self, ty: crate::value::Type, default: &ast::Expr) -> Result<Expr, Reported> {
        let nothing = BoundColumns::none();
        let mut exprs = Exprs::new(self, &nothing);
        let bound = exprs.expr(default)?;
        let value = exprs.cell(bound, ty, default)?;
        Ok(Expr::literal(ty, value))
    }
}

/// `f(T, a: long, b: string = "x")`
fn signature(name: &str, function: &Function) -> String {
    let parameters: Vec<String> = function.parameters.iter().map(Parameter::to_string).collect();
    format!("{name}({})", parameters.join(", "))
}
