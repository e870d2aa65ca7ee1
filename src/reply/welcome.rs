//! The welcome burst, and the parts of it that are commands of their own.
//! Source: <https://modern.ircdocs.horse/#connection-messages>

use super::answer::user_modes;
use super::{Context, ServerInfo};
use crate::protocol::isupport::{self, CHANNEL_MODES, CHANNEL_MODES_WITH_PARAMETER, USER_MODES};
use crate::protocol::message::Message;
use crate::protocol::numeric::{
    ERR_NOMOTD, RPL_CREATED, RPL_ENDOFMOTD, RPL_GLOBALUSERS, RPL_ISUPPORT, RPL_LOCALUSERS, RPL_LUSERCHANNELS,
    RPL_LUSERCLIENT, RPL_LUSERME, RPL_LUSEROP, RPL_LUSERUNKNOWN, RPL_MOTD, RPL_MOTDSTART, RPL_MYINFO,
    RPL_NOWAWAY, RPL_UMODEIS, RPL_WELCOME, RPL_YOURHOST,
};
use crate::world::{User, World};

/// 001 to 005, counts, message of the day.
pub(super) fn welcome(user: &User, world: &World, context: &Context<'_>) -> Vec<Message> {
    let server = context.server;
    let ServerInfo { name, network, version, .. } = server;
    let to = user.nick.as_str();
    let hello = [network, to, user.username.as_str(), user.hostname.as_str()];
    let started = format!("{:.0}", server.started_at);
    let info = [name, version, USER_MODES, CHANNEL_MODES, CHANNEL_MODES_WITH_PARAMETER];
    let mut lines = vec![
        server.numeric(RPL_WELCOME, to, vec![], &hello),
        server.numeric(RPL_YOURHOST, to, vec![], &[name, version]),
        server.numeric(RPL_CREATED, to, vec![], &[&started]),
        server.numeric(RPL_MYINFO, to, info.map(ToOwned::to_owned).to_vec(), &[]),
    ];
    lines.extend(isupport_lines(to, server));
    lines.extend(lusers(to, world, context));
    lines.extend(motd(to, server));
    // Whoever comes into a session that has modes, or is away, does not know of it.
    let modes = user_modes(user);
    if modes != "+" {
        lines.push(server.numeric(RPL_UMODEIS, to, vec![modes], &[]));
    }
    if user.away.is_some() {
        lines.push(server.numeric(RPL_NOWAWAY, to, vec![], &[]));
    }
    lines
}

/// 005, in as many lines as it takes.
pub(super) fn isupport_lines(to: &str, server: &ServerInfo) -> Vec<Message> {
    let lines = isupport::lines(&server.network, server.rules.channels_max, server.rules.history_page_max);
    lines.into_iter().map(|tokens| server.numeric(RPL_ISUPPORT, to, tokens, &[])).collect()
}

/// 252, how many operators of the server there are.
pub(super) fn operator_count(to: &str, world: &World, server: &ServerInfo) -> Message {
    server.numeric(RPL_LUSEROP, to, vec![world.tally().operators.to_string()], &[])
}

/// How many are here.
pub(super) fn lusers(to: &str, world: &World, context: &Context<'_>) -> Vec<Message> {
    let server = context.server;
    let users = world.users().len();
    let invisible = world.tally().invisible;
    let peak = context.users_peak.max(users).to_string();
    let [visible, invisible, users] = [users - invisible, invisible, users].map(|number| number.to_string());
    let both = [users.as_str(), peak.as_str()];
    let counts = || both.map(str::to_owned).to_vec();
    let channels = world.channels().len().to_string();
    let unknown = (context.unregistered > 0).then(|| {
        let unknown = context.unregistered.to_string();
        server.numeric(RPL_LUSERUNKNOWN, to, vec![unknown], &[])
    });
    let first = [
        server.numeric(RPL_LUSERCLIENT, to, vec![], &[&visible, &invisible]),
        operator_count(to, world, server),
    ];
    let then = [
        server.numeric(RPL_LUSERCHANNELS, to, vec![channels], &[]),
        server.numeric(RPL_LUSERME, to, vec![], &[&users]),
        server.numeric(RPL_LOCALUSERS, to, counts(), &both),
        server.numeric(RPL_GLOBALUSERS, to, counts(), &both),
    ];
    first.into_iter().chain(unknown).chain(then).collect()
}

/// The message of the day, or that there is none.
pub(super) fn motd(to: &str, server: &ServerInfo) -> Vec<Message> {
    if server.motd.is_empty() {
        return vec![server.numeric(ERR_NOMOTD, to, vec![], &[])];
    }
    let mut lines = vec![server.numeric(RPL_MOTDSTART, to, vec![], &[&server.name])];
    lines.extend(server.motd.iter().map(|line| server.numeric(RPL_MOTD, to, vec![], &[line])));
    lines.push(server.numeric(RPL_ENDOFMOTD, to, vec![], &[]));
    lines
}
