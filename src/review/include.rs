//! Includes: `// include: NAME` in the comments at the head of a query puts in the functions of `NAME.kql`.
//!
//! The directive is a comment, so the file stays KQL for every other tool. What is put in are the `let` statements of the
//! file that the query uses, and those that these use, so that the text which is read (and `--flat` prints) has nothing
//! in it that is not needed.

use std::collections::BTreeSet;

use crate::diag::{Diagnostic, INCLUDE, QueryText, Span, nearest};
use crate::error::Error;
use crate::syntax::{TokenKind, lex, parse};

/// A file to include: what messages call it, and its text.
pub(super) type NamedText = (String, String);

/// Finds a file by the name that a directive gives.
pub(super) type FindFile<'a> = &'a dyn Fn(&str) -> Result<Option<NamedText>, Error>;

/// A file on the way of being put in.
struct IncludedFile {
    name: String,
    text: String,
    statements: Vec<IncludedLet>,
}

/// A `let` statement of an included file.
struct IncludedLet {
    name: String,
    /// From the comments that stand directly above it to its `;`.
    span: Span,
    /// Every word in it.
    words: BTreeSet<String>,
}

/// The query with what its head includes, and what that includes.
pub(super) fn with_includes(name: &str, text: &str, open: FindFile<'_>) -> Result<QueryText, Error> {
    let directives = directives(text);
    let Some(last) = directives.last() else { return Ok(QueryText::new(name, text)) };
    let line_end = text[last.1.end..].find('\n').map_or(text.len(), |at| last.1.end + at + 1);

    let mut files = Vec::new();
    let mut opening = vec![name.to_owned()];
    for (wanted, span) in &directives {
        include(wanted, *span, (name, text), open, &mut opening, &mut files)?;
    }
    // A query that does not lex is refused when it is parsed, without its includes just as well.
    let Ok(mut wanted) = words(text) else { return Ok(QueryText::new(name, text)) };
    let mut kept = Vec::new();
    for (index, file) in files.iter().enumerate().rev() {
        for statement in file.statements.iter().rev() {
            if wanted.contains(&statement.name) {
                wanted.extend(statement.words.iter().cloned());
                kept.push((index + 1, statement.span));
            }
        }
    }
    kept.reverse();
    // What is put in need not be included again: the directives themselves stay out.
    let mut head = Vec::new();
    let mut start = 0;
    for line in text[..line_end].split_inclusive('\n') {
        if self::directives(line).is_empty() {
            head.push((0, Span { start, end: start + line.len() }));
        }
        start += line.len();
    }
    kept.splice(0..0, head);
    kept.push((0, Span { start: line_end, end: text.len() }));
    let mut texts = vec![(name.to_owned(), text.to_owned())];
    texts.extend(files.into_iter().map(|file| (file.name, file.text)));
    Ok(QueryText::of_pieces(texts, &kept))
}

/// The names that directives in the head of a file give, each with its place.
fn directives(text: &str) -> Vec<(&str, Span)> {
    let mut found = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        if !trimmed.is_empty() && !trimmed.starts_with("//") {
            break;
        }
        if let Some(names) = trimmed.trim_start_matches('/').trim_start().strip_prefix("include:") {
            for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                // Both are slices of the same text.
                let start = offset + (name.as_ptr().addr() - line.as_ptr().addr());
                found.push((name, Span { start, end: start + name.len() }));
            }
        }
        offset += line.len();
    }
    found
}

/// Opens a file, and before it those that it includes; `by` is the file whose directive says so.
fn include(
    wanted: &str,
    span: Span,
    by: (&str, &str),
    open: FindFile<'_>,
    opening: &mut Vec<String>,
    files: &mut Vec<IncludedFile>,
) -> Result<(), Error> {
    let wrong = |message: String| Diagnostic::error(INCLUDE, span, message);
    let said = |diagnostic: Diagnostic| Err(Error::query(by.0, by.1, vec![diagnostic]));
    let Some((name, text)) = open(wanted)? else {
        let shared = super::embedded::SHARED.iter().map(|shared| shared.name);
        let missing = wrong(format!("there is no file `{wanted}.kql` to include")).label("no such file");
        let help = match nearest(wanted, shared.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "it is looked for beside this file, then among the functions of the library: {}",
                shared.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            ),
        };
        return said(missing.help(help));
    };
    if files.iter().any(|file| file.name == name) {
        return Ok(());
    }
    if let Some(at) = opening.iter().position(|open| *open == name) {
        let way: Vec<&str> = opening[at..].iter().map(String::as_str).chain([name.as_str()]).collect();
        return said(wrong(format!("`{name}` includes itself")).label("a circle").help(way.join(" includes ")));
    }
    opening.push(name.clone());
    for (inner, span) in directives(&text) {
        include(inner, span, (&name, &text), open, opening, files)?;
    }
    opening.pop();
    parse(&text).map_err(|errors| Error::query(&name, &text, errors))?;
    let statements = statements(&name, &text)?;
    files.push(IncludedFile { name, text, statements });
    Ok(())
}

/// Every word of a text.
#[expect(clippy::result_large_err, reason = "made once per query")]
fn words(text: &str) -> Result<BTreeSet<String>, Diagnostic> {
    let words = lex(text)?.into_iter().filter(|token| token.kind == TokenKind::Word);
    Ok(words.map(|token| token.text.to_owned()).collect())
}

/// The statements of a file that holds `let` statements and nothing else.
fn statements(name: &str, text: &str) -> Result<Vec<IncludedLet>, Error> {
    let error = |diagnostic: Diagnostic| Error::query(name, text, vec![diagnostic]);
    let tokens = lex(text).map_err(error)?;
    let mut found = Vec::new();
    let (mut depth, mut first) = (0_usize, 0);
    for (at, token) in tokens.iter().enumerate() {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        let ends = depth == 0 && token.text == ";";
        if !ends && at + 1 < tokens.len() {
            continue;
        }
        let statement = &tokens[first..=at];
        first = at + 1;
        if statement.len() == 1 && ends {
            continue;
        }
        let (start, end) = (statement[0].span.start, token.span.end);
        if statement[0].text != "let" || !ends {
            let wrong = Diagnostic::error(
                INCLUDE,
                Span { start, end: statement[0].span.end },
                "a file that is included holds `let` statements only",
            );
            return Err(error(
                wrong.label("another statement").help("begin with `let`, and end each statement with `;`"),
            ));
        }
        let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
        let end = if text[end..line_end].trim().is_empty() { line_end } else { end };
        found.push(IncludedLet {
            name: statement[1].text.to_owned(),
            span: Span { start: with_comments(text, start), end },
            words: statement[2..]
                .iter()
                .filter(|token| token.kind == TokenKind::Word)
                .map(|token| token.text.to_owned())
                .collect(),
        });
    }
    Ok(found)
}

/// Where the comments begin that stand directly above `start`.
fn with_comments(text: &str, start: usize) -> usize {
    let line_start = |end: usize| text[..end].rfind('\n').map_or(0, |at| at + 1);
    let mut from = line_start(start);
    if !text[from..start].trim().is_empty() {
        return start;
    }
    while from > 0 {
        let above = line_start(from - 1);
        let line = text[above..from].trim_start();
        if !line.starts_with("//") || !directives(line).is_empty() {
            break;
        }
        from = above;
    }
    from
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(wanted: &str) -> Result<Option<NamedText>, Error> {
        let text = match wanted {
            "a" => "// Functions.\n\n// One.\nlet one = 1;\n// Two.\nlet two = () { one + one };\nlet three = 3;\n",
            "b" => "// include: a\nlet four = two() + two();\n",
            "round" => "// include: about\nlet x = 1;\n",
            "about" => "// include: round\nlet y = 1;\n",
            "rows" => "let x = 1;\nT | take x\n",
            "broken" => "let x = ;\n",
            _ => return Ok(None),
        };
        Ok(Some((format!("{wanted}.kql"), text.to_owned())))
    }

    fn refusal(text: &str) -> String {
        with_includes("q.kql", text, &files).unwrap_err().to_string()
    }

    #[test]
    fn what_is_used_is_put_in_and_nothing_else() {
        let flat = |text: &str| with_includes("q", text, &files).unwrap().read().to_owned();
        assert_eq!(
            flat("// Q.\n// include: b\nprint four"),
            "// Q.\n// One.\nlet one = 1;\n// Two.\nlet two = () { one + one };\nlet four = two() + two();\nprint four"
        );
        assert_eq!(flat("// include: a, b\nprint three"), "let three = 3;\nprint three");
        assert_eq!(flat("// include: a"), "");
        assert_eq!(flat("print 1 // include: a"), "print 1 // include: a");
        assert_eq!(flat("print 1\n// include: a"), "print 1\n// include: a");
    }

    #[test]
    fn an_include_that_cannot_be_is_refused_where_it_stands() {
        assert_eq!(
            refusal("// Q.\n// include: exemption\nT"),
            "q.kql:2:13: error[AQ1008]: there is no file `exemption.kql` to include (did you mean `exemptions`?)"
        );
        assert_eq!(
            refusal("// include: round\nT"),
            "about.kql:1:13: error[AQ1008]: `round.kql` includes itself (round.kql includes about.kql includes round.kql)"
        );
        assert!(
            refusal("// include: rows\nT").starts_with("rows.kql:2:1: error[AQ1008]: a file that is included holds")
        );
        assert!(refusal("// include: broken\nT").starts_with("broken.kql:1:9: error[AQ0001]: "));
    }
}
