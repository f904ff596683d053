//! What an HTTP/2 client can send that it should not, as data: above all what would become
//! another request when it is written down as HTTP/1 for the app (a downgrade).

#![expect(clippy::too_many_lines, reason = "tables of cases")]

use super::{
    frames::{
        CANCEL, COMPRESSION_ERROR, CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM,
        FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, HEADERS, NO_ERROR, NONE, PING, PREFACE,
        PROTOCOL_ERROR, PUSH_PROMISE, RST_STREAM,
        Reaction::{self, Closed, GoAway, Status},
        SETTINGS, WHOLE, WINDOW_UPDATE, block, frame, reaction,
    },
    wire::{Edge, Protocol},
};

/// One connection: the frames sent on it after the preface, and what comes of it.
struct Case {
    name: &'static str,
    sent: Vec<u8>,
    /// The first reaction.
    answered: Reaction,
    /// What of it the app gets: `METHOD path`.
    reaches: &'static [&'static str],
}

fn case(
    name: &'static str,
    sent: impl Into<Vec<u8>>,
    answered: Reaction,
    reaches: &'static [&'static str],
) -> Case {
    Case {
        name,
        sent: sent.into(),
        answered,
        reaches,
    }
}

/// The pseudo-header fields of a request, and these fields.
fn fields<'a>(method: &'a str, path: &'a str, more: &[(&'a str, &'a str)]) -> Vec<u8> {
    let mut fields = vec![
        (":method", method),
        (":scheme", "https"),
        (":authority", "localhost"),
        (":path", path),
    ];
    fields.extend(more);
    block(&fields)
}

/// A whole request on stream 1.
fn request(method: &str, path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, WHOLE, 1, &fields(method, path, more))
}

/// A whole request with only these fields.
fn bare(fields: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, WHOLE, 1, &block(fields))
}

/// A POST on stream 1 whose body is one frame.
fn post(path: &str, more: &[(&str, &str)], body: &str) -> Vec<u8> {
    [
        frame(HEADERS, END_HEADERS, 1, &fields("POST", path, more)),
        frame(DATA, END_STREAM, 1, body.as_bytes()),
    ]
    .concat()
}

/// Sends each on a connection of its own: what differs, a line each.
pub fn run(edge: &Edge) -> Vec<String> {
    cases()
        .iter()
        .filter_map(|case| wrong(edge, case))
        .collect()
}

/// All that the app gets of them.
pub fn reaching() -> Vec<String> {
    let lists = cases().into_iter().flat_map(|case| case.reaches);
    lists.map(|&line| line.to_owned()).collect()
}

fn wrong(edge: &Edge, case: &Case) -> Option<String> {
    let name = case.name;
    let mut wire = match edge.connect(Protocol::Http2) {
        Ok(wire) => wire,
        Err(why) => return Some(format!("{name}: not connected: {why}")),
    };
    wire.send(&[PREFACE, &case.sent].concat());
    match reaction(&mut wire) {
        Ok(answered) if answered == case.answered => None,
        // What was said before the end is lost where the client was still sending.
        Ok(GoAway(NO_ERROR)) if case.answered == Closed => None,
        Ok(answered) => Some(format!("{name}: {answered:?}, not {:?}", case.answered)),
        Err(why) => Some(format!("{name}: {why}")),
    }
}

fn cases() -> Vec<Case> {
    let mut all = downgrades();
    all.extend(pseudo_headers());
    all.extend(streams());
    all.extend(floods());
    all
}

/// Framing and line ends that HTTP/1 would read anew (RFC 9113, section 8.2 and 10.3).
fn downgrades() -> Vec<Case> {
    const HIDDEN: &str = "0\r\n\r\nGET /h2/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
    vec![
        case(
            "as it should be",
            request("GET", "/h2", &[]),
            Status(404),
            &["GET /h2"],
        ),
        case(
            "H2.TE",
            post("/h2-te", &[("transfer-encoding", "chunked")], HIDDEN),
            Status(400),
            &[],
        ),
        case(
            "H2.CL, too short",
            post("/h2-cl-0", &[("content-length", "0")], HIDDEN),
            Status(400),
            &[],
        ),
        case(
            "H2.CL, too long",
            post("/h2-cl-long", &[("content-length", "500")], HIDDEN),
            Status(400),
            &[],
        ),
        case(
            "H2.CL without a body",
            request("POST", "/h2-cl-none", &[("content-length", "5")]),
            Status(400),
            &[],
        ),
        case(
            "H2.CL twice",
            post(
                "/h2-cl-twice",
                &[("content-length", "5"), ("content-length", "0")],
                "hello",
            ),
            Status(400),
            &[],
        ),
        case(
            "H2.CL no number",
            post("/h2-cl-x", &[("content-length", "5, 5")], "hello"),
            Status(400),
            &[],
        ),
        case(
            "H2.CL beyond the limit",
            post("/h2-cl-large", &[("content-length", "1048577")], "hello"),
            Status(413),
            &[],
        ),
        case(
            "a request hidden in a body",
            post("/h2-body", &[], HIDDEN),
            Status(404),
            &["POST /h2-body"],
        ),
        case(
            "CR and LF in a value",
            request(
                "GET",
                "/h2-crlf",
                &[("x", "a\r\nTransfer-Encoding: chunked")],
            ),
            Status(400),
            &[],
        ),
        case(
            "LF in a value",
            request("GET", "/h2-lf", &[("x", "a\nx-injected: b")]),
            Status(400),
            &[],
        ),
        case(
            "CR in a value",
            request("GET", "/h2-cr", &[("x", "a\rb")]),
            Status(400),
            &[],
        ),
        case(
            "NUL in a value",
            request("GET", "/h2-nul", &[("x", "a\0b")]),
            Status(400),
            &[],
        ),
        case(
            "CR and LF in a name",
            request("GET", "/h2-name", &[("x: y\r\nx-injected", "b")]),
            Status(400),
            &[],
        ),
        case(
            "a colon in a name",
            request("GET", "/h2-colon", &[("transfer-encoding: chunked", "b")]),
            Status(400),
            &[],
        ),
        case(
            "a space in a name",
            request("GET", "/h2-space", &[("transfer-encoding ", "chunked")]),
            Status(400),
            &[],
        ),
        case(
            "an upper-case name",
            request("GET", "/h2-upper", &[("X-Upper", "b")]),
            Status(400),
            &[],
        ),
        case(
            "an empty name",
            request("GET", "/h2-empty", &[("", "b")]),
            GoAway(PROTOCOL_ERROR),
            &[],
        ),
        case(
            "connection",
            request("GET", "/h2-connection", &[("connection", "close")]),
            Status(404),
            &["GET /h2-connection"],
        ),
        case(
            "upgrade",
            request("GET", "/h2-upgrade", &[("upgrade", "websocket")]),
            Status(404),
            &["GET /h2-upgrade"],
        ),
        case(
            "two hosts",
            request("GET", "/h2-hosts", &[("host", "other.example")]),
            Status(400),
            &[],
        ),
    ]
}

/// RFC 9113, section 8.3.
fn pseudo_headers() -> Vec<Case> {
    const METHOD: (&str, &str) = (":method", "GET");
    const SCHEME: (&str, &str) = (":scheme", "https");
    const AUTHORITY: (&str, &str) = (":authority", "localhost");
    let authority = |authority| {
        bare(&[
            METHOD,
            SCHEME,
            (":authority", authority),
            (":path", "/h2-authority"),
        ])
    };
    vec![
        case(
            "a path with a request",
            request(
                "GET",
                "/h2-path HTTP/1.1\r\nHost: a\r\n\r\nGET /h2/smuggled",
                &[],
            ),
            Status(400),
            &[],
        ),
        case(
            "a path with a space",
            request("GET", "/h2-path HTTP/1.1", &[]),
            Status(400),
            &[],
        ),
        case(
            "a path with LF",
            request("GET", "/h2-path\n", &[]),
            Status(400),
            &[],
        ),
        case(
            "a path with NUL",
            request("GET", "/h2-path\0", &[]),
            Status(400),
            &[],
        ),
        case(
            "a path without a slash",
            request("GET", "h2-path", &[]),
            Status(400),
            &[],
        ),
        case(
            "a path that is a URL",
            request("GET", "https://localhost/h2-path", &[]),
            Status(400),
            &[],
        ),
        case(
            "a path above the root",
            request("GET", "/../h2-path", &[]),
            Status(400),
            &[],
        ),
        case("an empty path", request("GET", "", &[]), Status(400), &[]),
        case(
            "an asterisk",
            request("OPTIONS", "*", &[]),
            Status(400),
            &[],
        ),
        case(
            "two paths",
            request("GET", "/h2-path", &[(":path", "/h2-path")]),
            Status(400),
            &[],
        ),
        case(
            "no path",
            bare(&[METHOD, SCHEME, AUTHORITY]),
            Status(400),
            &[],
        ),
        case(
            "no method",
            bare(&[SCHEME, AUTHORITY, (":path", "/h2-no-method")]),
            Status(400),
            &[],
        ),
        case(
            "no scheme",
            bare(&[METHOD, AUTHORITY, (":path", "/h2-no-scheme")]),
            Status(400),
            &[],
        ),
        case(
            "no host at all",
            bare(&[METHOD, SCHEME, (":path", "/h2-no-host")]),
            Status(400),
            &[],
        ),
        case(
            "a method with a request",
            request(
                "GET /h2/smuggled HTTP/1.1\r\nHost: a\r\n\r\nGET",
                "/h2-method",
                &[],
            ),
            Status(400),
            &[],
        ),
        case(
            "a method with a space",
            request("GET /x", "/h2-method", &[]),
            Status(400),
            &[],
        ),
        case(
            "a scheme with a request",
            bare(&[
                METHOD,
                (":scheme", "https://a/ HTTP/1.1\r\n"),
                AUTHORITY,
                (":path", "/h2-scheme"),
            ]),
            Status(400),
            &[],
        ),
        case(
            "an authority with CR and LF",
            authority("localhost\r\nX-Injected: a"),
            Status(400),
            &[],
        ),
        case(
            "an authority with a path",
            authority("localhost/a"),
            Status(400),
            &[],
        ),
        case(
            "an authority with a user",
            authority("user@localhost"),
            Status(400),
            &[],
        ),
        case(
            "a pseudo-header after a field",
            bare(&[METHOD, SCHEME, ("x", "y"), AUTHORITY, (":path", "/h2-late")]),
            Status(404),
            &["GET /h2-late"],
        ),
        case(
            "an unknown pseudo-header",
            request("GET", "/h2-unknown", &[(":unknown", "a")]),
            Status(400),
            &[],
        ),
        case(
            "a status in a request",
            request("GET", "/h2-status", &[(":status", "200")]),
            Status(400),
            &[],
        ),
        case(
            "TRACE",
            request("TRACE", "/h2-trace", &[]),
            Status(405),
            &[],
        ),
        case(
            "CONNECT",
            bare(&[(":method", "CONNECT"), (":authority", "localhost:443")]),
            Status(400),
            &[],
        ),
    ]
}

/// Frames that are not where, or not of the size, that they should be (RFC 9113, section 5 and 6).
fn streams() -> Vec<Case> {
    let get = fields("GET", "/h2-stream", &[]);
    vec![
        case(
            "a stream of the server's",
            frame(HEADERS, WHOLE, 2, &get),
            GoAway(PROTOCOL_ERROR),
            &[],
        ),
        case(
            "a request on stream 0",
            frame(HEADERS, WHOLE, 0, &get),
            GoAway(PROTOCOL_ERROR),
            &[],
        ),
        case(
            "a stream that depends on itself",
            frame(
                HEADERS,
                WHOLE | 0x20,
                1,
                &[&[0, 0, 0, 1, 16], get.as_slice()].concat(),
            ),
            GoAway(PROTOCOL_ERROR),
            &[],
        ),
        case(
            "more padding than frame",
            frame(HEADERS, WHOLE | 0x08, 1, &[&[255], get.as_slice()].concat()),
            GoAway(PROTOCOL_ERROR),
            &[],
        ),
        case(
            "HPACK that is none",
            frame(HEADERS, WHOLE, 1, &[0xff; 16]),
            GoAway(COMPRESSION_ERROR),
            &[],
        ),
        case(
            "SETTINGS of a frame that is too small",
            frame(SETTINGS, NONE, 0, &[0, 5, 0, 0, 0, 1]),
            GoAway(PROTOCOL_ERROR),
            &[],
        ),
        case(
            "a CONTINUATION of nothing",
            frame(CONTINUATION, END_HEADERS, 1, &get),
            GoAway(PROTOCOL_ERROR),
            &[],
        ),
        case(
            "a header block with a gap",
            [
                frame(HEADERS, END_STREAM, 1, &get),
                frame(PING, NONE, 0, &[0; 8]),
            ]
            .concat(),
            GoAway(PROTOCOL_ERROR),
            &[],
        ),
        case(
            "a push by the client",
            frame(PUSH_PROMISE, END_HEADERS, 1, &get),
            GoAway(PROTOCOL_ERROR),
            &[],
        ),
        case(
            "SETTINGS of half a size",
            frame(SETTINGS, NONE, 0, &[0; 5]),
            GoAway(FRAME_SIZE_ERROR),
            &[],
        ),
        case(
            "a window above 2 GB",
            frame(SETTINGS, NONE, 0, &[0, 4, 0xff, 0xff, 0xff, 0xff]),
            GoAway(FLOW_CONTROL_ERROR),
            &[],
        ),
        case(
            "a window by nothing",
            frame(WINDOW_UPDATE, NONE, 0, &[0; 4]),
            GoAway(PROTOCOL_ERROR),
            &[],
        ),
        case(
            "a window that overflows",
            frame(WINDOW_UPDATE, NONE, 0, &[0x7f, 0xff, 0xff, 0xff]),
            GoAway(FLOW_CONTROL_ERROR),
            &[],
        ),
        case(
            "a PING of half a size",
            frame(PING, NONE, 0, &[0; 4]),
            GoAway(FRAME_SIZE_ERROR),
            &[],
        ),
    ]
}

/// Much work for few bytes.
fn floods() -> Vec<Case> {
    let many = |frame: &[u8], count: usize| frame.repeat(count);
    let flood = [("x", "y")].repeat(81);
    // One field of 3 KB into the dynamic table, and then a byte for each time it is meant again.
    let mut bomb = fields("GET", "/h2-bomb", &[]);
    let mut large = block(&[("x", &"a".repeat(3000))]);
    large[0] = 0x40;
    bomb.extend(large);
    bomb.extend([0xbe; 10_000]);
    let first = frame(
        HEADERS,
        END_STREAM,
        1,
        &fields("GET", "/h2-continuation", &[]),
    );
    let more = frame(CONTINUATION, NONE, 1, &block(&[("x", "y")]));
    vec![
        case(
            "80 fields, to which the edge adds what the app still takes",
            post("/h2-fields-80", &flood[1..], "hello"),
            Status(404),
            &["POST /h2-fields-80"],
        ),
        case(
            "81 fields",
            request("GET", "/h2-fields", &flood),
            Status(400),
            &[],
        ),
        case(
            "a field above 8 KB",
            request("GET", "/h2-long", &[("x", &"a".repeat(8 * 1024 + 1))]),
            GoAway(ENHANCE_YOUR_CALM),
            &[],
        ),
        case(
            "an HPACK bomb",
            frame(HEADERS, WHOLE, 1, &bomb),
            GoAway(ENHANCE_YOUR_CALM),
            &[],
        ),
        case(
            "CONTINUATION without an end",
            [first, many(&more, 50_000)].concat(),
            Status(400),
            &[],
        ),
        case(
            "a flood of PINGs",
            many(&frame(PING, NONE, 0, &[0; 8]), 700_000),
            Closed,
            &[],
        ),
        case(
            "a flood of SETTINGS",
            many(&frame(SETTINGS, NONE, 0, &[0, 3, 0, 0, 0, 9]), 700_000),
            Closed,
            &[],
        ),
        case(
            "a flood of empty DATA",
            [
                frame(HEADERS, END_HEADERS, 1, &fields("POST", "/h2-data", &[])),
                many(&frame(DATA, NONE, 1, &[]), 1_200_000),
            ]
            .concat(),
            Closed,
            &[],
        ),
    ]
}

/// Requests that are taken back at once (CVE-2023-44487): how the edge ends the connection.
///
/// # Errors
/// When it does not.
pub fn rapid_reset(edge: &Edge) -> Result<(), String> {
    /// Far more than the edge goes along with: it ends a connection that begins twice as many
    /// streams as HTTP/2 may have at a time (`http2_max_concurrent_streams`, 128) at once.
    const STREAMS: usize = 20_000;
    let block = fields("GET", RAPID, &[]);
    let mut sent = PREFACE.to_vec();
    for stream in (1..).step_by(2).take(STREAMS) {
        sent.extend(frame(HEADERS, WHOLE, stream, &block));
        sent.extend(frame(RST_STREAM, NONE, stream, &CANCEL.to_be_bytes()));
    }
    let connected = edge.connect(Protocol::Http2);
    let mut wire = connected.map_err(|why| why.to_string())?;
    wire.send(&sent);
    match reaction(&mut wire)? {
        GoAway(NO_ERROR) | Closed => Ok(()),
        other => Err(format!("rapid reset: {other:?}")),
    }
}

/// What [`rapid_reset`] asks for.
pub const RAPID: &str = "/rapid-reset";
