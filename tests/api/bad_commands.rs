//! For each command, arguments that are missing, empty, too long, of a wrong type, about what is not there, or
//! forbidden, with the numeric that each must give. Nothing of it harms the session: it goes on as before.
//!
//! Alice is operator of `#c` and of the secret `#s`, Bob a member of `#c` alone, Carol nowhere; Oscar is an operator of
//! the server.

use serde_json::{Value, json};

use crate::support::{TestClient, TestServer};

/// A row: who posts, the fields beside `command`, and what the receipt must say: a numeric, a status, or an HTTP
/// status. `LONG` stands for 500 letters.
type Row = (&'static str, &'static str, &'static str);

const TABLE: &[(&str, &[Row])] = &[
    (
        "PRIVMSG",
        &[
            ("alice", r#""body":["hi"]"#, "411"),
            ("alice", r#""to":"","body":["hi"]"#, "411"),
            ("alice", r#""to":",","body":["hi"]"#, "411"),
            ("alice", r##""to":"#c""##, "412"),
            ("alice", r##""to":"#c","body":[]"##, "412"),
            ("alice", r##""to":"#c","body":["",""]"##, "412"),
            ("alice", r#""to":"ghost","body":["hi"]"#, "401"),
            ("alice", r#""to":"LONG","body":["hi"]"#, "401"),
            ("alice", r##""to":"#none","body":["hi"]"##, "403"),
            ("alice", r#""to":"@","body":["hi"]"#, "401"),
            ("alice", r#""to":"@#none","body":["hi"]"#, "403"),
            ("alice", r#""to":"a,b,c,d,e","body":["hi"]"#, "407"),
            ("alice", r##""to":["#c"],"body":["hi"]"##, "400"),
            ("alice", r##""to":"#c","body":"hi""##, "400"),
            ("alice", r##""to":"#c","body":["hi"],"meta":[]"##, "400"),
            ("carol", r##""to":"#c","body":["hi"]"##, "404"),
            ("carol", r#""to":"@#c","body":["hi"]"#, "404"),
            ("bob", r##""to":"#s","body":["hi"]"##, "403"),
        ],
    ),
    (
        "NOTICE",
        &[
            ("alice", r#""body":["hi"]"#, "411"),
            ("alice", r##""to":"#c""##, "412"),
            ("alice", r#""to":"ghost","body":["hi"]"#, "401"),
            ("carol", r##""to":"#c","body":["hi"]"##, "404"),
            ("bob", r##""to":"#s","body":["hi"]"##, "403"),
        ],
    ),
    (
        "TAGMSG",
        &[
            ("alice", r#""meta":{"a":1}"#, "411"),
            ("alice", r##""to":"#c""##, "461"),
            ("alice", r##""to":"#c","meta":{}"##, "461"),
            ("alice", r##""to":"#c","meta":"a""##, "400"),
            ("alice", r##""to":"#none","meta":{"a":1}"##, "403"),
            ("alice", r#""to":"ghost","meta":{"a":1}"#, "401"),
            ("carol", r##""to":"#c","meta":{"a":1}"##, "404"),
        ],
    ),
    (
        "JOIN",
        &[
            ("alice", "", "461"),
            ("alice", r#""to":"""#, "461"),
            ("alice", r#""to":",""#, "461"),
            ("alice", r#""to":"c""#, "403"),
            ("alice", r##""to":"#""##, "403"),
            ("alice", r##""to":"#a b""##, "403"),
            ("alice", r##""to":"#LONG""##, "403"),
            ("alice", r#""to":7"#, "400"),
            ("carol", r##""to":"#locked""##, "475"),
            ("carol", r##""to":"#locked","params":["wrong"]"##, "475"),
            ("carol", r##""to":"#invited""##, "473"),
            ("carol", r##""to":"#full""##, "471"),
            ("carol", r##""to":"#banned""##, "474"),
        ],
    ),
    (
        "PART",
        &[
            ("alice", "", "461"),
            ("alice", r#""to":",""#, "461"),
            ("alice", r##""to":"#none""##, "403"),
            ("alice", r#""to":"c""#, "403"),
            ("carol", r##""to":"#c""##, "442"),
            ("bob", r##""to":"#s""##, "403"),
        ],
    ),
    (
        "PASS",
        &[
            ("alice", "", "461"),
            ("alice", r#""body":[""]"#, "461"),
            ("alice", r#""body":["seven77"]"#, "461"),
            ("alice", r#""body":["LONG"]"#, "461"),
            ("alice", r#""body":{"password":"12345678"}"#, "461"),
            ("alice", r#""body":"12345678""#, "400"),
        ],
    ),
    (
        "NICK",
        &[
            ("alice", "", "431"),
            ("alice", r#""body":[]"#, "431"),
            ("alice", r#""body":[""]"#, "431"),
            ("alice", r#""body":["1a"]"#, "432"),
            ("alice", r#""body":["a b"]"#, "432"),
            ("alice", r#""body":["*"]"#, "432"),
            ("alice", r#""body":["é"]"#, "432"),
            ("alice", r#""body":["LONG"]"#, "432"),
            ("alice", r#""body":["BOB"]"#, "433"),
            ("alice", r#""body":[7]"#, "400"),
        ],
    ),
    (
        "TOPIC",
        &[
            ("alice", "", "461"),
            ("alice", r##""to":"#none","body":["t"]"##, "403"),
            ("carol", r##""to":"#c""##, "442"),
            ("bob", r##""to":"#c","body":["t"]"##, "482"),
            ("bob", r##""to":"#s","body":["t"]"##, "403"),
        ],
    ),
    (
        "MODE",
        &[
            ("alice", "", "461"),
            ("alice", r##""to":"#none""##, "403"),
            ("alice", r#""to":"ghost""#, "401"),
            ("alice", r#""to":"bob""#, "502"),
            ("alice", r#""to":"bob","params":["+i"]"#, "502"),
            ("alice", r#""to":"alice","params":["+z"]"#, "501"),
            ("alice", r##""to":"#c","params":["+z"]"##, "472"),
            ("alice", r##""to":"#c","params":["+o","ghost"]"##, "401"),
            ("alice", r##""to":"#c","params":["+v","carol"]"##, "441"),
            ("alice", r##""to":"#c","params":["+l","x"]"##, "696"),
            ("alice", r##""to":"#c","params":["+l","0"]"##, "696"),
            ("alice", r##""to":"#c","params":["+l","-1"]"##, "696"),
            ("alice", r##""to":"#c","params":["+H","41"]"##, "696"),
            ("alice", r##""to":"#c","params":["+H","0"]"##, "696"),
            ("alice", r##""to":"#c","params":["+H","x"]"##, "696"),
            ("alice", r##""to":"#c","params":["+b","a b"]"##, "696"),
            ("alice", r##""to":"#c","params":["+e",""]"##, "696"),
            ("alice", r##""to":"#c","params":["+I","LONG"]"##, "696"),
            ("alice", r##""to":"#c","params":["+k","a b"]"##, "525"),
            ("alice", r##""to":"#c","params":["+k",""]"##, "525"),
            ("alice", r##""to":"#c","params":["+k","LONG"]"##, "525"),
            ("alice", r##""to":"#c","params":[7]"##, "400"),
            ("bob", r##""to":"#c","params":["+m"]"##, "482"),
            ("bob", r##""to":"#c","params":["+b","eve"]"##, "482"),
            ("carol", r##""to":"#c","params":["+m"]"##, "442"),
            ("bob", r##""to":"#s""##, "403"),
            ("bob", r##""to":"#s","params":["b"]"##, "403"),
        ],
    ),
    (
        "KICK",
        &[
            ("alice", "", "461"),
            ("alice", r##""to":"#c""##, "461"),
            ("alice", r##""to":"#c","params":[","]"##, "461"),
            ("alice", r##""to":"#none","params":["bob"]"##, "403"),
            ("alice", r##""to":"#c","params":["ghost"]"##, "401"),
            ("alice", r##""to":"#c","params":["carol"]"##, "441"),
            ("alice", r##""to":"#c","params":["a,b,c,d,e"]"##, "407"),
            ("bob", r##""to":"#c","params":["alice"]"##, "482"),
            ("carol", r##""to":"#c","params":["alice"]"##, "442"),
            ("bob", r##""to":"#s","params":["alice"]"##, "403"),
        ],
    ),
    (
        "INVITE",
        &[
            ("alice", r#""to":"bob""#, "461"),
            ("alice", r##""to":"ghost","params":["#c"]"##, "401"),
            ("alice", r##""to":"carol","params":["#none"]"##, "403"),
            ("alice", r##""to":"bob","params":["#c"]"##, "443"),
            ("carol", r##""to":"bob","params":["#c"]"##, "442"),
            ("bob", r##""to":"carol","params":["#s"]"##, "403"),
            ("bob", r##""to":"carol","params":["#invited"]"##, "482"),
        ],
    ),
    ("NAMES", &[("alice", r#""to":"a,b,c,d,e""#, "407"), ("alice", r#""to":[]"#, "400")]),
    ("LIST", &[("alice", r##""to":"#none,C<x,>-1,LONG""##, "ok"), ("alice", r#""params":"x""#, "400")]),
    ("WHO", &[("alice", r#""to":"ghost""#, "ok"), ("alice", r#""to":"LONG","params":["%LONG,LONG"]"#, "ok")]),
    (
        "WHOIS",
        &[
            ("alice", "", "431"),
            ("alice", r#""to":",""#, "431"),
            ("alice", r#""to":"ghost""#, "401"),
            ("alice", r#""to":"LONG""#, "401"),
            ("alice", r#""to":"alice,bob,carol,oscar,e""#, "407"),
        ],
    ),
    (
        "MARKREAD",
        &[
            ("alice", "", "FAIL"),
            ("alice", r##""to":"#no channel""##, "FAIL"),
            ("alice", r##""to":"#c","params":["timestamp=yesterday"]"##, "FAIL"),
        ],
    ),
    (
        "REGISTER",
        &[
            ("alice", "", "FAIL"),
            ("alice", r#""params":["*","*"]"#, "FAIL"),
            ("alice", r#""params":["*","*","short"]"#, "FAIL"),
            ("alice", r#""params":["bob","*","correct horse"]"#, "FAIL"),
        ],
    ),
    ("UNREGISTER", &[("alice", "", "FAIL"), ("alice", r#""params":["alice"]"#, "FAIL")]),
    (
        "WHOWAS",
        &[
            ("alice", "", "431"),
            ("alice", r#""to":",""#, "431"),
            ("alice", r#""to":"ghost""#, "406"),
            ("alice", r#""to":"LONG","params":["99999999999999999999"]"#, "406"),
        ],
    ),
    ("USERHOST", &[("alice", "", "461"), ("alice", r#""params":["ghost","LONG"]"#, "ok")]),
    ("ISON", &[("alice", "", "461"), ("alice", r#""params":["ghost","LONG"]"#, "ok")]),
    (
        "MONITOR",
        &[
            ("alice", "", "461"),
            ("alice", r#""params":["+"]"#, "461"),
            ("alice", r#""params":["-"]"#, "461"),
            ("alice", r#""params":["X"]"#, "461"),
            ("alice", r#""params":["+","*!*@*,LONG"]"#, "ok"),
        ],
    ),
    ("VERSION", &[("alice", r#""params":["elsewhere"]"#, "402")]),
    ("ADMIN", &[("alice", r#""params":["elsewhere"]"#, "402")]),
    ("INFO", &[("alice", r#""params":["elsewhere"]"#, "402")]),
    ("TIME", &[("alice", r#""params":["elsewhere"]"#, "402")]),
    ("MOTD", &[("alice", r#""params":["elsewhere"]"#, "402")]),
    ("LUSERS", &[("alice", r#""params":["*","elsewhere"]"#, "402")]),
    ("LINKS", &[("alice", r#""params":["LONG"]"#, "ok")]),
    (
        "STATS",
        &[
            ("alice", "", "461"),
            ("alice", r#""params":["u","elsewhere"]"#, "402"),
            ("alice", r#""params":["ü"]"#, "ok"),
        ],
    ),
    ("HELP", &[("alice", r#""params":["dancing"]"#, "524"), ("alice", r#""params":["LONG"]"#, "524")]),
    ("AWAY", &[("alice", r#""body":"tea""#, "400"), ("alice", r#""body":["LONG"]"#, "ok")]),
    (
        "OPER",
        &[
            ("alice", "", "461"),
            ("alice", r#""params":["root"]"#, "461"),
            ("alice", r#""params":["root","wrong"]"#, "464"),
            ("alice", r#""params":["nobody","sekrit"]"#, "464"),
            ("alice", r#""params":["LONG","LONG"]"#, "464"),
        ],
    ),
    (
        "KILL",
        &[
            ("alice", r#""params":["bob"]"#, "481"),
            ("oscar", "", "461"),
            ("oscar", r#""params":["ghost"]"#, "401"),
        ],
    ),
    (
        "WALLOPS",
        &[("alice", r#""body":["hear"]"#, "481"), ("oscar", "", "461"), ("oscar", r#""body":[""]"#, "461")],
    ),
    ("REHASH", &[("alice", "", "481")]),
    ("DIE", &[("alice", "", "481")]),
    (
        "SETNAME",
        &[
            ("alice", "", "461"),
            ("alice", r#""body":[" "]"#, "461"),
            ("alice", r#""body":["LONG"]"#, "FAIL"),
            ("alice", r#""body":["a\u0001b"]"#, "FAIL"),
        ],
    ),
    (
        "PUBKEY",
        &[
            ("alice", "", "461"),
            ("alice", r#""body":["ed25519"]"#, "461"),
            ("alice", r#""body":{"alg":"ed25519"}"#, "461"),
            ("alice", r#""body":{"alg":"ed25519","key":7}"#, "461"),
            ("alice", r#""body":{"alg":"ed25519","key":"AAAA"}"#, "461"),
            ("alice", r#""body":{"alg":"rsa","key":"<KEY>"}"#, "461"),
            ("alice", r##""to":"#none","body":{"alg":"ed25519","key":"<KEY>"}"##, "403"),
            ("carol", r##""to":"#c","body":{"alg":"ed25519","key":"<KEY>"}"##, "442"),
        ],
    ),
    ("FROBNICATE", &[("alice", "", "421")]),
    ("LONG", &[("alice", "", "421")]),
];

/// What stands for a public key of Ed25519.
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

struct Scene {
    people: Vec<TestClient>,
    _server: TestServer,
}

impl Scene {
    fn set() -> Self {
        let oper = [("NEOIRC_OPER_NAME", "root"), ("NEOIRC_OPER_PASSWORD", "sekrit"), ("OPER_ATTEMPTS", "0")];
        let server = TestServer::spawn_with(&oper);
        let people: Vec<_> = ["alice", "bob", "carol", "oscar"].map(|nick| server.open(nick)).into();
        let [alice, bob, _, oscar] = &people[..] else { unreachable!("four came in") };
        for channel in ["#c", "#s", "#locked", "#invited", "#full", "#banned"] {
            alice.join(channel);
        }
        bob.join("#c");
        bob.join("#invited");
        for (channel, modes) in [
            ("#s", &["+s"][..]),
            ("#locked", &["+k", "key"]),
            ("#invited", &["+i"]),
            ("#full", &["+l", "1"]),
            ("#banned", &["+b", "carol"]),
        ] {
            alice.mode(channel, modes);
        }
        let receipt = oscar.command(&json!({ "command": "OPER", "params": ["root", "sekrit"] }));
        assert_eq!(receipt["status"], "ok");
        let mut scene = Self { people, _server: server };
        for person in &mut scene.people {
            person.drain();
        }
        scene
    }

    fn person(&mut self, nick: &str) -> &mut TestClient {
        self.people.iter_mut().find(|person| person.nick == nick).unwrap()
    }
}

/// What is wrong with the outcome of a row, if anything is.
fn wrong(person: &mut TestClient, command: &str, (who, fields, wanted): &Row) -> Option<String> {
    let long = "x".repeat(500);
    let separator = if fields.is_empty() { "" } else { "," };
    let body = format!(r#"{{"command":"{command}"{separator}{fields}}}"#);
    let body = body.replace("LONG", &long).replace("<KEY>", KEY);
    let answer = person.http.post_bytes("/api/v1/messages", body);
    let heard = person.drain();
    let (receipt, status) = (answer.json(), answer.status.to_string());
    let said = receipt["numeric"].as_str().or_else(|| receipt["status"].as_str()).unwrap_or(&status);
    let is_refusal = wanted.len() == 3 && wanted.starts_with(['4', '5', '6']) || *wanted == "FAIL";
    let told = |message: &Value| message["command"] == *wanted && message["to"] == *who;
    let quiet = *wanted == "400" || command == "NOTICE";
    let place = format!("{command} by {who} with {fields}");
    if said != *wanted {
        return Some(format!("{place}: {said} instead of {wanted}: {receipt}"));
    }
    if is_refusal && !quiet && !heard.iter().any(told) {
        return Some(format!("{place}: the numeric is not in the queue: {heard:?}"));
    }
    if quiet && !heard.is_empty() {
        return Some(format!("{place}: something was told: {heard:?}"));
    }
    None
}

#[test]
fn every_command_refuses_what_is_wrong_by_its_numeric() {
    let mut scene = Scene::set();
    let mut all_wrong = Vec::new();
    for (command, rows) in TABLE {
        for row in *rows {
            all_wrong.extend(wrong(scene.person(row.0), command, row));
        }
    }
    assert!(all_wrong.is_empty(), "\n{}", all_wrong.join("\n"));
    for person in &scene.people {
        assert_eq!(person.state()["nick"], person.nick, "the session goes on");
    }
    assert_eq!(scene.person("bob").channels(), ["#c", "#invited"], "nothing of it was done");
}

/// The table names every command that there is help for, so that a new one is not forgotten.
#[test]
fn the_table_has_every_command() {
    // These cannot be wrong: whatever stands there is taken.
    let always_right = ["QUIT", "PING", "index"];
    for topic in neoirc::command::help::HELP {
        let known = always_right.contains(&topic.subject)
            || TABLE.iter().any(|(command, _)| *command == topic.subject);
        assert!(known, "{} is in no row", topic.subject);
    }
}
