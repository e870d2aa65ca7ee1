//! What people attend to: who is typing, and how far one has read, here and on one's other devices.

use jiff::Timestamp;
use neoirc::client::Message;

use super::model::Model;
use crate::clock;

impl Model {
    /// Takes in that somebody types, where there is a window for it.
    pub(super) fn hear_tags(&mut self, message: &Message) {
        let typing = message.meta.as_ref().and_then(|meta| meta.get("typing")?.as_str());
        let place = if message.is_to_channel() { &message.to } else { &message.from };
        let index = self.find(place).filter(|index| *index != 0 && !message.is_from(&self.nick));
        if let (Some(typing), Some(index)) = (typing, index) {
            self.windows[index].typing.heard(&message.from, typing == "active", self.now);
        }
    }

    /// Takes in that one has read something, on whatever device.
    pub(super) fn hear_marker(&mut self, message: &Message) {
        let time = message.params.first().and_then(|param| clock::time(param.strip_prefix("timestamp=")?));
        let index = self.find(&message.to).filter(|index| *index != 0);
        if let (Some(time), Some(index)) = (time, index) {
            self.windows[index].is_read_to(time);
        }
    }

    /// What was read here since this was asked last: the windows, each with the time of the newest that it showed.
    /// `is_looked_at` says whether there is somebody before the screen.
    pub(crate) fn take_read(&mut self, is_looked_at: bool) -> Vec<(String, Timestamp)> {
        if is_looked_at && self.window().below == 0 {
            self.window_mut().looked_at();
        }
        let windows = self.windows.iter_mut().filter(|window| !window.name.is_empty());
        windows.filter_map(|window| Some((window.name.clone(), window.take_read()?))).collect()
    }

    /// Whether those in the window that is shown can be told that one is typing.
    pub(crate) fn may_tell_typing(&self) -> bool {
        let window = self.window();
        let is_there = !window.is_channel() || !window.members.is_empty();
        self.is_connected && !window.typing.is_refused && is_there
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const HOUR: &str = "2026-01-02T03";

    /// A message at a minute and second of that hour.
    fn at(time: &str, from: &str, message: Message) -> Message {
        Message { from: from.to_owned(), ts: format!("{HOUR}:{time}Z"), ..message }
    }

    fn said(time: &str, text: &str) -> Message {
        at(time, "bob", Message::new("PRIVMSG").to("#tea").body(text))
    }

    fn marker(time: &str) -> Message {
        let message = Message::new("MARKREAD").to("#TEA").param(format!("timestamp={HOUR}:{time}Z"));
        at("00:00", "irc.test", message)
    }

    /// One is in a channel, and looks at the window of the server.
    fn model() -> Model {
        let mut model = Model::new("me");
        model.hear(&at("00:00", "me", Message::new("JOIN").to("#tea")));
        assert_eq!(model.active, 0);
        model
    }

    fn typing(from: &str, to: &str, state: &str) -> Message {
        at("00:00", from, Message::new("TAGMSG").to(to).meta("typing", state))
    }

    #[test]
    fn what_is_on_the_screen_is_read_and_told_once() {
        let mut model = model();
        model.hear(&said("10:00.000000001", "one"));
        assert_eq!(model.take_read(true), [], "nobody has looked at it");
        model.show(1);
        let read = |time: &str| vec![("#tea".to_owned(), format!("{HOUR}:{time}Z").parse().unwrap())];
        assert_eq!(model.take_read(true), read("10:00.000000001"));
        assert_eq!(model.take_read(true), []);
        model.hear(&said("11:00", "two"));
        model.hear(&said("12:00", "three"));
        model.hear(&at("13:00", "bob", Message::new("PART").to("#tea")));
        assert_eq!(model.take_read(true), read("12:00"), "the last that was said");
        // Of a window that is left meanwhile, too.
        model.hear(&said("14:00", "four"));
        model.show(0);
        model.show(1);
        model.show(0);
        assert_eq!(model.take_read(true), read("14:00"));
        // What is below the screen, or behind another program, is not read.
        model.show(1);
        model.window_mut().below = 1;
        model.hear(&said("15:00", "five"));
        assert_eq!(model.take_read(true), []);
        model.window_mut().below = 0;
        assert_eq!(model.take_read(false), []);
        assert_eq!(model.take_read(true), read("15:00"));
    }

    #[test]
    fn what_another_device_has_read_is_no_news() {
        let mut model = model();
        model.hear(&said("10:00.0005", "one"));
        model.hear(&said("11:00.0005", "me: two"));
        assert!(model.status().contains("[Act: 2!]"));
        model.hear(&marker("10:00.001"));
        assert!(model.status().contains("[Act: 2!]"), "there is more");
        model.hear(&marker("11:00.001"));
        assert!(!model.status().contains("Act"), "{}", model.status());
        // It is not told again, and an older marker changes nothing.
        model.hear(&marker("05:00"));
        model.show(1);
        assert_eq!(model.take_read(true), []);
        for bad in ["*", "timestamp=", "timestamp=yesterday", ""] {
            model.hear(&Message::new("MARKREAD").to("#tea").param(bad));
            model.hear(&Message::new("MARKREAD").param(bad));
        }
        assert_eq!(model.windows.len(), 2);
    }

    #[test]
    fn typing_is_shown_where_it_happens_until_it_is_over() {
        let mut model = model();
        model.hear(&typing("bob", "#tea", "active"));
        assert!(!model.status().contains("typing"), "in another window");
        model.show(1);
        assert!(model.status().ends_with("[bob is typing…]"), "{}", model.status());
        model.hear(&said("10:00", "said"));
        assert!(!model.status().contains("typing"));
        model.hear(&typing("bob", "#tea", "active"));
        model.hear(&typing("bob", "#tea", "done"));
        model.hear(&typing("me", "#tea", "active"));
        assert!(!model.status().contains("typing"), "{}", model.status());
        model.hear(&typing("bob", "#tea", "active"));
        model.now += Duration::from_secs(6);
        assert!(!model.status().contains("typing"));
        // Nobody opens a window by it, and a talk knows its own.
        model.hear(&typing("carol", "me", "active"));
        assert_eq!(model.windows.len(), 2);
        let talk = model.open("carol");
        model.show(talk);
        model.hear(&typing("carol", "me", "active"));
        assert!(model.status().contains("[carol is typing…]"));
        model.hear(&Message { meta: None, ..typing("carol", "me", "done") });
    }

    #[test]
    fn typing_is_told_where_it_may_be() {
        let mut model = model();
        model.show(1);
        assert!(model.may_tell_typing());
        model.windows[1].typing.is_refused = true;
        assert!(!model.may_tell_typing());
        model.hear(&at("10:00", "me", Message::new("PRIVMSG").to("#tea").body("voiced now")));
        assert!(model.may_tell_typing());
        model.hear(&at("11:00", "bob", Message::new("KICK").to("#tea").param("me")));
        assert!(!model.may_tell_typing());
    }
}
