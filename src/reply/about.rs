//! What the server says about itself: VERSION, ADMIN, INFO, TIME, LINKS, STATS, HELP.
//! Source: <https://modern.ircdocs.horse/#server-queries-and-commands>

use super::welcome::isupport_lines;
use super::{Context, ServerInfo};
use crate::command::help::HelpTopic;
use crate::protocol::mask::Mask;
use crate::protocol::message::Message;
use crate::protocol::numeric::{
    RPL_ADMINEMAIL, RPL_ADMINLOC1, RPL_ADMINLOC2, RPL_ADMINME, RPL_ENDOFHELP, RPL_ENDOFINFO, RPL_ENDOFLINKS,
    RPL_ENDOFSTATS, RPL_HELPSTART, RPL_HELPTXT, RPL_INFO, RPL_LINKS, RPL_STATSUPTIME, RPL_TIME, RPL_VERSION,
};

/// 351, and 005 as in the welcome.
pub(super) fn version(to: &str, server: &ServerInfo) -> Vec<Message> {
    let params = vec![server.version.clone(), server.name.clone()];
    let mut lines = vec![server.numeric(RPL_VERSION, to, params, &[&server.description])];
    lines.extend(isupport_lines(to, server));
    lines
}

/// 256 to 259.
pub(super) fn admin(to: &str, server: &ServerInfo) -> Vec<Message> {
    let email = if server.admin_email.is_empty() { "No address is given" } else { &server.admin_email };
    vec![
        server.numeric(RPL_ADMINME, to, vec![server.name.clone()], &[]),
        server.numeric(RPL_ADMINLOC1, to, vec![], &[&server.description]),
        server.numeric(RPL_ADMINLOC2, to, vec![], &[&server.network]),
        server.numeric(RPL_ADMINEMAIL, to, vec![], &[email]),
    ]
}

/// 371 for each line, 374.
pub(super) fn info(to: &str, server: &ServerInfo) -> Vec<Message> {
    let running = format!("{} is running {}", server.name, server.version);
    let since = format!("since {:.0}", server.started_at);
    let texts = [
        running.as_str(),
        since.as_str(),
        "A chat server with the semantics of IRC and an interface of JSON over HTTP.",
    ];
    let mut lines: Vec<_> =
        texts.into_iter().map(|text| server.numeric(RPL_INFO, to, vec![], &[text])).collect();
    lines.push(server.numeric(RPL_ENDOFINFO, to, vec![], &[]));
    lines
}

/// 391: seconds since 1970, the offset to UTC, which is none, and the same for people.
pub(super) fn time(to: &str, context: &Context<'_>) -> Vec<Message> {
    let server = context.server;
    let human = context.at.strftime("%A %B %-d %Y -- %H:%M:%S UTC").to_string();
    let params = vec![server.name.clone(), context.at.as_second().to_string(), "0".to_owned()];
    vec![server.numeric(RPL_TIME, to, params, &[&human])]
}

/// 364 for the one server, where the mask names it, and 365.
pub(super) fn links(to: &str, mask: &str, server: &ServerInfo) -> Vec<Message> {
    let is_named = Mask::parse(mask).is_some_and(|mask| mask.matches(&server.name));
    let params = vec![server.name.clone(), server.name.clone()];
    let here = is_named.then(|| server.numeric(RPL_LINKS, to, params, &["0", &server.description]));
    let end = server.numeric(RPL_ENDOFLINKS, to, vec![mask.to_owned()], &[]);
    here.into_iter().chain([end]).collect()
}

/// 242 for `u`, and 219.
pub(super) fn stats(to: &str, letter: char, context: &Context<'_>) -> Vec<Message> {
    let server = context.server;
    let up_s = context.uptime_s;
    let (days, hours) = (up_s / 86_400, up_s / 3_600 % 24);
    let (minutes, seconds) = (up_s / 60 % 60, up_s % 60);
    let words = [days.to_string(), hours.to_string(), format!("{minutes:02}"), format!("{seconds:02}")];
    let words = words.each_ref().map(String::as_str);
    let uptime = (letter == 'u').then(|| server.numeric(RPL_STATSUPTIME, to, vec![], &words));
    let end = server.numeric(RPL_ENDOFSTATS, to, vec![letter.to_string()], &[]);
    uptime.into_iter().chain([end]).collect()
}

/// 704, 705…, 706.
pub(super) fn help(to: &str, topic: &HelpTopic, server: &ServerInfo) -> Vec<Message> {
    let last = topic.lines.len().saturating_sub(1);
    let line = |(place, text): (usize, &&str)| {
        let numeric = match place {
            0 => RPL_HELPSTART,
            place if place == last => RPL_ENDOFHELP,
            _ => RPL_HELPTXT,
        };
        server.numeric(numeric, to, vec![topic.subject.to_owned()], &[text])
    };
    topic.lines.iter().enumerate().map(line).collect()
}
