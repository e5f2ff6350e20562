//! The embedded sample is what the generator makes, and its answers are the generator's counts.

mod support;

use std::io::Read;
use std::path::Path;

use support::json::Json;
use support::{golden, shapes, tenant};

#[test]
fn the_embedded_sample_is_what_the_generator_makes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sample");
    for (table, rows) in tenant::sample().tables {
        let path = folder.join(format!("{table}.ndjson.gz"));
        let text = shapes::lines(&rows, "\n");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, shapes::gzip(text.as_bytes())).unwrap();
        }
        let mut embedded = String::new();
        let file = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        flate2::read::GzDecoder::new(file).read_to_string(&mut embedded).unwrap();
        assert!(embedded == text, "{} is out of date: UPDATE=1 cargo test --test sample renews it", path.display());
    }
}

#[test]
fn every_row_of_a_table_is_json_with_the_same_columns() {
    for (table, rows) in tenant::sample().tables {
        let names = |row: &Json| match row {
            Json::Bag(entries) => entries.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(),
            other => panic!("a row of {table} is {other}"),
        };
        for row in &rows {
            assert_eq!(names(row), names(&rows[0]), "{table}");
            serde_json::from_str::<serde_json::Value>(&row.to_string()).unwrap();
        }
    }
}

/// Queries, each with the name of the count that it must find.
const COUNTS: &[(&str, &str)] = &[
    ("assessments", "securityresources | where type == 'microsoft.security/assessments'"),
    (
        "exempted assessments",
        "securityresources | where type == 'microsoft.security/assessments' and properties.status.cause == 'Exempt'",
    ),
    (
        "assessments switched off",
        "securityresources | where type endswith '/assessments' and properties.status.cause =~ 'offbypolicy'",
    ),
    (
        "exempted resources",
        "securityresources | where type endswith '/assessments' and properties.status.cause == 'Exempt'
         | summarize by tolower(tostring(properties.resourceDetails.Id))",
    ),
    (
        "exempted High",
        "securityresources | where type endswith '/assessments' and properties.metadata.severity == 'High'
         | where properties.status.description contains 'exempt'",
    ),
    (
        "exempted Medium",
        "securityresources | where type endswith '/assessments' and properties.metadata.severity in ('Medium')
         | where properties.status.description startswith 'Exempt'",
    ),
    (
        "exempted Low",
        "securityresources | where type endswith '/assessments' and tostring(properties.metadata.severity) == 'Low'
         | where properties.status.description has 'exempt'",
    ),
    (
        "assessments Healthy",
        "securityresources | where type endswith '/assessments' and properties.status.code == 'Healthy'",
    ),
    (
        "assessments Unhealthy",
        "securityresources | where type endswith '/assessments' and properties.status.code == 'Unhealthy'",
    ),
    (
        "assessments NotApplicable",
        "securityresources | where type endswith '/assessments' and properties.status.code =~ 'notapplicable'",
    ),
    (
        "assessments of Azure",
        "securityresources | where type endswith '/assessments' and properties.resourceDetails.Source == 'Azure'",
    ),
    (
        "assessments of Aws",
        "securityresources | where type endswith '/assessments' and id has 'aws'
         | where isnotempty(properties.resourceDetails.AzureResourceId)",
    ),
    (
        "assessments of Gcp",
        "securityresources | where type endswith '/assessments' and properties.resourceDetails.Source in~ ('GCP')",
    ),
    (
        "unhealthy and High",
        "securityresources | where type == 'microsoft.security/assessments'
         | where properties.status.code == 'Unhealthy' | where properties.metadata.severity == 'High'",
    ),
    (
        "partially exempted",
        "securityresources | where type endswith '/assessments' and isempty(properties.status.cause)
         | where properties.statusPerInitiative contains '\"Exempt\"'",
    ),
    ("exemptions", "policyresources | where type =~ 'Microsoft.Authorization/policyExemptions'"),
    (
        "exemptions Waiver",
        "policyresources | where type has 'policyexemptions' and properties.exemptionCategory == 'Waiver'",
    ),
    ("exemptions Mitigated", "policyresources | where properties.exemptionCategory == 'Mitigated'"),
    (
        "exemptions active",
        "policyresources | where type endswith 'policyexemptions' | extend ends = todatetime(properties.expiresOn)
         | where isnull(ends) or ends > now()",
    ),
    (
        "exemptions expired",
        "policyresources | where type endswith 'policyexemptions' | where todatetime(properties.expiresOn) <= now()",
    ),
    (
        "exemptions without end",
        "policyresources | where type endswith 'policyexemptions' and isnull(properties.expiresOn)",
    ),
    (
        "exemptions of whole assignments",
        "policyresources | where type endswith 'policyexemptions'
         | where coalesce(array_length(properties.policyDefinitionReferenceIds), 0) == 0",
    ),
    (
        "exemptions with selectors",
        "policyresources | where type endswith 'policyexemptions' and isnotnull(properties.resourceSelectors)",
    ),
    (
        "exemptions without ticket",
        "policyresources | where type endswith 'policyexemptions' and isempty(properties.metadata.ticketRef)",
    ),
    (
        "exemptions without creator",
        "policyresources | where type endswith 'policyexemptions' and isempty(properties.systemData.createdBy)",
    ),
    (
        "exemptions of management groups",
        "policyresources | where type endswith 'policyexemptions' and id startswith '/providers/microsoft.management/'",
    ),
    ("resources", "resources"),
    ("subscriptions", "resourcecontainers | where type == 'microsoft.resources/subscriptions'"),
    ("states", "policyresources | where type == 'microsoft.policyinsights/policystates'"),
    (
        "states Exempt",
        "policyresources | where properties.complianceState == 'Exempt' and properties.stateWeight == 50",
    ),
];

#[test]
fn queries_over_the_sample_count_what_the_generator_counted() {
    let engine = golden::engine().sample();
    let truth = tenant::sample().truth;
    let mut wrong = Vec::new();
    for (name, query) in COUNTS {
        let found = engine.query(query).unwrap_or_else(|error| panic!("{name}: {error}")).len();
        if found != truth[*name] {
            wrong.push(format!("{name}: {found}, not {}\n  {query}", truth[*name]));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_bench_finds_something_in_the_sample() {
    let engine = golden::engine().sample();
    let files = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches")).unwrap();
    let queries =
        files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|end| end == "kql"));
    for path in queries {
        let found = engine.query(&std::fs::read_to_string(&path).unwrap());
        assert!(!found.unwrap().is_empty(), "{}", path.display());
    }
}
