//! What must hold of a query that was laid out.

use argql::{Engine, inspect, layout};

/// Blanks between the words of an operator are layout.
fn tokens(text: &str) -> Vec<String> {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let token = |token: inspect::Token| if token.kind == "symbol" { words(&token.text) } else { token.text };
    inspect::tokens(text).unwrap().into_iter().map(token).collect()
}

/// Every line's comment, in order; `//` in a string is none.
fn comments(text: &str) -> Vec<String> {
    let marks = argql::marks(text).into_iter().filter(|mark| mark.kind == argql::MarkKind::Comment);
    let lines = marks.flat_map(|mark| text[mark.span.range()].lines().map(str::trim).collect::<Vec<_>>());
    lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Whether there is nothing in a text that could be laid out: it is no KQL, or has no query.
pub(crate) fn is_none(text: &str) -> bool {
    !inspect::parses(text) || tokens(text).is_empty() || inspect::printed(text).unwrap().is_empty()
}

/// What is wrong with `once`, which a text was laid out as; its plans over an engine's tables must be those of the text.
pub(crate) fn faults(engine: &Engine, text: &str, once: &str) -> Vec<&'static str> {
    let plans = |text: &str| engine.prepare(text).map(|query| query.bound_plans());
    let same_plans = match (plans(text), plans(once)) {
        (Err(error), _) | (_, Err(error)) if error.is_limit() => true,
        (before, after) => before.ok() == after.ok(),
    };
    let Some(again) = inspect::printed(once) else { return vec!["no query any more"] };
    let clean = tokens(text).iter().any(|token| token.contains('\n'));
    let holds = [
        ("other tokens", tokens(once) == tokens(text)),
        ("other comments", comments(once) == comments(text)),
        ("another query", tokens(&again) == tokens(&inspect::printed(text).unwrap())),
        ("not laid out for good", layout(once).is_ok_and(|twice| twice == once)),
        ("blanks at the end of a line", clean || once.lines().all(|line| line.trim_end() == line)),
        ("another plan", same_plans),
    ];
    holds.into_iter().filter(|(_, holds)| !holds).map(|(fault, _)| fault).collect()
}
