//! `POST /login`: a further device of a living session, or a new session of an account, by nick and password.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::body;
use super::caller::cookie;
use super::error::ApiError;
use super::messages::json;
use super::registration::look_up;
use super::routes::HttpSettings;
use crate::auth::hostname::Resolver;
use crate::auth::password::Passwords;
use crate::auth::token::Token;
use crate::command::login::{Login, NewSession};
use crate::engine::{Engine, RateLimit};
use crate::limits::Limits;
use crate::protocol::name::Nickname;
use crate::protocol::password::Password;

#[derive(Deserialize)]
struct Credentials {
    nick: String,
    password: String,
}

/// A new client on the session that goes by the nick, or on a new one of the account that the nick is kept for. What is wrong with nick or password is not told, nor does it
/// show in how long the answer takes.
#[utoipa::path(
    post, path = "/api/v1/login", request_body = super::schema::Credentials,
    responses(
        (
            status = 200, description = "A further client of the session, its token in a cookie", body = super::schema::Entered,
            headers(("Set-Cookie" = String, description = "neoirc_auth=<token>; for this host alone, not for scripts")),
        ),
        (status = 401, description = "Whatever is wrong with nick or password", body = super::schema::Problem),
        (status = 409, description = "The session has as many clients as it may", body = super::schema::Problem),
    ),
)]
pub(super) async fn log_in(
    request: HttpRequest,
    body: web::Bytes,
    engine: web::Data<Engine>,
    settings: web::Data<HttpSettings>,
    limits: web::Data<Limits>,
    passwords: web::Data<Passwords>,
    resolver: Option<web::Data<Resolver>>,
) -> Result<HttpResponse, ApiError> {
    let Credentials { nick, password } = credentials(&body)?;
    let address = settings.trusted_proxies.address_of(request.head());
    limits.login_from(address).inspect_err(|_| engine.stats().rate_limited(RateLimit::Login))?;
    let named = Nickname::parse(&nick).ok();
    if let Some(nick) = &named {
        limits.login_to(nick, address).inspect_err(|_| engine.stats().rate_limited(RateLimit::LoginNick))?;
    }
    let holder = engine.holder(nick).await?;
    let hash = holder.as_ref().and_then(|held| held.password.clone());
    let verified = passwords.verify(Password::parse(password), hash).await?;
    let (held, verified) = holder.zip(verified).ok_or(ApiError::BadCredentials)?;
    if let Some(nick) = &named {
        limits.entered(nick, address);
    }
    let token = Token::random();
    let login = Login {
        holder: held.holder,
        verified: verified.hash,
        rehashed: verified.rehashed,
        address,
        client_uuid: Uuid::now_v7(),
        token: token.hash(),
        connection: None,
        session: NewSession { uuid: Uuid::now_v7(), username: None, realname: None },
    };
    let entered = engine.log_in(login).await?;
    if entered.is_new {
        look_up(resolver, engine, entered.user, address);
    }
    let answer = json!({"id": entered.user, "nick": entered.nick});
    Ok(json()
        .cookie(cookie(&token, settings.trusted_proxies.came_by_tls(request.head())))
        .body(answer.to_string()))
}

fn credentials(body: &[u8]) -> Result<Credentials, ApiError> {
    let credentials = body::object(body).ok();
    let given = |Credentials { nick, password }: &Credentials| !nick.is_empty() && !password.is_empty();
    credentials.filter(given).ok_or(ApiError::BadRequest("nick and password required"))
}
