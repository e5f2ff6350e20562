//! What stands on a page of HTML or in a workbook, before it is either.
//!
//! A [`Page`] has a title and [`Section`]s; a section has a heading and, in the order in which they are added, text, the
//! query, pictures and tables:
//!
//! ```text
//! Page::new("Exemptions")
//!     .about("tenant contoso, 2026-10-01")
//!     .section(Section::new("By category").text("…").answer(&table))   // the chart that `render` asks for, and the rows
//!     .section(Section::new("Expiring soon").query(kql).rows(&other))  // the rows alone
//!     .write_html(&mut out)?;
//! ```

use std::borrow::Cow;

use percent_encoding::{AsciiSet, utf8_percent_encode};

use super::escape::PATH;
use crate::column::{Chart, Table};

/// What becomes a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    /// Any address of the web.
    Web,
    /// Addresses of the Azure portal, and the ids of what can be looked at there.
    Portal,
}

impl Links {
    /// The address that a text is and nothing else, or that it stands for, if it may be a link.
    pub(super) fn address(self, text: &str) -> Option<Cow<'_, str>> {
        let plain =
            || !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | '\\' | '`'));
        let beneath = |start: &str| text.len() > start.len() && text.starts_with(start);
        match self {
            Links::Web => (beneath("https://") && plain()).then_some(Cow::Borrowed(text)),
            Links::Portal if beneath(PORTAL) => plain().then_some(Cow::Borrowed(text)),
            Links::Portal => beneath("/subscriptions/").then(|| {
                // Names of resource groups may have brackets.
                const ID: &AsciiSet = &PATH.remove(b'(').remove(b')');
                Cow::Owned(format!("{PORTAL}#@/resource{}", utf8_percent_encode(text, ID)))
            }),
        }
    }
}

/// Where the portal is; behind `#@/resource` it shows what an id stands for.
const PORTAL: &str = "https://portal.azure.com/";

/// A page to be written.
pub(crate) struct Page<'a> {
    pub(super) title: String,
    pub(super) links: Links,
    pub(super) about: Vec<String>,
    pub(super) sections: Vec<Section<'a>>,
}

/// A part of a page; without a heading if that is empty.
pub(crate) struct Section<'a> {
    pub(super) heading: String,
    pub(super) parts: Vec<SectionPart<'a>>,
    pub(super) brief: Option<Brief>,
}

/// A section in brief: of charts with many places the first, and long tables folded away.
#[derive(Debug, Default)]
pub(crate) struct Brief {
    /// The place that is all others together.
    pub(crate) all: Option<String>,
}

/// A number that is told before all else, and the heading of the section that it comes from.
#[derive(Debug)]
pub(crate) struct PageCard {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) heading: String,
}

pub(super) enum SectionPart<'a> {
    Text(String),
    Note(String),
    Cards(Vec<PageCard>),
    Query(String),
    Chart(&'a Table, Chart),
    Rows(&'a Table),
}

impl<'a> Page<'a> {
    pub(crate) fn new(title: impl Into<String>) -> Page<'a> {
        Page { title: title.into(), links: Links::Web, about: Vec::new(), sections: Vec::new() }
    }

    /// A line beneath the title: what data, of which moment.
    pub(crate) fn about(mut self, line: impl Into<String>) -> Page<'a> {
        self.about.push(line.into());
        self
    }

    /// Says what becomes a link; any address of the web does unless told.
    pub(crate) fn links(self, links: Links) -> Page<'a> {
        Page { links, ..self }
    }

    pub(crate) fn section(mut self, section: Section<'a>) -> Page<'a> {
        self.sections.push(section);
        self
    }
}

impl<'a> Section<'a> {
    pub(crate) fn new(heading: impl Into<String>) -> Section<'a> {
        Section { heading: heading.into(), parts: Vec::new(), brief: None }
    }

    /// A paragraph.
    pub(crate) fn text(self, text: impl Into<String>) -> Section<'a> {
        self.part(SectionPart::Text(text.into()))
    }

    /// A paragraph that may be passed over.
    pub(crate) fn note(self, text: impl Into<String>) -> Section<'a> {
        self.part(SectionPart::Note(text.into()))
    }

    /// Numbers in large; a page shows them, a workbook has them in its tables.
    pub(crate) fn cards(self, cards: Vec<PageCard>) -> Section<'a> {
        self.part(SectionPart::Cards(cards))
    }

    pub(crate) fn brief(self, brief: Brief) -> Section<'a> {
        Section { brief: Some(brief), ..self }
    }

    /// The text of a query; below a heading it is folded away until somebody wants to see it.
    pub(crate) fn query(self, query: impl Into<String>) -> Section<'a> {
        self.part(SectionPart::Query(query.into()))
    }

    /// A table as its own `render` asks for, if it does, and its rows beneath.
    pub(crate) fn answer(self, table: &'a Table) -> Section<'a> {
        let drawn = match table.chart() {
            Some(chart) => self.part(SectionPart::Chart(table, chart.clone())),
            None => self,
        };
        drawn.rows(table)
    }

    /// The rows of a table.
    pub(crate) fn rows(self, table: &'a Table) -> Section<'a> {
        self.part(SectionPart::Rows(table))
    }

    fn part(mut self, part: SectionPart<'a>) -> Section<'a> {
        self.parts.push(part);
        self
    }
}
