//! Signal → not ready → drain → exit 0, within the limit.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use socket2::{SockFilter, SockRef};
use support::{App, Client, LIMIT, own_address};

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
        let app = App::start(&[
            ("APP_BIND", &own_address()),
            ("APP_SHUTDOWN_SECONDS", "300"),
        ]);
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
        assert_quiet(&log);
    }
}

/// Nothing that an operator would have to act on.
fn assert_quiet(log: &[String]) {
    let alarm = |line: &&String| line.contains(" WARN ") || line.contains(" ERROR ");
    assert_eq!(log.iter().find(alarm), None);
}

#[test]
fn an_orderly_stop_has_no_line_above_info() {
    let app = App::start(&[]);
    app.signal(Signal::TERM);
    let (code, log) = app.end();
    assert_eq!(code, Some(0), "{log:#?}");
    assert_quiet(&log);
    assert!(log.iter().any(|line| line.ends_with("stopped")), "{log:#?}");
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
    assert_says_that_it_was_the_limit(&log, 1);
    assert_eq!(client.answer().status, 503);
    client.assert_closed();
}

fn assert_says_that_it_was_the_limit(log: &[String], requests: usize) {
    let warnings: Vec<_> = log.iter().filter(|line| line.contains("WARN")).collect();
    let expected = "APP_SHUTDOWN_SECONDS=1: not every request could be finished";
    assert_eq!(warnings.len(), 1, "{log:#?}");
    assert!(
        warnings[0].ends_with(&format!("{expected} requests={requests}")),
        "{log:#?}"
    );
}

#[test]
fn whoever_waits_for_room_is_told_at_the_limit() {
    let app = App::start(&[("APP_SHUTDOWN_SECONDS", "1"), ("APP_MAX_CONNECTIONS", "1")]);
    let mut clients = vec![request_in_flight(&app)];
    // They have connected, and nobody accepts them.
    clients.extend((0..32).map(|_| app.connect()));
    let start = Instant::now();
    app.signal(Signal::TERM);
    // Whoever has sent a request, half of one or nothing.
    for (index, client) in clients.iter_mut().enumerate().skip(1) {
        client.send(["", "GET", "GET / HTTP/1.1\r\nHost: test\r\n\r\n"][index % 3]);
    }
    for client in &mut clients {
        assert_eq!(client.answer().status, 503);
        client.assert_closed();
    }
    let (code, log) = app.end();
    assert_eq!(code, Some(0), "{log:#?}");
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_says_that_it_was_the_limit(&log, 33);
}

/// A client that has connected and is about to ask must not find the connection closed.
#[test]
fn whoever_has_connected_and_said_nothing_is_told() {
    let app = App::start(&[
        ("APP_SHUTDOWN_SECONDS", "300"),
        ("APP_HEADER_TIMEOUT_SECONDS", "300"),
    ]);
    let mut silent = app.connect();
    let mut slow = app.connect();
    slow.send("GET / HTTP/1.1\r\n");
    app.signal(Signal::TERM);
    for client in [&mut silent, &mut slow] {
        assert_eq!(client.answer().status, 503);
    }
    // What crossed the answer is thrown away, and not answered with a reset.
    slow.send("Host: test\r\n\r\n");
    for client in [&mut silent, &mut slow] {
        client.assert_closed();
    }
    let (code, log) = app.end();
    assert_eq!(code, Some(0), "{log:#?}");
    assert_quiet(&log);
}

/// More clients than may be connected at a time, each with a request that takes its time: every
/// connection that was made is answered.
#[test]
fn under_more_load_than_it_takes_nobody_is_lost() {
    // Without it those who come while the socket is closed are reset, whatever a process does.
    let filter = [SockFilter::new(0x06, 0, 0, u32::MAX)];
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    if let Err(error) = SockRef::from(&socket).attach_filter(&filter) {
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        eprintln!("left out, since this kernel takes no filter from this user");
        return;
    }
    let app = App::start(&[
        ("APP_BIND", &own_address()),
        ("APP_MAX_CONNECTIONS", "8"),
        ("APP_WORKERS", "1"),
        ("APP_SHUTDOWN_SECONDS", "300"),
    ]);
    let address = app.address();
    let connected = Arc::new(Barrier::new(65));
    let clients: Vec<_> = (0..64)
        .map(|_| {
            let connected = Arc::clone(&connected);
            // Ends when it is refused; that of a client who was not answered is a panic.
            std::thread::spawn(move || {
                let mut next = Client::try_connect(address);
                connected.wait();
                while let Ok(mut client) = next {
                    client.send(
                        "GET / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n",
                    );
                    assert_eq!(client.answer().status, 100);
                    // How long the request takes.
                    std::thread::sleep(Duration::from_millis(50));
                    client.send("body");
                    assert_eq!(client.answer().status, 200);
                    drop(client);
                    next = Client::try_connect(address);
                }
            })
        })
        .collect();
    connected.wait();
    // All but eight wait, and go on to do so.
    for _ in 0..32 {
        app.line("status=200");
    }
    app.signal(Signal::TERM);
    for client in clients {
        client.join().unwrap();
    }
    let (code, log) = app.end();
    assert_eq!(code, Some(0), "{log:#?}");
    assert_quiet(&log);
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
    let app = App::start(&[("APP_BIND", &own_address())]);
    let mut client = app.connect();
    let mut ask = || {
        client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
        let answer = client.answer();
        assert_eq!(answer.status, 200);
        answer.field("connection").map(str::to_owned)
    };
    assert_eq!(ask(), None);
    app.signal(Signal::TERM);
    // The edge may have sent any of these before it could know.
    let last = loop {
        if let Some(warnings) = ask() {
            break warnings;
        }
    };
    assert_eq!(last, "close");
    // Whoever connects before is served, and the listener is shut after.
    wait_until_refused(&app);
    client.assert_closed();
    assert_eq!(app.end().0, Some(0));
}

#[test]
fn a_connection_that_was_made_is_served() {
    let app = App::start(&[("APP_BIND", &own_address())]);
    let address = app.address();
    let served = Arc::new(Barrier::new(9));
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let served = Arc::clone(&served);
            // Ends when it is refused; that of a client who was not answered is a panic.
            std::thread::spawn(move || {
                let mut first = true;
                while let Ok(mut client) = Client::try_connect(address) {
                    client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");
                    assert_eq!(client.answer().status, 405);
                    if std::mem::take(&mut first) {
                        served.wait();
                    }
                }
            })
        })
        .collect();
    // Each has been served, and all of them are about to be again.
    served.wait();
    for _ in 0..100 {
        app.line("status=405");
    }
    app.signal(Signal::TERM);
    for client in clients {
        client.join().unwrap();
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
