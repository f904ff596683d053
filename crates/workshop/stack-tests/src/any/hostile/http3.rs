//! What an HTTP/3 client can send that it should not, as data: the same families as over HTTP/1
//! and 2. QUIC is quinn's; what its streams carry is written here byte by byte.

#![expect(clippy::too_many_lines, reason = "tables of cases")]

use std::{collections::BTreeMap, io, net::SocketAddr, sync::Arc, time::Duration};

use quinn::{
    ClientConfig, Connection, ConnectionError, Endpoint, ReadError, VarInt,
    crypto::rustls::QuicClientConfig,
};
use tokio::{
    net::UdpSocket,
    runtime::{Builder, Runtime},
    time::timeout,
};

use super::wire::{Edge, PATIENCE};

// Types of frames (RFC 9114, section 7.2).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const CANCEL_PUSH: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const GOAWAY: u8 = 7;
const MAX_PUSH_ID: u8 = 13;

// Types of streams (section 6.2, and RFC 9204, section 4.2).
const CONTROL: u8 = 0;
const PUSH: u8 = 1;
const ENCODER: u8 = 2;

// Error codes (section 8.1, and RFC 9204, section 6).
const STREAM_CREATION_ERROR: u64 = 0x103;
const FRAME_UNEXPECTED: u64 = 0x105;
const EXCESSIVE_LOAD: u64 = 0x107;
const MISSING_SETTINGS: u64 = 0x10a;
const REQUEST_CANCELLED: u64 = 0x10c;
const INTERNAL_ERROR: u64 = 0x102;
const DECOMPRESSION_FAILED: u64 = 0x200;
const ENCODER_STREAM_ERROR: u64 = 0x201;

/// How the edge reacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reaction {
    /// An answer to the request.
    Status(u16),
    /// An end of the request's stream, with its error code.
    Reset(u64),
    /// An end of the connection, with its error code.
    Closed(u64),
}
use Reaction::{Closed, Reset, Status};

/// One connection: the bytes on its streams, and what comes of them.
struct Case {
    name: &'static str,
    /// Those of unidirectional streams, which come first.
    beside: Vec<Vec<u8>>,
    /// Those of a request's stream, if there is one.
    request: Option<Vec<u8>>,
    /// The first reaction.
    answered: Reaction,
    /// What of it the app gets: `METHOD path`.
    reaches: &'static [&'static str],
}

fn case(
    name: &'static str,
    request: Vec<u8>,
    answered: Reaction,
    reaches: &'static [&'static str],
) -> Case {
    Case {
        name,
        beside: Vec::new(),
        request: Some(request),
        answered,
        reaches,
    }
}

/// A stream that is not a request's, and how the connection ends for it.
fn beside(name: &'static str, kind: u8, bytes: &[u8], code: u64) -> Case {
    Case {
        name,
        beside: vec![[&[kind], bytes].concat()],
        request: None,
        answered: Closed(code),
        reaches: &[],
    }
}

/// An integer with a prefix of so many bits (RFC 9204, section 4.1.1).
fn integer(first: u8, bits: u32, number: usize) -> Vec<u8> {
    let most = (1_usize << bits) - 1;
    let Some(mut rest) = number.checked_sub(most) else {
        return vec![first | low_byte(number)];
    };
    let mut bytes = vec![first | low_byte(most)];
    while rest >= 128 {
        bytes.push(0x80 | low_byte(rest));
        rest >>= 7;
    }
    bytes.push(low_byte(rest));
    bytes
}

fn low_byte(number: usize) -> u8 {
    number.to_le_bytes()[0]
}

/// One frame, whatever its payload. Its length has the longest form, which any length may have.
fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = (0b11_u64 << 62) | payload.len() as u64;
    [&[kind], length.to_be_bytes().as_slice(), payload].concat()
}

/// A field section in QPACK's plainest form: literal, with a literal name, without Huffman's code
/// (RFC 9204, section 4.5.6).
fn section(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = vec![0, 0];
    for (name, value) in fields {
        bytes.extend(integer(0x20, 3, name.len()));
        bytes.extend(name.as_bytes());
        bytes.extend(integer(0, 7, value.len()));
        bytes.extend(value.as_bytes());
    }
    bytes
}

/// The pseudo-header fields of a request, and these fields.
fn fields<'a>(method: &'a str, path: &'a str, more: &[(&'a str, &'a str)]) -> Vec<u8> {
    let mut all = vec![
        (":method", method),
        (":scheme", "https"),
        (":authority", "localhost"),
        (":path", path),
    ];
    all.extend(more);
    section(&all)
}

fn request(method: &str, path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, &fields(method, path, more))
}

fn bare(all: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, &section(all))
}

fn post(path: &str, more: &[(&str, &str)], body: &str) -> Vec<u8> {
    [request("POST", path, more), frame(DATA, body.as_bytes())].concat()
}

/// Sends each on a connection of its own: what differs, a line each.
pub fn run(edge: &Edge) -> Vec<String> {
    let runtime = runtime();
    let config = config(edge);
    let wrong = |case: &Case| {
        let reaction = runtime.block_on(told(edge, &config, case));
        match reaction {
            Ok(answered) if answered == case.answered => None,
            Ok(answered) => Some(format!(
                "HTTP/3, {}: {answered:?}, not {:?}",
                case.name, case.answered
            )),
            Err(why) => Some(format!("HTTP/3, {}: {why}", case.name)),
        }
    };
    cases().iter().filter_map(wrong).collect()
}

/// All that the app gets of them.
pub fn reaching() -> Vec<String> {
    let lists = cases().into_iter().flat_map(|case| case.reaches);
    lists.map(|&line| line.to_owned()).collect()
}

/// What drives the connections: one thread, the caller's.
pub fn runtime() -> Runtime {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime")
}

/// QUIC's side of [`Edge::http3`].
pub fn config(edge: &Edge) -> ClientConfig {
    let quic = QuicClientConfig::try_from(edge.http3()).expect("TLS 1.3");
    ClientConfig::new(Arc::new(quic))
}

/// A connection from a socket of its own: the kernel gives all that comes from one to one worker.
///
/// # Errors
/// When there is no connection in time; quinn's words say why.
pub async fn connect(edge: &Edge, config: &ClientConfig) -> io::Result<(Endpoint, Connection)> {
    let any = SocketAddr::from(([0, 0, 0, 0], 0));
    let mut endpoint = Endpoint::client(any)?;
    endpoint.set_default_client_config(config.clone());
    let connecting = endpoint.connect(edge.quic(), "localhost");
    let connecting = connecting.map_err(io::Error::other)?;
    let connection = timeout(PATIENCE, connecting).await?;
    Ok((endpoint, connection.map_err(io::Error::other)?))
}

/// So many packets that each begin a handshake, as a client sends them: quinn's, caught by a
/// socket that answers none.
///
/// # Errors
/// When there is no socket to be had.
pub fn initials(edge: &Edge, count: usize) -> io::Result<Vec<Vec<u8>>> {
    let config = config(edge);
    runtime().block_on(async {
        let local = SocketAddr::from(([127, 0, 0, 1], 0));
        let catcher = UdpSocket::bind(local).await?;
        let mut endpoint = Endpoint::client(local)?;
        endpoint.set_default_client_config(config);
        let mut packets = BTreeMap::new();
        while packets.len() < count {
            let begun = endpoint.connect(catcher.local_addr()?, "localhost");
            let _begun = begun.map_err(io::Error::other)?;
            let mut packet = vec![0; 2048];
            let length = timeout(PATIENCE, catcher.recv(&mut packet)).await??;
            packet.truncate(length);
            // By the connection id: what was begun before may say goodbye.
            packets.entry(packet[6..14].to_vec()).or_insert(packet);
        }
        Ok(packets.into_values().collect())
    })
}

/// The first reaction to a case.
async fn told(edge: &Edge, config: &ClientConfig, case: &Case) -> Result<Reaction, String> {
    let (_endpoint, connection) = connect(edge, config)
        .await
        .map_err(|why| format!("not connected: {why}"))?;
    let mut open = Vec::new();
    for bytes in &case.beside {
        let stream = connection.open_uni().await;
        let mut stream = stream.map_err(|why| format!("no stream: {why}"))?;
        // An edge that refuses need not take all of it.
        let _ = stream.write_all(bytes).await;
        open.push(stream);
    }
    let Some(bytes) = &case.request else {
        let closed = timeout(PATIENCE, connection.closed()).await;
        return Ok(ended(
            &closed.map_err(|_| "the connection stays".to_owned())?,
        ));
    };
    let streams = connection.open_bi().await;
    let (mut to, mut from) = streams.map_err(|why| format!("no stream: {why}"))?;
    let _ = to.write_all(bytes).await;
    let _ = to.finish();
    match timeout(PATIENCE, from.read_to_end(1 << 20)).await {
        Ok(Ok(answer)) => status(&answer),
        Ok(Err(quinn::ReadToEndError::Read(ReadError::Reset(code)))) => {
            // nginx resets the streams of a connection that it is about to close.
            match timeout(Duration::from_millis(500), connection.closed()).await {
                Ok(why) => Ok(ended(&why)),
                Err(_) => Ok(Reset(code.into_inner())),
            }
        }
        Ok(Err(quinn::ReadToEndError::Read(ReadError::ConnectionLost(why)))) => Ok(ended(&why)),
        Ok(Err(why)) => Err(why.to_string()),
        Err(_) => Err("no reaction".to_owned()),
    }
}

fn ended(why: &ConnectionError) -> Reaction {
    match why {
        ConnectionError::ApplicationClosed(close) => Closed(close.error_code.into_inner()),
        ConnectionError::ConnectionClosed(close) => Closed(close.error_code.into()),
        _ => Closed(u64::MAX),
    }
}

/// `:status` is the first field, in the two forms that nginx uses: an entry of the static table
/// (RFC 9204, appendix A), or its name of entry 25, and three digits.
fn status(answer: &[u8]) -> Result<Reaction, String> {
    const STATIC: [(&[u8], u16); 8] = [
        (&[0xd9], 200),
        (&[0xda], 304),
        (&[0xdb], 404),
        (&[0xdc], 503),
        (&[0xff, 0x01], 204),
        (&[0xff, 0x02], 206),
        (&[0xff, 0x04], 400),
        (&[0xff, 0x08], 500),
    ];
    let none = || format!("no status in {}", answer.escape_ascii());
    let [HEADERS, rest @ ..] = answer else {
        return Err(none());
    };
    // The length in one, two, four or eight bytes, and the section's prefix in two.
    let skipped = 1_usize << (rest.first().ok_or_else(none)? >> 6);
    let fields = rest.get(skipped + 2..).ok_or_else(none)?;
    if let Some((_, status)) = STATIC.iter().find(|(bytes, _)| fields.starts_with(bytes)) {
        return Ok(Status(*status));
    }
    let [0x5f, 0x0a, 3, digits @ ..] = fields else {
        return Err(none());
    };
    let digits = digits.get(..3).ok_or_else(none)?;
    let digits = String::from_utf8_lossy(digits);
    digits.parse().map(Status).map_err(|_| none())
}

fn cases() -> Vec<Case> {
    let mut all = downgrades();
    all.extend(pseudo_headers());
    all.extend(frames());
    all.extend(streams());
    all.extend(floods());
    all
}

/// Framing and line ends that HTTP/1 would read anew (RFC 9114, sections 4.1.2 and 10.3).
fn downgrades() -> Vec<Case> {
    const HIDDEN: &str = "0\r\n\r\nGET /h3/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let with = |name, path, more: &[(&str, &str)], answered, reaches| {
        case(name, request("GET", path, more), answered, reaches)
    };
    vec![
        with("as it should be", "/h3", &[], Status(404), &["GET /h3"]),
        case(
            "H3.TE",
            post("/h3-te", &[("transfer-encoding", "chunked")], HIDDEN),
            Status(400),
            &[],
        ),
        case(
            "H3.CL, too short",
            post("/h3-cl-0", &[("content-length", "0")], HIDDEN),
            Status(400),
            &[],
        ),
        case(
            "H3.CL, too long",
            post("/h3-cl-long", &[("content-length", "500")], HIDDEN),
            Status(400),
            &[],
        ),
        case(
            "H3.CL without a body",
            request("POST", "/h3-cl-none", &[("content-length", "5")]),
            Status(400),
            &[],
        ),
        case(
            "H3.CL twice",
            post(
                "/h3-cl-twice",
                &[("content-length", "5"), ("content-length", "0")],
                "hello",
            ),
            Status(400),
            &[],
        ),
        case(
            "H3.CL no number",
            post("/h3-cl-x", &[("content-length", "5, 5")], "hello"),
            Status(400),
            &[],
        ),
        case(
            "H3.CL beyond the limit",
            post("/h3-cl-large", &[("content-length", "1048577")], "hello"),
            Status(413),
            &[],
        ),
        case(
            "a request hidden in a body",
            post("/h3-body", &[], HIDDEN),
            Status(404),
            &["POST /h3-body"],
        ),
        with(
            "CR and LF in a value",
            "/h3-crlf",
            &[("x", "a\r\nTransfer-Encoding: chunked")],
            Status(400),
            &[],
        ),
        with(
            "LF in a value",
            "/h3-lf",
            &[("x", "a\nx-injected: b")],
            Status(400),
            &[],
        ),
        with(
            "CR in a value",
            "/h3-cr",
            &[("x", "a\rb")],
            Status(400),
            &[],
        ),
        with(
            "NUL in a value",
            "/h3-nul",
            &[("x", "a\0b")],
            Status(400),
            &[],
        ),
        with(
            "CR and LF in a name",
            "/h3-name",
            &[("x: y\r\nx-injected", "b")],
            Status(400),
            &[],
        ),
        with(
            "a colon in a name",
            "/h3-colon",
            &[("transfer-encoding: chunked", "b")],
            Status(400),
            &[],
        ),
        with(
            "a space in a name",
            "/h3-space",
            &[("transfer-encoding ", "chunked")],
            Status(400),
            &[],
        ),
        with(
            "an upper-case name",
            "/h3-upper",
            &[("X-Upper", "b")],
            Status(400),
            &[],
        ),
        with(
            "an empty name",
            "/h3-empty",
            &[("", "b")],
            Reset(INTERNAL_ERROR),
            &[],
        ),
        with(
            "connection",
            "/h3-connection",
            &[("connection", "close")],
            Status(404),
            &["GET /h3-connection"],
        ),
        with(
            "upgrade",
            "/h3-upgrade",
            &[("upgrade", "websocket")],
            Status(404),
            &["GET /h3-upgrade"],
        ),
        with(
            "two hosts",
            "/h3-hosts",
            &[("host", "other.example")],
            Status(400),
            &[],
        ),
        with(
            "a referrer that no terminal should see",
            "/h3-referrer",
            &[("referer", "\u{1b}[31m")],
            Status(400),
            &[],
        ),
    ]
}

/// RFC 9114, section 4.3.
fn pseudo_headers() -> Vec<Case> {
    const METHOD: (&str, &str) = (":method", "GET");
    const SCHEME: (&str, &str) = (":scheme", "https");
    const AUTHORITY: (&str, &str) = (":authority", "localhost");
    let get = |name, path| case(name, request("GET", path, &[]), Status(400), &[]);
    let refused = |name, all: &[(&str, &str)]| case(name, bare(all), Status(400), &[]);
    let authority = |name, authority| {
        let path = (":path", "/h3-authority");
        refused(name, &[METHOD, SCHEME, (":authority", authority), path])
    };
    vec![
        get(
            "a path with a request",
            "/h3-path HTTP/1.1\r\nHost: a\r\n\r\nGET /h3/smuggled",
        ),
        get("a path with a space", "/h3-path HTTP/1.1"),
        get("a path with LF", "/h3-path\n"),
        get("a path with NUL", "/h3-path\0"),
        get("a path without a slash", "h3-path"),
        get("a path that is a URL", "https://localhost/h3-path"),
        get("a path above the root", "/../h3-path"),
        get("a path above ASCII", "/h3-path\u{9b}31m"),
        get("an empty path", ""),
        case(
            "an asterisk",
            request("OPTIONS", "*", &[]),
            Status(400),
            &[],
        ),
        case(
            "two paths",
            request("GET", "/h3-path", &[(":path", "/h3-path")]),
            Status(400),
            &[],
        ),
        refused("no path", &[METHOD, SCHEME, AUTHORITY]),
        refused(
            "no method",
            &[SCHEME, AUTHORITY, (":path", "/h3-no-method")],
        ),
        refused(
            "no scheme",
            &[METHOD, AUTHORITY, (":path", "/h3-no-scheme")],
        ),
        refused(
            "no host at all",
            &[METHOD, SCHEME, (":path", "/h3-no-host")],
        ),
        case(
            "a method with a request",
            request(
                "GET /h3/smuggled HTTP/1.1\r\nHost: a\r\n\r\nGET",
                "/h3-method",
                &[],
            ),
            Status(400),
            &[],
        ),
        case(
            "a method with a space",
            request("GET /x", "/h3-method", &[]),
            Status(400),
            &[],
        ),
        refused(
            "a scheme with a request",
            &[
                METHOD,
                (":scheme", "https://a/ HTTP/1.1\r\n"),
                AUTHORITY,
                (":path", "/h3-scheme"),
            ],
        ),
        authority("an authority with CR and LF", "localhost\r\nX-Injected: a"),
        authority("an authority with a path", "localhost/a"),
        authority("an authority with a user", "user@localhost"),
        refused(
            "a pseudo-header after a field",
            &[METHOD, SCHEME, ("x", "y"), AUTHORITY, (":path", "/h3-late")],
        ),
        case(
            "an unknown pseudo-header",
            request("GET", "/h3-unknown", &[(":unknown", "a")]),
            Status(400),
            &[],
        ),
        case(
            "a status in a request",
            request("GET", "/h3-status", &[(":status", "200")]),
            Status(400),
            &[],
        ),
        case(
            "TRACE",
            request("TRACE", "/h3-trace", &[]),
            Status(405),
            &[],
        ),
        refused(
            "CONNECT",
            &[(":method", "CONNECT"), (":authority", "localhost:443")],
        ),
    ]
}

/// Frames that are not where, or not of the kind, that they should be (RFC 9114, section 7.2).
fn frames() -> Vec<Case> {
    // RFC 9114 wants the whole connection to end; nginx ends the stream.
    let refused = |name, bytes, code| case(name, bytes, Reset(code), &[]);
    vec![
        refused(
            "DATA before a request",
            frame(DATA, b"hello"),
            FRAME_UNEXPECTED,
        ),
        refused(
            "SETTINGS on a request's stream",
            frame(SETTINGS, &[]),
            FRAME_UNEXPECTED,
        ),
        refused(
            "GOAWAY on a request's stream",
            frame(GOAWAY, &[0]),
            FRAME_UNEXPECTED,
        ),
        refused(
            "CANCEL_PUSH on a request's stream",
            frame(CANCEL_PUSH, &[0]),
            FRAME_UNEXPECTED,
        ),
        refused(
            "a push by the client",
            frame(PUSH_PROMISE, &[0, 0, 0]),
            FRAME_UNEXPECTED,
        ),
        refused("a frame of HTTP/2", frame(2, &[0; 5]), FRAME_UNEXPECTED),
        refused(
            "QPACK that is none",
            frame(HEADERS, &[0xff; 16]),
            EXCESSIVE_LOAD,
        ),
        refused(
            "an entry that no table has",
            frame(HEADERS, &[0, 0, 0xff, 0xff, 0x7f]),
            DECOMPRESSION_FAILED,
        ),
        case(
            "a frame of an unknown type is skipped",
            [frame(0x21, b"grease"), request("GET", "/h3-grease", &[])].concat(),
            Status(404),
            &["GET /h3-grease"],
        ),
    ]
}

/// Streams beside those of requests (RFC 9114, section 6.2).
fn streams() -> Vec<Case> {
    let settings = frame(SETTINGS, &[]);
    vec![
        beside(
            "a push stream of the client's",
            PUSH,
            &[0],
            STREAM_CREATION_ERROR,
        ),
        beside(
            "a control stream that begins with something else",
            CONTROL,
            &frame(GOAWAY, &[0]),
            MISSING_SETTINGS,
        ),
        beside(
            "SETTINGS twice",
            CONTROL,
            &[settings.clone(), settings.clone()].concat(),
            FRAME_UNEXPECTED,
        ),
        beside(
            "DATA on the control stream",
            CONTROL,
            &[settings.clone(), frame(DATA, b"a")].concat(),
            FRAME_UNEXPECTED,
        ),
        // nginx does not look at either, and goes on.
        Case {
            beside: vec![[&[CONTROL], frame(SETTINGS, &[4, 0]).as_slice()].concat()],
            ..case(
                "a setting of HTTP/2",
                request("GET", "/h3-setting", &[]),
                Status(404),
                &["GET /h3-setting"],
            )
        },
        Case {
            beside: vec![
                [
                    &[CONTROL],
                    settings.as_slice(),
                    &frame(MAX_PUSH_ID, &[9]),
                    &frame(MAX_PUSH_ID, &[1]),
                ]
                .concat(),
            ],
            ..case(
                "MAX_PUSH_ID that shrinks",
                request("GET", "/h3-push-id", &[]),
                Status(404),
                &["GET /h3-push-id"],
            )
        },
        beside(
            "a table larger than allowed",
            ENCODER,
            &integer(0x20, 5, 1 << 20),
            ENCODER_STREAM_ERROR,
        ),
        beside(
            "an entry for a table of nothing",
            ENCODER,
            &[0x41, b'x', 1, b'y'],
            ENCODER_STREAM_ERROR,
        ),
        Case {
            beside: vec![
                [&[CONTROL], settings.as_slice()].concat(),
                [&[CONTROL], settings.as_slice()].concat(),
            ],
            ..beside(
                "two control streams",
                CONTROL,
                &settings,
                STREAM_CREATION_ERROR,
            )
        },
    ]
}

/// Much work, or memory, for few bytes.
fn floods() -> Vec<Case> {
    let flood = [("x", "y")].repeat(81);
    // One field of 3 KB into the dynamic table, and then a byte for each time it is meant again.
    let mut entry = integer(0x20, 5, 4096);
    entry.extend([0x41, b'x']);
    entry.extend(integer(0, 7, 3000));
    entry.extend([b'a'; 3000]);
    let mut bomb = vec![2, 0];
    bomb.extend(&fields("GET", "/h3-bomb", &[])[2..]);
    bomb.extend([0x80; 10_000]);
    vec![
        case(
            "80 fields, to which the edge adds what the app still takes",
            post("/h3-fields-80", &flood[1..], "hello"),
            Status(404),
            &["POST /h3-fields-80"],
        ),
        case(
            "81 fields",
            request("GET", "/h3-fields", &flood),
            Status(400),
            &[],
        ),
        case(
            "a field above 16 KB",
            request("GET", "/h3-long", &[("x", &"a".repeat(16 * 1024 + 1))]),
            Reset(EXCESSIVE_LOAD),
            &[],
        ),
        Case {
            beside: vec![[&[ENCODER], entry.as_slice()].concat()],
            ..case("a QPACK bomb", frame(HEADERS, &bomb), Status(400), &[])
        },
        case(
            "a body above 1 MB",
            post("/h3-large", &[], &"a".repeat((1 << 20) + 1)),
            Status(413),
            &[],
        ),
    ]
}

/// Requests that are taken back at once: the edge ends the connection, or goes on within its
/// bounds, and serves the next one.
///
/// # Errors
/// When it does neither.
pub fn rapid_reset(edge: &Edge) -> Result<(), String> {
    let config = config(edge);
    let bytes = request("GET", RAPID, &[]);
    runtime().block_on(async {
        let (_endpoint, connection) = connect(edge, &config)
            .await
            .map_err(|why| format!("not connected: {why}"))?;
        for _ in 0..RAPID_STREAMS {
            // A stream that was reset is given back by the edge, so that there is another one.
            let Ok(Ok((mut to, _))) = timeout(PATIENCE, connection.open_bi()).await else {
                break;
            };
            let _ = to.write_all(&bytes).await;
            let _ = to.reset(VarInt::from_u64(REQUEST_CANCELLED).unwrap_or_default());
        }
        match timeout(Duration::from_secs(1), connection.closed()).await {
            Ok(why) if ended(&why) != Closed(EXCESSIVE_LOAD) => Err(format!("rapid reset: {why}")),
            _ => Ok(()),
        }
    })
}

/// How often [`rapid_reset`] asks.
pub const RAPID_STREAMS: usize = 2000;

/// What for.
pub const RAPID: &str = "/h3-rapid-reset";
