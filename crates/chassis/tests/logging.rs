//! One line for each request, which no client can forge, and which nothing depends on.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use support::{App, Client};

#[test]
fn text_for_people() {
    let app = App::start(&[]);
    app.get(
        "/?secret=1",
        &format!("X-Real-IP: 192.0.2.7\r\nX-Request-Id: abc-1\r\ntraceparent: {TRACEPARENT}\r\n"),
    );
    let line = app.line("path=/");
    let words: Vec<_> = line.split_whitespace().collect();
    assert_eq!(words[1..3], ["INFO", "request"], "{line}");
    assert_eq!(
        words[3..6],
        ["method=GET", "path=/", "status=200"],
        "{line}"
    );
    let duration: f64 = words[6]
        .strip_prefix("duration_s=")
        .unwrap()
        .parse()
        .unwrap();
    assert!((0.0..60.0).contains(&duration));
    assert_eq!(
        words[7..],
        [
            "client=192.0.2.7",
            "trace_id=0af7651916cd43dd8448eb211c80319c",
            "request_id=abc-1"
        ],
        "{line}"
    );
    assert!(words[0].ends_with('Z') && words[0].contains('T'), "{line}");
    assert!(!line.contains('\x1b'), "colours are for terminals: {line}");
}

#[test]
fn json_for_machines() {
    let app = App::start(&[("APP_LOG_FORMAT", "json")]);
    app.ask("POST /x?secret=1 HTTP/1.1\r\nHost: test\r\n\r\n");
    let line = app.line("POST");
    let json: serde_json::Value = serde_json::from_str(&line).unwrap();
    let fields: Vec<_> = json.as_object().unwrap().keys().collect();
    let expected = [
        "client",
        "duration_s",
        "level",
        "message",
        "method",
        "path",
        "request_id",
        "status",
        "target",
        "time",
        "trace_id",
    ];
    assert_eq!(fields, expected);
    assert_eq!(json["level"], "info");
    assert_eq!(json["target"], "drydock::request");
    assert_eq!(json["method"], "POST");
    assert_eq!(json["path"], "/x");
    assert_eq!(json["status"], 404);
    assert!(json["duration_s"].is_f64());
    assert_eq!(json["client"], "127.0.0.1");
}

#[test]
fn every_line_is_json_from_the_first_to_the_last() {
    let app = App::start(&[("APP_LOG_FORMAT", "json"), ("RUST_LOG", "debug")]);
    app.get("/", "");
    app.ask("nonsense\r\n\r\n");
    app.signal(Signal::TERM);
    let (code, lines) = app.end();
    assert_eq!(code, Some(0));
    assert!(lines.len() > 3, "{lines:#?}");
    for line in lines {
        assert!(
            serde_json::from_str::<serde_json::Value>(&line).is_ok(),
            "{line}"
        );
    }
}

#[test]
fn probes_are_quiet_until_asked_for() {
    for (level, shown) in [("info", false), ("debug", true)] {
        let app = App::start(&[("RUST_LOG", level)]);
        app.get("/livez", "");
        app.get("/readyz", "");
        app.get("/", "");
        app.signal(Signal::TERM);
        let (_, lines) = app.end();
        let has = |path: &str| {
            lines
                .iter()
                .any(|line| line.contains(&format!("path={path} ")))
        };
        assert!(has("/"), "{lines:#?}");
        assert_eq!([has("/livez"), has("/readyz")], [shown; 2], "{lines:#?}");
    }
}

#[test]
fn the_request_id_goes_back_to_the_client() {
    let app = App::start(&[]);
    let answer = app.get("/", "X-Request-Id: abc-1\r\n");
    assert_eq!(answer.field("x-request-id"), Some("abc-1"));
    assert!(app.line("request_id=").ends_with("request_id=abc-1"));

    // Made where there is none, or one that is not fit for a log; also for what is refused.
    let mut made = Vec::new();
    for (path, fields) in [
        ("/", ""),
        ("/", ""),
        ("/", "X-Request-Id: a b\r\n"),
        ("/nothing", ""),
        ("/", "Content-Length: 99999999\r\n"),
    ] {
        let answer = app.get(path, fields);
        let id = answer.field("x-request-id").unwrap().to_owned();
        assert!(
            app.line("request_id=")
                .ends_with(&format!("request_id={id}"))
        );
        assert_eq!(id.len(), 32, "{id}");
        made.push(id);
    }
    made.sort();
    made.dedup();
    assert_eq!(made.len(), 5);
}

#[test]
fn the_request_id_of_a_stranger_is_not_taken() {
    let app = App::start(&[("APP_TRUSTED_NETWORKS", "none")]);
    let answer = app.get("/", "X-Request-Id: abc-1\r\n");
    assert_ne!(answer.field("x-request-id"), Some("abc-1"));
}

/// As the specification has it.
const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[test]
fn a_trace_goes_on_if_its_beginning_is_believed() {
    for (trusted, sent, goes_on) in [
        ("127.0.0.0/8", TRACEPARENT, true),
        ("127.0.0.0/8", &TRACEPARENT[1..], false),
        ("none", TRACEPARENT, false),
    ] {
        let app = App::start(&[("APP_TRUSTED_NETWORKS", trusted)]);
        for id in ["", "X-Request-Id: abc-1\r\n"] {
            app.get("/", &format!("traceparent: {sent}\r\n{id}"));
            let line = app.line("trace_id=");
            let trace = line.split("trace_id=").nth(1).unwrap();
            let (trace, id) = trace.split_once(" request_id=").unwrap();
            assert_eq!(trace.len(), 32, "{line}");
            assert_eq!(trace == &TRACEPARENT[3..35], goes_on, "{line}");
            // One that begins here is called as its request, if that is possible.
            assert_eq!(trace == id, !goes_on && id != "abc-1", "{line}");
        }
    }
}

#[test]
fn a_path_cannot_forge_a_line() {
    let app = App::start(&[]);
    app.get("/%0A2026\"status=200", "");
    let line = app.line("/%0A2026");
    assert!(
        line.contains("path=\"/%0A2026\\\"status=200\" status=404"),
        "{line}"
    );
}

/// Whatever a client sends, in each part of a request that may be logged.
#[test]
fn a_line_is_short_and_printable_whatever_is_sent() {
    for format in ["text", "json"] {
        let app = App::start(&[("APP_LOG_FORMAT", format), ("RUST_LOG", "trace")]);
        let long = "x".repeat(20_000);
        for request in [
            format!("GET /{long} HTTP/1.1\r\nHost: test\r\n\r\n"),
            format!(
                "GET /{} HTTP/1.1\r\nHost: test\r\n\r\n",
                "\"".repeat(20_000)
            ),
            format!("{long} / HTTP/1.1\r\nHost: test\r\n\r\n"),
            format!("{long} /{long} HTTP/1.1\r\nHost: test\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nHost: test\r\nX-Request-Id: {long}\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nHost: test\r\nX-Real-IP: {long}\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nHost: {long}\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: {long}\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nHost: test\r\nContent-Length: {long}\r\n\r\n"),
            "GET /\u{7f} HTTP/1.1\r\nHost: test\r\n\r\n".to_owned(),
            "GET /\u{9b}31m\u{202e} HTTP/1.1\r\nHost: test\r\n\r\n".to_owned(),
            "GET / HTTP/1.1\r\nHost: test\r\nContent-Length: \u{9b}31m\u{202e}\r\n\r\n".to_owned(),
            format!("\x1b[2J{long}\r\n\r\n"),
        ] {
            let answer = app.ask(&request);
            assert!(answer.status < 500, "{}", answer.status);
        }
        app.signal(Signal::TERM);
        let (code, lines) = app.end();
        assert_eq!(code, Some(0));
        assert!(lines.len() > 13, "{lines:#?}");
        for line in lines {
            assert!(line.len() < 4096, "{}: {line}", line.len());
            assert!(
                line.bytes().all(|byte| matches!(byte, b' '..=b'~')),
                "{line}"
            );
        }
    }
}

#[test]
fn a_strangers_typo_is_no_alarm() {
    let app = App::start(&[
        ("APP_HEADER_TIMEOUT_SECONDS", "1"),
        ("APP_REQUEST_TIMEOUT_SECONDS", "1"),
    ]);
    let long = "x".repeat(200_000);
    for request in [
        "nonsense\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: test\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: test\r\nContent-Length: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "GET / HTTP/1.1\r\nHost: test\r\nContent-Length: 8\r\n\r\nhalf",
        "GET / HTTP/1.1\r\nHost: te",
        "\x16\x03\x01\x02\x00\x01\x00\x01\u{fc}\x03\x03",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        &format!(
            "GET / HTTP/1.1\r\nHost: test\r\n{}\r\n",
            "a: b\r\n".repeat(200)
        ),
        &format!("GET /{long} HTTP/1.1\r\nHost: test\r\n\r\n"),
    ] {
        // The server may answer and close before it is all sent.
        for leaves_at_once in [true, false] {
            let mut client = app.connect();
            let _ = client.stream().write_all(request.as_bytes());
            if !leaves_at_once {
                assert!(client.answer().status < 500, "{request:.60}");
            }
        }
    }
    app.signal(Signal::TERM);
    let (code, lines) = app.end();
    assert_eq!(code, Some(0));
    let alarm = |line: &&String| line.contains(" WARN ") || line.contains(" ERROR ");
    assert_eq!(lines.iter().find(alarm), None);
    // They are not hidden either.
    assert!(
        lines.iter().any(|line| line.contains("stream error")),
        "{lines:#?}"
    );
}

#[test]
fn a_reader_that_has_stopped_does_not_stop_the_service() {
    let mut child = support::command(&[])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("listening") {
        line.clear();
        assert_ne!(reader.read_line(&mut line).unwrap(), 0);
    }
    let mut client = Client::connect(([127, 0, 0, 1], support::port_in(&line)).into());
    // More than the pipe and the process hold.
    let path = "x".repeat(4000);
    for _ in 0..400 {
        client.send(&format!("GET /{path} HTTP/1.1\r\nHost: test\r\n\r\n"));
        assert_eq!(client.answer().status, 404);
    }
    // It is told once somebody reads again.
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let mut rest = String::new();
    reader.read_to_string(&mut rest).unwrap();
    assert!(child.wait().unwrap().success());
    let told = rest
        .lines()
        .filter(|line| line.contains("log lines were lost") && line.contains(" lines="));
    assert_eq!(told.count(), 1);
    assert!(rest.ends_with("stopped\n"), "{:?}", rest.lines().last());
}

#[test]
fn a_closed_pipe_does_not_stop_the_service() {
    let mut app = App::start(&[]);
    app.close_log();
    let mut client = app.connect();
    for _ in 0..3 {
        client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
        assert_eq!(client.answer().status, 200);
    }
}
