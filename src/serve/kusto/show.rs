//! `.show …`: what clients ask before their user types anything. The columns are those that Kusto declares, with the
//! names of types that it has for them, which are not the same everywhere; what only a cluster has is null.

use std::num::NonZero;
use std::thread::available_parallelism;

use super::command::{Command, Token};
use super::failure::Failure;
use super::reply::{Answer, Declared};
use super::schema::{self, Database, as_csl, as_json};
use super::types::{data_type, full_type};
use crate::{Engine, Error, Table, Type, Value, nearest, read_literal};

/// What is shown.
pub(super) struct Cluster<'a> {
    pub(super) engine: &'a Engine,
    /// The database that was chosen.
    pub(super) database: &'a str,
    /// Counts the exports that were loaded.
    pub(super) number: u64,
}

/// One command: how it is written, its columns, and its rows.
struct Shown {
    /// `{table}` is a name, `{tables}` several in brackets.
    patterns: &'static [&'static str],
    /// Names and types; `Type/type` where Kusto's own names of the type are others.
    columns: &'static str,
    rows: fn(&Cluster<'_>, &Arguments) -> Result<Vec<Row>, Stop>,
}

type Row = Vec<Value>;

/// What a command names.
#[derive(Debug, Default)]
struct Arguments {
    names: Vec<String>,
    /// Only what is later than this version.
    later: Option<(u64, u64)>,
}

/// Why a command has no rows.
enum Stop {
    Error(Error),
    Failure(Failure),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Error(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failure(failure)
    }
}

const DATABASES: &str = "DatabaseName: string, PersistentStorage: string, Version: string, IsCurrent: bool, \
    DatabaseAccessMode: string, PrettyName: string, ReservedSlot1: bool, DatabaseId: guid, InTransitionTo: string, \
    SuspensionState: string";
const DATABASES_DETAILS: &str = "DatabaseName: string, PersistentStorage: string, Version: string, IsCurrent: bool, \
    DatabaseAccessMode: string, PrettyName: string, AuthorizedPrincipals: string, RetentionPolicy: string, \
    MergePolicy: string, ReservedSlot1: string, CachingPolicy: string, ShardingPolicy: string, \
    StreamingIngestionPolicy: string, IngestionBatchingPolicy: string, TotalSize: real, DatabaseId: guid, \
    InTransitionTo: string";
const DATABASES_IDENTITY: &str = "DatabaseName: string, PersistentStorage: string, Version: string, IsCurrent: bool, \
    DatabaseAccessMode: string, PrettyName: string, CurrentUserIsUnrestrictedViewer: bool, DatabaseId: guid, \
    InTransitionTo: string";
const SCHEMA: &str = "DatabaseName: string, TableName: string, ColumnName: string, ColumnType: string, \
    IsDefaultTable: bool, IsDefaultColumn: bool, PrettyName: string, Version: string, Folder: string, DocString: string";
const TABLES: &str = "TableName: string, DatabaseName: string, Folder: string, DocString: string";
const TABLES_DETAILS: &str = "TableName: string, DatabaseName: string, Folder: string, DocString: string, \
    TotalExtents: long, TotalExtentSize: real, TotalOriginalSize: real, TotalRowCount: long, HotExtents: long, \
    HotExtentSize: real, HotOriginalSize: real, HotRowCount: long, AuthorizedPrincipals: string, \
    RetentionPolicy: string, CachingPolicy: string, ShardingPolicy: string, MergePolicy: string, \
    StreamingIngestionPolicy: string, IngestionBatchingPolicy: string, MinExtentsCreationTime: datetime, \
    MaxExtentsCreationTime: datetime, RowOrderPolicy: string, TableId: guid";
const TABLE_SCHEMA: &str = "TableName: string, Schema: string, DatabaseName: string, Folder: string, DocString: string";
const ROLES: &str = "Scope: string, DisplayName: string, AADObjectID: string, Role: string";
const PRINCIPALS: &str = "Role: string, PrincipalType: string, PrincipalDisplayName: string, PrincipalObjectId: string, \
    PrincipalFQN: string, Notes: string, RoleAssignmentIdentifier: string";

const COMMANDS: &[Shown] = &[
    Shown {
        patterns: &["version"],
        columns: "BuildVersion: String/, BuildTime: DateTime/, ServiceType: String/, ProductVersion: String/, \
                  ServiceOffering: String/",
        rows: version,
    },
    Shown {
        patterns: &["databases", "cluster databases", "databases {databases}"],
        columns: DATABASES,
        rows: databases,
    },
    Shown { patterns: &["database"], columns: DATABASES, rows: current_database },
    Shown {
        patterns: &["databases details", "cluster databases details"],
        columns: DATABASES_DETAILS,
        rows: databases_details,
    },
    Shown { patterns: &["database details"], columns: DATABASES_DETAILS, rows: database_details },
    Shown {
        patterns: &["databases identity", "cluster databases identity"],
        columns: DATABASES_IDENTITY,
        rows: databases_identity,
    },
    Shown { patterns: &["database identity"], columns: DATABASES_IDENTITY, rows: database_identity },
    Shown {
        patterns: &["databases entities"],
        columns: "DatabaseName: string, EntityType: string, EntityName: string, DocString: string, Folder: string, \
                  CslInputSchema: string, Content: string, CslOutputSchema: string, Properties: dynamic",
        rows: entities,
    },
    Shown {
        patterns: &[
            "schema",
            "cluster schema",
            "databases schema",
            "databases schema details",
            "databases {databases} schema",
            "databases {databases} schema details",
        ],
        columns: SCHEMA,
        rows: databases_schema,
    },
    Shown {
        patterns: &[
            "database schema",
            "database schema details",
            "database {database} schema",
            "database {database} schema details",
        ],
        columns: SCHEMA,
        rows: database_schema,
    },
    Shown {
        patterns: &["schema as json", "cluster schema as json"],
        columns: "ClusterSchema: string",
        rows: databases_as_json,
    },
    Shown {
        patterns: &["databases schema as json", "databases {databases} schema as json"],
        columns: "DatabaseSchema: string",
        rows: databases_as_json,
    },
    Shown {
        patterns: &["database schema as json", "database {database} schema as json"],
        columns: "DatabaseSchema: string",
        rows: database_as_json,
    },
    Shown {
        patterns: &[
            "database schema as csl script",
            "database schema as kql script",
            "database {database} schema as csl script",
            "database {database} schema as kql script",
        ],
        columns: "DatabaseSchemaScript: string",
        rows: script,
    },
    Shown {
        patterns: &["database cslschema", "database {database} cslschema"],
        columns: TABLE_SCHEMA,
        rows: database_cslschema,
    },
    Shown { patterns: &["tables", "tables {tables}"], columns: TABLES, rows: tables },
    Shown {
        patterns: &["tables details", "tables {tables} details", "table {table} details"],
        columns: TABLES_DETAILS,
        rows: tables_details,
    },
    Shown {
        patterns: &["table {table}"],
        columns: "AttributeName: string, AttributeType: string, ExtentSize: long, CompressionRatio: real, \
                  IndexSize: long, IndexSizePercent: real, OriginalSize: long, AttributeId: guid, \
                  SharedIndexSize: long, StorageEngineVersion: string",
        rows: attributes,
    },
    Shown { patterns: &["table {table} schema as json"], columns: TABLE_SCHEMA, rows: table_as_json },
    Shown {
        patterns: &["table {table} cslschema", "table {table} schema"],
        columns: TABLE_SCHEMA,
        rows: table_cslschema,
    },
    Shown {
        patterns: &["functions"],
        columns: "Name: string, Parameters: string, Body: string, Folder: string, DocString: string",
        rows: none,
    },
    Shown {
        patterns: &["materialized-views"],
        columns: "Name: string, SourceTable: string, Query: string, MaterializedTo: datetime, LastRun: datetime, \
                  LastRunResult: string, IsHealthy: bool, IsEnabled: bool, Status: string, Folder: string, \
                  DocString: string, AutoUpdateSchema: bool, EffectiveDateTime: datetime, \
                  LastDefinitionUpdate: datetime, Lookback: TimeSpan/time, LookbackColumn: string",
        rows: none,
    },
    Shown {
        patterns: &["external tables"],
        columns: "TableName: string, TableType: string, Folder: string, DocString: string, Properties: string, \
                  ConnectionStrings: dynamic, Partitions: dynamic, PathFormat: string",
        rows: none,
    },
    Shown {
        patterns: &["graph_models", "graph_models details"],
        columns: "Name: string, CreationTime: datetime, Id: guid, SnapshotsCount: long, Model: string",
        rows: none,
    },
    Shown {
        patterns: &["graph_snapshots *"],
        columns: "Name: string, SnapshotTime: datetime, ModelName: string, ModelId: guid, ModelCreationTime: datetime",
        rows: none,
    },
    Shown { patterns: &["entity_groups"], columns: "Name: string, Entities: string", rows: none },
    Shown {
        patterns: &["stored_query_results"],
        columns: "StoredQueryResultId: guid, Name: string, DatabaseName: string, PrincipalIdentity: string, \
                  SizeInBytes: long, RowCount: long, CreatedOn: datetime, ExpiresOn: datetime",
        rows: none,
    },
    Shown {
        patterns: &["cluster"],
        columns: "NodeId: string, Address: string, Name: string, StartTime: datetime, IsAdmin: bool, \
                  MachineTotalMemory: long, MachineAvailableMemory: long, ProcessorCount: int, \
                  EnvironmentDescription: string",
        rows: cluster,
    },
    Shown {
        patterns: &[
            "principal roles",
            "cluster principal roles",
            "database principal roles",
            "database {database} principal roles",
        ],
        columns: ROLES,
        rows: none,
    },
    Shown {
        patterns: &["cluster principals", "database principals", "database {database} principals"],
        columns: PRINCIPALS,
        rows: none,
    },
];

/// What may stand in `with (…)` and makes no difference where there are no functions and no secrets.
const WITHOUT_EFFECT: &[&str] =
    &["showobfuscatedstrings", "resolvefunctionsschema", "resolvedependencies", "includehiddenfunctions"];

/// The rows of a command.
pub(super) fn answer(command: &Command, cluster: &Cluster<'_>) -> Result<Result<Answer, Failure>, Error> {
    match find(command, cluster) {
        Ok(answer) => Ok(Ok(answer)),
        Err(Stop::Failure(failure)) => Ok(Err(failure)),
        Err(Stop::Error(error)) => Err(error),
    }
}

/// Whether a query was stopped.
pub(super) fn cancellation(cancelled: bool, name: &str) -> Answer {
    table("RunningQueryCanceled: bool, ClientRequestId: string", vec![vec![cancelled.into(), text(name)]])
}

/// Rows with the columns that a text describes.
fn table(described: &'static str, rows: Vec<Row>) -> Answer {
    let declared = columns(described);
    let table = Table::from_rows(declared.iter().map(|column| (column.name, column.ty)), rows);
    Answer { tables: vec![table], warnings: Vec::new(), declared: Some(declared) }
}

fn find(command: &Command, cluster: &Cluster<'_>) -> Result<Answer, Stop> {
    let mut tokens = command.tokens.clone();
    take_with(&mut tokens)?;
    let later = take_later(&mut tokens)?;
    let found = COMMANDS.iter().find_map(|shown| {
        let names = shown.patterns.iter().find_map(|pattern| names(pattern, &tokens))?;
        Some((shown, Arguments { names, later }))
    });
    let Some((shown, arguments)) = found else { return Err(unknown(&tokens).into()) };
    if later.is_some() && !shown.patterns.iter().all(|pattern| is_schema(pattern)) {
        return Err(Failure::bad_request("`if_later_than` belongs to the schema of a database").into());
    }
    let rows = (shown.rows)(cluster, &arguments)?;
    Ok(table(shown.columns, rows))
}

/// Whether a command shows the schema of databases, which has a version.
fn is_schema(pattern: &str) -> bool {
    let schema = pattern.trim_end_matches(" details").trim_end_matches(" as json");
    schema.ends_with("schema") && !schema.ends_with("cslschema") && !pattern.starts_with("table")
}

fn unknown(tokens: &[Token]) -> Failure {
    let words: Vec<&str> = tokens.iter().filter_map(Token::name).collect();
    let text = words.join(" ").to_lowercase();
    let patterns = || COMMANDS.iter().flat_map(|shown| shown.patterns).copied();
    let known = || patterns().filter(|pattern| !pattern.contains('{'));
    let asked = text.strip_prefix("show ").unwrap_or(&text);
    let help = match nearest(asked, patterns()) {
        Some(near) => format!("did you mean `.show {near}`?"),
        None => format!("there are {}", known().map(|known| format!("`.show {known}`")).collect::<Vec<_>>().join(", ")),
    };
    Failure::bad_request(format!("the command `.{text}` is not answered here; {help}"))
}

/// Takes `with (…)` away from the end.
fn take_with(tokens: &mut Vec<Token>) -> Result<(), Failure> {
    let Some(at) = tokens.iter().position(|token| token.is("with")) else { return Ok(()) };
    let given = tokens.split_off(at);
    let inside = match given.as_slice() {
        [_, Token::Symbol('('), inside @ .., Token::Symbol(')')] => inside,
        _ => return Err(Failure::bad_request("behind `with` stand properties in brackets")),
    };
    for property in inside.split(|token| *token == Token::Symbol(',')) {
        let name = property.first().and_then(Token::name).unwrap_or_default();
        if !WITHOUT_EFFECT.contains(&name.to_lowercase().as_str()) {
            return Err(Failure::bad_request(format!("the property `{name}` in `with (…)` is refused")));
        }
    }
    Ok(())
}

/// Takes `if_later_than "v1.2"` away.
fn take_later(tokens: &mut Vec<Token>) -> Result<Option<(u64, u64)>, Failure> {
    let Some(at) = tokens.iter().position(|token| token.is("if_later_than")) else { return Ok(None) };
    let text = tokens.get(at + 1).and_then(Token::name).unwrap_or_default().to_owned();
    let numbers = text.strip_prefix('v').and_then(|text| text.trim_start_matches('.').split_once('.'));
    let version = numbers.and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    let version =
        version.ok_or_else(|| Failure::bad_request(format!("`{text}` is no version of a schema, as `v1.2` is one")))?;
    tokens.drain(at..(at + 2).min(tokens.len()));
    Ok(Some(version))
}

/// The names that tokens have in the places of a pattern, if they are written so.
fn names(pattern: &str, tokens: &[Token]) -> Option<Vec<String>> {
    let mut tokens = tokens.iter();
    let mut names = Vec::new();
    tokens.next().filter(|token| token.is("show"))?;
    for part in pattern.split(' ') {
        let token = tokens.next()?;
        match part {
            "{table}" | "{database}" => names.push(token.name()?.to_owned()),
            "{tables}" | "{databases}" => {
                (*token == Token::Symbol('(')).then_some(())?;
                loop {
                    names.push(tokens.next()?.name()?.to_owned());
                    match tokens.next()? {
                        Token::Symbol(',') => {}
                        Token::Symbol(')') => break,
                        _ => return None,
                    }
                }
            }
            "*" => (*token == Token::Symbol('*')).then_some(())?,
            word => token.is(word).then_some(())?,
        }
    }
    tokens.next().is_none().then_some(names)
}

/// The columns that a text describes.
fn columns(text: &'static str) -> Vec<Declared> {
    let column = |text: &'static str| {
        let (name, ty) = text.trim().split_once(": ")?;
        Some(match ty.split_once('/') {
            None => {
                let ty_named = Type::named(ty)?;
                // Commands have another name for it than queries.
                let data_type = if ty_named == Type::Bool { "Boolean" } else { data_type(ty_named) };
                Declared { name, ty: ty_named, data_type, column_type: Some(ty) }
            }
            Some((data_type, column_type)) => {
                let ty = Type::ALL.into_iter().find(|ty| super::types::data_type(*ty) == data_type)?;
                let column_type = Some(column_type).filter(|name| !name.is_empty());
                Declared { name, ty, data_type, column_type }
            }
        })
    };
    text.split(',').filter_map(column).collect()
}

fn text(text: &str) -> Value {
    text.into()
}

impl Cluster<'_> {
    /// The names of the databases, the export first.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.engine.databases().map(str::to_owned).collect();
        names.sort_by_key(|name| name != super::super::DATABASE);
        names
    }

    /// As it is called, in any letter case.
    fn known(&self, name: &str) -> Result<String, Failure> {
        let names = self.names();
        let found = names.iter().find(|known| known.eq_ignore_ascii_case(name)).cloned();
        found.ok_or_else(|| Failure::not_found("Database", name, &names))
    }

    fn version(&self) -> String {
        format!("v1.{}", self.number)
    }

    fn is_later(&self, than: Option<(u64, u64)>) -> bool {
        than.is_none_or(|than| (1, self.number) > than)
    }

    /// Databases with the columns of their tables; all, or those named.
    fn databases(&self, names: &[String]) -> Result<Vec<Database>, Stop> {
        let names = match names {
            [] => self.names(),
            names => names.iter().map(|name| self.known(name)).collect::<Result<_, _>>()?,
        };
        names.into_iter().map(|name| self.with_tables(name)).collect()
    }

    /// The one that is named, or else the one that was chosen.
    fn one(&self, arguments: &Arguments) -> Result<Database, Stop> {
        let name = self.known(arguments.names.first().map_or(self.database, String::as_str))?;
        self.with_tables(name)
    }

    fn with_tables(&self, name: String) -> Result<Database, Stop> {
        let engine = self.engine.database(&name).unwrap_or_else(|| self.engine.clone());
        let tables = engine.tables().into_iter().map(|table| {
            let fields = engine.schema(&table)?;
            Ok::<_, Error>((table, fields))
        });
        Ok(Database { tables: tables.collect::<Result<_, _>>()?, name, number: self.number })
    }

    /// The tables of the chosen database; all, or those named.
    fn tables(&self, names: &[String]) -> Result<Vec<String>, Failure> {
        let tables = self.engine.tables();
        let known = |name: &String| match tables.iter().find(|table| table.eq_ignore_ascii_case(name)) {
            Some(table) => Ok(table.clone()),
            None => Err(Failure::not_found("Table", name, &tables)),
        };
        if names.is_empty() { Ok(tables.clone()) } else { names.iter().map(known).collect() }
    }

    /// What all lists of databases begin with.
    fn identity(&self, name: &str) -> Row {
        vec![text(name), text(""), text(&self.version()), (name == self.database).into(), text("ReadOnly"), text("")]
    }
}

fn none(_: &Cluster<'_>, _: &Arguments) -> Result<Vec<Row>, Stop> {
    Ok(Vec::new())
}

fn version(_: &Cluster<'_>, _: &Arguments) -> Result<Vec<Row>, Stop> {
    let version = env!("CARGO_PKG_VERSION");
    let product = format!("argql {version}");
    Ok(vec![vec![text(version), Value::Null, text("Engine"), text(&product), text("{\"Type\":\"argql\"}")]])
}

/// A row of `.show databases`.
fn database_row(cluster: &Cluster<'_>, name: &str) -> Row {
    let mut row = cluster.identity(name);
    row.extend([Value::Null, Value::Null, text(""), text("")]);
    row
}

fn databases(cluster: &Cluster<'_>, arguments: &Arguments) -> Result<Vec<Row>, Stop> {
    let names = match arguments.names.as_slice() {
        [] => cluster.names(),
        names => names.iter().map(|name| cluster.known(name)).collect::<Result<_, _>>()?,
    };
    Ok(names.iter().map(|name| database_row(cluster, name)).collect())
}

fn current_database(cluster: &Cluster<'_>, _: &Arguments) -> Result<Vec<Row>, Stop> {
    Ok(vec![database_row(cluster, cluster.database)])
}

/// A row of `.show databases details`.
fn details_row(cluster: &Cluster<'_>, name: &str) -> Row {
    let mut row = cluster.identity(name);
    row.extend(std::iter::repeat_n(text(""), 8));
    row.extend([Value::Null, Value::Null, text("")]);
    row
}

fn databases_details(cluster: &Cluster<'_>, _: &Arguments) -> Result<Vec<Row>, Stop> {
    Ok(cluster.names().iter().map(|name| details_row(cluster, name)).collect())
}

fn database_details(cluster: &Cluster<'_>, _: &Arguments) -> Result<Vec<Row>, Stop> {
    Ok(vec![details_row(cluster, cluster.database)])
}

/// A row of `.show databases identity`.
fn identity_row(cluster: &Cluster<'_>, name: &str) -> Row {
    let mut row = cluster.identity(name);
    row.extend([true.into(), Value::Null, text("")]);
    row
}

fn databases_identity(cluster: &Cluster<'_>, _: &Arguments) -> Result<Vec<Row>, Stop> {
    Ok(cluster.names().iter().map(|name| identity_row(cluster, name)).collect())
}

fn database_identity(cluster: &Cluster<'_>, _: &Arguments) -> Result<Vec<Row>, Stop> {
    Ok(vec![identity_row(cluster, cluster.database)])
}

fn entities(cluster: &Cluster<'_>, _: &Arguments) -> Result<Vec<Row>, Stop> {
    // Pages look for the documentation of columns in here without asking whether there is any.
    let no_docs = read_literal("dynamic({\"column_docs\": {}})").unwrap_or_default();
    let mut rows = Vec::new();
    for database in cluster.databases(&[])? {
        for (table, fields) in &database.tables {
            let mut row = vec![text(&database.name), text("Table"), text(table)];
            row.extend(std::iter::repeat_n(text(""), 4));
            row.extend([text(&as_csl(fields, ", ")), no_docs.clone()]);
            rows.push(row);
        }
    }
    Ok(rows)
}

/// A row for the database, one for each table, and one for each column.
fn schema_rows(cluster: &Cluster<'_>, database: &Database) -> Vec<Row> {
    let row = |table: &str, column: &str, ty: &str, is_table: bool, version: &str| {
        let mut row = vec![text(&database.name), text(table), text(column), text(ty), is_table.into(), false.into()];
        row.extend([text(""), text(version), text(""), text("")]);
        row
    };
    let mut rows = vec![row("", "", "", false, &cluster.version())];
    for (table, fields) in &database.tables {
        rows.push(row(table, "", "", true, ""));
        rows.extend(fields.iter().map(|field| row(table, &field.name, &full_type(field.ty), true, "")));
    }
    rows
}

fn databases_schema(cluster: &Cluster<'_>, arguments: &Arguments) -> Result<Vec<Row>, Stop> {
    if !cluster.is_later(arguments.later) {
        return Ok(Vec::new());
    }
    Ok(cluster.databases(&arguments.names)?.iter().flat_map(|database| schema_rows(cluster, database)).collect())
}

fn database_schema(cluster: &Cluster<'_>, arguments: &Arguments) -> Result<Vec<Row>, Stop> {
    let database = cluster.one(arguments)?;
    Ok(if cluster.is_later(arguments.later) { schema_rows(cluster, &database) } else { Vec::new() })
}

fn databases_as_json(cluster: &Cluster<'_>, arguments: &Arguments) -> Result<Vec<Row>, Stop> {
    let later = cluster.is_later(arguments.later);
    let databases = if later { cluster.databases(&arguments.names)? } else { Vec::new() };
    Ok(vec![vec![text(&as_json(&databases))]])
}

fn database_as_json(cluster: &Cluster<'_>, arguments: &Arguments) -> Result<Vec<Row>, Stop> {
    let database = cluster.one(arguments)?;
    let databases = if cluster.is_later(arguments.later) { vec![database] } else { Vec::new() };
    Ok(vec![vec![text(&as_json(&databases))]])
}

fn script(cluster: &Cluster<'_>, arguments: &Arguments) -> Result<Vec<Row>, Stop> {
    let database = cluster.one(arguments)?;
    let create = |(table, fields): &(String, Vec<crate::Field>)| {
        vec![text(&format!(".create-merge table {} ({})", schema::name(table), as_csl(fields, ", ")))]
    };
    Ok(database.tables.iter().map(create).collect())
}

/// A row of a table with its schema in some form.
fn table_row(database: &str, table: &str, schema: &str) -> Row {
    vec![text(table), text(schema), text(database), text(""), text("")]
}

fn database_cslschema(cluster: &Cluster<'_>, arguments: &Arguments) -> Result<Vec<Row>, Stop> {
    let database = cluster.one(arguments)?;
    let row = |(table, fields): &(String, Vec<crate::Field>)| table_row(&database.name, table, &as_csl(fields, ","));
    Ok(database.tables.iter().map(row).collect())
}

fn tables(cluster: &Cluster<'_>, arguments: &Arguments) -> Result<Vec<Row>, Stop> {
    let row = |table: &String| vec![text(table), text(cluster.database), text(""), text("")];
    Ok(cluster.tables(&arguments.names)?.iter().map(row).collect())
}

fn tables_details(cluster: &Cluster<'_>, arguments: &Arguments) -> Result<Vec<Row>, Stop> {
    let mut rows = Vec::new();
    for table in cluster.tables(&arguments.names)? {
        let counted = cluster.engine.query(&format!("{} | count", schema::name(&table)))?;
        let count = if counted.is_empty() { Value::Null } else { counted.value(0, 0) };
        let mut row = vec![text(&table), text(cluster.database), text(""), text("")];
        row.extend([Value::Null, Value::Null, Value::Null, count.clone()]);
        row.extend([Value::Null, Value::Null, Value::Null, count]);
        row.extend(std::iter::repeat_n(text(""), 7));
        row.extend([Value::Null, Value::Null, text(""), Value::Null]);
        rows.push(row);
    }
    Ok(rows)
}

/// The one table that is named, and its columns.
fn named_table(cluster: &Cluster<'_>, arguments: &Arguments) -> Result<(String, Vec<crate::Field>), Stop> {
    let table = cluster.tables(&arguments.names)?.into_iter().next().unwrap_or_default();
    let fields = cluster.engine.schema(&table)?;
    Ok((table, fields))
}

fn attributes(cluster: &Cluster<'_>, arguments: &Arguments) -> Result<Vec<Row>, Stop> {
    let (_, fields) = named_table(cluster, arguments)?;
    let row = |field: &crate::Field| {
        let mut row = vec![text(&field.name), text(&full_type(field.ty))];
        row.extend(std::iter::repeat_n(Value::Null, 7));
        row.push(text(""));
        row
    };
    Ok(fields.iter().map(row).collect())
}

fn table_as_json(cluster: &Cluster<'_>, arguments: &Arguments) -> Result<Vec<Row>, Stop> {
    let (table, fields) = named_table(cluster, arguments)?;
    Ok(vec![table_row(cluster.database, &table, &schema::table(&table, &fields).to_string())])
}

fn table_cslschema(cluster: &Cluster<'_>, arguments: &Arguments) -> Result<Vec<Row>, Stop> {
    let (table, fields) = named_table(cluster, arguments)?;
    Ok(vec![table_row(cluster.database, &table, &as_csl(&fields, ","))])
}

fn cluster(_: &Cluster<'_>, _: &Arguments) -> Result<Vec<Row>, Stop> {
    let processors = available_parallelism().map_or(1, NonZero::get);
    let about = format!("argql {}", env!("CARGO_PKG_VERSION"));
    let processors = i32::try_from(processors).unwrap_or(i32::MAX);
    Ok(vec![vec![
        text("argql"),
        text(""),
        text("argql"),
        Value::Null,
        false.into(),
        Value::Null,
        Value::Null,
        processors.into(),
        text(&about),
    ]])
}
