//! Files of columns that other tools wrote, as tables.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use argql::{DateTime, Engine, Format, Layout, Store, Table};
use arrow_array::builder::{
    BinaryBuilder, FixedSizeBinaryBuilder, Int32Builder, ListBuilder, MapBuilder, StringBuilder,
    StringDictionaryBuilder,
};
use arrow_array::types::Int8Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Date64Array, Decimal128Array, Decimal256Array, DictionaryArray,
    DurationMillisecondArray, Float32Array, Int8Array, Int32Array, Int64Array, LargeStringArray, NullArray,
    RecordBatch, StringArray, StringViewArray, StructArray, Time32SecondArray, Time64NanosecondArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt32Array,
    UInt64Array,
};
use arrow_buffer::{NullBuffer, i256};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::{EVERY, answer, python, written};

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

/// Writes batches in the form that the ending says.
fn write(path: &Path, batches: &[RecordBatch]) {
    let (file, schema) = (File::create(path).unwrap(), batches[0].schema());
    let packed = IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME)).unwrap();
    match path.extension().unwrap().to_str().unwrap() {
        "parquet" => {
            let mut writer = ArrowWriter::try_new(file, schema, None).unwrap();
            batches.iter().for_each(|batch| {
                writer.write(batch).unwrap();
                writer.flush().unwrap();
            });
            writer.close().unwrap();
        }
        "arrow" | "feather" => {
            let mut writer = FileWriter::try_new_with_options(file, &schema, packed).unwrap();
            batches.iter().for_each(|batch| writer.write(batch).unwrap());
            writer.finish().unwrap();
        }
        _ => {
            let mut writer = StreamWriter::try_new_with_options(file, &schema, packed).unwrap();
            batches.iter().for_each(|batch| writer.write(batch).unwrap());
            writer.finish().unwrap();
        }
    }
}

fn engine(path: &Path) -> Engine {
    Engine::new().load(path).unwrap()
}

fn ask(path: &Path, query: &str) -> Result<String, String> {
    engine(path).query(query).map(|table| table.to_json()).map_err(|error| error.to_string())
}

/// A column of every type that has one in KQL, a value and null; lists, structs and maps aside.
fn scalars() -> Vec<(&'static str, ArrayRef)> {
    let mut guids = FixedSizeBinaryBuilder::new(16);
    guids.append_value([7; 16]).unwrap();
    guids.append_null();
    let mut coded = StringDictionaryBuilder::<Int8Type>::new();
    coded.append_value("c");
    coded.append_null();
    vec![
        ("b", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ("i8", Arc::new(Int8Array::from(vec![Some(-8), None]))),
        ("i32", Arc::new(Int32Array::from(vec![Some(-32), None]))),
        ("u32", Arc::new(UInt32Array::from(vec![Some(u32::MAX), None]))),
        ("i64", Arc::new(Int64Array::from(vec![Some(i64::MIN), None]))),
        ("u64", Arc::new(UInt64Array::from(vec![Some(64), None]))),
        ("f32", Arc::new(Float32Array::from(vec![Some(0.5), None]))),
        ("s", Arc::new(StringArray::from(vec![Some("é"), None]))),
        ("large", Arc::new(LargeStringArray::from(vec![Some("large"), None]))),
        ("view", Arc::new(StringViewArray::from(vec![Some("longer than twelve bytes"), None]))),
        ("coded", Arc::new(coded.finish())),
        ("d", Arc::new(Decimal128Array::from(vec![Some(-150), None]).with_precision_and_scale(20, 2).unwrap())),
        (
            "wide",
            Arc::new(
                Decimal256Array::from(vec![Some(i256::from_i128(10_i128.pow(31))), None])
                    .with_precision_and_scale(40, 30)
                    .unwrap(),
            ),
        ),
        ("ts", Arc::new(TimestampSecondArray::from(vec![Some(-62_135_596_800), None]))),
        ("tms", Arc::new(TimestampMillisecondArray::from(vec![Some(-1), None]).with_timezone("Europe/Berlin"))),
        ("tus", Arc::new(TimestampMicrosecondArray::from(vec![Some(1), None]).with_timezone("UTC"))),
        ("tns", Arc::new(TimestampNanosecondArray::from(vec![Some(-1), None]))),
        ("day", Arc::new(Date32Array::from(vec![Some(2_932_896), None]))),
        ("day64", Arc::new(Date64Array::from(vec![Some(86_400_000), None]))),
        ("time", Arc::new(Time32SecondArray::from(vec![Some(3_661), None]))),
        ("fine", Arc::new(Time64NanosecondArray::from(vec![Some(1_999), None]))),
        ("length", Arc::new(DurationMillisecondArray::from(vec![Some(-90_061_001), None]))),
        ("void", Arc::new(NullArray::new(2))),
        ("g", Arc::new(guids.finish())),
    ]
}

/// With the note that says that a column has guids.
fn with_guids(batch: RecordBatch) -> RecordBatch {
    let schema = batch.schema();
    let fields = schema.fields().iter().map(|field| {
        let note = [("ARROW:extension:name".to_owned(), "arrow.uuid".to_owned())];
        let guid = *field.data_type() == DataType::FixedSizeBinary(16);
        field.as_ref().clone().with_metadata(if guid { note.into() } else { [].into() })
    });
    let schema = Schema::new(fields.collect::<Vec<_>>());
    RecordBatch::try_new(Arc::new(schema), batch.columns().to_vec()).unwrap()
}

const FORMS: [&str; 3] = ["parquet", "arrow", "arrows"];

#[test]
fn every_type_of_arrow_has_its_type_of_kql() {
    let folder = tempfile::tempdir().unwrap();
    let all = with_guids(batch(scalars()));
    for ending in FORMS {
        let path = folder.path().join("t").with_extension(ending);
        write(&path, std::slice::from_ref(&all));
        let types = ask(
            &path,
            "t | getschema | summarize t = strcat_array(make_list(strcat(ColumnName, ' ', ColumnType)), ', ')",
        );
        assert_eq!(
            types.unwrap(),
            "[{\"t\":\"b bool, i8 int, i32 int, u32 long, i64 long, u64 long, f32 real, s string, large string, view string, \
             coded string, d decimal, wide decimal, ts datetime, tms datetime, tus datetime, tns datetime, day datetime, \
             day64 datetime, time timespan, fine timespan, length timespan, void dynamic, g guid\"}]",
            "{ending}"
        );
        let rows = ask(&path, "t").unwrap();
        assert_eq!(
            rows,
            "[{\"b\":true,\"i8\":-8,\"i32\":-32,\"u32\":4294967295,\"i64\":-9223372036854775808,\"u64\":64,\"f32\":0.5,\
             \"s\":\"é\",\"large\":\"large\",\"view\":\"longer than twelve bytes\",\"coded\":\"c\",\"d\":\"-1.50\",\
             \"wide\":\"10.000000000000000000000000000000\",\"ts\":\"0001-01-01T00:00:00.0000000Z\",\
             \"tms\":\"1969-12-31T23:59:59.9990000Z\",\"tus\":\"1970-01-01T00:00:00.0000010Z\",\
             \"tns\":\"1969-12-31T23:59:59.9999999Z\",\"day\":\"9999-12-31T00:00:00.0000000Z\",\
             \"day64\":\"1970-01-02T00:00:00.0000000Z\",\"time\":\"01:01:01\",\"fine\":\"00:00:00.0000019\",\
             \"length\":\"-1.01:01:01.0010000\",\"void\":null,\"g\":\"07070707-0707-0707-0707-070707070707\"},\
             {\"b\":null,\"i8\":null,\"i32\":null,\"u32\":null,\"i64\":null,\"u64\":null,\"f32\":null,\"s\":\"\",\
             \"large\":\"\",\"view\":\"\",\"coded\":\"\",\"d\":null,\"wide\":null,\"ts\":null,\"tms\":null,\"tus\":null,\
             \"tns\":null,\"day\":null,\"day64\":null,\"time\":null,\"fine\":null,\"length\":null,\"void\":null,\"g\":null}]",
            "{ending}"
        );
    }
}

/// Lists of numbers, a map, and a struct of a struct, each with null at every depth.
fn nested() -> RecordBatch {
    let mut list = ListBuilder::new(Int32Builder::new());
    list.append_value([Some(1), None]);
    list.append_value([]);
    list.append_null();
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    map.keys().append_value("a\"");
    map.values().append_null();
    map.append(true).unwrap();
    map.append(true).unwrap();
    map.append(false).unwrap();
    let codes: ArrayRef = Arc::new(StringArray::from(vec![Some("Healthy"), None, Some("hidden")]));
    let days: ArrayRef = Arc::new(Date32Array::from(vec![Some(1), Some(2), Some(3)]));
    let reals: ArrayRef = Arc::new(Float32Array::from(vec![Some(1.0), Some(f32::NAN), Some(2.0)]));
    let field = |name: &str, array: &ArrayRef| Field::new(name, array.data_type().clone(), true);
    let inner: ArrayRef = Arc::new(StructArray::new(
        vec![field("code", &codes), field("day", &days), field("r", &reals)].into(),
        vec![codes, days, reals],
        Some(NullBuffer::from(vec![true, true, false])),
    ));
    let other: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    let outer = StructArray::new(
        vec![field("status", &inner), field("n", &other)].into(),
        vec![inner, other],
        Some(NullBuffer::from(vec![true, true, true])),
    );
    batch(vec![("list", Arc::new(list.finish())), ("map", Arc::new(map.finish())), ("properties", Arc::new(outer))])
}

#[test]
fn lists_structs_and_maps_are_dynamic_and_paths_lead_to_what_the_whole_has() {
    let folder = tempfile::tempdir().unwrap();
    for ending in FORMS {
        let path = folder.path().join("t").with_extension(ending);
        write(&path, &[nested()]);
        assert_eq!(
            ask(&path, "t").unwrap(),
            "[{\"list\":[1,null],\"map\":{\"a\\\"\":null},\"properties\":{\"status\":{\"code\":\"Healthy\",\
             \"day\":\"1970-01-02T00:00:00.0000000Z\",\"r\":1.0},\"n\":1}},\
             {\"list\":[],\"map\":{},\"properties\":{\"status\":{\"code\":null,\"day\":\"1970-01-03T00:00:00.0000000Z\",\
             \"r\":\"NaN\"},\"n\":2}},\
             {\"list\":null,\"map\":null,\"properties\":{\"status\":null,\"n\":3}}]"
        );
        let paths = "project c = properties.status.code, d = properties.status.day, r = properties.status.r, \
                     t = gettype(properties.status.day), n = properties.n, no = properties.no.way, l = list[0], \
                     m = bag_keys(map), s = tostring(properties.status.code), deeper = properties.status.code.x";
        let below = ask(&path, &format!("t | {paths}")).unwrap();
        // Read as a whole first, and then looked into.
        let whole = ask(&path, &format!("materialize(t) | as x | extend w = tostring(properties) | {paths}")).unwrap();
        assert_eq!(below, whole, "{ending}");
        let counted = ask(&path, "t | where properties.status.code == 'Healthy' | count").unwrap();
        assert_eq!(counted, "[{\"Count\":1}]");
        assert_eq!(ask(&path, "t | count").unwrap(), "[{\"Count\":3}]");
    }
}

fn texts(table: &Table) -> Vec<Vec<String>> {
    table.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

#[test]
fn what_argql_writes_is_read_with_the_same_types() {
    let folder = tempfile::tempdir().unwrap();
    let far = "datatable(t: datetime, n: timespan, d: decimal, y: dynamic)[
        datetime(0001-01-01T00:00:00.0000001), time(10675199.02:48:05.4775807), decimal(0.0000000000000000000000000001), dynamic([1]),
        datetime(9999-12-31T23:59:59.9999999), -1tick, decimal(79228162514264337593543950335), dynamic('{}'),
        datetime(null), timespan(null), decimal(null), dynamic(null)]";
    for query in [EVERY, far] {
        let table = answer(query);
        for format in [Format::Parquet, Format::Arrow] {
            let path = written(&table, format, folder.path());
            let read = engine(&path).query("answer").unwrap();
            assert_eq!(read.columns(), table.columns(), "{format:?}");
            let plain =
                |table: &Table| texts(table).into_iter().map(|row| row.join(" | ")).collect::<Vec<_>>().join("\n");
            // A column has as many digits behind the point for all of its values.
            let digits = |text: String| text.replace("-1.50", "-1.5").replace("335.00", "335");
            assert_eq!(digits(plain(&read)), digits(plain(&table)), "{format:?}");
            let dynamic = read.columns().iter().position(|field| &*field.name == "y").unwrap();
            let cells = |table: &Table| (0..table.len()).map(|row| table.value(row, dynamic)).collect::<Vec<_>>();
            assert_eq!(cells(&read), cells(&table), "{format:?}");
        }
    }
}

#[test]
fn files_of_one_table_are_joined_by_the_names_of_their_columns() {
    let folder = tempfile::tempdir().unwrap();
    let part = |name: &str, columns| write(&folder.path().join(name), &[batch(columns)]);
    part(
        "t-1.parquet",
        vec![("a", Arc::new(Int32Array::from(vec![1]))), ("b", Arc::new(StringArray::from(vec!["x"])))],
    );
    part("t-2.arrow", vec![("c", Arc::new(NullArray::new(1))), ("a", Arc::new(Int64Array::from(vec![1_i64 << 40])))]);
    part("t-10.arrows", vec![("b", Arc::new(Int32Array::from(vec![7])))]);
    assert_eq!(
        ask(folder.path(), "t").unwrap(),
        "[{\"a\":1,\"b\":\"x\",\"c\":null},{\"a\":1099511627776,\"b\":null,\"c\":null},{\"a\":null,\"b\":7,\"c\":null}]"
    );
    assert_eq!(
        ask(folder.path(), "t | project t = gettype(b)").unwrap(),
        "[{\"t\":\"string\"},{\"t\":\"null\"},{\"t\":\"long\"}]"
    );
    // From memory as well.
    let bytes = fs::read(folder.path().join("t-2.arrow")).unwrap();
    assert_eq!(Engine::new().table("m", bytes).query("m | project a").unwrap().to_json(), "[{\"a\":1099511627776}]");
}

#[test]
fn columns_of_resource_graph_keep_their_types() {
    let folder = tempfile::tempdir().unwrap();
    let text = |cells: &[Option<&str>]| -> ArrayRef { Arc::new(StringArray::from(cells.to_vec())) };
    let rows = vec![
        ("ID", text(&[Some("/a"), Some("/b"), Some("/c")])),
        ("Type", text(&[Some("microsoft.security/assessments"); 3])),
        ("properties", text(&[Some(r#"{"status":{"code":"Healthy"}}"#), None, Some("")])),
        ("sku", text(&[Some("Standard"), Some("null"), Some("[1]")])),
        ("extra", text(&[Some("{}"), None, None])),
    ];
    write(&folder.path().join("securityresources.parquet"), &[batch(rows)]);
    assert_eq!(
        ask(
            folder.path(),
            "securityresources | project id, type, properties, sku, t = gettype(sku), extra, c = properties.status.code"
        )
        .unwrap(),
        "[{\"id\":\"/a\",\"type\":\"microsoft.security/assessments\",\"properties\":{\"status\":{\"code\":\"Healthy\"}},\
         \"sku\":\"Standard\",\"t\":\"string\",\"extra\":\"{}\",\"c\":\"Healthy\"},\
         {\"id\":\"/b\",\"type\":\"microsoft.security/assessments\",\"properties\":null,\"sku\":null,\"t\":\"null\",\
         \"extra\":\"\",\"c\":null},\
         {\"id\":\"/c\",\"type\":\"microsoft.security/assessments\",\"properties\":null,\"sku\":[1],\"t\":\"array\",\
         \"extra\":\"\",\"c\":null}]"
    );
    let counted = "securityresources | where type =~ 'Microsoft.Security/assessments' and properties.status.code == 'Healthy' | count";
    assert_eq!(ask(folder.path(), counted).unwrap(), "[{\"Count\":1}]");
}

#[test]
fn what_has_no_type_is_refused_by_column_when_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.arrow");
    let mut binary = BinaryBuilder::new();
    binary.append_value(b"ab");
    let far =
        Decimal256Array::from(vec![i256::from_i128(10_i128.pow(38) + 1)]).with_precision_and_scale(39, 0).unwrap();
    let list: ArrayRef = Arc::new(StructArray::from(vec![(
        Arc::new(Field::new("u", DataType::UInt64, true)),
        Arc::new(UInt64Array::from(vec![u64::MAX])) as ArrayRef,
    )]));
    let rows = vec![
        ("blob", Arc::new(binary.finish()) as ArrayRef),
        ("u", Arc::new(UInt64Array::from(vec![u64::MAX]))),
        ("d", Arc::new(far)),
        ("t", Arc::new(TimestampSecondArray::from(vec![i64::MAX]))),
        ("n", Arc::new(arrow_array::DurationSecondArray::from(vec![i64::MAX]))),
        ("month", Arc::new(arrow_array::IntervalYearMonthArray::from(vec![1]))),
        ("s", list),
        ("fine", Arc::new(Int32Array::from(vec![1]))),
    ];
    write(&path, &[batch(rows)]);
    assert_eq!(ask(&path, "t | project fine").unwrap(), "[{\"fine\":1}]");
    let mut said = String::new();
    for column in ["blob", "u", "d", "t", "n", "month", "s", "s.u"] {
        let error = ask(&path, &format!("t | project x = {column}")).unwrap_err();
        said += &error.replace(&path.display().to_string(), "t.arrow");
        said += "\n";
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/unfit.txt");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&golden, &said).unwrap();
    }
    assert_eq!(said, fs::read_to_string(golden).unwrap());
}

#[test]
fn what_is_no_table_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let one = batch(vec![("a", Arc::new(Int32Array::from(vec![1])) as ArrayRef)]);
    let path = folder.path().join("t.parquet");
    let refusal = |folder: &Path, query: &str| ask(folder, query).unwrap_err();
    write(&path, std::slice::from_ref(&one));
    fs::write(folder.path().join("t.json"), "[{\"a\":2}]").unwrap();
    let both = refusal(folder.path(), "t");
    assert!(both.contains("t.parquet` is a Parquet file") && both.contains("give one of both"), "{both}");
    let packed = folder.path().join("p.parquet.gz");
    let mut writer = flate2::write::GzEncoder::new(File::create(&packed).unwrap(), flate2::Compression::fast());
    std::io::Write::write_all(&mut writer, &fs::read(&path).unwrap()).unwrap();
    writer.finish().unwrap();
    assert!(refusal(&packed, "p").contains("is a Parquet file"));
    let twice = RecordBatch::try_new(
        Arc::new(Schema::new(vec![Field::new("a", DataType::Int32, true); 2])),
        vec![one.column(0).clone(), one.column(0).clone()],
    );
    write(&folder.path().join("w.arrow"), &[twice.unwrap()]);
    assert!(refusal(&folder.path().join("w.arrow"), "w").contains("column `a`"));
    // A part of a store says only together with its other columns what a row is.
    let store = folder.path().join("store");
    let taken = DateTime::parse("2026-11-27").unwrap();
    Store::new(&store).import(&Engine::new().sample(), taken).unwrap();
    let part = store.join("2026-11-27/resources-0001.parquet");
    assert!(refusal(&part, "resources").contains("is a part of a store"));
    let import = Store::new(&store).import(&engine(&path), taken).unwrap_err().to_string();
    assert!(import.contains("`t` is of files of columns"), "{import}");
}

#[test]
fn a_stream_may_change_a_dictionary_on_its_way() {
    let folder = tempfile::tempdir().unwrap();
    let coded = |texts: [&str; 2]| {
        let array: DictionaryArray<Int8Type> = texts.into_iter().collect();
        batch(vec![("c", Arc::new(array))])
    };
    let path = folder.path().join("t.arrows");
    write(&path, &[coded(["a", "b"]), coded(["x", "y"]), coded(["a", "x"])]);
    let texts = ask(&path, "t | summarize c = strcat_array(make_list(c), ' ')").unwrap();
    assert_eq!(texts, "[{\"c\":\"a b x y a x\"}]");
}

#[test]
fn a_part_that_claims_more_rows_than_there_can_be_is_broken() {
    let folder = tempfile::tempdir().unwrap();
    let column: ArrayRef = Arc::new(StringArray::from(vec!["x"; 12_345]));
    let batch = RecordBatch::try_from_iter([("a", column)]).unwrap();
    for ending in ["arrow", "arrows"] {
        let path = folder.path().join("t").with_extension(ending);
        write(&path, std::slice::from_ref(&batch));
        let mut bytes = fs::read(&path).unwrap();
        let (told, claimed) = (12_345_u64.to_le_bytes(), (1_u64 << 40).to_le_bytes());
        for at in 0..bytes.len() - 8 {
            if bytes[at..at + 8] == told {
                bytes[at..at + 8].copy_from_slice(&claimed);
            }
        }
        let error = Engine::new().table("t", bytes).query("t | count").unwrap_err();
        assert!(error.to_string().contains("1099511627776 rows"), "{error}");
    }
}

#[test]
fn broken_files_are_errors_and_no_panics() {
    let folder = tempfile::tempdir().unwrap();
    let rows = |batch: RecordBatch| {
        let long = StringArray::from((0..batch.num_rows()).map(|row| format!("text {row}")).collect::<Vec<_>>());
        let mut columns: Vec<(String, ArrayRef)> =
            batch.schema().fields().iter().map(|field| field.name().clone()).zip(batch.columns().to_vec()).collect();
        columns.push(("long".to_owned(), Arc::new(long)));
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
    };
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let (mut state, mut wrong) = (0x9e37_79b9_7f4a_7c15_u64, 0);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 16).unwrap()
    };
    for ending in FORMS {
        for source in [rows(batch(scalars())), rows(nested())] {
            let path = folder.path().join("t").with_extension(ending);
            write(&path, &[source]);
            let whole = fs::read(&path).unwrap();
            let asked = |bytes: Vec<u8>| {
                std::panic::catch_unwind(|| Engine::new().table("t", bytes).query("t").map(|table| table.len()))
            };
            for round in 0..150 {
                let mut bytes = whole.clone();
                if round % 3 == 0 {
                    bytes.truncate(next() % whole.len());
                    let error = asked(bytes);
                    // A stream may end between two messages.
                    assert!(ending == "arrows" || error.unwrap().is_err(), "{ending}");
                    continue;
                }
                for _ in 0..=round % 4 {
                    let at = next() % bytes.len();
                    bytes[at] ^= 1 << (next() % 8);
                }
                let outcome = asked(bytes);
                assert!(outcome.is_ok(), "{ending}: a panic");
                wrong += usize::from(outcome.unwrap().is_err());
            }
        }
    }
    std::panic::set_hook(hook);
    assert!(wrong > 100, "{wrong}");
    let text = ask(&folder.path().join("t.parquet"), "t | count").unwrap();
    assert_eq!(text, "[{\"Count\":3}]");
    let mut cut = fs::read(folder.path().join("t.parquet")).unwrap();
    cut.truncate(cut.len() - 1);
    fs::write(folder.path().join("cut.parquet"), cut).unwrap();
    let error = engine(&folder.path().join("cut.parquet")).query("cut").unwrap_err();
    assert_eq!(error.diagnostics()[0].code.id, "AQ3004");
    fs::write(folder.path().join("bad.parquet"), b"PAR1nothing like it\x01\0\0\0PAR1").unwrap();
    let error = engine(&folder.path().join("bad.parquet")).query("bad").unwrap_err();
    assert_eq!(error.diagnostics()[0].code.id, "AQ3003");
}

#[test]
fn answers_are_the_same_for_any_threads_cold_and_warm() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let rows = |from: i64| {
        let numbers: Vec<i64> = (from..from + 1000).collect();
        let texts: Vec<String> = numbers.iter().map(|number| format!("t{}", number % 7)).collect();
        batch(vec![("n", Arc::new(Int64Array::from(numbers))), ("s", Arc::new(StringArray::from(texts)))])
    };
    let schema = rows(0).schema();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(300)).build();
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), schema, Some(properties)).unwrap();
    (0..5).for_each(|part| writer.write(&rows(part * 1000)).unwrap());
    writer.close().unwrap();
    for query in
        ["t | where s == 't3' | summarize n = count(), sum(n)", "t | project n | take 3", "t | summarize make_list(n)"]
    {
        let one = engine(&path).threads(1).unwrap().query(query).unwrap().to_json();
        let many = engine(&path).threads(4).unwrap();
        assert_eq!(many.query(query).unwrap().to_json(), one);
        assert_eq!(many.query(query).unwrap().to_json(), one, "warm");
        assert_eq!(engine(&path).keep_columns(false).query(query).unwrap().to_json(), one, "not kept");
    }
}

/// What pandas, Polars, DuckDB and PyArrow write.
#[test]
fn files_that_others_write_are_tables() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/write.py");
    let output = Command::new(python).arg(script).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let engine = engine(folder.path());
    let mut found = String::new();
    for name in [
        "pyarrow",
        "feather",
        "stream",
        "int96",
        "polars",
        "polars_arrow",
        "polars_stream",
        "pandas",
        "duckdb",
        "securityresources",
    ] {
        let table = engine.query(name).unwrap();
        let columns = table.columns().iter().map(|field| format!("{} {}", field.name, field.ty.name()));
        found += &format!("{name}: {}\n", columns.collect::<Vec<_>>().join(", "));
        let mut text = Vec::new();
        table.write(&mut text, Format::Json, &Layout::new()).unwrap();
        found += &String::from_utf8(text).unwrap();
        found += "\n";
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/others.txt");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&golden, &found).unwrap();
    }
    assert_eq!(found, fs::read_to_string(golden).unwrap());
}
