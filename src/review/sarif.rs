//! SARIF 2.1.0, for code scanning: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use percent_encoding::utf8_percent_encode;
use serde_json::{Value, json};

use crate::output::escape::PATH;

/// What one run of a tool found.
pub(super) struct SarifRun {
    pub(super) rules: Vec<Value>,
    pub(super) results: Vec<Value>,
    /// What kept the tool from looking.
    pub(super) refused: Vec<Value>,
}

/// A file, as places in it are told.
pub(super) fn artifact(file: &str) -> Value {
    json!({ "uri": utf8_percent_encode(&file.replace('\\', "/"), PATH).to_string() })
}

/// The whole document.
pub(super) fn sarif(run: &SarifRun) -> String {
    let SarifRun { rules, results, refused } = run;
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "argql",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": refused.is_empty(),
                "toolExecutionNotifications": refused,
            }],
            "results": results,
        }],
    });
    format!("{document}\n")
}
