//! Coming and going: sessions that are opened, devices that log in, devices that are logged out.

use std::borrow::Cow;

use tokio::sync::oneshot;
use uuid::Uuid;

use super::Engine;
use super::batch::{Asker, Draft};
use super::inbox::{Completion, LoginError, RegisterError, Registered, Request, Revoked, SubmitError};
use super::writer::{Writer, unreadable};
use crate::command::Decision;
use crate::command::login::{Login, LoginRefusal, client_of};
use crate::command::logout::Logout;
use crate::command::registration::{Registration, RegistrationRefusal};
use crate::delivery::Seat;
use crate::id::ClientId;
use crate::world::Event;

/// What others are told when a session ends with its last device.
pub(super) const LOGGED_OUT: &str = "Logged out";
/// Connections that one batch logs out when the server starts or stops.
const CONNECTIONS_PER_BATCH: usize = 256;

impl Engine {
    /// Opens a session.
    ///
    /// # Errors
    /// [`RegisterError`] when it was not opened.
    pub async fn register(&self, registration: Registration) -> Result<Registered, RegisterError> {
        self.ask(|answer| Request::Register { registration: Box::new(registration), answer }).await
    }

    /// Adds a client to a session whose password was verified, or begins one where it was that of an account without.
    ///
    /// # Errors
    /// [`LoginError`] when it was not added.
    pub async fn log_in(&self, login: Login) -> Result<Registered, LoginError> {
        self.ask(|answer| Request::LogIn { login: Box::new(login), answer }).await
    }

    /// Logs a client out; the last one takes its session with it.
    ///
    /// # Errors
    /// [`SubmitError`] when it was not done.
    pub async fn log_out(&self, seat: &Seat) -> Result<(), SubmitError> {
        self.log_out_because(seat, LOGGED_OUT.into()).await
    }

    /// The same with what others are told when the session ends with it.
    ///
    /// # Errors
    /// [`SubmitError`] when it was not done.
    pub async fn log_out_because(&self, seat: &Seat, reason: Cow<'static, str>) -> Result<(), SubmitError> {
        self.ask(|answer| Request::Logout { client: seat.client, reason, answer }).await
    }

    /// Logs a client of the same session out, by its uuid.
    ///
    /// # Errors
    /// [`SubmitError`] when it was not done; `Gone` when the one that asks has itself been logged out meanwhile.
    pub async fn revoke(&self, seat: &Seat, uuid: Uuid) -> Result<Revoked, SubmitError> {
        self.ask(|answer| Request::Revoke { client: seat.client, uuid, answer }).await
    }
}

impl Writer {
    pub(super) fn register(
        &mut self,
        draft: &mut Draft,
        registration: Registration,
        answer: oneshot::Sender<Result<Registered, RegisterError>>,
    ) {
        match self.open_session(draft, registration) {
            Ok((client, registered)) => {
                let to = Asker::new(registered.user, client).recipient();
                draft.complete(to, Completion::Register(answer, Ok(registered)), None);
            }
            Err(error) => draft.completions.push(Completion::Register(answer, Err(error))),
        }
    }

    fn open_session(
        &mut self,
        draft: &mut Draft,
        registration: Registration,
    ) -> Result<(ClientId, Registered), RegisterError> {
        let nick = registration.nick.to_string();
        let stamp_is_spent = match registration.stamp.map(|accepted| accepted.stamp) {
            Some(stamp) if draft.spent.contains(&stamp) => true,
            Some(stamp) => self.store.is_spent(stamp).map_err(|error| unreadable(&error))?,
            None => false,
        };
        let decided =
            registration.decide(&self.world, &self.server.load().rules, draft.now.at, stamp_is_spent);
        let mut decision = decided.map_err(|refusal| match refusal {
            RegistrationRefusal::NicknameInUse => RegisterError::NicknameInUse,
            RegistrationRefusal::StampSpent => RegisterError::StampSpent,
            RegistrationRefusal::NoMoreAccounts => RegisterError::NoMoreAccounts,
        })?;
        let replies = std::mem::take(&mut decision.replies);
        self.with_desk(|desk| draft.apply(desk, None, decision.events));
        let Some(&Event::ClientAdded { client, user, .. }) = draft.batch.events.last() else {
            return Err(SubmitError::Gone.into());
        };
        let welcome = Decision { replies, ..Decision::nothing() };
        self.with_desk(|desk| draft.carry_out(desk, Asker::new(user, client), welcome));
        Ok((client, Registered { user, nick, is_new: true }))
    }

    pub(super) fn log_in(
        &mut self,
        draft: &mut Draft,
        login: Login,
        answer: oneshot::Sender<Result<Registered, LoginError>>,
    ) {
        let style = login.connection.unwrap_or_default();
        let server = self.server.load_full();
        match login.decide(&self.world, &server.rules, draft.now.at) {
            Err(refusal) => {
                let refused = Err(LoginError::Refused(refusal));
                draft.completions.push(Completion::LogIn(answer, refused));
            }
            Ok((user, client, decision)) => {
                let is_new = matches!(decision.events.first(), Some(Event::SessionOpened { .. }));
                let asker = Asker { style, ..Asker::new(user, client) };
                self.with_desk(|desk| draft.carry_out(desk, asker, decision));
                let nick = self.world.user(user).map(|user| user.nick.to_string());
                let registered = nick.map(|nick| Registered { user, nick, is_new });
                // The token is told once everything that it is to find is there.
                let result = registered.ok_or(LoginError::Refused(LoginRefusal::Stale));
                draft.complete(asker.recipient(), Completion::LogIn(answer, result), None);
            }
        }
    }

    pub(super) fn revoke(
        &mut self,
        draft: &mut Draft,
        asking: ClientId,
        uuid: Uuid,
    ) -> Result<Revoked, SubmitError> {
        let user = self.world.client(asking).ok_or(SubmitError::Gone)?.user;
        let Some(client) = client_of(&self.world, user, uuid).map(|client| client.id) else {
            return Ok(Revoked::NoSuchClient);
        };
        self.log_out(draft, client, LOGGED_OUT.into());
        Ok(if client == asking { Revoked::Current } else { Revoked::Other })
    }

    pub(super) fn log_out(&mut self, draft: &mut Draft, client: ClientId, reason: Cow<'static, str>) {
        let (logout, now) = (Logout { client, reason }, draft.now);
        let decision = logout.decide(&self.world, &self.server.load().rules, now.at, now.running);
        self.with_desk(|desk| draft.apply(desk, None, decision.events));
    }

    /// All connections that there are.
    pub(super) fn connections(&self) -> Vec<ClientId> {
        let connections = self.world.clients().filter(|client| client.is_connection);
        let mut connections: Vec<ClientId> = connections.map(|client| client.id).collect();
        connections.sort_unstable();
        connections
    }

    /// Logs those connections out that are none any more: no connection outlives its process, nor a commit that failed.
    /// Where the disk refuses, they wait until it does not.
    pub(super) fn end_ghosts(&mut self, reason: &'static str) {
        while self.disk_rests_until_ms.is_none() && !self.ghosts.is_empty() {
            let some: Vec<ClientId> = self.ghosts.iter().copied().take(CONNECTIONS_PER_BATCH).collect();
            let mut draft = Draft::new(self.next_seq, self.clock.now());
            for client in &some {
                self.log_out(&mut draft, *client, reason.into());
            }
            self.finish(draft);
            if self.disk_rests_until_ms.is_none() {
                self.ghosts.drain(..some.len());
            }
        }
    }
}
