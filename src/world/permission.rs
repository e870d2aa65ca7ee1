//! Questions of permission, apart from the commands that ask them, so that every face and every command
//! gets one answer.

use super::World;
use super::channel::{Channel, List, Membership};
use super::refusal::Refusal;
use super::user::User;
use crate::id::UserId;
use crate::protocol::name::Hostname;

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
    /// `CannotSendToChannel` for an outsider under `+n`, and for whoever has no rank under `+m` or when banned.
    pub fn may_be_spoken_to_by(&self, user: UserId, is_banned: impl FnOnce() -> bool) -> Result<(), Refusal> {
        let refuse = |why: &str| {
            Err(Refusal::CannotSendToChannel { channel: self.name.to_string(), why: why.to_owned() })
        };
        match self.members.get(&user) {
            Some(member) if member.operator || member.voice => Ok(()),
            _ if self.modes.moderated => refuse(" (+m)"),
            None if self.modes.no_external => refuse(" (+n)"),
            _ if is_banned() => refuse(" (+b)"),
            _ => Ok(()),
        }
    }

    /// Whether a user who is not in the channel may come in with this key.
    ///
    /// # Refusals
    /// In this order: `BannedFromChannel`, `InviteOnlyChannel`, `BadChannelKey`, `ChannelIsFull`. An invitation
    /// passes a ban and `+i`, and neither of the others.
    pub fn may_be_joined_by(&self, user: &User, key: Option<&str>, world: &World) -> Result<(), Refusal> {
        let name = || self.name.to_string();
        let is_invited = self.invited.contains(&user.id);
        if !is_invited && world.is_banned(self, user) {
            return Err(Refusal::BannedFromChannel(name()));
        }
        if self.modes.invite_only && !is_invited && !world.is_listed(self, List::InviteException, user) {
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

impl World {
    /// Whether a mask in this list names the user, by its host name or by the address of any of its clients.
    pub fn is_listed(&self, channel: &Channel, list: List, user: &User) -> bool {
        if channel.lists.is_empty(list) {
            return false;
        }
        let clients = user.clients.iter().filter_map(|id| self.client(*id));
        let addresses: Vec<Hostname> = clients.map(|client| Hostname::from_address(client.address)).collect();
        let hosts = || std::iter::once(&user.hostname).chain(&addresses).map(Hostname::as_str);
        let (nick, username) = (user.nick.as_str(), user.username.as_str());
        channel.lists.entries(list).any(|entry| entry.mask.matches(nick, username, hosts()))
    }

    /// Whether a ban names the user and no exception does.
    pub fn is_banned(&self, channel: &Channel, user: &User) -> bool {
        self.is_listed(channel, List::Ban, user) && !self.is_listed(channel, List::Exception, user)
    }

    /// # Refusals
    /// Those of [`Channel::may_be_spoken_to_by`], with what the lists of the channel say of the user.
    pub fn may_speak_to(&self, channel: &Channel, user: UserId) -> Result<(), Refusal> {
        let is_banned = || self.user(user).is_some_and(|user| self.is_banned(channel, user));
        channel.may_be_spoken_to_by(user, is_banned)
    }

    /// # Refusals
    /// `NoPrivileges` for whoever is no operator of the server.
    pub fn may_operate(&self, user: UserId) -> Result<(), Refusal> {
        let is_operator = self.user(user).is_some_and(|user| user.modes.operator);
        if is_operator { Ok(()) } else { Err(Refusal::NoPrivileges) }
    }

    /// The channel of this name, as far as the user may know of it: one that hides looks like none.
    ///
    /// # Refusals
    /// `NoSuchChannel`.
    pub fn channel_shown_to(&self, user: UserId, name: &str) -> Result<&Channel, Refusal> {
        let channel = self.channel_by_name(name)?;
        if channel.may_be_seen_by(user) { Ok(channel) } else { Err(Refusal::NoSuchChannel(name.to_owned())) }
    }
}

impl User {
    /// Whether this user shows itself to `other` in lists: `+i` hides it from those who share no channel.
    pub fn may_be_listed_for(&self, other: &Self) -> bool {
        !self.modes.invisible || self.id == other.id || !self.channels.is_disjoint(&other.channels)
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
        assert!(channel.may_be_spoken_to_by(OUTSIDER, || false).is_err());
        channel.modes.no_external = false;
        assert!(channel.may_be_spoken_to_by(OUTSIDER, || false).is_ok());
        channel.modes.moderated = true;
        assert!(channel.may_be_spoken_to_by(OUTSIDER, || false).is_err(), "they have no rank");
    }

    #[test]
    fn under_m_only_ranks_speak() {
        for (operator, voice) in [(false, false), (false, true), (true, false), (true, true)] {
            let mut channel = channel(Membership { operator, voice });
            channel.modes.moderated = true;
            assert_eq!(channel.may_be_spoken_to_by(MEMBER, || false).is_ok(), operator || voice);
        }
    }

    #[test]
    fn a_ban_silences_whoever_has_no_rank() {
        for (operator, voice) in [(false, false), (false, true), (true, false)] {
            let channel = channel(Membership { operator, voice });
            assert_eq!(channel.may_be_spoken_to_by(MEMBER, || true).is_ok(), operator || voice);
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
