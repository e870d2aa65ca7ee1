//! From reasons to `ERR_` numerics.

use super::ServerInfo;
use crate::protocol::message::Message;
use crate::protocol::numeric::{
    ERR_BADCHANNELKEY, ERR_CANNOTSENDTOCHAN, ERR_CHANNELISFULL, ERR_CHANOPRIVSNEEDED, ERR_ERRONEUSNICKNAME,
    ERR_INVALIDKEY, ERR_INVALIDMODEPARAM, ERR_INVITEONLYCHAN, ERR_NEEDMOREPARAMS, ERR_NICKNAMEINUSE,
    ERR_NONICKNAMEGIVEN, ERR_NORECIPIENT, ERR_NOSUCHCHANNEL, ERR_NOSUCHNICK, ERR_NOTEXTTOSEND,
    ERR_NOTONCHANNEL, ERR_TOOMANYCHANNELS, ERR_TOOMANYTARGETS, ERR_UMODEUNKNOWNFLAG, ERR_UNKNOWNCOMMAND,
    ERR_UNKNOWNMODE, ERR_USERNOTINCHANNEL, ERR_USERONCHANNEL, ERR_USERSDONTMATCH, Numeric,
};
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
    let one = |numeric, param: &str, text: &str| Words {
        numeric,
        params: vec![param.to_owned()],
        text: text.to_owned(),
    };
    let two = |numeric, first: &str, second: &str, text: &str| Words {
        numeric,
        params: vec![first.to_owned(), second.to_owned()],
        text: text.to_owned(),
    };
    let bare = |numeric, text: &str| Words { numeric, params: Vec::new(), text: text.to_owned() };
    match refusal {
        Refusal::NoSuchNick(nick) => one(ERR_NOSUCHNICK, nick, "No such nick/channel"),
        Refusal::NoSuchChannel(channel) => one(ERR_NOSUCHCHANNEL, channel, "No such channel"),
        Refusal::CannotSendToChannel { channel, why } => one(ERR_CANNOTSENDTOCHAN, channel, why),
        Refusal::TooManyChannels(channel) => {
            one(ERR_TOOMANYCHANNELS, channel, "You have joined too many channels")
        }
        Refusal::TooManyTargets(target) => one(ERR_TOOMANYTARGETS, target, "Too many targets"),
        Refusal::NoRecipient(command) => bare(ERR_NORECIPIENT, &format!("No recipient given ({command})")),
        Refusal::NoTextToSend => bare(ERR_NOTEXTTOSEND, "No text to send"),
        Refusal::UnknownCommand(command) => one(ERR_UNKNOWNCOMMAND, command, "Unknown command"),
        Refusal::NoNicknameGiven => bare(ERR_NONICKNAMEGIVEN, "No nickname given"),
        Refusal::ErroneousNickname(nick) => one(ERR_ERRONEUSNICKNAME, nick, "Erroneous nickname"),
        Refusal::NicknameInUse(nick) => one(ERR_NICKNAMEINUSE, nick, "Nickname is already in use"),
        Refusal::UserNotInChannel { nick, channel } => {
            two(ERR_USERNOTINCHANNEL, nick, channel, "They aren't on that channel")
        }
        Refusal::NotOnChannel(channel) => one(ERR_NOTONCHANNEL, channel, "You're not on that channel"),
        Refusal::UserOnChannel { nick, channel } => {
            two(ERR_USERONCHANNEL, nick, channel, "is already on channel")
        }
        Refusal::NeedMoreParams(command) => one(ERR_NEEDMOREPARAMS, command, "Not enough parameters"),
        Refusal::ChannelIsFull(channel) => one(ERR_CHANNELISFULL, channel, "Cannot join channel (+l)"),
        Refusal::UnknownMode(letter) => {
            one(ERR_UNKNOWNMODE, &letter.to_string(), "is unknown mode char to me")
        }
        Refusal::InviteOnlyChannel(channel) => one(ERR_INVITEONLYCHAN, channel, "Cannot join channel (+i)"),
        Refusal::BadChannelKey(channel) => one(ERR_BADCHANNELKEY, channel, "Cannot join channel (+k)"),
        Refusal::ChanOpPrivsNeeded(channel) => {
            one(ERR_CHANOPRIVSNEEDED, channel, "You're not channel operator")
        }
        Refusal::UserModeUnknownFlag => bare(ERR_UMODEUNKNOWNFLAG, "Unknown MODE flag"),
        Refusal::UsersDontMatch => bare(ERR_USERSDONTMATCH, "Can't change mode for other users"),
        Refusal::InvalidKey(channel) => one(ERR_INVALIDKEY, channel, "Key is not well-formed"),
        Refusal::InvalidModeParam { target, letter, parameter, why } => Words {
            numeric: ERR_INVALIDMODEPARAM,
            params: vec![target.clone(), letter.to_string(), parameter.clone()],
            text: (*why).to_owned(),
        },
    }
}

/// The numeric that tells the user who goes by `to` of a refusal.
pub fn refuse(server: &ServerInfo, to: &str, refusal: &Refusal) -> Message {
    let Words { numeric, params, text } = words(refusal);
    server.numeric(numeric, to, params, Some(&text))
}
