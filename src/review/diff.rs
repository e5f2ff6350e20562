//! What became of the rows between two exports.
//!
//! Both are read as snapshots, each by one query that takes every column and computes the key. Rows with equal keys are
//! compared cell by cell: as they stand first, which settles nearly all of them, and by what they mean where they differ.
//! Of exemptions it is also said what a change comes to: an expiry that was put off, a scope that was left for another.

mod differences;
mod exemption;
mod fields;
mod side;

use crate::column::Table;
use crate::diag::{Diagnostic, nearest};
use crate::engine::Engine;
use crate::error::Error;
use crate::source::known_table;
use differences::Differences;
use fields::Compare;
use side::DiffSide;

/// The two exports, by the names of their snapshots.
const SIDES: [&str; 2] = ["old", "new"];

/// What of two exports is compared, and how.
///
/// ```
/// use argql::{DiffPlan, Engine};
///
/// let old = Engine::new().table("pets", br#"[{"id":1,"name":"Tom"},{"id":2,"name":"Rex"}]"#.to_vec());
/// let new = Engine::new().table("pets", br#"[{"id":1,"name":"Tim"},{"id":2,"name":"Rex"}]"#.to_vec());
/// let diff = DiffPlan::new().table("pets").run(&old, &new)?;
/// assert_eq!(diff.summary(), "1 row changed, 1 row as before");
/// assert!(diff.table().to_json().starts_with(r#"[{"change":"changed","id":"1","field":"name","old":"Tom","new":"Tim","#));
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct DiffPlan {
    /// None: the exemptions of `policyresources`.
    table: Option<String>,
    /// ColumnPairs, or paths into them, that tell rows apart.
    keys: Vec<String>,
    ignored: Vec<String>,
    volatile: bool,
    /// What messages call the two exports.
    names: Option<[String; 2]>,
}

impl DiffPlan {
    /// Compares the exemptions of both exports.
    ///
    /// ```
    /// use argql::{DiffPlan, Engine};
    ///
    /// let engine = Engine::new().sample();
    /// assert!(DiffPlan::new().run(&engine, &engine)?.table().is_empty());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn new() -> DiffPlan {
        DiffPlan::default()
    }

    /// Compares the rows of this table instead, in any letter case; they are told apart by `id`.
    ///
    /// ```
    /// use argql::{DiffPlan, Engine};
    ///
    /// let engine = Engine::new().sample();
    /// assert_eq!(DiffPlan::new().table("resources").run(&engine, &engine)?.summary(), "50 rows as before");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn table(self, name: &str) -> DiffPlan {
        DiffPlan { table: Some(name.to_owned()), ..self }
    }

    /// Tells rows apart by these columns, or paths such as `properties.displayName`; letter case does not.
    ///
    /// ```
    /// use argql::{DiffPlan, Engine};
    ///
    /// let engine = Engine::new().sample();
    /// let error = DiffPlan::new().table("resources").keys(["nam"]).run(&engine, &engine).unwrap_err();
    /// assert_eq!(error.diagnostics()[0].help.as_deref(), Some("did you mean `name`?"));
    /// ```
    pub fn keys(self, columns: impl IntoIterator<Item = impl Into<String>>) -> DiffPlan {
        DiffPlan { keys: columns.into_iter().map(Into::into).collect(), ..self }
    }

    /// Leaves out these columns or paths, with all beneath them.
    ///
    /// ```
    /// use argql::{DiffPlan, Engine};
    ///
    /// let old = Engine::new().table("pets", br#"[{"id":1,"name":"Tom"}]"#.to_vec());
    /// let new = Engine::new().table("pets", br#"[{"id":1,"name":"Tim"}]"#.to_vec());
    /// assert!(DiffPlan::new().table("pets").ignore(["name"]).run(&old, &new)?.table().is_empty());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn ignore(self, paths: impl IntoIterator<Item = impl Into<String>>) -> DiffPlan {
        DiffPlan { ignored: paths.into_iter().map(Into::into).collect(), ..self }
    }

    /// Compares also what changes by itself: etag, apiVersion, who changed a row last and when.
    ///
    /// ```
    /// use argql::{DiffPlan, Engine};
    ///
    /// let old = Engine::new().table("pets", br#"[{"id":1,"etag":"a"}]"#.to_vec());
    /// let new = Engine::new().table("pets", br#"[{"id":1,"etag":"b"}]"#.to_vec());
    /// assert!(DiffPlan::new().table("pets").run(&old, &new)?.table().is_empty());
    /// assert_eq!(DiffPlan::new().table("pets").volatile().run(&old, &new)?.table().len(), 1);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn volatile(self) -> DiffPlan {
        DiffPlan { volatile: true, ..self }
    }

    /// Says what messages call the two exports; `old` and `new` unless told.
    ///
    /// ```
    /// use argql::{DiffPlan, Engine};
    ///
    /// let error = DiffPlan::new().names("january/", "may/").run(&Engine::new(), &Engine::new()).unwrap_err();
    /// assert_eq!(error.diagnostics()[0].message, "`january/` has no table `policyresources`");
    /// ```
    pub fn names(self, old: &str, new: &str) -> DiffPlan {
        DiffPlan { names: Some([old, new].map(str::to_owned)), ..self }
    }

    /// Compares two exports. Limits, threads, interruption and what a missing table is taken for are those of `new`.
    ///
    /// # Errors
    ///
    /// If an export lacks the table or a column of the key, if rows cannot be told apart, or a file is broken.
    ///
    /// ```
    /// use argql::{DiffPlan, Engine};
    ///
    /// let diff = DiffPlan::new().table("resources").run(&Engine::new().sample(), &Engine::new().table("resources", b"[]".to_vec()))?;
    /// assert_eq!(diff.summary(), "50 rows removed, 0 rows as before");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn run(&self, old: &Engine, new: &Engine) -> Result<Diff, Error> {
        let engine = self.engine(old, new)?;
        let compare = Compare::new(&self.ignored, self.volatile);
        let (mut warnings, mut notes) = (Vec::new(), Vec::new());
        let mut read = |side| DiffSide::read(&engine, self, side, &compare, &mut warnings, &mut notes);
        let (old, new) = (read(0)?, read(1)?);
        let found = Differences::between(&old, &new, &compare, self.exemptions());
        let table =
            if self.exemptions() { found.table_of_exemptions() } else { found.table_of_rows(&self.key_paths()) };
        Ok(Diff { summary: found.summary(self.noun()), table, warnings, notes })
    }

    fn source(&self) -> &str {
        self.table.as_deref().unwrap_or("policyresources")
    }

    fn key_paths(&self) -> Vec<&str> {
        if self.keys.is_empty() { vec!["id"] } else { self.keys.iter().map(String::as_str).collect() }
    }

    fn name(&self, side: usize) -> &str {
        self.names.as_ref().map_or(SIDES[side], |names| &names[side])
    }

    fn exemptions(&self) -> bool {
        self.table.is_none()
    }

    fn noun(&self) -> &'static str {
        if self.exemptions() { "exemption" } else { "row" }
    }

    /// Both exports as snapshots; each has the table.
    fn engine(&self, old: &Engine, new: &Engine) -> Result<Engine, Error> {
        let engine = new.without_tables().keep_columns(false).snapshot(SIDES[0], old).snapshot(SIDES[1], new);
        let source = self.source();
        for (side, (_, tables)) in engine.snapshots().iter().enumerate() {
            let there = tables.iter().any(|table| table.eq_ignore_ascii_case(source));
            if there || (engine.takes_missing_as_empty() && known_table(source)) {
                continue;
            }
            let names: Vec<String> = tables.iter().map(|table| format!("`{table}`")).collect();
            let cure = match nearest(source, tables.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known_table(source) => {
                    format!("it has {}; --missing-tables empty takes a missing one for empty", names.join(", "))
                }
                None => format!("it has {}", names.join(", ")),
            };
            return Err(Error::usage(format!("`{}` has no table `{source}`", self.name(side)), cure));
        }
        Ok(engine)
    }

    /// The query that reads a side: every column, and behind them the parts of the key as text.
    fn query(&self, side: &str) -> String {
        let only = if self.exemptions() { "\n| where type =~ 'microsoft.authorization/policyexemptions'" } else { "" };
        let keys = self.key_paths().into_iter().enumerate().map(|(at, key)| {
            let path: Vec<String> = key.split('.').map(|part| format!("['{}']", escaped(part))).collect();
            format!("{}=tolower(tostring({}))", key_column(at), path.join("."))
        });
        let table = escaped(self.source());
        format!("database('{side}').['{table}']{only}\n| extend {}", keys.collect::<Vec<_>>().join(", "))
    }
}

/// What stands for this text between the quotes of a string.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

/// What changed between two exports.
///
/// ```
/// use argql::{DiffPlan, Engine};
///
/// let engine = Engine::new().sample();
/// let diff = DiffPlan::new().run(&engine, &engine)?;
/// assert!(diff.table().is_empty() && diff.summary().ends_with(" exemptions as before"));
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Debug)]
pub struct Diff {
    table: Table,
    summary: String,
    warnings: Vec<Diagnostic>,
    notes: Vec<String>,
}

impl Diff {
    /// A row per change: what became of which row, and in which of its fields.
    ///
    /// ```
    /// # use argql::{DiffPlan, Engine};
    /// let engine = Engine::new().sample();
    /// let diff = DiffPlan::new().run(&engine, &engine)?;
    /// assert_eq!(diff.table().columns()[1].name.as_ref(), "exemption");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// How many rows became what: `2 rows created, 140 rows as before`.
    ///
    /// ```
    /// # use argql::{DiffPlan, Engine};
    /// let engine = Engine::new().sample();
    /// assert_eq!(DiffPlan::new().table("resources").run(&engine, &engine)?.summary(), "50 rows as before");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// What there is to know about the data.
    ///
    /// ```
    /// # use argql::{DiffPlan, Engine};
    /// let engine = Engine::new().sample();
    /// assert!(DiffPlan::new().run(&engine, &engine)?.warnings().is_empty());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// What speaks against the comparison, although it was made: keys that several exemptions of an export have.
    ///
    /// ```
    /// # use argql::{DiffPlan, Engine};
    /// let engine = Engine::new().sample();
    /// assert!(DiffPlan::new().run(&engine, &engine)?.notes().is_empty());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// What the column with a part of the key is called while rows are compared.
fn key_column(at: usize) -> String {
    format!("['key {at} of the comparison']")
}

/// `1 row`, `2 rows`
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
