//! What can go wrong between a client and its server, beside what IRC refuses.

use std::time::Duration;

use super::receipt::Refusal;
use super::signing::SignError;

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No answer: no network, no server, or a connection that broke. Whether the server did what was asked is
    /// unknown. Requests for which that does not matter were tried again before this is told.
    #[error("no answer from the server")]
    Transport(#[from] reqwest::Error),
    /// HTTP refuses it, with a status from 400 to 499.
    #[error("refused with HTTP {status}: {text}")]
    Http {
        /// The status.
        status: u16,
        /// The text of the server's `error`.
        text: String,
    },
    /// There is no such session, or there is none any more.
    #[error("the session has ended")]
    Unauthorized,
    /// Too much to do, too many requests, or something on the way is out of order. Nothing was done.
    #[error("the server is busy (HTTP {status})")]
    Busy {
        /// The status: 429, or 500 and more.
        status: u16,
        /// How long the server asks us to wait.
        retry_after: Option<Duration>,
    },
    /// The server wants proof of work that this client does not give: more than
    /// [`Options::work_bits_max`](super::Options::work_bits_max), or it takes none of our stamps.
    #[error("proof of work: {0}")]
    Work(String),
    /// IRC refuses it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// What is to be signed cannot be.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The address of the server is not one, or TLS cannot be set up.
    #[error("{0}")]
    Setup(String),
    /// The answer is not one of this interface: probably no neoirc server is there.
    #[error("the answer is not understood: {0}")]
    Protocol(String),
}

impl Error {
    /// Whether the same request may succeed a little later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Transport(error) => !error.is_builder() && !error.is_redirect(),
            Self::Busy { .. } => true,
            _ => false,
        }
    }

    /// How long the server asks us to wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the request cannot have reached the server.
    pub(super) fn is_undelivered(&self) -> bool {
        match self {
            Self::Transport(error) => error.is_connect(),
            Self::Busy { .. } => true,
            _ => false,
        }
    }
}
