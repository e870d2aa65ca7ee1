//! The lines of somebody who has not registered yet.
//! Source: <https://modern.ircdocs.horse/#connection-registration>

use secrecy::SecretString;
use tokio::io::{AsyncRead, AsyncWrite};

use super::connection::{Connection, Stage};
use super::departure::Unregistered;
use super::outgoing::Parting;
use super::registration::Entry;
use crate::protocol::wire::WireLine;
use crate::reply::door::Objection;

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Connection<R, W> {
    /// A line of somebody who has not registered yet.
    pub(super) async fn register(&mut self, line: WireLine) -> Result<(), Parting> {
        let Stage::Candidate(candidate) = &mut self.stage else { return Ok(()) };
        candidate.count()?;
        let done = match line.command.as_str() {
            "PASS" => match line.params.into_iter().next().filter(|password| !password.is_empty()) {
                Some(password) => {
                    candidate.password = Some(SecretString::from(password));
                    Ok(())
                }
                None => Err(Objection::NeedMoreParams("PASS")),
            },
            "NICK" => candidate.set_nick(line.params.first()),
            "USER" => candidate.set_user(&line.params),
            "CAP" => {
                self.cap(&line.params);
                Ok(())
            }
            "AUTHENTICATE" => return self.authenticate(&line.params).await,
            "WEBIRC" => return self.webirc(&line.params),
            "PING" => return self.pong(&line.params).await,
            "PONG" => Ok(()),
            "QUIT" => {
                let reason =
                    line.params.first().map_or("Quit".to_owned(), |reason| format!("Quit: {reason}"));
                return Err(Parting::Because(reason));
            }
            "REGISTER" => Err(Objection::CompleteConnectionRequired),
            _ => Err(Objection::NotRegistered),
        };
        if let Err(objection) = done {
            self.object(&objection);
        }
        self.enter_when_complete().await
    }

    async fn enter_when_complete(&mut self) -> Result<(), Parting> {
        let Stage::Candidate(candidate) = &mut self.stage else { return Ok(()) };
        if !candidate.is_complete() {
            return Ok(());
        }
        if candidate.exchange.take().is_some() {
            self.object(&Objection::SaslAborted);
        }
        let Stage::Candidate(candidate) = &mut self.stage else { return Ok(()) };
        let style = self.outgoing.capabilities.style();
        // Those who are counted in the welcome are the others.
        drop(self.unregistered.take());
        let entry = candidate.enter(&self.shared, self.address, style).await;
        let Entry::In(seat, nick) = entry else {
            self.unregistered = Some(Unregistered::new(&self.shared.engine));
            return match entry {
                Entry::In(..) => Ok(()),
                Entry::Not(objection) => {
                    self.object(&objection);
                    Ok(())
                }
                Entry::Never(objection) => {
                    self.object(&objection);
                    Err(Parting::Because("Registration failed".to_owned()))
                }
                Entry::Full(max) => {
                    Err(Parting::Because(format!("Too many devices: a session has at most {max}")))
                }
            };
        };
        seat.note_way(self.way.is_secure);
        self.outgoing.attach(self.shared.engine.listen(&seat), nick);
        self.stage = Stage::Client(seat);
        Ok(())
    }
}
