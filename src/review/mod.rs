//! What is done with questions again and again: saved questions ([`Library`], [`Question`]), an [`Audit`] of an export,
//! the [`Diff`] of two, a [`Report`]. Each is a plan that is run over an engine, and then a value that can be written in
//! any form.

mod audit;
mod check;
mod diff;
mod embedded;
mod finding;
mod header;
mod include;
mod junit;
mod library;
mod question;
mod report;
mod sarif;
mod trial;

pub use audit::{Audit, AuditPlan, Verdict};
pub use check::{CheckReport, CheckedFile};
pub use diff::{Diff, DiffPlan};
pub use header::{Card, CardValue, Check, Grade, Header, Needed};
pub use library::Library;
pub use question::{Declared, Question};
pub use report::{Report, ReportPlan};
pub use trial::{TestOutcome, TestPlan, TestReport};
