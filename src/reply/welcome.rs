//! The welcome burst, and the parts of it that are commands of their own.
//! Source: <https://modern.ircdocs.horse/#connection-messages>

use super::{Context, ServerInfo};
use crate::protocol::isupport::{self, CHANNEL_MODES, CHANNEL_MODES_WITH_PARAMETER, USER_MODES};
use crate::protocol::message::Message;
use crate::protocol::numeric::{
    ERR_NOMOTD, RPL_CREATED, RPL_ENDOFMOTD, RPL_GLOBALUSERS, RPL_ISUPPORT, RPL_LOCALUSERS, RPL_LUSERCHANNELS,
    RPL_LUSERCLIENT, RPL_LUSERME, RPL_LUSEROP, RPL_MOTD, RPL_MOTDSTART, RPL_MYINFO, RPL_WELCOME,
    RPL_YOURHOST,
};
use crate::world::{User, World};

/// 001 to 005, counts, message of the day.
pub(super) fn welcome(user: &User, world: &World, context: &Context<'_>) -> Vec<Message> {
    let server = context.server;
    let ServerInfo { name, network, version, .. } = server;
    let to = user.nick.as_str();
    let hello = format!("Welcome to the {network} Network, {}", user.hostmask());
    let host = format!("Your host is {name}, running version {version}");
    let created = format!("This server was created {:.0}", server.started_at);
    let info = [name, version, USER_MODES, CHANNEL_MODES, CHANNEL_MODES_WITH_PARAMETER];
    let mut lines = vec![
        server.numeric(RPL_WELCOME, to, vec![], Some(&hello)),
        server.numeric(RPL_YOURHOST, to, vec![], Some(&host)),
        server.numeric(RPL_CREATED, to, vec![], Some(&created)),
        server.numeric(RPL_MYINFO, to, info.map(ToOwned::to_owned).to_vec(), None),
    ];
    for tokens in isupport::lines(network, server.channels_max) {
        lines.push(server.numeric(RPL_ISUPPORT, to, tokens, Some("are supported by this server")));
    }
    lines.extend(lusers(to, world, context));
    lines.extend(motd(to, server));
    lines
}

/// How many are here.
pub(super) fn lusers(to: &str, world: &World, context: &Context<'_>) -> Vec<Message> {
    let server = context.server;
    let users = world.users().len();
    let invisible = world.users().filter(|user| user.invisible).count();
    let visible = users - invisible;
    let peak = context.users_peak.max(users);
    let counts = |users: usize, peak: usize| vec![users.to_string(), peak.to_string()];
    let client = format!("There are {visible} users and {invisible} invisible on 1 servers");
    let me = format!("I have {users} clients and 0 servers");
    let local = format!("Current local users {users}, max {peak}");
    let global = format!("Current global users {users}, max {peak}");
    let channels = world.channels().len().to_string();
    vec![
        server.numeric(RPL_LUSERCLIENT, to, vec![], Some(&client)),
        server.numeric(RPL_LUSEROP, to, vec!["0".to_owned()], Some("operator(s) online")),
        server.numeric(RPL_LUSERCHANNELS, to, vec![channels], Some("channels formed")),
        server.numeric(RPL_LUSERME, to, vec![], Some(&me)),
        server.numeric(RPL_LOCALUSERS, to, counts(users, peak), Some(&local)),
        server.numeric(RPL_GLOBALUSERS, to, counts(users, peak), Some(&global)),
    ]
}

/// The message of the day, or that there is none.
pub(super) fn motd(to: &str, server: &ServerInfo) -> Vec<Message> {
    if server.motd.is_empty() {
        return vec![server.numeric(ERR_NOMOTD, to, vec![], Some("MOTD File is missing"))];
    }
    let start = format!("- {} Message of the day - ", server.name);
    let mut lines = vec![server.numeric(RPL_MOTDSTART, to, vec![], Some(&start))];
    lines.extend(server.motd.iter().map(|line| server.numeric(RPL_MOTD, to, vec![], Some(line))));
    lines.push(server.numeric(RPL_ENDOFMOTD, to, vec![], Some("End of /MOTD command")));
    lines
}
