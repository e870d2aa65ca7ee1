//! "`GET /api/v1/openapi.json`: `OpenAPI` 3.1 made from the code": what it says is what there is, and all of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::pow;
use crate::support::{Answer, TestServer, mint};

fn description(server: &TestServer) -> Value {
    let answer = server.nobody().get("/api/v1/openapi.json");
    assert!(answer.header("content-type").starts_with("application/json"));
    answer.ok()
}

fn paths(description: &Value) -> BTreeSet<String> {
    description["paths"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn it_is_of_version_3_1_and_of_this_server() {
    let server = TestServer::spawn();
    let description = description(&server);
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"), "{}", description["openapi"]);
    assert_eq!(description["info"]["version"], env!("CARGO_PKG_VERSION"));
    let scheme = &description["components"]["securitySchemes"]["neoirc_auth"];
    assert_eq!((scheme["in"].as_str(), scheme["name"].as_str()), (Some("cookie"), Some("neoirc_auth")));
}

/// What is for people to look at and no part of the interface.
const PAGES: [&str; 3] = ["/", "/docs", "/docs/{name:.*}"];

/// The paths are those of the table of routes, without its pages. `/metrics` is there for those alone who switch it on.
#[test]
fn it_describes_every_path_and_no_other() {
    let server = TestServer::spawn();
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/routes.rs");
    let table = fs::read_to_string(table).unwrap();
    let routes = table.split("route(\"").skip(1).filter_map(|rest| rest.split('"').next());
    let mut routes: BTreeSet<String> =
        routes.filter(|path| path.starts_with('/')).map(str::to_owned).collect();
    assert!(routes.len() > 10, "{routes:?}");
    assert!(PAGES.iter().all(|page| routes.remove(*page)), "{routes:?}");
    assert_eq!(paths(&description(&server)), routes);
}

#[test]
fn every_method_that_it_describes_is_there_and_no_other() {
    let server = TestServer::spawn_with(&[("LONG_POLL_TIMEOUT", "0")]);
    let description = description(&server);
    for path in paths(&description) {
        let described = &description["paths"][&path];
        let concrete = path.replace("{name}", "none").replace("{uuid}", "none");
        for method in [Method::GET, Method::POST, Method::DELETE, Method::PUT, Method::PATCH] {
            let answer = server.nobody().send(method.clone(), &concrete);
            let is_described = described.get(method.as_str().to_lowercase()).is_some();
            assert_eq!(answer.status != 405, is_described, "{method} {path}: {}", answer.status);
            if is_described {
                let statuses = described[method.as_str().to_lowercase()]["responses"].as_object().unwrap();
                assert!(
                    statuses.contains_key(&answer.status.to_string()),
                    "{method} {path}: {}",
                    answer.status
                );
            } else {
                assert!(!answer.header("allow").is_empty(), "{method} {path}");
            }
        }
    }
}

/// Where a cookie is needed, the description says so, and what comes without one.
#[test]
fn it_says_where_a_cookie_is_needed() {
    let server = TestServer::spawn();
    let description = description(&server);
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let concrete = path.replace("{name}", "none").replace("{uuid}", "none");
            let method: Method = method.to_uppercase().parse().unwrap();
            let status = server.nobody().send(method.clone(), &concrete).status;
            let needs_cookie = operation["security"].is_array();
            assert_eq!(status == 401, needs_cookie, "{method} {path}: {status}");
        }
    }
}

/// The names of the headers that an answer is described with.
fn headers(operation: &Value, status: &str) -> Vec<String> {
    let headers = operation["responses"][status]["headers"].as_object();
    headers.into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

/// Requests that are counted though they have no body.
const COUNTED: [&str; 3] = ["/api/v1/history", "/api/v1/search", "/api/v1/markers/{target}"];
/// Where a session may be opened.
const OPENING: [&str; 2] = ["/api/v1/session", "/api/v1/register"];

/// Who is told to come again is told when, in headers that are described.
#[test]
fn it_names_the_headers_that_say_when_to_ask_again() {
    let server = TestServer::spawn_with(&[("SESSION_RATE_LIMIT", "0.01"), ("SESSION_RATE_BURST", "1")]);
    server.open("alice");
    let refused = server.nobody().post("/api/v1/session", &json!({ "nick": "bob" }));
    refused.refusal(429);
    let described = description(&server)["paths"]["/api/v1/session"]["post"].clone();
    let names = headers(&described, "429");
    assert_eq!(names, ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After"]);
    for name in names {
        let number: u64 = refused.header(&name).parse().unwrap();
        let schema = &described["responses"]["429"]["headers"][&name]["schema"];
        assert_eq!(schema["type"], "integer");
        assert!(number >= schema["minimum"].as_u64().unwrap(), "{name}");
    }
    for (path, item) in description(&server)["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert_eq!(headers(operation, "503"), ["Retry-After"], "{method} {path}");
            let counted = headers(operation, "429").len() == 4;
            let is_counted = operation["requestBody"].is_object() || COUNTED.contains(&path.as_str());
            assert_eq!(counted, is_counted, "{method} {path}");
            assert!(headers(operation, "429").contains(&"Retry-After".to_owned()), "{method} {path}");
        }
    }
}

/// What a session costs stands in the answer that says so, and in no other.
#[test]
fn it_tells_the_refusal_of_the_unpaid_from_others() {
    let server = TestServer::spawn_with(&[("NEOIRC_HASHCASH_BITS", "20")]);
    let description = description(&server);
    let schemas = &description["components"]["schemas"];
    let unpaid = server.nobody().post("/api/v1/session", &json!({ "nick": "alice" }));
    unpaid.refusal(402);
    let keys = |object: &Value| object.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let required = |schema: &Value| {
        schema["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(keys(&unpaid.json()), required(&schemas["Unpaid"]));
    assert_eq!(keys(&unpaid.json()["hashcash"]), required(&schemas["Work"]));
    assert_eq!(keys(&schemas["Problem"]["properties"]), BTreeSet::from(["error".to_owned()]));
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let asks = operation["responses"]["402"].is_object();
            assert_eq!(asks, OPENING.contains(&path.as_str()) && method == "post", "{method} {path}");
        }
    }
    let schema = "/responses/402/content/application~1json/schema/$ref";
    let session = &description["paths"]["/api/v1/session"]["post"];
    assert_eq!(session.pointer(schema).unwrap(), "#/components/schemas/Unpaid");
}

/// The older name of a field is accepted, and described as one that new clients should not use.
#[test]
fn it_knows_the_older_name_of_the_stamp() {
    let server = TestServer::spawn_with(&[("NEOIRC_HASHCASH_BITS", "8")]);
    let fields = description(&server)["components"]["schemas"]["NewSession"]["properties"].clone();
    assert_eq!(fields["hashcash"]["deprecated"], true);
    assert!(fields["pow_token"]["deprecated"].is_null());
    for (nick, field) in [("alice", "hashcash"), ("bob", "pow_token")] {
        let stamp = mint(8, &format!("1:8:{}:neoirc:", pow::day(0)));
        let answer = server.nobody().post("/api/v1/session", &json!({ "nick": nick, field: stamp }));
        assert_eq!(answer.status, 201, "{}", answer.text);
    }
}

fn default_of(description: &Value, path: &str, name: &str) -> u64 {
    let parameters = description["paths"][path]["get"]["parameters"].as_array().unwrap();
    let parameter = parameters.iter().find(|parameter| parameter["name"] == name).unwrap();
    parameter["schema"]["default"].as_u64().unwrap()
}

/// Defaults are those of this server, not of any.
#[test]
fn it_tells_the_defaults() {
    let usual = description(&TestServer::spawn());
    assert_eq!(default_of(&usual, "/api/v1/messages", "timeout"), 15);
    assert_eq!(default_of(&usual, "/api/v1/history", "limit"), 50);
    let other = description(&TestServer::spawn_with(&[("LONG_POLL_TIMEOUT", "7")]));
    assert_eq!(default_of(&other, "/api/v1/messages", "timeout"), 7);
}

/// Free-form parts are described down to their last string, and the server refuses what the description does.
#[test]
fn it_describes_what_free_form_parts_may_hold() {
    let server = TestServer::spawn();
    let schemas = description(&server)["components"]["schemas"].clone();
    let meta = &schemas["Posted"]["properties"]["meta"]["oneOf"][0]["$ref"];
    assert_eq!(meta, "#/components/schemas/PlainObject");
    let object = &schemas["PlainObject"];
    assert_eq!(object["additionalProperties"]["$ref"], "#/components/schemas/PlainJson");
    assert_eq!(object["propertyNames"]["pattern"], r"^[^\x00\r\n]*$");
    assert_eq!(schemas["Line"]["pattern"], r"^[^\x00\r\n]*$");
    let alice = server.open("alice");
    let say = |meta: Value| alice.post(&json!({ "command": "PING", "body": ["x"], "meta": meta })).0;
    assert_eq!(say(json!({ "a": [1, 2.5, true, null, { "b": "c" }] })), 200);
    for bad in
        [json!({ "a": ["b\n"] }), json!({ "a": { "b\r": 1 } }), json!({ "\0": 1 }), json!([]), json!("a")]
    {
        assert_eq!(say(bad.clone()), 400, "{bad}");
    }
    // Other fields are not looked into.
    assert_eq!(alice.post(&json!({ "command": "PING", "body": ["x"], "other\n": ["a\0"] })).0, 200);
}

/// Every reference leads to something.
#[test]
fn it_refers_to_nothing_that_it_lacks() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        if let Some(Value::String(reference)) = value.get("$ref") {
            found.insert(reference.trim_start_matches('#').to_owned());
        }
        let of_object = value.as_object().into_iter().flat_map(serde_json::Map::values);
        for inner in of_object.chain(value.as_array().into_iter().flatten()) {
            references(inner, found);
        }
    }
    let description = description(&TestServer::spawn());
    let mut found = BTreeSet::new();
    references(&description, &mut found);
    assert!(found.len() > 15, "{found:?}");
    assert!(found.iter().all(|pointer| description.pointer(pointer).is_some()), "{found:?}");
}

/// Who has it already need not fetch it again.
#[test]
fn it_has_a_tag() {
    let server = TestServer::spawn();
    let path = "/api/v1/openapi.json";
    let tag = server.nobody().get(path).header("etag").to_owned();
    assert_eq!(server.nobody().get(path).header("etag"), tag);
    let asked = |tag: &str| {
        let request = server.nobody().request(Method::GET, path).header("If-None-Match", tag);
        Answer::of(request).unwrap()
    };
    for known in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
        let answer = asked(&known);
        assert_eq!((answer.status, answer.text.as_str()), (304, ""), "{known}");
        assert_eq!(answer.header("etag"), tag);
        assert_eq!(answer.header("cache-control"), "no-store", "as all of /api");
    }
    for unknown in ["\"other\"", "nonsense", ""] {
        assert_eq!(asked(unknown).ok()["openapi"], "3.1.0", "{unknown}");
    }
    // What a description says may be up to the settings.
    let other = TestServer::spawn_with(&[("LONG_POLL_TIMEOUT", "7")]);
    assert_ne!(other.nobody().get(path).header("etag"), tag);
}
