//! From reasons to `ERR_` numerics.

use super::ServerInfo;
use crate::protocol::limits::MONITOR;
use crate::protocol::message::{Body, Message};
use crate::protocol::numeric::{
    ERR_BADCHANNELKEY, ERR_BANLISTFULL, ERR_BANNEDFROMCHAN, ERR_CANNOTSENDTOCHAN, ERR_CHANNELISFULL,
    ERR_CHANOPRIVSNEEDED, ERR_ERRONEUSNICKNAME, ERR_HELPNOTFOUND, ERR_INVALIDKEY, ERR_INVALIDMODEPARAM,
    ERR_INVITEONLYCHAN, ERR_MONLISTFULL, ERR_NEEDMOREPARAMS, ERR_NICKNAMEINUSE, ERR_NONICKNAMEGIVEN,
    ERR_NOOPERHOST, ERR_NOPRIVILEGES, ERR_NORECIPIENT, ERR_NOSUCHCHANNEL, ERR_NOSUCHNICK, ERR_NOSUCHSERVER,
    ERR_NOTEXTTOSEND, ERR_NOTONCHANNEL, ERR_PASSWDMISMATCH, ERR_TOOMANYCHANNELS, ERR_TOOMANYTARGETS,
    ERR_UMODEUNKNOWNFLAG, ERR_UNKNOWNCOMMAND, ERR_UNKNOWNMODE, ERR_USERNOTINCHANNEL, ERR_USERONCHANNEL,
    ERR_USERSDONTMATCH, ERR_WASNOSUCHNICK, FAIL_ACCOUNT_REQUIRED, FAIL_INVALID_REALNAME,
    FAIL_MARKREAD_INVALID_PARAMS, FAIL_NEED_MORE_PARAMS, FAIL_REGISTER_ACCOUNT_NAME_MUST_BE_NICK,
    FAIL_REGISTER_ALREADY_AUTHENTICATED, FAIL_REGISTER_TEMPORARILY_UNAVAILABLE,
    FAIL_REGISTER_UNACCEPTABLE_PASSWORD, FAIL_REGISTER_WEAK_PASSWORD, FAIL_UNREGISTER_NO_SUCH_ACCOUNT,
    FAIL_VERIFY_INVALID_CODE, Numeric, RPL_TRYAGAIN,
};
use crate::protocol::wire::middle;
use crate::world::Refusal;

/// A refusal in words.
#[derive(Clone, Debug)]
pub struct Words {
    /// Which numeric it is.
    pub numeric: Numeric,
    /// Its middle parameters.
    pub params: Vec<String>,
    /// Its text.
    pub text: String,
}

/// The numeric, parameters and text of a refusal.
pub fn words(refusal: &Refusal) -> Words {
    let said = |numeric: Numeric, params: &[&str], words: &[&str]| Words {
        numeric,
        params: params.iter().map(|param| middle(param).to_owned()).collect(),
        text: numeric.text(words).unwrap_or_default(),
    };
    let one = |numeric, param: &str| said(numeric, &[param], &[]);
    let bare = |numeric| said(numeric, &[], &[]);
    if let Some((numeric, params)) = standard_reply(refusal) {
        return said(numeric, &params, &[]);
    }
    match refusal {
        Refusal::NoSuchNick(nick) => one(ERR_NOSUCHNICK, nick),
        Refusal::NoSuchServer(server) => one(ERR_NOSUCHSERVER, server),
        Refusal::NoSuchChannel(channel) => one(ERR_NOSUCHCHANNEL, channel),
        Refusal::CannotSendToChannel { channel, why } => said(ERR_CANNOTSENDTOCHAN, &[channel], &[why]),
        Refusal::TooManyChannels(channel) => one(ERR_TOOMANYCHANNELS, channel),
        Refusal::WasNoSuchNick(nick) => one(ERR_WASNOSUCHNICK, nick),
        Refusal::TooManyTargets(target) => one(ERR_TOOMANYTARGETS, target),
        Refusal::NoRecipient(command) => said(ERR_NORECIPIENT, &[], &[command]),
        Refusal::NoTextToSend => bare(ERR_NOTEXTTOSEND),
        Refusal::UnknownCommand(command) => one(ERR_UNKNOWNCOMMAND, command),
        Refusal::NoNicknameGiven => bare(ERR_NONICKNAMEGIVEN),
        Refusal::ErroneousNickname(nick) => one(ERR_ERRONEUSNICKNAME, nick),
        Refusal::NicknameInUse(nick) => one(ERR_NICKNAMEINUSE, nick),
        Refusal::UserNotInChannel { nick, channel } => said(ERR_USERNOTINCHANNEL, &[nick, channel], &[]),
        Refusal::NotOnChannel(channel) => one(ERR_NOTONCHANNEL, channel),
        Refusal::UserOnChannel { nick, channel } => said(ERR_USERONCHANNEL, &[nick, channel], &[]),
        Refusal::NeedMoreParams(command) => one(ERR_NEEDMOREPARAMS, command),
        Refusal::PasswordMismatch => bare(ERR_PASSWDMISMATCH),
        Refusal::ChannelIsFull(channel) => one(ERR_CHANNELISFULL, channel),
        Refusal::UnknownMode(letter) => one(ERR_UNKNOWNMODE, &letter.to_string()),
        Refusal::InviteOnlyChannel(channel) => one(ERR_INVITEONLYCHAN, channel),
        Refusal::BannedFromChannel(channel) => one(ERR_BANNEDFROMCHAN, channel),
        Refusal::BadChannelKey(channel) => one(ERR_BADCHANNELKEY, channel),
        Refusal::BanListFull { channel, letter } => {
            said(ERR_BANLISTFULL, &[channel, &letter.to_string()], &[])
        }
        Refusal::NoPrivileges => bare(ERR_NOPRIVILEGES),
        Refusal::ChanOpPrivsNeeded(channel) => one(ERR_CHANOPRIVSNEEDED, channel),
        Refusal::NoOperHost => bare(ERR_NOOPERHOST),
        Refusal::UserModeUnknownFlag => bare(ERR_UMODEUNKNOWNFLAG),
        Refusal::UsersDontMatch => bare(ERR_USERSDONTMATCH),
        Refusal::HelpNotFound(subject) => one(ERR_HELPNOTFOUND, subject),
        Refusal::InvalidKey(channel) => one(ERR_INVALIDKEY, channel),
        Refusal::InvalidModeParam { target, letter, parameter, why } => {
            said(ERR_INVALIDMODEPARAM, &[target, &letter.to_string(), parameter], &[why])
        }
        Refusal::MonitorListFull { nicks } => said(ERR_MONLISTFULL, &[&MONITOR.to_string(), nicks], &[]),
        Refusal::TryAgain(command) => one(RPL_TRYAGAIN, command),
        _ => unreachable!("the others are standard replies"),
    }
}

/// The standard reply of a refusal that has no number, with its parameters: the command first, then a word for it.
fn standard_reply(refusal: &Refusal) -> Option<(Numeric, Vec<&str>)> {
    Some(match refusal {
        Refusal::FailNeedMoreParams(command) => (FAIL_NEED_MORE_PARAMS, vec![*command, "NEED_MORE_PARAMS"]),
        Refusal::AccountRequired(command) => (FAIL_ACCOUNT_REQUIRED, vec![*command, "ACCOUNT_REQUIRED"]),
        Refusal::AlreadyAuthenticated(account) => {
            (FAIL_REGISTER_ALREADY_AUTHENTICATED, vec!["REGISTER", "ALREADY_AUTHENTICATED", account])
        }
        Refusal::AccountNameMustBeNick(account) => {
            (FAIL_REGISTER_ACCOUNT_NAME_MUST_BE_NICK, vec!["REGISTER", "ACCOUNT_NAME_MUST_BE_NICK", account])
        }
        Refusal::WeakPassword(account) => {
            (FAIL_REGISTER_WEAK_PASSWORD, vec!["REGISTER", "WEAK_PASSWORD", account])
        }
        Refusal::UnacceptablePassword(account) => {
            (FAIL_REGISTER_UNACCEPTABLE_PASSWORD, vec!["REGISTER", "UNACCEPTABLE_PASSWORD", account])
        }
        Refusal::NoMoreAccounts(account) => {
            (FAIL_REGISTER_TEMPORARILY_UNAVAILABLE, vec!["REGISTER", "TEMPORARILY_UNAVAILABLE", account])
        }
        Refusal::NothingToVerify(account) => {
            (FAIL_VERIFY_INVALID_CODE, vec!["VERIFY", "INVALID_CODE", account])
        }
        Refusal::NoSuchAccount(account) => {
            (FAIL_UNREGISTER_NO_SUCH_ACCOUNT, vec!["UNREGISTER", "NO_SUCH_ACCOUNT", account])
        }
        Refusal::InvalidMarker(target) => {
            (FAIL_MARKREAD_INVALID_PARAMS, vec!["MARKREAD", "INVALID_PARAMS", target])
        }
        Refusal::InvalidRealname => (FAIL_INVALID_REALNAME, vec!["SETNAME", "INVALID_REALNAME"]),
        _ => return None,
    })
}

/// The numeric that tells the user who goes by `to` of a refusal.
pub fn refuse(server: &ServerInfo, to: &str, refusal: &Refusal) -> Message {
    let Words { numeric, params, text } = words(refusal);
    let body = Some(Body::line(text));
    let (command, from) = (numeric.code().into(), server.name.clone());
    Message { command, from, to: to.to_owned(), params, body, meta: None }
}
