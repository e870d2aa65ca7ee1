//! The only table of transport errors: the status and public text of each. What is private is logged.

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderName, HeaderValue, RETRY_AFTER, SEC_WEBSOCKET_VERSION, UPGRADE};
use actix_web::{HttpResponse, ResponseError};
use serde_json::json;

use super::pow::Unpaid;
use crate::auth::password::Crowded;
use crate::command::hook::HookRefusal;
use crate::command::login::LoginRefusal;
use crate::engine::{HistoryError, HookError, LoginError, SearchError, SubmitError};
use crate::limits::Exceeded;
use crate::reply::view::HistoryRefusal;

const RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RATELIMIT_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Why a request got no answer of its own.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ApiError {
    /// The request is not what the endpoint takes. The text says why.
    #[error("{0}")]
    BadRequest(&'static str),
    /// No token, or one that is not good.
    #[error("unauthorized")]
    Unauthorized,
    /// No session that the password is good for. Which of the two is wrong is not told.
    #[error("invalid credentials")]
    BadCredentials,
    /// A session costs work that was not done.
    #[error("{}", .0.text())]
    Unpaid(Box<Unpaid>),
    /// The caller may not see it.
    #[error("{0}")]
    Forbidden(&'static str),
    /// There is no such thing, or none that the caller may see.
    #[error("{0}")]
    NotFound(&'static str),
    /// The path takes other methods.
    #[error("method not allowed")]
    MethodNotAllowed(&'static str),
    /// The head did not come in time.
    #[error("request head timed out")]
    HeadTimeout,
    /// The body did not come in time.
    #[error("request body timed out")]
    BodyTimeout,
    /// Somebody has the nick.
    #[error("nick already taken")]
    NickTaken,
    /// The session has an account.
    #[error("the session has an account already")]
    HasAccount,
    /// An account was to be made under another nick.
    #[error("an account is made for the nick that the session goes by")]
    OtherNick,
    /// The session has as many clients as it may have.
    #[error("too many clients in this session")]
    TooManyClients,
    /// The channel has as many hooks as it may have.
    #[error("too many hooks in this channel")]
    TooManyHooks,
    /// The body is longer than allowed.
    #[error("request body too large")]
    TooLarge,
    /// The body is packed.
    #[error("content encoding not supported")]
    Encoded,
    /// The target is longer than any that means something.
    #[error("request target too long")]
    TargetTooLong,
    /// The headers are longer than allowed.
    #[error("request head too large")]
    HeadTooLarge,
    /// The path is for WebSocket, in the one version that there is.
    #[error("this is for WebSocket, version 13")]
    UpgradeRequired,
    /// Asked too often; the whole seconds after which to ask again, and how often one may ask at once.
    #[error("too many requests")]
    RateLimited {
        /// At least 1.
        wait_s: u64,
        /// The size of the bucket.
        burst: u32,
    },
    /// The address has as many connections as it may have.
    #[error("too many connections")]
    TooManyConnections,
    /// The address has as many streams as it may have.
    #[error("too many streams")]
    TooManyStreams,
    /// Too much to do, or the disk refuses.
    #[error("server busy, try again")]
    Busy,
}

impl From<Exceeded> for ApiError {
    fn from(exceeded: Exceeded) -> Self {
        Self::RateLimited { wait_s: exceeded.wait_s(), burst: exceeded.burst }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized | Self::BadCredentials => StatusCode::UNAUTHORIZED,
            Self::Unpaid(_) => StatusCode::PAYMENT_REQUIRED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::HeadTimeout | Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::NickTaken
            | Self::HasAccount
            | Self::OtherNick
            | Self::TooManyClients
            | Self::TooManyHooks => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Encoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TargetTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::UpgradeRequired => StatusCode::UPGRADE_REQUIRED,
            Self::RateLimited { .. } | Self::TooManyConnections | Self::TooManyStreams => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.content_type("application/json");
        match self {
            Self::MethodNotAllowed(allow) => {
                response.insert_header((ALLOW, HeaderValue::from_static(allow)));
            }
            Self::UpgradeRequired => {
                response.insert_header((UPGRADE, HeaderValue::from_static("websocket")));
                response.insert_header((SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13")));
            }
            Self::Busy | Self::TooManyConnections | Self::TooManyStreams => {
                response.insert_header((RETRY_AFTER, "1"));
            }
            Self::RateLimited { wait_s, burst } => {
                response.insert_header((RETRY_AFTER, *wait_s)).insert_header((RATELIMIT_LIMIT, *burst));
                response.insert_header((RATELIMIT_REMAINING, 0)).insert_header((RATELIMIT_RESET, *wait_s));
            }
            // The rest of the body may still be on its way: the connection is of no further use.
            Self::TooLarge | Self::BodyTimeout | Self::Encoded => {
                response.force_close();
            }
            _ => {}
        }
        response.body(self.body())
    }
}

impl ApiError {
    /// The one shape that errors have; what is to be paid stands beside it.
    pub(super) fn body(&self) -> String {
        let body = match self {
            Self::Unpaid(unpaid) => json!({"error": self.to_string(), "hashcash": unpaid.demand()}),
            _ => json!({"error": self.to_string()}),
        };
        body.to_string()
    }
}

impl From<SubmitError> for ApiError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Saturated | SubmitError::Unavailable => Self::Busy,
            SubmitError::Gone => Self::Unauthorized,
        }
    }
}

impl From<Crowded> for ApiError {
    fn from(_: Crowded) -> Self {
        Self::Busy
    }
}

impl From<LoginError> for ApiError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Refused(LoginRefusal::Stale) => Self::BadCredentials,
            LoginError::Refused(LoginRefusal::TooManyClients) => Self::TooManyClients,
            LoginError::Submit(error) => error.into(),
        }
    }
}

impl From<HookError> for ApiError {
    fn from(error: HookError) -> Self {
        match error {
            HookError::Refused(HookRefusal::NoSuchChannel) => Self::NotFound("no such channel"),
            HookError::Refused(HookRefusal::NoSuchHook) => Self::NotFound("no such hook"),
            HookError::Refused(HookRefusal::NotAnOperator) => {
                Self::Forbidden("not an operator of the channel")
            }
            HookError::Refused(HookRefusal::TooMany) => Self::TooManyHooks,
            HookError::Submit(error) => error.into(),
        }
    }
}

impl From<SearchError> for ApiError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Refused(refusal) => HistoryError::Refused(refusal).into(),
            SearchError::TooLong => Self::BadRequest("search takes too long, look for rarer words"),
            SearchError::Off => Self::NotFound("search is switched off"),
            SearchError::Submit(error) => error.into(),
        }
    }
}

impl From<HistoryError> for ApiError {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Refused(HistoryRefusal::NoSuchTarget) => Self::NotFound("no such target"),
            HistoryError::Refused(HistoryRefusal::NotAMember) => {
                Self::Forbidden("not a member of the channel")
            }
            HistoryError::Submit(error) => error.into(),
        }
    }
}
