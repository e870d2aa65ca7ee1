//! HELP: how commands are written. Source: <https://modern.ircdocs.horse/#help-message>

use super::arguments::Arguments;
use super::decision::{Decision, Reply};
use crate::world::Refusal;

/// What there is to say about a subject.
#[derive(PartialEq, Eq, Debug)]
pub struct HelpTopic {
    /// The command, or `index`.
    pub subject: &'static str,
    /// Lines, the first of them how it is written.
    pub lines: &'static [&'static str],
}

/// `HELP [<subject>]`
#[derive(Debug)]
pub struct Help {
    subject: String,
}

impl Help {
    pub(super) fn parse(mut arguments: Arguments) -> Self {
        Self { subject: arguments.optional_target().unwrap_or_else(|| "index".to_owned()) }
    }

    /// # Refusals
    /// `HelpNotFound`
    pub(super) fn decide(self) -> Result<Decision, Refusal> {
        let topic = HELP.iter().find(|topic| topic.subject.eq_ignore_ascii_case(&self.subject));
        topic.map(|topic| Decision::answer(Reply::Help(topic))).ok_or(Refusal::HelpNotFound(self.subject))
    }
}

const fn topic(subject: &'static str, lines: &'static [&'static str]) -> HelpTopic {
    HelpTopic { subject, lines }
}

/// Every subject.
pub const HELP: &[HelpTopic] = &[
    topic(
        "index",
        &[
            "HELP [<command>]: how a command is written. The commands:",
            "Talking: PRIVMSG NOTICE TAGMSG",
            "Channels: JOIN PART TOPIC MODE NAMES LIST INVITE KICK",
            "Yourself: NICK SETNAME AWAY PASS REGISTER UNREGISTER MARKREAD PUBKEY MODE QUIT",
            "Others: WHO WHOIS WHOWAS USERHOST ISON MONITOR",
            "The server: LUSERS MOTD VERSION ADMIN INFO TIME LINKS STATS PING",
            "Its operators: OPER KILL WALLOPS REHASH DIE",
        ],
    ),
    topic("ADMIN", &["ADMIN [<server>]", "Who runs the server, and how to reach them."]),
    topic("AWAY", &["AWAY [<text>]", "Says that you are away; without a text, that you are back."]),
    topic("DIE", &["DIE", "Stops the server. For its operators."]),
    topic("HELP", &["HELP [<command>]", "How a command is written; without one, which there are."]),
    topic("INFO", &["INFO [<server>]", "What this server is."]),
    topic(
        "INVITE",
        &[
            "INVITE [<nick> <channel>]",
            "Lets somebody into a channel once. Without anything: which channels you are invited to.",
        ],
    ),
    topic("ISON", &["ISON <nick>{ <nick>}", "Which of these nicks somebody has."]),
    topic(
        "JOIN",
        &[
            "JOIN <channel>{,<channel>} [<key>{,<key>}]",
            "Comes into channels, and begins those that do not exist. JOIN 0 leaves all.",
        ],
    ),
    topic(
        "KICK",
        &["KICK <channel> <nick>{,<nick>} [<reason>]", "Makes somebody leave. For operators of the channel."],
    ),
    topic("KILL", &["KILL <nick> [<reason>]", "Ends a session. For operators of the server."]),
    topic("LINKS", &["LINKS [<mask>]", "Which servers there are: this one."]),
    topic(
        "LIST",
        &[
            "LIST [<channel or condition>{,<channel or condition>}]",
            "Which channels there are. Conditions: masks such as *rust*, !*rust*, members >n <n, minutes since it began",
            "C>n C<n, minutes since the topic was set T>n T<n.",
        ],
    ),
    topic("LUSERS", &["LUSERS", "How many users and channels there are."]),
    topic(
        "MARKREAD",
        &[
            "MARKREAD <target> [timestamp=<time>]",
            "How far you have read, the same on all of your devices; with a time, that you have read so far.",
        ],
    ),
    topic(
        "MODE",
        &[
            "MODE <channel> [<modes> [<argument>…]], MODE <nick> [<modes>]",
            "Channels: b e I <mask> bans, exceptions, invite exceptions; k <key>; l <limit>; H <bits> proof of work;",
            "i invite only; m moderated; n no outside messages; s secret; t topic locked; o v <nick> operator, voice.",
            "You: i invisible, w hear WALLOPS, B you are a bot, S you stay when no device is left, -o no operator any more.",
        ],
    ),
    topic(
        "MONITOR",
        &[
            "MONITOR + <nick>{,<nick>}, MONITOR - <nick>{,<nick>}, MONITOR C, MONITOR L, MONITOR S",
            "Tells you when somebody comes and goes; clears the list, shows it, shows who of it is here.",
        ],
    ),
    topic("MOTD", &["MOTD [<server>]", "The message of the day."]),
    topic("NAMES", &["NAMES <channel>{,<channel>}", "Who is in a channel."]),
    topic("NICK", &["NICK <nick>", "Changes your nick."]),
    topic(
        "NOTICE",
        &["NOTICE <target>{,<target>} <text>", "The same as PRIVMSG, and nothing answers it by itself."],
    ),
    topic("OPER", &["OPER <name> <password>", "Makes you an operator of the server."]),
    topic("PART", &["PART <channel>{,<channel>} [<reason>]", "Leaves channels."]),
    topic("PASS", &["PASS <password>", "Sets the password by which your other devices come in."]),
    topic("PING", &["PING <token>", "Is answered by PONG with the same token."]),
    topic(
        "PRIVMSG",
        &[
            "PRIVMSG <target>{,<target>} <text>",
            "Says something to a channel or a user; @#channel says it to the operators of the channel, +#channel to the",
            "voiced ones, too.",
        ],
    ),
    topic("PUBKEY", &["PUBKEY [<channel>]", "Publishes the key that you sign with."]),
    topic("QUIT", &["QUIT [<reason>]", "Ends your session."]),
    topic(
        "REGISTER",
        &[
            "REGISTER <your nick or *> * <password>",
            "Makes your session last as an account, which keeps its nick.",
        ],
    ),
    topic("REHASH", &["REHASH", "Reads the settings again. For operators of the server."]),
    topic("SETNAME", &["SETNAME <realname>", "Changes your realname."]),
    topic(
        "STATS",
        &["STATS <letter> [<server>]", "Statistics. The letter u: how long the server has been up."],
    ),
    topic("TAGMSG", &["TAGMSG <target>{,<target>}", "Sends tags without a text: typing, reactions."]),
    topic("TIME", &["TIME [<server>]", "What time it is at the server."]),
    topic("TOPIC", &["TOPIC <channel> [<topic>]", "Shows or changes a topic; an empty one clears it."]),
    topic("UNREGISTER", &["UNREGISTER <account>", "Gives your account up. The session stays."]),
    topic("USERHOST", &["USERHOST <nick>{ <nick>}", "Hosts of up to five users."]),
    topic("VERSION", &["VERSION [<server>]", "Which version the server runs, and what it supports."]),
    topic("WALLOPS", &["WALLOPS <text>", "Speaks to all who have mode +w. For operators of the server."]),
    topic(
        "WHO",
        &[
            "WHO <mask> [o | %<fields>[,<token>]]",
            "Who is in a channel, or has a nick, name or host like this.",
        ],
    ),
    topic("WHOIS", &["WHOIS [<server>] <nick>{,<nick>}", "What may be known of somebody."]),
    topic("WHOWAS", &["WHOWAS <nick> [<count>]", "Who went by a nick."]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::Scene;
    use crate::protocol::limits::TOPICLEN;

    #[test]
    fn every_subject_has_lines_that_fit() {
        for HelpTopic { subject, lines } in HELP {
            assert!(lines.len() >= 2, "{subject}: how it is written, and what it does");
            assert!(lines.iter().all(|line| line.len() <= TOPICLEN), "{subject}");
        }
    }

    #[test]
    fn what_there_is_help_for_is_a_command() {
        let scene = Scene::with(&["alice"]);
        for HelpTopic { subject, .. } in HELP.iter().filter(|topic| topic.subject != "index") {
            // Whatever is wrong with the bare command, it is known.
            let decided = scene.try_parse(&format!(r#"{{"command":"{subject}"}}"#));
            assert!(!matches!(decided, Err(Refusal::UnknownCommand(_))), "{subject}");
        }
        let refusal = scene.refusal("alice", r#"{"command":"HELP","params":["dancing"]}"#);
        assert_eq!(refusal, Refusal::HelpNotFound("dancing".to_owned()));
    }
}
