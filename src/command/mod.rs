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
            Self::Motd(motd) => motd.decide(),
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
        "LIST" => one(Command::List(list::List::parse(arguments))),
        "LUSERS" => one(Command::Lusers(lusers::Lusers)),
        "MODE" => one(Command::Mode(mode::Mode::parse(arguments)?)),
        "MOTD" => one(Command::Motd(motd::Motd)),
        "NAMES" => Ok(wrap(names::Names::parse(arguments), Command::Names)),
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
