//! The head of a saved query: comments that say what it answers, what it needs, and what its answer means.
//!
//! ```text
//! // Which exemptions run out soon, and how many days are left.
//! // area: expiry
//! // tables: policyresources, resourcecontainers (optional: names of subscriptions)
//! // snapshot old: policyresources
//! // history: policyresources
//! // rows: policyresources microsoft.authorization/policyassignments
//! // param days: how far to look ahead
//! // column daysLeft: whole days until then
//! // caveat: an exemption that ends at this very moment has ended
//! // check: high by id where state = over
//! // finding: The exemption {exemption} ends on {expiresOn}[, says {createdBy}].
//! // report: 4 Ending soon
//! // card: Ending soon = count
//! ```
//!
//! A *check* is run by `argql audit`: each row of its answer (or each with that text in that column) is a finding of that
//! grade, told from others by the columns that are named. Its *finding* is the sentence that SARIF and JUnit say of such a row; see
//! [`Sentence`](super::finding::Sentence). What has a place in the *report* is part of `argql report`, in the order of the
//! numbers; a *card* tells one number of its answer before all else: a column of the first row, or of the first with a text
//! in a column (`score where subscription = (all)`), the `sum` of a column, or the `count` of rows.
//!
//! A line that begins with more than one blank goes on with the line above. Comments of another form are only that.

/// What the head of a query says.
///
/// ```
/// let header = argql::Question::new("q", "// What there is.\n// param days: how far\nT").header();
/// assert_eq!((header.about.as_str(), header.parameters[0].1.as_str()), ("What there is.", "how far"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// One sentence: what is answered.
    pub about: String,
    /// Which questions it belongs to; empty if it does not say.
    pub area: String,
    /// Every table it reads.
    pub tables: Vec<Needed>,
    /// Other exports that it compares with: the name of each snapshot, and what is read of it.
    pub snapshots: Vec<(String, String)>,
    /// Tables that it asks over time: each must be in two snapshots at least.
    pub history: Vec<String>,
    /// Rows without which the answer would be wrong: a table, and a type (empty: any row).
    pub rows: Vec<(String, String)>,
    /// Parameters, and what they are for.
    pub parameters: Vec<(String, String)>,
    /// Columns of the answer, and what they mean.
    pub columns: Vec<(String, String)>,
    /// What to bear in mind.
    pub caveats: Vec<String>,
    /// What its rows are to an audit, if it is a check.
    pub check: Option<Check>,
    /// The sentence that says what a finding of the check is, with columns in braces.
    pub finding: Option<String>,
    /// Its place in the report and the heading it has there.
    pub report: Option<(u32, String)>,
    /// The number that the report tells before all else, and what it is called there.
    pub card: Option<Card>,
}

/// A query whose rows are findings.
///
/// ```
/// use argql::{Grade, Question};
///
/// let check = Question::new("q", "// What is wrong.\n// check: high by id, reference\nT").header().check.unwrap();
/// assert_eq!((check.grade, check.key), (Grade::High, vec!["id".to_owned(), "reference".to_owned()]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Check {
    /// How grave the findings are.
    pub grade: Grade,
    /// The columns that tell one finding from another.
    pub key: Vec<String>,
    /// Which rows are findings, where not all are: those with this text in this column.
    pub only: Option<(String, String)>,
}

/// A number of an answer that is told before all else.
///
/// ```
/// use argql::{CardValue, Question};
///
/// let card = Question::new("q", "// What.\n// card: Waivers = sum waivers\nT").header().card.unwrap();
/// assert_eq!((card.name.as_str(), card.value), ("Waivers", CardValue::Sum("waivers".to_owned())));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Card {
    /// What it is called.
    pub name: String,
    /// What is told.
    pub value: CardValue,
    /// Which rows are meant, where not all are: those with this text in this column.
    pub only: Option<(String, String)>,
}

/// What a [`Card`] tells of the rows that are meant.
///
/// ```
/// let card = argql::Question::new("q", "// What.\n// card: All = count\nT").header().card.unwrap();
/// assert_eq!(card.value, argql::CardValue::Count);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CardValue {
    /// This column of the first one.
    First(String),
    /// This column of all of them, added up.
    Sum(String),
    /// How many there are.
    Count,
}

/// How grave a finding is.
///
/// ```
/// assert_eq!(argql::Grade::High.name(), "high");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// To be mended at once.
    High,
    /// To be mended.
    Medium,
    /// To be looked at.
    Low,
}

impl Grade {
    const ALL: [Grade; 3] = [Grade::High, Grade::Medium, Grade::Low];

    /// As heads of queries write it.
    ///
    /// ```
    /// assert_eq!(argql::Grade::Low.name(), "low");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Grade::High => "high",
            Grade::Medium => "medium",
            Grade::Low => "low",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Grade> {
        Grade::ALL.into_iter().find(|grade| grade.name() == name)
    }

    /// `high, medium, low`
    pub(crate) fn names() -> String {
        Grade::ALL.map(Grade::name).join(", ")
    }
}

/// A table that a query reads.
///
/// ```
/// let header = argql::Question::new("q", "// What.\n// tables: a, b (optional: names)\na").header();
/// assert_eq!((header.tables[0].optional.as_deref(), header.tables[1].optional.as_deref()), (None, Some("names")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Needed {
    /// Its name.
    pub name: String,
    /// What the answer has less without it; none if there is no answer without it.
    pub optional: Option<String>,
}

impl Header {
    /// The head of this query.
    pub(crate) fn of(text: &str) -> Header {
        let mut header = Header::default();
        for (at, lines) in entries(text).into_iter().enumerate() {
            let entry = lines.join(" ");
            if at == 0 && !entry.starts_with("include:") {
                header.about = entry;
                continue;
            }
            let Some((key, value)) = entry.split_once(':') else { continue };
            let (value, named) = (value.trim().to_owned(), |name: &str| name.trim().to_owned());
            match key.split_once(' ').unwrap_or((key, "")) {
                ("area", "") => header.area = value,
                ("tables", "") => header.tables = tables(&value),
                ("rows", "") => {
                    let (table, ty) = value.split_once(' ').unwrap_or((&value, ""));
                    header.rows.push((named(table), named(ty)));
                }
                ("snapshot", name) => header.snapshots.push((named(name), value)),
                ("history", "") => header.history.extend(value.split(',').map(named)),
                ("param", name) => header.parameters.push((named(name), value)),
                ("column", name) => header.columns.push((named(name), value)),
                ("caveat", "") => header.caveats.push(value),
                ("check", "") => header.check = check(&value),
                ("finding", "") => header.finding = Some(value),
                ("report", "") => {
                    let (place, heading) = value.split_once(' ').unwrap_or((&value, ""));
                    header.report = place.parse().ok().map(|place| (place, named(heading)));
                }
                ("card", "") => header.card = card(&value),
                _ => {}
            }
        }
        header
    }

    /// The tables there is no answer without.
    ///
    /// ```
    /// let header = argql::Question::new("q", "// What.\n// tables: a, b (optional: names)\na").header();
    /// assert_eq!(header.needed().collect::<Vec<_>>(), ["a"]);
    /// ```
    pub fn needed(&self) -> impl Iterator<Item = &str> {
        self.tables.iter().filter(|table| table.optional.is_none()).map(|table| table.name.as_str())
    }
}

/// The comments at the head of a query, each with the lines that go on with it.
pub(super) fn entries(text: &str) -> Vec<Vec<&str>> {
    let mut entries: Vec<Vec<&str>> = Vec::new();
    for line in text.lines() {
        let Some(comment) = line.trim_start().strip_prefix("//") else { break };
        match (comment.strip_prefix("  "), entries.last_mut()) {
            (Some(more), Some(last)) => last.push(more.trim()),
            _ => entries.push(vec![comment.trim()]),
        }
    }
    entries
}

/// `high by id, reference`, `low by id where verdict = gone`
fn check(text: &str) -> Option<Check> {
    let (grade, rest) = text.split_once(" by ")?;
    let (key, only) = only_where(rest)?;
    let key = key.split(',').map(|column| column.trim().to_owned()).collect();
    Some(Check { grade: Grade::named(grade.trim())?, key, only })
}

/// `sum waivers where category = Waiver`: what stands before, and the column with its text; none if that is incomplete.
fn only_where(text: &str) -> Option<(&str, Option<(String, String)>)> {
    let Some((before, only)) = text.split_once(" where ") else { return Some((text, None)) };
    let (column, text) = only.split_once('=')?;
    Some((before, Some((column.trim().to_owned(), text.trim().to_owned()))))
}

/// `Secure score = score where subscription = (all)`
fn card(text: &str) -> Option<Card> {
    let (name, rest) = text.split_once(" = ")?;
    let (value, only) = only_where(rest)?;
    let value = match value.trim().split_once(' ') {
        None if value.trim() == "count" => CardValue::Count,
        None => CardValue::First(value.trim().to_owned()),
        Some(("sum", column)) => CardValue::Sum(column.trim().to_owned()),
        Some(_) => return None,
    };
    Some(Card { name: name.trim().to_owned(), value, only })
}

/// `policyresources, resourcecontainers (optional: names)`
fn tables(list: &str) -> Vec<Needed> {
    let mut tables = Vec::new();
    let mut rest = list;
    while !rest.is_empty() {
        let end = rest.find([',', '(']).unwrap_or(rest.len());
        let name = rest[..end].trim().to_owned();
        let mut optional = None;
        rest = &rest[end..];
        if let Some((note, behind)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
            optional = note.strip_prefix("optional").map(|why| why.trim_start_matches(':').trim().to_owned());
            rest = behind;
        }
        rest = rest.trim_start().trim_start_matches(',').trim_start();
        if !name.is_empty() {
            tables.push(Needed { name, optional });
        }
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_says_what_a_query_answers_and_needs() {
        let header = Header::of(
            "// Which exemptions run out, and\n//   when.\n// area: expiry\n// a remark\n// tables: policyresources, resourcecontainers (optional: names, of subscriptions), resources\n// rows: policyresources microsoft.authorization/policyassignments\n// snapshot old: resources\n// history: resources, policyresources\n// rows: resources\n// param days: how far\n// column id: whose\n//   id it is\n// caveat: none\n// include: exemptions\nT\n// area: not any more",
        );
        assert_eq!(header.about, "Which exemptions run out, and when.");
        assert_eq!(header.area, "expiry");
        assert_eq!(header.needed().collect::<Vec<_>>(), ["policyresources", "resources"]);
        assert_eq!(header.tables[1].optional.as_deref(), Some("names, of subscriptions"));
        assert_eq!(header.rows[0].1, "microsoft.authorization/policyassignments");
        assert_eq!(header.snapshots, [("old".to_owned(), "resources".to_owned())]);
        assert_eq!(header.history, ["resources", "policyresources"]);
        assert_eq!(header.rows[1], ("resources".to_owned(), String::new()));
        assert_eq!(header.parameters, [("days".to_owned(), "how far".to_owned())]);
        assert_eq!(header.columns, [("id".to_owned(), "whose id it is".to_owned())]);
        assert_eq!(header.caveats, ["none"]);
        assert_eq!((header.check, header.report, header.card), (None, None, None));
        let marked = Header::of(
            "// What is found.\n// check: high by id, reference\n// finding: {id} is\n//   lost.\n// report: 12 Found here\nT",
        );
        let key = vec!["id".to_owned(), "reference".to_owned()];
        assert_eq!(marked.check, Some(Check { grade: Grade::High, key, only: None }));
        let some = Header::of("// What is found.\n// check: low by id where verdict = gone for good\nT").check.unwrap();
        assert_eq!(some.only, Some(("verdict".to_owned(), "gone for good".to_owned())));
        assert_eq!(marked.finding.as_deref(), Some("{id} is lost."));
        assert_eq!(marked.report, Some((12, "Found here".to_owned())));
        assert_eq!(Header::of("// What is found.\n// check: huge by id\nT").check, None);
        let card = |line: &str| Header::of(&format!("// What is found.\n// card: {line}\nT")).card;
        let whole = card("Score, percent = score where subscription = (all)").unwrap();
        assert_eq!((whole.name.as_str(), whole.value), ("Score, percent", CardValue::First("score".to_owned())));
        assert_eq!(whole.only, Some(("subscription".to_owned(), "(all)".to_owned())));
        assert_eq!(card("Sums = sum n").unwrap().value, CardValue::Sum("n".to_owned()));
        assert_eq!(card("Rows = count").unwrap().value, CardValue::Count);
        assert_eq!((card("n"), card("A = most n"), card("A = n where x")), (None, None, None));
        assert_eq!(Header::of("T | take 1"), Header::default());
        assert_eq!(Header::of("// include: x\nT").about, "");
    }
}
