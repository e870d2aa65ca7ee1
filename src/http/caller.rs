//! Who is asking: the client behind the cookie.

use std::cell::RefCell;
use std::future::{Ready, ready};
use std::ops::Deref;
use std::sync::Arc;

use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::{Payload, RequestHead};
use actix_web::http::header::{COOKIE, HeaderValue};
use actix_web::{FromRequest, HttpRequest, web};

use super::error::ApiError;
use crate::auth::token::{Token, is_same_secret};
use crate::delivery::Seat;
use crate::engine::Engine;

/// The name of the cookie.
const COOKIE_NAME: &str = "neoirc_auth";
/// A longer `Cookie` is not remembered, in bytes: every connection that waits has one. Ours alone takes 76.
const KNOWN_COOKIE_BYTES_MAX: usize = 256;

/// A client with a good token.
#[derive(Clone)]
pub(super) struct Caller(Arc<Seat>);

impl Deref for Caller {
    type Target = Arc<Seat>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let engine = request.app_data::<web::Data<Engine>>();
        ready(engine.ok_or(ApiError::Unauthorized).and_then(|engine| Self::of(request.head(), engine)))
    }
}

impl Caller {
    /// # Errors
    /// `Unauthorized` without a good token.
    pub(super) fn of(request: &RequestHead, engine: &Engine) -> Result<Self, ApiError> {
        Self::of_cookies(request.headers.get_all(COOKIE).map(HeaderValue::as_bytes), engine)
    }

    /// The same from what `Cookie` says, however often it stands there.
    ///
    /// # Errors
    /// `Unauthorized` without a good token.
    pub(super) fn of_cookies<'a>(
        headers: impl Iterator<Item = &'a [u8]>,
        engine: &Engine,
    ) -> Result<Self, ApiError> {
        // Several cookies of one name may come from several paths; the one that is good counts.
        let tokens = values(headers).filter_map(Token::parse);
        let seat = tokens.take(4).find_map(|token| engine.authenticate(&token.hash()));
        seat.map(Self).ok_or(ApiError::Unauthorized)
    }
}

/// Whether a request has the cookie at all, be it good or not.
pub(super) fn has_cookie(request: &RequestHead) -> bool {
    values(request.headers.get_all(COOKIE).map(HeaderValue::as_bytes)).next().is_some()
}

/// What the cookies of our name say. Others on the same host may have any bytes in theirs, which are none of our business.
fn values<'a>(headers: impl Iterator<Item = &'a [u8]>) -> impl Iterator<Item = &'a str> {
    let cookies = headers.flat_map(|header| header.split(|byte| *byte == b';'));
    let pairs = cookies.filter_map(|pair| std::str::from_utf8(pair).ok()?.trim().split_once('='));
    pairs.filter(|(name, _)| *name == COOKIE_NAME).map(|(_, value)| value)
}

/// Who asked the last time on a connection. Nearly always it is who asks the next time, and then neither is a token hashed nor
/// anybody looked for.
#[derive(Default)]
pub(super) struct KnownCaller(RefCell<Option<Known>>);

struct Known {
    /// What its `Cookie` said.
    cookie: Box<str>,
    caller: Caller,
}

impl KnownCaller {
    /// The caller with this `Cookie`, who becomes the known one.
    ///
    /// # Errors
    /// `Unauthorized` without a good token.
    pub(super) fn caller(&self, cookie: Option<&str>, engine: &Engine) -> Result<Caller, ApiError> {
        let cookie = cookie.ok_or(ApiError::Unauthorized)?;
        // A proxy may bring different clients on one connection, of whom none is to learn by the clock how much of
        // another's cookie it has guessed.
        let is_same = |known: &&Known| is_same_secret(known.cookie.as_bytes(), cookie.as_bytes());
        if let Some(known) = self.0.borrow().as_ref().filter(is_same)
            && engine.is_still_good(&known.caller)
        {
            return Ok(known.caller.clone());
        }
        let caller = Caller::of_cookies(std::iter::once(cookie.as_bytes()), engine);
        let known = caller.as_ref().ok().filter(|_| cookie.len() <= KNOWN_COOKIE_BYTES_MAX);
        self.0.replace(known.map(|caller| Known { cookie: cookie.into(), caller: caller.clone() }));
        caller
    }
}

/// The cookie that carries a new token; by TLS only, when that is how the request came.
pub(super) fn cookie(token: &Token, secure: bool) -> Cookie<'static> {
    bare_cookie(token.reveal().to_owned(), secure)
}

/// The cookie that makes a client forget its token.
pub(super) fn no_cookie(secure: bool) -> Cookie<'static> {
    let mut cookie = bare_cookie(String::new(), secure);
    cookie.set_max_age(CookieDuration::ZERO);
    cookie
}

fn bare_cookie(value: String, secure: bool) -> Cookie<'static> {
    let mut cookie =
        Cookie::build(COOKIE_NAME, value).path("/").http_only(true).same_site(SameSite::Strict).finish();
    if secure {
        cookie.set_secure(true);
    }
    cookie
}
