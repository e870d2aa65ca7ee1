//! What the terminal client knows, and how each message changes it. It asks nobody anything, so that it can be tried
//! out without a terminal and without a server.

use std::collections::VecDeque;
use std::time::Instant;

use neoirc::client::Message;

use super::window::{Activity, Window};
use crate::clean;
use crate::line::{self, Kind, is_numeric};

/// With so many windows nobody else opens one by speaking; what they say is shown in the first. What one opens oneself
/// is not counted: strangers must not take the windows of one's own channels, which the server numbers anyway.
const WINDOWS_MAX: usize = 100;

/// Everything that is on the screen, or could be.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) nick: String,
    pub(crate) is_away: bool,
    /// The first is that of the server, and always there.
    pub(crate) windows: Vec<Window>,
    pub(crate) active: usize,
    pub(crate) shows_nicks: bool,
    pub(crate) is_connected: bool,
    /// What time it is. It is set from outside.
    pub(crate) now: Instant,
    /// The commands that wait to be taken by the server, in the order in which they were typed.
    pub(crate) waiting: VecDeque<Message>,
}

impl Model {
    pub(crate) fn new(nick: &str) -> Self {
        Self {
            nick: nick.to_owned(),
            is_away: false,
            windows: vec![Window::new("")],
            active: 0,
            shows_nicks: true,
            is_connected: true,
            now: Instant::now(),
            waiting: VecDeque::new(),
        }
    }

    pub(crate) fn window(&self) -> &Window {
        &self.windows[self.active]
    }

    pub(crate) fn window_mut(&mut self) -> &mut Window {
        &mut self.windows[self.active]
    }

    /// The window of this name.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.windows.iter().position(|window| window.is(name))
    }

    /// The window of this name, which is opened where there is none.
    pub(crate) fn open(&mut self, name: &str) -> usize {
        self.find(name).unwrap_or_else(|| {
            self.windows.push(Window::new(name));
            self.windows.len() - 1
        })
    }

    /// The same where it is somebody else who opens it; the first where there are too many.
    fn open_for_others(&mut self, name: &str) -> usize {
        if self.windows.len() < WINDOWS_MAX { self.open(name) } else { self.find(name).unwrap_or(0) }
    }

    /// Shows a window.
    pub(crate) fn show(&mut self, index: usize) {
        if let Some(window) = self.windows.get_mut(index) {
            window.activity = Activity::None;
            window.looked_at();
            self.active = index;
        }
    }

    /// Closes a window, but not the first.
    pub(crate) fn close(&mut self, index: usize) {
        if index != 0 && index < self.windows.len() {
            self.windows.remove(index);
            if self.active >= index {
                self.show(self.active - 1);
            }
        }
    }

    /// Shows the window where most has happened, of several the first.
    pub(crate) fn show_next_active(&mut self) {
        let mut busiest: Option<(Activity, usize)> = None;
        for (index, window) in self.windows.iter().enumerate() {
            if window.activity > busiest.map_or(Activity::None, |(activity, _)| activity) {
                busiest = Some((window.activity, index));
            }
        }
        if let Some((_, index)) = busiest {
            self.show(index);
        }
    }

    /// Says something of our own in the window that is shown.
    pub(crate) fn note(&mut self, text: &str) {
        for text in text.lines() {
            self.window_mut().push(line::ours(text));
        }
    }

    /// Takes in a message of the queue.
    pub(crate) fn hear(&mut self, message: &Message) {
        match message.command.as_str() {
            "PRIVMSG" | "NOTICE" => self.hear_said(message),
            "JOIN" => self.hear_join(message),
            "PART" | "KICK" => self.hear_leave(message),
            "QUIT" => self.hear_quit(message),
            "NICK" => self.hear_nick(message),
            "TOPIC" => {
                let index = self.open_for_others(&message.to);
                self.windows[index].topic = message.lines().join(" ");
                self.add(index, message, Activity::Events);
            }
            "MODE" => {
                let index = self.find(&message.to).unwrap_or(0);
                self.windows[index].change_modes(&message.params);
                self.add(index, message, Activity::Events);
            }
            "INVITE" => self.add(self.active, message, Activity::Mention),
            "TAGMSG" => self.hear_tags(message),
            "MARKREAD" => self.hear_marker(message),
            // Answers to what was typed here.
            "FAIL" | "UNREGISTER" => self.add(self.active, message, Activity::Events),
            // Who shares a channel hears of it from everybody; WHOIS and a message to them tell it where it matters.
            "AWAY" => {}
            command if is_numeric(command) => self.hear_numeric(message),
            _ => self.add(0, message, Activity::Events),
        }
    }

    fn hear_said(&mut self, message: &Message) {
        let is_mine = message.is_from(&self.nick);
        let channel = message.to.trim_start_matches(['@', '+']);
        let is_person = !message.from.is_empty() && !message.from.contains('.');
        let index = if channel.starts_with('#') {
            self.open_for_others(channel)
        } else if is_mine {
            self.open(&message.to)
        } else if message.command == "PRIVMSG" && is_person {
            self.open_for_others(&message.from)
        } else {
            // A NOTICE opens nothing by itself.
            self.find(&message.from).unwrap_or(0)
        };
        let is_to_me = !channel.starts_with('#') && index != 0;
        let window = &mut self.windows[index];
        window.typing.heard(&message.from, false, self.now);
        // Who is heard again may tell again.
        window.typing.is_refused &= !is_mine;
        let is_answer = window.answered_by(message).is_some_and(|line| line.from == self.nick);
        let activity = if is_mine {
            Activity::None
        } else if is_to_me || is_answer || message.lines().iter().any(|text| names(text, &self.nick)) {
            Activity::Mention
        } else {
            Activity::Said
        };
        self.add(index, message, activity);
    }

    fn hear_join(&mut self, message: &Message) {
        let is_mine = message.is_from(&self.nick);
        let was_there = self.find(&message.to).is_some_and(|index| !self.windows[index].members.is_empty());
        let index = if is_mine { self.open(&message.to) } else { self.open_for_others(&message.to) };
        let window = &mut self.windows[index];
        if is_mine {
            window.members.clear();
            window.is_filling = true;
        }
        window.add(&message.from, false, false);
        if !(is_mine && was_there) {
            self.add(index, message, Activity::Events);
        }
    }

    fn hear_leave(&mut self, message: &Message) {
        let Some(index) = self.find(&message.to) else { return };
        let is_kick = message.command == "KICK";
        let who =
            if is_kick { message.params.first().cloned().unwrap_or_default() } else { message.from.clone() };
        let is_me = who.eq_ignore_ascii_case(&self.nick);
        if is_me && !is_kick {
            self.close(index);
            return;
        }
        self.windows[index].remove(&who);
        if is_me {
            self.windows[index].members.clear();
        }
        self.add(index, message, if is_me { Activity::Mention } else { Activity::Events });
    }

    fn hear_quit(&mut self, message: &Message) {
        for index in 0..self.windows.len() {
            if self.windows[index].remove(&message.from).is_some() || self.windows[index].is(&message.from) {
                self.add(index, message, Activity::Events);
            }
        }
    }

    fn hear_nick(&mut self, message: &Message) {
        let nick = message.lines().first().cloned().unwrap_or_default();
        let is_mine = message.is_from(&self.nick);
        for index in 0..self.windows.len() {
            let window = &mut self.windows[index];
            let is_talk = !window.name.is_empty() && window.is(&message.from);
            if is_talk {
                window.name.clone_from(&nick);
            }
            let member = window.remove(&message.from);
            if let Some(member) = &member {
                window.add(&nick, member.is_operator, member.is_voiced);
            }
            if member.is_some() || is_talk || (is_mine && index == 0) {
                self.add(index, message, Activity::Events);
            }
        }
        if is_mine {
            self.nick = nick;
        }
    }

    fn hear_numeric(&mut self, message: &Message) {
        let channel = message.params.iter().take(2).find(|param| param.starts_with('#'));
        let index = channel.and_then(|channel| self.find(channel));
        let text = message.lines().join(" ");
        let activity = Activity::Events;
        match (message.command.as_str(), index) {
            ("001", _) => {
                self.nick.clone_from(&message.to);
                self.add(0, message, activity);
            }
            ("332", Some(index)) => {
                self.windows[index].topic = text;
                if !self.windows[index].is_filling {
                    self.add(index, message, activity);
                }
            }
            ("333", Some(index)) if self.windows[index].is_filling => {}
            ("353", Some(index)) => {
                self.windows[index].add_names(&text);
                if !self.windows[index].is_filling {
                    self.add(index, message, activity);
                }
            }
            ("366", Some(index)) => self.windows[index].is_filling = false,
            ("305" | "306", _) => {
                self.is_away = message.command == "306";
                self.add(self.active, message, activity);
            }
            (numeric, _) if is_welcome(numeric) => self.add(0, message, activity),
            (_, index) => self.add(index.unwrap_or(self.active), message, activity),
        }
    }

    /// Appends a message to a window, and notes that something happened there.
    fn add(&mut self, index: usize, message: &Message, activity: Activity) {
        let is_shown = index == self.active;
        let Some(window) = self.windows.get_mut(index) else { return };
        let quote = window.answered_by(message).map(line::Line::quoted).unwrap_or_default();
        let lines = line::answering(message, &quote);
        window.note_newest(message);
        if !is_shown && lines.iter().any(|line| line.kind != Kind::Server || index != 0) {
            window.activity = window.activity.max(activity);
        }
        for line in lines {
            window.push(line);
        }
    }

    /// What of a window is in the bar at the top.
    pub(crate) fn top(&self) -> String {
        let window = self.window();
        match (window.name.is_empty(), window.is_channel()) {
            (true, _) => concat!("neoirc ", env!("CARGO_PKG_VERSION"), ": /help").to_owned(),
            (_, true) => clean::line(&window.topic),
            _ => format!("Talk with {}", window.title()),
        }
    }

    /// What is in the bar at the bottom, behind the time.
    pub(crate) fn status(&self) -> String {
        let away = if self.is_away { " (away)" } else { "" };
        let name = format!("{}{away}", clean::line(&self.nick));
        let mut parts = vec![name, format!("{}:{}", self.active + 1, self.window().title())];
        // In front of what may be longer than the bar.
        if !self.is_connected {
            parts.push("not connected, trying again".to_owned());
            if !self.waiting.is_empty() {
                parts.push(format!("{} to be sent", self.waiting.len()));
            }
        }
        let busy = self.windows.iter().enumerate().filter(|(_, window)| window.activity > Activity::None);
        let busy: Vec<String> = busy
            .map(|(index, window)| {
                let mark = match window.activity {
                    Activity::Mention => "!",
                    Activity::Said => "",
                    _ => "-",
                };
                format!("{}{mark}", index + 1)
            })
            .collect();
        if !busy.is_empty() {
            parts.push(format!("Act: {}", busy.join(",")));
        }
        parts.extend(self.window().typing.shown(self.now));
        let mut status = parts.iter().map(|part| format!("[{part}]")).collect::<Vec<_>>().join(" ");
        if self.window().below > 0 {
            status.push_str(" -- more --");
        }
        status
    }
}

/// Whether a numeric is one of those with which a server greets.
fn is_welcome(numeric: &str) -> bool {
    let number = numeric.parse().unwrap_or(0);
    matches!(number, 1..=5 | 251..=266 | 372..=376 | 422)
}

/// Whether a text names this nick, as a word of its own.
fn names(text: &str, nick: &str) -> bool {
    let is_of_nick = |c: char| c.is_ascii_alphanumeric() || "_-[]\\^{}|`".contains(c);
    text.split(|c| !is_of_nick(c)).any(|word| word.eq_ignore_ascii_case(nick))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn model() -> Model {
        let mut model = Model::new("me");
        hear(&mut model, "me", Message::new("JOIN").to("#tea"));
        hear(
            &mut model,
            "irc.test",
            Message::new("353").to("me").param("=").param("#tea").body("@alice +bob me"),
        );
        hear(&mut model, "irc.test", Message::new("366").to("me").param("#tea").body("End"));
        model
    }

    fn hear(model: &mut Model, from: &str, message: Message) {
        model.hear(&Message { from: from.to_owned(), ..message });
    }

    #[test]
    fn a_channel_knows_who_is_there_and_of_which_rank() {
        let mut model = model();
        assert_eq!(model.windows[1].listed(), ["@alice", "+bob", " me"]);
        hear(
            &mut model,
            "alice",
            Message::new("MODE").to("#tea").param("+o-v+b").param("me").param("bob").param("x!*@*"),
        );
        hear(&mut model, "bob", Message::new("NICK").body("bobby"));
        assert_eq!(model.windows[1].listed(), ["@alice", "@me", " bobby"]);
        hear(&mut model, "alice", Message::new("KICK").to("#tea").param("bobby"));
        hear(&mut model, "alice", Message::new("QUIT"));
        assert_eq!(model.windows[1].listed(), ["@me"]);
        hear(&mut model, "me", Message::new("PART").to("#tea"));
        assert_eq!(model.windows.len(), 1);
    }

    #[test]
    fn windows_tell_what_happened_in_them() {
        let mut model = model();
        hear(&mut model, "bob", Message::new("PRIVMSG").to("#tea").body("hello"));
        assert!(model.status().contains("[Act: 2]"), "{}", model.status());
        hear(&mut model, "bob", Message::new("PRIVMSG").to("#tea").body("ME: hello"));
        hear(&mut model, "bob", Message::new("PRIVMSG").to("me").body("psst"));
        hear(&mut model, "me", Message::new("PRIVMSG").to("carol").body("psst"));
        assert!(model.status().contains("[Act: 2!,3!]"), "{}", model.status());
        model.show_next_active();
        assert_eq!((model.active, model.windows[3].name.as_str()), (1, "carol"));
        model.close(1);
        assert_eq!(model.active, 0);
    }

    #[test]
    fn history_and_queue_say_a_thing_once() {
        let mut model = model();
        let said = |seq, text: &str| Message {
            seq,
            from: "bob".to_owned(),
            ..Message::new("PRIVMSG").to("#tea").body(text)
        };
        model.windows[1].prepend(&[said(5, "five"), said(6, "six")]);
        model.hear(&said(6, "six"));
        model.hear(&said(7, "seven"));
        model.windows[1].prepend(&[said(4, "four"), said(5, "five")]);
        let texts: Vec<_> =
            model.windows[1].lines.iter().filter(|line| line.seq > 0).map(|line| line.seq).collect();
        assert_eq!(texts, [4, 5, 6, 7]);
    }

    /// In what comes one by one, and in a page of history, where the original stands before the answer.
    #[test]
    fn answers_tell_what_they_answer() {
        let said = |seq: u64, text: &str, answered: u128| {
            let message = Message::new("PRIVMSG").to("#tea").body(text);
            let message = match answered {
                0 => message,
                answered => message.meta("reply", Uuid::from_u128(answered).to_string()),
            };
            let from = if seq == 1 { "me" } else { "bob" }.to_owned();
            Message { seq, id: Some(Uuid::from_u128(seq.into())), from, ..message }
        };
        let page = [said(1, "tea?", 0), said(2, "yes", 1), said(3, "and biscuits", 2), said(4, "what?", 9)];
        let expected =
            ["<me> tea?", "<bob> [↪ me: tea?] yes", "<bob> [↪ bob: yes] and biscuits", "<bob> what?"];
        let texts = |model: &Model| {
            let lines = model.windows[1].lines.iter().filter(|line| line.kind == Kind::Said);
            lines.map(|line| line.text.clone()).collect::<Vec<_>>()
        };
        let (mut one, mut other) = (model(), model());
        for message in &page {
            one.hear(message);
        }
        other.windows[1].prepend(&page);
        assert_eq!((texts(&one), texts(&other)), (expected.map(str::to_owned).to_vec(), texts(&one)));
        assert_eq!(one.windows[1].activity, Activity::Mention, "whom one answers is spoken to");
    }

    #[test]
    fn strangers_cannot_open_windows_without_end() {
        let mut model = model();
        for number in 0..1000 {
            hear(&mut model, &format!("n{number}"), Message::new("PRIVMSG").to("me").body("hi"));
        }
        assert_eq!(model.windows.len(), WINDOWS_MAX);
        // One's own channels and talks have windows all the same.
        hear(&mut model, "me", Message::new("JOIN").to("#milk"));
        hear(&mut model, "bob", Message::new("PRIVMSG").to("#milk").body("hi"));
        hear(&mut model, "me", Message::new("PRIVMSG").to("carol").body("hi"));
        let talk = model.open("dora");
        let names: Vec<_> = model.windows[WINDOWS_MAX..].iter().map(|window| window.name.as_str()).collect();
        assert_eq!((names, talk), (vec!["#milk", "carol", "dora"], WINDOWS_MAX + 2));
        assert_eq!(model.windows[WINDOWS_MAX].lines.len(), 2);
    }

    #[test]
    fn a_lost_connection_is_in_sight_however_much_happens() {
        let mut model = model();
        for number in 0..40 {
            hear(&mut model, &format!("n{number}"), Message::new("PRIVMSG").to("me").body("hi"));
        }
        model.is_connected = false;
        model.waiting.push_back(Message::new("AWAY"));
        let status = model.status();
        let shown: String = status.chars().take(72).collect();
        assert!(
            shown.contains("[not connected, trying again] [1 to be sent] [Act: 2-"),
            "at the beginning of {status}"
        );
    }
}
