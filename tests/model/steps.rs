//! What can happen, drawn from sets so small that people collide.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// One thing that happens to the server.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Requests that come into one batch, and whether the disk refuses it.
    Round { actions: Vec<Action>, fails: bool },
    /// A client asks for what it has not heard, and gets the response or does not.
    Poll { device: usize, keeps: bool, limit: usize },
    /// Everybody but perhaps one reads to the end and says so, as clients do that are awake.
    ReadOn { but: usize },
    /// What is older than so many entries begins to go to the queues on disk.
    Sweep { back: u64 },
    /// Everything is cleared away that may be.
    Tidy,
    /// The process ends and another begins.
    Restart,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Arrive(&'static str),
    Wish {
        device: usize,
        json: String,
        key: Option<String>,
    },
    LogOut {
        device: usize,
    },
    /// A further device of whoever has the nick, if the password is right.
    LogIn {
        nick: &'static str,
        password: &'static str,
    },
    /// One device logs out another, or itself, if they are of one session.
    Revoke {
        device: usize,
        other: usize,
    },
}

const NICKS: [&str; 6] = ["ann", "Ann", "bob", "cat", "dan", "eve"];
const PASSWORDS: [&str; 2] = ["sesame", "tulip"];
const CHANNELS: [&str; 4] = ["#a", "#A", "#b", "#c"];
const TARGETS: [&str; 8] = ["#a", "#b", "#c", "#a,#b", "@#a", "+#b", "ann", "bob,cat"];
const MODES: [&str; 26] = [
    r#""+i""#,
    r#""-i""#,
    r#""+m""#,
    r#""-m""#,
    r#""-n""#,
    r#""+n""#,
    r#""+s""#,
    r#""-t""#,
    r#""+k","key""#,
    r#""-k","key""#,
    r#""+l","2""#,
    r#""-l""#,
    r#""+o","ann""#,
    r#""-o","bob""#,
    r#""+v","cat""#,
    r#""-v","ann""#,
    r#""+ov-t","bob","bob""#,
    r#""+x""#,
    r#""+b","bob""#,
    r#""-b","BOB""#,
    r#""+b","*!*@127.*""#,
    r#""+e","ann""#,
    r#""-be","*!*@127.*","ann""#,
    r#""+I","eve""#,
    r#""+H","3""#,
    r#""-H""#,
];

/// What the server is set to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Entries of a queue in memory. A short tail goes to disk all the time, a long one only with a sweep.
    pub(crate) tail_entries: usize,
    /// Queues that a commit takes of a sweep. With few of them much happens while a sweep is on its way.
    pub(crate) swept_per_commit: usize,
}

pub(crate) fn limits() -> impl Strategy<Value = Limits> {
    let (tail, swept) = (select(vec![4, 40]), select(vec![2, 64]));
    (tail, swept).prop_map(|(tail_entries, swept_per_commit)| Limits { tail_entries, swept_per_commit })
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 40..120)
}

fn step() -> impl Strategy<Value = Step> {
    let round = (vec(action(), 1..5), prop::bool::weighted(0.05));
    prop_oneof![
        12 => round.prop_map(|(actions, fails)| Step::Round { actions, fails }),
        6 => (0..99_usize, prop::bool::weighted(0.8), 1..8_usize)
            .prop_map(|(device, keeps, limit)| Step::Poll { device, keeps, limit }),
        6 => (0..9_usize).prop_map(|but| Step::ReadOn { but }),
        3 => (0..12_u64).prop_map(|back| Step::Sweep { back }),
        3 => Just(Step::Tidy),
        2 => Just(Step::Restart),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    let key = prop::option::weighted(0.2, select(vec!["k", "l"]));
    prop_oneof![
        2 => select(&NICKS[..]).prop_map(Action::Arrive),
        12 => (0..99_usize, wish(), key).prop_map(|(device, json, key)| {
            Action::Wish { device, json, key: key.map(str::to_owned) }
        }),
        1 => (0..99_usize).prop_map(|device| Action::LogOut { device }),
        3 => (select(&NICKS[..]), select(&PASSWORDS[..]))
            .prop_map(|(nick, password)| Action::LogIn { nick, password }),
        1 => (0..99_usize, 0..99_usize).prop_map(|(device, other)| Action::Revoke { device, other }),
    ]
}

fn wish() -> impl Strategy<Value = String> {
    let (nick, channel, target) = (|| select(&NICKS[..]), || select(&CHANNELS[..]), || select(&TARGETS[..]));
    prop_oneof![
        6 => channel().prop_map(|to| format!(r#"{{"command":"JOIN","to":"{to}"}}"#)),
        1 => channel().prop_map(|to| format!(r#"{{"command":"JOIN","to":"{to}","params":["key"]}}"#)),
        5 => target().prop_map(|to| format!(r#"{{"command":"PRIVMSG","to":"{to}","body":["hi"]}}"#)),
        2 => target().prop_map(|to| format!(r#"{{"command":"NOTICE","to":"{to}","body":["hm"]}}"#)),
        3 => channel().prop_map(|to| format!(r#"{{"command":"PART","to":"{to}"}}"#)),
        2 => nick().prop_map(|nick| format!(r#"{{"command":"NICK","body":["{nick}"]}}"#)),
        2 => (channel(), select(vec!["", "tea", "talk"]))
            .prop_map(|(to, text)| format!(r#"{{"command":"TOPIC","to":"{to}","body":["{text}"]}}"#)),
        4 => (channel(), select(&MODES[..]))
            .prop_map(|(to, modes)| format!(r#"{{"command":"MODE","to":"{to}","params":[{modes}]}}"#)),
        1 => nick().prop_map(|to| format!(r#"{{"command":"MODE","to":"{to}","params":["+i"]}}"#)),
        3 => select(&PASSWORDS[..]).prop_map(|text| format!(r#"{{"command":"PASS","body":["{text}"]}}"#)),
        3 => (channel(), nick())
            .prop_map(|(to, nick)| format!(r#"{{"command":"KICK","to":"{to}","params":["{nick}"]}}"#)),
        2 => (channel(), nick())
            .prop_map(|(to, nick)| format!(r#"{{"command":"INVITE","to":"{nick}","params":["{to}"]}}"#)),
        1 => Just(r#"{"command":"AWAY","body":["out"]}"#.to_owned()),
        1 => Just(r#"{"command":"AWAY"}"#.to_owned()),
        1 => channel().prop_map(|to| format!(r#"{{"command":"NAMES","to":"{to}"}}"#)),
        1 => target().prop_map(|to| format!(r#"{{"command":"TAGMSG","to":"{to}","meta":{{"a":1}}}}"#)),
        2 => (select(vec!["+", "-"]), nick(), nick())
            .prop_map(|(sign, one, two)| format!(r#"{{"command":"MONITOR","params":["{sign}","{one},{two}"]}}"#)),
        1 => Just(r#"{"command":"MONITOR","params":["C"]}"#.to_owned()),
        1 => Just(r#"{"command":"OPER","params":["root","secret"]}"#.to_owned()),
        1 => nick().prop_map(|nick| format!(r#"{{"command":"KILL","params":["{nick}"],"body":["why"]}}"#)),
        1 => Just(r#"{"command":"WALLOPS","body":["hear"]}"#.to_owned()),
        1 => (nick(), select(vec!["+w", "+B", "-o", "-wB", "+S", "-S"]))
            .prop_map(|(to, modes)| format!(r#"{{"command":"MODE","to":"{to}","params":["{modes}"]}}"#)),
        1 => select(vec!["Ada", "Bea"]).prop_map(|name| format!(r#"{{"command":"SETNAME","body":["{name}"]}}"#)),
        1 => prop::option::of(channel()).prop_map(|to| {
            let (to, key) = (to.unwrap_or_default(), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
            format!(r#"{{"command":"PUBKEY","to":"{to}","body":{{"alg":"ed25519","key":"{key}"}}}}"#)
        }),
        1 => Just(r#"{"command":"JOIN","to":"0"}"#.to_owned()),
        1 => nick().prop_map(|nick| format!(r#"{{"command":"WHOWAS","params":["{nick}"]}}"#)),
        1 => select(vec!["WHO", "LIST", "LUSERS"]).prop_map(|command| format!(r#"{{"command":"{command}"}}"#)),
        2 => select(&PASSWORDS[..]).prop_map(|text| format!(r#"{{"command":"REGISTER","params":["*","*","{text}"]}}"#)),
        1 => nick().prop_map(|nick| format!(r#"{{"command":"UNREGISTER","params":["{nick}"]}}"#)),
        2 => (select(vec!["#a", "#b", "ann"]), 1..4_u8).prop_map(|(to, s)| {
            format!(r#"{{"command":"MARKREAD","to":"{to}","params":["timestamp=1970-01-01T00:00:0{s}Z"]}}"#)
        }),
        1 => Just(r#"{"command":"NOSUCH"}"#.to_owned()),
        1 => Just(r#"{"command":"QUIT","body":["bye"]}"#.to_owned()),
    ]
}
