//! A query in argql's own layout: its very tokens and comments, with other blanks and line ends.
//!
//! Where blanks belong, the printer of the syntax tree knows: each token that was written is looked up in what is
//! printed. Statements and stages begin lines. What is too long for a line, or has comments inside, is broken: first
//! before its clause, then at its commas, before `and` and `or`, and in its brackets.

use super::place::looks_for_pattern;
use crate::error::Error;
use crate::functions;
use crate::operators::{self, Syntax, project::Project, r#where::Where};
use crate::registry::{Level, OperatorDef};
use crate::syntax::{self, Token, TokenKind, lex};

/// Columns that a line may have before it is broken.
const WIDTH: usize = 100;
/// Blanks that a line is set in further than the one that it belongs to.
const STEP: usize = 4;

/// A query in argql's own layout. Words, strings, brackets and comments stay as they are, and so does what it means; a
/// text whose lines end as on Windows keeps that.
///
/// # Errors
///
/// If it is no KQL.
///
/// ```
/// let text = argql::layout("T|where x>7 // large\n  // not too many\n|take 2")?;
/// assert_eq!(text, "T\n| where x > 7 // large\n// not too many\n| take 2");
/// assert_eq!(argql::layout(&text)?, text);
/// # Ok::<(), argql::Error>(())
/// ```
pub fn layout(text: &str) -> Result<String, Error> {
    let wrong = |errors| Error::query("query", text, errors);
    let printed = syntax::script(text).map_err(wrong)?.to_string();
    let tokens = lex(text).map_err(|problem| wrong(vec![problem]))?;
    let laid_out = Layout::new(text, &tokens, &printed).laid_out();
    let spelt = |text: &str| -> Option<Vec<String>> {
        Some(lex(text).ok()?.iter().map(|token| spelling(token).to_owned()).collect())
    };
    let means_the_same = spelt(&laid_out) == spelt(text)
        && lex(&laid_out).is_ok_and(|again| comments(&laid_out, &again) == comments(text, &tokens))
        && syntax::script(&laid_out).is_ok_and(|script| spelt(&script.to_string()) == spelt(&printed));
    // A blank can part two names or join them; if one did, the query would better stay as it was written.
    Ok(if means_the_same { laid_out } else { text.to_owned() })
}

/// A token as it is written out: between the words of an operator such as `matches regex` there is one blank.
fn spelling<'a>(token: &Token<'a>) -> &'a str {
    match token.infix {
        Some(infix) if token.kind == TokenKind::Symbol => infix.text,
        _ => token.text,
    }
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
    tokens: &'a [Token<'a>],
    /// For each token, and for the end.
    before: Vec<Before<'a>>,
    /// Whether a blank stands before each token, if they share a line.
    blanks: Vec<bool>,
    /// For each token the place behind the bracket that closes it, or behind itself.
    ends: Vec<usize>,
    /// Of the tokens before each: how many columns they take on one line, how many have comments before them, and how many
    /// are never on one.
    columns: Vec<usize>,
    commented: Vec<usize>,
    tall: Vec<usize>,
    line_end: &'static str,
    out: String,
    /// The line to be begun, by how far it is set in.
    line: Option<usize>,
    /// How far the line at hand is set in.
    indent: usize,
}

impl<'a> Layout<'a> {
    fn new(text: &'a str, tokens: &'a [Token<'a>], printed: &str) -> Layout<'a> {
        let (before, ends) = (before(text, tokens), group_ends(tokens));
        let blanks = blanks(tokens, printed);
        let counted = |count: &dyn Fn(usize, &Token<'_>) -> usize| -> Vec<usize> {
            let sum = tokens.iter().enumerate().scan(0, |sum, (at, token)| {
                *sum += count(at, token);
                Some(*sum)
            });
            [0].into_iter().chain(sum).collect()
        };
        let blank = |at: usize| usize::from(blanks.get(at) == Some(&true));
        let columns = counted(&|at, token| blank(at) + spelling(token).chars().count());
        let commented = counted(&|at, _| before.get(at).map_or(0, |before| before.comments.len()));
        let tall = counted(&|at, token| {
            let inside = ends.get(at).and_then(|end| tokens.get(at..*end)).unwrap_or_default();
            let body = token.text == "{" && inside.iter().any(|token| ["|", ";"].contains(&token.text));
            usize::from(body || token.text.contains('\n'))
        });
        let line_end = line_end(text);
        let (out, line, indent) = (String::new(), Some(0), 0);
        Layout { tokens, before, blanks, ends, columns, commented, tall, line_end, out, line, indent }
    }

    fn laid_out(mut self) -> String {
        self.statements(0, self.tokens.len(), 0);
        self.comments(self.tokens.len(), 0);
        self.out
    }

    fn text(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    fn is_word(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| token.kind == TokenKind::Word)
    }

    /// Whether it stands between two conditions.
    fn joins(&self, at: usize) -> bool {
        let infix = self.tokens.get(at).and_then(|token| token.infix);
        infix.is_some_and(|infix| matches!(infix.level, Level::And | Level::Or))
    }

    fn group_end(&self, at: usize) -> usize {
        self.ends.get(at).copied().unwrap_or(at + 1)
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

    /// The pieces of what stands between two places, each with the comma that ends it.
    fn items(&self, from: usize, to: usize) -> Vec<(usize, usize)> {
        let behind = self.outside(from, to).filter(|at| self.text(*at) == ",").map(|at| at + 1);
        pieces(from, behind.filter(|at| *at < to).collect(), to)
    }

    /// Whether nothing among these tokens needs a line of its own; what stands before the first of them is none of theirs.
    fn is_flat(&self, from: usize, to: usize) -> bool {
        let same = |list: &[usize], from: usize| to <= from || list.get(from) == list.get(to);
        same(&self.tall, from) && same(&self.commented, from + 1)
    }

    /// Whether these tokens fit into the line at hand, without a comment among them.
    fn fits(&self, from: usize, to: usize) -> bool {
        let at = |list: &[usize], place: usize| list.get(place).copied().unwrap_or_default();
        let column = self.line.unwrap_or_else(|| {
            let line = self.out.rfind('\n').map_or(0, |at| at + 1);
            self.out.get(line..).unwrap_or_default().chars().count()
        });
        let first = usize::from(self.line.is_some() && self.blanks.get(from).copied().unwrap_or(false));
        self.is_flat(from, to) && column + at(&self.columns, to) - at(&self.columns, from) - first <= WIDTH
    }

    fn flat(&mut self, from: usize, to: usize) {
        let indent = self.continued();
        (from..to).for_each(|at| self.token(at, indent));
    }

    /// How far a line is set in that goes on with the one at hand.
    fn continued(&self) -> usize {
        self.line.unwrap_or(self.indent) + STEP
    }

    /// Statements, a line for each of their stages; the stages of what gets a name are set in.
    fn statements(&mut self, from: usize, to: usize, indent: usize) {
        let behind = self.outside(from, to).filter(|at| self.text(*at) == ";").map(|at| at + 1);
        for (start, end) in pieces(from, behind.filter(|at| *at < to).collect(), to) {
            let named = self.names(start);
            let bars = self.outside(start, end).filter(|at| self.text(*at) == "|" && *at > start).collect();
            for (from, to) in pieces(start, bars, end) {
                self.line = Some(if named && from > start { indent + STEP } else { indent });
                self.stage(from, to);
            }
        }
    }

    /// Whether a statement begins here that gives something a name.
    fn names(&self, at: usize) -> bool {
        self.text(at) == "let" && self.is_word(at) && self.text(at + 2) == "="
    }

    /// A stage, or what stands before the first: an operator's name, a list, and a clause perhaps with another list.
    fn stage(&mut self, from: usize, to: usize) {
        if self.fits(from, to) {
            return self.flat(from, to);
        }
        // The stages behind it are set in, and its items more.
        let inside = self.continued() + if self.names(from) { STEP } else { 0 };
        let head = self.head(from, to);
        let parts = self.parts_of_pattern(from, head, to);
        if let Some(first) = parts.first().copied() {
            self.flat(from, head);
            self.list(head, first, inside);
            for (start, end) in pieces(first, parts, to) {
                self.line = Some(inside);
                self.flat(start, start + 1);
                self.list(start + 1, end, inside + STEP);
            }
            return;
        }
        let clauses: Vec<usize> = self.outside(head, to).filter(|at| self.begins_clause(*at)).collect();
        let clause = if let [only] = clauses[..] { only.max(head) } else { to };
        self.flat(from, head);
        self.list(head, clause, inside);
        if clause == to {
            return;
        }
        let bracketed = self.text(clause + 1) == "(" && self.group_end(clause + 1) == to;
        let closed = self.indent < inside
            && self.out.ends_with(')')
            && self.out.lines().last().is_some_and(|line| line.trim() == ")");
        if !self.fits(clause, to) || !closed {
            self.line = if bracketed { None } else { Some(inside) };
        }
        self.flat(clause, clause + 1);
        self.list(clause + 1, to, inside + STEP);
    }

    /// Several items on a line each, if all of them do not fit on this one.
    fn list(&mut self, from: usize, to: usize, indent: usize) {
        if !self.fits(from, to) && self.items(from, to).len() > 1 {
            self.lines(from, to, indent, 1);
        } else {
            self.item(from, to);
        }
    }

    /// Behind the operator's name and what says how it works: `| join kind=inner`, `| sort by`, `let all = union`.
    fn head(&self, from: usize, to: usize) -> usize {
        let touches = |at: usize| self.blanks.get(at) == Some(&false);
        let Some((_, mut at)) = self.operator(from) else { return from };
        loop {
            let mut sign = at + 1;
            while self.text(sign) == "." {
                sign += 2;
            }
            if !(self.is_word(at) && self.text(sign) == "=" && touches(sign) && sign + 2 <= to) {
                break;
            }
            at = sign + 2;
        }
        if self.text(at) == "by" && at + 1 < to { at + 1 } else { at.min(to) }
    }

    /// The operator of a stage, and what stands behind its name.
    fn operator(&self, from: usize) -> Option<(&'static OperatorDef, usize)> {
        let before = if self.names(from) { 3 } else { usize::from(self.text(from) == "|") };
        let mut at = from + before;
        let touches = |at: usize| self.blanks.get(at) == Some(&false);
        let mut name = self.text(at).to_owned();
        while self.is_word(at) && self.text(at + 1) == "-" && touches(at + 1) && self.is_word(at + 2) && touches(at + 2)
        {
            name = name + "-" + self.text(at + 2);
            at += 2;
        }
        let (def, _) = operators::by_name(&name).filter(|_| self.is_word(at))?;
        Some((def, at + 1))
    }

    /// Whether a pattern of a graph is looked for here.
    fn has_pattern(&self, from: usize) -> bool {
        self.operator(from).is_some_and(|(def, _)| looks_for_pattern(def))
    }

    /// What is asked of a pattern, and what is made of it: each has a line of its own.
    fn parts_of_pattern(&self, from: usize, head: usize, to: usize) -> Vec<usize> {
        let part = |at: &usize| [Where::DEF, Project::DEF].iter().any(|def| self.text(*at) == def.name());
        if self.has_pattern(from) { self.outside(head, to).filter(part).collect() } else { Vec::new() }
    }

    fn begins_clause(&self, at: usize) -> bool {
        // Not the end of `partitioned-by`.
        let joined = self.blanks.get(at) == Some(&false) && at.checked_sub(1).is_some_and(|at| self.text(at) == "-");
        self.is_word(at) && ["by", "on"].contains(&self.text(at)) && !joined
    }

    /// Each item on lines of its own, or so many of them on one.
    fn lines(&mut self, from: usize, to: usize, indent: usize, together: usize) {
        for items in self.items(from, to).chunks(together) {
            let (Some((start, _)), Some((_, end))) = (items.first(), items.last()) else { continue };
            self.line = Some(indent);
            if self.fits(*start, *end) {
                self.flat(*start, *end);
            } else {
                for (at, (start, end)) in items.iter().enumerate() {
                    self.line = Some(if at == 0 { indent } else { indent + STEP });
                    self.item(*start, *end);
                }
            }
        }
    }

    /// An expression, or anything else without commas: on the line at hand, or else broken before its `and`s and `or`s,
    /// or in its brackets.
    fn item(&mut self, from: usize, to: usize) {
        if self.fits(from, to) {
            return self.flat(from, to);
        }
        let (indent, inside) = (self.line.unwrap_or(self.indent), self.continued());
        let joins: Vec<usize> = self.outside(from, to).filter(|at| self.joins(*at) && *at > from).collect();
        if !joins.is_empty() {
            for (start, end) in pieces(from, joins, to) {
                if start > from {
                    self.line = Some(inside);
                }
                self.item_in_brackets(start, end, if start > from { inside } else { indent });
            }
            return;
        }
        self.item_in_brackets(from, to, indent);
    }

    fn item_in_brackets(&mut self, from: usize, to: usize, indent: usize) {
        let mut at = from;
        while at < to {
            self.token(at, indent + STEP);
            let end = self.group_end(at).min(to);
            if end > at + 1 {
                // Up to where the next bracket opens, which may be broken itself.
                let next = (end..to).find(|next| self.group_end(*next) > *next + 1).unwrap_or(to);
                let small = end <= at + 3;
                if self.is_flat(at, end) && (small || self.fits(at + 1, next)) {
                    (at + 1..end).for_each(|at| self.token(at, indent + STEP));
                } else {
                    self.group(at, end, indent);
                }
            }
            at = end;
        }
    }

    /// What is in a bracket that is open already, on lines of its own, and the bracket that closes it.
    fn group(&mut self, open: usize, end: usize, indent: usize) {
        let (from, to, inside) = (open + 1, end - 1, indent + STEP);
        let several = self.outside(from, to).any(|at| ["|", ";"].contains(&self.text(at)));
        let query = several || self.has_pattern(from);
        if query {
            self.statements(from, to, inside);
        } else {
            self.lines(from, to, inside, self.together(open));
        }
        self.line.get_or_insert(inside);
        self.comments(to, inside);
        self.line = Some(indent);
        self.token(to, indent);
    }

    /// How many items of a group belong together: a condition of `case` and its value, the cells of a row.
    fn together(&self, open: usize) -> usize {
        let before = open.checked_sub(1).map_or("", |at| self.text(at));
        if self.text(open) == "(" && before == functions::CASE.name {
            return 2;
        }
        if self.text(open) != "[" || before != ")" {
            return 1;
        }
        let schema = (0..open).rev().find(|at| self.text(*at) == "(" && self.group_end(*at) == open);
        schema.map_or(1, |schema| self.items(schema + 1, open - 1).len().max(1))
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
            self.out.push_str(self.line_end);
            if apart {
                self.out.push_str(self.line_end);
            }
        }
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.indent = indent;
    }

    /// A token with what stands before it.
    fn token(&mut self, at: usize, indent: usize) {
        let apart = self.comments(at, indent);
        match self.line.take() {
            Some(indent) => self.begin_line(indent, apart),
            None if self.blanks.get(at) == Some(&true) => self.out.push(' '),
            None => {}
        }
        self.out.push_str(self.tokens.get(at).map_or("", spelling));
    }
}

/// What ends the first line of a text, and so each.
pub(crate) fn line_end(text: &str) -> &'static str {
    let windows = text.find('\n').is_some_and(|at| text[..at].ends_with('\r'));
    if windows { "\r\n" } else { "\n" }
}

/// What lies between places, of which some are given.
fn pieces(from: usize, between: Vec<usize>, to: usize) -> Vec<(usize, usize)> {
    let starts = [from].into_iter().chain(between.iter().copied());
    starts.zip(between.iter().copied().chain([to])).filter(|(start, end)| start < end).collect()
}

/// What stands before each token, and at the end. What is said before a comma or semicolon is said behind it.
fn before<'a>(text: &'a str, tokens: &[Token<'a>]) -> Vec<Before<'a>> {
    let mut all: Vec<Before<'_>> = Vec::with_capacity(tokens.len() + 1);
    let mut end = 0;
    let mut moved = Vec::new();
    for at in 0..=tokens.len() {
        let token = tokens.get(at);
        let gap = text.get(end..token.map_or(text.len(), |token| token.span.start)).unwrap_or_default();
        let mut before = between(gap, at == 0);
        before.comments.splice(0..0, std::mem::take(&mut moved));
        if token.is_some_and(|token| [",", ";"].contains(&token.text)) {
            moved = std::mem::take(&mut before.comments);
        }
        end = token.map_or(text.len(), |token| token.span.end);
        all.push(before);
    }
    all
}

/// For each token the place behind the bracket that closes it, or behind itself.
fn group_ends(tokens: &[Token<'_>]) -> Vec<usize> {
    let mut ends: Vec<usize> = (1..=tokens.len()).collect();
    let mut open = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.text {
            "(" | "[" | "{" => open.push(at),
            ")" | "]" | "}" => {
                if let Some(end) = open.pop().and_then(|open| ends.get_mut(open)) {
                    *end = at + 1;
                }
            }
            _ => {}
        }
    }
    ends
}

/// Whether a blank belongs before each token: where the printer puts one. It leaves out tokens that say nothing, such as
/// brackets; these take the blank of what stands behind them.
fn blanks(tokens: &[Token<'_>], printed: &str) -> Vec<bool> {
    let of_printer = lex(printed).unwrap_or_default();
    let places = places(tokens, &of_printer);
    let ends = group_ends(tokens);
    let blank_before = |place: usize| {
        let before = place.checked_sub(1).and_then(|before| of_printer.get(before));
        before.zip(of_printer.get(place)).is_some_and(|(before, token)| before.span.end < token.span.start)
    };
    let place = |at: usize| places.get(at).copied().flatten();
    let mut values_end = 0;
    let blank = |at: usize| {
        let (Some(before), Some(token)) = (at.checked_sub(1).and_then(|at| tokens.get(at)), tokens.get(at)) else {
            return false;
        };
        if before.text == "dynamic" && token.text == "(" {
            values_end = values_end.max(ends.get(at).copied().unwrap_or_default());
        }
        if at < values_end {
            return [",", ":"].contains(&before.text);
        }
        if before.kind == TokenKind::Word && token.kind == TokenKind::Word {
            return true;
        }
        match (place(at - 1), place(at)) {
            (Some(one), Some(next)) if next == one + 1 => blank_before(next),
            _ if [")", "]", ",", ";", "."].contains(&token.text) || ["(", "[", "."].contains(&before.text) => false,
            (Some(one), None) => blank_before(one + 1),
            _ => (at..tokens.len()).find_map(place).is_none_or(blank_before),
        }
    };
    (0..tokens.len()).map(blank).collect()
}

/// The comments between two tokens; at the beginning of a text there is no line that one could end.
fn between(gap: &str, beginning: bool) -> Before<'_> {
    let mut before = Before::default();
    let blank = |c: char| c.is_whitespace() || c == '\u{feff}';
    let mut lines = gap.split('\n').map(|line| line.trim_matches(blank)).enumerate().peekable();
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
            one.zip(other).is_some_and(|(one, other)| alike(one, other))
        };
        // The fewest tokens that are left out on either side; of as many, rather before two that are the same than one.
        let skipped = (0..AHEAD).find_map(|sum| {
            let skips = || (0..=sum).map(|ahead| (ahead, sum - ahead));
            let together = |(ahead, beyond): &(usize, usize)| same(*ahead, *beyond) && same(ahead + 1, beyond + 1);
            skips().find(together).or_else(|| skips().find(|(ahead, beyond)| same(*ahead, *beyond)))
        });
        match skipped {
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

/// Names in brackets are printed with other quotes.
fn alike(one: &Token<'_>, other: &Token<'_>) -> bool {
    spelling(one) == spelling(other) || (one.kind == TokenKind::String && other.kind == TokenKind::String)
}
