//! What others say, made harmless for a terminal.
//!
//! Everything that came from a server passes through here before it is shown, be it a nick, a topic, a text or an
//! error: control bytes could move the cursor or set the title, marks of direction and what has no width could make
//! one text look like another, and marks without end could cover the lines around it.

use unicode_width::UnicodeWidthChar;

/// Marks that one character may carry: as many as languages put on one.
const MARKS_MAX: usize = 2;

/// What stands for a control character.
const REPLACEMENT: char = '\u{fffd}';

/// What a character is to a terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Plain,
    /// It could make the terminal do something.
    Control,
    /// It is not seen, but changes how something else is seen.
    Invisible,
    /// It goes on top of the character before it.
    Mark,
}

fn kind(c: char) -> Kind {
    match c {
        // Soft hyphen, grapheme joiner, marks of direction, zero widths, invisible operators, fillers, byte order
        // mark, variation selectors, shorthand and musical controls, tags; and what is no character.
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => Kind::Invisible,
        '\u{2028}' | '\u{2029}' => Kind::Control,
        c if c.is_control() => Kind::Control,
        c => match c.width() {
            Some(0) => Kind::Mark,
            Some(_) => Kind::Plain,
            None => Kind::Control,
        },
    }
}

/// A text as one line that does nothing to a terminal but be read. The colours and styles of IRC go, too.
pub(crate) fn line(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    // A mark at the beginning would go on top of whatever is in front of the text.
    let mut marks = MARKS_MAX;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            // Bold, reset, monospace, reverse, italics, strikethrough, underline.
            '\u{2}' | '\u{f}' | '\u{11}' | '\u{16}' | '\u{1d}' | '\u{1e}' | '\u{1f}' => continue,
            // Colour: up to two digits, and two more behind a comma.
            '\u{3}' => {
                let digits = |rest: &mut std::iter::Peekable<std::str::Chars<'_>>| {
                    (0..2).filter(|_| rest.next_if(char::is_ascii_digit).is_some()).count()
                };
                let mut ahead = rest.clone();
                if digits(&mut rest) > 0 {
                    ahead.clone_from(&rest);
                    if ahead.next() == Some(',') && digits(&mut ahead) > 0 {
                        rest = ahead;
                    }
                }
                continue;
            }
            '\t' | '\n' | '\r' => {
                clean.push(' ');
                marks = 0;
                continue;
            }
            _ => {}
        }
        match kind(c) {
            Kind::Plain => {
                clean.push(c);
                marks = 0;
            }
            Kind::Control => {
                clean.push(REPLACEMENT);
                marks = MARKS_MAX;
            }
            Kind::Invisible => {}
            Kind::Mark => {
                if marks < MARKS_MAX {
                    clean.push(c);
                    marks += 1;
                }
            }
        }
    }
    clean
}

/// JSON that says the same and does nothing to a terminal: whatever is not plain is written as `\uXXXX`.
pub(crate) fn json(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut marks = MARKS_MAX;
    for c in text.chars() {
        match kind(c) {
            Kind::Plain => marks = 0,
            Kind::Mark if marks < MARKS_MAX => marks += 1,
            // Outside of its strings JSON has none of these.
            _ => {
                let mut units = [0; 2];
                clean.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
                continue;
            }
        }
        clean.push(c);
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_only_seen() {
        for (hostile, harmless) in [
            ("\u{1b}[2J\u{1b}]0;title\u{7}x", "\u{fffd}[2J\u{fffd}]0;title\u{fffd}x"),
            ("\u{9b}31m", "\u{fffd}31m"),
            ("a\u{202e}gpj.exe", "agpj.exe"),
            ("ad\u{200b}min\u{feff}\u{2060}", "admin"),
            ("\u{3}04,12red\u{f} \u{2}bold\u{2} \u{3}4,x", "red bold ,x"),
            ("\u{3}123", "3"),
            ("a\tb\r\nc", "a b  c"),
            ("a\u{2028}b\u{85}c\u{7f}", "a\u{fffd}b\u{fffd}c\u{fffd}"),
            ("\u{301}\u{301}x", "x"),
            ("e\u{301} grün 🦀 日本", "e\u{301} grün 🦀 日本"),
        ] {
            assert_eq!(line(hostile), harmless, "{hostile:?}");
        }
        let tower = format!("z{}", "\u{335}".repeat(4000));
        assert_eq!(line(&tower), "z\u{335}\u{335}");
    }

    #[test]
    fn nothing_hostile_is_left_of_any_character() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let clean = line(&format!("a{c}{c}{c}{c}"));
            assert!(clean.chars().count() <= 5 && !clean.chars().any(char::is_control), "{c:?}");
            assert!(!clean.contains(['\u{202e}', '\u{2066}', '\u{200b}', '\u{2028}']), "{c:?}");
        }
    }

    #[test]
    fn json_says_the_same_without_harm() {
        let text = "\u{202e}\u{9b}\u{7f}e\u{301}\u{301}\u{301}\u{1b}\u{e0041} 🦀";
        let harmless = json(&serde_json::to_string(text).unwrap());
        assert_eq!(serde_json::from_str::<String>(&harmless).unwrap(), text);
        assert_eq!(harmless, line(&harmless));
    }
}
