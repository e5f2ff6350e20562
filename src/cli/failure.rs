//! How a command ends when it does not end well, and the exit codes that scripts rely on.

use std::io;

use crate::Error;

/// How a command ends when it does not end well.
#[derive(Debug)]
pub(super) enum Failure {
    /// There is no answer; how and why, the error says.
    Error(Error),
    /// The words typed make no sense, or a file cannot be written.
    Usage(String),
    /// The answer is not what `--expect` says, or a check found something; said already.
    Unexpected(u8),
    /// Standard output is closed: whoever read it has seen enough.
    Closed,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match error.diagnostics() {
            [only] if error.is_usage() => {
                let help = only.help.iter().map(|help| format!("; {help}"));
                Failure::Usage(only.message.clone() + &help.collect::<String>())
            }
            _ => Failure::Error(error),
        }
    }
}

/// Of writing to standard output.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Closed,
            _ => Failure::Usage(format!("the answer cannot be written: {error}")),
        }
    }
}

/// Of what decides how the program ends: that holds also where nobody read it to its end.
pub(super) fn read_or_not(written: Result<(), Failure>) -> Result<(), Failure> {
    match written {
        Err(Failure::Closed) => Ok(()),
        written => written,
    }
}

/// Exit code of a wrong query.
pub(super) const WRONG_QUERY: u8 = 1;
/// Exit code of wrong usage, and of files and data that cannot be read or written.
pub(super) const USAGE: u8 = 2;
/// Exit code of an expectation that did not hold.
pub(super) const NOT_AS_EXPECTED: u8 = 3;
/// Exit code of a limit that was reached.
pub(super) const LIMIT: u8 = 4;
/// Exit code of a query that Ctrl-C stopped.
pub(super) const INTERRUPTED: u8 = 130;

impl Failure {
    /// The exit code of the program.
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Failure::Error(error) => exit_code(error),
            Failure::Usage(_) => USAGE,
            Failure::Unexpected(code) => *code,
            Failure::Closed => 0,
        }
    }
}

fn exit_code(error: &Error) -> u8 {
    if error.is_cancelled() {
        INTERRUPTED
    } else if error.is_limit() {
        LIMIT
    } else if error.is_data() {
        USAGE
    } else {
        WRONG_QUERY
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cancel, Engine, Limits};

    #[test]
    fn each_kind_of_error_has_its_exit_code() {
        let code = |engine: Engine, query: &str| Failure::from(engine.query(query).unwrap_err()).exit_code();
        assert_eq!(code(Engine::new(), "print x"), WRONG_QUERY);
        assert_eq!(code(Engine::new(), "resources"), USAGE);
        let limits = Limits { rows: Some(1), ..Limits::default() };
        assert_eq!(code(Engine::new().limits(limits), "range x from 1 to 9 step 1"), LIMIT);
        let cancel = Cancel::new();
        cancel.cancel();
        assert_eq!(code(Engine::new().cancelled_by(&cancel), "range x from 1 to 9 step 1"), INTERRUPTED);
    }

    #[test]
    fn a_name_that_is_not_there_is_said_in_one_line() {
        let error = Engine::new().explain("substrin").unwrap_err();
        let Failure::Usage(line) = Failure::from(error) else { panic!("it is usage") };
        assert!(line.ends_with("`substrin`; did you mean `substring`?"), "{line}");
    }
}
