//! From the text of a value to the value. Each error says what was expected.

use std::fmt::Display;
use std::net::{SocketAddr, ToSocketAddrs};
use std::ops::RangeInclusive;
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

pub(super) fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("must be a whole number in its range, not {text:?}"))
}

pub(super) fn positive(text: &str) -> Result<usize, String> {
    whole(text).and_then(|number| if number == 0 { Err("must be above 0".to_owned()) } else { Ok(number) })
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
    within(whole(text)?, 1..=1_000)
}

/// A line has to fit, and beyond the most it would be a file.
pub(super) fn multiline_bytes(text: &str) -> Result<usize, String> {
    within(size(text)?, 512..=64 << 10)
}

/// No more than a body has over HTTP.
pub(super) fn multiline_lines(text: &str) -> Result<usize, String> {
    within(whole(text)?, 1..=BODY_LINES_MAX)
}

fn within(number: usize, range: RangeInclusive<usize>) -> Result<usize, String> {
    let (min, max) = (range.start(), range.end());
    if range.contains(&number) { Ok(number) } else { Err(format!("must be from {min} to {max}")) }
}

/// A longer password than may be set would let nobody set one.
pub(super) fn password_length(text: &str) -> Result<usize, String> {
    at_most(text, PASSWORD_BYTES_MAX)
}

/// What a channel may ask of those who speak is the most that may be asked of those who come.
pub(super) fn hashcash_bits(text: &str) -> Result<u32, String> {
    at_most(text, u32::from(CHANNEL_HASHCASH_BITS_MAX))
}

fn at_most<T: Copy + FromStr + PartialOrd + Display>(text: &str, max: T) -> Result<T, String> {
    whole(text)
        .and_then(|number| if number > max { Err(format!("must be at most {max}")) } else { Ok(number) })
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
}

/// A duration, in milliseconds.
pub(super) fn milliseconds(text: &str) -> Result<u64, String> {
    duration(text).map(|duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

/// A number of seconds, or a duration.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    text.parse().map(Duration::from_secs).or_else(|_| duration(text))
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
    if lines.iter().all(|line| is_plain(line)) { Ok(lines) } else { Err("may not contain NUL".to_owned()) }
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
}
