//! `count`: how many rows there are.

use crate::syntax::ast::*;

/// `count`, `count as n`
#[derive(Clone, Debug)]
pub(crate) struct Count {
    pub(crate) name: Option<Name>,
}
