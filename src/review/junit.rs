//! JUnit XML, for the test view of a pipeline.

use std::time::Duration;

use super::Verdict;
use crate::output::escape::escaped;

/// A case of a suite.
pub(super) struct JunitCase {
    pub(super) class: String,
    pub(super) name: String,
    pub(super) took: Option<Duration>,
    pub(super) ending: JunitEnding,
}

/// How a case ended.
pub(super) enum JunitEnding {
    Passed,
    /// The kind of failure, what it is in a line, and all there is to say.
    Failed {
        kind: &'static str,
        message: String,
        lines: Vec<String>,
    },
    /// No pipeline takes it for passed.
    Refused(String),
}

impl JunitEnding {
    fn verdict(&self) -> Verdict {
        match self {
            JunitEnding::Passed => Verdict::Passed,
            JunitEnding::Failed { .. } => Verdict::Failed,
            JunitEnding::Refused(_) => Verdict::Refused,
        }
    }
}

/// Suites with a case for each thing that was tried.
pub(super) fn junit(name: &str, suites: &[(String, Vec<JunitCase>)]) -> String {
    let counts = |cases: &[&JunitCase]| {
        let of = |verdict| cases.iter().filter(|case| case.ending.verdict() == verdict).count();
        format!("tests=\"{}\" failures=\"{}\" errors=\"{}\"", cases.len(), of(Verdict::Failed), of(Verdict::Refused))
    };
    let all: Vec<&JunitCase> = suites.iter().flat_map(|(_, cases)| cases).collect();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" {}>\n",
        escaped(name),
        counts(&all)
    );
    for (suite, cases) in suites {
        let counts = counts(&cases.iter().collect::<Vec<_>>());
        text.push_str(&format!("<testsuite name=\"{}\" {counts}>\n", escaped(suite)));
        for JunitCase { class, name, took, ending } in cases {
            let time = took.map_or_else(String::new, |took| format!(" time=\"{:.3}\"", took.as_secs_f64()));
            let inside = match ending {
                JunitEnding::Passed => String::new(),
                JunitEnding::Refused(why) => format!("<error message=\"{}\"/>", escaped(why)),
                JunitEnding::Failed { kind, message, lines } => {
                    let lines: Vec<_> = lines.iter().map(|line| escaped(line)).collect();
                    format!("<failure type=\"{kind}\" message=\"{}\">{}</failure>", escaped(message), lines.join("\n"))
                }
            };
            let (class, name) = (escaped(class), escaped(name));
            text.push_str(&format!("<testcase classname=\"{class}\" name=\"{name}\"{time}>{inside}</testcase>\n"));
        }
        text.push_str("</testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}
