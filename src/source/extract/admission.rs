//! Rows that no filter lets through are not kept: what a condition says of a value is asked once per distinct value.
//!
//! The filter itself still looks at every row that is kept, so a value that nobody has asked about may always pass.

use std::collections::HashMap;

use foldhash::fast::FixedState;

#[cfg(feature = "store")]
use crate::column::ChunkFacts;
use crate::json;
use crate::value::ValueRef;

/// A condition that looks at one wanted value of a row, and nothing else.
pub(crate) struct RowTest<'t> {
    /// The number of the want.
    pub(crate) want: usize,
    /// Whether a row with this value, or null, may be asked for.
    pub(crate) admits: Box<dyn Fn(ValueRef<'_>) -> bool + Sync + 't>,
    /// Whether a row with a value within these bounds, none of them null, may be asked for.
    pub(crate) meets: Box<dyn Fn(&Bounds<'_>) -> bool + Sync + 't>,
}

/// What is known of values without looking at them.
pub(crate) struct Bounds<'b> {
    /// None is below.
    pub(crate) low: ValueRef<'b>,
    /// None is above.
    pub(crate) high: ValueRef<'b>,
    /// Whether this text may be among them.
    pub(crate) has: &'b dyn Fn(&str) -> bool,
}

#[cfg(feature = "store")]
impl RowTest<'_> {
    /// Whether any row may be asked for whose values are so.
    pub(in crate::source) fn may_pass(&self, facts: &ChunkFacts, has: &dyn Fn(&str) -> bool) -> bool {
        if facts.nulls && (self.admits)(ValueRef::Null) {
            return true;
        }
        match &facts.ends {
            _ if !facts.values => false,
            Some((low, high)) if facts.exact && low == high => (self.admits)(low.as_ref()),
            Some((low, high)) => (self.meets)(&Bounds { low: low.as_ref(), high: high.as_ref(), has }),
            None => true,
        }
    }
}

/// A test with its answers so far.
pub(super) struct Verdicts<'t> {
    test: &'t RowTest<'t>,
    null: Option<bool>,
    texts: HashMap<Box<[u8]>, bool, FixedState>,
}

/// Distinct texts that are asked about: of an `id` every one is new, and the filter is the quicker way.
const MOST_TEXTS: usize = 1024;

impl<'t> Verdicts<'t> {
    pub(super) fn new(test: &'t RowTest<'t>) -> Verdicts<'t> {
        Verdicts { test, null: None, texts: HashMap::default() }
    }

    pub(super) fn want(&self) -> usize {
        self.test.want
    }

    /// Whether a row with this text, or with null, may pass.
    pub(super) fn admits(&mut self, text: Option<&[u8]>) -> bool {
        let Some(text) = text else { return *self.null.get_or_insert_with(|| (self.test.admits)(ValueRef::Null)) };
        if let Some(&known) = self.texts.get(text) {
            return known;
        }
        if self.texts.len() >= MOST_TEXTS {
            return true;
        }
        let admitted = (self.test.admits)(ValueRef::String(json::text(text)));
        self.texts.insert(text.into(), admitted);
        admitted
    }
}
