//! `GET /irc`: the beginning of WebSocket, after which the connection is one of the IRC face.
//! Source: RFC 6455 §4.2

use std::io;

use actix_http::Request;
use actix_http::body::BoxBody;
use actix_service::Service;
use actix_web::ResponseError;
use actix_web::dev::{RequestHead, ServiceResponse};
use actix_web::http::header::{
    HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use actix_web::http::{Method, StatusCode, Version};
use bytes::BytesMut;
use data_encoding::BASE64;

use super::error::ApiError;
use super::exchange::Desk;
use super::guard::Verdict;
use super::line::Line;
use super::log::Served;
use super::metrics;
use crate::irc::{Arrival, Room, Subprotocol, WebDoor};

/// Where WebSocket begins.
pub(super) const IRC: &str = "/irc";
/// Bytes of the key that a client makes up.
const KEY_BYTES: usize = 16;

/// A wish for WebSocket that can be granted.
struct Wish {
    key: Vec<u8>,
    subprotocol: Option<Subprotocol>,
}

/// What becomes of a request for it.
pub(super) enum Outcome {
    /// HTTP is over on this connection.
    Granted(WebDoor, Room, Handover),
    /// It was answered; whether a further request may come.
    Answered(bool),
}

/// What is known of whoever asked.
pub(super) struct Handover {
    subprotocol: Subprotocol,
    address: std::net::IpAddr,
    is_secure: bool,
}

impl<S> Desk<S>
where
    S: Service<Request, Response = ServiceResponse<BoxBody>, Error = actix_web::Error>,
{
    /// Whether a request is for the IRC face, should there be one.
    pub(super) fn is_for_irc(&self, request: &Request) -> bool {
        self.web_door.is_some() && request.method() == Method::GET && request.path() == IRC
    }

    /// Grants WebSocket, or says why not.
    ///
    /// # Errors
    /// When the connection is broken.
    pub(super) async fn upgrade(&self, line: &mut Line, request: Request) -> io::Result<Outcome> {
        let served = Served::begin();
        let Verdict { refusal, listed } = self.guard.judge(request.head());
        let response = match refusal {
            Some(refusal) => refusal,
            None => match self.welcome(line, request.head()).await? {
                Ok(granted) => {
                    served.log(&Method::GET, IRC, StatusCode::SWITCHING_PROTOCOLS);
                    metrics::count_response(StatusCode::SWITCHING_PROTOCOLS);
                    return Ok(granted);
                }
                Err(error) => error.error_response(),
            },
        };
        served.log(&Method::GET, IRC, response.status());
        self.answer(line, response, listed).await.map(Outcome::Answered)
    }

    async fn welcome(&self, line: &mut Line, request: &RequestHead) -> io::Result<Result<Outcome, ApiError>> {
        let Some(door) = self.web_door.clone() else { return Ok(Err(ApiError::NotFound("not found"))) };
        let wish = match Wish::of(request) {
            Ok(wish) => wish,
            Err(error) => return Ok(Err(error)),
        };
        let proxies = &self.settings.trusted_proxies;
        let (address, is_secure) = (proxies.address_of(request), proxies.came_by_tls(request));
        let Some(room) = door.room(address) else { return Ok(Err(ApiError::TooManyConnections)) };
        line.connection.write(&wish.grant()).await?;
        let subprotocol = wish.subprotocol.unwrap_or(Subprotocol::Text);
        Ok(Ok(Outcome::Granted(door, room, Handover { subprotocol, address, is_secure })))
    }
}

impl Handover {
    /// Gives the connection away.
    ///
    /// # Errors
    /// When the system does not give its socket up.
    pub(super) fn hand_over(self, line: Line, door: &WebDoor, room: Room) -> io::Result<()> {
        let (socket, unread, place) = line.connection.into_parts()?;
        let Self { subprotocol, address, is_secure } = self;
        door.admit(room, Arrival { socket, unread: unread.freeze(), subprotocol, address, is_secure, place });
        Ok(())
    }
}

impl Wish {
    /// # Errors
    /// What is wrong with it.
    fn of(request: &RequestHead) -> Result<Self, ApiError> {
        let headers = request.headers();
        let wants = says(headers, &UPGRADE, "websocket") && request.upgrade();
        let version = headers.get(SEC_WEBSOCKET_VERSION).map(HeaderValue::as_bytes);
        if !wants || version != Some(b"13") || request.version != Version::HTTP_11 {
            return Err(ApiError::UpgradeRequired);
        }
        let key = headers.get(SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
        let is_sound = |key: &&[u8]| BASE64.decode(key).is_ok_and(|key| key.len() == KEY_BYTES);
        let key = key.filter(is_sound).ok_or(ApiError::BadRequest("invalid Sec-WebSocket-Key"))?.to_vec();
        let lists = headers.get_all(SEC_WEBSOCKET_PROTOCOL).filter_map(|list| list.to_str().ok());
        let subprotocol = Subprotocol::first_of(&lists.collect::<Vec<_>>().join(","));
        Ok(Self { key, subprotocol })
    }

    /// The answer that ends HTTP. One who offers nothing that is known is served all the same: old clients do not.
    fn grant(&self) -> BytesMut {
        let mut answer = BytesMut::from(
            &b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"[..],
        );
        let accepted = WebDoor::accept_key(&self.key);
        answer.extend_from_slice(format!("sec-websocket-accept: {accepted}\r\n").as_bytes());
        if let Some(subprotocol) = self.subprotocol {
            let line = format!("sec-websocket-protocol: {}\r\n", subprotocol.name());
            answer.extend_from_slice(line.as_bytes());
        }
        answer.extend_from_slice(b"\r\n");
        answer
    }
}

/// `GET /irc` where the operator has switched WebSocket off.
#[utoipa::path(
    get, path = "/irc",
    responses(
        (status = 101, description = "WebSocket begins, with one line of IRC a message: subprotocols text.ircv3.net and binary.ircv3.net"),
        (status = 404, description = "The operator has switched it off", body = super::schema::Problem),
        (status = 426, description = "What asks is no handshake of WebSocket, version 13", body = super::schema::Problem, headers(("Upgrade" = String, description = "websocket"), ("Sec-WebSocket-Version" = String, description = "13"))),
    ),
)]
pub(super) async fn nowhere() -> Result<String, ApiError> {
    Err(ApiError::NotFound("not found"))
}

/// Whether a word is in a list of them.
fn says(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let mut words =
        headers.get_all(name).filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    words.any(|said| said.trim().eq_ignore_ascii_case(word))
}
