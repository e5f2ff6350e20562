//! Schemas of databases and tables: as JSON, for editors, and as text that would create them.

use serde_json::{Map, Value, json};

use super::types::full_type;
use crate::Field;

/// A database with its tables.
pub(super) struct Database {
    pub(super) name: String,
    /// Counts the exports that were loaded: the version is `v1.` and that.
    pub(super) number: u64,
    pub(super) tables: Vec<(String, Vec<Field>)>,
}

/// What `.show schema as json` gives.
pub(super) fn as_json(databases: &[Database]) -> String {
    let databases: Map<String, Value> = databases
        .iter()
        .map(|database| {
            let tables: Map<String, Value> =
                database.tables.iter().map(|(name, fields)| (name.clone(), table(name, fields))).collect();
            let shown = json!({
                "Name": database.name,
                "Tables": tables,
                "ExternalTables": {},
                "MaterializedViews": {},
                "EntityGroups": {},
                "PrettyName": null,
                "MajorVersion": 1,
                "MinorVersion": database.number,
                "Functions": {},
                "DatabaseAccessMode": "ReadOnly",
            });
            (database.name.clone(), shown)
        })
        .collect();
    json!({"Plugins": [], "Databases": databases}).to_string()
}

/// One table of it.
pub(super) fn table(name: &str, fields: &[Field]) -> Value {
    let columns: Vec<Value> = fields
        .iter()
        .map(|field| json!({"Name": &*field.name, "Type": full_type(field.ty), "CslType": field.ty.name()}))
        .collect();
    json!({"Name": name, "OrderedColumns": columns})
}

/// `id:string,tags:dynamic`
pub(super) fn as_csl(fields: &[Field], between: &str) -> String {
    let columns: Vec<String> =
        fields.iter().map(|field| format!("{}:{}", name(&field.name), field.ty.name())).collect();
    columns.join(between)
}

/// A name as a query writes it.
pub(super) fn name(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match plain {
        true => name.to_owned(),
        false => format!("['{}']", name.replace('\\', "\\\\").replace('\'', "\\'")),
    }
}
