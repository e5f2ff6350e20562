//! Files that are no text: what is written is read again, by other readers than ours, and compared cell by cell.
//!
//! `read.py` opens them as a person would, with DuckDB, Polars, pandas and openpyxl, where `.ci/run` has put these;
//! `write.py` writes files with them, which are tables then (`foreign`).
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod foreign;
mod prune;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use argql::{
    DateTime, Decimal, Document, Engine, Format, Layout, ReportPlan, Table, TableWriter, TimeSpan, Type, Value,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, DurationMicrosecondType, DurationNanosecondType, Float64Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field as ArrowField, TimeUnit};
use calamine::{Data, Reader, Xlsx, open_workbook};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// Every type, with what lies at its ends and with null.
const EVERY: &str = "datatable(b: bool, i: int, l: long, r: real, d: decimal, s: string, t: datetime, n: timespan, g: guid, y: dynamic)[
    true, int(-2147483648), long(-9223372036854775808), real(-inf), decimal(-1.50), '=1+1', datetime(1677-09-22), -1.5s,
        guid(00000000-0000-0000-0000-000000000001), dynamic({'z': [1, 9007199254740993], 'a': null}),
    false, int(2147483647), long(9223372036854775807), real(nan), decimal(79228162514264337593543950335), 'a\"\\\\\\n\\u0001é_x0041_',
        datetime(2262-04-11T23:47:16.8547758Z), time(106751.00:00:00.0000001), guid(ffffffff-ffff-ffff-ffff-ffffffffffff), dynamic('x'),
    bool(null), int(null), long(null), real(null), decimal(null), '', datetime(null), timespan(null), guid(null), dynamic(null)]";

fn answer(query: &str) -> Table {
    Engine::new().query(query).unwrap()
}

fn written(table: &Table, format: Format, folder: &Path) -> PathBuf {
    let path = folder.join("answer").with_extension(format.ending());
    table.write(&mut File::create(&path).unwrap(), format, &Layout::new()).unwrap();
    path
}

/// Why a table is not written.
fn refusal(table: &Table, format: Format) -> String {
    let mut out = Vec::new();
    let error = table.write(&mut out, format, &Layout::new()).unwrap_err();
    assert!(out.is_empty(), "nothing of it is there");
    error.to_string()
}

/// The batches of a file, and its columns.
fn read(path: &Path) -> (Vec<ArrowField>, Vec<RecordBatch>) {
    let file = File::open(path).unwrap();
    let (schema, batches) = if path.extension().unwrap() == "parquet" {
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        (reader.schema().clone(), reader.build().unwrap().collect::<Result<Vec<_>, _>>().unwrap())
    } else if path.extension().unwrap() == "arrows" {
        let reader = arrow_ipc::reader::StreamReader::try_new(file, None).unwrap();
        (reader.schema(), reader.collect::<Result<Vec<_>, _>>().unwrap())
    } else {
        let reader = arrow_ipc::reader::FileReader::try_new(file, None).unwrap();
        (reader.schema(), reader.collect::<Result<Vec<_>, _>>().unwrap())
    };
    (schema.fields().iter().map(|field| field.as_ref().clone()).collect(), batches)
}

const EPOCH: i64 = 621_355_968_000_000_000;

/// A cell as KQL prints it.
fn cell(field: &ArrowField, array: &ArrayRef, row: usize) -> String {
    if array.is_null(row) {
        return "null".to_owned();
    }
    let moment = |ticks: i64| DateTime::try_from_ticks(EPOCH + ticks).unwrap().to_string();
    let length = |ticks: i64| TimeSpan::from_ticks(ticks).to_string();
    match array.data_type() {
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)).to_string(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int64 if field.metadata()["kql.type"] == "timespan" => {
            assert_eq!(field.metadata()["kql.unit"], "100ns");
            length(array.as_primitive::<Int64Type>().value(row))
        }
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => Value::Real(array.as_primitive::<Float64Type>().value(row)).to_string(),
        DataType::Timestamp(TimeUnit::Nanosecond, Some(_)) => {
            moment(array.as_primitive::<TimestampNanosecondType>().value(row) / 100)
        }
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => {
            moment(array.as_primitive::<TimestampMicrosecondType>().value(row) * 10)
        }
        DataType::Duration(TimeUnit::Nanosecond) => {
            length(array.as_primitive::<DurationNanosecondType>().value(row) / 100)
        }
        DataType::Duration(TimeUnit::Microsecond) => {
            length(array.as_primitive::<DurationMicrosecondType>().value(row) * 10)
        }
        DataType::Decimal128(_, scale) => {
            shortest(array.as_primitive::<Decimal128Type>().value(row), scale.unsigned_abs())
        }
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        other => panic!("{other} is nothing we write"),
    }
}

/// A decimal without zeros at its end.
fn shortest(mut digits: i128, mut scale: u8) -> String {
    while scale > 0 && digits % 10 == 0 {
        (digits, scale) = (digits / 10, scale - 1);
    }
    Decimal::from_parts(digits, scale).unwrap().to_string()
}

fn shown(value: &Value, ty: Type) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Decimal(value) => shortest(value.digits(), value.scale()),
        Value::String(text) if ty == Type::Dynamic => serde_json::to_string(&**text).unwrap(),
        other => other.to_string(),
    }
}

/// Compares a file with what was written to it; gives the types of its columns.
fn compare(table: &Table, path: &Path) -> Vec<DataType> {
    let (fields, batches) = read(path);
    let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, table.columns().iter().map(|field| &*field.name).collect::<Vec<_>>());
    for (field, column) in fields.iter().zip(table.columns()) {
        assert_eq!(field.metadata()["kql.type"], column.ty.name());
    }
    let rows = table.rows().map(|row| {
        let cells = row.iter().zip(table.columns()).map(|(value, field)| shown(value, field.ty));
        cells.collect::<Vec<_>>()
    });
    let read: Vec<Vec<String>> = batches
        .iter()
        .flat_map(|batch| {
            (0..batch.num_rows())
                .map(|row| fields.iter().zip(batch.columns()).map(|(field, array)| cell(field, array, row)).collect())
        })
        .collect();
    assert_eq!(read, rows.collect::<Vec<_>>(), "{}", path.display());
    fields.iter().map(|field| field.data_type().clone()).collect()
}

#[test]
fn every_type_comes_back_from_files_of_columns() {
    let folder = tempfile::tempdir().unwrap();
    let table = answer(EVERY);
    let parquet = compare(&table, &written(&table, Format::Parquet, folder.path()));
    let arrow = compare(&table, &written(&table, Format::Arrow, folder.path()));
    assert_eq!(arrow[4], DataType::Decimal128(38, 2));
    assert_eq!(arrow[6], DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())));
    assert_eq!((&arrow[7], &parquet[7]), (&DataType::Duration(TimeUnit::Nanosecond), &DataType::Int64));
    assert_eq!(arrow[..7], parquet[..7]);
    assert_eq!(compare(&table, &written(&table, Format::ArrowStream, folder.path())), arrow);
    // Without rows there are still the columns.
    let none = answer(&format!("{EVERY} | take 0"));
    compare(&none, &written(&none, Format::Parquet, folder.path()));
    compare(&none, &written(&none, Format::Arrow, folder.path()));
}

#[test]
fn units_are_such_that_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let form = |query: &str, format: Format| {
        let table = answer(query);
        compare(&table, &written(&table, format, folder.path())).remove(0)
    };
    let moments = |unit| DataType::Timestamp(unit, Some("UTC".into()));
    for format in [Format::Parquet, Format::Arrow] {
        // A day outside of what nanoseconds reach, beside one with and one without tenths of microseconds.
        let end = "datatable(t: datetime)[datetime(0001-01-01), datetime(9999-12-31T23:59:59.999999Z), ";
        assert_eq!(form(&format!("{end} datetime(2026-01-01)]"), format), moments(TimeUnit::Microsecond));
        assert_eq!(form(&format!("{end} datetime(2026-01-01T00:00:00.0000001Z)]"), format), DataType::Utf8);
        assert_eq!(form(&format!("{end} datetime(null)]"), format), moments(TimeUnit::Microsecond));
        assert_eq!(form("print t = datetime(9999-12-31T23:59:59.9999999Z)", format), DataType::Utf8);
        // Side by side they have more digits than a decimal of 128 bits.
        let wide =
            "datatable(d: decimal)[decimal(79228162514264337593543950335), decimal(0.0000000000000000000000000001)]";
        assert_eq!(form(wide, format), DataType::Utf8);
        assert_eq!(form("print d = decimal(0.0000000000000000000000000001)", format), DataType::Decimal128(38, 28));
    }
    let longest = "datatable(n: timespan)[timespan(10675199.02:48:05.4775807), timespan(-10675199.02:48:05.4775807)]";
    assert_eq!(form(longest, Format::Parquet), DataType::Int64);
    assert_eq!(form(longest, Format::Arrow), DataType::Utf8);
    assert_eq!(form("print n = 10000000d", Format::Arrow), DataType::Duration(TimeUnit::Microsecond));
}

#[test]
fn many_rows_and_names_that_differ_little_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let table = answer("range x from 1 to 100000 step 1 | extend X = tostring(x % 7), ['a b'] = dynamic({'k': 1})");
    for format in [Format::Parquet, Format::Arrow] {
        compare(&table, &written(&table, format, folder.path()));
    }
    let named = Table::from_rows([("a", Type::Long), ("a", Type::String)], [vec![Value::Long(1), Value::from("x")]]);
    compare(&named, &written(&named, Format::Parquet, folder.path()));
}

#[test]
fn rows_that_come_are_written_as_they_come() {
    let folder = tempfile::tempdir().unwrap();
    for format in [Format::Parquet, Format::Arrow] {
        let query = Engine::new().prepare("range x from 1 to 100000 step 1 | extend d = decimal(1.5)").unwrap();
        let path = folder.path().join("stream").with_extension(format.ending());
        let mut file = File::create(&path).unwrap();
        let mut writer = TableWriter::start(&mut file, query.columns(), format, &Layout::new()).unwrap();
        query
            .stream(|piece| {
                writer.rows(&mut file, &piece).unwrap();
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
        writer.finish(&mut file).unwrap();
        let table = query.run().unwrap();
        assert_eq!(compare(&table, &path), [DataType::Int64, DataType::Utf8]);

        let far = answer("print expires = datetime(9999-12-31)");
        let mut writer = TableWriter::start(&mut file, far.columns(), format, &Layout::new()).unwrap();
        let error = writer.rows(&mut file, &far).unwrap_err().to_string();
        assert!(error.starts_with("`expires` has 9999-12-31T00:00:00.0000000Z, which nanoseconds do not"), "{error}");
    }
}

#[test]
fn a_file_of_columns_holds_one_table_with_columns() {
    let table = answer("print 1");
    let two = Document::new().answer("one", None, &table).answer("two", None, &table);
    let error = two.write(&mut Vec::new(), Format::Parquet, &Layout::new()).unwrap_err();
    assert_eq!(error.to_string(), "parquet holds one table, and there are 2");
    let report = ReportPlan::new().run(&Engine::new().sample()).unwrap();
    let error = report.write(&mut Vec::new(), Format::Arrow).unwrap_err();
    assert_eq!(error.to_string(), "arrow holds one table, and a report has many");
    assert_eq!(refusal(&Table::default(), Format::Parquet), "an answer without columns is no file of columns");
}

/// The cells of a sheet, that of the names first.
fn sheet(path: &Path, name: &str) -> Vec<Vec<Data>> {
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    book.worksheet_range(name).unwrap().rows().map(<[Data]>::to_vec).collect()
}

#[test]
fn cells_of_a_workbook_are_what_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let rows = sheet(&written(&answer(EVERY), Format::Xlsx, folder.path()), "Answer");
    let shown = |row: usize| rows[row].iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(shown(0), ["b", "i", "l", "r", "d", "s", "t", "n", "g", "y"]);
    assert_eq!(
        shown(1),
        [
            "true",
            "-2147483648",
            "-9223372036854775808",
            "-inf",
            "-1.5",
            "=1+1",
            "1677-09-22T00:00:00.0000000Z",
            "-00:00:01.5000000",
            "00000000-0000-0000-0000-000000000001",
            r#"{"z":[1,9007199254740993],"a":null}"#
        ]
    );
    assert!(matches!(&rows[1][5], Data::String(text) if text == "=1+1"), "{:?}", rows[1][5]);
    assert_eq!(rows[2][4], Data::String("79228162514264337593543950335".to_owned()));
    // What is null is no cell.
    assert_eq!(rows.len(), 3);

    let times = "print t = datetime(2026-10-01T12:00:00.1234567Z), first = datetime(1900-03-01), before = datetime(1900-02-28),
        last = datetime(9999-12-31T23:59:59.9999999Z), n = 36h, fine = 1tick, id = '0123', n15 = 999999999999999, n16 = 1000000000000000";
    let rows = sheet(&written(&answer(times), Format::Xlsx, folder.path()), "Answer");
    let day = |cell: &Data| if let Data::DateTime(day) = cell { day.as_f64() } else { panic!("{cell:?}") };
    let close = |cell: &Data, days: f64| assert!((day(cell) - days).abs() < 1e-9, "{cell:?}");
    close(&rows[1][0], 46_296.5 + 0.123 / 86_400.0);
    close(&rows[1][1], 61.0);
    assert_eq!(rows[1][2], Data::String("1900-02-28T00:00:00.0000000Z".to_owned()));
    assert!(day(&rows[1][3]) < 2_958_466.0);
    close(&rows[1][4], 1.5);
    assert_eq!(rows[1][5], Data::String("00:00:00.0000001".to_owned()));
    assert_eq!(rows[1][6], Data::String("0123".to_owned()));
    assert_eq!(rows[1][7], Data::Float(999_999_999_999_999.0));
    assert_eq!(rows[1][8], Data::String("1000000000000000".to_owned()));
}

#[test]
fn what_a_workbook_has_no_room_for_is_refused() {
    // Two of a character's UTF-16 units are one of Excel's characters each.
    let notes = |last: usize| {
        let rows = [32_767, last].map(|length| vec![Value::from("🦀".repeat(length / 2) + &"é".repeat(length % 2))]);
        Table::from_rows([("note", Type::String)], rows)
    };
    let folder = tempfile::tempdir().unwrap();
    let rows = sheet(&written(&notes(32_766), Format::Xlsx, folder.path()), "Answer");
    assert_eq!(rows[1][0].to_string().encode_utf16().count(), 32_767);
    assert_eq!(
        refusal(&notes(32_768), Format::Xlsx),
        "row 2 of `note` has 32,768 characters, and a cell of Excel has 32,767: leave the column out, cut it with \
         substring(), or take csv or parquet"
    );
    assert_eq!(
        refusal(&answer("range x from 1 to 1048576 step 1"), Format::Xlsx),
        "`Answer` has 1,048,576 rows, and a sheet of Excel has 1,048,575 beneath the names: csv and parquet have no limit"
    );
    let names: Vec<String> = (0..16_385).map(|number| format!("c{number}")).collect();
    let wide = Table::from_rows(names.iter().map(|name| (name.as_str(), Type::Long)), []);
    assert_eq!(refusal(&wide, Format::Xlsx), "`Answer` has 16,385 columns, and a sheet of Excel has 16,384");
}

#[test]
fn several_tables_are_sheets_behind_a_list_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("several.xlsx");
    let (one, two) = (answer("print x = 1"), answer("print y = 2 | where y > 2"));
    let long = "a name / that is: longer than Excel's 31 characters";
    let document = Document::new().answer(long, None, &one).answer(long, None, &two).answer("History", None, &one);
    document.write(&mut File::create(&path).unwrap(), Format::Xlsx, &Layout::new()).unwrap();
    let book: Xlsx<_> = open_workbook(&path).unwrap();
    let names = ["Contents", "a name that is longer than Exc…", "a name that is longer than E… 2", "History 2"];
    assert_eq!(book.sheet_names(), names);
    let contents = sheet(&path, "Contents");
    assert!(contents.iter().any(|row| row[0] == Data::String(long.to_owned())), "{contents:?}");
    assert_eq!(sheet(&path, names[2]), [[Data::String("y".to_owned())]]);

    let report = ReportPlan::new().title("Fjord").run(&Engine::new().sample()).unwrap();
    report.write(&mut File::create(&path).unwrap(), Format::Xlsx).unwrap();
    let book: Xlsx<_> = open_workbook(&path).unwrap();
    assert_eq!(book.sheet_names().len(), 1 + report.tables().count());
    assert_eq!(book.sheet_names()[..3], ["Contents", "Secure score", "Secure score without exemptions"]);
}

/// Where `.ci/run` installs Python and the readers.
fn python() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readers/bin/python");
    python.exists().then_some(python)
}

#[test]
fn others_read_what_is_written() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let table = answer(EVERY);
    for format in [Format::Parquet, Format::Arrow, Format::Xlsx] {
        written(&table, format, folder.path());
    }
    let engine = Engine::new().sample();
    let report = ReportPlan::new().run(&engine).unwrap();
    report.write(&mut File::create(folder.path().join("report.xlsx")).unwrap(), Format::Xlsx).unwrap();
    let ids = engine.query("resources | project id").unwrap();
    fs::write(folder.path().join("ids.json"), ids.to_json()).unwrap();
    let links = folder.path().join("links.xlsx");
    ids.write(&mut File::create(links).unwrap(), Format::Xlsx, &Layout::new()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/read.py");
    let output = Command::new(python).arg(script).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
