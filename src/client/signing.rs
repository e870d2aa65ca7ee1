//! Signatures: what of a message is signed, how a signature is made, and how it is checked.
//!
//! Signed is the [JCS form](https://www.rfc-editor.org/rfc/rfc8785) of an object with `command` in upper case,
//! `from`, `to`, `params`, `body`, and `meta` without `sig`. `meta.alg` is therefore signed too. A field that is
//! absent, `null` or empty (an empty text, a list without an element, a `meta` with nothing but `sig`) is left out,
//! because the server does not distinguish them either. The signature is Ed25519, in base64 with padding, in
//! `meta.sig`. `docs/signing.md` has the format for the authors of other clients, with test vectors.
//!
//! Not signed are `id`, `seq` and `ts`, which the server gives: a signature proves who said something to whom, not
//! when, nor how often. Whoever needs that puts a time or a number of their own into `meta`.

use data_encoding::BASE64;
use serde::Serialize;
use serde_json::{Map, Value};

use super::key::{ALGORITHM, PublicKey, SigningKey};
use super::message::{Body, Message};

/// Why a message is not signed: recipients could not check the signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SignError {
    /// `from` is empty. It is signed, so it has to be the nick that recipients will see.
    #[error("the message has no sender")]
    NoSender,
    /// A PRIVMSG, NOTICE or TAGMSG to several targets, each of which would get it with another `to`.
    #[error("a signed message has one target")]
    SeveralTargets,
    /// A PRIVMSG, NOTICE or TAGMSG with `params`, which the server does not relay.
    #[error("the params of a message are not relayed, so they cannot be signed")]
    Params,
}

/// Why a signature is not good.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is none.
    #[error("the message is not signed")]
    Unsigned,
    /// It was made by an algorithm that this library does not know.
    #[error("the message is signed by an unknown algorithm")]
    Algorithm,
    /// `meta.sig` is not the base64 form of 64 bytes.
    #[error("the signature is malformed")]
    Malformed,
    /// Another key made it, or something in the message is not as it was signed.
    #[error("the signature does not fit")]
    Mismatch,
    /// No key is known for the nick in `from`.
    #[error("no key is known for the sender")]
    NoKey,
}

/// The text that is signed: its UTF-8 bytes go into Ed25519 as they are.
pub fn signed_text(message: &Message) -> String {
    #[derive(Serialize)]
    struct Signed<'a> {
        command: String,
        #[serde(skip_serializing_if = "str::is_empty")]
        from: &'a str,
        #[serde(skip_serializing_if = "str::is_empty")]
        to: &'a str,
        #[serde(skip_serializing_if = "<[String]>::is_empty")]
        params: &'a [String],
        #[serde(skip_serializing_if = "Option::is_none")]
        body: Option<&'a Body>,
        #[serde(skip_serializing_if = "Map::is_empty")]
        meta: Map<String, Value>,
    }
    let mut meta = message.meta.clone().unwrap_or_default();
    meta.shift_remove("sig");
    let signed = Signed {
        command: message.command.to_ascii_uppercase(),
        from: &message.from,
        to: &message.to,
        params: &message.params,
        body: message.body.as_ref().filter(|body| !body.is_no_lines()),
        meta,
    };
    serde_json_canonicalizer::to_string(&signed).expect("JSON values have a canonical form")
}

impl SigningKey {
    /// Signs a message: fills in `meta.alg` and `meta.sig`, and leaves the rest of `meta` as it is.
    ///
    /// Everything else has to be as recipients will see it: `from` the nick of the sender, `to` the channel or nick
    /// *as the server spells it*, whatever else goes into `meta` already there.
    /// [`Client::send_signed`](super::Client::send_signed) sees to `from`.
    ///
    /// # Errors
    /// [`SignError`] when no recipient could check the signature.
    pub fn sign(&self, message: &mut Message) -> Result<(), SignError> {
        if message.from.is_empty() {
            return Err(SignError::NoSender);
        }
        let is_relayed_bare =
            ["PRIVMSG", "NOTICE", "TAGMSG"].iter().any(|verb| message.command.eq_ignore_ascii_case(verb));
        if is_relayed_bare && message.to.contains(',') {
            return Err(SignError::SeveralTargets);
        }
        if is_relayed_bare && !message.params.is_empty() {
            return Err(SignError::Params);
        }
        message.meta.get_or_insert_default().insert("alg".to_owned(), ALGORITHM.into());
        let signature = BASE64.encode(&self.sign_bytes(signed_text(message).as_bytes()));
        message.meta.get_or_insert_default().insert("sig".to_owned(), signature.into());
        Ok(())
    }
}

/// Checks that this key signed this message.
///
/// # Errors
/// [`VerifyError`] when it did not.
pub fn verify(message: &Message, key: &PublicKey) -> Result<(), VerifyError> {
    let field = |name| message.meta.as_ref().and_then(|meta| meta.get(name));
    let signature = field("sig").ok_or(VerifyError::Unsigned)?;
    if field("alg").and_then(Value::as_str) != Some(ALGORITHM) {
        return Err(VerifyError::Algorithm);
    }
    let signature = signature.as_str().and_then(|text| BASE64.decode(text.as_bytes()).ok());
    let signature: [u8; 64] =
        signature.and_then(|bytes| bytes.try_into().ok()).ok_or(VerifyError::Malformed)?;
    if key.is_signature_of(signed_text(message).as_bytes(), &signature) {
        Ok(())
    } else {
        Err(VerifyError::Mismatch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(json: &str) -> Message {
        serde_json::from_str(json).unwrap()
    }

    fn signed(key: &SigningKey) -> Message {
        let mut message = Message::new("privmsg").to("#tea").body("Grüße, 世界").meta("lang", "de");
        message.from = "alice".to_owned();
        key.sign(&mut message).unwrap();
        message
    }

    #[test]
    fn a_signature_fits_its_message_and_its_key_alone() {
        let key = SigningKey::generate();
        let original = signed(&key);
        assert_eq!(verify(&original, &key.public()), Ok(()));
        assert_eq!(verify(&original, &SigningKey::generate().public()), Err(VerifyError::Mismatch));
        let changes: [fn(&mut Message); 7] = [
            |message| message.command = "NOTICE".to_owned(),
            |message| message.from = "mallory".to_owned(),
            |message| message.to = "#Tea".to_owned(),
            |message| message.params = vec![String::new()],
            |message| message.body = Some("Gruesse".into()),
            |message| message.body = None,
            |message| drop(message.meta.as_mut().unwrap().insert("lang".to_owned(), "en".into())),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut changed = original.clone();
            change(&mut changed);
            assert_eq!(verify(&changed, &key.public()), Err(VerifyError::Mismatch), "change {number}");
        }
    }

    /// The server gives these after the signature was made, and upper-cases the command.
    #[test]
    fn what_the_server_gives_is_not_signed() {
        let key = SigningKey::generate();
        let mut relayed = signed(&key);
        relayed.command = "PRIVMSG".to_owned();
        (relayed.seq, relayed.ts, relayed.id) = (7, "now".to_owned(), Some(uuid::Uuid::nil()));
        assert_eq!(verify(&relayed, &key.public()), Ok(()));
    }

    #[test]
    fn absent_null_and_empty_are_the_same() {
        let bare = r#"{"command":"AWAY","from":"alice"}"#;
        let empty = r#"{"command":"away","from":"alice","to":"","params":[],"body":[],"meta":{}}"#;
        let null = r#"{"command":"Away","from":"alice","to":null,"params":null,"body":null,"meta":null}"#;
        for json in [bare, empty, null, r#"{"command":"away","from":"alice","meta":{"sig":"x"}}"#] {
            assert_eq!(signed_text(&message(json)), r#"{"command":"AWAY","from":"alice"}"#);
        }
        let lines = message(r#"{"command":"TOPIC","from":"alice","body":[""]}"#);
        assert_eq!(signed_text(&lines), r#"{"body":[""],"command":"TOPIC","from":"alice"}"#);
        let object = message(r#"{"command":"PRIVMSG","from":"alice","body":{}}"#);
        assert_eq!(signed_text(&object), r#"{"body":{},"command":"PRIVMSG","from":"alice"}"#);
    }

    #[test]
    fn meta_comes_into_being_and_keeps_what_it_has() {
        let key = SigningKey::generate();
        let mut bare = Message { from: "alice".to_owned(), ..Message::new("PRIVMSG").to("#tea").body("hi") };
        key.sign(&mut bare).unwrap();
        assert_eq!(bare.meta.as_ref().unwrap().keys().collect::<Vec<_>>(), ["alg", "sig"]);
        let again = signed(&key);
        assert_eq!(again.meta.as_ref().unwrap()["lang"], "de");
        // Signing a second time replaces the signature and does not sign the first one.
        let mut twice = again.clone();
        key.sign(&mut twice).unwrap();
        assert_eq!(twice, again);
    }

    #[test]
    fn what_nobody_could_check_is_not_signed() {
        let key = SigningKey::generate();
        let sign = |json| key.sign(&mut message(json));
        assert_eq!(sign(r##"{"command":"PRIVMSG","to":"#tea","body":["hi"]}"##), Err(SignError::NoSender));
        assert_eq!(
            sign(r##"{"command":"privmsg","from":"a","to":"#tea,#milk","body":["hi"]}"##),
            Err(SignError::SeveralTargets)
        );
        assert_eq!(
            sign(r##"{"command":"NOTICE","from":"a","to":"#tea","params":["hi"]}"##),
            Err(SignError::Params)
        );
        assert_eq!(sign(r##"{"command":"MODE","from":"a","to":"#tea","params":["+m"]}"##), Ok(()));
    }

    #[test]
    fn what_is_no_signature_is_told_apart() {
        let key = SigningKey::generate();
        let good = signed(&key);
        let with = |field: &str, value: Value| {
            let mut message = good.clone();
            message.meta.as_mut().unwrap().insert(field.to_owned(), value);
            verify(&message, &key.public())
        };
        let unsigned = Message { meta: None, ..good.clone() };
        assert_eq!(verify(&unsigned, &key.public()), Err(VerifyError::Unsigned));
        assert_eq!(with("alg", "rsa".into()), Err(VerifyError::Algorithm));
        assert_eq!(with("alg", Value::Null), Err(VerifyError::Algorithm));
        let text = good.meta.as_ref().unwrap()["sig"].as_str().unwrap().to_owned();
        for bad in ["", "!", text.trim_end_matches('='), &format!("{text} "), &BASE64.encode(&[0; 63])] {
            assert_eq!(with("sig", bad.into()), Err(VerifyError::Malformed), "{bad:?}");
        }
        assert_eq!(with("sig", 7.into()), Err(VerifyError::Malformed));
        assert_eq!(with("sig", BASE64.encode(&[0; 64]).into()), Err(VerifyError::Mismatch));
    }

    /// One such key means something to the parser of JSON elsewhere.
    #[test]
    fn any_key_is_signed_as_it_is() {
        let json = r#"{"command":"PRIVMSG","from":"a","to":"b","meta":{"a":{"$serde_json::private::RawValue":"}"}}}"#;
        let mut message: Message = serde_json::from_str(json).unwrap();
        assert!(signed_text(&message).contains(r#""a":{"$serde_json::private::RawValue":"}"}"#));
        let key = SigningKey::generate();
        key.sign(&mut message).unwrap();
        let there: Message = serde_json::from_slice(&message.to_request()).unwrap();
        assert_eq!(verify(&Message { from: message.from.clone(), ..there }, &key.public()), Ok(()));
    }

    /// RFC 8785, 3.2.2.3 and 3.2.3: numbers as ECMAScript prints them, keys by their UTF-16 code units.
    #[test]
    fn numbers_and_keys_are_canonical() {
        let text = signed_text(&message(
            r#"{"command":"PRIVMSG","from":"a","body":{"\ufb33":1,"\ud83d\ude00":2,"z":1.0,"a":-0.0,
               "big":18446744073709551615,"e":1e21,"f":0.1,"g":333333333.33333329,"h":5e-324}}"#,
        ));
        assert_eq!(
            text,
            "{\"body\":{\"a\":0,\"big\":18446744073709552000,\"e\":1e+21,\"f\":0.1,\"g\":333333333.3333333,\
             \"h\":5e-324,\"z\":1,\"\u{1f600}\":2,\"\u{fb33}\":1},\"command\":\"PRIVMSG\",\"from\":\"a\"}"
        );
    }

    /// Any JSON within the limits of a message.
    fn json() -> impl proptest::strategy::Strategy<Value = Value> {
        use proptest::prelude::*;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map(any::<String>(), inner, 0..4)
                    .prop_map(|object| Value::from(object.into_iter().collect::<Map<_, _>>())),
            ]
        })
    }

    proptest::proptest! {
        /// Whatever is signed: it verifies after it was written as JSON and read, in whatever order its keys come.
        #[test]
        fn what_travels_as_json_still_verifies(body in json(), tag in json(), text in ".*") {
            let key = SigningKey::from_bytes(&[7; 32]);
            let body = match body {
                Value::Object(object) => Body::Object(object),
                _ => Body::from(text),
            };
            let mut message = Message::new("PRIVMSG").to("#c").body(body).meta("tag", tag);
            message.from = "alice".to_owned();
            key.sign(&mut message).unwrap();
            let mut meta: Vec<_> = message.meta.take().unwrap().into_iter().collect();
            meta.reverse();
            message.meta = Some(meta.into_iter().collect());
            let read: Message = serde_json::from_slice(&serde_json::to_vec(&message).unwrap()).unwrap();
            proptest::prop_assert_eq!(verify(&read, &key.public()), Ok(()));
        }
    }

    /// A reader that is off by the last bit of a number would see a bad signature; fast readers of JSON sometimes are.
    #[test]
    fn numbers_are_read_to_the_last_bit() {
        let mut state = 1_u64;
        for _ in 0..1000 {
            // Knuth's generator of MMIX: numbers with all their digits, the same in every run.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let number = f64::from_bits((state >> 12) | 0x3ff0_0000_0000_0000);
            let json = format!(r#"{{"command":"PRIVMSG","from":"a","body":{{"n":{number}}}}}"#);
            assert!(signed_text(&message(&json)).contains(&format!(r#""n":{number}}}"#)), "{number}");
        }
    }
}
