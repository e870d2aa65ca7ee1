//! Who has gone by which nick, for WHOWAS.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::user::User;
use crate::protocol::limits::WHOWAS_MAX;
use crate::protocol::name::{Hostname, Nickname, Realname, Username};

/// Somebody who went by a nick and does so no longer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Past {
    /// The nick that was given up.
    pub nick: Nickname,
    /// The second part of the hostmask.
    pub username: Username,
    /// The third part.
    pub hostname: Hostname,
    /// The realname.
    pub realname: Realname,
    /// When the nick was given up.
    pub at: Timestamp,
}

impl Past {
    /// What is remembered of a user who gives up its nick now.
    pub fn of(user: &User, at: Timestamp) -> Self {
        Self {
            nick: user.nick.clone(),
            username: user.username.clone(),
            hostname: user.hostname.clone(),
            realname: user.realname.clone(),
            at,
        }
    }
}

/// The newest past holders of nicks.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Pasts(VecDeque<Past>);

impl Pasts {
    /// Remembers one more, and forgets the oldest where there are too many.
    pub(super) fn remember(&mut self, past: Past) {
        self.0.push_back(past);
        if self.0.len() > WHOWAS_MAX {
            self.0.pop_front();
        }
    }

    /// Those who went by a nick, the newest first.
    pub(super) fn of_nick(&self, nick: &str) -> impl Iterator<Item = &Past> {
        self.0.iter().rev().filter(move |past| past.nick.as_str().eq_ignore_ascii_case(nick))
    }
}
