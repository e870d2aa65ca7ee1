//! CHATHISTORY: which part of which talk is wanted. Source: <https://ircv3.net/specs/extensions/chathistory>

use jiff::Timestamp;
use jiff::fmt::temporal::Pieces;
use uuid::Uuid;

use crate::entry::seq_of_message_id;
use crate::id::Seq;

/// How a message is named by its time and by its id, as `RPL_ISUPPORT` announces it.
pub const REFERENCE_TYPES: &str = "msgid,timestamp";

/// A place in a talk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// A time, in milliseconds since 1970.
    Time(i64),
    /// A message.
    Message(Seq),
}

/// What is wanted of a talk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stretch {
    /// The newest, or those of them that came after a place.
    Latest(Option<Mark>),
    /// What came last before a place.
    Before(Mark),
    /// What came first after it.
    After(Mark),
    /// What came before and after it.
    Around(Mark),
    /// What lies between two places, from the first of them on, be it backwards.
    Between(Mark, Mark),
}

/// What is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Query {
    /// Part of a talk.
    Talk {
        /// A channel or a nick.
        target: String,
        /// Which part.
        stretch: Stretch,
        /// At most so many messages.
        limit: usize,
    },
    /// With whom and where there was talk that ended between two times, in milliseconds since 1970.
    Targets {
        /// Those from here on are given where there are more than the limit.
        from_ms: i64,
        /// The other end.
        to_ms: i64,
        /// At most so many.
        limit: usize,
    },
}

/// What is wrong with a question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It lacks parameters; with the subcommand, as far as there is one.
    NeedMoreParams(Option<String>),
    /// A parameter is not what it should be; with the subcommand and that parameter.
    InvalidParams(String, String),
}

impl Query {
    /// Reads the parameters of CHATHISTORY. A limit above `limit_max` is taken for that.
    ///
    /// # Errors
    /// [`Fault`]
    pub fn parse(params: &[String], limit_max: usize) -> Result<Self, Fault> {
        let Some((given, params)) = params.split_first() else { return Err(Fault::NeedMoreParams(None)) };
        let subcommand = given.to_ascii_uppercase();
        let need_more = || Fault::NeedMoreParams(Some(subcommand.clone()));
        let invalid = |param: &String| Fault::InvalidParams(subcommand.clone(), param.clone());
        let param = |index: usize| params.get(index).filter(|param| !param.is_empty()).ok_or_else(need_more);
        let mark = |index: usize| param(index).and_then(|text| mark(text).ok_or_else(|| invalid(text)));
        let limit = |index: usize| {
            let text = param(index)?;
            let limit = text.parse::<usize>().ok().filter(|limit| *limit > 0);
            limit.map(|limit| limit.min(limit_max)).ok_or_else(|| invalid(text))
        };
        let talk = |stretch, limit| Ok(Self::Talk { target: param(0)?.clone(), stretch, limit });
        match subcommand.as_str() {
            "LATEST" => {
                let after = if param(1)? == "*" { None } else { Some(mark(1)?) };
                talk(Stretch::Latest(after), limit(2)?)
            }
            "BEFORE" => talk(Stretch::Before(mark(1)?), limit(2)?),
            "AFTER" => talk(Stretch::After(mark(1)?), limit(2)?),
            "AROUND" => talk(Stretch::Around(mark(1)?), limit(2)?),
            "BETWEEN" => talk(Stretch::Between(mark(1)?, mark(2)?), limit(3)?),
            "TARGETS" => {
                let time = |index| match mark(index)? {
                    Mark::Time(ms) => Ok(ms),
                    Mark::Message(_) => Err(invalid(param(index)?)),
                };
                Ok(Self::Targets { from_ms: time(0)?, to_ms: time(1)?, limit: limit(2)? })
            }
            _ => Err(Fault::InvalidParams(given.clone(), given.clone())),
        }
    }
}

/// A time in RFC 3339. One that is further away than times go is the furthest: clients ask for all that there is up to
/// the end of the year 9999, of which the last day is beyond that.
pub fn parse_time(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let pieces = Pieces::parse(text).ok()?;
        pieces.offset().and(pieces.time())?;
        Some(if pieces.date().year() < 0 { Timestamp::MIN } else { Timestamp::MAX })
    })
}

/// `timestamp=<RFC 3339>` or `msgid=<id>`.
fn mark(text: &str) -> Option<Mark> {
    match text.split_once('=')? {
        ("timestamp", time) => parse_time(time).map(|at| Mark::Time(at.as_millisecond())),
        ("msgid", id) => {
            let id = Uuid::parse_str(id).ok().filter(|id| id.get_version_num() == 7)?;
            Some(Mark::Message(seq_of_message_id(id)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Query, Fault> {
        let params: Vec<String> =
            line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        Query::parse(&params, 100)
    }

    #[test]
    fn every_subcommand_is_read() {
        let talk = |stretch, limit| Ok(Query::Talk { target: "#c".to_owned(), stretch, limit });
        let (at, id) = ("timestamp=1970-01-01T00:00:01.500Z", "msgid=00000000-0000-7000-8000-000000000007");
        let (time, message) = (Mark::Time(1_500), Mark::Message(Seq::new(7)));
        assert_eq!(parse("latest #c * 5"), talk(Stretch::Latest(None), 5));
        assert_eq!(parse(&format!("LATEST #c {at} 5")), talk(Stretch::Latest(Some(time)), 5));
        assert_eq!(parse(&format!("BEFORE #c {id} 500")), talk(Stretch::Before(message), 100));
        assert_eq!(parse(&format!("AFTER #c {id} 5")), talk(Stretch::After(message), 5));
        assert_eq!(parse(&format!("AROUND #c {at} 5")), talk(Stretch::Around(time), 5));
        assert_eq!(parse(&format!("BETWEEN #c {at} {id} 5")), talk(Stretch::Between(time, message), 5));
        let targets = Query::Targets { from_ms: 1_500, to_ms: 1_500, limit: 5 };
        assert_eq!(parse(&format!("TARGETS {at} {at} 5")), Ok(targets));
    }

    #[test]
    fn the_end_of_time_is_a_time() {
        let of = |text: &str| parse_time(text).map(|at| at.to_string());
        assert_eq!(of("9999-12-31T23:59:59.999Z"), Some(Timestamp::MAX.to_string()));
        assert_eq!(of("9999-12-31T23:59:59-05:00"), Some(Timestamp::MAX.to_string()));
        assert_eq!(of("-009999-01-01T00:00:00Z"), Some(Timestamp::MIN.to_string()));
        assert_eq!(of("9999-12-30T12:00:00Z").unwrap(), "9999-12-30T12:00:00Z");
        for bad in ["9999-12-31", "9999-12-31T23:59:59", "9999-12-32T00:00:00Z", "9999-12-31T25:00:00Z", ""] {
            assert_eq!(of(bad), None, "{bad}");
        }
        let ends = "timestamp=9999-12-31T23:59:59.999Z 5";
        assert!(parse(&format!("BEFORE #c {ends}")).is_ok());
        assert!(parse(&format!("TARGETS timestamp=1970-01-01T00:00:00.000Z {ends}")).is_ok());
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let missing = |word: &str| Err(Fault::NeedMoreParams(Some(word.to_owned())));
        assert_eq!(parse(""), Err(Fault::NeedMoreParams(None)));
        assert_eq!(parse("latest"), missing("LATEST"));
        assert_eq!(parse("LATEST #c *"), missing("LATEST"));
        assert_eq!(parse("BETWEEN #c timestamp=1970-01-01T00:00:00Z 5"), {
            Err(Fault::InvalidParams("BETWEEN".to_owned(), "5".to_owned()))
        });
        for (line, wrong) in [
            ("nonsense #c * 5", "nonsense"),
            ("LATEST #c * 0", "0"),
            ("LATEST #c * -1", "-1"),
            ("BEFORE #c * 5", "*"),
            ("BEFORE #c timestamp=soon 5", "timestamp=soon"),
            ("BEFORE #c msgid=1 5", "msgid=1"),
            (
                "AFTER #c msgid=00000000-0000-4000-8000-000000000007 5",
                "msgid=00000000-0000-4000-8000-000000000007",
            ),
            ("TARGETS msgid=00000000-0000-7000-8000-000000000007 timestamp=1970-01-01T00:00:00Z 5", {
                "msgid=00000000-0000-7000-8000-000000000007"
            }),
        ] {
            let Err(Fault::InvalidParams(_, param)) = parse(line) else { panic!("{line}") };
            assert_eq!(param, wrong, "{line}");
        }
    }
}
