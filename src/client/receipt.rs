//! What became of a command.

use serde::Deserialize;
use uuid::Uuid;

use super::error::Error;
use super::message::Body;

/// The server's answer to a command. It stands when it comes: what it says is on disk.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Receipt {
    /// A message was delivered. One's own queue has it too, under the same id.
    Sent {
        /// Its id.
        id: Uuid,
        /// Its place in the server's order.
        seq: u64,
    },
    /// One is in the channel now, or was already.
    Joined {
        /// The channel, as the server spells it.
        channel: String,
    },
    /// One has left the channel.
    Parted {
        /// The channel.
        channel: String,
    },
    /// One goes by another nick now.
    Nick {
        /// The nick.
        nick: String,
    },
    /// The session has an account now.
    Account {
        /// How it is called: by the nick that one goes by.
        account: String,
    },
    /// The answer to a PING.
    Pong {
        /// What the PING said.
        body: Option<Body>,
    },
    /// The session has ended, as was asked for.
    Quit,
    /// Anything else that was granted. Answers in numerics come through the queue.
    Done,
    /// IRC refuses it.
    Refused(Refusal),
    /// What became of each of several targets, in their order.
    Several(Vec<Self>),
}

/// Why IRC refuses a command.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{text} ({numeric})")]
pub struct Refusal {
    /// The numeric, such as `482`; `FAIL` for those refusals that have no number.
    pub numeric: String,
    /// Its text.
    pub text: String,
}

impl Receipt {
    /// The receipt of what was granted, or the refusal; of several targets the first refusal.
    ///
    /// # Errors
    /// [`Refusal`]
    pub fn granted(self) -> Result<Self, Refusal> {
        match self {
            Self::Refused(refusal) => Err(refusal),
            Self::Several(all) => {
                all.into_iter().map(Self::granted).collect::<Result<_, _>>().map(Self::Several)
            }
            receipt => Ok(receipt),
        }
    }

    /// Reads the server's JSON.
    pub(super) fn parse(json: &[u8]) -> Result<Self, Error> {
        let raw: Raw =
            serde_json::from_slice(json).map_err(|error| Error::Protocol(format!("a receipt: {error}")))?;
        match raw.results {
            Some(all) => all.into_iter().map(Raw::into_receipt).collect::<Result<_, _>>().map(Self::Several),
            None => raw.into_receipt(),
        }
    }
}

/// A receipt as it stands in the JSON text.
#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    status: String,
    #[serde(default)]
    command: String,
    id: Option<Uuid>,
    seq: Option<u64>,
    channel: Option<String>,
    nick: Option<String>,
    account: Option<String>,
    body: Option<Body>,
    numeric: Option<String>,
    error: Option<String>,
    results: Option<Vec<Self>>,
}

impl Raw {
    fn into_receipt(self) -> Result<Receipt, Error> {
        if self.command == "PONG" {
            return Ok(Receipt::Pong { body: self.body });
        }
        let lacking = || Error::Protocol(format!("a receipt for {:?} lacks a field", self.status));
        Ok(match self.status.as_str() {
            "sent" => Receipt::Sent { id: self.id.ok_or_else(lacking)?, seq: self.seq.ok_or_else(lacking)? },
            "joined" => Receipt::Joined { channel: self.channel.ok_or_else(lacking)? },
            "parted" => Receipt::Parted { channel: self.channel.ok_or_else(lacking)? },
            "quit" => Receipt::Quit,
            "error" => Receipt::Refused(Refusal {
                numeric: self.numeric.ok_or_else(lacking)?,
                text: self.error.unwrap_or_default(),
            }),
            "" => return Err(lacking()),
            _ => match (self.nick, self.account) {
                (Some(nick), _) => Receipt::Nick { nick },
                (None, Some(account)) => Receipt::Account { account },
                (None, None) => Receipt::Done,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Receipt {
        Receipt::parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn every_receipt_of_the_interface_is_read() {
        let id = "01a1fc11-7b0b-7214-80e2-000000000028";
        let sent = Receipt::Sent { id: id.parse().unwrap(), seq: 40 };
        assert_eq!(parse(&format!(r#"{{"status":"sent","id":"{id}","seq":40}}"#)), sent);
        let channel = "#tea".to_owned();
        let joined = Receipt::Joined { channel: channel.clone() };
        assert_eq!(parse(r##"{"status":"joined","channel":"#tea"}"##), joined);
        assert_eq!(parse(r##"{"status":"parted","channel":"#tea"}"##), Receipt::Parted { channel });
        let nick = Receipt::Nick { nick: "alicia".to_owned() };
        assert_eq!(parse(r#"{"status":"ok","nick":"alicia"}"#), nick);
        let account = Receipt::Account { account: "alice".to_owned() };
        assert_eq!(parse(r#"{"status":"ok","account":"alice"}"#), account);
        assert_eq!(parse(r#"{"status":"ok"}"#), Receipt::Done);
        assert_eq!(parse(r#"{"status":"quit"}"#), Receipt::Quit);
        let pong = Receipt::Pong { body: Some("token".into()) };
        assert_eq!(parse(r#"{"command":"PONG","from":"neoirc","body":["token"]}"#), pong);
    }

    #[test]
    fn of_several_targets_the_first_refusal_counts() {
        let several = parse(
            r#"{"status":"error","numeric":"403","error":"No such channel","results":[
                {"status":"sent","id":"01a1fc11-7b0b-7214-80e2-000000000028","seq":40},
                {"status":"error","numeric":"403","error":"No such channel"},
                {"status":"error","numeric":"404","error":"Cannot send to channel (+n)"}]}"#,
        );
        let Receipt::Several(all) = &several else { panic!("{several:?}") };
        assert_eq!(all.len(), 3);
        let refusal = several.granted().unwrap_err();
        assert_eq!(refusal.to_string(), "No such channel (403)");
    }

    #[test]
    fn what_is_no_receipt_is_an_error() {
        for bad in ["", "[]", "{}", r#"{"status":"sent"}"#, r#"{"status":"error"}"#, "<html>"] {
            assert!(matches!(Receipt::parse(bad.as_bytes()), Err(Error::Protocol(_))), "{bad}");
        }
    }
}
