//! Answers as clients of Kusto read them, piece by piece: tables (`/v1`), or frames (`/v2`) whose keys have an order that
//! readers of streams rely on.

use serde_json::{Value, json};

use super::super::pieces::PIECE;
use super::failure::Failure;
use super::options::{Options, Placement};
use super::trace::Trace;
use super::types::data_type;
use super::visual::visualization;
use crate::{DateTime, Field, LongCells, Table, Type};

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    V1,
    V2,
}

/// What a request came to.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) tables: Vec<Table>,
    /// What there is to know about it.
    pub(super) warnings: Vec<String>,
    /// The columns of a command as Kusto declares them; those of a query follow from their types.
    pub(super) declared: Option<Vec<Declared>>,
}

/// How a column of a command is described.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) name: &'static str,
    pub(super) ty: Type,
    pub(super) data_type: &'static str,
    /// Left out by some commands.
    pub(super) column_type: Option<&'static str>,
}

/// An answer on its way.
pub(super) struct Reply {
    form: Form,
    answer: Answer,
    /// How each table is to be drawn.
    drawn: Vec<String>,
    options: Options,
    trace: Trace,
    stage: Stage,
    /// The table that is written, and its next row.
    table: usize,
    row: usize,
    /// How many more rows and bytes there may be.
    rows_left: u64,
    bytes_left: u64,
    /// Why there are no more.
    cut: Option<Failure>,
}

enum Stage {
    Head,
    Table,
    Rows,
    Foot,
    Done,
}

impl Reply {
    pub(super) fn new(form: Form, mut answer: Answer, options: Options, trace: Trace) -> Reply {
        let drawn = answer.tables.iter().map(|table| visualization(table.chart())).collect();
        if let Some(most) = options.take.and_then(|most| usize::try_from(most).ok()) {
            answer.tables = answer
                .tables
                .iter()
                .map(|table| if table.len() > most { table.head(most) } else { table.clone() })
                .collect();
        }
        let (rows_left, bytes_left) = options.truncation();
        Reply {
            form,
            answer,
            drawn,
            options,
            trace,
            stage: Stage::Head,
            table: 0,
            row: 0,
            rows_left,
            bytes_left,
            cut: None,
        }
    }

    /// The next piece, if there is one.
    pub(super) fn next(&mut self) -> Option<String> {
        let mut out = String::with_capacity(PIECE + PIECE / 4);
        while out.len() < PIECE && !matches!(self.stage, Stage::Done) {
            self.step(&mut out);
        }
        (!out.is_empty()).then_some(out)
    }

    fn step(&mut self, out: &mut String) {
        let v2 = self.form == Form::V2;
        match self.stage {
            Stage::Head => {
                if v2 {
                    self.frames_head(out);
                } else {
                    out.push_str("{\"Tables\":[");
                }
                self.stage = if self.answer.tables.is_empty() { Stage::Foot } else { Stage::Table };
            }
            Stage::Table => {
                let columns = self.columns();
                if !v2 {
                    let between = if self.table > 0 { "," } else { "" };
                    let name = format!("Table_{}", self.table);
                    out.push_str(&format!("{between}{{\"TableName\":\"{name}\",\"Columns\":{columns},\"Rows\":["));
                } else {
                    let (id, fragments) = (self.table + 1, self.options.fragments);
                    let (kind, rows) = if fragments { ("TableHeader", "}") } else { ("DataTable", ",\"Rows\":[") };
                    out.push_str(&format!(
                        "\n,{{\"FrameType\":\"{kind}\",\"TableId\":{id},\"TableKind\":\"PrimaryResult\",\
                         \"TableName\":\"PrimaryResult\",\"Columns\":{columns}{rows}"
                    ));
                }
                self.row = 0;
                self.stage = Stage::Rows;
            }
            Stage::Rows => self.rows(out),
            Stage::Foot => {
                if v2 {
                    self.frames_foot(out);
                } else {
                    self.tables_foot(out);
                }
                self.stage = Stage::Done;
            }
            Stage::Done => {}
        }
    }

    /// Some rows, or what stands behind the last.
    fn rows(&mut self, out: &mut String) {
        let Some(table) = self.answer.tables.get(self.table) else {
            self.stage = Stage::Foot;
            return;
        };
        if self.row < table.len() && self.cut.is_none() {
            let rows = rows_of_piece(table, self.row).min(usize::try_from(self.rows_left).unwrap_or(usize::MAX));
            let (text, written) = within(&table.slice(self.row..self.row + rows), self.bytes_left);
            if self.fragments() && !text.is_empty() {
                out.push_str(&fragment(self.table + 1, &text));
            } else {
                if self.row > 0 && !text.is_empty() {
                    out.push(',');
                }
                out.push_str(&text);
            }
            self.row += written;
            self.rows_left -= written as u64;
            self.bytes_left = self.bytes_left.saturating_sub(text.len() as u64);
            let cure = "take fewer, or `set notruncation` before the query";
            if self.row < table.len() && written < rows {
                self.cut = Some(Failure::too_much("data size", self.options.truncation().1, cure));
            } else if self.row < table.len() && self.rows_left == 0 {
                self.cut = Some(Failure::too_much("record count", self.options.truncation().0, cure));
            }
            return;
        }
        let told = self.cut.as_ref().filter(|_| !self.options.deferred).map(|cut| self.errors(cut));
        let placed = |placement| told.as_ref().filter(|_| self.options.placement == placement);
        if self.fragments() {
            let (id, rows) = (self.table + 1, self.row);
            if let Some(errors) = placed(Placement::InData) {
                out.push_str(&fragment(id, &format!("{{\"OneApiErrors\":{errors}}}")));
            }
            let at_end = placed(Placement::EndOfTable);
            let errors = at_end.map_or(String::new(), |errors| format!(",\"OneApiErrors\":{errors}"));
            out.push_str(&format!(
                "\n,{{\"FrameType\":\"TableCompletion\",\"TableId\":{id},\"RowCount\":{rows}{errors}}}"
            ));
        } else {
            if let Some(errors) = placed(Placement::InData) {
                let between = if self.row > 0 { "," } else { "" };
                out.push_str(&format!("{between}{{\"OneApiErrors\":{errors}}}"));
            }
            out.push_str("]}");
        }
        self.table += 1;
        let more = self.table < self.answer.tables.len() && self.cut.is_none();
        self.stage = if more { Stage::Table } else { Stage::Foot };
    }

    fn fragments(&self) -> bool {
        self.form == Form::V2 && self.options.fragments
    }

    fn errors(&self, cut: &Failure) -> Value {
        json!([cut.json(&self.trace)])
    }

    /// The columns of the table that is written.
    fn columns(&self) -> Value {
        let described = |name: &str, data_type: &str, column_type: Option<&str>| {
            let mut column = json!({"ColumnName": name});
            if let Some(column) = column.as_object_mut() {
                if self.form == Form::V1 {
                    column.insert("DataType".to_owned(), data_type.into());
                }
                if let Some(column_type) = column_type {
                    column.insert("ColumnType".to_owned(), column_type.into());
                }
            }
            column
        };
        let fields = self.answer.tables.get(self.table).map_or(&[][..], Table::columns);
        let derived = |field: &Field| described(&field.name, data_type(field.ty), Some(field.ty.name()));
        match &self.answer.declared {
            Some(declared) => declared
                .iter()
                .map(|column| {
                    let column_type = match self.form {
                        Form::V1 => column.column_type,
                        Form::V2 => column.column_type.or(Some(column.ty.name())),
                    };
                    described(column.name, column.data_type, column_type)
                })
                .collect(),
            None => fields.iter().map(derived).collect(),
        }
    }

    /// The header, and how each table is to be drawn.
    fn frames_head(&self, out: &mut String) {
        let header = json!({
            "FrameType": "DataSetHeader",
            "IsProgressive": false,
            "Version": "v2.0",
            "IsFragmented": self.options.fragments,
            "ErrorReportingPlacement": self.options.placement.name(),
        });
        let rows: Vec<Value> =
            (1..).zip(&self.drawn).map(|(id, drawn): (usize, _)| json!([id, "Visualization", drawn])).collect();
        let properties = frame(
            0,
            "QueryProperties",
            "@ExtendedProperties",
            &[("TableId", "int"), ("Key", "string"), ("Value", "dynamic")],
            rows,
        );
        out.push_str(&format!("[{header}\n,{properties}"));
    }

    fn frames_foot(&self, out: &mut String) {
        let id = self.answer.tables.len() + 1;
        let columns = [
            ("Timestamp", "datetime"),
            ("ClientRequestId", "string"),
            ("ActivityId", "guid"),
            ("SubActivityId", "guid"),
            ("ParentActivityId", "guid"),
            ("Level", "int"),
            ("LevelName", "string"),
            ("StatusCode", "int"),
            ("StatusCodeName", "string"),
            ("EventType", "int"),
            ("EventTypeName", "string"),
            ("Payload", "string"),
        ];
        let (now, activity) = (DateTime::now().to_string(), self.trace.activity.to_string());
        let row = |status: &Status| {
            let payload = json!({"Count": 1, "Text": status.text}).to_string();
            let (level, level_name) = status.level;
            let (code, code_name) = status.code;
            let (event, event_name) = status.event;
            json!([
                now,
                self.trace.client,
                activity,
                activity,
                activity,
                level,
                level_name,
                code,
                code_name,
                event,
                event_name,
                payload
            ])
        };
        let rows = self.status().iter().map(row).collect();
        let completion = frame(id, "QueryCompletionInformation", "QueryCompletionInformation", &columns, rows);
        let told = self.cut.as_ref().filter(|_| !self.options.deferred);
        let mut end = json!({"FrameType": "DataSetCompletion", "HasErrors": told.is_some(), "Cancelled": false});
        if let (Some(cut), Some(end)) = (told, end.as_object_mut()) {
            end.insert("OneApiErrors".to_owned(), self.errors(cut));
        }
        out.push_str(&format!("\n,{completion}\n,{end}\n]"));
    }

    /// How the query went.
    fn status(&self) -> Vec<Status> {
        let info = |text: &str| Status {
            level: (4, "Info"),
            code: (0, "S_OK (0)"),
            event: (4, "QueryInfo"),
            text: text.to_owned(),
        };
        let end = match &self.cut {
            None => info("Query completed successfully"),
            Some(cut) => Status {
                level: (2, "Error"),
                code: (-2_133_196_797, "Query result set too large (E_QUERY_RESULT_SET_TOO_LARGE). (-2133196797)"),
                event: (1, "QueryLimitsExceeded"),
                text: cut.message.clone(),
            },
        };
        // Clients take any level below information for a failure.
        std::iter::once(end).chain(self.answer.warnings.iter().map(|warning| info(warning))).collect()
    }

    /// Behind the tables of a query: how to draw them, how it went, and which table is which.
    fn tables_foot(&self, out: &mut String) {
        let bare = self.answer.declared.is_some();
        if !bare {
            // Those that were written: behind one that was cut there are no more.
            let tables = self.table;
            let drawn: Vec<Value> = self.drawn.iter().take(tables).map(|drawn| json!([drawn])).collect();
            let (now, activity) = (DateTime::now().to_string(), self.trace.activity.to_string());
            let status: Vec<Value> = self
                .status()
                .iter()
                .map(|status| {
                    let ((level, name), (code, _)) = (status.level, status.code);
                    json!([now, level, name, code, status.text, 1, activity, activity, activity, self.trace.client])
                })
                .collect();
            let columns = [
                ("Timestamp", Type::DateTime),
                ("Severity", Type::Int),
                ("SeverityName", Type::String),
                ("StatusCode", Type::Int),
                ("StatusDescription", Type::String),
                ("Count", Type::Int),
                ("RequestId", Type::Guid),
                ("ActivityId", Type::Guid),
                ("SubActivityId", Type::Guid),
                ("ClientActivityId", Type::String),
            ];
            let none = "00000000-0000-0000-0000-000000000000";
            let called = |at: usize| self.answer.tables.get(at).and_then(Table::name).unwrap_or_default();
            let results = (0..tables).map(|at| (at, "QueryResult", "PrimaryResult", called(at)));
            let others = [
                (tables, "QueryProperties", "@ExtendedProperties", ""),
                (tables + 1, "QueryStatus", "QueryStatus", ""),
            ];
            let contents =
                results.chain(others).map(|(at, kind, name, pretty)| json!([at, kind, name, none, pretty])).collect();
            let contents_columns = [
                ("Ordinal", Type::Long),
                ("Kind", Type::String),
                ("Name", Type::String),
                ("Id", Type::String),
                ("PrettyName", Type::String),
            ];
            for (at, columns, rows) in [
                (tables, &[("Value", Type::String)][..], drawn),
                (tables + 1, &columns[..], status),
                (tables + 2, &contents_columns[..], contents),
            ] {
                out.push_str(&format!(",{}", table(at, columns, rows)));
            }
        }
        out.push(']');
        if let Some(cut) = self.cut.as_ref().filter(|_| !self.options.deferred) {
            out.push_str(&format!(",\"Exceptions\":{}", json!([cut.message])));
        }
        out.push('}');
    }
}

/// A row about how the query went.
struct Status {
    level: (i32, &'static str),
    code: (i64, &'static str),
    event: (i32, &'static str),
    text: String,
}

/// A frame of rows.
fn fragment(id: usize, rows: &str) -> String {
    format!(
        "\n,{{\"FrameType\":\"TableFragment\",\"TableFragmentType\":\"DataAppend\",\"TableId\":{id},\"Rows\":[{rows}]}}"
    )
}

/// A small table as a frame.
fn frame(id: usize, kind: &str, name: &str, columns: &[(&str, &str)], rows: Vec<Value>) -> Value {
    let columns: Vec<Value> = columns.iter().map(|(name, ty)| json!({"ColumnName": name, "ColumnType": ty})).collect();
    json!({
        "FrameType": "DataTable",
        "TableId": id,
        "TableKind": kind,
        "TableName": name,
        "Columns": columns,
        "Rows": rows,
    })
}

/// A small table of the first version.
fn table(at: usize, columns: &[(&str, Type)], rows: Vec<Value>) -> Value {
    let columns: Vec<Value> = columns
        .iter()
        .map(|(name, ty)| json!({"ColumnName": name, "DataType": data_type(*ty), "ColumnType": ty.name()}))
        .collect();
    json!({"TableName": format!("Table_{at}"), "Columns": columns, "Rows": rows})
}

/// How many rows are about a piece of text, going by the next one; not many, as others may be longer.
fn rows_of_piece(table: &Table, row: usize) -> usize {
    let one = table.slice(row..row + 1).to_json_rows(",", LongCells::Numbers).len();
    (PIECE / one.max(1)).clamp(1, 256)
}

/// The text of rows, and how many there are: the first ones whose text has at most so many bytes.
fn within(rows: &Table, bytes: u64) -> (String, usize) {
    let text = rows.to_json_rows(",", LongCells::Numbers);
    if text.len() as u64 <= bytes {
        return (text, rows.len());
    }
    // The last piece of an answer that is cut.
    let (mut text, mut written) = (String::new(), 0);
    for row in 0..rows.len() {
        let one = rows.slice(row..row + 1).to_json_rows(",", LongCells::Numbers);
        if (text.len() + one.len()) as u64 > bytes {
            break;
        }
        text.push_str(if row > 0 { "," } else { "" });
        text.push_str(&one);
        written += 1;
    }
    (text, written)
}
