//! One stage of a query's way a bench, with its throughput: `cargo bench --bench stages -- join` runs one of them.
//!
//! Text is counted in bytes, and so are the files that are scanned and what an answer is as a file. Everything in between
//! works on columns that are in memory and is counted in rows of the table: the time of a stage is that of a query which
//! does little else.
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on fails")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::fs;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::Path;

use argql::{Engine, Format, Layout, inspect};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use support::{golden, tenant};

/// How often the sample's subscriptions stand side by side: 13,250 assessments among 17,250 rows, 30 MB of JSON.
const SIZE: usize = 50;

/// What the scan takes out of each row.
const EXTRACTED: &str = "securityresources
    | project id, name, subscriptionId, code = tostring(properties.status.code),
        severity = tostring(properties.metadata.severity), resource = tostring(properties.resourceDetails.Id)";

/// Stages over columns that are in memory.
const WARM: [(&str, &str); 7] = [
    ("filter", "| where type == 'microsoft.security/assessments' and properties.status.code == 'Unhealthy' | count"),
    ("lifted call", "| where toupper(strcat('is ', properties.status.code)) == 'IS UNHEALTHY' | count"),
    ("group-by", "| summarize count() by tostring(properties.status.code), tostring(properties.metadata.severity)"),
    ("dcount", "| summarize dcount(id), dcount(tostring(properties.resourceDetails.Id)) by subscriptionId | count"),
    ("sort", "| project id, code = tostring(properties.status.code) | sort by code asc, id asc"),
    ("join", "| project id, name | join kind=inner (securityresources | project id, type) on id | count"),
    ("mv-expand", "| mv-expand each = properties.statusPerInitiative | where isnotnull(each) | count"),
];

/// Queries as text: everything between a file's bytes and its tree.
fn text(criterion: &mut Criterion) {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let queries: Vec<String> =
        golden::files(&home.join("queries")).iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let bytes = queries.iter().map(|query| query.len() as u64).sum();
    let mut group = criterion.benchmark_group("text");
    group.throughput(Throughput::Bytes(bytes));
    let lexed = |query: &String| inspect::tokens(black_box(query)).is_some();
    let parsed = |query: &String| inspect::parses(black_box(query));
    assert!(queries.iter().all(|query| lexed(query) && parsed(query)), "the library is KQL");
    group.bench_function("lex", |bench| bench.iter(|| queries.iter().filter(|query| lexed(query)).count()));
    group.bench_function("lex+parse", |bench| bench.iter(|| queries.iter().filter(|query| parsed(query)).count()));
}

fn stages(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let tables = tenant::write_grown(folder.path(), SIZE);
    let (_, bytes) = tables.into_iter().find(|(table, _)| *table == "securityresources").unwrap();
    let load = |keep| golden::engine().keep_columns(keep).load(folder.path()).unwrap();

    let mut scan = criterion.benchmark_group("scan");
    scan.throughput(Throughput::Bytes(bytes)).sample_size(20);
    let cold = load(false);
    scan.bench_function("row index", |bench| {
        bench.iter(|| black_box(cold.query("securityresources | count").unwrap()))
    });
    scan.bench_function("extraction", |bench| bench.iter(|| streamed(&cold, EXTRACTED)));
    scan.finish();

    let warm = load(true);
    let rows = warm.query("securityresources").unwrap().len();
    let mut columns = criterion.benchmark_group("columns");
    columns.throughput(Throughput::Elements(rows as u64)).sample_size(20);
    for (stage, query) in WARM {
        let query = warm.prepare(&format!("securityresources {query}")).unwrap();
        assert!(!query.run().unwrap().is_empty(), "{stage} finds nothing");
        columns.bench_function(stage, |bench| bench.iter(|| black_box(query.run().unwrap())));
    }
    columns.finish();

    let answer = warm.query(EXTRACTED).unwrap();
    let mut output = criterion.benchmark_group("output");
    output.sample_size(20);
    for format in Format::all() {
        let mut out = Vec::new();
        answer.write(&mut out, format, &Layout::new()).unwrap();
        output.throughput(Throughput::Bytes(out.len() as u64));
        output.bench_function(format.name(), |bench| {
            bench.iter(|| {
                out.clear();
                answer.write(&mut out, format, &Layout::new()).unwrap();
            });
        });
    }
}

/// The rows of an answer, each piece forgotten once it is there.
fn streamed(engine: &Engine, query: &str) -> usize {
    let mut rows = 0;
    let each = |piece: argql::Table| {
        rows += black_box(piece).len();
        ControlFlow::Continue(())
    };
    engine.prepare(query).unwrap().stream(each).unwrap();
    rows
}

criterion_group!(benches, text, stages);
criterion_main!(benches);
