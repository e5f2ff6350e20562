//! What an engine tells besides answers: its tables and their columns and paths, the language, what could be typed.

use std::time::Duration;

use super::Engine;
use crate::bind::{self, Environment, MissingTables};
use crate::column::Field;
use crate::complete::{Completions, Paths, complete, hint, paths, written_name};
use crate::diag::nearest;
use crate::error::Error;
use crate::guard::{Guard, Limits, Rules};
use crate::names::{self, LanguageShare, NameEntry, RefusedName};
use crate::source::Catalog;
use crate::value::{DateTime, Value};

/// How long a completion may take.
const PATIENCE: Duration = Duration::from_millis(300);

impl Engine {
    /// The names of the tables that were added, in lower case, first added first. That a file may hold one is known by its name alone.
    ///
    /// ```
    /// let tables = argql::Engine::new().sample().tables();
    /// assert_eq!(tables, ["securityresources", "policyresources", "resourcecontainers", "resources"]);
    /// ```
    pub fn tables(&self) -> Vec<String> {
        self.catalog.names()
    }

    /// The names of the tenants that were loaded as one database, from a folder with a folder for each; see
    /// [`load`](Engine::load).
    ///
    /// ```
    /// # let folder = std::env::temp_dir().join("argql-doc-tenants");
    /// for tenant in ["contoso", "fabrikam"] {
    ///     std::fs::create_dir_all(folder.join(tenant))?;
    ///     std::fs::write(folder.join(tenant).join("resources.json"), r#"[{"name":"web1"}]"#)?;
    /// }
    /// let engine = argql::Engine::new().load(&folder)?;
    /// assert_eq!(engine.tenants(), ["contoso", "fabrikam"]);
    /// let one = engine.query("resources | where tenant == 'contoso' | project name, tenant")?;
    /// assert_eq!(one.to_json(), r#"[{"name":"web1","tenant":"contoso"}]"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn tenants(&self) -> Vec<String> {
        self.catalog.tenants().into_iter().map(|(name, _)| name).collect()
    }

    /// An engine with these settings over the data of one of the [`tenants`](Engine::tenants) alone, without the column
    /// `tenant`.
    ///
    /// # Errors
    ///
    /// If there is no such tenant, or its folder cannot be read.
    ///
    /// ```
    /// # let folder = std::env::temp_dir().join("argql-doc-tenant");
    /// # for tenant in ["contoso", "fabrikam"] {
    /// #     std::fs::create_dir_all(folder.join(tenant))?;
    /// #     std::fs::write(folder.join(tenant).join("resources.json"), r#"[{"name":"web1"}]"#)?;
    /// # }
    /// let engine = argql::Engine::new().load(&folder)?;
    /// assert_eq!(engine.tenant("contoso")?.query("resources | count")?.to_json(), r#"[{"Count":1}]"#);
    /// assert!(engine.tenant("adatum").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn tenant(&self, name: &str) -> Result<Engine, Error> {
        let tenants = self.catalog.tenants();
        match tenants.iter().find(|(known, _)| known == name) {
            Some((_, folder)) => self.without_tables().load(folder),
            None => {
                let help = nearest(name, tenants.iter().map(|(known, _)| known.as_str()));
                let help = help.map_or(String::new(), |near| format!("did you mean `{near}`?"));
                Err(Error::usage(format!("there is no tenant `{name}`"), help))
            }
        }
    }

    /// The names of the snapshots that were added, and of their tables, as [`tables`](Engine::tables) gives them.
    ///
    /// ```
    /// let engine = argql::Engine::new().snapshot("sample", &argql::Engine::new().sample());
    /// let (name, tables) = engine.snapshots().remove(0);
    /// assert_eq!((name.as_str(), tables.len()), ("sample", 4));
    /// ```
    pub fn snapshots(&self) -> Vec<(String, Vec<String>)> {
        self.catalog.databases().map(|(name, tables)| (name.to_owned(), tables.names())).collect()
    }

    /// The names of the snapshots, without a look at what is in them.
    #[cfg(feature = "serve")]
    pub(crate) fn databases(&self) -> impl Iterator<Item = &str> {
        self.catalog.databases().map(|(name, _)| name)
    }

    /// An engine whose own tables are those of a snapshot, beside all snapshots: what a client asks that has chosen a
    /// database. Columns that stay in memory do so for both.
    ///
    /// ```
    /// use argql::Engine;
    ///
    /// let engine = Engine::new().snapshot("sample", &Engine::new().sample());
    /// let within = engine.database("sample").unwrap();
    /// assert_eq!(within.query("resources | count")?.to_json(), r#"[{"Count":50}]"#);
    /// assert!(engine.database("other").is_none());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn database(&self, name: &str) -> Option<Engine> {
        Some(Engine { catalog: self.catalog.within(name)?, ..self.clone() })
    }

    /// Of when the snapshots are that have this table, oldest first: those that `history("resources")` asks. Their names
    /// are dates, as those of a store.
    ///
    /// ```
    /// use argql::{DateTime, Engine};
    ///
    /// let engine = Engine::new().snapshot("2026-10-01", &Engine::new().sample());
    /// assert_eq!(engine.history("resources"), [DateTime::parse("2026-10-01").unwrap()]);
    /// assert_eq!(engine.history("tickets"), []);
    /// ```
    pub fn history(&self, table: &str) -> Vec<DateTime> {
        let with_table = |(taken, tables): (DateTime, &Catalog)| tables.table(table).map(|_| taken);
        self.catalog.snapshots().into_iter().filter_map(with_table).collect()
    }

    /// The columns of a table: of a known one also those that the data lacks. That of a snapshot is named as queries do:
    /// `database("old").resources`.
    ///
    /// # Errors
    ///
    /// If the table is not loaded, or its file is broken.
    ///
    /// ```
    /// use argql::{Engine, Type};
    ///
    /// let fields = Engine::new().sample().schema("Resources")?;
    /// assert!(fields.iter().any(|field| &*field.name == "tags" && field.ty == Type::Dynamic));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn schema(&self, table: &str) -> Result<Vec<Field>, Error> {
        bind::table_schema(&self.environment(&Guard::new(&self.rules)), table)
            .map_err(|diagnostic| Error::data(vec![*diagnostic]))
    }

    /// How many rows a table has.
    ///
    /// # Errors
    ///
    /// If the table is not loaded, its file is broken, or a limit is reached.
    ///
    /// ```
    /// assert_eq!(argql::Engine::new().sample().count("Resources")?, 50);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn count(&self, table: &str) -> Result<u64, Error> {
        let plain = Engine { parameters: Vec::new(), ..self.clone() };
        let counted = plain.query(&format!("{} | count", written_name(table)))?.rows().next();
        let Some([Value::Long(rows)]) = counted.as_deref() else { return Ok(0) };
        Ok(u64::try_from(*rows).unwrap_or(0))
    }

    /// What could be typed at `offset` of a text: names that the query knows there, words that the syntax takes, and
    /// what the data has. Of large tables only some rows are looked at, so it takes half a second at most.
    ///
    /// ```
    /// let engine = argql::Engine::new().sample();
    /// let text = "resources | where loc == 'x'";
    /// let found = engine.complete(text, text.find(" ==").unwrap());
    /// assert_eq!(&text[found.start..], "loc == 'x'");
    /// assert_eq!((found.list[0].text.as_str(), found.list[0].kind), ("location", "column"));
    /// ```
    pub fn complete(&self, text: &str, offset: usize) -> Completions {
        let (text, rest) = text.split_at(text.floor_char_boundary(offset.min(text.len())));
        // Whoever types does not wait for a table to be read to its end, nor wants to see how far that is.
        let limits = Limits { time: Some(PATIENCE), ..Limits::default() };
        let guard = Guard::new(&Rules { limits, ..Rules::default() });
        // A known table has its columns, loaded or not.
        let missing = MissingTables::Empty;
        complete(text, rest, &Environment { evaluate: None, missing, ..self.environment(&guard) })
    }

    /// What is still to come of the call, or the operator, at the end of a text.
    ///
    /// ```
    /// let hint = argql::Engine::new().hint("resources | extend a = substring(name, ");
    /// assert_eq!(hint.as_deref(), Some("start: integer, [length: integer])"));
    /// ```
    pub fn hint(&self, text: &str) -> Option<String> {
        hint(text)
    }

    /// Every name of the language, by kind and family.
    ///
    /// ```
    /// let names = argql::Engine::new().names();
    /// assert!(names.iter().any(|entry| entry.kind == "operator" && entry.name == "mv-expand"));
    /// ```
    pub fn names(&self) -> Vec<NameEntry> {
        names::entries().collect()
    }

    /// Every name of KQL that is refused, by kind and reason.
    ///
    /// ```
    /// let refused = argql::Engine::new().refused();
    /// assert!(refused.iter().any(|refused| refused.kind == "function" && refused.name == "hash_combine"));
    /// ```
    pub fn refused(&self) -> Vec<RefusedName> {
        names::refused()
    }

    /// The share of KQL's names that runs, by kind.
    ///
    /// ```
    /// let shares = argql::Engine::new().shares();
    /// assert!(shares.iter().all(|share| share.runs > 0));
    /// ```
    pub fn shares(&self) -> Vec<LanguageShare> {
        names::shares()
    }

    /// What there is to say about a name, or another name for it; some are of several kinds.
    ///
    /// # Errors
    ///
    /// If it is unknown, or refused by name.
    ///
    /// ```
    /// let engine = argql::Engine::new();
    /// assert_eq!(engine.explain("limit")?[0].name, "take");
    /// assert_eq!(engine.explain("summarise").unwrap_err().diagnostics()[0].message, "there is no function or operator `summarise`");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn explain(&self, name: &str) -> Result<Vec<NameEntry>, Error> {
        names::explain(name)
    }

    /// What is below the columns of a table, or below one path: `resources`, `resources.properties.sku`. Of large tables
    /// only some rows are looked at. No path at all is known of a table without rows, or where no row has the key.
    ///
    /// # Errors
    ///
    /// If the table is not loaded, if it has no such column, or a file is broken.
    ///
    /// ```
    /// let found = argql::Engine::new().sample().paths("securityresources.properties.status")?;
    /// let code = found.paths.iter().find(|path| path.path == "properties.status.code").unwrap();
    /// assert_eq!(code.ty, "string");
    /// assert_eq!(code.share.unwrap().to_string(), "82 %");
    /// assert_eq!(code.values[0].0, "Healthy");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn paths(&self, path: &str) -> Result<Paths, Error> {
        let guard = Guard::new(&self.rules);
        paths(path, &Environment { evaluate: None, ..self.environment(&guard) })
    }
}
