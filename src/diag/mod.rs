//! What went wrong, where, and the cure: spans, codes, diagnostics, and their one drawer.
//!
//! Every complaint of every stage is a [`Diagnostic`] with a [`Code`]; only [`render`] turns it into text.

mod codes;
mod diagnostic;
pub(crate) mod render;
mod span;
mod text;

pub use codes::{Code, codes};
pub use diagnostic::{Diagnostic, Place, Severity, nearest};
pub use span::Span;
pub(crate) use span::line_column;

pub(crate) use codes::*;
pub(crate) use text::QueryText;
