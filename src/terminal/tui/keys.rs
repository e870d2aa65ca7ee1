//! What is typed, and what comes of it.

use std::time::Instant;

use neoirc::client::Message;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::typed::{self, COMMANDS, HELP, Typed};
use super::{End, Tui};
use crate::clean;

/// Longest reason of a QUIT, in bytes. Servers cut longer ones, and refuse far longer ones together with the QUIT.
const REASON_BYTES_MAX: usize = 390;

impl Tui {
    /// Does what a key, or what was pasted, asks for.
    pub(super) fn key(&mut self, event: Event) {
        self.model.now = Instant::now();
        let before = self.editor.text();
        match event {
            Event::FocusGained => self.has_focus = true,
            Event::FocusLost => self.has_focus = false,
            Event::Paste(text) => self.editor.insert(text.trim_end_matches(['\r', '\n'])),
            Event::Key(key) if key.kind != KeyEventKind::Release => {
                if key.modifiers.contains(KeyModifiers::ALT) {
                    self.alt(key.code);
                } else if key.modifiers.contains(KeyModifiers::CONTROL) {
                    self.control(key.code);
                } else {
                    self.plain(key);
                }
            }
            // Another size: everything is drawn anew anyway.
            _ => {}
        }
        let text = self.editor.text();
        if text != before && self.model.may_tell_typing() {
            let place = self.model.window().name.clone();
            if let Some((place, state)) = self.composing.typed(&place, &text, self.model.now) {
                self.sender.tell_typing(place, state);
            }
        }
    }

    fn alt(&mut self, code: KeyCode) {
        let (active, count) = (self.model.active, self.model.windows.len());
        match code {
            KeyCode::Char(digit @ '0'..='9') => {
                let digit = digit.to_digit(10).unwrap_or_default() as usize;
                self.model.show(if digit == 0 { 9 } else { digit - 1 });
            }
            KeyCode::Left => self.model.show((active + count - 1) % count),
            KeyCode::Right => self.model.show((active + 1) % count),
            KeyCode::Char('a' | 'A') => self.model.show_next_active(),
            KeyCode::Char('n' | 'N') => self.model.shows_nicks = !self.model.shows_nicks,
            _ => {}
        }
    }

    fn control(&mut self, code: KeyCode) {
        let (active, count) = (self.model.active, self.model.windows.len());
        match code {
            KeyCode::Char('c') => self.end = Some(End::Detach),
            KeyCode::Char('a') => self.editor.go(isize::MIN),
            KeyCode::Char('e') => self.editor.go(isize::MAX),
            KeyCode::Char('u') => self.editor.delete_to_start(),
            KeyCode::Char('k') => self.editor.delete_to_end(),
            KeyCode::Char('w') => self.editor.delete_word(),
            KeyCode::Char('h') => self.editor.backspace(),
            KeyCode::Char('d') => self.editor.delete(),
            KeyCode::Char('n') => self.model.show((active + 1) % count),
            KeyCode::Char('p') => self.model.show((active + count - 1) % count),
            _ => {}
        }
    }

    fn plain(&mut self, key: KeyEvent) {
        match key.code {
            KeyCode::Char(c) => self.editor.insert(c.encode_utf8(&mut [0; 4])),
            KeyCode::Enter => {
                let text = self.editor.enter();
                self.composing.said();
                self.model.window_mut().below = 0;
                self.do_typed(&text);
            }
            KeyCode::Tab => self.complete(),
            KeyCode::Backspace => self.editor.backspace(),
            KeyCode::Delete => self.editor.delete(),
            KeyCode::Left => self.editor.go(-1),
            KeyCode::Right => self.editor.go(1),
            KeyCode::Home => self.editor.go(isize::MIN),
            KeyCode::End => self.editor.go(isize::MAX),
            KeyCode::Up => self.editor.earlier(),
            KeyCode::Down => self.editor.later(),
            KeyCode::PageUp => self.page_up(),
            KeyCode::PageDown => {
                let half = (self.rows / 2).max(1);
                let window = self.model.window_mut();
                window.below = window.below.saturating_sub(half);
            }
            _ => {}
        }
    }

    /// Goes back by half a screen, and asks for what is older when its end comes into view.
    fn page_up(&mut self) {
        let rows = self.rows.max(1);
        let window = self.model.window_mut();
        window.below = (window.below + (rows / 2).max(1)).min(window.lines.len().saturating_sub(1));
        if window.wants_more(rows) {
            window.is_loading = true;
            let (name, oldest) = (window.name.clone(), window.oldest());
            self.sender.ask_history(&name, oldest);
        }
    }

    fn complete(&mut self) {
        let window = self.model.window();
        let nicks = window.members.values().map(|member| clean::line(&member.nick));
        // In a talk there is one to complete; everywhere there are channels.
        let talk = (!window.is_channel() && !window.name.is_empty()).then(|| window.title());
        let mut nicks: Vec<String> = nicks.chain(talk).collect();
        nicks.retain(|nick| *nick != self.model.nick);
        let channels: Vec<String> = self
            .model
            .windows
            .iter()
            .filter(|window| window.is_channel())
            .map(super::window::Window::title)
            .collect();
        self.editor.complete(|word, is_first| {
            let lower = word.to_lowercase();
            let is_begun = |candidate: &&String| candidate.to_lowercase().starts_with(&lower);
            if let (true, Some(command)) = (is_first, word.strip_prefix('/')) {
                let known = COMMANDS.iter().filter(|known| known.starts_with(command));
                return known.map(|known| format!("/{known} ")).collect();
            }
            let end = if is_first { ": " } else { " " };
            let nicks = nicks.iter().filter(is_begun).map(|nick| format!("{nick}{end}"));
            nicks.chain(channels.iter().filter(is_begun).map(|channel| format!("{channel} "))).collect()
        });
    }

    fn do_typed(&mut self, text: &str) {
        let place = self.model.window().name.clone();
        match typed::read(text, &place) {
            Typed::Nothing => {}
            Typed::Send(message) => self.send(*message),
            Typed::Talk(who, text) => {
                let index = self.model.open(&who);
                self.model.show(index);
                if self.model.windows[index].lines.is_empty() {
                    self.sender.ask_history(&who, None);
                }
                if let Some(text) = text {
                    self.send(Message::new("PRIVMSG").to(who).body(text));
                }
            }
            Typed::Quit(reason) => {
                let message = Message::new("QUIT");
                self.send(match reason {
                    Some(mut reason) => {
                        reason.truncate(reason.floor_char_boundary(REASON_BYTES_MAX));
                        message.body(reason.replace('\n', " "))
                    }
                    None => message,
                });
                self.end = Some(End::Quit);
            }
            Typed::Detach => self.end = Some(End::Detach),
            Typed::Window(number) => match number.parse::<usize>() {
                Ok(number) if (1..=self.model.windows.len()).contains(&number) => self.model.show(number - 1),
                _ => match self.model.find(&number) {
                    Some(index) => self.model.show(index),
                    None => self.model.note(&format!("there is no window {number}")),
                },
            },
            // The window of a channel that one is in closes when the server says that one has left.
            Typed::Close if place.starts_with('#') && !self.model.window().members.is_empty() => {
                self.send(Message::new("PART").param(place));
            }
            Typed::Close => self.model.close(self.model.active),
            Typed::Clear => self.model.window_mut().lines.clear(),
            Typed::Nicks => self.model.shows_nicks = !self.model.shows_nicks,
            Typed::Unregister => self.sender.unregister(),
            Typed::Search(words) => self.sender.search(&words, &place),
            Typed::Help => self.model.note(HELP),
            Typed::Warn(text) => self.model.note(&text),
        }
    }
}
