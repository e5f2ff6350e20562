//! JSON text to values and back.

use super::Value;

/// Reads valid JSON; of duplicate keys the first counts.
pub(crate) fn from_json(text: &str) -> Value {
    let _ = text;
    unimplemented!()
}
