//! "`GET /docs`: a readable page": Swagger UI, from the program itself, under a policy as strict as it can be.

use reqwest::Method;
use reqwest::header::HeaderName;

use crate::support::{Answer, TestServer, exchange};

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

/// The values of these attributes in a page.
fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    page.split(&format!(" {name}=\"")).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// The page loads from the server alone, each thing with its type, and what it loads is there.
#[test]
fn the_page_and_what_it_loads_are_there() {
    let server = TestServer::spawn();
    let page = got(&server, "/docs");
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    for other in ["/docs/", "/docs/index.html"] {
        assert_eq!(got(&server, other).text, page.text, "{other}");
    }
    let loaded = [attributes(&page.text, "src"), attributes(&page.text, "href")].concat();
    assert!(loaded.len() >= 5, "{loaded:?}");
    for path in loaded {
        let answer = got(&server, path);
        let expected = match path.rsplit('.').next() {
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("png") => "image/png",
            _ => "application/json",
        };
        assert_eq!(answer.header("content-type"), expected, "{path}");
        assert!(!answer.text.is_empty(), "{path}");
    }
    let start = got(&server, "/docs/start.js").text;
    assert!(start.contains("\"/api/v1/openapi.json\"") && start.contains("validatorUrl: null"), "{start}");
}

/// Who got the program alone got the licences of what is in it.
#[test]
fn the_licences_come_along() {
    let server = TestServer::spawn();
    for (name, text) in
        [("LICENSE", "Apache License"), ("NOTICE", "SmartBear"), ("swagger-ui-bundle.js.LICENSE.txt", "MIT")]
    {
        let answer = got(&server, &format!("/docs/{name}"));
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8", "{name}");
        assert!(answer.text.contains(text), "{name}");
    }
}

/// No script and no style stands in the page, and the policy lets none in.
#[test]
fn the_policy_is_strict() {
    let server = TestServer::spawn();
    let page = got(&server, "/docs");
    assert!(page.text.split("<script").skip(1).all(|script| script.starts_with(" src=\"/docs/")));
    assert!(!page.text.contains("<style") && !page.text.contains(" style=") && !page.text.contains(" on"));
    let policy = page.header("content-security-policy");
    let expected = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
                    frame-ancestors 'none'";
    assert_eq!(policy, expected);
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(page.header(name), value);
    }
    // Everything else keeps the stricter one.
    assert!(!server.nobody().get("/api/v1/openapi.json").header("content-security-policy").contains("data:"));
}

#[test]
fn who_has_a_file_need_not_fetch_it_again() {
    let server = TestServer::spawn();
    for path in ["/docs", "/docs/start.js", "/docs/swagger-ui-bundle.js"] {
        let first = got(&server, path);
        assert_eq!((first.header("cache-control"), first.header("vary")), ("no-cache", "Origin"), "{path}");
        let tag = first.header("etag");
        let again = asked(&server, Method::GET, path, &[("If-None-Match", tag)]);
        assert_eq!((again.status, again.text.as_str(), again.header("etag")), (304, "", tag), "{path}");
        assert_eq!(again.header("cache-control"), "no-cache", "{path}");
        let other = asked(&server, Method::GET, path, &[("If-None-Match", "\"other\"")]);
        assert_eq!((other.status, other.text.len()), (200, first.text.len()), "{path}");
    }
    assert_ne!(got(&server, "/docs").header("etag"), got(&server, "/docs/start.js").header("etag"));
}

#[test]
fn a_head_is_a_get_without_its_body() {
    let server = TestServer::spawn();
    for path in ["/docs", "/docs/start.js"] {
        let full = got(&server, path);
        let head = asked(&server, Method::HEAD, path, &[]);
        assert_eq!((head.status, head.text.as_str()), (200, ""), "{path}");
        for name in ["etag", "content-type", "content-length", "content-security-policy", "cache-control"] {
            let name = HeaderName::from_static(name);
            assert_eq!(head.headers.get(&name), full.headers.get(&name), "{name} of {path}");
        }
    }
}

/// What is not there is not found, and there is no way out of the folder.
#[test]
fn nothing_else_is_served() {
    let server = TestServer::spawn();
    let names = [
        "nothing.js",
        "docs",
        "index.html/",
        "%00",
        "%ff",
        "a%2fb",
        "%2e%2e/%2e%2e/Cargo.toml",
        "..%2f..%2fREADME.md",
    ];
    for name in names {
        server.nobody().get(&format!("/docs/{name}")).refusal(404);
    }
    // As no library would send them.
    for target in [
        "/docs/../../Cargo.toml",
        "/docs/./../docs/../../README.md",
        "/docs//etc/passwd",
        "//docs",
        "/docs/..",
    ] {
        let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let answer = exchange(&server.socket_address(), request.as_bytes());
        assert_eq!(answer.status, Some(404), "{target}: {answer:?}");
    }
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        for path in ["/docs", "/docs/start.js"] {
            let answer = server.nobody().send(method.clone(), path);
            answer.refusal(405);
            assert_eq!(answer.header("allow"), "GET, HEAD", "{method} {path}");
        }
    }
}

/// A link from anywhere leads to the page; another site's page may load nothing of it.
#[test]
fn links_lead_to_the_page() {
    let server = TestServer::spawn();
    let visit = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")];
    assert_eq!(asked(&server, Method::GET, "/docs", &visit).status, 200);
    let embedded = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")];
    assert_eq!(asked(&server, Method::GET, "/docs/swagger-ui-bundle.js", &embedded).status, 403);
}
