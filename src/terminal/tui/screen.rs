//! The terminal: taken over at the beginning, given back at the end, whatever happens in between.

use std::io;

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange, Event, read,
};
use ratatui::crossterm::execute;
use tokio::sync::mpsc::{Receiver, channel};

/// Keys that wait to be looked at.
const KEYS_MAX: usize = 256;

/// The terminal while it is ours. Dropping this gives it back.
pub(super) struct Screen {
    pub(super) terminal: DefaultTerminal,
}

impl Screen {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn take() -> io::Result<Self> {
        // It gives the terminal back when the program panics, too.
        let terminal = ratatui::try_init()?;
        let screen = Self { terminal };
        // What is pasted comes in one piece, and its line breaks do not send it.
        execute!(io::stdout(), EnableBracketedPaste)?;
        // What nobody looks at is not read. A terminal that does not tell is always looked at.
        execute!(io::stdout(), EnableFocusChange)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = execute!(io::stdout(), DisableFocusChange, DisableBracketedPaste);
        ratatui::restore();
        // The cursor is shown wherever the last frame left it hidden.
        let _ = self.terminal.show_cursor();
    }
}

/// What is typed, for as long as there is a terminal.
pub(super) fn keys() -> Receiver<Event> {
    let (sender, keys) = channel(KEYS_MAX);
    std::thread::spawn(move || {
        while let Ok(event) = read() {
            if sender.blocking_send(event).is_err() {
                return;
            }
        }
    });
    keys
}
