//! What every request passes: it is refused here when no handler should see it, and every answer gets its headers
//! here. One layer, and where nothing is wrong it allocates nothing.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use actix_web::body::BoxBody;
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HOST, HeaderMap, ORIGIN, TRANSFER_ENCODING};
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, ResponseError};

use super::address::Proxies;
use super::connection::Activity;
use super::error::ApiError;
use super::origin::{Origins, Page, is_preflight};
use super::routes::{BODY_PATHS, HttpSettings};
use super::{body, headers, log, metrics};

/// Longest target of a request: some forty times the longest that means anything here.
const TARGET_BYTES_MAX: usize = 8 * 1024;
/// Longest head of a request: a browser's is about 1 KiB, with room for the cookies of neighbours on one host. The
/// framework itself takes 128 KiB and 96 headers.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// What a header takes beside its name and value: `: ` and the end of its line.
const HEADER_BYTES: usize = 4;

/// The number of the next request; with the start of the process it names one request for ever.
static NEXT_REQUEST: AtomicU64 = AtomicU64::new(1);

/// What it takes to judge a request.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    proxies: Proxies,
    origins: Origins,
}

impl Guard {
    pub(super) fn new(settings: &HttpSettings) -> Self {
        Self { proxies: settings.trusted_proxies.clone(), origins: settings.cors_origins.clone() }
    }

    /// Refuses or serves a request, dresses the answer, and logs how that went. What it keeps meanwhile is small:
    /// every waiting poll keeps it.
    pub(super) fn serve<S>(
        &self,
        mut request: ServiceRequest,
        service: &S,
    ) -> impl Future<Output = Result<ServiceResponse, Error>> + use<S>
    where
        S: Service<ServiceRequest, Response = ServiceResponse, Error = Error>,
    {
        let request_id = NEXT_REQUEST.fetch_add(1, Ordering::Relaxed);
        let started = Instant::now();
        let activity = Activity::begin(request.request());
        let page = self.origins.page_of(request.request(), &self.proxies);
        let serve = match refusal(&request, page) {
            None => Ok(service.call(request)),
            Some(refusal) => {
                let payload = request.take_payload();
                if !matches!(payload, Payload::None) {
                    body::outlive_response(Box::pin(payload));
                }
                Err(Box::new(request.into_response(refusal)))
            }
        };
        async move {
            let mut response = match serve {
                Ok(serve) => serve.await.inspect_err(|error| {
                    metrics::count_response(error.as_response_error().status_code());
                })?,
                Err(refused) => *refused,
            };
            let listed = (page == Page::Listed).then(|| response.request().headers().get(ORIGIN).cloned());
            headers::dress(response.headers_mut(), listed.flatten());
            metrics::count_response(response.status());
            log::served(&response, request_id, started);
            drop(activity);
            Ok(response)
        }
    }
}

/// The answer to a request that no handler sees.
fn refusal(request: &ServiceRequest, page: Page) -> Option<HttpResponse<BoxBody>> {
    let error = if !host_is_sound(request.headers()) {
        ApiError::BadRequest("invalid host")
    } else if target_bytes(request.request()) > TARGET_BYTES_MAX {
        ApiError::TargetTooLong
    } else if head_bytes(request.headers()) > HEAD_BYTES_MAX {
        ApiError::HeadTooLarge
    } else if has_endless_body(request) {
        ApiError::BadRequest("unexpected request body")
    } else {
        match page {
            Page::Foreign => ApiError::Forbidden("foreign origin"),
            Page::Listed if is_preflight(request.request()) => return Some(preflight()),
            _ => return None,
        }
    };
    Some(error.error_response())
}

/// Whether `Host`, where there is one, has the characters of a host name or an address and no others.
fn host_is_sound(headers: &HeaderMap) -> bool {
    let sound = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_:[]%".contains(byte);
    headers.get(HOST).is_none_or(|host| host.as_bytes().iter().all(sound))
}

fn target_bytes(request: &HttpRequest) -> usize {
    request.uri().path_and_query().map_or(0, |target| target.as_str().len())
}

/// The length of all headers as they were sent.
fn head_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + HEADER_BYTES).sum()
}

/// A body without a length where no body is read would hold its connection for as long as it likes.
fn has_endless_body(request: &ServiceRequest) -> bool {
    let reads_body = || request.method() == Method::POST && BODY_PATHS.contains(&request.path());
    request.headers().contains_key(TRANSFER_ENCODING) && !reads_body()
}

/// What a page of a listed origin may do.
fn preflight() -> HttpResponse {
    let mut response = HttpResponse::NoContent();
    for header in headers::PREFLIGHT {
        response.insert_header(header);
    }
    response.finish()
}
