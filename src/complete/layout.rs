//! A query in argql's own layout, with its comments.
//!
//! The printer of the syntax tree knows where blanks belong, and nothing of comments. So its tokens are laid out anew:
//! a stage or statement begins a line, what is too long for one or has comments inside is broken at its commas, `and`s
//! and sub-queries, and each comment is put before the token that it stood before, or behind the one that it stood
//! behind on a line.

use crate::error::Error;
use crate::registry::Level;
use crate::syntax::{self, Token, lex};

/// Columns that a line may have before it is broken.
const WIDTH: usize = 100;
/// Blanks that a line is set in further than the one that it belongs to.
const STEP: usize = 4;

/// A query in argql's own layout, with its comments.
///
/// # Errors
///
/// If it is no KQL.
///
/// ```
/// let text = argql::layout("T|where x>7 // large\n  // not too many\n|take 2")?;
/// assert_eq!(text, "T\n| where x > 7 // large\n// not too many\n| take 2");
/// # Ok::<(), argql::Error>(())
/// ```
pub fn layout(text: &str) -> Result<String, Error> {
    let wrong = |errors| Error::query("query", text, errors);
    let printed = syntax::script(text).map_err(wrong)?.to_string();
    let written = lex(text).map_err(|problem| wrong(vec![problem]))?;
    let tokens = lex(&printed).map_err(|problem| wrong(vec![problem]))?;
    let laid_out = Layout::new(text, &written, &printed, &tokens).laid_out();
    let kept = lex(&laid_out).is_ok_and(|again| {
        let texts = |tokens: &[Token<'_>]| tokens.iter().map(|token| token.text.to_owned()).collect::<Vec<_>>();
        texts(&again) == texts(&tokens) && comments(&laid_out, &again) == comments(text, &written)
    });
    // Where a comment ends up decides no token; if one did, the query would better stay as it was written.
    Ok(if kept { laid_out } else { text.to_owned() })
}

/// Every comment of a text.
fn comments<'a>(text: &'a str, tokens: &[Token<'a>]) -> Vec<&'a str> {
    let ends = [0].into_iter().chain(tokens.iter().map(|token| token.span.end));
    let starts = tokens.iter().map(|token| token.span.start).chain([text.len()]);
    let gaps = ends.zip(starts).map(|(end, start)| text.get(end..start).unwrap_or_default());
    gaps.flat_map(|gap| between(gap, false).comments).map(|comment| comment.text).collect()
}

/// What stands before a token.
#[derive(Clone, Debug, Default)]
struct Before<'a> {
    comments: Vec<Comment<'a>>,
    /// Whether an empty line separates it from what is above.
    apart: bool,
}

#[derive(Clone, Copy, Debug)]
struct Comment<'a> {
    text: &'a str,
    /// Whether it stands behind something on its line.
    ends_line: bool,
    apart: bool,
}

struct Layout<'a> {
    printed: &'a str,
    tokens: &'a [Token<'a>],
    /// For each token, and for the end.
    before: Vec<Before<'a>>,
    out: String,
    /// The line to be begun, by how far it is set in.
    line: Option<usize>,
}

impl<'a> Layout<'a> {
    fn new(text: &'a str, written: &[Token<'a>], printed: &'a str, tokens: &'a [Token<'a>]) -> Layout<'a> {
        let mut before = vec![Before::default(); tokens.len() + 1];
        let mut waiting = Before::default();
        let places = places(written, tokens);
        let mut end = 0;
        for (at, place) in (0..=written.len()).zip(places.into_iter().chain([Some(tokens.len())])) {
            let start = written.get(at).map_or(text.len(), |token| token.span.start);
            let gap = between(text.get(end..start).unwrap_or_default(), end == 0);
            waiting.comments.extend(gap.comments);
            waiting.apart = gap.apart;
            if let Some(before) = place.and_then(|place| before.get_mut(place)) {
                *before = std::mem::take(&mut waiting);
            }
            end = written.get(at).map_or(text.len(), |token| token.span.end);
        }
        Layout { printed, tokens, before, out: String::new(), line: None }
    }

    fn laid_out(mut self) -> String {
        self.line = Some(0);
        self.pipeline(0, self.tokens.len(), 0);
        self.comments(self.tokens.len(), 0);
        self.out
    }

    fn text(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    /// Whether it stands between two conditions.
    fn joins(&self, at: usize) -> bool {
        let infix = self.tokens.get(at).and_then(|token| token.infix);
        infix.is_some_and(|infix| matches!(infix.level, Level::And | Level::Or))
    }

    /// Behind the bracket that closes the one at hand, or behind the token itself.
    fn group_end(&self, at: usize) -> usize {
        let mut depth = 0_usize;
        for end in at..self.tokens.len() {
            match self.text(end) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return end + 1;
            }
        }
        self.tokens.len()
    }

    /// The tokens from one to another that no bracket between them encloses.
    fn outside(&self, from: usize, to: usize) -> impl Iterator<Item = usize> {
        let mut at = from;
        std::iter::from_fn(move || {
            let this = (at < to).then_some(at)?;
            at = self.group_end(this);
            Some(this)
        })
    }

    /// Whether these tokens fit into a line that is set in so far, without a comment among them.
    fn fits(&self, from: usize, to: usize, indent: usize) -> bool {
        let silent = |at: usize| self.before.get(at).is_none_or(|before| before.comments.is_empty());
        let span = |at: usize| self.tokens.get(at).map(|token| token.span);
        let (Some(first), Some(last)) = (span(from), to.checked_sub(1).and_then(span)) else { return true };
        let printed = self.printed.get(first.start..last.end).unwrap_or_default();
        (from + 1..to).all(silent) && indent + printed.chars().count() <= WIDTH
    }

    /// Statements and stages, a line for each.
    fn pipeline(&mut self, from: usize, to: usize, indent: usize) {
        let begins: Vec<usize> = self
            .outside(from, to)
            .filter(|at| self.text(*at) == "|" || (*at > from && self.text(*at - 1) == ";"))
            .filter(|at| *at > from)
            .collect();
        let ends = begins.iter().copied().chain([to]);
        for (start, end) in [from].into_iter().chain(begins.iter().copied()).zip(ends) {
            if start > from {
                self.line = Some(indent);
            }
            self.stage(start, end, indent);
        }
    }

    /// A statement or a stage: as it is printed if it fits, or else broken.
    fn stage(&mut self, from: usize, to: usize, indent: usize) {
        let inside = indent + STEP;
        if self.fits(from, to, indent) {
            (from..to).for_each(|at| self.token(at, inside));
            return;
        }
        let outside: Vec<usize> = self.outside(from, to).collect();
        let (commas, words) =
            (outside.iter().any(|at| self.text(*at) == ","), outside.iter().any(|at| self.joins(*at)));
        let depth = if commas || words { inside } else { indent };
        for at in outside {
            let behind_comma = at > from && self.text(at - 1) == ",";
            if behind_comma || (!commas && at > from && self.joins(at)) {
                self.line = Some(inside);
            }
            self.token(at, inside);
            let end = self.group_end(at);
            if end == at + 1 {
                continue;
            }
            // A group stands on lines of its own if it is a query, or too long for one.
            let query = self.outside(at + 1, end - 1).any(|inner| ["|", ";"].contains(&self.text(inner)));
            if query || !self.fits(at, end, inside) {
                self.line = Some(depth + STEP);
                self.pipeline(at + 1, end - 1, depth + STEP);
                self.line = Some(depth);
            } else {
                (at + 1..end - 1).for_each(|at| self.token(at, inside));
            }
            self.token(end - 1, depth);
        }
    }

    /// Comments before a token; a line that has to be begun behind them is set in so far. Whether the token is to stand
    /// apart.
    fn comments(&mut self, at: usize, indent: usize) -> bool {
        let Before { comments, apart } = self.before.get_mut(at).map(std::mem::take).unwrap_or_default();
        for comment in comments {
            if comment.ends_line && !self.out.is_empty() {
                self.out.push(' ');
            } else {
                self.begin_line(self.line.unwrap_or(indent), comment.apart);
            }
            self.out.push_str(comment.text);
            self.line.get_or_insert(indent);
        }
        apart
    }

    fn begin_line(&mut self, indent: usize, apart: bool) {
        if !self.out.is_empty() {
            self.out.push_str(if apart { "\n\n" } else { "\n" });
        }
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    /// A token with what stands before it.
    fn token(&mut self, at: usize, indent: usize) {
        let apart = self.comments(at, indent);
        match self.line.take() {
            Some(indent) => self.begin_line(indent, apart),
            None => {
                let end = at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |token| token.span.end);
                let start = self.tokens.get(at).map_or(end, |token| token.span.start);
                self.out.push_str(self.printed.get(end..start).unwrap_or_default());
            }
        }
        self.out.push_str(self.text(at));
    }
}

/// The comments between two tokens; at the beginning of a text there is no line that one could end.
fn between(gap: &str, beginning: bool) -> Before<'_> {
    let mut before = Before::default();
    let mut lines = gap.split('\n').map(str::trim).enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        if !line.is_empty() {
            let apart = std::mem::take(&mut before.apart);
            before.comments.push(Comment { text: line, ends_line: number == 0 && !beginning, apart });
        } else if number > 0 && lines.peek().is_some() {
            // The first piece is the rest of a line, the last the beginning of one.
            before.apart = true;
        }
    }
    before
}

/// Tokens that are looked at to find out where two texts go on together.
const AHEAD: usize = 12;

/// For each token that was written the one that is printed in its place; the printer leaves out some and adds some.
fn places(written: &[Token<'_>], printed: &[Token<'_>]) -> Vec<Option<usize>> {
    let mut places = Vec::with_capacity(written.len());
    let mut next = 0;
    while places.len() < written.len() {
        let at = places.len();
        let same = |ahead: usize, beyond: usize| {
            let (one, other) = (written.get(at + ahead), printed.get(next + beyond));
            one.zip(other).is_some_and(|(one, other)| one.text == other.text)
        };
        // The fewest tokens that are left out on either side.
        let skips = (0..AHEAD).flat_map(|sum| (0..=sum).map(move |ahead| (ahead, sum - ahead)));
        match skips.into_iter().find(|(ahead, beyond)| same(*ahead, *beyond)) {
            Some((ahead, beyond)) => {
                places.extend(std::iter::repeat_n(None, ahead));
                next += beyond;
                places.push(Some(next));
                next += 1;
            }
            None => {
                places.push(None);
                next += 1;
            }
        }
    }
    places.truncate(written.len());
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn laid_out(text: &str, wanted: &str) {
        let once = layout(text).unwrap();
        assert_eq!(once, wanted, "\n{once}\n");
        assert_eq!(layout(&once).unwrap(), once);
    }

    #[test]
    fn comments_stay_where_they_belong() {
        laid_out(
            "// head\n// include: f\n\nlet a=1; // one\n\n\n// the rows\nT | where x==(a) // those\n// last words",
            "// head\n// include: f\n\nlet a = 1; // one\n\n// the rows\nT\n| where x == a // those\n// last words",
        );
        laid_out(
            "T|project a, // first\n b=2, // second\n\n // third\nc|take 1",
            "T\n| project a, // first\n    b = 2, // second\n\n    // third\n    c\n| take 1",
        );
        laid_out("T | where a // why\n == 1", "T\n| where a // why\n    == 1");
        laid_out("print '// no comment' // one", "print '// no comment' // one");
    }

    #[test]
    fn what_is_too_long_is_broken() {
        let long = "a".repeat(30);
        laid_out(
            &format!("T|where {long}==1 and {long}==2 or {long}==3|project {long}, x={long}, y={long}, z=1"),
            &format!(
                "T\n| where {long} == 1\n    and {long} == 2\n    or {long} == 3\n| project {long},\n    x = {long},\n    y = {long},\n    z = 1"
            ),
        );
        laid_out(
            &format!("T|join kind=inner (U|where {long}==1|project id, {long}, b={long}) on id"),
            &format!(
                "T\n| join kind=inner (\n    U\n    | where {long} == 1\n    | project id, {long}, b = {long}\n) on id"
            ),
        );
        laid_out("T | join (U | take 1) on id", "T\n| join (U | take 1) on id");
        laid_out(
            "let f = (n: long) { // it\n T | take n };\nf(1)",
            "let f = (n: long) { // it\n    T\n    | take n\n};\nf(1)",
        );
    }

    #[test]
    fn saved_questions_keep_what_they_say() {
        for folder in ["queries", "queries/lib"] {
            for file in std::fs::read_dir(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
                let path = file.unwrap().path();
                if path.extension().is_none_or(|extension| extension != "kql") {
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                let once = layout(&text).unwrap();
                assert!(once.lines().all(|line| !line.ends_with(' ')), "{once}");
                assert_eq!(syntax::script(&once).unwrap().to_string(), syntax::script(&text).unwrap().to_string());
                assert_eq!(layout(&once).unwrap(), once, "{}", path.display());
            }
        }
    }
}
