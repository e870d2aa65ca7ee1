//! Limits that are part of the protocol and that `RPL_ISUPPORT` announces. Limits of operation are settings
//! and stand in `config.rs`.

/// Longest nick, in characters (all of them ASCII). Announced as `NICKLEN`.
pub const NICKLEN: usize = 32;
/// Longest username, in characters. Announced as `USERLEN`.
pub const USERLEN: usize = 32;
/// Longest host name, in bytes: as on most networks. DNS allows 253, which with a long channel's name would leave a line
/// no room for text; whoever has such a name goes by the address. Announced as `HOSTLEN`.
pub const HOSTLEN: usize = 63;
/// Longest mask of one name, in bytes: anything that DNS calls a host may be written out.
pub const MASKLEN: usize = 253;
/// Longest channel name in characters, the `#` included. Announced as `CHANNELLEN`.
pub const CHANNELLEN: usize = 64;
/// Longest topic in bytes: behind all but the longest names it fits a line of 512, which else has its beginning. Announced
/// as `TOPICLEN`.
pub const TOPICLEN: usize = 390;
/// Longest reason of KICK, PART and QUIT in bytes, for the same cause. Announced as `KICKLEN`.
pub const KICKLEN: usize = 390;
/// Longest away text in bytes, for the same cause. Announced as `AWAYLEN`.
pub const AWAYLEN: usize = 390;
/// Longest channel key in bytes. Announced as `KEYLEN`.
pub const KEYLEN: usize = 32;
/// Mode changes with an argument in one MODE command. Announced as `MODES`.
pub const MODES: usize = 12;
/// Targets of one PRIVMSG, NOTICE, KICK, WHOIS or NAMES, each of which may be answered at length. Announced as
/// `TARGMAX`.
pub const TARGMAX: usize = 4;
/// Channels of one JOIN, PART or LIST: as many as clients put into one line when they come back. Announced as
/// `TARGMAX`.
pub const TARGMAX_CHANNELS: usize = 50;
/// Letters of one mode string that are looked at: more than there are modes.
pub const MODE_LETTERS_MAX: usize = 64;
/// Invitations that a channel remembers: enough for a crowd, too few to fill a disk with.
pub const INVITES_MAX: usize = 100;
/// Longest realname in bytes: with everything else of a WHOIS it fits a line of 512. Announced as `NAMELEN`.
pub const NAMELEN: usize = 128;
/// Masks in each of the lists `b`, `e` and `I` of a channel: more than a community needs, few enough to be held
/// against everybody who comes in. Announced as `MAXLIST`.
pub const MAXLIST: usize = 100;
/// Nicks that one session watches with MONITOR. Announced as `MONITOR`.
pub const MONITOR: usize = 100;
/// Nicks of one USERHOST: RFC 2812 fixes them.
pub const USERHOST_MAX: usize = 5;
/// Past holders of nicks that WHOWAS remembers, in all: enough for a busy day.
pub const WHOWAS_MAX: usize = 1_000;
/// Most bits of work that a channel may ask for with `+H`: beyond them nobody speaks within an hour.
pub const CHANNEL_HASHCASH_BITS_MAX: u8 = 40;
/// Longest password, in bytes: a sentence fits, and hashing more would be work that anybody can ask for.
pub const PASSWORD_BYTES_MAX: usize = 256;
/// Longest hashcash stamp, in bytes: the longest name of a channel, 253 bytes, and a SHA-256 in hex fit.
pub const STAMP_MAX: usize = 384;

/// Lines in a `body`.
pub const BODY_LINES_MAX: usize = 64;
/// Longest text that is searched for, in characters: some forty words.
pub const SEARCH_CHARS_MAX: usize = 256;
/// Strings in `params`: IRC has fifteen, and so have we.
pub const PARAMS_MAX: usize = 15;
/// Nesting of free-form JSON (`meta`, an object as `body`): deeper is an attack on somebody's parser.
pub const JSON_DEPTH_MAX: usize = 16;
/// Longest `Idempotency-Key`, in characters.
pub const IDEMPOTENCY_KEY_MAX: usize = 64;

/// Cuts `text` to at most `max` bytes, at the boundary of a character.
pub fn cut(text: &str, max: usize) -> &str {
    let end = text.floor_char_boundary(max);
    text.get(..end).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut("grün", 3), "gr");
        assert_eq!(cut("grün", 4), "grü");
        assert_eq!(cut("grün", 400), "grün");
    }
}
