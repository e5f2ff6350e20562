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
    // Nothing is left of what was replaced.
    let files = fs::read_dir(path.join("2026-10-01")).unwrap().count();
    assert_eq!(files, 2);
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
    fs::write(&export, (0..60_000).map(row).collect::<Vec<_>>().join("\n")).unwrap();
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
    assert_eq!(names(&store), ["2026-10-01"]);
    assert!(Engine::new().load(&store).unwrap().query("resources | count").is_ok());
    Store::new(&store).import(&Engine::new().sample(), moment("2026-11-02")).unwrap();
    assert_eq!(names(&store), ["2026-10-01", "2026-11-02"]);
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
    assert_eq!((code, message.as_str()), ("AQ3008", "`…/newer` is a store of format 7, and this argql knows 1"));
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
