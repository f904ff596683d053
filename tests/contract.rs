//! Every row of the service's contract.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use support::App;

const MESSAGE: &str = "It's easier to ask forgiveness than it is to get permission.";

fn four_lines(forwarded_for: &str, real_ip: &str, proto: &str) -> String {
    format!(
        "{MESSAGE}\nX-Forwarded-For: {forwarded_for}\nX-Real-IP: {real_ip}\n\
         X-Forwarded-Proto: {proto}\n"
    )
}

const FORWARDED: &str =
    "X-Forwarded-For: 172.20.0.1\r\nX-Real-IP: 172.20.0.1\r\nX-Forwarded-Proto: https\r\n";

#[test]
fn text_is_what_a_client_gets_that_does_not_ask_for_json() {
    let app = App::start(&[]);
    for accept in [
        "",
        "Accept: text/plain\r\n",
        "Accept: */*\r\n",
        "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n",
    ] {
        let answer = app.get("/", accept);
        assert_eq!(answer.status, 200, "{accept}");
        assert_eq!(
            answer.field("content-type"),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(answer.field("vary"), Some("Accept"));
        assert_eq!(answer.field("cache-control"), Some("no-store"));
        assert_eq!(answer.body, four_lines("127.0.0.1", "127.0.0.1", "http"));
    }
}

#[test]
fn json_says_the_same() {
    let app = App::start(&[]);
    let answer = app.get("/", &format!("Accept: application/json\r\n{FORWARDED}"));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.field("content-type"), Some("application/json"));
    assert_eq!(answer.field("vary"), Some("Accept"));
    assert_eq!(answer.field("cache-control"), Some("no-store"));
    let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let expected = serde_json::json!({
        "message": MESSAGE,
        "X-Forwarded-For": "172.20.0.1",
        "X-Real-IP": "172.20.0.1",
        "X-Forwarded-Proto": "https",
    });
    assert_eq!(json, expected);
}

#[test]
fn a_trusted_peer_is_believed() {
    let app = App::start(&[]);
    let answer = app.get("/", FORWARDED);
    assert_eq!(answer.body, four_lines("172.20.0.1", "172.20.0.1", "https"));
}

#[test]
fn other_peers_are_not() {
    let app = App::start(&[("APP_TRUSTED_NETWORKS", "192.0.2.0/24")]);
    let answer = app.get("/", FORWARDED);
    assert_eq!(answer.body, four_lines("127.0.0.1", "127.0.0.1", "http"));
}

#[test]
fn head_is_get_without_the_body() {
    let app = App::start(&[]);
    for path in ["/", "/livez", "/readyz"] {
        let get = app.get(path, "");
        let mut client = app.connect();
        client.send(&format!(
            "HEAD {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
        ));
        let head = client.answer_to("HEAD");
        assert_eq!(head.status, get.status);
        for field in ["content-type", "content-length", "vary", "cache-control"] {
            assert_eq!(head.field(field), get.field(field), "{path} {field}");
        }
        client.assert_closed();
    }
}

#[test]
fn health() {
    let app = App::start(&[]);
    for path in ["/livez", "/readyz"] {
        let answer = app.get(path, "");
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (200, "ok\n"),
            "{path}"
        );
        assert_eq!(answer.field("cache-control"), Some("no-store"));
    }
}

#[test]
fn other_methods_are_told_which_ones_there_are() {
    let app = App::start(&[]);
    for path in ["/", "/livez", "/readyz"] {
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
            let answer = app.ask(&format!("{method} {path} HTTP/1.1\r\nHost: test\r\n\r\n"));
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.field("allow"), Some("GET, HEAD"));
            assert_eq!(answer.body, "405 Method Not Allowed\n");
        }
    }
}

#[test]
fn other_paths_are_not_repeated_to_the_client() {
    let app = App::start(&[]);
    for path in [
        "/nothing",
        "/livez/",
        "//",
        "/%3Cscript%3E?q=%3Cscript%3E",
        "/../etc/passwd",
    ] {
        let answer = app.get(path, "");
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (404, "404 Not Found\n"),
            "{path}"
        );
        assert_eq!(
            answer.field("content-type"),
            Some("text/plain; charset=utf-8")
        );
    }
}

#[test]
fn a_client_that_accepts_nothing_that_there_is() {
    let app = App::start(&[]);
    for accept in ["text/html", "image/*", "*/*;q=0", "text/plain;q=0"] {
        let answer = app.get("/", &format!("Accept: {accept}\r\n"));
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (406, "406 Not Acceptable\n")
        );
        assert_eq!(answer.field("vary"), Some("Accept"));
    }
}

#[test]
fn one_connection_serves_many_requests() {
    let app = App::start(&[]);
    let mut client = app.connect();
    // Whether or not they end well, and with a body that nobody needs.
    for request in [
        "GET / HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET /nothing HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbody",
        "POST / HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: test\r\n\r\n",
    ] {
        client.send(request);
        let answer = client.answer();
        assert!(answer.status > 0);
        assert_eq!(answer.field("connection"), None, "{request}");
    }
    client.send("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    assert_eq!(client.answer().status, 200);
    client.assert_closed();
}

#[test]
fn what_is_not_http_is_refused() {
    let app = App::start(&[]);
    for request in [
        "nonsense\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: test\r\nContent-Length: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ] {
        let mut client = app.connect();
        client.send(request);
        assert_eq!(client.answer().status, 400, "{request}");
        client.assert_closed();
    }
}
