//! What the fuzzer begins with.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use argql::{Engine, Format, Layout, inspect};

use super::TEXTS;
use super::stored::Sound;
use super::support::json::Json;
use super::support::shapes::{Shape, gzip};
use super::texts::ODD;

/// Writes a folder of inputs for each target, and the words of the language as a dictionary.
pub fn write_seeds(folder: &Path) {
    let queries: Vec<&[u8]> = TEXTS.queries.iter().map(String::as_bytes).collect();
    for target in ["parse", "layout", "bind", "run"] {
        write(&folder.join(target), &queries);
    }
    let folding = |query: &&String| {
        ["summarize", "top-nested", "distinct", "make-series"].iter().any(|word| query.contains(word))
    };
    let folding: Vec<&[u8]> = TEXTS.queries.iter().filter(folding).map(String::as_bytes).collect();
    write(&folder.join("folds"), &folding);
    write(&folder.join("load"), &exports());
    write(&folder.join("store"), &stored());
    fs::write(folder.join("words.dict"), dictionary()).unwrap();
}

fn write<B: AsRef<[u8]>>(folder: &Path, inputs: &[B]) {
    fs::create_dir_all(folder).unwrap();
    for (number, input) in inputs.iter().enumerate() {
        fs::write(folder.join(format!("seed{number}")), input).unwrap();
    }
}

/// A few rows in every shape that exports come in.
fn exports() -> Vec<Vec<u8>> {
    let cell = |number: i64| Json::List(vec![Json::Long(number), Json::Null, Json::Text("a\"\u{e9}\n".into())]);
    let row = |number: i64| {
        Json::Bag(vec![
            ("id".into(), Json::Text(format!("/{number}"))),
            ("name".into(), if number == 1 { Json::Null } else { Json::Text("n".into()) }),
            ("x".into(), Json::Real(0.5)),
            ("properties".into(), Json::Bag(vec![("a".into(), cell(number)), ("b".into(), Json::Bool(true))])),
        ])
    };
    let rows: Vec<Json> = (0..3).map(row).collect();
    let folder = tempfile::tempdir().unwrap();
    let mut inputs = Vec::new();
    for shape in Shape::ALL {
        let folder = folder.path().join(format!("{shape:?}"));
        fs::create_dir(&folder).unwrap();
        shape.write(&folder, "resources", &rows);
        inputs.extend(fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()));
    }
    inputs.push(gzip(b"id,properties\n/a,\"{\"\"a\"\":1}\"\n"));
    inputs
}

/// The files of a store, each behind its number, and files of columns behind one that no file has.
fn stored() -> Vec<Vec<u8>> {
    let mut inputs = Vec::new();
    for (number, (_, bytes)) in Sound::new().files.into_iter().enumerate() {
        inputs.push([vec![u8::try_from(number).unwrap()], bytes].concat());
    }
    let table = Engine::new()
        .sample()
        .query(
            "resources | take 4 | extend n = 1, r = 0.5, t = now(), s = 1h, g = new_guid(), m = decimal(1.5), b = true",
        )
        .unwrap();
    for format in [Format::Parquet, Format::Arrow, Format::ArrowStream] {
        let mut bytes = vec![u8::MAX];
        table.write(&mut bytes, format, &Layout::new()).unwrap();
        inputs.push(bytes);
    }
    inputs
}

/// Words and signs of the language, a line each, as the fuzzer reads them.
fn dictionary() -> String {
    let mut words: Vec<&str> = inspect::words().into_iter().map(|word| word.name).collect();
    words.extend([inspect::infixes(), inspect::operators(), inspect::clauses(), inspect::types()].concat());
    words.extend(ODD);
    words.sort_unstable();
    words.dedup();
    let mut text = String::new();
    for word in words {
        text.push('"');
        for byte in word.bytes() {
            match byte {
                b'"' | b'\\' => write!(text, "\\{}", char::from(byte)).unwrap(),
                b' '..=b'~' => text.push(char::from(byte)),
                _ => write!(text, "\\x{byte:02x}").unwrap(),
            }
        }
        text.push_str("\"\n");
    }
    text
}
