//! Queries and files that would take a machine down: each ends soon, with its answer or with the exit code of a limit,
//! and never holds much more than it was allowed. Not part of `cargo test`, because it needs the speed of a release and
//! about a GiB: `cargo test --release --test hostile`.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const MIB: u64 = 1 << 20;
const LIMIT: u64 = 500 * MIB;
/// For the program itself, what its allocator keeps, and what is found only when it is there already.
const BEYOND: u64 = 150 * MIB;
const SOON: Duration = Duration::from_secs(10);

/// How a run of the command ended.
struct Ending {
    code: Option<i32>,
    peak: u64,
    time: Duration,
    said: String,
}

/// Runs the command and watches how much memory is resident; its answer goes nowhere.
fn run(arguments: &[&str]) -> Ending {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_argql"))
        .args(arguments)
        .env_remove("ARGQL_DATA")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak = 0;
    let code = loop {
        // Of a process that has ended there is nothing to read.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let high = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = high.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        peak = peak.max(kib.unwrap_or(0) << 10);
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if start.elapsed() > 3 * SOON {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let time = start.elapsed();
    let said = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
    Ending { code, peak, time, said }
}

/// A row per number, with a text of 80 kB in each.
const WIDE: &str = "range k from 1 to 4000 step 1 | extend t = strrep(strcat(k, '-'), 1000, '0123456789012345678901234567890123456789012345678901234567890123456789')";

/// What takes more than it may, whatever way it takes it: `WIDE` stands for wide rows.
const QUERIES: &[(&str, &str)] = &[
    (
        "expansion beside long texts",
        "range k from 1 to 100 step 1 | extend t = strrep(strcat(k, '-'), 1000, strrep('x', 80)) | mv-expand n = range(1, 1000000, 1) | where strlen(t) + n < 0",
    ),
    (
        "expansion of ranges of their own",
        "range k from 1 to 1000 step 1 | extend r = range(1, 1000000 + k, 1) | mv-expand r to typeof(long) | count",
    ),
    (
        "texts of expanded rows",
        "range k from 1 to 100 step 1 | mv-expand n = range(1, 1000000, 1) | extend t = strcat(k, '-', n, ' and some more text to fill the row') | sort by t asc | take 5",
    ),
    ("long texts in order", "WIDE | sort by t desc | project strlen(t)"),
    ("long texts, made", "WIDE | project strcat(t, t, t, t) | where strlen(Column1) < 0 | count"),
    ("all of it as the answer", "WIDE"),
    ("a list of long texts", "WIDE | summarize make_list(t)"),
    ("a set of long texts", "WIDE | summarize make_set(strcat(t, k))"),
    (
        "a list of long texts in each part",
        "WIDE | mv-apply n = range(1, 3, 1) on (summarize l = make_list(strcat(t, n))) | count",
    ),
    ("distinct long texts", "WIDE | distinct strcat(t, k)"),
    ("groups by long texts", "WIDE | summarize count() by strcat(t, k) | count"),
    ("how many distinct long texts", "WIDE | summarize dcount(strcat(t, k)), count_distinct(strcat(k, t))"),
    ("the largest of long texts", "WIDE | summarize arg_max(k, *) by k | summarize max(strlen(t))"),
    ("percentiles of many groups", "range k from 1 to 100000000 step 1 | summarize percentile(k, 50) by k"),
    ("groups of ever new numbers", "range k from 1 to 90000000 step 1 | summarize count() by k, hash(k) | count"),
    ("the row before", "WIDE | serialize | extend p = prev(t), n = next(t) | where p == n | count"),
    ("the row before, of made text", "WIDE | sort by k desc | extend p = prev(strcat(t, k)) | where p == '' | count"),
    (
        "sums along many rows",
        "range k from 1 to 90000000 step 1 | serialize s = row_cumsum(k), n = row_number() | summarize max(s)",
    ),
    (
        "a join of all with all",
        "range a from 1 to 100000 step 1 | extend k = 1 | join kind=inner (range b from 1 to 100000 step 1 | extend k = 1) on k | count",
    ),
    ("a join of long texts", "WIDE | join kind=inner (WIDE) on t | count"),
    (
        "a cross join that is written",
        "range a from 1 to 10000 step 1 | extend k = 1 | join kind=inner (range b from 1 to 10000 step 1 | extend k = 1) on k",
    ),
    ("a union of long texts", "union (WIDE), (WIDE), (WIDE | extend k = -k) | sort by k asc | project strlen(t)"),
    (
        "a text within a text",
        "print t = replace_string(strrep('a', 1024, 'a'), 'a', strrep('a', 1024, 'b')) | extend t = replace_string(t, 'a', t) | extend t = replace_string(t, 'a', t) | project strlen(t)",
    ),
    (
        "a pattern within a text",
        "print t = replace_regex(strrep('a', 1000), 'a', strrep('b', 1000)) | extend t = replace_regex(t, 'b', strrep('c', 1000)) | project strlen(t)",
    ),
    (
        "texts within a text",
        "print t = strrep('a', 1000) | extend t = replace_strings(t, dynamic(['a']), pack_array(strrep(t, 1000))) | extend t = replace_strings(t, dynamic(['a']), pack_array(strrep('b', 1000))) | project strlen(t)",
    ),
    (
        "an array with a long delimiter",
        "print t = strcat_array(range(1, 1000000, 1), strrep('x', 1000, 'y')) | project strlen(t)",
    ),
    (
        "a text that doubles",
        "range k from 1 to 1 step 1 | extend t = strrep(strcat(k), 1024, strrep('x', 1024)) | extend t = strrep(t, 64) | extend t = strrep(t, 64) | extend t = strcat(t, t, t, t) | project strlen(t)",
    ),
    (
        "ranges in every row",
        "range k from 1 to 1000 step 1 | extend r = range(k, k + 1000000, 1) | summarize sum(array_length(r)), make_list(r)",
    ),
    (
        "arrays in arrays",
        "range k from 1 to 200000 step 1 | summarize l = make_list(k) | mv-expand n = range(1, 10000, 1) | extend l = array_concat(l, pack_array(n)) | summarize max(array_length(l))",
    ),
    ("all splits of long texts", "WIDE | extend p = split(t, '0') | summarize sum(array_length(p)), make_list(p)"),
    (
        "all matches in long texts",
        "WIDE | extend p = extract_all('([0-9])', t) | summarize sum(array_length(p)), make_list(p)",
    ),
    ("bags of all columns", "WIDE | extend b = pack_all() | extend c = pack_all() | summarize make_list(c)"),
    (
        "a bag of ever new keys",
        "range k from 1 to 3000000 step 1 | summarize b = make_bag(bag_pack(strcat('key ', k), k)) | project array_length(bag_keys(b))",
    ),
    ("long texts taken apart", "WIDE | parse t with a '-' b '-' c '-' d | summarize make_list(strcat(b, c, d))"),
    ("a value of many rows", "let m = materialize(WIDE); m | where strlen(t) > 1 | union m | summarize make_list(t)"),
    ("a value for a row", "print n = strlen(toscalar(WIDE | summarize strcat_array(make_list(t), ',')))"),
    (
        "the best of each of the best",
        "WIDE | top-nested 20000 of k by max(k), top-nested 20000 of strcat(t, k) by max(k)",
    ),
    (
        "an apply in an apply",
        "range k from 1 to 100 step 1 | mv-apply a = range(1, 10000, 1) on (mv-apply b = range(1, 1000, 1) on (extend s = strcat(k, a, b) | summarize l = make_list(s)) | summarize make_list(l))",
    ),
    (
        "a series of long ranges",
        "range k from 1 to 5000 step 1 | make-series n = count() on k from 1 to 1000000 step 1 by g = k",
    ),
    (
        "columns of ever new values",
        "range k from 1 to 100000 step 1 | extend b = bag_pack(strcat('c', k), k) | evaluate bag_unpack(b)",
    ),
    (
        "sequences of all rows",
        "range k from 1 to 3000 step 1 | extend t = k * 1s | evaluate sequence_detect(t, 1d, 1d, a = true, b = true, c = true, d = true) | count",
    ),
    (
        "unions of many sketches",
        "range k from 1 to 60000 step 1 | summarize a = hll(k, 4), b = hll(k + 1, 4), c = hll(k + 2, 4), d = hll(k + 3, 4) | evaluate dcount_intersect(a, b, c, d, a, b, c, d, a, b, c, d, a, b, c, d) | project s15",
    ),
    (
        "cohorts of many groups",
        "range k from 1 to 3000000 step 1 | extend g = k % 3000 | evaluate new_activity_metrics(k, g, 0, 1400, 1, g) | count",
    ),
    ("patterns of long texts", "WIDE | reduce kind=source by strcat(t, k) | count"),
    (
        "patterns of many texts",
        "range k from 1 to 3000000 step 1 | extend s = strcat('a', k, ' b', hash(k)) | reduce by s",
    ),
    (
        "partitions of long texts",
        "WIDE | partition by k (extend u = strcat(t, t) | top 1 by k) | summarize make_list(u)",
    ),
];

#[test]
fn queries_end_within_their_limit() {
    let mut wrong = Vec::new();
    for (name, query) in QUERIES {
        let query = query.replace("WIDE", WIDE);
        for format in ["json", "csv", "table"] {
            // How an answer is written matters where there is much of it.
            if format != "json" && !name.contains("answer") && !name.contains("written") {
                continue;
            }
            let mut arguments = vec!["query", "--quiet", "--memory", "500MiB", "--format", format];
            arguments.push(&query);
            judge(&format!("{name} ({format})"), &run(&arguments), &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn judge(name: &str, ending: &Ending, wrong: &mut Vec<String>) {
    let Ending { code, peak, time, said } = ending;
    let said = said.lines().next().unwrap_or_default();
    let line = format!("{name}: exit {code:?}, {} MiB, {:.1} s: {said}", peak / MIB, time.as_secs_f64());
    println!("{line}");
    if !matches!(code, Some(0 | 4)) || *peak > LIMIT + BEYOND || *time > SOON {
        wrong.push(line);
    }
}

/// A file of so many bytes, packed.
fn packed(folder: &Path, name: &str, write: impl FnOnce(&mut dyn Write)) -> String {
    let path = folder.join(name);
    let file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    let mut file = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    write(&mut file);
    file.finish().unwrap();
    path.to_str().unwrap().to_owned()
}

fn times(to: &mut dyn Write, count: usize, piece: &[u8]) {
    (0..count).for_each(|_| to.write_all(piece).unwrap());
}

#[test]
fn files_end_within_their_limit() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile");
    std::fs::create_dir_all(&folder).unwrap();
    let (blanks, text) = (vec![b' '; 1 << 20], vec![b'x'; 1 << 20]);
    let row = [br#"{"id":"/a","type":"t","properties":{"x":""#, &text[..1000], br#""}},"#].concat();
    let files = [
        packed(&folder, "blanks.json.gz", |to| times(to, 1024, &blanks)),
        packed(&folder, "blanks-within.json.gz", |to| {
            to.write_all(b"[").unwrap();
            times(to, 1024, &blanks);
            to.write_all(br#"{"id":"/a"}]"#).unwrap();
        }),
        packed(&folder, "one-text.json.gz", |to| {
            to.write_all(br#"[{"id":""#).unwrap();
            times(to, 1024, &text);
            to.write_all(br#""}]"#).unwrap();
        }),
        packed(&folder, "one-bag.json.gz", |to| {
            to.write_all(br#"[{"id":"/a","properties":{"a":["#).unwrap();
            times(to, 256, &b"1,".repeat(1 << 19));
            to.write_all(b"1]}}]").unwrap();
        }),
        packed(&folder, "many-rows.json.gz", |to| {
            to.write_all(b"[").unwrap();
            times(to, 1_000_000, &row);
            to.write_all(br#"{"id":"/z"}]"#).unwrap();
        }),
        packed(&folder, "one-cell.csv.gz", |to| {
            to.write_all(b"id,name\n\"").unwrap();
            times(to, 1024, &text);
            to.write_all(b"\",b\n").unwrap();
        }),
    ];
    let mut wrong = Vec::new();
    for file in &files {
        let name = file.rsplit('/').next().unwrap();
        let data = format!("t={file}");
        for query in
            ["t | count", "t | project id, properties", "t | summarize make_list(tostring(properties.x)) by type"]
        {
            let arguments = ["query", "--quiet", "--memory", "500MiB", "--data", &data, "--format", "json", query];
            // A table of two columns has no other.
            let ending = run(&arguments);
            if ending.code != Some(1)
                || !name.contains(".csv") && !name.contains("blanks") && !name.contains("one-text")
            {
                judge(&format!("{name}: {query}"), &ending, &mut wrong);
            }
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Work that goes on for long, of many kinds.
const LONG: &[(&str, &str)] = &[
    ("counting", "range k from 1 to 100000000 step 1 | where hash_sha256(strcat(k)) startswith '00' | count"),
    (
        "matching",
        "range k from 1 to 10000000 step 1 | extend t = strrep(strcat(k, '-'), 1000) | where t matches regex '(a|b)*c[0-9]{3}x'",
    ),
    (
        "splitting",
        "range k from 1 to 10000000 step 1 | extend t = strrep(strcat(k, '-'), 1000) | summarize sum(array_length(split(t, '-')))",
    ),
    ("ranges", "range k from 1 to 10000000 step 1 | summarize sum(array_length(range(k, k + 1000000, 1)))"),
    (
        "expanding",
        "range k from 1 to 10000000 step 1 | mv-expand n = range(1, 1000000, 1) | summarize count() by tolong(n) % 3",
    ),
    (
        "joining",
        "range a from 1 to 100000 step 1 | extend k = 1 | join kind=inner (range b from 1 to 1000000 step 1 | extend k = 1) on k | where a + b < 0",
    ),
    (
        "sorting",
        "range k from 1 to 50000000 step 1 | sort by hash(k) asc, k desc | extend p = prev(k) | summarize max(p)",
    ),
    (
        "applying",
        "range k from 1 to 1000000 step 1 | mv-apply a = range(1, 1000, 1) on (summarize s = sum(tolong(a))) | summarize sum(s)",
    ),
    (
        "along the rows",
        "range k from 1 to 30000000 step 1 | serialize s = row_cumsum(k), p = prev(k), r = row_rank_dense(k) | summarize max(s)",
    ),
    (
        "in one value",
        "print t = strrep('a1', 1024, strrep('b2', 512)) | mv-expand n = range(1, 100000, 1) | summarize sum(array_length(extract_all('([a-z])', strcat(t, n))))",
    ),
];

#[test]
fn a_time_limit_and_an_interrupt_end_whatever_runs() {
    let (limit, late) = (Duration::from_secs(2), Duration::from_millis(200));
    let mut wrong = Vec::new();
    for (name, query) in LONG {
        let ending = run(&["query", "--quiet", "--timeout", "2s", "--memory", "1GiB", "--format", "json", query]);
        let line = format!(
            "{name}: exit {:?} after {:?}: {}",
            ending.code,
            ending.time,
            ending.said.lines().next().unwrap_or_default()
        );
        println!("{line}");
        // What takes too much memory first has ended as well.
        if ending.code != Some(4) || ending.time > limit + late {
            wrong.push(line);
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_argql"))
            .args(["query", "--quiet", "--memory", "1GiB", "--format", "json", query])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(limit);
        let interrupt = Instant::now();
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let code = child.wait().unwrap().code();
        let line = format!("{name}: interrupted, exit {code:?} after {:?}", interrupt.elapsed());
        println!("{line}");
        if !matches!(code, Some(4 | 130)) || interrupt.elapsed() > late {
            wrong.push(line);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
