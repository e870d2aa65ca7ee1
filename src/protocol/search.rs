//! What one may search for: words, phrases in quotation marks, and beginnings of words with a star behind them.

use super::limits::SEARCH_CHARS_MAX;

/// One thing that is looked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Term {
    /// A word, or several that follow each other.
    pub text: String,
    /// Whether its last word is a beginning.
    pub is_prefix: bool,
}

/// What is looked for: all of these. Where there are none, nothing is found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms(Vec<Term>);

impl Terms {
    /// Reads what somebody has typed; whatever that is means something or nothing, and is never an error in itself.
    ///
    /// # Errors
    /// What is wrong with it: there is nothing, or too much.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("q required");
        }
        if text.chars().count() > SEARCH_CHARS_MAX {
            return Err("q is too long");
        }
        let mut terms = Vec::new();
        // Between quotation marks every second part stands; one that is never closed goes to the end.
        for (index, part) in text.split('"').enumerate() {
            if index % 2 == 1 {
                terms.extend(Term::new(part, false));
                continue;
            }
            for word in part.split_whitespace() {
                let bare = word.trim_end_matches('*');
                terms.extend(Term::new(bare, bare.len() < word.len()));
            }
        }
        Ok(Self(terms))
    }

    /// Whether there is no word among what was typed.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The terms.
    pub fn iter(&self) -> impl Iterator<Item = &Term> {
        self.0.iter()
    }
}

impl Term {
    /// `None` where no character of it is one of a word.
    fn new(text: &str, is_prefix: bool) -> Option<Self> {
        let is_word = text.chars().any(|c| c.is_alphanumeric() && !is_enclosed_letter(c));
        // A control character ends no word that a blank does not end.
        let text = text.replace(char::is_control, " ");
        is_word.then_some(Self { text, is_prefix })
    }
}

/// Letters in circles and squares, which count as letters and are symbols to the index: it has none of them in a word.
const fn is_enclosed_letter(c: char) -> bool {
    matches!(c, '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f149}' | '\u{1f150}'..='\u{1f169}' | '\u{1f170}'..='\u{1f189}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<(String, bool)> {
        let terms = Terms::parse(text).map(|terms| terms.0).unwrap_or_default();
        terms.into_iter().map(|term| (term.text, term.is_prefix)).collect()
    }

    #[test]
    fn words_phrases_and_beginnings_are_told_apart() {
        let term = |text: &str, is_prefix| (text.to_owned(), is_prefix);
        assert_eq!(terms("green tea"), [term("green", false), term("tea", false)]);
        assert_eq!(terms("\"green tea\" cup*"), [term("green tea", false), term("cup", true)]);
        assert_eq!(terms("\"never closed"), [term("never closed", false)]);
        assert_eq!(terms("tea \u{24b6} \u{1f170}"), [term("tea", false)], "symbols are no words");
        assert_eq!(terms("a\"b c\"d"), [term("a", false), term("b c", false), term("d", false)]);
        assert_eq!(
            terms("NEAR(a b) OR -x text:y"),
            [
                term("NEAR(a", false),
                term("b)", false),
                term("OR", false),
                term("-x", false),
                term("text:y", false)
            ]
        );
        assert_eq!(terms("a\0b"), [term("a b", false)]);
    }

    #[test]
    fn what_has_no_word_looks_for_nothing() {
        for nothing in [" ", "*", "\"\"", "!?", "\"***\"", "\0"] {
            assert!(Terms::parse(nothing).unwrap().is_empty(), "{nothing:?}");
        }
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        assert_eq!(Terms::parse(""), Err("q required"));
        assert!(Terms::parse(&"ü".repeat(SEARCH_CHARS_MAX + 1)).is_err());
        assert!(Terms::parse(&"ü".repeat(SEARCH_CHARS_MAX)).is_ok());
    }
}
