//! Arrow's own files and streams: where their batches lie, and each of them read on its own.
//!
//! A stream has what a file's footer lists one after the other, so both are a list of blocks. A stream may change a
//! dictionary on its way: every batch knows how many dictionaries stand before it.

use std::io;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::convert::fb_to_schema;
use arrow_ipc::reader::FileDecoder;
use arrow_ipc::{Block, MessageHeader, MetadataVersion, root_as_footer, root_as_message};
use arrow_schema::SchemaRef;

use super::ForeignFault;
use crate::column::bytes::FileBytes;

/// The batches of a file.
#[derive(Debug)]
pub(super) struct Frames {
    pub(super) schema: SchemaRef,
    version: MetadataVersion,
    dictionaries: Vec<Dictionary>,
    pub(super) batches: Vec<Frame>,
}

#[derive(Debug)]
struct Dictionary {
    block: Block,
    id: i64,
    /// Whether it goes on with the one before it.
    more: bool,
}

#[derive(Debug)]
pub(super) struct Frame {
    block: Block,
    pub(super) rows: usize,
    /// How many of the dictionaries it knows.
    known: usize,
}

/// What begins a file, and ends it.
const MAGIC: &[u8] = b"ARROW1";
/// What stands before the length of a message.
const CONTINUED: [u8; 4] = [0xff; 4];

fn broken(what: &str) -> ForeignFault {
    ForeignFault::Broken(what.to_owned())
}

/// A length that a file says.
fn length(says: impl TryInto<usize>) -> Result<usize, ForeignFault> {
    says.try_into().map_err(|_| broken("a length is negative"))
}

impl Frames {
    pub(super) fn of_file(bytes: &FileBytes) -> Result<Frames, ForeignFault> {
        let len = bytes.size();
        let tail = (MAGIC.len() + 4) as u64;
        let end = bytes.part(len.saturating_sub(tail), usize::try_from(tail.min(len)).unwrap_or(0))?;
        let (size, magic) = end.split_first_chunk::<4>().ok_or(ForeignFault::Ends)?;
        if magic != MAGIC {
            return Err(ForeignFault::Ends);
        }
        let size = length(i32::from_le_bytes(*size))?;
        let start = len.checked_sub(tail + size as u64).ok_or_else(|| broken("its footer is longer than the file"))?;
        let footer = bytes.part(start, size)?;
        let footer = root_as_footer(&footer).map_err(|error| broken(&format!("its footer: {error}")))?;
        let schema = footer.schema().ok_or_else(|| broken("its footer has no schema"))?;
        let mut frames = Frames {
            schema: Arc::new(fb_to_schema(schema)),
            version: footer.version(),
            dictionaries: Vec::new(),
            batches: Vec::new(),
        };
        for block in footer.dictionaries().iter().flatten().chain(footer.recordBatches().iter().flatten()) {
            let head =
                bytes.part(u64::try_from(block.offset()).unwrap_or(u64::MAX), length(block.metaDataLength())?)?;
            let message = head.get(usize::from(head.starts_with(&CONTINUED)) * 4 + 4..).unwrap_or_default();
            frames.add(*block, message)?;
        }
        Ok(frames)
    }

    pub(super) fn of_stream(bytes: &FileBytes) -> Result<Frames, ForeignFault> {
        let mut frames: Option<Frames> = None;
        let (mut at, len) = (0, bytes.size());
        while at < len {
            let prefix = bytes.part(at, 8)?;
            let Some(says) = prefix.strip_prefix(&CONTINUED).and_then(|rest| rest.first_chunk::<4>()) else {
                return Err(broken("a message does not begin as one"));
            };
            let size = length(i32::from_le_bytes(*says))?;
            if size == 0 {
                return frames.ok_or(ForeignFault::Ends);
            }
            let head = bytes.part(at + 8, size)?;
            let message = root_as_message(&head).map_err(|error| broken(&format!("a message: {error}")))?;
            let body = length(message.bodyLength())? as u64;
            match (&mut frames, message.header_as_schema()) {
                (None, Some(schema)) => {
                    let (schema, version) = (Arc::new(fb_to_schema(schema)), message.version());
                    frames = Some(Frames { schema, version, dictionaries: Vec::new(), batches: Vec::new() });
                }
                (Some(frames), None) => {
                    let block = Block::new(
                        i64::try_from(at).unwrap_or(i64::MAX),
                        i32::try_from(size + 8).map_err(|_| broken("a message is too long"))?,
                        message.bodyLength(),
                    );
                    frames.add(block, &head)?;
                }
                _ => return Err(broken("its schema is not where it belongs")),
            }
            at = (at + 8 + size as u64).checked_add(body).filter(|end| *end <= len).ok_or(ForeignFault::Ends)?;
        }
        // A stream may end without a mark.
        frames.ok_or(ForeignFault::Ends)
    }

    /// Adds what a message says of its block.
    fn add(&mut self, block: Block, message: &[u8]) -> Result<(), ForeignFault> {
        let message = root_as_message(message).map_err(|error| broken(&format!("a message: {error}")))?;
        match message.header_type() {
            MessageHeader::DictionaryBatch => {
                let header = message.header_as_dictionary_batch().ok_or_else(|| broken("a dictionary is empty"))?;
                self.dictionaries.push(Dictionary { block, id: header.id(), more: header.isDelta() });
            }
            MessageHeader::RecordBatch => {
                let header = message.header_as_record_batch().ok_or_else(|| broken("a batch is empty"))?;
                let rows = length(header.length())?;
                self.batches.push(Frame { block, rows, known: self.dictionaries.len() });
            }
            _ => return Err(broken("a message is neither rows nor a dictionary")),
        }
        Ok(())
    }

    /// These columns of a batch.
    pub(super) fn read(&self, bytes: &FileBytes, batch: usize, columns: &[usize]) -> Result<RecordBatch, ForeignFault> {
        let frame = self.batches.get(batch).ok_or_else(|| broken("a batch is missing"))?;
        let mut decoder = FileDecoder::new(self.schema.clone(), self.version).with_projection(columns.to_vec());
        let coded = self.dictionaries.get(..frame.known).unwrap_or_default();
        for (number, dictionary) in coded.iter().enumerate() {
            // One that is replaced later is nothing to this batch.
            let later = coded.get(number + 1..).unwrap_or_default();
            if !later.iter().any(|later| later.id == dictionary.id && !later.more) {
                decoder
                    .read_dictionary(&dictionary.block, &block_bytes(bytes, &dictionary.block)?)
                    .map_err(of_arrow)?;
            }
        }
        let read = decoder.read_record_batch(&frame.block, &block_bytes(bytes, &frame.block)?).map_err(of_arrow)?;
        read.filter(|read| read.num_rows() == frame.rows).ok_or_else(|| broken("a batch is empty"))
    }

    /// Bytes of a batch.
    pub(super) fn weight(&self, batch: usize) -> u64 {
        self.batches.get(batch).map_or(0, |frame| u64::try_from(frame.block.bodyLength()).unwrap_or(0))
    }
}

fn of_arrow(error: arrow_schema::ArrowError) -> ForeignFault {
    ForeignFault::Broken(error.to_string())
}

/// Most bytes that a packed buffer may have when it is unpacked, unless it is no more than [`RATIO`] times the packed.
const FREE: i64 = 1 << 30;
const RATIO: i64 = 1000;

/// The bytes of a block, with nothing in them that would take a machine's memory.
fn block_bytes(bytes: &FileBytes, block: &Block) -> Result<Buffer, ForeignFault> {
    let (head, body) = (length(block.metaDataLength())?, length(block.bodyLength())?);
    let len = head.checked_add(body).ok_or(ForeignFault::Ends)?;
    let start = u64::try_from(block.offset()).map_err(|_| broken("a block lies before the file"))?;
    let read = bytes.part(start, len)?;
    let (head, body) = read.split_at(head);
    let message = head.get(usize::from(head.starts_with(&CONTINUED)) * 4 + 4..).unwrap_or_default();
    let message = root_as_message(message).map_err(|error| broken(&format!("a message: {error}")))?;
    let dictionary = message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data());
    let Some(header) = message.header_as_record_batch().or(dictionary) else {
        return Err(broken("a message has no rows"));
    };
    for buffer in header.buffers().iter().flatten() {
        let start = length(buffer.offset())?;
        let part = start.checked_add(length(buffer.length())?).and_then(|end| body.get(start..end));
        let part = part.ok_or_else(|| broken("a buffer lies beyond its batch"))?;
        let unpacked = part.first_chunk::<8>().map_or(0, |says| i64::from_le_bytes(*says));
        if header.compression().is_some() && unpacked > FREE.max(buffer.length().saturating_mul(RATIO)) {
            return Err(broken("it unpacks to far more than its size"));
        }
    }
    Ok(Buffer::from_vec(Vec::from(read)))
}

impl From<io::Error> for ForeignFault {
    fn from(error: io::Error) -> ForeignFault {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => ForeignFault::Ends,
            _ => ForeignFault::Io(error),
        }
    }
}
