//! Facets: how often each value of some columns is in the answer.

use serde_json::{Value, json};

use super::data;
use super::failure::details;
use super::request::Facet;
use super::version::Version;
use crate::{Engine, Error, Field, MarkKind, Table, Type, marks};

/// The name that the answer has for the queries of its facets.
const ANSWER: &str = "answer";
/// The most columns that a facet's expression may name.
const COLUMNS: usize = 100;

/// What each of the facets comes to, also what is wrong with it.
pub(super) fn facets(engine: &Engine, answer: &Table, asked: &[Facet]) -> Result<Vec<Counted>, Error> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let engine = engine.clone().with_answer(ANSWER, answer);
    asked.iter().map(|facet| facet.count(&engine, answer)).collect()
}

/// A facet's result.
#[derive(Debug)]
pub(super) struct Counted {
    expression: String,
    result: Result<Groups, Vec<Value>>,
}

#[derive(Debug)]
struct Groups {
    /// The first of them.
    rows: Table,
    /// How many there are.
    total: usize,
}

impl Facet {
    fn count(&self, engine: &Engine, answer: &Table) -> Result<Counted, Error> {
        let counted = |result| Ok(Counted { expression: self.expression.clone(), result });
        let columns = match self.check().and_then(|()| self.columns(answer)) {
            Ok(columns) => columns,
            Err(wrong) => return counted(Err(wrong)),
        };
        let text = self.query(&columns);
        match engine.query(&text) {
            Ok(groups) => counted(Ok(Groups { total: groups.len(), rows: groups.head(self.top) })),
            Err(error) if error.is_query() => counted(Err(details(&error, &text))),
            Err(error) => Err(error),
        }
    }

    /// That what it asks is of no more than its own part of the query.
    fn check(&self) -> Result<(), Vec<Value>> {
        for (name, text) in [("filter", &self.filter), ("sortBy", &self.sort_by)] {
            if text.as_deref().is_some_and(|text| !stays_inside(text)) {
                let message = format!("{name} must be one expression, with every bracket and string closed.");
                return Err(vec![json!({"code": "InvalidExpression", "message": message})]);
            }
        }
        if self.expression.split(',').nth(COLUMNS).is_some() {
            let message = format!("A facet expression may have {COLUMNS} columns at most.");
            return Err(vec![json!({"code": "TooManyColumns", "message": message})]);
        }
        Ok(())
    }

    /// The columns of the answer that it names, each once: as they are called there, or by the path that gave them the name.
    fn columns<'a>(&self, answer: &'a Table) -> Result<Vec<&'a Field>, Vec<Value>> {
        let find = |name: &str| answer.columns().iter().find(|column| &*column.name == name);
        let (mut found, mut wrong) = (Vec::new(), Vec::new());
        for part in self.expression.split(',').map(str::trim) {
            let named = || {
                let ends = |text: Option<&str>| matches!(text, Some("|" | ";"));
                if marks(part).iter().any(|mark| ends(part.get(mark.span.range()))) {
                    return None;
                }
                let checked = Engine::new().check(&format!("resources | project {part}"));
                checked.columns.first().map(|column| column.name.to_string())
            };
            match find(part).or_else(|| find(&named()?)) {
                Some(column) if found.contains(&column) => {}
                Some(column) => found.push(column),
                None => wrong.push(part),
            }
        }
        if wrong.is_empty() {
            return Ok(found);
        }
        let mut errors = Vec::new();
        if found.is_empty() {
            errors.push(json!({"code": "NoValidColumns", "message": "No valid columns in facet expression."}));
        }
        let message = format!("Invalid column names: [{}].", wrong.join(", "));
        errors.push(json!({"code": "InvalidColumnNames", "message": message}));
        Err(errors)
    }

    fn query(&self, columns: &[&Field]) -> String {
        let names: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
        // Groups are made by text of what has any type.
        let keys = columns.iter().zip(&names).map(|(column, name)| match column.ty {
            Type::Dynamic => format!("{name} = tostring({name})"),
            _ => name.clone(),
        });
        let keys: Vec<String> = keys.collect();
        let filter = self.filter.as_ref().map_or(String::new(), |filter| format!("\n| where ({filter}\n)"));
        let sort_by = self.sort_by.as_deref().unwrap_or("['count']");
        let order = if self.ascending { "asc" } else { "desc" };
        let first: Vec<String> = names.iter().map(|name| format!("{name} asc")).collect();
        format!(
            "{ANSWER}{filter}\n| summarize ['count'] = count() by {}\n| sort by ({sort_by}\n) {order}, {}",
            keys.join(", "),
            first.join(", ")
        )
    }
}

/// As a name in brackets: there a name is never a literal, as `true` is.
fn quoted(name: &str) -> String {
    format!("['{}']", name.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Whether a text that is put into brackets of a query ends where they do: nothing in it closes a bracket that it did
/// not open, or leaves one or a string open.
fn stays_inside(text: &str) -> bool {
    let mut open = 0_usize;
    for mark in marks(text) {
        let left = match (mark.kind, text.get(mark.span.range())) {
            (MarkKind::OpenText | MarkKind::Mistake, _) => None,
            (MarkKind::Symbol, Some("(")) => Some(open + 1),
            (MarkKind::Symbol, Some(")")) => open.checked_sub(1),
            _ => Some(open),
        };
        match left {
            Some(left) => open = left,
            None => return false,
        }
    }
    open == 0
}

impl Counted {
    /// As JSON; data are small, a page at most.
    pub(super) fn text(&self, as_table: bool, version: Version) -> String {
        let expression = json!(self.expression);
        match &self.result {
            Ok(groups) => format!(
                r#"{{"expression":{expression},"resultType":"FacetResult","totalRecords":{},"count":{},"data":{}}}"#,
                groups.total,
                groups.rows.len(),
                data::whole(&groups.rows, as_table, version)
            ),
            Err(errors) => {
                let errors = json!(errors);
                format!(r#"{{"expression":{expression},"resultType":"FacetError","errors":{errors}}}"#)
            }
        }
    }
}
