//! Diagnostics on their way between machines, as JSON.

use serde_json::{Value as Json, json};

use crate::diag::{Diagnostic, Place, Severity, Span, codes};

/// A diagnostic as a line of JSON.
pub(crate) fn diagnostic_to_json(diagnostic: &Diagnostic) -> String {
    let place = match &diagnostic.place {
        Place::Query(span) => json!({ "start": span.start, "end": span.end }),
        Place::File { path, line, column } => json!({ "path": path.to_string_lossy(), "line": line, "column": column }),
        Place::Nowhere => Json::Null,
    };
    json!({
        "code": diagnostic.code.id,
        "warning": diagnostic.severity == Severity::Warning,
        "message": diagnostic.message,
        "place": place,
        "label": diagnostic.label,
        "help": diagnostic.help,
    })
    .to_string()
}

/// The diagnostic behind what [`diagnostic_to_json`] gave; none if it is of another version.
pub(crate) fn diagnostic_from_json(text: &str) -> Option<Diagnostic> {
    let json: Json = serde_json::from_str(text).ok()?;
    let code = codes().iter().copied().find(|code| Some(code.id) == json["code"].as_str())?;
    let number = |key: &str| usize::try_from(json["place"][key].as_u64()?).ok();
    let place = match (number("start"), json["place"]["path"].as_str()) {
        (Some(start), _) => Place::Query(Span { start, end: number("end")? }),
        (None, Some(path)) => Place::File { path: path.into(), line: number("line")?, column: number("column")? },
        (None, None) => Place::Nowhere,
    };
    let found =
        Diagnostic::at(code, place, json["message"].as_str()?).label(json["label"].as_str().unwrap_or_default());
    let found = json["help"].as_str().into_iter().fold(found, Diagnostic::help);
    Some(if json["warning"] == Json::Bool(true) { found.warning() } else { found })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{INCOMPLETE, OUT_OF_MEMORY, UNKNOWN_COLUMN};

    #[test]
    fn a_diagnostic_comes_out_as_it_went_in() {
        let file = Place::File { path: "a/b.json".into(), line: 3, column: 7 };
        for diagnostic in [
            Diagnostic::error(UNKNOWN_COLUMN, Span { start: 4, end: 9 }, "`x` is not a column").label("here").help("y"),
            Diagnostic::at(INCOMPLETE, file, "two rows \"are\" missing").warning(),
            Diagnostic::at(OUT_OF_MEMORY, Place::Nowhere, "too much"),
        ] {
            assert_eq!(diagnostic_from_json(&diagnostic_to_json(&diagnostic)), Some(diagnostic));
        }
        assert_eq!(diagnostic_from_json("{\"code\":\"AQ9999\"}"), None);
    }
}
