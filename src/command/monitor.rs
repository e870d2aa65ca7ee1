//! MONITOR: be told when somebody takes a nick or gives it up.
//! Source: <https://ircv3.net/specs/extensions/monitor>

use super::arguments::{Arguments, elements};
use super::decision::{Caller, Decision, Reply};
use crate::protocol::limits::MONITOR;
use crate::protocol::name::Nickname;
use crate::world::{Event, Refusal, World};

/// Nicks that one line says there is no room for: the longest have room in it, and so has the text behind them.
const LEFT_OUT_AT_ONCE: usize = 8;

/// `MONITOR + <nick>{,<nick>}`, `MONITOR - <nick>{,<nick>}`, `MONITOR C`, `MONITOR L`, `MONITOR S`
#[derive(Debug)]
pub enum Monitor {
    /// Watch these, too.
    Add(Vec<String>),
    /// Watch these no longer.
    Remove(Vec<String>),
    /// Watch nobody.
    Clear,
    /// Who is being watched?
    List,
    /// Which of them are here?
    Status,
}

impl Monitor {
    /// # Refusals
    /// `NeedMoreParams`.
    pub(super) fn parse(mut arguments: Arguments) -> Result<Self, Refusal> {
        let what = arguments.target("MONITOR")?;
        let mut nicks = || {
            arguments.next().map(|list| elements(&list).collect()).ok_or(Refusal::NeedMoreParams("MONITOR"))
        };
        match what.to_ascii_uppercase().as_str() {
            "+" => nicks().map(Self::Add),
            "-" => nicks().map(Self::Remove),
            "C" => Ok(Self::Clear),
            "L" => Ok(Self::List),
            "S" => Ok(Self::Status),
            _ => Err(Refusal::NeedMoreParams("MONITOR")),
        }
    }

    /// A list holds nicks, not masks: what cannot be a nick is answered as one that nobody has, and not kept.
    ///
    /// # Refusals
    /// `MonitorListFull` for those that there is no room for, while the others are taken.
    pub(super) fn decide(self, world: &World, caller: &Caller<'_>) -> Decision {
        let user = caller.user;
        let Some(watcher) = world.user(user) else { return Decision::nothing() };
        let changed = |nicks: Vec<Nickname>, on| {
            let events =
                if nicks.is_empty() { vec![] } else { vec![Event::WatchesChanged { user, nicks, on }] };
            Decision { events, ..Decision::nothing() }
        };
        match self {
            Self::Add(nicks) => {
                let mut added: Vec<Nickname> = Vec::new();
                let (mut told, mut left_out) = (Vec::new(), Vec::new());
                for nick in nicks {
                    if let Ok(name) = Nickname::parse(&nick)
                        && !watcher.watches.contains(&name)
                        && !added.contains(&name)
                    {
                        if watcher.watches.len() + added.len() >= MONITOR {
                            left_out.push(nick);
                            continue;
                        }
                        added.push(name);
                    }
                    told.push(nick);
                }
                let mut decision = changed(added, true);
                if !told.is_empty() {
                    decision.replies.push(Reply::Presence(told));
                }
                let full = left_out.chunks(LEFT_OUT_AT_ONCE);
                decision.refusals.extend(full.map(|some| Refusal::MonitorListFull { nicks: some.join(",") }));
                decision
            }
            Self::Remove(nicks) => {
                let names = nicks.iter().filter_map(|nick| Nickname::parse(nick).ok());
                changed(names.filter(|name| watcher.watches.contains(name)).collect(), false)
            }
            Self::Clear => changed(watcher.watches.iter().cloned().collect(), false),
            Self::List => Decision::answer(Reply::Watched),
            Self::Status => {
                Decision::answer(Reply::Presence(watcher.watches.iter().map(ToString::to_string).collect()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::Scene;

    fn add(scene: &mut Scene, nicks: &str) -> Decision {
        scene.does("alice", &format!(r#"{{"command":"MONITOR","params":["+","{nicks}"]}}"#))
    }

    fn watched(scene: &Scene) -> usize {
        scene.world.user_by_nick("alice").unwrap().watches.len()
    }

    #[test]
    fn nicks_are_watched_once_whatever_their_case_and_masks_never() {
        let mut scene = Scene::with(&["alice"]);
        add(&mut scene, "bob,BOB,*!*@*,carol");
        assert_eq!(watched(&scene), 2);
        scene.does("alice", r#"{"command":"MONITOR","params":["-","Bob"]}"#);
        assert_eq!(watched(&scene), 1);
        scene.does("alice", r#"{"command":"MONITOR","params":["C"]}"#);
        assert_eq!(watched(&scene), 0);
    }

    #[test]
    fn a_full_list_takes_no_more_and_says_which() {
        let mut scene = Scene::with(&["alice"]);
        let many: Vec<String> = (0..MONITOR).map(|n| format!("n{n}")).collect();
        for part in many.chunks(10) {
            assert!(add(&mut scene, &part.join(",")).refusals.is_empty());
        }
        let decision = add(&mut scene, "n1,one,two");
        assert_eq!(decision.refusals, [Refusal::MonitorListFull { nicks: "one,two".to_owned() }]);
        assert_eq!(watched(&scene), MONITOR);
        let more: Vec<String> = (0..20).map(|n| format!("more{n}")).collect();
        let refused = add(&mut scene, &more.join(",")).refusals;
        let nicks = refused.iter().flat_map(|refusal| match refusal {
            Refusal::MonitorListFull { nicks } => nicks.split(',').map(str::to_owned).collect::<Vec<_>>(),
            _ => panic!("{refusal:?}"),
        });
        assert_eq!((nicks.collect::<Vec<_>>(), refused.len()), (more, 3));
    }
}
