//! "`GET /api/v1/openapi.json`: `OpenAPI` 3.1 made from the code": what it says is what there is, and all of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use reqwest::Method;
use serde_json::Value;

use crate::support::TestServer;

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

/// The paths are those of the table of routes. `/metrics` is there for those alone who switch it on.
#[test]
fn it_describes_every_path_and_no_other() {
    let server = TestServer::spawn();
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/routes.rs");
    let table = fs::read_to_string(table).unwrap();
    let routes = table.split("route(\"").skip(1).filter_map(|rest| rest.split('"').next());
    let routes: BTreeSet<String> = routes.filter(|path| path.starts_with('/')).map(str::to_owned).collect();
    assert!(routes.len() > 10, "{routes:?}");
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
