//! What could be typed next: completion from what is true at the cursor.
//!
//! The parser says what it hopes for there (`syntax::hopes`); the binder says which columns and names there are
//! (`bind::bind_unfinished`) where the pipeline has got to; the data says what is below dynamic columns, and which values
//! (`SourceTable::sketch`). Nothing here knows of a terminal.

mod finder;
mod hint;
mod layout;
mod marks;
mod name;
mod origin;
mod paths;
mod place;

use std::fmt;

use crate::bind::Environment;
use place::CursorPlace;

pub(crate) use hint::hint;
pub use layout::layout;
pub(crate) use layout::line_end;
pub use marks::{Mark, MarkKind, marks};
pub use name::written_name;
pub(crate) use paths::paths;
pub use paths::{DataPath, Paths};

/// What could be typed at a place; see [`Engine::complete`](crate::Engine::complete).
///
/// ```
/// let found = argql::Engine::new().sample().complete("securityresources | where properties.status.", 44);
/// assert_eq!((found.start, found.sampled), (44, false));
/// assert_eq!(found.list[0].name, "code");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Completions {
    /// Where what is being typed begins: from here to the cursor, a completion takes its place.
    pub start: usize,
    /// The likeliest first.
    pub list: Vec<Completion>,
    /// Some are from a part of the rows only: there may be more.
    pub sampled: bool,
}

/// One thing that could be typed.
///
/// ```
/// let found = argql::Engine::new().complete("print strl", 10);
/// assert_eq!(found.list[0].text, "strlen(");
/// assert_eq!(found.list[0].about(), "strlen(source: string): long");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Completion {
    /// What is put in the place of what was typed.
    pub text: String,
    /// What it is called in a list.
    pub name: String,
    /// What it is: `column`, `function`, `aggregate`, `operator`, `infix`, `table`, `let`, `key`, `value`, `type`,
    /// `word`, `setting`.
    pub kind: &'static str,
    /// A type, a signature, a sentence; may be empty.
    pub detail: String,
    /// Of a key or a value of the data: how many rows have it.
    pub share: Option<Share>,
}

impl Completion {
    /// What there is to know about it, in a few words: `string, 80 %`.
    ///
    /// ```
    /// let found = argql::Engine::new().sample().complete("securityresources | where properties.status.co", 46);
    /// assert_eq!(found.list[0].about(), "string");
    /// ```
    pub fn about(&self) -> String {
        match self.share {
            None => self.detail.clone(),
            Some(share) if self.detail.is_empty() => share.to_string(),
            Some(share) => format!("{}, {share}", self.detail),
        }
    }
}

/// Some of a number of rows; printed, in hundredths.
///
/// ```
/// let found = argql::Engine::new().sample().paths("resources.location")?;
/// let share = found.paths[0].share.unwrap();
/// assert_eq!((share.count, share.of, share.to_string().as_str()), (50, 50, "100 %"));
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Share {
    /// So many rows
    pub count: usize,
    /// of so many.
    pub of: usize,
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.count * 100).checked_div(self.of).unwrap_or(0) {
            0 => f.write_str("< 1 %"),
            percent => write!(f, "{percent} %"),
        }
    }
}

/// What could be typed at the end of `text`, whose rest behind the cursor is `rest`.
pub(crate) fn complete(text: &str, rest: &str, environment: &Environment<'_>) -> Completions {
    let Some(place) = CursorPlace::behind(text) else { return Completions::default() };
    let (list, sampled) = finder::find(&place, rest, environment);
    let list = matching(list, place.typed);
    let sampled = sampled && list.iter().any(|found| matches!(found.kind, "key" | "value"));
    Completions { start: place.start, list, sampled }
}

/// Those that begin with what was typed, or else those that hold it; in any letter case.
fn matching(list: Vec<Completion>, typed: &str) -> Vec<Completion> {
    let typed = typed.to_lowercase();
    let some = |fits: &dyn Fn(&str) -> bool| -> Vec<Completion> {
        let mut names = std::collections::HashSet::new();
        let fit = list.iter().filter(|found| fits(&found.name.to_lowercase()));
        fit.filter(|found| names.insert(found.text.clone())).cloned().collect()
    };
    let first = some(&|name| name.starts_with(&typed));
    if first.is_empty() && typed.len() > 1 { some(&|name| name.contains(&typed)) } else { first }
}
