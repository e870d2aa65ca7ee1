//! From lines to requests: the same envelope that HTTP posts. Which command takes what is not decided here.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::protocol::json::check_free_form;
use crate::protocol::message::{Body, Request};
use crate::protocol::wire::{WireLine, is_tag_key};

/// Tags whose names on the wire are drafts, and what they are called in `meta`.
pub(super) const DRAFTS: [(&str, &str); 2] = [("draft/reply", "reply"), ("draft/react", "react")];
/// What of `meta` does not go over the wire: proofs over the JSON form of a message.
pub(super) const JSON_ONLY: [&str; 3] = ["hashcash", "sig", "alg"];

/// The request that a line is. Its tags become `meta`, as far as a client may send them.
pub(super) fn request(line: WireLine) -> Request {
    let WireLine { tags, command, mut params } = line;
    let meta = meta(tags);
    match command.as_str() {
        "PRIVMSG" | "NOTICE" | "TAGMSG" => {
            let mut params = params.into_iter();
            let to = params.next();
            let body = params.next().map(Body::line);
            Request { command, to, params: None, body, meta }
        }
        "PUBKEY" => {
            let body = params.pop_if(|last| last.starts_with('{')).and_then(object);
            Request { command, to: params.into_iter().next(), params: None, body, meta }
        }
        _ => Request { command, to: None, params: Some(params), body: None, meta },
    }
}

fn object(text: String) -> Option<Body> {
    let object = RawValue::from_string(text).ok()?;
    check_free_form(&object).ok()?;
    Some(Body::Object(object))
}

/// Tags that a client may send are those with a `+`. The others are the server's, and what a client says of them is
/// passed over.
fn meta(tags: Vec<(String, String)>) -> Option<Box<RawValue>> {
    let mut meta = Map::new();
    for (key, value) in tags {
        let Some(key) = key.strip_prefix('+').filter(|key| is_tag_key(key)) else { continue };
        let draft = DRAFTS.iter().find(|(draft, _)| *draft == key);
        // What would be taken for something else in `meta` keeps its sign there, and is the same tag again on the wire.
        let is_taken = DRAFTS.iter().any(|(_, name)| *name == key) || JSON_ONLY.contains(&key);
        let key = match draft {
            Some((_, name)) => (*name).to_owned(),
            None if is_taken => format!("+{key}"),
            None => key.to_owned(),
        };
        meta.insert(key, Value::String(value));
    }
    let json = (!meta.is_empty()).then(|| Value::Object(meta).to_string())?;
    RawValue::from_string(json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Request {
        request(WireLine::parse(line.as_bytes()).unwrap().unwrap())
    }

    #[test]
    fn a_message_has_its_target_apart_and_its_tags_in_meta() {
        let request =
            of("@+typing=active;label=7;+draft/reply=x;+hashcash=1:;time=now;+b@d=1 privmsg #c :hi there");
        assert_eq!((request.to.as_deref(), request.lines()), (Some("#c"), &["hi there".to_owned()][..]));
        assert_eq!(request.meta.unwrap().get(), r#"{"typing":"active","reply":"x","+hashcash":"1:"}"#);
        let request = of("@+draft/reply=1;+reply=2;+sig=s PRIVMSG #c :hi");
        assert_eq!(request.meta.unwrap().get(), r#"{"reply":"1","+reply":"2","+sig":"s"}"#);
        let request = of("PRIVMSG");
        assert!(request.to.is_none() && request.body.is_none() && request.meta.is_none());
    }

    #[test]
    fn everything_else_has_parameters() {
        let request = of("KICK #c bob :for :this");
        assert_eq!(request.params.unwrap(), ["#c", "bob", "for :this"]);
        assert!(request.to.is_none() && request.body.is_none());
        let request = of(r#"PUBKEY #c :{"alg":"ed25519"}"#);
        assert!(matches!(request.body, Some(Body::Object(_))) && request.to.as_deref() == Some("#c"));
        assert!(of(r#"PUBKEY :{"a":1,"a":2}"#).body.is_none(), "what no message may carry");
    }
}
