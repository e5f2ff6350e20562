//! A stage: what runs on one share of the rows without a look at the others.

use crate::column::SchemaRef;

/// A part of a plan that runs in so many partitions, each for itself.
#[derive(Debug)]
pub(crate) struct Stage {
    /// Its place among the stages of its cut.
    pub(crate) number: usize,
    /// The stages whose rows it reads, which stand before it.
    pub(crate) inputs: Vec<Input>,
    pub(crate) partitions: usize,
    /// Of the rows that it gives.
    pub(crate) schema: SchemaRef,
    /// What it does, for people.
    pub(crate) about: String,
}

/// The rows of a stage as another reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) stage: usize,
    pub(crate) via: Via,
}

/// Which partition of the reader gets a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// The one that the number in the row's first column says: rows with the same number come together.
    Hash,
    /// The first; there is no other.
    Gather,
    /// Every one.
    Broadcast,
}
