//! The line that is being typed: its cursor, what was typed before, and completion.

use super::typed;

/// Lines that are remembered.
const HISTORY_MAX: usize = 200;

/// Most characters of one line, far above what a message takes.
const CHARS_MAX: usize = 4_000;

/// The line that is being typed.
#[derive(Debug, Default)]
pub(crate) struct Editor {
    text: Vec<char>,
    cursor: usize,
    history: Vec<String>,
    /// Which line of the history is shown, counted from its end; 0 for none.
    back: usize,
    /// What was typed before the history was looked at.
    draft: Vec<char>,
    completion: Option<Completion>,
}

/// A word that is being completed, over and over.
#[derive(Debug)]
struct Completion {
    /// Where the word begins.
    start: usize,
    candidates: Vec<String>,
    next: usize,
}

impl Editor {
    pub(crate) fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// How many characters are before the cursor.
    pub(crate) const fn cursor(&self) -> usize {
        self.cursor
    }

    pub(crate) fn insert(&mut self, text: &str) {
        self.completion = None;
        // What is pasted may have anything in it; of control bytes only a line break means something.
        let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', " ");
        for c in text.chars().filter(|c| *c == '\n' || !c.is_control()) {
            if self.text.len() < CHARS_MAX {
                self.text.insert(self.cursor, c);
                self.cursor += 1;
            }
        }
    }

    pub(crate) fn backspace(&mut self) {
        self.completion = None;
        if self.cursor > 0 {
            self.cursor -= 1;
            self.text.remove(self.cursor);
        }
    }

    pub(crate) fn delete(&mut self) {
        self.completion = None;
        if self.cursor < self.text.len() {
            self.text.remove(self.cursor);
        }
    }

    /// Takes away the word before the cursor.
    pub(crate) fn delete_word(&mut self) {
        while self.cursor > 0 && self.text[self.cursor - 1].is_whitespace() {
            self.backspace();
        }
        while self.cursor > 0 && !self.text[self.cursor - 1].is_whitespace() {
            self.backspace();
        }
    }

    /// Takes away what is before the cursor.
    pub(crate) fn delete_to_start(&mut self) {
        self.completion = None;
        self.text.drain(..self.cursor);
        self.cursor = 0;
    }

    /// Takes away what is behind the cursor.
    pub(crate) fn delete_to_end(&mut self) {
        self.completion = None;
        self.text.truncate(self.cursor);
    }

    /// Moves the cursor by so many characters.
    pub(crate) fn go(&mut self, by: isize) {
        self.completion = None;
        self.cursor = self.cursor.saturating_add_signed(by).min(self.text.len());
    }

    /// Gives what was typed, and begins a new line.
    pub(crate) fn enter(&mut self) -> String {
        let text = self.text();
        // A password is typed once.
        if typed::secret_at(&text).is_none() && !text.trim().is_empty() && self.history.last() != Some(&text)
        {
            self.history.push(text.clone());
            if self.history.len() > HISTORY_MAX {
                self.history.remove(0);
            }
        }
        self.set(Vec::new());
        self.back = 0;
        text
    }

    /// Shows the line typed before the one that is shown.
    pub(crate) fn earlier(&mut self) {
        if self.back < self.history.len() {
            if self.back == 0 {
                self.draft.clone_from(&self.text);
            }
            self.recall(self.back + 1);
        }
    }

    /// Shows the line typed after the one that is shown.
    pub(crate) fn later(&mut self) {
        if self.back > 0 {
            self.recall(self.back - 1);
        }
    }

    fn recall(&mut self, back: usize) {
        self.back = back;
        let line = if back == 0 {
            std::mem::take(&mut self.draft)
        } else {
            self.history[self.history.len() - back].chars().collect()
        };
        self.set(line);
    }

    fn set(&mut self, text: Vec<char>) {
        self.completion = None;
        self.cursor = text.len();
        self.text = text;
    }

    /// Completes the word before the cursor with one of these; asked again, with the next. At the beginning of a line
    /// a nick is who is spoken to.
    pub(crate) fn complete(&mut self, candidates: impl FnOnce(&str, bool) -> Vec<String>) {
        if self.completion.is_none() {
            let before = &self.text[..self.cursor];
            let start = before.iter().rposition(|c| c.is_whitespace()).map_or(0, |place| place + 1);
            let word: String = before[start..].iter().collect();
            let candidates = if word.is_empty() { Vec::new() } else { candidates(&word, start == 0) };
            self.completion = Some(Completion { start, candidates, next: 0 });
        }
        let Some(mut completion) = self.completion.take() else { return };
        if let Some(candidate) = completion.candidates.get(completion.next) {
            self.text.splice(completion.start..self.cursor, candidate.chars());
            self.cursor = completion.start + candidate.chars().count();
            completion.next = (completion.next + 1) % completion.candidates.len();
        }
        self.completion = Some(completion);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_edited_and_remembered() {
        let mut editor = Editor::default();
        editor.insert("one two");
        editor.delete_word();
        editor.insert("2\u{1b}\u{7}\tthree");
        assert_eq!(editor.text(), "one 2 three");
        assert_eq!(editor.enter(), "one 2 three");
        editor.insert("draft");
        editor.earlier();
        editor.earlier();
        assert_eq!(editor.text(), "one 2 three");
        editor.later();
        assert_eq!(editor.text(), "draft");
        editor.go(-3);
        editor.delete_to_end();
        editor.go(-9);
        editor.delete();
        assert_eq!((editor.text().as_str(), editor.cursor()), ("r", 0));
    }

    #[test]
    fn passwords_are_not_remembered() {
        let mut editor = Editor::default();
        for line in ["hello", "/register correct horse"] {
            editor.insert(line);
            assert_eq!(editor.enter(), line);
        }
        editor.earlier();
        assert_eq!(editor.text(), "hello");
    }

    #[test]
    fn completion_goes_round() {
        let mut editor = Editor::default();
        let nicks = |word: &str, is_first: bool| {
            let end = if is_first { ": " } else { " " };
            ["alice", "albert"]
                .iter()
                .filter(|nick| nick.starts_with(word))
                .map(|nick| format!("{nick}{end}"))
                .collect()
        };
        editor.insert("al");
        editor.complete(nicks);
        assert_eq!(editor.text(), "alice: ");
        editor.complete(nicks);
        assert_eq!(editor.text(), "albert: ");
        editor.complete(nicks);
        editor.insert("x");
        editor.complete(nicks);
        assert_eq!(editor.text(), "alice: x");
        editor.insert(" alb");
        editor.complete(nicks);
        assert_eq!(editor.text(), "alice: x albert ");
    }
}
