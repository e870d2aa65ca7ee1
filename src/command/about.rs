//! What is asked about a server: ADMIN, INFO, LUSERS, MOTD, TIME, VERSION; and LINKS and STATS.
//! Source: <https://modern.ircdocs.horse/#server-queries-and-commands>

use super::arguments::Arguments;
use super::decision::{Caller, Decision, Reply};
use crate::protocol::mask::Mask;
use crate::world::Refusal;

/// A question about a server, which may be named; there is one.
#[derive(Debug)]
pub struct About {
    question: Question,
    server: Option<String>,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Question {
    /// `ADMIN [<server>]`
    Admin,
    /// `INFO [<server>]`
    Info,
    /// `LUSERS [<mask> [<server>]]`
    Lusers,
    /// `MOTD [<server>]`
    Motd,
    /// `TIME [<server>]`
    Time,
    /// `VERSION [<server>]`
    Version,
}

impl About {
    pub(super) fn parse(question: Question, mut arguments: Arguments) -> Self {
        if matches!(question, Question::Lusers) {
            // The mask is of servers, and no network has any use for it.
            arguments.optional_target();
            return Self { question, server: arguments.next() };
        }
        Self { question, server: arguments.optional_target() }
    }

    /// # Refusals
    /// `NoSuchServer` for any other server.
    pub(super) fn decide(self, caller: &Caller<'_>) -> Result<Decision, Refusal> {
        if let Some(server) = &self.server {
            must_be_us(server, caller)?;
        }
        Ok(Decision::answer(match self.question {
            Question::Admin => Reply::Admin,
            Question::Info => Reply::Info,
            Question::Lusers => Reply::Lusers,
            Question::Motd => Reply::Motd,
            Question::Time => Reply::Time,
            Question::Version => Reply::Version,
        }))
    }
}

/// `LINKS [<mask>]`
#[derive(Debug)]
pub struct Links {
    mask: String,
}

impl Links {
    pub(super) fn parse(mut arguments: Arguments) -> Self {
        let first = arguments.optional_target();
        // Of two arguments the first is a server that is to be asked.
        let mask = arguments.next().or(first);
        Self { mask: mask.unwrap_or_else(|| "*".to_owned()) }
    }

    pub(super) fn decide(self) -> Decision {
        Decision::answer(Reply::Links(self.mask))
    }
}

/// `STATS <letter> [<server>]`
#[derive(Debug)]
pub struct Stats {
    letter: char,
    server: Option<String>,
}

impl Stats {
    /// # Refusals
    /// `NeedMoreParams`
    pub(super) fn parse(mut arguments: Arguments) -> Result<Self, Refusal> {
        let query = arguments.target("STATS")?;
        let letter = query.chars().next().ok_or(Refusal::NeedMoreParams("STATS"))?;
        Ok(Self { letter, server: arguments.next() })
    }

    /// A letter that has no statistics is answered by the bare end of them.
    ///
    /// # Refusals
    /// `NoSuchServer`
    pub(super) fn decide(self, caller: &Caller<'_>) -> Result<Decision, Refusal> {
        if let Some(server) = &self.server {
            must_be_us(server, caller)?;
        }
        Ok(Decision::answer(Reply::Stats(self.letter)))
    }
}

/// A server is named by its name, a mask for it, or the nick of somebody on it, which is anybody; only the first
/// two are taken here.
fn must_be_us(server: &str, caller: &Caller<'_>) -> Result<(), Refusal> {
    let is_us = Mask::parse(server).is_some_and(|mask| mask.matches(&caller.rules.server_name));
    if is_us { Ok(()) } else { Err(Refusal::NoSuchServer(server.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::Scene;

    #[test]
    fn other_servers_are_unknown() {
        let scene = Scene::with(&["alice"]);
        for command in ["ADMIN", "INFO", "MOTD", "TIME", "VERSION"] {
            let json = |server: &str| format!(r#"{{"command":"{command}","params":["{server}"]}}"#);
            for ours in ["neoirc", "NEO*", ""] {
                assert!(scene.decide("alice", &json(ours)).is_ok(), "{command} {ours}");
            }
            let refusal = scene.refusal("alice", &json("irc.example.org"));
            assert_eq!(refusal, Refusal::NoSuchServer("irc.example.org".to_owned()), "{command}");
        }
        let refusal = scene.refusal("alice", r#"{"command":"STATS","params":["u","elsewhere"]}"#);
        assert_eq!(refusal, Refusal::NoSuchServer("elsewhere".to_owned()));
    }
}
