//! The same rows give the same answer in every shape that exports come in.

mod support;

use std::path::Path;

use argql::{Error, table_lines};
use support::golden;
use support::shapes::Shape;
use support::tenant;

/// Nested paths, whole properties, nulls, numbers and text with every kind of escape.
const QUERIES: [&str; 5] = [
    "securityresources | summarize n = count(), dcount(name) by type, tostring(properties.status.cause)",
    "securityresources | where properties.metadata.severity == 'High' | project id, properties.metadata.remediationDescription, properties.additionalData",
    "policyresources | where type endswith 'policyexemptions' | project name, subscriptionId, properties",
    "resources | project name, location, sku.tier, tags['cost center'], properties.networkAcls.ipRules[0].value, zones",
    "resourcecontainers | extend above = properties.managementGroupAncestorsChain | project name, tags, tostring(above)",
];

#[test]
fn the_same_rows_in_every_shape_give_the_same_answer() {
    let tenant = tenant::sample();
    let mut wrong = Vec::new();
    let mut expected: Option<Vec<Vec<String>>> = None;
    for shape in Shape::ALL {
        let folder = tempfile::tempdir().unwrap();
        for (table, rows) in &tenant.tables {
            shape.write(folder.path(), table, rows);
        }
        let answers = match answers(folder.path()) {
            Ok(answers) => answers,
            Err(error) => {
                wrong.push(format!("{shape:?}: {error}"));
                continue;
            }
        };
        let expected = expected.get_or_insert_with(|| answers.clone());
        for ((query, answer), expected) in QUERIES.iter().zip(&answers).zip(expected) {
            if let Some((one, other)) = expected.iter().zip(answer).find(|(one, other)| one != other) {
                wrong.push(format!("{shape:?}: {query}\n  {one}\n  {other}"));
            } else if expected.len() != answer.len() {
                wrong.push(format!("{shape:?}: {query}: {} lines, not {}", answer.len(), expected.len()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn answers(folder: &Path) -> Result<Vec<Vec<String>>, Error> {
    let engine = golden::engine().load(folder)?;
    QUERIES.iter().map(|query| Ok(table_lines(&[engine.query(query)?]))).collect()
}
