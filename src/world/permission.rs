//! Questions of permission, apart from the commands that ask them, so that every face and every command
//! gets one answer.

use super::channel::{Channel, Membership};
use super::refusal::Refusal;
use super::user::User;
use crate::id::UserId;

impl Channel {
    /// Whether the channel shows itself to this user: `+s` hides it from outsiders.
    pub fn may_be_seen_by(&self, user: UserId) -> bool {
        !self.modes.secret || self.has(user)
    }

    /// # Refusals
    /// `ChanOpPrivsNeeded` when the member is no operator.
    pub fn may_govern(&self, member: Membership) -> Result<(), Refusal> {
        if member.operator { Ok(()) } else { Err(Refusal::ChanOpPrivsNeeded(self.name.to_string())) }
    }

    /// # Refusals
    /// `ChanOpPrivsNeeded` under `+t` when the member is no operator.
    pub fn may_set_topic(&self, member: Membership) -> Result<(), Refusal> {
        if self.modes.topic_locked { self.may_govern(member) } else { Ok(()) }
    }

    /// # Refusals
    /// `ChanOpPrivsNeeded` under `+i` when the member is no operator.
    pub fn may_invite(&self, member: Membership) -> Result<(), Refusal> {
        if self.modes.invite_only { self.may_govern(member) } else { Ok(()) }
    }

    /// # Refusals
    /// `CannotSendToChannel` for an outsider under `+n`, and for a member without rank under `+m`.
    pub fn may_be_spoken_to_by(&self, user: UserId) -> Result<(), Refusal> {
        let refuse = |why| Err(Refusal::CannotSendToChannel { channel: self.name.to_string(), why });
        match self.members.get(&user) {
            Some(member) if member.operator || member.voice => Ok(()),
            _ if self.modes.moderated => refuse("Cannot send to channel (+m)"),
            None if self.modes.no_external => refuse("Cannot send to channel (+n)"),
            _ => Ok(()),
        }
    }

    /// Whether a user who is not in the channel may come in with this key.
    ///
    /// # Refusals
    /// In this order: `InviteOnlyChannel`, `BadChannelKey`, `ChannelIsFull`. An invitation passes `+i` alone.
    pub fn may_be_joined_by(&self, user: &User, key: Option<&str>) -> Result<(), Refusal> {
        let name = || self.name.to_string();
        if self.modes.invite_only && !self.invited.contains(&user.id) {
            return Err(Refusal::InviteOnlyChannel(name()));
        }
        if self.modes.key.as_deref().is_some_and(|wanted| key != Some(wanted)) {
            return Err(Refusal::BadChannelKey(name()));
        }
        let limit = self.modes.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        if self.members.len() >= limit {
            return Err(Refusal::ChannelIsFull(name()));
        }
        Ok(())
    }
}

impl User {
    /// Whether this user shows itself to `other` in lists: `+i` hides it from those who share no channel.
    pub fn may_be_listed_for(&self, other: &Self) -> bool {
        !self.invisible || self.id == other.id || !self.channels.is_disjoint(&other.channels)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::id::ChannelId;
    use crate::protocol::name::ChannelName;

    const MEMBER: UserId = UserId::new(1);
    const OUTSIDER: UserId = UserId::new(2);

    fn channel(rank: Membership) -> Channel {
        let name = ChannelName::parse("#c").unwrap();
        let mut channel = Channel::new(ChannelId::new(9), name, Timestamp::UNIX_EPOCH);
        channel.members.insert(MEMBER, rank);
        channel
    }

    #[test]
    fn outsiders_speak_where_n_is_not_set() {
        let mut channel = channel(Membership::default());
        assert!(channel.may_be_spoken_to_by(OUTSIDER).is_err());
        channel.modes.no_external = false;
        assert!(channel.may_be_spoken_to_by(OUTSIDER).is_ok());
        channel.modes.moderated = true;
        assert!(channel.may_be_spoken_to_by(OUTSIDER).is_err(), "they have no rank");
    }

    #[test]
    fn under_m_only_ranks_speak() {
        for (operator, voice) in [(false, false), (false, true), (true, false), (true, true)] {
            let mut channel = channel(Membership { operator, voice });
            channel.modes.moderated = true;
            assert_eq!(channel.may_be_spoken_to_by(MEMBER).is_ok(), operator || voice);
        }
    }

    #[test]
    fn a_secret_channel_shows_itself_to_members_alone() {
        let mut channel = channel(Membership::default());
        assert!(channel.may_be_seen_by(OUTSIDER));
        channel.modes.secret = true;
        assert!(channel.may_be_seen_by(MEMBER) && !channel.may_be_seen_by(OUTSIDER));
    }

    #[test]
    fn i_and_t_ask_for_an_operator() {
        let mut channel = channel(Membership::default());
        let (member, operator) = (Membership::default(), Membership::FOUNDER);
        assert!(channel.may_invite(member).is_ok() && channel.may_set_topic(member).is_err());
        channel.modes.invite_only = true;
        channel.modes.topic_locked = false;
        assert!(channel.may_invite(member).is_err() && channel.may_set_topic(member).is_ok());
        assert!(channel.may_invite(operator).is_ok());
    }
}
