//! What is typed: commands with a slash, and what is said.

use neoirc::client::Message;

/// What a line asks for.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Typed {
    /// Nothing.
    Nothing,
    /// A command for the server.
    Send(Box<Message>),
    /// To say something, and show the window of whom it is said to.
    Talk(String, Option<String>),
    /// To leave for good, and end the session.
    Quit(Option<String>),
    /// To leave the terminal and let the session go on.
    Detach,
    Window(String),
    Close,
    Clear,
    Nicks,
    Search(String),
    /// To drop one's account, whatever it is called.
    Unregister,
    Help,
    /// To be told what is wrong.
    Warn(String),
}

/// What `/help` says.
pub(crate) const HELP: &str = "\
/join #channel [key]   /part [#channel] [reason]   /close   /window N   /clear
/msg nick text   /query nick [text]   /notice target text   /me text   //text says /text
/nick nick   /away [text]   /back   /whois nick   /who mask   /names [#channel]   /list [mask]
/topic [text]   /mode [target] modes   /op /deop /voice /devoice nick   /kick nick [reason]
/ban mask   /unban mask   /invite nick [#channel]   /search words   /raw LINE   /nicks   /detach   /quit [reason]
/register password: keeps your nick for you when the session has ended   /unregister: no longer
Alt+1..0 and Alt+Left/Right: windows. Alt+A: where something happened. Tab: completes. Up: what was typed before.
PgUp: back, as far as the server remembers. Ctrl+C: leaves the terminal; the session goes on, /quit ends it.";

/// The commands with a slash, for completion.
pub(crate) const COMMANDS: &[&str] = &[
    "away",
    "back",
    "ban",
    "clear",
    "close",
    "deop",
    "detach",
    "devoice",
    "help",
    "invite",
    "join",
    "kick",
    "list",
    "me",
    "mode",
    "motd",
    "msg",
    "names",
    "nick",
    "nicks",
    "notice",
    "op",
    "oper",
    "part",
    "query",
    "quit",
    "raw",
    "register",
    "search",
    "topic",
    "unban",
    "unregister",
    "voice",
    "who",
    "whois",
    "whowas",
    "window",
];

/// Reads a line, typed in the window of `place`, which is empty for the first.
pub(crate) fn read(text: &str, place: &str) -> Typed {
    if text.trim().is_empty() {
        return Typed::Nothing;
    }
    let said = match text.strip_prefix('/') {
        None => text,
        // A slash itself.
        Some(rest) if rest.starts_with('/') => rest,
        Some(rest) => {
            let (command, words) = rest.split_once([' ', '\n']).unwrap_or((rest, ""));
            return slash(&command.to_ascii_lowercase(), words.trim(), place);
        }
    };
    if place.is_empty() {
        return warn("nobody would hear this here: /join #channel, or /msg nick text");
    }
    sends(Message::new("PRIVMSG").to(place).body(said))
}

/// Where in a line a password begins, in characters.
pub(crate) fn secret_at(text: &str) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    let front = if lower.starts_with("/register ") {
        "/register ".len()
    } else if lower.starts_with("/oper ") {
        // Behind the name.
        text.char_indices().filter(|(_, c)| c.is_whitespace()).nth(1)?.0 + 1
    } else {
        return None;
    };
    Some(text.get(..front)?.chars().count())
}

fn warn(text: &str) -> Typed {
    Typed::Warn(text.to_owned())
}

fn sends(message: Message) -> Typed {
    Typed::Send(Box::new(message))
}

/// The first word, and what is behind it.
fn first(words: &str) -> (&str, &str) {
    let (word, rest) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
    (word, rest.trim_start())
}

/// A command with these arguments, without empty ones at the end.
fn send(command: &str, arguments: &[&str]) -> Typed {
    let mut message = arguments.iter().fold(Message::new(command), |message, word| message.param(*word));
    while message.params.last().is_some_and(String::is_empty) {
        message.params.pop();
    }
    sends(message)
}

fn slash(command: &str, words: &str, place: &str) -> Typed {
    let channel = if place.starts_with('#') { place } else { "" };
    let (word, rest) = first(words);
    // For those commands whose first argument may name another channel.
    let (there, text) = if word.starts_with('#') { (word, rest) } else { (channel, words) };
    let here =
        |typed: Typed| if there.is_empty() { warn("this is not the window of a channel") } else { typed };
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let wanted = |typed: Typed, usage: &str| if words.is_empty() { warn(usage) } else { typed };
    match command {
        "join" | "j" => {
            let name =
                if word.starts_with('#') || word == "0" { word.to_owned() } else { format!("#{word}") };
            wanted(send("JOIN", &[&name, rest]), "/join #channel [key]")
        }
        "part" | "leave" => here(send("PART", &[there, text])),
        "msg" | "m" if rest.is_empty() => warn("/msg nick text"),
        "msg" | "m" => Typed::Talk(word.to_owned(), some(rest)),
        "query" | "q" => wanted(Typed::Talk(word.to_owned(), some(rest)), "/query nick [text]"),
        "notice" if rest.is_empty() => warn("/notice target text"),
        "notice" => sends(Message::new("NOTICE").to(word).body(rest)),
        "me" if place.is_empty() => warn("nobody would see this here"),
        "me" => {
            let text = format!("\u{1}ACTION {}\u{1}", words.replace('\n', " "));
            wanted(sends(Message::new("PRIVMSG").to(place).body(text)), "/me text")
        }
        "nick" => wanted(send("NICK", &[word]), "/nick nick"),
        "topic" => here(send("TOPIC", &[there, text])),
        "mode" if words.is_empty() && place.is_empty() => warn("/mode [target] modes"),
        "mode" => mode(place, words),
        "op" => here(wanted(each(there, "+o", text), "/op nick")),
        "deop" => here(wanted(each(there, "-o", text), "/deop nick")),
        "voice" => here(wanted(each(there, "+v", text), "/voice nick")),
        "devoice" => here(wanted(each(there, "-v", text), "/devoice nick")),
        "ban" => here(wanted(each(there, "+b", text), "/ban mask")),
        "unban" => here(wanted(each(there, "-b", text), "/unban mask")),
        "kick" | "k" => {
            let (nick, reason) = first(text);
            here(wanted(send("KICK", &[there, nick, reason]), "/kick nick [reason]"))
        }
        "invite" if rest.is_empty() && channel.is_empty() => warn("/invite nick #channel"),
        "invite" => {
            wanted(send("INVITE", &[word, if rest.is_empty() { channel } else { rest }]), "/invite nick")
        }
        "away" => send("AWAY", &[words]),
        "back" => send("AWAY", &[]),
        "whois" | "wi" => wanted(send("WHOIS", &[word]), "/whois nick"),
        "whowas" => wanted(send("WHOWAS", &[word]), "/whowas nick"),
        "who" => wanted(send("WHO", &[word]), "/who mask"),
        "names" | "n" => here(send("NAMES", &[there])),
        "list" => send("LIST", &[words]),
        "motd" => send("MOTD", &[]),
        "oper" => wanted(send("OPER", &[word, rest]), "/oper name password"),
        "register" => wanted(send("REGISTER", &["*", "*", words]), "/register password"),
        "unregister" => Typed::Unregister,
        "search" => wanted(Typed::Search(words.to_owned()), "/search words"),
        "raw" | "quote" => wanted(raw(words), "/raw LINE"),
        "window" | "win" | "w" => wanted(Typed::Window(word.to_owned()), "/window N"),
        "close" | "wc" => Typed::Close,
        "clear" => Typed::Clear,
        "nicks" => Typed::Nicks,
        "help" => Typed::Help,
        "detach" => Typed::Detach,
        "quit" | "exit" => Typed::Quit(some(words)),
        _ => Typed::Warn(format!("unknown command: /{command} (nothing was sent; //{command} says it)")),
    }
}

/// `/mode`, of somebody else if the first word is no mode.
fn mode(place: &str, words: &str) -> Typed {
    let (word, rest) = first(words);
    let is_target = !word.is_empty() && !word.starts_with(['+', '-']);
    let (target, modes) = if is_target { (word, rest) } else { (place, words) };
    let mut arguments = vec![target];
    arguments.extend(modes.split_whitespace());
    send("MODE", &arguments)
}

/// The same mode for each of these.
fn each(channel: &str, mode: &str, names: &str) -> Typed {
    let names: Vec<&str> = names.split_whitespace().collect();
    let mut chars = mode.chars();
    let (sign, letter) = (chars.next().unwrap_or('+'), chars.as_str());
    let modes = format!("{sign}{}", letter.repeat(names.len()));
    let mut arguments = vec![channel, &modes];
    arguments.extend(names);
    send("MODE", &arguments)
}

/// A line of IRC as a message.
fn raw(line: &str) -> Typed {
    let (front, trailing) = match line.split_once(" :") {
        Some((front, trailing)) => (front, Some(trailing)),
        None => (line, None),
    };
    let mut words = front.split_whitespace().map(str::to_owned).chain(trailing.map(str::to_owned));
    let command = words.next().unwrap_or_default().to_ascii_uppercase();
    if matches!(command.as_str(), "PRIVMSG" | "NOTICE" | "TAGMSG") {
        let message = Message::new(command).to(words.next().unwrap_or_default());
        return sends(match words.next() {
            Some(text) => message.body(text),
            None => message,
        });
    }
    sends(words.fold(Message::new(command), Message::param))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(text: &str) -> String {
        match read(text, "#tea") {
            Typed::Send(message) => {
                let mut words = vec![message.command.clone()];
                words.extend(Some(message.to.clone()).filter(|to| !to.is_empty()));
                words.extend(message.params.iter().cloned());
                words.extend(message.lines().iter().cloned());
                words.join("|")
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn lines_are_read_as_in_other_clients() {
        for (typed, expected) in [
            ("hello", "PRIVMSG|#tea|hello"),
            ("//join is a command", "PRIVMSG|#tea|/join is a command"),
            ("two\nlines", "PRIVMSG|#tea|two|lines"),
            ("/me waves", "PRIVMSG|#tea|\u{1}ACTION waves\u{1}"),
            ("/JOIN rust", "JOIN|#rust"),
            ("/join #rust secret", "JOIN|#rust|secret"),
            ("/part", "PART|#tea"),
            ("/part #rust so long", "PART|#rust|so long"),
            ("/topic", "TOPIC|#tea"),
            ("/topic More tea", "TOPIC|#tea|More tea"),
            ("/mode +o bob", "MODE|#tea|+o|bob"),
            ("/mode bob +i", "MODE|bob|+i"),
            ("/mode", "MODE|#tea"),
            ("/op bob carol", "MODE|#tea|+oo|bob|carol"),
            ("/kick bob too loud", "KICK|#tea|bob|too loud"),
            ("/invite bob", "INVITE|bob|#tea"),
            ("/away", "AWAY"),
            ("/away gone fishing", "AWAY|gone fishing"),
            ("/raw privmsg #a :b c", "PRIVMSG|#a|b c"),
            ("/register correct horse", "REGISTER|*|*|correct horse"),
            ("/raw mode #a +k :b", "MODE|#a|+k|b"),
        ] {
            assert_eq!(sent(typed), expected, "{typed}");
        }
    }

    #[test]
    fn what_is_not_understood_is_never_said() {
        for typed in [
            "/",
            "/jion #x",
            "/msg",
            "/msg bob",
            "/join",
            "/kick",
            "/op",
            "/nick",
            "/raw",
            "/search",
            "/register",
        ] {
            assert!(matches!(read(typed, "#tea"), Typed::Warn(_)), "{typed}");
        }
        for typed in ["hello", "/me waves", "/topic x", "/part", "/names"] {
            assert!(matches!(read(typed, ""), Typed::Warn(_)), "{typed}");
        }
        assert_eq!(read("  ", "#tea"), Typed::Nothing);
    }

    #[test]
    fn it_is_known_where_a_password_begins() {
        for (text, place) in [
            ("/register secret", Some(10)),
            ("/REGISTER ", Some(10)),
            ("/oper root secret", Some(11)),
            ("/oper é secret", Some(8)),
            ("/oper root", None),
            ("/registered", None),
            ("register secret", None),
            ("", None),
        ] {
            assert_eq!(secret_at(text), place, "{text}");
        }
    }

    #[test]
    fn every_command_that_is_completed_is_known() {
        for command in COMMANDS {
            let typed = read(&format!("/{command} #a b c"), "#tea");
            assert!(!matches!(&typed, Typed::Warn(text) if text.contains("unknown")), "{command}");
        }
    }
}
