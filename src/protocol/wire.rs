//! Lines of IRC: taken apart, and put together within their limits. Bytes in, bytes out; nothing here reads a socket.
//! Source: <https://modern.ircdocs.horse/#message-format>, <https://ircv3.net/specs/extensions/message-tags>

use super::limits::PARAMS_MAX;

/// Bytes of a line without its tags and its end.
pub const LINE_BYTES: usize = 510;
/// Bytes of the tags that a client may send, between the `@` and the blank.
pub const CLIENT_TAG_BYTES: usize = 4_094;
/// Bytes of a whole line with its tags, without its end: a line that is longer than this without ending never ends.
pub const WHOLE_LINE_BYTES: usize = 8_191 + LINE_BYTES;

/// A line taken apart. `Debug` shows the command alone: the rest may be a password.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct WireLine {
    /// The tags in order, their values without escapes.
    pub tags: Vec<(String, String)>,
    /// The command in upper case.
    pub command: String,
    /// The parameters. Whether the last one had a colon makes no difference.
    pub params: Vec<String>,
}

impl std::fmt::Debug for WireLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WireLine").field("command", &self.command).finish_non_exhaustive()
    }
}

/// Why a line is not taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WireError {
    /// It is longer than it may be, or its tags are; with its command and its label as far as they can be read.
    TooLong(Box<WireLine>),
    /// It is not UTF-8, or has NUL or CR in it; with its command and its label as far as they can be read.
    NotText(Box<WireLine>),
}

impl WireLine {
    /// Takes a line apart that has lost its end. `None` for an empty one. A source, which clients have no say in, is
    /// passed over.
    ///
    /// # Errors
    /// [`WireError`]
    pub fn parse(line: &[u8]) -> Result<Option<Self>, WireError> {
        let (tags, rest) = match line.strip_prefix(b"@") {
            Some(tagged) => split_at_blank(tagged),
            None => (&[][..], line.trim_ascii_start()),
        };
        if tags.len() > CLIENT_TAG_BYTES || rest.len() > LINE_BYTES {
            let tags = if tags.len() > CLIENT_TAG_BYTES { &[][..] } else { tags };
            let front = rest.get(..LINE_BYTES).unwrap_or(rest);
            return Err(WireError::TooLong(Box::new(Self::legible(tags, front))));
        }
        let (Some(tags), Some(rest)) = (plain(tags), plain(rest)) else {
            return Err(WireError::NotText(Box::new(Self::legible(tags, rest))));
        };
        let rest = match rest.strip_prefix(':') {
            Some(sourced) => sourced.split_once(' ').map_or("", |(_, rest)| rest),
            None => rest,
        };
        let mut words = words(rest);
        if words.is_empty() {
            return Ok(None);
        }
        let command = words.remove(0).to_ascii_uppercase();
        let params = words.into_iter().map(str::to_owned).collect();
        Ok(Some(Self { tags: parse_tags(tags), command, params }))
    }

    /// What can be told of a line that is not taken apart.
    fn legible(tags: &[u8], rest: &[u8]) -> Self {
        let words = rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let mut command = words.skip_while(|word| word.starts_with(b":"));
        let command = command.next().and_then(plain).unwrap_or_default();
        let is_word = !command.is_empty() && command.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let command = if is_word { command.to_ascii_uppercase() } else { "*".to_owned() };
        Self { tags: plain(tags).map(parse_tags).unwrap_or_default(), command, params: Vec::new() }
    }

    /// The value of a tag; the last one counts where it is repeated.
    pub fn tag(&self, name: &str) -> Option<&str> {
        self.tags.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Bytes as text that may stand in a line.
fn plain(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| super::json::is_plain(text))
}

/// What stands before the first blank, and what behind the blanks.
fn split_at_blank(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b' ').unwrap_or(bytes.len());
    let (front, behind) = bytes.split_at(end);
    (front, behind.trim_ascii_start())
}

/// Words with blanks between them, up to one that begins with a colon or is the last that there may be, which has
/// everything that is left.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim_start_matches(' ');
    while !rest.is_empty() {
        let is_last = words.len() == PARAMS_MAX;
        let trailing = rest.strip_prefix(':').filter(|_| !words.is_empty());
        if let Some(trailing) = trailing.or_else(|| is_last.then_some(rest)) {
            words.push(trailing);
            break;
        }
        let (word, behind) = rest.split_once(' ').unwrap_or((rest, ""));
        words.push(word);
        rest = behind.trim_start_matches(' ');
    }
    words
}

fn parse_tags(text: &str) -> Vec<(String, String)> {
    let tags = text.split(';').filter(|tag| !tag.is_empty());
    let pair = |tag: &str| {
        let (key, value) = tag.split_once('=').unwrap_or((tag, ""));
        (key.to_owned(), unescape(value))
    };
    tags.map(pair).filter(|(key, _)| !key.is_empty()).collect()
}

/// The value of a tag without escapes. A backslash that escapes nothing is dropped.
fn unescape(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some(':')) => plain.push(';'),
            ('\\', Some('s')) => plain.push(' '),
            // A line of JSON may not have these.
            ('\\', Some('r' | 'n') | None) => {}
            ('\\', Some(other)) => plain.push(other),
            (c, _) => plain.push(c),
        }
    }
    plain
}

/// The value of a tag as it is sent.
pub fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            ';' => escaped.push_str("\\:"),
            ' ' => escaped.push_str("\\s"),
            '\\' => escaped.push_str("\\\\"),
            '\r' | '\n' | '\0' => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// Whether a text may be the key of a client's tag, without the `+`.
/// Source: <https://ircv3.net/specs/extensions/message-tags#format>
pub fn is_tag_key(key: &str) -> bool {
    let name = key.rsplit_once('/').map_or(key, |(_, name)| name);
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'/');
    !name.is_empty() && key.bytes().all(is_good)
}

/// A parameter in front of others: never empty, without blanks, and without a colon in front.
pub fn middle(param: &str) -> &str {
    let word = param.split(' ').find(|word| !word.is_empty()).unwrap_or_default();
    match word.trim_start_matches(':') {
        "" => "*",
        word => word,
    }
}

/// Puts a line together, without tags, with its end. It is cut at a character where it is too long. `text` is the
/// last parameter that is free text.
pub fn line(source: &str, command: &str, params: &[&str], text: Option<&str>) -> String {
    let mut line = head(source, command, params, text.is_some());
    if let Some(text) = text {
        line.push_str(" :");
        line.push_str(text);
    }
    line.truncate(line.floor_char_boundary(LINE_BYTES));
    line.push_str("\r\n");
    line
}

/// As many lines as it takes for a text, parted at blanks where there are some, else at characters. Where what stands
/// before the text leaves next to no room, it is one line, cut: hundreds with a few characters each are a flood.
pub fn lines(source: &str, command: &str, params: &[&str], text: &str) -> Vec<String> {
    let room = LINE_BYTES.saturating_sub(head(source, command, params, true).len() + " :".len());
    if room < ROOM_MIN {
        return vec![line(source, command, params, Some(text))];
    }
    let action = text.strip_prefix(ACTION).map(|rest| rest.strip_suffix('\u{1}').unwrap_or(rest));
    match action {
        // Each part of what somebody does is something that it does.
        Some(action) if text.len() > room => parts(action, room.saturating_sub(ACTION.len() + 1))
            .map(|part| line(source, command, params, Some(&format!("{ACTION}{part}\u{1}"))))
            .collect(),
        _ => parts(text, room).map(|part| line(source, command, params, Some(part))).collect(),
    }
}

/// How what a client does begins, in the way of CTCP.
const ACTION: &str = "\u{1}ACTION ";
/// Bytes of text that a line must have room for to be one of several: less than the longest names leave.
const ROOM_MIN: usize = 64;
/// The share of a part within which a blank is looked for: one far in front would leave the line half empty.
const BLANK_WITHIN: usize = 4;

/// The parts of a text, each of at most `room` bytes, which are enough for any character; one part for an empty text.
fn parts(text: &str, room: usize) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        if text.len() <= room {
            return Some(text);
        }
        let (front, behind) = text.split_at(text.floor_char_boundary(room));
        let (part, left) = match front.rsplit_once(' ') {
            _ if behind.starts_with(' ') => (front, behind.trim_start_matches(' ')),
            Some((part, _)) if part.len() > room - room / BLANK_WITHIN => {
                let (_, left) = text.split_at(part.len() + 1);
                (part, left)
            }
            _ => (front, behind),
        };
        rest = Some(left).filter(|left| !left.is_empty());
        Some(part)
    })
}

/// The parts of a text that has to be put together again, nothing of it lost: a blank at which it is parted ends the
/// part before it. One part where what stands in front leaves next to no room.
pub fn whole_parts<'a>(source: &str, command: &str, to: &str, text: &'a str) -> Vec<&'a str> {
    let room = LINE_BYTES.saturating_sub(head(source, command, &[to], true).len() + " :".len());
    let mut parts = Vec::new();
    let mut rest = text;
    while room >= ROOM_MIN && rest.len() > room {
        let end = rest.floor_char_boundary(room);
        let blank = rest.get(..end).and_then(|front| front.rfind(' ')).map(|blank| blank + 1);
        let (part, behind) =
            rest.split_at(blank.filter(|at| *at > room - room / BLANK_WITHIN).unwrap_or(end));
        parts.push(part);
        rest = behind;
    }
    parts.push(rest);
    parts
}

fn head(source: &str, command: &str, params: &[&str], has_text: bool) -> String {
    let mut line = String::with_capacity(LINE_BYTES + 2);
    line.push(':');
    line.push_str(source);
    line.push(' ');
    line.push_str(command);
    for (index, param) in params.iter().enumerate() {
        line.push(' ');
        let is_last = !has_text && index + 1 == params.len();
        let needs_colon = param.is_empty() || param.starts_with(':') || param.contains(' ');
        if is_last && needs_colon {
            line.push(':');
        }
        line.push_str(if is_last { param } else { middle(param) });
    }
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(line: &str) -> WireLine {
        WireLine::parse(line.as_bytes()).unwrap().unwrap()
    }

    // clause: lines.spaces
    #[test]
    fn blanks_part_words_and_a_source_is_passed_over() {
        let line = parse(":mallory!x@y   privmsg   #c   :hi  there ");
        assert_eq!((line.command.as_str(), line.params), ("PRIVMSG", vec!["#c".into(), "hi  there ".into()]));
        assert_eq!(parse("  PING x"), parse("PING x"));
        assert_eq!(parse("PRIVMSG #c ::-)").params, ["#c", ":-)"]);
        assert_eq!(parse("PRIVMSG #c hi"), parse("PRIVMSG #c :hi"));
        assert_eq!(parse("TOPIC #c :").params, ["#c", ""]);
        for empty in ["", "   ", ":source", "@tags", "@tags   ", "@ :a "] {
            assert_eq!(WireLine::parse(empty.as_bytes()), Ok(None), "{empty:?}");
        }
    }

    #[test]
    fn the_fifteenth_parameter_has_all_that_is_left() {
        let line = parse("X 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 :17");
        assert_eq!(line.params.len(), 15);
        assert_eq!(line.params[14], "15 16 :17");
    }

    #[test]
    fn tags_are_read_with_their_escapes() {
        let line = parse(r"@+a=b\:\s\\\n\x\;label=1;c;label=2;=x PRIVMSG #c :hi");
        assert_eq!(line.tag("+a"), Some(r"b; \x"));
        assert_eq!((line.tag("label"), line.tag("c"), line.tag("d")), (Some("2"), Some(""), None));
        assert_eq!(line.tags.len(), 4);
        assert_eq!(escape("a; b\\c\r\n"), r"a\:\sb\\c");
    }

    // clause: lines.tags
    #[test]
    fn lines_and_tags_have_their_limits_apart() {
        let tagged = |tags: usize, rest: usize| {
            WireLine::parse(format!("@{} X{}", "t".repeat(tags), "y".repeat(rest)).as_bytes())
        };
        assert!(tagged(CLIENT_TAG_BYTES, LINE_BYTES - 1).is_ok());
        assert!(
            matches!(tagged(CLIENT_TAG_BYTES + 1, 1), Err(WireError::TooLong(line)) if line.tags.is_empty())
        );
        assert!(matches!(tagged(1, LINE_BYTES), Err(WireError::TooLong(line)) if line.tags.len() == 1));
    }

    #[test]
    fn what_is_no_text_is_refused_by_its_command() {
        for (bytes, command) in [
            (&b"@label=7 privmsg #c :\xff"[..], "PRIVMSG"),
            (b":a@\xff user \xff", "USER"),
            (b"ni\0ck x", "*"),
            (b"\xff\xfe", "*"),
            (b"NICK a\rb", "NICK"),
            (b"@\xff NICK a", "NICK"),
        ] {
            let Err(WireError::NotText(line)) = WireLine::parse(bytes) else { panic!("{bytes:?}") };
            assert_eq!(line.command, command, "{bytes:?}");
            assert_eq!(line.tag("label").is_some(), bytes.starts_with(b"@label"));
        }
    }

    // clause: lines.colon
    #[test]
    fn a_colon_stands_where_it_must_and_no_middle_parameter_needs_one() {
        assert_eq!(line("s", "X", &["a b", ":c", "", "d"], None), ":s X a c * d\r\n");
        for (last, sent) in [("", ":"), ("a b", ":a b"), (":c", "::c"), ("d", "d")] {
            assert_eq!(line("s", "X", &[last], None), format!(":s X {sent}\r\n"));
        }
        assert_eq!(line("s", "X", &["a"], Some("")), ":s X a :\r\n");
    }

    // clause: lines.out512
    #[test]
    fn a_long_text_is_parted_at_blanks_and_never_within_a_character() {
        let words = "lorem ipsum dolor ".repeat(100);
        let sent = lines("a!b@c", "PRIVMSG", &["#c"], words.trim_end());
        assert!(sent.len() == 4 && sent.iter().all(|line| line.len() <= 512), "{sent:?}");
        let text: Vec<_> = sent.iter().map(|line| line.trim_end().split_once(" :").unwrap().1).collect();
        assert_eq!(text.join(" "), words.trim_end());
        let sent = lines("a!b@c", "PRIVMSG", &["#c"], &"ü".repeat(600));
        assert_eq!(sent.iter().map(|line| line.matches('ü').count()).sum::<usize>(), 600);
        let sent = lines("a!b@c", "PRIVMSG", &["#c"], &format!("\u{1}ACTION {}\u{1}", "x".repeat(600)));
        assert!(
            sent.len() == 2
                && sent.iter().all(|line| line.contains(":\u{1}ACTION x") && line.ends_with("\u{1}\r\n"))
        );
        assert_eq!(lines("s", "NOTICE", &["a"], ""), [":s NOTICE a :\r\n"]);
        assert!(line("s", "QUIT", &[], Some(&"ü".repeat(300))).len() <= 512);
    }

    #[test]
    fn the_longest_names_leave_room_and_longer_ones_make_no_flood() {
        use crate::protocol::limits::{CHANNELLEN, HOSTLEN, NICKLEN, USERLEN};
        let source =
            |host: usize| format!("{}!{}@{}", "n".repeat(NICKLEN), "u".repeat(USERLEN), "h".repeat(host));
        let channel = format!("@#{}", "🦀".repeat(CHANNELLEN - 1));
        for text in ["x".repeat(4_096), "🦀".repeat(1_024), format!("\u{1}ACTION {}\u{1}", "x".repeat(4_096))]
        {
            let sent = lines(&source(HOSTLEN), "PRIVMSG", &[&channel], &text);
            assert!(
                sent.len() <= 4_096 / ROOM_MIN && sent.iter().all(|line| line.len() <= 512),
                "{}",
                sent.len()
            );
            let letters = |text: &str| text.matches(['x', '🦀']).count();
            let said = |line: &String| letters(line.split_once(" :").unwrap().1);
            assert_eq!(sent.iter().map(said).sum::<usize>(), letters(&text), "nothing is lost");
            // As the store may have kept them from before there was a limit.
            let sent = lines(&source(253), "PRIVMSG", &[&channel], &text);
            assert!(sent.len() == 1 && sent[0].len() <= 512 && sent[0].ends_with("\r\n"));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_line_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..700)) {
            if let Ok(Some(line)) = WireLine::parse(&bytes) {
                prop_assert!(!line.command.contains(' ') && line.params.len() <= PARAMS_MAX);
                prop_assert!(line.params.iter().all(|param| super::super::json::is_plain(param)));
            }
        }

        #[test]
        fn what_is_sent_is_read_again(params in proptest::collection::vec("[^ :\r\n\0][^ \r\n\0]{0,8}", 0..10), text in "[^\r\n\0]{0,40}") {
            let middle: Vec<&str> = params.iter().map(String::as_str).collect();
            let sent = line("nick!user@host", "PRIVMSG", &middle, Some(&text));
            let read = WireLine::parse(sent.trim_end_matches("\r\n").as_bytes()).unwrap().unwrap();
            let expected: Vec<String> = params.iter().cloned().chain([text]).collect();
            prop_assert_eq!(read.params, expected);
        }

        #[test]
        fn no_part_is_too_long_and_nothing_but_blanks_is_lost(text in ".{0,300}", room in 4_usize..60) {
            let found: Vec<&str> = parts(&text, room).collect();
            prop_assert!(found.iter().all(|part| part.len() <= room));
            let without_blanks = |text: &str| text.replace(' ', "");
            prop_assert_eq!(without_blanks(&found.concat()), without_blanks(&text));
        }
    }
}
