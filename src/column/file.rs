//! Files of columns that other programs read: Parquet and Arrow, written piece by piece.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::arrow::{Frame, Misfit, Spans, Texts};
use super::{Batch, Field, Table};

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    Parquet,
    /// Arrow's own, with random access to its batches.
    Arrow,
    /// Arrow's own, to be read from the beginning to the end.
    ArrowStream,
}

/// Writes an answer as a file of columns, in one go or as its rows come.
pub(crate) struct FileWriting {
    frame: Frame,
    /// Locked because a writer of Parquet is not `Sync` without that; nobody ever waits.
    file: Mutex<OpenFile>,
}

/// What was not handed on yet is in the vector.
enum OpenFile {
    Parquet(Box<ArrowWriter<Vec<u8>>>),
    Arrow(Box<FileWriter<Vec<u8>>>),
    ArrowStream(Box<StreamWriter<Vec<u8>>>),
}

impl fmt::Debug for FileWriting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileWriting").field("frame", &self.frame).finish_non_exhaustive()
    }
}

/// Rows of a group of Parquet, and its bytes, until which it waits in memory.
const GROUP: usize = 1 << 18;
const GROUP_BYTES: usize = 64 << 20;

impl FileWriting {
    /// Writes a whole table.
    pub(crate) fn write(out: &mut dyn Write, table: &Table, kind: FileKind) -> io::Result<()> {
        let mut writing = FileWriting::new(Frame::of(table, spans(kind), Texts::Whole), kind)?;
        writing.rows(out, table)?;
        writing.finish(out)
    }

    /// A file whose rows are still to come.
    pub(crate) fn start(fields: &[Field], kind: FileKind) -> io::Result<FileWriting> {
        FileWriting::new(Frame::ahead(fields, spans(kind)), kind)
    }

    fn new(frame: Frame, kind: FileKind) -> io::Result<FileWriting> {
        if frame.schema.fields().is_empty() {
            return Err(refused("an answer without columns is no file of columns"));
        }
        let schema = frame.schema.clone();
        let file = match kind {
            FileKind::Parquet => {
                let level = ZstdLevel::try_new(3).expect("zstd has a level 3");
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(level))
                    .set_max_row_group_row_count(Some(GROUP))
                    .set_created_by(concat!("argql ", env!("CARGO_PKG_VERSION")).to_owned())
                    .build();
                let writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties)).map_err(of_parquet)?;
                OpenFile::Parquet(Box::new(writer))
            }
            FileKind::Arrow => OpenFile::Arrow(Box::new(FileWriter::try_new(Vec::new(), &schema).map_err(of_arrow)?)),
            FileKind::ArrowStream => {
                OpenFile::ArrowStream(Box::new(StreamWriter::try_new(Vec::new(), &schema).map_err(of_arrow)?))
            }
        };
        Ok(FileWriting { frame, file: Mutex::new(file) })
    }

    /// Some rows.
    pub(crate) fn rows(&mut self, out: &mut dyn Write, table: &Table) -> io::Result<()> {
        table.batches().iter().flat_map(Batch::pieces).try_for_each(|piece| self.piece(out, piece))
    }

    /// In halves if its text is too long for one array.
    fn piece(&mut self, out: &mut dyn Write, piece: Batch) -> io::Result<()> {
        match self.frame.batch(std::slice::from_ref(&piece)) {
            Ok(batch) => self.batch(out, &batch),
            Err(Misfit::Long) if piece.rows > 1 => {
                let half = piece.rows / 2;
                self.piece(out, piece.slice(0, half))?;
                self.piece(out, piece.slice(half, piece.rows))
            }
            Err(misfit) => Err(refused(&misfit.to_string())),
        }
    }

    fn batch(&mut self, out: &mut dyn Write, batch: &RecordBatch) -> io::Result<()> {
        match self.file() {
            OpenFile::Parquet(writer) => {
                writer.write(batch).map_err(of_parquet)?;
                if writer.in_progress_size() > GROUP_BYTES {
                    writer.flush().map_err(of_parquet)?;
                }
            }
            OpenFile::Arrow(writer) => writer.write(batch).map_err(of_arrow)?,
            OpenFile::ArrowStream(writer) => writer.write(batch).map_err(of_arrow)?,
        }
        self.hand_on(out)
    }

    /// What stands behind the last row.
    pub(crate) fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match self.file() {
            OpenFile::Parquet(writer) => drop(writer.finish().map_err(of_parquet)?),
            OpenFile::Arrow(writer) => writer.finish().map_err(of_arrow)?,
            OpenFile::ArrowStream(writer) => writer.finish().map_err(of_arrow)?,
        }
        self.hand_on(out)
    }

    fn file(&mut self) -> &mut OpenFile {
        self.file.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    fn hand_on(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let waiting = match self.file() {
            OpenFile::Parquet(writer) => writer.inner_mut(),
            OpenFile::Arrow(writer) => writer.get_mut(),
            OpenFile::ArrowStream(writer) => writer.get_mut(),
        };
        out.write_all(waiting)?;
        waiting.clear();
        Ok(())
    }
}

fn spans(kind: FileKind) -> Spans {
    match kind {
        FileKind::Parquet => Spans::Ticks,
        FileKind::Arrow | FileKind::ArrowStream => Spans::Durations,
    }
}

fn refused(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

fn of_parquet(error: ParquetError) -> io::Error {
    io::Error::other(error)
}

fn of_arrow(error: ArrowError) -> io::Error {
    io::Error::other(error)
}
