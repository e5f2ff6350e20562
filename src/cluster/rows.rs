//! Rows between stages.

use crate::column::RecordBatch;
use crate::run::Failure;

/// The rows of one input of a stage as they arrive, in whatever order.
pub(crate) type Rows = Box<dyn Iterator<Item = Result<RecordBatch, Failure>> + Send>;
