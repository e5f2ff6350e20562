//! `argql bench`: load once, answer repeatedly. The first run of a query reads its paths from the JSON, later ones find
//! the extracted columns; no result is kept.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use serde_json::json;

use super::destination::unwritable;
use super::failure::Failure;
use super::messages::Messages;
use super::terminal::stdout;
use crate::{Engine, Format, Layout, Question, Table};

/// How often, and by how many at the same time, each query is asked.
#[derive(Clone, Copy)]
pub(super) struct Load {
    pub(super) repeat: usize,
    pub(super) clients: usize,
}

/// A query, the engine with what it takes, and what came of it.
struct Subject {
    stem: String,
    text: String,
    engine: Engine,
    first: f64,
    later: Vec<f64>,
    last: Table,
}

/// Prints `{"load_s", "peak_mib", "queries": {STEM: {"first_s", "times_s": […], "answer": PATH}}}` on one line; with
/// several clients also `"clients"` and `"answers_per_s"`.
pub(super) fn bench(
    engine: &Engine,
    files: &[PathBuf],
    load: Load,
    out: Option<&Path>,
    messages: &Messages,
) -> Result<(), Failure> {
    let stems: Vec<String> =
        files.iter().map(|file| file.file_stem().unwrap_or_default().to_string_lossy().into_owned()).collect();
    if let Some(twice) = stems.iter().enumerate().find_map(|(at, stem)| stems[..at].contains(stem).then_some(stem)) {
        return Err(Failure::Usage(format!("two files are called `{twice}`, by which their times are listed")));
    }
    let questions: Vec<Question> = files.iter().map(Question::open).collect::<Result<_, _>>()?;
    let loading = Instant::now();
    let mut engines = Vec::with_capacity(questions.len());
    for question in &questions {
        // Indexes the tables: what a query needs to be bound.
        let engine = question.complete(engine)?;
        messages.warnings(question.prepare(&engine)?.warnings(), Some((question.name(), question.text())));
        engines.push(engine);
    }
    let loaded = loading.elapsed().as_secs_f64();
    let mut subjects = Vec::with_capacity(questions.len());
    for ((stem, question), engine) in stems.into_iter().zip(&questions).zip(engines) {
        let text = question.flat_text()?;
        let (first, last) = timed(&engine, &text)?;
        let mut subject = Subject { stem, text, engine, first, later: Vec::new(), last };
        if load.clients == 1 {
            for _ in 1..load.repeat {
                let (time, table) = timed(&subject.engine, &subject.text)?;
                subject.later.push(time);
                subject.last = table;
            }
        }
        subjects.push(subject);
    }
    let mut printed = json!({ "load_s": loaded });
    if load.clients > 1 {
        let begun = Instant::now();
        let times = together(&subjects, load)?;
        let answers = u32::try_from(times.len()).unwrap_or(u32::MAX);
        printed["clients"] = json!(load.clients);
        printed["answers_per_s"] = json!(f64::from(answers) / begun.elapsed().as_secs_f64());
        times.into_iter().for_each(|(at, time)| subjects[at].later.push(time));
    }
    let mut queries = serde_json::Map::new();
    for subject in subjects {
        let answer = out.map(|folder| save(&subject.last, folder, &subject.stem)).transpose()?;
        let times = json!({ "first_s": subject.first, "times_s": subject.later, "answer": answer });
        queries.insert(subject.stem, times);
    }
    printed["peak_mib"] = json!(peak_mib().map(|peak| (peak * 10.0).round() / 10.0));
    printed["queries"] = queries.into();
    Ok(writeln!(stdout(), "{printed}")?)
}

/// The seconds that an answer took, and the answer.
fn timed(engine: &Engine, text: &str) -> Result<(f64, Table), Failure> {
    let start = Instant::now();
    let table = engine.query(text)?;
    Ok((start.elapsed().as_secs_f64(), table))
}

/// The place of each query that was answered and the seconds that it took, while all clients ask.
fn together(subjects: &[Subject], load: Load) -> Result<Vec<(usize, f64)>, Failure> {
    let client = |number: usize| -> Result<Vec<(usize, f64)>, Failure> {
        let asked = (0..load.repeat * subjects.len()).map(|turn| (turn + number) % subjects.len());
        asked.map(|at| Ok((at, timed(&subjects[at].engine, &subjects[at].text)?.0))).collect()
    };
    let times = thread::scope(|scope| {
        let clients: Vec<_> = (0..load.clients).map(|number| scope.spawn(move || client(number))).collect();
        let joined = clients.into_iter().map(|client| client.join().expect("a panic of a client ends all"));
        joined.collect::<Result<Vec<_>, _>>()
    });
    Ok(times?.concat())
}

/// Writes an answer to the folder; gives its path.
fn save(table: &Table, folder: &Path, stem: &str) -> Result<String, Failure> {
    let path = folder.join(format!("{stem}.ndjson"));
    let written = std::fs::create_dir_all(folder).and_then(|()| File::create(&path)).and_then(|file| {
        let mut file = BufWriter::new(file);
        table.write(&mut file, Format::Ndjson, &Layout::new())?;
        file.flush()
    });
    written.map_err(|error| unwritable(&path, &error))?;
    Ok(path.display().to_string())
}

/// The most memory that the process had, where the system tells.
fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}
