//! Notices from the server itself.

use super::ServerInfo;
use crate::protocol::message::{Body, Message};

/// That part of a client's queue was cut off, for the user who goes by `to`.
pub fn notice_of_dropped(server: &ServerInfo, to: &str, entries: u64) -> Message {
    let text = format!(
        "{entries} messages were dropped because they waited too long or were too many; history may have them"
    );
    Message {
        command: "NOTICE".into(),
        from: server.name.clone(),
        to: to.to_owned(),
        params: vec![],
        body: Some(Body::line(text)),
        meta: None,
    }
}
