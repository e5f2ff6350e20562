//! Names of cells: how fine they are, and many of them as an array.

use std::ops::RangeInclusive;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::column::Out;
use crate::functions::cells::real;
use crate::value::{Value, ValueRef};

/// The level that an argument asks for, the usual one if it is not given; `None` if there is no such level.
pub(super) fn level(cells: &[ValueRef<'_>], at: usize, usual: u8, levels: RangeInclusive<u8>) -> Option<u8> {
    let asked = match cells.get(at) {
        Some(&cell) => real(cell)?,
        None => usual.into(),
    };
    levels.into_iter().find(|level| f64::from(*level) == asked)
}

/// Names, or null if there are none to give.
pub(super) fn put_names(names: Option<Vec<String>>, out: &mut Out) {
    match names {
        Some(names) => out.owned(array(names)),
        None => out.null(),
    }
}

/// Names as an array.
pub(super) fn array(names: Vec<String>) -> Value {
    Value::Array(Arc::new(names.into_iter().map(|name| Value::String(name.into())).collect()))
}

/// Names without repeats, in the order in which Kusto gives them. That is how its hash table happens to hold them (FNV-1a;
/// 8 buckets, when they are full 64, then 512, then twice as many each time): buckets as they were first used, in each the
/// latest name first. It means nothing, but answers are compared.
pub(super) fn as_gathered(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut table = Table { buckets: IndexMap::default(), mask: 7, count: 0 };
    names.into_iter().for_each(|name| table.insert(name));
    table.names()
}

struct Table {
    /// The names of each bucket, the latest last.
    buckets: IndexMap<u64, Vec<String>, foldhash::fast::FixedState>,
    mask: u64,
    count: u64,
}

impl Table {
    fn insert(&mut self, name: String) {
        if self.buckets.get(&(hash(&name) & self.mask)).is_some_and(|bucket| bucket.contains(&name)) {
            return;
        }
        if self.count > self.mask {
            let size = self.mask + 1;
            self.mask = if size < 512 { size * 8 } else { size * 2 } - 1;
            let names = self.names();
            self.buckets.clear();
            names.into_iter().for_each(|name| self.put(name));
        }
        self.count += 1;
        self.put(name);
    }

    fn put(&mut self, name: String) {
        self.buckets.entry(hash(&name) & self.mask).or_default().push(name);
    }

    fn names(&mut self) -> Vec<String> {
        std::mem::take(&mut self.buckets).into_values().flat_map(|bucket| bucket.into_iter().rev()).collect()
    }
}

fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}
