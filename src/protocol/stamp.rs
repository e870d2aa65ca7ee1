//! Hashcash stamps: proof that somebody has spent work, bound to what it was spent on.
//!
//! `1:bits:date:resource:extension:counter`, where the SHA-256 of the whole stamp begins with at least `bits`
//! zero bits. For a session the resource is the server's name and the extension empty; for a message under `+H`
//! they are the channel and the hash of the body.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::limits::STAMP_MAX;
use super::message::Body;

/// How far a stamp's date may be from now, in hours, either way.
const AGE_MAX_H: i64 = 48;

/// How much longer than that a spent stamp is remembered, in hours: a clock that was ahead may be set back.
const CLOCK_SET_BACK_MAX_H: i64 = 48;

/// The SHA-256 of a whole stamp: what it is weighed by, and remembered by once it is spent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct StampHash(pub [u8; 32]);

impl StampHash {
    /// How many zero bits it begins with.
    pub fn work(&self) -> u32 {
        let zero_bytes = self.0.iter().take_while(|byte| **byte == 0).count();
        let partial = self.0.get(zero_bytes).map_or(0, |byte| byte.leading_zeros());
        u32::try_from(zero_bytes * 8).unwrap_or(u32::MAX) + partial
    }
}

/// What a stamp must be good for.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'a> {
    /// Bits of work, claimed and done.
    pub bits: u32,
    /// What the work was spent on: the server's name, or a channel.
    pub resource: &'a str,
    /// The hash of the body of a message; empty for a session.
    pub extension: &'a str,
    /// Now.
    pub at: Timestamp,
}

/// A stamp that is good for what it is to pay for, unless it was spent before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Accepted {
    /// What it is remembered by.
    pub stamp: StampHash,
    /// Until when it is remembered.
    pub until: Timestamp,
}

/// Why a stamp is not good.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each says in its message what it is")]
pub enum StampError {
    #[error("too long")]
    Length,
    #[error("malformed")]
    Format,
    #[error("unknown version")]
    Version,
    #[error("too few bits claimed")]
    Claim,
    #[error("bad date")]
    Date,
    #[error("date too far from now")]
    Age,
    #[error("wrong resource")]
    Resource,
    #[error("wrong body hash")]
    BodyHash,
    #[error("extension not empty")]
    Extension,
    #[error("too little work")]
    Work,
    #[error("already spent")]
    Spent,
}

/// A stamp, taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stamp {
    bits: u32,
    date: Timestamp,
    resource: String,
    extension: String,
    hash: StampHash,
}

impl Stamp {
    /// Takes a stamp apart. A resource may have colons, as a channel's name may, so the fields before it are counted
    /// from the left and those behind it from the right.
    ///
    /// # Errors
    /// When it does not have the form of a stamp of version 1.
    pub fn parse(text: &str) -> Result<Self, StampError> {
        if text.len() > STAMP_MAX {
            return Err(StampError::Length);
        }
        let mut left = text.splitn(4, ':');
        let (version, bits, date) = (left.next(), left.next(), left.next());
        let mut right = left.next().ok_or(StampError::Format)?.rsplitn(3, ':');
        let (counter, extension, resource) = (right.next(), right.next(), right.next());
        let (Some(version), Some(bits), Some(date)) = (version, bits, date) else {
            return Err(StampError::Format);
        };
        let (Some(counter), Some(extension), Some(resource)) = (counter, extension, resource) else {
            return Err(StampError::Format);
        };
        if version != "1" {
            return Err(StampError::Version);
        }
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_graphic());
        if counter.is_empty() || !plain(counter) || !plain(extension) || !is_number(bits) || bits.len() > 3 {
            return Err(StampError::Format);
        }
        Ok(Self {
            bits: bits.parse().map_err(|_| StampError::Format)?,
            date: parse_date(date)?,
            resource: resource.to_owned(),
            extension: extension.to_owned(),
            hash: StampHash(Sha256::digest(text.as_bytes()).into()),
        })
    }

    /// Its hash.
    pub const fn hash(&self) -> StampHash {
        self.hash
    }

    /// Whether it is good for what is demanded. Whether it was spent before is for the store to say.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(&self, demand: &Demand<'_>) -> Result<(), StampError> {
        if self.bits < demand.bits {
            return Err(StampError::Claim);
        }
        if demand.at.duration_since(self.date).abs() > SignedDuration::from_hours(AGE_MAX_H) {
            return Err(StampError::Age);
        }
        if !self.resource.eq_ignore_ascii_case(demand.resource) {
            return Err(StampError::Resource);
        }
        if self.extension != demand.extension {
            return Err(if demand.extension.is_empty() {
                StampError::Extension
            } else {
                StampError::BodyHash
            });
        }
        // The claim counts as well: whoever boasts of more work than was done is refused.
        if self.hash.work() < self.bits.max(demand.bits) {
            return Err(StampError::Work);
        }
        Ok(())
    }

    /// The same, with how long it must be remembered once it is spent: until nobody could present it any more.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn accept(text: &str, demand: &Demand<'_>) -> Result<Accepted, StampError> {
        let stamp = Self::parse(text)?;
        stamp.check(demand)?;
        let kept = SignedDuration::from_hours(AGE_MAX_H + CLOCK_SET_BACK_MAX_H);
        let until = stamp.date.checked_add(kept).unwrap_or(Timestamp::MAX);
        Ok(Accepted { stamp: stamp.hash(), until })
    }
}

/// A stamp up to its counter, which is to be found.
pub fn front(bits: u32, at: Timestamp, resource: &str, extension: &str) -> String {
    let date = at.to_zoned(TimeZone::UTC).date();
    let (year, month, day) = (date.year() % 100, date.month(), date.day());
    format!("1:{bits}:{year:02}{month:02}{day:02}:{resource}:{extension}:")
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `YYMMDD`, the beginning of that day in UTC, or `YYMMDDHHMMSS`.
fn parse_date(text: &str) -> Result<Timestamp, StampError> {
    if !is_number(text) || !matches!(text.len(), 6 | 12) {
        return Err(StampError::Date);
    }
    let pair = |at: usize| -> Result<i8, StampError> {
        text.get(at..at + 2).map_or(Ok(0), |digits| digits.parse().map_err(|_| StampError::Date))
    };
    let year = 2000 + i16::from(pair(0)?);
    let date = DateTime::new(year, pair(2)?, pair(4)?, pair(6)?, pair(8)?, pair(10)?, 0);
    let at = date.and_then(|date| date.to_zoned(TimeZone::UTC)).map_err(|_| StampError::Date)?;
    Ok(at.timestamp())
}

/// Lower-case hex of the SHA-256 of the canonical JSON (RFC 8785) of a body.
pub fn body_hash(body: &Body) -> String {
    let canonical = match body {
        Body::Lines(lines) => serde_json_canonicalizer::to_vec(lines),
        // Text that is relayed untouched has no canonical form before it is read.
        Body::Object(raw) => serde_json::from_str::<serde_json::Value>(raw.get())
            .and_then(|object| serde_json_canonicalizer::to_vec(&object)),
    };
    // What has no canonical form has no hash that a stamp could name.
    canonical.map(|canonical| data_encoding::HEXLOWER.encode(&Sha256::digest(canonical))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stamp with this beginning and at least this many bits of work.
    fn mint(bits: u32, front: &str) -> String {
        let stamps = (0_u32..).map(|counter| format!("{front}:{counter:x}"));
        let mut good =
            stamps.filter(|stamp| StampHash(Sha256::digest(stamp.as_bytes()).into()).work() >= bits);
        good.next().unwrap()
    }

    fn noon() -> Timestamp {
        "2026-11-25T12:00:00Z".parse().unwrap()
    }

    fn demand(resource: &str) -> Demand<'_> {
        Demand { bits: 8, resource, extension: "", at: noon() }
    }

    fn checked(stamp: &str, demand: &Demand<'_>) -> Result<(), StampError> {
        Stamp::parse(stamp)?.check(demand)
    }

    #[test]
    fn a_good_stamp_is_good_for_what_it_names_alone() {
        let stamp = mint(8, "1:8:261125:neoirc:");
        assert_eq!(checked(&stamp, &demand("neoirc")), Ok(()));
        assert_eq!(checked(&stamp, &demand("other")), Err(StampError::Resource));
        let more = Demand { bits: 9, ..demand("neoirc") };
        assert_eq!(checked(&stamp, &more), Err(StampError::Claim));
    }

    #[test]
    fn a_stamp_is_remembered_for_longer_than_it_is_good() {
        let stamp = mint(8, "1:8:261125:neoirc:");
        let accepted = Stamp::accept(&stamp, &demand("neoirc")).unwrap();
        let until = Demand { at: accepted.until, ..demand("neoirc") };
        assert_eq!(Stamp::accept(&stamp, &until), Err(StampError::Age));
        assert_eq!(accepted.until.to_string(), "2026-11-29T00:00:00Z");
        assert_eq!(front(8, noon(), "neoirc", ""), "1:8:261125:neoirc::");
    }

    /// The numbers, strings and keys of RFC 8785, 3.2.2 and 3.2.3; an array as it came, too.
    #[test]
    fn numbers_strings_and_keys_have_one_form() {
        let is_hash_of = |json: &str, canonical: &str| {
            let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(canonical));
            assert_eq!(body_hash(&Body::Object(serde_json::from_str(json).unwrap())), hash, "{canonical}");
        };
        is_hash_of(r#"[ "hi" ]"#, r#"["hi"]"#);
        is_hash_of(
            r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001,9007199254740993],
                "string":"\u20ac$\u000F\nA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#,
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27,9007199254740992],\
             \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}",
        );
    }

    #[test]
    fn a_claim_needs_the_work_that_it_claims() {
        let stamp = (0_u32..).map(|counter| format!("1:30:261125:neoirc::{counter:x}"));
        let lazy = stamp.map(|stamp| Stamp::parse(&stamp).unwrap()).find(|stamp| stamp.hash().work() < 30);
        assert_eq!(lazy.unwrap().check(&demand("neoirc")), Err(StampError::Work));
    }

    #[test]
    fn dates_count_to_48_hours_either_way() {
        for (date, good) in [
            ("261123", false),
            ("261124", true),
            ("261127", true),
            ("261128", false),
            ("261123120000", true),
            ("261123115959", false),
            ("261127120000", true),
            ("261127120001", false),
        ] {
            let stamp = mint(8, &format!("1:8:{date}:neoirc:"));
            let expected = if good { Ok(()) } else { Err(StampError::Age) };
            assert_eq!(checked(&stamp, &demand("neoirc")), expected, "{date}");
        }
        for bad in ["261301", "260230", "26112", "2611251", "", "26112a", "261125240000", "+61125"] {
            assert_eq!(Stamp::parse(&format!("1:8:{bad}:neoirc::1")), Err(StampError::Date), "{bad}");
        }
    }

    #[test]
    fn a_channel_may_have_colons_and_its_stamp_is_bound_to_the_body() {
        let hash = body_hash(&Body::line("hi"));
        let stamp = mint(8, &format!("1:8:261125:#a:b:{hash}"));
        let demand = Demand { extension: &hash, ..demand("#A:b") };
        assert_eq!(checked(&stamp, &demand), Ok(()));
        let other = body_hash(&Body::line("ho"));
        assert_eq!(checked(&stamp, &Demand { extension: &other, ..demand }), Err(StampError::BodyHash));
        assert_eq!(checked(&stamp, &Demand { extension: "", ..demand }), Err(StampError::Extension));
    }

    #[test]
    fn what_is_no_stamp_is_refused_by_its_reason() {
        for (bad, why) in [
            ("", StampError::Format),
            ("1:8:261125:neoirc", StampError::Format),
            ("1:8:261125:neoirc:", StampError::Format),
            ("1:8:261125:neoirc::", StampError::Format),
            ("2:8:261125:neoirc::1", StampError::Version),
            ("1:-8:261125:neoirc::1", StampError::Format),
            ("1:٨:261125:neoirc::1", StampError::Format),
            ("1:99999999999:261125:neoirc::1", StampError::Format),
            ("1:8:261125:neoirc::a b", StampError::Format),
            (&format!("1:8:261125:{}::1", "r".repeat(400)), StampError::Length),
        ] {
            assert_eq!(Stamp::parse(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn the_hash_of_a_body_is_that_of_its_canonical_form() {
        let object = |json: &str| Body::Object(serde_json::from_str(json).unwrap());
        assert_eq!(
            body_hash(&object(r#"{ "b": 1.0, "a": "é" }"#)),
            data_encoding::HEXLOWER.encode(&Sha256::digest(r#"{"a":"é","b":1}"#))
        );
        assert_eq!(
            body_hash(&Body::line("hi")),
            data_encoding::HEXLOWER.encode(&Sha256::digest(br#"["hi"]"#))
        );
    }
}
