//! One window: what was said in it, who is there, and what of it nobody has looked at yet.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use neoirc::client::Message;
use uuid::Uuid;

use super::typing::Typing;
use crate::clean;
use crate::clock;
use crate::line::{self, Kind, Line};

/// Most lines that a window remembers. What is older comes from the server again when somebody scrolls there.
const LINES_MAX: usize = 3_000;

/// What has happened in a window since it was last looked at, the least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Activity {
    None,
    Events,
    Said,
    /// One was named, or spoken to alone.
    Mention,
}

/// A channel, a talk with one person, or what the server says.
#[derive(Debug)]
pub(crate) struct Window {
    /// As the server spells it; empty for the first window. Shown only after it was cleaned.
    pub(crate) name: String,
    pub(crate) topic: String,
    pub(crate) lines: VecDeque<Line>,
    /// Who is there, by their nicks in lower case.
    pub(crate) members: BTreeMap<String, Member>,
    pub(crate) activity: Activity,
    /// How many lines are below what is shown.
    pub(crate) below: usize,
    /// Whether the names that come are part of coming in, and not an answer.
    pub(crate) is_filling: bool,
    /// Whether there is nothing older.
    pub(crate) has_all: bool,
    /// Whether older lines were asked for.
    pub(crate) is_loading: bool,
    /// Who is typing.
    pub(crate) typing: Typing,
    /// When the newest was said.
    newest: Option<Timestamp>,
    /// Up to when it was on the screen here.
    read: Option<Timestamp>,
    /// Up to when all devices know that it was read.
    marked: Option<Timestamp>,
    /// The newest line that came as history: what the queue says up to it was shown.
    newest_of_history: u64,
}

/// Somebody in a channel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Member {
    pub(crate) nick: String,
    pub(crate) is_operator: bool,
    pub(crate) is_voiced: bool,
}

impl Member {
    /// `@`, `+` or a blank.
    pub(crate) const fn rank(&self) -> char {
        match (self.is_operator, self.is_voiced) {
            (true, _) => '@',
            (_, true) => '+',
            _ => ' ',
        }
    }
}

impl Window {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            topic: String::new(),
            lines: VecDeque::new(),
            members: BTreeMap::new(),
            activity: Activity::None,
            below: 0,
            is_filling: false,
            // There is no history of what the server says.
            has_all: name.is_empty(),
            is_loading: false,
            typing: Typing::default(),
            newest: None,
            read: None,
            marked: None,
            newest_of_history: 0,
        }
    }

    pub(crate) fn is_channel(&self) -> bool {
        self.name.starts_with('#')
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The name as it is shown.
    pub(crate) fn title(&self) -> String {
        if self.name.is_empty() { "(status)".to_owned() } else { clean::line(&self.name) }
    }

    /// Appends a line.
    pub(crate) fn push(&mut self, line: Line) {
        let is_said = matches!(line.kind, Kind::Said | Kind::Notice);
        if is_said && line.seq != 0 && line.seq <= self.newest_of_history {
            return;
        }
        self.lines.push_back(line);
        if self.below > 0 {
            // What is being read stays where it is.
            self.below += 1;
        }
        if self.lines.len() > LINES_MAX {
            self.lines.pop_front();
            self.has_all = self.name.is_empty();
        }
    }

    /// Puts older lines in front.
    pub(crate) fn prepend(&mut self, page: &[Message]) {
        self.is_loading = false;
        self.has_all |= page.is_empty();
        let oldest = self.oldest().unwrap_or(u64::MAX);
        let mut older: Vec<Line> = Vec::new();
        for message in page.iter().filter(|message| message.seq < oldest) {
            let answered = answered(message).and_then(|id| find(older.iter(), id).or_else(|| self.find(id)));
            let lines = line::answering(message, &answered.map(Line::quoted).unwrap_or_default());
            older.extend(lines);
        }
        for line in older.into_iter().rev() {
            self.lines.push_front(line);
        }
        if let Some(newest) = page.last() {
            self.newest_of_history = self.newest_of_history.max(newest.seq);
            self.note_newest(newest);
        }
    }

    /// Notes when the newest was said.
    pub(crate) fn note_newest(&mut self, message: &Message) {
        if matches!(message.command.as_str(), "PRIVMSG" | "NOTICE") {
            self.newest = self.newest.max(clock::time(&message.ts));
        }
    }

    /// Somebody looks at it, so that all of it is read.
    pub(crate) fn looked_at(&mut self) {
        self.read = self.newest;
    }

    /// Up to when it was read, where no other device knows that yet. From now on they do.
    pub(crate) fn take_read(&mut self) -> Option<Timestamp> {
        let read = self.read.filter(|read| self.marked.is_none_or(|marked| in_ms(*read) > in_ms(marked)))?;
        self.marked = Some(read);
        Some(read)
    }

    /// It was read up to then, on whatever device.
    pub(crate) fn is_read_to(&mut self, time: Timestamp) {
        self.marked = self.marked.max(Some(time));
        if self.newest.is_none_or(|newest| in_ms(newest) <= in_ms(time)) {
            self.activity = Activity::None;
        }
    }

    /// The line that a message answers, if it is here.
    pub(crate) fn answered_by(&self, message: &Message) -> Option<&Line> {
        self.find(answered(message)?)
    }

    fn find(&self, id: Uuid) -> Option<&Line> {
        find(self.lines.iter(), id)
    }

    /// The place of the oldest that was said here.
    pub(crate) fn oldest(&self) -> Option<u64> {
        let said = |line: &&Line| line.seq != 0 && matches!(line.kind, Kind::Said | Kind::Notice);
        self.lines.iter().find(said).map(|line| line.seq)
    }

    /// Whether somebody who scrolls up is about to see the end of what is here.
    pub(crate) fn wants_more(&self, rows: usize) -> bool {
        !self.has_all && !self.is_loading && self.lines.len() <= self.below + rows
    }

    /// Takes in the names of a 353.
    pub(crate) fn add_names(&mut self, names: &str) {
        for name in names.split_ascii_whitespace() {
            let nick = name.trim_start_matches(['@', '+']);
            let rank = name.strip_suffix(nick).unwrap_or_default();
            self.add(nick, rank.contains('@'), rank.contains('+'));
        }
    }

    pub(crate) fn add(&mut self, nick: &str, is_operator: bool, is_voiced: bool) {
        let member = Member { nick: nick.to_owned(), is_operator, is_voiced };
        self.members.insert(nick.to_ascii_lowercase(), member);
    }

    pub(crate) fn remove(&mut self, nick: &str) -> Option<Member> {
        self.members.remove(&nick.to_ascii_lowercase())
    }

    /// Applies those modes of a channel that people have.
    pub(crate) fn change_modes(&mut self, words: &[String]) {
        let Some((modes, arguments)) = words.split_first() else { return };
        let mut arguments = arguments.iter();
        let mut is_set = true;
        for letter in modes.chars() {
            match letter {
                '+' => is_set = true,
                '-' => is_set = false,
                'o' | 'v' => {
                    let nick = arguments.next().map(|nick| nick.to_ascii_lowercase()).unwrap_or_default();
                    if let Some(member) = self.members.get_mut(&nick) {
                        if letter == 'o' {
                            member.is_operator = is_set;
                        } else {
                            member.is_voiced = is_set;
                        }
                    }
                }
                'b' | 'e' | 'I' | 'k' => drop(arguments.next()),
                'l' | 'H' if is_set => drop(arguments.next()),
                _ => {}
            }
        }
    }

    /// The members as they are listed: by rank, then by nick.
    pub(crate) fn listed(&self) -> Vec<String> {
        let mut members: Vec<&Member> = self.members.values().collect();
        members.sort_by_key(|member| match member.rank() {
            '@' => 0,
            '+' => 1,
            _ => 2,
        });
        members.into_iter().map(|member| format!("{}{}", member.rank(), clean::line(&member.nick))).collect()
    }
}

/// The message that this one answers.
fn answered(message: &Message) -> Option<Uuid> {
    message.meta.as_ref()?.get("reply")?.as_str()?.parse().ok()
}

/// The first line of the message with this id.
fn find<'a>(mut lines: impl Iterator<Item = &'a Line>, id: Uuid) -> Option<&'a Line> {
    lines.find(|line| line.id == Some(id) && matches!(line.kind, Kind::Said | Kind::Notice))
}
/// Markers have whole milliseconds.
fn in_ms(time: Timestamp) -> i64 {
    time.as_millisecond()
}
