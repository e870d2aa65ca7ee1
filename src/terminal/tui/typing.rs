//! Who is typing: what is heard of others, and how often others are told of oneself.
//! Source: <https://ircv3.net/specs/client-tags/typing>

use std::time::{Duration, Instant};

use crate::clean;

/// How long somebody types who has said so and says nothing more.
const EXPIRES: Duration = Duration::from_secs(6);

/// How often at most others are told.
const PAUSE: Duration = Duration::from_secs(3);

/// Most of those who type that are remembered. More than three have no names on the screen anyway.
const PEOPLE_MAX: usize = 20;

/// Those who are typing in one window.
#[derive(Debug, Default)]
pub(crate) struct Typing {
    people: Vec<(String, Instant)>,
    /// Whether the server has refused to tell them that one is typing oneself.
    pub(crate) is_refused: bool,
}

impl Typing {
    /// Somebody types, or has stopped.
    pub(crate) fn heard(&mut self, nick: &str, is_typing: bool, now: Instant) {
        self.people.retain(|(known, until)| *until > now && !known.eq_ignore_ascii_case(nick));
        if is_typing && self.people.len() < PEOPLE_MAX {
            self.people.push((nick.to_owned(), now + EXPIRES));
        }
    }

    /// What the bar at the bottom says of it.
    pub(crate) fn shown(&self, now: Instant) -> Option<String> {
        let nicks: Vec<String> =
            self.people.iter().filter(|(_, until)| *until > now).map(|(nick, _)| clean::line(nick)).collect();
        match nicks.len() {
            0 => None,
            1 => Some(format!("{} is typing…", nicks[0])),
            2 | 3 => Some(format!("{} are typing…", nicks.join(", "))),
            many => Some(format!("{many} are typing…")),
        }
    }
}

/// What others know of one's own typing.
#[derive(Debug, Default)]
pub(crate) struct Composing {
    last: Option<Instant>,
    /// Where they take us for typing.
    place: Option<String>,
}

impl Composing {
    /// The text has changed, in the window of `place`. Gives whom to tell what, if anything is to be told.
    pub(crate) fn typed(&mut self, place: &str, text: &str, now: Instant) -> Option<(String, &'static str)> {
        let since = self.last.map(|last| now.saturating_duration_since(last));
        if since.is_some_and(|since| since < PAUSE) {
            return None;
        }
        let told = if is_said(text) && !place.is_empty() {
            self.place = Some(place.to_owned());
            (place.to_owned(), "active")
        } else {
            let told = self.place.take()?;
            // Later they have forgotten it by themselves.
            since.filter(|since| *since < EXPIRES)?;
            (told, "done")
        };
        self.last = Some(now);
        Some(told)
    }

    /// It is said: whoever hears it knows that the typing is over.
    pub(crate) fn said(&mut self) {
        self.place = None;
    }
}

/// Whether this, once finished, is said to others: commands are nobody's business.
fn is_said(text: &str) -> bool {
    !text.trim().is_empty() && (!text.starts_with('/') || text.starts_with("//") || text.starts_with("/me "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn who_types_is_shown_for_six_seconds() {
        let (mut typing, now) = (Typing::default(), Instant::now());
        assert_eq!(typing.shown(now), None);
        typing.heard("bob", true, now);
        assert_eq!(typing.shown(now + 5 * SECOND).unwrap(), "bob is typing…");
        assert_eq!(typing.shown(now + 6 * SECOND), None);
        typing.heard("BOB", true, now + 5 * SECOND);
        typing.heard("carol", true, now + 5 * SECOND);
        assert_eq!(typing.shown(now + 10 * SECOND).unwrap(), "BOB, carol are typing…");
        typing.heard("bob", false, now + 10 * SECOND);
        assert_eq!(typing.shown(now + 10 * SECOND).unwrap(), "carol is typing…");
        for number in 0..1000 {
            typing.heard(&format!("n{number}"), true, now + 10 * SECOND);
        }
        assert_eq!(typing.people.len(), PEOPLE_MAX);
        assert_eq!(typing.shown(now + 10 * SECOND).unwrap(), "20 are typing…");
    }

    #[test]
    fn others_are_told_every_three_seconds_at_most() {
        let (mut composing, now) = (Composing::default(), Instant::now());
        let active = |place: &str| Some((place.to_owned(), "active"));
        assert_eq!(composing.typed("#tea", "h", now), active("#tea"));
        assert_eq!(composing.typed("#tea", "he", now + 2 * SECOND), None);
        assert_eq!(composing.typed("bob", "he", now + 2 * SECOND), None, "wherever it is");
        assert_eq!(composing.typed("#tea", "hel", now + 3 * SECOND), active("#tea"));
        assert_eq!(composing.typed("#tea", "", now + 4 * SECOND), None);
        assert_eq!(composing.typed("#tea", "h", now + 6 * SECOND), active("#tea"));
        assert_eq!(composing.typed("#tea", "", now + 10 * SECOND), Some(("#tea".to_owned(), "done")));
        assert_eq!(composing.typed("#tea", "h", now + 20 * SECOND), active("#tea"));
        composing.said();
        assert_eq!(composing.typed("#tea", "", now + 24 * SECOND), None, "what was said says it");
    }

    #[test]
    fn nobody_is_told_of_commands() {
        for text in ["", "  ", "/", "/register secret", "/msg bob hi"] {
            assert_eq!(Composing::default().typed("#tea", text, Instant::now()), None, "{text}");
        }
        for text in ["hi", "//join", "/me waves"] {
            assert!(Composing::default().typed("#tea", text, Instant::now()).is_some(), "{text}");
            assert_eq!(Composing::default().typed("", text, Instant::now()), None, "{text}");
        }
    }
}
