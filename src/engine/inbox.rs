//! What faces ask of the writer, and how it answers.

use std::borrow::Cow;

use tokio::sync::oneshot;
use uuid::Uuid;

use super::hooks::HookAnswer;
use crate::command::hook::HookWish;
use crate::command::login::{Login, LoginRefusal};
use crate::command::registration::Registration;
use crate::command::{Style, Wish};
use crate::delivery::Delivery;
use crate::id::{ClientId, Seq, UserId};
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
    /// What a client was answered under an `Idempotency-Key`.
    Outcome { client: ClientId, key: String, answer: oneshot::Sender<Result<Option<Response>, SubmitError>> },
    /// A new session.
    Register { registration: Box<Registration>, answer: oneshot::Sender<Result<Registered, RegisterError>> },
    /// A further client of a session.
    LogIn { login: Box<Login>, answer: oneshot::Sender<Result<Registered, LoginError>> },
    /// A client of the same session goes.
    Revoke { client: ClientId, uuid: Uuid, answer: oneshot::Sender<Result<Revoked, SubmitError>> },
    /// The state of its channels, for a client that has lost its own; or topic and names of one of them.
    ChannelState {
        user: UserId,
        client: ClientId,
        /// The one, by its name.
        of: Option<String>,
        style: Style,
        answer: oneshot::Sender<Result<(), SubmitError>>,
    },
    /// A client goes.
    Logout {
        client: ClientId,
        /// What others are told when the session ends with it.
        reason: Cow<'static, str>,
        answer: oneshot::Sender<Result<(), SubmitError>>,
    },
    /// Something about a hook.
    Hook { wish: HookWish, answer: HookAnswer },
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
    /// The place of the next message.
    pub(super) next_seq: Seq,
}

impl Glance<'_> {
    /// A place that somebody reads up to, which is not to come after what has been said until now.
    pub(super) fn not_after(&self, before: Option<Seq>) -> Seq {
        before.map_or(self.next_seq, |before| before.min(self.next_seq))
    }
}

/// The answer to commands.
#[derive(Clone, Debug)]
pub struct Response {
    /// The JSON of the receipt.
    pub json: String,
    /// Whether the session ended, and its cookie with it.
    pub ended: bool,
}

/// A session that was opened, or got one more client.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The session.
    pub user: UserId,
    /// Its nick.
    pub nick: String,
    /// Whether it begins with this.
    pub is_new: bool,
}

/// What became of the wish that a client of the same session should go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Revoked {
    /// The session has no such client.
    NoSuchClient,
    /// It is gone.
    Other,
    /// It is gone, and was the one that asked.
    Current,
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
    /// The stamp has paid for something before.
    #[error("stamp already spent")]
    StampSpent,
    /// It was to have an account, and no more are made.
    #[error("no further accounts are made here")]
    NoMoreAccounts,
    /// It was not decided.
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

/// Why a session did not get one more client.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LoginError {
    /// The world says no.
    #[error("{0:?}")]
    Refused(LoginRefusal),
    /// It was not decided.
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

/// An answer that waits for the commit.
pub(super) enum Completion {
    Commands(oneshot::Sender<Result<Response, SubmitError>>, Result<Response, SubmitError>),
    Outcome(oneshot::Sender<Result<Option<Response>, SubmitError>>, Result<Option<Response>, SubmitError>),
    Register(oneshot::Sender<Result<Registered, RegisterError>>, Result<Registered, RegisterError>),
    LogIn(oneshot::Sender<Result<Registered, LoginError>>, Result<Registered, LoginError>),
    Revoke(oneshot::Sender<Result<Revoked, SubmitError>>, Result<Revoked, SubmitError>),
    Done(oneshot::Sender<Result<(), SubmitError>>),
    View(Tell),
}

impl Completion {
    /// Tells what was decided, which is durable now. Whoever asked may be gone; that is its affair.
    pub(super) fn tell(self) {
        match self {
            Self::Commands(answer, response) => drop(answer.send(response)),
            Self::Outcome(answer, result) => drop(answer.send(result)),
            Self::Register(answer, result) => drop(answer.send(result)),
            Self::LogIn(answer, result) => drop(answer.send(result)),
            Self::Revoke(answer, result) => drop(answer.send(result)),
            Self::Done(answer) => drop(answer.send(Ok(()))),
            Self::View(tell) => tell(),
        }
    }

    /// Tells that nothing was done, because it could not be made durable.
    pub(super) fn fail(self) {
        let error = SubmitError::Unavailable;
        match self {
            Self::Commands(answer, _) => drop(answer.send(Err(error))),
            Self::Outcome(answer, _) => drop(answer.send(Err(error))),
            Self::Register(answer, _) => drop(answer.send(Err(error.into()))),
            Self::LogIn(answer, _) => drop(answer.send(Err(error.into()))),
            Self::Revoke(answer, _) => drop(answer.send(Err(error))),
            Self::Done(answer) => drop(answer.send(Err(error))),
            // The question's own channel closes with it, which says the same.
            Self::View(tell) => drop(tell),
        }
    }
}
