//! Reasons: why the world says no. One variant for each `ERR_` numeric; `reply/refuse.rs` says it in words.

/// Why a command was refused. Names are given as the caller spelled them.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the fields are the parameters of the numeric that each variant names")]
pub enum Refusal {
    /// `ERR_NOSUCHNICK`
    NoSuchNick(String),
    /// `ERR_NOSUCHSERVER`
    NoSuchServer(String),
    /// `ERR_NOSUCHCHANNEL`
    NoSuchChannel(String),
    /// `ERR_CANNOTSENDTOCHAN`
    CannotSendToChannel { channel: String, why: String },
    /// `ERR_TOOMANYCHANNELS`
    TooManyChannels(String),
    /// `ERR_WASNOSUCHNICK`
    WasNoSuchNick(String),
    /// `ERR_TOOMANYTARGETS`
    TooManyTargets(String),
    /// `ERR_NORECIPIENT`
    NoRecipient(&'static str),
    /// `ERR_NOTEXTTOSEND`
    NoTextToSend,
    /// `ERR_UNKNOWNCOMMAND`
    UnknownCommand(String),
    /// `ERR_NONICKNAMEGIVEN`
    NoNicknameGiven,
    /// `ERR_ERRONEUSNICKNAME`
    ErroneousNickname(String),
    /// `ERR_NICKNAMEINUSE`
    NicknameInUse(String),
    /// `ERR_USERNOTINCHANNEL`
    UserNotInChannel { nick: String, channel: String },
    /// `ERR_NOTONCHANNEL`
    NotOnChannel(String),
    /// `ERR_USERONCHANNEL`
    UserOnChannel { nick: String, channel: String },
    /// `ERR_NEEDMOREPARAMS`
    NeedMoreParams(&'static str),
    /// `ERR_PASSWDMISMATCH`
    PasswordMismatch,
    /// `ERR_CHANNELISFULL`
    ChannelIsFull(String),
    /// `ERR_UNKNOWNMODE`
    UnknownMode(char),
    /// `ERR_INVITEONLYCHAN`
    InviteOnlyChannel(String),
    /// `ERR_BANNEDFROMCHAN`
    BannedFromChannel(String),
    /// `ERR_BADCHANNELKEY`
    BadChannelKey(String),
    /// `ERR_BANLISTFULL`
    BanListFull { channel: String, letter: char },
    /// `ERR_NOPRIVILEGES`
    NoPrivileges,
    /// `ERR_CHANOPRIVSNEEDED`
    ChanOpPrivsNeeded(String),
    /// `ERR_NOOPERHOST`
    NoOperHost,
    /// `ERR_UMODEUNKNOWNFLAG`
    UserModeUnknownFlag,
    /// `ERR_USERSDONTMATCH`
    UsersDontMatch,
    /// `ERR_HELPNOTFOUND`
    HelpNotFound(String),
    /// `ERR_INVALIDKEY`
    InvalidKey(String),
    /// `ERR_INVALIDMODEPARAM`
    InvalidModeParam { target: String, letter: char, parameter: String, why: &'static str },
    /// `ERR_MONLISTFULL`
    MonitorListFull { nicks: String },
    /// `RPL_TRYAGAIN`
    TryAgain(&'static str),
    /// `FAIL <command> NEED_MORE_PARAMS`
    FailNeedMoreParams(&'static str),
    /// `FAIL <command> ACCOUNT_REQUIRED`
    AccountRequired(&'static str),
    /// `FAIL REGISTER ALREADY_AUTHENTICATED`
    AlreadyAuthenticated(String),
    /// `FAIL REGISTER ACCOUNT_NAME_MUST_BE_NICK`
    AccountNameMustBeNick(String),
    /// `FAIL REGISTER WEAK_PASSWORD`
    WeakPassword(String),
    /// `FAIL REGISTER UNACCEPTABLE_PASSWORD`
    UnacceptablePassword(String),
    /// `FAIL REGISTER TEMPORARILY_UNAVAILABLE`
    NoMoreAccounts(String),
    /// `FAIL VERIFY INVALID_CODE`
    NothingToVerify(String),
    /// `FAIL UNREGISTER NO_SUCH_ACCOUNT`
    NoSuchAccount(String),
    /// `FAIL MARKREAD INVALID_PARAMS`
    InvalidMarker(String),
    /// `FAIL SETNAME INVALID_REALNAME`
    InvalidRealname,
}
