//! CHATHISTORY: what was said before, for whoever asks. Source: <https://ircv3.net/specs/extensions/chathistory>

use tokio::io::{AsyncRead, AsyncWrite};

use super::capability::Capability;
use super::connection::Connection;
use super::outgoing::Parting;
use crate::delivery::Seat;
use crate::engine::{HistoryError, RateLimit};
use crate::protocol::past::Query;
use crate::reply::past::{Failure, target};

/// The batch that says with whom there was talk.
const TARGETS: &str = "draft/chathistory-targets";

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Connection<R, W> {
    /// A line CHATHISTORY. It has a budget of its own, so that whoever comes back may ask for all of its channels.
    pub(super) async fn look_back(&mut self, seat: &Seat, params: &[String]) -> Result<(), Parting> {
        let user = seat.user;
        if !self.wait_for_turn(RateLimit::History, |limits| limits.history(user)).await? {
            self.fail(&Failure::RateLimited("CHATHISTORY"));
            return Ok(());
        }
        let limit_max = self.shared.engine.server().rules.history_page_max;
        let query = match Query::parse(params, limit_max) {
            Ok(query) => query,
            Err(fault) => {
                self.fail(&Failure::History(fault));
                return Ok(());
            }
        };
        let subcommand = params.first().map(|given| given.to_ascii_uppercase()).unwrap_or_default();
        let engine = self.shared.engine.clone();
        match query {
            Query::Talk { target, stretch, limit } => {
                let with_happenings = self.outgoing.capabilities.has(Capability::EventPlayback);
                let found = engine.look_back(user, target.clone(), stretch, limit, with_happenings);
                match self.while_writing(found).await? {
                    Ok(entries) => self.outgoing.put_past(&target, &entries).await?,
                    Err(HistoryError::Refused(_)) => self.fail(&Failure::InvalidTarget(subcommand, target)),
                    Err(HistoryError::Submit(_)) => self.fail(&Failure::MessageError(subcommand, target)),
                }
            }
            Query::Targets { from_ms, to_ms, limit } => {
                let found = engine.talks_between(user, from_ms, to_ms, limit);
                match self.while_writing(found).await? {
                    Ok(talks) => {
                        let server = engine.server();
                        let lines: Vec<_> =
                            talks.iter().map(|(name, told_ms)| target(&server, name, *told_ms)).collect();
                        self.outgoing.put_batch(TARGETS, &lines);
                    }
                    Err(_) => self.fail(&Failure::MessageError(subcommand, "*".to_owned())),
                }
            }
        }
        Ok(())
    }

    /// Waits for an answer, and goes on writing meanwhile.
    async fn while_writing<T>(&mut self, answer: impl Future<Output = T>) -> Result<T, Parting> {
        tokio::select! {
            biased;
            answer = answer => Ok(answer),
            parting = self.outgoing.pump() => Err(parting),
        }
    }
}
