//! `getschema`: the columns as rows.

/// `getschema`
#[derive(Clone, Debug)]
pub(crate) struct Getschema;
