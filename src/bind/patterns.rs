//! `declare pattern`: a table for each of some texts. Each is a function that nobody can write the name of.

use super::{Binder, BoundColumns, Exprs, Relation};
use crate::diag::{Diagnostic, NOT_CONSTANT, Span, UNKNOWN_TABLE, WRONG_COUNT, WRONG_TYPE};
use crate::syntax::ast::{
    Call, ColumnType, Expr, ExprKind, Literal, Name, PatternCase, PatternDefinition, TablePattern,
};
use crate::value::{Type, Value, write_json};

/// A pattern as its calls are checked.
pub(super) struct KnownPattern {
    name: String,
    /// None of a pattern without definition.
    shape: Option<Shape>,
}

#[derive(Clone, Copy)]
struct Shape {
    arguments: usize,
    path: bool,
}

impl Binder<'_> {
    pub(super) fn pattern(&mut self, pattern: &TablePattern) {
        let name = &pattern.name;
        if !self.is_new(name) {
            return;
        }
        let shape = pattern.definition.as_ref().map(|definition| self.cases(name, definition));
        self.patterns.push(KnownPattern { name: name.text.clone(), shape });
    }

    fn cases(&mut self, name: &Name, PatternDefinition { arguments, path, cases }: &PatternDefinition) -> Shape {
        let shape = Shape { arguments: arguments.len(), path: path.is_some() };
        for ColumnType { name, ty } in arguments.iter().chain(path).filter(|each| each.ty != Type::String) {
            let message = format!("`{}` is of type {ty}, and a pattern takes strings", name.text);
            self.error(Diagnostic::error(WRONG_TYPE, name.span, message).label(ty.name()));
        }
        for PatternCase { values, path, span, body } in cases {
            if values.len() != shape.arguments || path.is_some() != shape.path {
                let takes = if shape.path { " and a path" } else { "" };
                let message = format!("`{}` takes {} values{takes}", name.text, shape.arguments);
                self.error(Diagnostic::error(WRONG_COUNT, *span, message));
                continue;
            }
            let texts: Vec<&str> = values.iter().chain(path).filter_map(literal_text).collect();
            let called = Name::new(called(&name.text, &texts, shape), *span);
            if self.is_new(&called) {
                let function = self.function(&called, body);
                self.scope.define(function);
            }
        }
        shape
    }

    /// Whether a table that a pattern gives stands here.
    pub(super) fn is_pattern(&self, expr: &Expr) -> bool {
        let call = match &expr.kind {
            ExprKind::Member { of, .. } => &of.kind,
            kind => kind,
        };
        matches!(call, ExprKind::Call(Call { of: None, name, .. }) if self.known_pattern(&name.text).is_some())
    }

    fn known_pattern(&self, name: &str) -> Option<&KnownPattern> {
        self.patterns.iter().rfind(|known| known.name == name)
    }

    /// The table that a pattern gives for the texts of a call.
    pub(super) fn table_of_pattern(&mut self, expr: &Expr) -> Relation {
        let (call, path) = match &expr.kind {
            ExprKind::Member { of, name } => (&of.kind, Some(name)),
            kind => (kind, None),
        };
        let ExprKind::Call(call) = call else { return Relation::poisoned() };
        let shape = self.known_pattern(&call.name.text).and_then(|known| known.shape);
        let mut texts = Vec::new();
        for argument in &call.arguments {
            let bound = Exprs::new(self, &BoundColumns::none()).expr(&argument.value);
            match bound.as_ref().map(|bound| bound.constant()) {
                Ok(Some(Value::String(text))) => texts.push(text.to_string()),
                Ok(_) => {
                    let diagnostic =
                        Diagnostic::error(NOT_CONSTANT, argument.value.span, "a pattern takes constant strings");
                    self.error(diagnostic.label("no constant string"));
                    return Relation::poisoned();
                }
                Err(_) => return Relation::poisoned(),
            }
        }
        texts.extend(path.map(|name| name.text.clone()));
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let asked = Shape { arguments: call.arguments.len(), path: path.is_some() };
        let name = called(&call.name.text, &texts, asked);
        let fits = shape.is_some_and(|shape| shape.arguments == asked.arguments && shape.path == asked.path);
        if !fits || self.definition(&name).is_none() {
            return self.no_case(&name, expr.span);
        }
        self.table_of_call(&Call { of: None, name: Name::new(name, call.name.span), arguments: Vec::new() })
    }

    fn no_case(&mut self, called: &str, span: Span) -> Relation {
        self.error(
            Diagnostic::error(UNKNOWN_TABLE, span, format!("no pattern says what `{called}` is"))
                .label("no such case")
                .help("a pattern gives a table for the texts that stand in its definition, and for no others"),
        );
        Relation::poisoned()
    }
}

fn literal_text(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Literal(Literal { value, .. }) => value.as_str(),
        _ => None,
    }
}

/// `country("Canada").["Alberta"]`
fn called(name: &str, texts: &[&str], shape: Shape) -> String {
    let quoted = |text: &&str| {
        let mut quoted = String::new();
        write_json(&mut quoted, Value::from(*text).as_ref());
        quoted
    };
    let texts: Vec<String> = texts.iter().map(quoted).collect();
    let (values, path) = texts.split_at(shape.arguments.min(texts.len()));
    let path: Vec<String> = path.iter().map(|path| format!(".[{path}]")).collect();
    format!("{name}({}){}", values.join(", "), path.concat())
}
