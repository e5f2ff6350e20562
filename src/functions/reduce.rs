//! Texts that are alike, by the words that many of them have at the same place (Vaarandi, "A data clustering algorithm
//! for mining patterns from event logs", 2003).

use std::collections::{HashMap, HashSet};

use super::cells::{count, text, wide};
use crate::column::{Batch, Column, KeyTable};
use crate::guard::Pace;
use crate::registry::Ordered;
use crate::value::{Type, Value};

/// What stands for words that differ.
const ANY: &str = "*";

/// The pattern of texts that have none.
const OTHERS: &str = "others";

/// How texts are made patterns.
pub(crate) struct Reduction {
    /// The share of the texts that must have more than a word, and a pattern.
    pub(crate) threshold: f64,
    /// What separates words; whatever is no letter or digit of ASCII, if it is not told.
    pub(crate) separators: Option<String>,
}

/// A word of a text, and what stands before it.
struct Word<'t> {
    before: &'t str,
    text: &'t str,
}

impl Reduction {
    fn separates(&self, character: char) -> bool {
        match &self.separators {
            Some(separators) => separators.contains(character),
            None => !character.is_ascii_alphanumeric(),
        }
    }

    /// The words of a text, and what stands behind the last one.
    fn words<'t>(&self, text: &'t str) -> (Vec<Word<'t>>, &'t str) {
        let mut words = Vec::new();
        let mut rest = text;
        loop {
            let start = rest.find(|character| !self.separates(character)).unwrap_or(rest.len());
            let (before, word) = rest.split_at(start);
            if word.is_empty() {
                return (words, before);
            }
            let end = word.find(|character| self.separates(character)).unwrap_or(word.len());
            let (word, behind) = word.split_at(end);
            words.push(Word { before, text: word });
            rest = behind;
        }
    }

    /// The text with `*` for the words that are not frequent. Neighbours are one, with what is between them; separators
    /// that were told belong to it, too.
    fn pattern(&self, words: &[Word<'_>], behind: &str, frequent: impl Fn(usize, &str) -> bool) -> Option<String> {
        let kept: Vec<bool> = words.iter().enumerate().map(|(at, word)| frequent(at, word.text)).collect();
        if !kept.contains(&true) {
            return None;
        }
        let mut pattern = String::new();
        let swallows = self.separators.is_some();
        for (at, word) in words.iter().enumerate() {
            let after_any = at > 0 && !kept[at - 1];
            if kept[at] {
                if !(after_any && swallows) {
                    pattern.push_str(word.before);
                }
                pattern.push_str(word.text);
            } else if !after_any {
                if !swallows {
                    pattern.push_str(word.before);
                }
                pattern.push_str(ANY);
            }
        }
        if !(swallows && kept.last() == Some(&false)) {
            pattern.push_str(behind);
        }
        Some(pattern)
    }
}

/// A pattern, how many texts have it, and the first of these.
struct Group {
    pattern: String,
    count: i64,
    face: Option<u32>,
}

/// The groups, the most frequent ones first, and the number of the group of each row. None if the guard wants to stop.
fn grouped(rows: &Ordered<'_>, texts: &Column, asked: &Reduction) -> Option<(Vec<Group>, Vec<usize>)> {
    let mut pace = Pace::new(rows.guard);
    // Equal texts are looked at once.
    let mut known = KeyTable::default();
    let (mut times, mut faces, mut numbers): (Vec<i64>, Vec<u32>, Vec<usize>) = (Vec::new(), Vec::new(), Vec::new());
    for (row, cell) in (0..).zip(texts.iter()) {
        if pace.stops() {
            return None;
        }
        let number = known.number(text(cell).as_bytes()) as usize;
        if number == times.len() {
            times.push(0);
            faces.push(row);
        }
        times[number] += 1;
        numbers.push(number);
    }
    let text_of = |number: usize| text(texts.get(faces[number] as usize));
    let least = asked.threshold * wide(count(rows.rows));
    let mut counts: HashMap<(usize, &str), i64> = HashMap::new();
    for (number, times) in times.iter().enumerate() {
        if pace.stops() {
            return None;
        }
        for (at, word) in asked.words(text_of(number)).0.into_iter().enumerate() {
            // A number tells texts apart, even if it is frequent.
            if !word.text.bytes().all(|byte| byte.is_ascii_digit()) {
                *counts.entry((at, word.text)).or_default() += times;
            }
        }
    }
    let frequent: HashSet<(usize, &str)> =
        counts.into_iter().filter(|(_, count)| wide(*count) > least).map(|(word, _)| word).collect();
    let mut patterns = KeyTable::default();
    let mut groups: Vec<Group> = Vec::new();
    let mut of_text: Vec<Option<usize>> = Vec::with_capacity(times.len());
    for (number, times) in times.iter().enumerate() {
        if pace.stops() {
            return None;
        }
        let (words, behind) = asked.words(text_of(number));
        let Some(pattern) = asked.pattern(&words, behind, |at, word| frequent.contains(&(at, word))) else {
            of_text.push(None);
            continue;
        };
        let group = patterns.number(pattern.as_bytes()) as usize;
        if group == groups.len() {
            groups.push(Group { pattern, count: 0, face: Some(faces[number]) });
        }
        groups[group].count += times;
        of_text.push(Some(group));
    }
    let mut order: Vec<usize> = (0..groups.len()).filter(|group| wide(groups[*group].count) > least).collect();
    order.sort_by_key(|group| std::cmp::Reverse(groups[*group].count));
    let mut place: Vec<usize> = vec![order.len(); groups.len()];
    order.iter().enumerate().for_each(|(at, group)| place[*group] = at);
    let of_row: Vec<usize> =
        numbers.iter().map(|number| of_text[*number].map_or(order.len(), |group| place[group])).collect();
    let rest = count(of_row.iter().filter(|group| **group == order.len()).count());
    let mut slots: Vec<Option<Group>> = groups.into_iter().map(Some).collect();
    let mut sorted: Vec<Group> = order.iter().filter_map(|group| slots[*group].take()).collect();
    if rest > 0 {
        sorted.push(Group { pattern: OTHERS.to_owned(), count: rest, face: None });
    }
    Some((sorted, of_row))
}

/// The groups of the texts in the last column: patterns, how many texts have each, and one of these. `beside` puts them
/// beside the rows, of which the other columns are.
pub(crate) fn reduced(rows: &Ordered<'_>, asked: &Reduction, beside: bool) -> Batch {
    let Some((texts, columns)) = rows.args.split_last() else { return Batch::default() };
    let Some((groups, of_row)) = grouped(rows, texts, asked) else { return Batch::default() };
    let patterns = groups.iter().map(|group| Value::from(group.pattern.as_str()));
    let patterns = Column::from_values(Type::String, patterns);
    let counts = Column::longs(groups.iter().map(|group| group.count).collect());
    let faces: Vec<Option<u32>> = groups.iter().map(|group| group.face).collect();
    let made = [patterns, counts, texts.take_or_absent(&faces)];
    if !beside {
        return Batch::new(made.to_vec(), groups.len());
    }
    let picked: Vec<u32> = of_row.iter().filter_map(|group| u32::try_from(*group).ok()).collect();
    let made = made.iter().map(|column| column.take(&picked));
    Batch::new(columns.iter().cloned().chain(made).collect(), rows.rows)
}
