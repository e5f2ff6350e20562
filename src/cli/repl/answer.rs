//! How an answer is shown: as much of it as fits the screen at once, the rest in a pager.

use std::io::{self, IsTerminal, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use indicatif::HumanCount;

use super::super::failure::Failure;
use crate::{Format, Layout, Table, WideCells};

/// One table and how long it took.
pub(super) struct ShownTable<'a> {
    pub(super) table: &'a Table,
    pub(super) took: Option<Duration>,
    pub(super) cells: WideCells,
}

/// Lines beneath the rows: how many there are, and the next prompt.
const BENEATH: usize = 3;

impl ShownTable<'_> {
    /// Prints the first rows, as many as the screen has room for.
    pub(super) fn print(&self) -> Result<(), Failure> {
        let size = if io::stdout().is_terminal() { terminal_size::terminal_size() } else { None };
        let (width, height) = size.map_or((None, usize::MAX), |(width, height)| (Some(width.0), usize::from(height.0)));
        let room = height.saturating_sub(BENEATH).max(5);
        let mut rows = self.table.len().min(room);
        let mut lines = self.lines(rows, width)?;
        if lines.len() > room && rows > 1 {
            // WideCells with several lines: so many rows fit, more or less.
            rows = (rows * room / lines.len()).max(1);
            lines = self.lines(rows, width)?;
        }
        let linked = supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout);
        let mut out = io::BufWriter::new(io::stdout().lock());
        for line in &lines {
            if linked { writeln!(out, "{}", links(line))? } else { writeln!(out, "{line}")? }
        }
        writeln!(out, "{}", self.summary(rows))?;
        Ok(out.flush()?)
    }

    fn layout(&self, width: Option<u16>) -> Layout {
        width.into_iter().fold(Layout::new().cells(self.cells), Layout::width)
    }

    /// The first rows as lines, without how many there are.
    fn lines(&self, rows: usize, width: Option<u16>) -> io::Result<Vec<String>> {
        let mut drawn = Vec::new();
        self.table.head(rows).write(&mut drawn, Format::Table, &self.layout(width))?;
        let drawn = String::from_utf8_lossy(&drawn).into_owned();
        let mut lines: Vec<String> = drawn.lines().map(str::to_owned).collect();
        lines.pop();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        Ok(lines)
    }

    /// `12 rows, 0.034 s`, `25 of 1,234 rows, 0.034 s; 1,209 more: .more`
    fn summary(&self, shown: usize) -> String {
        let all = self.table.len();
        let unit = if all == 1 { "row" } else { "rows" };
        let took = self.took.map_or(String::new(), |took| format!(", {:.3} s", took.as_secs_f64()));
        if shown < all {
            let left = HumanCount((all - shown) as u64);
            format!("{} of {} {unit}{took} … {left} more: .more", HumanCount(shown as u64), HumanCount(all as u64))
        } else {
            format!("{} {unit}{took}", HumanCount(all as u64))
        }
    }

    /// Shows all rows in `$PAGER`.
    pub(super) fn page(&self) -> Result<(), Failure> {
        let width = terminal_size::terminal_size().map(|(width, _)| width.0);
        if !io::stdout().is_terminal() {
            return Ok(self.table.write(&mut io::stdout().lock(), Format::Table, &self.layout(None))?);
        }
        let pager = std::env::var("PAGER").ok().filter(|pager| !pager.trim().is_empty());
        let pager = pager.unwrap_or_else(|| "less -RFX".to_owned());
        let mut words = pager.split_whitespace();
        let program = words.next().unwrap_or("less");
        let mut child = Command::new(program)
            .args(words)
            .stdin(Stdio::piped())
            .spawn()
            .map_err(|error| Failure::Usage(format!("the pager `{program}` cannot be started: {error}")))?;
        if let Some(input) = child.stdin.take() {
            let mut input = io::BufWriter::new(input);
            // Whoever leaves the pager has seen enough.
            let _ = self.table.write(&mut input, Format::Table, &self.layout(width)).and_then(|()| input.flush());
        }
        let _ = child.wait();
        Ok(())
    }
}

/// The line with its addresses made clickable (OSC 8). Drawn cells have no control characters, and only plain
/// characters of addresses are taken, so nothing of them can end the sequence.
fn links(line: &str) -> String {
    let mut linked = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("https://") {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&()*+,;=%".contains(c);
        let end = rest[at..].find(|c| !plain(c)).map_or(rest.len(), |end| at + end);
        let (before, address) = (&rest[..at], rest[at..end].trim_end_matches([',', '.', ')', ']', ';']));
        linked.push_str(before);
        linked.push_str(&format!("\x1b]8;;{address}\x1b\\{address}\x1b]8;;\x1b\\"));
        rest = &rest[at + address.len()..];
    }
    linked.push_str(rest);
    linked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_links_and_nothing_else_does() {
        assert_eq!(links(" a │ b"), " a │ b");
        assert_eq!(
            links("see https://a.b/c?d=e, or │"),
            "see \x1b]8;;https://a.b/c?d=e\x1b\\https://a.b/c?d=e\x1b]8;;\x1b\\, or │"
        );
    }
}
