//! All shares in order are the table, whatever it is made of.

use std::fmt::Write as _;
use std::fs;
#[cfg(feature = "store")]
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::Path;

use super::Share;
use crate::diag::Diagnostic;
use crate::guard::Guard;
use crate::source::table::{SourceTable, memory};
use crate::source::tests::{Rows, cell};
use crate::source::{Catalog, Want};

#[test]
fn shares_have_every_place_once_and_in_order_also_as_shares_of_shares() {
    for total in [0, 1, 2, 7, 1000, u64::MAX] {
        for of in [1, 2, 3, 8, 11] {
            let mut due = 0;
            for number in 0..of {
                let range = Share::WHOLE.part(number, of).range(total);
                assert_eq!(range.start, due);
                let inner = (0..3).map(|inner| Share::WHOLE.part(number, of).part(inner, 3).range(total));
                let last = inner.fold(range.start, |due, inner| {
                    assert_eq!(inner.start, due);
                    inner.end
                });
                assert_eq!(last, range.end);
                due = range.end;
            }
            assert_eq!(due, total);
        }
    }
}

fn rows(table: &SourceTable) -> Result<(Rows, Vec<Diagnostic>), Box<Diagnostic>> {
    let guard = Guard::none();
    let wants: Vec<Want> = table.full_schema(&guard)?.iter().map(|field| Want::column(&field.name, field.ty)).collect();
    let mut rows = Rows::new();
    let warnings = table.scan(&wants)?.run(&[], &guard, Ok, |batch| {
        rows.extend((0..batch.rows).map(|row| batch.columns.iter().map(|column| cell(column.get(row))).collect()));
        Ok::<_, Box<Diagnostic>>(ControlFlow::Continue(()))
    })?;
    Ok((rows, warnings))
}

/// Holds a table to the law for each number of shares; gives, for each of them, how many have rows.
fn shared(table: &SourceTable, numbers: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let (all, warnings) = rows(table).unwrap();
    let mut filled = Vec::new();
    for of in numbers {
        let (mut together, mut said) = (Rows::new(), Vec::new());
        let mut some = 0;
        for number in 0..of {
            let (mut part, more) = rows(&table.part(number, of)).unwrap();
            some += usize::from(!part.is_empty());
            together.append(&mut part);
            said.extend(more);
        }
        assert!(together == all, "{of} shares have {} rows, the table {}", together.len(), all.len());
        assert_eq!(said, warnings, "{of}");
        filled.push(some);
    }
    filled
}

fn table(pages: &[&[u8]]) -> SourceTable {
    SourceTable::new("t").with_pages(pages.iter().map(|bytes| memory("t", (*bytes).into())))
}

fn loaded(path: &Path, name: &str) -> SourceTable {
    let mut catalog = Catalog::default();
    catalog.add_path(path).unwrap();
    (*catalog.table(name).unwrap()).part(0, 1)
}

fn lines(from: usize, to: usize) -> String {
    (from..to).fold(String::new(), |mut text, row| {
        let _ = writeln!(text, r#"{{"id":"/{row}","text":"{}"}}"#, "é\\n{".repeat(row % 7));
        text
    })
}

#[test]
fn lines_are_cut_anywhere_whatever_stands_between_them() {
    let text = lines(0, 20);
    let most = text.len() + 2;
    assert_eq!(shared(&table(&[text.as_bytes()]), (1..30).chain([most])).iter().max(), Some(&20));
    assert_eq!(shared(&table(&[text.trim_end().as_bytes()]), [2, 3, 20, most]), [2, 3, 17, 20]);
    for text in [
        text.replace('\n', "\r\n"),
        text.replace('\n', "\n\n  \r\n"),
        format!("\u{feff}\n\n{text}"),
        text.replace("\n{\"id\":\"/3\"", "  {\"id\":\"/3\""),
        format!("{text}{{\"id\":\"/last\"}} {{\"id\":\"/same line\"}}"),
    ] {
        shared(&table(&[text.as_bytes()]), [1, 2, 3, 5, 19, 20, 21, text.len() / 3, text.len()]);
    }
    let pages = [lines(0, 5), lines(5, 6), lines(6, 40)];
    let pages: Vec<&[u8]> = pages.iter().map(String::as_bytes).collect();
    assert_eq!(shared(&table(&pages), [1, 2, 4, 500]), [1, 2, 4, 40]);
}

#[test]
fn shares_of_shares_are_shares() {
    let text = lines(0, 30);
    let all = table(&[text.as_bytes()]);
    for number in 0..3 {
        let half = all.part(number, 3);
        let parts: Rows = (0..4).flat_map(|inner| rows(&half.part(inner, 4)).unwrap().0).collect();
        assert_eq!(parts, rows(&half).unwrap().0);
    }
}

#[test]
fn what_has_no_row_in_each_line_stays_in_the_share_where_it_begins() {
    let array = r#"[{"id":"/a","text":"x"},
        {"id":"/b","text":"y"}]"#;
    let spread = "{\n\"id\":\"/a\",\"text\":\"x\"}\n{\n\"id\":\"/b\"}\n";
    let csv = "id,text\r\n/a,\"x\r\n/z\"\r\n/b,y\r\n";
    let packed = zstd::encode_all(lines(0, 9).as_bytes(), 1).unwrap();
    for text in [array.as_bytes(), spread.as_bytes(), csv.as_bytes(), &packed] {
        assert_eq!(shared(&table(&[text]), [1, 2, 3, 100]), [1, 1, 1, 1]);
    }
    let pages = [array.as_bytes(), csv.as_bytes(), spread.as_bytes(), &packed, b"[]", b"[]"];
    assert_eq!(shared(&table(&pages), [1, 100]), [1, 4]);
}

#[test]
fn pages_that_speak_of_all_rows_stay_together() {
    let page = |total: usize| format!(r#"{{"count":2,"data":[{{"id":"/a"}},{{"id":"/b"}}],"total_records":{total}}}"#);
    for pages in [[page(4), page(4)], [page(5), page(5)], [lines(0, 3), page(9)]] {
        let pages: Vec<&[u8]> = pages.iter().map(String::as_bytes).collect();
        assert_eq!(shared(&table(&pages), [1, 2, 3, 50]), [1, 1, 1, 1]);
    }
    let long = lines(0, 40);
    let copies = table(&[long.as_bytes(), long.as_bytes()]);
    assert_eq!(rows(&copies).unwrap().1.len(), 1);
    shared(&copies, [1, 2, 3, 50]);
}

#[test]
fn a_row_over_several_lines_behind_others_is_an_error_and_no_other_answer() {
    let head = lines(0, 2000);
    assert!(head.len() > super::super::passage::LINES);
    for (behind, whole) in [("{\"id\":\n\"/a\"}\n", true), ("{\"id\":[\n{\"id\":1},\n{\"id\":2}]}\n", true)] {
        let text = format!("{head}{}{}", behind.repeat(400), lines(0, 2000));
        let all = table(&[text.as_bytes()]);
        assert_eq!(rows(&all).is_ok(), whole);
        for of in [2, 3, 50] {
            let parts: Result<Vec<_>, _> = (0..of).map(|number| rows(&all.part(number, of))).collect();
            match parts {
                Ok(parts) => {
                    let together: Rows = parts.into_iter().flat_map(|(rows, _)| rows).collect();
                    assert!(together == rows(&all).unwrap().0, "{of}");
                }
                Err(failure) => assert!(failure.message.contains("has lines that are no rows"), "{failure:?}"),
            }
        }
        let failed = (0..100).filter_map(|number| rows(&all.part(number, 100)).err()).count();
        assert!(failed > 0);
    }
}

#[test]
fn an_empty_or_broken_file_is_an_error_of_some_share() {
    let text = lines(0, 9);
    for broken in [&b""[..], b" ", b"[{\"id\":\"/a\"", b"{\"id\":\"/a\"}\n{\"id\":\"/b\"\n"] {
        for pages in [[text.as_bytes(), broken], [broken, text.as_bytes()]] {
            let all = table(&pages);
            for of in [1, 2, 7, 100] {
                let said: Vec<_> = (0..of).filter_map(|number| table_error(&all.part(number, of))).collect();
                assert!(!said.is_empty(), "{of} {broken:?}");
            }
        }
    }
}

fn table_error(table: &SourceTable) -> Option<String> {
    let wants = [Want::column("id", crate::value::Type::String)];
    let read = |scan: crate::source::scan::Scan| {
        scan.run(&[], &Guard::none(), Ok, |_| Ok::<_, Box<Diagnostic>>(ControlFlow::Continue(())))
    };
    table.scan(&wants).and_then(read).err().map(|said| said.message)
}

#[test]
fn tables_of_many_tenants_are_shared_over_and_within_tenants() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("a", "resources.ndjson", lines(0, 30)),
        ("b", "other.json", "[]".to_owned()),
        ("b", "resources.json", "[]".to_owned()),
    ];
    let more =
        [("c", "resources.json", r#"[{"id":"/c"},{"id":"/d"}]"#.to_owned()), ("d", "resources.ndjson", lines(50, 61))];
    for (tenant, name, text) in files.into_iter().chain(more) {
        fs::create_dir_all(folder.path().join(tenant)).unwrap();
        fs::write(folder.path().join(tenant).join(name), text).unwrap();
    }
    let all = loaded(folder.path(), "resources");
    assert_eq!(shared(&all, [1, 2, 3, 10, 300])[..3], [1, 2, 3]);
    assert_eq!(rows(&all).unwrap().0.len(), 43);
    assert!(all.weight() > 1000);
}

#[cfg(feature = "store")]
mod columns {
    use super::*;
    use crate::Engine;
    use crate::column::{Batch, Column, FileKind, FileWriting, PartField, PartWriter};
    use crate::source::{SnapshotPlan, StoreFolder, import};
    use crate::value::{DateTime, Type, Value};

    fn parquet(path: &Path, groups: &[i64]) {
        let field = PartField { name: "id".into(), ty: Type::Long, bloom: false, coded: false, ids: false };
        let mut writer = PartWriter::new(fs::File::create(path).unwrap(), &[field]).unwrap();
        let mut next = 0;
        for &rows in groups {
            let column = Column::from_values(Type::Long, (next..next + rows).map(Value::Long));
            writer.write(&[Batch::new(vec![column], usize::try_from(rows).unwrap())], &Guard::none()).unwrap();
            writer.end_group(&Guard::none()).unwrap();
            next += rows;
        }
        writer.finish(&[], &Guard::none()).unwrap();
    }

    #[test]
    fn parquet_is_shared_by_row_groups_over_files() {
        let folder = tempfile::tempdir().unwrap();
        parquet(&folder.path().join("t-1.parquet"), &[3, 1, 4, 1, 5]);
        assert_eq!(shared(&loaded(folder.path(), "t"), [1, 2, 3, 14, 15, 400])[3..], [5, 5, 5]);
        parquet(&folder.path().join("t-2.parquet"), &[100]);
        parquet(&folder.path().join("t-3.parquet"), &[7, 7]);
        assert_eq!(shared(&loaded(folder.path(), "t"), [1, 2, 3, 128, 5000])[3..], [8, 8]);
    }

    #[test]
    fn arrow_is_shared_by_its_batches() {
        for (kind, name) in [(FileKind::Arrow, "t.arrow"), (FileKind::ArrowStream, "t.arrows")] {
            let folder = tempfile::tempdir().unwrap();
            let mut file = fs::File::create(folder.path().join(name)).unwrap();
            let rows =
                |from: usize| Engine::new().query(&format!("range x from {from} to {} step 1", from + 9)).unwrap();
            let mut writing = FileWriting::start(rows(0).columns(), kind).unwrap();
            for from in [0, 10, 20] {
                writing.rows(&mut file, &rows(from)).unwrap();
            }
            writing.finish(&mut file).unwrap();
            file.flush().unwrap();
            assert_eq!(shared(&loaded(folder.path(), "t"), [1, 2, 3, 31, 100]), [1, 2, 3, 3, 3]);
        }
    }

    /// Imports rows as the snapshot of a day.
    fn imported(store: &Path, day: &str, text: String) {
        let mut catalog = Catalog::default();
        catalog.add_bytes("t", text.into_bytes());
        let plan = SnapshotPlan { moment: DateTime::parse(day).unwrap(), whole: false };
        import(&catalog, store, plan, &Guard::none()).unwrap();
    }

    #[test]
    fn a_store_is_shared_by_row_groups_also_where_they_are_of_other_snapshots() {
        let folder = tempfile::tempdir().unwrap();
        let row = |row: usize, day: usize| {
            format!("{{\"id\":\"/{row:060}\",\"n\":{}}}\n", if row % 1009 == 7 { day } else { 0 })
        };
        let day = |day: usize| (0..150_000).map(|number| row(number, day)).collect::<String>();
        imported(folder.path(), "2026-11-27", day(1));
        imported(folder.path(), "2026-11-28", day(2));
        let manifest = StoreFolder::open(folder.path()).unwrap().unwrap().manifest("2026-11-28").unwrap();
        assert!(manifest.tables[0].runs.is_some());
        for name in ["2026-11-27", "2026-11-28"] {
            let table = loaded(&folder.path().join(name), "t");
            let filled = shared(&table, [1, 2, 7]);
            assert_eq!(filled[..2], [1, 2], "{name}");
            assert!(table.weight() > 1000);
        }
    }

    #[test]
    fn parts_of_other_shares_are_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let day = |rows: usize| {
            let row = |row: usize| format!("{{\"id\":\"/{row}\",\"pad\":\"{}\"}}\n", "x".repeat(60));
            (0..rows).map(row).collect::<String>()
        };
        imported(folder.path(), "2026-11-27", day(100_000));
        imported(folder.path(), "2026-11-28", day(100_000) + &lines(200_000, 200_005));
        let newer = folder.path().join("2026-11-28");
        let own = |path: &Path| path.extension().is_some_and(|ending| ending == "parquet");
        let files = fs::read_dir(&newer).unwrap().flatten().map(|entry| entry.path());
        let part = files.filter(|path| own(path) && !path.to_string_lossy().contains("runs")).collect::<Vec<_>>();
        assert_eq!(part.len(), 1, "{part:?}");
        fs::write(&part[0], "no part").unwrap();
        let table = loaded(&newer, "t");
        assert!(table_error(&table.part(0, 2)).is_none());
        assert!(table_error(&table.part(1, 2)).is_some());
    }
}
