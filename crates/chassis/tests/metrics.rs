//! What Prometheus finds at a port of its own, when it is asked for one.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::net::{SocketAddr, TcpListener};
use std::time::Instant;

use rustix::process::Signal;
use support::{Answer, App, Client, LIMIT, command, run};

const ON: (&str, &str) = ("APP_METRICS_BIND", "127.0.0.1:0");

/// A service with metrics, and where they are.
struct Measured(App, SocketAddr);

impl Measured {
    fn start(vars: &[(&str, &str)]) -> Self {
        let app = App::start(&[&[ON], vars].concat());
        let port = support::port_in(&app.line("metrics are at /metrics"));
        Self(app, ([127, 0, 0, 1], port).into())
    }

    fn ask(&self, accept: &str) -> Answer {
        let mut client = Client::connect(self.1);
        client.send(&format!(
            "GET /metrics HTTP/1.1\r\nHost: test\r\nAccept: {accept}\r\n\r\n"
        ));
        client.answer()
    }

    fn page(&self) -> String {
        let answer = self.ask("*/*");
        assert_eq!(answer.status, 200);
        answer.body
    }

    /// The value of a series, by its name and labels as they stand there.
    fn value(&self, series: &str) -> Option<f64> {
        value(&self.page(), series)
    }

    /// Waits until a series has this value: what is counted at the end of an answer may be a moment
    /// behind it.
    fn await_value(&self, series: &str, expected: f64) {
        let end = Instant::now() + LIMIT;
        while self.value(series) != Some(expected) {
            assert!(Instant::now() < end, "{series}: {}", self.page());
        }
    }
}

fn value(page: &str, series: &str) -> Option<f64> {
    let value = page
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    value.map(|value| value.parse().unwrap())
}

fn count(method: &str, route: &str, status: u16) -> String {
    format!(
        "http_server_request_duration_seconds_count{{http_request_method=\"{method}\",\
         http_route=\"{route}\",http_response_status_code=\"{status}\"}}"
    )
}

#[test]
fn without_the_variable_there_are_none() {
    let app = App::start(&[]);
    assert_eq!(app.get("/metrics", "").status, 404);
    app.signal(Signal::TERM);
    let (_, lines) = app.end();
    assert!(!lines.iter().any(|line| line.contains("metrics are at")));
}

#[test]
fn the_service_and_its_metrics_are_apart() {
    let app = Measured::start(&[]);
    assert_eq!(app.0.get("/metrics", "").status, 404);
    let mut client = Client::connect(app.1);
    client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_eq!(client.answer().status, 404);
    app.await_value(&count("GET", "", 404), 1.0);
    // Nobody is told of a look every few seconds.
    app.0.signal(Signal::TERM);
    let (_, lines) = app.0.end();
    assert!(
        !lines.iter().any(|line| line.contains("path=/metrics")),
        "{lines:#?}"
    );
}

#[test]
fn a_scraper_gets_the_format_that_it_asks_for() {
    let app = Measured::start(&[]);
    let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.2,*/*;q=0.1";
    for (accept, kind, counter, end) in [
        (
            "*/*",
            "text/plain; version=0.0.4; charset=utf-8",
            "app_refusals_total",
            false,
        ),
        (
            "text/plain;version=0.0.4",
            "text/plain; version=0.0.4; charset=utf-8",
            "app_refusals_total",
            false,
        ),
        (
            prometheus,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            "app_refusals",
            true,
        ),
        (
            "application/openmetrics-text;q=0",
            "text/plain; version=0.0.4; charset=utf-8",
            "app_refusals_total",
            false,
        ),
    ] {
        let answer = app.ask(accept);
        assert_eq!(answer.status, 200, "{accept}");
        assert_eq!(answer.field("content-type"), Some(kind), "{accept}");
        assert!(
            answer.body.contains(&format!("# TYPE {counter} counter\n")),
            "{}",
            answer.body
        );
        assert_eq!(answer.body.ends_with("# EOF\n"), end, "{accept}");
    }
}

#[test]
fn requests_are_counted_by_route_method_and_status() {
    let app = Measured::start(&[]);
    for _ in 0..3 {
        app.0.get("/", "");
    }
    app.0.get("/inside", "");
    app.0.get("/readyz", "");
    app.0.ask("POST / HTTP/1.1\r\nHost: test\r\n\r\n");
    for (series, expected) in [
        (count("GET", "/", 200), 3.0),
        (count("GET", "/inside", 403), 1.0),
        (count("GET", "/readyz", 200), 1.0),
        (count("POST", "/", 405), 1.0),
    ] {
        app.await_value(&series, expected);
    }
    // Labels are a set; here is the order in which they are written.
    let all = count("GET", "/", 200).replace("_count", "_bucket");
    let all = all.replace('}', ",le=\"+Inf\"}");
    assert_eq!(app.value(&all), Some(3.0), "{}", app.page());
}

/// Though its handler gives nothing back.
#[test]
fn a_request_that_is_cut_off_has_its_route() {
    let app = Measured::start(&[("APP_REQUEST_TIMEOUT_SECONDS", "1")]);
    let answer = app.0.get("/", "Content-Length: 8\r\n");
    assert_eq!(answer.status, 408);
    app.await_value(&count("GET", "/", 408), 1.0);
}

#[test]
fn no_client_makes_them_more() {
    let app = Measured::start(&[]);
    for number in 0..50 {
        app.0.get(&format!("/{number}"), "");
        app.0.get(&format!("/?{number}"), "");
        app.0
            .ask(&format!("M{number} / HTTP/1.1\r\nHost: test\r\n\r\n"));
        app.0.ask(&format!(
            "M{number} /{number} HTTP/1.1\r\nHost: test\r\n\r\n"
        ));
    }
    for (series, expected) in [
        (count("GET", "", 404), 50.0),
        (count("GET", "/", 200), 50.0),
        (count("_OTHER", "/", 405), 50.0),
        (count("_OTHER", "", 404), 50.0),
    ] {
        app.await_value(&series, expected);
    }
    let page = app.page();
    let counted = page.lines().filter(|line| line.contains("_seconds_count{"));
    assert_eq!(counted.count(), 4, "{page}");
}

#[test]
fn refusals_are_told_by_the_limit() {
    let app = Measured::start(&[
        ("APP_HEADER_TIMEOUT_SECONDS", "1"),
        ("APP_REQUEST_TIMEOUT_SECONDS", "1"),
        ("APP_KEEP_ALIVE_SECONDS", "1"),
        ("APP_MAX_HEADER_BYTES", "1024"),
        ("APP_MAX_BODY_BYTES", "4"),
    ]);
    let refusals = |variable: &str| format!("app_refusals_total{{limit=\"{variable}\"}}");
    // Before there is one, so that a rate is known of the first.
    for variable in [
        "APP_HEADER_TIMEOUT_SECONDS",
        "APP_REQUEST_TIMEOUT_SECONDS",
        "APP_MAX_HEADER_BYTES",
        "APP_MAX_BODY_BYTES",
    ] {
        assert_eq!(app.value(&refusals(variable)), Some(0.0), "{variable}");
    }
    let long = "x".repeat(2000);
    for (variable, request, status, expected) in [
        ("APP_HEADER_TIMEOUT_SECONDS", "GET / HT", 408, 1.0),
        (
            "APP_REQUEST_TIMEOUT_SECONDS",
            "GET / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\n",
            408,
            1.0,
        ),
        (
            "APP_MAX_BODY_BYTES",
            "GET / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n",
            413,
            1.0,
        ),
        (
            "APP_MAX_BODY_BYTES",
            "GET / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
            413,
            2.0,
        ),
        (
            "APP_MAX_HEADER_BYTES",
            &format!("GET / HTTP/1.1\r\nHost: test\r\na: {long}\r\n\r\n"),
            431,
            1.0,
        ),
        (
            "APP_MAX_HEADER_BYTES",
            &format!("GET / HTTP/1.1\r\nHost: test\r\na: {long}"),
            431,
            2.0,
        ),
    ] {
        assert_eq!(app.0.ask(request).status, status, "{request:.60}");
        app.await_value(&refusals(variable), expected);
    }
    // A later head that does not end is cut off without an answer.
    let mut client = app.0.connect();
    client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    client.answer();
    client.send("GET / HT");
    client.assert_closed();
    app.await_value(&refusals("APP_HEADER_TIMEOUT_SECONDS"), 2.0);
}

#[test]
fn what_is_open_is_told_until_the_end() {
    let app = Measured::start(&[
        ("APP_MAX_CONNECTIONS", "7"),
        ("APP_DRAIN_DELAY_SECONDS", "300"),
        ("APP_WORKERS", "3"),
    ]);
    assert_eq!(app.value("app_connections_limit"), Some(7.0));
    assert_eq!(app.value("app_workers"), Some(3.0));
    assert_eq!(app.value("app_connections"), Some(0.0));
    let mut clients: Vec<_> = (0..2).map(|_| app.0.connect()).collect();
    app.await_value("app_connections", 2.0);
    clients[0].send("GET / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\n12");
    app.await_value("app_requests_in_flight", 1.0);
    clients[0].send("34");
    assert_eq!(clients[0].answer().status, 200);
    app.await_value("app_requests_in_flight", 0.0);
    drop(clients);
    app.await_value("app_connections", 0.0);

    assert_eq!(app.value("app_draining"), Some(0.0));
    app.0.signal(Signal::TERM);
    app.await_value("app_draining", 1.0);
    app.0.signal(Signal::TERM);
    assert_eq!(app.0.end().0, Some(143));
}

#[test]
fn the_process_is_told_of() {
    let app = Measured::start(&[("APP_WORKERS", "2")]);
    let page = app.page();
    let of = |series: &str| value(&page, series).unwrap();
    let now = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .as_secs_f64();
    let age = now - of("process_start_time_seconds");
    assert!((0.0..60.0).contains(&age), "{age}");
    assert!(of("process_cpu_seconds_total") >= 0.0);
    assert!(of("process_resident_memory_bytes") > 100_000.0);
    assert!(of("process_virtual_memory_bytes") >= of("process_resident_memory_bytes"));
    // Those that serve, the one that accepts, the one of the log, and this page's.
    assert!((of("process_threads") - 5.0).abs() < 0.1, "{page}");
    assert!((5.0..of("process_max_fds")).contains(&of("process_open_fds")));
    assert_eq!(value(&page, "app_log_lines_lost_total"), Some(0.0));
}

#[test]
fn an_address_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&mut command(&[("APP_METRICS_BIND", &address)]));
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    let expected = format!("hello: APP_METRICS_BIND={address}: cannot listen there: Address ");
    assert!(stderr.starts_with(&expected), "{stderr}");
}
