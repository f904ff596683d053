//! What the edge adds to every answer, and what it writes down.

use std::{fs, path::PathBuf, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{
    faults::edge::workers,
    hostile::wire::{Edge, Protocol},
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

/// Whatever the status, what nginx says by itself is in our words, and in no page of its own.
pub fn no_error_has_a_page_of_nginxs_own() {
    let stack = Stack::shared();
    let page = stack.curl(&["--header", "Accept: text/html", &stack.https("/")]);
    let asset = page
        .body
        .split('"')
        .find(|text| text.starts_with("/assets/"));
    let asset = stack.https(asset.expect("an asset"));
    let root = stack.https("/");
    let cases: [(u16, &[&str]); 7] = [
        (400, &["--header", "Host: a b", &root]),
        (405, &["--request", "POST", &asset]),
        (412, &["--header", "If-Match: \"other\"", &asset]),
        (
            413,
            &[
                "--header",
                "Content-Length: 1048577",
                "--request",
                "POST",
                &root,
            ],
        ),
        (414, &[&stack.https(&format!("/{}", "a".repeat(9000)))]),
        (416, &["--header", "Range: bytes=99999999-", &asset]),
        (
            501,
            &[
                "--header",
                "Transfer-Encoding: gzip",
                "--request",
                "POST",
                &root,
            ],
        ),
    ];
    for (status, args) in cases {
        let answer = stack.curl(&[&["--http1.1"], args].concat());
        assert_eq!(answer.status, status, "{args:?}");
        let kind = answer.header("Content-Type");
        assert_eq!(kind, Some("text/plain; charset=utf-8"), "{args:?}");
        assert!(answer.body.ends_with(".\n"), "{args:?}: {}", answer.body);
        assert_eq!(answer.body.lines().count(), 1, "{args:?}: {}", answer.body);
    }
    // Statuses that no module of this nginx says are in the list all the same.
    let listed = fs::read_to_string(root_of("nginx/server/errors.conf")).expect("the file");
    for status in (400..=416)
        .chain([421, 429])
        .chain(494..=498)
        .chain(500..=505)
        .chain([507])
    {
        assert!(listed.contains(&format!(" {status} ")), "{status}");
    }
}

fn root_of(path: &str) -> PathBuf {
    crate::stack::root().join(path)
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

/// What would make a line long, or a terminal do something.
const CONTROLS: [&str; 5] = ["\u{1b}[31m", "\u{9b}31m", "\u{7f}", "\u{202e}", "\u{feff}"];

/// The most that a line of the access log may have.
const LINE: usize = 4096;

pub fn no_line_of_a_log_is_long_or_more_than_printable_ascii() {
    let stack = Stack::up("");
    let edge = Edge::of(&stack);
    let quotes = "\"".repeat(7000);
    let end = "Connection: close\r\n\r\n";
    let mut requests = vec![
        format!(
            "GET /{} HTTP/1.1\r\nHost: a\r\nUser-Agent: {quotes}\r\n{end}",
            "\\".repeat(8000)
        ),
        format!(
            "{} / HTTP/1.1\r\nHost: a\r\nUser-Agent: {quotes}\r\n{end}",
            "G".repeat(8000)
        ),
        format!(
            "GET / HTTP/1.{}1\r\nHost: a\r\nUser-Agent: {quotes}\r\n{end}",
            "0".repeat(8000)
        ),
        format!(
            "GET / HTTP/1.1\r\nHost: {}\r\nUser-Agent: {quotes}\r\n{end}",
            "a".repeat(8000)
        ),
    ];
    for text in CONTROLS {
        requests.extend([
            format!("GET /x{text} HTTP/1.1\r\nHost: a\r\n{end}"),
            format!("G{text} / HTTP/1.1\r\nHost: a\r\n{end}"),
            format!("GET / HTTP/1.1\r\nHost: a{text}\r\n{end}"),
            format!("GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: a{text}\r\n{end}"),
            format!("GET / HTTP/1.1\r\nHost: a\r\nReferer: {text}\r\n{end}"),
        ]);
    }
    let count = 2 * requests.len();
    for request in requests {
        for protocol in [Protocol::Plain, Protocol::Http1] {
            let mut wire = edge.connect(protocol).expect("a connection");
            wire.send(request.as_bytes());
            wire.receive_all().expect("an end");
        }
    }
    let nginx = stack.container("nginx");
    let log = eventually("all lines", Duration::from_secs(5), || {
        let log = docker(&["logs", &nginx]);
        (log.lines().count() >= count).then_some(log)
    });
    for line in log.lines() {
        assert!(line.len() < LINE, "{} bytes: {line}", line.len());
        assert!(
            line.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
            "{line:?}"
        );
        serde_json::from_str::<Value>(line).unwrap_or_else(|why| panic!("{why}: {line}"));
    }
}

/// What somebody has to act on is in a place of its own, and stays there.
pub fn requests_push_no_error_out() {
    let stack = Stack::up("");
    let before = workers(&stack);
    let victim = Pid::from_raw(before[0]).expect("an id");
    kill_process(victim, Signal::KILL).expect("only root can do this");
    let errors = || stack.composed(&["cp", "nginx:/var/log/nginx/error.log", "-"]);
    let limit = Duration::from_secs(10);
    eventually("the worker's end in the log", limit, || {
        errors().contains("exited on signal 9").then_some(())
    });
    let edge = Edge::of(&stack);
    let request = format!(
        "GET /{} HTTP/1.1\r\nHost: a\r\nUser-Agent: {}\r\n\r\n",
        "a".repeat(760),
        "\"".repeat(500),
    );
    let mut wire = edge.connect(Protocol::Http1).expect("a connection");
    for _ in 0..2000 {
        wire.send(request.as_bytes());
    }
    drop(wire);
    assert!(errors().contains("exited on signal 9"));
    let mount = stack.inspect("nginx")["Mounts"].to_string();
    assert!(mount.contains("/var/log/nginx"), "{mount}");
}
