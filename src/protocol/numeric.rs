//! Numerics, named exactly as in the Modern IRC document, each with its parameters.
//! Source: <https://modern.ircdocs.horse/#numerics>

/// A three-digit reply code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Numeric(&'static str);

impl Numeric {
    /// The three digits.
    pub const fn code(self) -> &'static str {
        self.0
    }
}

/// One line a numeric: its name, its digits, its parameters after the nick of whoever it is for.
macro_rules! numerics {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        $($(#[$doc])* pub const $name: Numeric = Numeric($code);)*
    };
}

numerics! {
    /// `:Welcome to the <network> Network, <nick>!<user>@<host>`
    RPL_WELCOME = "001";
    /// `:Your host is <server>, running version <version>`
    RPL_YOURHOST = "002";
    /// `:This server was created <time>`
    RPL_CREATED = "003";
    /// `<server> <version> <user modes> <channel modes> <channel modes with a parameter>`
    RPL_MYINFO = "004";
    /// `<token>… :are supported by this server`
    RPL_ISUPPORT = "005";
    /// `<user modes>`
    RPL_UMODEIS = "221";
    /// `:There are <n> users and <n> invisible on <n> servers`
    RPL_LUSERCLIENT = "251";
    /// `<n> :operator(s) online`
    RPL_LUSEROP = "252";
    /// `<n> :channels formed`
    RPL_LUSERCHANNELS = "254";
    /// `:I have <n> clients and <n> servers`
    RPL_LUSERME = "255";
    /// `<n> <max> :Current local users <n>, max <max>`
    RPL_LOCALUSERS = "265";
    /// `<n> <max> :Current global users <n>, max <max>`
    RPL_GLOBALUSERS = "266";
    /// `<nick> :<text>`
    RPL_AWAY = "301";
    /// `:You are no longer marked as being away`
    RPL_UNAWAY = "305";
    /// `:You have been marked as being away`
    RPL_NOWAWAY = "306";
    /// `<nick> <username> <host> * :<realname>`
    RPL_WHOISUSER = "311";
    /// `<nick> <server> :<server info>`
    RPL_WHOISSERVER = "312";
    /// `<mask> :End of WHO list`
    RPL_ENDOFWHO = "315";
    /// `<nick> <seconds> <signon> :seconds idle, signon time`
    RPL_WHOISIDLE = "317";
    /// `<nick> :End of /WHOIS list`
    RPL_ENDOFWHOIS = "318";
    /// `<nick> :[prefix]<channel>…`
    RPL_WHOISCHANNELS = "319";
    /// `Channel :Users  Name`
    RPL_LISTSTART = "321";
    /// `<channel> <members> :<topic>`
    RPL_LIST = "322";
    /// `:End of /LIST`
    RPL_LISTEND = "323";
    /// `<channel> <modes> <argument>…`
    RPL_CHANNELMODEIS = "324";
    /// `<channel> <creation time>`
    RPL_CREATIONTIME = "329";
    /// `<channel> :No topic is set`
    RPL_NOTOPIC = "331";
    /// `<channel> :<topic>`
    RPL_TOPIC = "332";
    /// `<channel> <nick> <set at>`
    RPL_TOPICWHOTIME = "333";
    /// `<nick> <host> :actually using host`
    RPL_WHOISACTUALLY = "338";
    /// `<nick> <channel>`
    RPL_INVITING = "341";
    /// `<channel> <username> <host> <server> <nick> <flags> :<hopcount> <realname>`
    RPL_WHOREPLY = "352";
    /// `<symbol> <channel> :[prefix]<nick>…`
    RPL_NAMREPLY = "353";
    /// `<channel> :End of /NAMES list`
    RPL_ENDOFNAMES = "366";
    /// `:<line>`
    RPL_MOTD = "372";
    /// `:- <server> Message of the day -`
    RPL_MOTDSTART = "375";
    /// `:End of /MOTD command`
    RPL_ENDOFMOTD = "376";
    /// `<nick> :No such nick/channel`
    ERR_NOSUCHNICK = "401";
    /// `<channel> :No such channel`
    ERR_NOSUCHCHANNEL = "403";
    /// `<channel> :Cannot send to channel`
    ERR_CANNOTSENDTOCHAN = "404";
    /// `<channel> :You have joined too many channels`
    ERR_TOOMANYCHANNELS = "405";
    /// `<target> :Too many targets`
    ERR_TOOMANYTARGETS = "407";
    /// `:No recipient given (<command>)`
    ERR_NORECIPIENT = "411";
    /// `:No text to send`
    ERR_NOTEXTTOSEND = "412";
    /// `<command> :Unknown command`
    ERR_UNKNOWNCOMMAND = "421";
    /// `:MOTD File is missing`
    ERR_NOMOTD = "422";
    /// `:No nickname given`
    ERR_NONICKNAMEGIVEN = "431";
    /// `<nick> :Erroneous nickname`
    ERR_ERRONEUSNICKNAME = "432";
    /// `<nick> :Nickname is already in use`
    ERR_NICKNAMEINUSE = "433";
    /// `<nick> <channel> :They aren't on that channel`
    ERR_USERNOTINCHANNEL = "441";
    /// `<channel> :You're not on that channel`
    ERR_NOTONCHANNEL = "442";
    /// `<nick> <channel> :is already on channel`
    ERR_USERONCHANNEL = "443";
    /// `<command> :Not enough parameters`
    ERR_NEEDMOREPARAMS = "461";
    /// `<channel> :Cannot join channel (+l)`
    ERR_CHANNELISFULL = "471";
    /// `<letter> :is unknown mode char to me`
    ERR_UNKNOWNMODE = "472";
    /// `<channel> :Cannot join channel (+i)`
    ERR_INVITEONLYCHAN = "473";
    /// `<channel> :Cannot join channel (+k)`
    ERR_BADCHANNELKEY = "475";
    /// `<channel> :You're not channel operator`
    ERR_CHANOPRIVSNEEDED = "482";
    /// `:Unknown MODE flag`
    ERR_UMODEUNKNOWNFLAG = "501";
    /// `:Can't change mode for other users`
    ERR_USERSDONTMATCH = "502";
    /// `<channel> :Key is not well-formed`
    ERR_INVALIDKEY = "525";
    /// `<target> <letter> <parameter> :<why>`
    ERR_INVALIDMODEPARAM = "696";
}
