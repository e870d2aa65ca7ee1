//! Messages of several lines: a client sends them as a batch, and they are one message.
//! Source: <https://ircv3.net/specs/extensions/multiline>

use tokio::io::{AsyncRead, AsyncWrite};

use super::Multiline;
use super::capability::Capability;
use super::connection::Connection;
use super::request::request;
use crate::protocol::message::{Body, Request};
use crate::protocol::wire::WireLine;
use crate::reply::past::Failure;

/// The name of the batch.
pub(super) const MULTILINE: &str = "draft/multiline";
/// The tag of a line that goes on where the one before it ended.
pub(super) const CONCAT: &str = "draft/multiline-concat";

/// A message of several lines, as far as it has come.
pub(super) struct Draft {
    name: String,
    target: String,
    label: Option<String>,
    /// The client's own tags, which stand at the beginning.
    tags: Vec<(String, String)>,
    /// PRIVMSG or NOTICE, as the first line has it.
    command: Option<String>,
    lines: Vec<String>,
    /// Lines so far, those among them that go on where another ended.
    count: usize,
    bytes: usize,
    /// Whether it has failed, and the rest is passed over.
    has_failed: bool,
}

/// What a line is to a message of several lines.
pub(super) enum Collected {
    /// Nothing: it is a line like any other.
    No(WireLine),
    /// Part of it.
    Part,
    /// The end of it.
    Whole(Request),
    /// Nothing comes of it.
    Lost(Lost),
}

/// What comes to nothing of a message of several lines.
pub(super) enum Lost {
    /// Part of one that has failed, which is passed over.
    Rest,
    /// It is none from now on.
    Failed(Failure),
}

impl From<Failure> for Collected {
    fn from(failure: Failure) -> Self {
        Self::Lost(Lost::Failed(failure))
    }
}

impl Draft {
    /// # Errors
    /// [`Failure`] for what is no such batch.
    fn begin(name: &str, line: &WireLine) -> Result<Self, Failure> {
        let (Some(kind), Some(target)) = (line.params.get(1), line.params.get(2)) else {
            return Err(Failure::InvalidBatch);
        };
        if kind != MULTILINE || target.is_empty() || target.contains(',') {
            return Err(Failure::InvalidBatch);
        }
        Ok(Self {
            name: name.to_owned(),
            target: target.clone(),
            label: line.tag("label").map(str::to_owned),
            tags: line.tags.clone(),
            command: None,
            lines: Vec::new(),
            count: 0,
            bytes: 0,
            has_failed: false,
        })
    }

    /// # Errors
    /// [`Failure`] when the message is none with this line.
    fn add(&mut self, line: WireLine, limits: Multiline) -> Result<(), Failure> {
        let goes_on = line.tag(CONCAT).is_some();
        let mut params = line.params.into_iter();
        let target = params.next().unwrap_or_default();
        if !target.eq_ignore_ascii_case(&self.target) {
            return Err(Failure::OtherTarget(self.target.clone(), target));
        }
        let is_message = matches!(line.command.as_str(), "PRIVMSG" | "NOTICE");
        let is_same = self.command.as_ref().is_none_or(|command| *command == line.command);
        let Some(text) = params.next().filter(|text| is_message && is_same && !(goes_on && text.is_empty()))
        else {
            return Err(Failure::InvalidBatch);
        };
        self.command = Some(line.command);
        self.count += 1;
        self.bytes += text.len() + usize::from(!goes_on && !self.lines.is_empty());
        if self.count > limits.lines_max {
            return Err(Failure::MaxLines(limits.lines_max));
        }
        if self.bytes > limits.bytes_max {
            return Err(Failure::MaxBytes(limits.bytes_max));
        }
        match self.lines.last_mut().filter(|_| goes_on) {
            Some(last) => last.push_str(&text),
            None => self.lines.push(text),
        }
        Ok(())
    }

    /// # Errors
    /// [`Failure`] where nothing was said.
    fn end(self) -> Result<Request, Failure> {
        let command = self.command.filter(|_| self.lines.iter().any(|line| !line.is_empty()));
        let command = command.ok_or(Failure::InvalidBatch)?;
        let line = WireLine { tags: self.tags, command, params: vec![self.target] };
        Ok(Request { body: Some(Body::Lines(self.lines)), ..request(line) })
    }
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Connection<R, W> {
    /// Takes a line that is part of a message of several lines. It is answered as a whole, with the label that its
    /// beginning has.
    pub(super) fn collect(&mut self, line: WireLine) -> Collected {
        if !self.outgoing.capabilities.has(Capability::Multiline) {
            return Collected::No(line);
        }
        if line.command == "BATCH" {
            return match line.params.first().map(|name| (name.get(..1), name.get(1..).unwrap_or_default())) {
                Some((Some("+"), name)) if !name.is_empty() => self.begin_draft(name, &line),
                Some((Some("-"), name)) => self.end_draft(name),
                _ => Failure::InvalidBatch.into(),
            };
        }
        let Some(name) = line.tag("batch").map(str::to_owned) else { return Collected::No(line) };
        let limits = self.shared.settings.multiline;
        let Some(draft) = self.draft.as_mut().filter(|draft| draft.name == name) else {
            return Failure::InvalidBatch.into();
        };
        self.outgoing.label(None);
        if draft.has_failed {
            return Collected::Lost(Lost::Rest);
        }
        match draft.add(line, limits) {
            Ok(()) => Collected::Part,
            Err(failure) => Collected::Lost(self.fail_draft(failure)),
        }
    }

    /// Takes note of a line that cannot be read. Where it says that it is part of the message that is on its way, or
    /// nobody knows what it says of that, there is no such message: nobody is to be told one with a hole.
    pub(super) fn lose(&mut self, line: &WireLine, has_illegible_tags: bool) -> Option<Lost> {
        let draft = self.draft.as_ref().filter(|_| self.outgoing.capabilities.has(Capability::Multiline))?;
        let is_part = line.tag("batch").map(|name| name == draft.name);
        match (is_part, draft.has_failed) {
            (Some(true), true) => {
                self.outgoing.label(None);
                Some(Lost::Rest)
            }
            (Some(true), false) => Some(self.fail_draft(Failure::InvalidBatch)),
            (None, false) if has_illegible_tags => Some(self.fail_draft(Failure::InvalidBatch)),
            _ => None,
        }
    }

    fn begin_draft(&mut self, name: &str, line: &WireLine) -> Collected {
        if self.draft.as_ref().is_some_and(|draft| !draft.has_failed) {
            return Collected::Lost(self.fail_draft(Failure::InvalidBatch));
        }
        match Draft::begin(name, line) {
            Ok(draft) => {
                self.draft = Some(draft);
                self.outgoing.label(None);
                Collected::Part
            }
            Err(failure) => failure.into(),
        }
    }

    fn end_draft(&mut self, name: &str) -> Collected {
        match self.draft.take_if(|draft| draft.name == name) {
            None => Failure::InvalidBatch.into(),
            Some(draft) if draft.has_failed => {
                self.outgoing.label(None);
                Collected::Lost(Lost::Rest)
            }
            Some(draft) => {
                self.outgoing.label(draft.label.as_deref());
                draft.end().map_or_else(Collected::from, Collected::Whole)
            }
        }
    }

    fn fail_draft(&mut self, failure: Failure) -> Lost {
        if let Some(draft) = &mut self.draft {
            draft.has_failed = true;
            draft.lines = Vec::new();
            self.outgoing.label(draft.label.as_deref());
        }
        Lost::Failed(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Multiline = Multiline { bytes_max: 12, lines_max: 4 };

    fn line(text: &str) -> WireLine {
        WireLine::parse(text.as_bytes()).unwrap().unwrap()
    }

    fn whole(lines: &[&str]) -> Result<Request, Failure> {
        let mut draft = Draft::begin("1", &line("@+typing=done BATCH +1 draft/multiline #c"))?;
        for text in lines {
            draft.add(line(text), LIMITS)?;
        }
        draft.end()
    }

    #[test]
    fn lines_are_put_together() {
        let request = whole(&[
            "@batch=1 PRIVMSG #c :a",
            "@batch=1 PRIVMSG #C :",
            "@batch=1 PRIVMSG #c :b ",
            "@batch=1;draft/multiline-concat PRIVMSG #c :c",
        ]);
        let request = request.unwrap();
        assert_eq!(request.lines(), ["a", "", "b c"]);
        assert_eq!((request.command.as_str(), request.to.as_deref()), ("PRIVMSG", Some("#c")));
        assert_eq!(request.meta.unwrap().get(), r#"{"typing":"done"}"#);
    }

    #[test]
    fn what_is_too_much_or_no_message_fails() {
        let five = ["PRIVMSG #c :a"; 5];
        assert!(matches!(whole(&five), Err(Failure::MaxLines(4))));
        assert!(whole(&["PRIVMSG #c :123456", "PRIVMSG #c :12345"]).is_ok(), "a line feed is a byte");
        assert!(matches!(whole(&["PRIVMSG #c :123456", "PRIVMSG #c :123456"]), Err(Failure::MaxBytes(12))));
        assert!(matches!(whole(&["PRIVMSG #d :a"]), Err(Failure::OtherTarget(..))));
        for lines in [
            &["PRIVMSG #c :a", "NOTICE #c :b"][..],
            &["TAGMSG #c"],
            &["PRIVMSG #c"],
            &["PRIVMSG #c :", "PRIVMSG #c :"],
            &["PRIVMSG #c :a", "@draft/multiline-concat PRIVMSG #c :"],
            &[],
        ] {
            assert!(matches!(whole(lines), Err(Failure::InvalidBatch)), "{lines:?}");
        }
    }
}
