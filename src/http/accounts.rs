//! `POST /api/v1/register`: a session that lasts as an account, a new one or one's own.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body;
use super::caller::{Caller, cookie, has_cookie};
use super::error::ApiError;
use super::price::Price;
use super::registration::{Newcomer, Wanted, bad_nick, look_up, may_register};
use super::routes::HttpSettings;
use crate::auth::hostname::Resolver;
use crate::auth::password::Passwords;
use crate::command::Wish;
use crate::engine::Engine;
use crate::limits::Limits;
use crate::protocol::message::Request;
use crate::protocol::name::Nickname;
use crate::protocol::numeric::{
    FAIL_REGISTER_ACCOUNT_NAME_MUST_BE_NICK, FAIL_REGISTER_ALREADY_AUTHENTICATED,
};
use crate::protocol::password::{Password, PasswordHash};

#[derive(Deserialize)]
struct Secret {
    password: String,
}

/// `POST /register`: an account, which keeps nick and password when its session has ended. With a cookie that of
/// one's own session; without one a new session is opened with it.
#[utoipa::path(
    post, path = "/api/v1/register", request_body = super::schema::NewAccount,
    responses(
        (
            status = 201, description = "An account; where a session was opened for it, its token in a cookie",
            body = super::schema::AccountMade,
            headers(("Set-Cookie" = String, description = "neoirc_auth=<token>; for this host alone, not for scripts")),
        ),
        (status = 401, description = "The cookie is not good any more", body = super::schema::Problem),
        (status = 402, description = "A new session costs work", body = super::schema::Unpaid),
        (status = 409, description = "Somebody has the nick, or the session has an account", body = super::schema::Problem),
    ),
)]
#[expect(clippy::too_many_arguments, reason = "each is what the framework hands out")]
pub(super) async fn register(
    request: HttpRequest,
    body: web::Bytes,
    engine: web::Data<Engine>,
    settings: web::Data<HttpSettings>,
    limits: web::Data<Limits>,
    price: web::Data<Price>,
    passwords: web::Data<Passwords>,
    resolver: Option<web::Data<Resolver>>,
) -> Result<HttpResponse, ApiError> {
    let wanted: Wanted = body::object(&body)?;
    let Secret { password } = body::object(&body)?;
    let nick = Nickname::parse(&wanted.nick).map_err(bad_nick)?;
    let chars_min = engine.server().rules.password_chars_min;
    let password =
        Password::parse(password).ok_or(ApiError::BadRequest("password is missing or too long"))?;
    if !password.has_chars(chars_min) {
        return Err(ApiError::BadRequest("password is too short"));
    }
    if has_cookie(request.head()) {
        let caller = Caller::of(request.head(), &engine)?;
        may_register(settings.trusted_proxies.address_of(request.head()), &limits, &engine)?;
        let hash = passwords.hash(&password).await?;
        return own(&engine, &caller, &nick, hash).await;
    }
    let newcomer = Newcomer::of(&request, &wanted, &engine, &settings, &limits, &price)?;
    // Whoever asks for what cannot be had has not made an account.
    if engine.holder(nick.to_string()).await?.is_some() {
        return Err(ApiError::NickTaken);
    }
    may_register(settings.trusted_proxies.address_of(request.head()), &limits, &engine)?;
    let hash = passwords.hash(&password).await?;
    let (registered, token) = newcomer.open(&engine, Some(hash)).await?;
    look_up(resolver, engine, registered.user, settings.trusted_proxies.address_of(request.head()));
    let mut response = HttpResponse::Created();
    response.cookie(cookie(&token, settings.trusted_proxies.came_by_tls(request.head())));
    Ok(made(
        &mut response,
        &json!({"id": registered.user, "nick": registered.nick, "account": registered.nick}),
    ))
}

/// An account for the caller's own session, by the command that does that.
async fn own(
    engine: &Engine,
    caller: &Caller,
    nick: &Nickname,
    hash: PasswordHash,
) -> Result<HttpResponse, ApiError> {
    let params = Some(vec![nick.to_string(), "*".to_owned(), "*".to_owned()]);
    let register = Request { command: "REGISTER".to_owned(), params, ..Request::default() };
    let wish = Wish::parse(register).with_password_hash(hash);
    let receipt = engine.submit(caller, wish, None).await?;
    let receipt: Value = serde_json::from_str(&receipt.json).unwrap_or_default();
    match receipt.get("account") {
        Some(account) => {
            let answer = json!({"id": caller.user, "nick": account, "account": account});
            Ok(made(&mut HttpResponse::Created(), &answer))
        }
        None => Err(match receipt["error"].as_str() {
            Some(error) if error == FAIL_REGISTER_ALREADY_AUTHENTICATED.template() => ApiError::HasAccount,
            Some(error) if error == FAIL_REGISTER_ACCOUNT_NAME_MUST_BE_NICK.template() => ApiError::OtherNick,
            _ => ApiError::Forbidden("no further accounts are made here"),
        }),
    }
}

fn made(response: &mut actix_web::HttpResponseBuilder, answer: &Value) -> HttpResponse {
    response.content_type("application/json").body(answer.to_string())
}
