//! The same rows in every shape that exports of Azure Resource Graph come in.

use std::io::Write;
use std::path::Path;

use super::json::{Json, bag};

/// How a table lies on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `[{…},{…}]`
    Array,
    /// `[{…},{…}]` over many lines, as `Search-AzGraph … | ConvertTo-Json` prints it.
    Indented,
    /// A row a line.
    Lines,
    /// A row a line, blank lines and Windows line ends between.
    LooseLines,
    /// `az graph query`: `{"count", "data", "skip_token", "total_records"}`, indented.
    Az,
    /// The REST answer: `{"totalRecords", "count", "data", "facets", "resultTruncated"}`.
    Rest,
    /// The REST answer whose `data` is `{"columns", "rows"}`.
    RestTable,
    /// ARM's list: `{"value", "nextLink"}`.
    Arm,
    /// PowerShell's response object: `{"SkipToken", "Data"}`.
    PowerShell,
    /// Three files, each an `az` page.
    Pages,
    /// Three REST pages, one behind the other in one file.
    Concatenated,
    /// A row a line, gzip.
    Gzip,
    /// The REST answer, Zstandard.
    Zstd,
    /// Two pages, each with its byte-order mark, one behind the other.
    Bom,
    /// An array in UTF-16, little end first, as Windows PowerShell's `>` writes it.
    Utf16,
    /// Objects over many lines, one behind the other, in UTF-16 without a mark, big end first.
    WideObjects,
    /// The portal's download: dynamic cells as JSON text.
    Csv,
    /// The same in UTF-16 with semicolons, names of columns in capitals, two files one behind the other.
    WideCsv,
}

impl Shape {
    pub(crate) const ALL: [Shape; 18] = [
        Shape::Array,
        Shape::Indented,
        Shape::Lines,
        Shape::LooseLines,
        Shape::Az,
        Shape::Rest,
        Shape::RestTable,
        Shape::Arm,
        Shape::PowerShell,
        Shape::Pages,
        Shape::Concatenated,
        Shape::Gzip,
        Shape::Zstd,
        Shape::Bom,
        Shape::Utf16,
        Shape::WideObjects,
        Shape::Csv,
        Shape::WideCsv,
    ];

    /// Writes `rows` as the files of `table` into `folder`.
    pub(crate) fn write(self, folder: &Path, table: &str, rows: &[Json]) {
        let put = |name: String, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
        let json = |text: &str| put(format!("{table}.json"), text.as_bytes());
        let array = || Json::List(rows.to_vec());
        let total = rows.len();
        match self {
            Shape::Array => json(&array().to_string()),
            Shape::Indented => json(&array().indented()),
            Shape::Lines => put(format!("{table}.ndjson"), lines(rows, "\n").as_bytes()),
            Shape::LooseLines => put(format!("{table}.jsonl"), lines(rows, "\r\n\r\n").as_bytes()),
            Shape::Az => json(&az(rows, total).indented()),
            Shape::Rest => json(&rest(rows, total, "false").to_string()),
            Shape::RestTable => json(&rest_table(rows).to_string()),
            Shape::Arm => json(&bag! { "value": array(), "nextLink": Json::Null }.to_string()),
            Shape::PowerShell => json(&bag! { "SkipToken": Json::Null, "Data": array() }.indented()),
            Shape::Pages => {
                for (at, page) in thirds(rows).into_iter().enumerate() {
                    put(format!("{table}-{:03}.json", at + 1), az(page, page.len()).to_string().as_bytes());
                }
            }
            Shape::Concatenated => {
                let pages = thirds(rows).map(|page| rest(page, page.len(), "false").to_string());
                json(&pages.join("\n"));
            }
            Shape::Gzip => put(format!("{table}.ndjson.gz"), &gzip(lines(rows, "\n").as_bytes())),
            Shape::Zstd => {
                let packed = zstd::encode_all(rest(rows, total, "false").to_string().as_bytes(), 3).unwrap();
                put(format!("{table}.json.zst"), &packed);
            }
            Shape::Bom => {
                let pages = thirds(rows).map(|page| format!("\u{feff}{}\r\n", Json::List(page.to_vec())));
                json(&pages.concat());
            }
            Shape::Utf16 => {
                let text = format!("\u{feff}{}\r\n", array());
                let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
                put(format!("{table}.json"), &bytes);
            }
            Shape::WideObjects => {
                let text: String = rows.iter().map(|row| row.indented() + "\r\n").collect();
                let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
                put(format!("{table}.json"), &bytes);
            }
            Shape::Csv => put(format!("{table}.csv"), csv(rows, ",").as_bytes()),
            Shape::WideCsv => {
                let text = thirds(rows).map(|page| {
                    let text = csv(page, ";");
                    let (header, records) = text.split_once('\n').unwrap();
                    format!("\u{feff}{}\n{records}", header.to_uppercase())
                });
                let bytes: Vec<u8> = text.concat().encode_utf16().flat_map(u16::to_le_bytes).collect();
                put(format!("{table}.csv"), &bytes);
            }
        }
    }
}

/// Each row on its own line.
pub(crate) fn lines(rows: &[Json], end: &str) -> String {
    rows.iter().map(|row| format!("{row}{end}")).collect()
}

/// The same bytes, compressed.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn thirds(rows: &[Json]) -> [&[Json]; 3] {
    let (one, two) = (rows.len() / 3, rows.len() * 2 / 3);
    [&rows[..one], &rows[one..two], &rows[two..]]
}

fn az(rows: &[Json], total: usize) -> Json {
    bag! { "count": rows.len(), "data": rows.to_vec(), "skip_token": Json::Null, "total_records": total }
}

fn rest(rows: &[Json], total: usize, truncated: &str) -> Json {
    bag! {
        "totalRecords": total, "count": rows.len(), "data": rows.to_vec(), "facets": Json::List(Vec::new()),
        "resultTruncated": truncated,
    }
}

fn rest_table(rows: &[Json]) -> Json {
    let names = columns(rows);
    let ty = |name: &str| if DYNAMIC.contains(&name) { "object" } else { "string" };
    let columns: Vec<Json> = names.iter().map(|name| bag! { "name": *name, "type": ty(name) }).collect();
    let cells: Vec<Json> =
        rows.iter().map(|row| Json::List(names.iter().map(|name| row.at(name).clone()).collect())).collect();
    bag! {
        "totalRecords": rows.len(), "count": rows.len(), "data": bag! { "columns": columns, "rows": cells },
        "facets": Json::List(Vec::new()), "resultTruncated": "false",
    }
}

fn csv(rows: &[Json], between: &str) -> String {
    let names = columns(rows);
    let quote = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut out = names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(between) + "\r\n";
    for row in rows {
        let cell = |name: &&str| match row.at(name) {
            Json::Null => String::new(),
            Json::Text(text) => quote(text),
            other => quote(&other.to_string()),
        };
        out += &(names.iter().map(cell).collect::<Vec<_>>().join(between) + "\r\n");
    }
    out
}

const DYNAMIC: [&str; 7] = ["sku", "plan", "properties", "tags", "identity", "zones", "extendedLocation"];

fn columns(rows: &[Json]) -> Vec<&str> {
    let Some(Json::Bag(entries)) = rows.first() else { return Vec::new() };
    entries.iter().map(|(name, _)| name.as_str()).collect()
}
