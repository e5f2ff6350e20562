//! Text to tokens. Spaces and comments end here; words stay words, for what is a keyword only its place can tell.
//!
//! Typed literals such as `datetime(2024-01-01)` are one token, since what is in the brackets is no KQL. Infix
//! operators come from their table; `!has`, `in~` and `matches regex` are one token each.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while_m_n, take_while1};
use nom::character::complete::{anychar, char, digit0, digit1, hex_digit1, one_of, satisfy};
use nom::combinator::{eof, not, opt, peek, recognize};
use nom::sequence::{pair, preceded};
use nom::{IResult, Parser};

use crate::diag::{BAD_ESCAPE, BAD_TOKEN, Diagnostic, Span, UNTERMINATED};
use crate::functions::{INFIXES, infix};
use crate::registry::Infix;
use crate::value::Type;

/// A piece of the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind,
    pub(crate) text: &'a str,
    pub(crate) span: Span,
    /// The operator it is, where an operator may stand.
    pub(crate) infix: Option<&'static Infix>,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// `where`, `properties`, `$left`, `1abc`
    Word,
    /// `(`, `==`, `!in`, `matches regex`
    Symbol,
    /// `12`, `0x1F`
    Long,
    /// `1.5`, `1e3`
    Real,
    /// `1.5h`
    TimeSpan,
    /// `'a'`, `@"\d"`, `h"secret"`
    String,
    /// `datetime(2024-01-01)`
    Typed(Type),
}

/// Marks that no infix operator begins with.
const MARKS: &[&str] = &["=>", "..", "(", ")", "[", "]", "{", "}", ",", ";", "|", ".", ":"];

/// Units of timespan literals with their length in nanoseconds. `w`, `us` and `ns` are none (Kusto.Language).
pub(super) const UNITS: &[(&[&str], u64)] = &[
    (&["d", "day", "days"], 86_400_000_000_000),
    (&["h", "hr", "hrs", "hour", "hours"], 3_600_000_000_000),
    (&["m", "min", "minute", "minutes"], 60_000_000_000),
    (&["s", "sec", "second", "seconds"], 1_000_000_000),
    (&["ms", "milli", "millis", "millisec", "millisecond", "milliseconds"], 1_000_000),
    (&["micro", "micros", "microsec", "microsecond", "microseconds"], 1_000),
    (&["tick", "ticks"], 100),
    (&["nano", "nanos", "nanosec", "nanosecond", "nanoseconds"], 1),
];

/// Splits a query into tokens.
#[expect(clippy::result_large_err, reason = "made once per query")]
pub(crate) fn lex(text: &str) -> Result<Vec<Token<'_>>, Diagnostic> {
    let mut tokens = Vec::with_capacity(text.len() / 4);
    let mut rest = text;
    loop {
        rest = trivia(rest);
        if rest.is_empty() {
            return Ok(tokens);
        }
        let start = text.len() - rest.len();
        let (length, kind, infix) = token(rest).map_err(|problem| problem.at(start))?;
        let span = Span { start, end: start + length };
        tokens.push(Token { kind, text: &text[span.range()], span, infix });
        rest = &rest[length..];
    }
}

/// What is wrong with the token at hand; spans count from its start.
type Problem = Box<Diagnostic>;

trait At {
    fn at(self, start: usize) -> Diagnostic;
}

impl At for Problem {
    fn at(mut self, start: usize) -> Diagnostic {
        if let crate::diag::Place::Query(span) = &mut self.place {
            *span = span.shifted(start);
        }
        *self
    }
}

fn problem(code: &'static crate::diag::Code, start: usize, end: usize, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(code, Span { start, end }, message)
}

fn trivia(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        match text.strip_prefix("//") {
            Some(comment) => text = &comment[comment.find('\n').unwrap_or(comment.len())..],
            None => return text,
        }
    }
}

/// Length, kind and infix operator of the token that `text` begins with.
fn token(text: &str) -> Result<(usize, TokenKind, Option<&'static Infix>), Problem> {
    let length = |rest: &str| text.len() - rest.len();
    if let Some(quote) = string_start(text) {
        return Ok((string(text, quote)?, TokenKind::String, None));
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        if let Some((length, kind)) = number(text) {
            return Ok((length, kind, None));
        }
        let run = &text[..text.find(|c| !is_word(c)).unwrap_or(text.len())];
        if run.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad(text).into());
        }
    }
    if let Ok((rest, word)) = word(text) {
        if rest.starts_with('(')
            && let Some(ty) = literal_type(word)
        {
            return Ok((typed(text, word.len())?, TokenKind::Typed(ty), None));
        }
        return Ok(match word_infix(text, word) {
            Some((length, infix)) if length > word.len() => (length, TokenKind::Symbol, Some(infix)),
            Some((length, infix)) => (length, TokenKind::Word, Some(infix)),
            None => (length(rest), TokenKind::Word, None),
        });
    }
    if text.starts_with("/*") {
        return Err(problem(BAD_TOKEN, 0, 2, "KQL has no `/* … */`")
            .help("comments run from `//` to the end of the line")
            .into());
    }
    if text.starts_with("||") {
        return Err(problem(BAD_TOKEN, 0, 2, "`||` is no operator of KQL").help("write `or`").into());
    }
    if let Some(mark) = MARKS.iter().find(|&&mark| text.starts_with(mark)) {
        return Ok((mark.len(), TokenKind::Symbol, None));
    }
    if let Some((length, infix)) = symbol_infix(text) {
        return Ok((length, TokenKind::Symbol, Some(infix)));
    }
    if text.starts_with('=') {
        return Ok((1, TokenKind::Symbol, None));
    }
    Err(bad(text).into())
}

/// Whether a word goes on with it.
pub(super) fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn word(text: &str) -> IResult<&str, &str> {
    recognize(pair(opt(char('$')), take_while1(is_word))).parse(text)
}

/// The infix operator that begins with this word: the word, with `~`, or of two words.
fn word_infix(text: &str, word: &str) -> Option<(usize, &'static Infix)> {
    if text[word.len()..].starts_with('~')
        && let Some(infix) = infix(&text[..word.len() + 1])
    {
        return Some((word.len() + 1, infix));
    }
    INFIXES.iter().find_map(|infix| {
        let tail = infix.text.strip_prefix(word)?;
        if tail.is_empty() {
            return Some((word.len(), infix));
        }
        let rest = text[word.len()..].trim_start().strip_prefix(tail.strip_prefix(' ')?)?;
        (!rest.starts_with(is_word)).then_some((text.len() - rest.len(), infix))
    })
}

/// The longest infix operator that begins with a sign: `<=`, `!contains`, `!in~`.
fn symbol_infix(text: &str) -> Option<(usize, &'static Infix)> {
    INFIXES
        .iter()
        .filter(|infix| !infix.text.starts_with(is_word) && text.starts_with(infix.text))
        .filter(|infix| !(infix.text.ends_with(is_word) && text[infix.text.len()..].starts_with(is_word)))
        .max_by_key(|infix| infix.text.len())
        .map(|infix| (infix.text.len(), infix))
}

/// `12 0x1F 1.5 1. 1e3 1.e-3 1.5h`; none for `1abc`, which is a word, and of `1..2` only the `1`.
fn number(text: &str) -> Option<(usize, TokenKind)> {
    fn end(text: &str) -> IResult<&str, ()> {
        not(satisfy(is_word)).parse(text)
    }
    fn exponent(text: &str) -> IResult<&str, &str> {
        recognize((one_of("eE"), opt(one_of("+-")), digit1)).parse(text)
    }
    fn unit(text: &str) -> IResult<&str, &str> {
        let (rest, unit) = take_while1(is_word).parse(text)?;
        if UNITS.iter().any(|(names, _)| names.contains(&unit)) { Ok((rest, unit)) } else { fail(text) }
    }
    fn fail<T>(text: &str) -> IResult<&str, T> {
        Err(nom::Err::Error(nom::error::Error::new(text, nom::error::ErrorKind::Verify)))
    }
    let point = || (char('.'), not(char('.')), digit0::<&str, nom::error::Error<&str>>);
    let length = |rest: &str| text.len() - rest.len();

    if let Ok((rest, _)) = (tag("0"), one_of("xX"), hex_digit1, end).parse(text) {
        return Some((length(rest), TokenKind::Long));
    }
    let (digits, _) = digit1::<&str, nom::error::Error<&str>>(text).ok()?;
    let (fraction, real) = opt(recognize(point())).parse(digits).ok()?;
    if let Ok((rest, _)) = pair(unit, end).parse(fraction) {
        return Some((length(rest), TokenKind::TimeSpan));
    }
    if let Ok((rest, _)) = pair(exponent, end).parse(fraction) {
        return Some((length(rest), TokenKind::Real));
    }
    end(fraction).ok()?;
    Some((length(fraction), if real.is_some() { TokenKind::Real } else { TokenKind::Long }))
}

/// Where a string literal's text begins, and what ends it.
struct StringStart {
    prefix: usize,
    mark: &'static str,
    /// No escapes; a quote is written twice.
    verbatim: bool,
    /// No escapes; lines may end.
    multiline: bool,
}

fn string_start(text: &str) -> Option<StringStart> {
    let (rest, verbatim) =
        preceded(opt(one_of("hH")), opt(char::<&str, nom::error::Error<&str>>('@'))).parse(text).ok()?;
    let mark = ["```", "~~~", "'", "\""].into_iter().find(|mark| rest.starts_with(mark))?;
    let multiline = mark.len() == 3;
    let prefix = text.len() - rest.len();
    (!multiline || verbatim.is_none()).then_some(StringStart { prefix, mark, verbatim: verbatim.is_some(), multiline })
}

/// Whether a text is one string literal.
pub(super) fn is_string(text: &str) -> bool {
    string_start(text).is_some_and(|start| string(text, start).is_ok_and(|len| len == text.len()))
}

/// The length of the string literal that `text` begins with.
fn string(text: &str, quote: StringStart) -> Result<usize, Problem> {
    let body = quote.prefix + quote.mark.len();
    if quote.multiline {
        return match text[body..].find(quote.mark) {
            Some(at) => Ok(body + at + quote.mark.len()),
            None => Err(unterminated(text, quote.prefix + quote.mark.len(), "text", quote.mark)),
        };
    }
    let mut at = body;
    loop {
        let Some(found) = text[at..].find(['\n', '\r', '\\', '\'', '"']) else {
            return Err(unterminated(text, first_line(text), "string", quote.mark));
        };
        at += found;
        match &text[at..at + 1] {
            "\n" | "\r" => return Err(unterminated(text, at, "string", quote.mark)),
            "\\" if quote.verbatim => at += 1,
            "\\" => match escape(&text[at..]) {
                Ok((rest, _)) => at = text.len() - rest.len(),
                Err(_) => return Err(bad_escape(text, at, &quote).into()),
            },
            mark if mark != quote.mark => at += 1,
            _ if quote.verbatim && text[at + 1..].starts_with(quote.mark) => at += 2,
            _ => return Ok(at + 1),
        }
    }
}

fn first_line(text: &str) -> usize {
    text.find(['\n', '\r']).unwrap_or(text.len())
}

fn unterminated(text: &str, end: usize, what: &str, mark: &str) -> Problem {
    problem(UNTERMINATED, 0, end.min(text.len()), format!("this {what} has no end"))
        .label("begins here")
        .help(format!("close it with {mark}"))
        .into()
}

fn bad_escape(text: &str, at: usize, quote: &StringStart) -> Diagnostic {
    let escaped = text[at + 1..].chars().next();
    let end = at + 1 + escaped.map_or(0, char::len_utf8);
    let diagnostic = problem(BAD_ESCAPE, at, end, format!("`{}` is no escape in a string", &text[at..end]));
    // Up to the next quote that is not escaped is what was probably meant.
    let close = text[at..first_line(text).max(at)].find(quote.mark).map(|close| at + close);
    match close {
        Some(close) if close - quote.prefix <= 60 => {
            diagnostic.help(format!("write @{} to take backslashes as they are", &text[quote.prefix..=close]))
        }
        _ => diagnostic.help("write `\\\\` for a backslash, or @ before the string to take them as they are"),
    }
}

/// One escape sequence: its rest and the UTF-16 unit or character that it stands for.
pub(super) fn escape(text: &str) -> IResult<&str, u32> {
    fn hex<'a>(digits: usize) -> impl Parser<&'a str, Output = u32, Error = nom::error::Error<&'a str>> {
        take_while_m_n(digits, digits, |c: char| c.is_ascii_hexdigit()).map_res(|text| u32::from_str_radix(text, 16))
    }
    let octal = take_while_m_n(1, 3, |c: char| c.is_digit(8)).map_res(|text| u32::from_str_radix(text, 8));
    let simple = anychar.map_opt(|c| {
        Some(match c {
            '\\' | '\'' | '"' => u32::from(c),
            'a' => 7,
            'b' => 8,
            't' => 9,
            'n' => 10,
            'v' => 11,
            'f' => 12,
            'r' => 13,
            _ => return None,
        })
    });
    preceded(
        char('\\'),
        alt((
            preceded(char('x'), hex(2)),
            preceded(char('u'), hex(4)),
            preceded(char('U'), hex(8)).map_opt(|code| char::from_u32(code).map(u32::from)),
            octal,
            simple,
        )),
    )
    .parse(text)
}

/// The type of the literals that begin with this word, if their bracket follows at once (Kusto.Language); behind a gap
/// it is a call's.
pub(super) fn literal_type(word: &str) -> Option<Type> {
    Some(match word {
        "bool" => Type::Bool,
        "int" => Type::Int,
        "long" => Type::Long,
        "real" | "double" => Type::Real,
        "decimal" => Type::Decimal,
        "datetime" | "date" => Type::DateTime,
        "timespan" | "time" => Type::TimeSpan,
        "guid" => Type::Guid,
        _ => return None,
    })
}

/// The length of the typed literal that `text` begins with; a quoted text inside may hold brackets.
fn typed(text: &str, word: usize) -> Result<usize, Problem> {
    let mut rest = text[word + 1..].trim_start();
    if let Some(quote) = string_start(rest) {
        let start = text.len() - rest.len();
        let length = string(rest, quote).map_err(|problem| Box::new(problem.at(start)))?;
        rest = &rest[length..];
    }
    match rest.find([')', ';', '|']) {
        Some(at) if rest[at..].starts_with(')') => Ok(text.len() - rest.len() + at + 1),
        _ => Err(problem(UNTERMINATED, word, word + 1, "`(` is never closed").label("opened here").into()),
    }
}

/// What to say about a character that begins no token.
fn bad(text: &str) -> Diagnostic {
    let first = text.chars().next().unwrap_or_default();
    let number: IResult<&str, &str> =
        recognize((digit1, opt(char('.')), take_while(is_word), peek(alt((eof, tag("")))))).parse(text);
    if let Ok((_, number)) = number {
        return problem(BAD_TOKEN, 0, number.len(), format!("`{number}` is no number"));
    }
    let of = |length: usize, message: String| problem(BAD_TOKEN, 0, length, message);
    match first {
        '&' if text.starts_with("&&") => of(2, "`&&` is no operator of KQL".into()).help("write `and`"),
        '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}' => {
            of(first.len_utf8(), format!("`{first}` is no quote of KQL")).help("write straight quotes: ' or \"")
        }
        '!' => {
            of(1, "there is no operator `!`".into()).help("write `not(…)`, or one of `!=`, `!in`, `!has`, `!contains`")
        }
        '#' => of(1, "`#` means nothing in KQL".into()).help("comments begin with `//`"),
        _ => of(first.len_utf8(), format!("`{}` means nothing in KQL", first.escape_debug())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(TokenKind, &str)> {
        lex(text).unwrap().iter().map(|token| (token.kind, token.text)).collect()
    }

    fn words(text: &str) -> Vec<&str> {
        lex(text).unwrap().iter().map(|token| token.text).collect()
    }

    fn refusal(text: &str) -> (&'static str, &str, String) {
        let problem = lex(text).unwrap_err();
        let crate::diag::Place::Query(span) = problem.place else { panic!("a place in the query") };
        (problem.code.id, &text[span.range()], problem.help.unwrap_or_default())
    }

    #[test]
    fn numbers_end_where_something_else_begins() {
        use TokenKind::{Long, Real, Symbol, TimeSpan, Word};
        assert_eq!(kinds("1..5"), [(Long, "1"), (Symbol, ".."), (Long, "5")]);
        assert_eq!(
            kinds("0x1F 12 1. 1.5 1e3 1.e-3"),
            [(Long, "0x1F"), (Long, "12"), (Real, "1."), (Real, "1.5"), (Real, "1e3"), (Real, "1.e-3")]
        );
        assert_eq!(kinds("1d 1.5h 3ticks"), [(TimeSpan, "1d"), (TimeSpan, "1.5h"), (TimeSpan, "3ticks")]);
        assert_eq!(
            kinds("1w 1_000 1abc 0x 1us"),
            [(Word, "1w"), (Word, "1_000"), (Word, "1abc"), (Word, "0x"), (Word, "1us")]
        );
        assert_eq!(refusal("1.5w"), ("AQ0002", "1.5w", String::new()));
    }

    #[test]
    fn infix_operators_are_one_token_each_unless_they_are_parts_of_words() {
        assert_eq!(words("a !in~ (b)"), ["a", "!in~", "(", "b", ")"]);
        assert_eq!(words("a!=b<=c=~d"), ["a", "!=", "b", "<=", "c", "=~", "d"]);
        assert_eq!(words("a matches  regex b"), ["a", "matches  regex", "b"]);
        assert_eq!(words("matches regexes in_ !has_cs x"), ["matches", "regexes", "in_", "!has_cs", "x"]);
        assert_eq!(refusal("a !inside b").1, "!");
    }

    #[test]
    fn strings_of_every_kind_are_one_token() {
        for text in ["'a\"b'", r#""a\"b""#, r"@'C:\'", "@'it''s'", "h'x'", "H@\"x\"", "```a\n'b'```", "~~~`~~~", "''"] {
            assert_eq!(kinds(text), [(TokenKind::String, text)], "{text}");
        }
        assert_eq!(words("h 'x'"), ["h", "'x'"]);
    }

    #[test]
    fn a_typed_literal_is_one_token_if_its_bracket_follows_at_once() {
        assert_eq!(
            kinds("datetime(2024-01-01 10:00)"),
            [(TokenKind::Typed(Type::DateTime), "datetime(2024-01-01 10:00)")]
        );
        assert_eq!(kinds("guid( ')' )"), [(TokenKind::Typed(Type::Guid), "guid( ')' )")]);
        assert_eq!(words("long (5)"), ["long", "(", "5", ")"]);
        assert_eq!(refusal("print long(5 | take 1").0, "AQ0003");
    }

    #[test]
    fn comments_line_ends_and_a_mark_at_the_start_are_no_tokens() {
        assert_eq!(words("\u{feff}a // b | c\r\n| d\r\n//"), ["a", "|", "d"]);
        assert_eq!(words("'// no comment'"), ["'// no comment'"]);
    }

    #[test]
    fn what_begins_no_token_is_refused_with_a_cure() {
        assert_eq!(
            refusal(r#"x == "a\d""#),
            ("AQ0004", r"\d", r#"write @"a\d" to take backslashes as they are"#.into())
        );
        assert_eq!(refusal("'abc\n'"), ("AQ0003", "'abc", "close it with '".into()));
        assert_eq!(refusal(r"'abc\'"), ("AQ0003", r"'abc\'", "close it with '".into()));
        assert_eq!(refusal("a && b"), ("AQ0002", "&&", "write `and`".into()));
        assert_eq!(refusal("a || b"), ("AQ0002", "||", "write `or`".into()));
        assert_eq!(refusal("“a”"), ("AQ0002", "“", "write straight quotes: ' or \"".into()));
        assert_eq!(refusal("a /* b */").1, "/*");
        assert!(refusal("!a").2.contains("not(…)"));
    }
}
