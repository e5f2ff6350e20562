//! `timespan`: a length of time, in ticks of 100 ns.

/// A length of time, possibly negative, in ticks of 100 ns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeSpan(i64);

impl TimeSpan {
    /// From ticks of 100 ns.
    pub const fn from_ticks(ticks: i64) -> TimeSpan {
        TimeSpan(ticks)
    }

    /// Ticks of 100 ns.
    pub const fn ticks(self) -> i64 {
        self.0
    }
}
