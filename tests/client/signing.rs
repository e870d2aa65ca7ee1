//! Signatures from end to end: made by one client, relayed by the server, checked by another.

use neoirc::client::{
    Body, Client, Error, Message, Pin, Pins, PublicKey, Receipt, SignError, SigningKey, VerifyError, verify,
};
use serde_json::json;

use crate::people::{open_in_channel, read_until};
use crate::support::TestServer;

/// Sends a signed message and reads it back at the other end.
async fn relay(from: &Client, to: &Client, key: &SigningKey, message: Message) -> Message {
    let mut messages = to.messages();
    let sent = from.send_signed(message, key).await.unwrap();
    let Receipt::Sent { id, .. } = sent else { panic!("{sent:?}") };
    read_until(&mut messages, |message| message.id == Some(id)).await
}

#[tokio::test]
async fn what_the_server_relays_verifies() {
    let server = TestServer::spawn();
    let (alice, bob) = (open_in_channel(&server, "Alice").await, open_in_channel(&server, "bob").await);
    let (key, other) = (SigningKey::generate(), SigningKey::generate());
    let object: Body = serde_json::from_value(json!({
        "ö": "umlaut", "\u{fb33}": 1, "😀": [true, null, {"deep": {}}], "z": 1e21, "a": -0.0, "n": 333_333_333.333_333_3,
        "big": u64::MAX, "small": 5e-324, "plain": 12,
    }))
    .unwrap();
    for message in [
        Message::new("PRIVMSG").to("#c").body("Hello!"),
        Message::new("privmsg").to("#c").body("in lower case"),
        Message::new("NOTICE").to("bob").body("Grüße, 世界 👋\nand \"a\" second \\ line \u{2028}"),
        Message::new("PRIVMSG").to("bob").body(vec![String::new(), "\u{1}ACTION waves\u{1}".to_owned()]),
        Message::new("PRIVMSG").to("#c").body(object),
        Message::new("PRIVMSG")
            .to("#c")
            .body("tagged")
            .meta("lang", "en")
            .meta("n", json!({"x": 0.1, "y": [1.0]})),
        Message::new("PRIVMSG").to("#c").body("twice").meta("sig", "an old one"),
        Message::new("TAGMSG").to("#c").meta("typing", "active"),
    ] {
        let relayed = relay(&alice, &bob, &key, message.clone()).await;
        assert_eq!(verify(&relayed, &key.public()), Ok(()), "{relayed:?}");
        assert_eq!(verify(&relayed, &other.public()), Err(VerifyError::Mismatch));
        assert_eq!(relayed.body, message.body);
    }
    // The history has it with its signature too.
    let history = bob.history("#c", None, 50).await.unwrap();
    assert!(history.len() == 5 && history.iter().all(|message| verify(message, &key.public()) == Ok(())));
}

/// The nick that is signed is the one that recipients see, also after it has changed.
#[tokio::test]
async fn a_signature_goes_by_the_nick_of_the_moment() {
    let server = TestServer::spawn();
    let (alice, bob) = (open_in_channel(&server, "alice").await, open_in_channel(&server, "bob").await);
    let key = SigningKey::generate();
    alice.set_nick("Alicia").await.unwrap().granted().unwrap();
    let relayed = relay(&alice, &bob, &key, Message::new("PRIVMSG").to("#c").body("hi")).await;
    assert_eq!((relayed.from.as_str(), verify(&relayed, &key.public())), ("Alicia", Ok(())));
}

/// Why `to` has to be spelled as the server spells it.
#[tokio::test]
async fn a_signature_covers_the_spelling_of_its_target() {
    let server = TestServer::spawn();
    let (alice, bob) = (open_in_channel(&server, "alice").await, open_in_channel(&server, "bob").await);
    let key = SigningKey::generate();
    let relayed = relay(&alice, &bob, &key, Message::new("PRIVMSG").to("#C").body("hi")).await;
    assert_eq!(relayed.to, "#c");
    assert_eq!(verify(&relayed, &key.public()), Err(VerifyError::Mismatch));
    let several = alice.send_signed(Message::new("PRIVMSG").to("#c,bob").body("hi"), &key).await;
    assert!(matches!(several, Err(Error::Sign(SignError::SeveralTargets))), "{several:?}");
}

#[tokio::test]
async fn a_forged_or_borrowed_signature_does_not_fit() {
    let server = TestServer::spawn();
    let (alice, bob) = (open_in_channel(&server, "alice").await, open_in_channel(&server, "bob").await);
    let mallory = open_in_channel(&server, "mallory").await;
    let (key, mut pins) = (SigningKey::generate(), Pins::in_memory());
    pins.check("alice", &key.public()).unwrap();
    pins.check("mallory", &SigningKey::generate().public()).unwrap();
    let original = relay(&alice, &bob, &key, Message::new("PRIVMSG").to("#c").body("I owe you ten")).await;
    assert_eq!(pins.verify(&original), Ok(()));
    // Somebody else says the same with the same signature.
    let mut messages = bob.messages();
    let copy =
        Message { meta: original.meta.clone(), ..Message::new("PRIVMSG").to("#c").body("I owe you ten") };
    mallory.send(&copy).await.unwrap().granted().unwrap();
    let relayed =
        read_until(&mut messages, |message| message.is_from("mallory") && message.body.is_some()).await;
    assert_eq!(relayed.meta, original.meta);
    assert_eq!(pins.verify(&relayed), Err(VerifyError::Mismatch));
}

/// Somebody takes a nick and announces a key of their own: everybody who knew the first key is warned.
#[tokio::test]
async fn a_changed_key_is_warned_of_and_does_not_count() {
    let server = TestServer::spawn();
    let (alice, bob) = (open_in_channel(&server, "alice").await, open_in_channel(&server, "bob").await);
    let (key, forged, mut pins) = (SigningKey::generate(), SigningKey::generate(), Pins::in_memory());
    let mut messages = bob.messages();
    let mut announce = async |key: &SigningKey| {
        alice.announce_key(Some("#c"), key.public()).await.unwrap().granted().unwrap();
        let message = read_until(&mut messages, |message| message.command == "PUBKEY").await;
        pins.check(&message.from, &PublicKey::announced_in(&message).unwrap().unwrap()).unwrap()
    };
    assert_eq!(announce(&key).await, Pin::New);
    assert_eq!(announce(&key).await, Pin::Same);
    let Pin::Changed(change) = announce(&forged).await else { panic!("not noticed") };
    assert!(change.to_string().contains("THE KEY OF alice HAS CHANGED"), "{change}");
    let signed_by = async |key: &SigningKey| {
        relay(&alice, &bob, key, Message::new("PRIVMSG").to("#c").body("It is me")).await
    };
    assert_eq!(pins.verify(&signed_by(&key).await), Ok(()));
    assert_eq!(pins.verify(&signed_by(&forged).await), Err(VerifyError::Mismatch));
    pins.accept("alice", &forged.public()).unwrap();
    assert_eq!(pins.verify(&signed_by(&forged).await), Ok(()));
    assert_eq!(pins.verify(&signed_by(&key).await), Err(VerifyError::Mismatch));
}

/// To a channel, and to everybody who shares one.
#[tokio::test]
async fn a_key_is_announced() {
    let server = TestServer::spawn();
    let (alice, bob) = (open_in_channel(&server, "alice").await, open_in_channel(&server, "bob").await);
    let key = SigningKey::generate().public();
    for channel in [Some("#c"), None] {
        let mut messages = bob.messages();
        alice.announce_key(channel, key).await.unwrap().granted().unwrap();
        let target = channel.unwrap_or_default();
        let is_ours = |message: &Message| message.command == "PUBKEY" && message.to == target;
        let relayed = read_until(&mut messages, is_ours).await;
        assert_eq!((relayed.from.as_str(), PublicKey::announced_in(&relayed)), ("alice", Some(Ok(key))));
    }
}
