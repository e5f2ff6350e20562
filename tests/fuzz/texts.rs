//! Real queries, and what mutations make of them.

use std::collections::HashMap;

use arbitrary::{Result, Unstructured};
use argql::inspect;

use super::support::golden;

/// Queries to begin with, and the language's words by what they are.
pub(crate) struct Texts {
    pub(crate) queries: Vec<String>,
    words: Vec<inspect::Word>,
    /// What a word is, by its name: the first of its kinds.
    kinds: HashMap<&'static str, &'static str>,
}

/// Longer ones would leave little time for others.
const LONGEST: usize = 4000;

impl Texts {
    /// Every query of the repository, the registry's examples and the corpus that `CORPUS` names.
    pub(crate) fn new() -> Texts {
        let mut queries: Vec<String> = inspect::examples().into_iter().map(|(_, query, _)| query).collect();
        queries.extend(golden::queries().into_iter().map(|(_, text)| text));
        queries.retain(|query| query.len() < LONGEST);
        queries.sort();
        queries.dedup();
        let words = inspect::words();
        let kinds = words.iter().rev().map(|word| (word.name, word.kind)).collect();
        Texts { queries, words, kinds }
    }

    /// One of the queries, up to four times mutated.
    pub(crate) fn some(&self, u: &mut Unstructured<'_>) -> Result<String> {
        let query = u.choose(&self.queries)?;
        let times = u.int_in_range(0..=4)?;
        self.mutated(u, query, times)
    }

    /// A query, so many times mutated.
    pub(crate) fn mutated(&self, u: &mut Unstructured<'_>, query: &str, times: usize) -> Result<String> {
        let mut query = pieces(query);
        for _ in 0..times {
            if query.is_empty() {
                break;
            }
            self.mutate(u, &mut query)?;
        }
        Ok(query.concat())
    }

    fn mutate(&self, u: &mut Unstructured<'_>, query: &mut Vec<String>) -> Result<()> {
        let at = u.choose_index(query.len())?;
        match u.int_in_range(0..=9)? {
            0 => drop(query.remove(at)),
            1 => query.insert(at, (*u.choose(&ODD)?).to_owned()),
            2 => query[at] = (*u.choose(&ODD)?).to_owned(),
            3 => {
                let other = u.choose_index(query.len())?;
                query.swap(at, other);
            }
            4 => {
                let end = (at + u.int_in_range(1..=12)?).min(query.len());
                let part = query[at..end].to_vec();
                let to = u.choose_index(query.len())?;
                query.splice(to..to, part);
            }
            5 => {
                let other = pieces(u.choose(&self.queries)?);
                let from = u.choose_index(other.len())?;
                let end = (from + u.int_in_range(1..=20)?).min(other.len());
                query.splice(at..at, other[from..end].to_vec());
            }
            // The beginning of one query with the end of another.
            6 => {
                let other = pieces(u.choose(&self.queries)?);
                let pipe = |pieces: &[String]| pieces.iter().rposition(|piece| piece == "|");
                if let (Some(here), Some(there)) = (pipe(query), pipe(&other)) {
                    query.truncate(here);
                    query.extend_from_slice(&other[there..]);
                }
            }
            7 => query[at] = u.choose(&self.words)?.name.to_owned(),
            // What stands there takes as many brackets and commas as others of its kind.
            _ => {
                let known = |piece: &String| self.kinds.get(piece.as_str()).copied();
                let places: Vec<usize> = (0..query.len()).filter(|&at| known(&query[at]).is_some()).collect();
                if places.is_empty() {
                    return Ok(());
                }
                let at = *u.choose(&places)?;
                let others: Vec<&inspect::Word> =
                    self.words.iter().filter(|word| Some(word.kind) == known(&query[at])).collect();
                query[at] = u.choose(&others)?.name.to_owned();
            }
        }
        Ok(())
    }
}

/// Words, spaces and single symbols: what mutations move about.
fn pieces(query: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let class = |c: char| if c.is_alphanumeric() || c == '_' { 1 } else { i32::from(c.is_whitespace()) * 2 };
    let mut last = 0;
    for c in query.chars() {
        let class = class(c);
        match pieces.last_mut() {
            Some(piece) if class == last && class != 0 => piece.push(c),
            _ => pieces.push(c.to_string()),
        }
        last = class;
    }
    pieces
}

/// What queries stumble over.
pub(crate) const ODD: [&str; 44] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "|",
    ",",
    ";",
    ".",
    "..",
    "'",
    "\"",
    "@'",
    "```",
    "\\",
    "-",
    "*",
    "==",
    "=~",
    "=",
    "//",
    "\n",
    "$left",
    "''",
    "0",
    "-1",
    "1d",
    "-1tick",
    "true",
    "now()",
    "dynamic(null)",
    "dynamic([])",
    "dynamic({'a': [1, {}]})",
    "long(null)",
    "real(nan)",
    "real(+inf)",
    "decimal(79228162514264337593543950335)",
    "datetime(9999-12-31)",
    "1e308",
    "9223372036854775807",
    "-9223372036854775808",
    "\u{0}",
    "é👩‍👩‍👧",
];

/// Bytes to draw from, always the same for a number: splitmix64.
pub(crate) fn random_bytes(number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut bytes = Vec::with_capacity(512);
    while bytes.len() < 512 {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bytes.extend((mixed ^ (mixed >> 31)).to_le_bytes());
    }
    bytes
}
