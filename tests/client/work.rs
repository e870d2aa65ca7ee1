//! Proof of work that is asked for when a session is opened, and that channels under `+H` ask for.

use neoirc::client::{Body, Client, Error, Message, Options, SigningKey, verify};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::faults::{Faults, Seen, json_answer};
use crate::people::{open, open_in_channel, read_until, say};
use crate::support::TestServer;

const BITS: u32 = 12;

/// A server that wants stamps, and checks them by itself. The date is that of its answers.
fn demanding(bits: u32) -> Faults {
    let demand = json!({
        "error": "hashcash proof-of-work required",
        "hashcash": {"bits": bits, "resource": "irc.example.org", "format": "1:bits:YYMMDD:resource::counter"},
    });
    let cookie = format!("Set-Cookie: neoirc_auth={}\r\n", "a".repeat(64));
    Faults::alone(move |seen: &Seen| {
        let body: Value = serde_json::from_str(&seen.body).unwrap();
        assert_eq!(body["nick"], "alice");
        let stamp = body["pow_token"].as_str().unwrap_or_default();
        if stamp.starts_with(&format!("1:{BITS}:261125:irc.example.org::")) && has_work(stamp) {
            json_answer("201 Created", &cookie, r#"{"id":1,"nick":"alice"}"#)
        } else {
            json_answer("402 Payment Required", "", &demand.to_string())
        }
    })
}

fn has_work(stamp: &str) -> bool {
    let hash = Sha256::digest(stamp);
    u32::from_be_bytes(hash[..4].try_into().unwrap()).leading_zeros() >= BITS
}

#[tokio::test]
async fn a_session_is_paid_for() {
    let server = demanding(BITS);
    let client = Client::connect(Options::new(server.url(), "alice")).await.unwrap();
    assert_eq!(client.nick(), "alice");
    let opened = server.seen("POST /api/v1/session");
    assert_eq!(opened.len(), 2, "once without and once with a stamp: {opened:?}");
}

#[tokio::test]
async fn nobody_works_for_more_than_they_want_to() {
    let server = demanding(BITS);
    let options = Options::new(server.url(), "alice").work_bits_max(BITS - 1);
    let error = Client::connect(options).await.unwrap_err();
    assert!(matches!(error, Error::Work(_)), "{error:?}");
    assert_eq!(server.seen("").len(), 1);
}

/// A server that takes no stamp at all is not worked for until the end of time.
#[tokio::test]
async fn work_in_vain_has_an_end() {
    let server = demanding(BITS - 1);
    let error = Client::connect(Options::new(server.url(), "alice")).await.unwrap_err();
    assert!(matches!(&error, Error::Work(text) if text.contains("proof-of-work")), "{error:?}");
    assert_eq!(server.seen("").len(), 4);
}

/// The date of a stamp is that of the server, whatever the clock here says.
#[tokio::test]
async fn a_message_is_stamped_with_the_day_of_the_server() {
    let server = TestServer::spawn();
    let alice = open(&server, "alice").await;
    let body = Body::from("hi");
    let stamp = alice.channel_stamp(BITS, "#tea", &body).await.unwrap();
    say(&alice, "alice", "What day is it?").await;
    let now = read_until(&mut alice.messages(), |message| message.command == "PRIVMSG").await.ts;
    // 2026-11-25T… becomes 261125, unless midnight has just passed.
    let today: String = now.chars().take(10).filter(char::is_ascii_digit).skip(2).collect();
    let hash = "80e2a72672ff27c2e0e49a77268d65b6ddce177702d20d7df0c63a4bcf10540d";
    assert!(stamp.starts_with(&format!("1:{BITS}:{today}:#tea:{hash}:")), "{stamp} on {now}");
    assert!(has_work(&stamp));
}

/// What is stamped and signed is let through under `+H`, and still verifies.
#[tokio::test]
async fn a_channel_is_paid_for() {
    let server = TestServer::spawn();
    let alice = open_in_channel(&server, "alice").await;
    alice.mode("#c", &["+H", &BITS.to_string()]).await.unwrap().granted().unwrap();
    let unpaid =
        Message::new("PRIVMSG").to("#c").body(json!({"n": 1.0, "ö": "a"}).as_object().unwrap().clone());
    assert_eq!(alice.send(&unpaid).await.unwrap().granted().unwrap_err().numeric, "404");
    let stamp = alice.channel_stamp(BITS, "#c", unpaid.body.as_ref().unwrap()).await.unwrap();
    let (paid, key) = (unpaid.meta("hashcash", stamp), SigningKey::generate());
    let mut messages = alice.messages();
    alice.send_signed(paid.clone(), &key).await.unwrap().granted().unwrap();
    let relayed = read_until(&mut messages, |message| message.command == "PRIVMSG").await;
    assert_eq!(verify(&relayed, &key.public()), Ok(()));
    let again = alice.send(&paid).await.unwrap().granted().unwrap_err();
    assert!(again.numeric == "404" && again.text.contains("stamp"), "a stamp is good once: {again}");
}
