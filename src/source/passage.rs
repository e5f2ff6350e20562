//! The pages of a table, read in parallel and in order.
//!
//! A file is cut every so many bytes ([`SEGMENT`] or more, by the size of the table); a segment has the rows that *begin*
//! in it, whatever the number of threads.
//! Where its first row begins is guessed (after a line's end, or where a row's first keys stand) so that nobody waits
//! for the segments before; when its turn comes in order, the guess is compared with where the segment before really
//! ended, and a segment that began in the wrong place is read again. So every byte is checked, also behind the last
//! row that a query asks for.
//!
//! A share of the pages (`Share`) has the rows that begin between two ends of lines, where a file has a row in each line.
//! That it has is seen at its beginning, and where a share ends: a row that goes on behind that line is an error.

mod account;

use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard};

use account::{Account, copies, is_shallow};
use rayon::prelude::*;

use super::decode::RowForm;
use super::document::{self, Event, RowContext, RowCursor, Sign, advance};
use super::fault::FaultKind;
use super::page::{Feed, Page, ReadFailure, Stamp};
use super::share::Share;
use crate::diag::Diagnostic;
use crate::guard::{Guard, Progress};
use crate::json::{self, Scanned, Why};
use crate::parallel;

/// Bytes at the beginning of a file that show whether its rows are lines.
pub(super) const LINES: usize = 64 << 10;

/// Least bytes of a segment.
pub(super) const SEGMENT: u64 = 4 << 20;

/// How many times the least a segment of a large table has. The system takes some 0.1 ms to show one and to take it away
/// again, a tenth of the time in which the smallest are read; but what it shows counts as memory.
const LARGEST: u64 = 3;

/// Segments of a table that are enough for all threads to be busy to the end.
const ENOUGH: u64 = 64;

/// How far the last row of a segment goes on behind it, unless it is an uncommon one.
const LAST_ROW: usize = 64 << 10;

/// What is done with rows: taken apart, or only looked at.
pub(super) trait RowReader: Send {
    /// What one segment gives.
    type Output;
    /// Reads (and checks) the row at `at`; gives where it ends. After a fault the row must not have been kept: it may
    /// come again with more bytes behind it.
    fn row(&mut self, bytes: &[u8], at: usize) -> Scanned<usize>;
    /// Checks the row only.
    fn pass(&mut self, bytes: &[u8], at: usize) -> Scanned<usize> {
        self.row(bytes, at)
    }
    /// What the rows since the last call gave.
    fn finish(&mut self) -> Self::Output;
}

/// The pages of a table, cut into units of parallel work.
pub(super) struct Passage {
    table: String,
    /// Bytes of a segment.
    segment: u64,
    pages: Vec<OpenedPage>,
    units: Vec<Unit>,
    warnings: Vec<Diagnostic>,
}

struct OpenedPage {
    page: Page,
    stamp: Stamp,
    sign: Option<Sign>,
    context: RowContext,
}

/// A segment of a plain file, or all of a compressed one.
#[derive(Clone, Copy)]
struct Unit {
    page: usize,
    start: u64,
    /// Rows that begin from here on are the next segment's.
    limit: u64,
    /// Read as a stream, in several pieces.
    stream: bool,
    /// Where its first row begins, if that is no guess: at the start of a share.
    first: Option<RowCursor>,
    /// Where the next share's first row begins, if another one goes on.
    next: Option<RowCursor>,
}

impl Passage {
    pub(super) fn new(table: &str, pages: &[Page], segment: u64) -> Result<Passage, Box<Diagnostic>> {
        let mut passage = Passage::opened(table, pages, segment, segment)?;
        for page in 0..passage.pages.len() {
            passage.add_units(page, 0..u64::MAX, None, None);
        }
        passage.warnings = copies(&passage.pages)?;
        Ok(passage)
    }

    /// A share of the pages' rows: of files with a row in each line, what begins between two of them; of others, those
    /// that begin in the share as a whole. What an export says of all its rows only those can judge who have them all, so
    /// that a table whose pages say something is in the first share.
    pub(super) fn of_share(
        table: &str,
        pages: &[Page],
        segment: u64,
        share: Share,
    ) -> Result<Passage, Box<Diagnostic>> {
        let mut passage = Passage::opened(table, pages, segment, 0)?;
        let speaks = |opened: &OpenedPage| {
            matches!(opened.context, RowContext::Envelope(_)) || opened.stamp.coding.form == RowForm::Grid
        };
        let total = passage.pages.iter().map(|opened| opened.stamp.len).sum::<u64>().max(1);
        let wanted = match passage.pages.iter().any(speaks) {
            true if share.is_first() => 0..u64::MAX,
            true => 0..0,
            false => share.range(total),
        };
        let mut behind = 0;
        for (number, page) in pages.iter().enumerate() {
            let Some(opened) = passage.pages.get(number) else { continue };
            let (len, start) = (opened.stamp.len, behind);
            behind += len;
            let within = wanted.start.saturating_sub(start).min(len)..wanted.end.saturating_sub(start).min(len);
            // Also what is empty has a place, and is an error there.
            let begins = wanted.contains(&start.min(total - 1));
            if within.is_empty() && !begins {
                continue;
            }
            let splits = opened.splits().map_err(|failure| page.diagnose(failure, Some(&opened.stamp)))?;
            if !splits {
                if begins {
                    passage.add_units(number, 0..u64::MAX, None, None);
                }
                continue;
            }
            if within.is_empty() {
                continue;
            }
            let end = |at: u64| opened.line_at(at).map_err(|failure| opened.diagnose(failure));
            let first = if within.start == 0 { None } else { Some(end(within.start)?) };
            let next = if within.end == len { None } else { Some(end(within.end)?) };
            let from = first.map_or(0, |(line, _)| line);
            let until = next.map_or(u64::MAX, |(line, _)| line);
            if from < until.min(len) {
                passage.add_units(number, from..until, first.map(|(_, row)| row), next.map(|(_, row)| row));
            }
        }
        if share.is_first() {
            passage.warnings = copies(&passage.pages)?;
        }
        Ok(passage)
    }

    /// The pages, without units. Of those of more than `known` bytes it is found out how their rows begin.
    fn opened(table: &str, pages: &[Page], segment: u64, known: u64) -> Result<Passage, Box<Diagnostic>> {
        let mut passage =
            Passage { table: table.into(), segment, pages: Vec::new(), units: Vec::new(), warnings: Vec::new() };
        let mut buffer = Vec::new();
        for page in pages {
            let stamp = page.stamp().map_err(|failure| page.diagnose(failure, None))?;
            #[cfg(feature = "store")]
            if let RowForm::Columns(form) = stamp.coding.form {
                return Err(page.diagnose(ReadFailure::mixed(form.name()), None));
            }
            let mut opened = OpenedPage { page: page.clone(), stamp, sign: None, context: RowContext::Top };
            if opened.stamp.coding.is_plain() && opened.stamp.len > known {
                let mut feed = opened
                    .feed(0, 64 << 10, std::mem::take(&mut buffer))
                    .map_err(|failure| opened.diagnose(failure))?;
                let cursor = find_first_row(&mut feed, &mut Vec::new()).map_err(|failure| opened.diagnose(failure))?;
                let at = usize::try_from(cursor.at - feed.base()).expect("within what is at hand");
                opened.context = cursor.context;
                opened.sign = Sign::of(feed.bytes(), at, cursor.context);
                buffer = feed.into_buffer();
            }
            passage.pages.push(opened);
        }
        let total: u64 = passage.pages.iter().map(|opened| opened.stamp.len).sum();
        passage.segment = (total / ENOUGH).clamp(segment, LARGEST * segment);
        Ok(passage)
    }

    /// Adds the units of a page that begin in a range of its bytes.
    fn add_units(&mut self, page: usize, range: Range<u64>, first: Option<RowCursor>, next: Option<RowCursor>) {
        let Some(opened) = self.pages.get(page) else { return };
        let stream = !opened.stamp.coding.is_plain();
        let (len, segment) = (opened.stamp.len, self.segment);
        let mut start = range.start;
        loop {
            let limit = if stream { u64::MAX } else { (start / segment + 1) * segment };
            let last = limit >= len.min(range.end);
            self.units.push(Unit {
                page,
                start,
                limit: if last { range.end } else { limit },
                stream,
                first: first.filter(|_| start == range.start),
                next: next.filter(|_| last),
            });
            if last {
                return;
            }
            start = limit;
        }
    }

    /// Whether rows are made of text without types.
    pub(super) fn has_csv(&self) -> bool {
        self.pages.iter().any(|opened| matches!(opened.stamp.coding.form, RowForm::Csv(_)))
    }

    /// What all pages were like when they were first looked at.
    pub(super) fn stamps(&self) -> Vec<Stamp> {
        self.pages.iter().map(|opened| opened.stamp.clone()).collect()
    }

    /// What readers make of some rows from at most so many places all over the table, about so many bytes of them; and
    /// whether these are all rows. Places that cannot be read are left out: whoever reads them all will say so.
    pub(super) fn glance<R: RowReader>(
        &self,
        bytes: u64,
        places: usize,
        reader: impl Fn() -> R + Sync,
    ) -> (Vec<R::Output>, bool)
    where
        R::Output: Send,
    {
        let places = places.min(self.units.len());
        let each = bytes / u64::try_from(places.max(1)).expect("places are few");
        let look = |place: usize| {
            let unit = self.units[place * self.units.len() / places];
            let mut reader = reader();
            let whole = self.glance_at(unit, each, &mut reader).ok()?;
            Some((reader.finish(), whole))
        };
        let looks: Vec<(R::Output, bool)> = (0..places).into_par_iter().filter_map(look).collect();
        let all = looks.len() == self.units.len() && looks.iter().all(|(_, whole)| *whole);
        (looks.into_iter().map(|(output, _)| output).collect(), all)
    }

    /// Reads the rows that begin in the first `bytes` of a unit; tells whether it has no more.
    fn glance_at<R: RowReader>(&self, unit: Unit, bytes: u64, reader: &mut R) -> Result<bool, ReadFailure> {
        let opened = &self.pages[unit.page];
        let window = usize::try_from(bytes).expect("a glance is small");
        let mut feed = opened.feed(unit.start.saturating_sub(1), window, Vec::new())?;
        let mut events = Vec::new();
        let Some(first) = opened.first_row(&mut feed, unit, &mut events)? else { return Ok(true) };
        let limit = unit.limit.min(first.at.saturating_add(bytes));
        let end = read_rows(&mut feed, reader, true, first, limit.max(first.at + 1), &mut events)?;
        Ok(end.context == RowContext::End || end.at >= unit.limit)
    }

    /// Reads all units in parallel with readers that `reader` makes, and merges in order.
    pub(super) fn drive<R, T, E>(
        &self,
        guard: &Guard,
        reader: impl Fn() -> R + Sync,
        work: impl Fn(R::Output) -> Result<T, E> + Sync,
        merge: impl FnMut(T) -> Result<ControlFlow<()>, E> + Send,
    ) -> Result<Vec<Diagnostic>, E>
    where
        R: RowReader,
        T: Send,
        E: Send + From<Box<Diagnostic>>,
    {
        let account = Account::new(self.warnings.clone());
        let mut merger = SegmentMerger { cursor: None, merge, account };
        let run = PassageRun {
            passage: self,
            guard,
            progress: Mutex::new(self.start()),
            reader,
            work,
            mode: AtomicU8::new(READ),
            spare: Mutex::new(Vec::new()),
        };
        parallel::ordered(
            guard,
            0..self.units.len(),
            |number| Ok((number, run.unit(number))),
            |(number, pieces)| run.merge(&mut merger, number, pieces),
        )?;
        Ok(merger.account.conclude(&self.table, &self.pages))
    }
}

impl Passage {
    /// How far it is before anything was read.
    fn start(&self) -> Progress {
        let bytes =
            |unit: &Unit| self.pages.get(unit.page).map_or(0, |page| unit.limit.min(page.stamp.len) - unit.start);
        let total = self.units.iter().map(bytes).sum();
        Progress { table: self.table.as_str().into(), bytes: 0, total, rows: 0 }
    }
}

impl OpenedPage {
    fn feed(&self, start: u64, most: usize, buffer: Vec<u8>) -> Result<Feed, ReadFailure> {
        self.page.feed(&self.stamp, start, most, buffer)
    }

    fn diagnose(&self, failure: ReadFailure) -> Box<Diagnostic> {
        self.page.diagnose(failure, Some(&self.stamp))
    }

    /// Whether its rows are lines, as far as its beginning shows.
    fn splits(&self) -> Result<bool, ReadFailure> {
        if self.context != RowContext::Top || self.sign.is_none() {
            return Ok(false);
        }
        let mut feed = self.feed(0, LINES, Vec::new())?;
        let mut cursor = find_first_row(&mut feed, &mut Vec::new())?;
        let mut lines = 0;
        while cursor.context == RowContext::Top {
            let start = usize::try_from(cursor.at - feed.base()).expect("within what is at hand");
            let end = match json::value(feed.bytes(), start, 0) {
                Ok(end) => end,
                Err(misfit) if misfit.why == Why::End && !feed.at_end() && lines == 0 => {
                    feed.more()?;
                    continue;
                }
                Err(_) => break,
            };
            if feed.bytes().get(start..end).is_none_or(|row| memchr::memchr(b'\n', row).is_some()) {
                return Ok(false);
            }
            lines += 1;
            if end >= LINES {
                break;
            }
            cursor = find_next_row(&mut feed, end, RowContext::Top, &mut Vec::new())?;
        }
        Ok(lines > 0 && !matches!(cursor.context, RowContext::Array | RowContext::Envelope(_)))
    }

    /// The first line that begins at a place or behind it, and the first row from there on.
    fn line_at(&self, at: u64) -> Result<(u64, RowCursor), ReadFailure> {
        // The byte before tells whether a line begins here.
        let before = at.saturating_sub(1);
        let mut feed = self.feed(before, 64 << 10, Vec::new())?;
        let mut from = usize::try_from(before - feed.base()).expect("within what is at hand");
        loop {
            let bytes = feed.bytes();
            if let Some(found) = memchr::memchr(b'\n', bytes.get(from..).unwrap_or_default()) {
                let line = from + found + 1;
                let row =
                    find_next_row(&mut feed, line, RowContext::Top, &mut Vec::new()).map_err(
                        |failure| match failure {
                            ReadFailure::Fault { at, .. } => ReadFailure::Fault { at, kind: FaultKind::Lines },
                            other => other,
                        },
                    )?;
                return Ok((feed.base() + line as u64, row));
            }
            from = bytes.len();
            if feed.at_end() {
                let end = feed.base() + from as u64;
                return Ok((end, RowCursor { at: end, context: RowContext::End }));
            }
            feed.more()?;
        }
    }

    /// Where the first row of a unit seems to begin, if one does.
    fn first_row(
        &self,
        feed: &mut Feed,
        unit: Unit,
        events: &mut Vec<Event>,
    ) -> Result<Option<RowCursor>, ReadFailure> {
        if unit.start == 0 {
            return find_first_row(feed, events).map(Some);
        }
        Ok(self.sign.as_ref().and_then(|sign| {
            let within = |at: u64| usize::try_from(at.saturating_sub(feed.base())).unwrap_or(usize::MAX);
            let found = sign.find(feed.bytes(), within(unit.start), within(unit.limit))?;
            Some(RowCursor { at: feed.base() + found as u64, context: self.context })
        }))
    }
}

/// From the start of a file to its first row.
fn find_first_row(feed: &mut Feed, events: &mut Vec<Event>) -> Result<RowCursor, ReadFailure> {
    let first = find_next_row(feed, 0, RowContext::Top, events)?;
    if first.context == RowContext::End && !feed.converted() && document::start(feed.bytes()) == feed.bytes().len() {
        return Err(ReadFailure::Fault { at: None, kind: FaultKind::Empty });
    }
    Ok(first)
}

/// To the next row, reading on where needed.
fn find_next_row(
    feed: &mut Feed,
    at: usize,
    context: RowContext,
    events: &mut Vec<Event>,
) -> Result<RowCursor, ReadFailure> {
    let mark = events.len();
    loop {
        match advance(feed.bytes(), at, context, feed.at_end(), events) {
            Ok((at, context)) => return Ok(RowCursor { at: feed.base() + at as u64, context }),
            Err(fault) if fault.is_end() && !feed.at_end() => {
                events.truncate(mark);
                feed.more()?;
            }
            Err(fault) => return Err(ReadFailure::of(fault, feed)),
        }
    }
}

/// Reads the rows that begin from `from` on and before `limit`; gives where the next one begins.
fn read_rows<R: RowReader>(
    feed: &mut Feed,
    reader: &mut R,
    keep: bool,
    from: RowCursor,
    limit: u64,
    events: &mut Vec<Event>,
) -> Result<RowCursor, ReadFailure> {
    let mut cursor = from;
    let mut count = 0;
    while cursor.context != RowContext::End && cursor.at < limit {
        let at = usize::try_from(cursor.at - feed.base()).expect("within what is at hand");
        let read = if keep { reader.row(feed.bytes(), at) } else { reader.pass(feed.bytes(), at) };
        let end = match read {
            Ok(end) => end,
            Err(misfit) if misfit.why == Why::End && !feed.at_end() => {
                feed.forget(cursor.at);
                feed.more()?;
                continue;
            }
            Err(misfit) => return Err(ReadFailure::of(misfit, feed)),
        };
        count += 1;
        let mark = events.len();
        cursor = find_next_row(feed, end, cursor.context, events)?;
        if events.len() > mark {
            events.insert(mark, Event::Rows(std::mem::take(&mut count)));
        }
    }
    events.push(Event::Rows(count));
    Ok(cursor)
}

/// What one segment gave.
struct SegmentRows<T, E> {
    /// Where it began; none if no row was found to begin in it.
    from: Option<RowCursor>,
    to: Result<RowCursor, ReadFailure>,
    events: Vec<Event>,
    shallow: bool,
    /// Nothing if there were no rows, or nobody wants them any more.
    result: Option<Result<T, E>>,
}

/// A reader with its buffer, kept for the next unit.
struct Spare<R> {
    reader: R,
    buffer: Vec<u8>,
}

const READ: u8 = 0;
/// The answer is complete; the rest is only checked.
const CHECK: u8 = 1;
/// There is an error: nothing matters any more.
const STOP: u8 = 2;

struct PassageRun<'a, R, Make, Work> {
    passage: &'a Passage,
    guard: &'a Guard,
    progress: Mutex<Progress>,
    reader: Make,
    work: Work,
    mode: AtomicU8,
    spare: Mutex<Vec<Spare<R>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("a panic of another thread ends this one too")
}

impl<R, T, E, Make, Work> PassageRun<'_, R, Make, Work>
where
    R: RowReader,
    E: From<Box<Diagnostic>>,
    Make: Fn() -> R + Sync,
    Work: Fn(R::Output) -> Result<T, E> + Sync,
{
    fn unit(&self, number: usize) -> Vec<SegmentRows<T, E>> {
        if self.mode.load(Ordering::Relaxed) == STOP {
            return Vec::new();
        }
        let pieces = self.with_spare(|reader, buffer| self.read(number, None, reader, buffer));
        let unit = self.passage.units[number];
        if !unit.stream {
            let end = unit.limit.min(self.passage.pages[unit.page].stamp.len);
            pieces.iter().for_each(|piece| self.report_progress(&piece.events, end - unit.start));
        }
        pieces
    }

    /// Says how far it is now, to whom it concerns.
    fn report_progress(&self, events: &[Event], bytes: u64) {
        let Some(listener) = self.guard.listener() else { return };
        let rows: u64 = events.iter().map(|event| if let Event::Rows(count) = event { *count } else { 0 }).sum();
        let mut progress = lock(&self.progress);
        progress.bytes += bytes;
        progress.rows += rows;
        listener(&progress);
    }

    fn with_spare<O>(&self, use_it: impl FnOnce(&mut R, &mut Vec<u8>) -> O) -> O {
        let spare = lock(&self.spare).pop();
        let mut spare = spare.unwrap_or_else(|| Spare { reader: (self.reader)(), buffer: Vec::new() });
        let out = use_it(&mut spare.reader, &mut spare.buffer);
        lock(&self.spare).push(spare);
        out
    }

    /// Reads one unit, from the given row or from where one seems to begin.
    fn read(
        &self,
        number: usize,
        from: Option<RowCursor>,
        reader: &mut R,
        buffer: &mut Vec<u8>,
    ) -> Vec<SegmentRows<T, E>> {
        let unit = self.passage.units[number];
        let opened = &self.passage.pages[unit.page];
        let from = from.or(unit.first);
        let start = from.map_or(unit.start, |cursor| cursor.at);
        // The byte before tells whether a line begins here.
        let start = if from.is_none() && start > 0 { start - 1 } else { start };
        let failed =
            |failure| vec![SegmentRows { from, to: Err(failure), events: Vec::new(), shallow: false, result: None }];
        let most = usize::try_from(unit.limit.saturating_sub(start)).unwrap_or(usize::MAX).saturating_add(LAST_ROW);
        let mut feed = match opened.feed(start, most, std::mem::take(buffer)) {
            Ok(feed) => feed,
            Err(failure) => return failed(failure),
        };
        let mut events = Vec::new();
        let first = match from {
            Some(cursor) => Some(cursor),
            None => match opened.first_row(&mut feed, unit, &mut events) {
                Ok(cursor) => cursor,
                Err(failure) => return failed(failure),
            },
        };
        let pieces = match first {
            None => Vec::new(),
            Some(first) if unit.stream => self.stream(&mut feed, reader, first, events),
            Some(first) => vec![self.piece(&mut feed, reader, first, unit.limit, events)],
        };
        *buffer = feed.into_buffer();
        pieces
    }

    fn piece(
        &self,
        feed: &mut Feed,
        reader: &mut R,
        from: RowCursor,
        limit: u64,
        before: Vec<Event>,
    ) -> SegmentRows<T, E> {
        let keep = self.mode.load(Ordering::Relaxed) == READ;
        let mut events = before;
        let shallow = feed.base() == 0 && is_shallow(feed.bytes());
        let to = match self.guard.check() {
            Ok(()) => read_rows(feed, reader, keep, from, limit, &mut events)
                .map_err(|failure| failure.nested(self.guard.nesting())),
            Err(reason) => Err(ReadFailure::Stopped(reason)),
        };
        let output = reader.finish();
        let some = events.iter().any(|event| matches!(event, Event::Rows(1..)));
        let result = if keep && some && to.is_ok() { Some((self.work)(output)) } else { None };
        SegmentRows { from: Some(from), to, events, shallow, result }
    }

    /// A stream gives a piece per segment of its bytes.
    fn stream(&self, feed: &mut Feed, reader: &mut R, first: RowCursor, before: Vec<Event>) -> Vec<SegmentRows<T, E>> {
        let mut pieces = Vec::new();
        let mut cursor = first;
        let mut before = before;
        let mut taken = 0;
        loop {
            feed.forget(cursor.at);
            let limit = (cursor.at / self.passage.segment + 1) * self.passage.segment;
            let piece = self.piece(feed, reader, cursor, limit, std::mem::take(&mut before));
            let to = match &piece.to {
                Ok(to) if to.context != RowContext::End => Some(*to),
                _ => None,
            };
            let before = std::mem::replace(&mut taken, feed.taken());
            self.report_progress(&piece.events, taken - before);
            pieces.push(piece);
            match to {
                Some(to) => cursor = to,
                None => return pieces,
            }
        }
    }

    /// Takes one unit's pieces, reading it again if it began at the wrong place.
    fn merge(
        &self,
        merger: &mut SegmentMerger<impl FnMut(T) -> Result<ControlFlow<()>, E>>,
        number: usize,
        mut pieces: Vec<SegmentRows<T, E>>,
    ) -> Result<ControlFlow<()>, E> {
        let unit = self.passage.units[number];
        if unit.start == 0 || unit.first.is_some() {
            merger.cursor = None;
        }
        if let Some(due) = merger.cursor {
            if due.context == RowContext::End || due.at >= unit.limit {
                pieces.clear();
            } else if pieces.first().and_then(|piece| piece.from) != Some(due) {
                pieces = self.with_spare(|reader, buffer| self.read(number, Some(due), reader, buffer));
            }
        }
        let opened = &self.passage.pages[unit.page];
        for piece in pieces {
            if let Err(error) = self.merge_piece(merger, unit, opened, piece) {
                self.mode.store(STOP, Ordering::Relaxed);
                return Err(error);
            }
        }
        if let (Some(next), Some(due)) = (unit.next, merger.cursor)
            && next != due
        {
            self.mode.store(STOP, Ordering::Relaxed);
            let failure = ReadFailure::Fault { at: Some(next.at), kind: FaultKind::Lines };
            return Err(opened.diagnose(failure).into());
        }
        Ok(ControlFlow::Continue(()))
    }

    fn merge_piece(
        &self,
        merger: &mut SegmentMerger<impl FnMut(T) -> Result<ControlFlow<()>, E>>,
        unit: Unit,
        opened: &OpenedPage,
        piece: SegmentRows<T, E>,
    ) -> Result<(), E> {
        merger.account.add(&piece.events, opened);
        if piece.shallow {
            merger.account.add_shallow(unit.page);
        }
        let cursor = match piece.to {
            Ok(cursor) => cursor,
            Err(failure) => {
                // Bytes that were given up are no broken ones.
                self.guard.check()?;
                return Err(opened.diagnose(failure).into());
            }
        };
        merger.cursor = Some(cursor);
        if cursor.context == RowContext::End {
            merger.account.page_ends(opened);
        }
        // The rest of a table whose answer is complete is read all the same: an error in it is an error.
        if let Some(result) = piece.result.filter(|_| self.mode.load(Ordering::Relaxed) == READ)
            && (merger.merge)(result?)?.is_break()
        {
            self.mode.store(CHECK, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// What is due next, and what was found so far.
struct SegmentMerger<Merge> {
    /// Where its first row begins; none at the start of a page.
    cursor: Option<RowCursor>,
    merge: Merge,
    account: Account,
}

/// Whether some pages are CSV.
pub(super) fn has_csv<'a>(pages: impl IntoIterator<Item = &'a Page>) -> Result<bool, Box<Diagnostic>> {
    for page in pages {
        let stamp = page.stamp().map_err(|failure| page.diagnose(failure, None))?;
        if matches!(stamp.coding.form, RowForm::Csv(_)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Reads the rows that begin in the first `limit` bytes of a page, one after the other.
pub(super) fn sample<R: RowReader>(page: &Page, reader: &mut R, limit: u64) -> Result<(), Box<Diagnostic>> {
    let stamp = page.stamp().map_err(|failure| page.diagnose(failure, None))?;
    let mut read = || {
        let mut events = Vec::new();
        let mut feed = page.feed(&stamp, 0, usize::try_from(limit).expect("a sample is small"), Vec::new())?;
        let first = find_first_row(&mut feed, &mut events)?;
        // At least one row, however much stands before it.
        read_rows(&mut feed, reader, true, first, limit.max(first.at + 1), &mut events)
    };
    read().map(|_| ()).map_err(|failure| page.diagnose(failure, Some(&stamp)))
}

#[cfg(test)]
mod tests;
