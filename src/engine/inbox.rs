//! What faces ask of the writer, and how it answers.

use tokio::sync::oneshot;

use crate::command::Wish;
use crate::command::registration::Registration;
use crate::delivery::Delivery;
use crate::id::{ClientId, UserId};
use crate::protocol::name::Hostname;
use crate::world::World;

/// One request to the writer.
pub(super) enum Request {
    /// Commands of a client.
    Commands {
        user: UserId,
        client: ClientId,
        wish: Wish,
        /// The `Idempotency-Key`.
        key: Option<String>,
        answer: oneshot::Sender<Result<Response, SubmitError>>,
    },
    /// A new session.
    Register { registration: Box<Registration>, answer: oneshot::Sender<Result<Registered, RegisterError>> },
    /// The state of its channels, for a client that has lost its own.
    ChannelState { user: UserId, client: ClientId, answer: oneshot::Sender<Result<(), SubmitError>> },
    /// A client goes.
    Logout { client: ClientId, answer: oneshot::Sender<Result<(), SubmitError>> },
    /// Reverse DNS found a name.
    Hostname { user: UserId, hostname: Hostname },
    /// A question about the state. What it finds is told after the commit that makes it so.
    View(Look),
    /// The end: nothing comes after it.
    Stop,
}

/// A question: looks at the state, and gives what tells the answer once that is durable.
pub(super) type Look = Box<dyn FnOnce(&Glance<'_>) -> Tell + Send>;
/// Tells an answer.
pub(super) type Tell = Box<dyn FnOnce() + Send>;

/// What a question about the state may look at.
pub(super) struct Glance<'a> {
    pub(super) world: &'a World,
    pub(super) delivery: &'a Delivery,
}

/// The answer to commands.
#[derive(Clone, Debug)]
pub struct Response {
    /// The JSON of the receipt.
    pub json: String,
    /// Whether the session ended, and its cookie with it.
    pub ended: bool,
}

/// A session that was opened.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The session.
    pub user: UserId,
    /// Its nick.
    pub nick: String,
}

/// Why a request was not decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SubmitError {
    /// Too many requests wait, or the server is stopping.
    #[error("the server is saturated")]
    Saturated,
    /// The disk refuses; nothing was done.
    #[error("the disk refuses")]
    Unavailable,
    /// The client has been logged out meanwhile.
    #[error("no such client")]
    Gone,
}

/// Why a session was not opened.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RegisterError {
    /// Somebody has the nick.
    #[error("nick already taken")]
    NicknameInUse,
    /// It was not decided.
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

/// An answer that waits for the commit.
pub(super) enum Completion {
    Commands(oneshot::Sender<Result<Response, SubmitError>>, Result<Response, SubmitError>),
    Register(oneshot::Sender<Result<Registered, RegisterError>>, Result<Registered, RegisterError>),
    Done(oneshot::Sender<Result<(), SubmitError>>),
    View(Tell),
}

impl Completion {
    /// Tells what was decided, which is durable now. Whoever asked may be gone; that is its affair.
    pub(super) fn tell(self) {
        match self {
            Self::Commands(answer, response) => drop(answer.send(response)),
            Self::Register(answer, result) => drop(answer.send(result)),
            Self::Done(answer) => drop(answer.send(Ok(()))),
            Self::View(tell) => tell(),
        }
    }

    /// Tells that nothing was done, because it could not be made durable.
    pub(super) fn fail(self) {
        let error = SubmitError::Unavailable;
        match self {
            Self::Commands(answer, _) => drop(answer.send(Err(error))),
            Self::Register(answer, _) => drop(answer.send(Err(error.into()))),
            Self::Done(answer) => drop(answer.send(Err(error))),
            // The question's own channel closes with it, which says the same.
            Self::View(tell) => drop(tell),
        }
    }
}
