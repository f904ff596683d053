//! There is no other protocol: a wish for one changes nothing (RFC 9110, section 7.8).

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use support::App;

/// What a client may wish for, and how.
const WISHES: [&str; 9] = [
    "Upgrade: websocket\r\n",
    "Upgrade: WebSocket\r\nConnection: Upgrade\r\n",
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n",
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
    "Connection: Upgrade\r\nUpgrade: TLS/1.0, HTTP/1.1\r\n",
    "Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n",
    "Connection: Upgrade\r\n",
    "Upgrade: nonsense\r\n",
];

#[test]
fn a_wish_for_another_protocol_changes_nothing() {
    // None of the limits on time ends a test that waits for what does not come.
    let app = App::start(&[
        ("APP_REQUEST_TIMEOUT_SECONDS", "300"),
        ("APP_HEADER_TIMEOUT_SECONDS", "300"),
    ]);
    let bodies = [
        "\r\n",
        "Content-Length: 4\r\n\r\nbody",
        "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
    ];
    for wish in WISHES {
        for (request, body, status) in [
            ("GET / HTTP/1.1\r\nHost: test\r\n", bodies[0], 200),
            ("GET / HTTP/1.1\r\nHost: test\r\n", bodies[1], 200),
            ("GET / HTTP/1.1\r\nHost: test\r\n", bodies[2], 200),
            ("POST / HTTP/1.1\r\nHost: test\r\n", bodies[1], 405),
            ("POST /nothing HTTP/1.1\r\nHost: test\r\n", bodies[2], 404),
            ("GET /livez HTTP/1.1\r\nHost: test\r\n", bodies[0], 200),
            ("GET /nothing HTTP/1.1\r\nHost: test\r\n", bodies[0], 404),
            (
                "GET http://test/?q=1 HTTP/1.1\r\nHost: test\r\n",
                bodies[0],
                200,
            ),
            ("OPTIONS * HTTP/1.1\r\nHost: test\r\n", bodies[0], 404),
            ("GET / HTTP/1.0\r\n", bodies[0], 200),
            ("GET / HTTP/1.0\r\n", bodies[1], 200),
        ] {
            let answer = app.ask(&format!("{request}{wish}{body}"));
            assert_eq!(answer.status, status, "{request}{wish}{body}");
            let connection = answer.field("connection").unwrap_or_default();
            assert!(
                !connection.contains("pgrade"),
                "{request}{wish}: {connection}"
            );
        }
        let mut client = app.connect();
        client.send(&format!("HEAD / HTTP/1.1\r\nHost: test\r\n{wish}\r\n"));
        assert_eq!(client.answer_to("HEAD").status, 200, "{wish}");
    }
}

#[test]
fn the_same_connection_serves_whatever_follows() {
    let app = App::start(&[
        ("APP_REQUEST_TIMEOUT_SECONDS", "300"),
        ("APP_HEADER_TIMEOUT_SECONDS", "300"),
    ]);
    let wish = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    let round = format!(
        "GET / HTTP/1.1\r\nHost: test\r\n\r\n\
         GET / HTTP/1.1\r\nHost: test\r\n{wish}\r\n\
         GET / HTTP/1.1\r\nHost: test\r\n{wish}Content-Length: 4\r\n\r\nbody\
         GET /nothing HTTP/1.1\r\nHost: test\r\n\r\n"
    );
    let mut client = app.connect();
    // One after the other, then all of them at once.
    for _ in 0..100 {
        client.send(&round);
        let statuses = [(); 4].map(|()| client.answer().status);
        assert_eq!(statuses, [200, 200, 200, 404]);
    }
    client.send(&round.repeat(100));
    for _ in 0..100 {
        let statuses = [(); 4].map(|()| client.answer().status);
        assert_eq!(statuses, [200, 200, 200, 404]);
    }
}

#[test]
fn a_field_of_the_wish_that_means_more_is_kept() {
    let app = App::start(&[]);
    let mut client = app.connect();
    client.send(
        "GET /nothing HTTP/1.1\r\nHost: test\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\nAccept: application/json\r\n\r\n",
    );
    let answer = client.answer();
    assert_eq!(answer.field("content-type"), Some("application/json"));
    assert_eq!(answer.field("connection"), Some("close"));
    client.assert_closed();
}

#[test]
fn a_tunnel_is_refused_at_once() {
    let app = App::start(&[("APP_REQUEST_TIMEOUT_SECONDS", "300")]);
    for target in ["test:443", "/"] {
        let mut client = app.connect();
        client.send(&format!("CONNECT {target} HTTP/1.1\r\nHost: test\r\n\r\n"));
        let status = client.answer().status;
        assert!([400, 404, 405].contains(&status), "{target}: {status}");
    }
}
