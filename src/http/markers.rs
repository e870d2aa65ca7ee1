//! `GET` and `PUT /api/v1/markers/{target}`: how far one has read, the same for all of one's devices.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use super::body;
use super::caller::Caller;
use super::error::ApiError;
use super::messages::{json as json_answer, may_ask, may_look};
use crate::command::Wish;
use crate::engine::Engine;
use crate::limits::Limits;
use crate::protocol::message::Request;
use crate::protocol::name::TalkName;
use crate::reply::account::time;

/// How far one has read: what is asked for, and what its receipt says of it.
#[derive(Deserialize)]
struct Read {
    timestamp: String,
}

/// What paths of markers begin with.
const MARKERS: &str = "/api/v1/markers/";

/// Whether a path is that of a marker.
pub(super) fn is_one(path: &str) -> bool {
    path.strip_prefix(MARKERS).is_some_and(|target| !target.is_empty())
}

/// A talk by its name in a path: a channel, whose `#` is written `%23`, or a nick.
fn talk(name: &str) -> Result<TalkName, ApiError> {
    TalkName::parse(name).map_err(|_| ApiError::BadRequest("neither a channel nor a nick"))
}

/// `GET /markers/{target}`: how far one has read there.
#[utoipa::path(
    get, path = "/api/v1/markers/{target}", operation_id = "marker", security(("neoirc_auth" = [])),
    params(("target" = String, Path, description = "A channel with its #, or a nick", pattern = r"^(#[^ ,\x00\x07\r\n]{1,63}|[A-Za-z_\[\]\\^{}|`][A-Za-z0-9_\-\[\]\\^{}|`]{0,31})$")),
    responses((status = 200, description = "How far one has read there", body = super::schema::Marker)),
)]
pub(super) async fn show(
    caller: Caller,
    target: web::Path<String>,
    engine: web::Data<Engine>,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, ApiError> {
    may_look(&caller, &limits, &engine)?;
    let name = talk(&target)?;
    let at = engine.marker(caller.user, name).await?;
    Ok(marker(&target, at.map(time).as_deref()))
}

/// Where a marker stands, by the name under which it was asked for.
fn marker(target: &str, timestamp: Option<&str>) -> HttpResponse {
    json_answer().body(json!({"target": target, "timestamp": timestamp}).to_string())
}

/// `PUT /markers/{target}`: one has read that far. A marker goes forward alone; the answer says where it stands.
#[utoipa::path(
    put, path = "/api/v1/markers/{target}", operation_id = "set_marker", security(("neoirc_auth" = [])),
    params(("target" = String, Path, description = "A channel with its #, or a nick", pattern = r"^(#[^ ,\x00\x07\r\n]{1,63}|[A-Za-z_\[\]\\^{}|`][A-Za-z0-9_\-\[\]\\^{}|`]{0,31})$")),
    request_body = super::schema::NewMarker,
    responses((status = 200, description = "How far one has read there now", body = super::schema::Marker)),
)]
pub(super) async fn put(
    caller: Caller,
    target: web::Path<String>,
    body: web::Bytes,
    engine: web::Data<Engine>,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, ApiError> {
    may_ask(&caller, &limits, &engine)?;
    let name = talk(&target)?;
    let Read { timestamp } = body::object(&body)?;
    let (command, to) = ("MARKREAD".to_owned(), Some(name.to_string()));
    let params = Some(vec![format!("timestamp={timestamp}")]);
    let wish = Wish::parse(Request { command, to, params, ..Request::default() });
    if wish.commands.is_err() {
        return Err(ApiError::BadRequest("timestamp is no time, such as 2026-01-02T03:04:05.678Z"));
    }
    let receipt = engine.submit(&caller, wish, None).await?;
    let standing: Option<Read> = serde_json::from_str(&receipt.json).ok();
    Ok(marker(&target, standing.as_ref().map(|standing| standing.timestamp.as_str())))
}
