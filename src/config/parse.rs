//! From the text of a value to the value. Each error says what was expected.

use std::fmt::Display;
use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use super::LogFormat;
use crate::protocol::json::is_plain;
use crate::protocol::limits::{AWAYLEN, BODY_LINES_MAX, CHANNEL_HASHCASH_BITS_MAX, PASSWORD_BYTES_MAX};

/// The smallest `MAX_MESSAGE_SIZE`: a command with a channel's name and a line of text must fit.
const MESSAGE_SIZE_MIN: usize = 512;
/// Longest server name: as a source and a parameter it must leave room in a line of 512.
const SERVER_NAME_MAX: usize = 63;
/// The highest rate a second: beyond it a limit is none.
const RATE_MAX: f64 = 1_000_000.0;
/// The most connections at once: more than a process may have files open on any system.
const CONNECTIONS_MAX: usize = 10_000_000;
/// The longest inbox: its memory is taken at the start, and who stood at the end of a longer one would be gone.
const INBOX_MAX: usize = 100_000;
/// The longest duration, a hundred years: clocks can still reckon with it. Whoever means for ever writes 0.
pub(super) const CENTURY: Duration = Duration::from_hours(876_600);

/// A number with no other limit than what the machine can count to.
pub(super) fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("must be a whole number from 0 to {}, not {text:?}", u64::MAX))
}

fn between<T: Copy + FromStr + PartialOrd + Display>(text: &str, min: T, max: T) -> Result<T, String> {
    let number = text.parse::<T>().ok().filter(|number| (min..=max).contains(number));
    number.ok_or_else(|| format!("must be a whole number from {min} to {max}, not {text:?}"))
}

pub(super) fn port(text: &str) -> Result<u16, String> {
    between(text, 0, u16::MAX)
}

pub(super) fn connections(text: &str) -> Result<usize, String> {
    between(text, 1, CONNECTIONS_MAX)
}

pub(super) fn inbox(text: &str) -> Result<usize, String> {
    between(text, 1, INBOX_MAX)
}

/// So many at once.
pub(super) fn burst(text: &str) -> Result<NonZeroU32, String> {
    between(text, NonZeroU32::MIN, NonZeroU32::MAX)
}

/// So many a second; a fraction is one every few seconds.
pub(super) fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate| (0.0..=RATE_MAX).contains(rate));
    rate.ok_or_else(|| format!("must be a number from 0 to {RATE_MAX}, not {text:?}"))
}

pub(super) fn message_size(text: &str) -> Result<usize, String> {
    let bytes = size(text)?;
    if bytes < MESSAGE_SIZE_MIN { Err(format!("must be at least {MESSAGE_SIZE_MIN}")) } else { Ok(bytes) }
}

/// More messages than this would be an answer of megabytes.
pub(super) fn history_page(text: &str) -> Result<usize, String> {
    between(text, 1, 1_000)
}

/// A line has to fit, and beyond the most it would be a file.
pub(super) fn multiline_bytes(text: &str) -> Result<usize, String> {
    let bytes = size(text)?;
    if (512..=64 << 10).contains(&bytes) { Ok(bytes) } else { Err("must be from 512 to 64KiB".to_owned()) }
}

/// No more than a body has over HTTP.
pub(super) fn multiline_lines(text: &str) -> Result<usize, String> {
    between(text, 1, BODY_LINES_MAX)
}

/// A longer password than may be set would let nobody set one.
pub(super) fn password_length(text: &str) -> Result<usize, String> {
    between(text, 0, PASSWORD_BYTES_MAX)
}

/// What a channel may ask of those who speak is the most that may be asked of those who come.
pub(super) fn hashcash_bits(text: &str) -> Result<u32, String> {
    between(text, 0, u32::from(CHANNEL_HASHCASH_BITS_MAX))
}

/// Bytes, also as `256MiB`.
pub(super) fn size(text: &str) -> Result<usize, String> {
    let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    let unit = units.into_iter().find_map(|(name, bytes)| Some((text.strip_suffix(name)?, bytes)));
    let (number, unit) = unit.unwrap_or((text, 1));
    let number: usize = whole(number.trim())?;
    number.checked_mul(unit).ok_or_else(|| "is too large".to_owned())
}

/// `30m`, `720h`; 0 needs no unit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    humantime::parse_duration(text)
        .map_err(|error| format!("must be a duration such as 30m or 720h: {error}"))
        .and_then(at_most_a_century)
}

fn at_most_a_century(duration: Duration) -> Result<Duration, String> {
    if duration > CENTURY { Err("must be at most 100 years".to_owned()) } else { Ok(duration) }
}

/// A duration, in milliseconds.
pub(super) fn milliseconds(text: &str) -> Result<u64, String> {
    duration(text).map(|duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

/// A number of seconds, or a duration.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<u64>() {
        Ok(seconds) => at_most_a_century(Duration::from_secs(seconds)),
        Err(_) => duration(text),
    }
}

pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" | "" => Ok(false),
        other => Err(format!("must be true or false, not {other:?}")),
    }
}

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    // A bare `:8080` means every address of the machine, as it does elsewhere.
    let text = if text.starts_with(':') { format!("0.0.0.0{text}") } else { text.to_owned() };
    let found = text.to_socket_addrs().ok().and_then(|mut found| found.next());
    found.ok_or_else(|| format!("must be an address with a port such as 127.0.0.1:8080, not {text:?}"))
}

/// A value that may be left empty.
pub(super) fn optional<T>(
    parse: impl Fn(&str) -> Result<T, String>,
) -> impl Fn(&str) -> Result<Option<T>, String> {
    move |text| if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}

/// A name for basic authentication, where a colon ends it. Source: RFC 7617 §2.
pub(super) fn basic_auth_name(text: &str) -> Result<String, String> {
    if text.contains(':') { Err("may not contain a colon".to_owned()) } else { Ok(text.to_owned()) }
}

pub(super) fn server_name(text: &str) -> Result<String, String> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if text.is_empty() || text.len() > SERVER_NAME_MAX || !text.bytes().all(good) {
        return Err(format!("must be 1 to {SERVER_NAME_MAX} letters, digits, dots, hyphens or underscores"));
    }
    Ok(text.to_owned())
}

pub(super) fn line(text: &str) -> Result<String, String> {
    if is_plain(text) { Ok(text.to_owned()) } else { Err("must be one line".to_owned()) }
}

/// What is said of whoever is away: one line that fits.
pub(super) fn away_text(text: &str) -> Result<String, String> {
    if text.len() > AWAYLEN {
        return Err(format!("must be at most {AWAYLEN} bytes long"));
    }
    line(text)
}

pub(super) fn lines(text: &str) -> Result<Vec<String>, String> {
    let lines: Vec<String> = text.lines().map(|line| line.trim_end().to_owned()).collect();
    let are_plain = lines.iter().all(|line| is_plain(line));
    if are_plain { Ok(lines) } else { Err("may not contain NUL, nor CR without LF".to_owned()) }
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "auto" => Ok(LogFormat::Auto),
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        other => Err(format!("must be auto, text or json, not {other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_have_units() {
        assert_eq!(size("4096").unwrap(), 4096);
        assert_eq!(size("256MiB").unwrap(), 256 << 20);
        assert!(size("4 parsecs").is_err());
        assert_eq!(duration("720h").unwrap(), Duration::from_hours(720));
        assert_eq!(seconds("15").unwrap(), Duration::from_secs(15));
        assert!(duration("15").is_err(), "a bare number has no unit");
    }

    /// A moment so far from now is beyond what the clocks of a server can tell, which would end with a panic.
    #[test]
    fn no_duration_is_longer_than_a_century() {
        assert_eq!(duration("100y").unwrap(), CENTURY);
        for text in ["101y", "500000000000y", "36526d"] {
            assert_eq!(duration(text).unwrap_err(), "must be at most 100 years", "{text}");
        }
        assert_eq!(milliseconds("101y").unwrap_err(), "must be at most 100 years");
        assert_eq!(seconds("18446744073709551615").unwrap_err(), "must be at most 100 years");
    }

    #[test]
    fn a_number_out_of_its_range_is_told_the_range() {
        let most = u64::MAX.to_string();
        let errors = [
            (burst("0").unwrap_err(), "from 1 to 4294967295, not \"0\""),
            (inbox("0").unwrap_err(), "from 1 to 100000, "),
            (inbox(&most).unwrap_err(), "from 1 to 100000, "),
            (connections(&most).unwrap_err(), "from 1 to 10000000, "),
            (port("65536").unwrap_err(), "from 0 to 65535, "),
            (whole::<usize>("-1").unwrap_err(), "from 0 to 18446744073709551615, "),
            (hashcash_bits("41").unwrap_err(), "from 0 to 40, "),
        ];
        for (error, range) in errors {
            assert!(error.contains(range), "{error}");
        }
        assert_eq!(inbox("100000"), Ok(100_000));
        assert_eq!(connections("10000000"), Ok(10_000_000));
    }

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(line("chat of all").unwrap(), "chat of all");
        for text in ["a\nb", "a\rb", "a\0b"] {
            assert!(line(text).is_err(), "{text:?}");
            assert_eq!(lines(text).is_ok(), text == "a\nb", "{text:?}");
        }
    }
}
