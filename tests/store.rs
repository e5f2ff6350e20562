//! A store gives every answer that the export gave, and is there whole or not at all.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use argql::{DateTime, Engine, Store};

/// Rows that are odd in every way that JSON allows.
const ODD: &str = r#"[
{"id":"/a","name":"one","type":"t","kind":"","properties":{"status":{"code":"Healthy","cause":"x"},"n":1,"r":1.5,"b":true,"list":[1, 2]}},
{"id":"/b","name":"two","type":"t","kind":null,"properties":{"status":{"code":"Unhealthy"},"n":2,"r":2.5,"b":false,"list":[]}},
{"id":"/c","name":"thr\u00e9e \u0000 \"q\"","type":"T","properties":{ "status" : { "code" : "a\u0041\/b" , "cause" : null } , "n" : -0 , "r" : 1.0 , "b" : null }},
{"properties":{"r":1e3,"n":12345678901234567890,"status":"no bag","list":{"x":[{}]}},"id":"/d","name":5,"type":"t"},
{"id":"/e","name":{"a":[1,{"b":null}]},"type":"t","properties":{"n":1,"n":2,"status":{"code":"first"},"status":{"code":"second"},"\u006e":3}},
{"id":"/f","id":"/g","name":true,"type":"t","properties":null,"tags":{"a.b":"dot","a":{"b":"below"},"":""}},
{"id":"/h","name":"","type":"t","properties":[1,"two",{"three":3}],"tags":{}},
{"id":"/i","name":"x","type":"t","properties":"text","sku":{"name":"S1","tier":null},"zones":["1","2"]},
{"id":"/j","name":"x","type":"t","properties":{"status":{},"n":null,"r":-0.0,"list":null,"deep":{"a":{"b":{"c":{"d":[[[{"e":1}]]]}}}}}},
{"id":"/k","name":"x","type":"t","properties":{},"extra":"late","count":1},
{"id":"/l","name":"x","type":"t","properties":{"r":0.1,"n":9223372036854775807,"b":true,"status":{"code":"\ud83d\ude00 \ud83d"}},"count":2.5},
{},
{"id":"/m","name":"x","type":"t","properties":{"status":{"code":5},"r":2,"b":"true","n":"7"}}
]"#;

const QUERIES: [&str; 24] = [
    "T",
    "T | project id, name, type, kind, properties, tags, sku, zones, extra, ['count']",
    "T | project properties.status.code",
    "T | project properties.status",
    "T | project properties.status.cause, properties.status.nothing, properties.nothing.at.all",
    "T | project properties.n, gettype(properties.n)",
    "T | project properties.r, gettype(properties.r)",
    "T | project properties.b, gettype(properties.b)",
    "T | project properties.list, properties.list[0], properties.list.x, properties.list.x[0]",
    "T | project properties.deep.a.b.c.d, properties.deep.a, properties[1], properties[2].three",
    "T | project tags['a.b'], tags.a.b, tags[''], tags.a",
    "T | project isnull(kind), isempty(kind), isnull(tags), isnull(properties)",
    "T | summarize count() by code = tostring(properties.status.code)",
    "T | summarize count(), make_list(name) by tostring(properties)",
    "T | where properties.status.code == 'Healthy' | project id",
    "T | where properties.n > 1 | project id",
    "T | where isnotnull(properties.r) | extend twice = properties.r * 2 | project id, twice",
    "T | where name has 'x' | count",
    "T | mv-expand item = properties.list | project id, item",
    "T | evaluate bag_unpack(properties, 'p_', columnsConflict='keep_source') | take 5",
    "T | take 3 | project id",
    "T | sort by tostring(properties.status.code) asc, id asc | project id",
    "T | extend x = bag_keys(properties) | project id, x",
    "T | search 'below' | project id",
];

fn moment(text: &str) -> DateTime {
    DateTime::parse(text).unwrap()
}

/// The answer, or what is said instead.
fn answer(engine: &Engine, query: &str) -> String {
    engine
        .query(query)
        .map_or_else(|error| error.to_string(), |table| format!("{:?}\n{}", table.columns(), table.to_json()))
}

fn same(export: &Engine, store: &Path, table: &str) {
    Store::new(store).import(export, moment("2026-11-27")).unwrap();
    for keep in [true, false] {
        let stored = Engine::new().keep_columns(keep).load(store).unwrap();
        for query in QUERIES {
            let query = query.replacen('T', table, 1);
            assert_eq!(answer(&stored, &query), answer(export, &query), "{query}");
        }
    }
}

#[test]
fn odd_rows_come_back_as_they_were() {
    for table in ["resources", "export"] {
        let folder = tempfile::tempdir().unwrap();
        same(&Engine::new().table(table, ODD.into()), &folder.path().join("store"), table);
    }
}

#[test]
fn a_path_that_is_of_another_kind_later_is_found_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut rows: Vec<String> = (0..4000)
        .map(|n| {
            format!(
                r#"{{"id":"/{n}","name":"n{}","properties":{{"status":{{"code":"c{}"}},"n":{n},"b":true,"r":0.5}}}}"#,
                n % 7,
                n % 3
            )
        })
        .collect();
    let odd = r#"{"id":"/x","name":"x","properties":{"status":{"code":{"inner":1}},"n":"text","b":1,"r":7,"new":{"path":[1]}}}"#;
    rows.insert(3000, odd.to_owned());
    let export = folder.path().join("resources.ndjson");
    fs::write(&export, rows.join("\n")).unwrap();
    let engine = Engine::new().load(&export).unwrap();
    let store = folder.path().join("store");
    same(&engine, &store, "resources");
    let stored = Engine::new().load(&store).unwrap();
    for query in [
        "resources | where id == '/x' | project properties.status.code.inner, properties.n, properties.b, properties.r, properties.new.path",
        "resources | summarize count() by tostring(properties.status.code), tostring(properties.b)",
        "resources | summarize sum(tolong(properties.n)), max(toreal(properties.r))",
    ] {
        assert_eq!(answer(&stored, query), answer(&engine, query), "{query}");
    }
}

#[test]
fn the_sample_tenant_is_the_same_in_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::new().sample();
    Store::new(folder.path().join("store")).import(&engine, moment("2026-11-27")).unwrap();
    let stored = Engine::new().load(folder.path().join("store")).unwrap();
    assert_eq!(stored.tables(), engine.tables());
    for table in engine.tables() {
        for query in
            [table.clone(), format!("{table} | summarize count() by type"), format!("{table} | project properties")]
        {
            assert_eq!(answer(&stored, &query), answer(&engine, &query), "{query}");
        }
    }
    let shown = |engine: &Engine| engine.paths("resources.properties").map(|paths| paths.paths.len()).unwrap_or(0);
    assert_eq!(shown(&stored), shown(&engine));
}

#[test]
fn each_date_has_its_snapshot_and_an_import_of_the_same_replaces_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = Store::new(&path);
    let rows =
        |count: usize| Engine::new().table("resources", format!("[{}]", vec![r#"{"id":"a"}"#; count].join(",")).into());
    for (date, count) in [("2026-10-01", 1), ("2026-11-01", 2), ("2026-11-01T10:30", 3), ("2026-10-01", 4)] {
        store.import(&rows(count), moment(date)).unwrap();
    }
    let names: Vec<String> = store.snapshots().unwrap().into_iter().map(|snapshot| snapshot.name).collect();
    assert_eq!(names, ["2026-10-01", "2026-11-01", "2026-11-01T103000Z"]);
    let count =
        |engine: Engine, table: &str| engine.query(&format!("{table} | count")).unwrap().value(0, 0).to_string();
    let at = |by: &str| Engine::new().at(moment(by)).load(&path).unwrap();
    assert_eq!(count(Engine::new().load(&path).unwrap(), "resources"), "3");
    assert_eq!(count(at("2026-10-31"), "resources"), "4");
    assert_eq!(count(at("2026-11-01"), "resources"), "2");
    assert_eq!(count(at("2026-11-01"), "database('2026-10-15').resources"), "4");
    assert_eq!(count(Engine::new().load(format!("{}@2026-11-01", path.display())).unwrap(), "resources"), "2");
    assert_eq!(count(Engine::new().load(path.join("2026-10-01")).unwrap(), "resources"), "4");
    assert!(Engine::new().at(moment("2026-01-01")).load(&path).is_err());
    let engine = Engine::new().now(moment("2026-11-02")).load(&path).unwrap();
    let history = |call: &str| {
        answer(
            &engine,
            &format!(
                "{call} | summarize n = count() by snapshot | project day = format_datetime(snapshot, 'MM-dd HH'), n"
            ),
        )
    };
    assert!(
        history("history('resources')")
            .ends_with(r#"[{"day":"10-01 00","n":4},{"day":"11-01 00","n":2},{"day":"11-01 10","n":3}]"#)
    );
    assert!(
        history("history('Resources', ago(7d), now())")
            .ends_with(r#"[{"day":"11-01 00","n":2},{"day":"11-01 10","n":3}]"#)
    );
    assert!(
        answer(&engine, "history('resources') | take 1").contains(r#""snapshot":"2026-10-01T00:00:00.0000000Z"}]"#)
    );
    for (call, what) in [
        (
            "history('resources', datetime(2020-01-01), datetime(2020-01-02))",
            "no snapshot of `resources` is from this time",
        ),
        ("history('resource')", "did you mean `resources`?"),
        ("history()", "takes one or three arguments"),
        ("history(5)", "takes a string here"),
    ] {
        let said = answer(&engine, call);
        assert!(said.contains(what), "{said}");
    }
    let said = answer(&Engine::new().sample(), "history('resources')");
    assert!(said.contains("there are no snapshots with a date"), "{said}");
    // Of what was replaced, the part stays that the later snapshots have their rows in.
    let files = |snapshot: &str| {
        let mut names: Vec<String> = fs::read_dir(path.join(snapshot))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    let part = |number: u32| ["digests", "parquet"].map(|ending| format!("resources-000{number}.{ending}"));
    assert_eq!(files("2026-10-01"), [&["manifest.json".to_owned()], &part(1)[..], &part(2)[..]].concat());
    for date in ["2026-11-01", "2026-11-01T10:30"] {
        store.import(&rows(5), moment(date)).unwrap();
    }
    store.import(&rows(6), moment("2026-10-01")).unwrap();
    assert_eq!(files("2026-10-01"), [&["manifest.json".to_owned()], &part(2)[..], &part(3)[..]].concat());
}

fn argql(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_argql"));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).env_remove("ARGQL_DATA");
    command
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_killed_import_leaves_the_store_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (store, export) = (folder.path().join("store"), folder.path().join("resources.ndjson"));
    Store::new(&store).import(&Engine::new().sample(), moment("2026-10-01")).unwrap();
    let row = |n: usize| {
        format!(r#"{{"id":"/{n}","properties":{{"text":"{}"}}}}"#, n.wrapping_mul(2_654_435_761).to_string().repeat(30))
    };
    let rows: Vec<String> = (0..60_000).map(row).collect();
    fs::write(&export, rows[..50_000].join("\n")).unwrap();
    Store::new(&store).import(&Engine::new().load(&export).unwrap(), moment("2026-10-02")).unwrap();
    fs::write(&export, rows.join("\n")).unwrap();
    let [data, into] = [&export, &store].map(|path| path.to_str().unwrap());
    let mut import = argql(&["import", "-d", data, "--store", into, "--as", "2026-11-01"]).spawn().unwrap();
    let since = Instant::now();
    while !store.join(".import").is_dir() && since.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(1));
    }
    // Another one is kept out while it is at work.
    let second = argql(&["import", "--sample", "--store", into, "--as", "2026-11-02"]).output().unwrap();
    import.kill().unwrap();
    import.wait().unwrap();
    assert_eq!(second.status.code(), Some(2), "{}", said(&second));
    assert!(said(&second).contains("is at work"), "{}", said(&second));
    let names = |store: &Path| {
        Store::new(store).snapshots().unwrap().into_iter().map(|snapshot| snapshot.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&store), ["2026-10-01", "2026-10-02"]);
    assert!(Engine::new().load(&store).unwrap().query("resources | count").is_ok());
    Store::new(&store).import(&Engine::new().sample(), moment("2026-11-02")).unwrap();
    assert_eq!(names(&store), ["2026-10-01", "2026-10-02", "2026-11-02"]);
    assert!(!store.join(".import").exists());
}

#[test]
fn what_is_wrong_with_a_store_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let fresh = |name: &str| {
        let store = folder.path().join(name);
        Store::new(&store).import(&Engine::new().sample(), moment("2026-10-01")).unwrap();
        store
    };
    let asked = |store: &Path| {
        let error =
            Engine::new().load(store).and_then(|engine| engine.query("resources | project properties")).unwrap_err();
        assert!(error.is_data());
        let said = &error.diagnostics()[0];
        (
            said.code.id,
            said.message.replace(&folder.path().display().to_string(), "…"),
            said.help.clone().unwrap_or_default(),
        )
    };
    let part = |store: &Path| store.join("2026-10-01/resources-0001.parquet");

    let newer = fresh("newer");
    fs::write(newer.join("argql-store.json"), r#"{"format":7}"#).unwrap();
    let (code, message, help) = asked(&newer);
    assert_eq!((code, message.as_str()), ("AQ3008", "`…/newer` is a store of format 7, and this argql knows 2"));
    assert!(help.contains("newer argql"), "{help}");

    let cut = fresh("cut");
    let bytes = fs::read(part(&cut)).unwrap();
    fs::write(part(&cut), &bytes[..bytes.len() / 2]).unwrap();
    let (code, message, _) = asked(&cut);
    assert!(code == "AQ3008" && message.ends_with(&format!("and the store says {}", bytes.len())), "{message}");

    let foreign = fresh("foreign");
    fs::write(part(&foreign), vec![b'x'; bytes.len()]).unwrap();
    assert_eq!(asked(&foreign).0, "AQ3008");

    let gone = fresh("gone");
    fs::remove_file(part(&gone)).unwrap();
    assert!(asked(&gone).1.ends_with("is missing from the store"));

    let manifest = fresh("manifest");
    fs::write(manifest.join("2026-10-01/manifest.json"), "{").unwrap();
    assert_eq!(asked(&manifest).0, "AQ3008");

    let files = folder.path().join("files");
    fs::create_dir(&files).unwrap();
    fs::write(files.join("notes.txt"), "mine").unwrap();
    let error = Store::new(&files).import(&Engine::new().sample(), moment("2026-10-01")).unwrap_err();
    assert!(error.diagnostics()[0].message.ends_with("has files, and is no store"));
    assert_eq!(fs::read_dir(&files).unwrap().count(), 1);
}

/// Whatever bytes a part has, there is an answer or an error.
#[test]
fn a_damaged_part_is_an_error_and_no_crash() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    Store::new(&store).import(&Engine::new().sample(), moment("2026-10-01")).unwrap();
    let part = store.join("2026-10-01/resources-0001.parquet");
    let bytes = fs::read(&part).unwrap();
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    for at in (0..bytes.len()).step_by(bytes.len() / 150) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        fs::write(&part, &damaged).unwrap();
        let _ = Engine::new().load(&store).unwrap().query("resources");
    }
    std::panic::set_hook(hook);
}

/// A tenant from day to day: row by row what changes, is new and goes away, in every file shape that `row` can be in.
fn tenant(day: usize, rows: usize) -> Vec<String> {
    let mixed = |n: usize, by: usize| n.wrapping_mul(2_654_435_761).wrapping_add(by * 40_503) >> 7;
    let row = |n: usize| {
        let since = (0..=day).rev().find(|&day| mixed(n, day).is_multiple_of(100)).unwrap_or(0);
        let odd = ODD.lines().filter(|line| line.starts_with('{')).nth(n % 200);
        match odd {
            Some(odd) if n.is_multiple_of(7) => odd.trim_end_matches(',').to_owned(),
            _ => format!(
                r#"{{"id":"/r/{n:06}","name":"vm-{}","type":"t{}","location":"eu","properties":{{"status":{{"code":"{}","at":"2026-11-{since:02}"}},"n":{n},"text":"{:x}"}}}}"#,
                n % 31,
                n % 5,
                ["Healthy", "Unhealthy"][mixed(n, since) % 2],
                mixed(n, 1),
            ),
        }
    };
    // Some go away, some come in between and at the end.
    (0..rows + day * 3).filter(|n| n % 1999 != day && (!n.is_multiple_of(1501) || n % 10 <= day)).map(row).collect()
}

fn export(folder: &Path, day: usize, rows: usize) -> Engine {
    let path = folder.join(format!("day-{day:02}")).join("resources.ndjson");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, tenant(day, rows).join("\n")).unwrap();
    Engine::new().load(&path).unwrap()
}

fn bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { bytes(&path) } else { fs::metadata(path).unwrap().len() }).sum()
}

#[test]
fn ten_days_of_a_tenant_take_little_more_than_one() {
    const ROWS: usize = 10_000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = Store::new(&path);
    let date = |day: usize| format!("2026-11-{:02}", day + 1);
    let exports: Vec<Engine> = (0..10).map(|day| export(folder.path(), day, ROWS)).collect();
    let mut first = 0;
    for (day, export) in exports.iter().enumerate() {
        let (snapshot, _) = store.import(export, moment(&date(day))).unwrap();
        assert_eq!(snapshot.tables[0].rows, tenant(day, ROWS).len() as u64);
        assert!(day == 0 || snapshot.tables[0].bytes * 8 < first, "{} of {first}", snapshot.tables[0].bytes);
        first = if day == 0 { bytes(&path) } else { first };
    }
    let all = bytes(&path);
    assert!(2 * all < 3 * first, "{all} bytes, and the first of them {first}");

    // Whatever another import replaces: the others are as before.
    store.import(&exports[3], moment(&date(3))).unwrap();
    store.import(&exports[0], moment(&date(0))).unwrap();
    let stored = Engine::new().load(&path).unwrap();
    let same = |stored: &Engine, day: usize, query: &str| {
        let table = format!("database('{}').resources", date(day));
        let [of_store, of_export] = [&*table, "resources"].map(|table| query.replacen('T', table, 1));
        let (stored, expected) = (answer(stored, &of_store), answer(&exports[day], &of_export));
        assert!(stored == expected, "{query} on day {day}");
    };
    (0..10).for_each(|day| same(&stored, day, "T"));
    for keep in [true, false] {
        let stored = Engine::new().keep_columns(keep).load(&path).unwrap();
        QUERIES.iter().for_each(|query| same(&stored, 9, query));
    }
    let counts = "history('resources') | summarize n = count() by snapshot | project n";
    let rows = (0..10).map(|day| format!(r#"{{"n":{}}}"#, tenant(day, ROWS).len()));
    assert!(answer(&stored, counts).ends_with(&format!("[{}]", rows.collect::<Vec<_>>().join(","))));
    let said = answer(&Engine::new().at(moment("2026-11-05T12:00")).load(&path).unwrap(), "resources | count");
    assert!(said.ends_with(&format!(r#"[{{"Count":{}}}]"#, tenant(4, ROWS).len())), "{said}");
}

#[test]
fn rows_are_shared_where_that_is_good() {
    let folder = tempfile::tempdir().unwrap();
    let own = |store: &Store, rows: &[String], date: &str| {
        let engine = Engine::new().table("resources", rows.join("\n").into_bytes());
        let (snapshot, _) = store.import(&engine, moment(date)).unwrap();
        let stored = Engine::new().load(folder.path().join(format!("store@{date}"))).unwrap();
        let query = "resources | project id, name, properties, extra = column_ifexists('extra', 'none')";
        assert_eq!(answer(&stored, query), answer(&engine, query));
        snapshot.tables[0].bytes
    };
    let store = Store::new(folder.path().join("store"));
    let rows = tenant(0, 2_500);
    let whole = own(&store, &rows, "2026-10-01");
    let is_whole = |bytes: u64| bytes * 2 > whole;
    assert!(!is_whole(own(&store, &rows, "2026-10-02")));
    // In any order, and the same row any number of times.
    let mut turned: Vec<String> = rows.iter().rev().cloned().collect();
    assert!(!is_whole(own(&store, &turned, "2026-10-03")));
    turned.extend_from_within(..250);
    assert!(!is_whole(own(&store, &turned, "2026-10-04")));
    // Beside a row that has another column, or another kind of value below one.
    let with = |row: &str| [&rows[..], &[row.to_owned()]].concat();
    assert!(!is_whole(own(&store, &with(r#"{"id":"/x","more":[1]}"#), "2026-10-05")));
    assert!(!is_whole(own(&store, &with(r#"{"id":"/y","name":[5],"properties":{"n":{"a":1}}}"#), "2026-10-06")));
    // But where a column is of another type, where half of the rows is new or gone, or all are asked for, all are written.
    assert!(is_whole(own(&store, &with(r#"{"id":"/z","extra":[1]}"#), "2026-10-06T12:00")));
    let (half, changed) = rows.split_at(1_250);
    let changed: Vec<String> = changed.iter().map(|row| row.replacen("/r/", "/s/", 1)).collect();
    assert!(is_whole(own(&store, &[half, &changed].concat(), "2026-10-07")));
    let few = own(&store, &half[..500], "2026-10-08");
    assert_eq!(few, own(&store, &half[..500], "2026-10-08"));
    assert!(is_whole(own(&store.whole(true), &rows, "2026-10-09")));
    // A new one stands alone once many snapshots would have to be read for it.
    let days: Vec<u64> = (1..=18).map(|day| own(&store, &tenant(day, 2_500), &format!("2026-11-{day:02}"))).collect();
    assert!((1..3).contains(&days[1..].iter().filter(|&&bytes| is_whole(bytes)).count()), "{days:?}");
}

#[test]
fn a_store_of_the_first_format_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = Store::new(&path);
    let engine = Engine::new().table("resources", tenant(0, 300).join("\n").into_bytes());
    store.import(&engine, moment("2026-10-01")).unwrap();
    let manifest = path.join("2026-10-01/manifest.json");
    let mut said: serde_json::Value = serde_json::from_str(&fs::read_to_string(&manifest).unwrap()).unwrap();
    let table = said["tables"][0].as_object_mut().unwrap();
    table.remove("runs");
    for part in table["parts"].as_array_mut().unwrap() {
        part.as_object_mut().unwrap().retain(|key, _| ["file", "rows", "bytes"].contains(&key.as_str()));
    }
    fs::write(&manifest, said.to_string()).unwrap();
    fs::write(path.join("argql-store.json"), r#"{"format":1}"#).unwrap();
    fs::remove_file(path.join("2026-10-01/resources-0001.digests")).unwrap();
    let rows = |date: &str| {
        let stored = Engine::new().load(format!("{}@{date}", path.display())).unwrap();
        assert_eq!(answer(&stored, "resources"), answer(&engine, "resources"));
    };
    rows("2026-10-01");
    for date in ["2026-10-02", "2026-10-03"] {
        store.import(&engine, moment(date)).unwrap();
        rows(date);
    }
    let bytes: Vec<u64> = store.snapshots().unwrap().iter().map(|snapshot| snapshot.tables[0].bytes).collect();
    assert!(bytes[1] > bytes[0] && bytes[2] < bytes[1] / 2, "{bytes:?}");
}

#[test]
fn what_is_wrong_with_a_shared_part_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = Store::new(&path);
    let engine = |day| Engine::new().table("resources", tenant(day, 2_000).join("\n").into_bytes());
    let days = ["2026-10-01", "2026-10-02", "2026-10-03"];
    let fresh = || {
        let _ = fs::remove_dir_all(&path);
        days.iter().enumerate().for_each(|(day, date)| drop(store.import(&engine(day), moment(date)).unwrap()));
    };
    let asked = || {
        let error = Engine::new().load(&path).unwrap().query("resources").unwrap_err();
        let said = &error.diagnostics()[0];
        assert_eq!(said.code.id, "AQ3008");
        (said.message.replace(&path.display().to_string(), "…"), said.help.clone().unwrap_or_default())
    };
    let (part, runs) = (path.join("2026-10-01/resources-0001.parquet"), path.join("2026-10-03/resources-0002.runs"));

    fresh();
    let bytes = fs::read(&part).unwrap();
    fs::remove_file(&part).unwrap();
    let (message, help) = asked();
    assert_eq!(message, "`…/2026-10-01/resources-0001.parquet` is missing from the store");
    assert_eq!(help, "later snapshots have rows in it: import the exports from that date on again");
    for (day, date) in days.iter().enumerate() {
        store.import(&engine(day), moment(date)).unwrap();
    }
    let rows = |of: &Engine| answer(of, "resources");
    assert_eq!(rows(&Engine::new().load(&path).unwrap()), rows(&engine(2)));

    fresh();
    fs::write(&part, vec![b'x'; bytes.len()]).unwrap();
    assert!(asked().0.starts_with("`…/2026-10-01/resources-0001.parquet` is no sound part of a store"));
    // What is damaged is nothing to build on.
    store.import(&engine(3), moment("2026-10-04")).unwrap();
    assert_eq!(rows(&Engine::new().load(&path).unwrap()), rows(&engine(3)));

    fresh();
    let written = fs::read(&runs).unwrap();
    fs::remove_file(&runs).unwrap();
    assert_eq!(asked().0, "`…/2026-10-03/resources-0002.runs` is missing from the store");
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    for at in (0..written.len()).step_by(written.len() / 60) {
        let mut damaged = written.clone();
        damaged[at] ^= 0x55;
        fs::write(&runs, &damaged).unwrap();
        let _ = Engine::new().load(&path).unwrap().query("resources");
    }
    std::panic::set_hook(hook);
    fs::copy(path.join("2026-10-02/resources-0002.runs"), &runs).unwrap();
    assert!(asked().0.starts_with("`…/2026-10-03/resources-0002.runs` "), "{}", asked().0);

    fs::remove_dir_all(path.join("2026-10-03")).unwrap();
    assert_eq!(rows(&Engine::new().load(&path).unwrap()), rows(&engine(1)));

    // A part that was written anew has to have the same rows, not only as many and of the same length.
    let of = |text: &str| Engine::new().table("resources", format!(r#"[{{"id":"{text}"}},{{"id":"b"}}]"#).into());
    for (text, again) in [("a", true), ("x", false)] {
        let _ = fs::remove_dir_all(&path);
        days[..2].iter().for_each(|date| drop(store.import(&of("a"), moment(date)).unwrap()));
        fs::remove_dir_all(path.join(days[0])).unwrap();
        store.import(&of(text), moment(days[0])).unwrap();
        let said = answer(&Engine::new().load(&path).unwrap(), "resources | project id");
        assert_eq!(said.ends_with(r#"[{"id":"a"},{"id":"b"}]"#), again, "{said}");
        assert_eq!(said.contains("has other rows than the store says"), !again, "{said}");
    }
}
