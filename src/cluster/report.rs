//! Diagnostics of a stage on their way to the client: in the middle of the text of an error, which is all that Ballista
//! passes on, and quotes and escapes as it likes.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use datafusion::common::DataFusionError;

use super::fault::{diagnostic_from_json, diagnostic_to_json};
use super::part::Part;
use crate::diag::{CLUSTER, Diagnostic, OUT_OF_MEMORY, Place};

/// Around what is for argql; no letter of the code between is one of these.
const BEGIN: &str = "argql<";
const END: char = '>';

/// Where this process is an executor, how others call it.
static EXECUTOR: OnceLock<String> = OnceLock::new();

/// From now on this process is the executor with that address.
pub(super) fn be_executor(address: String) {
    let _ = EXECUTOR.set(address);
}

/// Why a stage gave up.
pub(super) struct Report(Vec<Diagnostic>);

impl Report {
    /// A job cannot be opened: it does not fit what this executor is, or sees.
    pub(super) fn at_opening(diagnostics: &[Diagnostic]) -> Report {
        let mut diagnostics = diagnostics.to_vec();
        if let (Some(executor), Some(first)) = (EXECUTOR.get(), diagnostics.first_mut()) {
            first.message += &format!(", on the executor at {executor}");
        }
        Report(diagnostics)
    }

    /// A stage came to a limit or to broken data.
    pub(super) fn of_stage(mut failure: Diagnostic) -> Report {
        if failure.code.id == OUT_OF_MEMORY.id {
            failure.help = Some(MORE_MEMORY.to_owned());
        }
        Report(vec![failure])
    }

    /// The pool of DataFusion has no more for a stage.
    pub(super) fn without_memory(part: &Part, why: &DataFusionError) -> Report {
        let message = format!("{} needs more memory than its executor has for a task", called(part));
        let why = why.strip_backtrace();
        Report(vec![Diagnostic::at(OUT_OF_MEMORY, Place::Nowhere, message).label(why).help(MORE_MEMORY)])
    }

    /// A stage ended as no stage may.
    pub(super) fn panicked(part: &Part) -> Report {
        let message = format!("{} panicked: a fault of argql", called(part));
        Report(vec![Diagnostic::at(CLUSTER, Place::Nowhere, message).help("run the query without --cluster")])
    }

    /// A stage that is not understood.
    pub(super) fn unreadable(why: &str) -> Report {
        let found = Diagnostic::at(CLUSTER, Place::Nowhere, format!("an executor cannot read its task: {why}"));
        Report(vec![found.help("run the same version of argql on all machines")])
    }

    /// As an error that is not worth another try.
    pub(super) fn into_error(self) -> DataFusionError {
        let lines: Vec<String> = self.0.iter().map(diagnostic_to_json).collect();
        let said: Vec<&str> = self.0.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
        let coded = URL_SAFE_NO_PAD.encode(lines.join("\n"));
        DataFusionError::Execution(format!("{BEGIN}{coded}{END} {}", said.join("; ")))
    }

    /// What is reported in the text of an error; nothing if it is of other origin.
    pub(super) fn find(text: &str) -> Option<Vec<Diagnostic>> {
        let (_, rest) = text.split_once(BEGIN)?;
        let (coded, _) = rest.split_once(END)?;
        let lines = String::from_utf8(URL_SAFE_NO_PAD.decode(coded).ok()?).ok()?;
        lines.lines().map(diagnostic_from_json).collect()
    }
}

const MORE_MEMORY: &str =
    "start executors with more `--memory` or fewer `--slots`, or filter rows and project columns earlier";

fn called(part: &Part) -> String {
    format!("stage {} ({})", part.stage, part.about)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_found_however_it_is_quoted() {
        let full = Diagnostic::at(OUT_OF_MEMORY, Place::Nowhere, "stage 1 (\"join\") needs more than 1 MiB of memory");
        let error = Report::of_stage(full.clone()).into_error();
        let found = Report::find(&format!("Job x failed: {:?}", format!("{error:?}"))).expect("it is there");
        assert_eq!(found, [full.help(MORE_MEMORY)]);
        assert!(Report::find("Job x failed: all executors were lost").is_none());
    }
}
