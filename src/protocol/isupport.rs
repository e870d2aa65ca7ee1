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
/// Bytes of tokens in one line, with the blanks between them: the longest names of server and user, and the closing text,
/// have room beside them.
const BYTES_PER_LINE: usize = 370;
/// Longest name of the network as it is announced, in bytes.
const NETWORK_BYTES: usize = 200;

/// How many targets each command takes that takes several.
fn targmax() -> String {
    let of = |command, max| format!("{command}:{max}");
    let channels = ["JOIN", "LIST", "PART"].map(|command| of(command, TARGMAX_CHANNELS));
    let others =
        ["KICK", "NAMES", "NOTICE", "PRIVMSG", "TAGMSG", "WHOIS"].map(|command| of(command, TARGMAX));
    format!("TARGMAX={}", [&channels[..], &others[..]].concat().join(","))
}

/// The name of the network as a value: whatever is not printable ASCII, or would end the value, byte by byte as the
/// number that it is. What there is no room for is left out.
fn network_value(name: &str) -> String {
    let mut value = String::new();
    for c in name.chars() {
        let is_plain = c.is_ascii_graphic() && !matches!(c, '=' | '\\');
        let escaped = |byte| format!("\\x{byte:02X}");
        let bytes = c.encode_utf8(&mut [0; 4]).bytes().map(escaped).collect::<Vec<_>>().concat();
        let told = if is_plain { c.to_string() } else { bytes };
        if value.len() + told.len() > NETWORK_BYTES {
            break;
        }
        value.push_str(&told);
    }
    value
}

/// As many tokens in each line as there may be, and have room.
fn in_lines(tokens: Vec<String>) -> Vec<Vec<String>> {
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut bytes = 0;
    for token in tokens {
        bytes += 1 + token.len();
        let has_room = |line: &&mut Vec<String>| line.len() < TOKENS_PER_LINE && bytes <= BYTES_PER_LINE;
        if let Some(line) = lines.last_mut().filter(has_room) {
            line.push(token);
        } else {
            bytes = token.len();
            lines.push(vec![token]);
        }
    }
    lines
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
        format!("NETWORK={}", network_value(network)),
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
    in_lines(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_network_is_printable_and_bounded() {
        assert_eq!(network_value("Tea=Net 2\\"), r"Tea\x3DNet\x202\x5C");
        assert_eq!(network_value("Tée\u{7f}"), r"T\xC3\xA9e\x7F");
        assert_eq!(network_value(&"é".repeat(100)), r"\xC3\xA9".repeat(25), "no half of a character");
    }

    #[test]
    fn lines_are_full_and_no_longer_than_they_may_be() {
        let plain = lines("neoirc", 50, 100);
        assert_eq!(plain.iter().map(Vec::len).collect::<Vec<_>>(), [13, 13, 3]);
        let long = lines(&" ".repeat(300), usize::MAX, usize::MAX);
        assert!(
            long.iter().all(|line| line.len() <= 13 && line.join(" ").len() <= BYTES_PER_LINE),
            "{long:?}"
        );
        assert_eq!(long.concat().len(), plain.concat().len());
    }
}
