//! The file of runs of a table that has rows in parts of earlier snapshots.
//!
//! It is Parquet as the parts are, so that other tools can put the table together: `part` is the file within the store,
//! `first` the number of a row in it, from 0, and `rows` how many follow one another there. What stands in one of its row
//! groups is read together, as a row group of a part is.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::column::{Batch, Column, FileBytes, PartField, PartReader, PartWriter, Rows};
use crate::guard::Guard;
use crate::value::{Type, Value, ValueRef};

/// Rows of a part that follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source) struct Run {
    /// The number of the part among those of the table.
    pub(in crate::source) part: usize,
    pub(in crate::source) first: u64,
    pub(in crate::source) rows: u64,
}

/// Writes runs over parts of these names; gives the length of the file.
pub(in crate::source) fn write_runs(
    path: &Path,
    names: &[String],
    units: &[Vec<Run>],
    guard: &Guard,
) -> io::Result<u64> {
    let field = |name: &str, ty, coded| PartField { name: name.to_owned(), ty, bloom: false, coded, ids: false };
    let fields =
        [field("part", Type::String, true), field("first", Type::Long, false), field("rows", Type::Long, true)];
    let mut writer = PartWriter::new(File::create_new(path)?, &fields)?;
    let names = Column::from_values(Type::String, names.iter().map(|name| Value::from(name.as_str())));
    let long = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    for runs in units {
        let parts = runs.iter().map(|run| u32::try_from(run.part).unwrap_or(u32::MAX)).collect();
        let columns = vec![
            Column::dictionary(parts, names.clone(), true),
            Column::longs(runs.iter().map(|run| long(run.first)).collect()),
            Column::longs(runs.iter().map(|run| long(run.rows)).collect()),
        ];
        writer.write(&[Batch::new(columns, runs.len())], guard)?;
        writer.end_group(guard)?;
    }
    writer.finish(&[], guard)
}

/// Reads the same.
pub(in crate::source) fn read_runs(bytes: &FileBytes, names: &[String], guard: &Guard) -> io::Result<Vec<Vec<Run>>> {
    let reader = PartReader::open(bytes)?;
    let broken = || io::Error::new(io::ErrorKind::InvalidData, "it has no runs");
    if !reader.names().eq(["part", "first", "rows"]) {
        return Err(broken());
    }
    let unit = |(group, count): (usize, usize)| {
        let columns = reader.read(&|| Ok(bytes.clone()), group, &[0, 1, 2], &Rows::First(count), guard)?;
        let [part, first, rows] = columns.as_slice() else { return Err(broken()) };
        let number = |cell: ValueRef<'_>| match cell {
            ValueRef::Long(number) => u64::try_from(number).ok(),
            _ => None,
        };
        // The same part mostly comes again soon.
        let mut last = 0;
        let mut run = |row: usize| {
            let name = part.get(row);
            let name = name.as_str()?;
            if names.get(last).is_none_or(|last| last != name) {
                last = names.iter().position(|known| known == name)?;
            }
            Some(Run { part: last, first: number(first.get(row))?, rows: number(rows.get(row))? })
        };
        (0..count).map(|row| run(row).ok_or_else(broken)).collect()
    };
    reader.groups().enumerate().map(unit).collect()
}
