//! x
#![allow(dead_code, unused_imports, missing_docs)]
pub(crate) mod diag;
pub(crate) mod value;
pub(crate) mod column;
pub(crate) mod registry;
pub(crate) mod functions;
pub(crate) mod syntax;
pub(crate) mod operators;
