//! What the response to a command says: the JSON that HTTP sends, and that the store keeps under an
//! `Idempotency-Key`.

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::account::time;
use super::refuse::words;
use crate::command::Outcome;
use crate::id::Seq;
use crate::world::Refusal;

/// What became of one command.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Receipt {
    /// The message has its place in the order.
    Sent {
        /// `sent`
        status: &'static str,
        /// The message's id.
        id: Uuid,
        /// The message's place.
        seq: Seq,
    },
    /// Anything else that was granted.
    Done(serde_json::Value),
    /// It was refused.
    Refused {
        /// `error`
        status: &'static str,
        /// The numeric that says why.
        numeric: &'static str,
        /// The numeric's text.
        error: String,
    },
}

impl Receipt {
    /// The receipt of a message.
    pub const fn sent(id: Uuid, seq: Seq) -> Self {
        Self::Sent { status: "sent", id, seq }
    }

    /// The receipt of a granted command. [`Outcome::Sent`] has one of its own, with id and place.
    pub fn granted(server: &str, outcome: Outcome) -> Self {
        Self::Done(match outcome {
            Outcome::Ok | Outcome::Sent => json!({"status": "ok"}),
            Outcome::Joined(channel) => json!({"status": "joined", "channel": channel}),
            Outcome::Parted(channel) => json!({"status": "parted", "channel": channel}),
            Outcome::Nick(nick) => json!({"status": "ok", "nick": nick}),
            Outcome::Account(account) => json!({"status": "ok", "account": account}),
            Outcome::Marker(target, at) => {
                json!({"status": "ok", "target": target, "timestamp": at.map(time)})
            }
            Outcome::Pong(body) => json!({"command": "PONG", "from": server, "body": body}),
            Outcome::Quit => json!({"status": "quit"}),
        })
    }

    /// The receipt of a refusal.
    pub fn refused(refusal: &Refusal) -> Self {
        let words = words(refusal);
        Self::Refused { status: "error", numeric: words.numeric.code(), error: words.text }
    }

    /// The numeric of a refusal.
    pub const fn numeric(&self) -> Option<&'static str> {
        match self {
            Self::Refused { numeric, .. } => Some(numeric),
            _ => None,
        }
    }

    /// Whether it is a refusal.
    pub const fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}

/// The response to a request: the one receipt of its one target; with several targets the first refusal,
/// or else the first receipt, and all of them in `results`.
pub fn response(receipts: &[Receipt]) -> String {
    #[derive(Serialize)]
    struct Several<'a> {
        #[serde(flatten)]
        first: &'a Receipt,
        results: &'a [Receipt],
    }
    let first = receipts.iter().find(|receipt| receipt.is_refusal()).or(receipts.first());
    let json = match (first, receipts) {
        (Some(only), [_]) => serde_json::to_string(only),
        (Some(first), results) => serde_json::to_string(&Several { first, results }),
        (None, _) => serde_json::to_string(&json!({"status": "ok"})),
    };
    json.expect("a receipt has only strings and numbers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_target_is_answered_bare() {
        let joined = Receipt::granted("neoirc", Outcome::Joined("#c".to_owned()));
        assert_eq!(response(&[joined]), r##"{"status":"joined","channel":"#c"}"##);
    }

    #[test]
    fn of_several_targets_a_refusal_stands_in_front() {
        let joined = Receipt::granted("neoirc", Outcome::Joined("#c".to_owned()));
        let refused = Receipt::refused(&Refusal::NoSuchChannel("x".to_owned()));
        let value: serde_json::Value = serde_json::from_str(&response(&[joined, refused])).unwrap();
        assert_eq!(value["status"], "error");
        assert_eq!(value["numeric"], "403");
        assert_eq!(value["results"][0]["status"], "joined");
        assert_eq!(value["results"][1]["error"], "No such channel");
    }
}
