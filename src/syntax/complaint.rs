//! What to say when the text is not what was hoped for: the place, what was hoped for, and what was probably meant.

use super::lex::{Token, TokenKind};
use super::tokens::{Context, Hope, ParseFault, Thing};
use crate::diag::{Diagnostic, Span, UNEXPECTED, nearest};
use crate::functions::INFIXES;
use crate::operators;
use crate::registry::Right;
use crate::value::Type;

/// The diagnostic for a parse that failed.
pub(super) fn complaint(context: &Context<'_>, error: nom::Err<ParseFault>) -> Diagnostic {
    if let nom::Err::Failure(ParseFault::Explained(diagnostic)) | nom::Err::Error(ParseFault::Explained(diagnostic)) =
        error
    {
        return *diagnostic;
    }
    let furthest = context.furthest();
    let (read, ahead) = context.tokens().split_at(furthest.index);
    let hopes = &furthest.hopes;
    if let Some(diagnostic) = bracket(read, ahead.first(), hopes).or_else(|| habit(read, ahead, hopes)) {
        return diagnostic;
    }
    let wanted = wanted(read.last(), hopes);
    let Some(found) = ahead.first() else {
        let end = read.last().map_or(0, |token| token.span.end);
        let message = format!("expected {wanted}, but the query ends here");
        return Diagnostic::error(UNEXPECTED, Span { start: end, end }, message);
    };
    let message = format!("expected {wanted}, found `{}`", shown(found.text));
    let diagnostic = Diagnostic::error(UNEXPECTED, found.span, message);
    match cure(context, read, ahead, hopes) {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

fn shown(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// An opening bracket without its end, or an end without its beginning.
fn bracket(read: &[Token<'_>], found: Option<&Token<'_>>, hopes: &[Hope]) -> Option<Diagnostic> {
    let sign = |token: &&Token<'_>| token.kind == TokenKind::Symbol;
    let mut open: Vec<&Token<'_>> = Vec::new();
    for token in read.iter().filter(sign) {
        match token.text {
            "(" | "[" | "{" => open.push(token),
            ")" | "]" | "}" => drop(open.pop()),
            _ => {}
        }
    }
    let close = |open: &Token<'_>| match open.text {
        "(" => ")",
        "[" => "]",
        _ => "}",
    };
    match (found.map(|token| token.text), open.last()) {
        (None | Some(";" | "|" | ")" | "]" | "}"), Some(last)) if hopes.contains(&Hope::Text(close(last))) => Some(
            Diagnostic::error(UNEXPECTED, last.span, format!("`{}` is never closed", last.text))
                .label("opened here")
                .help(format!("expected `{}`", close(last))),
        ),
        (Some(text @ (")" | "]" | "}")), None) => {
            Some(Diagnostic::error(UNEXPECTED, found?.span, format!("`{text}` closes nothing")))
        }
        _ => None,
    }
}

/// What people write who come from other languages.
fn habit(read: &[Token<'_>], ahead: &[Token<'_>], hopes: &[Hope]) -> Option<Diagnostic> {
    let found = ahead.first()?;
    if read.first().or(Some(found))?.text.eq_ignore_ascii_case("select") && read.len() < 3 {
        let span = read.first().unwrap_or(found).span;
        return Some(
            Diagnostic::error(UNEXPECTED, span, "a query begins with a table")
                .help("write `Resources | where … | project …`; the columns come last"),
        );
    }
    if found.text != "=" || found.kind != TokenKind::Symbol {
        return None;
    }
    let message = if !hopes.contains(&Hope::Thing(Thing::Infix)) {
        return None;
    } else if hopes.contains(&Hope::Text(",")) {
        "only a plain name can stand before `=`"
    } else {
        "`=` does not compare"
    };
    Some(Diagnostic::error(UNEXPECTED, found.span, message).help("write `==` to compare; `name = …` names a column"))
}

/// The hopes in words: "an expression, `,` or `by`".
fn wanted(before: Option<&Token<'_>>, hopes: &[Hope]) -> String {
    let piped = hopes.contains(&Hope::Text("|"));
    let mut parts: Vec<String> = hopes
        .iter()
        .filter(|hope| **hope != Hope::Text(";") || !piped)
        .filter_map(|hope| match hope {
            Hope::Text(text) => Some(format!("`{text}`")),
            // A name stands for all of them.
            Hope::Setting(text) if !hopes.contains(&Hope::Thing(Thing::Name)) => Some(format!("`{text}`")),
            Hope::Thing(thing) => Some(thing.text().to_owned()),
            Hope::Setting(_) | Hope::Word(_) => None,
        })
        .take(5)
        .collect();
    let last = parts.pop().unwrap_or_else(|| "the end of the query".to_owned());
    let list = if parts.is_empty() { last } else { format!("{} or {last}", parts.join(", ")) };
    match before {
        Some(token) if hopes == [Hope::Thing(Thing::Expression)] => format!("{list} after `{}`", shown(token.text)),
        _ => list,
    }
}

/// What was probably meant.
fn cure(context: &Context<'_>, read: &[Token<'_>], ahead: &[Token<'_>], hopes: &[Hope]) -> Option<String> {
    let found = ahead.first()?;
    let hoped = |text: &'static str| hopes.contains(&Hope::Text(text));
    let operator_fits = hopes.contains(&Hope::Thing(Thing::Infix));
    let before = read.last().map_or("", |token| token.text);
    let next = ahead.get(1).map_or("", |token| token.text);
    if hoped("(") {
        match read.last()?.infix.map(|infix| infix.right) {
            Some(Right::Range) => return Some(format!("write `{before} (low .. high)`")),
            Some(Right::List) => return Some(format!("write `{before} (…)`, in brackets")),
            _ => {}
        }
    }
    if found.kind == TokenKind::Symbol {
        return match found.text {
            "=" if before == "==" => Some("write `==`".to_owned()),
            "-" | "+" => Some("put the second sign and what follows in brackets".to_owned()),
            _ => None,
        };
    }
    if before == "not" {
        return Some("`not` is a function: write `not(…)`".to_owned());
    }
    if found.kind != TokenKind::Word {
        return None;
    }
    if hoped("|") && operators::names().any(|name| name == found.text || name.split('-').next() == Some(found.text)) {
        return Some(format!("write `|` before `{}`", found.text));
    }
    if hoped(",") && next == "=" {
        return Some(format!("write `,` before `{}`", found.text));
    }
    if hoped("typeof") && Type::named(found.text).is_some() {
        return Some(format!("write `typeof({})`", found.text));
    }
    if operator_fits {
        match (found.text.to_ascii_lowercase().as_str(), next.to_ascii_lowercase().as_str()) {
            ("not", word) if INFIXES.iter().any(|infix| infix.text.strip_prefix('!') == Some(word)) => {
                return Some(format!("write `!{word}`"));
            }
            ("is", "not") => return Some("write `isnotnull(…)`".to_owned()),
            ("is", _) => return Some("write `isnull(…)`".to_owned()),
            _ => {}
        }
    }
    let words = hopes.iter().filter_map(|hope| match hope {
        Hope::Text(text) | Hope::Setting(text) | Hope::Word(text) => Some(*text),
        Hope::Thing(_) => None,
    });
    if let Some(short) = words.clone().find(|word| word.len() > 2 && found.text.starts_with(word)) {
        return Some(format!("did you mean `{short}`?"));
    }
    let infixes = INFIXES.iter().map(|infix| infix.text).filter(|_| operator_fits);
    if let Some(near) = nearest(found.text, words.chain(infixes)) {
        return Some(format!("did you mean `{near}`?"));
    }
    let gap = Span { start: read.last()?.span.end, end: found.span.start };
    (hoped(";") && context.text()[gap.range()].contains('\n'))
        .then(|| "a statement ends with `;`, an operator begins with `|`".to_owned())
}
