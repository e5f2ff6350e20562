//! What rows look like below their columns: which keys there are, how many rows have them, and which values. For
//! completion, from a bounded number of rows taken from all over the table.
//!
//! Rows are told apart by their column `type`, since in Resource Graph the properties of one type have little in common
//! with those of another.

use std::sync::Arc;

use indexmap::IndexMap;

use super::passage::RowReader;
use crate::json::{self, Head, Scanned, Scanner};
use crate::value::Type;

type ByName<T> = IndexMap<Arc<str>, T, foldhash::fast::FixedState>;

/// What the rows that were looked at are like.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sketch {
    /// By `type` in lower case; rows without one are under the empty text.
    pub(super) types: ByName<PathSketch>,
    /// Rows were left out.
    pub(crate) sampled: bool,
}

/// What stands at one path.
#[derive(Clone, Debug, Default)]
pub(crate) struct PathSketch {
    /// How many values there are, nulls aside.
    pub(crate) count: usize,
    /// What kinds they are of, in order of appearance.
    kinds: Vec<&'static str>,
    /// The values of bags.
    pub(crate) keys: ByName<PathSketch>,
    /// The elements of arrays.
    pub(crate) element: Option<Box<PathSketch>>,
    /// Different scalars, at most [`VALUES`], with how often each was met.
    pub(crate) values: ByName<usize>,
    /// There are more.
    pub(crate) many: bool,
}

/// Most different values that are kept of a path.
const VALUES: usize = 100;
/// Longest text that is kept as a value.
const LONG: usize = 200;
/// Most keys that are kept of a bag: some have ids for keys.
const KEYS: usize = 500;

/// A step into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SketchStep {
    /// To the value of this key.
    Key(Arc<str>),
    /// To any element.
    Element,
}

impl Sketch {
    /// What stands at a path, the first step being a column; only in rows of these types (in lower case), if any are
    /// given.
    pub(crate) fn at(&self, path: &[SketchStep], types: Option<&[String]>) -> PathSketch {
        let wanted = |ty: &str| types.is_none_or(|types| types.iter().any(|wanted| wanted == ty));
        let rows = self.types.iter().filter(|(ty, _)| wanted(ty)).map(|(_, rows)| rows);
        let mut all = PathSketch::default();
        rows.filter_map(|rows| rows.at(path)).for_each(|found| all.join(found));
        all
    }

    /// Adds a column that all rows have, with the texts that it may have.
    pub(super) fn add_column<'a>(&mut self, name: &str, texts: impl Iterator<Item = &'a str>) {
        let mut column = PathSketch::default();
        texts.for_each(|text| column.add_scalar(Type::String, text));
        for rows in self.types.values_mut() {
            rows.keys.insert(name.into(), column.clone());
        }
    }

    pub(super) fn join(&mut self, other: Sketch) {
        for (ty, rows) in other.types {
            self.types.entry(ty).or_default().join(&rows);
        }
    }
}

impl PathSketch {
    fn at(&self, path: &[SketchStep]) -> Option<&PathSketch> {
        path.iter().try_fold(self, |shape, step| match step {
            SketchStep::Key(key) => shape.keys.get(key),
            SketchStep::Element => shape.element.as_deref(),
        })
    }

    fn join(&mut self, other: &PathSketch) {
        self.count += other.count;
        for kind in &other.kinds {
            self.add_kind(kind);
        }
        for (key, shape) in &other.keys {
            if self.keys.len() < KEYS || self.keys.contains_key(key) {
                self.keys.entry(key.clone()).or_default().join(shape);
            }
        }
        if let Some(element) = &other.element {
            self.element.get_or_insert_default().join(element);
        }
        for (value, count) in &other.values {
            self.add_value(value, *count);
        }
        self.many |= other.many;
    }

    /// The kinds of its values: `string`, `long | string`; `null` if there is none.
    pub(crate) fn kinds(&self) -> String {
        if self.kinds.is_empty() { "null".to_owned() } else { self.kinds.join(" | ") }
    }

    /// Reads the next value into it.
    fn read(&mut self, scanner: &mut Scanner<'_>) -> Scanned<()> {
        match scanner.head()? {
            Head::Null => {}
            Head::Bool(value) => self.add_scalar(Type::Bool, if value { "true" } else { "false" }),
            Head::Number(numeral) => match numeral.long() {
                Some(value) => self.add_scalar(Type::Long, &value.to_string()),
                None => self.add_scalar(Type::Real, &numeral.real().to_string()),
            },
            Head::String(text) => self.add_scalar(Type::String, &text),
            Head::Array => {
                self.count += 1;
                self.add_kind("array");
                let element = self.element.get_or_insert_default();
                while scanner.element()? {
                    element.read(scanner)?;
                }
            }
            Head::Bag => {
                self.count += 1;
                self.add_kind("bag");
                while let Some(key) = scanner.key()? {
                    if let Some(shape) = self.keys.get_mut(&*key) {
                        shape.read(scanner)?;
                    } else if self.keys.len() < KEYS {
                        self.keys.entry(key.into()).or_default().read(scanner)?;
                    } else {
                        scanner.raw()?;
                    }
                }
            }
        }
        Ok(())
    }

    fn add_kind(&mut self, kind: &'static str) {
        if !self.kinds.contains(&kind) {
            self.kinds.push(kind);
        }
    }

    fn add_scalar(&mut self, ty: Type, text: &str) {
        self.count += 1;
        self.add_kind(ty.name());
        self.add_value(text, 1);
    }

    fn add_value(&mut self, text: &str, count: usize) {
        if text.len() > LONG {
            self.many = true;
        } else if let Some(known) = self.values.get_mut(text) {
            *known += count;
        } else if self.values.len() < VALUES {
            self.values.insert(text.into(), count);
        } else {
            self.many = true;
        }
    }
}

/// The column `type` of a row, in lower case; reads no further, for it stands near the beginning.
fn row_type(row: &str) -> Scanned<String> {
    let mut scanner = Scanner::new(row);
    scanner.head()?;
    while let Some(key) = scanner.key()? {
        if key == "type" {
            return Ok(match scanner.head()? {
                Head::String(ty) => ty.to_lowercase(),
                _ => String::new(),
            });
        }
        scanner.raw()?;
    }
    Ok(String::new())
}

impl RowReader for Sketch {
    type Output = Sketch;

    fn row(&mut self, bytes: &[u8], at: usize) -> Scanned<usize> {
        let end = json::value(bytes, at, 0)?;
        let row = json::text(&bytes[at..end]);
        self.types.entry(row_type(row)?.into()).or_default().read(&mut Scanner::new(row))?;
        Ok(end)
    }

    fn finish(&mut self) -> Sketch {
        std::mem::take(self)
    }
}
