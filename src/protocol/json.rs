//! Checks on the free-form parts of a message: JSON that we relay without looking into it.
//!
//! What is relayed untouched must still be harmless to whoever reads it: bounded in depth, without repeated
//! keys (two parsers would disagree on their value), without NUL, CR or LF in any string, and without keys that mean
//! something to a parser in wide use.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::limits::JSON_DEPTH_MAX;

/// Keys that begin so are marks which `serde_json` makes for itself: with them an object is read as something else, or
/// not at all, by whoever reads it into a `Value`, and so are all messages on the same page.
const MARKS_OF_A_PARSER: &str = "$serde_json::private::";

/// Whether `text` may stand in a message: no NUL, CR or LF.
pub fn is_plain(text: &str) -> bool {
    !text.bytes().any(|byte| matches!(byte, 0 | b'\r' | b'\n'))
}

/// # Errors
/// The first rule that `raw` breaks, in words.
pub fn check_free_form(raw: &RawValue) -> Result<(), serde_json::Error> {
    let mut parser = serde_json::Deserializer::from_str(raw.get());
    Checked { depth: 0 }.deserialize(&mut parser)
}

/// Walks one value without keeping it.
#[derive(Clone, Copy)]
struct Checked {
    depth: usize,
}

impl Checked {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth == JSON_DEPTH_MAX {
            return Err(E::custom("nested too deeply"));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Checked {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Checked {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if is_plain(text) { Ok(()) } else { Err(E::custom("NUL, CR or LF in a string")) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        let mut seen = HashSet::new();
        while let Some(key) = fields.next_key::<String>()? {
            self.visit_str(&key)?;
            if key.starts_with(MARKS_OF_A_PARSER) {
                return Err(A::Error::custom("a key that is not data"));
            }
            fields.next_value_seed(inner)?;
            if !seen.insert(key) {
                return Err(A::Error::custom("repeated key"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), serde_json::Error> {
        check_free_form(&serde_json::from_str::<Box<RawValue>>(text).unwrap())
    }

    #[test]
    fn harmless_json_passes() {
        check(r#"{"a":[1,-2,3.5,null,true,"x"],"b":{"a":"again, but elsewhere"}}"#).unwrap();
    }

    #[test]
    fn repeated_keys_control_characters_and_depth_are_refused() {
        assert!(check(r#"{"a":1,"a":2}"#).is_err());
        assert!(check(r#"{"a":{"b":1,"b":1}}"#).is_err());
        for bad in [r#""a\u0000""#, r#"["a\nb"]"#, r#"{"a\r":1}"#] {
            assert!(check(bad).is_err(), "{bad}");
        }
        for mark in ["RawValue", "Number"] {
            let bad = format!(r#"{{"a":[{{"$serde_json::private::{mark}":1}}]}}"#);
            assert!(check(&bad).is_err(), "{bad}");
        }
        assert!(check(&format!("{}{}", "[".repeat(16), "]".repeat(16))).is_ok());
        assert!(check(&format!("{}{}", "[".repeat(17), "]".repeat(17))).is_err());
    }
}
