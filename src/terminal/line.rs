//! Messages as lines to read, the same in `tail` and in `tui`. Whatever comes out of here is clean.

use neoirc::client::{Body, Message};
use uuid::Uuid;

use crate::clean;
use crate::clock;

/// What sort of line it is, for those who have colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Somebody says something.
    Said,
    /// A NOTICE.
    Notice,
    /// Somebody comes, goes or changes something.
    Event,
    /// The server answers or refuses, or we have something to say ourselves.
    Server,
}

/// Most characters of what is answered that stand before an answer: enough to know it again.
const QUOTE_CHARS_MAX: usize = 24;

/// One line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Line {
    /// `HH:MM:SS`, local.
    pub(crate) time: String,
    pub(crate) kind: Kind,
    /// Whoever it comes from, where the text begins with that.
    pub(crate) from: String,
    /// All of it, such as `<alice> hi`.
    pub(crate) text: String,
    /// Where in the text that begins which was said, behind the nick and what it answers, in bytes.
    words_at: usize,
    /// The place in the server's order; 0 for lines of our own.
    pub(crate) seq: u64,
    /// The message that it is of, by which others answer it.
    pub(crate) id: Option<Uuid>,
}

impl Line {
    /// What answers this line has in front of it: whom it answers, and the beginning of what.
    pub(crate) fn quoted(&self) -> String {
        let words = self.text.get(self.words_at..).unwrap_or_default().trim();
        let mut quote: String = words.chars().take(QUOTE_CHARS_MAX).collect();
        if quote.len() < words.len() {
            quote.truncate(quote.trim_end().len());
            quote.push('…');
        }
        format!("[↪ {}: {quote}] ", self.from)
    }
}

/// The time and the text, as `tail` prints them.
impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.time, self.text)
    }
}

/// A line of our own.
pub(crate) fn ours(text: &str) -> Line {
    Line {
        time: clock::time_now(),
        kind: Kind::Server,
        from: String::new(),
        text: format!("-!- {}", clean::line(text)),
        words_at: 0,
        seq: 0,
        id: None,
    }
}

/// The lines of a message: one for each line of what is said, one for anything else; none where it is nothing to read.
pub(crate) fn lines(message: &Message) -> Vec<Line> {
    answering(message, "")
}

/// The same of a message that answers another, with what that is in front of the first line.
pub(crate) fn answering(message: &Message, quote: &str) -> Vec<Line> {
    let time = clock::time_of_day(&message.ts).unwrap_or_else(clock::time_now);
    let from = clean::line(&message.from);
    let make = |(kind, words_at, text): (Kind, usize, String)| Line {
        time: time.clone(),
        kind,
        from: if matches!(kind, Kind::Said | Kind::Notice) { from.clone() } else { String::new() },
        text,
        words_at,
        seq: message.seq,
        id: message.id,
    };
    match message.command.as_str() {
        "PRIVMSG" | "NOTICE" => said(message, &from, quote).into_iter().map(make).collect(),
        _ => event(message, &from).into_iter().map(|(kind, text)| make((kind, 0, text))).collect(),
    }
}

/// What is said, line by line, and where in each the words begin.
fn said(message: &Message, from: &str, quote: &str) -> Vec<(Kind, usize, String)> {
    let is_notice = message.command == "NOTICE";
    let texts = match &message.body {
        Some(Body::Object(object)) => vec![serde_json::to_string(object).unwrap_or_default()],
        Some(Body::Lines(lines)) => lines.clone(),
        None => vec![String::new()],
    };
    let line = |(index, text): (usize, &String)| {
        let quote = if index == 0 { quote } else { "" };
        let (kind, front, words) = match text.strip_prefix("\u{1}ACTION ") {
            _ if is_notice => (Kind::Notice, format!("-{from}- {quote}"), text.as_str()),
            Some(action) => (Kind::Said, format!("* {from} {quote}"), action.trim_end_matches('\u{1}')),
            None => (Kind::Said, format!("<{from}> {quote}"), text.as_str()),
        };
        (kind, front.len(), front + &clean::line(words))
    };
    texts.iter().enumerate().map(line).collect()
}

/// What happens, and what the server says.
fn event(message: &Message, from: &str) -> Option<(Kind, String)> {
    let param = |index: usize| message.params.get(index).map(|param| clean::line(param)).unwrap_or_default();
    let (to, body) = (clean::line(&message.to), clean::line(&message.lines().join(" ")));
    let why = if body.is_empty() { String::new() } else { format!(" [{body}]") };
    let text = match message.command.as_str() {
        "JOIN" => format!("{from} has joined {to}"),
        "PART" => format!("{from} has left {to}{why}"),
        "QUIT" => format!("{from} has quit{why}"),
        "KILL" => format!("{to} was killed by {from}{why}"),
        "NICK" => format!("{from} is now known as {body}"),
        "KICK" => format!("{} was kicked from {to} by {from}{why}", param(0)),
        "TOPIC" if body.is_empty() => format!("{from} took away the topic of {to}"),
        "TOPIC" => format!("{from} changed the topic of {to} to: {body}"),
        "MODE" => {
            let words: Vec<String> = message.params.iter().map(|word| clean::line(word)).collect();
            format!("mode/{to} [{}] by {from}", words.join(" ").trim())
        }
        "INVITE" => format!("{from} invites {to} to {}{body}", param(0)),
        "AWAY" if body.is_empty() => format!("{from} is back"),
        "AWAY" => format!("{from} is away{why}"),
        "WALLOPS" => format!("!{from}! {body}"),
        "UNREGISTER" => format!("{body}: {}", param(1)),
        "FAIL" => format!("{}: {body}", param(0)),
        // Tags alone, a mark of what was read, a key, an account that 900 tells of: nothing to read.
        "REGISTER" | "TAGMSG" | "MARKREAD" | "PUBKEY" | "PING" | "PONG" | "CHGHOST" | "BATCH" => return None,
        command if is_numeric(command) => return numeric(message, &body).map(|text| (Kind::Server, text)),
        command => {
            let params: Vec<String> = message.params.iter().map(|word| clean::line(word)).collect();
            format!("{} {from} {to} {} {body}", clean::line(command), params.join(" "))
        }
    };
    let kind = if message.command == "WALLOPS" { Kind::Notice } else { Kind::Event };
    Some((kind, format!("-!- {text}")))
}

/// Whether a command is a numeric.
pub(crate) fn is_numeric(command: &str) -> bool {
    command.len() == 3 && command.bytes().all(|byte| byte.is_ascii_digit())
}

/// An answer in words.
fn numeric(message: &Message, body: &str) -> Option<String> {
    let param = |index: usize| message.params.get(index).map(|param| clean::line(param)).unwrap_or_default();
    let time = |index: usize| clock::day_and_time(&param(index)).unwrap_or_else(|| param(index));
    let text = match message.command.as_str() {
        // The frame around answers, and 005, which is for programs.
        "004" | "005" | "315" | "318" | "321" | "323" | "329" | "366" | "369" | "375" | "376" => return None,
        "301" => format!("{} is away: {body}", param(0)),
        "311" => format!("{} [{}@{}] {body}", param(0), param(1), param(2)),
        "312" => format!(" server   : {} [{body}]", param(1)),
        "317" => format!(" idle     : {} s, signed on {}", param(1), time(2)),
        "319" => format!(" channels : {body}"),
        "322" => format!("{} {} {body}", param(0), param(1)),
        "324" => format!(
            "mode/{} [{}]",
            param(0),
            message.params.iter().skip(1).map(|word| clean::line(word)).collect::<Vec<_>>().join(" ")
        ),
        "331" => format!("{}: no topic is set", param(0)),
        "332" => format!("Topic for {}: {body}", param(0)),
        "333" => format!("Topic set by {} [{}]", param(1), time(2)),
        "341" => format!("inviting {} to {}", param(0), param(1)),
        "900" | "901" => body.to_owned(),
        "353" => format!("Names in {}: {body}", param(1)),
        _ => {
            let mut words: Vec<String> = message.params.iter().map(|word| clean::line(word)).collect();
            words.push(body.to_owned());
            words.join(" ").trim().to_owned()
        }
    };
    Some(format!("-!- {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(message: &Message) -> Vec<String> {
        lines(message).into_iter().map(|line| line.text).collect()
    }

    fn from(nick: &str, message: Message) -> Message {
        Message { from: nick.to_owned(), ..message }
    }

    #[test]
    fn messages_read_as_in_other_clients() {
        let say = |text: &str| from("alice", Message::new("PRIVMSG").to("#tea").body(text));
        assert_eq!(texts(&say("hi\nyou")), ["<alice> hi", "<alice> you"]);
        assert_eq!(texts(&say("\u{1}ACTION waves\u{1}")), ["* alice waves"]);
        assert_eq!(texts(&from("alice", Message::new("JOIN").to("#tea"))), ["-!- alice has joined #tea"]);
        let kick = from("alice", Message::new("KICK").to("#tea").param("bob").body("out"));
        assert_eq!(texts(&kick), ["-!- bob was kicked from #tea by alice [out]"]);
        assert_eq!(texts(&from("alice", Message::new("TAGMSG").to("#tea"))), Vec::<String>::new());
    }

    #[test]
    fn an_answer_tells_what_it_answers() {
        let say = |text: &str| from("alice", Message::new("PRIVMSG").to("#tea").body(text));
        let asked = lines(&say("is it time for tea, or is it not?")).remove(0);
        let answer = answering(&say("it is\nalways"), &asked.quoted());
        let read: Vec<&str> = answer.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(read, ["<alice> [↪ alice: is it time for tea, or i…] it is", "<alice> always"]);
        assert_eq!(answer[0].quoted(), "[↪ alice: it is] ", "and not what that answered in turn");
        let waved = lines(&say("\u{1}ACTION waves\u{1}")).remove(0);
        assert_eq!(waved.quoted(), "[↪ alice: waves] ");
    }

    #[test]
    fn no_field_of_any_message_reaches_the_terminal_as_it_is() {
        let evil = "\u{1b}[31m\u{202e}x\u{9b}";
        let commands = [
            "PRIVMSG",
            "NOTICE",
            "JOIN",
            "PART",
            "QUIT",
            "NICK",
            "KICK",
            "TOPIC",
            "MODE",
            "INVITE",
            "AWAY",
            "KILL",
            "WALLOPS",
            "001",
            "301",
            "311",
            "312",
            "317",
            "319",
            "322",
            "324",
            "331",
            "332",
            "333",
            "341",
            "353",
            "482",
            "900",
            "901",
            "FAIL",
            "REGISTER",
            "UNREGISTER",
            "\u{1b}c",
        ];
        for command in commands {
            let mut message = from(evil, Message::new(command).to(evil).body(format!("{evil}\n{evil}")));
            message.params = vec![evil.to_owned(); 4];
            evil.clone_into(&mut message.ts);
            for line in lines(&message) {
                let shown = format!("{line} {}", line.from);
                assert!(!shown.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{command}: {shown:?}");
            }
        }
        let object: serde_json::Map<String, serde_json::Value> =
            [(evil.to_owned(), evil.into())].into_iter().collect();
        let message = from(evil, Message::new("PRIVMSG").to(evil).body(object));
        assert!(!texts(&message)[0].contains(['\u{1b}', '\u{202e}', '\u{9b}']));
    }
}
