//! PRIVMSG, NOTICE and TAGMSG: say something to a channel or a user.
//! Source: <https://modern.ircdocs.horse/#privmsg-message>, <https://ircv3.net/specs/extensions/message-tags>

use serde::Deserialize;
use serde_json::value::RawValue;

use super::arguments::elements;
use super::decision::{Caller, Decision, Outcome, Reply};
use crate::protocol::limits::TARGMAX;
use crate::protocol::message::{Body, Request};
use crate::protocol::stamp::{Demand, Stamp, StampError, StampHash, body_hash};
use crate::world::{Channel, Event, Rank, Refusal, Target, User, Verb, World};

/// How long the stamps that were spent in channels are remembered, in days. They could not be spent again after
/// two; a year is what the contract promises.
const STAMP_KEPT_DAYS: i64 = 365;

/// `PRIVMSG <target> <text>`, `NOTICE <target> <text>` or `TAGMSG <target>`
#[derive(Debug)]
pub struct Speak {
    verb: Verb,
    target: String,
    body: Option<Body>,
    meta: Option<Box<RawValue>>,
    proof: Option<Proof>,
}

/// The work that a message brings along, for channels that ask for it.
#[derive(Clone, Debug)]
struct Proof {
    stamp: Result<Stamp, StampError>,
    body_hash: String,
}

/// The one key of `meta` that the server itself looks at.
#[derive(Deserialize)]
struct Meta {
    #[serde(default)]
    hashcash: Option<Box<RawValue>>,
}

impl Speak {
    /// # Refusals
    /// `NoRecipient`, `NoTextToSend`, `TooManyTargets`; `NeedMoreParams` for a TAGMSG without tags.
    pub(super) fn parse(verb: Verb, request: Request) -> Result<Vec<Self>, Refusal> {
        let targets: Vec<String> = request.to.iter().flat_map(|to| elements(to)).collect();
        let Some(last) = targets.last() else { return Err(Refusal::NoRecipient(verb.as_str())) };
        if targets.len() > TARGMAX {
            return Err(Refusal::TooManyTargets(last.clone()));
        }
        let meta = request.meta;
        let body = if verb == Verb::Tagmsg {
            let has_tags = meta.as_ref().is_some_and(|meta| !is_empty_object(meta));
            if !has_tags {
                return Err(Refusal::NeedMoreParams(verb.as_str()));
            }
            None
        } else {
            let text = request.body.or_else(|| request.params.map(Body::Lines));
            Some(text.filter(|body| !body.is_empty()).ok_or(Refusal::NoTextToSend)?)
        };
        let proof = meta.as_deref().zip(body.as_ref()).and_then(|(meta, body)| Proof::read(meta, body));
        let speak =
            |target| Self { verb, target, body: body.clone(), meta: meta.clone(), proof: proof.clone() };
        Ok(targets.into_iter().map(speak).collect())
    }

    /// How many lines the message has.
    pub(super) fn lines(&self) -> usize {
        match &self.body {
            Some(Body::Lines(lines)) => lines.len(),
            _ => 1,
        }
    }

    /// The stamp that came with the message, if it is one.
    pub(super) fn stamp(&self) -> Option<StampHash> {
        Some(self.proof.as_ref()?.stamp.as_ref().ok()?.hash())
    }

    /// # Refusals
    /// `NoSuchChannel`, `NoSuchNick`, `CannotSendToChannel`.
    pub(super) fn decide(self, world: &World, caller: &Caller<'_>) -> Result<Decision, Refusal> {
        let (rank, name) = split_rank(&self.target);
        if !name.starts_with('#') {
            let user = world.user_by_nick(&self.target)?;
            return Ok(self.said_to_user(user, caller));
        }
        let channel = world.channel_by_name(name)?;
        let hidden = |refusal| {
            let seen = channel.may_be_seen_by(caller.user);
            if seen { refusal } else { Refusal::NoSuchChannel(name.to_owned()) }
        };
        world.may_speak_to(channel, caller.user).map_err(hidden)?;
        let mut events: Vec<Event> = self.pay(channel, caller)?.into_iter().collect();
        let target = match rank {
            Some(rank) => Target::Ranked(channel.id, rank),
            None => Target::Channel(channel.id),
        };
        events.push(self.said(target, caller));
        Ok(Decision { events, ..Decision::nothing() }.with_outcome(Outcome::Sent))
    }

    fn said_to_user(self, user: &User, caller: &Caller<'_>) -> Decision {
        let (verb, is_away) = (self.verb, user.away.is_some());
        let said = self.said(Target::User(user.id), caller);
        let decision = Decision::event(said).with_outcome(Outcome::Sent);
        if is_away && verb == Verb::Privmsg { decision.and_answer(Reply::Away(user.id)) } else { decision }
    }

    fn said(self, target: Target, caller: &Caller<'_>) -> Event {
        Event::Said { by: caller.user, target, verb: self.verb, body: self.body, meta: self.meta }
    }

    /// Under `+H` a PRIVMSG costs a stamp, which is then spent.
    fn pay(&self, channel: &Channel, caller: &Caller<'_>) -> Result<Option<Event>, Refusal> {
        let Some(bits) = channel.modes.hashcash_bits.filter(|_| self.verb == Verb::Privmsg) else {
            return Ok(None);
        };
        let refuse = |why: String| Refusal::CannotSendToChannel { channel: channel.name.to_string(), why };
        let Some(Proof { stamp, body_hash }) = &self.proof else {
            return Err(refuse(format!(" (+H): needs meta.hashcash of {bits} bits")));
        };
        let (resource, extension) = (channel.name.as_str(), body_hash.as_str());
        let demand = Demand { bits: bits.into(), resource, extension, at: caller.at };
        let checked = stamp.as_ref().map_err(|error| *error).and_then(|stamp| {
            stamp.check(&demand)?;
            if caller.stamp_is_spent { Err(StampError::Spent) } else { Ok(stamp.hash()) }
        });
        let stamp = checked.map_err(|error| refuse(format!(" (+H): invalid hashcash stamp: {error}")))?;
        let kept = jiff::SignedDuration::from_hours(24 * STAMP_KEPT_DAYS);
        let until = caller.at.checked_add(kept).unwrap_or(jiff::Timestamp::MAX);
        Ok(Some(Event::StampSpent { stamp, until }))
    }
}

impl Proof {
    fn read(meta: &RawValue, body: &Body) -> Option<Self> {
        let Meta { hashcash } = serde_json::from_str(meta.get()).ok()?;
        // What is no string is no stamp.
        let text: String = serde_json::from_str(hashcash?.get()).unwrap_or_default();
        Some(Self { stamp: Stamp::parse(&text), body_hash: body_hash(body) })
    }
}

fn is_empty_object(object: &RawValue) -> bool {
    object.get().bytes().filter(|byte| !byte.is_ascii_whitespace()).eq(*b"{}")
}

/// `@#c` is for the operators of `#c`, `+#c` for the voiced, too.
fn split_rank(target: &str) -> (Option<Rank>, &str) {
    for rank in [Rank::Operator, Rank::Voice] {
        if let Some(name) = target.strip_prefix(rank.prefix()).filter(|name| name.starts_with('#')) {
            return (Some(rank), name);
        }
    }
    (None, target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::Scene;

    #[test]
    fn only_a_privmsg_is_answered_by_an_away_text() {
        let mut scene = Scene::with(&["alice", "bob"]);
        scene.does("bob", r#"{"command":"AWAY","body":["tea"]}"#);
        let bob = scene.user("bob");
        let spoken = scene.does("alice", r#"{"command":"PRIVMSG","to":"bob","body":["hi"]}"#);
        assert_eq!(spoken.replies, [Reply::Away(bob)]);
        for quiet in [
            r#"{"command":"NOTICE","to":"bob","body":["hi"]}"#,
            r#"{"command":"TAGMSG","to":"bob","meta":{"typing":"active"}}"#,
        ] {
            assert!(scene.does("alice", quiet).replies.is_empty(), "{quiet}");
        }
    }

    #[test]
    fn recipient_and_text_are_needed_in_this_order() {
        let scene = Scene::with(&["alice"]);
        let refusal = scene.refusal("alice", r#"{"command":"PRIVMSG","body":["hi"]}"#);
        assert_eq!(refusal, Refusal::NoRecipient("PRIVMSG"));
        let refusal = scene.refusal("alice", r#"{"command":"PRIVMSG","to":"alice","body":["",""]}"#);
        assert_eq!(refusal, Refusal::NoTextToSend);
        let refusal = scene.refusal("alice", r#"{"command":"TAGMSG","to":"alice","meta":{ }}"#);
        assert_eq!(refusal, Refusal::NeedMoreParams("TAGMSG"));
    }

    #[test]
    fn a_channel_that_hides_is_not_there_for_whoever_may_not_speak_to_it() {
        let mut scene = Scene::with(&["alice", "bob"]);
        scene.does("alice", r##"{"command":"JOIN","to":"#c"}"##);
        scene.does("alice", r##"{"command":"MODE","to":"#c","params":["+s"]}"##);
        let privmsg = r##"{"command":"PRIVMSG","to":"#c","body":["hi"]}"##;
        assert_eq!(scene.refusal("bob", privmsg), Refusal::NoSuchChannel("#c".to_owned()));
        scene.does("alice", r##"{"command":"MODE","to":"#c","params":["-n"]}"##);
        assert!(scene.decide("bob", privmsg).is_ok());
    }

    #[test]
    fn under_h_a_privmsg_needs_work_and_a_notice_does_not() {
        let mut scene = Scene::with(&["alice"]);
        scene.does("alice", r##"{"command":"JOIN","to":"#c"}"##);
        scene.does("alice", r##"{"command":"MODE","to":"#c","params":["+H","1"]}"##);
        let say = |command: &str, meta: &str| {
            format!(r##"{{"command":"{command}","to":"#c","body":["hi"],"meta":{meta}}}"##)
        };
        let refused = |meta: &str, why: &str| {
            let refusal = scene.refusal("alice", &say("PRIVMSG", meta));
            let Refusal::CannotSendToChannel { why: said, .. } = refusal else { panic!("{refusal:?}") };
            assert!(said.contains(why), "{said}");
        };
        refused("{}", "needs meta.hashcash of 1 bits");
        refused(r#"{"hashcash":7}"#, "malformed");
        refused(r#"{"hashcash":"1:0:260101:#c::1"}"#, "too few bits claimed");
        refused(r#"{"hashcash":"1:1:260101:#c::1"}"#, "date too far from now");
        scene.decide("alice", &say("NOTICE", "{}")).unwrap();
    }
}
