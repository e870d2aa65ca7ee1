//! The devices of a session, shown to itself, and the revoking of one.

use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::caller::{Caller, no_cookie};
use super::error::ApiError;
use super::messages::json;
use super::routes::HttpSettings;
use crate::engine::{Engine, Revoked};

/// `GET /clients`
pub(super) async fn list(caller: Caller, engine: web::Data<Engine>) -> Result<HttpResponse, ApiError> {
    Ok(json().json(engine.clients(&caller).await?))
}

/// `DELETE /clients/{uuid}`: logs one device out, also the one that asks.
pub(super) async fn revoke(
    caller: Caller,
    request: HttpRequest,
    uuid: web::Path<String>,
    engine: web::Data<Engine>,
    settings: web::Data<HttpSettings>,
) -> Result<HttpResponse, ApiError> {
    let unknown = ApiError::NotFound("no such client");
    let Ok(uuid) = Uuid::parse_str(&uuid) else { return Err(unknown) };
    let mut response = json();
    match engine.revoke(&caller, uuid).await? {
        Revoked::NoSuchClient => return Err(unknown),
        Revoked::Current => drop(response.cookie(no_cookie(settings.trusted_proxies.came_by_tls(&request)))),
        Revoked::Other => {}
    }
    Ok(response.body(r#"{"status":"ok"}"#))
}
