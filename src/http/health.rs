//! How the server is, for those who watch over it.

use std::sync::atomic::Ordering::Relaxed;

use actix_web::{HttpResponse, web};
use serde_json::json;

use super::error::ApiError;
use super::messages::json;
use crate::engine::{Engine, Figures};

/// `GET /.well-known/healthcheck.json`
#[utoipa::path(
    get, path = "/.well-known/healthcheck.json",
    responses((status = 200, description = "How the server is", body = super::schema::Health)),
)]
pub(super) async fn healthcheck(engine: web::Data<Engine>) -> Result<HttpResponse, ApiError> {
    let Figures { counts, queues } = engine.figures().await?;
    let (stats, now) = (engine.stats(), engine.now());
    let up_s = now.duration_since(engine.server().started_at).as_secs().max(0);
    Ok(json().json(json!({
        "status": if engine.is_ready() { "ok" } else { "degraded" },
        "now": now.to_string(),
        "uptimeSeconds": up_s,
        "version": engine.server().version,
        "sessions": counts.users,
        "clients": counts.clients,
        "queuedLines": queues.unacknowledged,
        "channels": counts.channels,
        "connectionsSinceBoot": stats.connections.load(Relaxed),
        "sessionsSinceBoot": stats.sessions.load(Relaxed),
        "messagesSinceBoot": stats.messages.load(Relaxed),
    })))
}

/// `GET /livez`: the process answers.
#[utoipa::path(
    get, path = "/livez", responses((status = 200, description = "The process answers", body = super::schema::Done)),
)]
pub(super) async fn live() -> HttpResponse {
    json().body(r#"{"status":"ok"}"#)
}

/// `GET /readyz`: the store is loaded and takes writes.
#[utoipa::path(
    get, path = "/readyz",
    responses((status = 200, description = "The store is loaded and takes writes", body = super::schema::Done)),
)]
pub(super) async fn ready(engine: web::Data<Engine>) -> Result<HttpResponse, ApiError> {
    if engine.is_ready() { Ok(json().body(r#"{"status":"ok"}"#)) } else { Err(ApiError::Busy) }
}
