//! Contiguous shares of a table's rows, for those who divide the work among them.
//!
//! Everything that has a place in the table (a byte, a row) is in the share of that place: who knows how large the table is
//! knows the ends of all shares, so that nobody has to ask the others where theirs are.

use std::ops::Range;

/// What lies from one place to another of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    from: u64,
    to: u64,
    of: u64,
}

impl Share {
    /// The whole as the only share.
    pub(super) const WHOLE: Share = Share { from: 0, to: 1, of: 1 };

    /// The share `number` of `of` of this one.
    pub(super) fn part(self, number: usize, of: usize) -> Share {
        let (number, of) = (number as u64, of.max(1) as u64);
        let end = |number: u64| self.from * of + (self.to - self.from) * number;
        Share { from: end(number), to: end(number + 1), of: self.of * of }
    }

    /// Which share the places of a range are of so many that begin at a place; none if there are none.
    pub(super) fn between(range: &Range<u64>, first: u64, of: u64) -> Option<Share> {
        let [from, to] = [range.start, range.end].map(|end| end.saturating_sub(first).min(of));
        (from < to).then_some(Share { from, to, of })
    }

    /// Whether it is the first one: it has what belongs to no row.
    pub(super) fn is_first(self) -> bool {
        self.from == 0
    }

    /// Which of `total` places are its.
    pub(super) fn range(self, total: u64) -> Range<u64> {
        let end = |end: u64| {
            let place = (u128::from(total) * u128::from(end)).div_ceil(u128::from(self.of.max(1)));
            u64::try_from(place).unwrap_or(u64::MAX)
        };
        end(self.from)..end(self.to)
    }
}

#[cfg(test)]
mod tests;
