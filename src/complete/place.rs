//! Where the cursor is: what is being typed, what stands before it, and the pipelines and brackets around it.
//!
//! A query that is being typed is rarely one that can be bound. But what stands before the last `|` of each pipeline
//! around the cursor is, so its text is put together here, to be bound as a query of its own.

use crate::operators::{
    self, Syntax, facet::Facet, fork::Fork, graph_match::GraphMatch, graph_shortest_paths::GraphShortestPaths,
    join::Join, lookup::Lookup, mv_apply::MvApply, mv_expand::MvExpand, partition::Partition, project::Project,
    union::Union, r#where::Where,
};
use crate::registry::{Meaning, OperatorDef, Position};
use crate::syntax::{self, Token, TokenKind};

/// The place of the cursor in a text.
pub(super) struct CursorPlace<'a> {
    text: &'a str,
    /// Where what is being typed begins.
    pub(super) start: usize,
    /// What is being typed, up to the cursor; of a string without its quote.
    pub(super) typed: &'a str,
    /// The quote that opened the string which is being typed, a prefix such as `@` included.
    pub(super) quote: Option<&'a str>,
    /// What stands before `start`.
    pub(super) tokens: Vec<Token<'a>>,
    /// The text and the brackets that are open around the cursor.
    levels: Vec<OpenBracket>,
    /// How many brackets are open before each token.
    depths: Vec<usize>,
}

/// The inside of a bracket, or the whole text.
struct OpenBracket {
    /// The first token of the statement at hand.
    statement: usize,
    /// The first token of its pipeline.
    start: usize,
    /// The last `|` of that pipeline.
    pipe: Option<usize>,
}

/// A call that is being written.
pub(super) struct OpenCall<'a> {
    pub(super) name: &'a str,
    /// How many commas stand behind its bracket.
    pub(super) argument: usize,
    /// Something of that argument is there already.
    pub(super) begun: bool,
}

impl<'a> CursorPlace<'a> {
    /// The place behind `text`; none in a comment, or where no word could be.
    pub(super) fn behind(text: &'a str) -> Option<CursorPlace<'a>> {
        let (start, quote) = match syntax::string_at_end(text) {
            Some(string) => {
                let length = text[string..].find(['\'', '"']).map_or(3, |mark| mark + 1);
                (string, Some(text.get(string..string + length)?))
            }
            None => (word_start(text), None),
        };
        let tokens = syntax::lex(&text[..start]).ok()?;
        let end = tokens.last().map_or(0, |token| token.span.end);
        let comment = text[end..start].rsplit('\n').next().is_some_and(|line| line.contains("//"));
        if comment || text[start..].starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let typed = &text[start + quote.map_or(0, str::len)..];
        let mut place = CursorPlace { text, start, typed, quote, tokens, levels: Vec::new(), depths: Vec::new() };
        place.climb();
        Some(place.hyphenated())
    }

    /// Finds the brackets that are open at the end.
    fn climb(&mut self) {
        let mut levels = vec![OpenBracket { statement: 0, start: 0, pipe: None }];
        for (at, token) in self.tokens.iter().enumerate() {
            self.depths.push(levels.len() - 1);
            if token.kind != TokenKind::Symbol {
                if token.text == "let" && levels.last().is_some_and(|level| level.start == at) {
                    // `let x = T | …`: the pipeline begins behind the `=`.
                    if self.tokens.get(at + 2).is_some_and(|token| token.text == "=") {
                        levels.last_mut().expect("the text itself is open").start = at + 3;
                    }
                }
                continue;
            }
            match token.text {
                "(" | "[" | "{" => levels.push(OpenBracket { statement: at + 1, start: at + 1, pipe: None }),
                ")" | "]" | "}" if levels.len() > 1 => {
                    levels.pop();
                }
                ";" => {
                    levels.pop();
                    levels.push(OpenBracket { statement: at + 1, start: at + 1, pipe: None });
                }
                "|" => levels.last_mut().expect("the text itself is open").pipe = Some(at),
                _ => {}
            }
        }
        self.levels = levels;
    }

    /// With the whole of a name such as `project-away` as what is being typed, where an operator's name stands.
    fn hyphenated(mut self) -> CursorPlace<'a> {
        let level = self.levels.last().expect("the text itself is open");
        let first = level.pipe.map_or(level.start, |pipe| pipe + 1);
        let Some(token) = self.tokens.get(first).copied().filter(|token| token.kind == TokenKind::Word) else {
            return self;
        };
        let name = &self.text[token.span.start..];
        let touching = self.quote.is_none() && name.chars().all(|c| c == '-' || c == '_' || c.is_alphanumeric());
        if touching && name.contains('-') && operators::names().any(|known| known.starts_with(name)) {
            self.tokens.truncate(first);
            self.depths.truncate(first);
            (self.start, self.typed) = (token.span.start, name);
        }
        self
    }

    /// What stands before what is being typed.
    pub(super) fn head(&self) -> &'a str {
        &self.text[..self.start]
    }

    /// Whether the token so many places before what is being typed is this one.
    pub(super) fn is_before(&self, places: usize, text: &str) -> bool {
        let at = self.tokens.len().checked_sub(places);
        at.and_then(|at| self.tokens.get(at)).is_some_and(|token| token.text == text && token.kind != TokenKind::String)
    }

    fn token(&self, at: usize) -> Option<&Token<'a>> {
        self.tokens.get(at)
    }

    /// The text of the tokens from `from` on and before `to`.
    fn between(&self, from: usize, to: usize) -> &'a str {
        match (self.token(from), to.checked_sub(1).and_then(|last| self.token(last))) {
            (Some(first), Some(last)) if from < to => &self.text[first.span.start..last.span.end],
            _ => "",
        }
    }

    /// The operator whose name stands at a token, and the token behind it. Where nothing stands behind the name yet, it
    /// is not known to be one.
    fn operator_at(&self, at: usize) -> Option<(&'static OperatorDef, usize)> {
        let mut end = at + 1;
        let word = |at: usize| self.token(at).is_some_and(|token| token.kind == TokenKind::Word);
        let touch = |at: usize| self.tokens[at - 1].span.end == self.tokens[at].span.start;
        if !word(at) {
            return None;
        }
        while self.token(end).is_some_and(|token| token.text == "-") && word(end + 1) && touch(end) && touch(end + 1) {
            end += 2;
        }
        let (def, _) = operators::by_name(self.between(at, end))?;
        let goes_on = !self
            .token(end)
            .is_some_and(|token| matches!(token.text, "|" | ";" | ")" | "}" | "]" | "," | "." | ":" | "=" | ".."));
        goes_on.then_some((def, end))
    }

    /// The innermost level that is a pipeline.
    fn pipeline(&self) -> usize {
        let is_one = |level: &OpenBracket| level.pipe.is_some() || self.operator_at(level.start).is_some();
        self.levels.iter().rposition(is_one).unwrap_or(0)
    }

    /// The operator that is being written, and the first token behind its name.
    pub(super) fn operator(&self) -> Option<(&'static OperatorDef, usize)> {
        self.operator_of(self.pipeline())
    }

    fn operator_of(&self, level: usize) -> Option<(&'static OperatorDef, usize)> {
        let level = &self.levels[level];
        self.operator_at(level.pipe.map_or(level.start, |pipe| pipe + 1))
    }

    /// Whether this word stands in the operator that is being written, outside of brackets; the token.
    pub(super) fn clause(&self, word: &str) -> Option<usize> {
        self.last(|token| token.text == word && token.kind == TokenKind::Word)
    }

    /// In a clause behind a pattern: the names of its elements, and whether each is a node.
    pub(super) fn elements(&self) -> Vec<(&'a str, bool)> {
        let Some((def, behind)) = self.operator() else { return Vec::new() };
        let clause = self.clause(Where::DEF.name()).or(self.clause(Project::DEF.name()));
        let Some(end) = clause.filter(|_| looks_for_pattern(def)) else {
            return Vec::new();
        };
        let is = |at: usize, text: &str| self.token(at).is_some_and(|token| token.text == text);
        let names = (behind + 1..end).filter(|&at| self.tokens[at].kind == TokenKind::Word);
        let element = |at: usize| {
            let node = is(at - 1, "(") && is(at + 1, ")");
            let edge = is(at - 1, "[") && at > 1 && is(at - 2, "-");
            (node || edge).then_some((self.tokens[at].text, node))
        };
        names.filter_map(element).collect()
    }

    /// The last such token of the operator that is being written, outside of brackets.
    fn last(&self, is: impl Fn(&Token<'_>) -> bool) -> Option<usize> {
        let (_, behind) = self.operator()?;
        let depth = self.pipeline();
        (behind..self.tokens.len()).rfind(|&at| self.depths[at] == depth && is(&self.tokens[at]))
    }

    /// The query whose rows the operator at the cursor sees; none for `print` and its like.
    pub(super) fn rows(&self) -> Option<String> {
        let level = self.pipeline();
        Some(format!("{}{}", self.statements(level), self.rows_of(level)?))
    }

    /// As [`rows`](CursorPlace::rows), after what the `where` at the cursor has said up to its last `and`.
    pub(super) fn rows_that_pass(&self) -> Option<String> {
        let rows = self.rows()?;
        let (def, behind) = self.operator()?;
        if def != Where::DEF {
            return Some(rows);
        }
        match self.last(|token| token.infix.is_some_and(|infix| matches!(infix.meaning, Meaning::And))) {
            Some(and) => Some(format!("{rows}\n| {} {}", def.name(), self.between(behind, and))),
            None => Some(rows),
        }
    }

    /// The query that stands on the right of the join that is being written, if its `on` is there.
    pub(super) fn partner(&self) -> Option<String> {
        let (_, behind) = self.operator().filter(|(def, _)| [Join::DEF, Lookup::DEF].contains(def))?;
        let on = self.clause("on")?;
        let mut first = behind;
        loop {
            // `kind=inner`, `hint.strategy=broadcast`
            let equals = (first + 1..first + 4).find(|&at| self.token(at).is_some_and(|token| token.text == "="));
            match equals.filter(|&at| at < on && self.token(first).is_some_and(|token| token.kind == TokenKind::Word)) {
                Some(at) => first = at + 2,
                None => break,
            }
        }
        Some(format!("{}{}", self.statements(self.pipeline()), self.between(first, on)))
    }

    /// The names that statements give, up to a level, and what stands in for the parameters of a function around it.
    pub(super) fn definitions(&self) -> String {
        self.statements(self.levels.len() - 1)
    }

    fn statements(&self, level: usize) -> String {
        let mut text = String::new();
        for (number, level) in self.levels[..=level].iter().enumerate() {
            if number == 0 {
                text.push_str(self.between(0, level.statement));
            } else if self.opening(number).is_some_and(|open| self.tokens[open].text == "{") {
                let open = self.opening(number).expect("a bracket is open");
                text.push_str(&self.parameters(open));
                text.push_str(self.between(open + 1, level.statement));
            }
            text.push('\n');
        }
        text
    }

    /// The bracket that opens a level.
    fn opening(&self, level: usize) -> Option<usize> {
        let before = self.levels[level].statement;
        (0..before).rfind(|&at| self.depths[at] + 1 == level && matches!(self.tokens[at].text, "(" | "[" | "{"))
    }

    /// Values in the place of the parameters of the function whose body opens at a token.
    fn parameters(&self, body: usize) -> String {
        let depth = self.depths[body];
        let Some(open) = (0..body).rfind(|&at| self.tokens[at].text == "(" && self.depths[at] == depth) else {
            return String::new();
        };
        let mut text = String::new();
        let mut at = open + 1;
        while at + 2 < body {
            let (name, ty) = (self.tokens[at].text, self.tokens[at + 2].text);
            let own = |token: &usize| self.depths[*token] == depth + 1 && self.tokens[*token].text == ",";
            let end = (at..body).find(own).unwrap_or(body - 1);
            text.push_str(&match ty {
                "(" => {
                    let columns = self.between(at + 3, end.saturating_sub(1)).trim_end_matches(['*', ' ', ',']);
                    format!("let {name} = datatable({columns})[];")
                }
                "string" => format!("let {name} = '';"),
                ty => format!("let {name} = {ty}(null);"),
            });
            at = end + 1;
        }
        text
    }

    fn rows_of(&self, number: usize) -> Option<String> {
        let level = &self.levels[number];
        let before = level.pipe.map_or("", |pipe| self.between(level.start, pipe));
        let begins = self.operator_at(level.start).map(|(def, _)| def.position);
        let implicit = level.pipe == Some(level.start) || begins == Some(Position::Piped);
        if !implicit {
            return (!before.is_empty()).then(|| before.to_owned());
        }
        let given = number.checked_sub(1).and_then(|outer| self.rows_of_parts(outer));
        match (given, before.is_empty()) {
            (Some(given), true) => Some(given),
            (Some(given), false) => Some(format!("{given}\n| {before}")),
            (None, true) => Some("resources".to_owned()),
            (None, false) => Some(before.to_owned()),
        }
    }

    /// The rows that a sub-query without a table of its own begins with, in the operator that a level is at.
    fn rows_of_parts(&self, outer: usize) -> Option<String> {
        let outer = (0..=outer).rfind(|&at| self.operator_of(at).is_some())?;
        let (def, behind) = self.operator_of(outer)?;
        let rows = self.rows_of(outer)?;
        if def == MvApply::DEF {
            let on =
                (behind..self.tokens.len()).find(|&at| self.depths[at] == outer && self.tokens[at].text == "on")?;
            return Some(format!("{rows}\n| {} {}", MvExpand::DEF.name(), self.between(behind, on)));
        }
        [Partition::DEF, Facet::DEF, Fork::DEF].contains(&def).then_some(rows)
    }

    /// The innermost call whose arguments are being written.
    pub(super) fn call(&self) -> Option<OpenCall<'a>> {
        let number = self.levels.len() - 1;
        let open = self.opening(number).filter(|_| number > 0).filter(|&open| self.tokens[open].text == "(")?;
        let name =
            self.token(open.checked_sub(1)?).filter(|token| token.kind == TokenKind::Word && token.infix.is_none())?;
        let commas = |&at: &usize| self.depths[at] == number && self.tokens[at].text == ",";
        let last = self.tokens.len() - 1;
        let begun = !self.typed.is_empty() || self.quote.is_some() || !(last == open || commas(&last));
        Some(OpenCall { name: name.text, argument: (open + 1..=last).filter(commas).count(), begun })
    }

    /// The infix operator whose right side is being written, also inside the brackets of `in (…)`; the token.
    pub(super) fn infix(&self) -> Option<usize> {
        let last = self.tokens.len().checked_sub(1)?;
        if self.tokens[last].infix.is_some() {
            return Some(last);
        }
        let number = self.levels.len() - 1;
        let open = self.opening(number).filter(|_| number > 0)?;
        let listed = last == open || (self.tokens[last].text == "," && self.depths[last] == number);
        let before = open.checked_sub(1)?;
        (listed && self.tokens[open].text == "(" && self.tokens[before].infix.is_some()).then_some(before)
    }

    /// The operand that ends before a token: `properties.x['y']`, `tolower(type)`.
    pub(super) fn operand(&self, end: usize) -> Option<&'a str> {
        let mut at = end;
        loop {
            let token = self.token(at.checked_sub(1)?)?;
            at -= 1;
            match token.text {
                ")" | "]" if token.kind == TokenKind::Symbol => {
                    let depth = self.depths[at].checked_sub(1)?;
                    at = (0..at)
                        .rfind(|&open| self.depths[open] == depth && matches!(self.tokens[open].text, "(" | "["))?;
                    // What is called or looked into stands before the bracket, perhaps with a dot between.
                    let before = at.checked_sub(1).and_then(|before| self.token(before));
                    match before {
                        Some(before) if before.text == "." => at -= 1,
                        Some(before) if goes_on(before) => {}
                        _ => break,
                    }
                    continue;
                }
                _ if token.kind == TokenKind::Word => {}
                _ => return None,
            }
            match at.checked_sub(1).and_then(|before| self.token(before)) {
                Some(before) if before.text == "." => at -= 1,
                _ => break,
            }
        }
        let text = self.between(at, end);
        (!text.is_empty()).then_some(text)
    }

    /// Whether the bracket of another table has just been opened: `join (`, `union (`.
    pub(super) fn opens_table(&self) -> bool {
        let Some((def, behind)) = self.operator() else { return false };
        let directly = self.pipeline() + 2 == self.levels.len() && self.is_before(1, "(");
        directly
            && behind < self.tokens.len()
            && [Join::DEF, Lookup::DEF, Union::DEF].contains(&def)
            && self.clause("on").is_none()
    }

    /// Whether the statement at hand is a `let` whose value begins here.
    pub(super) fn is_let_value(&self) -> bool {
        let level = self.levels.last().expect("the text itself is open");
        level.start > level.statement && level.start == self.tokens.len()
    }
}

/// Whether a bracket behind this belongs to it.
fn goes_on(before: &Token<'_>) -> bool {
    (before.kind == TokenKind::Word && before.infix.is_none()) || matches!(before.text, ")" | "]")
}

/// Whether an operator looks for a pattern in a graph.
pub(super) fn looks_for_pattern(def: &'static OperatorDef) -> bool {
    [GraphMatch::DEF, GraphShortestPaths::DEF].contains(&def)
}

/// Where the word begins that a text ends with; `!` of `!contains` included.
fn word_start(text: &str) -> usize {
    let word = text.trim_end_matches(|c: char| c == '_' || c.is_alphanumeric());
    let word = word.strip_suffix('$').unwrap_or(word);
    word.strip_suffix('!').unwrap_or(word).len()
}
