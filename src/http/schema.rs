//! The shapes of what goes in and out, for the description of the interface. They are described and hardly ever made:
//! what is sent is put together where it is known. `tests/openapi.rs` has a program compare them with what is sent.

use serde::Serialize;
use utoipa::openapi::schema::{AdditionalProperties, SchemaType, Type};
use utoipa::openapi::{ObjectBuilder, Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// What no string that is relayed may hold: NUL, CR and LF.
const PLAIN: &str = r"^[^\x00\r\n]*$";

/// Why a request got no answer of its own.
#[derive(Serialize, ToSchema)]
pub(super) struct Problem {
    /// For people; it may change.
    error: String,
}

/// Why there is no session yet, and what is to be computed for one.
#[derive(Serialize, ToSchema)]
pub(super) struct Unpaid {
    /// For people; it may change.
    error: String,
    hashcash: Work,
}

/// Work that is asked for.
#[derive(Serialize, ToSchema)]
struct Work {
    /// How many zero bits the SHA-256 of the stamp begins with.
    bits: u32,
    /// What the stamp names: the server.
    resource: String,
    /// How the stamp looks.
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
    /// The older name of `pow_token`, which goes before it.
    #[schema(deprecated)]
    hashcash: Option<String>,
}

/// `POST /login`
#[derive(Serialize, ToSchema)]
pub(super) struct Credentials {
    #[schema(min_length = 1)]
    nick: String,
    #[schema(min_length = 1)]
    password: String,
}

/// `POST /register`
#[derive(Serialize, ToSchema)]
pub(super) struct NewAccount {
    /// With a cookie, the nick that one goes by.
    #[schema(pattern = r"^[A-Za-z_\[\]\\^{}|`][A-Za-z0-9_\-\[\]\\^{}|`]{0,31}$", example = "alice")]
    nick: String,
    /// As long as the operator wants it, and at most 256 bytes.
    #[schema(min_length = 8, max_length = 64, example = "correct horse")]
    password: String,
    /// Of a new session.
    #[schema(pattern = r"^[A-Za-z0-9_\-\[\]\\^{}|`]{1,32}$")]
    username: Option<String>,
    /// A stamp of hashcash, where a new session costs work.
    pow_token: Option<String>,
    /// The older name of `pow_token`, which goes before it.
    #[schema(deprecated)]
    hashcash: Option<String>,
}

/// An account that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct AccountMade {
    id: u64,
    nick: String,
    account: String,
}

/// `PUT /markers/{target}`
#[derive(Serialize, ToSchema)]
pub(super) struct NewMarker {
    /// The `ts` of the last message that was read.
    #[schema(format = "date-time", example = "2026-01-02T03:04:05.678Z")]
    timestamp: String,
}

/// How far one has read.
#[derive(Serialize, ToSchema)]
pub(super) struct Marker {
    target: String,
    /// In milliseconds; null when nothing is known.
    timestamp: Option<String>,
}

/// A session that was opened or entered. Its cookie comes along.
#[derive(Serialize, ToSchema)]
pub(super) struct Entered {
    id: u64,
    nick: String,
}

/// A command as a client sends it. In these fields no string may hold NUL, CR or LF; other fields are ignored.
#[derive(Serialize, ToSchema)]
pub(super) struct Posted {
    /// In any case. One that there is not is refused by a numeric.
    #[schema(pattern = r"^[^\x00\r\n]+$", example = "PRIVMSG")]
    command: String,
    #[schema(pattern = r"^[^\x00\r\n]*$", example = "#tea")]
    to: Option<String>,
    #[schema(max_items = 15, example = json!(["argument"]))]
    params: Option<Vec<Line>>,
    body: Option<Body>,
    /// Tags, relayed as they came.
    #[schema(example = json!({"typing": "active"}))]
    meta: Option<PlainObject>,
}

/// One line of text.
#[derive(Serialize, ToSchema)]
#[schema(pattern = r"^[^\x00\r\n]*$")]
struct Line(String);

/// Free text, one string a line.
#[derive(Serialize, ToSchema)]
#[schema(max_items = 64)]
struct Lines(Vec<Line>);

/// Any JSON without NUL, CR and LF in its strings and keys. It may nest 16 deep.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is described and never made")]
enum PlainJson {
    Nothing,
    Truth(bool),
    Number(f64),
    Text(Line),
    #[schema(no_recursion)]
    List(Vec<PlainJson>),
    #[schema(no_recursion)]
    Object(PlainObject),
}

/// An object of such JSON, relayed as it came.
#[derive(Serialize)]
struct PlainObject;

impl ToSchema for PlainObject {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((PlainJson::name().into_owned(), PlainJson::schema()));
        schemas.push((Line::name().into_owned(), Line::schema()));
    }
}

impl PartialSchema for PlainObject {
    fn schema() -> RefOr<Schema> {
        let key =
            ObjectBuilder::new().schema_type(SchemaType::from(Type::String)).pattern(Some(PLAIN)).build();
        let value = Ref::from_schema_name(PlainJson::name());
        ObjectBuilder::new()
            .description(Some(
                "An object without NUL, CR and LF in its strings and keys, relayed as it came.",
            ))
            .property_names(Some(key))
            .additional_properties(Some(AdditionalProperties::RefOr(value.into())))
            .into()
    }
}

/// Free text or structured content.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is described and never made")]
enum Body {
    Lines(Lines),
    Structure(PlainObject),
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
    meta: Option<PlainObject>,
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
    /// `ok`, `sent`, `joined`, `parted`, `quit`, or `error`; absent from the answer to PING, which is a message.
    status: Option<String>,
    /// The numeric of a refusal.
    numeric: Option<String>,
    error: Option<String>,
    id: Option<String>,
    seq: Option<u64>,
    channel: Option<String>,
    nick: Option<String>,
    command: Option<String>,
    from: Option<String>,
    body: Option<Vec<String>>,
    /// One for each target, where there were several.
    #[schema(no_recursion)]
    results: Option<Vec<Receipt>>,
}

/// `POST /hooks`
#[derive(Serialize, ToSchema)]
pub(super) struct NewHook {
    #[schema(min_length = 1, example = "#tea")]
    channel: String,
    #[schema(pattern = r"^[A-Za-z_\[\]\\^{}|`][A-Za-z0-9_\-\[\]\\^{}|`]{0,31}$", example = "ci")]
    name: Option<String>,
}

/// A hook that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeHook {
    id: String,
    name: String,
    channel: String,
    /// The path to post to. It is shown this once.
    url: String,
}

/// What a hook is to say, as it stands: several lines, if it has line breaks.
#[derive(Serialize, ToSchema)]
#[schema(pattern = r"^[^\x00\r\n]+(\r?\n[^\x00\r\n]+){0,9}$", example = "green")]
pub(super) struct HookLines(String);

/// What a hook is to say.
#[derive(Serialize, ToSchema)]
pub(super) struct HookText {
    /// Several lines, if it has line breaks.
    #[schema(pattern = r"^[^\x00\r\n]+(\r?\n[^\x00\r\n]+){0,9}$", example = "green")]
    text: String,
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
