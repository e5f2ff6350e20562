//! From the bytes of a file to JSON in UTF-8: unpacked, transcoded, and with rows that are no objects made into some.
//!
//! Plain JSON needs nothing of this and is read by position. All else is a stream of decoders, one around the other, in
//! front of the same parser. What they find wrong travels through [`Read`] as [`Broken`], with its place in the decoded
//! text: lines and columns of the text that somebody sees who opens the file.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use super::convert::{Broken, Converted, RefusedFile};
use super::csv::{self, Csv};
use super::document;
use super::fault::FaultKind;
use super::grid::Grid;
#[cfg(feature = "store")]
use crate::column::ForeignForm;
use crate::json::Why;

/// How a file's rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Coding {
    packing: Packing,
    text: Encoding,
    pub(super) form: RowForm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Utf8,
    /// Two bytes a unit, the lower or the higher one first.
    Utf16 {
        big: bool,
    },
}

/// What the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowForm {
    /// Rows that are objects.
    Json,
    /// JSON whose `data` has `columns` and `rows`.
    Grid,
    /// Fields with this byte between them.
    Csv(u8),
    /// No text but columns.
    #[cfg(feature = "store")]
    Columns(ForeignForm),
}

/// How much of a file shows what it is.
const HEAD: usize = 8 << 10;

/// Most bytes that a packed file may have when it is unpacked.
const MOST: u64 = 64 << 30;
/// From here on they may be no more than [`RATIO`] times the packed ones: real exports shrink to a hundredth at best.
const FREE: u64 = if cfg!(test) { 1 << 20 } else { 1 << 30 };
const RATIO: u64 = 1000;

impl Coding {
    pub(super) const PLAIN: Coding = Coding { packing: Packing::Plain, text: Encoding::Utf8, form: RowForm::Json };

    /// Recognises a file by how it begins. `open` gives its bytes from the start, `len` their number; a name that ends
    /// in `.csv` decides only about a single column.
    pub(super) fn of(
        mut open: impl FnMut() -> io::Result<Box<dyn Read + Send>>,
        len: u64,
        named_csv: bool,
    ) -> io::Result<Result<Coding, RefusedFile>> {
        let head = head(&mut open()?)?;
        #[cfg(feature = "store")]
        if let Some(form) = ForeignForm::of(&head) {
            return Ok(Ok(Coding { form: RowForm::Columns(form), ..Coding::PLAIN }));
        }
        Ok(Coding::of_head(head, open, len)?
            .and_then(|(coding, head)| Ok(Coding { form: form(&head, named_csv)?, ..coding })))
    }

    /// Recognises how the text of a file is packed and encoded, whatever it is.
    pub(super) fn of_text(
        mut open: impl FnMut() -> io::Result<Box<dyn Read + Send>>,
        len: u64,
    ) -> io::Result<Result<Coding, RefusedFile>> {
        let head = head(&mut open()?)?;
        Ok(Coding::of_head(head, open, len)?.map(|(coding, _)| coding))
    }

    /// How a text is packed and encoded that begins so, and how it begins without.
    fn of_head(
        mut head: Vec<u8>,
        mut open: impl FnMut() -> io::Result<Box<dyn Read + Send>>,
        len: u64,
    ) -> io::Result<Result<(Coding, Vec<u8>), RefusedFile>> {
        let packing = match head[..] {
            [0x1f, 0x8b, ..] => Packing::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Packing::Zstd,
            _ => match known(&head) {
                Some(refused) => return Ok(Err(refused)),
                None => Packing::Plain,
            },
        };
        let mut coding = Coding { packing, ..Coding::PLAIN };
        if packing != Packing::Plain {
            // What cannot be unpacked is met again when the rows are read, and gets its place there.
            head = coding.unpacked(open()?, len).and_then(|mut reader| self::head(&mut reader)).unwrap_or_default();
            if let [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] = head[..] {
                return Ok(Err(RefusedFile { what: "packed twice", cure: "unpack it once" }));
            }
            if let Some(refused) = known(&head) {
                return Ok(Err(refused));
            }
        }
        let seems_text = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
        match head[..] {
            [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => {
                let cure = "save it as UTF-8";
                return Ok(Err(RefusedFile { what: "UTF-32 text", cure }));
            }
            [0xff, 0xfe, ..] => coding.text = Encoding::Utf16 { big: false },
            [0xfe, 0xff, ..] => coding.text = Encoding::Utf16 { big: true },
            // Neither JSON nor CSV has a zero byte.
            [first, 0, ..] if seems_text(first) => coding.text = Encoding::Utf16 { big: false },
            [0, first, ..] if seems_text(first) => coding.text = Encoding::Utf16 { big: true },
            _ => {}
        }
        if coding.text != Encoding::Utf8 {
            let mut text = Vec::new();
            let mut wide =
                Utf16Reader::new(Box::new(io::Cursor::new(head)), coding.text == Encoding::Utf16 { big: true });
            // The head may end within a character.
            let _ = wide.read_to_end(&mut text);
            head = text;
        }
        Ok(Ok((coding, head)))
    }

    /// Whether the file's bytes are what the parser reads.
    pub(super) fn is_plain(self) -> bool {
        self == Coding::PLAIN
    }

    /// The text of the file's bytes, of which there are `len`.
    pub(super) fn text(self, bytes: Box<dyn Read + Send>, len: u64) -> io::Result<Box<dyn Read + Send>> {
        let unpacked = self.unpacked(bytes, len)?;
        Ok(match self.text {
            Encoding::Utf8 => unpacked,
            Encoding::Utf16 { big } => Box::new(Utf16Reader::new(unpacked, big)),
        })
    }

    /// The file's rows as JSON; `standard` says whether Resource Graph's columns are known by their names.
    pub(super) fn rows(
        self,
        bytes: Box<dyn Read + Send>,
        len: u64,
        standard: bool,
    ) -> io::Result<Box<dyn Read + Send>> {
        let text = self.text(bytes, len)?;
        Ok(match self.form {
            RowForm::Json => text,
            #[cfg(feature = "store")]
            RowForm::Columns(_) => text,
            RowForm::Grid => Box::new(Converted::new(text, Grid::default())),
            RowForm::Csv(between) => Box::new(Converted::new(text, Csv::new(between, standard))),
        })
    }

    fn unpacked(self, bytes: Box<dyn Read + Send>, len: u64) -> io::Result<Box<dyn Read + Send>> {
        let most = MOST.min(len.saturating_mul(RATIO).max(FREE));
        let unpack = |from, what| Box::new(UnpackedReader { from, what, done: 0, most });
        Ok(match self.packing {
            Packing::Plain => bytes,
            Packing::Gzip => unpack(Box::new(MultiGzDecoder::new(io::BufReader::new(bytes))), "gzip"),
            Packing::Zstd => unpack(Box::new(zstd::Decoder::new(bytes)?), "Zstandard"),
        })
    }
}

/// The first bytes of a file.
fn head(from: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    match from.take(HEAD as u64).read_to_end(&mut head) {
        // What came before a fault shows as much.
        Err(error) if error.get_ref().is_some_and(|cause| cause.is::<Broken>()) => Ok(head),
        outcome => outcome.map(|_| head),
    }
}

/// What helps against files of columns that are packed, or of columns at all.
const COLUMNS: &str = if cfg!(feature = "store") { "unpack it" } else { "export JSON or CSV" };

/// A file that is none of ours, by how it begins.
fn known(head: &[u8]) -> Option<RefusedFile> {
    let (what, cure) = match head {
        [b'P', b'K', 3 | 5, 4 | 6, ..] => ("a zip archive", "unpack it and give the folder"),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => ("packed with bzip2", "unpack it, or pack it with gzip or zstd"),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => ("packed with xz", "unpack it, or pack it with gzip or zstd"),
        [b'7', b'z', 0xbc, 0xaf, ..] => ("a 7-Zip archive", "unpack it and give the folder"),
        [b'P', b'A', b'R', b'1', ..] => ("a Parquet file", COLUMNS),
        [b'P', b'A', b'R', b'E', ..] => ("an encrypted Parquet file", "write it without encryption"),
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] => ("an Arrow file", COLUMNS),
        [0xff, 0xff, 0xff, 0xff, ..] => ("an Arrow stream", COLUMNS),
        [b'F', b'E', b'A', b'1', ..] => ("a Feather file of version 1", "write it as version 2, which is Arrow"),
        _ => return None,
    };
    Some(RefusedFile { what, cure })
}

/// What a text is, by how it begins.
fn form(head: &[u8], named_csv: bool) -> Result<RowForm, RefusedFile> {
    let start = document::start(head);
    match head.get(start) {
        Some(b'{') if document::is_grid(head, start) => Ok(RowForm::Grid),
        None | Some(b'{' | b'[') => Ok(RowForm::Json),
        _ => {
            let head = &head[start..];
            csv::separator(head, named_csv).map(|between| between.map_or(RowForm::Json, RowForm::Csv))
        }
    }
}

/// Most bytes that are unpacked at once: where packed data is broken, what was unpacked right before it is lost, and with
/// it how near the message comes.
const PIECE: usize = 4 << 10;

/// What was packed, with a limit: a small file must not keep a machine busy for days.
struct UnpackedReader {
    from: Box<dyn Read + Send>,
    what: &'static str,
    done: u64,
    most: u64,
}

impl Read for UnpackedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(PIECE);
        match self.from.read(&mut buffer[..most]) {
            Ok(count) => {
                self.done += count as u64;
                if self.done > self.most {
                    return Err(Broken::error(self.done, FaultKind::Bomb));
                }
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted || error.raw_os_error().is_some() => Err(error),
            Err(error) => {
                let cut = error.kind() == io::ErrorKind::UnexpectedEof;
                let kind = if cut { FaultKind::PackingEnds(self.what) } else { FaultKind::Packing(self.what) };
                Err(Broken::error(self.done, kind))
            }
        }
    }
}

/// UTF-16 as UTF-8. Half of a surrogate pair alone becomes U+FFFD, as it does in JSON's escapes.
struct Utf16Reader {
    from: Box<dyn Read + Send>,
    big: bool,
    /// Bytes read; from `at` on they are not decoded yet.
    bytes: Vec<u8>,
    text: String,
    /// How much of the text was given out, and how much before it.
    given: usize,
    before: u64,
}

impl Utf16Reader {
    fn new(from: Box<dyn Read + Send>, big: bool) -> Utf16Reader {
        Utf16Reader { from, big, bytes: Vec::new(), text: String::new(), given: 0, before: 0 }
    }

    /// Decodes the next bytes; false at the end of the file.
    fn fill(&mut self) -> io::Result<bool> {
        self.before += self.text.len() as u64;
        self.text.clear();
        self.given = 0;
        let count = (&mut self.from).take(64 << 10).read_to_end(&mut self.bytes)?;
        let mut units = self.bytes.len() / 2;
        let unit = |bytes: &[u8]| {
            let bytes = [bytes[0], bytes[1]];
            if self.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
        };
        if count == 0 {
            if self.bytes.is_empty() {
                return Ok(false);
            }
            if self.bytes.len() == 1 {
                return Err(Broken::error(self.before, FaultKind::Json(Why::End)));
            }
        } else if units > 0 && matches!(unit(&self.bytes[2 * units - 2..]), 0xd800..0xdc00) {
            // Its other half comes with the next bytes.
            units -= 1;
        }
        let (whole, _) = self.bytes.split_at(2 * units);
        let chars = char::decode_utf16(whole.chunks_exact(2).map(unit));
        self.text.extend(chars.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
        self.bytes.drain(..2 * units);
        Ok(true)
    }
}

impl Read for Utf16Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() {
            if !self.fill()? {
                return Ok(0);
            }
        }
        let left = &self.text.as_bytes()[self.given..];
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        self.given += count;
        Ok(count)
    }
}
