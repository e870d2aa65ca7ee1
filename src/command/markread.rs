//! MARKREAD: how far one has read, the same for all of one's devices.
//! Source: <https://ircv3.net/specs/extensions/read-marker>

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};

use super::arguments::Arguments;
use super::decision::{Caller, Decision, Outcome, Reply};
use crate::protocol::name::TalkName;
use crate::protocol::past;
use crate::world::{Event, Keeper, Markers, Refusal, World};

/// `MARKREAD <target> [timestamp=<time>]`
#[derive(Debug)]
pub struct Markread {
    target: TalkName,
    /// `None` asks.
    at: Option<Timestamp>,
}

impl Markread {
    /// # Refusals
    /// `FailNeedMoreParams`; `InvalidMarker` when the target can be none or the time is none.
    pub(super) fn parse(mut arguments: Arguments) -> Result<Self, Refusal> {
        let target = arguments.optional_target().ok_or(Refusal::FailNeedMoreParams("MARKREAD"))?;
        let invalid = || Refusal::InvalidMarker(target.clone());
        let name = TalkName::parse(&target).map_err(|_| invalid())?;
        let at = arguments.next().map(|time| parse_time(&time).ok_or_else(invalid)).transpose()?;
        Ok(Self { target: name, at })
    }

    /// A marker goes forward alone, and not beyond now. To an older time the answer is where it stands.
    pub(super) fn decide(self, world: &World, caller: &Caller<'_>) -> Decision {
        let marked = world.marker(caller.user, &self.target);
        let at = self.at.map(|at| at.min(in_milliseconds(caller.at)));
        let Some(at) = at.filter(|at| marked.is_none_or(|marked| *at > marked)) else {
            let outcome = Outcome::Marker(self.target.to_string(), marked);
            return Decision::answer(Reply::Marker(self.target)).with_outcome(outcome);
        };
        let keeper = world.keeper_of(caller.user);
        let instead_of = gives_way(world, keeper, &self.target, caller.rules.markers_max);
        let outcome = Outcome::Marker(self.target.to_string(), Some(at));
        let set = Event::MarkerSet { keeper, target: self.target, at, instead_of };
        Decision::event(set).with_outcome(outcome)
    }
}

/// The oldest marker, where there is no room for one more.
fn gives_way(world: &World, keeper: Keeper, target: &TalkName, max: usize) -> Option<TalkName> {
    let markers: &Markers = world.markers(keeper)?;
    if max == 0 || markers.len() < max || markers.contains_key(target) {
        return None;
    }
    markers.iter().min_by_key(|(_, at)| **at).map(|(target, _)| target.clone())
}

/// A time as tags and messages have it.
fn parse_time(text: &str) -> Option<Timestamp> {
    let time = text.strip_prefix("timestamp=").unwrap_or(text);
    past::parse_time(time).map(|at| in_milliseconds(at.max(Timestamp::UNIX_EPOCH)))
}

/// The wire knows milliseconds, and cuts what is behind them off. So does everybody who holds a message against a marker.
fn in_milliseconds(at: Timestamp) -> Timestamp {
    at.round(TimestampRound::new().smallest(Unit::Millisecond).mode(RoundMode::Floor)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::Scene;

    fn markread(target: &str, time: &str) -> String {
        format!(r#"{{"command":"MARKREAD","to":"{target}","params":["timestamp={time}"]}}"#)
    }

    fn marked(scene: &Scene, target: &str) -> Option<String> {
        let target = TalkName::parse(target).unwrap();
        scene.world.marker(scene.user("alice"), &target).map(|at| format!("{at:.3}"))
    }

    #[test]
    fn a_marker_goes_forward_alone_and_not_beyond_now() {
        let mut scene = Scene::with(&["alice"]);
        scene.now = "2026-01-02T00:00:00Z".parse().unwrap();
        scene.does("alice", &markread("#Tea", "2026-01-01T10:00:00.0019Z"));
        assert_eq!(marked(&scene, "#tea").unwrap(), "2026-01-01T10:00:00.001Z", "in whole milliseconds");
        let older = scene.does("alice", &markread("#tea", "2025-12-31T00:00:00.000Z"));
        assert!(older.events.is_empty());
        assert_eq!(marked(&scene, "#tea").unwrap(), "2026-01-01T10:00:00.001Z");
        for (target, far) in [("#tea", "2099-01-01T00:00:00.000Z"), ("#pot", "9999-12-31T23:59:59.999Z")] {
            scene.does("alice", &markread(target, far));
            assert_eq!(marked(&scene, target).unwrap(), "2026-01-02T00:00:00.000Z");
        }
    }

    #[test]
    fn the_oldest_marker_gives_way() {
        let mut scene = Scene::with(&["alice"]);
        (scene.now, scene.rules.markers_max) = ("2026-01-02T00:00:00Z".parse().unwrap(), 2);
        for (target, hour) in [("#b", 2), ("bob", 1), ("#b", 3), ("#c", 4)] {
            scene.does("alice", &markread(target, &format!("2026-01-01T0{hour}:00:00.000Z")));
        }
        assert!(marked(&scene, "bob").is_none());
        assert!(marked(&scene, "#b").is_some() && marked(&scene, "#c").is_some());
    }

    #[test]
    fn what_is_no_time_or_no_target_is_refused() {
        let scene = Scene::with(&["alice"]);
        for (target, time) in [("#c", "yesterday"), ("#c", ""), ("a b", "2026-01-01T00:00:00Z"), ("#", "*")] {
            assert_eq!(
                scene.refusal("alice", &markread(target, time)),
                Refusal::InvalidMarker(target.to_owned())
            );
        }
        let none = scene.refusal("alice", r#"{"command":"MARKREAD"}"#);
        assert_eq!(none, Refusal::FailNeedMoreParams("MARKREAD"));
    }
}
