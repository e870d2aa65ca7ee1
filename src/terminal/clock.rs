//! The only clock of the program, and times as people read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The day by this machine's clock, as stamps want it: `YYMMDD` in UTC.
pub(crate) fn today() -> String {
    now().to_zoned(TimeZone::UTC).strftime("%y%m%d").to_string()
}

/// The time of day by this machine's clock, as a line of our own has it.
pub(crate) fn time_now() -> String {
    time_of_day(&now().to_string()).unwrap_or_default()
}

/// The local time of day, `HH:MM:SS`, of a time as messages have it.
pub(crate) fn time_of_day(ts: &str) -> Option<String> {
    let time: Timestamp = ts.parse().ok()?;
    Some(time.to_zoned(TimeZone::system()).strftime("%H:%M:%S").to_string())
}

/// The local day, `YYYY-MM-DD`, of a time as messages have it.
pub(crate) fn day(ts: &str) -> Option<String> {
    let time: Timestamp = ts.parse().ok()?;
    Some(time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d").to_string())
}

/// A time as messages and read markers have it, to be compared.
pub(crate) fn time(ts: &str) -> Option<Timestamp> {
    ts.parse().ok()
}

/// A number of seconds since 1970 as day and time, for those numerics that have one.
pub(crate) fn day_and_time(seconds: &str) -> Option<String> {
    let time = Timestamp::from_second(seconds.parse().ok()?).ok()?;
    Some(time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string())
}

#[expect(clippy::disallowed_methods, reason = "the clock of this program is asked here and nowhere else")]
fn now() -> Timestamp {
    Timestamp::now()
}
