//! What a session says about itself: SETNAME and PUBKEY.
//! Source: <https://ircv3.net/specs/extensions/setname>; for PUBKEY, docs/api.md

use data_encoding::BASE64;
use serde::Deserialize;

use super::arguments::Arguments;
use super::decision::{Caller, Decision};
use crate::protocol::message::{Body, Request};
use crate::protocol::name::Realname;
use crate::world::{Event, Refusal, World};

/// Bytes of an Ed25519 public key.
const KEY_BYTES: usize = 32;

/// `SETNAME <realname>`
#[derive(Debug)]
pub struct Setname {
    realname: Realname,
}

impl Setname {
    /// # Refusals
    /// `NeedMoreParams`; `InvalidRealname` when it is too long or has control characters.
    pub(super) fn parse(arguments: Arguments) -> Result<Self, Refusal> {
        let text = arguments.text().filter(|text| !text.trim().is_empty());
        let text = text.ok_or(Refusal::NeedMoreParams("SETNAME"))?;
        Ok(Self { realname: Realname::parse(&text).map_err(|_| Refusal::InvalidRealname)? })
    }

    pub(super) fn decide(self, caller: &Caller<'_>) -> Decision {
        Decision::event(Event::RealnameChanged { user: caller.user, realname: self.realname })
    }
}

/// `PUBKEY [<channel>] {"alg":"ed25519","key":<base64>}`
#[derive(Debug)]
pub struct Pubkey {
    channel: Option<String>,
    key: String,
}

#[derive(Deserialize)]
struct Key {
    alg: String,
    key: String,
}

impl Pubkey {
    /// # Refusals
    /// `NeedMoreParams` when there is no key, or none of Ed25519.
    pub(super) fn parse(request: Request) -> Result<Self, Refusal> {
        let need_more = Refusal::NeedMoreParams("PUBKEY");
        let Some(Body::Object(body)) = request.body else { return Err(need_more) };
        let Ok(Key { alg, key }) = serde_json::from_str(body.get()) else { return Err(need_more) };
        let is_key = BASE64.decode(key.as_bytes()).is_ok_and(|bytes| bytes.len() == KEY_BYTES);
        if alg != "ed25519" || !is_key {
            return Err(need_more);
        }
        Ok(Self { channel: request.to.filter(|to| !to.is_empty()), key })
    }

    /// # Refusals
    /// `NoSuchChannel`, `NotOnChannel`, `CannotSendToChannel`.
    pub(super) fn decide(self, world: &World, caller: &Caller<'_>) -> Result<Decision, Refusal> {
        let channel = match &self.channel {
            None => None,
            Some(name) => {
                let channel = world.channel_shown_to(caller.user, name)?;
                channel.member(caller.user)?;
                world.may_speak_to(channel, caller.user)?;
                Some(channel.id)
            }
        };
        Ok(Decision::event(Event::KeyPublished { user: caller.user, key: self.key, channel }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::Scene;

    #[test]
    fn a_key_is_32_bytes_of_ed25519() {
        let mut scene = Scene::with(&["alice"]);
        let key = BASE64.encode(&[7; KEY_BYTES]);
        let pubkey = |body: &str| format!(r#"{{"command":"PUBKEY","body":{body}}}"#);
        let short = BASE64.encode(&[7; KEY_BYTES - 1]);
        for bad in [
            r#"{"alg":"ed25519"}"#.to_owned(),
            format!(r#"{{"alg":"rsa","key":"{key}"}}"#),
            format!(r#"{{"alg":"ed25519","key":"{short}"}}"#),
            r#"{"alg":"ed25519","key":"%%%"}"#.to_owned(),
            r#"["ed25519"]"#.to_owned(),
        ] {
            assert_eq!(scene.refusal("alice", &pubkey(&bad)), Refusal::NeedMoreParams("PUBKEY"), "{bad}");
        }
        scene.does("alice", &pubkey(&format!(r#"{{"alg":"ed25519","key":"{key}"}}"#)));
        assert_eq!(scene.world.user_by_nick("alice").unwrap().signing_key.as_deref(), Some(key.as_str()));
    }

    #[test]
    fn a_realname_that_is_too_long_is_refused_and_not_cut() {
        let scene = Scene::with(&["alice"]);
        let setname = |name: &str| format!(r#"{{"command":"SETNAME","body":["{name}"]}}"#);
        assert_eq!(scene.refusal("alice", &setname(&"r".repeat(129))), Refusal::InvalidRealname);
        assert_eq!(scene.refusal("alice", &setname("  ")), Refusal::NeedMoreParams("SETNAME"));
    }
}
