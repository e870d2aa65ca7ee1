//! The devices of a session, shown to itself, and the revoking of one.

use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::caller::{Caller, no_cookie};
use super::error::ApiError;
use super::messages::{json, may_ask, may_look};
use super::routes::HttpSettings;
use crate::engine::{Engine, Revoked};
use crate::limits::Limits;

/// `GET /clients`
#[utoipa::path(
    get, path = "/api/v1/clients", security(("neoirc_auth" = [])),
    responses((status = 200, description = "The devices of this session", body = [crate::reply::view::ClientView])),
)]
pub(super) async fn list(
    caller: Caller,
    engine: web::Data<Engine>,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, ApiError> {
    may_look(&caller, &limits, &engine)?;
    Ok(json().json(engine.clients(&caller).await?))
}

/// `DELETE /clients/{uuid}`: logs one device out, also the one that asks.
#[utoipa::path(
    delete, path = "/api/v1/clients/{uuid}", security(("neoirc_auth" = [])),
    params(("uuid" = String, Path, description = "The device")),
    responses(
        (
            status = 200, description = "It is logged out; the cookie is cleared where it was the one that asks",
            body = super::schema::Done,
            headers(("Set-Cookie" = String, description = "neoirc_auth=; it is to be forgotten")),
        ),
        (status = 404, description = "No device of this session", body = super::schema::Problem),
    ),
)]
pub(super) async fn revoke(
    caller: Caller,
    request: HttpRequest,
    uuid: web::Path<String>,
    engine: web::Data<Engine>,
    settings: web::Data<HttpSettings>,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, ApiError> {
    may_ask(&caller, &limits, &engine)?;
    let unknown = ApiError::NotFound("no such client");
    let Ok(uuid) = Uuid::parse_str(&uuid) else { return Err(unknown) };
    let mut response = json();
    match engine.revoke(&caller, uuid).await? {
        Revoked::NoSuchClient => return Err(unknown),
        Revoked::Current => {
            response.cookie(no_cookie(settings.trusted_proxies.came_by_tls(request.head())));
        }
        Revoked::Other => {}
    }
    Ok(response.body(r#"{"status":"ok"}"#))
}
