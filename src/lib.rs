//! Azure Resource Graph's KQL, answered on your own machine over exported tables.

pub(crate) mod bind;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub(crate) mod column;
pub(crate) mod diag;
pub(crate) mod engine;
pub(crate) mod error;
pub(crate) mod eval;
pub(crate) mod functions;
#[doc(hidden)]
pub mod inspect;
pub(crate) mod operators;
pub(crate) mod output;
pub(crate) mod plan;
pub(crate) mod registry;
pub(crate) mod rewrite;
pub(crate) mod run;
pub(crate) mod sample;
pub(crate) mod source;
pub(crate) mod syntax;
pub(crate) mod value;

pub use bind::MissingTables;
pub use column::{Chart, Field, Table};
pub use diag::{Code, Diagnostic, Place, Severity, Span, codes};
pub use engine::{Checked, Engine, Query};
pub use error::Error;
pub use value::{Bag, DateTime, TimeSpan, Type, Value};
