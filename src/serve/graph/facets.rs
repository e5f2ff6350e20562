//! Facets: how often each value of some columns is in the answer.

use serde_json::{Value, json};

use super::data;
use super::failure::details;
use super::request::Facet;
use super::version::Version;
use crate::{Engine, Error, Field, Table, Type};

/// The name that the answer has for the queries of its facets.
const ANSWER: &str = "answer";

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
        let columns = match self.columns(answer) {
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

    /// The columns of the answer that it names: as they are called there, or by the path that gave them the name.
    fn columns<'a>(&self, answer: &'a Table) -> Result<Vec<&'a Field>, Vec<Value>> {
        let find = |name: &str| answer.columns().iter().find(|column| &*column.name == name);
        let (mut found, mut wrong) = (Vec::new(), Vec::new());
        for part in self.expression.split(',').map(str::trim) {
            let named = || {
                let checked = Engine::new().check(&format!("resources | project {part}"));
                checked.columns.first().map(|column| column.name.to_string())
            };
            match find(part).or_else(|| find(&named()?)) {
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

/// As a name in brackets.
fn quoted(name: &str) -> String {
    format!("['{}']", name.replace('\\', "\\\\").replace('\'', "\\'"))
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
