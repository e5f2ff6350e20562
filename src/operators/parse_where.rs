//! `parse-where`: takes text apart and drops the rows that do not match.

use super::parse::Parse;

/// `parse-where text with "id=" id: long`
#[derive(Clone, Debug)]
pub(crate) struct ParseWhere(pub(crate) Parse);
