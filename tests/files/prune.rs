//! Row groups that no filter lets through are not read, and no answer is another one for it.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arbitrary::Unstructured;
use argql::{DateTime, Engine, Store};
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray, StructArray,
    TimestampMicrosecondArray,
};
use arrow_schema::Field;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};

const TEXTS: [&str; 10] = ["", "a", "A", "abc", "ABC", "b", "é", "\u{212a}", "zz", "k"];
const REALS: [f64; 8] = [f64::NAN, f64::NEG_INFINITY, f64::INFINITY, 0.0, -0.0, 1.0, 1.5, -7.25];

type Sampled<T> = arbitrary::Result<T>;

/// Some values of a few of them near each other, as groups of real files have them.
fn cells<T: Copy>(u: &mut Unstructured<'_>, rows: usize, of: &[T]) -> Sampled<Vec<Option<T>>> {
    let from = u.choose_index(of.len())?;
    let width = 1 + u.choose_index(2)?;
    let nulls = u.ratio(1, 2)?;
    (0..rows)
        .map(|_| {
            let null = nulls && u.ratio(1, 3)?;
            Ok((!null).then_some(of[(from + u.choose_index(width)?) % of.len()]))
        })
        .collect()
}

fn group(u: &mut Unstructured<'_>, rows: usize) -> Sampled<RecordBatch> {
    let long: String = "x".repeat(100);
    let texts = cells(u, rows, &TEXTS)?;
    let tailed: Vec<Option<String>> =
        cells(u, rows, &TEXTS)?.into_iter().map(|text| text.map(|text| format!("{long}{text}"))).collect();
    let code: ArrayRef = Arc::new(StringArray::from(cells(u, rows, &TEXTS)?));
    let number: ArrayRef = Arc::new(Int64Array::from(cells(u, rows, &[1, 2, 3, i64::MAX])?));
    let below = StructArray::from(vec![
        (Arc::new(Field::new("code", code.data_type().clone(), true)), code),
        (Arc::new(Field::new("n", number.data_type().clone(), true)), number),
    ]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("s", Arc::new(StringArray::from(texts))),
        ("long", Arc::new(StringArray::from(tailed))),
        ("i", Arc::new(Int32Array::from(cells(u, rows, &[-1, 0, 1, 2, 3])?))),
        ("l", Arc::new(Int64Array::from(cells(u, rows, &[i64::MIN, -1, 0, 1, 9_007_199_254_740_993, i64::MAX])?))),
        ("r", Arc::new(Float64Array::from(cells(u, rows, &REALS)?))),
        ("b", Arc::new(BooleanArray::from(cells(u, rows, &[true, false])?))),
        ("t", Arc::new(TimestampMicrosecondArray::from(cells(u, rows, &[-1, 0, 1, 1_600_000_000_000_000])?))),
        ("d", Arc::new(Date32Array::from(cells(u, rows, &[-1, 0, 1, 20_000])?))),
        ("p", Arc::new(below)),
    ];
    Ok(RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap())
}

/// What conditions are about.
struct Columns {
    text: &'static str,
    bag: &'static str,
    /// The conditions that there are.
    cases: &'static [usize],
}

const FILE: Columns = Columns { text: "s", bag: "p", cases: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] };
const STORE: Columns = Columns { text: "id", bag: "properties", cases: &[0, 1, 2, 10, 12] };

fn condition(u: &mut Unstructured<'_>, columns: &Columns, depth: usize) -> Sampled<String> {
    let &Columns { text: column, bag, cases } = columns;
    if depth > 0 && u.ratio(1, 2)? {
        let (one, other) = (condition(u, columns, depth - 1)?, condition(u, columns, depth - 1)?);
        return Ok(match u.choose_index(3)? {
            0 => format!("({one} and {other})"),
            1 => format!("({one} or {other})"),
            _ => format!("not({one})"),
        });
    }
    let order = *u.choose(&["<", "<=", ">", ">=", "==", "!="])?;
    let text = format!("'{}'", u.choose(&TEXTS)?);
    let text_operator = *u.choose(&["==", "!=", "=~", "!~", "in", "in~", "!in", "contains", "startswith", "has"])?;
    let texts = |column: &str| match text_operator {
        "in" | "in~" | "!in" => format!("{column} {text_operator} ({text}, 'b')"),
        _ => format!("{column} {text_operator} {text}"),
    };
    let turned = u.ratio(1, 4)?;
    let numbers = |column: &str, number: &str| {
        if turned { format!("{number} {order} {column}") } else { format!("{column} {order} {number}") }
    };
    Ok(match *u.choose(cases)? {
        0 => texts(column),
        1 => texts(&format!("{bag}.code")),
        2 => texts(&format!("tostring({bag}.code)")),
        3 => format!("long == '{}{}'", "x".repeat(100), u.choose(&TEXTS)?),
        4 => numbers("i", u.choose(&["0", "2", "1.5", "int(null)", "-1"])?),
        5 => numbers("l", u.choose(&["0", "9007199254740992", "9007199254740993.0", "long(null)", "-1"])?),
        6 => numbers("r", u.choose(&["0.0", "-0.0", "real(nan)", "1.0", "1", "real(+inf)", "real(null)"])?),
        7 => numbers("b", u.choose(&["true", "false"])?),
        8 => numbers(
            "t",
            u.choose(&["datetime(1970-01-01)", "datetime(1970-01-01T00:00:00.0000005)", "datetime(null)"])?,
        ),
        9 => numbers("d", u.choose(&["datetime(1970-01-01)", "datetime(2020-01-01)"])?),
        10 => numbers(&format!("{bag}.n"), u.choose(&["2", "2.5", "9223372036854775807"])?),
        11 => format!("l between ({} .. {})", u.choose(&["-1", "0", "2"])?, u.choose(&["0", "1", "5.5"])?),
        _ => {
            let test = u.choose(&["isnull", "isnotnull", "isempty", "isnotempty"])?;
            if u.arbitrary()? { format!("{test}({column})") } else { format!("{test}({bag}.code)") }
        }
    })
}

/// The same by an engine that reads what a filter lets through, and by one that reads all.
fn compare(path: &Path, query: &str) {
    let answer = |keep: bool| {
        let engine = Engine::new().keep_columns(keep).load(path).unwrap();
        engine.query(query).map(|table| table.to_json()).map_err(|error| error.to_string())
    };
    assert_eq!(answer(false), answer(true), "{query}");
}

#[test]
fn pruned_and_unpruned_answers_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    arbtest::arbtest(|u| {
        let groups: Vec<RecordBatch> = (0..1 + u.choose_index(3)?).map(|_| group(u, 4)).collect::<Sampled<_>>()?;
        let schema = groups[0].schema();
        let properties = WriterProperties::builder().set_bloom_filter_enabled(u.ratio(1, 2)?).build();
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), schema, Some(properties)).unwrap();
        for group in &groups {
            writer.write(group).unwrap();
            writer.flush().unwrap();
        }
        writer.close().unwrap();
        for _ in 0..6 {
            compare(&path, &format!("x | where {} | project s, i, r, c = p.code", condition(u, &FILE, 2)?));
        }
        Ok(())
    })
    .budget_ms(4_000);
}

#[test]
fn stores_answer_the_same_pruned_and_unpruned() {
    let folder = tempfile::tempdir().unwrap();
    arbtest::arbtest(|u| {
        let store = folder.path().join("store");
        let _ = fs::remove_dir_all(&store);
        let mut rows = String::new();
        let (s, codes, numbers) = (cells(u, 30, &TEXTS)?, cells(u, 30, &TEXTS)?, cells(u, 30, &[1, 2, 3, i64::MAX])?);
        for ((s, code), n) in s.iter().zip(&codes).zip(&numbers) {
            let row = serde_json::json!({"id": s, "type": s, "properties": {"code": code, "n": n}});
            rows += &format!("{row}\n");
        }
        let engine = Engine::new().table("resources", rows.into_bytes());
        Store::new(&store).import(&engine, DateTime::parse("2026-11-27").unwrap()).unwrap();
        for _ in 0..6 {
            let condition = condition(u, &STORE, 2)?;
            compare(&store, &format!("resources | where {condition} | project id, properties.code"));
        }
        Ok(())
    })
    .budget_ms(4_000);
}

/// Overwrites the pages of every group but one.
fn spoil(path: &Path, sound: usize) {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let mut bytes = fs::read(path).unwrap();
    for (number, group) in reader.metadata().row_groups().iter().enumerate().filter(|(number, _)| *number != sound) {
        for chunk in group.columns() {
            let (start, length) = chunk.byte_range();
            let start = usize::try_from(start).unwrap();
            bytes[start..start + usize::try_from(length).unwrap()].fill(0xff);
        }
        assert!(number < 3);
    }
    fs::write(path, bytes).unwrap();
}

#[test]
fn what_no_filter_lets_through_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let part = |n: i64, id: &str, kind: &str| {
        let ids: Vec<String> = (0..100).map(|row| format!("/{}/{id}{row}", row % 7)).collect();
        let times = TimestampMicrosecondArray::from(vec![n * 1_000_000; 100]);
        RecordBatch::try_from_iter(vec![
            ("n", Arc::new(Int64Array::from((n..n + 100).collect::<Vec<_>>())) as ArrayRef),
            ("id", Arc::new(StringArray::from(ids))),
            ("type", Arc::new(StringArray::from(vec![kind; 100]))),
            ("t", Arc::new(times)),
        ])
        .unwrap()
    };
    let parts = [part(0, "a", "Microsoft.A"), part(1000, "b", "Microsoft.B"), part(2000, "c", "Microsoft.C")];
    let properties = WriterProperties::builder().set_bloom_filter_enabled(true).build();
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), parts[0].schema(), Some(properties)).unwrap();
    for part in &parts {
        writer.write(part).unwrap();
        writer.flush().unwrap();
    }
    writer.close().unwrap();
    spoil(&path, 1);
    let ask = |query: &str| {
        let engine = Engine::new().keep_columns(false).load(&path).unwrap();
        engine.query(query).map(|table| table.to_json())
    };
    assert!(ask("x | summarize sum(n)").is_err());
    for (condition, count) in [
        ("n == 1003", 1),
        ("n between (1000 .. 1010)", 11),
        ("n > 200 and n < 1500", 100),
        ("n in (1001, 1002)", 2),
        ("t == datetime(1970-01-01T00:16:40)", 100),
        // One text in each group, which says all about the others.
        ("type =~ 'microsoft.b'", 100),
        ("type has 'b'", 100),
        // Between the ends of every group, and in one filter.
        ("id == '/3/b3'", 1),
        ("id in ('/3/b3', '/4/b4')", 2),
    ] {
        let counted = ask(&format!("x | where {condition} | count"));
        assert_eq!(counted.map_err(|error| error.to_string()), Ok(format!("[{{\"Count\":{count}}}]")), "{condition}");
    }
}
