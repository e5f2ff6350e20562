//! x
#![allow(dead_code, unused_imports, missing_docs)]
pub(crate) mod column;
pub(crate) mod diag;
pub(crate) mod error;
pub(crate) mod functions;
pub(crate) mod output;
pub(crate) mod registry;
pub(crate) mod value;
