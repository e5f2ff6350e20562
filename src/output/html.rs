//! A page as one file of HTML that needs nothing else: no network, no fonts, no files.
//!
//! Everything given is text and written as such: markup in data stays text, control characters are made visible, and
//! only cells that begin with `https://` become links. The content security policy names the style and the script by
//! their hashes and forbids all else. Without scripts the page is the same but for the sorting of tables.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::chart::{self, brief::brief, real, svg};
use super::escape::escaped;
use super::page::{Links, Page, PageCard, Section, SectionPart};
use crate::column::{Field, Table};
use crate::value::{Type, ValueRef, to_real, write_text};

/// Colours for light and dark, what charts are drawn in, and the rest of a page.
const STYLE: &str = concat!(
    include_str!("html/colors.css"),
    include_str!("html/chart.css"),
    include_str!("html/page.css"),
    include_str!("html/canvas.css"),
);
const SCRIPT: &str = include_str!("html/page.js");

/// Rows of a table that a section in brief does not fold away.
const FOLDED: usize = 25;

/// Bytes gathered before they are written out.
const BUFFER: usize = 64 << 10;

/// The style of pages of reports, for who puts [figures](Table::to_figure) and [rows](Table::to_html_rows) on a page of
/// their own: light and dark, for screens of any width and for paper.
///
/// ```
/// assert!(argql::page_style().contains("prefers-color-scheme: dark"));
/// ```
pub fn page_style() -> &'static str {
    STYLE
}

impl Table {
    /// The rows as a table of HTML with their number as its caption; addresses of the Azure portal, and the ids of what
    /// can be looked at there, are links.
    ///
    /// ```
    /// let table = argql::Engine::new().query("print city = 'Ulm & Neu-Ulm'")?;
    /// assert!(table.to_html_rows().contains("<td>Ulm &amp; Neu-Ulm</td>"));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn to_html_rows(&self) -> String {
        let (mut text, mut out) = (String::new(), Vec::new());
        rows(&mut text, &mut out, self, "", Links::Portal).expect("memory takes all text");
        out.extend_from_slice(text.as_bytes());
        String::from_utf8(out).expect("HTML is written as UTF-8")
    }
}

/// What a page may do: nothing but its own style and script.
///
/// ```
/// assert!(argql::page_policy().contains("script-src 'sha256-"));
/// ```
pub fn page_policy() -> String {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

impl Page<'_> {
    /// Writes the whole page.
    pub(crate) fn write_html(&self, out: &mut dyn Write) -> io::Result<()> {
        let title = escaped(&self.title);
        let mut text = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{}\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
             <meta name=\"color-scheme\" content=\"light dark\"/>\n\
             <meta name=\"generator\" content=\"argql {}\"/>\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n",
            page_policy(),
            env!("CARGO_PKG_VERSION"),
        );
        for line in &self.about {
            text.push_str("<p>");
            text.push_str(&escaped(line));
            text.push_str("</p>\n");
        }
        text.push_str("</header>\n<main>\n");
        let mut figures = 0;
        for section in &self.sections {
            let above = if section.heading.is_empty() { &self.title } else { &section.heading };
            section.write(&mut text, out, above, self.links, &mut figures)?;
        }
        text.push_str("</main>\n<script>");
        text.push_str(SCRIPT);
        text.push_str("</script>\n</body>\n</html>\n");
        out.write_all(text.as_bytes())
    }
}

impl Section<'_> {
    fn write(
        &self,
        text: &mut String,
        out: &mut dyn Write,
        above: &str,
        links: Links,
        figures: &mut usize,
    ) -> io::Result<()> {
        if self.heading.is_empty() {
            text.push_str("<section>\n");
        } else {
            let heading = escaped(&self.heading);
            text.push_str(&format!("<section id=\"{}\">\n<h2>{heading}</h2>\n", anchor(&self.heading)));
        }
        for part in &self.parts {
            match part {
                SectionPart::Text(line) => {
                    text.push_str("<p>");
                    text.push_str(&escaped(line));
                    text.push_str("</p>\n");
                }
                SectionPart::Note(line) => text.push_str(&format!("<p class=\"note\">{}</p>\n", escaped(line))),
                SectionPart::Cards(cards) => {
                    text.push_str("<dl class=\"cards\">");
                    for PageCard { name, value, heading } in cards {
                        text.push_str(&format!(
                            "<div><dt><a href=\"#{}\">{}</a></dt><dd>{}</dd></div>",
                            anchor(heading),
                            escaped(name),
                            escaped(value)
                        ));
                    }
                    text.push_str("</dl>\n");
                }
                SectionPart::Query(query) => {
                    let open = if self.heading.is_empty() { " open=\"open\"" } else { "" };
                    text.push_str(&format!("<details{open}><summary>Query</summary><pre><code>"));
                    for (index, line) in query.trim_end().lines().enumerate() {
                        text.push_str(if index > 0 { "\n" } else { "" });
                        text.push_str(&escaped(&line.replace('\t', "    ")));
                    }
                    text.push_str("</code></pre></details>\n");
                }
                SectionPart::Chart(table, chart) => {
                    let pictures = chart::pictures(table, chart);
                    let pictures = match &self.brief {
                        Some(short) => brief(pictures, short.all.as_deref()),
                        None => pictures,
                    };
                    for picture in pictures {
                        *figures += 1;
                        svg::figure(text, &picture, *figures, above);
                    }
                }
                SectionPart::Rows(table) if self.brief.is_some() && table.len() > FOLDED => {
                    let count = super::table::RowCount(table.len());
                    text.push_str(&format!("<details><summary>All {count}</summary>\n"));
                    rows(text, out, table, &self.heading, links)?;
                    text.push_str("</details>\n");
                }
                SectionPart::Rows(table) => rows(text, out, table, &self.heading, links)?,
            }
        }
        text.push_str("</section>\n");
        Ok(())
    }
}

/// What links within the page call a section.
fn anchor(heading: &str) -> String {
    let name =
        heading.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect::<String>();
    format!("s-{name}")
}

/// A table with its number of rows as the caption.
fn rows(text: &mut String, out: &mut dyn Write, table: &Table, heading: &str, links: Links) -> io::Result<()> {
    let fields = table.columns();
    let count = super::table::RowCount(table.len());
    let of = if heading.is_empty() { String::new() } else { format!("{}: ", escaped(heading)) };
    text.push_str(&format!(
        "<div class=\"rows\" role=\"region\" aria-label=\"{of}{count}\" tabindex=\"0\">\n<table>\n<caption>{of}{count}</caption>\n"
    ));
    if fields.is_empty() {
        text.push_str("</table>\n</div>\n");
        return Ok(());
    }
    let letters = letters(table);
    // Paper has no room beside it: there each column gets a share, long ones less than their length would ask for.
    let weight = |(field, letters): (&Field, &f64)| letters.max(real(field.name.len())).clamp(5.0, 60.0).sqrt();
    let weights: Vec<f64> = fields.iter().zip(&letters).map(weight).collect();
    let all: f64 = weights.iter().sum();
    text.push_str("<colgroup>");
    for weight in weights {
        text.push_str(&format!("<col width=\"{:.1}%\"/>", 100.0 * weight / all));
    }
    text.push_str("</colgroup>\n<thead><tr>");
    for (field, letters) in fields.iter().zip(letters) {
        let class = match field.ty {
            ty if ty.is_number() => " class=\"n\"",
            Type::DateTime => " class=\"t\"",
            _ if letters > 40.0 => " class=\"l\"",
            _ if letters > 14.0 => " class=\"m\"",
            _ => "",
        };
        text.push_str(&format!("<th scope=\"col\"{class}>{}</th>", escaped(&field.name)));
    }
    text.push_str("</tr></thead>\n<tbody>\n");
    let mut cell_text = String::new();
    table.each_row(|row| {
        text.push_str("<tr>");
        for (field, cell) in fields.iter().zip(row) {
            cell_text.clear();
            write_cell(&mut cell_text, *cell);
            match (*cell, to_real(*cell)) {
                (ValueRef::TimeSpan(_), Some(ticks)) => text.push_str(&format!("<td data-v=\"{ticks:.0}\">")),
                _ if field.ty.is_number() => text.push_str("<td class=\"n\">"),
                _ => text.push_str("<td>"),
            }
            let shown = escaped(&cell_text);
            if field.ty != Type::Dynamic || matches!(cell, ValueRef::String(_)) {
                push_linked(text, &cell_text, &shown, links);
            } else {
                text.push_str(&shown);
            }
            text.push_str("</td>");
        }
        text.push_str("</tr>\n");
        if text.len() >= BUFFER {
            out.write_all(text.as_bytes())?;
            text.clear();
        }
        Ok::<(), io::Error>(())
    })?;
    text.push_str("</tbody>\n</table>\n</div>\n");
    Ok(())
}

/// Letters of a cell of each column, on average over its first rows.
fn letters(table: &Table) -> Vec<f64> {
    const ROWS: usize = 50;
    let mut sums = vec![0; table.columns().len()];
    let mut cell = String::new();
    let mut seen = 0;
    for batch in table.batches() {
        let rows = batch.rows.min(ROWS - seen);
        for (sum, column) in sums.iter_mut().zip(&batch.columns) {
            for row in 0..rows {
                cell.clear();
                write_text(&mut cell, column.get(row));
                *sum += cell.chars().count();
            }
        }
        seen += rows;
    }
    sums.into_iter().map(|sum: usize| real(sum) / real(seen.max(1))).collect()
}

/// As in tables for people: a moment without a fraction of nothing but zeros.
fn write_cell(out: &mut String, cell: ValueRef<'_>) {
    write_text(out, cell);
    if let (ValueRef::DateTime(_), true) = (cell, out.ends_with(".0000000Z")) {
        out.truncate(out.len() - ".0000000Z".len());
        out.push('Z');
    }
}

/// The text, as a link if it is an address that may be one, or stands for one.
fn push_linked(out: &mut String, text: &str, shown: &str, links: Links) {
    match links.address(text) {
        Some(address) => {
            let address = escaped(&address);
            out.push_str(&format!("<a href=\"{address}\" rel=\"noopener noreferrer\" target=\"_blank\">{shown}</a>"));
        }
        None => out.push_str(shown),
    }
}

/// As a content security policy names a text that may be used.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;

    fn page(query: &str) -> String {
        let table = Engine::new().query(query).unwrap();
        let mut out = Vec::new();
        let section = Section::new("<h>").text("a & b").query("print\t'<x>'\r\n| take 1").answer(&table);
        Page::new("T & <t>").about("</p>").section(section).write_html(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn read(page: &str) -> roxmltree::Document<'_> {
        let page = page.strip_prefix("<!DOCTYPE html>\n").unwrap();
        roxmltree::Document::parse(page).unwrap_or_else(|error| panic!("{error}\n{page}"))
    }

    fn texts<'a>(read: &'a roxmltree::Document<'_>, tag: &str) -> Vec<&'a str> {
        read.descendants().filter(|node| node.has_tag_name(tag)).map(|node| node.text().unwrap_or_default()).collect()
    }

    #[test]
    fn a_page_says_what_it_was_given_and_nothing_of_it_is_markup() {
        let page =
            page("print a = '<script>alert(1)</script>', b = '\"&\\u001b[2J\\u202e', ['c<'] = dynamic({'k': '<i>'})");
        let read = read(&page);
        assert_eq!(texts(&read, "h1"), ["T & <t>"]);
        assert_eq!(texts(&read, "title"), ["T & <t>"]);
        assert_eq!(texts(&read, "h2"), ["<h>"]);
        assert_eq!(texts(&read, "p"), ["</p>", "a & b"]);
        assert_eq!(texts(&read, "code"), ["print    '<x>'\n| take 1"]);
        assert_eq!(texts(&read, "caption"), ["<h>: 1 row"]);
        assert_eq!(texts(&read, "th"), ["a", "b", "c<"]);
        assert_eq!(texts(&read, "td"), ["<script>alert(1)</script>", "\"&␛[2J\u{fffd}", "{\"k\":\"<i>\"}"]);
        assert_eq!(texts(&read, "script").len(), 1);
    }

    #[test]
    fn nothing_is_fetched_and_only_our_own_script_runs() {
        let page = page("print 1");
        let read = read(&page);
        let policy = read.descendants().find(|node| node.has_attribute("http-equiv")).unwrap();
        let policy = policy.attribute("content").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains("http"));
        let hashed = format!("script-src '{}'", hash(texts(&read, "script")[0]));
        assert!(policy.contains(&hashed), "{policy}");
        assert!(policy.contains(&hash(texts(&read, "style")[0])));
        assert!(!read.descendants().any(|node| node.has_attribute("src") || node.has_tag_name("link")));
    }

    #[test]
    fn only_addresses_of_the_web_become_links() {
        let page = page(
            "print a = 'https://example.com/?q=1&r=\\'x\\'', b = 'http://example.com', c = 'javascript:alert(1)', \
             d = 'https://', e = 'see https://example.com', f = 'https://example.com/\"onclick', g = 'https://exa mple', \
             h = dynamic('https://example.com/d')",
        );
        let read = read(&page);
        let links: Vec<&str> = read.descendants().filter_map(|node| node.attribute("href")).collect();
        assert_eq!(links, ["https://example.com/?q=1&r='x'", "https://example.com/d"]);
    }

    #[test]
    fn cells_are_written_as_in_tables_and_sort_as_what_they_are() {
        let page = page("print n = 5, t = datetime(2026-01-01), s = 1h, d = long(null), r = 0.5");
        let read = read(&page);
        assert_eq!(texts(&read, "td"), ["5", "2026-01-01T00:00:00Z", "01:00:00", "", "0.5"]);
        let spans: Vec<&str> = read.descendants().filter_map(|node| node.attribute("data-v")).collect();
        assert_eq!(spans, ["36000000000"]);
    }

    /// The colours of a theme, and how bright each is by WCAG.
    fn brightness(theme: &str) -> Vec<(String, f64)> {
        let colors = theme.split("--").skip(1).filter_map(|entry| entry.split_once(": #"));
        let part = |hex: &str, at: usize| {
            let part = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let bright = |hex: &str| 0.2126 * part(hex, 0) + 0.7152 * part(hex, 2) + 0.0722 * part(hex, 4);
        colors.map(|(name, value)| (name.to_owned(), bright(&value[..6]))).collect()
    }

    #[test]
    fn text_and_what_is_drawn_stand_out_from_the_paper() {
        let (light, rest) = STYLE.split_once("@media (prefers-color-scheme: dark)").unwrap();
        let (dark, _) = rest.split_once("* { box-sizing").unwrap();
        for theme in [light, dark] {
            let colors = brightness(theme);
            assert_eq!(colors.len(), 16);
            let of = |wanted: &str| colors.iter().find(|(name, _)| name == wanted).unwrap().1;
            for (name, bright) in &colors {
                let least = match name.as_str() {
                    "ink" | "soft" | "link" => 4.5,
                    "paper" | "line" | "wash" => continue,
                    _ => 3.0,
                };
                for ground in [of("paper"), of("wash")].into_iter().take(if least > 4.0 { 2 } else { 1 }) {
                    let contrast = (bright.max(ground) + 0.05) / (bright.min(ground) + 0.05);
                    assert!(contrast >= least, "{name}: {contrast:.2}");
                }
            }
        }
    }

    #[test]
    fn a_page_without_columns_or_rows_is_a_page() {
        for query in ["print a = 1 | where a > 1 | render barchart", "print a = 1 | project-away a"] {
            assert!(read(&page(query)).descendants().any(|node| node.has_tag_name("caption")));
        }
    }
}
