//! Clients that take their time, as data.

#![expect(clippy::too_many_lines, reason = "tables of cases")]

use std::{
    io, thread,
    time::{Duration, Instant},
};

use super::{
    frames::{
        END_HEADERS, END_STREAM, HEADERS, NO_ERROR, NONE, PREFACE, PROTOCOL_ERROR,
        Reaction::{self, Closed, GoAway, Reset, Status},
        SETTINGS, WHOLE, block, frame, reactions,
    },
    wire::{Edge, Protocol, Wire},
};

/// Each of the time-outs in http/client.conf that end these clients: `client_header_timeout`,
/// `client_body_timeout` and `send_timeout`.
const TIME_OUT: Duration = Duration::from_secs(10);

/// How much later a client may see its end, on a machine that has more to do.
const SLACK: Duration = Duration::from_secs(4);

/// How often a client that is not silent sends something.
const DRIP: Duration = Duration::from_secs(1);

/// What a client is told before its end.
enum Told {
    /// Nothing: the connection is closed.
    Nothing,
    /// Reactions of HTTP/2; after the last one nothing is awaited.
    Reactions(&'static [Reaction]),
}

/// One connection of a client that does not do what comes next.
struct Case {
    name: &'static str,
    start: fn(&Edge) -> io::Result<Wire>,
    sent: Vec<u8>,
    /// What it sends thereafter, again and again.
    drip: &'static [u8],
    told: Told,
    /// What of it the app gets: `METHOD path`.
    reaches: &'static [&'static str],
}

/// Without TLS on the port of TLS.
fn bare(edge: &Edge) -> io::Result<Wire> {
    edge.tcp(Protocol::Http1).map(Wire::Plain)
}

fn http1(edge: &Edge) -> io::Result<Wire> {
    edge.connect(Protocol::Http1)
}

fn http2(edge: &Edge) -> io::Result<Wire> {
    edge.connect(Protocol::Http2)
}

fn plain(edge: &Edge) -> io::Result<Wire> {
    edge.connect(Protocol::Plain)
}

/// One that has connected over HTTP/1 and does nothing.
fn quiet() -> Case {
    Case {
        name: "",
        start: http1,
        sent: Vec::new(),
        drip: b"",
        told: Told::Nothing,
        reaches: &[],
    }
}

fn cases() -> Vec<Case> {
    let request = |method, path| {
        block(&[
            (":method", method),
            (":scheme", "https"),
            (":authority", "localhost"),
            (":path", path),
        ])
    };
    let get = "GET /slow HTTP/1.1\r\nHost: localhost\r\n";
    let post = "POST /slow HTTP/1.1\r\nHost: localhost\r\n";
    // A frame of SETTINGS that allows no byte of a body.
    let no_window = frame(SETTINGS, NONE, 0, &[0, 4, 0, 0, 0, 0]);
    vec![
        Case {
            name: "nothing instead of a handshake",
            start: bare,
            ..quiet()
        },
        Case {
            name: "a handshake byte by byte",
            start: bare,
            sent: b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03".to_vec(),
            drip: b"a",
            ..quiet()
        },
        Case {
            name: "nothing after a handshake",
            ..quiet()
        },
        Case {
            name: "nothing on port 80",
            start: plain,
            ..quiet()
        },
        Case {
            name: "a head byte by byte",
            sent: get.into(),
            drip: b"a",
            ..quiet()
        },
        Case {
            name: "a head line by line",
            sent: get.into(),
            drip: b"X: y\r\n",
            ..quiet()
        },
        Case {
            name: "a head byte by byte on port 80",
            start: plain,
            sent: get.into(),
            drip: b"a",
            ..quiet()
        },
        Case {
            name: "half a body",
            sent: format!("{post}Content-Length: 100\r\n\r\nhalf").into(),
            ..quiet()
        },
        Case {
            name: "half a chunk",
            sent: format!("{post}Transfer-Encoding: chunked\r\n\r\n64\r\nhalf").into(),
            ..quiet()
        },
        Case {
            name: "nothing after HTTP/2's preface",
            start: http2,
            sent: PREFACE.into(),
            told: Told::Reactions(&[GoAway(NO_ERROR)]),
            ..quiet()
        },
        Case {
            name: "half a body over HTTP/2",
            start: http2,
            sent: [
                PREFACE,
                &frame(HEADERS, END_HEADERS, 1, &request("POST", "/slow")),
            ]
            .concat(),
            told: Told::Reactions(&[Reset(PROTOCOL_ERROR)]),
            ..quiet()
        },
        Case {
            name: "half a head over HTTP/2",
            start: http2,
            sent: [
                PREFACE,
                &frame(HEADERS, END_STREAM, 1, &request("GET", "/slow")),
            ]
            .concat(),
            told: Told::Reactions(&[Reset(PROTOCOL_ERROR)]),
            ..quiet()
        },
        Case {
            name: "a body that is never taken over HTTP/2",
            start: http2,
            sent: [
                PREFACE,
                &no_window,
                &frame(HEADERS, WHOLE, 1, &request("GET", "/never-taken")),
            ]
            .concat(),
            told: Told::Reactions(&[Status(404), Reset(PROTOCOL_ERROR)]),
            reaches: &["GET /never-taken"],
            ..quiet()
        },
    ]
}

/// Starts all at once: what differs, a line each.
pub fn run(edge: &Edge) -> Vec<String> {
    let cases = cases();
    thread::scope(|scope| {
        let running: Vec<_> = cases
            .iter()
            .map(|case| scope.spawn(|| wrong(edge, case)))
            .collect();
        running
            .into_iter()
            .filter_map(|thread| {
                let ended = thread.join();
                ended.unwrap_or_else(|_| Some("a client panicked".to_owned()))
            })
            .collect()
    })
}

/// All that the app gets of them.
pub fn reaching() -> Vec<String> {
    let lists = cases().into_iter().flat_map(|case| case.reaches);
    lists.map(|&line| line.to_owned()).collect()
}

fn wrong(edge: &Edge, case: &Case) -> Option<String> {
    told(edge, case)
        .err()
        .map(|why| format!("{}: {why}", case.name))
}

/// Holds what the client is told, and when, against what is expected.
fn told(edge: &Edge, case: &Case) -> Result<(), String> {
    let start = Instant::now();
    let mut wire = (case.start)(edge).map_err(|why| why.to_string())?;
    let pause = wire.tcp().set_read_timeout(Some(DRIP));
    pause.map_err(|why| why.to_string())?;
    wire.send(&case.sent);

    let mut bytes = Vec::new();
    let mut closed = false;
    while !closed {
        match wire.receive() {
            Ok(more) => {
                closed = more.is_empty();
                bytes.extend(more);
            }
            Err(_) if start.elapsed() > TIME_OUT + SLACK => {
                return Err(format!("goes on after {}", bytes.escape_ascii()));
            }
            Err(_) => wire.send(case.drip),
        }
        if let Told::Reactions(expected) = case.told {
            let mut all = reactions(&bytes)?;
            all.extend(closed.then_some(Closed));
            if all.len() >= expected.len() {
                if all != expected {
                    return Err(format!("{all:?}, not {expected:?}"));
                }
                break;
            }
        }
    }
    if matches!(case.told, Told::Nothing) && !bytes.is_empty() {
        return Err(format!("answered {}", bytes.escape_ascii()));
    }
    let took = start.elapsed();
    // The edge's clock may be started by what the client sent a little earlier.
    if took + DRIP < TIME_OUT || took > TIME_OUT + SLACK {
        return Err(format!("ended after {took:?}, not {TIME_OUT:?}"));
    }
    Ok(())
}

/// What [`slow_reader`] asks for.
pub const READER: &str = "/slow-reader";

/// How often it does: what the kernel keeps of so many answers is far less than all of them.
pub const READS: usize = 8000;

/// A client that asks and asks, and takes no answer.
///
/// # Errors
/// When it is not cut off in time.
pub fn slow_reader(edge: &Edge) -> Result<(), String> {
    let mut wire = http1(edge).map_err(|why| why.to_string())?;
    wire.send(
        format!("GET {READER} HTTP/1.1\r\nHost: a\r\n\r\n")
            .repeat(READS)
            .as_bytes(),
    );
    let start = Instant::now();
    while start.elapsed() < TIME_OUT + SLACK {
        // `reset_timedout_connection`: the edge does not wait for what it has not sent.
        if let Ok(Some(error)) = wire.tcp().take_error() {
            return match error.kind() {
                io::ErrorKind::ConnectionReset => Ok(()),
                _ => Err(error.to_string()),
            };
        }
        thread::sleep(DRIP / 10);
    }
    Err("a slow reader is not cut off".to_owned())
}
