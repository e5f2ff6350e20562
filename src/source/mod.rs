//! From files of exported tables to batches of columns.
//!
//! A [`Catalog`] knows the tables that were given, by name. A [`SourceTable`] has one or more pages (files); a [`Scan`]
//! is one pass over them that takes the wanted columns and paths, in parallel by segments, checks every other byte on
//! its way, and hands over batches in the order of the rows. Nothing here knows expressions.

mod azure;
mod catalog;
mod convert;
mod csv;
mod decode;
mod document;
mod external;
mod extract;
mod fault;
mod files;
#[cfg(feature = "store")]
mod foreign;
mod grid;
#[cfg(feature = "store")]
mod import;
mod kept;
mod moment;
mod origin;
mod page;
mod passage;
mod paths;
#[cfg(feature = "store")]
mod place;
#[cfg(feature = "object-store")]
mod remote;
mod scan;
mod share;
mod sketch;
#[cfg(feature = "store")]
mod store;
mod table;
mod tenants;
#[cfg(test)]
mod tests;
mod window;

pub use azure::known_tables;
pub(crate) use azure::{known_columns, known_table, shown_columns, unshown_column};
pub(crate) use catalog::Catalog;
pub(crate) use external::{AllowedFiles, ExternalFile, ExternalFormat, ExternalRows, OutOfReach};
pub(crate) use extract::{Bounds, RowTest};
#[cfg(feature = "store")]
pub(crate) use import::{SnapshotPlan, import};
#[cfg(feature = "store")]
pub(crate) use moment::moment_of;
pub(crate) use paths::Want;
pub(crate) use sketch::{PathSketch, SketchStep};
#[cfg(feature = "store")]
pub(crate) use store::{Manifest, StoreFolder};
pub(crate) use table::SourceTable;
#[cfg(feature = "store")]
pub(crate) use tenants::tenant_stores;
