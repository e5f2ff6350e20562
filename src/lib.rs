//! Azure Resource Graph's KQL, answered on your own machine over exported tables.
//!
//! Azure Resource Graph holds what Defender for Cloud and Azure Policy know of a tenant. argql takes its tables as JSON
//! files and answers the queries that the portal answers, in the same dialect of the Kusto Query Language. An answer is
//! the one that Kusto would give; what argql cannot do it refuses by name.
//!
//! ```
//! use argql::Engine;
//!
//! let engine = Engine::new().sample(); // a small made-up tenant; `.load("export/")?` takes yours
//! let query = engine.prepare(
//!     "securityresources
//!      | where type == 'microsoft.security/assessments' and properties.status.cause == 'Exempt'
//!      | summarize exempted = count() by severity = tostring(properties.metadata.severity)
//!      | sort by exempted desc",
//! )?;
//! let table = query.run()?;
//! assert_eq!(
//!     table.to_string(),
//!     " severity │ exempted
//! ──────────┼──────────
//!  Medium   │       25
//!  High     │       20
//!  Low      │       17
//! 3 rows"
//! );
//! # Ok::<(), argql::Error>(())
//! ```
//!
//! # From text to table
//!
//! ```text
//! query text ─ lex → tokens ─ parse → tree ─ bind → plan ─ rewrite → plan ─ run → Table
//!              └────────────── Engine::prepare ──────┘     └──── Query::run ────┘
//! ```
//!
//! [`Engine`] has tables and settings, [`Query`] is a query whose names, types and arguments are known to be right, and
//! [`Table`] is an answer: [`columns`](Table::columns), [`rows`](Table::rows) of [`Value`]s, [`to_json`](Table::to_json).
//! Engines and queries are `Send + Sync` and cheap to clone; many threads may ask one, also while
//! [a newer export](Engine::without_tables) takes the place of its data. Rows come in the same order, and sums of reals are
//! the same to the last bit, for any number of threads.
//!
//! # Tables
//!
//! [`Engine::load`] takes a file or a folder, [`Engine::table`] the bytes of an export. Arrays of rows, a row a line, and
//! what `az graph query`, the REST API and `Search-AzGraph | ConvertTo-Json` print and CSV as the portal downloads it are
//! told apart by their content, in UTF-8 or UTF-16, also compressed with gzip or Zstandard. A file is opened when a query
//! names its table, and read for the columns and paths that the query asks for; these stay in memory for later queries
//! (see [`Engine::keep_columns`]).
//!
//! ```
//! use argql::{Engine, MissingTables};
//!
//! let export = std::env::temp_dir().join("argql-doc-lib");
//! std::fs::create_dir_all(&export)?;
//! std::fs::write(export.join("resources-0001.json"), r#"[{"name":"web1","type":"microsoft.web/sites"}]"#)?;
//! std::fs::write(export.join("resources-0002.json"), r#"[{"name":"kv7","type":"microsoft.keyvault/vaults"}]"#)?;
//!
//! // Both files are pages of `resources`; a known table that nothing was exported of is empty.
//! let engine = Engine::new().load(&export)?.missing_tables(MissingTables::Empty);
//! let names = engine.query("resources | union securityresources | project name | sort by name asc")?;
//! assert_eq!(names.to_json(), r#"[{"name":"kv7"},{"name":"web1"}]"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`Store`] holds exports as columns on disk, a snapshot for each date; [`Engine::load`] takes it like an export, and
//! answers come from the columns that a query needs.
//!
//! # Time and threads
//!
//! `now()` is the moment at which a query is run, the same for all of its rows; [`Engine::now`] fixes it for reports that
//! can be repeated. [`Engine::threads`] limits how many threads work.
//!
//! # Limits, interruption and progress
//!
//! [`Limits`] say how much memory and time a query may use and how many rows it may give, [`Cancel`] stops it from another
//! thread within a tenth of a second, and [`Engine::progress`] listens to how far the reading of files is.
//! [`Query::stream`] hands over rows as they come.
//!
//! ```
//! use std::time::Duration;
//! use argql::{Cancel, Engine, Limits};
//!
//! let mut limits = Limits::default();
//! limits.memory = Some(256 << 20);
//! limits.time = Some(Duration::from_secs(30));
//! let cancel = Cancel::new(); // hand a clone to whoever may press the button
//! let engine = Engine::new().sample().limits(limits).cancelled_by(&cancel);
//! assert_eq!(engine.query("resources | count")?.to_json(), r#"[{"Count":50}]"#);
//! cancel.cancel();
//! assert!(engine.query("resources | count").unwrap_err().is_cancelled());
//! # Ok::<(), argql::Error>(())
//! ```
//!
//! # Errors
//!
//! There is one [`Error`], with every [`Diagnostic`] as data: a [`Code`], the [`Place`], a message, a cure.
//! [`Error::render`] draws them the way compilers do.
//!
//! ```
//! use argql::{Engine, Place};
//!
//! let query = "resources | where lokation == 'westeurope'";
//! let error = Engine::new().sample().prepare(query).unwrap_err();
//! assert!(error.is_query());
//! let diagnostic = &error.diagnostics()[0];
//! assert_eq!(diagnostic.code.id, "AQ1001");
//! assert_eq!(diagnostic.message, "`lokation` is not a column here");
//! assert_eq!(diagnostic.help.as_deref(), Some("did you mean `location`?"));
//! let Place::Query(span) = &diagnostic.place else { unreachable!() };
//! assert_eq!(&query[span.range()], "lokation");
//! ```
//!
//! # For editors, prompts and pages
//!
//! [`Engine::complete`] says what could be typed, from the query and the data, [`Engine::hint`] what is still to come of a
//! call, [`marks`] what to colour; [`Engine::names`] and [`Engine::explain`] have the language with its docs,
//! [`Engine::schema`] and [`Engine::paths`] the data.
//!
//! # Answers in other forms
//!
//! [`Table::write`] takes a [`Format`] and a [`Layout`]; a [`TableWriter`] writes rows as they come, a [`Document`] several
//! answers into one file.
//!
//! ```
//! use argql::{Engine, Format, Layout};
//!
//! let mut text = Vec::new();
//! let table = Engine::new().sample().query("resources | summarize count() by location | top 1 by count_")?;
//! table.write(&mut text, Format::Ndjson, &Layout::new())?;
//! assert_eq!(text, b"{\"location\":\"westeurope\",\"count_\":17}\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Reviews
//!
//! A [`Library`] of saved [`Question`]s, an [`Audit`] of an export by its checks, the [`Diff`] of two exports, a [`Report`]
//! on exemptions: each is planned ([`AuditPlan`], [`DiffPlan`], [`ReportPlan`]), run over an engine, and then a value.
//!
//! ```
//! # #[cfg(feature = "review")] {
//! use argql::{AuditPlan, Engine, Verdict};
//!
//! let audit = AuditPlan::new().allow("exemptions-no-expiry", 20)?.run(&Engine::new().sample())?;
//! assert_eq!(audit.verdict(), Verdict::Failed);
//! println!("{}", audit.to_sarif("export/"));
//! # }
//! # Ok::<(), argql::Error>(())
//! ```
//!
//! # Queries in files
//!
//! [`layout`] has one form for all queries, [`CheckedFile`] and [`CheckReport`] say what is wrong with them, for people and
//! programs, and a [`TestPlan`] holds them to the answers that a [`TestFile`] has in comments beneath each.
//!
//! # Versions
//!
//! What a version promises is what `tests/api.txt` lists. Structs that argql fills in, and enums that may gain a case, are
//! `#[non_exhaustive]`; [`Type`] and [`Value`] are KQL's types and to be matched in full, [`Span`] is two offsets. Of
//! other crates, [`Uuid`], the map behind [`Bag`], and with the feature `arrow` its record batches are part
//! of the promise.
//!
//! # Features
//!
//! `meter` (on by default) counts the memory that queries take, for [`Limits::memory`]; a program with an allocator of its
//! own wraps that in [`Metered`] instead. `arrow` adds `Table::to_arrow` and `Table::to_arrow_batches`. `review` adds
//! reviews, and CSV, charts and HTML to the formats, `store` (on by default) stores, and Parquet and Arrow to the formats,
//! `xlsx` (on by default) workbooks, `serve` (on by default) `Server`, and `ui` its page with scripts, which is built by
//! npm. `cli` (on by default) is the `argql` command with all that only it needs; a program that wants the library alone
//! depends on the crate with `default-features = false`.
//!
//! # Inside
//!
//! A room uses only those above it; `.github/CONTRIBUTING.md` says more of each, and how to add to it.
//!
//! | room | what it is for |
//! |---|---|
//! | `diag`, `error` | what went wrong and where, and how it is drawn |
//! | `guard`, `meter`, `parallel` | limits, interruption, progress; memory that is counted; work on all threads, in order |
//! | `value`, `column` | one value; many of one type |
//! | `source` | from the bytes of exports to columns |
//! | `registry`, `functions` | what functions and operators say of themselves; what functions do |
//! | `plan`, `eval` | what is to be done; expressions over columns |
//! | `syntax`, `operators`, `bind` | from text to a plan: the grammar, an operator a file, names and types |
//! | `rewrite`, `run` | better plans; their execution |
//! | `complete`, `names` | what may be typed; what there is to say about a name |
//! | `engine` | the way in: engines and queries |
//! | `cluster` | beyond one machine: a plan as stages, and how they run |
//! | `output` | answers as text, JSON, CSV, files of columns, charts, pages and workbooks |
//! | `golden` | queries with their answers in comments, as tests have them |
//! | `review` | saved questions, audits, diffs and reports |
//! | `serve` | the server |
//! | `cli` | the command |

#![cfg_attr(not(feature = "review"), expect(dead_code, reason = "what only formats and reviews need"))]

pub(crate) mod bind;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub(crate) mod cluster;
pub(crate) mod column;
pub(crate) mod complete;
pub(crate) mod diag;
pub(crate) mod engine;
pub(crate) mod error;
pub(crate) mod eval;
pub(crate) mod functions;
pub(crate) mod golden;
pub(crate) mod guard;
#[doc(hidden)]
pub mod inspect;
pub(crate) mod json;
pub(crate) mod meter;
pub(crate) mod names;
pub(crate) mod operators;
pub(crate) mod output;
pub(crate) mod parallel;
pub(crate) mod plan;
pub(crate) mod registry;
#[cfg(feature = "review")]
pub(crate) mod review;
pub(crate) mod rewrite;
pub(crate) mod run;
pub(crate) mod sample;
#[cfg(feature = "serve")]
pub(crate) mod serve;
pub(crate) mod sound;
pub(crate) mod source;
pub(crate) mod syntax;
pub(crate) mod value;

pub use bind::MissingTables;
#[cfg(feature = "cluster")]
pub use cluster::{Cluster, ClusterExecutor, ClusterScheduler, StageProgress, StageWork};
pub use column::{Chart, Field, Table};
pub use complete::{Completion, Completions, DataPath, Mark, MarkKind, Paths, Share, layout, marks, written_name};
pub use diag::{
    Code, Diagnostic, Place, Severity, Span, codes, nearest, render::render, render::visible, render::visible_lines,
};
pub use engine::{Checked, CheckedTable, Engine, Query, Scope, ScopeFilter, Target};
#[cfg(feature = "store")]
pub use engine::{Snapshot, SnapshotTable, Store};
pub use error::Error;
pub use golden::{ComparedLine, TestCase, TestFile, answer_lines, compare_lines, complaint_lines, table_lines};
pub use guard::{Cancel, Limits, Progress};
pub use meter::Metered;
pub use names::{LanguageShare, NameEntry, RefusedName};
#[cfg(feature = "review")]
pub use output::{Document, TableWriter, answer_names, escaped, page_policy, page_style};
pub use output::{Format, Formulas, Layout, LongCells, WideCells};
pub use registry::Example;
#[cfg(feature = "review")]
pub use review::{
    Audit, AuditPlan, Card, CardValue, Check, CheckReport, CheckedFile, Declared, Diff, DiffPlan, Grade, Header,
    Library, Needed, Question, Report, ReportPlan, TestOutcome, TestPlan, TestReport, Verdict,
};
#[cfg(feature = "serve")]
pub use serve::{BoundServer, Served, Server, Stopper};
pub use sound::hush_expected_panics;
pub use source::known_tables;
pub use syntax::read_literal;
#[doc(no_inline)]
pub use uuid::Uuid;
pub use value::{Bag, DateTime, Decimal, DecimalError, TimeSpan, Type, Value};

/// Runs the examples of README.md.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
