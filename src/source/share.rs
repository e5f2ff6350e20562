//! Contiguous shares of a table's rows, for those who divide the work among them.
//!
//! Everything that has a place in the table (a byte, a row) is in the share of that place: who knows how large the table is
//! knows the ends of all shares, so that nobody has to ask the others where theirs are.

use std::ops::Range;

/// One of so many shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    number: u64,
    of: u64,
}

impl Share {
    /// The whole as the only share.
    pub(super) const WHOLE: Share = Share { number: 0, of: 1 };

    /// The share `number` of `of` of this one.
    pub(super) fn part(self, number: usize, of: usize) -> Share {
        let (number, of) = (number as u64, of.max(1) as u64);
        Share { number: self.number * of + number, of: self.of * of }
    }

    /// Whether it is the first one: it has what belongs to no row.
    pub(super) fn is_first(self) -> bool {
        self.number == 0
    }

    /// Which of `total` places are its.
    pub(super) fn range(self, total: u64) -> Range<u64> {
        let end = |number: u64| {
            let place = (u128::from(total) * u128::from(number)).div_ceil(u128::from(self.of));
            u64::try_from(place).unwrap_or(u64::MAX)
        };
        end(self.number)..end(self.number + 1)
    }
}

#[cfg(test)]
mod tests;
