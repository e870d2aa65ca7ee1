//! The grammar of mode strings: letters with a direction, and which of them take an argument.
//!
//! Whether a change is allowed, and whether its argument makes sense, is for `command/mode.rs` to say.
//! Source: <https://modern.ircdocs.horse/#mode-message>

use super::limits::MODE_LETTERS_MAX;

/// Whether a letter is being set or taken away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// `+`
    Set,
    /// `-`
    Unset,
}

impl Direction {
    /// The sign as it is written.
    pub const fn sign(self) -> char {
        match self {
            Self::Set => '+',
            Self::Unset => '-',
        }
    }
}

/// One letter of a mode string with its argument, if it has one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModeChange {
    /// Set or unset.
    pub direction: Direction,
    /// The letter.
    pub letter: char,
    /// Its argument; `None` when it takes none or none was left.
    pub argument: Option<String>,
}

/// Splits `modes` and `arguments` into changes. A string without a sign in front means `+`; letters take
/// their arguments in order; an unknown letter takes none.
pub fn parse_changes(modes: &str, arguments: &[String]) -> Vec<ModeChange> {
    let mut direction = Direction::Set;
    let mut arguments = arguments.iter();
    let mut changes = Vec::new();
    for letter in modes.chars().take(MODE_LETTERS_MAX) {
        match letter {
            '+' => direction = Direction::Set,
            '-' => direction = Direction::Unset,
            letter => {
                let argument = takes_argument(letter, direction).then(|| arguments.next().cloned()).flatten();
                changes.push(ModeChange { direction, letter, argument });
            }
        }
    }
    changes
}

/// Types A and B always take an argument, type C only when set, type D never. One of type A without an argument asks
/// for the list.
fn takes_argument(letter: char, direction: Direction) -> bool {
    match letter {
        'b' | 'e' | 'I' | 'o' | 'v' | 'k' => true,
        'H' | 'l' => direction == Direction::Set,
        _ => false,
    }
}

/// Writes changes the way they are announced: `+ov-i` and the arguments behind it.
pub fn render_changes(changes: &[ModeChange]) -> Vec<String> {
    let mut modes = String::new();
    let mut direction = None;
    for change in changes {
        if direction != Some(change.direction) {
            modes.push(change.direction.sign());
            direction = Some(change.direction);
        }
        modes.push(change.letter);
    }
    let arguments = changes.iter().filter_map(|change| change.argument.clone());
    std::iter::once(modes).chain(arguments).collect()
}

/// Changes as they are announced, in as many parts as it takes for each to be no longer than `room` with the blanks in
/// front of its parameters. `None` where one part has room for all.
pub fn parts_of_changes(announced: &[&str], room: usize) -> Option<Vec<Vec<String>>> {
    let bytes = |params: &[String]| params.iter().map(|param| param.len() + 1).sum::<usize>();
    let (modes, arguments) = announced.split_first()?;
    if modes.len() + 1 + arguments.iter().map(|argument| argument.len() + 1).sum::<usize>() <= room {
        return None;
    }
    let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
    let mut parts: Vec<Vec<ModeChange>> = Vec::new();
    for change in parse_changes(modes, &arguments) {
        match parts.last_mut() {
            Some(part) => {
                part.push(change);
                if bytes(&render_changes(part)) > room
                    && part.len() > 1
                    && let Some(change) = part.pop()
                {
                    parts.push(vec![change]);
                }
            }
            None => parts.push(vec![change]),
        }
    }
    Some(parts.iter().map(|part| render_changes(part)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(modes: &str, arguments: &[&str]) -> Vec<String> {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        render_changes(&parse_changes(modes, &arguments))
    }

    #[test]
    fn letters_take_their_arguments_in_order() {
        assert_eq!(parse("+ov-v+l", &["a", "b", "c", "5"]), ["+ov-v+l", "a", "b", "c", "5"]);
        assert_eq!(parse("im-l", &["unused"]), ["+im-l"]);
        assert_eq!(parse("+ok", &["a"]), ["+ok", "a"], "the key's argument is missing");
        assert_eq!(parse("b-eI+H-H", &["a", "b", "c", "9"]), ["+b-eI+H-H", "a", "b", "c", "9"]);
        assert_eq!(parse("b", &[]), ["+b"], "asks for the list");
    }

    #[test]
    fn changes_that_are_too_long_are_parted_between_two_of_them() {
        let masks: Vec<String> = ["a", "b", "c"].map(|letter| letter.repeat(30)).to_vec();
        let announced: Vec<&str> = ["+bb-b"].into_iter().chain(masks.iter().map(String::as_str)).collect();
        assert_eq!(parts_of_changes(&announced, 200), None);
        let parts = parts_of_changes(&announced, 70).unwrap();
        assert_eq!(
            parts,
            [
                vec!["+bb".to_owned(), masks[0].clone(), masks[1].clone()],
                vec!["-b".to_owned(), masks[2].clone()]
            ]
        );
        let parts = parts_of_changes(&announced, 10).unwrap();
        assert_eq!(parts.len(), 3, "each goes alone where none has room: {parts:?}");
    }

    #[test]
    fn signs_without_letters_change_nothing() {
        assert!(parse_changes("+-+", &[]).is_empty());
    }
}
