//! `datetime`: a moment in UTC, in ticks of 100 ns since 0001-01-01.

/// A moment in UTC: ticks of 100 ns since 0001-01-01T00:00:00, up to the end of year 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime(i64);

impl DateTime {
    /// From ticks since 0001-01-01.
    pub const fn from_ticks(ticks: i64) -> DateTime {
        DateTime(ticks)
    }

    /// Ticks since 0001-01-01.
    pub const fn ticks(self) -> i64 {
        self.0
    }
}
