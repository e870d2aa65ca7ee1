//! Pages and what they load. They are files below `web/` and part of the program; a debug build reads them from there
//! each time, so that whoever works on a page need not build. Also what else never changes while the server runs.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::sync::{LazyLock, Mutex, PoisonError};

use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, ETAG, EntityTag, Header,
    HeaderName, HeaderValue, IfNoneMatch, VARY,
};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use super::error::ApiError;

/// The files.
#[derive(RustEmbed)]
#[folder = "web/"]
struct Files;

/// Bytes of a hash that make a tag: nobody forges one, so that it need only differ by chance.
const TAG_BYTES: usize = 16;

/// What goes with every file: it may be kept, but whoever has it asks each time whether it is still the same, since
/// it changes with the program. It is the same for everybody.
const FILE: [(HeaderName, HeaderValue); 2] =
    [(CACHE_CONTROL, HeaderValue::from_static("no-cache")), (VARY, HeaderValue::from_static("Origin"))];

/// The same for files that are also sent compressed.
const PAGE_FILE: [(HeaderName, HeaderValue); 2] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    (VARY, HeaderValue::from_static("Origin, Accept-Encoding")),
];

/// Files of the page in their compressed form, by the tag of the plain one: each is made when it is first asked for.
static COMPRESSED: LazyLock<Mutex<HashMap<String, Bytes>>> = LazyLock::new(Mutex::default);

/// How many forms are remembered: more than there are files, so that this matters only to a debug build, whose files
/// change while it runs.
const COMPRESSED_MAX: usize = 64;

/// What the page at `/docs` may do beside what every page may: Swagger UI has its icons as `data:` in its style sheet.
const DOCS_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'",
);

/// Bytes that stay the same, and the tag by which those are known who have them already.
#[derive(Clone, Debug)]
pub(super) struct Document {
    content_type: &'static str,
    bytes: Bytes,
    tag: EntityTag,
}

impl Document {
    /// A document that is made at the start of the server.
    pub(super) fn new(content_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let hash = Sha256::digest(&bytes);
        Self { content_type, bytes, tag: tag(&hash) }
    }

    /// The file of this name below `web/`.
    fn file(name: &str) -> Option<Self> {
        let file = Files::get(name)?;
        let bytes = match file.data {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => bytes.into(),
        };
        Some(Self { content_type: content_type(name), bytes, tag: tag(&file.metadata.sha256_hash()) })
    }

    /// The same document, compressed where the caller can read that and it is any shorter.
    fn compressed_for(self, request: &HttpRequest) -> (Self, bool) {
        if !accepts_gzip(request) || self.content_type.starts_with("image/png") {
            return (self, false);
        }
        let name = self.tag.tag().to_owned();
        let known = COMPRESSED.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
        let Some(bytes) = known.or_else(|| compress(&name, &self.bytes)) else { return (self, false) };
        if bytes.len() >= self.bytes.len() {
            return (self, false);
        }
        // Other bytes are another representation, which a strong tag has to tell apart.
        (Self { bytes, tag: EntityTag::new_strong(format!("{name}-gzip")), ..self }, true)
    }

    /// The document, or that it is the one which the caller has; with these headers.
    pub(super) fn answer(
        self,
        request: &HttpRequest,
        headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
    ) -> HttpResponse {
        let is_known = match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Any) => true,
            Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&self.tag)),
            Err(_) => false,
        };
        let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response.insert_header((ETAG, self.tag));
        for header in headers {
            response.insert_header(header);
        }
        if is_known { response.finish() } else { response.content_type(self.content_type).body(self.bytes) }
    }
}

/// The bytes in a shorter form, which is remembered under this name.
fn compress(name: &str, bytes: &Bytes) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    let compressed = Bytes::from(encoder.finish().ok()?);
    let mut all = COMPRESSED.lock().unwrap_or_else(PoisonError::into_inner);
    if all.len() >= COMPRESSED_MAX {
        all.clear();
    }
    all.insert(name.to_owned(), compressed.clone());
    Some(compressed)
}

/// Whether the caller says that it reads gzip.
fn accepts_gzip(request: &HttpRequest) -> bool {
    let values = request.headers().get_all(ACCEPT_ENCODING);
    values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        is_gzip && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

fn tag(hash: &[u8]) -> EntityTag {
    EntityTag::new_strong(HEXLOWER.encode(hash.get(..TAG_BYTES).unwrap_or(hash)))
}

/// The content types of the files that there are.
fn content_type(name: &str) -> &'static str {
    match name.rsplit(['.', '/']).next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("png") => "image/png",
        Some("svg") => "image/svg+xml",
        Some("webmanifest") => "application/manifest+json",
        Some("txt" | "md" | "LICENSE" | "LICENSE-htm" | "LICENSE-preact" | "NOTICE") => {
            "text/plain; charset=utf-8"
        }
        _ => "application/octet-stream",
    }
}

/// `GET /docs`: the interface as a page, which Swagger UI makes of its description.
pub(super) async fn docs(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    docs_file(request, web::Path::from(String::new())).await
}

/// `GET /docs/{name}`: the same, and what it loads.
pub(super) async fn docs_file(
    request: HttpRequest,
    name: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let name = if name.is_empty() { "index.html" } else { name.as_str() };
    let file = Document::file(&format!("docs/{name}")).ok_or(ApiError::NotFound("not found"))?;
    Ok(file.answer(&request, FILE.into_iter().chain([(CONTENT_SECURITY_POLICY, DOCS_POLICY)])))
}

/// `GET /`: the client for people.
pub(super) async fn page(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    page_file(&request, "index.html")
}

/// What it loads. Only names that the table of routes lets through come here.
pub(super) async fn page_part(
    request: HttpRequest,
    name: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    page_file(&request, &name)
}

fn page_file(request: &HttpRequest, name: &str) -> Result<HttpResponse, ApiError> {
    let (file, is_compressed) =
        Document::file(name).ok_or(ApiError::NotFound("not found"))?.compressed_for(request);
    let encoding = is_compressed.then_some((CONTENT_ENCODING, HeaderValue::from_static("gzip")));
    Ok(file.answer(request, PAGE_FILE.into_iter().chain(encoding)))
}
