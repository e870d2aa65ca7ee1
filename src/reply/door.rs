//! What a connection is told by its face before it speaks to the world, or instead: that it has not registered, that a
//! line was too long. Numerics like all others, and like them spoken here.
//! Source: <https://modern.ircdocs.horse/#connection-registration>

use super::ServerInfo;
use super::refuse::refuse;
use crate::protocol::message::{Body, Message};
use crate::protocol::numeric::{
    ERR_ALREADYREGISTERED, ERR_INPUTTOOLONG, ERR_INVALIDCAPCMD, ERR_NOORIGIN, ERR_NOTREGISTERED,
    ERR_SASLABORTED, ERR_SASLALREADY, ERR_SASLFAIL, ERR_SASLTOOLONG, FAIL_INVALID_UTF8,
    FAIL_REGISTER_COMPLETE_CONNECTION_REQUIRED, RPL_LOGGEDIN, RPL_SASLMECHS, RPL_SASLSUCCESS, RPL_TRYAGAIN,
};
use crate::world::Refusal;

/// What is wrong with a line of a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Objection {
    /// The command needs a session.
    NotRegistered,
    /// An account is made from within a session.
    CompleteConnectionRequired,
    /// The command is for those who have none yet.
    AlreadyRegistered,
    /// The line is too long.
    InputTooLong,
    /// The line of this command is no text.
    NotText(String),
    /// PING without a token.
    NoOrigin,
    /// CAP with an unknown subcommand.
    InvalidCapCommand(String),
    /// The command lacks parameters.
    NeedMoreParams(&'static str),
    /// NICK without a nick.
    NoNicknameGiven,
    /// NICK with what is no nick.
    ErroneousNickname(String),
    /// Somebody has the nick.
    NicknameInUse(String),
    /// The server's password, or that of the session, is another.
    PasswordMismatch,
    /// AUTHENTICATE with the wrong password, or with what is none.
    SaslFail,
    /// AUTHENTICATE with a password that nobody has looked at yet: there is too much to do, or were too many attempts.
    SaslBusy,
    /// AUTHENTICATE with too much.
    SaslTooLong,
    /// AUTHENTICATE came to no end.
    SaslAborted,
    /// AUTHENTICATE by somebody who has a session.
    SaslAlready,
    /// The server is too busy to look at the command.
    TryAgain(String),
}

/// The line that tells it, to whoever goes by `to`: an asterisk before registration.
pub fn objection(server: &ServerInfo, to: &str, objection: &Objection) -> Message {
    let numeric = |numeric, params: &[&str]| {
        let params = params.iter().map(ToString::to_string).collect();
        server.numeric(numeric, to, params, &[])
    };
    let refusal = |refusal| refuse(server, to, &refusal);
    match objection {
        Objection::NotRegistered => numeric(ERR_NOTREGISTERED, &[]),
        Objection::CompleteConnectionRequired => {
            numeric(FAIL_REGISTER_COMPLETE_CONNECTION_REQUIRED, &["REGISTER", "COMPLETE_CONNECTION_REQUIRED"])
        }
        Objection::AlreadyRegistered => numeric(ERR_ALREADYREGISTERED, &[]),
        Objection::InputTooLong => numeric(ERR_INPUTTOOLONG, &[]),
        Objection::NotText(command) => numeric(FAIL_INVALID_UTF8, &[command, "INVALID_UTF8"]),
        Objection::NoOrigin => numeric(ERR_NOORIGIN, &[]),
        Objection::InvalidCapCommand(subcommand) => numeric(ERR_INVALIDCAPCMD, &[subcommand]),
        Objection::NeedMoreParams(command) => refusal(Refusal::NeedMoreParams(command)),
        Objection::NoNicknameGiven => refusal(Refusal::NoNicknameGiven),
        Objection::ErroneousNickname(nick) => refusal(Refusal::ErroneousNickname(nick.clone())),
        Objection::NicknameInUse(nick) => refusal(Refusal::NicknameInUse(nick.clone())),
        Objection::PasswordMismatch => refusal(Refusal::PasswordMismatch),
        Objection::SaslFail => numeric(ERR_SASLFAIL, &[]),
        // The same number, since clients wait for one that ends it; and words from which their users learn to try again.
        Objection::SaslBusy => {
            Message { body: RPL_TRYAGAIN.text(&[]).map(Body::line), ..numeric(ERR_SASLFAIL, &[]) }
        }
        Objection::SaslTooLong => numeric(ERR_SASLTOOLONG, &[]),
        Objection::SaslAborted => numeric(ERR_SASLABORTED, &[]),
        Objection::SaslAlready => numeric(ERR_SASLALREADY, &[]),
        Objection::TryAgain(command) => numeric(RPL_TRYAGAIN, &[command]),
    }
}

/// 900 and 903: the connection will be a device of the session that goes by `nick`.
pub fn logged_in(server: &ServerInfo, to: &str, nick: &str) -> [Message; 2] {
    let params = vec![format!("{to}!*@*"), nick.to_owned()];
    [server.numeric(RPL_LOGGEDIN, to, params, &[nick]), server.numeric(RPL_SASLSUCCESS, to, vec![], &[])]
}

/// 908: by which mechanisms one may authenticate.
pub fn mechanisms(server: &ServerInfo, to: &str, mechanisms: &str) -> Message {
    server.numeric(RPL_SASLMECHS, to, vec![mechanisms.to_owned()], &[])
}

/// Any other line that the face says for the server, such as PONG or CAP.
pub fn said(server: &ServerInfo, command: &'static str, params: Vec<String>, text: &str) -> Message {
    let (from, body) = (server.name.clone(), Some(Body::line(text)));
    Message { command: command.into(), from, to: String::new(), params, body, meta: None }
}
