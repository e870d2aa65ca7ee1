//! `neoirc search`: what was said, by its words.

use clap::ArgMatches;
use neoirc::client::{Message, Search};

use crate::clean;
use crate::clock;
use crate::exit::Failure;
use crate::line;
use crate::profile::Profile;
use crate::script::{PATIENCE, json, print};

/// `neoirc search`
pub(crate) async fn search(profile: &Profile, words: &ArgMatches) -> Result<(), Failure> {
    let text = |name| words.get_one::<String>(name).map(String::as_str);
    let sought: Vec<&str> =
        words.get_many::<String>("WORD").into_iter().flatten().map(String::as_str).collect();
    let mut search = Search::new(sought.join(" "));
    if let Some(target) = text("target") {
        search = search.target(target);
    }
    if let Some(nick) = text("from") {
        search = search.said_by(nick);
    }
    if let Some(limit) = words.get_one::<u16>("limit") {
        search = search.limit(*limit);
    }
    let found = profile.client(PATIENCE).await?.search(search).await?;
    // The newest come first; they are read last, as everywhere else.
    for message in found.iter().rev() {
        if words.get_flag("json") {
            print(&clean::json(&json(message)?))?;
        } else {
            lines(message).iter().try_for_each(|line| print(line))?;
        }
    }
    Ok(())
}

/// A message that was found as lines to read, with the day and the place, which nothing else around them tells.
pub(crate) fn lines(message: &Message) -> Vec<String> {
    let (day, to) = (clock::day(&message.ts).unwrap_or_default(), clean::line(&message.to));
    line::lines(message).iter().map(|line| format!("{day} {} {to} {}", line.time, line.text)).collect()
}
