//! Markdown tables.

use std::io::{self, Write};

use crate::column::Table;
use crate::diag::render::visible;
use crate::value::write_text;

pub(super) fn write(out: &mut dyn Write, table: &Table) -> io::Result<()> {
    let mut text = String::new();
    for field in table.columns() {
        text.push_str("| ");
        escape(&mut text, &field.name);
        text.push(' ');
    }
    text.push_str("|\n");
    for field in table.columns() {
        text.push_str(if field.ty.is_number() { "| --: " } else { "| --- " });
    }
    text.push_str("|\n");
    let mut cell_text = String::new();
    table.each_row(|row| {
        for cell in row {
            cell_text.clear();
            write_text(&mut cell_text, *cell);
            text.push_str("| ");
            escape(&mut text, &cell_text);
            text.push(' ');
        }
        text.push_str("|\n");
        out.write_all(text.as_bytes())?;
        text.clear();
        Ok::<(), io::Error>(())
    })?;
    out.write_all(text.as_bytes())
}

/// Keeps a cell from ending early and from becoming markup.
fn escape(out: &mut String, text: &str) {
    for (index, line) in text.lines().enumerate() {
        if index > 0 {
            out.push_str("<br>");
        }
        for c in visible(line).chars() {
            match c {
                '|' | '\\' | '`' | '*' | '_' | '[' | ']' => out.extend(['\\', c]),
                '<' => out.push_str("&lt;"),
                '&' => out.push_str("&amp;"),
                c => out.push(c),
            }
        }
    }
}
