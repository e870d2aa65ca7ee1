//! Plain HTTP with an optional cookie: no reading of what the answers mean.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use reqwest::Method;
use reqwest::blocking::{Client, ClientBuilder, RequestBuilder};
use reqwest::header::{HeaderMap, SET_COOKIE};
use serde_json::Value;

/// Longer than the longest poll (30 s), so that the server and never the client ends one.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(45);

/// One caller: a server's address, and perhaps the cookie of a client.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    address: Arc<Mutex<String>>,
    token: Option<String>,
}

/// An answer whose body was read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Http {
    /// A caller of the server whose address is in this cell.
    pub(crate) fn new(address: Arc<Mutex<String>>, token: Option<String>) -> Self {
        Self { address, token }
    }

    /// The same server with another cookie or with none.
    pub(crate) fn with_token(&self, token: Option<String>) -> Self {
        Self { address: Arc::clone(&self.address), token }
    }

    /// The cookie's value.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// A request to be filled in by the caller, for headers and bodies out of the ordinary.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url =
            format!("{}{path}", self.address.lock().expect("no test panics while it holds the address"));
        let request = pool().request(method, url);
        match &self.token {
            Some(token) => request.header("Cookie", format!("neoirc_auth={token}")),
            None => request,
        }
    }

    /// GET.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).expect("the server answers")
    }

    /// POST with a JSON body.
    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.try_post(path, body).expect("the server answers")
    }

    /// POST with these bytes as its body.
    #[track_caller]
    pub(crate) fn post_bytes(&self, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        let request = self.request(Method::POST, path).header("Content-Type", "application/json");
        Answer::of(request.body(body.into())).expect("the server answers")
    }

    /// POST to a server that may be gone.
    pub(crate) fn try_post(&self, path: &str, body: &Value) -> reqwest::Result<Answer> {
        Answer::of(self.request(Method::POST, path).json(body))
    }

    /// Any method, no body.
    #[track_caller]
    pub(crate) fn send(&self, method: Method, path: &str) -> Answer {
        Answer::of(self.request(method, path)).expect("the server answers")
    }
}

impl Answer {
    /// Sends a request and reads the whole answer.
    pub(crate) fn of(request: RequestBuilder) -> reqwest::Result<Self> {
        let response = request.send()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self { status, headers, text: response.text()? })
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        match serde_json::from_str(&self.text) {
            Ok(value) => value,
            Err(error) => panic!("{} with a body that is not JSON ({error}): {:?}", self.status, self.text),
        }
    }

    /// The body as JSON of an answer that must be 200.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()
    }

    /// Checks that this is an error of transport in its one shape, and returns its text.
    #[track_caller]
    pub(crate) fn refusal(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text);
        assert!(self.header("content-type").starts_with("application/json"), "errors are JSON: {self:?}");
        match self.json()["error"].as_str() {
            Some(text) if !text.is_empty() => text.to_string(),
            _ => panic!("an error must say what it is: {}", self.text),
        }
    }

    /// A header's text, empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The one `Set-Cookie` line, empty where there is none.
    #[track_caller]
    pub(crate) fn set_cookie(&self) -> &str {
        assert!(
            self.headers.get_all(SET_COOKIE).iter().count() <= 1,
            "one cookie at most: {:?}",
            self.headers
        );
        self.header("set-cookie")
    }
}

/// The value in a `Set-Cookie` line of the session cookie.
#[track_caller]
pub(crate) fn token_in(set_cookie: &str) -> String {
    let value = set_cookie.split(';').next().and_then(|pair| pair.strip_prefix("neoirc_auth="));
    value.unwrap_or_else(|| panic!("not the session cookie: {set_cookie:?}")).to_string()
}

/// One pool of connections for the whole test binary: a client of its own would cost every caller a thread.
fn pool() -> &'static Client {
    static POOL: OnceLock<Client> = OnceLock::new();
    POOL.get_or_init(|| plain_client().timeout(REQUEST_TIMEOUT).build().expect("a plain client"))
}

/// A client to be. The tests speak no TLS; told so, it does not look for the certificates that this machine trusts.
pub(crate) fn plain_client() -> ClientBuilder {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider knows them")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Client::builder().no_proxy().tls_backend_preconfigured(tls)
}
