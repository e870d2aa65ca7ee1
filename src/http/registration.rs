//! `POST /session` and `POST /logout`: coming and going.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::body;
use super::caller::{Caller, cookie, no_cookie};
use super::error::ApiError;
use super::limits::Limits;
use super::messages::json;
use super::routes::HttpSettings;
use crate::auth::hostname::Resolver;
use crate::auth::token::Token;
use crate::command::registration::Registration;
use crate::engine::{Engine, RateLimit};
use crate::protocol::message::require_object;
use crate::protocol::name::{NameError, Nickname, Username};

#[derive(Deserialize)]
struct Wanted {
    nick: String,
    #[serde(default)]
    username: Option<String>,
}

/// `POST /session`: a new session, its token in a cookie.
pub(super) async fn open(
    request: HttpRequest,
    payload: web::Payload,
    engine: web::Data<Engine>,
    settings: web::Data<HttpSettings>,
    limits: web::Data<Limits>,
    resolver: Option<web::Data<Resolver>>,
) -> Result<HttpResponse, ApiError> {
    let body = body::read(&request, payload, &settings).await?;
    let invalid = || ApiError::BadRequest("invalid request body");
    require_object(&body).map_err(|_| invalid())?;
    let wanted: Wanted = serde_json::from_slice(&body).map_err(|_| invalid())?;
    let nick = Nickname::parse(&wanted.nick).map_err(bad_nick)?;
    let username = wanted.username.as_deref().map(Username::parse).transpose().map_err(bad_username)?;
    let address = settings.trusted_proxies.address_of(&request);
    limits.session(address).inspect_err(|_| engine.stats().rate_limited(RateLimit::Session))?;
    let token = Token::random();
    let registration = Registration {
        nick,
        username,
        realname: None,
        address,
        user_uuid: Uuid::new_v4(),
        client_uuid: Uuid::new_v4(),
        token: token.hash(),
    };
    let registered = engine.register(registration).await?;
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
    response.cookie(cookie(&token, settings.trusted_proxies.came_by_tls(&request)));
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
pub(super) async fn log_out(
    request: HttpRequest,
    caller: Caller,
    engine: web::Data<Engine>,
    settings: web::Data<HttpSettings>,
) -> Result<HttpResponse, ApiError> {
    engine.log_out(&caller).await?;
    Ok(json().cookie(no_cookie(settings.trusted_proxies.came_by_tls(&request))).body(r#"{"status":"ok"}"#))
}
