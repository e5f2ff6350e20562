//! Tables: what a name in the place of one stands for.

use super::{Binder, BoundColumn, BoundColumns, Definition, Depth, Environment, Exprs, MissingTables, Relation};
use crate::column::Field;
use crate::diag::{
    BAD_ARGUMENT, Diagnostic, NOT_CONSTANT, NOT_LOADED, Place, Span, TOO_DEEP, UNEXPECTED, UNKNOWN_DATABASE,
    UNKNOWN_TABLE, UNSUPPORTED, WRONG_COUNT, WRONG_TYPE, nearest,
};
use crate::plan::Node;
use crate::registry::{FormMeaning, KEPT};
use crate::source::{self, Catalog, Want};
use crate::syntax;
use crate::syntax::ast::{self, ExprKind, Name, Pipeline, PipelineSource, Script, Statement};
use crate::value::{Type, Value};

/// Most nodes that come into a plan by the names of tables: each doubling of a table by a `union` doubles them.
const NODES: usize = 10_000;

impl Binder<'_> {
    /// A table in the place of one: a name, `arg("").Resources`, `database("old").Resources`, a parenthesised pipeline.
    pub(crate) fn tabular(&mut self, expr: &ast::Expr) -> Relation {
        let table = self.table_or_graph(expr);
        self.table_of(table, expr.span)
    }

    /// The same where a graph may stand as well.
    pub(super) fn table_or_graph(&mut self, expr: &ast::Expr) -> Relation {
        let table = self.any_tables(expr);
        self.one_table(table, expr.span, "one table is wanted here")
    }

    fn any_tables(&mut self, expr: &ast::Expr) -> Relation {
        if let ExprKind::Member { of, name } = &expr.kind
            && let Some(database) = self.entity(of)
        {
            return self.table_of_database(&database, name);
        }
        match &expr.kind {
            _ if self.is_pattern(expr) => self.table_of_pattern(expr),
            ExprKind::Tabular(pipeline) => self.pipeline(pipeline, None),
            ExprKind::Name(name) => self.table(&name.text, name.span),
            ExprKind::Member { of, name } if is_resource_graph(of) => self.table(&name.text, name.span),
            ExprKind::Member { of, name } if is_database(of) => self.table_of_database(of, name),
            ExprKind::Call(call) if is_database(expr) || is_resource_graph(expr) => {
                let name = if is_database(expr) { "NAME" } else { "" };
                self.error(
                    Diagnostic::error(UNEXPECTED, expr.span, "a table is wanted here")
                        .label("a database")
                        .help(format!("name one of its tables: `{}(\"{name}\").TABLE`", call.name.text)),
                );
                Relation::poisoned()
            }
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
        self.is_tabular(expr).then(|| self.table_or_graph(expr))
    }

    /// Whether `expr` can be nothing but a table.
    pub(super) fn is_tabular(&self, expr: &ast::Expr) -> bool {
        match &expr.kind {
            _ if self.is_pattern(expr) => true,
            ExprKind::Tabular(_) => true,
            ExprKind::Name(name) => match self.definition(&name.text) {
                Some(definition) => definition.is_table(),
                None => self.known_table(name),
            },
            ExprKind::Member { of, .. } => is_resource_graph(of) || is_database(of) || self.entity(of).is_some(),
            ExprKind::Call(call) => {
                matches!(call.form(), Some(FormMeaning::Materialized | FormMeaning::History))
                    || self.names_table(call)
                    || matches!(self.definition(&call.name.text), Some(Definition::Function { tabular: true, .. }))
            }
            _ => false,
        }
    }

    /// Whether a table stands here that there is, or begins the pipeline here: what is no name stands for itself.
    pub(crate) fn table_exists(&self, expr: &ast::Expr) -> bool {
        let catalog = self.environment.catalog;
        match &expr.kind {
            ExprKind::Tabular(pipeline) => match &pipeline.source {
                ast::PipelineSource::Table(table) => self.table_exists(table),
                ast::PipelineSource::Implicit | ast::PipelineSource::Operator(_) => true,
            },
            ExprKind::Name(name) => match self.definition(&name.text) {
                Some(definition) => definition.is_table() || self.is_view(&name.text),
                None => catalog.table(&name.text).is_some(),
            },
            ExprKind::Member { of, name } => match literal_database(of) {
                None if is_own_database(of) => catalog.table(&name.text).is_some(),
                Some(database) => catalog.database(database).is_some_and(|tables| tables.table(&name.text).is_some()),
                None => true,
            },
            _ => true,
        }
    }

    /// Whether it is an error if a table is not there.
    pub(crate) fn misses_tables(&self) -> bool {
        self.environment.data && self.environment.missing == MissingTables::Error
    }

    /// Whether this is a database that was loaded; what is no literal is taken for one.
    pub(crate) fn database_exists(&self, expr: &ast::Expr) -> bool {
        literal_database(expr).is_none_or(|name| self.environment.catalog.database(name).is_some())
    }

    /// Whether this is the name of a view.
    pub(crate) fn is_view(&self, name: &str) -> bool {
        self.definition(name).is_some_and(Definition::is_view)
    }

    /// The names of the tables that a pattern stands for: of what the query defines, views alone pass for tables.
    pub(crate) fn tables_like(&self, pattern: &ast::Pattern) -> Vec<String> {
        let defined = self.scope.iter().filter(|known| known.is_view() && known.is_table());
        let defined = defined.map(Definition::name).filter(|name| pattern.matches(name)).map(str::to_owned);
        let loaded = self.environment.catalog.names().into_iter().filter(|name| pattern.matches_in_any_case(name));
        defined.chain(loaded).collect()
    }

    /// Whether this is `table("resources")`, and nothing that the query calls so.
    pub(super) fn names_table(&self, call: &ast::Call) -> bool {
        call.form() == Some(FormMeaning::Named) && self.definition(&call.name.text).is_none()
    }

    fn known_table(&self, name: &Name) -> bool {
        self.environment.catalog.table(&name.text).is_some() || source::known_table(&name.text)
    }

    /// The table of a name, which stands at `span`.
    pub(crate) fn table(&mut self, name: &str, span: Span) -> Relation {
        match self.definition(name) {
            Some(Definition::Table { relation, .. }) => {
                let relation = relation.clone();
                let before = self.growth.nodes;
                self.growth.nodes += relation.node.parts();
                if self.growth.nodes <= NODES {
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
                Relation::poisoned()
            }
            Some(Definition::Poisoned { .. }) => Relation::poisoned(),
            Some(Definition::Function { function, tabular: true, .. }) if function.takes_nothing() => {
                let call = ast::Call { of: None, name: Name::new(name, span), arguments: Vec::new() };
                self.table_of_call(&call)
            }
            Some(Definition::Function { tabular, .. }) => {
                let diagnostic = Diagnostic::error(
                    UNKNOWN_TABLE,
                    span,
                    format!("`{name}` is a function, and a table is wanted here"),
                );
                let diagnostic = diagnostic.label("a function");
                self.error(if *tabular { diagnostic.help(format!("call it: `{name}(…)`")) } else { diagnostic });
                Relation::poisoned()
            }
            Some(Definition::Scalar { .. }) => {
                self.error(
                    Diagnostic::error(UNKNOWN_TABLE, span, format!("`{name}` is a value, and a table is wanted here"))
                        .label("a value"),
                );
                Relation::poisoned()
            }
            None => self.own_table(name, span),
        }
    }

    /// The table of a name among those that were loaded, whatever the query calls so.
    fn own_table(&mut self, name: &str, span: Span) -> Relation {
        match self.environment.period {
            Some(period) => self.history_of(name, span, period),
            None => self.stored(self.environment.catalog, name, span),
        }
    }

    /// `table("resources")`
    pub(super) fn table_by_name(&mut self, call: &ast::Call) -> Relation {
        let of = call.name.text.as_str();
        let (name, kept) = match call.arguments.as_slice() {
            [name] => (name, None),
            [name, kept] => (name, Some(kept)),
            other => {
                let message = format!("`{of}` takes one or two arguments, and {} are given", other.len());
                self.error(Diagnostic::error(WRONG_COUNT, call.name.span, message).help("`table(\"resources\")`"));
                return Relation::poisoned();
            }
        };
        let named = self.known_argument(of, &name.value, Type::String);
        if let Some(kept) = kept {
            match self.known_argument(of, &kept.value, Type::String) {
                Some(Value::String(kept)) if KEPT.contains(&&*kept) => {}
                Some(_) => {
                    let diagnostic = Diagnostic::error(BAD_ARGUMENT, kept.value.span, "there are no such rows");
                    self.error(diagnostic.help("say \"all\", \"hotcache\" or \"default\", which are all rows here"));
                    return Relation::poisoned();
                }
                None => return Relation::poisoned(),
            }
        }
        match named {
            Some(Value::String(text)) => self.table(&text, name.value.span),
            _ => Relation::poisoned(),
        }
    }

    /// `database("old").policyresources`: the table that a snapshot has by this name.
    fn table_of_database(&mut self, of: &ast::Expr, table: &Name) -> Relation {
        if is_own_database(of) {
            return self.own_table(&table.text, table.span);
        }
        let catalog = self.environment.catalog;
        let Some(database) = self.database_name(of) else { return Relation::poisoned() };
        if !self.environment.data {
            return self.stored(catalog, &table.text, table.span);
        }
        if let Some(tables) = catalog.database(&database) {
            return self.stored(tables, &table.text, table.span);
        }
        let given: Vec<&str> = catalog.databases().map(|(name, _)| name).collect();
        let listed: Vec<String> = given.iter().map(|name| format!("`{name}`")).collect();
        let cure = match (nearest(&database, given.iter().copied()), listed.as_slice()) {
            (_, []) => "no snapshot was given: load one with `--snapshot NAME=PATH`".to_owned(),
            (Some(near), [_]) => format!("did you mean `{near}`?"),
            (Some(near), _) => format!("did you mean `{near}`? The snapshots are {}", listed.join(", ")),
            (None, [only]) => format!("the only snapshot is {only}"),
            (None, _) => format!("the snapshots are {}", listed.join(", ")),
        };
        self.error(
            Diagnostic::error(UNKNOWN_DATABASE, of.span, format!("there is no database `{database}`"))
                .label("unknown database")
                .help(cure),
        );
        Relation::poisoned()
    }

    /// What `database(…)` is given, which must be known before any row is read; for values that are not known yet, where
    /// nothing is run, no name.
    fn database_name(&mut self, of: &ast::Expr) -> Option<String> {
        let ExprKind::Call(call) = &of.kind else { return None };
        if let Some(cluster) = &call.of {
            self.error(
                Diagnostic::error(UNSUPPORTED, cluster.span, "another cluster cannot be asked")
                    .label("not implemented")
                    .help("load its export with `--snapshot NAME=PATH` and write `database(\"NAME\")`"),
            );
            return None;
        }
        let [argument] = call.arguments.as_slice() else {
            let message = format!("`{}` takes one name, and {} are given", call.name.text, call.arguments.len());
            self.error(Diagnostic::error(WRONG_COUNT, of.span, message).help("`database(\"NAME\")`"));
            return None;
        };
        let name = Exprs::new(self, &BoundColumns::none()).expr(&argument.value).ok()?;
        if name.ty != Type::String {
            let message = format!("a database has a string for a name, and this is {}", name.ty);
            self.error(Diagnostic::error(WRONG_TYPE, argument.value.span, message).label(name.ty.name()));
            return None;
        }
        match name.constant() {
            Some(Value::String(name)) => Some(name.to_string()),
            _ if name.is_open() && !self.environment.data => Some(String::new()),
            _ => {
                self.error(
                    Diagnostic::error(NOT_CONSTANT, argument.value.span, "the name of a database must be a constant")
                        .label("known too late")
                        .help("write it as a string, or as a parameter of the query"),
                );
                None
            }
        }
    }

    /// A table of `catalog`, whose name stands at `span`.
    pub(super) fn stored(&mut self, catalog: &Catalog, name: &str, span: Span) -> Relation {
        // Of a table of one's own nothing is known but what its rows have.
        let own = source::known_columns(name).is_empty();
        if let Some(table) = catalog.table(name)
            && (self.environment.data || own)
        {
            let guard = self.environment.guard;
            let whole = self.attempt.depth == Depth::Whole || !source::known_table(name);
            self.open_questions.sampled |= !whole;
            return match if whole { table.full_schema(guard) } else { table.schema(guard) } {
                Ok(fields) => {
                    let wants = fields.iter().map(|field| Want { path: vec![field.name.clone()], ty: field.ty });
                    let node = Node::Scan { wants: wants.collect(), table };
                    let rows = Relation::new(node, columns(fields))
                        .with_unseen_columns(!whole)
                        .of_whole_table(source::known_table(name));
                    self.visible(rows, name, span)
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
            let fields = if self.environment.data {
                source::shown_columns(name, |_| false)
            } else {
                source::known_columns(name)
            };
            return Relation::empty(columns(fields)).of_whole_table(true);
        }
        let diagnostic = if known {
            not_loaded(catalog, name, span)
        } else {
            let mut known: Vec<String> = catalog.names();
            if catalog.name().is_none() {
                known.extend(self.definition_names().map(str::to_owned));
            }
            known.extend(source::known_tables().map(str::to_owned));
            let of = catalog.name().map_or(String::new(), |database| format!(" in the snapshot `{database}`"));
            Diagnostic::error(UNKNOWN_TABLE, span, format!("there is no table `{name}`{of}"))
                .label("unknown table")
                .suggest(name, known.iter().map(String::as_str))
        };
        self.error(diagnostic);
        Relation::poisoned()
    }
}

/// That nothing was loaded for a table of Resource Graph, and how to do so.
fn not_loaded(catalog: &Catalog, name: &str, span: Span) -> Diagnostic {
    let lower = name.to_lowercase();
    let (of, option, file) = match catalog.name() {
        None => (String::new(), "`--data`".to_owned(), String::new()),
        Some(database) => (
            format!(" in the snapshot `{database}`"),
            format!("`--snapshot {database}=FOLDER`"),
            format!("--snapshot {database}="),
        ),
    };
    Diagnostic::error(NOT_LOADED, span, format!("the table `{name}` is not loaded{of}")).label("no file holds it").help(
        match catalog.hint(&lower) {
            Some(hint) => format!("{file}{hint}"),
            None => format!(
                "`argql export --script bash {lower}` prints what exports it; load the folder with {option}, or \
                 take it as empty with `--missing-tables empty`"
            ),
        },
    )
}

/// `database("old")`, also of a cluster.
pub(super) fn is_database(expr: &ast::Expr) -> bool {
    matches!(&expr.kind, ExprKind::Call(call) if call.form() == Some(FormMeaning::Database))
}

/// The name in `database("old")`, where it is written out.
fn literal_database(expr: &ast::Expr) -> Option<&str> {
    let ExprKind::Call(call) = &expr.kind else { return None };
    let [argument] = call.arguments.as_slice() else { return None };
    match &argument.value.kind {
        ExprKind::Literal(literal) if call.of.is_none() && is_database(expr) => literal.value.as_str(),
        _ => None,
    }
}

/// `database()`, that of the tables that have no other.
fn is_own_database(expr: &ast::Expr) -> bool {
    matches!(&expr.kind, ExprKind::Call(call) if is_database(expr) && call.of.is_none() && call.arguments.is_empty())
}

/// `arg("")`, which other services name Resource Graph by.
fn is_resource_graph(expr: &ast::Expr) -> bool {
    matches!(&expr.kind, ExprKind::Call(call) if call.of.is_none() && call.form() == Some(FormMeaning::ResourceGraph))
}

pub(super) fn columns(fields: Vec<Field>) -> Vec<BoundColumn> {
    fields.into_iter().map(|field| BoundColumn::new(field.name, field.ty)).collect()
}

/// The columns of a table that is loaded, those of all of its rows; that of a snapshot is named as queries do.
pub(crate) fn table_schema(environment: &Environment<'_>, name: &str) -> Result<Vec<Field>, Box<Diagnostic>> {
    let qualified = syntax::parse(name).ok().and_then(|script| in_database(&script));
    let (catalog, of, name) = match &qualified {
        None => (Some(environment.catalog), String::new(), name),
        Some((database, table)) => {
            (environment.catalog.database(database), format!(" in the snapshot `{database}`"), table.as_str())
        }
    };
    let Some(catalog) = catalog else {
        let names = environment.catalog.databases().map(|(name, _)| name);
        let database = qualified.as_ref().map_or("", |(database, _)| database);
        let unknown = Diagnostic::at(NOT_LOADED, Place::Nowhere, format!("the snapshot `{database}` is not loaded"));
        return Err(Box::new(unknown.suggest(database, names)));
    };
    catalog.table(name).map_or_else(
        || {
            let names = catalog.names();
            let message = format!("the table `{name}` is not loaded{of}");
            let help = match names.is_empty() {
                true => "no data are loaded: name some with `--data`".to_owned(),
                false => format!("there are: {}", names.join(", ")),
            };
            let diagnostic = Diagnostic::at(NOT_LOADED, Place::Nowhere, message).help(help);
            Err(Box::new(diagnostic.suggest(name, names.iter().map(String::as_str))))
        },
        |table| table.full_schema(environment.guard),
    )
}

/// Database and table, if the query is `database("old").policyresources` and no more.
fn in_database(script: &Script) -> Option<(String, String)> {
    let [Statement::Query(Pipeline { source: PipelineSource::Table(table), steps, .. })] = script.statements.as_slice()
    else {
        return None;
    };
    match &table.kind {
        ExprKind::Member { of, name } if steps.is_empty() => {
            Some((literal_database(of)?.to_owned(), name.text.clone()))
        }
        _ => None,
    }
}
