//! What differs between two cells: by what they mean, not by how they are written.
//!
//! Ids are equal in any letter case, moments in any spelling, numbers in any form, lists of scalars in any order; null,
//! `""`, `[]` and `{}` all are nothing. Fields that change by themselves are left out.

use crate::value::{Bag, Type, Value, ValueRef, compare, parse_datetime, text_of};

/// Fields that change without anybody changing the row, or that say who changed it.
const VOLATILE: &[&str] = &[
    "apiVersion",
    "etag",
    "properties.etag",
    "properties.metadata.updatedBy",
    "properties.metadata.updatedOn",
    "properties.systemData.lastModifiedAt",
    "properties.systemData.lastModifiedBy",
    "properties.systemData.lastModifiedByType",
    "systemData.lastModifiedAt",
    "systemData.lastModifiedBy",
    "systemData.lastModifiedByType",
];

/// Fields whose letter case Azure gives no meaning to; ids are known by their form.
const CASELESS: &[&str] = &[
    "id",
    "location",
    "managedBy",
    "name",
    "properties.exemptionCategory",
    "properties.policyDefinitionReferenceIds",
    "resourceGroup",
    "subscriptionId",
    "tenantId",
    "type",
];

/// A field that is not what it was.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    /// `properties.expiresOn`
    pub(super) field: String,
    pub(super) old: Value,
    pub(super) new: Value,
}

/// How cells are compared.
pub(super) struct Compare {
    ignored: Vec<String>,
}

impl Compare {
    /// Leaves out these fields with all beneath them, and unless `volatile`, those that change by themselves.
    pub(super) fn new(ignored: &[String], volatile: bool) -> Compare {
        let known = if volatile { &[] } else { VOLATILE };
        Compare { ignored: known.iter().map(|&field| field.to_owned()).chain(ignored.iter().cloned()).collect() }
    }

    /// Adds what differs in a column.
    pub(super) fn cells(&self, column: &str, old: ValueRef<'_>, new: ValueRef<'_>, changes: &mut Vec<Change>) {
        let same = match (old, new) {
            (ValueRef::Null, ValueRef::Null) => true,
            (ValueRef::Json(old), ValueRef::Json(new)) | (ValueRef::String(old), ValueRef::String(new)) => old == new,
            _ => false,
        };
        if !same {
            self.values(&mut key(column), &old.to_value(), &new.to_value(), changes);
        }
    }

    fn values(&self, field: &mut String, old: &Value, new: &Value, changes: &mut Vec<Change>) {
        if self.ignored.iter().any(|ignored| ignored == field) {
            return;
        }
        let nothing = Bag::default();
        let bags = match (old, new) {
            (Value::Bag(old), Value::Bag(new)) => Some((&**old, &**new)),
            (Value::Bag(old), new) if is_nothing(new) => Some((&**old, &nothing)),
            (old, Value::Bag(new)) if is_nothing(old) => Some((&nothing, &**new)),
            _ => None,
        };
        let Some((old_bag, new_bag)) = bags else {
            if !same(old, new, CASELESS.contains(&field.as_str())) {
                changes.push(Change { field: field.clone(), old: old.clone(), new: new.clone() });
            }
            return;
        };
        let added = new_bag.keys().filter(|name| !old_bag.contains_key(*name));
        for name in old_bag.keys().chain(added) {
            let length = field.len();
            let key = key(name);
            field.push_str(if key.starts_with('[') { "" } else { "." });
            field.push_str(&key);
            let [old, new] = [old_bag, new_bag].map(|bag| bag.get(name).unwrap_or(&Value::Null));
            self.values(field, old, new, changes);
            field.truncate(length);
        }
    }
}

/// A name as a step of a path: `status`, `['a b']`.
fn key(name: &str) -> String {
    let plain =
        name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit());
    if plain && !name.is_empty() { name.to_owned() } else { format!("['{}']", super::escaped(name)) }
}

/// What a bag holds by this name.
pub(super) fn step(value: &Value, key: &str) -> Value {
    match value {
        Value::Bag(bag) => bag.get(key).cloned().unwrap_or_default(),
        _ => Value::Null,
    }
}

/// Whether nothing is said: null, `""`, `[]`, `{}`.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Bag(bag) => bag.is_empty(),
        _ => false,
    }
}

/// Whether two values mean the same.
fn same(old: &Value, new: &Value, caseless: bool) -> bool {
    match (old, new) {
        (Value::String(a), Value::String(b)) => same_text(a, b, caseless),
        (Value::Array(a), Value::Array(b)) => same_items(a, b, caseless),
        (Value::Bag(a), Value::Bag(b)) => {
            let in_other = |bag: &Bag, other: &Bag| {
                bag.iter().all(|(key, value)| same(value, other.get(key).unwrap_or(&Value::Null), false))
            };
            in_other(a, b) && in_other(b, a)
        }
        (
            Value::Int(_) | Value::Long(_) | Value::Real(_) | Value::Decimal(_),
            Value::Int(_) | Value::Long(_) | Value::Real(_) | Value::Decimal(_),
        ) => compare(old.as_ref(), new.as_ref()).is_eq(),
        _ => old == new || (is_nothing(old) && is_nothing(new)),
    }
}

fn same_text(a: &str, b: &str, caseless: bool) -> bool {
    if a == b {
        return true;
    }
    if caseless || (a.starts_with('/') && b.starts_with('/')) {
        return a.to_lowercase() == b.to_lowercase();
    }
    matches!((moment(a), moment(b)), (Some(a), Some(b)) if a == b)
}

/// The moment, if the text is one with its date written out.
fn moment(text: &str) -> Option<crate::value::DateTime> {
    let dated = text.len() >= 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    if dated { parse_datetime(text) } else { None }
}

/// Lists of scalars have no order: services give them in any.
fn same_items(a: &[Value], b: &[Value], caseless: bool) -> bool {
    let scalars = |items: &[Value]| !items.iter().any(|item| matches!(item, Value::Array(_) | Value::Bag(_)));
    if a.len() != b.len() {
        return false;
    }
    if !(scalars(a) && scalars(b)) {
        return a.iter().zip(b).all(|(a, b)| same(a, b, caseless));
    }
    let sorted = |items: &[Value]| {
        let mut texts: Vec<String> = items.iter().map(|item| item_text(item, caseless)).collect();
        texts.sort_unstable();
        texts
    };
    sorted(a) == sorted(b)
}

/// What an item of a list is told apart by.
pub(super) fn item_text(item: &Value, caseless: bool) -> String {
    let text = text_of(Type::Dynamic, &item.as_ref());
    if caseless || text.starts_with('/') { text.to_lowercase() } else { text.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(old: &str, new: &str) -> Vec<(String, String, String)> {
        let mut changes = Vec::new();
        Compare::new(&[], false).cells("properties", ValueRef::Json(old), ValueRef::Json(new), &mut changes);
        changes.into_iter().map(|change| (change.field, change.old.to_string(), change.new.to_string())).collect()
    }

    fn one(field: &str, old: &str, new: &str) -> Vec<(String, String, String)> {
        vec![(field.to_owned(), old.to_owned(), new.to_owned())]
    }

    #[test]
    fn what_means_the_same_is_no_change() {
        for (old, new) in [
            (r#"{"a":1,"b":"x"}"#, r#"{ "b": "x", "a": 1.0 }"#),
            (r#"{"policyAssignmentId":"/Subscriptions/A"}"#, r#"{"policyAssignmentId":"/subscriptions/a"}"#),
            (r#"{"expiresOn":"2026-01-01T00:00:00Z"}"#, r#"{"expiresOn":"2026-01-01T00:00:00.0000000Z"}"#),
            (r#"{"zones":["1","2"]}"#, r#"{"zones":["2","1"]}"#),
            (r#"{"policyDefinitionReferenceIds":["A","b"]}"#, r#"{"policyDefinitionReferenceIds":["B","a"]}"#),
            (r#"{"policyDefinitionReferenceIds":[]}"#, "{}"),
            (r#"{"description":"","tags":{"a":null}}"#, r#"{"description":null}"#),
            (r#"{"etag":"1","systemData":{"lastModifiedAt":"x"}}"#, r#"{"etag":"2","systemData":{}}"#),
        ] {
            assert_eq!(changes(old, new), [], "{old} {new}");
        }
    }

    #[test]
    fn a_change_is_named_by_its_path() {
        let old = r#"{"status":{"code":"Healthy"},"a b":{"x":1}}"#;
        assert_eq!(
            changes(old, r#"{"status":{"code":"Unhealthy"},"a b":{"x":1}}"#),
            one("properties.status.code", "Healthy", "Unhealthy")
        );
        assert_eq!(
            changes(old, r#"{"status":{"code":"Healthy"},"a b":{"x":2}}"#),
            one("properties['a b'].x", "1", "2")
        );
        assert_eq!(changes(old, r#"{"status":{"code":"Healthy"}}"#), one("properties['a b'].x", "1", ""));
        assert_eq!(changes(r#"{"l":["a"]}"#, r#"{"l":["A"]}"#), one("properties.l", r#"["a"]"#, r#"["A"]"#));
        assert_eq!(changes(r#"{"l":["a","a"]}"#, r#"{"l":["a"]}"#), one("properties.l", r#"["a","a"]"#, r#"["a"]"#));
        assert_eq!(changes(r#"{"v":"1.0"}"#, r#"{"v":"1"}"#), one("properties.v", "1.0", "1"));
    }

    #[test]
    fn what_is_ignored_is_so_with_all_beneath_it() {
        let mut changes = Vec::new();
        let (old, new) =
            (ValueRef::Json(r#"{"a":{"b":1},"ab":1}"#), ValueRef::Json(r#"{"a":{"b":2},"ab":2,"etag":1}"#));
        Compare::new(&["properties.a".to_owned()], true).cells("properties", old, new, &mut changes);
        assert_eq!(
            changes.iter().map(|change| change.field.as_str()).collect::<Vec<_>>(),
            ["properties.ab", "properties.etag"]
        );
    }
}
