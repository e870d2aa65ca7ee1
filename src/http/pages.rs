//! Pages and what they load. They are files below `web/` and part of the program; a debug build reads them from there
//! each time, so that whoever works on a page need not build. Also what else never changes while the server runs.

use std::borrow::Cow;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, EntityTag, Header, HeaderName, HeaderValue, IfNoneMatch,
    VARY,
};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use data_encoding::HEXLOWER;
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
        Some("txt" | "md" | "LICENSE" | "NOTICE") => "text/plain; charset=utf-8",
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
