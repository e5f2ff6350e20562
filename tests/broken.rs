//! Broken input of every kind ends with the right exit code, file, line and column, and nothing on standard output.
//!
//! The kinds stand in a table, `tests/broken.md`; `UPDATE=1` renews it. Each is given to the command as a user would
//! give it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stdout, reason = "the table is what `--nocapture` shows")]

mod support;

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use argql::Engine;
use support::shapes::gzip;

/// Files, and what the query is asked of: `resources=NAME` with the name of the first.
struct Kind {
    family: &'static str,
    name: &'static str,
    files: Vec<(&'static str, Vec<u8>)>,
}

fn kinds() -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    let mut family = |family: &'static str, file: &'static str, all: Vec<(&'static str, Vec<u8>)>| {
        kinds.extend(all.into_iter().map(|(name, bytes)| Kind { family, name, files: vec![(file, bytes)] }));
    };
    let text = |text: &str| text.as_bytes().to_vec();
    family(
        "Cut off",
        "cut.json",
        vec![
            ("in a row", text("[\n{\"id\":\"a\"},\n{\"id\":\"b\"")),
            ("behind a row of an array", text("[{\"id\":\"a\"}")),
            ("behind a comma", text("[{\"id\":\"a\"},")),
            ("in a string", text("{\"id\":\"a\"}\n{\"id\":\"bé")),
            ("in an escape", text("{\"id\":\"a\\u00")),
            ("in a character", b"{\"id\":\"a\xc3".to_vec()),
            ("in a number", text("{\"n\":-")),
            ("in a literal", text("[{\"n\":tru")),
            ("behind a key", text("{\"n\"")),
            ("in an answer of az", text("{\"count\":1,\"data\":[{\"id\":\"a\"}],\"total_records\":1")),
            ("in the last of many lines", text(&("{\"id\":\"a\"}\n".repeat(999) + "{\"id\""))),
        ],
    );
    family(
        "Text",
        "text.json",
        vec![
            ("unknown escape", text("[{\"id\":\"a\\x41\"}]")),
            ("escape that is no hexadecimal", text("[{\"id\":\"a\\u12g4\"}]")),
            ("bytes that are no UTF-8", b"[{\"id\":\"a\xff\"}]".to_vec()),
            ("Latin-1", b"[{\"id\":\"Stra\xdfe\"}]".to_vec()),
            ("overlong UTF-8", b"[{\"id\":\"a\xc0\xaf\"}]".to_vec()),
            ("half a surrogate pair in UTF-8", b"[{\"id\":\"a\xed\xa0\x80\"}]".to_vec()),
            ("raw tab in a string", text("[{\"id\":\"a\tb\"}]")),
            ("raw line end in a string", text("[\n{\"id\":\"a\nb\"}]")),
            ("raw zero byte in a string", text("[{\"id\":\"a\0b\"}]")),
            ("zero byte between rows", text("[{\"id\":\"a\"},\0{\"id\":\"b\"}]")),
            ("single quotes", text("[{'id':'a'}]")),
            ("key without quotes", text("[{id:\"a\"}]")),
            ("no-break space between values", text("[{\"id\":\u{a0}\"a\"}]")),
        ],
    );
    family(
        "Numbers and words",
        "value.json",
        vec![
            ("leading zero", text("[{\"n\":01}]")),
            ("no digit behind the point", text("[{\"n\":1.}]")),
            ("no digit before the point", text("[{\"n\":.5}]")),
            ("no digit in the exponent", text("[{\"n\":1e}]")),
            ("plus sign", text("[{\"n\":+1}]")),
            ("minus sign alone", text("[{\"n\":-}]")),
            ("hexadecimal", text("[{\"n\":0x10}]")),
            ("NaN", text("[{\"n\":NaN}]")),
            ("Infinity", text("[{\"n\":-Infinity}]")),
            ("True", text("[{\"b\":True}]")),
            ("undefined", text("[{\"b\":undefined}]")),
        ],
    );
    family(
        "Structure",
        "structure.json",
        vec![
            ("missing comma between members", text("[{\"id\":\"a\" \"n\":1}]")),
            ("missing comma between rows", text("[{\"id\":\"a\"}\n{\"id\":\"b\"}]")),
            ("missing comma in an array", text("[{\"n\":[1 2]}]")),
            ("missing colon", text("[{\"id\" \"a\"}]")),
            ("missing value", text("[{\"id\":}]")),
            ("trailing comma in a bag", text("[{\"id\":\"a\",}]")),
            ("trailing comma in an array", text("[{\"n\":[1,]}]")),
            ("trailing comma behind the last row", text("[{\"id\":\"a\"},]")),
            ("comma between lines", text("{\"id\":\"a\"},\n{\"id\":\"b\"}\n")),
            ("two commas", text("[{\"id\":\"a\"},,{\"id\":\"b\"}]")),
            ("opening bracket twice", text("[[{\"id\":\"a\"}]")),
            ("closing bracket twice", text("[{\"id\":\"a\"}]]")),
            ("wrong closing bracket", text("[{\"n\":[1}}]")),
            ("text behind the rows", text("[{\"id\":\"a\"}]\ndone")),
            ("text before the rows", text("WARNING: preview\n[{\"id\":\"a\"}]")),
            ("comment", text("[ // rows\n{\"id\":\"a\"}]")),
            ("a mistake where no query looks", text("{\"id\":\"a\"}\n{\"id\":\"b\",\"x\":{\"y\":[1,2,,3]}}\n")),
        ],
    );
    family(
        "No rows",
        "no-rows.json",
        vec![
            ("array of numbers", text("[1,2]")),
            ("array of arrays", text("[[1],[2]]")),
            ("null among the rows", text("[{\"id\":\"a\"},null]")),
            ("a number", text("42")),
            ("a string", text("\"text\"")),
            ("null", text("null")),
            ("a page of a web site", text("<!DOCTYPE html>\n<html>")),
            ("prose", text("Please run az login")),
            ("an error of the service", text("{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no\"}}")),
            ("a list with keys of its own", text("{\"value\":[{\"id\":\"a\"}],\"name\":\"x\"}")),
            ("empty file", text("")),
            ("white space", text(" \r\n\t\n")),
            ("byte order mark alone", text("\u{feff}")),
        ],
    );
    family(
        "Limits",
        "deep.json",
        vec![
            ("a million arrays", text(&format!("[{{\"n\":{}", "[".repeat(1_000_000)))),
            ("a million bags", text(&"{\"n\":".repeat(1_000_000))),
            ("a million arrays of no rows", text(&"[".repeat(1_000_000))),
        ],
    );
    family(
        "UTF-16",
        "wide.json",
        vec![
            ("odd number of bytes", wide("\u{feff}[{\"id\":\"a\"}] ")[..27].to_vec()),
            ("cut off", wide("\u{feff}[{\"id\":\"é")),
            ("malformed in the second line", wide("[\r\n{\"é\" 1}]")),
            ("UTF-32", "\u{feff}[]".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect()),
        ],
    );
    let rows = (0..2000).map(|n| format!("{{\"id\":\"/subscriptions/{n}\"}}\n")).collect::<String>();
    let packed = gzip(rows.as_bytes());
    let with = |at: usize, byte: u8| {
        let mut bytes = packed.clone();
        bytes[at] ^= byte;
        bytes
    };
    family(
        "gzip",
        "rows.json.gz",
        vec![
            ("no member behind the magic number", vec![0x1f, 0x8b]),
            ("broken data", with(packed.len() / 2, 0x55)),
            ("cut off", packed[..packed.len() / 2].to_vec()),
            ("cut off in the checksum", packed[..packed.len() - 6].to_vec()),
            ("wrong checksum", with(packed.len() - 8, 1)),
            ("wrong length", with(packed.len() - 1, 1)),
            ("something behind the end", [&packed[..], b"garbage"].concat()),
            ("rows that are cut off", gzip(&rows.as_bytes()[..rows.len() - 3])),
            ("rows that are malformed", gzip(b"[{\"id\":\"a\"},\n{\"id\" 1}]")),
            ("nothing", gzip(b"")),
            ("packed twice", gzip(&packed)),
        ],
    );
    let packed = zstd(rows.as_bytes());
    let with = |at: usize, byte: u8| {
        let mut bytes = packed.clone();
        bytes[at] ^= byte;
        bytes
    };
    family(
        "Zstandard",
        "rows.json.zst",
        vec![
            ("no frame behind the magic number", packed[..4].to_vec()),
            ("broken header", with(4, 0x08)),
            ("cut off", packed[..packed.len() / 2].to_vec()),
            ("wrong checksum", with(packed.len() - 1, 1)),
            ("something behind the end", [&packed[..], b"garbage"].concat()),
            ("rows that are malformed", zstd(b"[{\"id\":\"a\"},\n{\"id\" 1}]")),
            ("packed twice", zstd(&packed)),
        ],
    );
    family(
        "Other formats",
        "other.json",
        vec![
            ("zip", b"PK\x03\x04\x14\0\0\0".to_vec()),
            ("bzip2", b"BZh91AY&SY".to_vec()),
            ("xz", b"\xfd7zXZ\0\0\x04".to_vec()),
            ("7-Zip", b"7z\xbc\xaf\x27\x1c\0\x04".to_vec()),
            ("Parquet that is cut off", b"PAR1\x15\x04".to_vec()),
            ("Parquet without a description", b"PAR1\x15\x04\x04\0\0\0PAR1".to_vec()),
            ("packed Parquet", gzip(b"PAR1\x15\x04")),
            ("Arrow that is cut off", b"ARROW1\0\0\xff\xff\xff\xff".to_vec()),
            ("an Arrow stream that is cut off", b"\xff\xff\xff\xff\x10\0\0\0".to_vec()),
            ("Feather of version 1", b"FEA1\0\0\0\0FEA1".to_vec()),
        ],
    );
    family(
        "CSV",
        "rows.csv",
        vec![
            ("too few fields", text("id,name,properties\r\na,b,\r\nc,d\r\n")),
            ("too many fields", text("id,name\r\na,b,c\r\n")),
            ("quote that is never closed", text("id,name\r\na,\"b\r\nc,d\r\n")),
            ("text behind a closing quote", text("id,name\r\n\"a\"b,c\r\n")),
            ("column twice", text("id,name,id\r\na,b,c\r\n")),
            ("column of Resource Graph twice, in another letter case", text("id,ID\r\na,b\r\n")),
            ("column without a name", text("id,,name\r\na,b,c\r\n")),
            ("bytes that are no UTF-8", b"id,name\r\na,b\r\nc,\xe9\r\n".to_vec()),
            ("JSON cut off in its field", text("id,properties\r\na,\"{\"\"b\"\":[1,\"\r\n")),
            ("malformed JSON in its field", text("id,properties\r\na,{}\r\nb,\"{\"\"b\"\" \"\"c\"\"}\"\r\n")),
            ("text behind JSON in its field", text("id,properties\r\na,{} x\r\n")),
            ("more than one separator", text("id;name,type\r\na;b,c\r\n")),
            ("in UTF-16, cut in a quoted field", wide("id,name\r\na,\"é")),
        ],
    );
    let grid = |data: &str| text(&format!("{{\"count\":1,\"data\":{{{data}}}}}"));
    let columns = "\"columns\":[{\"name\":\"id\",\"type\":\"string\"},{\"name\":\"n\",\"type\":\"integer\"}]";
    family(
        "Table format",
        "grid.json",
        vec![
            ("row too short", grid(&format!("{columns},\"rows\":[[\"a\",1],\n[\"b\"]]"))),
            ("row too long", grid(&format!("{columns},\"rows\":[[\"a\",1,2]]"))),
            ("row that is no array", grid(&format!("{columns},\"rows\":[{{\"id\":\"a\"}}]"))),
            ("rows without columns", grid("\"rows\":[[\"a\"]]")),
            ("column without a name", grid("\"columns\":[{\"type\":\"string\"}],\"rows\":[]")),
            ("column twice", grid("\"columns\":[{\"name\":\"a\"},{\"name\":\"a\"}],\"rows\":[]")),
            ("no rows behind the columns", grid(columns)),
            ("trailing comma", grid(&format!("{columns},\"rows\":[[\"a\",1],]"))),
            ("malformed value", grid(&format!("{columns},\"rows\":[[\"a\",01]]"))),
            ("cut off", text(&format!("{{\"count\":1,\"data\":{{{columns},\"rows\":[[\"a\",1]"))),
            ("rows in another format behind it", {
                let mut answer = grid(&format!("{columns},\"rows\":[[\"a\",1]]"));
                answer.extend_from_slice(b"\n[{\"id\":\"b\"}]");
                answer
            }),
        ],
    );
    kinds.push(Kind {
        family: "Pages",
        name: "the second of three pages is broken",
        files: vec![("p/r-1.json", text("[{}]")), ("p/r-2.json", text("[{]")), ("p/r-3.json", text("[{}]"))],
    });
    kinds.push(Kind {
        family: "Pages",
        name: "the second of three pages is empty",
        files: vec![("q/r-1.json", text("[{}]")), ("q/r-2.json", text("")), ("q/r-3.json", text("[{}]"))],
    });
    kinds
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn argql(folder: &Path, data: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_argql"));
    command.current_dir(folder).env_remove("ARGQL_DATA");
    command.args(["query", "--color", "never", "--format", "json", "--data", data, "resources | count"]);
    command.output().unwrap()
}

/// A line of the table: kind, exit code, code, place and message.
fn line(name: &str, output: &Output) -> String {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(output.stdout.is_empty(), "{name}: {said}");
    let mut lines = said.lines();
    let (code, message) = lines.next().unwrap().strip_prefix("error[").unwrap().split_once("]: ").unwrap();
    let place = lines.find_map(|line| line.trim().strip_prefix("--> ")).unwrap_or("");
    let exit = output.status.code().unwrap();
    format!("| {name} | {exit} | {code} | {place} | {} |\n", message.replace('|', "\\|"))
}

#[test]
fn every_kind_has_its_exit_code_its_place_and_no_output() {
    let folder = tempfile::tempdir().unwrap();
    let mut table = String::from(
        "# Broken input\n\nEach kind of broken data, given to `argql query`: the exit code, the code of the message, the place \
         and the message. Nothing is ever written to standard output. `UPDATE=1 cargo test --test broken` renews this table.\n",
    );
    let mut family = "";
    let mut header = |table: &mut String, of: &'static str| {
        if std::mem::replace(&mut family, of) != of {
            let _ = write!(
                table,
                "\n## {of}\n\n| kind | exit | code | place | message |\n| --- | --: | --- | --- | --- |\n"
            );
        }
    };
    for kind in kinds() {
        header(&mut table, kind.family);
        for (file, bytes) in &kind.files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let first = kind.files[0].0;
        let given = first.split_once('/').map_or(first, |(folder, _)| folder);
        table += &line(kind.name, &argql(folder.path(), &format!("resources={given}")));
    }
    header(&mut table, "Files");
    for (name, given) in files(folder.path()) {
        table += &line(name, &argql(folder.path(), given));
    }
    let known = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/broken.md");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(known, &table).unwrap();
    }
    let expected = fs::read_to_string(known).unwrap_or_default();
    if let Some((one, other)) = expected.lines().zip(table.lines()).find(|(one, other)| one != other) {
        panic!("\nexpected {one}\n   found {other}");
    }
    assert_eq!(expected.lines().count(), table.lines().count());
    println!("{table}");
}

/// What is wrong with files themselves, as `--data` is given it.
fn files(folder: &Path) -> Vec<(&'static str, &'static str)> {
    fs::create_dir_all(folder.join("empty")).unwrap();
    fs::create_dir_all(folder.join("others")).unwrap();
    fs::write(folder.join("others/README.md"), "no data").unwrap();
    fs::create_dir_all(folder.join("inner/resources.json")).unwrap();
    let mut kinds = vec![
        ("no such file", "nowhere.json"),
        ("no such file under a name", "resources=nowhere.json"),
        ("empty folder", "empty"),
        ("folder without data files", "others"),
        ("folder in the place of a file", "inner"),
        ("file in the place of a folder", "cut.json/resources.json"),
    ];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("gone.json", folder.join("dangling.json")).unwrap();
        std::os::unix::fs::symlink("loop.json", folder.join("loop.json")).unwrap();
        fs::create_dir_all(folder.join("links")).unwrap();
        std::os::unix::fs::symlink("gone.json", folder.join("links/resources.json")).unwrap();
        assert!(Command::new("mkfifo").arg(folder.join("pipe.json")).status().unwrap().success());
        kinds.push(("link to nowhere", "resources=dangling.json"));
        kinds.push(("link to itself", "resources=loop.json"));
        kinds.push(("folder with a link to nowhere", "links"));
        kinds.push(("named pipe", "resources=pipe.json"));
        kinds.push(("device", "resources=/dev/null"));
    }
    kinds
}

#[test]
#[cfg(unix)]
fn a_file_or_folder_without_permission_is_unreadable() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (file, inner) = (folder.path().join("resources.json"), folder.path().join("inner"));
    fs::write(&file, "[{}]").unwrap();
    fs::create_dir(&inner).unwrap();
    for path in [&file, &inner] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
    }
    // Nothing keeps the superuser out.
    if fs::read(&file).is_err() {
        for given in ["resources.json", "inner"] {
            let said = line("", &argql(folder.path(), given));
            assert!(said.starts_with("|  | 2 | AQ3005 |"), "{said}");
        }
    }
    fs::set_permissions(&inner, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Small exports, one of each shape, two rows each.
fn exports() -> Vec<(&'static str, Vec<u8>)> {
    let rows =
        r#"{"id":"/a/é","properties":{"n":[1,-2.5e3,true,null],"s":"\u00e9\\\""}} , {"id":"/b","properties":null}"#;
    let array = format!("[{rows}]");
    let az = format!(r#"{{"count": 2, "data": {array}, "skip_token": null, "total_records": 2}}"#);
    let columns = r#"{"columns":[{"name":"id","type":"string"},{"name":"properties","type":"object"}],"rows":"#;
    let grid =
        format!(r#"{{"totalRecords":2,"count":2,"data":{columns}[["/a/é",{{"n":1}}],["/b",null]]}},"facets":[]}}"#);
    let csv = "id,properties\r\n/a/é,\"{\"\"n\"\":[1,2]}\"\r\n\"/b\",\"\"\r\n";
    vec![
        ("array", array.clone().into_bytes()),
        ("lines", rows.replace(" , ", "\n").into_bytes()),
        ("az", az.clone().into_bytes()),
        ("arm", format!(r#"{{"value":{array},"nextLink":null}}"#).into_bytes()),
        ("pages", format!("\u{feff}{array}\n\u{feff}{az}").into_bytes()),
        ("grid", grid.into_bytes()),
        ("csv", csv.as_bytes().to_vec()),
        ("wide", wide(&array)),
        ("wide csv", wide(&format!("\u{feff}{csv}"))),
        ("gzip", gzip(array.as_bytes())),
        ("zstd", zstd(az.as_bytes())),
    ]
}

#[test]
fn a_cut_at_any_byte_is_an_error_of_the_data_or_leaves_whole_rows() {
    for (shape, whole) in exports() {
        let count = |bytes: &[u8]| Engine::new().table("resources", bytes.to_vec()).query("resources | count");
        let rows = if shape == "pages" { "4" } else { "2" };
        assert_eq!(count(&whole).unwrap().value(0, 0).to_string(), rows, "{shape}");
        for cut in 0..whole.len() {
            match count(&whole[..cut]) {
                Err(error) => assert!(error.is_data() || error.is_limit(), "{shape} {cut}: {error}"),
                // What has no end of its own may end behind any row, and CSV in any field of the last one.
                Ok(_) if matches!(shape, "lines" | "csv" | "wide csv" | "pages") => {}
                Ok(_) => {
                    let rest = String::from_utf8_lossy(&whole[cut..]);
                    assert!(rest.trim().trim_matches('\0').is_empty(), "{shape} {cut}");
                }
            }
        }
    }
}

#[test]
fn any_byte_in_the_place_of_another_gives_rows_or_an_error_of_the_data() {
    for (shape, whole) in exports() {
        for at in 0..whole.len() {
            let all = [0, b'"', b'\\', b'{', b']', b',', b'\n', b'9', 0x1f, 0x80, 0xff];
            for turn in 0..3 {
                let byte = all[(3 * at + turn) % all.len()];
                let mut bytes = whole.clone();
                bytes[at] = byte;
                let engine = Engine::new().table("resources", bytes);
                if let Err(error) = engine.query("resources | project id, properties") {
                    assert!(!error.is_query(), "{shape} {at}: {error}");
                }
            }
        }
    }
}

#[test]
fn a_session_notices_what_becomes_of_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("resources.json");
    let rows = |n: usize| (0..n).map(|n| format!("{{\"id\":\"{n}\"}}\n")).collect::<String>();
    fs::write(&file, rows(10)).unwrap();
    let engine = Engine::new().load(folder.path()).unwrap();
    let query = engine.prepare("resources | summarize count(), max(strlen(id))").unwrap();
    let count = || query.run().map(|table| table.value(0, 0).to_string());
    assert_eq!(count().unwrap(), "10");
    fs::write(&file, rows(2000)).unwrap();
    assert_eq!(count().unwrap(), "2000", "grown");
    fs::write(&file, &rows(2000)[..20_000]).unwrap();
    assert!(count().unwrap_err().is_data(), "cut within a row");
    fs::write(&file, rows(3)).unwrap();
    assert_eq!(count().unwrap(), "3", "shrunk");
    fs::write(&file, "").unwrap();
    assert!(count().unwrap_err().to_string().contains("is empty"));
    fs::remove_file(&file).unwrap();
    assert!(count().unwrap_err().to_string().contains("AQ3005"), "vanished");
    fs::create_dir(&file).unwrap();
    assert!(count().unwrap_err().to_string().contains("is a folder"));
    fs::remove_dir(&file).unwrap();
    fs::write(&file, rows(5)).unwrap();
    assert_eq!(count().unwrap(), "5", "back again");
}

/// A row of 96 MB is held once, beside what is made of it.
#[test]
#[cfg(target_os = "linux")]
fn a_very_long_line_takes_memory_for_itself_and_little_more() {
    let folder = tempfile::tempdir().unwrap();
    let long = "x".repeat(96 << 20);
    fs::write(folder.path().join("resources.json"), format!("{{\"id\":\"a\",\"properties\":{{\"s\":\"{long}\"}}}}\n"))
        .unwrap();
    let command = format!(
        "ulimit -v 700000; exec '{}' query --threads 1 -d . --format json 'resources | summarize count() by id'",
        env!("CARGO_BIN_EXE_argql")
    );
    let output = Command::new("sh").args(["-c", &command]).current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), r#"[{"id":"a","count_":1}]"#, "{said}");
}
