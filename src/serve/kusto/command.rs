//! Control commands as text: `.show database ['arg'] schema as json | …`.

use super::failure::Failure;

/// By which name the rows of a command go through the operators behind it.
pub(super) const ROWS: &str = "_";

/// A command that changes nothing.
#[derive(Debug)]
pub(super) struct Command {
    /// What stands before the first pipe, without the dot.
    pub(super) tokens: Vec<Token>,
    /// The operators behind it, as a query over [`ROWS`]; everything stands where it stood.
    pub(super) pipe: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    /// `'x'`, `["x"]`
    Name(String),
    Symbol(char),
}

impl Token {
    /// What it names, if it is a name.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Token::Word(name) | Token::Name(name) => Some(name),
            Token::Symbol(_) => None,
        }
    }

    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Token::Word(text) if text.eq_ignore_ascii_case(word))
    }
}

impl Command {
    /// The command that a text is; none if it is a query.
    pub(super) fn read(text: &str) -> Result<Option<Command>, Failure> {
        let begins = text.len() - without_comments(text).len();
        let Some(inside) = text.get(begins..).and_then(|text| text.strip_prefix('.')) else { return Ok(None) };
        let verb: String =
            inside.chars().take_while(|c| c.is_alphanumeric() || *c == '-').collect::<String>().to_lowercase();
        match verb.as_str() {
            "show" | "cancel" => {}
            "" => return Err(Failure::bad_request("behind the dot stands no command")),
            verb => return Err(Failure::read_only(&format!("the command `.{verb}`"))),
        }
        let (tokens, pipe) = read_tokens(inside)?;
        let pipe = pipe.map(|at| {
            let at = begins + 1 + at;
            let (before, behind) = text.split_at(at);
            let blank = |c: char| if c == '\n' { c } else { ' ' };
            // The rows stand where the dot stood.
            let before: String = before
                .char_indices()
                .flat_map(|(index, c)| {
                    let shown = if index == begins { '_' } else { blank(c) };
                    std::iter::repeat_n(shown, c.len_utf8())
                })
                .collect();
            before + behind
        });
        Ok(Some(Command { tokens, pipe }))
    }

    /// The name of the query that `.cancel query "…" with (reason = "…")` stops, if it is that command.
    pub(super) fn cancels(&self) -> Result<Option<String>, Failure> {
        match self.tokens.as_slice() {
            [first, ..] if !first.is("cancel") => Ok(None),
            _ if self.pipe.is_some() => Err(Failure::bad_request("`.cancel query` has no rows for other operators")),
            [_, query, name] if query.is("query") => Ok(name.name().map(str::to_owned)),
            [_, query, name, with, Token::Symbol('('), reason, Token::Symbol('='), _, Token::Symbol(')')]
                if query.is("query") && with.is("with") && reason.is("reason") =>
            {
                Ok(name.name().map(str::to_owned))
            }
            _ => Err(Failure::bad_request("of `.cancel` only `.cancel query \"…\"` is answered here")),
        }
    }
}

/// What is left behind comments and white space.
fn without_comments(text: &str) -> &str {
    let mut rest = text.trim_start();
    while rest.starts_with("//") {
        rest = rest.split_once('\n').map_or("", |(_, behind)| behind).trim_start();
    }
    rest
}

/// The tokens up to the first pipe, and where that is.
fn read_tokens(text: &str) -> Result<(Vec<Token>, Option<usize>), Failure> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = without_comments(rest);
        let at = text.len() - rest.len();
        let Some(first) = rest.chars().next() else { return Ok((tokens, None)) };
        let taken = match first {
            '|' => return Ok((tokens, Some(at))),
            '\'' | '"' => {
                let (name, taken) = quoted(rest, first).ok_or_else(|| open(rest))?;
                tokens.push(Token::Name(name));
                taken
            }
            '[' => {
                let inside = rest.get(1..).unwrap_or_default().trim_start();
                let before = rest.len() - inside.len();
                let quote = inside.chars().next().filter(|c| matches!(c, '\'' | '"')).ok_or_else(|| open(rest))?;
                let (name, taken) = quoted(inside, quote).ok_or_else(|| open(rest))?;
                let behind = inside.get(taken..).unwrap_or_default();
                let closed = behind.trim_start().strip_prefix(']').ok_or_else(|| open(rest))?;
                tokens.push(Token::Name(name));
                before + inside.len() - closed.len()
            }
            c if is_word(c) => {
                let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                tokens.push(Token::Word(rest.get(..length).unwrap_or_default().to_owned()));
                length
            }
            // What ends a statement ends a command.
            ';' if without_comments(rest.get(1..).unwrap_or_default()).is_empty() => return Ok((tokens, None)),
            other => {
                tokens.push(Token::Symbol(other));
                other.len_utf8()
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '@')
}

fn open(text: &str) -> Failure {
    let start: String = text.chars().take(20).collect();
    Failure::bad_request(format!("a name is not closed at `{start}`"))
}

/// The name in quotes, and how long it is with them.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut name = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Some((name, at + c.len_utf8())),
            '\\' => name.push(chars.next()?.1),
            c => name.push(c),
        }
    }
    None
}
