//! The embedded sample is what the generator makes, and its answers are the generator's counts.

mod support;

use std::io::Read;
use std::path::Path;

use support::json::Json;
use support::{shapes, tenant};

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
