//! LIST: which channels there are. Source: <https://modern.ircdocs.horse/#list-message>

use jiff::{SignedDuration, Timestamp};

use super::arguments::{Arguments, elements_within};
use super::decision::{Decision, Reply};
use crate::protocol::limits::{CHANNELLEN, TARGMAX_CHANNELS};
use crate::protocol::mask::Mask;
use crate::world::{Channel, Refusal};

/// How many steps are as dear as to find a channel and to look at its conditions.
const STEPS_OF_ANY: usize = 16;

/// `LIST [<channel or condition>{,<channel or condition>}]`
#[derive(Debug)]
pub struct List {
    query: ListQuery,
}

/// Which channels a LIST asks for. Conditions are those that `ELIST=CMNTU` announces.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ListQuery {
    /// Channels by their names.
    pub names: Vec<String>,
    /// Channels by masks for their names: `M`.
    masks: Vec<Mask>,
    conditions: Vec<Condition>,
}

/// What a channel must fulfil besides. Ages are in minutes.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Condition {
    /// `N`: `!mask`
    NotNamed(Mask),
    /// `U`: `<n`
    FewerMembers(usize),
    /// `U`: `>n`
    MoreMembers(usize),
    /// `C`: `C<n`, begun less than so long ago.
    BegunWithin(i64),
    /// `C`: `C>n`
    BegunBefore(i64),
    /// `T`: `T<n`, its topic set less than so long ago.
    TopicWithin(i64),
    /// `T`: `T>n`
    TopicBefore(i64),
}

impl List {
    /// # Refusals
    /// `TooManyTargets`
    pub(super) fn parse(mut arguments: Arguments) -> Result<Self, Refusal> {
        let elements = arguments.optional_target().unwrap_or_default();
        let mut query = ListQuery::default();
        for element in elements_within(&elements, TARGMAX_CHANNELS)? {
            query.add(element);
        }
        Ok(Self { query })
    }

    pub(super) fn decide(self) -> Decision {
        Decision::answer(Reply::List(self.query))
    }
}

impl ListQuery {
    fn add(&mut self, element: String) {
        if let Some(condition) = condition(&element) {
            self.conditions.push(condition);
        } else if element.contains(['*', '?']) {
            self.masks.extend(Mask::parse(&element));
        } else {
            self.names.push(element);
        }
    }

    /// Whether it asks for some channels by their names alone, so that the others need not be looked at.
    pub fn names_all(&self) -> bool {
        !self.names.is_empty() && self.masks.is_empty()
    }

    /// How many steps it takes at most to see whether it asks for a channel.
    pub fn steps(&self) -> usize {
        let not_named = self.conditions.iter().filter_map(|condition| match condition {
            Condition::NotNamed(mask) => Some(mask),
            _ => None,
        });
        let of_masks: usize = self.masks.iter().chain(not_named).map(|mask| mask.steps(CHANNELLEN)).sum();
        STEPS_OF_ANY + of_masks + self.names.len()
    }

    /// Whether it asks for this channel at this moment.
    pub fn takes(&self, channel: &Channel, at: Timestamp) -> bool {
        let name = channel.name.as_str();
        let named = (self.names.is_empty() && self.masks.is_empty())
            || self.names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
            || self.masks.iter().any(|mask| mask.matches(name));
        named && self.conditions.iter().all(|condition| condition.is_met_by(channel, at))
    }
}

impl Condition {
    fn is_met_by(&self, channel: &Channel, at: Timestamp) -> bool {
        let topic_set_at = channel.topic.as_ref().map(|topic| topic.set_at);
        match self {
            Self::NotNamed(mask) => !mask.matches(channel.name.as_str()),
            Self::FewerMembers(members) => channel.members.len() < *members,
            Self::MoreMembers(members) => channel.members.len() > *members,
            Self::BegunWithin(minutes) => age(channel.created_at, at) < minutes_long(*minutes),
            Self::BegunBefore(minutes) => age(channel.created_at, at) > minutes_long(*minutes),
            Self::TopicWithin(minutes) => {
                topic_set_at.is_some_and(|set| age(set, at) < minutes_long(*minutes))
            }
            Self::TopicBefore(minutes) => {
                topic_set_at.is_some_and(|set| age(set, at) > minutes_long(*minutes))
            }
        }
    }
}

fn age(since: Timestamp, at: Timestamp) -> SignedDuration {
    at.duration_since(since)
}

fn minutes_long(minutes: i64) -> SignedDuration {
    SignedDuration::from_secs(minutes.saturating_mul(60))
}

/// A condition in its notation; `None` for what is a name or a mask.
fn condition(element: &str) -> Option<Condition> {
    let number = |text: &str| text.parse::<u32>().ok();
    let minutes = |text: &str| number(text).map(i64::from);
    let members = |text: &str| number(text).and_then(|number| usize::try_from(number).ok());
    if let Some(mask) = element.strip_prefix('!') {
        return Mask::parse(mask).map(Condition::NotNamed);
    }
    match element.split_at_checked(1)? {
        ("<", text) => members(text).map(Condition::FewerMembers),
        (">", text) => members(text).map(Condition::MoreMembers),
        ("C" | "c", rest) => match rest.split_at_checked(1)? {
            ("<", text) => minutes(text).map(Condition::BegunWithin),
            (">", text) => minutes(text).map(Condition::BegunBefore),
            _ => None,
        },
        ("T" | "t", rest) => match rest.split_at_checked(1)? {
            ("<", text) => minutes(text).map(Condition::TopicWithin),
            (">", text) => minutes(text).map(Condition::TopicBefore),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::Scene;

    fn found(scene: &Scene, conditions: &str, minutes_later: i64) -> Vec<String> {
        let Decision { replies, .. } =
            scene.decide("alice", &format!(r#"{{"command":"LIST","params":["{conditions}"]}}"#)).unwrap();
        let [Reply::List(query)] = &replies[..] else { panic!("a list: {replies:?}") };
        let at = Timestamp::UNIX_EPOCH + minutes_long(minutes_later);
        let channels = scene.world.channels().filter(|channel| query.takes(channel, at));
        let mut names: Vec<String> = channels.map(|channel| channel.name.to_string()).collect();
        names.sort();
        names
    }

    #[test]
    fn conditions_are_read_as_elist_defines_them() {
        let mut scene = Scene::with(&["alice", "bob"]);
        scene.does("alice", r##"{"command":"JOIN","to":"#an1"}"##);
        scene.does("bob", r##"{"command":"JOIN","to":"#an1"}"##);
        scene.does("alice", r##"{"command":"JOIN","to":"#other"}"##);
        scene.does("alice", r##"{"command":"TOPIC","to":"#other","body":["t"]}"##);
        for (conditions, expected) in [
            ("*an*", &["#an1"][..]),
            ("!*an*", &["#other"]),
            (">1", &["#an1"]),
            ("<2", &["#other"]),
            ("C<5", &[]),
            ("C<6", &["#an1", "#other"]),
            ("C>4", &["#an1", "#other"]),
            ("C>5", &[]),
            ("T<6", &["#other"]),
            ("T>4", &["#other"]),
            ("T<5", &[]),
            ("#AN1,#other,>1", &["#an1"]),
            ("#an1,*oth*", &["#an1", "#other"]),
            ("C<x", &[]),
            (">-1", &[]),
            ("#missing", &[]),
        ] {
            assert_eq!(found(&scene, conditions, 5), expected, "{conditions}");
        }
    }
}
