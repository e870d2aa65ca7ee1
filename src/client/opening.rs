//! The ways into a session: a new one, one that still is there, and one that is entered with a password.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::backoff::Attempts;
use super::error::Error;
use super::options::{Options, Token};
use super::stamp::{self, Cancel, Cancelled};
use super::transport::{Answer, Transport};

/// How often proof of work is done for one session: a stamp may become too old or too easy while it is made, but
/// not time after time.
const WORK_ATTEMPTS: u32 = 3;

/// What an opened session and a resumed one are told about themselves.
#[derive(Deserialize)]
struct Identity {
    nick: String,
}

/// A demand for proof of work.
#[derive(Deserialize)]
struct Demand {
    hashcash: Challenge,
}

#[derive(Deserialize)]
struct Challenge {
    bits: u32,
    resource: String,
}

/// The nick of a session that still is there.
///
/// # Errors
/// [`Error::Unauthorized`] when it is not.
pub(super) async fn resume(
    transport: &Transport,
    token: &Token,
    patience: Duration,
) -> Result<String, Error> {
    let mut attempts = Attempts::within(patience);
    loop {
        match transport.get::<Identity>(token, "/state").await {
            Ok(identity) => return Ok(identity.nick),
            Err(error) => attempts.after(error).await?,
        }
    }
}

/// Opens a session, with an account where there is a password for it, and works for it where that is asked for. Gives
/// its token and its nick.
pub(super) async fn open(
    transport: &Transport,
    options: &Options,
    password: Option<&str>,
    patience: Duration,
) -> Result<(Token, String), Error> {
    let mut request = json!({ "nick": options.nick });
    let path = if password.is_some() { "/register" } else { "/session" };
    if let Some(password) = password {
        request["password"] = password.into();
    }
    if let Some(username) = &options.username {
        request["username"] = username.as_str().into();
    }
    for _ in 0..WORK_ATTEMPTS {
        let answer = enter(transport, path, &request, patience).await?;
        if answer.status != 402 {
            return entered(answer);
        }
        request["pow_token"] = session_stamp(transport, &answer, options.work_bits_max).await?.into();
    }
    let answer = enter(transport, path, &request, patience).await?;
    if answer.status == 402 { Err(Error::Work(answer.error_text())) } else { entered(answer) }
}

/// Enters the living session of this nick. Gives the token of a new client, and the nick.
///
/// # Errors
/// [`Error::Http`] with status 401 when the password is not good.
pub(super) async fn log_in(
    transport: &Transport,
    nick: &str,
    password: &str,
    patience: Duration,
) -> Result<(Token, String), Error> {
    let request = json!({ "nick": nick, "password": password });
    let answer = enter(transport, "/login", &request, patience).await?;
    if answer.status == 401 {
        // There was no session yet that could have ended.
        return Err(Error::Http { status: 401, text: answer.error_text() });
    }
    entered(answer)
}

/// Posts a request that would come in twice if it were done twice: so it is sent again only where it cannot have been
/// done.
async fn enter(
    transport: &Transport,
    path: &str,
    request: &Value,
    patience: Duration,
) -> Result<Answer, Error> {
    let mut attempts = Attempts::within(patience);
    loop {
        let posted = transport.post(None, path, None, request.to_string().into_bytes()).await;
        match posted.and_then(Answer::or_busy) {
            Err(error) if error.is_undone() => attempts.after(error).await?,
            answer => return answer,
        }
    }
}

fn entered(answer: Answer) -> Result<(Token, String), Error> {
    let token = answer.token();
    let identity: Identity = serde_json::from_slice(&answer.ok()?)
        .map_err(|error| Error::Protocol(format!("an opened session: {error}")))?;
    let token = token.ok_or_else(|| Error::Protocol("a session without a cookie".to_owned()))?;
    Ok((token, identity.nick))
}

/// The stamp that a refused session is to be paid for with.
async fn session_stamp(transport: &Transport, refusal: &Answer, bits_max: u32) -> Result<String, Error> {
    let demand: Demand = serde_json::from_slice(&refusal.body)
        .map_err(|error| Error::Protocol(format!("a demand for proof of work: {error}")))?;
    let Challenge { bits, resource } = demand.hashcash;
    if bits > bits_max {
        return Err(Error::Work(format!("the server wants {bits} bits, more than {bits_max}")));
    }
    let today = transport.today()?;
    work(move |cancel| stamp::mint(bits, &resource, &today, cancel)).await
}

/// Does proof of work beside everything else.
pub(super) async fn work(
    mint: impl FnOnce(&Cancel) -> Result<String, Cancelled> + Send + 'static,
) -> Result<String, Error> {
    stamp::mint_in_background(mint).await.map_err(|error| Error::Work(error.to_string()))
}
