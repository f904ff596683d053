//! Every row of the service's contract.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../crates/chassis/tests/support/mod.rs"]
mod support;

use support::{App, command, run};

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
fn text_is_what_a_client_gets_that_does_not_care() {
    let app = App::start(&[]);
    for accept in [
        "",
        "Accept: text/plain\r\n",
        "Accept: */*\r\n",
        "Accept: text/html;q=0.9, */*\r\n",
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

/// As a browser that navigates sends it.
const BROWSER: &str =
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8\r\n";

#[test]
fn a_browser_gets_a_page_with_all_that_the_server_saw() {
    let digest = format!("sha256:{}", "0af9".repeat(16));
    let app = App::start(&[("APP_IMAGE_DIGEST", &digest)]);
    let edge = "X-Edge-Protocol: HTTP/3.0\r\nX-Edge-TLS-Version: TLSv1.3\r\n\
                X-Edge-TLS-Cipher: TLS_AES_128_GCM_SHA256\r\n\
                X-Edge-TLS-Group: X25519MLKEM768\r\nX-Request-Id: abc-1\r\n";
    let answer = app.get("/", &format!("{BROWSER}{FORWARDED}{edge}"));
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.field("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(answer.field("vary"), Some("Accept"));
    assert_eq!(answer.field("cache-control"), Some("no-store"));
    assert!(
        answer
            .body
            .contains("<h1>It’s easier to ask forgiveness than it is to get permission.</h1>")
    );
    let replica = rustix::system::uname();
    for (name, value) in [
        ("Address", "172.20.0.1"),
        ("X-Forwarded-For", "172.20.0.1"),
        ("X-Real-IP", "172.20.0.1"),
        ("X-Forwarded-Proto", "https"),
        ("Protocol", "HTTP/3.0"),
        ("TLS version", "TLSv1.3"),
        ("Cipher", "TLS_AES_128_GCM_SHA256"),
        ("Key exchange group", "X25519MLKEM768"),
        ("Request id", "abc-1"),
        ("Replica", replica.nodename().to_str().unwrap()),
        ("Version", env!("CARGO_PKG_VERSION")),
        (
            "Source revision",
            option_env!("DRYDOCK_REVISION").unwrap_or("unknown"),
        ),
        ("Image digest", &digest),
    ] {
        let row = format!("<dt>{name}</dt><dd>{value}</dd>");
        assert!(answer.body.contains(&row), "{row}: {}", answer.body);
    }
}

#[test]
fn the_page_says_no_more_than_is_known() {
    let app = App::start(&[]);
    let answer = app.get("/", &format!("{BROWSER}X-Edge-TLS-Cipher: <b>\r\n"));
    for (name, value) in [
        ("Address", "127.0.0.1"),
        ("Protocol", "HTTP/1.1"),
        ("TLS version", "none"),
        ("Cipher", "none"),
        ("Key exchange group", "none"),
    ] {
        let row = format!("<dt>{name}</dt><dd>{value}</dd>");
        assert!(answer.body.contains(&row), "{row}: {}", answer.body);
    }
    assert!(!answer.body.contains("Image digest"));
}

#[test]
fn a_digest_that_is_none_is_refused() {
    let output = run(&mut command(&[("APP_IMAGE_DIGEST", "sha256:1")]));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78), "{stderr}");
    assert_eq!(
        stderr,
        "app: APP_IMAGE_DIGEST=\"sha256:1\" is not allowed: it must be sha256: and 64 hexadecimal \
         digits in lower case, or unknown\n"
    );
}

#[test]
fn html_is_guarded_with_or_without_the_edge() {
    let app = App::start(&[]);
    for path in ["/", "/nothing"] {
        let answer = app.get(path, BROWSER);
        let policy = answer.field("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("cross-origin-embedder-policy", "require-corp"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(answer.field(name), Some(value), "{path}");
        }
        assert!(answer.field("permissions-policy").is_some(), "{path}");
        assert_eq!(answer.field("set-cookie"), None, "{path}");
    }
}

#[test]
fn an_error_is_a_page_for_a_browser() {
    let app = App::start(&[]);
    let head = |method: &str, path: &str| format!("{method} {path} HTTP/1.1\r\nHost: test\r\n");
    for (request, status, title) in [
        (head("GET", "/nothing"), 404, "Not Found"),
        (head("POST", "/"), 405, "Method Not Allowed"),
        (
            head("GET", "/") + "Content-Length: 99999999\r\n",
            413,
            "Payload Too Large",
        ),
    ] {
        let answer = app.ask(&format!("{request}{BROWSER}\r\n"));
        assert_eq!(answer.status, status);
        assert_eq!(
            answer.field("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(answer.field("vary"), Some("Accept"));
        assert_eq!(answer.field("cache-control"), Some("no-store"));
        let heading = format!("<h1>{title}</h1>");
        assert!(answer.body.contains(&heading), "{}", answer.body);
    }
}

#[test]
fn an_error_is_json_for_a_program_that_asks_for_it() {
    let app = App::start(&[]);
    let answer = app.get("/nothing", "Accept: application/json\r\n");
    assert_eq!(answer.status, 404);
    assert_eq!(answer.field("content-type"), Some("application/json"));
    assert_eq!(answer.field("vary"), Some("Accept"));
    assert_eq!(answer.field("cache-control"), Some("no-store"));
    let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let expected = serde_json::json!({
        "status": 404,
        "title": "Not Found",
        "detail": "There is nothing at this address.",
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
        let fields = "Accept: text/html, */*;q=0.1\r\nX-Request-Id: abc\r\n";
        let get = app.get(path, fields);
        let mut client = app.connect();
        client.send(&format!(
            "HEAD {path} HTTP/1.1\r\nHost: test\r\n{fields}Connection: close\r\n\r\n"
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
    for accept in ["text/csv", "image/*", "*/*;q=0", "text/plain;q=0"] {
        let answer = app.get("/", &format!("Accept: {accept}\r\n"));
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (
                406,
                "406 Not Acceptable\nThere is text/plain, text/html, application/json.\n"
            )
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
