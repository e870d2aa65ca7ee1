//! What may be asked: one file for each IRC command, and the index of them all.
//!
//! A command is parsed from an envelope, then decided against the world. Deciding is pure: no numerics, no
//! I/O, no clock, no randomness. A list of targets becomes several commands, so that each is granted or
//! refused alone.
//!
//! To add a command: a file with a struct, `parse` and `decide`; a variant in [`Command`]; an arm in
//! [`Wish::parse`] and one in [`Command::decide`].

mod arguments;
pub mod decision;

mod away;
mod invite;
mod join;
mod kick;
mod list;
pub mod logout;
mod lusers;
mod mode;
mod motd;
mod names;
mod nick;
mod part;
mod ping;
mod quit;
pub mod registration;
mod speak;
mod topic;
mod who;
mod whois;

pub use decision::{Caller, Decision, Outcome, Reply};

use self::arguments::Arguments;
use crate::protocol::message::Request;
use crate::world::{Refusal, Verb, World};

/// A command with all its arguments, for one target.
#[derive(Debug)]
#[expect(missing_docs, reason = "each variant is described where its struct is")]
pub enum Command {
    Away(away::Away),
    Invite(invite::Invite),
    Join(join::Join),
    Kick(kick::Kick),
    List(list::List),
    Lusers(lusers::Lusers),
    Mode(mode::Mode),
    Motd(motd::Motd),
    Names(names::Names),
    Nick(nick::Nick),
    Part(part::Part),
    Ping(ping::Ping),
    Quit(quit::Quit),
    Speak(speak::Speak),
    Topic(topic::Topic),
    Who(who::Who),
    Whois(whois::Whois),
}

impl Command {
    /// Grants the command, or says why not.
    ///
    /// # Refusals
    /// Those that the file of each command names.
    pub fn decide(self, world: &World, caller: &Caller) -> Result<Decision, Refusal> {
        match self {
            Self::Away(away) => Ok(away.decide(caller)),
            Self::Invite(invite) => invite.decide(world, caller),
            Self::Join(join) => join.decide(world, caller),
            Self::Kick(kick) => kick.decide(world, caller),
            Self::List(list) => Ok(list.decide()),
            Self::Lusers(lusers) => Ok(lusers.decide()),
            Self::Mode(mode) => mode.decide(world, caller),
            Self::Motd(motd) => Ok(motd.decide()),
            Self::Names(names) => Ok(names.decide()),
            Self::Nick(nick) => nick.decide(world, caller),
            Self::Part(part) => part.decide(world, caller),
            Self::Ping(ping) => Ok(ping.decide()),
            Self::Quit(quit) => Ok(quit.decide(world, caller)),
            Self::Speak(speak) => speak.decide(world, caller),
            Self::Topic(topic) => topic.decide(world, caller),
            Self::Who(who) => Ok(who.decide()),
            Self::Whois(whois) => Ok(whois.decide(world)),
        }
    }
}

/// What a client asked for in one request.
#[derive(Debug)]
pub struct Wish {
    /// One command for each target, or why the request as a whole is refused.
    pub commands: Result<Vec<Command>, Refusal>,
    /// Whether a refusal stands in the receipt alone: nothing ever answers a NOTICE.
    pub quiet: bool,
}

impl Wish {
    /// Reads the commands from an envelope.
    pub fn parse(request: Request) -> Self {
        let quiet = request.command == Verb::Notice.as_str();
        Self { commands: parse(request), quiet }
    }
}

fn parse(request: Request) -> Result<Vec<Command>, Refusal> {
    let command = request.command.clone();
    if let "PRIVMSG" | "NOTICE" = command.as_str() {
        let verb = if command == "NOTICE" { Verb::Notice } else { Verb::Privmsg };
        return speak::Speak::parse(verb, request).map(|each| wrap(each, Command::Speak));
    }
    let arguments = Arguments::of(request);
    let one = |command| Ok(vec![command]);
    match command.as_str() {
        "AWAY" => one(Command::Away(away::Away::parse(arguments))),
        "INVITE" => one(Command::Invite(invite::Invite::parse(arguments)?)),
        "JOIN" => join::Join::parse(arguments).map(|each| wrap(each, Command::Join)),
        "KICK" => kick::Kick::parse(arguments).map(|each| wrap(each, Command::Kick)),
        "LIST" => one(Command::List(list::List::parse(arguments)?)),
        "LUSERS" => one(Command::Lusers(lusers::Lusers)),
        "MODE" => one(Command::Mode(mode::Mode::parse(arguments)?)),
        "MOTD" => one(Command::Motd(motd::Motd)),
        "NAMES" => names::Names::parse(arguments).map(|each| wrap(each, Command::Names)),
        "NICK" => one(Command::Nick(nick::Nick::parse(arguments)?)),
        "PART" => part::Part::parse(arguments).map(|each| wrap(each, Command::Part)),
        "PING" | "PONG" => one(Command::Ping(ping::Ping::parse(arguments))),
        "QUIT" => one(Command::Quit(quit::Quit::parse(arguments))),
        "TOPIC" => one(Command::Topic(topic::Topic::parse(arguments)?)),
        "WHO" => one(Command::Who(who::Who::parse(arguments))),
        "WHOIS" => whois::Whois::parse(arguments).map(|each| wrap(each, Command::Whois)),
        _ => Err(Refusal::UnknownCommand(command)),
    }
}

fn wrap<C>(each: Vec<C>, variant: fn(C) -> Command) -> Vec<Command> {
    each.into_iter().map(variant).collect()
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use jiff::Timestamp;
    use uuid::Uuid;

    use super::registration::Registration;
    use super::*;
    use crate::id::{ClientId, TokenHash, UserId};
    use crate::protocol::name::Nickname;

    /// A world for commands to be decided in.
    pub(super) struct Scene {
        pub(super) world: World,
    }

    impl Scene {
        /// A world with these users in it.
        pub(super) fn with(nicks: &[&str]) -> Self {
            let mut scene = Self { world: World::empty(1) };
            for (number, nick) in (1_u8..).zip(nicks) {
                let registration = Registration {
                    nick: Nickname::parse(nick).unwrap(),
                    username: None,
                    address: IpAddr::V4(Ipv4Addr::LOCALHOST),
                    user_uuid: Uuid::from_u128(u128::from(number)),
                    client_uuid: Uuid::from_u128(u128::from(number) << 8),
                    token: TokenHash::new([number; 32]),
                };
                let decision = registration.decide(&scene.world, Timestamp::UNIX_EPOCH).unwrap();
                scene.apply(&decision);
            }
            scene
        }

        pub(super) fn user(&self, nick: &str) -> UserId {
            self.world.user_by_nick(nick).unwrap().id
        }

        /// What becomes of the one command of a request.
        pub(super) fn decide(&self, nick: &str, json: &str) -> Result<Decision, Refusal> {
            let mut commands = Wish::parse(Request::parse(json.as_bytes()).unwrap()).commands?;
            assert_eq!(commands.len(), 1, "one target");
            let (user, client) = (self.user(nick), ClientId::default());
            let caller = Caller { user, client, at: Timestamp::UNIX_EPOCH, channels_max: 3 };
            commands.remove(0).decide(&self.world, &caller)
        }

        /// Why the command is refused.
        #[track_caller]
        pub(super) fn refusal(&self, nick: &str, json: &str) -> Refusal {
            self.decide(nick, json).expect_err("it is refused")
        }

        /// Grants the command and makes it so.
        #[track_caller]
        pub(super) fn does(&mut self, nick: &str, json: &str) -> Decision {
            let decision = self.decide(nick, json).expect("it is granted");
            self.apply(&decision);
            decision
        }

        fn apply(&mut self, decision: &Decision) {
            for event in &decision.events {
                self.world.apply(event);
            }
        }
    }

    #[test]
    fn an_unknown_command_is_refused_by_its_name() {
        let scene = Scene::with(&["alice"]);
        let refusal = scene.refusal("alice", r#"{"command":"frobnicate"}"#);
        assert_eq!(refusal, Refusal::UnknownCommand("FROBNICATE".to_owned()));
    }

    #[test]
    fn only_a_notice_is_quiet() {
        let quiet = |json: &[u8]| Wish::parse(Request::parse(json).unwrap()).quiet;
        assert!(quiet(br#"{"command":"notice"}"#));
        assert!(!quiet(br#"{"command":"PRIVMSG"}"#));
    }
}
