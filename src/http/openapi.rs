//! The description of the interface in `OpenAPI` 3.1, made from the handlers and from what they show.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter};
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{Content, Header, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Schema};
use utoipa::{Modify, OpenApi};

use super::pages::Document;
use super::schema::{Done, Problem};
use super::{
    accounts, clients, health, hooks, login, markers, messages, registration, search, state, upgrade,
};
use crate::engine::POLL_TIMEOUT_MAX;

/// The name of the scheme: the cookie's.
const COOKIE: &str = "neoirc_auth";

/// What may become of any request, whatever it asks for.
const ALWAYS: [(&str, &str); 6] = [
    ("400", "The request is not what the endpoint takes, or its Host is none"),
    ("403", "A foreign page asks, or what is asked for is not for the caller"),
    ("414", "The target is longer than 8 KiB"),
    ("429", "Too many requests or connections"),
    ("431", "The head is longer than 16 KiB"),
    (
        "503",
        "Too much to do, or the disk refuses; nothing was done, or, under an Idempotency-Key, the first request is still \
         being answered",
    ),
];

/// What may become of any request that has a body.
const WITH_BODY: [(&str, &str); 3] =
    [("408", "The body took too long"), ("413", "The body is too large"), ("415", "The body is packed")];

/// What always goes with 429 and 503.
const RETRY_AFTER: (&str, &str) = ("Retry-After", "Seconds after which to ask again, at least 1");

/// What goes with 429 where requests are counted, unless it is connections that are too many.
const RATE_LIMIT: [(&str, &str); 3] = [
    ("RateLimit-Limit", "How often one may ask at once after a rest"),
    ("RateLimit-Remaining", "0"),
    ("RateLimit-Reset", "As Retry-After"),
];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "neoirc",
        description = "IRC semantics, JSON over HTTP, long polling. What HTTP refuses has a status of 400 or more; what \
                       IRC refuses is a 200 whose receipt has a numeric. docs/api.md and docs/commands.md say more.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    paths(
        registration::open,
        registration::log_out,
        accounts::register,
        login::log_in,
        clients::list,
        clients::revoke,
        messages::poll,
        messages::command,
        messages::history,
        search::search,
        markers::show,
        markers::put,
        hooks::make,
        hooks::list,
        hooks::revoke,
        hooks::speak,
        state::session,
        state::myself,
        state::channels,
        state::members,
        state::server,
        show,
        health::healthcheck,
        health::live,
        health::ready,
        upgrade::nowhere,
    ),
    components(schemas(Problem, Done)),
    modifiers(&Common),
)]
struct Description;

/// Adds what holds for every operation.
struct Common;

impl Modify for Common {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let components = description.components.get_or_insert_default();
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE)));
        components.add_security_scheme(COOKIE, cookie);
        for item in description.paths.paths.values_mut() {
            let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.delete];
            for operation in operations.into_iter().flatten() {
                add_responses(operation);
            }
        }
    }
}

fn add_responses(operation: &mut Operation) {
    let needs_cookie = operation.security.is_some();
    let has_body = operation.request_body.is_some();
    let is_counted =
        has_body || matches!(operation.operation_id.as_deref(), Some("history" | "search" | "marker"));
    let with_body = WITH_BODY.into_iter().filter(|_| has_body);
    let unauthorized = needs_cookie.then_some(("401", "No cookie, or one that is not good any more"));
    for (status, why) in ALWAYS.into_iter().chain(unauthorized).chain(with_body) {
        let headers: &[_] = match status {
            // The requests that are counted are those that have a body, and pages of history.
            "429" if is_counted => &[RETRY_AFTER, RATE_LIMIT[0], RATE_LIMIT[1], RATE_LIMIT[2]],
            "429" | "503" => &[RETRY_AFTER],
            _ => &[],
        };
        let responses = &mut operation.responses.responses;
        responses.entry(status.to_owned()).or_insert_with(|| problem(why, headers));
    }
}

fn problem(why: &str, headers: &[(&str, &str)]) -> RefOr<Response> {
    let content = Content::new(Some(RefOr::Ref(Ref::from_schema_name("Problem"))));
    let response = ResponseBuilder::new().description(why).content("application/json", content);
    let response = headers.iter().fold(response, |response, (name, why)| response.header(*name, whole(why)));
    RefOr::T(response.build())
}

/// A header that is a whole number.
fn whole(why: &str) -> Header {
    let number = ObjectBuilder::new().schema_type(SchemaType::from(Type::Integer)).minimum(Some(0));
    HeaderBuilder::new().schema(Some(number)).description(Some(why)).build()
}

/// The description, made once, at the start of the server: it tells how long a poll waits that does not say.
#[derive(Clone, Debug)]
pub(super) struct Described(Document);

impl Described {
    pub(super) fn new(poll_timeout: Duration) -> Self {
        let mut description = Description::openapi();
        let paths = &mut description.paths.paths;
        let mut get = |path: &str, name, value| {
            set_default(paths.get_mut(path).and_then(|path| path.get.as_mut()), name, value);
        };
        get("/api/v1/messages", "timeout", poll_timeout.min(POLL_TIMEOUT_MAX).as_secs());
        get("/api/v1/history", "limit", messages::HISTORY_PAGE as u64);
        let text = description.to_json().expect("a description has a JSON form");
        Self(Document::new("application/json", text))
    }
}

/// Says what a parameter is taken for that is left out.
fn set_default(operation: Option<&mut Operation>, name: &str, value: u64) {
    let parameters = operation.and_then(|operation| operation.parameters.as_mut());
    for parameter in parameters.into_iter().flatten() {
        if let RefOr::T(Parameter { name: its_name, schema: Some(RefOr::T(Schema::Object(schema))), .. }) =
            parameter
            && its_name == name
        {
            schema.default = Some(value.into());
        }
    }
}

/// `GET /openapi.json`
#[utoipa::path(
    get, path = "/api/v1/openapi.json",
    params(("If-None-Match" = Option<String>, Header, description = "The ETag of the description that one has")),
    responses(
        (status = 200, description = "This description", body = Object, headers(("ETag" = String, description = "The tag of this description"))),
        (status = 304, description = "It is the one that one has", headers(("ETag" = String, description = "Its tag"))),
    ),
)]
pub(super) async fn show(request: HttpRequest, described: web::Data<Described>) -> HttpResponse {
    described.0.clone().answer(&request, [])
}
