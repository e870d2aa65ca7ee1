//! Masks: texts in which `*` stands for any characters and `?` for one.
//! Source: <https://modern.ircdocs.horse/#wildcard-expressions>

use std::str::Chars;

use super::limits::MASKLEN;

/// A mask, taken apart and folded once for all the texts that it is held against.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mask(Box<[char]>);

impl Mask {
    /// A mask from its text; `None` when it is longer than anything that it might match.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() <= MASKLEN).then(|| Self(text.chars().map(|c| c.to_ascii_lowercase()).collect()))
    }

    /// How many steps it takes at most to hold it against a text of so many characters.
    pub const fn steps(&self, characters: usize) -> usize {
        (self.0.len() + 1) * characters
    }

    /// Whether `text` matches, ASCII letters of both cases being the same.
    pub fn matches(&self, text: &str) -> bool {
        matches(&self.0, text)
    }
}

/// Goes back to the last `*` only, so that it takes at most as many steps as both are long multiplied,
/// whatever the mask.
fn matches(mask: &[char], text: &str) -> bool {
    let mut at_mask = 0;
    let mut rest = text.chars();
    let mut star: Option<(usize, Chars<'_>)> = None;
    loop {
        let mut behind = rest.clone();
        let Some(character) = behind.next() else { break };
        match mask.get(at_mask) {
            Some('*') => {
                star = Some((at_mask, rest.clone()));
                at_mask += 1;
                continue;
            }
            Some(wanted) if *wanted == '?' || *wanted == character.to_ascii_lowercase() => {
                at_mask += 1;
                rest = behind;
                continue;
            }
            _ => {}
        }
        // What follows the star does not begin here: let the star take one character more.
        let Some((star_mask, star_rest)) = &mut star else { return false };
        star_rest.next();
        at_mask = *star_mask + 1;
        rest = star_rest.clone();
    }
    mask.iter().skip(at_mask).all(|left| *left == '*')
}

#[cfg(test)]
mod tests {
    use super::Mask;

    fn matches(mask: &str, text: &str) -> bool {
        Mask::parse(mask).is_some_and(|mask| mask.matches(text))
    }

    #[test]
    fn stars_and_question_marks_stand_for_characters() {
        for (mask, text) in [
            ("*", ""),
            ("car*", "Carol"),
            ("*ol", "carol"),
            ("c?r*l", "carol"),
            ("*a*a*", "banana"),
            ("é?", "éß"),
        ] {
            assert!(matches(mask, text), "{mask} {text}");
        }
        for (mask, text) in [("", "a"), ("?", ""), ("car", "carol"), ("*x*", "carol"), ("c?", "c")] {
            assert!(!matches(mask, text), "{mask} {text}");
        }
    }

    #[test]
    fn a_hostile_mask_takes_no_longer_than_its_length_allows() {
        assert!(!matches(&"*a".repeat(120), &"a".repeat(119)));
        assert!(Mask::parse(&"*".repeat(4_000)).is_none());
    }
}
