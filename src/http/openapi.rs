//! The description of the interface in `OpenAPI` 3.1, made from the handlers and from what they show.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi, ToSchema};

use super::messages::json;
use super::{clients, health, login, messages, registration, state};

/// The name of the scheme: the cookie's.
const COOKIE: &str = "neoirc_auth";

/// What may become of any request, whatever it asks for.
const ALWAYS: [(&str, &str); 6] = [
    ("400", "The request is not what the endpoint takes, or its Host is none"),
    ("403", "A foreign page asks, or what is asked for is not for the caller"),
    ("414", "The target is longer than 8 KiB"),
    ("429", "Too many requests or connections; Retry-After says how long to wait, in seconds"),
    ("431", "The head is longer than 16 KiB"),
    (
        "503",
        "Too much to do, or the disk refuses; nothing was done. Retry-After says how long to wait, in seconds",
    ),
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
        login::log_in,
        clients::list,
        clients::revoke,
        messages::poll,
        messages::command,
        messages::history,
        state::session,
        state::myself,
        state::channels,
        state::members,
        state::server,
        show,
        health::healthcheck,
        health::live,
        health::ready,
    ),
    components(schemas(Problem, Done)),
    modifiers(&Common),
)]
struct Description;

/// Why a request got no answer of its own.
#[derive(Serialize, ToSchema)]
pub(super) struct Problem {
    /// For people; it may change.
    error: String,
    /// What a session costs, with 402 alone.
    hashcash: Option<Work>,
}

/// Work that is asked for.
#[derive(Serialize, ToSchema)]
struct Work {
    bits: u32,
    resource: String,
    format: String,
}

/// That something was done.
#[derive(Serialize, ToSchema)]
pub(super) struct Done {
    status: String,
}

/// `POST /session`
#[derive(Serialize, ToSchema)]
pub(super) struct NewSession {
    #[schema(pattern = r"^[A-Za-z_\[\]\\^{}|`][A-Za-z0-9_\-\[\]\\^{}|`]{0,31}$", example = "alice")]
    nick: String,
    #[schema(pattern = r"^[A-Za-z0-9_\-\[\]\\^{}|`]{1,32}$")]
    username: Option<String>,
    /// A stamp of hashcash, where sessions cost work.
    pow_token: Option<String>,
}

/// `POST /login`
#[derive(Serialize, ToSchema)]
pub(super) struct Credentials {
    #[schema(min_length = 1)]
    nick: String,
    #[schema(min_length = 1)]
    password: String,
}

/// A session that was opened or entered. Its cookie comes along.
#[derive(Serialize, ToSchema)]
pub(super) struct Entered {
    id: u64,
    nick: String,
}

/// A command as a client sends it. No string may hold NUL, CR or LF.
#[derive(Serialize, ToSchema)]
pub(super) struct Posted {
    #[schema(pattern = r"^[A-Za-z]+$", example = "PRIVMSG")]
    command: String,
    #[schema(pattern = r"^[^\x00\r\n]*$", example = "#tea")]
    to: Option<String>,
    #[schema(max_items = 15, example = json!(["argument"]))]
    params: Option<Vec<Line>>,
    body: Option<Body>,
    #[schema(value_type = Option<Object>, example = json!({"typing": "active"}))]
    meta: Option<serde_json::Value>,
}

/// One line of text.
#[derive(Serialize, ToSchema)]
#[schema(pattern = r"^[^\x00\r\n]*$")]
struct Line(String);

/// Free text, one string a line.
#[derive(Serialize, ToSchema)]
#[schema(max_items = 64)]
struct Lines(Vec<Line>);

/// Structured content, relayed as it came.
#[derive(Serialize, ToSchema)]
#[schema(value_type = Object)]
struct Structure(serde_json::Value);

/// Free text or structured content.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is described and never made")]
enum Body {
    Lines(Lines),
    Structure(Structure),
}

/// A message as the server sends it.
#[derive(Serialize, ToSchema)]
pub(super) struct Envelope {
    /// A command in upper case, or a numeric of three digits.
    command: String,
    from: String,
    to: String,
    params: Option<Vec<String>>,
    body: Option<Body>,
    #[schema(value_type = Option<Object>)]
    meta: Option<serde_json::Value>,
    id: String,
    seq: u64,
    ts: String,
}

/// A page of a queue.
#[derive(Serialize, ToSchema)]
pub(super) struct Page {
    messages: Vec<Envelope>,
    /// The cursor to send next.
    last_id: u64,
    /// Whether there is more already.
    more: Option<bool>,
    /// How many entries were cut off before these.
    dropped: Option<u64>,
}

/// What became of a command.
#[derive(Serialize, ToSchema)]
pub(super) struct Receipt {
    /// `ok`, `sent`, `joined`, `parted`, `quit`, or `error`; absent from the answer to PING.
    status: Option<String>,
    /// The numeric of a refusal.
    numeric: Option<String>,
    error: Option<String>,
    id: Option<String>,
    seq: Option<u64>,
    channel: Option<String>,
    nick: Option<String>,
    /// One for each target, where there were several.
    #[schema(no_recursion)]
    results: Option<Vec<Receipt>>,
}

/// What anybody may know of the server.
#[derive(Serialize, ToSchema)]
pub(super) struct About {
    name: String,
    version: String,
    motd: String,
    users: u64,
    /// What a session costs, where it costs anything.
    hashcash_bits: Option<u32>,
}

/// How the server is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Health {
    status: String,
    now: String,
    uptime_seconds: u64,
    version: String,
    sessions: u64,
    clients: u64,
    queued_lines: u64,
    channels: u64,
    connections_since_boot: u64,
    sessions_since_boot: u64,
    messages_since_boot: u64,
}

/// Adds what holds for every operation.
struct Common;

impl Modify for Common {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let components = description.components.get_or_insert_default();
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE)));
        components.add_security_scheme(COOKIE, cookie);
        for item in description.paths.paths.values_mut() {
            let operations = [&mut item.get, &mut item.post, &mut item.delete];
            for operation in operations.into_iter().flatten() {
                add_responses(operation);
            }
        }
    }
}

fn add_responses(operation: &mut Operation) {
    let needs_cookie = operation.security.is_some();
    let unauthorized = needs_cookie.then_some(("401", "No cookie, or one that is not good any more"));
    for (status, why) in ALWAYS.into_iter().chain(unauthorized) {
        let responses = &mut operation.responses.responses;
        responses.entry(status.to_owned()).or_insert_with(|| problem(why));
    }
}

fn problem(why: &str) -> RefOr<Response> {
    let content = Content::new(Some(RefOr::Ref(Ref::from_schema_name("Problem"))));
    RefOr::T(ResponseBuilder::new().description(why).content("application/json", content).build())
}

/// The text, made once.
static TEXT: LazyLock<String> =
    LazyLock::new(|| Description::openapi().to_json().expect("a description has a JSON form"));

/// `GET /openapi.json`
#[utoipa::path(get, path = "/api/v1/openapi.json", responses((status = 200, description = "This description", body = Object)))]
pub(super) async fn show() -> HttpResponse {
    json().body(TEXT.as_str())
}
