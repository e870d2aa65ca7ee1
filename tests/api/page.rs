//! The client for people at `/`: from the program itself, small, and under the strict policy.

use std::io::Read;

use flate2::read::GzDecoder;
use reqwest::Method;

use crate::support::{Answer, TestServer};

/// How large all that the page loads may be, compressed.
const BYTES_MAX: usize = 60 * 1024;

fn asked(server: &TestServer, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = server.nobody().request(method, path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    Answer::of(request).unwrap()
}

fn got(server: &TestServer, path: &str) -> Answer {
    let answer = server.nobody().get(path);
    assert_eq!(answer.status, 200, "{path}");
    answer
}

/// What stands in quotes behind each of these words.
fn quoted<'a>(text: &'a str, word: &str, quote: char) -> Vec<&'a str> {
    let opening = format!("{word}{quote}");
    text.split(opening.as_str()).skip(1).filter_map(|rest| rest.split(quote).next()).collect()
}

/// The path of a module as another one names it.
fn resolved(from: &str, named: &str) -> String {
    let mut parts: Vec<&str> = if named.starts_with('/') { vec![] } else { from.split('/').collect() };
    parts.pop();
    for part in named.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    format!("/{}", parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("/"))
}

/// Every file that the page loads, with what came for it.
fn loaded(server: &TestServer) -> Vec<(String, Answer)> {
    let mut paths = vec!["/".to_owned(), "/pow-worker.js".to_owned()];
    let mut at = 0;
    let mut files = Vec::new();
    while let Some(path) = paths.get(at).cloned() {
        let answer = got(server, &path);
        let named: Vec<String> = if path == "/" {
            let links = [quoted(&answer.text, "src=", '"'), quoted(&answer.text, "href=", '"')].concat();
            links.into_iter().filter(|link| *link != "/docs").map(str::to_owned).collect()
        } else {
            quoted(&answer.text, " from ", '\'').into_iter().map(|named| resolved(&path, named)).collect()
        };
        for name in named {
            if !paths.contains(&name) {
                paths.push(name);
            }
        }
        files.push((path, answer));
        at += 1;
    }
    files
}

#[test]
fn the_page_and_all_that_it_loads_are_there_and_small() {
    let server = TestServer::spawn();
    let files = loaded(&server);
    assert!(files.len() > 12, "{:?}", files.iter().map(|(path, _)| path).collect::<Vec<_>>());
    let mut bytes = 0;
    for (path, plain) in &files {
        let expected = match path.rsplit('.').next() {
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            Some("webmanifest") => "application/manifest+json",
            _ => "text/html; charset=utf-8",
        };
        assert_eq!(plain.header("content-type"), expected, "{path}");
        assert_eq!(plain.header("vary"), "Origin, Accept-Encoding", "{path}");
        let request = server.nobody().request(Method::GET, path).header("Accept-Encoding", "br, gzip;q=0.8");
        let packed = request.send().unwrap();
        assert_eq!(packed.status(), 200, "{path}");
        let is_packed = packed.headers().get("content-encoding").is_some_and(|coding| coding == "gzip");
        let body = packed.bytes().unwrap();
        bytes += body.len();
        if is_packed {
            assert!(body.len() < plain.text.len(), "{path}");
            let mut text = String::new();
            GzDecoder::new(&body[..]).read_to_string(&mut text).unwrap();
            assert_eq!(text, plain.text, "{path}");
        } else {
            assert_eq!(body, plain.text.as_bytes(), "{path}");
        }
    }
    assert!(bytes <= BYTES_MAX, "{bytes} bytes");
}

/// Nothing of the page stands in its HTML, and the policy is that of everything else.
#[test]
fn the_policy_of_the_page_is_the_strict_one() {
    let server = TestServer::spawn();
    let page = got(&server, "/");
    let policy = page.header("content-security-policy");
    let expected =
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    assert_eq!(policy, expected);
    assert!(!page.text.contains("<style") && !page.text.contains(" style=") && !page.text.contains(" on"));
    assert!(page.text.split("<script").skip(1).all(|script| script.contains(" src=\"/")), "{}", page.text);
}

#[test]
fn the_page_is_fetched_once() {
    let server = TestServer::spawn();
    for path in ["/", "/style.css", "/vendor/htm-preact.js"] {
        let plain = got(&server, path);
        let gzip = ("Accept-Encoding", "gzip");
        let packed = server.nobody().request(Method::GET, path).header(gzip.0, gzip.1).send().unwrap();
        let tags = [plain.header("etag"), packed.headers()["etag"].to_str().unwrap()];
        assert_ne!(tags[0], tags[1], "{path}: other bytes have another tag");
        for (tag, coding) in tags.iter().zip(["identity", "gzip"]) {
            let headers = [("If-None-Match", *tag), ("Accept-Encoding", coding)];
            let again = asked(&server, Method::GET, path, &headers);
            assert_eq!((again.status, again.text.as_str(), again.header("etag")), (304, "", *tag), "{path}");
        }
        let refused = asked(&server, Method::GET, path, &[("Accept-Encoding", "gzip;q=0")]);
        assert_eq!(refused.text, plain.text, "{path}");
        assert!(refused.headers.get("content-encoding").is_none(), "{path}");
        let head = asked(&server, Method::HEAD, path, &[]);
        assert_eq!((head.status, head.header("etag")), (200, tags[0]), "{path}");
    }
}

#[test]
fn nothing_beside_the_page_is_served() {
    let server = TestServer::spawn();
    for path in [
        "/index.html",
        "/nothing.js",
        "/ui/",
        "/ui/../ui/main.js",
        "/vendor/README.md",
        "/ui/..%2fstart.js",
        "/%2e%2e/Cargo.toml",
    ] {
        // A client may tidy a path before it asks; what is asked for then is no secret.
        let answer = server.nobody().get(path);
        assert!(answer.status == 404 || path.contains("/../"), "{path}: {}", answer.status);
    }
    for path in ["/", "/start.js"] {
        let answer = server.nobody().send(Method::POST, path);
        answer.refusal(405);
        assert_eq!(answer.header("allow"), "GET, HEAD", "{path}");
    }
    for name in ["LICENSE-htm", "LICENSE-preact"] {
        assert_eq!(
            got(&server, &format!("/vendor/{name}")).header("content-type"),
            "text/plain; charset=utf-8"
        );
    }
}
