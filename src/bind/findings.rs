//! What is found to say about a query and its data while it is bound.

use crate::diag::{Diagnostic, Place};

/// Everything that was said, each thing once.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) errors: Vec<Diagnostic>,
    pub(super) warnings: Vec<Diagnostic>,
    /// About the data that sub-queries read.
    pub(super) notes: Vec<Diagnostic>,
}

impl Findings {
    /// One place is complained about once.
    pub(super) fn error(&mut self, diagnostic: Diagnostic) {
        let same = |known: &Diagnostic| known.place == diagnostic.place && known.code == diagnostic.code;
        if diagnostic.place == Place::Nowhere || !self.errors.iter().any(same) {
            self.errors.push(diagnostic);
        }
    }

    /// The body of a function is bound once per call, and warns once.
    pub(super) fn warn(&mut self, diagnostic: Diagnostic) {
        let warning = diagnostic.warning();
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    pub(super) fn note(&mut self, diagnostic: &Diagnostic) {
        if !self.notes.contains(diagnostic) {
            self.notes.push(diagnostic.clone());
        }
    }
}
