//! Tests of the notation itself: a transcript that is wrong must fail, or the right ones prove nothing.

use std::collections::VecDeque;

use serde_json::json;

use super::line::Line;
use super::player::{Face, Receipt, play};
use super::script::Script;

/// A server that answers whatever it was told to answer, to a single person.
struct Parrot {
    queue: VecDeque<Line>,
    receipt: (&'static str, Option<&'static str>),
}

impl Face for Parrot {
    const ECHOES: bool = true;
    const WHOLE_SOURCES: bool = false;

    fn open(&mut self, _: &str, _: Option<&str>) {}

    fn leave(&mut self, _: &str) {}

    fn is_out(&mut self, who: &str) -> bool {
        who != "alice"
    }

    fn send(&mut self, _: &str, _: &Line) -> Option<Receipt> {
        let (status, numeric) = self.receipt;
        Some(Receipt { status: status.to_string(), numeric: numeric.map(ToString::to_string) })
    }

    fn next(&mut self, _: &str) -> Option<Line> {
        self.queue.pop_front()
    }

    fn rest(&mut self, _: &str) -> Vec<Line> {
        self.queue.drain(..).collect()
    }
}

/// Plays lines of a transcript against a server that says these lines.
fn played(script: &str, says: &[&str], receipt: (&'static str, Option<&'static str>)) -> Result<(), String> {
    let script = Script::parse(&format!("++ alice\nalice> DO\n{script}")).expect("the test's own script");
    play(&script, &mut Parrot { queue: says.iter().map(|line| Line::parse(line)).collect(), receipt })
}

const OK: (&str, Option<&str>) = ("ok", None);

#[test]
fn what_is_written_must_come() {
    assert_eq!(played("alice< :bob JOIN #c", &[":bob JOIN #c"], OK), Ok(()));
    assert!(played("alice< :bob JOIN #c", &[], OK).unwrap_err().starts_with("3:"));
    assert!(played("alice< :bob JOIN #c", &[":bob JOIN #d"], OK).is_err());
    assert!(played("alice< :bob JOIN #c", &[":carol JOIN #c"], OK).is_err());
    assert!(played("alice< :bob JOIN #c", &[":bob PART #c"], OK).is_err());
    assert!(played("alice< :bob JOIN #c", &[":bob JOIN #c extra"], OK).is_err());
    assert!(played("alice< :bob JOIN #c extra", &[":bob JOIN #c"], OK).is_err());
}

#[test]
fn what_is_not_written_must_not_come() {
    assert!(played("alice< nothing", &[":bob JOIN #c"], OK).is_err());
    assert!(played("", &[":bob JOIN #c"], OK).is_err());
    assert_eq!(played("--", &[":bob JOIN #c"], OK), Ok(()));
}

#[test]
fn receipts_are_compared_with_what_is_heard() {
    let refused = ("error", Some("442"));
    let line = ":neoirc 442 alice #c :You're not on that channel";
    assert_eq!(played("alice< :neoirc 442 alice #c :*", &[line], refused), Ok(()));
    assert!(played("alice< :neoirc 442 alice #c :*", &[line], OK).is_err());
    assert!(played("", &[], refused).is_err());
    assert_eq!(played("alice= error 442", &[], refused), Ok(()));
    assert!(played("alice= error 403", &[], refused).is_err());
    assert!(played("alice= joined", &[], OK).is_err());
}

#[test]
fn marks_change_what_must_come() {
    let (one, two) = (":neoirc 322 alice #a 1 :", ":neoirc 322 alice #b 1 :");
    let any_order = format!("alice<~ {one}\nalice<~ {two}");
    assert_eq!(played(&any_order, &[two, one], OK), Ok(()));
    assert!(played(&any_order, &[two, two], OK).is_err());
    assert!(played(&any_order, &[two], OK).is_err());
    assert!(played(&format!("alice< {one}\nalice< {two}"), &[two, one], OK).is_err());
    let optional = format!("alice<? {one}\nalice< {two}");
    assert_eq!(played(&optional, &[one, two], OK), Ok(()));
    assert_eq!(played(&optional, &[two], OK), Ok(()));
    assert!(played(&optional, &[one], OK).is_err());
}

#[test]
fn wildcards_stand_for_text() {
    let fits =
        |expected: &str, received: &str| Line::parse(expected).describes(&Line::parse(received), false);
    assert!(fits(":neoirc 401 alice ghost :*", ":neoirc 401 alice ghost :No such nick"));
    assert!(!fits(":neoirc 401 alice ghost :*", ":neoirc 401 alice ghost"));
    assert!(fits(":neoirc 403|476 alice c :*", ":neoirc 476 alice c :Bad"));
    assert!(!fits(":neoirc 403|476 alice c :*", ":neoirc 477 alice c :Bad"));
    assert!(fits(":neoirc 338 alice bob ...", ":neoirc 338 alice bob"));
    assert!(fits(":neoirc 338 alice bob ...", ":neoirc 338 alice bob a b :c"));
    assert!(!fits(":neoirc 338 alice bob ...", ":neoirc 338 alice"));
    assert!(fits(":neoirc 353 alice = #c :@a b +c", ":neoirc 353 alice = #c :+c b @a"));
    assert!(!fits(":neoirc 353 alice = #c :@a b", ":neoirc 353 alice = #c :a @b"));
    assert!(fits(":neoirc 324 alice #c +kl x 5", ":neoirc 324 alice #c +lk 5 x"));
    assert!(fits(r":neoirc 324 alice #c +k \*", ":neoirc 324 alice #c +k *"));
    assert!(!fits(r":neoirc 324 alice #c +k \*", ":neoirc 324 alice #c +k key"));
    assert!(fits(r":alice MODE #c +b b\*!*@\*", ":alice MODE #c +b b*!x@*"));
    assert!(fits(":* MODE alice +i", ":neoirc MODE alice +i"));
    assert!(
        fits(":a!b@c PRIVMSG #c :x*z", ":a PRIVMSG #c :xyz")
            && !fits(":a PRIVMSG #c :x*z", ":a PRIVMSG #c :xy")
    );
}

#[test]
fn sources_are_compared_as_far_as_the_face_shows_them() {
    let expected = Line::parse(":alice!liddell@127.0.0.1 JOIN #c");
    assert!(expected.describes(&Line::parse(":alice JOIN #c"), false));
    assert!(!expected.describes(&Line::parse(":alice JOIN #c"), true));
    assert!(expected.describes(&Line::parse(":alice!liddell@127.0.0.1 JOIN #c"), true));
    assert!(!expected.describes(&Line::parse(":alice!alice@127.0.0.1 JOIN #c"), true));
}

#[test]
fn lines_become_messages_and_back() {
    let posted = |line: &str| Line::parse(line).to_message();
    assert_eq!(
        posted("PRIVMSG #c :hi there"),
        json!({ "command": "PRIVMSG", "to": "#c", "body": ["hi there"] })
    );
    assert_eq!(posted("PRIVMSG #c"), json!({ "command": "PRIVMSG", "to": "#c" }));
    assert_eq!(posted("TOPIC #c :"), json!({ "command": "TOPIC", "to": "#c", "body": [""] }));
    assert_eq!(
        posted("KICK #c bob :out"),
        json!({ "command": "KICK", "to": "#c", "params": ["bob"], "body": ["out"] })
    );
    assert_eq!(
        posted("MODE #c +ov a b"),
        json!({ "command": "MODE", "to": "#c", "params": ["+ov", "a", "b"] })
    );
    assert_eq!(posted("NICK alicia"), json!({ "command": "NICK", "body": ["alicia"] }));
    assert_eq!(posted("LUSERS"), json!({ "command": "LUSERS" }));
    let numeric =
        json!({ "command": "353", "from": "neoirc", "to": "alice", "params": ["=", "#c"], "body": ["@a b"] });
    assert_eq!(Line::of_message(&numeric), [Line::parse(":neoirc 353 alice = #c :@a b")]);
    let two_lines = json!({ "command": "PRIVMSG", "from": "bob", "to": "#c", "body": ["one", "two"] });
    assert_eq!(
        Line::of_message(&two_lines),
        [Line::parse(":bob PRIVMSG #c one"), Line::parse(":bob PRIVMSG #c two")]
    );
    let quit = json!({ "command": "QUIT", "from": "bob", "to": "", "body": ["bye"] });
    assert_eq!(Line::of_message(&quit), [Line::parse(":bob QUIT bye")]);
}

#[test]
fn a_numeric_of_the_wrong_shape_fails_wherever_it_comes() {
    for script in ["alice< :neoirc 366 alice ...", "alice<? :neoirc 366 alice ...", "--"] {
        let good = ":neoirc 366 alice #c :End of /NAMES list";
        assert_eq!(played(script, &[good], OK), Ok(()), "{script}");
        for bad in
            [":neoirc 366 alice :End of /NAMES list", ":neoirc 366 alice #c :Over", ":neoirc 367 alice #c"]
        {
            assert!(played(script, &[bad], OK).is_err(), "{script}: {bad}");
        }
    }
}

#[test]
fn tags_are_compared() {
    let line = "@typing=active :bob TAGMSG #c";
    assert_eq!(played(&format!("alice< {line}"), &[line], OK), Ok(()));
    assert_eq!(played("alice< @typing=* :bob TAGMSG #c", &[line], OK), Ok(()));
    for other in [":bob TAGMSG #c", "@typing=done :bob TAGMSG #c", "@typing=active;x=1 :bob TAGMSG #c"] {
        assert!(played(&format!("alice< {other}"), &[line], OK).is_err(), "{other}");
    }
    let message = json!({ "command": "TAGMSG", "to": "#c", "meta": { "n": [1], "a": "b" } });
    assert_eq!(Line::parse(r#"@{"n":[1],"a":"b"} TAGMSG #c"#).to_message(), message);
    let received = json!({ "command": "TAGMSG", "from": "bob", "to": "#c", "meta": { "n": [1] } });
    assert_eq!(Line::of_message(&received), [Line::parse(r#"@{"n":[1]} :bob TAGMSG #c"#)]);
}

#[test]
fn objects_are_bodies() {
    let line = r#"PUBKEY #c :{"alg": "ed25519", "key": "x"}"#;
    let message = json!({ "command": "PUBKEY", "to": "#c", "body": { "alg": "ed25519", "key": "x" } });
    assert_eq!(Line::parse(line).to_message(), message);
    let received =
        json!({ "command": "PUBKEY", "from": "bob", "to": "#c", "body": { "alg": "ed25519", "key": "x" } });
    assert_eq!(Line::of_message(&received), [Line::parse(&format!(":bob {line}"))]);
    let alone = json!({ "command": "PUBKEY", "body": { "alg": "x" } });
    assert_eq!(Line::parse(r#"PUBKEY :{"alg":"x"}"#).to_message(), alone);
}

#[test]
fn a_standard_reply_names_nobody_and_is_a_refusal() {
    let message = json!({
        "command": "FAIL", "from": "neoirc", "to": "alice", "params": ["SETNAME", "INVALID_REALNAME"],
        "body": ["Realname is not valid"],
    });
    let line = ":neoirc FAIL SETNAME INVALID_REALNAME :Realname is not valid";
    assert_eq!(Line::of_message(&message), [Line::parse(line)]);
    let expected = "alice< :neoirc FAIL SETNAME INVALID_REALNAME :*";
    assert_eq!(played(expected, &[line], ("error", Some("FAIL"))), Ok(()));
    assert!(played(expected, &[line], OK).is_err());
}

#[test]
fn whoever_should_be_out_must_be() {
    assert!(played("x alice", &[], OK).is_err());
    assert_eq!(played("+ bob\nx bob", &[], OK), Ok(()));
}
