//! What the edge adds to every answer, and what it writes down.

use std::{fs, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{
    any::faults::{edge::workers, load::Load},
    any::hostile::wire::{Edge, Protocol},
    program::eventually,
    stack::{Stack, docker},
};

/// Headers of every answer.
pub const PROMISED: [&str; 9] = [
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
        (200, stack.home()),
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

/// A process that is stopped, until this is dropped.
struct Stopped(Pid);

impl Stopped {
    fn new(process: Pid) -> Self {
        kill_process(process, Signal::STOP).expect("only root can do this");
        Self(process)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = kill_process(self.0, Signal::CONT);
    }
}

/// Each worker writes several lines at once, into one pipe, and has some left when it is stopped.
/// Where that pipe is full, more than `PIPE_BUF` would go in piece by piece, between each other's.
pub fn lines_are_whole_and_outlive_an_orderly_stop() {
    let stack = Stack::up("");
    let init = stack.inspect("nginx")["State"]["Pid"].to_string();
    let status = fs::read_to_string(format!("/proc/{init}/status")).expect("a process");
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:\t"));
    let reader = parent
        .and_then(|id| Pid::from_raw(id.parse().ok()?))
        .expect("a parent");
    // Whoever comes anew comes to the other worker, where one waits.
    let ca = stack.ca();
    let load = Load::on(stack.https_port(), &["GET"; 8], &["GET"; 8], &[&ca]);
    for _ in 0..3 {
        let stopped = Stopped::new(reader);
        let waits = |worker: &i32| {
            fs::read_to_string(format!("/proc/{worker}/wchan"))
                .is_ok_and(|place| place.contains("pipe_write"))
        };
        eventually(
            "all workers wait for the pipe",
            Duration::from_secs(20),
            || workers(&stack).iter().all(waits).then_some(()),
        );
        drop(stopped);
        load.goes_on();
    }
    let report = load.stop();
    report.assert_all_answered();
    let nginx = stack.container("nginx");
    stack.composed(&["stop", "nginx"]);
    let log = docker(&["logs", &nginx]);
    for line in log.lines() {
        serde_json::from_str::<Value>(line).unwrap_or_else(|why| panic!("{why}: {line}"));
    }
    assert_eq!(log.lines().count(), report.requests());
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

/// Under its seccomp profile, as all of these.
pub fn metrics_say_what_it_does_to_its_networks_alone() {
    let stack =
        Stack::up("services: {nginx: {environment: {DRYDOCK_METRICS_BIND: '0.0.0.0:9465'}}}");
    let networks = &stack.inspect("nginx")["NetworkSettings"];
    assert!(
        !networks["Ports"].to_string().contains("9465"),
        "{networks}"
    );
    let address = networks["Networks"][stack.network("edge")]["IPAddress"].as_str();
    let url = format!("http://{}:9465/metrics", address.expect("an address"));
    let tells = |what: &str| {
        eventually(what, Duration::from_secs(5), || {
            let page = stack.try_curl(&[&url]).ok()?.body;
            page.lines()
                .any(|line| line.starts_with(what))
                .then_some(())
        });
    };
    assert_eq!(stack.curl(&[&stack.https("/nothing-here")]).status, 404);
    for kind in ["client", "server"] {
        tells(&format!(
            "http_{kind}_request_duration_seconds_count{{http_response_status_code=\"404\"}} 1"
        ));
    }
    tells("edge_certificate_not_after_timestamp_seconds ");
    docker(&["kill", "--signal", "HUP", &stack.container("nginx")]);
    tells("edge_reloads_total 1");
}
