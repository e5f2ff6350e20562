//! The bytes of a file of columns, read from any place on: of one on the disk, or in memory.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
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
}

impl FileBytes {
    pub(crate) fn of_file(file: File, len: u64) -> FileBytes {
        FileBytes::Disk { file: Arc::new(Mutex::new(file)), len }
    }

    pub(super) fn size(&self) -> u64 {
        match self {
            FileBytes::Disk { len, .. } => *len,
            FileBytes::Memory(bytes) => bytes.len() as u64,
        }
    }

    /// So many bytes from a place on. What lies beyond the file takes no memory.
    pub(super) fn part(&self, start: u64, len: usize) -> io::Result<Vec<u8>> {
        let ends = || io::Error::new(io::ErrorKind::UnexpectedEof, "it ends too early");
        if start.checked_add(len as u64).is_none_or(|end| end > self.size()) {
            return Err(ends());
        }
        match self {
            FileBytes::Disk { file, .. } => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(start))?;
                let mut bytes = vec![0; len];
                file.read_exact(&mut bytes)?;
                Ok(bytes)
            }
            FileBytes::Memory(bytes) => {
                let start = usize::try_from(start).map_err(|_| ends())?;
                bytes.get(start..start + len).map(<[u8]>::to_vec).ok_or_else(ends)
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
        self.part(start, length).map(Bytes::from).map_err(|error| ParquetError::External(Box::new(error)))
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
        let count = left.min(buffer.len());
        let part = self.bytes.part(self.at, count)?;
        buffer.iter_mut().zip(&part).for_each(|(to, from)| *to = *from);
        self.at += count as u64;
        Ok(count)
    }
}
