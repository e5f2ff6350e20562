//! Tables from files: names, pages, packings, and the columns that are found.

use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use super::Catalog;
use crate::diag::Diagnostic;
use crate::guard::Guard;
use crate::source::Want;
use crate::source::origin::Origin;
use crate::source::passage::Passage;
use crate::source::scan::{Pass, Scan};
use crate::source::table::memory;
use crate::source::tests::{Rows, cell, place, wants};
use crate::value::{Type, Value, ValueRef};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn ids(catalog: &Catalog, table: &str) -> Result<Vec<String>, Box<Diagnostic>> {
    let mut ids = Vec::new();
    let scan = catalog.table(table).unwrap().scan(&[Want::column("id", Type::String)])?;
    scan.run(&[], &Guard::none(), Ok, |batch| {
        ids.extend(batch.columns[0].iter().map(|id| id.as_str().unwrap().to_owned()));
        Ok::<_, Box<Diagnostic>>(ControlFlow::Continue(()))
    })?;
    Ok(ids)
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_folder_gives_tables_named_after_files_and_sub_folders_with_pages_in_natural_order() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write(at, "SecurityResources-10.json", r#"[{"id":"c"}]"#);
    write(at, "SecurityResources-2.json", r#"{"count":1,"data":[{"id":"b"}]}"#);
    write(at, "securityresources_part-1.ndjson.gz", gzip(b"{\"id\":\"d\"}\n"));
    write(at, "policyresources.page1.jsonl", r#"{"id":"p"}"#);
    write(at, "resources/any.json", r#"[{"id":"x"}]"#);
    write(at, "resources/deep/no.json", "[");
    write(at, "manifest.json", r#"{"rows":1}"#);
    write(at, "README.md", "not data");
    write(at, ".hidden.json", "[");
    let mut catalog = Catalog::default();
    catalog.add_path(at).unwrap();
    let mut names = catalog.names();
    names.sort();
    assert_eq!(names, ["manifest", "policyresources", "resources", "securityresources"]);
    assert_eq!(ids(&catalog, "securityRESOURCES").unwrap(), ["b", "c", "d"]);
    assert_eq!(ids(&catalog, "resources").unwrap(), ["x"]);

    // The same file again does not count twice; another page does.
    catalog.add_path(at.join("SecurityResources-2.json")).unwrap();
    let more = tempfile::tempdir().unwrap();
    write(more.path(), "securityresources.json", r#"[{"id":"e"}]"#);
    catalog.add_path(more.path()).unwrap();
    assert_eq!(ids(&catalog, "securityresources").unwrap(), ["b", "c", "d", "e"]);
}

#[test]
fn a_file_can_be_given_under_a_name_and_rows_under_a_wrong_one_are_hinted_at() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "export.json", r#"[{"id":"a","type":"Microsoft.Security/assessments"}]"#);
    let file = folder.path().join("export.json");
    let mut catalog = Catalog::default();
    catalog.add_path(&file).unwrap();
    assert_eq!(catalog.hint("securityresources"), Some(format!("securityresources={}", file.display())));
    assert_eq!(catalog.hint("policyresources"), None);
    catalog.add_path(format!("securityresources={}", file.display())).unwrap();
    assert_eq!(ids(&catalog, "securityresources").unwrap(), ["a"]);
    catalog.add_path(format!("all={}", folder.path().display())).unwrap();
    assert_eq!(ids(&catalog, "all").unwrap(), ["a"]);
    let missing = catalog.add_path(folder.path().join("no.json")).unwrap_err();
    assert_eq!(missing.code.id, "AQ3005");
}

#[test]
fn packed_pages_are_read_to_their_end() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<String> = (0..60_000).map(|n| format!("{{\"id\":\"{n}\",\"pad\":\"{}\"}}", "x".repeat(90))).collect();
    let array = format!("[{}]", rows.join(",\n"));
    // Several members, as `cat a.gz b.gz` makes them.
    let (one, two) = array.as_bytes().split_at(array.len() / 3);
    write(folder.path(), "t.json.gz", [gzip(one), gzip(two)].concat());
    let mut catalog = Catalog::default();
    catalog.add_path(folder.path()).unwrap();
    let ids_read = ids(&catalog, "t").unwrap();
    assert_eq!(ids_read.len(), 60_000);
    assert_eq!(ids_read[59_999], "59999");

    let packed = gzip(array.as_bytes());
    write(folder.path(), "t.json.gz", &packed[..packed.len() / 2]);
    assert_eq!(ids(&catalog, "t").unwrap_err().code.id, "AQ3004");
    write(folder.path(), "t.json.gz", gzip(&array.as_bytes()[..array.len() - 1]));
    let cut = ids(&catalog, "t").unwrap_err();
    assert_eq!((cut.code.id, place(&cut).0), ("AQ3004", 60_000));
}

#[test]
fn files_are_read_in_windows_and_segments_with_rows_larger_than_either() {
    let folder = tempfile::tempdir().unwrap();
    let pad = |n: usize| "é".repeat(if n % 500 == 77 { 400_000 } else { n % 90 });
    let rows: Vec<String> = (0..2000).map(|n| format!("{{\"id\":\"{n}\",\"pad\":\"{}\"}}", pad(n))).collect();
    let expected: Vec<String> = (0..2000).map(|n| n.to_string()).collect();
    for text in
        [rows.join("\n"), format!("[{}]", rows.join(",")), format!("{{\"value\":[\n  {}\n]}}", rows.join(",\n  "))]
    {
        write(folder.path(), "t.json", &text);
        let mut catalog = Catalog::default();
        catalog.add_path(folder.path()).unwrap();
        assert_eq!(ids(&catalog, "t").unwrap(), expected);
        for segment in [10_000, 300_000, 1_000_000] {
            let passage = Passage::new("t", catalog.table("t").unwrap().pages(), segment).unwrap();
            let mut read = Vec::new();
            Scan::one(Pass::new(Origin::Pages(passage), &[Want::column("id", Type::String)]))
                .run(&[], &Guard::none(), Ok, |batch| {
                    read.extend(batch.columns[0].iter().map(|id| id.as_str().unwrap().to_owned()));
                    Ok::<_, Box<Diagnostic>>(ControlFlow::Continue(()))
                })
                .unwrap();
            assert_eq!(read, expected);
        }
        fs::write(folder.path().join("t.json"), &text[..text.len() - 2]).unwrap();
        assert_eq!(ids(&catalog, "t").unwrap_err().code.id, "AQ3004");
    }
}

#[test]
fn a_page_that_is_there_twice_is_warned_about() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..30).map(|n| format!("{{\"id\":\"{n:03}\"}}\n")).collect();
    write(folder.path(), "t-1.ndjson", &rows);
    write(folder.path(), "t-2.ndjson", rows.replace("029", "999"));
    write(folder.path(), "t-3.ndjson", &rows);
    let mut catalog = Catalog::default();
    catalog.add_path(folder.path()).unwrap();
    let scan = catalog.table("t").unwrap().scan(&wants()).unwrap();
    let warnings = scan.run(&[], &Guard::none(), Ok, |_| Ok::<_, Box<Diagnostic>>(ControlFlow::Continue(()))).unwrap();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].message.contains("t-3.ndjson` seems to be a copy of"), "{}", warnings[0].message);
}

#[test]
fn a_packed_copy_beside_its_original_is_warned_about() {
    let folder = tempfile::tempdir().unwrap();
    let rows = |from: usize| (from..from + 90).map(|n| format!("{{\"id\":\"{n:03}\"}}\n")).collect::<String>();
    write(folder.path(), "t-1.ndjson", rows(0));
    write(folder.path(), "t-1.ndjson.gz", gzip(rows(0).as_bytes()));
    write(folder.path(), "t-2.ndjson.gz", gzip(rows(100).as_bytes()));
    write(folder.path(), "t-2.ndjson.zst", zstd::encode_all(rows(100).as_bytes(), 3).unwrap());
    write(folder.path(), "t-3.ndjson.gz", gzip(rows(200).as_bytes()));
    let mut catalog = Catalog::default();
    catalog.add_path(folder.path()).unwrap();
    let warnings = warnings(&catalog, "t");
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("t-1.ndjson.gz` seems to be a copy of"), "{warnings:?}");
}

fn warnings(catalog: &Catalog, table: &str) -> Vec<String> {
    let scan = catalog.table(table).unwrap().scan(&wants()).unwrap();
    let all = scan.run(&[], &Guard::none(), Ok, |_| Ok::<_, Box<Diagnostic>>(ControlFlow::Continue(()))).unwrap();
    all.into_iter().map(|warning| warning.message).collect()
}

#[test]
fn what_powershell_and_the_portal_cut_off_is_warned_about_once() {
    let mut catalog = Catalog::default();
    let page = |status: &str| {
        format!(
            "[\r\n    {{\r\n        \"id\":  \"a\",\r\n        \"properties\":  {{\r\n            \"status\":  \"{status}\"\r\n        }}\r\n    }}\r\n]\r\n"
        )
    };
    catalog.add_bytes("t", page("@{code=Healthy; cause=}").as_bytes());
    catalog.add_bytes("t", page("@{code=Unhealthy}").as_bytes());
    let warned = warnings(&catalog, "t");
    assert_eq!(warned, ["`t` has bags as text, such as `@{code=Healthy}`: they cannot be read"]);
    // An expression of a logic app.
    catalog.add_bytes("workflows", page("@{triggerBody()?['a']}").as_bytes());
    assert_eq!(warnings(&catalog, "workflows"), [""; 0]);

    for (rows, count) in [(54_999, 0), (55_000, 1), (55_001, 0)] {
        let mut catalog = Catalog::default();
        let header = "\"id\",\"name\"\r\n".to_owned();
        let csv = header + &(0..rows).map(|n| format!("\"/{n}\",\"n\"\r\n")).collect::<String>();
        catalog.add_bytes("t", csv.as_bytes());
        let warned = warnings(&catalog, "t");
        assert_eq!(warned.len(), count, "{rows} {warned:?}");
    }
}

#[test]
fn the_rows_of_one_page_do_not_count_for_the_next() {
    let mut catalog = Catalog::default();
    catalog.add_bytes("t", &b"{\"id\":\"a\"}\n{\"id\":\"b\"}\n"[..]);
    catalog.add_bytes("t", &br#"{"count":1,"data":[{"id":"c"}],"total_records":3}"#[..]);
    assert_eq!(warnings(&catalog, "t"), [""; 0]);
}

#[test]
fn answers_as_powershell_writes_them_are_read() {
    let pages = [
        "{\r\n    \"id\":  \"a\",\r\n    \"ResourceId\":  \"a\"\r\n}\r\n",
        "{\r\n    \"id\":  \"a\"\r\n}\r\n{\r\n    \"id\":  \"b\"\r\n}\r\n",
        "{\"value\":[{\"id\":\"a\"},{\"id\":\"b\"},{\"id\":\"c\"}],\"Count\":3}",
        "{\"SkipToken\":null,\"Data\":[{\"id\":\"a\"}],\"Count\":1,\"ResultTruncated\":\"False\"}",
        "{\"Count\":1,\"Data\":[{\"id\":\"a\"}],\"SkipToken\":\"\"}",
        "{\"Data\":[]}",
    ];
    for (page, rows) in pages.into_iter().zip([1, 2, 3, 1, 1, 0]) {
        let mut catalog = Catalog::default();
        catalog.add_bytes("t", page.as_bytes());
        assert_eq!(ids(&catalog, "t").unwrap(), ["a", "b", "c"][..rows], "{page}");
        assert_eq!(warnings(&catalog, "t"), [""; 0]);
    }
}

#[test]
fn a_file_that_unpacks_to_far_more_than_its_size_is_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let rows = b"{\"id\":\"a\"}\n".repeat(1 << 18);
    let bomb = zstd::encode_all(&rows[..], 19).unwrap();
    assert!(bomb.len() * 1000 < rows.len(), "{}", bomb.len());
    write(folder.path(), "t.json.zst", &bomb);
    let mut catalog = Catalog::default();
    catalog.add_path(folder.path()).unwrap();
    let refused = ids(&catalog, "t").unwrap_err();
    assert_eq!(refused.code.id, "AQ4001");
    assert!(refused.message.contains("unpacks to far more than its size"));
}

#[test]
fn a_thousand_pages_are_read_in_natural_order() {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..1000 {
        write(folder.path(), &format!("Resources_{n}.json"), format!("[{{\"id\":\"{n}\"}}]"));
    }
    let mut catalog = Catalog::default();
    catalog.add_path(folder.path()).unwrap();
    catalog.add_path(folder.path().join("..").join(folder.path().file_name().unwrap())).unwrap();
    let expected: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
    assert_eq!(ids(&catalog, "resources").unwrap(), expected);
}

#[test]
fn a_drive_is_no_name_and_paths_need_not_be_text() {
    let folder = tempfile::tempdir().unwrap();
    let mut catalog = Catalog::default();
    let missing = |catalog: &mut Catalog, given: &str| catalog.add_path(given).unwrap_err().message;
    assert!(missing(&mut catalog, r"C:\x\export.json").starts_with(r"`C:\x\export.json` cannot"));
    assert!(missing(&mut catalog, r"C:\a=b\export.json").starts_with(r"`C:\a=b\export.json` cannot"));
    assert!(missing(&mut catalog, r"securityresources=C:\x.json").starts_with(r"`C:\x.json` cannot"));
    write(folder.path(), "a = b c.json", "[{\"id\":\"spaced\"}]");
    catalog.add_path(folder.path()).unwrap();
    assert_eq!(catalog.names(), ["a = b c"]);
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        let mut name = folder.path().as_os_str().to_owned().into_vec();
        name.extend(b"/caf\xe9.json");
        fs::write(std::ffi::OsString::from_vec(name.clone()), "[{\"id\":\"latin\"}]").unwrap();
        let given = [b"t=", &name[..]].concat();
        catalog.add_path(std::ffi::OsString::from_vec(given)).unwrap();
        assert_eq!(ids(&catalog, "t").unwrap(), ["latin"]);
    }
}

#[test]
fn rows_in_a_file_named_like_another_table_are_hinted_at() {
    let rows =
        |types: &[&str]| types.iter().map(|kind| format!("{{\"id\":\"a\",\"type\":\"{kind}\"}}\n")).collect::<String>();
    let folder = tempfile::tempdir().unwrap();
    let mixed = rows(&["microsoft.compute/virtualmachines", "microsoft.authorization/policyexemptions"]);
    write(folder.path(), "mixed.json", mixed);
    write(folder.path(), "resources.csv", "ID,TYPE\r\na,Microsoft.Security/assessments\r\n");
    let mut catalog = Catalog::default();
    catalog.add_path(folder.path()).unwrap();
    let hint = |table: &str| catalog.hint(table).map(|hint| hint.replace(folder.path().to_str().unwrap(), "."));
    assert_eq!(hint("policyresources"), Some("policyresources=./mixed.json".into()));
    assert_eq!(hint("securityresources"), Some("securityresources=./resources.csv".into()));
    assert_eq!(hint("advisorresources"), None);
}

#[test]
fn csv_has_the_types_of_resource_graph_and_else_only_those_that_lose_nothing() {
    let csv = "\u{feff}NAME;Properties;count_;share;code;mixed;on;when;bag;none\n\
               007;\"{\"\"a\"\": 1}\";12;0.5;007;1;true;2024-01-02;[1];\n\
               b;;-3;2;12;x;false;;\"{\"\"b\"\":2}\";\n\n\
               \"c;\n\"\"d\";plain;900719925474099;1e3;1.50;2.5;true;now;;\n";
    let mut catalog = Catalog::default();
    catalog.add_bytes("resources", csv.as_bytes());
    let table = catalog.table("resources").unwrap();
    let fields = table.schema(&Guard::none()).unwrap();
    let names: Vec<(&str, Type)> = fields[16..].iter().map(|field| (&*field.name, field.ty)).collect();
    let expected = [
        ("count_", Type::Long),
        // `1e3` would be written as `1000.0`.
        ("share", Type::String),
        ("code", Type::String),
        ("mixed", Type::String),
        ("on", Type::Bool),
        ("when", Type::String),
        ("bag", Type::Dynamic),
        ("none", Type::String),
    ];
    assert_eq!(names, expected);
    let wants: Vec<Want> = [("name", Type::String), ("properties", Type::Dynamic)]
        .into_iter()
        .chain(expected)
        .map(|(name, ty)| Want::column(name, ty))
        .collect();
    let (rows, _) = {
        let mut rows = Vec::new();
        let scan = table.scan(&wants).unwrap();
        let warnings = scan
            .run(&[], &Guard::none(), Ok, |batch| {
                for row in 0..batch.rows {
                    let cells = batch.columns.iter().map(|column| column.get(row).to_value().to_string());
                    rows.push(cells.collect::<Vec<_>>());
                }
                Ok::<_, Box<Diagnostic>>(ControlFlow::Continue(()))
            })
            .unwrap();
        (rows, warnings)
    };
    let expected = [
        ["007", r#"{"a":1}"#, "12", "0.5", "007", "1", "True", "2024-01-02", "[1]", ""],
        ["b", "", "-3", "2", "12", "x", "False", "", r#"{"b":2}"#, ""],
        ["c;\n\"d", "plain", "900719925474099", "1e3", "1.50", "2.5", "True", "now", "", ""],
    ];
    assert_eq!(rows, expected);
}

#[test]
fn kept_columns_are_the_same_and_are_read_again_when_the_file_changes() {
    let folder = tempfile::tempdir().unwrap();
    let row = |n: usize| {
        let (code, n_or_text) =
            (["Healthy", "Unhealthy", ""][n % 3], if n.is_multiple_of(7) { "\"x\"" } else { "1.5" });
        format!("{{\"id\":\"{n}\",\"properties\":{{\"status\":{{\"code\":\"{code}\"}},\"n\":{n_or_text}}}}}\n")
    };
    let text: String = (0..90_000).map(row).collect();
    write(folder.path(), "t.json", &text);
    let read = |catalog: &Catalog, wants: &[Want]| -> Result<Rows, Box<Diagnostic>> {
        let mut rows = Rows::new();
        catalog.table("t").unwrap().scan(wants)?.run(&[], &Guard::none(), Ok, |batch| {
            for row in 0..batch.rows {
                rows.push(batch.columns.iter().map(|column| cell(column.get(row))).collect());
            }
            Ok::<_, Box<Diagnostic>>(ControlFlow::Continue(()))
        })?;
        Ok(rows)
    };
    let mut cold = Catalog::default();
    cold.add_path(folder.path()).unwrap();
    let mut warm = cold.clone();
    warm.keep_columns(true);
    let all = [
        Want::path("properties.status.code"),
        Want::column("id", Type::String),
        Want::path("properties.n"),
        Want::path("properties.missing"),
        Want::column("properties", Type::Dynamic),
    ];
    for wants in [&all[..1], &all[..], &all[1..2], &[], &all[..], &all[4..]] {
        assert_eq!(read(&warm, wants).unwrap(), read(&cold, wants).unwrap());
    }
    let passage = catalog_scan(&warm, &all[..1]);
    assert!(passage.iter().all(|batch| batch.columns[0].as_dictionary().unwrap().values().len() == 3));

    write(folder.path(), "t.json", row(1));
    assert_eq!(read(&warm, &all[..1]).unwrap(), [[cell(ValueRef::String("Unhealthy"))]]);
    write(folder.path(), "t.json", "{");
    assert_eq!(read(&warm, &all[..1]).unwrap_err().code.id, "AQ3004");
}

fn catalog_scan(catalog: &Catalog, wants: &[Want]) -> Vec<crate::column::Batch> {
    let mut batches = Vec::new();
    let scan = catalog.table("t").unwrap().scan(wants).unwrap();
    scan.run(&[], &Guard::none(), Ok, |batch| {
        batches.push(batch);
        Ok::<_, Box<Diagnostic>>(ControlFlow::Continue(()))
    })
    .unwrap();
    batches
}

#[test]
fn known_tables_have_their_columns_and_others_what_their_rows_have() {
    let schema = |table: &str, text: &str| -> Vec<(String, Type)> {
        let mut catalog = Catalog::default();
        catalog.add_bytes(table, text.as_bytes());
        let fields = catalog.table(table).unwrap().schema(&Guard::none()).unwrap();
        fields.into_iter().map(|field| (field.name.to_string(), field.ty)).collect()
    };
    let known = schema("Resources", r#"[{"id":"a","systemData":{},"apiVersion":"1","n":1}]"#);
    assert_eq!(known.len(), 19);
    assert_eq!(known[11], ("properties".into(), Type::Dynamic));
    assert_eq!(
        known[16..],
        [
            ("apiVersion".into(), Type::String),
            ("systemData".into(), Type::Dynamic),
            // A later row may hold text: dynamic loses nothing.
            ("n".into(), Type::Dynamic),
        ]
    );
    // What few types say of themselves is shown where one does.
    let plain = schema("Resources", r#"[{"id":"a","n":1}]"#);
    assert_eq!(plain[15..], [("extendedLocation".into(), Type::Dynamic), ("n".into(), Type::Dynamic)]);
    let other = schema(
        "pets",
        r#"{"name":"Tom","lives":9,"x":null} {"weight":3,"vaccinated":true,"\u0065xtra":[],"x":1,"name":null}
           {"weight":3.5,"lives":"many"}"#,
    );
    let expected = [
        ("name", Type::String),
        ("lives", Type::Dynamic),
        ("x", Type::Long),
        ("weight", Type::Real),
        ("vaccinated", Type::Bool),
        ("extra", Type::Dynamic),
    ];
    assert_eq!(other, expected.map(|(name, ty)| (name.to_owned(), ty)));
}

#[test]
fn inferred_columns_hold_their_types_and_text_columns_the_text_of_anything() {
    let text = r#"{"n":1,"r":2,"s":7,"b":true} {"n":null,"r":2.5,"s":{"a": [1 , 2]},"b":false} {"s":true}"#;
    let passage = Passage::new("t", &[memory("t", text.as_bytes().into())], 100).unwrap();
    let wants = [
        Want::column("n", Type::Long),
        Want::column("r", Type::Real),
        Want::column("s", Type::String),
        Want::column("b", Type::Bool),
    ];
    let mut rows = Vec::new();
    Scan::one(Pass::new(Origin::Pages(passage), &wants))
        .run(&[], &Guard::none(), Ok, |batch| {
            for row in 0..batch.rows {
                rows.push(batch.columns.iter().map(|column| column.get(row).to_value()).collect::<Vec<_>>());
            }
            Ok::<_, Box<Diagnostic>>(ControlFlow::Continue(()))
        })
        .unwrap();
    let expected = [
        vec![Value::Long(1), Value::Real(2.0), Value::from("7"), Value::Bool(true)],
        vec![Value::Null, Value::Real(2.5), Value::from(r#"{"a":[1,2]}"#), Value::Bool(false)],
        vec![Value::Null, Value::Null, Value::from("true"), Value::Null],
    ];
    assert_eq!(rows, expected);
}
