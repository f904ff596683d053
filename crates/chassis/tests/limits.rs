//! Nothing waits for ever, and nothing grows without bounds.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::Shutdown;
use std::time::Duration;

use support::{App, Client};

const GET: &str = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

#[test]
fn a_slow_head_is_answered_with_408() {
    for keep_alive in ["0", "75"] {
        let app = App::start(&[
            ("APP_HEADER_TIMEOUT_SECONDS", "1"),
            ("APP_KEEP_ALIVE_SECONDS", keep_alive),
        ]);
        for start in ["", "GET / HTTP/1.1\r\nHost: te"] {
            let mut client = app.connect();
            client.send(start);
            assert_eq!(client.answer().status, 408, "{start:?}, {keep_alive}");
            client.assert_closed();
        }
    }
}

#[test]
fn a_slow_head_after_the_first_is_cut_off() {
    let app = App::start(&[
        ("APP_HEADER_TIMEOUT_SECONDS", "1"),
        ("APP_KEEP_ALIVE_SECONDS", "1"),
    ]);
    let mut client = app.connect();
    client.send(GET);
    assert_eq!(client.answer().status, 200);
    client.send("GET / HTTP/1.1\r\nHost: te");
    client.assert_closed();
}

#[test]
fn a_slow_body_that_nobody_wants_is_cut_off() {
    let app = App::start(&[
        ("APP_HEADER_TIMEOUT_SECONDS", "1"),
        ("APP_KEEP_ALIVE_SECONDS", "1"),
    ]);
    for kind in [
        "Transfer-Encoding: chunked\r\n\r\n4\r\nha",
        "Content-Length: 9\r\n\r\nha",
    ] {
        let mut client = app.connect();
        client.send(&format!("POST / HTTP/1.1\r\nHost: test\r\n{kind}"));
        assert_eq!(client.answer().status, 405, "{kind}");
        client.assert_closed();
    }
}

#[test]
fn an_idle_connection_is_closed() {
    let app = App::start(&[
        ("APP_KEEP_ALIVE_SECONDS", "1"),
        // So that only the limit in question can be met.
        ("APP_HEADER_TIMEOUT_SECONDS", "300"),
    ]);
    let mut client = app.connect();
    client.send(GET);
    assert_eq!(client.answer().status, 200);
    client.assert_closed();
}

#[test]
fn a_request_longer_than_the_idle_limits_is_not_cut_off() {
    let app = App::start(&[
        ("APP_HEADER_TIMEOUT_SECONDS", "1"),
        ("APP_KEEP_ALIVE_SECONDS", "1"),
        ("APP_REQUEST_TIMEOUT_SECONDS", "3"),
    ]);
    let mut client = app.connect();
    client.send("GET / HTTP/1.1\r\nHost: test\r\nContent-Length: 8\r\n\r\nhalf");
    // The request's own limit ends it, though both others together passed before.
    assert_eq!(client.answer().status, 408);
}

#[test]
fn a_slow_body_is_answered_with_408() {
    let app = App::start(&[("APP_REQUEST_TIMEOUT_SECONDS", "1")]);
    let mut client = app.connect();
    client.send("GET / HTTP/1.1\r\nHost: test\r\nContent-Length: 8\r\n\r\nhalf");
    let answer = client.answer();
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (408, "408 Request Timeout\n")
    );
    assert_eq!(answer.field("connection"), Some("close"));
    client.assert_closed();
}

#[test]
fn the_head_is_limited_to_the_byte() {
    let app = App::start(&[("APP_MAX_HEADER_BYTES", "1024")]);
    let head = |length: usize| {
        let empty = "GET /?q= HTTP/1.1\r\nHost: test\r\nX-Filler: \r\n\r\n".len();
        let half = (length - empty) / 2;
        let query = "q".repeat(half);
        let filler = "f".repeat(length - empty - half);
        format!("GET /?q={query} HTTP/1.1\r\nHost: test\r\nX-Filler: {filler}\r\n\r\n")
    };
    assert_eq!(head(1024).len(), 1024);
    assert_eq!(app.ask(&head(1024)).status, 200);
    let answer = app.ask(&head(1025));
    assert_eq!(answer.status, 431);
    assert_eq!(answer.body, "431 Request Header Fields Too Large\n");
    assert_eq!(answer.field("connection"), Some("close"));
}

#[test]
fn a_head_without_end_is_refused() {
    let app = App::start(&[]);
    let mut client = app.connect();
    client.send("GET / HTTP/1.1\r\nHost: test\r\nX-Filler: ");
    // The server may answer and close before it is all sent.
    let _ = client.stream().write_all("f".repeat(200_000).as_bytes());
    assert_eq!(client.answer().status, 431);
}

#[test]
fn a_body_is_limited_to_the_byte() {
    let app = App::start(&[("APP_MAX_BODY_BYTES", "16")]);
    let get = "GET / HTTP/1.1\r\nHost: test\r\n";
    for (body, status) in [
        ("Content-Length: 16\r\n\r\n0123456789abcdef", 200),
        // What is declared too large is refused before it is sent,
        ("Content-Length: 17\r\n\r\n", 413),
        ("Content-Length: 18446744073709551615\r\n\r\n", 413),
        // and what does not say its size, as soon as it is too large.
        (
            "Transfer-Encoding: chunked\r\n\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n",
            200,
        ),
        (
            "Transfer-Encoding: chunked\r\n\r\n10\r\n0123456789abcdef\r\n1\r\n!\r\n",
            413,
        ),
    ] {
        let answer = app.ask(&format!("{get}{body}"));
        assert_eq!(answer.status, status, "{body}");
        if status == 413 {
            assert_eq!(answer.body, "413 Payload Too Large\n");
            assert_eq!(answer.field("connection"), Some("close"));
        }
    }
    // Also where nobody would read it.
    let answer = app.ask("POST /nothing HTTP/1.1\r\nHost: test\r\nContent-Length: 17\r\n\r\n");
    assert_eq!(answer.status, 413);
}

#[test]
fn a_client_that_takes_no_answer_is_cut_off() {
    let app = App::start(&[("APP_WRITE_TIMEOUT_SECONDS", "1")]);
    let client = app.connect();
    let requests = GET.repeat(1000);
    // Answers fill the buffers of both ends, then the server stops reading, then this blocks:
    // until the connection is gone. If it is not, the client's own limit ends it another way.
    let error = loop {
        if let Err(error) = client.stream().write_all(requests.as_bytes()) {
            break error;
        }
    };
    let gone = [
        ErrorKind::ConnectionReset,
        ErrorKind::BrokenPipe,
        ErrorKind::TimedOut,
    ];
    assert!(gone.contains(&error.kind()), "{error:?}");
}

#[test]
fn an_unfinished_head_is_limited_too() {
    let app = App::start(&[("APP_MAX_HEADER_BYTES", "2048")]);
    let chunked =
        "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nha\r\n0\r\n\r\n";
    let long = format!("{GET}GET /{} HTTP/1.1\r\nHost: t", "x".repeat(4096));
    // Alone, after requests on the same connection, behind one in the same packet, and behind a
    // body that nobody has read.
    for (before, statuses) in [
        ("", &[][..]),
        (GET, &[200]),
        (&GET.repeat(40), &[200; 40]),
        (chunked, &[405]),
    ] {
        for at_once in [true, false] {
            let mut client = app.connect();
            let unfinished = format!("GET / HTTP/1.1\r\nX-Filler: {}", "f".repeat(4096));
            if at_once {
                client.send(&format!("{before}{unfinished}"));
            } else {
                client.send(before);
            }
            for status in statuses {
                assert_eq!(client.answer().status, *status, "{before}");
            }
            if !at_once {
                client.send(&unfinished);
            }
            if before == chunked {
                // It may be taken for the rest of that body.
                assert!(
                    [None, Some(431)].contains(&client.last_status()),
                    "{before}"
                );
            } else {
                let answer = client.answer();
                assert_eq!(answer.status, 431, "{before}");
                assert_eq!(answer.body, "431 Request Header Fields Too Large\n");
                assert_eq!(answer.field("connection"), Some("close"));
            }
            client.assert_closed();
        }
    }
    // A request line is as much part of a head as a field.
    let mut client = app.connect();
    client.send(&long);
    assert_eq!([client.answer().status, client.answer().status], [200, 431]);
    client.assert_closed();
}

#[test]
fn what_is_sent_behind_a_request_is_limited_while_it_is_answered() {
    let app = App::start(&[
        ("APP_MAX_HEADER_BYTES", "1024"),
        ("APP_REQUEST_TIMEOUT_SECONDS", "300"),
    ]);
    // All that both kernels and the service keep is far below this, and the body does not come.
    let more = "GET / HTTP/1.1\r\nHost: test\r\n\r\n".repeat(2000);
    let mut client = app.connect();
    client.send(&format!("{GET}{more}"));
    for _ in 0..=2000 {
        assert_eq!(client.answer().status, 200);
    }
}

#[test]
fn a_large_body_is_no_large_head() {
    let app = App::start(&[("APP_MAX_HEADER_BYTES", "1024")]);
    let mut client = app.connect();
    for body in [1000, 100_000, 1_000_000] {
        let request = format!("GET / HTTP/1.1\r\nHost: test\r\nContent-Length: {body}\r\n\r\n");
        client.send(&format!("{request}{}", "x".repeat(body)));
        assert_eq!(client.answer().status, 200, "{body}");
    }
}

#[test]
fn what_stands_between_chunks_is_no_head() {
    let app = App::start(&[("APP_MAX_HEADER_BYTES", "1024")]);
    let mut client = app.connect();
    // Five bytes around each one, in whatever parts they come.
    let chunks = "1\r\nx\r\n".repeat(50_000);
    for _ in 0..3 {
        client.send("GET / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");
        client.send(&chunks);
        client.send(&format!("0\r\n\r\n{GET}"));
        assert_eq!([client.answer().status, client.answer().status], [200; 2]);
    }
    // Nothing is said that nobody has asked for.
    client.stream().shutdown(Shutdown::Write).unwrap();
    client.assert_closed();
}

/// How many are answered at once; the others wait.
fn answered(clients: &mut [Client]) -> usize {
    clients
        .iter_mut()
        .filter(|client| {
            // That nothing comes can only be seen by waiting a little.
            let patience = Some(Duration::from_millis(100));
            client.stream().set_read_timeout(patience).unwrap();
            client.stream().peek(&mut [0]).is_ok_and(|bytes| bytes > 0)
        })
        .count()
}

#[test]
fn connections_are_limited_for_all_workers_together() {
    for (most, workers) in [(1, "8"), (3, "2"), (5, "4")] {
        let app = App::start(&[
            ("APP_MAX_CONNECTIONS", &most.to_string()),
            ("APP_WORKERS", workers),
        ]);
        let mut clients: Vec<_> = (0..10).map(|_| app.connect()).collect();
        for client in &mut clients {
            client.send(GET);
        }
        // Each that was answered keeps its connection, until it is closed.
        for _ in 0..most {
            app.line("status=200");
        }
        assert_eq!(answered(&mut clients), most, "{most} of {workers}");
        for client in &mut clients {
            client
                .stream()
                .set_read_timeout(Some(support::LIMIT))
                .unwrap();
        }
        // Each leaves room for another one.
        for mut client in clients {
            assert_eq!(client.answer().status, 200);
        }
    }
}

#[test]
fn connections_are_limited() {
    let app = App::start(&[("APP_MAX_CONNECTIONS", "1"), ("APP_WORKERS", "1")]);
    let ask = |client: &mut Client| client.send(GET);
    let mut first = app.connect();
    ask(&mut first);
    assert_eq!(first.answer().status, 200);

    let mut second = app.connect();
    ask(&mut second);
    // That nothing comes can only be seen by waiting a little.
    second
        .stream()
        .set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    let error = second.stream().read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);

    drop(first);
    second
        .stream()
        .set_read_timeout(Some(support::LIMIT))
        .unwrap();
    assert_eq!(second.answer().status, 200);
}
