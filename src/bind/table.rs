//! Tables: what a name in the place of one stands for.

use super::{Binder, Column, Definition, Depth, Environment, MissingTables, Relation};
use crate::column::Field;
use crate::diag::{Diagnostic, NOT_LOADED, Place, Span, TOO_DEEP, UNEXPECTED, UNKNOWN_TABLE};
use crate::plan::Node;
use crate::source::{self, Want};
use crate::syntax::ast::{self, ExprKind, Name};

/// Most nodes that come into a plan by the names of tables: each doubling of a table by a `union` doubles them.
const NODES: usize = 10_000;

impl Binder<'_> {
    /// A table in the place of one: a name, `arg("").Resources`, a parenthesised pipeline.
    pub(crate) fn tabular(&mut self, expr: &ast::Expr) -> Relation {
        match &expr.kind {
            ExprKind::Tabular(pipeline) => self.pipeline(pipeline, None),
            ExprKind::Name(name) => self.table(&name.text, name.span),
            ExprKind::Member { of, name } if is_resource_graph(of) => self.table(&name.text, name.span),
            ExprKind::Call(call) => self.table_of_call(call),
            _ => {
                self.error(
                    Diagnostic::error(UNEXPECTED, expr.span, "a table is wanted here")
                        .label("a value")
                        .help("begin with the name of a table, `print`, `datatable`, `range` or `union`"),
                );
                Relation::poisoned()
            }
        }
    }

    /// The table, if `expr` can be nothing else: a pipeline, or the name of one.
    pub(crate) fn as_table(&mut self, expr: &ast::Expr) -> Option<Relation> {
        self.is_tabular(expr).then(|| self.tabular(expr))
    }

    /// Whether `expr` can be nothing but a table.
    pub(super) fn is_tabular(&self, expr: &ast::Expr) -> bool {
        match &expr.kind {
            ExprKind::Tabular(_) => true,
            ExprKind::Name(name) => match self.definition(&name.text) {
                Some(definition) => definition.is_table(),
                None => self.known_table(name),
            },
            ExprKind::Member { of, .. } => is_resource_graph(of),
            ExprKind::Call(call) => {
                call.name.text == "materialize"
                    || matches!(self.definition(&call.name.text), Some(Definition::Function { tabular: true, .. }))
            }
            _ => false,
        }
    }

    /// Whether there is a table of this name.
    pub(crate) fn is_table(&self, name: &Name) -> bool {
        match self.definition(&name.text) {
            Some(definition) => definition.is_table(),
            None => self.environment.catalog.table(&name.text).is_some(),
        }
    }

    /// Whether this is the name of a view, which passes for a table of that name.
    pub(crate) fn is_view(&self, name: &str) -> bool {
        matches!(self.definition(name), Some(Definition::Function { function, tabular: true, .. }) if function.view)
    }

    /// The names of the tables that a pattern stands for.
    pub(crate) fn tables_like(&self, pattern: &ast::Pattern) -> Vec<String> {
        let defined = self.definitions.iter().filter(|known| match known {
            Definition::Function { function, tabular, .. } => *tabular && function.view && function.takes_nothing(),
            known => known.is_table(),
        });
        let names = defined.map(|known| known.name().to_owned()).chain(self.environment.catalog.names());
        names.filter(|name| pattern.matches(name)).collect()
    }

    fn known_table(&self, name: &Name) -> bool {
        self.environment.catalog.table(&name.text).is_some() || source::known_table(&name.text)
    }

    /// The table of a name, which stands at `span`.
    pub(crate) fn table(&mut self, name: &str, span: Span) -> Relation {
        match self.definition(name) {
            Some(Definition::Table { relation, .. }) => {
                let relation = relation.clone();
                let before = self.nodes;
                self.nodes += relation.node.parts();
                if self.nodes <= NODES {
                    return relation;
                }
                // Once is enough: every use behind this one is one too many.
                if before <= NODES {
                    self.error(
                        Diagnostic::error(TOO_DEEP, span, format!("with `{name}` the query has grown too large"))
                            .label("put in once more")
                            .help("a table that `let` names is put in wherever the name is used: use it less often"),
                    );
                }
                return Relation::poisoned();
            }
            Some(Definition::Poisoned { .. }) => return Relation::poisoned(),
            Some(Definition::Function { function, tabular: true, .. }) if function.takes_nothing() => {
                let call = ast::Call { of: None, name: Name::new(name, span), arguments: Vec::new() };
                return self.table_of_call(&call);
            }
            Some(Definition::Function { tabular, .. }) => {
                let diagnostic = Diagnostic::error(
                    UNKNOWN_TABLE,
                    span,
                    format!("`{name}` is a function, and a table is wanted here"),
                );
                let diagnostic = diagnostic.label("a function");
                self.error(if *tabular { diagnostic.help(format!("call it: `{name}(…)`")) } else { diagnostic });
                return Relation::poisoned();
            }
            Some(Definition::Scalar { .. }) => {
                self.error(
                    Diagnostic::error(UNKNOWN_TABLE, span, format!("`{name}` is a value, and a table is wanted here"))
                        .label("a value"),
                );
                return Relation::poisoned();
            }
            None => {}
        }
        if let Some(table) = self.environment.catalog.table(name)
            && self.environment.data
        {
            let guard = self.environment.guard;
            let whole = self.depth == Depth::Whole || !source::known_table(name);
            self.sampled |= !whole;
            return match if whole { table.full_schema(guard) } else { table.schema(guard) } {
                Ok(fields) => {
                    let wants = fields.iter().map(|field| Want { path: vec![field.name.clone()], ty: field.ty });
                    let node = Node::Scan { wants: wants.collect(), table };
                    Relation::new(node, columns(fields)).widened(!whole).of_whole_table(source::known_table(name))
                }
                Err(diagnostic) => {
                    self.error(*diagnostic);
                    Relation::poisoned()
                }
            };
        }
        let lenient = !self.environment.data || self.environment.missing == MissingTables::Empty;
        let known = source::known_table(name) || (lenient && !source::known_columns(name).is_empty());
        if known && lenient {
            return Relation::empty(columns(source::known_columns(name))).of_whole_table(true);
        }
        let diagnostic = if known {
            let lower = name.to_lowercase();
            Diagnostic::error(NOT_LOADED, span, format!("the table `{name}` is not loaded")).label("no file holds it").help(
                match self.environment.catalog.hint(&lower) {
                    Some(hint) => hint,
                    None => format!(
                        "`argql export --script bash {lower}` prints what exports it; load the folder with `--data`, or \
                         take it as empty with `--missing-tables empty`"
                    ),
                },
            )
        } else {
            let mut known: Vec<String> = self.environment.catalog.names();
            known.extend(self.definition_names().map(str::to_owned));
            known.extend(source::known_tables().map(str::to_owned));
            Diagnostic::error(UNKNOWN_TABLE, span, format!("there is no table `{name}`"))
                .label("unknown table")
                .suggest(name, known.iter().map(String::as_str))
        };
        self.error(diagnostic);
        Relation::poisoned()
    }
}

/// `arg("")`, which other services name Resource Graph by.
fn is_resource_graph(expr: &ast::Expr) -> bool {
    matches!(&expr.kind, ExprKind::Call(call) if call.of.is_none() && call.name.text == "arg")
}

fn columns(fields: Vec<Field>) -> Vec<Column> {
    fields.into_iter().map(|field| Column::new(field.name, field.ty)).collect()
}

/// The columns of a table that is loaded, those of all of its rows.
pub(crate) fn table_schema(environment: &Environment<'_>, name: &str) -> Result<Vec<Field>, Box<Diagnostic>> {
    environment.catalog.table(name).map_or_else(
        || {
            let names = environment.catalog.names();
            let diagnostic = Diagnostic::at(NOT_LOADED, Place::Nowhere, format!("the table `{name}` is not loaded"));
            Err(Box::new(diagnostic.suggest(name, names.iter().map(String::as_str))))
        },
        |table| table.full_schema(environment.guard),
    )
}
