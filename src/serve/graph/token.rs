//! Where a page begins: over which data, of which query, from which row on.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::live::Data;
use super::failure::Failure;
use crate::DateTime;

/// What a `$skipToken` says. Clients pass it on as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) of: AnswerId,
    /// Rows that were given already.
    pub(super) skip: usize,
    /// Rows of a page.
    pub(super) top: usize,
}

/// Which answer pages are of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AnswerId {
    /// Which data: their number, and when they were loaded, for numbers begin anew with each server.
    pub(super) data: String,
    /// The query with all that its answer depends on, as a hash.
    pub(super) query: String,
    /// What `now()` was.
    pub(super) now: DateTime,
}

/// What there can be only one of.
pub(super) fn data_id(data: &Data) -> String {
    format!("{}-{}", data.number, data.loaded.ticks())
}

impl Token {
    pub(super) fn text(&self) -> String {
        let of = &self.of;
        let parts = json!({
            "v": 1,
            "data": of.data,
            "query": of.query,
            "now": of.now.to_string(),
            "skip": self.skip,
            "top": self.top,
        });
        STANDARD.encode(parts.to_string())
    }

    pub(super) fn read(text: &str) -> Result<Token, Failure> {
        let parts = STANDARD.decode(text).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let read = parts.and_then(|parts| {
            let text = |name: &str| Some(parts.get(name)?.as_str()?.to_owned());
            let number = |name: &str| usize::try_from(parts.get(name)?.as_u64()?).ok();
            let of = AnswerId { data: text("data")?, query: text("query")?, now: DateTime::parse(&text("now")?)? };
            let (1, 1..) = (number("v")?, number("top")?) else { return None };
            Some(Token { of, skip: number("skip")?, top: number("top")? })
        });
        read.ok_or_else(|| {
            let help = "pass on what an answer of this server gave as `$skipToken`, unchanged";
            Failure::refused("the `$skipToken` is none that this server gave", help)
        })
    }
}
