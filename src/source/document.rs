//! The shape around the rows: which kind of export it is, where the next row begins, and what the export says of
//! itself.
//!
//! Recognised by content: a JSON array of rows, rows one after the other (NDJSON), and objects that hold such an array
//! (`az graph query`, the REST answer, ARM lists), several of them in one file if need be.

use super::fault::{FileFault, Passing};
use crate::json::{self, Why};

/// Where reading stands: at a row, or at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowCursor {
    /// Offset in the file.
    pub(super) at: u64,
    pub(super) context: RowContext,
}

/// What the row at hand stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowContext {
    /// Nothing: rows one after the other.
    Top,
    /// An array.
    Array,
    /// An array inside an object, under its key `data` or `value`.
    Envelope(List),
    /// No row: the end of the file.
    End,
}

/// The key of an envelope that has the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// `az graph query`, REST, `Search-AzGraph`.
    Data,
    /// ARM lists: `{"value": […], "nextLink": …}`.
    Value,
}

const ROWS: &str = "an array or an object";

/// What envelopes say about their rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Claims {
    /// Rows in this page.
    pub(super) count: Option<u64>,
    /// Rows in all pages.
    pub(super) total: Option<u64>,
    /// There is a next page.
    pub(super) continues: bool,
    /// The server cut the result.
    pub(super) truncated: bool,
}

/// Something met between rows, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Rows(u64),
    /// Keys of an envelope, before or behind its rows.
    Claims(Claims),
    /// A page is complete.
    Close,
}

/// The byte order mark of UTF-8.
pub(super) const MARK: &[u8] = b"\xef\xbb\xbf";

/// Over white space and byte order marks, which stand between exports that were put one behind the other.
fn between(bytes: &[u8], at: usize) -> usize {
    let mut at = json::space(bytes, at);
    while bytes.get(at) == Some(&MARK[0]) && bytes[at..].starts_with(MARK) {
        at = json::space(bytes, at + MARK.len());
    }
    at
}

/// Over white space and marks to the next export; an end of the bytes where more of them may complete a mark.
pub(super) fn top(bytes: &[u8], at: usize, end_of_file: bool) -> Passing<usize> {
    let at = between(bytes, at);
    if !end_of_file && MARK.starts_with(&bytes[at..]) { Err(FileFault::end(bytes)) } else { Ok(at) }
}

/// Where something else than white space and marks begins.
pub(super) fn start(bytes: &[u8]) -> usize {
    between(bytes, 0)
}

/// Whether the object at `at` is an answer in table format, as far as it is at hand.
pub(super) fn is_grid(bytes: &[u8], at: usize) -> bool {
    matches!(envelope(bytes, at), Ok(Some(Envelope { grid: true, .. })))
}

/// Moves from behind a row (or the start of the file) to the next row. `at` is an offset in `bytes`; `events` may get
/// what must be taken back if a fault comes.
pub(super) fn advance(
    bytes: &[u8],
    at: usize,
    context: RowContext,
    end_of_file: bool,
    events: &mut Vec<Event>,
) -> Passing<(usize, RowContext)> {
    let mut at = at;
    let mut context = context;
    loop {
        at = if context == RowContext::Top { top(bytes, at, end_of_file)? } else { json::space(bytes, at) };
        match context {
            RowContext::Top => match bytes.get(at) {
                None => return Ok((at, RowContext::End)),
                Some(b'[') => {
                    at += 1;
                    match first_element(bytes, at)? {
                        Some(row) => return Ok((row, RowContext::Array)),
                        None => at = close(bytes, at)?,
                    }
                }
                Some(b'{') => match envelope(bytes, at)? {
                    None => return Ok((at, RowContext::Top)),
                    Some(Envelope { grid: true, .. }) => {
                        return Err(FileFault::no_row(at, "an answer in table format behind rows in another one"));
                    }
                    Some(Envelope { list, inside, claims, .. }) => {
                        events.push(Event::Claims(claims));
                        match first_element(bytes, inside)? {
                            Some(row) => return Ok((row, RowContext::Envelope(list))),
                            None => {
                                at = close(bytes, inside)?;
                                at = tail(bytes, at, list, events)?;
                            }
                        }
                    }
                },
                Some(_) => {
                    json::value(bytes, at, 0).map_err(|misfit| match misfit.why {
                        Why::Expected(json::VALUE) if misfit.at == at => FileFault::expected(bytes, at, ROWS),
                        _ => misfit.into(),
                    })?;
                    return Err(FileFault::no_row(at, "neither an array nor an object"));
                }
            },
            RowContext::Array | RowContext::Envelope(_) => {
                match bytes.get(at) {
                    Some(b',') => {
                        let row = json::space(bytes, at + 1);
                        return match bytes.get(row) {
                            Some(b'{') => Ok((row, context)),
                            _ => Err(no_object(bytes, row)),
                        };
                    }
                    Some(b']') => at += 1,
                    _ => return Err(FileFault::expected(bytes, at, json::ARRAY_GOES_ON)),
                }
                match context {
                    RowContext::Envelope(list) => at = tail(bytes, at, list, events)?,
                    _ => events.push(Event::Close),
                }
                context = RowContext::Top;
            }
            RowContext::End => return Ok((at, context)),
        }
    }
}

/// The first row behind an array's bracket; none if the array is empty.
fn first_element(bytes: &[u8], at: usize) -> Passing<Option<usize>> {
    let at = json::space(bytes, at);
    match bytes.get(at) {
        Some(b'{') => Ok(Some(at)),
        Some(b']') => Ok(None),
        _ => Err(no_object(bytes, at)),
    }
}

/// Over the closing bracket of an empty array.
fn close(bytes: &[u8], at: usize) -> Passing<usize> {
    let at = json::space(bytes, at);
    if bytes.get(at) == Some(&b']') { Ok(at + 1) } else { Err(FileFault::expected(bytes, at, json::ARRAY_GOES_ON)) }
}

#[cold]
fn no_object(bytes: &[u8], at: usize) -> Box<FileFault> {
    match json::value(bytes, at, 1) {
        Ok(_) => FileFault::no_row(at, "an array of something else than objects"),
        Err(misfit) => misfit.into(),
    }
}

/// An object around rows.
pub(super) struct Envelope {
    list: List,
    /// Where the inside of the array begins; in table format, that of the object.
    pub(super) inside: usize,
    /// What was said before.
    claims: Claims,
    /// Whether it is in table format: `"data": {"columns": […], "rows": […]}`.
    pub(super) grid: bool,
}

/// The envelope that the object at `at` is. One whose keys are others is a row.
pub(super) fn envelope(bytes: &[u8], at: usize) -> Passing<Option<Envelope>> {
    let mut claims = Claims::default();
    let mut at = json::space(bytes, at + 1);
    loop {
        if bytes.get(at) != Some(&b'"') {
            // An empty or broken object: the row's reader says which.
            return if at < bytes.len() { Ok(None) } else { Err(FileFault::end(bytes)) };
        }
        let passed = json::string(bytes, at + 1)?;
        let name = &bytes[at + 1..passed.end()];
        if !is_envelope_key(name) {
            return if name == b"error" { error(bytes, passed.end() + 1).map(|()| None) } else { Ok(None) };
        }
        let value = json::colon(bytes, passed.end() + 1)?;
        let list = match name {
            b"data" | b"Data" => Some(List::Data),
            b"value" => Some(List::Value),
            _ => None,
        };
        if let Some(list) = list {
            let inside = value + 1;
            return match (bytes.get(value), list) {
                (Some(b'['), _) => {
                    let first = json::space(bytes, inside);
                    match bytes.get(first) {
                        None => Err(FileFault::end(bytes)),
                        Some(b'{' | b']') => Ok(Some(Envelope { list, inside, claims, grid: false })),
                        Some(_) => Ok(None),
                    }
                }
                (Some(b'{'), List::Data) => {
                    let grid = has_columns_or_rows(bytes, inside)?;
                    Ok(grid.then_some(Envelope { list, inside, claims, grid }))
                }
                (None, _) => Err(FileFault::end(bytes)),
                _ => Ok(None),
            };
        }
        let end = json::value(bytes, value, 1)?;
        claims.read_key(name, &bytes[value..end]);
        at = json::space(bytes, end);
        match bytes.get(at) {
            Some(b',') => at = json::space(bytes, at + 1),
            None => return Err(FileFault::end(bytes)),
            Some(_) => return Ok(None),
        }
    }
}

/// What a service answers instead of rows: an object with nothing but the key `error`, which was passed.
fn error(bytes: &[u8], at: usize) -> Passing<()> {
    let value = json::colon(bytes, at)?;
    if bytes.get(value) != Some(&b'{') {
        return Ok(());
    }
    let end = json::space(bytes, json::value(bytes, value, 1)?);
    match bytes.get(end) {
        Some(b'}') => Err(FileFault::no_row(value, "an error of the service instead of rows")),
        Some(_) => Ok(()),
        None => Err(FileFault::end(bytes)),
    }
}

/// Whether an object, whose inside begins at `at`, has one of these keys first.
fn has_columns_or_rows(bytes: &[u8], at: usize) -> Passing<bool> {
    let first = json::space(bytes, at);
    match bytes.get(first) {
        Some(b'"') => {
            let end = json::string(bytes, first + 1)?.end();
            Ok(matches!(&bytes[first + 1..end], b"columns" | b"rows"))
        }
        Some(_) => Ok(false),
        None => Err(FileFault::end(bytes)),
    }
}

fn is_envelope_key(name: &[u8]) -> bool {
    matches!(
        name,
        b"count"
            | b"data"
            | b"skip_token"
            | b"total_records"
            | b"totalRecords"
            | b"facets"
            | b"resultTruncated"
            | b"result_truncated"
            | b"$skipToken"
            | b"value"
            | b"nextLink"
            | b"Count"
            | b"Data"
            | b"SkipToken"
            | b"TotalRecords"
            | b"ResultTruncated"
            | b"Facets"
    ) || name.starts_with(b"@odata.")
}

/// From behind an envelope's array to behind the envelope.
pub(super) fn tail(bytes: &[u8], at: usize, list: List, events: &mut Vec<Event>) -> Passing<usize> {
    let mut claims = Claims::default();
    let mut at = at;
    loop {
        at = json::space(bytes, at);
        match bytes.get(at) {
            Some(b',') => at = json::space(bytes, at + 1),
            Some(b'}') => {
                events.push(Event::Claims(claims));
                events.push(Event::Close);
                return Ok(at + 1);
            }
            _ => return Err(FileFault::expected(bytes, at, json::BAG_GOES_ON)),
        }
        let key = at;
        if bytes.get(at) != Some(&b'"') {
            return Err(FileFault::expected(bytes, at, json::KEY));
        }
        let passed = json::string(bytes, at + 1)?;
        let name = &bytes[at + 1..passed.end()];
        // A row that happens to begin with such a list must not lose its other columns.
        if !is_envelope_key(name) || matches!(name, b"data" | b"Data" | b"value") {
            return Err(FileFault::no_row(
                key,
                match list {
                    List::Data => "a key that no answer of Resource Graph has beside `data`",
                    List::Value => "a key that no list of Resource Manager has beside `value`",
                },
            ));
        }
        let value = json::colon(bytes, passed.end() + 1)?;
        at = json::value(bytes, value, 1)?;
        claims.read_key(name, &bytes[value..at]);
    }
}

impl Claims {
    /// One key of an envelope and the text of its value.
    fn read_key(&mut self, name: &[u8], value: &[u8]) {
        let number = || std::str::from_utf8(value).ok()?.parse().ok();
        let says_something = !matches!(value, b"null" | b"\"\"");
        match name {
            b"count" | b"Count" => self.count = number(),
            b"total_records" | b"totalRecords" | b"TotalRecords" => self.total = number(),
            b"skip_token" | b"$skipToken" | b"SkipToken" | b"nextLink" | b"@odata.nextLink" => {
                self.continues |= says_something;
            }
            b"resultTruncated" | b"result_truncated" | b"ResultTruncated" => {
                self.truncated |= matches!(value, b"true" | b"\"true\"" | b"\"True\"");
            }
            _ => {}
        }
    }

    /// What is said behind the rows, added.
    pub(super) fn join(&mut self, later: &Claims) {
        self.count = later.count.or(self.count);
        self.total = later.total.or(self.total);
        self.continues |= later.continues;
        self.truncated |= later.truncated;
    }
}

/// How rows of a file begin: enough of the first one to find others from anywhere in the middle.
#[derive(Clone, Debug)]
pub(super) enum Sign {
    /// At the start of a line.
    Line,
    /// The opening bracket, white space and first key; and the second key, to tell rows from small objects inside them.
    Keys { opening: Box<[u8]>, second: Option<Box<[u8]>> },
}

impl Sign {
    /// The sign of the file whose first row is at `at`; none if there is too little of it.
    pub(super) fn of(bytes: &[u8], at: usize, context: RowContext) -> Option<Sign> {
        if context == RowContext::Top {
            return Some(Sign::Line);
        }
        let first = json::space(bytes, at + 1);
        if bytes.get(first) != Some(&b'"') {
            return None;
        }
        let passed = json::string(bytes, first + 1).ok()?;
        let opening = bytes[at..=passed.end()].into();
        Some(Sign::Keys { opening, second: second_key(bytes, passed.end() + 1).map(Into::into) })
    }

    /// The first place from `from` on, before `limit`, where a row seems to begin. `bytes[from - 1]`, if any, is the
    /// byte before.
    pub(super) fn find(&self, bytes: &[u8], from: usize, limit: usize) -> Option<usize> {
        match self {
            Sign::Line => {
                let mut at = from.saturating_sub(1);
                let end = bytes.len().min(limit);
                while let Some(line) = memchr::memchr(b'\n', &bytes[at.min(end)..end]) {
                    let start = json::space(bytes, at + line);
                    if start >= limit {
                        return None;
                    }
                    if bytes.get(start) == Some(&b'{') {
                        return Some(start);
                    }
                    at = start;
                }
                None
            }
            Sign::Keys { opening, second } => memchr::memmem::find_iter(
                &bytes[from..bytes.len().min(limit.saturating_add(opening.len()))],
                &**opening,
            )
            .map(|found| from + found)
            .take_while(|&found| found < limit)
            .find(|&found| {
                second_key(bytes, found + opening.len()) == second.as_deref() && stands_in_list(bytes, found)
            }),
        }
    }
}

/// Whether the object at `at` has another one behind it, or an array's end: a bag inside a row that begins like a row
/// (a secure score control's `definition` has `id` and `name`) mostly has neither.
fn stands_in_list(bytes: &[u8], at: usize) -> bool {
    let Ok(end) = json::value(bytes, at, 1) else {
        // Too little of it is at hand; or it is broken, and the reader says so.
        return true;
    };
    let behind = json::space(bytes, end);
    match bytes.get(behind) {
        Some(b',') => matches!(bytes.get(json::space(bytes, behind + 1)), Some(b'{') | None),
        Some(b']') | None => true,
        Some(_) => false,
    }
}

/// The inside of the second key, from behind the first.
fn second_key(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let value = json::colon(bytes, at).ok()?;
    let comma = json::space(bytes, json::value(bytes, value, 2).ok()?);
    let key = json::space(bytes, comma + 1);
    if bytes.get(comma) != Some(&b',') || bytes.get(key) != Some(&b'"') {
        return None;
    }
    Some(&bytes[key + 1..json::string(bytes, key + 1).ok()?.end()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_found_from_the_middle_of_another_by_its_first_keys_and_what_is_behind_it() {
        let row =
            r#"{"id":"/a","name":"x","p":{"definition":{"id":"/b","name":"y"},"list":[{"id":"/c"},{"id":"/d"}]}}"#;
        let text = format!("[{row},{row},{row}]");
        let bytes = text.as_bytes();
        let sign = Sign::of(bytes, 1, RowContext::Array).unwrap();
        for from in 2..text.len() {
            let next = [1, row.len() + 2, 2 * row.len() + 3].into_iter().find(|&start| start >= from);
            assert_eq!(sign.find(bytes, from, bytes.len()), next, "{from}");
            assert_eq!(sign.find(bytes, from, from), None);
        }
    }

    #[test]
    fn a_line_is_a_row_if_it_begins_like_one() {
        let text = b"{\"a\":1}\r\n\n  {\"a\":2}\n";
        assert_eq!(Sign::Line.find(text, 1, text.len()), Some(12));
        assert_eq!(Sign::Line.find(text, 9, text.len()), Some(12));
        assert_eq!(Sign::Line.find(text, 13, text.len()), None);
    }
}
