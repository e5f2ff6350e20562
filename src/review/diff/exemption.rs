//! What a change comes to in an exemption.

use super::differences::{Difference, Differences, Fate};
use super::fields::{Change, Compare, is_nothing, item_text, step};
use super::side::{DiffSide, RowPlace};
use crate::column::Table;
use crate::value::{Bag, Type, Value, parse_datetime, text_of};
use std::collections::HashMap;
use std::sync::Arc;

/// Stands between the scope of an exemption and its name.
const MARK: &str = "/providers/microsoft.authorization/policyexemptions/";

/// ColumnPairs that follow from the scope, and what Azure notes of every exemption that is created.
const OF_SCOPE: &[&str] =
    &["id", "location", "properties.systemData", "resourceGroup", "subscriptionId", "systemData", "tenantId"];

/// What is said of an exemption that came or went, and where it is found.
const FACTS: [(&str, &[&str]); 6] = [
    ("category", &["properties", "exemptionCategory"]),
    ("expiresOn", &["properties", "expiresOn"]),
    ("assignment", &["properties", "policyAssignmentId"]),
    ("references", &["properties", "policyDefinitionReferenceIds"]),
    ("title", &["properties", "displayName"]),
    ("description", &["properties", "description"]),
];

/// Ticks of 100 ns.
const DAY: i64 = 864_000_000_000;

impl Differences<'_> {
    /// Takes an exemption that was removed at one scope and created at another for one that was moved, where name and
    /// assignment leave no doubt.
    pub(super) fn pair_moved(&mut self, compare: &Compare) {
        let mut pairs: HashMap<[String; 2], [Vec<usize>; 2]> = HashMap::new();
        let identities: Vec<[String; 2]> = self.differences.iter().map(|each| self.identity(each)).collect();
        for (at, identity) in identities.iter().enumerate() {
            let created = self.differences[at].fate == Fate::Created;
            pairs.entry(identity.clone()).or_default()[usize::from(created)].push(at);
        }
        let columns = self.old.columns(self.new);
        let mut gone = vec![false; self.differences.len()];
        for identity in &identities {
            let [removed, created] = &pairs[identity];
            let (&[removed], &[created]) = (removed.as_slice(), created.as_slice()) else { continue };
            let ([Some(old), None], [None, Some(new)]) =
                (self.differences[removed].rows, self.differences[created].rows)
            else {
                continue;
            };
            let [from, to] = [(self.old, old), (self.new, new)].map(|(side, row)| scope(side, row));
            let mut changes = vec![Change { field: "scope".to_owned(), old: Value::from(from), new: Value::from(to) }];
            let others = columns.changes(old, new, compare).into_iter();
            let follows = |change: &Change| {
                let beneath = |of: &&str| {
                    change.field.strip_prefix(*of).is_some_and(|rest| matches!(rest.as_bytes(), [] | [b'.', ..]))
                };
                OF_SCOPE.iter().any(beneath)
            };
            changes.extend(others.filter(|change| !follows(change)));
            self.differences[created] = Difference { fate: Fate::Moved, rows: [Some(old), Some(new)], changes };
            gone[removed] = true;
        }
        let mut gone = gone.into_iter();
        self.differences.retain(|_| gone.next() == Some(false));
        // Those that were created come first, then those that were removed, then those that moved.
        self.differences.sort_by_key(|difference| difference.fate);
    }

    /// Name and assignment, in one letter case.
    fn identity(&self, difference: &Difference) -> [String; 2] {
        let (side, row) = self.subject(difference);
        [&["name"][..], &["properties", "policyAssignmentId"]]
            .map(|path| text_of(Type::Dynamic, &side.at(row, path).as_ref()).to_lowercase())
    }

    /// A table with a row per change of an exemption.
    pub(super) fn table_of_exemptions(&self) -> Table {
        let columns = [
            ("change", Type::String),
            ("exemption", Type::String),
            ("what", Type::String),
            ("field", Type::String),
            ("old", Type::Dynamic),
            ("new", Type::Dynamic),
            ("by", Type::String),
            ("at", Type::DateTime),
            ("id", Type::String),
        ];
        let row = |(difference, change): (&Difference, Option<&Change>)| {
            let (side, row) = self.subject(difference);
            let text = |path: &[&str]| Value::from(&*text_of(Type::Dynamic, &side.at(row, path).as_ref()));
            let (field, what, old, new) = match change {
                Some(change) => (change.field.as_str(), meaning(change), change.old.clone(), change.new.clone()),
                None => {
                    let facts = facts(side, row);
                    let what = category(&facts);
                    let (old, new) =
                        if difference.fate == Fate::Removed { (facts, Value::Null) } else { (Value::Null, facts) };
                    ("", what, old, new)
                }
            };
            let (by, at) = self.author(difference);
            let (fate, what) = (Value::from(difference.fate.name()), Value::from(what));
            vec![fate, text(&["name"]), what, Value::from(field), old, new, by, at, text(&["id"])]
        };
        Table::from_rows(columns, self.entries().map(row))
    }
}

/// Where it stands: what is before its own part of the id.
fn scope(side: &DiffSide, row: RowPlace) -> String {
    let id = text_of(Type::Dynamic, &side.at(row, &["id"]).as_ref()).into_owned();
    // Only ASCII letters change their case, so that places stay the same.
    let at = id.to_ascii_lowercase().rfind(MARK);
    at.map_or(id.clone(), |at| id[..at].to_owned())
}

/// What an exemption says, as far as it says anything.
fn facts(side: &DiffSide, row: RowPlace) -> Value {
    let mut bag = Bag::default();
    for (name, path) in FACTS {
        let found = side.at(row, path);
        if !is_nothing(&found) {
            bag.insert(name.into(), found);
        }
    }
    Value::Bag(Arc::new(bag))
}

/// `waiver without expiry`, `mitigated until 2026-12-31`
fn category(facts: &Value) -> String {
    let of = |name: &str| text_of(Type::Dynamic, &step(facts, name).as_ref()).into_owned();
    let category = Some(of("category").to_lowercase()).filter(|name| !name.is_empty());
    let category = category.unwrap_or_else(|| "no category".to_owned());
    match of("expiresOn") {
        expiry if expiry.is_empty() => format!("{category}, no expiry"),
        expiry => format!("{category} until {}", expiry.get(..10).unwrap_or(&expiry)),
    }
}

/// What a change of a field comes to, in a few words.
fn meaning(change: &Change) -> String {
    let (set, removed) = (is_nothing(&change.old), is_nothing(&change.new));
    let plain = |noun: &str| {
        let verb = match (set, removed) {
            (true, _) => "added",
            (_, true) => "removed",
            _ => "changed",
        };
        format!("{noun} {verb}")
    };
    match change.field.as_str() {
        "scope" => "other scope".to_owned(),
        "properties.exemptionCategory" => plain("category"),
        "properties.expiresOn" => expiry(change).unwrap_or_else(|| plain("expiry")),
        "properties.policyDefinitionReferenceIds" if removed => "now the whole assignment".to_owned(),
        "properties.policyDefinitionReferenceIds" if set => "no longer the whole assignment".to_owned(),
        "properties.policyDefinitionReferenceIds" => references(change),
        "properties.policyAssignmentId" => "other assignment".to_owned(),
        "properties.displayName" => plain("title"),
        "properties.description" => plain("description"),
        "properties.assignmentScopeValidation" => plain("scope validation"),
        "properties.resourceSelectors" => plain("selectors"),
        field => match field.strip_prefix("properties.metadata.") {
            Some(key) => plain(&format!("metadata {key}")),
            None => plain(field.rsplit('.').next().unwrap_or(field)),
        },
    }
}

/// `extended by 90 days`
fn expiry(change: &Change) -> Option<String> {
    let [old, new] = [&change.old, &change.new].map(|value| value.as_str().and_then(parse_datetime));
    let ticks = new?.ticks().saturating_sub(old?.ticks());
    let verb = if ticks < 0 { "shortened" } else { "extended" };
    Some(match ticks.abs() / DAY {
        0 => format!("expiry {verb} by less than a day"),
        1 => format!("expiry {verb} by 1 day"),
        days => format!("expiry {verb} by {days} days"),
    })
}

/// `references added: a, b; removed: c`
fn references(change: &Change) -> String {
    let items = |value: &Value| match value {
        Value::Array(items) => items.to_vec(),
        other => vec![other.clone()],
    };
    let (old, new) = (items(&change.old), items(&change.new));
    let beyond = |items: &[Value], others: &[Value]| {
        let others: Vec<String> = others.iter().map(|item| item_text(item, true)).collect();
        let names = items.iter().filter(|item| !others.contains(&item_text(item, true)));
        names.map(|item| text_of(Type::Dynamic, &item.as_ref()).into_owned()).collect::<Vec<_>>().join(", ")
    };
    match (beyond(&new, &old), beyond(&old, &new)) {
        (added, removed) if added.is_empty() => format!("references removed: {removed}"),
        (added, removed) if removed.is_empty() => format!("references added: {added}"),
        (added, removed) => format!("references added: {added}; removed: {removed}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse_json_text;

    fn means(field: &str, old: &str, new: &str) -> String {
        let [old, new] = [old, new].map(|text| parse_json_text(text).unwrap());
        meaning(&Change { field: format!("properties.{field}"), old, new })
    }

    #[test]
    fn an_expiry_is_put_off_or_brought_forward_by_whole_days() {
        let january = r#""2026-01-01T00:00:00Z""#;
        assert_eq!(means("expiresOn", january, r#""2026-01-31""#), "expiry extended by 30 days");
        assert_eq!(means("expiresOn", january, r#""2025-12-31T00:00:00Z""#), "expiry shortened by 1 day");
        assert_eq!(means("expiresOn", january, r#""2026-01-01T23:59:59Z""#), "expiry extended by less than a day");
        assert_eq!(means("expiresOn", january, "null"), "expiry removed");
        assert_eq!(means("expiresOn", "null", january), "expiry added");
        assert_eq!(means("expiresOn", january, r#""soon""#), "expiry changed");
    }

    #[test]
    fn no_reference_is_all_of_them() {
        let field = "policyDefinitionReferenceIds";
        assert_eq!(means(field, r#"["a"]"#, "[]"), "now the whole assignment");
        assert_eq!(means(field, "null", r#"["a"]"#), "no longer the whole assignment");
        assert_eq!(means(field, r#"["a","B"]"#, r#"["b","c"]"#), "references added: c; removed: a");
        assert_eq!(means(field, r#"["a"]"#, r#"["A","c"]"#), "references added: c");
    }

    #[test]
    fn other_fields_are_called_by_what_they_are() {
        assert_eq!(means("exemptionCategory", r#""Mitigated""#, r#""Waiver""#), "category changed");
        assert_eq!(means("metadata.ticketRef", "null", r#""RISK-1""#), "metadata ticketRef added");
        assert_eq!(means("displayName", r#""a""#, r#""""#), "title removed");
    }
}
