//! Every query in stages, as several machines would run it, answers as on one machine: the same rows in the same order,
//! sums of reals within 1e-12.
//!
//! All goldens of `tests/kql`, the questions of the library over the sample, and `CORPUS=FOLDER DATA=EXPORT`: every text of
//! a folder over an export. With `STAGINGS=all` each in 1, 2 and 5 partitions, small sides of joins sent to all of them or
//! not. A table at the end says how many were equal, refused and different. With the feature `cluster`, `CLUSTER=local` or
//! `CLUSTER=df://HOST:PORT` asks a cluster instead, whose executors see the folders of this machine.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that cannot go on fails, and says how it went")]

mod support;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use argql::inspect::{Staging, staged};
use argql::{Diagnostic, Engine, Error, MissingTables, Query, Table, Value};
use support::golden;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let snapshot = |name: &str| Engine::new().load(here(&format!("tests/cli/diff.in/{name}"))).unwrap();
    let folder = folder("sample");
    for name in ["securityresources", "policyresources", "resourcecontainers", "resources"] {
        // Packed bytes have no shares.
        let packed = File::open(format!("src/sample/{name}.ndjson.gz")).unwrap();
        let mut plain = File::create(folder.join(name).with_extension("ndjson")).unwrap();
        std::io::copy(&mut flate2::read::GzDecoder::new(packed), &mut plain).unwrap();
    }
    let engine = golden::engine().threads(2).unwrap().load(folder).unwrap();
    ["january", "february"].into_iter().fold(engine, |engine, name| engine.snapshot(name, &snapshot(name)))
});

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A folder that other processes may read, too.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stages").join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Partitions, and whether small sides of joins are sent to all of them: all that are tried with `STAGINGS=all`, and the
/// first of them otherwise.
const STAGINGS: [(usize, bool); 5] = [(2, false), (5, true), (5, false), (2, true), (1, false)];

fn stagings() -> &'static [(usize, bool)] {
    if std::env::var_os("STAGINGS").is_some_and(|which| which == "all") { &STAGINGS } else { &STAGINGS[..2] }
}

/// How a case went.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Equal,
    /// Natively, too.
    Refused,
    Differs(String),
}

/// How the cases of one origin went.
#[derive(Default)]
struct Tally {
    cases: usize,
    equal: usize,
    refused: usize,
    differing: Vec<String>,
}

impl Tally {
    fn add(&mut self, title: &str, query: &str, outcome: Outcome) {
        self.cases += 1;
        match outcome {
            Outcome::Equal => self.equal += 1,
            Outcome::Refused => self.refused += 1,
            Outcome::Differs(how) => self.differing.push(format!("{title}\n{query}\n{how}")),
        }
    }

    fn print(&self, name: &str) {
        let differing = self.differing.len();
        println!("{name:<24} {:>6} {:>6} {:>8} {differing:>10}", self.cases, self.equal, self.refused);
    }
}

fn report(tallies: &[(&str, Tally)]) {
    println!("{:<24} {:>6} {:>6} {:>8} {:>10}", "", "cases", "equal", "refused", "differing");
    tallies.iter().for_each(|(name, tally)| tally.print(name));
    let differing: Vec<&String> = tallies.iter().flat_map(|(_, tally)| &tally.differing).collect();
    let some: Vec<String> = differing.iter().take(20).map(|text| (*text).clone()).collect();
    assert!(differing.is_empty(), "{} differ\n\n{}", differing.len(), some.join("\n\n"));
}

/// Answers elsewhere than on one machine.
#[derive(Debug)]
enum Elsewhere {
    /// Stage by stage in this process.
    Staged(Staging),
    #[cfg(feature = "cluster")]
    Cluster(argql::Cluster),
}

/// Where answers are to be as they are natively. `files` is whether the machines find files where this one does.
fn places(files: bool) -> Vec<Elsewhere> {
    #[cfg(feature = "cluster")]
    if let Ok(address) = std::env::var("CLUSTER") {
        return vec![Elsewhere::Cluster(argql::Cluster::new(&address).unwrap())];
    }
    let staging = |&(partitions, broadcast)| Elsewhere::Staged(Staging { partitions, broadcast, elsewhere: files });
    stagings().iter().map(staging).collect()
}

/// Compares what comes of a query that an engine is asked.
struct Compare {
    engine: Engine,
    places: Vec<Elsewhere>,
}

impl Compare {
    fn new(engine: &Engine, files: bool) -> Compare {
        Compare { engine: engine.clone(), places: places(files) }
    }

    fn text(&self, text: &str) -> Outcome {
        self.query(|engine| engine.prepare(text))
    }

    fn query(&self, prepare: impl Fn(&Engine) -> Result<Query, Error>) -> Outcome {
        let Ok(query) = prepare(&self.engine) else { return Outcome::Refused };
        let native = query.run_all();
        for place in &self.places {
            let found = match place {
                Elsewhere::Staged(staging) => staged(&query, *staging),
                #[cfg(feature = "cluster")]
                Elsewhere::Cluster(cluster) => {
                    prepare(&self.engine.clone().on(cluster)).and_then(|query| query.run_all())
                }
            };
            if let Some(how) = difference(&native, &found, query.is_repeatable()) {
                return Outcome::Differs(format!("{place:?}: {how}"));
            }
        }
        if native.is_ok() { Outcome::Equal } else { Outcome::Refused }
    }
}

fn said(error: &Error) -> Vec<&str> {
    error.diagnostics().iter().map(|said| said.message.as_str()).collect()
}

fn difference(
    native: &Result<Vec<Table>, Error>,
    found: &Result<Vec<Table>, Error>,
    repeatable: bool,
) -> Option<String> {
    match (native, found) {
        (Err(native), Err(found)) => (said(native) != said(found)).then(|| format!("{native}\nbut in stages\n{found}")),
        (Ok(_), Err(found)) => Some(format!("refused in stages: {found}")),
        (Err(native), Ok(_)) => Some(format!("answered in stages only: {native}")),
        (Ok(native), Ok(found)) => {
            if native.len() != found.len() {
                return Some(format!("{} tables and {}", native.len(), found.len()));
            }
            native.iter().zip(found).find_map(|(native, found)| table_difference(native, found, repeatable))
        }
    }
}

fn table_difference(native: &Table, found: &Table, repeatable: bool) -> Option<String> {
    if native.columns() != found.columns() || native.chart() != found.chart() {
        return Some(format!("{:?} and {:?}", native.columns(), found.columns()));
    }
    // What is drawn by chance is never the same.
    if !repeatable {
        return None;
    }
    let warnings = |table: &Table| -> Vec<String> {
        let mut all: Vec<String> = table.warnings().iter().map(|said: &Diagnostic| said.message.clone()).collect();
        all.sort();
        all
    };
    let same = native.len() == found.len()
        && native.rows().zip(found.rows()).all(|(a, b)| a.iter().zip(&b).all(|(a, b)| same_value(a, b)));
    if same && warnings(native) == warnings(found) {
        return None;
    }
    let lines = |table: &Table| {
        let shown: Vec<String> = std::iter::once(table.head(12).to_json()).chain(warnings(table)).collect();
        shown.join("\n")
    };
    Some(format!("{} rows\n{}\nin stages {} rows\n{}", native.len(), lines(native), found.len(), lines(found)))
}

fn same_value(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Real(x), Value::Real(y)) => {
            x.to_bits() == y.to_bits() || (x.is_nan() && y.is_nan()) || (x - y).abs() <= 1e-12 * x.abs().max(y.abs())
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same_value(a, b))
        }
        (Value::Bag(a), Value::Bag(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|((ka, a), (kb, b))| ka == kb && same_value(a, b))
        }
        _ => a == b && format!("{a:?}") == format!("{b:?}"),
    }
}

#[test]
fn goldens_answer_in_stages_as_they_do_natively() {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let filter = std::env::var("FILTER").unwrap_or_default();
    let compare = Compare::new(&ENGINE, false);
    for file in golden::read_all(Path::new("tests/kql")) {
        let name = file.path.strip_prefix("tests/kql").unwrap().with_extension("").display().to_string();
        for case in file.cases {
            // What reads files of its own is for one machine: others may not have them.
            if case.query.contains("externaldata") || !format!("{name}: {}", case.title).contains(&filter) {
                continue;
            }
            let tally = tallies.entry(name.clone()).or_default();
            tally.add(&format!("{name}: {}", case.title), &case.query, compare.text(&case.query));
        }
    }
    let tallies: Vec<(&str, Tally)> =
        tallies.iter_mut().map(|(name, tally)| (name.as_str(), std::mem::take(tally))).collect();
    report(&tallies);
}

/// Queries in which it shows where each row comes from: what comes first, what is last, how equal values are spelled.
const ORDERS: [&str; 24] = [
    "T | where n % 3 == 1 | project id, n",
    "T | summarize make_list(id), take_any(id), count(), sum(r), avg(r) by k",
    "T | summarize arg_max(n, *), make_set(k), percentile(r, 90) by s",
    "T | summarize make_list(id, 7)",
    "T | distinct k, s",
    "T | distinct z",
    "T | sort by k asc | project id, k",
    "T | top 25 by k desc",
    "T | take 77",
    "T | where n > 100 | mv-expand e = range(0, n % 3, 1) to typeof(long) | project id, e | take 300",
    "T | mv-apply e = range(0, n % 3, 1) to typeof(long) on (summarize m = sum(e)) | summarize make_list(m) by k",
    "T | partition by k (top 2 by n desc)",
    "T | partition by k (summarize make_list(id, 3))",
    "T | where n < 60 | join kind=inner (U) on k | project id, w",
    "T | where n < 60 | join (U) on k | project id, w",
    "T | where n < 60 | join kind=leftouter (U) on k | summarize make_list(id), make_list(w) by s",
    "U | join kind=rightouter (T | where n < 60) on k | project id, w",
    "T | where n < 60 | join kind=fullouter (U | join kind=inner (U) on k) on k | project id, w, w1",
    "T | where n < 60 | mv-expand e = range(0, n % 3, 1) | join kind=fullouter (U | mv-expand f = range(1, 2)) on k | project id, e, w, f",
    "T | join kind=leftsemi (U | where w startswith 'a') on k | summarize make_list(id, 20) by s",
    "T | join kind=rightanti (U) on k | union (U | take 2), (T | where n < 5) | project k, w, id",
    "union T, U, (T | join kind=inner U on k | summarize take_any(id) by w) | summarize count(), make_list(id, 3), take_any(w) by k",
    "T | where k in ((U | where w startswith 'a' | project k)) | serialize c = row_cumsum(n) | where c % 2 == 0 | top 9 by c",
    "let m = toscalar(T | summarize max(n)); T | where n > m - 40 | summarize by s, b = bin(n, 7) | sort by b asc",
];

/// Rows over many batches, whose keys come again everywhere.
fn many_rows() -> Engine {
    let (mut rows, mut others) = (String::new(), String::new());
    for n in 0..3_000 {
        let (k, s) = (n * 7 % 13, n * 31 % 5);
        let z = if n % 2 == 0 { "0.0" } else { "-0.0" };
        let key = if k == 5 { "null".to_owned() } else { k.to_string() };
        rows += &format!("{{\"id\":\"row{n}\",\"n\":{n},\"k\":{key},\"s\":\"s{s}\",\"r\":{}.1,\"z\":{z}}}\n", n % 97);
    }
    for n in 0..40 {
        let key = if n == 17 { "null".to_owned() } else { (n * 5 % 17).to_string() };
        others += &format!("{{\"k\":{key},\"w\":\"{}{n}\"}}\n", if n % 3 == 0 { 'a' } else { 'b' });
    }
    let folder = folder("many");
    fs::write(folder.join("T.ndjson"), rows).unwrap();
    fs::write(folder.join("U.ndjson"), others).unwrap();
    golden::engine().load(folder).unwrap()
}

#[test]
fn rows_of_many_partitions_come_out_in_the_order_of_one() {
    let (compare, mut tally) = (Compare::new(&many_rows(), false), Tally::default());
    for query in ORDERS {
        let stages = compare.engine.prepare(query).unwrap().stages().unwrap();
        assert!(stages[0].contains("Stage 1 "), "{query} is of one stage:\n{}", stages[0]);
        tally.add(query, query, compare.text(query));
    }
    assert_eq!(tally.refused, 0);
    report(&[("orders", tally)]);
}

#[test]
#[cfg(feature = "review")]
fn questions_of_the_library_answer_in_stages_as_they_do_natively() {
    use argql::Library;
    let compare = Compare::new(&ENGINE.clone().missing_tables(MissingTables::Empty), false);
    let mut tally = Tally::default();
    for question in Library::builtin().questions() {
        tally.add(question.name(), "", compare.query(|engine| question.prepare(engine)));
    }
    report(&[("library", tally)]);
}

#[test]
fn texts_of_a_corpus_answer_in_stages_as_they_do_natively() {
    let (Some(corpus), Some(data)) = (std::env::var_os("CORPUS"), std::env::var_os("DATA")) else { return };
    let engine = golden::engine().missing_tables(MissingTables::Empty).load(data).unwrap();
    let compare = Compare::new(&engine, true);
    let mut tally = Tally::default();
    for path in golden::files(Path::new(&corpus)) {
        let text = fs::read_to_string(&path).unwrap();
        tally.add(&path.display().to_string(), &text, compare.text(&text));
    }
    report(&[("corpus", tally)]);
}
