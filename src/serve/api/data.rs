//! What there is: databases, tables, and the paths below their columns.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use serde_json::{Value, json};

use super::super::Site;
use super::failure::Failure;
use super::request::Members;
use crate::{DataPath, DateTime, Engine, Error, Field, Format, known_tables, written_name};

/// How long rows are counted at most; of tables that take longer the number is not said.
const COUNTING: Duration = Duration::from_secs(1);

/// The server, its databases with their tables, and what it allows.
pub(super) async fn about(State(site): State<Arc<Site>>, uri: Uri) -> Result<Json<Value>, Failure> {
    Members::of_address(&uri)?.end()?;
    let data = site.live.data();
    let databases = data.databases().filter_map(|name| {
        let engine = data.database(&name)?;
        let taken = DateTime::parse(&name).map(|taken| taken.to_string());
        Some(json!({"name": name, "taken": taken, "tables": engine.tables()}))
    });
    let databases: Vec<Value> = databases.collect();
    let limits = data.database(super::super::DATABASE).map(|engine| engine.allowed().clone()).unwrap_or_default();
    let has = |format: &str| Format::named(format).is_some();
    Ok(Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "loaded": data.loaded.to_string(),
        "number": data.number,
        "databases": databases,
        "limits": {
            "rows": limits.rows,
            "memory": limits.memory,
            "time": limits.time.map(|time| time.as_secs_f64()),
        },
        "features": {"ui": super::super::page::HOME != "/", "xlsx": has("xlsx"), "parquet": has("parquet")},
    })))
}

/// The tables of a database with their columns.
pub(super) async fn tables(State(site): State<Arc<Site>>, uri: Uri) -> Result<Json<Value>, Failure> {
    let mut asked = Members::of_address(&uri)?;
    let database = asked.database()?;
    asked.end()?;
    let tables = site.asked(&database, "", |engine| {
        let end = Instant::now() + COUNTING;
        engine.tables().iter().map(|name| table(engine, name, end)).collect::<Result<Vec<Value>, Error>>()
    });
    Ok(Json(tables.await?.into()))
}

fn table(engine: &Engine, name: &str, end: Instant) -> Result<Value, Error> {
    let mut limits = engine.allowed().clone();
    limits.time = Some(end.saturating_duration_since(Instant::now()));
    let rows = match engine.clone().limits(limits).count(name) {
        Ok(rows) => Some(rows),
        Err(error) if error.is_limit() => None,
        Err(error) => return Err(error),
    };
    let known = known_tables().any(|known| known == name);
    let about = if known { "a table of Azure Resource Graph" } else { "a table of your own" };
    Ok(json!({
        "name": name,
        "text": written_name(name),
        "rows": rows,
        "known": known,
        "about": about,
        "columns": columns(&engine.schema(name)?),
    }))
}

/// Names and types.
pub(super) fn columns(fields: &[Field]) -> Vec<Value> {
    fields.iter().map(|field| json!({"name": *field.name, "type": field.ty.name()})).collect()
}

/// What is below a column, or below all columns of a table.
pub(super) async fn paths(State(site): State<Arc<Site>>, uri: Uri) -> Result<Json<Value>, Failure> {
    let mut asked = Members::of_address(&uri)?;
    let (database, path) = (asked.database()?, asked.text("path")?);
    asked.end()?;
    let wanted = path.clone();
    let found = site.asked(&database, &path, move |engine| engine.paths(&wanted)).await?;
    let rows = found.paths.iter().filter_map(|path| path.share).map(|share| share.of).max();
    let mut above: Vec<&str> = Vec::new();
    let entries = found.paths.iter().map(|found| {
        above.retain(|path| found.path.len() > path.len() && found.path.starts_with(path));
        let name = found.path.strip_prefix(above.last().copied().unwrap_or("")).unwrap_or(&found.path);
        above.push(&found.path);
        entry(found, name.trim_start_matches('.'))
    });
    let entries: Vec<Value> = entries.collect();
    Ok(Json(json!({"rows": rows, "sampled": found.sampled, "entries": entries})))
}

fn entry(found: &DataPath, name: &str) -> Value {
    let of = found.share.map_or(0, |share| share.of);
    let share = |count: usize| part(count, of);
    let top = found.values.iter().map(|(value, count)| json!({"value": value, "count": count, "share": share(*count)}));
    json!({
        "path": found.path,
        "name": name,
        "type": found.ty,
        "count": found.share.map(|share| share.count),
        "share": found.share.map(|found| share(found.count)),
        "top": top.collect::<Vec<_>>(),
        "more": found.more,
    })
}

/// From 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "a share of so many rows needs no more digits")]
fn part(count: usize, of: usize) -> f64 {
    if of == 0 { 0.0 } else { count as f64 / of as f64 }
}
