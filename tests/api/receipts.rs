//! What `POST /messages` answers to each command, where the transcripts see only the queues.

use serde_json::{Value, json};

use crate::support::{TestServer, numerics, pair, refused, texts};

// clause: commands.receipts
#[test]
fn receipts_have_their_fields() {
    let server = TestServer::spawn();
    let (alice, bob) = pair(&server);
    let receipt = alice.command(&json!({ "command": "JOIN", "to": "#new" }));
    assert_eq!((&receipt["status"], &receipt["channel"]), (&json!("joined"), &json!("#new")));
    let receipt = alice.command(&json!({ "command": "PART", "to": "#new" }));
    assert_eq!((&receipt["status"], &receipt["channel"]), (&json!("parted"), &json!("#new")));
    let receipt = alice.command(&json!({ "command": "NICK", "body": ["alicia"] }));
    assert_eq!((&receipt["status"], &receipt["nick"]), (&json!("ok"), &json!("alicia")));
    let receipt = alice.command(&json!({ "command": "PRIVMSG", "to": "#c", "body": ["hi"] }));
    assert_eq!(receipt["status"], "sent");
    assert!(receipt["id"].is_string() && receipt["seq"].is_u64(), "{receipt}");
    for message in [
        json!({ "command": "TOPIC", "to": "#c", "body": ["t"] }),
        json!({ "command": "TOPIC", "to": "#c" }),
        json!({ "command": "MODE", "to": "#c", "params": ["+m"] }),
        json!({ "command": "MODE", "to": "#c" }),
        json!({ "command": "KICK", "to": "#c", "params": ["bob"] }),
        json!({ "command": "INVITE", "to": "bob", "params": ["#c"] }),
        json!({ "command": "AWAY", "body": ["gone"] }),
        json!({ "command": "AWAY" }),
        json!({ "command": "NAMES", "to": "#c" }),
        json!({ "command": "LIST" }),
        json!({ "command": "WHO", "to": "#c" }),
        json!({ "command": "WHOIS", "to": "bob" }),
        json!({ "command": "LUSERS" }),
        json!({ "command": "MOTD" }),
    ] {
        assert_eq!(alice.command(&message)["status"], "ok", "{message}");
    }
    assert_eq!(bob.command(&json!({ "command": "QUIT" })), json!({ "status": "quit" }));
}

/// `{"status":"error","numeric":"482","error":"You're not channel operator"}`, and the numeric itself in the queue.
// clause: commands.refusals
#[test]
fn a_refusal_is_in_the_receipt_and_in_the_queue() {
    let server = TestServer::spawn();
    let (_, mut bob) = pair(&server);
    let receipt = bob.command(&json!({ "command": "TOPIC", "to": "#c", "body": ["mine"] }));
    assert_eq!(
        receipt,
        json!({ "status": "error", "numeric": "482", "error": "You're not channel operator" })
    );
    let queued = bob.drain();
    assert_eq!(numerics(&queued), ["482"]);
    assert_eq!((&queued[0]["from"], &queued[0]["to"]), (&json!("neoirc"), &json!("bob")));
    assert_eq!(queued[0]["params"], json!(["#c"]));
    assert_eq!(queued[0]["body"], json!(["You're not channel operator"]));
}

/// PONG stands "in the response, not the queue".
// clause: queries.ping
#[test]
fn ping_is_answered_at_once() {
    let server = TestServer::spawn();
    let mut alice = server.open("alice");
    let pong = alice.command(&json!({ "command": "PING", "body": ["12345"] }));
    assert_eq!(pong["command"], "PONG");
    assert_eq!(pong["from"], "neoirc");
    assert_eq!(pong["body"], json!(["12345"]));
    assert_eq!(alice.drain(), Vec::<Value>::new());
}

/// "the response is the first refusal if any else the first outcome, plus `results`: one object per target".
// clause: commands.targets
#[test]
fn lists_of_targets_have_results() {
    let server = TestServer::spawn();
    let (alice, mut bob) = pair(&server);
    let receipt = alice.command(&json!({ "command": "JOIN", "to": "#x,bad,#y" }));
    assert_eq!(receipt["status"], "error", "{receipt}");
    let results = receipt["results"].as_array().unwrap();
    let statuses: Vec<&Value> = results.iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, ["joined", "error", "joined"], "{receipt}");
    assert_eq!((&results[0]["channel"], &results[2]["channel"]), (&json!("#x"), &json!("#y")));
    assert_eq!(results[1]["numeric"], receipt["numeric"]);
    let receipt = alice.command(&json!({ "command": "PRIVMSG", "to": "#c,bob", "body": ["hi"] }));
    assert_eq!(receipt["status"], "sent", "{receipt}");
    let results = receipt["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    assert_eq!((&receipt["id"], &receipt["seq"]), (&results[0]["id"], &results[0]["seq"]));
    let heard = bob.drain();
    let seqs: Vec<&Value> = heard.iter().map(|message| &message["seq"]).collect();
    assert_eq!(seqs, [&results[0]["seq"], &results[1]["seq"]], "each target its own message");
    let receipt = alice.command(&json!({ "command": "PART", "to": "#x,#y" }));
    assert_eq!(receipt["status"], "parted");
    assert_eq!(receipt["results"].as_array().unwrap().len(), 2, "{receipt}");
}

/// "Arguments are read from `params` first; where `params` is absent, from the lines of `body`."
// clause: commands.arguments
#[test]
fn arguments_may_stand_in_the_body() {
    let server = TestServer::spawn();
    let (mut alice, bob) = pair(&server);
    alice.command(&json!({ "command": "MODE", "to": "#c", "body": ["+v", "bob"] }));
    let heard = alice.drain();
    assert_eq!((&heard[0]["command"], &heard[0]["params"]), (&json!("MODE"), &json!(["+v", "bob"])));
    alice.mode("#c", &["+k", "sesame"]);
    bob.command(&json!({ "command": "PART", "to": "#c" }));
    refused(&bob.command(&json!({ "command": "JOIN", "to": "#c" })), "475");
    assert_eq!(
        bob.command(&json!({ "command": "JOIN", "to": "#c", "body": ["sesame"] }))["status"],
        "joined"
    );
    // Where `params` stands, the body is no argument.
    let receipt = bob.command(&json!({ "command": "NICK", "params": ["robert"], "body": ["ignored"] }));
    assert_eq!(receipt["nick"], "robert");
}

/// INVITE takes nick and channel in either order.
// clause: channels.invite
#[test]
fn invite_takes_either_order() {
    let server = TestServer::spawn();
    let (mut alice, _) = pair(&server);
    let mut carol = server.open("carol");
    for message in [
        json!({ "command": "INVITE", "to": "carol", "params": ["#c"] }),
        json!({ "command": "INVITE", "to": "#c", "params": ["carol"] }),
    ] {
        assert_eq!(alice.command(&message)["status"], "ok", "{message}");
        let (own, invited) = (alice.drain(), carol.drain());
        assert_eq!((numerics(&own), numerics(&invited)), (vec!["341"], vec!["INVITE"]));
        assert_eq!((&own[0]["to"], &own[0]["params"]), (&json!("alice"), &json!(["carol", "#c"])));
    }
}

/// "`params:[nick,…]`".
#[test]
fn kick_takes_several_nicks() {
    let server = TestServer::spawn();
    let (mut alice, _) = pair(&server);
    let carol = server.open("carol");
    carol.join("#c");
    alice.drain();
    let receipt = alice
        .command(&json!({ "command": "KICK", "to": "#c", "params": ["bob", "carol"], "body": ["both"] }));
    assert_eq!(receipt["status"], "ok", "{receipt}");
    let heard = alice.drain();
    assert_eq!(numerics(&heard), ["KICK", "KICK"], "{heard:?}");
    assert_eq!(carol.channels(), Vec::<String>::new());
}

/// A message of several lines stays one message over HTTP, and `meta` is "relayed untouched".
// clause: messages.meta
#[test]
fn lines_and_meta_arrive_untouched() {
    let server = TestServer::spawn();
    let (alice, mut bob) = pair(&server);
    let meta =
        json!({ "sig": "c2ln", "alg": "ed25519", "n": [1, 2.5, null, { "deep": "x" }], "grüße": "🦀" });
    alice.command(&json!({ "command": "PRIVMSG", "to": "#c", "body": ["one", "", "three"], "meta": meta }));
    let heard = bob.drain();
    assert_eq!(heard.len(), 1, "one message, stored once");
    assert_eq!((&heard[0]["body"], &heard[0]["meta"]), (&json!(["one", "", "three"]), &meta));
}

/// The key of a channel is never shown to those outside.
// clause: modes.kmembers
#[test]
fn a_key_stays_among_members() {
    let server = TestServer::spawn();
    let (alice, _) = pair(&server);
    alice.mode("#c", &["+k", "sesame"]);
    let mut carol = server.open("carol");
    for message in [
        json!({ "command": "MODE", "to": "#c" }),
        json!({ "command": "LIST" }),
        json!({ "command": "NAMES", "to": "#c" }),
        json!({ "command": "JOIN", "to": "#c", "params": ["wrong"] }),
    ] {
        let receipt = carol.command(&message);
        let text = format!("{receipt} {:?}", carol.drain());
        assert!(!text.contains("sesame"), "{message} shows the key: {text}");
    }
}

/// Names with blanks, commas and the like are no channels, however they are sent.
// clause: channels.names channels.badname
#[test]
fn names_that_cannot_be_are_refused() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    for name in ["#a b", "#a\u{7}b", "# ", "#", "", "c", "+c", "!c", &format!("#{}", "x".repeat(64))] {
        let receipt = alice.command(&json!({ "command": "JOIN", "to": name }));
        assert_eq!(receipt["status"], "error", "{name:?}: {receipt}");
        let numeric = receipt["numeric"].as_str().unwrap();
        assert!(["403", "461", "476"].contains(&numeric), "{name:?}: {receipt}");
    }
    assert_eq!(alice.channels(), Vec::<String>::new());
}

/// "`+k ""`, `+k "a b"` → 696/525, or a cleaned key echoed, but not 400"; afterwards the channel can be joined.
// clause: modes.key525
#[test]
fn odd_keys_do_no_harm() {
    let server = TestServer::spawn();
    let (alice, mut bob) = pair(&server);
    for key in ["", "a b", ":x", "a,b", &"k".repeat(500)] {
        let (status, _) = alice.post(&json!({ "command": "MODE", "to": "#c", "params": ["+k", key] }));
        assert_eq!(status, 200, "{key:?}");
        alice.mode("#c", &["-k"]);
    }
    bob.command(&json!({ "command": "PART", "to": "#c" }));
    bob.join("#c");
    alice.say("#c", "fine");
    assert_eq!(texts(&bob.drain()), ["fine"]);
}
