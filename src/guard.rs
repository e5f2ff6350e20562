//! What a run may use, and whether it is to go on: limits, a way to stop it from outside, and what it says on its way.
//!
//! One [`Guard`] goes with a run through all of its threads. Loops that may be long ask it now and then. Where a loop
//! cannot fail (a column being computed), it may end early with anything at all once [`Guard::stops`]: that never
//! changes back, and whoever runs the plan looks again before the result is used.

mod watch;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::diag::{CANCELLED, Code, Diagnostic, OUT_OF_MEMORY, OUT_OF_TIME, Place, TOO_MANY_ROWS, UNCOUNTED};
use crate::meter::{self, Lease};
use watch::Watched;

/// What a query may use before it is given up with an error that says so ([`Error::is_limit`](crate::Error::is_limit)).
///
/// ```
/// use argql::{Engine, Limits};
///
/// let mut limits = Limits::default();
/// limits.rows = Some(1_000);
/// let error = Engine::new().limits(limits).query("range x from 1 to 5000 step 1").unwrap_err();
/// assert!(error.is_limit());
/// assert_eq!(error.diagnostics()[0].message, "the answer has more than 1,000 rows");
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes that a run may hold at any time: what it reads files through, rows on their way, groups, joins and the
    /// answer; 8 GiB unless told. The program itself, and columns that earlier queries left in memory, come on top. Bytes
    /// are counted by the allocator ([`Metered`](crate::Metered)); where it does not count, there is no limit unless told,
    /// and a query with one is an error.
    pub memory: Option<u64>,
    /// Rows that one answer may have; 100 million unless told.
    pub rows: Option<u64>,
    /// How deep arrays and bags of a row may be nested in data; 1,000 unless told, which is also the most.
    pub nesting: usize,
    /// Time from the start of a run to its answer; none unless told.
    pub time: Option<Duration>,
}

/// More would overflow the stack of who reads it.
pub(crate) const MOST_NESTING: usize = 1000;

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            memory: meter::counts().then_some(8 << 30),
            rows: Some(100_000_000),
            nesting: MOST_NESTING,
            time: None,
        }
    }
}

impl Limits {
    /// Each limit with its name and what it is set to, for people: `("memory", "8 GiB")`.
    ///
    /// ```
    /// let limits = argql::Limits::default().described();
    /// assert_eq!(limits[1], ("rows", "100,000,000".to_owned()));
    /// ```
    pub fn described(&self) -> [(&'static str, String); 3] {
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
        [
            ("memory", or_none(self.memory.map(|bytes| Bytes(bytes).to_string()))),
            ("rows", or_none(self.rows.map(|rows| Grouped(rows).to_string()))),
            ("time", or_none(self.time.map(|time| format!("{time:?}")))),
        ]
    }

    /// No limits but those of the machine.
    ///
    /// ```
    /// assert_eq!(argql::Limits::none().rows, None);
    /// ```
    pub fn none() -> Limits {
        Limits { memory: None, rows: None, nesting: MOST_NESTING, time: None }
    }
}

/// A switch that stops queries from another thread, or from the handler of Ctrl-C. Clones are the same switch.
///
/// ```
/// use argql::{Cancel, Engine};
///
/// let cancel = Cancel::new();
/// let query = Engine::new().cancelled_by(&cancel).prepare("range x from 1 to 90000000 step 1 | count")?;
/// let stop = std::thread::spawn(move || cancel.cancel());
/// assert!(query.run().is_err_and(|error| error.is_cancelled()) || stop.is_finished());
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A switch that is off.
    ///
    /// ```
    /// assert!(!argql::Cancel::new().is_cancelled());
    /// ```
    pub fn new() -> Cancel {
        Cancel::default()
    }

    /// Stops every query that this switch was given to, now and later.
    ///
    /// ```
    /// let cancel = argql::Cancel::new();
    /// cancel.cancel();
    /// assert!(cancel.is_cancelled());
    /// ```
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether both are the same switch.
    #[cfg(feature = "cluster")]
    pub(crate) fn is(&self, other: &Cancel) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether it was switched.
    ///
    /// ```
    /// let cancel = argql::Cancel::new();
    /// cancel.clone().cancel();
    /// assert!(cancel.is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How far the reading of a table has come.
///
/// ```
/// let engine = argql::Engine::new().sample().progress(|progress| {
///     assert!(progress.bytes <= progress.total && &*progress.table == "resources");
/// });
/// assert_eq!(engine.query("resources | count")?.len(), 1);
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The table that is read.
    pub table: Arc<str>,
    /// Bytes of its files that are behind.
    pub bytes: u64,
    /// Bytes that its files have.
    pub total: u64,
    /// Rows that were found so far.
    pub rows: u64,
}

/// Who wants to know.
pub(crate) type Listener = Arc<dyn Fn(&Progress) + Send + Sync>;

/// What an engine hands to the guard of each run.
#[derive(Clone, Default)]
pub(crate) struct Rules {
    pub(crate) limits: Limits,
    pub(crate) cancel: Option<Cancel>,
    pub(crate) listener: Option<Listener>,
    /// What runs, if not a whole query: for messages.
    pub(crate) whose: Option<Arc<str>>,
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rules { limits, cancel, listener, whose } = self;
        f.debug_struct("Rules")
            .field("limits", limits)
            .field("cancel", cancel)
            .field("listens", &listener.is_some())
            .field("whose", whose)
            .finish()
    }
}

/// One run's share of everything.
pub(crate) struct Guard {
    rules: Rules,
    deadline: Option<Instant>,
    /// Dropped before the meter.
    _watched: Option<Watched>,
    /// Counts the bytes that are held; a guard that lets everything pass has none.
    meter: Option<Lease>,
    /// Why nothing matters any more, once a limit was reached or the switch turned.
    stopped: OnceLock<Diagnostic>,
}

impl Guard {
    pub(crate) fn new(rules: &Rules) -> Guard {
        let deadline = rules.limits.time.and_then(|time| Instant::now().checked_add(time));
        let meter = Lease::new(rules.limits.memory.unwrap_or(u64::MAX));
        let guard = Guard {
            rules: rules.clone(),
            deadline,
            _watched: Watched::new(&meter, deadline, rules.cancel.as_ref()),
            meter: Some(meter),
            stopped: OnceLock::new(),
        };
        if rules.limits.memory.is_some() && !meter::counts() {
            let message = "there is a limit for memory, and this program's allocator does not count".to_owned();
            let help = "build with the feature `meter`, wrap the allocator in `argql::Metered`, or set `Limits::memory` to none";
            guard.stop(UNCOUNTED, message, Some(help));
        }
        guard
    }

    /// A guard that lets everything pass: for what cannot take long.
    pub(crate) fn none() -> Guard {
        let rules = Rules { limits: Limits::none(), ..Rules::default() };
        Guard { rules, deadline: None, _watched: None, meter: None, stopped: OnceLock::new() }
    }

    /// Whether to stop; once true, always true.
    pub(crate) fn stops(&self) -> bool {
        if self.stopped.get().is_some() {
            return true;
        }
        // A meter may be over for each of these reasons, and for its own.
        if self.rules.cancel.as_ref().is_some_and(Cancel::is_cancelled) {
            self.stop(CANCELLED, "the query was interrupted".to_owned(), None);
        } else if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            let message =
                format!("{} takes longer than {:?}", self.whose(), self.rules.limits.time.unwrap_or_default());
            self.stop(
                OUT_OF_TIME,
                message,
                Some("give it more with `--timeout`, at the prompt `.limits time=…` (`Limits::time`)"),
            );
        } else if self.meter.as_ref().is_some_and(Lease::over) {
            let most = Bytes(self.rules.limits.memory.unwrap_or_default());
            let help = "filter rows and project columns earlier, or give it more with `--memory`, at the prompt `.limits memory=…` (`Limits::memory`)";
            self.stop(OUT_OF_MEMORY, format!("{} needs more than {most} of memory", self.whose()), Some(help));
        }
        self.stopped.get().is_some()
    }

    fn whose(&self) -> &str {
        self.rules.whose.as_deref().unwrap_or("the query")
    }

    /// The first reason counts.
    #[cold]
    fn stop(&self, code: &'static Code, message: String, help: Option<&str>) {
        let reason = Diagnostic::at(code, Place::Nowhere, message);
        self.stopped.get_or_init(|| help.into_iter().fold(reason, Diagnostic::help));
        self.meter.iter().for_each(Lease::stop);
    }

    /// An error if it is time to stop.
    pub(crate) fn check(&self) -> Result<(), Box<Diagnostic>> {
        if self.stops() { Err(Box::new(self.stopped.get().expect("it stops for a reason").clone())) } else { Ok(()) }
    }

    /// Of a run that was stopped, why, as it was said if it was: whatever else went wrong then is no news.
    pub(crate) fn reason_behind(&self, said: &[Diagnostic]) -> Option<Box<Diagnostic>> {
        let reason = self.check().err()?;
        let placed = said.iter().find(|said| said.code == reason.code);
        Some(placed.cloned().map_or(reason, Box::new))
    }

    /// Whether an answer may have so many rows.
    pub(crate) fn rows(&self, rows: usize) -> Result<(), Box<Diagnostic>> {
        if let Some(most) = self.rules.limits.rows.filter(|&most| rows as u64 > most) {
            let help = "take fewer (`| take 1000`), or allow more with `--max-rows`, at the prompt `.limits rows=…` (`Limits::rows`)";
            self.stop(TOO_MANY_ROWS, format!("the answer has more than {} rows", Grouped(most)), Some(help));
        }
        self.check()
    }

    /// Does `work` on this thread as part of the run: what it allocates is the run's.
    pub(crate) fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.meter {
            Some(meter) => meter.within(work),
            None => work(),
        }
    }

    /// Bytes that may still be held.
    pub(crate) fn left(&self) -> u64 {
        self.meter.as_ref().map_or(u64::MAX, Lease::left)
    }

    /// How deep arrays and bags may be nested.
    pub(crate) fn nesting(&self) -> usize {
        self.rules.limits.nesting.min(MOST_NESTING)
    }

    /// Who wants to know how far it is.
    pub(crate) fn listener(&self) -> Option<&Listener> {
        self.rules.listener.as_ref()
    }
}

/// Asks a guard often enough to stop within milliseconds, whatever a turn of a loop costs, and seldom enough not to be
/// felt where it costs little.
pub(crate) struct Pace<'a> {
    guard: &'a Guard,
    /// Turns until it asks again, and how many these were at first.
    left: u32,
    turns: u32,
    asked: Instant,
}

impl Pace<'_> {
    const MOST_TURNS: u32 = 256;
    const SHORT: Duration = Duration::from_millis(1);

    pub(crate) fn new(guard: &Guard) -> Pace<'_> {
        Pace { guard, left: 1, turns: 1, asked: Instant::now() }
    }

    /// Whether to stop; asked at every turn.
    #[inline]
    pub(crate) fn stops(&mut self) -> bool {
        self.left -= 1;
        if self.left == 0 { self.ask() } else { meter::over() }
    }

    fn ask(&mut self) -> bool {
        let before = std::mem::replace(&mut self.asked, Instant::now());
        let short = self.asked - before < Self::SHORT;
        self.turns = if short { (self.turns * 2).min(Self::MOST_TURNS) } else { (self.turns / 4).max(1) };
        self.left = self.turns;
        self.guard.stops()
    }
}

/// `256 MiB`, for messages.
pub(crate) struct Bytes(pub(crate) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
        match units.into_iter().find(|&(size, _)| self.0 >= size && self.0.is_multiple_of(size)) {
            Some((size, unit)) => write!(f, "{} {unit}", self.0 / size),
            None => write!(f, "{} bytes", Grouped(self.0)),
        }
    }
}

/// `1,234,567`.
pub(crate) struct Grouped(pub(crate) u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(limits: Limits, cancel: Option<Cancel>) -> Guard {
        Guard::new(&Rules { limits, cancel, ..Rules::default() })
    }

    fn says(result: Result<(), Box<Diagnostic>>) -> (&'static str, String) {
        let diagnostic = result.unwrap_err();
        (diagnostic.code.id, diagnostic.message)
    }

    #[test]
    #[cfg(feature = "meter")]
    fn memory_is_counted_where_the_run_is_at_work_and_the_reason_stays() {
        let guard = guard(Limits { memory: Some(1 << 20), ..Limits::none() }, None);
        let block = vec![0u8; 2 << 20];
        guard.check().unwrap();
        guard.within(|| drop(block.clone()));
        assert!(guard.stops());
        assert_eq!(says(guard.check()), ("AQ4003", "the query needs more than 1 MiB of memory".to_owned()));
    }

    #[test]
    fn of_a_stopped_run_is_said_why_and_nothing_else() {
        let broken = Diagnostic::at(crate::diag::MALFORMED, crate::diag::Place::Nowhere, "a file is broken");
        assert!(guard(Limits::none(), None).reason_behind(std::slice::from_ref(&broken)).is_none());
        let slow = guard(Limits { time: Some(Duration::ZERO), ..Limits::none() }, None);
        let reason = slow.check().unwrap_err();
        for said in [vec![], vec![broken.clone()], vec![(*reason).clone(), broken.clone()], vec![broken, *reason]] {
            let (id, message) = says(Err(slow.reason_behind(&said).unwrap()));
            assert_eq!((id, &*message), ("AQ4005", "the query takes longer than 0ns"), "{said:?}");
        }
    }

    #[test]
    fn time_and_the_switch_have_reasons_of_their_own() {
        let slow = guard(Limits { time: Some(Duration::ZERO), ..Limits::none() }, None);
        assert_eq!(says(slow.check()), ("AQ4005", "the query takes longer than 0ns".to_owned()));
        let cancel = Cancel::new();
        let stopped = guard(Limits::none(), Some(cancel.clone()));
        stopped.check().unwrap();
        cancel.cancel();
        assert_eq!(says(stopped.check()), ("AQ4006", "the query was interrupted".to_owned()));
    }

    #[test]
    fn threads_that_ask_only_their_meter_are_told_too() {
        let told = |guard: &Guard| {
            let late = Instant::now() + Duration::from_secs(60);
            guard.within(|| while !meter::over() && Instant::now() < late {});
            says(guard.check()).0
        };
        let cancel = Cancel::new();
        let stopped = guard(Limits::none(), Some(cancel.clone()));
        cancel.cancel();
        assert_eq!(told(&stopped), "AQ4006");
        assert_eq!(told(&guard(Limits { time: Some(Duration::from_millis(5)), ..Limits::none() }, None)), "AQ4005");
    }

    #[test]
    fn sizes_are_said_in_the_units_they_were_given_in() {
        let said: Vec<String> = [256 << 20, 8 << 30, 1 << 10, 1_000_000].map(|size| Bytes(size).to_string()).into();
        assert_eq!(said, ["256 MiB", "8 GiB", "1 KiB", "1,000,000 bytes"]);
    }
}
