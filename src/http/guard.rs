//! What every request passes before any handler sees it. Where nothing is wrong it allocates nothing.

use actix_web::body::BoxBody;
use actix_web::dev::RequestHead;
use actix_web::http::Method;
use actix_web::http::header::{HOST, HeaderMap, HeaderValue, ORIGIN, TRANSFER_ENCODING};
use actix_web::{HttpResponse, ResponseError};

use super::error::ApiError;
use super::origin::{Origins, Page, is_preflight};
use super::routes::{BODY_PATHS, HttpSettings};
use super::{headers, hooks, markers};
use crate::proxies::Proxies;

/// Longest target of a request: some forty times the longest that means anything here.
const TARGET_BYTES_MAX: usize = 8 * 1024;
/// Longest head of a request: a browser's is about 1 KiB, with room for the cookies of neighbours on one host. The
/// framework itself takes 128 KiB and 96 headers.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// What a header takes beside its name and value: `: ` and the end of its line.
const HEADER_BYTES: usize = 4;

/// What it takes to judge a request.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    proxies: Proxies,
    origins: Origins,
}

/// What is to become of a request.
#[derive(Debug)]
pub(super) struct Verdict {
    /// The answer to a request that no handler is to see.
    pub(super) refusal: Option<HttpResponse<BoxBody>>,
    /// The origin of the page that asks, where it is one that the operator has listed.
    pub(super) listed: Option<HeaderValue>,
}

impl Guard {
    pub(super) fn new(settings: &HttpSettings) -> Self {
        Self { proxies: settings.trusted_proxies.clone(), origins: settings.cors_origins.clone() }
    }

    /// Looks at the head of a request.
    pub(super) fn judge(&self, request: &RequestHead) -> Verdict {
        let page = self.origins.page_of(request, &self.proxies);
        let listed = (page == Page::Listed).then(|| request.headers.get(ORIGIN).cloned());
        Verdict { refusal: refusal(request, page), listed: listed.flatten() }
    }
}

/// The answer to a request that no handler sees.
pub(super) fn refusal(request: &RequestHead, page: Page) -> Option<HttpResponse<BoxBody>> {
    let error = if !host_is_sound(&request.headers) {
        ApiError::BadRequest("invalid host")
    } else if target_bytes(request) > TARGET_BYTES_MAX {
        ApiError::TargetTooLong
    } else if head_bytes(&request.headers) > HEAD_BYTES_MAX {
        ApiError::HeadTooLarge
    } else if has_endless_body(request) {
        ApiError::BadRequest("unexpected request body")
    } else {
        match page {
            Page::Foreign => ApiError::Forbidden("foreign origin"),
            Page::Listed if is_preflight(request) => return Some(preflight()),
            _ => return None,
        }
    };
    Some(error.error_response())
}

/// Whether `Host`, where there is one, has the characters of a host name or an address and no others.
fn host_is_sound(headers: &HeaderMap) -> bool {
    headers.get(HOST).is_none_or(|host| is_sound_host(host.as_bytes()))
}

/// The same of a `Host` that there is.
pub(super) fn is_sound_host(host: &[u8]) -> bool {
    host.iter().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]%".contains(byte))
}

fn target_bytes(request: &RequestHead) -> usize {
    request.uri.path_and_query().map_or(0, |target| target.as_str().len())
}

/// The length of all headers as they were sent.
fn head_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + HEADER_BYTES).sum()
}

/// Whether a body is read here.
pub(super) fn reads_body(request: &RequestHead) -> bool {
    let path = request.uri.path();
    let is_posted = request.method == Method::POST && (BODY_PATHS.contains(&path) || hooks::is_secret(path));
    is_posted || (request.method == Method::PUT && markers::is_one(path))
}

/// A body without a length where no body is read would hold its connection for as long as it likes.
fn has_endless_body(request: &RequestHead) -> bool {
    request.headers.contains_key(TRANSFER_ENCODING) && !reads_body(request)
}

/// What a page of a listed origin may do.
fn preflight() -> HttpResponse {
    let mut response = HttpResponse::NoContent();
    for header in headers::PREFLIGHT {
        response.insert_header(header);
    }
    response.finish()
}
