//! Names as queries write them.

/// Whether a name needs no brackets.
pub(super) fn plain(name: &str) -> bool {
    let first = name.starts_with(|c: char| c == '_' || c.is_alphabetic());
    first && name.chars().all(|c| c == '_' || c.is_alphanumeric())
}

/// `['a b']`
pub(super) fn bracketed(name: &str) -> String {
    format!("['{}']", name.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A name as a query writes it: in brackets if it needs them.
///
/// ```
/// assert_eq!(argql::written_name("resources"), "resources");
/// assert_eq!(argql::written_name("it's"), r"['it\'s']");
/// ```
pub fn written_name(name: &str) -> String {
    if plain(name) { name.to_owned() } else { bracketed(name) }
}
