//! The headers that every answer has: what a browser may do with it, and who may keep it.
//!
//! Every name and value is static, so that nothing is allocated for an answer.

use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, CACHE_CONTROL,
    CONTENT_SECURITY_POLICY, CROSS_ORIGIN_OPENER_POLICY, CROSS_ORIGIN_RESOURCE_POLICY, HeaderMap, HeaderName,
    HeaderValue, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

/// Pages load from here alone, stand in nobody's frame, and send their forms here alone.
const POLICY: &str =
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What goes on every answer.
const ALWAYS: [(HeaderName, HeaderValue); 5] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin")),
    (CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
];

/// What goes on every answer whose handler has not chosen for itself, as one may that shows a page.
const UNLESS_CHOSEN: [(HeaderName, HeaderValue); 3] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    // A cache that stores nevertheless must not serve one user's chat to another, as one did to Zulip's in 2021.
    (VARY, HeaderValue::from_static("Origin, Cookie")),
];

/// What a listed origin may do, beside reading the answer.
const LISTED: [(HeaderName, HeaderValue); 3] = [
    (ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true")),
    (
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset"),
    ),
    (CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin")),
];

/// What a listed origin is told before its first request: the methods and headers of the interface. Kept for two
/// hours, the longest that a browser is known to keep it.
pub(super) const PREFLIGHT: [(HeaderName, HeaderValue); 3] = [
    (ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, PUT, DELETE")),
    (ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Content-Type, Idempotency-Key, Last-Event-ID")),
    (ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200")),
];

/// Puts onto an answer what every answer has, and what the page of a listed origin needs.
pub(super) fn dress(headers: &mut HeaderMap, listed: Option<HeaderValue>) {
    for (name, value) in ALWAYS {
        headers.insert(name, value);
    }
    for (name, value) in UNLESS_CHOSEN {
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }
    if let Some(origin) = listed {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        for (name, value) in LISTED {
            headers.insert(name, value);
        }
    }
}

/// Writes headers as they stand in a head.
pub(super) fn write(headers: &HeaderMap, head: &mut Vec<u8>) {
    for (name, value) in headers {
        head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
}
