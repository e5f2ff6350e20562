//! `render`: asks a client to draw; the rows stay as they are.

use crate::syntax::ast::*;

/// `render barchart with (title = "sizes")`
#[derive(Clone, Debug)]
pub(crate) struct Render {
    pub(crate) chart: Name,
    pub(crate) properties: Vec<Hint>,
}
