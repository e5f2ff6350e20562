//! The bytes of a file of columns, read from any place on: of one on the disk, in memory, or far away.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

/// The bytes of a file; clones share it.
#[derive(Clone, Debug)]
pub(crate) enum FileBytes {
    Disk {
        /// Every reader looks for its own place.
        file: Arc<Mutex<File>>,
        len: u64,
    },
    Memory(Arc<[u8]>),
    #[cfg(feature = "object-store")]
    Remote {
        from: Arc<dyn Remote>,
        len: u64,
        /// What was fetched ahead, each from a place on.
        known: Arc<[(u64, Bytes)]>,
    },
}

/// A file that is far away: bytes are fetched by ranges, for each of which somebody waits.
#[cfg(feature = "object-store")]
pub(crate) trait Remote: std::fmt::Debug + Send + Sync {
    /// The bytes of these ranges, fetched side by side.
    fn fetch(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Bytes>>;
}

impl FileBytes {
    pub(crate) fn of_file(file: File, len: u64) -> FileBytes {
        FileBytes::Disk { file: Arc::new(Mutex::new(file)), len }
    }

    pub(super) fn size(&self) -> u64 {
        match self {
            FileBytes::Disk { len, .. } => *len,
            FileBytes::Memory(bytes) => bytes.len() as u64,
            #[cfg(feature = "object-store")]
            FileBytes::Remote { len, .. } => *len,
        }
    }

    /// The same, having these ranges at hand if they are far away.
    pub(super) fn with_ranges(&self, ranges: &[Range<u64>]) -> io::Result<FileBytes> {
        match self {
            #[cfg(feature = "object-store")]
            FileBytes::Remote { from, len, .. } => {
                let known = ranges.iter().map(|range| range.start).zip(from.fetch(ranges)?).collect();
                Ok(FileBytes::Remote { from: from.clone(), len: *len, known })
            }
            FileBytes::Disk { .. } | FileBytes::Memory(_) => {
                let _ = ranges;
                Ok(self.clone())
            }
        }
    }

    /// How many of so many bytes from a place on are there without asking anew, if any are.
    fn at_hand(&self, start: u64, most: usize) -> usize {
        match self {
            FileBytes::Disk { .. } | FileBytes::Memory(_) => {
                let _ = start;
                most
            }
            #[cfg(feature = "object-store")]
            FileBytes::Remote { known, .. } => {
                let left = |(first, bytes): &(u64, Bytes)| {
                    let at = usize::try_from(start.checked_sub(*first)?).ok()?;
                    bytes.len().checked_sub(at).filter(|left| *left > 0)
                };
                known.iter().find_map(left).map_or(most, |left| left.min(most))
            }
        }
    }

    /// So many bytes from a place on. What lies beyond the file takes no memory.
    pub(super) fn part(&self, start: u64, len: usize) -> io::Result<Bytes> {
        let ends = || io::Error::new(io::ErrorKind::UnexpectedEof, "it ends too early");
        let end = start.checked_add(len as u64).filter(|end| *end <= self.size()).ok_or_else(ends)?;
        match self {
            FileBytes::Disk { file, .. } => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(start))?;
                let mut bytes = vec![0; len];
                file.read_exact(&mut bytes)?;
                Ok(bytes.into())
            }
            FileBytes::Memory(bytes) => {
                let [start, end] = [start, end].map(usize::try_from);
                let range = start.map_err(|_| ends())?..end.map_err(|_| ends())?;
                bytes.get(range).map(Bytes::copy_from_slice).ok_or_else(ends)
            }
            #[cfg(feature = "object-store")]
            FileBytes::Remote { from, known, .. } => {
                let within = |(first, bytes): &(u64, Bytes)| {
                    let at = usize::try_from(start.checked_sub(*first)?).ok()?;
                    (at.checked_add(len)? <= bytes.len()).then(|| bytes.slice(at..at + len))
                };
                match known.iter().find_map(within) {
                    Some(bytes) => Ok(bytes),
                    None => from.fetch(&[start..end])?.pop().filter(|bytes| bytes.len() == len).ok_or_else(ends),
                }
            }
        }
    }
}

impl Length for FileBytes {
    fn len(&self) -> u64 {
        self.size()
    }
}

impl ChunkReader for FileBytes {
    type T = BufReader<Onward>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::new(Onward { bytes: self.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.part(start, length).map_err(|error| ParquetError::External(Box::new(error)))
    }
}

/// The bytes from a place on.
pub(crate) struct Onward {
    bytes: FileBytes,
    at: u64,
}

impl Read for Onward {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.bytes.size().saturating_sub(self.at)).unwrap_or(usize::MAX);
        let count = self.bytes.at_hand(self.at, left.min(buffer.len()));
        let part = self.bytes.part(self.at, count)?;
        buffer.iter_mut().zip(&part).for_each(|(to, from)| *to = *from);
        self.at += count as u64;
        Ok(count)
    }
}
