//! A query in argql's own layout.

use super::marks::{MarkKind, marks};
use crate::error::Error;
use crate::syntax;

/// A query in argql's own layout.
///
/// # Errors
///
/// If it is no KQL, or has comments, whose place nobody knows then.
///
/// ```
/// assert_eq!(argql::layout("T|where x>7|take 2")?, "T\n| where x > 7\n| take 2");
/// # Ok::<(), argql::Error>(())
/// ```
pub fn layout(text: &str) -> Result<String, Error> {
    let script = syntax::script(text).map_err(|errors| Error::query("query", text, errors))?;
    if marks(text).iter().any(|mark| mark.kind == MarkKind::Comment) {
        return Err(Error::usage("a query with comments cannot be laid out", "take them out first"));
    }
    Ok(script.to_string())
}
