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

mod about;
mod away;
pub mod help;
pub mod hook;
mod identity;
mod invite;
mod join;
mod kick;
pub mod list;
pub mod login;
pub mod logout;
mod markread;
mod mode;
mod monitor;
mod names;
mod nick;
mod oper;
mod operate;
mod part;
mod pass;
mod ping;
pub mod query;
mod quit;
mod register;
pub mod registration;
mod secret;
mod speak;
mod topic;
pub mod who;
mod whois;

pub use decision::{Caller, Decision, Order, Outcome, Reply, Rules, Style};
pub use oper::OperBlock;
pub use quit::end_of_session;

use self::about::Question;
use self::arguments::Arguments;
use crate::protocol::message::Request;
use crate::protocol::password::{Password, PasswordHash};
use crate::protocol::stamp::StampHash;
use crate::world::{Refusal, Verb, World};

/// A command with all its arguments, for one target.
#[derive(Debug)]
#[expect(missing_docs, reason = "each variant is described where its struct is")]
pub enum Command {
    About(about::About),
    Away(away::Away),
    Die(operate::Die),
    Help(help::Help),
    Invite(invite::Invite),
    Ison(query::Ison),
    Join(join::Join),
    Kick(kick::Kick),
    Kill(operate::Kill),
    Links(about::Links),
    List(list::List),
    Markread(markread::Markread),
    Mode(mode::Mode),
    Monitor(monitor::Monitor),
    Names(names::Names),
    Nick(nick::Nick),
    Oper(oper::Oper),
    Part(part::Part),
    Pass(pass::Pass),
    Ping(ping::Ping),
    Pubkey(identity::Pubkey),
    Quit(quit::Quit),
    Register(register::Register),
    Rehash(operate::Rehash),
    Setname(identity::Setname),
    Speak(speak::Speak),
    Stats(about::Stats),
    Topic(topic::Topic),
    Unregister(register::Unregister),
    Userhost(query::Userhost),
    Verify(register::Verify),
    Wallops(operate::Wallops),
    Who(who::Who),
    Whois(whois::Whois),
    Whowas(query::Whowas),
}

impl Command {
    /// Grants the command, or says why not.
    ///
    /// # Refusals
    /// Those that the file of each command names.
    pub fn decide(self, world: &World, caller: &Caller<'_>) -> Result<Decision, Refusal> {
        match self {
            Self::About(about) => about.decide(caller),
            Self::Away(away) => Ok(away.decide(caller)),
            Self::Die(die) => die.decide(world, caller),
            Self::Help(help) => help.decide(),
            Self::Invite(invite) => invite.decide(world, caller),
            Self::Ison(ison) => Ok(ison.decide()),
            Self::Join(join) => join.decide(world, caller),
            Self::Kick(kick) => kick.decide(world, caller),
            Self::Kill(kill) => kill.decide(world, caller),
            Self::Links(links) => Ok(links.decide()),
            Self::List(list) => Ok(list.decide()),
            Self::Markread(markread) => Ok(markread.decide(world, caller)),
            Self::Mode(mode) => mode.decide(world, caller),
            Self::Monitor(monitor) => Ok(monitor.decide(world, caller)),
            Self::Names(names) => Ok(names.decide()),
            Self::Nick(nick) => nick.decide(world, caller),
            Self::Oper(oper) => oper.decide(world, caller),
            Self::Part(part) => part.decide(world, caller),
            Self::Pass(pass) => pass.decide(caller),
            Self::Ping(ping) => Ok(ping.decide()),
            Self::Pubkey(pubkey) => pubkey.decide(world, caller),
            Self::Quit(quit) => Ok(quit.decide(world, caller)),
            Self::Register(register) => register.decide(world, caller),
            Self::Rehash(rehash) => rehash.decide(world, caller),
            Self::Setname(setname) => Ok(setname.decide(caller)),
            Self::Speak(speak) => speak.decide(world, caller),
            Self::Stats(stats) => stats.decide(caller),
            Self::Topic(topic) => topic.decide(world, caller),
            Self::Unregister(unregister) => unregister.decide(world, caller),
            Self::Userhost(userhost) => Ok(userhost.decide()),
            Self::Verify(verify) => verify.decide(),
            Self::Wallops(wallops) => wallops.decide(world, caller),
            Self::Who(who) => Ok(who.decide()),
            Self::Whois(whois) => Ok(whois.decide(world)),
            Self::Whowas(whowas) => Ok(whowas.decide(world)),
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
    /// The stamp that came with it, for the store to say whether it was spent before.
    pub stamp: Option<StampHash>,
    /// How the client wants its answers.
    pub style: Style,
}

impl Wish {
    /// Reads the commands from an envelope.
    pub fn parse(request: Request) -> Self {
        let quiet = request.command == Verb::Notice.as_str();
        let commands = parse(request);
        let stamp = match commands.as_deref() {
            Ok([Command::Speak(speak), ..]) => speak.stamp(),
            _ => None,
        };
        Self { commands, quiet, stamp, style: Style::default() }
    }

    /// The password that a face is to hash, off its own threads, before it submits the wish; `None` when there is
    /// none, or none that would be taken.
    pub fn password(&self, rules: &Rules) -> Option<&Password> {
        match self.commands.as_deref() {
            Ok([Command::Pass(pass)]) => pass.password(rules),
            Ok([Command::Register(register)]) => register.password(rules),
            _ => None,
        }
    }

    /// The same wish, with the hash in the place of its password.
    #[must_use]
    pub fn with_password_hash(mut self, hash: PasswordHash) -> Self {
        self.commands = self.commands.map(|mut commands| {
            let hashed = match commands.pop() {
                Some(Command::Pass(_)) => Some(Command::Pass(pass::Pass::hashed(hash))),
                Some(Command::Register(register)) => Some(Command::Register(register.hashed(hash))),
                other => other,
            };
            commands.extend(hashed);
            commands
        });
        self
    }

    /// Whether somebody wants to have an account.
    pub fn registers(&self) -> bool {
        matches!(self.commands.as_deref(), Ok([Command::Register(_)]))
    }

    /// How many commands it is as dear as: each target is one, and so is each further stretch of lines.
    pub fn price(&self) -> u32 {
        let commands = self.commands.as_deref().unwrap_or_default();
        let lines = |command: &Command| match command {
            Command::Speak(speak) => speak.lines(),
            _ => 1,
        };
        let spoken = commands.iter().any(|command| matches!(command, Command::Speak(_)));
        let price = if spoken {
            commands.iter().map(|command| lines(command).div_ceil(LINES_PER_TOKEN)).sum()
        } else if matches!(commands, [Command::Pass(_) | Command::Register(_)]) {
            PASSWORD_TOKENS
        } else {
            commands.len().div_ceil(TARGETS_PER_TOKEN)
        };
        u32::try_from(price).unwrap_or(u32::MAX).max(1)
    }

    /// What somebody wants that operators of the server alone may do to others, for the log.
    pub fn privileged(&self) -> Option<String> {
        match self.commands.as_deref() {
            Ok([Command::Kill(kill)]) => Some(format!("KILL {}", kill.nick())),
            Ok([Command::Rehash(_)]) => Some("REHASH".to_owned()),
            Ok([Command::Die(_)]) => Some("DIE".to_owned()),
            _ => None,
        }
    }

    /// Whether somebody wants to become an operator of the server.
    pub fn tries_oper(&self) -> bool {
        matches!(self.commands.as_deref(), Ok([Command::Oper(_)]))
    }
}

/// Lines of a message that cost as much as one command: a paragraph is a thought.
const LINES_PER_TOKEN: usize = 8;
/// Targets of anything but a message that do: clients that come back join all their channels at once.
const TARGETS_PER_TOKEN: usize = 8;

/// How many commands a new password is as dear as: hashing it takes a core for a while, and but a few are hashed at once,
/// for everybody.
const PASSWORD_TOKENS: usize = 10;

/// How many commands it is as dear as to be told the state of so many channels: as much as coming into them.
pub fn channels_price(channels: usize) -> u32 {
    u32::try_from(channels.div_ceil(TARGETS_PER_TOKEN)).unwrap_or(u32::MAX).max(1)
}

fn parse(request: Request) -> Result<Vec<Command>, Refusal> {
    let command = request.command.clone();
    let one = |command| Ok(vec![command]);
    if let Some(verb) = Verb::ALL.into_iter().find(|verb| verb.as_str() == command) {
        return speak::Speak::parse(verb, request).map(|each| wrap(each, Command::Speak));
    }
    if command == "PUBKEY" {
        return one(Command::Pubkey(identity::Pubkey::parse(request)?));
    }
    let arguments = Arguments::of(request);
    let about = |question, arguments| one(Command::About(about::About::parse(question, arguments)));
    match command.as_str() {
        "ADMIN" => about(Question::Admin, arguments),
        "AWAY" => one(Command::Away(away::Away::parse(arguments))),
        "DIE" => one(Command::Die(operate::Die)),
        "HELP" => one(Command::Help(help::Help::parse(arguments))),
        "INFO" => about(Question::Info, arguments),
        "INVITE" => one(Command::Invite(invite::Invite::parse(arguments)?)),
        "ISON" => one(Command::Ison(query::Ison::parse(arguments)?)),
        "JOIN" => join::Join::parse(arguments).map(|each| wrap(each, Command::Join)),
        "KICK" => kick::Kick::parse(arguments).map(|each| wrap(each, Command::Kick)),
        "KILL" => one(Command::Kill(operate::Kill::parse(arguments)?)),
        "LINKS" => one(Command::Links(about::Links::parse(arguments))),
        "LIST" => one(Command::List(list::List::parse(arguments)?)),
        "LUSERS" => about(Question::Lusers, arguments),
        "MARKREAD" => one(Command::Markread(markread::Markread::parse(arguments)?)),
        "MODE" => one(Command::Mode(mode::Mode::parse(arguments)?)),
        "MONITOR" => one(Command::Monitor(monitor::Monitor::parse(arguments)?)),
        "MOTD" => about(Question::Motd, arguments),
        "NAMES" => names::Names::parse(arguments).map(|each| wrap(each, Command::Names)),
        "NICK" => one(Command::Nick(nick::Nick::parse(arguments)?)),
        "OPER" => one(Command::Oper(oper::Oper::parse(arguments)?)),
        "PART" => part::Part::parse(arguments).map(|each| wrap(each, Command::Part)),
        "PASS" => one(Command::Pass(pass::Pass::parse(arguments)?)),
        "PING" | "PONG" => one(Command::Ping(ping::Ping::parse(arguments))),
        "QUIT" => one(Command::Quit(quit::Quit::parse(arguments))),
        "REGISTER" => one(Command::Register(register::Register::parse(arguments)?)),
        "REHASH" => one(Command::Rehash(operate::Rehash)),
        "SETNAME" => one(Command::Setname(identity::Setname::parse(arguments)?)),
        "STATS" => one(Command::Stats(about::Stats::parse(arguments)?)),
        "TIME" => about(Question::Time, arguments),
        "TOPIC" => one(Command::Topic(topic::Topic::parse(arguments)?)),
        "UNREGISTER" => one(Command::Unregister(register::Unregister::parse(arguments)?)),
        "USERHOST" => one(Command::Userhost(query::Userhost::parse(arguments)?)),
        "VERIFY" => one(Command::Verify(register::Verify::parse(arguments)?)),
        "VERSION" => about(Question::Version, arguments),
        "WALLOPS" => one(Command::Wallops(operate::Wallops::parse(arguments)?)),
        "WHO" => one(Command::Who(who::Who::parse(arguments))),
        "WHOIS" => whois::Whois::parse(arguments).map(|each| wrap(each, Command::Whois)),
        "WHOWAS" => one(Command::Whowas(query::Whowas::parse(arguments)?)),
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
    use crate::world::{Event, UserFlag};

    /// A world for commands to be decided in.
    pub(super) struct Scene {
        pub(super) world: World,
        pub(super) rules: Rules,
        pub(super) now: Timestamp,
    }

    impl Scene {
        /// A world with these users in it.
        pub(super) fn with(nicks: &[&str]) -> Self {
            let rules = Rules {
                server_name: "neoirc".to_owned(),
                channels_max: 3,
                clients_max: 3,
                password_chars_min: 8,
                ..Rules::default()
            };
            let mut scene = Self { world: World::empty(1), rules, now: Timestamp::UNIX_EPOCH };
            for (number, nick) in (1_u8..).zip(nicks) {
                let registration = Registration {
                    nick: Nickname::parse(nick).unwrap(),
                    username: None,
                    realname: None,
                    address: IpAddr::V4(Ipv4Addr::LOCALHOST),
                    user_uuid: Uuid::from_u128(u128::from(number)),
                    is_connection: false,
                    client_uuid: Uuid::from_u128(u128::from(number) << 8),
                    token: TokenHash::new([number; 32]),
                    password: None,
                    lasts: false,
                    stamp: None,
                };
                let decision =
                    registration.decide(&scene.world, &scene.rules, Timestamp::UNIX_EPOCH, false).unwrap();
                scene.apply(&decision);
            }
            scene
        }

        pub(super) fn user(&self, nick: &str) -> UserId {
            self.world.user_by_nick(nick).unwrap().id
        }

        /// Makes somebody an operator of the server.
        pub(super) fn make_operator(&mut self, nick: &str) {
            let changes = vec![(UserFlag::Operator, true)];
            self.world.apply(&Event::UserModesChanged { user: self.user(nick), changes });
        }

        /// What the commands of a request are.
        #[expect(clippy::unused_self, reason = "it reads like the others")]
        pub(super) fn try_parse(&self, json: &str) -> Result<Vec<Command>, Refusal> {
            Wish::parse(Request::parse(json.as_bytes()).unwrap()).commands
        }

        /// What becomes of the one command of a request.
        pub(super) fn decide(&self, nick: &str, json: &str) -> Result<Decision, Refusal> {
            let mut commands = self.try_parse(json)?;
            assert_eq!(commands.len(), 1, "one target");
            self.decide_command(nick, commands.remove(0))
        }

        /// What becomes of a command.
        pub(super) fn decide_command(&self, nick: &str, command: Command) -> Result<Decision, Refusal> {
            let caller = Caller {
                user: self.user(nick),
                client: ClientId::default(),
                at: self.now,
                running: self.now,
                rules: &self.rules,
                stamp_is_spent: false,
                must_wait_for_oper: false,
            };
            command.decide(&self.world, &caller)
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

        pub(super) fn apply(&mut self, decision: &Decision) {
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
    fn targets_and_lines_have_their_price() {
        let price = |json: &str| Wish::parse(Request::parse(json.as_bytes()).unwrap()).price();
        assert_eq!(price(r##"{"command":"PRIVMSG","to":"#c","body":["hi"]}"##), 1);
        assert_eq!(price(r##"{"command":"PRIVMSG","to":"#a,#b,#c,#d","body":["hi"]}"##), 4);
        let lines = format!(r##"{{"command":"PRIVMSG","to":"#a,#b,#c,#d","body":{:?}}}"##, vec!["x"; 64]);
        assert_eq!(price(&lines), 32);
        assert_eq!(price(r##"{"command":"JOIN","to":"#1,#2,#3,#4,#5,#6,#7,#8,#9"}"##), 2);
        assert_eq!((price(r#"{"command":"NONSENSE"}"#), price(r#"{"command":"AWAY"}"#)), (1, 1));
    }

    #[test]
    fn only_a_notice_is_quiet() {
        let quiet = |json: &[u8]| Wish::parse(Request::parse(json).unwrap()).quiet;
        assert!(quiet(br#"{"command":"notice"}"#));
        assert!(!quiet(br#"{"command":"PRIVMSG"}"#));
    }
}
