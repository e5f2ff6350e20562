//! Many tenants are one database: of each the answer is that of its folder alone, and nobody else's files are opened.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;
use std::time::Instant;

use argql::{DateTime, Engine, Store};

const TENANTS: [&str; 3] = ["adatum", "contoso", "fabrikam"];

fn moment(text: &str) -> DateTime {
    DateTime::parse(text).unwrap()
}

/// Rows of a tenant by a day: most of them as they were the day before.
fn rows(tenant: usize, day: usize, count: usize) -> String {
    let row = |row: usize| {
        let (location, status) =
            (["westeurope", "northeurope"][row % 2], ["Healthy", "Unhealthy"][(row + day * (row % 5 / 4)) % 2]);
        let extra = if tenant == 1 { format!(r#","extra":{row}"#) } else { String::new() };
        format!(
            r#"{{"id":"/subscriptions/{tenant}/{row}","name":"r{row}","type":"microsoft.security/assessments","location":"{location}","properties":{{"status":{{"code":"{status}"}},"n":{row}}}{extra}}}"#
        )
    };
    (0..count).map(|number| row(number) + "\n").collect()
}

/// Tenants of which the first two have a store with two days, and the third an export.
fn write(folder: &Path) {
    for (tenant, name) in TENANTS.iter().enumerate() {
        let at = folder.join(name);
        if tenant == 2 {
            fs::create_dir_all(&at).unwrap();
            fs::write(at.join("SecurityResources-1.ndjson"), rows(tenant, 0, 20)).unwrap();
            fs::write(at.join("SecurityResources-2.ndjson"), rows(tenant, 1, 7)).unwrap();
            continue;
        }
        for day in 0..2 {
            let engine = Engine::new().table("securityresources", rows(tenant, day, 40 + day).into_bytes());
            Store::new(&at).import(&engine, moment(&format!("2026-11-0{}", day + 1 + tenant))).unwrap();
        }
    }
}

const QUESTIONS: [&str; 12] = [
    "T | project id, name, location, properties",
    "T | project properties.status.code, properties.n",
    "T | where properties.status.code == 'Unhealthy' | project id",
    "T | summarize count(), dcount(id) by location",
    "T | summarize count() by tostring(properties.status.code)",
    "T | where location startswith 'west' and properties.n > 5 | count",
    "T | take 3 | project id",
    "T | top 2 by tolong(properties.n) desc | project id",
    "T | distinct location",
    "T | join kind=inner (T | project id, n = properties.n) on id | summarize count()",
    "T | sort by id asc | extend r = row_number() | project id, r",
    "T | extend x = column_ifexists('extra', 0) | summarize sum(tolong(x))",
];

#[test]
fn the_answer_for_a_tenant_is_that_of_its_folder_alone() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    for at in [None, Some(moment("2026-11-02"))] {
        let settings = |engine: Engine| at.into_iter().fold(engine, Engine::at);
        let many = settings(Engine::new()).load(folder.path()).unwrap();
        assert_eq!(many.tenants(), TENANTS);
        for keep in [true, false] {
            let engines = [
                many.clone().keep_columns(keep),
                many.clone().keep_columns(keep).threads(1).unwrap(),
                many.clone().keep_columns(keep).rewrites(false),
            ];
            for tenant in TENANTS {
                let alone = settings(Engine::new()).load(folder.path().join(tenant)).unwrap();
                for question in QUESTIONS {
                    let expected = alone.query(&question.replace('T', "securityresources")).unwrap().to_json();
                    let own = format!("(securityresources | where tenant == '{tenant}')");
                    for engine in &engines {
                        let question = question.replace('T', &own);
                        assert_eq!(engine.query(&question).unwrap().to_json(), expected, "{question}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_answer_over_all_is_that_of_each_in_order() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let many = Engine::new().load(folder.path()).unwrap();
    let question = "securityresources | project id, location, properties";
    let each = TENANTS.iter().map(|tenant| {
        let alone = many.tenant(tenant).unwrap().query(&format!("{question}, tenant = '{tenant}'")).unwrap();
        alone.rows().collect::<Vec<_>>()
    });
    let all: Vec<_> = many.query(&format!("{question}, tenant")).unwrap().rows().collect();
    assert_eq!(all, each.collect::<Vec<_>>().concat());
    let counted = many.query("securityresources | summarize count() by tenant").unwrap();
    assert_eq!(
        counted.to_json(),
        "[{\"tenant\":\"adatum\",\"count_\":41},{\"tenant\":\"contoso\",\"count_\":41},{\"tenant\":\"fabrikam\",\"count_\":27}]"
    );
}

#[test]
fn each_snapshot_has_the_rows_of_the_tenants_that_it_is_of() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let many = Engine::new().load(folder.path()).unwrap();
    let names: Vec<String> = many.snapshots().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["2026-11-01", "2026-11-02", "2026-11-03"]);
    let days = |query: &str| many.query(query).unwrap().to_json().replace("T00:00:00.0000000Z", "").replace('\n', "");
    // adatum's are of the first and the second, contoso's of the second and the third.
    assert_eq!(
        days(
            "history('securityresources') | summarize n = count() by snapshot, tenant | sort by snapshot asc, tenant asc"
        ),
        r#"[{"snapshot":"2026-11-01","tenant":"adatum","n":40},{"snapshot":"2026-11-02","tenant":"adatum","n":41},{"snapshot":"2026-11-02","tenant":"contoso","n":40},{"snapshot":"2026-11-03","tenant":"contoso","n":41}]"#
    );
    // A database is what each had by then; an export has no date.
    assert_eq!(
        days("database('2026-11-03').securityresources | summarize n = count() by tenant"),
        r#"[{"tenant":"adatum","n":41},{"tenant":"contoso","n":41},{"tenant":"fabrikam","n":27}]"#
    );
    assert_eq!(
        days("database('2026-11-01').securityresources | summarize n = count() by tenant"),
        r#"[{"tenant":"adatum","n":40},{"tenant":"fabrikam","n":27}]"#
    );
}

/// Breaks all of a tenant's files of columns.
fn break_parts(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            break_parts(&path);
        } else if path.extension().is_some_and(|ending| ending == "parquet" || ending == "runs") {
            fs::write(&path, "nothing of the kind").unwrap();
        }
    }
}

#[test]
fn files_of_tenants_that_are_not_asked_for_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    break_parts(&folder.path().join("contoso"));
    let many = Engine::new().load(folder.path()).unwrap();
    for (condition, rows) in [
        ("tenant == 'adatum'", 41),
        ("tenant =~ 'ADATUM'", 41),
        ("tenant in ('adatum', 'fabrikam')", 68),
        ("tenant in~ ('Adatum')", 41),
        ("tenant startswith 'ada'", 41),
        ("tenant has 'fabrikam'", 27),
        ("tenant != 'contoso'", 68),
        ("tenant !contains 'oso'", 68),
        ("tenant matches regex '^.a'", 27),
        ("tenant == 'adatum' or tenant == 'fabrikam'", 68),
        ("tenant == 'nobody'", 0),
    ] {
        let counted = many.query(&format!("securityresources | where {condition} | count"));
        assert_eq!(counted.unwrap().to_json(), format!("[{{\"Count\":{rows}}}]"), "{condition}");
    }
    // Behind other operators the condition goes to the files all the same.
    let behind = many
        .query("securityresources | extend l = location | where tenant == 'adatum' and l startswith 'west' | count");
    assert_eq!(behind.unwrap().to_json(), "[{\"Count\":21}]");
    for all in ["securityresources | count", "securityresources | where tenant startswith 'c' | count"] {
        let said = many.query(all).unwrap_err().to_string();
        assert!(said.contains("contoso"), "{said}");
    }
}

#[test]
fn names_of_tenants_are_completed_as_values() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let many = Engine::new().load(folder.path()).unwrap();
    let text = "securityresources | where tenant == 'fa";
    let found = many.complete(text, text.len());
    assert_eq!(found.list.iter().map(|found| found.text.as_str()).collect::<Vec<_>>(), ["'fabrikam'"]);
    let text = "securityresources | where ten";
    assert!(many.complete(text, text.len()).list.iter().any(|found| found.text == "tenant"));
}

#[test]
fn a_thousand_tenants_open_fast_and_one_of_them_faster() {
    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("t0");
    let engine =
        Engine::new().table("resources", br#"[{"id":"/1","name":"web","type":"microsoft.web/sites"}]"#.to_vec());
    Store::new(&first).import(&engine, moment("2026-11-01")).unwrap();
    for tenant in 1..1000 {
        let at = folder.path().join(format!("t{tenant}"));
        fs::create_dir_all(at.join("2026-11-01")).unwrap();
        for file in fs::read_dir(first.join("2026-11-01")).unwrap().flatten() {
            fs::hard_link(file.path(), at.join("2026-11-01").join(file.file_name())).unwrap();
        }
        fs::hard_link(first.join("argql-store.json"), at.join("argql-store.json")).unwrap();
    }
    let timed = |query: &str| {
        let start = Instant::now();
        let answer = Engine::new().load(folder.path()).unwrap().query(query).unwrap().to_json();
        (answer, start.elapsed())
    };
    let (one, few) = timed("resources | where tenant == 't500' | count");
    let (all, many) = timed("resources | summarize count(), dcount(tenant, 4)");
    eprintln!("1,000 tenants: one of them in {few:?}, all in {many:?}");
    assert_eq!(one, "[{\"Count\":1}]");
    assert!(all.contains("\"count_\":1000"), "{all}");
    assert!(many.as_secs() < 20, "{many:?}");
}

#[test]
fn databases_of_tenants_are_there_whoever_asks_first() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let old = Engine::new().table("resources", br#"[{"name":"a"}]"#.to_vec());
    let engine = Engine::new().load(folder.path()).unwrap().snapshot("old", &old);
    let within = engine.database("old").unwrap();
    for engine in [within, engine] {
        let names: Vec<String> = engine.snapshots().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["old", "2026-11-01", "2026-11-02", "2026-11-03"]);
    }
}

#[test]
fn a_table_is_of_tenants_or_of_a_store_in_whatever_order_they_are_given() {
    let (tenants, store) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(tenants.path());
    let engine = Engine::new().table("securityresources", rows(0, 0, 3).into_bytes());
    Store::new(store.path()).import(&engine, moment("2026-11-01")).unwrap();
    for [first, second] in [[tenants.path(), store.path()], [store.path(), tenants.path()]] {
        let error = Engine::new().load(first).unwrap().load(second).unwrap_err();
        let message = "`securityresources` is given by a store or by tenants, and by something else";
        assert_eq!(error.diagnostics()[0].message, message);
    }
}
