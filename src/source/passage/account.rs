//! What an export says of itself, what was found of it, and what therefore seems to be missing or to count twice.

use std::collections::BTreeMap;

use super::OpenedPage;
use crate::diag::{self, Diagnostic, Place};
use crate::source::decode::RowForm;
use crate::source::document::{Claims, Event};
use crate::source::page::Page;

/// What was found so far, page by page in order.
#[derive(Default)]
pub(super) struct Account {
    rows: u64,
    /// Of the page (the envelope) at hand.
    page: Claims,
    page_rows: u64,
    /// The most rows that any page says the whole has.
    total: Option<u64>,
    /// Whether the last page says that it is not the last.
    continues: bool,
    /// Whether any page says that its answer was cut.
    truncated: bool,
    /// The first page with what PowerShell writes for bags that it does not go into.
    shallow: Option<usize>,
    warnings: Vec<Diagnostic>,
}

impl Account {
    pub(super) fn new(warnings: Vec<Diagnostic>) -> Account {
        Account { warnings, ..Account::default() }
    }

    /// Notes that a page has bags as text.
    pub(super) fn add_shallow(&mut self, page: usize) {
        self.shallow.get_or_insert(page);
    }

    /// Adds what was met between rows of a page.
    pub(super) fn add(&mut self, events: &[Event], opened: &OpenedPage) {
        for event in events {
            match event {
                Event::Rows(count) => {
                    self.rows += count;
                    self.page_rows += count;
                }
                Event::Claims(claims) => self.page.join(claims),
                Event::Close => {
                    let claims = std::mem::take(&mut self.page);
                    let rows = std::mem::take(&mut self.page_rows);
                    self.total = self.total.max(claims.total);
                    self.continues = claims.continues;
                    self.truncated |= claims.truncated;
                    if let Some(count) = claims.count.filter(|&count| count != rows) {
                        let message =
                            format!("`{}` says that it has {count} rows, and has {rows}", opened.page.display());
                        self.warn(opened, message, "export it again");
                    }
                }
            }
        }
    }

    fn warn(&mut self, opened: &OpenedPage, message: String, help: &str) {
        self.warnings.push(Diagnostic::at(diag::INCOMPLETE, whole(&opened.page), message).warning().help(help));
    }

    /// A page was read to its end.
    pub(super) fn page_ends(&mut self, opened: &OpenedPage) {
        let rows = std::mem::take(&mut self.page_rows);
        if rows == PORTAL && matches!(opened.stamp.coding.form, RowForm::Csv(_)) {
            let message = format!(
                "`{}` has exactly 55,000 rows, where the portal ends a download: there may be more",
                opened.page.display()
            );
            self.warn(opened, message, "export all pages with `az graph query` instead");
        }
    }

    /// The warnings, with those about the table as a whole.
    pub(super) fn conclude(mut self, table: &str, pages: &[OpenedPage]) -> Vec<Diagnostic> {
        let rows = self.rows;
        let Some(last) = pages.last() else { return self.warnings };
        let message = match self.total {
            Some(total) if total > rows => {
                Some(format!("`{table}` has {rows} of the {total} rows that its export speaks of"))
            }
            Some(_) => None,
            None if self.continues => Some(format!("the last page of `{table}` says that more pages follow")),
            None if self.truncated => Some(format!("`{table}` says that its rows were cut off")),
            None => None,
        };
        if let Some(message) = message {
            let help = "export all pages: `az graph query` with `--first 1000`, then again with `--skip-token`";
            self.warn(last, message, help);
        }
        if let Some(page) = self.shallow {
            let message = format!(
                "`{}` has bags as text, such as `@{{code=Healthy}}`: they cannot be read",
                pages[page].page.display()
            );
            self.warn(&pages[page], message, "export it again with `ConvertTo-Json -Depth 100`");
        }
        self.warnings
    }
}

/// Most rows of a download from the portal.
const PORTAL: u64 = 55_000;

/// How much of a page is looked at for what PowerShell writes for bags that it does not go into.
const LOOK: usize = 64 << 10;

/// Whether some string near a page's beginning starts like `@{code=…`. Expressions of Logic Apps start with `@{` too,
/// and not with a name and an equals sign.
pub(super) fn is_shallow(bytes: &[u8]) -> bool {
    let bytes = &bytes[..bytes.len().min(LOOK)];
    memchr::memmem::find_iter(bytes, b" \"@{").chain(memchr::memmem::find_iter(bytes, b":\"@{")).any(|found| {
        let inside = &bytes[found..].split(|&byte| byte == b'{').nth(1).unwrap_or_default();
        let name = inside.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        name > 0 && inside.get(name) == Some(&b'=')
    })
}

/// Warnings of pages that are there twice: files with the same ends, or, where some are packed, with the same text at
/// their beginning.
pub(super) fn copies(pages: &[OpenedPage]) -> Result<Vec<Diagnostic>, Box<Diagnostic>> {
    let mut by_size: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (number, opened) in pages.iter().enumerate().filter(|(_, opened)| opened.stamp.len > 256) {
        by_size.entry(opened.stamp.len).or_default().push(number);
    }
    let mut copies: BTreeMap<usize, usize> = BTreeMap::new();
    for same in by_size.values().filter(|same| same.len() > 1) {
        let mut known: BTreeMap<[Vec<u8>; 2], usize> = BTreeMap::new();
        for &number in same {
            let opened = &pages[number];
            let ends = opened.page.ends(&opened.stamp).map_err(|failure| opened.diagnose(failure))?;
            let before = *known.entry(ends).or_insert(number);
            if before != number {
                copies.insert(number, before);
            }
        }
    }
    if pages.len() > 1 && pages.iter().any(|opened| !opened.stamp.coding.is_plain()) {
        let mut known: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
        for (number, opened) in pages.iter().enumerate() {
            // What cannot be decoded is said when it is read.
            let Ok(feed) = opened.feed(0, 4 << 10, Vec::new()) else { continue };
            let begins = &feed.bytes()[..feed.bytes().len().min(4 << 10)];
            if begins.len() > 256 {
                let before = *known.entry(begins.to_vec()).or_insert(number);
                if before != number {
                    copies.entry(number).or_insert(before);
                }
            }
        }
    }
    let mut warnings = Vec::new();
    for (number, before) in copies {
        let [opened, before] = [number, before].map(|number| &pages[number]);
        let message = format!(
            "`{}` seems to be a copy of `{}`: its rows count twice",
            opened.page.display(),
            before.page.display()
        );
        let copy = Diagnostic::at(diag::INCOMPLETE, whole(&opened.page), message).warning();
        warnings.push(copy.help("remove one of the two pages"));
    }
    Ok(warnings)
}

fn whole(page: &Page) -> Place {
    Place::File { path: page.path.clone(), line: 0, column: 0 }
}
