//! The lines of somebody who has registered: most of them are for the engine.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite};

use super::connection::Connection;
use super::multiline::{Collected, Lost};
use super::outgoing::Parting;
use super::patience::ask;
use super::request::request;
use crate::command::Wish;
use crate::command::login::Holder;
use crate::delivery::Seat;
use crate::engine::{RateLimit, SubmitError};
use crate::id::UserId;
use crate::protocol::message::Request;
use crate::protocol::password::PasswordHash;
use crate::protocol::wire::{WHOLE_LINE_BYTES, WireLine};
use crate::reply::door::Objection;

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Connection<R, W> {
    /// A line of somebody who has registered.
    pub(super) async fn command(&mut self, seat: Arc<Seat>, line: WireLine) -> Result<(), Parting> {
        let user = seat.user;
        let line = match self.collect(line) {
            Collected::No(line) => line,
            // The whole of it has its price, and there are only so many parts.
            Collected::Part => return Ok(()),
            Collected::Whole(request) => return self.submit(&seat, request).await,
            Collected::Lost(lost) => return self.do_without(user, lost).await,
        };
        if line.command == "CHATHISTORY" {
            return self.look_back(&seat, &line.params).await;
        }
        match line.command.as_str() {
            "CAP" | "AUTHENTICATE" | "PING" | "PONG" | "PASS" | "USER" | "WEBIRC" => {}
            _ => return self.submit(&seat, request(line)).await,
        }
        if !self.wait_for_turn(RateLimit::Command, |limits| limits.command(user)).await? {
            self.object(&Objection::TryAgain(line.command));
            return Ok(());
        }
        match line.command.as_str() {
            "CAP" => self.cap(&line.params),
            "AUTHENTICATE" => self.authenticate(&line.params).await?,
            "PING" => self.pong(&line.params).await?,
            "PONG" => {}
            _ => self.object(&Objection::AlreadyRegistered),
        }
        Ok(())
    }

    /// Passes over what comes to nothing of a message of several lines. It counts like any other line.
    pub(super) async fn do_without(&mut self, user: UserId, lost: Lost) -> Result<(), Parting> {
        let may_ask = self.wait_for_turn(RateLimit::Command, |limits| limits.command(user)).await?;
        match lost {
            Lost::Rest => {}
            Lost::Failed(failure) if may_ask => self.fail(&failure),
            Lost::Failed(_) => self.object(&Objection::TryAgain("BATCH".to_owned())),
        }
        Ok(())
    }

    async fn submit(&mut self, seat: &Seat, request: Request) -> Result<(), Parting> {
        let command = request.command.clone();
        if is_too_long(&request, self.shared.settings.message_bytes_max) {
            return self.refuse(command, &Objection::InputTooLong).await;
        }
        let mut wish = Wish::parse(request.clone());
        wish.style = self.outgoing.capabilities.style();
        let (user, style, price) = (seat.user, wish.style, wish.price());
        let may_ask = self.wait_for_turn(RateLimit::Command, |limits| limits.command(user)).await?
            && self.wait_for_turn(RateLimit::Command, |limits| limits.rest_of_price(user, price)).await?;
        if !may_ask {
            self.object(&Objection::TryAgain(command));
            return Ok(());
        }
        let hash = match self.hash_of(&wish, &request).await {
            Ok(hash) => hash,
            Err(objection) => {
                self.object(&objection);
                return Ok(());
            }
        };
        let hashed = move |wish: Wish| match &hash {
            Some(hash) => wish.with_password_hash(hash.clone()),
            None => wish,
        };
        let shared = Arc::clone(&self.shared);
        let first = Mutex::new(Some(hashed(wish)));
        let submitted = ask(&shared.engine, || {
            let first = first.lock().unwrap_or_else(PoisonError::into_inner).take();
            let wish = first.unwrap_or_else(|| Wish { style, ..hashed(Wish::parse(request.clone())) });
            shared.engine.submit(seat, wish, None)
        });
        let response = tokio::select! {
            biased;
            response = submitted => response,
            parting = self.outgoing.pump() => return Err(parting),
        };
        match response {
            // The queue is closed, and tells with which reason when it is read to its end.
            Ok(_) | Err(SubmitError::Gone) => Ok(()),
            Err(SubmitError::Saturated | SubmitError::Unavailable) => {
                self.object(&Objection::TryAgain(command));
                Ok(())
            }
        }
    }
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Connection<R, W> {
    /// The hash of a password that a wish is to set, as often as over HTTP and no oftener. None for one that is refused
    /// whatever its password is: that uses up nothing.
    async fn hash_of(&self, wish: &Wish, request: &Request) -> Result<Option<PasswordHash>, Objection> {
        let engine = &self.shared.engine;
        let Some(password) = wish.password(&engine.server().rules) else { return Ok(None) };
        if !self.may_have_account(request).await {
            return Ok(None);
        }
        let busy = || Objection::TryAgain("REGISTER".to_owned());
        if self.shared.limits.account(self.address).is_err() {
            engine.stats().rate_limited(RateLimit::Account);
            return Err(busy());
        }
        self.shared.passwords.hash(password).await.map(Some).map_err(|_| busy())
    }

    /// Whether REGISTER is for the nick, and nobody has an account of that name; as far as is known before it is decided.
    async fn may_have_account(&self, request: &Request) -> bool {
        let (engine, nick) = (&self.shared.engine, &self.outgoing.nick);
        let account = request.params.as_ref().and_then(|params| params.first());
        if account.is_some_and(|account| account != "*" && !account.eq_ignore_ascii_case(nick)) {
            return false;
        }
        let held = ask(engine, || engine.holder(nick.clone())).await.ok().flatten();
        // A session that goes by another nick than its account's has that name.
        held.is_none_or(|held| matches!(held.holder, Holder::Session(_)) && held.name == *nick)
    }
}

/// Whether the JSON form of what stands in tags is longer than a line with all the tags that it may have, and than
/// anything may be over HTTP: characters that JSON writes as six would else make much of little.
fn is_too_long(request: &Request, message_bytes_max: usize) -> bool {
    let meta_bytes = request.meta.as_deref().map_or(0, |meta| meta.get().len());
    meta_bytes > message_bytes_max.max(WHOLE_LINE_BYTES)
}
