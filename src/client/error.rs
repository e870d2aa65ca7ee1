//! What can go wrong between a client and its server, beside what IRC refuses.

use std::error::Error as StdError;
use std::io;
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
    Transport(#[source] reqwest::Error),
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
    /// Too much to do, too many requests, or something on the way is out of order.
    #[error("the server is busy (HTTP {status})")]
    Busy {
        /// The status: 408, 425, 429, or 500 and more.
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
    /// The address of the server is not one, or TLS cannot be set up, or nobody here trusts the server's certificate.
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

    /// Whether nothing can have been done: the server was not reached, or says so. A proxy's 502 or 504 leaves it open.
    pub(super) fn is_undone(&self) -> bool {
        match self {
            Self::Transport(error) => error.is_connect(),
            Self::Busy { status, .. } => matches!(status, 429 | 503),
            _ => false,
        }
    }
}

impl From<reqwest::Error> for Error {
    fn from(error: reqwest::Error) -> Self {
        match bad_certificate(&error) {
            Some(why) => Self::Setup(format!("TLS: {why}")),
            None => Self::Transport(error),
        }
    }
}

/// What is wrong with the certificate of the server, if that is why there is no answer: it will not become good by
/// trying again.
fn bad_certificate<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error @ rustls::Error::InvalidCertificate(_)) = error.downcast_ref() {
            return Some(error);
        }
        // An error of I/O names as its source not what it was made of, but the source of that.
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = inside.map(|inside| inside as _).or_else(|| error.source());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An error that says where it came from, as those of HTTP do.
    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] io::Error);

    #[test]
    fn a_bad_certificate_is_found_where_it_hides() {
        let bad = || rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        assert!(bad_certificate(&bad()).is_some());
        assert!(bad_certificate(&Outer(io::Error::other(io::Error::other(bad())))).is_some());
        assert!(bad_certificate(&Outer(io::ErrorKind::ConnectionReset.into())).is_none());
        assert!(bad_certificate(&Outer(io::Error::other(rustls::Error::DecryptError))).is_none());
    }
}
