//! Every `benches/*.kql` at every size is a bench, cold and warm: `cargo bench -- worst` runs those of one query.
//!
//! Cold is what a command does: open the files, answer, forget. Warm is what a session does from its second query on:
//! the columns are in memory. Throughput counts the bytes of the tables that the query names, also when none is read.
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on fails")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use argql::Engine;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use support::{golden, tenant};

/// How often the sample's subscriptions stand side by side; once is 265 assessments and 0.9 MB of JSON.
const SIZES: [usize; 2] = [10, 200];

fn queries(criterion: &mut Criterion) {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches");
    let mut files: Vec<PathBuf> = fs::read_dir(home).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "kql"));
    files.sort();
    for size in SIZES {
        let folder = tempfile::tempdir().unwrap();
        let tables = tenant::write_grown(folder.path(), size);
        let load = |keep| golden::engine().keep_columns(keep).load(folder.path()).unwrap();
        for file in &files {
            let query = fs::read_to_string(file).unwrap();
            let words: Vec<&str> = query.split(|c: char| !c.is_alphanumeric()).collect();
            let bytes = tables.iter().filter(|(table, _)| words.contains(table)).map(|(_, bytes)| bytes).sum();
            let mut group = criterion.benchmark_group(file.file_stem().unwrap().to_str().unwrap());
            group.throughput(Throughput::Bytes(bytes)).sample_size(20);
            let answer = |engine: &Engine| black_box(engine.query(&query).unwrap()).len();
            group.bench_function(BenchmarkId::new("cold", size), |bench| bench.iter(|| answer(&load(false))));
            group.bench_function(BenchmarkId::new("warm", size), |bench| {
                let engine = load(true);
                assert!(answer(&engine) > 0, "{} finds nothing", file.display());
                bench.iter(|| answer(&engine));
            });
        }
    }
}

criterion_group!(benches, queries);
criterion_main!(benches);
