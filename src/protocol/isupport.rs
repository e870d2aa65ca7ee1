//! `RPL_ISUPPORT`: what this server announces about itself, in one place for every face.
//! Source: <https://modern.ircdocs.horse/#rplisupport-005>

use super::limits::{
    AWAYLEN, CHANNELLEN, HOSTLEN, KEYLEN, KICKLEN, MAXLIST, MODES, MONITOR, NAMELEN, NICKLEN, TARGMAX,
    TARGMAX_CHANNELS, TOPICLEN, USERLEN,
};
use super::past::REFERENCE_TYPES;

/// User modes as `RPL_MYINFO` names them.
pub const USER_MODES: &str = "BSiow";
/// Channel modes as `RPL_MYINFO` names them.
pub const CHANNEL_MODES: &str = "HIbeiklmnostv";
/// Channel modes that take a parameter.
pub const CHANNEL_MODES_WITH_PARAMETER: &str = "HIbeklov";
/// The letter of bots in WHO; their user mode has the same.
pub const BOT_LETTER: char = 'B';

/// Tokens in one line: a line of IRC has fifteen parameters, the nick and the closing text among them.
const TOKENS_PER_LINE: usize = 13;

/// How many targets each command takes that takes several.
fn targmax() -> String {
    let of = |command, max| format!("{command}:{max}");
    let channels = ["JOIN", "LIST", "PART"].map(|command| of(command, TARGMAX_CHANNELS));
    let others =
        ["KICK", "NAMES", "NOTICE", "PRIVMSG", "TAGMSG", "WHOIS"].map(|command| of(command, TARGMAX));
    format!("TARGMAX={}", [&channels[..], &others[..]].concat().join(","))
}

/// The tokens, a group for each line.
pub fn lines(network: &str, channels_per_user: usize, history_page_max: usize) -> Vec<Vec<String>> {
    let mut tokens = vec![
        format!("AWAYLEN={AWAYLEN}"),
        "CASEMAPPING=ascii".to_owned(),
        format!("BOT={BOT_LETTER}"),
        "CHANMODES=beI,k,Hl,imnst".to_owned(),
        format!("CHANNELLEN={CHANNELLEN}"),
        "CHANTYPES=#".to_owned(),
        format!("CHATHISTORY={history_page_max}"),
        "ELIST=CMNTU".to_owned(),
        "EXCEPTS".to_owned(),
        format!("HOSTLEN={HOSTLEN}"),
        "INVEX".to_owned(),
        format!("KEYLEN={KEYLEN}"),
        format!("KICKLEN={KICKLEN}"),
        format!("MAXLIST=b:{MAXLIST},e:{MAXLIST},I:{MAXLIST}"),
        format!("MODES={MODES}"),
        format!("MONITOR={MONITOR}"),
        format!("MSGREFTYPES={REFERENCE_TYPES}"),
        format!("NAMELEN={NAMELEN}"),
        format!("NETWORK={}", network.replace(' ', "\\x20").replace('=', "\\x3D")),
        format!("NICKLEN={NICKLEN}"),
        "PREFIX=(ov)@+".to_owned(),
        "SAFELIST".to_owned(),
        "STATUSMSG=@+".to_owned(),
        targmax(),
        format!("TOPICLEN={TOPICLEN}"),
        format!("USERLEN={USERLEN}"),
        "UTF8ONLY".to_owned(),
        "WHOX".to_owned(),
    ];
    if channels_per_user > 0 {
        tokens.push(format!("CHANLIMIT=#:{channels_per_user}"));
        tokens.sort();
    }
    tokens.chunks(TOKENS_PER_LINE).map(<[String]>::to_vec).collect()
}
