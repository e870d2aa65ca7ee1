//! `neoirc register`, `unregister` and `marker`: what outlasts a session.

use clap::ArgMatches;
use neoirc::client::{Client, Options, Receipt};

use crate::clean;
use crate::exit::{Failure, granted};
use crate::profile::Profile;
use crate::script::{PATIENCE, password, print};

/// A time that nobody will see. The server puts no marker beyond its own now, so this is that.
const NOW: &str = "9000-01-01T00:00:00Z";

/// `neoirc register`: the session that is kept here becomes an account; where there is none, one is opened with it.
pub(crate) async fn register(profile: &Profile, words: &ArgMatches) -> Result<(), Failure> {
    let wanted = words.get_one::<String>("NICK");
    let account = match (profile.kept(PATIENCE).await?, wanted.or(profile.nick.as_ref())) {
        (Some(kept), _) => {
            if let Some(nick) = wanted {
                is_of(&kept, nick)?;
            }
            match granted(kept.make_account(&password()?).await)? {
                Receipt::Account { account } => account,
                _ => kept.nick(),
            }
        }
        (None, Some(nick)) => {
            let options = Options::new(&profile.server, nick).patience(PATIENCE);
            let password = password()?;
            profile.keep(Client::register(options, &password)).await?.nick()
        }
        (None, None) => return Err(Failure::NotLoggedIn),
    };
    print(&clean::line(&format!("registered as {account}")))
}

/// Whether the session that is kept is that of this nick.
///
/// # Errors
/// When it is that of another, which would be lost.
pub(crate) fn is_of(kept: &Client, nick: &str) -> Result<(), Failure> {
    let now = kept.nick();
    if now.eq_ignore_ascii_case(nick) {
        return Ok(());
    }
    let text = "`neoirc logout`, or another --profile";
    Err(Failure::Usage(format!("not {nick}: this profile is logged in as {now}; {text}")))
}

/// `neoirc unregister`
pub(crate) async fn unregister(profile: &Profile) -> Result<(), Failure> {
    let client = profile.client(PATIENCE).await?;
    // Where there is none, it is the server that says so.
    let account = client.state().await?.account.unwrap_or_else(|| client.nick());
    granted(client.unregister(&account).await).map(drop)
}

/// `neoirc marker`
pub(crate) async fn marker(profile: &Profile, words: &ArgMatches) -> Result<(), Failure> {
    let target = words.get_one::<String>("TARGET").map_or("", String::as_str);
    let client = profile.client(PATIENCE).await?;
    let at = match words.get_one::<String>("TIME").map(String::as_str) {
        Some("now") => Some(client.set_marker(target, NOW).await?),
        Some(at) => Some(client.set_marker(target, at).await?),
        None => client.marker(target).await?,
    };
    at.map_or(Ok(()), |at| print(&clean::line(&at)))
}
