//! Where tables go: standard output, a file, or a folder with a file for each.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::args::Listing;
use super::failure::Failure;
use super::terminal::{colored_stdout, harmless, stdout};
use crate::{Diagnostic, Document, Error, Format, Formulas, Layout, Query, Table, TableWriter};

/// A table and what a heading or a file calls it.
pub(super) struct NamedTable<'a> {
    pub(super) name: String,
    pub(super) table: &'a Table,
    /// The text of its query, for pages.
    pub(super) query: Option<&'a str>,
}

/// Writes the one table of a command that lists something.
pub(super) fn write_listing(table: &Table, listing: &Listing) -> Result<(), Failure> {
    write_tables(&[NamedTable { name: String::new(), table, query: None }], listing, false)
}

/// Writes what is no table to a file, or to standard output.
pub(super) fn write_text(
    output: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    match output {
        None => {
            let mut out = BufWriter::with_capacity(64 << 10, stdout());
            write(&mut out)?;
            Ok(out.flush()?)
        }
        Some(path) => replace_file(path, |out| write(out)).map_err(|error| unwritable(path, &error)),
    }
}

/// Writes tables the way the options ask for; `color` tells whether standard output shows colours.
pub(super) fn write_tables(tables: &[NamedTable<'_>], listing: &Listing, color: bool) -> Result<(), Failure> {
    let presentation = Presentation::new(listing)?;
    let format = presentation.format;
    match (&listing.output, tables) {
        (Some(path), [only]) if !names_folder(path) => write_file(path, &[only], presentation),
        (Some(path), [_, _, ..]) if !format.is_laid_out() && !names_folder(path) && has_format(path) => {
            let (count, path) = (tables.len(), path.display());
            Err(Failure::Usage(format!(
                "there are {count} tables, and {path} is one file: --output FOLDER takes a file each"
            )))
        }
        (Some(path), _) if !format.is_laid_out() || names_folder(path) => {
            let mut names = HashSet::new();
            if let Some(twice) = tables.iter().find(|named| !names.insert(&named.name)) {
                let message = format!(
                    "two answers are called `{}`, and each is a file: rename one, or ask one at a time",
                    twice.name
                );
                return Err(Failure::Usage(message));
            }
            std::fs::create_dir_all(path).map_err(|error| unwritable(path, &error))?;
            tables.iter().try_for_each(|named| {
                write_file(&path.join(&named.name).with_added_extension(format.ending()), &[named], presentation)
            })
        }
        (Some(path), _) => write_file(path, &tables.iter().collect::<Vec<_>>(), presentation),
        (None, [_, _, ..]) if !format.is_laid_out() => Err(Failure::Usage(format!(
            "there are {} tables: --format table prints them all, the other formats want --output FOLDER",
            tables.len()
        ))),
        (None, _) => {
            let color = color && format == Format::Chart;
            let layout = terminal_width().into_iter().fold(presentation.layout, Layout::width);
            let presentation = Presentation { layout: if color { layout.colored() } else { layout }, ..presentation };
            let mut out = BufWriter::with_capacity(64 << 10, if color { colored_stdout() } else { stdout() });
            write_document(&mut out, &tables.iter().collect::<Vec<_>>(), presentation)?;
            Ok(out.flush()?)
        }
    }
}

/// The format, and what the options say about it, where nobody looks on.
#[derive(Clone, Copy)]
struct Presentation {
    format: Format,
    layout: Layout,
}

impl Presentation {
    fn new(listing: &Listing) -> Result<Presentation, Failure> {
        let format = named_format(listing)?;
        if listing.csv_safe && !matches!(format, Format::Csv | Format::Tsv) {
            return Err(Failure::Usage("--csv-safe is for csv and tsv: add --format csv".to_owned()));
        }
        if listing.cells.is_some() && !matches!(format, Format::Table | Format::Chart) {
            return Err(Failure::Usage("--cells is for tables on a terminal: add --format table".to_owned()));
        }
        check_readable(format, listing.output.as_deref())?;
        let formulas = if listing.csv_safe { Formulas::Disarmed } else { Formulas::Kept };
        let cells = listing.cells.unwrap_or_default();
        Ok(Presentation { format, layout: Layout::new().formulas(formulas).cells(cells) })
    }
}

/// Refuses options that contradict each other, before anything is read.
pub(super) fn check_options(listing: &Listing) -> Result<(), Failure> {
    Presentation::new(listing).map(drop)
}

/// Refuses to write to a terminal what is no text.
pub(super) fn check_readable(format: Format, output: Option<&Path>) -> Result<(), Failure> {
    if output.is_some() || format.is_text() || !io::stdout().is_terminal() {
        return Ok(());
    }
    let name = format.name();
    Err(Failure::Usage(format!("{name} is no text that a terminal shows: add --output FILE.{}", format.ending())))
}

/// Writes the rows of a query as they come; gives their number, and what there is to know about the data.
pub(super) fn stream_rows(query: &Query, listing: &Listing) -> Result<(usize, Vec<Diagnostic>), Failure> {
    let presentation = Presentation::new(listing)?;
    if presentation.format.is_laid_out() {
        let streamed: Vec<&str> = Format::all().filter(|format| !format.is_laid_out()).map(Format::name).collect();
        return Err(Failure::Usage(format!(
            "--stream wants --format {}: {} is laid out once all of its rows are known",
            streamed.join(", "),
            presentation.format.name()
        )));
    }
    let stream = |out: &mut (dyn Write + Send)| -> Result<_, Unfinished> {
        let mut writer = TableWriter::start(out, query.columns(), presentation.format, &presentation.layout)?;
        let (mut rows, mut written) = (0, Ok(()));
        let warnings = query.stream(|piece| {
            rows += piece.len();
            written = writer.rows(out, &piece).and_then(|()| out.flush());
            if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        written?;
        writer.finish(out)?;
        out.flush()?;
        Ok((rows, warnings))
    };
    let streamed = match &listing.output {
        Some(path) => replace_file(path, stream),
        None => stream(&mut BufWriter::with_capacity(64 << 10, stdout())),
    };
    streamed.map_err(|unfinished| match (unfinished, &listing.output) {
        (Unfinished::Read(error), _) => Failure::from(error),
        (Unfinished::Written(error), Some(path)) => unwritable(path, &error),
        (Unfinished::Written(error), None) => Failure::from(error),
    })
}

/// Why rows were not written to the last.
enum Unfinished {
    Read(Error),
    Written(io::Error),
}

impl From<Error> for Unfinished {
    fn from(error: Error) -> Unfinished {
        Unfinished::Read(error)
    }
}

impl From<io::Error> for Unfinished {
    fn from(error: io::Error) -> Unfinished {
        Unfinished::Written(error)
    }
}

/// The format asked for, or that of the file's ending, or what suits the reader.
fn named_format(listing: &Listing) -> Result<Format, Failure> {
    let output = listing.output.as_deref();
    let person = output.is_none() && io::stdout().is_terminal();
    let by_reader = if person { Format::Chart } else { Format::Json };
    let naming = "`--format`, at the prompt `.format`";
    chosen_by(listing.format, output, &Format::endings().collect::<Vec<_>>(), by_reader, naming)
}

/// The same for who asks before anything is written; a file whose ending says nothing is refused then.
pub(super) fn format_of(listing: &Listing) -> Format {
    named_format(listing).unwrap_or(Format::Json)
}

/// What was asked for, or what the file's ending stands for; `otherwise` where neither says anything.
///
/// # Errors
///
/// An ending that is none of `endings`: it would name what the file does not hold.
pub(super) fn chosen<F: Copy>(
    asked: Option<F>,
    output: Option<&Path>,
    endings: &[(&str, F)],
    otherwise: F,
) -> Result<F, Failure> {
    chosen_by(asked, output, endings, otherwise, "`--format`")
}

/// The same; `naming` is how a format is asked for.
fn chosen_by<F: Copy>(
    asked: Option<F>,
    output: Option<&Path>,
    endings: &[(&str, F)],
    otherwise: F,
    naming: &str,
) -> Result<F, Failure> {
    let ending = output.filter(|path| !names_folder(path)).and_then(Path::extension);
    let (None, Some(ending), Some(path)) = (asked, ending, output) else { return Ok(asked.unwrap_or(otherwise)) };
    let known = endings.iter().find(|(known, _)| ending.eq_ignore_ascii_case(known));
    known.map(|&(_, format)| format).ok_or_else(|| {
        let endings: Vec<&str> = endings.iter().map(|(ending, _)| *ending).collect();
        Failure::Usage(format!(
            "the ending of {} stands for no format: name one ({naming}), or let the file end in {}",
            path.display(),
            endings.join(", ")
        ))
    })
}

/// Whether it is a folder, or is written as one that is to be made: `answers/`.
fn names_folder(path: &Path) -> bool {
    path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/")
}

/// Whether a file of this name is one of rows.
fn has_format(path: &Path) -> bool {
    path.extension().and_then(OsStr::to_str).is_some_and(|ending| Format::of_ending(ending).is_some())
}

fn write_document(out: &mut dyn Write, tables: &[&NamedTable<'_>], presentation: Presentation) -> io::Result<()> {
    let document =
        tables.iter().fold(Document::new(), |document, named| document.answer(&named.name, named.query, named.table));
    document.write(out, presentation.format, &presentation.layout)
}

fn write_file(path: &Path, tables: &[&NamedTable<'_>], presentation: Presentation) -> Result<(), Failure> {
    replace_file(path, |out| write_document(out, tables, presentation)).map_err(|error| unwritable(path, &error))
}

/// Writes a file that is there as a whole or not at all: an earlier report survives whatever goes wrong with a later one.
/// What is no plain file (a pipe, a link) is written to as it is.
pub(super) fn replace_file<T, E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut (dyn Write + Send)) -> Result<T, E>,
) -> Result<T, E> {
    let plain = std::fs::symlink_metadata(path).map_or(true, |about| about.is_file());
    let fill = |file: File| {
        let mut out = BufWriter::with_capacity(64 << 10, harmless(file));
        write(&mut out).and_then(|written| Ok(out.flush().map(|()| written)?))
    };
    if !plain {
        return fill(File::create(path)?);
    }
    let (file, part) = Part::of(path)?;
    let written = fill(file)?;
    if let Ok(about) = std::fs::metadata(path) {
        std::fs::set_permissions(&part.0, about.permissions())?;
    }
    std::fs::rename(&part.0, path)?;
    Ok(written)
}

/// A file beside another that is nobody else's: neither of a program that writes there at the same time or was killed, nor
/// of the user. Whatever happens, it does not stay.
struct Part(PathBuf);

/// Those that are there.
fn parts() -> MutexGuard<'static, Vec<PathBuf>> {
    static PARTS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    PARTS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Part {
    fn of(path: &Path) -> io::Result<(File, Part)> {
        let mut number = std::process::id();
        loop {
            let part = path.with_added_extension(format!("{number}.part"));
            match File::create_new(&part) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number = number.wrapping_add(1),
                created => {
                    let file = created?;
                    parts().push(part.clone());
                    return Ok((file, Part(part)));
                }
            }
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        parts().retain(|part| *part != self.0);
        // One that was finished has another name now.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Removes what was begun, for who ends the program whatever its threads do.
pub(super) fn remove_parts() {
    for part in parts().drain(..) {
        // Nobody is told that it stayed: the program ends.
        let _ = std::fs::remove_file(part);
    }
}

/// A file that cannot be written is the fault of what was typed.
pub(super) fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::Usage(format!("{} cannot be written: {error}", path.display()))
}

/// How wide a table may be; any width where nobody looks on.
fn terminal_width() -> Option<u16> {
    let looked_at = io::stdout().is_terminal();
    looked_at.then(terminal_size::terminal_size).flatten().map(|(width, _)| width.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Type, Value};

    fn table() -> Table {
        Table::from_rows([("n", Type::Long)], [vec![Value::Long(1)]])
    }

    fn listing(path: &Path, format: Option<Format>) -> Listing {
        Listing { format, output: Some(path.to_owned()), ..Listing::default() }
    }

    #[test]
    fn the_ending_of_the_file_chooses_the_format_unless_one_is_given() {
        let format = |name: &str, given| super::format_of(&listing(Path::new(name), given));
        assert_eq!(format("a.csv", None), Format::Csv);
        assert_eq!(format("a.JSONL", None), Format::Ndjson);
        assert_eq!(format("a.csv", Some(Format::Table)), Format::Table);
        assert_eq!(format("a", None), Format::Json);
    }

    #[test]
    fn several_tables_become_a_file_each() {
        let folder = tempfile::tempdir().unwrap();
        let table = table();
        let named = |name: &str| NamedTable { name: name.to_owned(), table: &table, query: None };
        let to = folder.path().join("new");
        let tables = |named: &[NamedTable<'_>], listing: &Listing| super::write_tables(named, listing, false);
        tables(&[named("a.b"), named("c")], &listing(&to, Some(Format::Ndjson))).unwrap();
        assert_eq!(std::fs::read_to_string(to.join("a.b.ndjson")).unwrap(), "{\"n\":1}\n");
        assert_eq!(std::fs::read_to_string(to.join("c.ndjson")).unwrap(), "{\"n\":1}\n");
        let slashed = folder.path().join("only/");
        tables(&[named("a")], &listing(&slashed, None)).unwrap();
        assert_eq!(std::fs::read_to_string(slashed.join("a.json")).unwrap(), "[{\"n\":1}]\n");
        let one = folder.path().join("one.md");
        tables(&[named("a"), named("c")], &listing(&one, None)).unwrap();
        assert!(std::fs::read_to_string(&one).unwrap().starts_with("## a\n\n| n |"));
        assert!(
            std::fs::read_dir(folder.path())
                .unwrap()
                .all(|entry| entry.unwrap().path().extension() != Some("part".as_ref()))
        );
        let nowhere = folder.path().join("no").join("such.json");
        assert!(matches!(tables(&[named("a")], &listing(&nowhere, None)), Err(Failure::Usage(_))));
    }
}
