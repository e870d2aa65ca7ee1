//! Why the program ends, in numbers that scripts can rely on.

use std::error::Error as _;
use std::fmt;
use std::io;
use std::process::ExitCode;

use neoirc::client::{Error, Receipt, Refusal};

/// What the numbers mean, for `--help` and the manual. 2 is clap's.
pub(crate) const CODES: &str = "Exit codes:
  0  done
  1  something on this machine: a file, a pipe, the terminal
  2  the command line is wrong
  3  the server or IRC refuses it
  4  the server cannot be reached, is busy, or is no neoirc server
  5  not logged in: no session is kept here, or it has ended";

/// Why the program ends.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something on this machine.
    Local(io::Error),
    /// Nobody takes what is written.
    Output(io::Error),
    /// The words make no sense together.
    Usage(String),
    /// IRC refuses it.
    Refused(Refusal),
    /// Anything between here and the server.
    Client(Error),
    /// No session is kept here.
    NotLoggedIn,
}

impl Failure {
    /// The number that the program ends with.
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Local(_) | Self::Output(_) => 1,
            Self::Usage(_) => 2,
            Self::Refused(_) | Self::Client(Error::Refused(_) | Error::Http { .. } | Error::Work(_)) => 3,
            Self::NotLoggedIn | Self::Client(Error::Unauthorized) => 5,
            Self::Client(_) => 4,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(error) => error.fmt(f),
            Self::Output(error) => write!(f, "cannot write: {error}"),
            Self::Usage(text) => f.write_str(text),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::NotLoggedIn => f.write_str(
                "not logged in: `neoirc login NICK` opens a session, `--nick NICK` does so on the way",
            ),
            Self::Client(error) => {
                error.fmt(f)?;
                // The first cause behind "no answer" that says something: refused, timed out, no such name.
                let mut next = error.source();
                let mut last = None;
                while let Some(cause) = next {
                    last = Some(cause);
                    next = cause.source();
                }
                last.map_or(Ok(()), |cause| write!(f, ": {cause}"))
            }
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => Self::Refused(refusal),
            error => Self::Client(error),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What was granted.
///
/// # Errors
/// What was not.
pub(crate) fn granted(receipt: Result<Receipt, Error>) -> Result<Receipt, Failure> {
    Ok(receipt?.granted()?)
}
