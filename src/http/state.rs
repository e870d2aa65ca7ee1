//! What is so, for those who may know: the session, channels, members, the server.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::caller::Caller;
use super::error::ApiError;
use super::messages::json;
use super::query::Query;
use crate::delivery::Line;
use crate::delivery::page::Dropped;
use crate::engine::Engine;
use crate::entry::message_id;
use crate::reply::notice::notice_of_dropped as notice;

/// `GET /state`: the session itself. With `initChannelState=1` the state of its channels goes into the
/// client's queue.
pub(super) async fn session(
    request: HttpRequest,
    caller: Caller,
    engine: web::Data<Engine>,
) -> Result<HttpResponse, ApiError> {
    if Query::of(&request).text("initChannelState")?.as_deref() == Some("1") {
        engine.send_channel_state(&caller).await?;
    }
    let state = engine.state(caller.user).await?.ok_or(ApiError::Unauthorized)?;
    Ok(json().json(state))
}

/// `GET /channels`: the channels that the caller may see.
pub(super) async fn channels(caller: Caller, engine: web::Data<Engine>) -> Result<HttpResponse, ApiError> {
    Ok(json().json(engine.channels(caller.user).await?))
}

/// `GET /channels/{name}/members`; the `#` in front may be left out.
pub(super) async fn members(
    caller: Caller,
    name: web::Path<String>,
    engine: web::Data<Engine>,
) -> Result<HttpResponse, ApiError> {
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
pub(super) async fn server(engine: web::Data<Engine>) -> Result<HttpResponse, ApiError> {
    let counts = engine.counts().await?;
    let server = engine.server();
    let motd = server.motd.join("\n");
    let about = json!({
        "name": server.name, "version": server.version, "motd": motd, "users": counts.users,
    });
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
