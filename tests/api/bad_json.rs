//! Bodies that are no message: always 400 `invalid request`, never 5xx, and nothing of them is done.

use rand::RngExt;
use serde_json::{Value, json};

use crate::support::{TestClient, TestServer};

const PATH: &str = "/api/v1/messages";

/// Posts bytes that must be refused, and returns the text of the refusal.
#[track_caller]
fn refused_400(client: &TestClient, body: impl Into<Vec<u8>>) -> String {
    client.http.post_bytes(PATH, body).refusal(400)
}

/// A member of #c with an empty queue, to see that nothing happened.
fn member(server: &TestServer) -> TestClient {
    let mut alice = server.open("alice");
    alice.join("#c");
    alice.drain();
    alice
}

#[track_caller]
fn nothing_happened(client: &mut TestClient) {
    assert_eq!(client.drain(), Vec::<Value>::new());
    assert_eq!(client.state()["nick"], "alice");
}

#[test]
fn what_is_not_json_is_refused() {
    let server = TestServer::spawn();
    let mut alice = member(&server);
    let broken = [
        "",
        " ",
        "{",
        "}",
        "{\"command\"",
        "{\"command\":}",
        "{'command':'LUSERS'}",
        "{command:\"LUSERS\"}",
        "{\"command\":\"LUSERS\",}",
        "{\"command\":\"LUSERS\"}x",
        "{\"command\":\"LUSERS\"}{\"command\":\"LUSERS\"}",
        "PRIVMSG #c :hi",
        "command=LUSERS",
        "\u{feff}{\"command\":\"LUSERS\"}",
        "NaN",
    ];
    for body in broken {
        assert_eq!(refused_400(&alice, body), "invalid request", "{body}");
    }
    nothing_happened(&mut alice);
}

#[test]
fn what_is_no_object_with_a_command_is_refused() {
    let server = TestServer::spawn();
    let mut alice = member(&server);
    let wrong = [
        "null",
        "7",
        "\"LUSERS\"",
        "[]",
        "[{\"command\":\"LUSERS\"}]",
        "[\"LUSERS\"]",
        "[\"NICK\",null,[\"bob\"],null,null]",
        "{}",
        "{\"to\":\"#c\"}",
        "true",
    ];
    for body in wrong {
        assert_eq!(refused_400(&alice, body), "invalid request", "{body}");
    }
    for command in ["null", "7", "[]", "{}", "true", "[\"LUSERS\"]", "\"\""] {
        assert_eq!(refused_400(&alice, format!("{{\"command\":{command}}}")), "invalid request", "{command}");
    }
    nothing_happened(&mut alice);
}

/// "A body is an array of strings (one per line) or an object, never a bare string."
#[test]
fn fields_of_the_wrong_type_are_refused() {
    let server = TestServer::spawn();
    let mut alice = member(&server);
    let wrong = [
        json!({ "command": "PRIVMSG", "to": "#c", "body": "bare" }),
        json!({ "command": "PRIVMSG", "to": "#c", "body": 7 }),
        json!({ "command": "PRIVMSG", "to": "#c", "body": true }),
        json!({ "command": "PRIVMSG", "to": "#c", "body": [7] }),
        json!({ "command": "PRIVMSG", "to": "#c", "body": ["a", null] }),
        json!({ "command": "PRIVMSG", "to": "#c", "body": [["nested"]] }),
        json!({ "command": "PRIVMSG", "to": ["#c"], "body": ["hi"] }),
        json!({ "command": "PRIVMSG", "to": 7, "body": ["hi"] }),
        json!({ "command": "PRIVMSG", "to": {}, "body": ["hi"] }),
        json!({ "command": "MODE", "to": "#c", "params": "+m" }),
        json!({ "command": "MODE", "to": "#c", "params": [7] }),
        json!({ "command": "MODE", "to": "#c", "params": { "0": "+m" } }),
        json!({ "command": "PRIVMSG", "to": "#c", "body": ["hi"], "meta": "text" }),
        json!({ "command": "PRIVMSG", "to": "#c", "body": ["hi"], "meta": ["list"] }),
    ];
    for message in wrong {
        refused_400(&alice, message.to_string());
    }
    nothing_happened(&mut alice);
}

/// Keys that parsers make for themselves turn an object into something else for whoever reads it.
#[test]
fn keys_that_mean_something_to_a_parser_are_refused() {
    let server = TestServer::spawn();
    let mut alice = member(&server);
    let marked = json!({ "$serde_json::private::RawValue": "}" });
    for message in [
        json!({ "command": "PRIVMSG", "to": "#c", "body": ["hi"], "meta": { "a": marked } }),
        json!({ "command": "PRIVMSG", "to": "#c", "body": ["hi"], "meta": marked }),
        json!({ "command": "PRIVMSG", "to": "#c", "body": marked }),
        json!({ "command": "PRIVMSG", "to": "#c", "body": marked, "meta": { "hashcash": "x" } }),
    ] {
        assert_eq!(refused_400(&alice, message.to_string()), "invalid request", "{message}");
    }
    nothing_happened(&mut alice);
}

/// "CR, LF or NUL inside any string: 400", in whichever field and however deep.
// clause: lines.nul
#[test]
fn line_breaks_and_nul_are_refused_everywhere() {
    let server = TestServer::spawn();
    let mut alice = member(&server);
    for bad in ["\r", "\n", "\0", "a\r\nQUIT :injected", "\u{0}x", "x\n"] {
        let messages = [
            json!({ "command": format!("PRIVMSG{bad}"), "to": "#c", "body": ["hi"] }),
            json!({ "command": "PRIVMSG", "to": format!("#c{bad}"), "body": ["hi"] }),
            json!({ "command": "PRIVMSG", "to": "#c", "body": [bad] }),
            json!({ "command": "PRIVMSG", "to": "#c", "body": ["fine", bad] }),
            json!({ "command": "MODE", "to": "#c", "params": ["+k", bad] }),
            json!({ "command": "PRIVMSG", "to": "#c", "body": ["hi"], "meta": { "note": bad } }),
            json!({ "command": "PRIVMSG", "to": "#c", "body": ["hi"], "meta": { "deep": [{ "er": bad }] } }),
            json!({ "command": "NICK", "body": [bad] }),
            json!({ "command": "AWAY", "body": [bad] }),
        ];
        for message in messages {
            refused_400(&alice, message.to_string());
        }
    }
    nothing_happened(&mut alice);
}

#[test]
fn bytes_that_are_no_utf_8_are_refused() {
    let server = TestServer::spawn();
    let mut alice = member(&server);
    for bytes in [&b"\xff"[..], b"\xc3", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xc0\xaf", b"\x80"] {
        let body = [b"{\"command\":\"PRIVMSG\",\"to\":\"#c\",\"body\":[\"", bytes, b"\"]}"].concat();
        assert_eq!(refused_400(&alice, body), "invalid request", "{bytes:?}");
        let body =
            [b"{\"command\":\"PRIVMSG\",\"to\":\"#c\",\"body\":[\"hi\"],\"meta\":{\"x\":\"", bytes, b"\"}}"]
                .concat();
        assert_eq!(refused_400(&alice, body), "invalid request", "{bytes:?} in meta");
    }
    // Half of a surrogate pair is no character either, though the bytes are ASCII.
    for text in ["\\ud800", "\\udc00 \\ud800", "\\ud83e"] {
        refused_400(&alice, format!("{{\"command\":\"PRIVMSG\",\"to\":\"#c\",\"body\":[\"{text}\"]}}"));
        let meta = format!(
            "{{\"command\":\"PRIVMSG\",\"to\":\"#c\",\"body\":[\"hi\"],\"meta\":{{\"x\":\"{text}\"}}}}"
        );
        refused_400(&alice, meta);
    }
    nothing_happened(&mut alice);
}

/// "duplicates refused": which of two values would count is not for the server to guess.
#[test]
fn duplicate_keys_are_refused() {
    let server = TestServer::spawn();
    let mut alice = member(&server);
    let doubled = [
        "{\"command\":\"LUSERS\",\"command\":\"QUIT\"}",
        "{\"command\":\"PRIVMSG\",\"to\":\"#c\",\"to\":\"#c\",\"body\":[\"hi\"]}",
        "{\"command\":\"PRIVMSG\",\"to\":\"#c\",\"body\":[\"a\"],\"body\":[\"b\"]}",
        "{\"command\":\"PRIVMSG\",\"to\":\"#c\",\"body\":[\"a\"],\"meta\":{\"x\":1,\"x\":2}}",
        "{\"command\":\"PRIVMSG\",\"to\":\"#c\",\"body\":[\"a\"],\"meta\":{\"y\":{\"x\":1,\"x\":2}}}",
        "{\"command\":\"MODE\",\"to\":\"#c\",\"params\":[\"+m\"],\"params\":[\"+i\"]}",
    ];
    for body in doubled {
        refused_400(&alice, body);
    }
    nothing_happened(&mut alice);
}

/// "depth 16 in free-form parts". Whatever the depth, no stack overflows.
#[test]
fn deep_nesting_is_refused() {
    let server = TestServer::spawn();
    let mut alice = member(&server);
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for depth in [20, 130, 600] {
            let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            refused_400(
                &alice,
                format!(
                    "{{\"command\":\"PRIVMSG\",\"to\":\"#c\",\"body\":[\"hi\"],\"meta\":{{\"x\":{nested}}}}}"
                ),
            );
            refused_400(&alice, format!("{{\"command\":\"PRIVMSG\",\"to\":\"#c\",\"body\":{nested}}}"));
        }
    }
    refused_400(&alice, "[".repeat(4000));
    refused_400(&alice, "{\"a\":".repeat(700));
    nothing_happened(&mut alice);
}

/// "`body` ≤ 64 lines, `params` ≤ 15".
#[test]
fn long_lists_are_refused() {
    let server = TestServer::spawn();
    let mut alice = member(&server);
    refused_400(&alice, json!({ "command": "PRIVMSG", "to": "#c", "body": vec!["x"; 65] }).to_string());
    refused_400(&alice, json!({ "command": "MODE", "to": "#c", "params": vec!["x"; 16] }).to_string());
    nothing_happened(&mut alice);
    let receipt = alice.command(&json!({ "command": "PRIVMSG", "to": "#c", "body": vec!["x"; 64] }));
    assert_eq!(receipt["status"], "sent", "{receipt}");
}

/// Other control characters, other scripts and every plane of Unicode are nobody's business but the sender's.
#[test]
fn strange_but_valid_text_is_relayed() {
    let server = TestServer::spawn();
    let mut alice = member(&server);
    for text in [
        "\u{1}ACTION waves\u{1}",
        "\u{7f}\u{2}\u{3}04red",
        "👩‍👩‍👧‍👦",
        "\u{202e}rtl",
        "\u{10ffff}",
        "\u{fffd}",
        "\t",
    ] {
        alice.say("#c", text);
        let heard = alice.drain();
        assert_eq!(heard.len(), 1);
        assert_eq!(heard[0]["body"], json!([text]));
    }
    let escaped = "{\"command\":\"PRIVMSG\",\"to\":\"#c\",\"body\":[\"\\u00fc\\ud83e\\udd80\"]}";
    alice.http.post_bytes(PATH, escaped).ok();
    assert_eq!(alice.drain()[0]["body"], json!(["ü🦀"]));
}

/// "Unknown top-level fields are ignored", and what only the server may say is not believed.
#[test]
fn fields_of_the_server_are_ignored() {
    let server = TestServer::spawn();
    let mut alice = member(&server);
    let forged = json!({
        "command": "privmsg", "to": "#c", "body": ["hi"], "from": "root", "id": "1", "seq": 999_999_999,
        "ts": "1999-01-01T00:00:00Z", "colour": ["blue"], "nested": { "x": { "y": 1 } },
    });
    assert_eq!(alice.command(&forged)["status"], "sent");
    let heard = alice.drain().remove(0);
    assert_eq!((&heard["command"], &heard["from"]), (&json!("PRIVMSG"), &json!("alice")));
    assert_ne!(heard["seq"], 999_999_999);
    assert_ne!(heard["ts"], "1999-01-01T00:00:00Z");
    assert_eq!(heard.get("colour"), None, "{heard}");
    assert_eq!(heard.get("nested"), None, "{heard}");
}

/// Good messages with a few bytes changed, moved or repeated: some are still good, none reaches a 5xx.
#[test]
fn damaged_messages_are_answered() {
    let server = TestServer::spawn();
    let alice = member(&server);
    let good = [
        json!({ "command": "PRIVMSG", "to": "#c", "body": ["hi", "🦀"], "meta": { "a": [1, { "b": null }] } }).to_string(),
        json!({ "command": "MODE", "to": "#c", "params": ["+ovk-l", "alice", "alice", "key"] }).to_string(),
        json!({ "command": "TOPIC", "to": "#c", "body": ["t"], "params": [] }).to_string(),
    ];
    let mut random = rand::rng();
    for round in 0..600 {
        let mut body = good[round % good.len()].clone().into_bytes();
        for _ in 0..random.random_range(1..4) {
            let (at, other) = (random.random_range(0..body.len()), random.random_range(0..body.len()));
            match random.random_range(0..4) {
                0 => body[at] = random.random(),
                1 => body.swap(at, other),
                2 => body.truncate(at.max(1)),
                _ => body.extend_from_within(at.min(other)..at.max(other)),
            }
        }
        let answer = alice.http.post_bytes(PATH, body.clone());
        let text = String::from_utf8_lossy(&body).into_owned();
        match answer.status {
            200 => drop(answer.json()),
            _ => drop(answer.refusal(400)),
        }
        assert!(answer.status < 500, "{text}");
    }
    assert!(alice.state()["nick"].is_string());
}
