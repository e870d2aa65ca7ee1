//! What is so, for those who may know: the session, channels, members, the server.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::caller::Caller;
use super::error::ApiError;
use super::messages::{json, may_ask, may_look, may_pay};
use super::pow;
use super::price::Price;
use super::query::Query;
use crate::command::channels_price;
use crate::delivery::Line;
use crate::delivery::page::Dropped;
use crate::engine::Engine;
use crate::entry::message_id;
use crate::limits::Limits;
use crate::reply::notice::notice_of_dropped as notice;

/// `GET /state`: the session itself. With `initChannelState=1` the state of its channels goes into the
/// client's queue.
#[utoipa::path(
    get, path = "/api/v1/state", security(("neoirc_auth" = [])),
    params(("initChannelState" = Option<String>, Query, description = "With 1 the state of the channels is queued")),
    responses((status = 200, description = "The session itself", body = crate::reply::view::StateView)),
)]
pub(super) async fn session(
    request: HttpRequest,
    caller: Caller,
    engine: web::Data<Engine>,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, ApiError> {
    may_look(&caller, &limits, &engine)?;
    if Query::of(request.head()).text("initChannelState")?.as_deref() == Some("1") {
        may_ask(&caller, &limits, &engine)?;
        // What it puts into the queue is put there by a command in other cases, and costs what that does.
        let price = channels_price(engine.channels_of(caller.user).await?);
        may_pay(&caller, price, &limits, &engine)?;
        engine.send_channel_state(&caller).await?;
    }
    let state = engine.state(caller.user).await?.ok_or(ApiError::Unauthorized)?;
    Ok(json().json(state))
}

/// `GET /users/me`: the same.
#[utoipa::path(
    get, path = "/api/v1/users/me", security(("neoirc_auth" = [])),
    params(("initChannelState" = Option<String>, Query, description = "With 1 the state of the channels is queued")),
    responses((status = 200, description = "The session itself", body = crate::reply::view::StateView)),
)]
pub(super) async fn myself(
    request: HttpRequest,
    caller: Caller,
    engine: web::Data<Engine>,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, ApiError> {
    session(request, caller, engine, limits).await
}

/// `GET /channels`: the channels that the caller may see.
#[utoipa::path(
    get, path = "/api/v1/channels", security(("neoirc_auth" = [])),
    responses((status = 200, description = "The channels that the caller may see", body = [crate::reply::view::ChannelView])),
)]
pub(super) async fn channels(
    caller: Caller,
    engine: web::Data<Engine>,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, ApiError> {
    may_look(&caller, &limits, &engine)?;
    Ok(json().json(engine.channels(caller.user).await?))
}

/// `GET /channels/{name}/members`; the `#` in front may be left out.
#[utoipa::path(
    get, path = "/api/v1/channels/{name}/members", security(("neoirc_auth" = [])),
    params(("name" = String, Path, description = "The channel, with or without its #")),
    responses(
        (status = 200, description = "Its members", body = [crate::reply::view::MemberView]),
        (status = 404, description = "Missing, or hidden from the caller", body = super::schema::Problem),
    ),
)]
pub(super) async fn members(
    caller: Caller,
    name: web::Path<String>,
    engine: web::Data<Engine>,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, ApiError> {
    may_look(&caller, &limits, &engine)?;
    let name = name.into_inner();
    let hash = if name.starts_with('#') { "" } else { "#" };
    let mut members = engine.members(caller.user, format!("{hash}{name}")).await?;
    if members.is_none() && hash.is_empty() {
        // A name may begin with a second `#`, which is then the one that was written.
        members = engine.members(caller.user, format!("#{name}")).await?;
    }
    let members = members.ok_or(ApiError::NotFound("no such channel"))?;
    Ok(json().json(members))
}

/// `GET /server`: what anybody may know.
#[utoipa::path(
    get, path = "/api/v1/server",
    responses((status = 200, description = "What anybody may know", body = super::schema::About)),
)]
pub(super) async fn server(
    engine: web::Data<Engine>,
    price: web::Data<Price>,
) -> Result<HttpResponse, ApiError> {
    let counts = engine.counts().await?;
    let server = engine.server();
    let motd = server.motd.join("\n");
    let mut about = json!({
        "name": server.name, "version": server.version, "motd": motd, "users": counts.users,
    });
    let bits = pow::price(&engine, &price).asked;
    if bits > 0 {
        about["hashcash_bits"] = bits.into();
    }
    Ok(json().json(about))
}

/// The NOTICE that stands where entries were dropped. Its place is that of the newest of them.
pub(super) async fn notice_of_dropped(
    engine: &Engine,
    caller: &Caller,
    dropped: Dropped,
) -> Result<Line, ApiError> {
    let nick = engine.nick(caller.user).await?.ok_or(ApiError::Unauthorized)?;
    let message = notice(&engine.server(), &nick, dropped.entries);
    // The same notice has the same id, however often it is read; the next one has another.
    let noise = u32::try_from((dropped.entries ^ caller.client.get()) & 0x03ff_ffff).unwrap_or(0);
    let id = message_id(dropped.at, dropped.through, noise);
    Ok(Line { seq: dropped.through, json: message.to_json(id, dropped.through, dropped.at).into() })
}
