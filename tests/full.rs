//! A disk that takes no more, for which the limit of a file's size stands in: an error that says which file, the exit
//! code of what cannot be written, and nothing half-written; what was there before is there still.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Runs the command where no file may have more than so many blocks of 512 bytes.
fn argql(blocks: usize, folder: &Path, args: &[&str]) -> Output {
    let limited = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    Command::new("sh")
        .args(["-c", &limited, env!("CARGO_BIN_EXE_argql")])
        .args(args)
        .current_dir(folder)
        .env("TMPDIR", folder.join("tmp"))
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

const FREE: usize = 1 << 20;

/// An export whose text does not shrink.
fn export(folder: &Path, rows: u64) {
    let mut text = String::new();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for row in 0..rows {
        let mut noise = String::new();
        for _ in 0..8 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            write!(noise, "{state:016x}").unwrap();
        }
        writeln!(text, r#"{{"id":"/{row}/{noise}","name":"n{row}","properties":{{"status":{{"code":"{noise}"}}}}}}"#)
            .unwrap();
    }
    fs::create_dir_all(folder.join("tmp")).unwrap();
    fs::write(folder.join("resources.json"), text).unwrap();
}

/// The names of everything below a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            names.extend(self::names(&path).into_iter().map(|below| format!("{name}/{below}")));
        } else {
            names.push(name);
        }
    }
    names.sort();
    names
}

fn failed(output: &Output, file: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(file) && said.contains("File too large"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    assert!(output.stdout.is_empty());
}

#[test]
fn an_import_leaves_the_store_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    export(folder.path(), 50);
    let import = ["import", "-d", "resources.json", "--store", "store", "--as"];
    let first = argql(FREE, folder.path(), &[&import[..], &["2026-11-26"]].concat());
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    let before = names(&folder.path().join("store"));
    export(folder.path(), 20_000);
    // Another snapshot, and the same one anew.
    for date in ["2026-11-27", "2026-11-26"] {
        let output = argql(200, folder.path(), &[&import[..], &[date]].concat());
        failed(&output, "resources-000");
        assert_eq!(names(&folder.path().join("store")), before);
        let count = argql(200, folder.path(), &["query", "-d", "store", "resources | count", "--format", "csv"]);
        assert_eq!(String::from_utf8_lossy(&count.stdout), "Count\n50\n");
    }
    // The manifest is the last to be written.
    let last = argql(0, folder.path(), &[&import[..], &["2026-11-28"]].concat());
    assert_eq!(last.status.code(), Some(2), "{}", String::from_utf8_lossy(&last.stderr));
    assert_eq!(names(&folder.path().join("store")), before);
}

#[test]
fn an_answer_takes_the_place_of_an_earlier_one_only_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    export(folder.path(), 20_000);
    for name in ["answer.parquet", "answer.arrow", "answer.xlsx", "answer.csv", "answer.json", "answer.html"] {
        fs::write(folder.path().join(name), "earlier").unwrap();
        let before = names(folder.path());
        let query = "resources | project id, code = tostring(properties.status.code)";
        let args = ["query", "-d", "resources.json", query, "--output", name];
        let output = argql(200, folder.path(), &args);
        // The rows of a workbook wait in a file without a name, which is full first.
        let (said, code) = (String::from_utf8_lossy(&output.stderr), output.status.code());
        assert_eq!(code, Some(2), "{name}: {said}");
        assert!(said.contains(name) && said.contains("cannot be written"), "{name}: {said}");
        assert!(!said.contains("panicked") && said.lines().count() == 1, "{name}: {said}");
        assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), "earlier", "{name}");
        assert_eq!(names(folder.path()), before, "{name}");
    }
}

#[test]
fn rows_that_are_written_as_they_come_leave_no_half_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    export(folder.path(), 20_000);
    for name in ["answer.parquet", "answer.ndjson"] {
        fs::write(folder.path().join(name), "earlier").unwrap();
        let args = ["query", "-d", "resources.json", "resources | project id", "--stream", "--output", name];
        let output = argql(200, folder.path(), &args);
        failed(&output, name);
        assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), "earlier", "{name}");
        assert!(!names(folder.path()).iter().any(|name| name.ends_with(".part")));
    }
}
