//! `argql bench`: load once, answer repeatedly. The first run of a query reads its paths from the JSON, later ones find
//! the extracted columns; no result is kept.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::json;

use super::destination::unwritable;
use super::failure::Failure;
use super::messages::Messages;
use super::terminal::stdout;
use crate::{Engine, Format, Layout, Question};

/// Prints `{"load_s", "peak_mib", "queries": {STEM: {"first_s", "times_s": […], "answer": PATH}}}` on one line.
pub(super) fn bench(
    engine: &Engine,
    files: &[PathBuf],
    repeat: usize,
    out: Option<&Path>,
    messages: &Messages,
) -> Result<(), Failure> {
    let questions: Vec<Question> = files.iter().map(Question::open).collect::<Result<_, _>>()?;
    let loading = Instant::now();
    let mut engines = Vec::with_capacity(questions.len());
    for question in &questions {
        // Indexes the tables: what a query needs to be bound.
        let engine = question.complete(engine)?;
        messages.warnings(question.prepare(&engine)?.warnings(), Some((question.name(), question.text())));
        engines.push(engine);
    }
    let load = loading.elapsed().as_secs_f64();
    let mut queries = serde_json::Map::new();
    for ((file, question), engine) in files.iter().zip(&questions).zip(&engines) {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut times = Vec::with_capacity(repeat);
        let mut last = None;
        for _ in 0..repeat {
            let start = Instant::now();
            let table = engine.query(&question.flat_text()?)?;
            times.push(start.elapsed().as_secs_f64());
            last = Some(table);
        }
        let answer = match (out, last) {
            (Some(folder), Some(table)) => {
                let path = folder.join(format!("{stem}.ndjson"));
                let written = std::fs::create_dir_all(folder).and_then(|()| File::create(&path)).and_then(|file| {
                    let mut file = BufWriter::new(file);
                    table.write(&mut file, Format::Ndjson, &Layout::new())?;
                    file.flush()
                });
                written.map_err(|error| unwritable(&path, &error))?;
                Some(path)
            }
            _ => None,
        };
        let answer = answer.map(|path| path.display().to_string());
        let (first, later) = times.split_first().expect("every query runs at least once");
        queries.insert(stem, json!({ "first_s": first, "times_s": later, "answer": answer }));
    }
    let peak = peak_mib().map(|peak| (peak * 10.0).round() / 10.0);
    Ok(writeln!(stdout(), "{}", json!({ "load_s": load, "peak_mib": peak, "queries": queries }))?)
}

/// The most memory that the process had, where the system tells.
fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}
