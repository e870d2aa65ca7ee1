//! The notation of a transcript.
//!
//! ```text
//! # clause: nicks.free "…"   the clauses, by their ids in clauses.txt, that the lines below prove; what is
//!                             quoted behind them is for readers
//! # a comment
//! only http: why              this transcript is played through one face alone, `http` or `irc`
//! % MOTD=Hello                a setting of the server, before anybody comes; \n is a line break
//! + alice                     alice opens a session and reads her welcome
//! + bob user=robert           the same with a username of his own
//! ~ dave                      dave connects, over IRC, and does not say yet who he is
//! ++ carol                    the same, and her welcome is there to be heard
//! alice> JOIN #rust           alice sends this line
//! bob< :alice!alice@127.0.0.1 JOIN #rust      the next line bob receives
//! bob< nothing                bob has received nothing more
//! alice= sent                 over HTTP, the receipt of the last command: its status,
//! alice= error 404            and for a refusal the numeric
//! --                          the scene is set: what everybody received until here is forgotten
//! - bob                       bob logs out, or closes his connection
//! x bob                       bob has been thrown out
//! ```
//!
//! Between the name and the blank of a received line stand marks: `<=` is a sender's own message, which only
//! faces that echo deliver; `<?` may be missing; lines in a row marked `<~` may come in any order among each
//! other. What `Line::describes` treats as a wildcard is a wildcard here; `\*` is an asterisk.
//!
//! A line may begin with tags: `@typing=active TAGMSG #rust`, or `@{"n":[1]} TAGMSG #rust` for what is no string.
//! They are the `meta` of the JSON form. A last parameter that is a JSON object stands for a body that is one. The
//! tag `hashcash=mint/8` becomes a stamp of eight bits for the channel and the text of the line,
//! `hashcash=mint/8/#other` one for another channel, and `hashcash=last` is the stamp that was minted last.
//!
//! Without being told, a player also checks: every numeric has the shape that the table of numerics gives it; nobody receives anything that is not written down; a command is
//! refused in its receipt exactly when its sender receives a refusal, with the first one's numeric.

use super::line::Line;

/// A whole transcript.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) settings: Vec<(String, String)>,
    /// The one face that it is for; `None` when it is for all.
    pub(crate) only: Option<String>,
    pub(crate) steps: Vec<Numbered>,
}

/// A step with the line it was written on.
#[derive(Debug)]
pub(crate) struct Numbered {
    pub(crate) number: usize,
    pub(crate) step: Step,
}

/// What a line of a transcript asks for.
#[derive(Debug)]
pub(crate) enum Step {
    Connect { who: String },
    Open { who: String, username: Option<String>, reads_welcome: bool },
    Out { who: String },
    Leave { who: String },
    Send { who: String, line: Line },
    Hear { who: String, line: Line, marks: Marks },
    Silence { who: String },
    Receipt { who: String, status: String, numeric: Option<String> },
    Forget,
}

/// What is special about a received line.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Marks {
    /// A sender's own message: only faces that echo deliver it.
    pub(crate) echo: bool,
    /// May be missing.
    pub(crate) optional: bool,
    /// May change places with its neighbours of the same kind.
    pub(crate) any_order: bool,
}

impl Script {
    /// Reads a transcript, or says in which line and why it cannot be read.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut script = Self { settings: Vec::new(), only: None, steps: Vec::new() };
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let line = line.trim_end();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(setting) = line.strip_prefix("% ") {
                let (name, value) =
                    setting.split_once('=').ok_or(format!("{number}: a setting is NAME=value"))?;
                script.settings.push((name.to_string(), value.replace("\\n", "\n")));
                continue;
            }
            if let Some(only) = line.strip_prefix("only ") {
                let (face, why) = only.split_once(": ").ok_or(format!("{number}: only <face>: <why>"))?;
                if !["http", "irc"].contains(&face) || why.is_empty() {
                    return Err(format!("{number}: no such face, or no reason: {only}"));
                }
                script.only = Some(face.to_string());
                continue;
            }
            let step = parse_step(line).ok_or(format!("{number}: cannot be read: {line}"))?;
            script.steps.push(Numbered { number, step });
        }
        Ok(script)
    }
}

fn parse_step(line: &str) -> Option<Step> {
    if line == "--" {
        return Some(Step::Forget);
    }
    let opened = line.strip_prefix("+ ").map(|rest| (rest, false));
    if let Some((rest, reads_welcome)) = opened.or_else(|| Some((line.strip_prefix("++ ")?, true))) {
        let (who, username) = match rest.split_once(" user=") {
            Some((who, username)) => (who, Some(username.to_string())),
            None => (rest, None),
        };
        return Some(Step::Open { who: who.to_string(), username, reads_welcome });
    }
    if let Some(who) = line.strip_prefix("~ ") {
        return Some(Step::Connect { who: who.to_string() });
    }
    if let Some(who) = line.strip_prefix("x ") {
        return Some(Step::Out { who: who.to_string() });
    }
    if let Some(who) = line.strip_prefix("- ") {
        return Some(Step::Leave { who: who.to_string() });
    }
    let at = line.find(|sign: char| !sign.is_ascii_alphanumeric())?;
    let (who, rest) = line.split_at(at);
    let (mark, text) = rest.split_once(' ')?;
    let who = who.to_string();
    match (mark.split_at_checked(1)?, text) {
        ((">", ""), _) => Some(Step::Send { who, line: Line::parse(text) }),
        (("<", ""), "nothing") => Some(Step::Silence { who }),
        (("<", marks), _) => Some(Step::Hear { who, line: Line::parse(text), marks: parse_marks(marks)? }),
        (("=", ""), _) => {
            let (status, numeric) = match text.split_once(' ') {
                Some((status, numeric)) => (status, Some(numeric.to_string())),
                None => (text, None),
            };
            Some(Step::Receipt { who, status: status.to_string(), numeric })
        }
        _ => None,
    }
}

fn parse_marks(text: &str) -> Option<Marks> {
    let mut marks = Marks::default();
    for mark in text.chars() {
        match mark {
            '=' => marks.echo = true,
            '?' => marks.optional = true,
            '~' => marks.any_order = true,
            _ => return None,
        }
    }
    Some(marks)
}
