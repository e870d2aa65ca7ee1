//! Numerics: number, parameters and text of each, named exactly as in the Modern IRC document.
//!
//! One table, from which every numeric is spoken; `docs/numerics.md` is made from it, and the transcripts hold
//! what is received against it. A text has words in angle brackets where something is filled in.
//! Source: <https://modern.ircdocs.horse/#numerics>

/// A reply code, with what stands behind it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Numeric {
    name: &'static str,
    code: &'static str,
    params: &'static str,
    text: &'static str,
}

impl Numeric {
    /// Its name, such as `RPL_WELCOME`.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The three digits; `FAIL` for a standard reply.
    pub const fn code(self) -> &'static str {
        self.code
    }

    /// Its parameters between the nick of whoever it is for and the text. Those in square brackets may be
    /// missing, and what ends with `…` may be repeated.
    pub const fn params(self) -> &'static str {
        self.params
    }

    /// Its text, with `<words>` where something is filled in; empty where it has none.
    pub const fn template(self) -> &'static str {
        self.text
    }

    /// Its text with `words` in their places; `None` where it has none.
    pub fn text(self, words: &[&str]) -> Option<String> {
        if self.text.is_empty() {
            debug_assert!(words.is_empty(), "{} has no text", self.name);
            return None;
        }
        let mut words = words.iter();
        let mut text = String::with_capacity(64);
        let mut rest = self.text;
        while let Some((before, behind)) = rest.split_once('<') {
            text.push_str(before);
            text.push_str(words.next().copied().unwrap_or_default());
            rest = behind.split_once('>').map_or("", |(_, behind)| behind);
        }
        debug_assert!(words.next().is_none(), "{} has fewer words", self.name);
        text.push_str(rest);
        Some(text)
    }
}

/// One line a numeric: its name, its digits, its parameters, its text.
macro_rules! numerics {
    ($($name:ident = $code:literal, $params:literal, $text:literal;)*) => {
        $(
            #[doc = concat!("`", $code, " <client> ", $params, " :", $text, "`")]
            pub const $name: Numeric =
                Numeric { name: stringify!($name), code: $code, params: $params, text: $text };
        )*

        /// Every numeric that this server speaks, in the order of their numbers.
        pub const ALL: &[Numeric] = &[$($name),*];
    };
}

numerics! {
    RPL_WELCOME = "001", "", "Welcome to the <network> Network, <nick>!<user>@<host>";
    RPL_YOURHOST = "002", "", "Your host is <server>, running version <version>";
    RPL_CREATED = "003", "", "This server was created <time>";
    RPL_MYINFO = "004", "<server> <version> <user modes> <channel modes> <channel modes with a parameter>", "";
    RPL_ISUPPORT = "005", "<token>…", "are supported by this server";
    RPL_ENDOFSTATS = "219", "<letter>", "End of /STATS report";
    RPL_UMODEIS = "221", "<user modes>", "";
    RPL_STATSUPTIME = "242", "", "Server Up <days> days <hours>:<minutes>:<seconds>";
    RPL_LUSERCLIENT = "251", "", "There are <visible> users and <invisible> invisible on 1 servers";
    RPL_LUSEROP = "252", "<operators>", "operator(s) online";
    RPL_LUSERUNKNOWN = "253", "<connections>", "unknown connection(s)";
    RPL_LUSERCHANNELS = "254", "<channels>", "channels formed";
    RPL_LUSERME = "255", "", "I have <clients> clients and 0 servers";
    RPL_ADMINME = "256", "<server>", "Administrative info";
    RPL_ADMINLOC1 = "257", "", "<description>";
    RPL_ADMINLOC2 = "258", "", "<network>";
    RPL_ADMINEMAIL = "259", "", "<e-mail>";
    RPL_TRYAGAIN = "263", "<command>", "Please wait a while and try again.";
    RPL_LOCALUSERS = "265", "<users> <max>", "Current local users <users>, max <max>";
    RPL_GLOBALUSERS = "266", "<users> <max>", "Current global users <users>, max <max>";
    RPL_AWAY = "301", "<nick>", "<text>";
    RPL_USERHOST = "302", "", "<nick[*]=(+|-)user@host …>";
    RPL_ISON = "303", "", "<nick …>";
    RPL_UNAWAY = "305", "", "You are no longer marked as being away";
    RPL_NOWAWAY = "306", "", "You have been marked as being away";
    RPL_WHOISUSER = "311", "<nick> <user> <host> *", "<realname>";
    RPL_WHOISSERVER = "312", "<nick> <server>", "<server info, or a time for WHOWAS>";
    RPL_WHOISOPERATOR = "313", "<nick>", "is an IRC operator";
    RPL_WHOWASUSER = "314", "<nick> <user> <host> *", "<realname>";
    RPL_ENDOFWHO = "315", "<mask>", "End of WHO list";
    RPL_WHOISIDLE = "317", "<nick> <seconds> <signon>", "seconds idle, signon time";
    RPL_ENDOFWHOIS = "318", "<nick>", "End of /WHOIS list";
    RPL_WHOISCHANNELS = "319", "<nick>", "<[prefix]channel…>";
    RPL_LISTSTART = "321", "Channel", "Users  Name";
    RPL_LIST = "322", "<channel> <members>", "<topic>";
    RPL_LISTEND = "323", "", "End of /LIST";
    RPL_CHANNELMODEIS = "324", "<channel> <modes> [argument…]", "";
    RPL_CREATIONTIME = "329", "<channel> <time>", "";
    RPL_WHOISACCOUNT = "330", "<nick> <account>", "is logged in as";
    RPL_NOTOPIC = "331", "<channel>", "No topic is set";
    RPL_TOPIC = "332", "<channel>", "<topic>";
    RPL_TOPICWHOTIME = "333", "<channel> <nick> <time>", "";
    RPL_WHOISBOT = "335", "<nick>", "is a bot";
    RPL_INVITELIST = "336", "<channel>", "";
    RPL_ENDOFINVITELIST = "337", "", "End of /INVITE list";
    RPL_WHOISACTUALLY = "338", "<nick> <address>", "Is actually using host";
    RPL_INVITING = "341", "<nick> <channel>", "";
    RPL_INVEXLIST = "346", "<channel> <mask> <setter> <time>", "";
    RPL_ENDOFINVEXLIST = "347", "<channel>", "End of Channel Invite Exception List";
    RPL_EXCEPTLIST = "348", "<channel> <mask> <setter> <time>", "";
    RPL_ENDOFEXCEPTLIST = "349", "<channel>", "End of channel exception list";
    RPL_VERSION = "351", "<version> <server>", "<comments>";
    RPL_WHOREPLY = "352", "<channel> <user> <host> <server> <nick> <flags>", "<hopcount> <realname>";
    RPL_NAMREPLY = "353", "<symbol> <channel>", "<[prefix]nick…>";
    RPL_WHOSPCRPL = "354", "[field…]", "";
    RPL_LINKS = "364", "<server> <server>", "<hopcount> <server info>";
    RPL_ENDOFLINKS = "365", "<mask>", "End of /LINKS list";
    RPL_ENDOFNAMES = "366", "<channel>", "End of /NAMES list";
    RPL_BANLIST = "367", "<channel> <mask> <setter> <time>", "";
    RPL_ENDOFBANLIST = "368", "<channel>", "End of channel ban list";
    RPL_ENDOFWHOWAS = "369", "<nick>", "End of WHOWAS";
    RPL_INFO = "371", "", "<line>";
    RPL_MOTD = "372", "", "<line>";
    RPL_ENDOFINFO = "374", "", "End of INFO list";
    RPL_MOTDSTART = "375", "", "- <server> Message of the day - ";
    RPL_ENDOFMOTD = "376", "", "End of /MOTD command.";
    RPL_YOUREOPER = "381", "", "You are now an IRC operator";
    RPL_REHASHING = "382", "<config file>", "Rehashing";
    RPL_TIME = "391", "<server> <time> <offset>", "<human-readable time>";
    ERR_NOSUCHNICK = "401", "<nick>", "No such nick/channel";
    ERR_NOSUCHSERVER = "402", "<server>", "No such server";
    ERR_NOSUCHCHANNEL = "403", "<channel>", "No such channel";
    ERR_CANNOTSENDTOCHAN = "404", "<channel>", "Cannot send to channel<why>";
    ERR_TOOMANYCHANNELS = "405", "<channel>", "You have joined too many channels";
    ERR_WASNOSUCHNICK = "406", "<nick>", "There was no such nickname";
    ERR_TOOMANYTARGETS = "407", "<target>", "Too many targets";
    ERR_NOORIGIN = "409", "", "No origin specified";
    ERR_INVALIDCAPCMD = "410", "<subcommand>", "Invalid CAP command";
    ERR_NORECIPIENT = "411", "", "No recipient given (<command>)";
    ERR_NOTEXTTOSEND = "412", "", "No text to send";
    ERR_INPUTTOOLONG = "417", "", "Input line was too long";
    ERR_UNKNOWNCOMMAND = "421", "<command>", "Unknown command";
    ERR_NOMOTD = "422", "", "MOTD File is missing";
    ERR_NONICKNAMEGIVEN = "431", "", "No nickname given";
    ERR_ERRONEUSNICKNAME = "432", "<nick>", "Erroneous nickname";
    ERR_NICKNAMEINUSE = "433", "<nick>", "Nickname is already in use";
    ERR_USERNOTINCHANNEL = "441", "<nick> <channel>", "They aren't on that channel";
    ERR_NOTONCHANNEL = "442", "<channel>", "You're not on that channel";
    ERR_USERONCHANNEL = "443", "<nick> <channel>", "is already on channel";
    ERR_NOTREGISTERED = "451", "", "You have not registered";
    ERR_NEEDMOREPARAMS = "461", "<command>", "Not enough parameters";
    ERR_ALREADYREGISTERED = "462", "", "You may not reregister";
    ERR_PASSWDMISMATCH = "464", "", "Password incorrect";
    ERR_CHANNELISFULL = "471", "<channel>", "Cannot join channel (+l)";
    ERR_UNKNOWNMODE = "472", "<letter>", "is unknown mode char to me";
    ERR_INVITEONLYCHAN = "473", "<channel>", "Cannot join channel (+i)";
    ERR_BANNEDFROMCHAN = "474", "<channel>", "Cannot join channel (+b)";
    ERR_BADCHANNELKEY = "475", "<channel>", "Cannot join channel (+k)";
    ERR_BANLISTFULL = "478", "<channel> <letter>", "Channel list is full";
    ERR_NOPRIVILEGES = "481", "", "Permission Denied- You're not an IRC operator";
    ERR_CHANOPRIVSNEEDED = "482", "<channel>", "You're not channel operator";
    ERR_NOOPERHOST = "491", "", "No O-lines for your host";
    ERR_UMODEUNKNOWNFLAG = "501", "", "Unknown MODE flag";
    ERR_USERSDONTMATCH = "502", "", "Can't change mode for other users";
    ERR_HELPNOTFOUND = "524", "<subject>", "No help available on this topic";
    ERR_INVALIDKEY = "525", "<channel>", "Key is not well-formed";
    RPL_WHOISSECURE = "671", "<nick>", "is using a secure connection";
    ERR_INVALIDMODEPARAM = "696", "<target> <letter> <parameter>", "<why>";
    RPL_HELPSTART = "704", "<subject>", "<line>";
    RPL_HELPTXT = "705", "<subject>", "<line>";
    RPL_ENDOFHELP = "706", "<subject>", "<line>";
    RPL_MONONLINE = "730", "", "<nick!user@host,…>";
    RPL_MONOFFLINE = "731", "", "<nick,…>";
    RPL_MONLIST = "732", "", "<nick,…>";
    RPL_ENDOFMONLIST = "733", "", "End of MONITOR list";
    ERR_MONLISTFULL = "734", "<limit> <nicks>", "Monitor list is full.";
    RPL_LOGGEDIN = "900", "<nick!user@host> <account>", "You are now logged in as <account>";
    RPL_LOGGEDOUT = "901", "<nick!user@host>", "You are now logged out";
    RPL_SASLSUCCESS = "903", "", "SASL authentication successful";
    ERR_SASLFAIL = "904", "", "SASL authentication failed";
    ERR_SASLTOOLONG = "905", "", "SASL message too long";
    ERR_SASLABORTED = "906", "", "SASL authentication aborted";
    ERR_SASLALREADY = "907", "", "You have already authenticated using SASL";
    RPL_SASLMECHS = "908", "<mechanism,…>", "are available SASL mechanisms";
    FAIL_INVALID_UTF8 = "FAIL", "<command> INVALID_UTF8", "Message is not UTF-8, or has a NUL or a CR in it";
    FAIL_INVALID_REALNAME = "FAIL", "SETNAME INVALID_REALNAME", "Realname is not valid";
    FAIL_NEED_MORE_PARAMS = "FAIL", "<command> NEED_MORE_PARAMS", "Missing parameters";
    FAIL_ACCOUNT_REQUIRED = "FAIL", "<command> ACCOUNT_REQUIRED", "You need an account first: REGISTER";
    FAIL_REGISTER_ALREADY_AUTHENTICATED = "FAIL", "REGISTER ALREADY_AUTHENTICATED <account>", "You have an account already";
    FAIL_REGISTER_ACCOUNT_NAME_MUST_BE_NICK = "FAIL", "REGISTER ACCOUNT_NAME_MUST_BE_NICK <account>", "An account is made for the nick that you go by";
    FAIL_REGISTER_WEAK_PASSWORD = "FAIL", "REGISTER WEAK_PASSWORD <account>", "Password is too short";
    FAIL_REGISTER_UNACCEPTABLE_PASSWORD = "FAIL", "REGISTER UNACCEPTABLE_PASSWORD <account>", "Password is too long";
    FAIL_REGISTER_COMPLETE_CONNECTION_REQUIRED = "FAIL", "REGISTER COMPLETE_CONNECTION_REQUIRED", "Register the connection first: NICK and USER";
    FAIL_REGISTER_TEMPORARILY_UNAVAILABLE = "FAIL", "REGISTER TEMPORARILY_UNAVAILABLE <account>", "No further accounts are made here";
    FAIL_VERIFY_INVALID_CODE = "FAIL", "VERIFY INVALID_CODE <account>", "There is nothing to verify";
    FAIL_UNREGISTER_NO_SUCH_ACCOUNT = "FAIL", "UNREGISTER NO_SUCH_ACCOUNT <account>", "You have no such account";
    FAIL_MARKREAD_INVALID_PARAMS = "FAIL", "MARKREAD INVALID_PARAMS <target>", "Neither channel nor nick, or no time";
    FAIL_CHATHISTORY_NEED_MORE_PARAMS = "FAIL", "CHATHISTORY NEED_MORE_PARAMS [subcommand]", "Missing parameters";
    FAIL_CHATHISTORY_INVALID_PARAMS = "FAIL", "CHATHISTORY INVALID_PARAMS <subcommand> <parameter>", "Invalid parameter";
    FAIL_CHATHISTORY_INVALID_TARGET = "FAIL", "CHATHISTORY INVALID_TARGET <subcommand> <target>", "There is no history that you may read";
    FAIL_CHATHISTORY_MESSAGE_ERROR = "FAIL", "CHATHISTORY MESSAGE_ERROR <subcommand> <target>", "Messages could not be retrieved";
    FAIL_RATE_LIMITED = "FAIL", "<command> RATE_LIMITED", "Please wait a while and try again";
    FAIL_MULTILINE_MAX_BYTES = "FAIL", "BATCH MULTILINE_MAX_BYTES <limit>", "Too many bytes in one message";
    FAIL_MULTILINE_MAX_LINES = "FAIL", "BATCH MULTILINE_MAX_LINES <limit>", "Too many lines in one message";
    FAIL_MULTILINE_INVALID_TARGET = "FAIL", "BATCH MULTILINE_INVALID_TARGET <target> <other target>", "A line is for another target than its batch";
    FAIL_MULTILINE_INVALID = "FAIL", "BATCH MULTILINE_INVALID", "Invalid batch of lines";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn words_take_their_places_in_order() {
        let text = RPL_WELCOME.text(&["Net", "alice", "al", "example.org"]);
        assert_eq!(text.as_deref(), Some("Welcome to the Net Network, alice!al@example.org"));
        assert_eq!(RPL_ENDOFWHO.text(&[]).as_deref(), Some("End of WHO list"));
        assert_eq!(RPL_TOPIC.text(&["a <b> c"]).as_deref(), Some("a <b> c"), "a word is not looked into");
        assert_eq!(RPL_MYINFO.text(&[]), None);
    }

    #[test]
    fn no_number_and_no_name_stands_twice_and_numbers_ascend() {
        let names: HashSet<_> = ALL.iter().map(|numeric| numeric.name()).collect();
        assert_eq!(names.len(), ALL.len());
        let codes: Vec<_> = ALL.iter().map(|numeric| numeric.code()).collect();
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1] || pair == ["FAIL"; 2]), "{codes:?}");
    }
}
