//! Who has, or had, a nick: ISON, USERHOST, WHOWAS. Source: <https://modern.ircdocs.horse/#user-based-queries>

use jiff::Timestamp;

use super::arguments::{Arguments, elements};
use super::decision::{Decision, Reply};
use crate::protocol::limits::USERHOST_MAX;
use crate::world::{Refusal, World};

/// The nicks of a command whose arguments are nicks, in one argument with blanks or in several.
fn nicks(mut arguments: Arguments, command: &'static str) -> Result<Vec<String>, Refusal> {
    let first = arguments.target(command)?;
    let words = std::iter::once(first).chain(arguments.rest());
    Ok(words
        .flat_map(|words| words.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .collect())
}

/// `ISON <nick>{ <nick>}`
#[derive(Debug)]
pub struct Ison {
    nicks: Vec<String>,
}

impl Ison {
    /// # Refusals
    /// `NeedMoreParams`
    pub(super) fn parse(arguments: Arguments) -> Result<Self, Refusal> {
        Ok(Self { nicks: nicks(arguments, "ISON")? })
    }

    pub(super) fn decide(self) -> Decision {
        Decision::answer(Reply::Ison(self.nicks))
    }
}

/// `USERHOST <nick>{ <nick>}`
#[derive(Debug)]
pub struct Userhost {
    nicks: Vec<String>,
}

impl Userhost {
    /// Nicks past the fifth are passed over, as RFC 2812 has it.
    ///
    /// # Refusals
    /// `NeedMoreParams`
    pub(super) fn parse(arguments: Arguments) -> Result<Self, Refusal> {
        let mut nicks = nicks(arguments, "USERHOST")?;
        nicks.truncate(USERHOST_MAX);
        Ok(Self { nicks })
    }

    pub(super) fn decide(self) -> Decision {
        Decision::answer(Reply::Userhost(self.nicks))
    }
}

/// `WHOWAS <nick> [<count>]`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Whowas {
    /// The nick, as it was given.
    pub nick: String,
    /// Most entries; all where it is `usize::MAX`.
    pub count: usize,
    /// Of a piece that goes on: how many entries were told, and when the first of them were. Those that have come since
    /// are none of them.
    pub told: Option<(usize, Timestamp)>,
}

impl Whowas {
    /// A count of 0 or less, or one that is no number, asks for all there are.
    ///
    /// # Refusals
    /// `NoNicknameGiven`
    pub(super) fn parse(mut arguments: Arguments) -> Result<Self, Refusal> {
        let nicks = arguments.optional_target().ok_or(Refusal::NoNicknameGiven)?;
        let nick = elements(&nicks).next().ok_or(Refusal::NoNicknameGiven)?;
        let count = arguments.next().and_then(|count| count.parse().ok()).filter(|count| *count > 0);
        Ok(Self { nick, count: count.unwrap_or(usize::MAX), told: None })
    }

    /// A nick that nobody had is refused, and the list still ended by the reply.
    pub(super) fn decide(self, world: &World) -> Decision {
        let unknown = world.past_of_nick(&self.nick).next().is_none();
        let refusals = if unknown { vec![Refusal::WasNoSuchNick(self.nick.clone())] } else { Vec::new() };
        Decision { refusals, ..Decision::answer(Reply::Whowas(self)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::Scene;

    #[test]
    fn who_gave_up_a_nick_is_remembered_under_it() {
        let mut scene = Scene::with(&["alice", "bob"]);
        scene.does("alice", r#"{"command":"NICK","body":["eve"]}"#);
        scene.does("eve", r#"{"command":"NICK","body":["Eve"]}"#);
        scene.does("bob", r#"{"command":"QUIT"}"#);
        let had = |nick: &str| scene.world.past_of_nick(nick).count();
        assert_eq!((had("ALICE"), had("eve"), had("bob")), (1, 0, 1), "another case is no other nick");
    }

    #[test]
    fn a_userhost_is_of_five_nicks() {
        let scene = Scene::with(&["alice"]);
        let decision =
            scene.decide("alice", r#"{"command":"USERHOST","params":["a b c","d","e f"]}"#).unwrap();
        assert!(matches!(&decision.replies[..], [Reply::Userhost(nicks)] if nicks.len() == 5));
    }
}
