//! Signal → not ready → drain → exit 0, within the limit.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::io;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use support::{App, Client, LIMIT};

/// A request whose body is half there, and which the server is known to have taken up.
fn request_in_flight(app: &App) -> Client {
    let mut client = app.connect();
    client
        .send("GET / HTTP/1.1\r\nHost: test\r\nContent-Length: 8\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.answer().status, 100);
    client.send("half");
    client
}

fn wait_until_refused(app: &App) {
    // The kernel asks once more after a second, when the refusal may be long over.
    const SOON: Duration = Duration::from_millis(50);
    let end = Instant::now() + LIMIT;
    let refused = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    while !TcpStream::connect_timeout(&app.address(), SOON).is_err_and(refused) {
        assert!(Instant::now() < end, "still takes connections");
        std::thread::yield_now();
    }
}

#[test]
fn a_request_in_flight_is_finished() {
    for (signal, name) in [(Signal::TERM, "SIGTERM"), (Signal::INT, "SIGINT")] {
        let app = App::start(&[("APP_SHUTDOWN_SECONDS", "300")]);
        let mut client = request_in_flight(&app);
        app.signal(signal);
        app.line(name);
        app.line("draining");
        wait_until_refused(&app);

        client.send("half");
        let answer = client.answer();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.field("connection"), Some("close"));
        client.assert_closed();

        let (code, log) = app.end();
        assert_eq!(code, Some(0), "{log:#?}");
        assert!(
            log.iter().any(|line| line.contains("path=/ status=200")),
            "{log:#?}"
        );
        assert!(!log.iter().any(|line| line.contains("WARN")), "{log:#?}");
    }
}

#[test]
fn the_limit_ends_a_drain_that_would_not_end() {
    let app = App::start(&[("APP_SHUTDOWN_SECONDS", "1")]);
    let mut client = request_in_flight(&app);
    let start = Instant::now();
    app.signal(Signal::TERM);
    let (code, log) = app.end();
    assert_eq!(code, Some(0), "{log:#?}");
    // A request's own limit is 30 s.
    assert!(start.elapsed() < Duration::from_secs(10));
    assert!(
        log.iter()
            .any(|line| line.contains("APP_SHUTDOWN_SECONDS=1: ")),
        "{log:#?}"
    );
    client.assert_closed();
}

#[test]
fn idle_connections_do_not_hold_it_up() {
    let app = App::start(&[("APP_SHUTDOWN_SECONDS", "300")]);
    let mut client = app.connect();
    client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_eq!(client.answer().status, 200);
    app.signal(Signal::TERM);
    client.assert_closed();
    assert_eq!(app.end().0, Some(0));
}

#[test]
fn an_idle_connection_gets_one_more_answer_when_new_ones_are_refused() {
    let app = App::start(&[]);
    let mut client = app.connect();
    client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_eq!(client.answer().field("connection"), None);
    app.signal(Signal::TERM);
    wait_until_refused(&app);
    // The edge may have sent this before it could know.
    client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    let answer = client.answer();
    assert_eq!(
        (answer.status, answer.field("connection")),
        (200, Some("close"))
    );
    client.assert_closed();
    assert_eq!(app.end().0, Some(0));
}

#[test]
fn a_connection_that_was_made_is_served() {
    let app = App::start(&[]);
    let address = app.address();
    let clients: Vec<_> = (0..8)
        .map(|_| {
            // Ends when it is refused; that of a client who was not answered is a panic.
            std::thread::spawn(move || {
                let mut answers = 0;
                while let Ok(mut client) = Client::try_connect(address) {
                    client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");
                    assert_eq!(client.answer().status, 405);
                    answers += 1;
                }
                answers
            })
        })
        .collect();
    // Each has been served by then.
    for _ in 0..100 {
        app.line("status=405");
    }
    app.signal(Signal::TERM);
    for client in clients {
        assert!(client.join().unwrap() > 0);
    }
    assert_eq!(app.end().0, Some(0));
}

#[test]
fn before_the_listener_closes_the_edge_can_see_it_come() {
    let app = App::start(&[("APP_DRAIN_DELAY_SECONDS", "300")]);
    app.signal(Signal::TERM);
    app.line("draining");
    let ready = app.get("/readyz", "");
    assert_eq!(
        (ready.status, ready.body.as_str()),
        (503, "503 Service Unavailable\n")
    );
    assert_eq!(app.get("/livez", "").status, 200);

    let mut client = app.connect();
    client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    let answer = client.answer();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.field("connection"), Some("close"));
    client.assert_closed();
}

#[test]
fn after_the_delay_it_drains() {
    let app = App::start(&[
        ("APP_DRAIN_DELAY_SECONDS", "1"),
        ("APP_SHUTDOWN_SECONDS", "300"),
    ]);
    app.signal(Signal::TERM);
    assert_eq!(app.end().0, Some(0));
}

#[test]
fn a_second_signal_stops_at_once() {
    for (second, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let app = App::start(&[("APP_SHUTDOWN_SECONDS", "300")]);
        let mut client = request_in_flight(&app);
        app.signal(Signal::TERM);
        app.line("draining");
        app.signal(second);
        assert_eq!(app.end().0, Some(code));
        client.assert_closed();
    }
}
