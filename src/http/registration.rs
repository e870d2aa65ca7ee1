//! `POST /session` and `POST /logout`: coming and going.

use std::net::IpAddr;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::body;
use super::caller::{Caller, cookie, no_cookie};
use super::error::ApiError;
use super::messages::json;
use super::pow;
use super::price::{Bits, Price};
use super::routes::HttpSettings;
use crate::auth::hostname::Resolver;
use crate::auth::token::Token;
use crate::command::registration::Registration;
use crate::engine::{Engine, RateLimit, RegisterError, Registered};
use crate::id::UserId;
use crate::limits::Limits;
use crate::protocol::name::{NameError, Nickname, Username};
use crate::protocol::password::PasswordHash;
use crate::protocol::stamp::{Accepted, StampError};

/// What a newcomer asks for.
#[derive(Deserialize)]
pub(super) struct Wanted {
    pub(super) nick: String,
    #[serde(default)]
    username: Option<String>,
    /// The stamp that pays for the session, under its name and its older one.
    #[serde(default)]
    pow_token: Option<String>,
    #[serde(default)]
    hashcash: Option<String>,
}

impl Wanted {
    fn stamp(&self) -> Option<&str> {
        self.pow_token.as_deref().or(self.hashcash.as_deref()).filter(|stamp| !stamp.is_empty())
    }
}

/// Somebody who has paid for a session, and may open one now.
pub(super) struct Newcomer {
    nick: Nickname,
    username: Option<Username>,
    stamp: Option<Accepted>,
    address: IpAddr,
    price: Bits,
}

impl Newcomer {
    /// # Errors
    /// What is wrong with what is asked for; `Unpaid`, `RateLimited`.
    pub(super) fn of(
        request: &HttpRequest,
        wanted: &Wanted,
        engine: &Engine,
        settings: &HttpSettings,
        limits: &Limits,
        price: &Price,
    ) -> Result<Self, ApiError> {
        let nick = Nickname::parse(&wanted.nick).map_err(bad_nick)?;
        let username = wanted.username.as_deref().map(Username::parse).transpose().map_err(bad_username)?;
        let address = settings.trusted_proxies.address_of(request.head());
        // Before the limit: learning what a session costs takes no turn.
        let price = pow::price(engine, price);
        let stamp = pow::check(&engine.server(), price, wanted.stamp(), engine.now())?;
        limits.session(address).inspect_err(|_| engine.stats().rate_limited(RateLimit::Session))?;
        Ok(Self { nick, username, stamp, address, price })
    }

    /// Opens the session; with a password, as that of an account.
    ///
    /// # Errors
    /// `NickTaken`, `NoMoreAccounts`, `Unpaid` when the stamp has paid before.
    pub(super) async fn open(
        self,
        engine: &Engine,
        account: Option<PasswordHash>,
    ) -> Result<(Registered, Token), ApiError> {
        let token = Token::random();
        let registration = Registration {
            nick: self.nick,
            username: self.username,
            stamp: self.stamp,
            lasts: account.is_some(),
            password: account,
            realname: None,
            address: self.address,
            user_uuid: Uuid::now_v7(),
            is_connection: false,
            client_uuid: Uuid::now_v7(),
            token: token.hash(),
        };
        let registered = engine.register(registration).await.map_err(|error| match error {
            RegisterError::NicknameInUse => ApiError::NickTaken,
            RegisterError::NoMoreAccounts => ApiError::Forbidden("no further accounts are made here"),
            RegisterError::StampSpent => pow::unpaid(&engine.server(), self.price, Some(StampError::Spent)),
            RegisterError::Submit(error) => error.into(),
        })?;
        Ok((registered, token))
    }
}

/// `POST /session`: a new session, its token in a cookie.
#[utoipa::path(
    post, path = "/api/v1/session", request_body = super::schema::NewSession,
    responses(
        (
            status = 201, description = "A new session, its token in a cookie", body = super::schema::Entered,
            headers(("Set-Cookie" = String, description = "neoirc_auth=<token>; for this host alone, not for scripts")),
        ),
        (status = 402, description = "It costs work", body = super::schema::Unpaid),
        (status = 409, description = "Somebody has the nick", body = super::schema::Problem),
    ),
)]
pub(super) async fn open(
    request: HttpRequest,
    body: web::Bytes,
    engine: web::Data<Engine>,
    settings: web::Data<HttpSettings>,
    limits: web::Data<Limits>,
    price: web::Data<Price>,
    resolver: Option<web::Data<Resolver>>,
) -> Result<HttpResponse, ApiError> {
    let wanted: Wanted = body::object(&body)?;
    let newcomer = Newcomer::of(&request, &wanted, &engine, &settings, &limits, &price)?;
    let address = newcomer.address;
    let (registered, token) = newcomer.open(&engine, None).await?;
    look_up(resolver, engine, registered.user, address);
    let answer = json!({"id": registered.user, "nick": registered.nick});
    let mut response = HttpResponse::Created();
    response.cookie(cookie(&token, settings.trusted_proxies.came_by_tls(request.head())));
    Ok(response.content_type("application/json").body(answer.to_string()))
}

/// Looks the name of an address up, off the critical path: the address serves as the name until there is one.
pub(super) fn look_up(
    resolver: Option<web::Data<Resolver>>,
    engine: web::Data<Engine>,
    user: UserId,
    address: IpAddr,
) {
    let Some(resolver) = resolver else { return };
    actix_web::rt::spawn(async move {
        if let Some(hostname) = resolver.name_of(address).await {
            engine.set_hostname(user, hostname);
        }
    });
}

/// Whether the address that a request comes from may make an account now.
///
/// # Errors
/// `RateLimited`
pub(super) fn may_register(address: IpAddr, limits: &Limits, engine: &Engine) -> Result<(), ApiError> {
    limits.account(address).inspect_err(|_| engine.stats().rate_limited(RateLimit::Account))?;
    Ok(())
}

pub(super) fn bad_nick(error: NameError) -> ApiError {
    ApiError::BadRequest(match error {
        NameError::Length => "nick must be 1-32 characters",
        NameError::Format => "invalid nick format",
    })
}

fn bad_username(_: NameError) -> ApiError {
    ApiError::BadRequest("invalid username format")
}

/// `POST /logout`: this client goes, and the session with its last.
#[utoipa::path(
    post, path = "/api/v1/logout", security(("neoirc_auth" = [])),
    responses((
        status = 200, description = "This client is gone, and its cookie cleared", body = super::schema::Done,
        headers(("Set-Cookie" = String, description = "neoirc_auth=; it is to be forgotten")),
    )),
)]
pub(super) async fn log_out(
    request: HttpRequest,
    caller: Caller,
    engine: web::Data<Engine>,
    settings: web::Data<HttpSettings>,
) -> Result<HttpResponse, ApiError> {
    engine.log_out(&caller).await?;
    Ok(json()
        .cookie(no_cookie(settings.trusted_proxies.came_by_tls(request.head())))
        .body(r#"{"status":"ok"}"#))
}
