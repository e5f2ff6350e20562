//! What rows look like below their columns: which keys there are, how many rows have them, and which values. For
//! completion, from a bounded number of rows taken from all over the table.
//!
//! Rows are told apart by their column `type`, since in Resource Graph the properties of one type have little in common
//! with those of another.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::json::{self, Passing};
use super::passage::Reader;
use crate::value::Type;

type ByName<T> = IndexMap<Arc<str>, T, foldhash::fast::FixedState>;

/// What the rows that were looked at are like.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sketch {
    /// By `type` in lower case; rows without one are under the empty text.
    pub(super) types: ByName<Shape>,
    /// Rows were left out.
    pub(crate) sampled: bool,
}

/// What stands at one path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    /// How many values there are, nulls aside.
    pub(crate) count: usize,
    /// What kinds they are of, in order of appearance.
    kinds: Vec<&'static str>,
    /// The values of bags.
    pub(crate) keys: ByName<Shape>,
    /// The elements of arrays.
    pub(crate) element: Option<Box<Shape>>,
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
pub(crate) enum Inward {
    /// To the value of this key.
    Key(Arc<str>),
    /// To any element.
    Element,
}

impl Sketch {
    /// What stands at a path, the first step being a column; only in rows of these types (in lower case), if any are
    /// given.
    pub(crate) fn at(&self, path: &[Inward], types: Option<&[String]>) -> Shape {
        let wanted = |ty: &str| types.is_none_or(|types| types.iter().any(|wanted| wanted == ty));
        let rows = self.types.iter().filter(|(ty, _)| wanted(ty)).map(|(_, rows)| rows);
        let mut all = Shape::default();
        rows.filter_map(|rows| rows.at(path)).for_each(|found| all.join(found));
        all
    }

    pub(super) fn join(&mut self, other: Sketch) {
        for (ty, rows) in other.types {
            self.types.entry(ty).or_default().join(&rows);
        }
    }
}

impl Shape {
    fn at(&self, path: &[Inward]) -> Option<&Shape> {
        path.iter().try_fold(self, |shape, step| match step {
            Inward::Key(key) => shape.keys.get(key),
            Inward::Element => shape.element.as_deref(),
        })
    }

    fn join(&mut self, other: &Shape) {
        self.count += other.count;
        for kind in &other.kinds {
            self.is(kind);
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
            self.value(value, *count);
        }
        self.many |= other.many;
    }

    /// The kinds of its values: `string`, `long | string`; `null` if there is none.
    pub(crate) fn kinds(&self) -> String {
        if self.kinds.is_empty() { "null".to_owned() } else { self.kinds.join(" | ") }
    }

    fn is(&mut self, kind: &'static str) {
        if !self.kinds.contains(&kind) {
            self.kinds.push(kind);
        }
    }

    fn scalar(&mut self, ty: Type, text: &str) {
        self.count += 1;
        self.is(ty.name());
        self.value(text, 1);
    }

    fn value(&mut self, text: &str, count: usize) {
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

/// Reads a value into a shape.
impl<'de> DeserializeSeed<'de> for &mut Shape {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Shape {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.scalar(Type::Bool, if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.scalar(Type::Long, &value.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.scalar(Type::Long, &value.to_string());
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.scalar(Type::Real, &value.to_string());
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.scalar(Type::String, value);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        self.count += 1;
        self.is("array");
        let element = self.element.get_or_insert_default();
        while elements.next_element_seed(&mut **element)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        self.count += 1;
        self.is("bag");
        while let Some(key) = entries.next_key::<std::borrow::Cow<'de, str>>()? {
            let full = self.keys.len() >= KEYS;
            match self.keys.get_mut(&*key) {
                Some(shape) => entries.next_value_seed(shape)?,
                None if !full => {
                    let mut shape = Shape::default();
                    entries.next_value_seed(&mut shape)?;
                    self.keys.insert(Arc::from(&*key), shape);
                }
                None => drop(entries.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Finds the column `type` of a row, and reads no further: it stands near the beginning.
struct RowType<'a>(&'a mut String);

impl<'de> Visitor<'de> for RowType<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(key) = entries.next_key::<std::borrow::Cow<'de, str>>()? {
            if key == "type" {
                *self.0 = entries.next_value::<serde_json::Value>()?.as_str().unwrap_or_default().to_lowercase();
                break;
            }
            entries.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

impl Reader for Sketch {
    type Output = Sketch;

    fn row(&mut self, bytes: &[u8], at: usize) -> Passing<usize> {
        let end = json::value(bytes, at, 0)?;
        let row = &bytes[at..end];
        // That something is left to read is said to be an error, and none here; what serde_json does not take (deeper
        // nesting than it allows) is no help in completing either.
        let mut ty = String::new();
        let _ = serde_json::Deserializer::from_slice(row).deserialize_map(RowType(&mut ty));
        let rows = self.types.entry(ty.into()).or_default();
        let _ = rows.deserialize(&mut serde_json::Deserializer::from_slice(row));
        Ok(end)
    }

    fn finish(&mut self) -> Sketch {
        std::mem::take(self)
    }
}
