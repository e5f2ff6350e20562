//! The string operators: equality in any case, `contains`, `startswith`, `endswith`, terms and `matches regex`.
//!
//! Letter case is folded by Unicode's one-to-one lower-casing of both sides. Nearly all text in exports is ASCII, so
//! that is searched in place, by the byte of the needle that is rarest in such text; other text is folded first.

use std::borrow::Cow;

use memchr::memmem::Finder;
use memchr::{memchr_iter, memchr2_iter};
use regex::Regex;

use super::super::cells::text;
use crate::registry::{Args, ArgumentFault, Kernel, Operand, Operation};
use crate::value::Type;

/// Text to look for, prepared once for many rows.
pub(crate) struct Needle {
    /// Folded, if case does not count.
    text: Box<str>,
    fold: bool,
    ascii: bool,
    /// The offset of its rarest byte.
    rare: usize,
    finder: Finder<'static>,
}

/// Which ends of a match have to be ends of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edges {
    pub(crate) left: bool,
    pub(crate) right: bool,
}

impl Edges {
    pub(crate) const NONE: Edges = Edges { left: false, right: false };
    pub(crate) const BOTH: Edges = Edges { left: true, right: true };
}

impl Needle {
    /// `fold`: letter case does not count.
    pub(crate) fn new(needle: &str, fold: bool) -> Needle {
        let text = if fold { folded(needle) } else { needle.into() };
        let rare = (0..text.len()).min_by_key(|&at| commonness(text.as_bytes()[at])).unwrap_or_default();
        Needle {
            fold,
            ascii: text.is_ascii(),
            rare,
            finder: Finder::new(text.as_bytes()).into_owned(),
            text: text.into(),
        }
    }

    /// The whole text is the needle.
    fn equals(&self, hay: &str) -> bool {
        if self.fold { same_folded(&self.text, hay) } else { *self.text == *hay }
    }

    fn starts(&self, hay: &str) -> bool {
        if self.fold && !(self.ascii && hay.is_ascii()) {
            return folded(hay).starts_with(&*self.text);
        }
        hay.as_bytes().get(..self.text.len()).is_some_and(|start| self.same_bytes(start))
    }

    fn ends(&self, hay: &str) -> bool {
        if self.fold && !(self.ascii && hay.is_ascii()) {
            return folded(hay).ends_with(&*self.text);
        }
        let from = hay.len().checked_sub(self.text.len());
        from.is_some_and(|from| self.same_bytes(&hay.as_bytes()[from..]))
    }

    /// Whether the needle occurs with terms ending where `edges` wants them to: a character of the needle that is a
    /// letter or digit must not have another one beside it there. Any other character separates terms.
    pub(crate) fn occurs(&self, hay: &str, edges: Edges) -> bool {
        if self.fold && !(self.ascii && hay.is_ascii()) {
            let hay = folded(hay);
            return self.occurs_at(&hay, edges, |from| self.finder.find(&hay.as_bytes()[from..]).map(|at| from + at));
        }
        if self.fold {
            return self.occurs_at(hay, edges, |from| self.find_ascii(hay.as_bytes(), from));
        }
        self.occurs_at(hay, edges, |from| self.finder.find(&hay.as_bytes()[from..]).map(|at| from + at))
    }

    /// Tries every occurrence, overlapping ones too.
    fn occurs_at(&self, hay: &str, edges: Edges, find: impl Fn(usize) -> Option<usize>) -> bool {
        let left = edges.left && self.text.chars().next().is_some_and(is_term);
        let right = edges.right && self.text.chars().next_back().is_some_and(is_term);
        let mut from = 0;
        while let Some(at) = find(from) {
            // A match begins and ends at characters, for the needle is valid UTF-8.
            let before = || hay[..at].chars().next_back().is_some_and(is_term);
            let behind = || hay[at + self.text.len()..].chars().next().is_some_and(is_term);
            if !(left && before() || right && behind()) {
                return true;
            }
            from = at + 1;
        }
        false
    }

    /// The first occurrence at or behind `from` in ASCII text, in any case.
    fn find_ascii(&self, hay: &[u8], from: usize) -> Option<usize> {
        let length = self.text.len();
        if length == 0 {
            return (from <= hay.len()).then_some(from);
        }
        let rare = self.text.as_bytes()[self.rare];
        let last = (hay.len() + self.rare + 1).checked_sub(length)?;
        let window = hay.get(from + self.rare..last)?;
        let matches = |at: &usize| self.same_bytes(&hay[*at..*at + length]);
        if rare.is_ascii_lowercase() {
            memchr2_iter(rare, rare.to_ascii_uppercase(), window).map(|at| from + at).find(matches)
        } else {
            memchr_iter(rare, window).map(|at| from + at).find(matches)
        }
    }

    fn same_bytes(&self, bytes: &[u8]) -> bool {
        if self.fold { self.text.as_bytes().eq_ignore_ascii_case(bytes) } else { self.text.as_bytes() == bytes }
    }
}

/// Letters and digits make terms; all else, underscore included, separates them (measured on Kusto).
fn is_term(c: char) -> bool {
    c.is_alphanumeric()
}

/// How common a byte is in resource ids, types and names, roughly: letters by their frequency in English, which fits
/// well enough, and what separates them.
fn commonness(byte: u8) -> usize {
    const RARE_TO_COMMON: &[u8] = b"zqjxkvbwygfphdmulcsnr0123456789oaite-./ ";
    RARE_TO_COMMON.iter().position(|&known| known == byte.to_ascii_lowercase()).map_or(0, |at| at + 1)
}

/// A character's lower case, if that is one character.
fn lower(c: char) -> char {
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(only), None) => only,
        _ => c,
    }
}

/// Text with its case folded.
pub(crate) fn folded(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) { text.to_ascii_lowercase().into() } else { text.into() }
    } else {
        text.chars().map(lower).collect::<String>().into()
    }
}

/// Equal in any letter case.
pub(crate) fn same_folded(a: &str, b: &str) -> bool {
    if a.eq_ignore_ascii_case(b) {
        return true;
    }
    // Folding keeps ASCII apart from each other, and two unequal ASCII texts stay so.
    !(a.is_ascii() && b.is_ascii()) && a.chars().map(lower).eq(b.chars().map(lower))
}

/// How a needle is held against the text.
pub(super) trait Test: 'static {
    fn test(needle: &Needle, hay: &str) -> bool;
}

macro_rules! tests {
    ($($name:ident |$needle:ident, $hay:ident| $test:expr;)*) => {$(
        pub(super) enum $name {}

        impl Test for $name {
            fn test($needle: &Needle, $hay: &str) -> bool {
                $test
            }
        }
    )*};
}

tests! {
    Equals |needle, hay| needle.equals(hay);
    Contains |needle, hay| needle.occurs(hay, Edges::NONE);
    Starts |needle, hay| needle.starts(hay);
    Ends |needle, hay| needle.ends(hay);
    Has |needle, hay| needle.occurs(hay, Edges::BOTH);
    HasPrefix |needle, hay| needle.occurs(hay, Edges { left: true, right: false });
    HasSuffix |needle, hay| needle.occurs(hay, Edges { left: false, right: true });
}

/// Text, or a dynamic value as its text.
pub(super) fn types(operands: &[Operand]) -> Option<Operation> {
    let textual = operands.iter().all(|operand| matches!(operand.ty, Type::String | Type::Dynamic));
    textual.then(|| Operation { operands: vec![Type::String; operands.len()], result: Type::Bool })
}

/// As [`types`], and Resource Graph also takes `=~` on bools and numbers: by their text.
pub(super) fn lenient_types(operands: &[Operand]) -> Option<Operation> {
    let fits =
        |operand: &Operand| operand.ty.is_number() || matches!(operand.ty, Type::String | Type::Dynamic | Type::Bool);
    operands.iter().all(fits).then(|| Operation { operands: vec![Type::String; operands.len()], result: Type::Bool })
}

pub(super) fn kernel<T: Test, const FOLD: bool, const NOT: bool>(args: &Args<'_>) -> Result<Kernel, ArgumentFault> {
    Ok(match args.text(1) {
        Some(needle) => {
            let needle = Needle::new(needle, FOLD);
            Box::new(move |cells, out| out.bool(T::test(&needle, text(cells[0])) != NOT))
        }
        None => Box::new(|cells, out| {
            out.bool(T::test(&Needle::new(text(cells[1]), FOLD), text(cells[0])) != NOT);
        }),
    })
}

/// `like`: Kusto documents nowhere which characters stand for others, so that none may be in the pattern which does so in
/// any language: what is left is equal text.
pub(super) fn like<const FOLD: bool, const NOT: bool>(args: &Args<'_>) -> Result<Kernel, ArgumentFault> {
    const WILD: &[char] = &['%', '*', '?', '_', '['];
    let cure = "write `startswith`, `endswith`, `contains` or `matches regex`";
    let fault = |message: String| ArgumentFault { help: Some(cure.to_owned()), ..ArgumentFault::new(1, message) };
    match args.text(1) {
        None => Err(fault("the pattern must be a constant".to_owned())),
        Some(pattern) => match pattern.chars().find(|c| WILD.contains(c)) {
            Some(c) => Err(fault(format!("what `{c}` stands for in a pattern is not documented"))),
            None => kernel::<Equals, FOLD, NOT>(args),
        },
    }
}

/// `=~` without a constant is a comparison of columns: nothing to prepare.
pub(super) fn equals<const NOT: bool>(args: &Args<'_>) -> Result<Kernel, ArgumentFault> {
    match args.text(1) {
        Some(_) => kernel::<Equals, true, NOT>(args),
        None => Ok(Box::new(|cells, out| out.bool(same_folded(text(cells[0]), text(cells[1])) != NOT))),
    }
}

pub(super) fn regex(args: &Args<'_>) -> Result<Kernel, ArgumentFault> {
    Ok(match args.text(1) {
        Some(pattern) => {
            let regex = compile(pattern, 1)?;
            Box::new(move |cells, out| out.bool(regex.is_match(text(cells[0]))))
        }
        // A pattern out of the data that is no regular expression matches nothing.
        None => Box::new(|cells, out| {
            out.bool(Regex::new(text(cells[1])).is_ok_and(|regex| regex.is_match(text(cells[0]))));
        }),
    })
}

/// A regular expression of the query, the argument at `argument`.
///
/// A brace that begins no repetition stands for itself, as in RE2: published queries of Resource Graph write
/// `replace('{}', 'null', tostring(tags))`.
pub(crate) fn compile(pattern: &str, argument: usize) -> Result<Regex, ArgumentFault> {
    let lenient = |error| Regex::new(&plain_braces(pattern)).map_err(|_: regex::Error| error);
    Regex::new(pattern).or_else(lenient).map_err(|error| {
        // The crate draws the place over several lines; the last one says what is wrong.
        let message = error.to_string();
        let reason = message.lines().last().unwrap_or_default().trim_start_matches("error: ").to_string();
        ArgumentFault {
            help: Some(reason),
            ..ArgumentFault::new(argument, format!("`{pattern}` is not a regular expression"))
        }
    })
}

/// The pattern with a backslash before each brace that begins no repetition.
fn plain_braces(pattern: &str) -> String {
    let mut plain = String::with_capacity(pattern.len() + 2);
    let (mut rest, mut class) = (pattern, false);
    while let Some(c) = rest.chars().next() {
        let behind = &rest[c.len_utf8()..];
        let taken = match c {
            // `\p{Greek}` and `\x{41}` have braces of their own.
            '\\' => match behind.chars().next() {
                Some('p' | 'P' | 'x' | 'u' | 'U') if behind[1..].starts_with('{') => {
                    rest.find('}').map_or(rest.len(), |end| end + 1)
                }
                next => 1 + next.map_or(0, char::len_utf8),
            },
            '{' if !class && !repeats(behind) => {
                plain.push('\\');
                1
            }
            _ => {
                class = (class || c == '[') && c != ']';
                c.len_utf8()
            }
        };
        plain.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    plain
}

/// Whether a repetition goes on so behind its brace: `2}`, `2,}`, `2,5}`.
fn repeats(behind: &str) -> bool {
    let Some((bounds, _)) = behind.split_once('}') else { return false };
    let (least, most) = bounds.split_once(',').unwrap_or((bounds, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !least.is_empty() && digits(least) && digits(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(hay: &str, needle: &str) -> bool {
        Has::test(&Needle::new(needle, true), hay)
    }

    #[test]
    fn a_brace_that_begins_no_repetition_stands_for_itself() {
        let found = |pattern: &str, text: &str| compile(pattern, 0).is_ok_and(|regex| regex.is_match(text));
        assert!(found("{}", "a{}") && found("^{a}{2}$", "{a}}") && found(r"\{[{]\x{41}{b", "{{A{b"));
        assert!(!found("^a{2}$", "a{2}") && compile("(", 0).is_err() && compile("[]", 0).is_err());
    }

    #[test]
    fn a_term_ends_at_anything_but_a_letter_or_digit() {
        assert!(has("a_b", "a") && has("x a-b y", "a-b") && has("Storage/Accounts", "accounts"));
        assert!(!has("a1", "a") && !has("éa", "a") && !has("accounts", "account"));
    }

    #[test]
    fn an_edge_of_the_needle_that_is_no_term_may_touch_one() {
        assert!(has("b .b-", " ") && has("xa b", "") && has("", ""));
        assert!(!has("xa b", "a "));
    }

    #[test]
    fn a_later_overlapping_occurrence_counts() {
        assert!(has("xa a a", "a a"));
        assert!(!has("xa aa", "a a"));
    }

    #[test]
    fn prefix_and_suffix_of_terms_look_at_one_edge_only() {
        let prefix = |hay, needle| HasPrefix::test(&Needle::new(needle, true), hay);
        let suffix = |hay, needle| HasSuffix::test(&Needle::new(needle, true), hay);
        assert!(prefix("my Storage", "stor") && !prefix("mystorage", "stor"));
        assert!(suffix("my Storage", "age") && !suffix("storages", "age"));
    }

    #[test]
    fn search_in_any_case_finds_every_place_in_ascii_and_beyond() {
        for (hay, needle) in [("abc", "C"), ("ABC", "a"), ("xxAbC", "abc"), ("ÄPFEL und x", "äpfel"), ("straße X", "x")]
        {
            assert!(Contains::test(&Needle::new(needle, true), hay), "{hay} contains {needle}");
            assert!(!Contains::test(&Needle::new(&format!("{needle}z"), true), hay));
        }
        // The Kelvin sign folds to k.
        assert!(Contains::test(&Needle::new("K", true), "10 \u{212a}"));
    }

    #[test]
    fn ends_are_compared_by_character() {
        let ends = |hay, needle| Ends::test(&Needle::new(needle, true), hay);
        assert!(!ends("Straße", "SSE") && ends("Straße", "ßE") && ends("a", "") && !ends("a", "ba"));
        let starts = |hay, needle| Starts::test(&Needle::new(needle, false), hay);
        assert!(starts("Ab", "A") && !starts("Ab", "a") && !starts("", "a"));
    }

    #[test]
    fn equality_in_any_case_folds_beyond_ascii() {
        assert!(same_folded("WestEurope", "westeurope") && same_folded("ÄB", "äb"));
        assert!(!same_folded("ab", "abc") && !same_folded("ä", "a"));
    }

    /// Every place in folded text, tried one character after the other.
    fn slowly(hay: &str, needle: &str, fold: bool, edges: Edges) -> bool {
        let folded = |text: &str| -> Vec<char> { text.chars().map(|c| if fold { lower(c) } else { c }).collect() };
        let (hay, needle) = (folded(hay), folded(needle));
        (0..=hay.len()).filter(|&at| hay[at..].starts_with(&needle)).any(|at| {
            let touches = |mine: Option<&char>, other: Option<&char>| {
                mine.copied().is_some_and(is_term) && other.copied().is_some_and(is_term)
            };
            let left = touches(needle.first(), hay[..at].last());
            let right = touches(needle.last(), hay[at + needle.len()..].first());
            !(edges.left && left || edges.right && right)
        })
    }

    #[test]
    fn search_agrees_with_a_slow_one() {
        arbtest::arbtest(|random| {
            let alphabet = ['a', 'A', 'b', 'B', '1', '_', ' ', '/', 'ä', 'Ä', '\u{212a}', 'k'];
            let mut word = |longest: usize| -> arbitrary::Result<String> {
                let length = random.int_in_range(0..=longest)?;
                (0..length).map(|_| Ok(*random.choose(&alphabet)?)).collect()
            };
            let (hay, needle) = (word(24)?, word(3)?);
            for fold in [false, true] {
                let prepared = Needle::new(&needle, fold);
                for (left, right) in [(false, false), (true, false), (false, true), (true, true)] {
                    let edges = Edges { left, right };
                    let wanted = slowly(&hay, &needle, fold, edges);
                    assert_eq!(prepared.occurs(&hay, edges), wanted, "{needle:?} in {hay:?}, {edges:?}, fold {fold}");
                }
            }
            Ok(())
        });
    }
}
