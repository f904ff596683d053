//! What the edge adds to every answer, and what it writes down.

use std::time::Duration;

use serde_json::Value;

use crate::{
    program::eventually,
    stack::{Stack, docker},
};

const PROMISED: [&str; 9] = [
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Content-Security-Policy",
    "Referrer-Policy",
    "Cross-Origin-Embedder-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Permissions-Policy",
    "X-Request-Id",
];

pub fn security_headers_on_every_answer() {
    let stack = Stack::shared();
    let urls = [
        (200, stack.https("/")),
        (404, stack.https("/nothing-here")),
        (400, stack.https("/%00")),
        (301, stack.http("/")),
        (404, stack.http("/.well-known/acme-challenge/nothing-here")),
    ];
    for (status, url) in urls {
        let response = stack.curl(&[&url]);
        assert_eq!(response.status, status, "{url}");
        for name in PROMISED {
            assert!(response.header(name).is_some(), "{url}: no {name}");
        }
        let server = response.header("Server").unwrap_or_default();
        assert!(!server.contains('/'), "{url}: shows a version: {server}");
    }
}

/// The tags of a page, in their order: what it looks like, but for its words.
fn tags(page: &str) -> Vec<&str> {
    page.split('<')
        .filter_map(|text| text.split_once('>'))
        .map(|(tag, _)| tag)
        .collect()
}

pub fn errors_of_both_look_the_same() {
    let stack = Stack::shared();
    let html = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let page = stack.curl(&["--header", html, &stack.https("/")]);
    let style = page
        .body
        .split('"')
        .find(|text| text.starts_with("/assets/page-"))
        .expect("a style");
    let of_the_app = stack.curl(&["--header", html, &stack.https("/nothing-here")]);
    let post = ["--request", "POST", "--header", html];
    let of_nginx = stack.curl(&[&post[..], &[&stack.https(style)]].concat());
    assert_eq!((of_the_app.status, of_nginx.status), (404, 405));
    assert_eq!(tags(&of_nginx.body), tags(&of_the_app.body));
    for word in [
        "405",
        "Method Not Allowed",
        "This address answers GET, HEAD.",
    ] {
        assert!(of_nginx.body.contains(word), "{}", of_nginx.body);
    }
    for name in ["Content-Type", "Cache-Control"].iter().chain(&PROMISED) {
        if *name != "X-Request-Id" {
            let value = of_the_app.header(name);
            assert!(value.is_some(), "no {name}");
            assert_eq!(of_nginx.header(name), value, "{name}");
            assert_eq!(page.header(name), value, "{name}");
        }
    }

    // Whoever did not ask for HTML gets a line.
    for accept in ["*/*", "text/html;q=0", "text/plain, text/html;q=0.5"] {
        let accept = format!("Accept: {accept}");
        let post = ["--request", "POST", "--header", &accept];
        let response = stack.curl(&[&post[..], &[&stack.https(style)]].concat());
        assert_eq!(
            response.body, "This address answers GET, HEAD.\n",
            "{accept}"
        );
    }
}

pub fn hsts_is_not_for_this_machines_names() {
    let stack = Stack::shared();
    let port = stack.https_port();
    let hsts = |host: &str| {
        let here = format!("::127.0.0.1:{port}");
        let url = format!("https://{host}:{port}/");
        // No certificate of ours is for example.com.
        let response = stack.curl(&["--insecure", "--connect-to", &here, &url]);
        response
            .header("Strict-Transport-Security")
            .map(str::to_owned)
    };
    for host in ["localhost", "app.localhost", "127.0.0.1", "[::1]"] {
        assert_eq!(hsts(host), None, "{host}");
    }
    for host in ["example.com", "localhost.example.com"] {
        assert_eq!(hsts(host).as_deref(), Some("max-age=63072000"), "{host}");
    }
    let response = stack.curl(&["--header", "Host: example.com", &stack.http("/")]);
    assert_eq!(response.header("Strict-Transport-Security"), None, "http");
}

pub fn the_access_log_is_json_without_queries() {
    let stack = Stack::shared();
    let url = stack.https("/logged-once?token=secret");
    let agent = "an \"agent\"\\";
    let response = stack.curl(&["--user-agent", agent, &url]);
    let id = response.header("X-Request-Id").expect("a request id");

    let nginx = stack.container("nginx");
    let limit = Duration::from_secs(5);
    let line = eventually("the request's log line", limit, || {
        let log = docker(&["logs", &nginx]);
        let line = log.lines().find(|line| line.contains(id))?;
        Some(line.to_owned())
    });
    assert!(!line.contains("secret"), "{line}");
    let entry: Value = serde_json::from_str(&line).unwrap_or_else(|why| panic!("{why}: {line}"));
    assert_eq!(entry["method"], "GET");
    assert_eq!(entry["path"], "/logged-once");
    assert_eq!(entry["status"], 404);
    assert_eq!(entry["protocol"], "HTTP/2.0");
    assert_eq!(entry["user_agent"], agent);
    assert!(entry["duration_s"].is_number(), "{line}");
}
