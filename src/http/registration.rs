//! `POST /session` and `POST /logout`: coming and going.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::caller::{Caller, cookie, no_cookie};
use super::error::ApiError;
use super::messages::json;
use super::pow;
use super::price::Price;
use super::routes::HttpSettings;
use crate::auth::hostname::Resolver;
use crate::auth::token::Token;
use crate::command::registration::Registration;
use crate::engine::{Engine, RateLimit, RegisterError};
use crate::limits::Limits;
use crate::protocol::message::require_object;
use crate::protocol::name::{NameError, Nickname, Username};
use crate::protocol::stamp::StampError;

#[derive(Deserialize)]
struct Wanted {
    nick: String,
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

/// `POST /session`: a new session, its token in a cookie.
#[utoipa::path(
    post, path = "/api/v1/session", request_body = super::schema::NewSession,
    responses(
        (status = 201, description = "A new session, its token in a cookie", body = super::schema::Entered),
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
    let invalid = || ApiError::BadRequest("invalid request body");
    require_object(&body).map_err(|_| invalid())?;
    let wanted: Wanted = serde_json::from_slice(&body).map_err(|_| invalid())?;
    let nick = Nickname::parse(&wanted.nick).map_err(bad_nick)?;
    let username = wanted.username.as_deref().map(Username::parse).transpose().map_err(bad_username)?;
    let address = settings.trusted_proxies.address_of(request.head());
    // Before the limit: learning what a session costs takes no turn.
    let (server, price) = (engine.server(), pow::price(&engine, &price));
    let stamp = pow::check(&server, price, wanted.stamp(), engine.now())?;
    limits.session(address).inspect_err(|_| engine.stats().rate_limited(RateLimit::Session))?;
    let token = Token::random();
    let registration = Registration {
        nick,
        username,
        stamp,
        password: None,
        realname: None,
        address,
        user_uuid: Uuid::new_v4(),
        is_connection: false,
        client_uuid: Uuid::new_v4(),
        token: token.hash(),
    };
    let registered = engine.register(registration).await.map_err(|error| match error {
        RegisterError::NicknameInUse => ApiError::NickTaken,
        RegisterError::StampSpent => pow::unpaid(&server, price, Some(StampError::Spent)),
        RegisterError::Submit(error) => error.into(),
    })?;
    if let Some(resolver) = resolver {
        // Off the critical path: the address serves as the name until there is one.
        actix_web::rt::spawn(async move {
            if let Some(hostname) = resolver.name_of(address).await {
                engine.set_hostname(registered.user, hostname);
            }
        });
    }
    let answer = json!({"id": registered.user, "nick": registered.nick});
    let mut response = HttpResponse::Created();
    response.cookie(cookie(&token, settings.trusted_proxies.came_by_tls(request.head())));
    Ok(response.content_type("application/json").body(answer.to_string()))
}

fn bad_nick(error: NameError) -> ApiError {
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
    responses((status = 200, description = "This client is gone, and its cookie cleared", body = super::schema::Done)),
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
