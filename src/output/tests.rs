use std::sync::Arc;

use super::*;
use crate::column::{Batch, Column, Field, Interner};
use crate::value::{DateTime, TimeSpan, Type, Value, ValueRef, from_json};

fn table(columns: Vec<(&str, Type, Vec<Value>)>) -> Table {
    let rows = columns.first().map_or(0, |column| column.2.len());
    let fields: Vec<Field> = columns.iter().map(|(name, ty, _)| Field { name: Arc::from(*name), ty: *ty }).collect();
    let columns = columns.into_iter().map(|(_, ty, values)| Column::from_values(ty, values)).collect();
    Table::new(fields.into(), vec![Batch::new(columns, rows)], Vec::new())
}

fn written(table: &Table, format: Format, width: Option<u16>) -> String {
    let mut out = Vec::new();
    table.write(&mut out, format, &Layout { width, ..Layout::default() }).unwrap();
    String::from_utf8(out).unwrap()
}

fn every_type() -> Table {
    let long = |v| vec![Value::Long(v), Value::Null];
    table(vec![
        ("b", Type::Bool, vec![Value::Bool(true), Value::Null]),
        ("i", Type::Int, vec![Value::Int(-1), Value::Null]),
        ("l", Type::Long, long(i64::MIN)),
        ("r", Type::Real, vec![Value::Real(f64::NAN), Value::Real(f64::NEG_INFINITY)]),
        ("d", Type::Decimal, vec![Value::Decimal("1.50".parse().unwrap()), Value::Null]),
        ("s", Type::String, vec![Value::from("a\"\\\n\u{1}é"), Value::from("")]),
        ("t", Type::DateTime, vec![Value::DateTime(DateTime::from_ticks(638_396_640_000_000_000)), Value::Null]),
        ("n", Type::TimeSpan, vec![Value::TimeSpan(TimeSpan::from_ticks(-864_000_000_001)), Value::Null]),
        ("g", Type::Guid, vec![Value::Guid(uuid::Uuid::from_u128(1)), Value::Null]),
        ("y", Type::Dynamic, vec![from_json("{\"z\": [1, 9007199254740993], \"a\": null}"), Value::from("x")]),
    ])
}

#[test]
fn many_rows_are_written_piece_by_piece_and_in_order() {
    // Of two batches, whose rows become longer and shorter again.
    let text = |row: usize| "a\"".repeat(if row % 5_000 < 100 { 3_000 } else { row % 7 });
    let batch = |rows: std::ops::Range<usize>| {
        let longs = Column::longs(rows.clone().map(|row| i64::try_from(row).unwrap()).collect());
        let texts = Column::from_values(Type::String, rows.clone().map(|row| Value::from(text(row).as_str())));
        Batch::new(vec![longs, texts], rows.len())
    };
    let field = |name: &str, ty| Field { name: Arc::from(name), ty };
    let fields: Vec<Field> = vec![field("x", Type::Long), field("s", Type::String)];
    let table = Table::new(fields.into(), vec![batch(0..7_000), batch(7_000..20_000)], Vec::new());
    let objects: Vec<String> =
        (0..20_000).map(|row| format!("{{\"x\":{row},\"s\":\"{}\"}}", text(row).replace('"', "\\\""))).collect();
    assert!(written(&table, Format::Ndjson, None) == objects.join("\n") + "\n");
    assert!(written(&table, Format::Json, None) == format!("[{}]\n", objects.join(",\n")));
    #[cfg(feature = "review")]
    {
        let lines: Vec<String> = (0..20_000)
            .map(|row| match text(row) {
                empty if empty.is_empty() => format!("{row},\n"),
                text => format!("{row},\"{}\"\n", text.replace('"', "\"\"")),
            })
            .collect();
        assert!(written(&table, Format::Csv, None) == format!("x,s\n{}", lines.concat()));
    }
}

#[test]
fn json_is_written_as_promised_for_every_type() {
    let first = r#"{"b":true,"i":-1,"l":-9223372036854775808,"r":"NaN","d":"1.50","s":"a\"\\\n\u0001é","t":"2024-01-01T00:00:00.0000000Z","n":"-1.00:00:00.0000001","g":"00000000-0000-0000-0000-000000000001","y":{"z":[1,9007199254740993],"a":null}}"#;
    let second = r#"{"b":null,"i":null,"l":null,"r":"-Infinity","d":null,"s":"","t":null,"n":null,"g":null,"y":"x"}"#;
    let table = every_type();
    assert_eq!(written(&table, Format::Json, None), format!("[{first},\n{second}]\n"));
    assert_eq!(written(&table, Format::Ndjson, None), format!("{first}\n{second}\n"));
    assert_eq!(table.to_json(), format!("[{first},{second}]"));
    assert!(serde_json::from_str::<serde_json::Value>(&table.to_json()).is_ok());
}

#[test]
fn json_of_no_rows_is_an_empty_array_or_nothing() {
    let none = table(vec![("a", Type::Long, vec![])]);
    assert_eq!(written(&none, Format::Json, None), "[]\n");
    assert_eq!(written(&none, Format::Ndjson, None), "");
    assert_eq!(none.to_json(), "[]");
    assert_eq!(Table::default().to_json(), "[]");
}

#[test]
fn dictionaries_and_constants_are_written_like_any_column_across_buffers() {
    let mut dictionary = Interner::new(Type::String);
    let rows = 50_000;
    for row in 0..rows {
        dictionary.push(ValueRef::String(["a\"b", "", "c"][row % 3]));
    }
    let columns = vec![
        dictionary.finish(),
        Column::constant(Type::Dynamic, from_json("{\"k\":[true]}"), rows),
        Column::longs((0..).take(rows).collect()),
    ];
    let fields: Vec<Field> = [("s", Type::String), ("c", Type::Dynamic), ("n", Type::Long)]
        .map(|(name, ty)| Field { name: Arc::from(name), ty })
        .into();
    let table =
        Table::new(fields.into(), vec![Batch::new(columns.clone(), rows), Batch::new(columns, rows)], Vec::new());
    let text = written(&table, Format::Ndjson, None);
    let mut count = 0;
    for (row, line) in text.lines().enumerate() {
        let text = ["a\\\"b", "", "c"][row % rows % 3];
        assert_eq!(line, format!("{{\"s\":\"{text}\",\"c\":{{\"k\":[true]}},\"n\":{}}}", row % rows));
        count += 1;
    }
    assert_eq!(count, 2 * rows);
}

#[test]
#[cfg(feature = "review")]
fn csv_quotes_what_must_be_and_null_is_empty() {
    let table = table(vec![
        ("a,b", Type::String, vec![Value::from("x\ny"), Value::from("say \"hi\""), Value::from("")]),
        ("n", Type::Long, vec![Value::Long(1), Value::Null, Value::Long(3)]),
    ]);
    assert_eq!(written(&table, Format::Csv, None), "\"a,b\",n\n\"x\ny\",1\n\"say \"\"hi\"\"\",\n,3\n");
    assert_eq!(written(&table, Format::Tsv, None), "a,b\tn\n\"x\ny\"\t1\n\"say \"\"hi\"\"\"\t\n\t3\n");
    assert_eq!(written(&every_type(), Format::Csv, None).lines().last(), Some(",,,-inf,,,,,,x"));
}

#[test]
#[cfg(feature = "review")]
fn text_that_a_spreadsheet_would_run_is_made_text_and_numbers_stay_numbers() {
    const DISARMED: Layout = Layout { width: None, color: false, cells: WideCells::Wrap, formulas: Formulas::Disarmed };
    let harmful =
        ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "-", "+49 151", "--1"];
    let harmless = ["-5", "+3.25", "-1e9", "a=1", "", "'=1", " =1", "{\"=\":1}"];
    let disarmed = |values: Vec<Value>, ty| {
        let mut out = Vec::new();
        table(vec![("=h", ty, values)]).write(&mut out, Format::Tsv, &DISARMED).unwrap();
        ::csv::ReaderBuilder::new()
            .delimiter(b'\t')
            .has_headers(false)
            .from_reader(out.as_slice())
            .into_records()
            .map(|record| record.unwrap()[0].to_owned())
            .collect::<Vec<String>>()
    };
    for ty in [Type::String, Type::Dynamic] {
        let texts = disarmed(harmful.map(Value::from).into(), ty);
        assert_eq!(texts[0], "'=h");
        assert_eq!(texts[1..], harmful.map(|text| format!("'{text}")));
        assert_eq!(disarmed(harmless.map(Value::from).into(), ty)[1..], harmless);
    }
    assert_eq!(disarmed(vec![Value::Long(-7)], Type::Long), ["'=h", "-7"]);
    assert_eq!(disarmed(vec![Value::Real(-0.5)], Type::Dynamic), ["'=h", "-0.5"]);
    assert_eq!(
        disarmed(vec![Value::TimeSpan(TimeSpan::from_ticks(-600_000_000))], Type::TimeSpan),
        ["'=h", "-00:01:00"]
    );
    let table = table(vec![("n", Type::String, vec![Value::from("=1,2")])]);
    let mut out = Vec::new();
    table.write(&mut out, Format::Csv, &DISARMED).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "n\n\"'=1,2\"\n");
    assert_eq!(written(&table, Format::Csv, None), "n\n\"=1,2\"\n");
}

#[test]
fn wide_cells_on_a_terminal_are_wrapped_cut_or_whole() {
    let words = |count: usize| Value::from(vec!["word"; count].join(" "));
    let texts = table(vec![("n", Type::Long, vec![Value::Long(1)]), ("text", Type::String, vec![words(40)])]);
    let lines = |cells: WideCells, width: Option<u16>| {
        let mut out = Vec::new();
        texts.write(&mut out, Format::Table, &Layout { width, cells, ..Layout::default() }).unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>()
    };
    // Beside the cell there are the header, the line beneath it, and the number of rows.
    let of_cell = |cells| lines(cells, Some(30)).len() - 3;
    assert_eq!((of_cell(WideCells::Cut), of_cell(WideCells::Wrap)), (1, 6));
    // Five words of four letters with four spaces have room in each of its lines.
    assert_eq!(of_cell(WideCells::Whole), 8);
    assert_eq!(lines(WideCells::Cut, Some(30))[2], " 1 │ word word word word wor…");
    assert!(lines(WideCells::Wrap, Some(30))[7].ends_with('…'));
    assert_eq!(lines(WideCells::Whole, Some(30))[9], "   │ word word word word word");
    // Where nobody looks on, nothing is cut.
    assert_eq!(lines(WideCells::Cut, None)[2].matches("word").count(), 40);
}

#[test]
fn markdown_cells_stay_cells() {
    let table = table(vec![
        ("a|b", Type::String, vec![Value::from("x|y\n<b>"), Value::from("\\")]),
        ("n", Type::Real, vec![Value::Real(1.0), Value::Null]),
    ]);
    let want = "| a\\|b | n |\n| --- | --: |\n| x\\|y<br>&lt;b> | 1.0 |\n| \\\\ |  |\n";
    assert_eq!(written(&table, Format::Markdown, None), want);
}

#[test]
fn a_table_is_aligned_and_counts_its_rows() {
    let table = table(vec![
        ("name", Type::String, vec![Value::from("größe"), Value::from("漢字"), Value::from("")]),
        ("n", Type::Long, vec![Value::Long(5), Value::Null, Value::Long(1200)]),
        (
            "t",
            Type::DateTime,
            vec![Value::DateTime(DateTime::from_ticks(638_396_640_000_000_000)), Value::Null, Value::Null],
        ),
    ]);
    let want = " name  │    n │ t
───────┼──────┼──────────────────────
 größe │    5 │ 2024-01-01T00:00:00Z
 漢字  │      │
       │ 1200 │
3 rows
";
    assert_eq!(written(&table, Format::Table, None), want);
    assert_eq!(format!("{table}\n"), want);
    assert_eq!(written(&self::table(vec![("a", Type::Long, vec![])]), Format::Table, None), " a\n───\n0 rows\n");
    assert_eq!(written(&Table::default(), Format::Table, None), "0 rows\n");
}

#[test]
fn no_control_character_of_the_data_reaches_a_table() {
    let table = table(vec![("a\u{1b}c", Type::String, vec![Value::from("\u{1b}[2J\u{7}\u{9b}\r\nx\u{202e}")])]);
    for width in [None, Some(80), Some(6)] {
        let text = written(&table, Format::Table, width);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        assert!(!text.contains('\u{202e}'));
    }
    let text = written(&table, Format::Markdown, None);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
}

#[test]
fn a_table_fits_the_terminal_and_wide_ones_become_lists() {
    let long = "word ".repeat(60);
    let columns = |count: usize| {
        let names: Vec<String> = (0..count).map(|index| format!("column{index}")).collect();
        table(names.iter().map(|name| (name.as_str(), Type::String, vec![Value::from(long.as_str())])).collect())
    };
    for count in [1, 3, 20] {
        let text = written(&columns(count), Format::Table, Some(60));
        assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
        assert_eq!(text.starts_with("row 1\n"), count == 20, "{text}");
    }
}

#[test]
fn the_rows_of_a_long_table_are_all_there_under_one_header() {
    let rows = 25_000_i64;
    let texts = (0..rows).map(|row| Value::from(format!("row {row}").as_str())).collect();
    let table = table(vec![("n", Type::Long, (0..rows).map(Value::Long).collect()), ("s", Type::String, texts)]);
    let text = written(&table, Format::Table, None);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 25_003);
    assert_eq!(lines.last(), Some(&"25,000 rows"));
    assert!(lines[1].starts_with('─'));
    let numbers = lines[2..25_002].iter().map(|line| line.split('│').next().unwrap().trim().parse::<i64>().unwrap());
    assert!(numbers.eq(0..rows));
}
