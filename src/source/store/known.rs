//! The rows of the snapshot before, known by digests of their bytes, and where those of a new one lie.
//!
//! Digests are beside each part, in its order: what equals no row that is known was changed, moved or new. They are cut
//! from SHA-256, so that nobody can make two rows that are taken for one, say to have a change of a resource not seen.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use hashbrown::HashTable;
use sha2::{Digest, Sha256};

use super::runs::Run;
use super::snapshot::{Manifest, ManifestPart, StoreFolder};
use super::unit::Source;
use crate::column::Field;
use crate::guard::Guard;
use crate::source::place;

/// What stands for the bytes of a row.
pub(in crate::source) type RowDigest = u128;

/// Bytes of a digest on disk.
pub(in crate::source) const DIGEST: u64 = 16;

pub(super) fn digest(row: &[u8]) -> RowDigest {
    short(&Sha256::digest(row))
}

fn short(whole: &[u8]) -> RowDigest {
    whole.iter().take(16).fold(0, |digest, &byte| digest << 8 | RowDigest::from(byte))
}

/// The digests beside a part, as they are written.
pub(in crate::source) struct DigestWriter {
    file: BufWriter<File>,
    all: Sha256,
}

impl DigestWriter {
    pub(in crate::source) fn create(path: &Path) -> io::Result<DigestWriter> {
        Ok(DigestWriter { file: BufWriter::new(File::create_new(path)?), all: Sha256::new() })
    }

    pub(in crate::source) fn add(&mut self, digest: RowDigest) -> io::Result<()> {
        let bytes = digest.to_be_bytes();
        self.all.update(bytes);
        self.file.write_all(&bytes)
    }

    /// Ends the file, which is then on the disk; gives its length, and what stands for all rows of the part.
    pub(in crate::source) fn finish(self) -> io::Result<(u64, String)> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok((file.metadata()?.len(), format!("{:032x}", short(&self.all.finalize()))))
    }
}

/// The digests beside a part.
fn read_digests(path: &Path, rows: u64) -> Option<Vec<RowDigest>> {
    let bytes = place::read(path).ok()?;
    let (digests, rest) = bytes.as_chunks::<16>();
    (rest.is_empty() && digests.len() as u64 == rows)
        .then(|| digests.iter().map(|digest| RowDigest::from_be_bytes(*digest)).collect())
}

/// The rows of a table as the snapshot before has them.
#[derive(Debug)]
pub(in crate::source) struct KnownRows {
    /// In the order of the table.
    digests: Vec<RowDigest>,
    /// The numbers of rows, by their digests.
    numbers: HashTable<u32>,
    pieces: Vec<KnownPiece>,
    /// The parts that they lie in.
    pub(in crate::source) parts: Vec<ManifestPart>,
}

/// Rows that follow one another, in the table and in a part.
#[derive(Clone, Copy, Debug)]
struct KnownPiece {
    /// The number of the first one in the table.
    start: usize,
    rows: usize,
    /// With which others they are read.
    unit: usize,
    source: Source,
    /// The number of the first one in the part.
    first: usize,
}

/// From so many snapshots rows are taken: each takes time to open, and gives a little to every row group.
const SNAPSHOTS: usize = 16;
/// Bytes of memory for each row that is known, while they are read.
const FOOTPRINT: u64 = 64;

impl KnownRows {
    /// The rows of the snapshot before of the table of this name, if rows of it may be those of a table with such
    /// columns. None also where that snapshot, or what is beside it, is not as it was written.
    pub(in crate::source) fn load(
        store: &StoreFolder,
        before: &Manifest,
        table: &str,
        fields: &[Field],
        guard: &Guard,
    ) -> Option<KnownRows> {
        let known = before.tables.iter().find(|known| known.name.eq_ignore_ascii_case(table))?;
        // A column of another type may have kept less of the same row.
        let other = |field: &&Field| fields.iter().any(|new| new.name == field.name && new.ty != field.ty);
        if known.all_fields.iter().any(|field| other(&field)) {
            return None;
        }
        let mut parts = known.parts.clone();
        for part in &mut parts {
            part.snapshot.get_or_insert_with(|| before.name.clone());
        }
        let mut snapshots: Vec<&str> = parts.iter().filter_map(|part| part.snapshot.as_deref()).collect();
        snapshots.sort_unstable();
        snapshots.dedup();
        let written: u64 = parts.iter().map(|part| part.rows).sum();
        if snapshots.len() >= SNAPSHOTS || written.max(known.rows()).saturating_mul(FOOTPRINT) > guard.left() / 4 {
            return None;
        }
        let beside = |part: &ManifestPart| {
            let path = store.part(&before.name, part).with_file_name(part.digests_file());
            read_digests(&path, part.rows)
        };
        let by_part: Vec<Vec<RowDigest>> = parts.iter().map(beside).collect::<Option<_>>()?;
        let stored = store.table(&before.name, known);
        let units = stored.units(guard).ok()?;
        let firsts: Vec<Vec<usize>> = stored.groups(guard).ok()?.iter().map(|groups| starts(groups)).collect();
        let (mut digests, mut pieces) = (Vec::new(), Vec::new());
        for (number, unit) in units.iter().enumerate() {
            for piece in &unit.pieces {
                let source = *unit.sources.get(piece.source)?;
                let first = firsts.get(source.part)?.get(source.group)? + piece.first;
                pieces.push(KnownPiece { start: digests.len(), rows: piece.rows, unit: number, source, first });
                digests.extend_from_slice(by_part.get(source.part)?.get(first..first + piece.rows)?);
            }
        }
        let mut numbers: HashTable<u32> = HashTable::with_capacity(digests.len());
        for (row, &digest) in digests.iter().enumerate() {
            let same = |&known: &u32| digests[known as usize] == digest;
            numbers
                .entry(hash(digest), same, |&known| hash(digests[known as usize]))
                .or_insert(u32::try_from(row).ok()?);
        }
        Some(KnownRows { digests, numbers, pieces, parts })
    }

    /// The number of the first row that has this digest.
    pub(super) fn find(&self, digest: RowDigest) -> Option<u32> {
        self.numbers.find(hash(digest), |&row| self.digests[row as usize] == digest).copied()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "all bits of a digest are as good")]
fn hash(digest: RowDigest) -> u64 {
    digest as u64
}

/// Where each of some stretches begins that follow one another.
fn starts(lengths: &[usize]) -> Vec<usize> {
    let mut end = 0;
    let start = |&length: &usize| {
        end += length;
        end - length
    };
    lengths.iter().map(start).collect()
}

/// Where the rows of a table lie that is being written, in their order.
///
/// They are cut where the snapshot before cut its rows, so that a row group of it is read once for all that is left of it.
pub(in crate::source) struct RunList {
    known: Arc<KnownRows>,
    units: Vec<Vec<Run>>,
    /// How many rows the unit at hand has, and the row groups of the known rows among them.
    rows: usize,
    sources: Vec<Source>,
    /// The last unit of the known rows that rows were taken of.
    unit: usize,
    /// The row that comes behind the one taken last, and the piece that had that.
    next: usize,
    piece: usize,
    /// How many rows there are, how many are new, and how many are in the row groups that are read for the others.
    all: usize,
    new: usize,
    touched: usize,
}

/// Most rows that are read together.
const UNIT: usize = 1 << 18;

impl RunList {
    pub(in crate::source) fn new(known: Arc<KnownRows>) -> RunList {
        RunList {
            known,
            units: Vec::new(),
            rows: 0,
            sources: Vec::new(),
            unit: 0,
            next: 0,
            piece: 0,
            all: 0,
            new: 0,
            touched: 0,
        }
    }

    /// Adds a row whose digest is that of a known one of this number, or of one like it; says whether others are read
    /// before it from now on.
    pub(in crate::source) fn add_known(&mut self, digest: RowDigest, number: u32) -> bool {
        let known = self.known.clone();
        // Of rows that are the same, the one that goes on with what is taken.
        let row = if known.digests.get(self.next) == Some(&digest) { self.next } else { number as usize };
        let within = |piece: &KnownPiece| (piece.start..piece.start + piece.rows).contains(&row);
        if !known.pieces.get(self.piece).is_some_and(within) {
            self.piece = known.pieces.partition_point(|piece| piece.start <= row).saturating_sub(1);
        }
        self.next = row + 1;
        let Some(piece) = known.pieces.get(self.piece) else { return false };
        let ends = self.rows > 0 && (piece.unit > self.unit || self.rows >= UNIT);
        if ends {
            self.end_unit();
        }
        self.unit = self.unit.max(piece.unit);
        if !self.sources.contains(&piece.source) {
            self.sources.push(piece.source);
            self.touched += piece.source.rows;
        }
        self.push(piece.source.part, (piece.first + row - piece.start) as u64);
        ends
    }

    /// Adds a row that is new, the one of this number in a part that is being written.
    pub(in crate::source) fn add_new(&mut self, part: usize, row: usize) {
        self.new += 1;
        self.push(self.known.parts.len() + part, row as u64);
    }

    fn push(&mut self, part: usize, row: u64) {
        self.all += 1;
        self.rows += 1;
        if self.units.is_empty() {
            self.units.push(Vec::new());
        }
        let Some(runs) = self.units.last_mut() else { return };
        match runs.last_mut() {
            Some(run) if run.part == part && run.first + run.rows == row => run.rows += 1,
            _ => runs.push(Run { part, first: row, rows: 1 }),
        }
    }

    /// Has the rows that come now read apart from those before.
    pub(in crate::source) fn end_unit(&mut self) {
        if self.rows > 0 {
            self.units.push(Vec::new());
            self.rows = 0;
            self.sources.clear();
        }
    }

    /// Whether so many rows are new that it is better to write all of them.
    pub(in crate::source) fn is_new(&self) -> bool {
        self.new * 3 > self.known.digests.len()
    }

    /// Whether the known rows lie so far from one another that reading them would take twice as long.
    pub(in crate::source) fn is_scattered(&self) -> bool {
        self.touched > 2 * self.all
    }

    /// The parts that rows lie in, of those that are known and those that were written, and the runs over them.
    pub(in crate::source) fn finish(self, written: Vec<ManifestPart>) -> (Vec<ManifestPart>, Vec<Vec<Run>>) {
        let mut units = self.units;
        units.retain(|runs| !runs.is_empty());
        let all: Vec<ManifestPart> = self.known.parts.iter().cloned().chain(written).collect();
        let mut used = vec![false; all.len()];
        units.iter().flatten().for_each(|run| used[run.part] = true);
        let numbers = starts(&used.iter().map(|&used| usize::from(used)).collect::<Vec<_>>());
        units.iter_mut().flatten().for_each(|run| run.part = numbers[run.part]);
        (all.into_iter().zip(used).filter(|(_, used)| *used).map(|(part, _)| part).collect(), units)
    }
}
