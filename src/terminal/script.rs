//! Coming, going, and what else a script asks in one word.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use clap::ArgMatches;
use neoirc::client::stamp::{self, Cancel};
use neoirc::client::{Body, Client, Message, Options};
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, read};
use ratatui::crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use crate::account::is_of;
use crate::clean;
use crate::clock;
use crate::exit::{Failure, granted};
use crate::profile::Profile;

/// How long a script waits for a server that does not answer: through a restart, not for an hour.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// Longest password that is read; the server takes 256 bytes.
const PASSWORD_BYTES_MAX: u64 = 1024;

/// Prints a line.
pub(crate) fn print(line: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(Failure::Output)
}

/// `neoirc login`
pub(crate) async fn login(profile: &Profile, words: &ArgMatches) -> Result<(), Failure> {
    let nick = words.get_one::<String>("NICK").cloned().unwrap_or_default();
    let options = Options::new(&profile.server, &nick).patience(PATIENCE);
    let kept = profile.kept(PATIENCE).await?;
    if let Some(kept) = &kept {
        is_of(kept, &nick)?;
    }
    let client = match (kept, words.get_flag("password")) {
        (Some(kept), true) => {
            // The password is tried, and the way in is the one that is there: another for each login would use up the
            // devices that a session may have.
            Client::log_in(options, &password()?).await?.log_out().await?;
            kept
        }
        (Some(kept), false) => kept,
        (None, true) => {
            let password = password()?;
            profile.keep(Client::log_in(options, &password)).await?
        }
        (None, false) => profile.open(&nick, PATIENCE).await?,
    };
    print(&format!("logged in as {}", clean::line(&client.nick())))
}

/// `neoirc logout`
pub(crate) async fn logout(profile: &Profile) -> Result<(), Failure> {
    match profile.client(PATIENCE).await {
        Ok(client) => client.log_out().await?,
        // Then it is what was asked for.
        Err(Failure::NotLoggedIn) => {}
        Err(failure) => return Err(failure),
    }
    profile.leave()
}

/// `neoirc passwd`
pub(crate) async fn passwd(profile: &Profile) -> Result<(), Failure> {
    let client = profile.client(PATIENCE).await?;
    granted(client.pass(&password()?).await).map(drop)
}

/// `neoirc join`
pub(crate) async fn join(profile: &Profile, words: &ArgMatches) -> Result<(), Failure> {
    let client = profile.client(PATIENCE).await?;
    let key = words.get_one::<String>("key");
    for channel in words.get_many::<String>("CHANNEL").into_iter().flatten() {
        let receipt = match key {
            Some(key) => client.join_with_key(channel, key).await,
            None => client.join(channel).await,
        };
        granted(receipt)?;
    }
    Ok(())
}

/// `neoirc state`
pub(crate) async fn state(profile: &Profile, words: &ArgMatches) -> Result<(), Failure> {
    let state = profile.client(PATIENCE).await?.state().await?;
    if words.get_flag("json") {
        let channels: Vec<_> = state
            .channels
            .iter()
            .map(|channel| serde_json::json!({ "name": channel.name, "topic": channel.topic }))
            .collect();
        let json = serde_json::json!({
            "nick": state.nick, "username": state.username, "hostname": state.hostname, "account": state.account,
            "away": state.away, "channels": channels,
        });
        return print(&clean::json(&json.to_string()));
    }
    print(&clean::line(&format!("{}!{}@{}", state.nick, state.username, state.hostname)))?;
    if let Some(account) = &state.account {
        print(&clean::line(&format!("account: {account}")))?;
    }
    if let Some(away) = &state.away {
        print(&clean::line(&format!("away: {away}")))?;
    }
    for channel in &state.channels {
        print(clean::line(&format!("{} {}", channel.name, channel.topic)).trim_end())?;
    }
    Ok(())
}

/// `neoirc pow`
pub(crate) fn pow(words: &ArgMatches) -> Result<(), Failure> {
    let resource = words.get_one::<String>("RESOURCE").cloned().unwrap_or_default();
    let bits = words.get_one::<u32>("bits").copied().unwrap_or_default();
    if resource.is_empty() || resource.contains(|c: char| c.is_control() || c == ' ') {
        return Err(Failure::Usage("a resource is a word".to_owned()));
    }
    let (today, cancel) = (clock::today(), Cancel::default());
    let stamp = match words.get_one::<String>("body") {
        Some(json) => {
            let message: Result<Body, _> = serde_json::from_str(json);
            let body =
                message.map_err(|error| Failure::Usage(format!("--body: no body of a message: {error}")))?;
            stamp::mint_channel(bits, &resource, &body, &today, &cancel)
        }
        None => stamp::mint(bits, &resource, &today, &cancel),
    };
    print(&stamp.map_err(|error| Failure::Usage(error.to_string()))?)
}

/// The password, from standard input: the first line, or what is typed without being shown.
pub(crate) fn password() -> Result<String, Failure> {
    use std::io::{BufRead, Read};
    if std::io::stdin().is_terminal() {
        return typed_password();
    }
    let mut line = String::new();
    std::io::stdin().lock().take(PASSWORD_BYTES_MAX).read_line(&mut line).map_err(Failure::Local)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn typed_password() -> Result<String, Failure> {
    /// Gives the terminal back, whatever happens.
    struct Raw;
    impl Drop for Raw {
        fn drop(&mut self) {
            drop(disable_raw_mode());
            // The terminal may be gone.
            let _ = writeln!(std::io::stderr());
        }
    }
    let _ = write!(std::io::stderr(), "Password: ");
    enable_raw_mode().map_err(Failure::Local)?;
    let _raw = Raw;
    let mut password = String::new();
    loop {
        let Event::Key(key) = read().map_err(Failure::Local)? else { continue };
        match key.code {
            _ if key.kind == KeyEventKind::Release => {}
            KeyCode::Enter => return Ok(password),
            KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                return Err(Failure::Usage("no password was given".to_owned()));
            }
            _ => edit(&mut password, key),
        }
    }
}

/// What a key does to a password. It is not seen, so a word of it cannot be told from the rest: Ctrl+W deletes it
/// back to a blank, as it does elsewhere. A chord that means nothing here adds nothing that nobody sees.
fn edit(password: &mut String, key: KeyEvent) {
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Backspace => drop(password.pop()),
        KeyCode::Char('h') if is_control => drop(password.pop()),
        KeyCode::Char('u') if is_control => password.clear(),
        KeyCode::Char('w') if is_control => {
            let kept = password.trim_end().rfind(char::is_whitespace).map_or(0, |blank| blank + 1);
            password.truncate(kept);
        }
        KeyCode::Char(c) if !is_control && !key.modifiers.contains(KeyModifiers::ALT) => password.push(c),
        _ => {}
    }
}

/// A message as one line of JSON, not yet clean.
pub(crate) fn json(message: &Message) -> Result<String, Failure> {
    serde_json::to_string(message).map_err(|error| Failure::Local(error.into()))
}

/// A message to a target.
pub(crate) fn message(command: &str, to: &str, lines: Vec<String>) -> Message {
    Message::new(command).to(to).body(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_delete_and_chords_do_not_become_part_of_a_password() {
        let mut password = String::new();
        let mut press = |code: KeyCode, modifiers: KeyModifiers| {
            edit(&mut password, KeyEvent::new(code, modifiers));
            password.clone()
        };
        press(KeyCode::Char('x'), KeyModifiers::NONE);
        assert_eq!(press(KeyCode::Char('u'), KeyModifiers::CONTROL), "");
        for c in "Ab é cd".chars() {
            press(KeyCode::Char(c), if c.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE });
        }
        assert_eq!(press(KeyCode::Char('h'), KeyModifiers::CONTROL), "Ab é c");
        assert_eq!(press(KeyCode::Char('w'), KeyModifiers::CONTROL), "Ab é ");
        assert_eq!(press(KeyCode::Char('w'), KeyModifiers::CONTROL), "Ab ");
        assert_eq!(press(KeyCode::Backspace, KeyModifiers::NONE), "Ab");
        for modifiers in [KeyModifiers::CONTROL, KeyModifiers::ALT, KeyModifiers::CONTROL | KeyModifiers::ALT]
        {
            assert_eq!(press(KeyCode::Char('a'), modifiers), "Ab");
        }
        assert_eq!(press(KeyCode::Char('w'), KeyModifiers::CONTROL), "");
    }
}
