//! Masks: texts in which `*` stands for any characters and `?` for one.
//! Source: <https://modern.ircdocs.horse/#wildcard-expressions>

use super::limits::HOSTLEN;

/// A mask, taken apart once for all the texts that it is held against.
#[derive(Clone, Debug)]
pub struct Mask(Vec<char>);

impl Mask {
    /// A mask from its text; `None` when it is longer than anything that it might match.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() <= HOSTLEN).then(|| Self(text.chars().collect()))
    }

    /// Whether `text` matches, ASCII letters of both cases being the same.
    pub fn matches(&self, text: &str) -> bool {
        matches(&self.0, text)
    }
}

/// Goes back to the last `*` only, so that it takes at most as many steps as both are long multiplied,
/// whatever the mask.
fn matches(mask: &[char], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut at_mask, mut at_text) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(&character) = text.get(at_text) {
        match mask.get(at_mask) {
            Some('*') => {
                star = Some((at_mask, at_text));
                at_mask += 1;
                continue;
            }
            Some(wanted) if *wanted == '?' || wanted.eq_ignore_ascii_case(&character) => {
                at_mask += 1;
                at_text += 1;
                continue;
            }
            _ => {}
        }
        // What follows the star does not begin here: let the star take one character more.
        let Some((star_mask, star_text)) = star else { return false };
        star = Some((star_mask, star_text + 1));
        at_mask = star_mask + 1;
        at_text = star_text + 1;
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
