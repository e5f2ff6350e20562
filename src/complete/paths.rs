//! The paths below the columns of a table, as far as its rows show them.

use super::Share;
use super::name::{bracketed, plain, written_name};
use super::origin::origins;
use crate::bind::{self, Environment, Relation};
use crate::error::Error;
use crate::source::PathSketch;
use crate::syntax;

/// What is below the columns of a table; see [`Engine::paths`](crate::Engine::paths).
///
/// ```
/// let found = argql::Engine::new().sample().paths("resources.tags")?;
/// assert!(!found.sampled && found.paths.iter().any(|path| path.path.starts_with("tags.")));
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Paths {
    /// Every path, each before those below it.
    pub paths: Vec<DataPath>,
    /// Only some rows were looked at.
    pub sampled: bool,
}

/// One path and what stands there.
///
/// ```
/// let location = argql::Engine::new().sample().paths("resources.location")?.paths.remove(0);
/// assert_eq!((location.path.as_str(), location.ty.as_str()), ("location", "string"));
/// assert_eq!(location.values[0].0, "westeurope");
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DataPath {
    /// As a query writes it.
    pub path: String,
    /// The types of what stands there: `string`, `long or real`, `bag`.
    pub ty: String,
    /// How many of the rows have it; none of a path that none has.
    pub share: Option<Share>,
    /// The values that most rows have, with how many have each; few of them.
    pub values: Vec<(String, usize)>,
    /// There are more values than these.
    pub more: bool,
}

/// Most paths that are listed.
const PATHS: usize = 1_000;
/// How many examples are shown of a path.
const EXAMPLES: usize = 3;

/// The paths below `table.column.key`, or below every column of a table; none if no row has the key.
pub(crate) fn paths(path: &str, environment: &Environment<'_>) -> Result<Paths, Error> {
    let (table, below) = path.split_once('.').unwrap_or((path, ""));
    let columns = |text: &str| -> Result<Relation, Error> {
        let wrong = |problems| Error::query("path", text, problems);
        let script = syntax::parse(text).map_err(wrong)?;
        bind::bind(&script, environment).map_err(wrong)?;
        Ok(bind::bind_unfinished(&script, environment).0)
    };
    let roots = if below.is_empty() {
        let known = columns(table)?;
        known.columns.names().map(written_name).collect()
    } else {
        vec![below.to_owned()]
    };
    let mut found = Paths::default();
    for root in roots {
        let relation = columns(&format!("{table} | project value = {root}"))?;
        for origin in origins(&relation.node) {
            let Some((shape, rows, sampled)) = origin.shape() else { continue };
            found.sampled |= sampled;
            if !below.is_empty() && shape.count == 0 {
                continue;
            }
            walk(&root, &shape, rows, &mut found.paths);
        }
    }
    Ok(found)
}

fn walk(path: &str, shape: &PathSketch, rows: usize, found: &mut Vec<DataPath>) {
    if found.len() >= PATHS {
        return;
    }
    let mut values: Vec<_> = shape.values.iter().collect();
    values.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let more = values.len() > EXAMPLES || shape.many;
    values.truncate(EXAMPLES);
    let values = values.into_iter().map(|(value, count)| (value.to_string(), *count)).collect();
    let share = (shape.count > 0).then(|| Share { count: shape.count.min(rows), of: rows });
    found.push(DataPath { path: path.to_owned(), ty: shape.kinds(), share, values, more });
    for (key, below) in &shape.keys {
        let path = if plain(key) { format!("{path}.{key}") } else { format!("{path}{}", bracketed(key)) };
        walk(&path, below, rows, found);
    }
    if let Some(element) = &shape.element {
        walk(&format!("{path}[0]"), element, rows, found);
    }
}
