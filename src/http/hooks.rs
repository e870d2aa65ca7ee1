//! Hooks: `POST /api/v1/hooks` makes a secret address, and what is posted there is said in the channel.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::body;
use super::caller::Caller;
use super::error::ApiError;
use super::messages::{may_ask, may_look};
use super::query::Query;
use super::routes::HttpSettings;
use crate::auth::token::Token;
use crate::command::hook::HookWish;
use crate::engine::{Engine, RateLimit};
use crate::limits::Limits;
use crate::protocol::limits::BODY_LINES_MAX;
use crate::protocol::message::Body;
use crate::protocol::name::Nickname;

/// Where hooks are.
pub(super) const HOOKS: &str = "/api/v1/hooks";
/// What a hook is called that nobody has named.
const NAME: &str = "hook";

/// Whether a path is one below which secrets stand.
pub(super) fn is_secret(path: &str) -> bool {
    path.strip_prefix(HOOKS).is_some_and(|rest| rest.starts_with('/'))
}

#[derive(Deserialize)]
struct NewHook {
    channel: String,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
struct Text {
    text: String,
}

/// `POST /hooks`: a secret address of a channel.
#[utoipa::path(
    post, path = "/api/v1/hooks", security(("neoirc_auth" = [])), request_body = super::schema::NewHook,
    responses(
        (status = 201, description = "The address, which is shown this once", body = super::schema::MadeHook),
        (status = 404, description = "No such channel", body = super::schema::Problem),
        (status = 409, description = "The channel has as many hooks as it may have", body = super::schema::Problem),
    ),
)]
pub(super) async fn make(
    caller: Caller,
    body: web::Bytes,
    engine: web::Data<Engine>,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, ApiError> {
    may_ask(&caller, &limits, &engine)?;
    let NewHook { channel, name } = body::object(&body)?;
    let name = Nickname::parse(name.as_deref().unwrap_or(NAME))
        .map_err(|_| ApiError::BadRequest("invalid hook name"))?;
    let (id, secret) = (Uuid::new_v4(), Token::random());
    let shown = name.to_string();
    let wish = HookWish::Make { by: caller.user, channel: channel.clone(), id, name, secret: secret.hash() };
    engine.hook(wish).await?;
    let url = format!("{HOOKS}/{id}/{}", secret.reveal());
    let made = json!({ "id": id, "name": shown, "channel": channel, "url": url });
    Ok(HttpResponse::Created().content_type("application/json").body(made.to_string()))
}

/// `GET /hooks?channel=`: the hooks of a channel, without their secrets.
#[utoipa::path(
    get, path = "/api/v1/hooks", security(("neoirc_auth" = [])),
    params(("channel" = String, Query, description = "The channel", min_length = 1)),
    responses(
        (status = 200, description = "Its hooks, the oldest first", body = [crate::reply::view::HookView]),
        (status = 404, description = "No such channel", body = super::schema::Problem),
    ),
)]
pub(super) async fn list(
    request: HttpRequest,
    caller: Caller,
    engine: web::Data<Engine>,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, ApiError> {
    may_look(&caller, &limits, &engine)?;
    let channel = Query::of(request.head()).text("channel")?.filter(|channel| !channel.is_empty());
    let channel = channel.ok_or(ApiError::BadRequest("channel required"))?.into_owned();
    Ok(super::messages::json().json(engine.hooks(caller.user, channel).await?))
}

/// `DELETE /hooks/{id}`: the address is good for nothing any more.
#[utoipa::path(
    delete, path = "/api/v1/hooks/{id}", security(("neoirc_auth" = [])),
    params(("id" = String, Path, description = "The hook")),
    responses(
        (status = 200, description = "It is revoked", body = super::schema::Done),
        (status = 404, description = "No such hook", body = super::schema::Problem),
    ),
)]
pub(super) async fn revoke(
    caller: Caller,
    id: web::Path<String>,
    engine: web::Data<Engine>,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, ApiError> {
    may_ask(&caller, &limits, &engine)?;
    let id = Uuid::parse_str(&id).map_err(|_| ApiError::NotFound("no such hook"))?;
    let receipt = engine.hook(HookWish::Revoke { by: caller.user, id }).await?;
    Ok(super::messages::json().body(receipt))
}

/// `POST /hooks/{id}/{secret}`: says something in the channel.
#[utoipa::path(
    post, path = "/api/v1/hooks/{id}/{secret}", request_body(
        content((super::schema::HookLines = "text/plain"), (super::schema::HookText = "application/json")),
    ),
    params(
        ("id" = String, Path, description = "The hook"),
        ("secret" = String, Path, description = "Its secret"),
    ),
    responses(
        (status = 200, description = "It is said", body = super::schema::Receipt),
        (status = 404, description = "No such hook, or another secret", body = super::schema::Problem),
    ),
)]
pub(super) async fn speak(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    body: web::Bytes,
    engine: web::Data<Engine>,
    limits: web::Data<Limits>,
    settings: web::Data<HttpSettings>,
) -> Result<HttpResponse, ApiError> {
    let address = settings.trusted_proxies.address_of(request.head());
    limits.hook_from(address).inspect_err(|_| engine.stats().rate_limited(RateLimit::HookAddress))?;
    let (id, secret) = path.into_inner();
    let unknown = || ApiError::NotFound("no such hook");
    let id = Uuid::parse_str(&id).map_err(|_| unknown())?;
    let secret = Token::parse(&secret).ok_or_else(unknown)?.hash();
    if !engine.opens_hook(id, secret).await? {
        return Err(unknown());
    }
    limits.hook(id).inspect_err(|_| engine.stats().rate_limited(RateLimit::Hook))?;
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_json = content_type.is_some_and(|value| {
        value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
    });
    let receipt = engine.hook(HookWish::Speak { id, secret, body: text(&body, is_json)? }).await?;
    Ok(super::messages::json().body(receipt))
}

/// What is posted, line by line. Whatever its content type says that is not JSON is text: `curl -d` says that it
/// comes from a form.
fn text(body: &[u8], is_json: bool) -> Result<Body, ApiError> {
    let text = if is_json {
        body::object::<Text>(body)?.text
    } else {
        String::from_utf8(body.to_vec()).map_err(|_| ApiError::BadRequest("text must be UTF-8"))?
    };
    let mut lines: Vec<String> =
        text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line).to_owned()).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    if lines.is_empty() {
        return Err(ApiError::BadRequest("text required"));
    }
    if lines.len() > BODY_LINES_MAX {
        return Err(ApiError::BadRequest("too many lines"));
    }
    if lines.iter().any(|line| line.contains(['\0', '\r'])) {
        return Err(ApiError::BadRequest("text may not contain NUL or CR"));
    }
    Ok(Body::Lines(lines))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_line_by_line() {
        for (body, is_json, lines) in [
            ("hi", false, vec!["hi"]),
            ("one\r\ntwo\n\nfour\n\n", false, vec!["one", "two", "", "four"]),
            (r#"{"text":"one\ntwo","more":1}"#, true, vec!["one", "two"]),
            (r#"{"text":"x"}"#, false, vec![r#"{"text":"x"}"#]),
        ] {
            let Ok(Body::Lines(told)) = text(body.as_bytes(), is_json) else { panic!("{body}") };
            assert_eq!(told, lines, "{body}");
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let many = "x\n".repeat(BODY_LINES_MAX + 1);
        for (body, is_json) in [
            ("", false),
            ("\n\r\n", false),
            ("a\0b", false),
            ("a\rb", false),
            (many.as_str(), false),
            ("hi", true),
            ("{}", true),
            (r#"["hi"]"#, true),
            (r#"{"text":7}"#, true),
            (r#"{"text":""}"#, true),
            (r#"{"text":"a","text":"b"}"#, true),
        ] {
            assert!(text(body.as_bytes(), is_json).is_err(), "{body:?}");
        }
        assert!(text(b"\xff", false).is_err());
    }

    #[test]
    fn secrets_stand_below_the_path_alone() {
        assert!(is_secret("/api/v1/hooks/x/y") && is_secret("/api/v1/hooks/"));
        assert!(!is_secret("/api/v1/hooks") && !is_secret("/api/v1/hooksy/x"));
    }
}
