//! What an HTTP/1 client can send that it should not, as data.

#![expect(clippy::too_many_lines, reason = "tables of cases")]

use super::wire::{Edge, Protocol};

/// One connection: what is sent on it, and what comes of it.
struct Case {
    /// Names the case in what is reported.
    name: &'static str,
    protocol: Protocol,
    sent: Vec<u8>,
    /// The statuses of all the answers, until the edge closes the connection.
    answered: &'static [u16],
    /// What of it the app gets: `METHOD path`.
    reaches: &'static [&'static str],
}

/// Over TLS.
fn case(
    name: &'static str,
    sent: impl Into<Vec<u8>>,
    answered: &'static [u16],
    reaches: &'static [&'static str],
) -> Case {
    Case {
        name,
        protocol: Protocol::Http1,
        sent: sent.into(),
        answered,
        reaches,
    }
}

/// On port 80.
fn plain(name: &'static str, sent: impl Into<Vec<u8>>, answered: &'static [u16]) -> Case {
    Case {
        protocol: Protocol::Plain,
        ..case(name, sent, answered, &[])
    }
}

/// `GET path`, with these bytes after the Host, and the last on its connection.
pub fn get(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{fields}Connection: close\r\n\r\n")
}

/// `POST path`, the bytes after its request line and Host.
fn post(path: &str, rest: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{rest}")
}

/// A second request, which some framings hide in a body; the last on its connection.
fn smuggled(path: &str) -> String {
    get(path, "")
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
    let mut wire = match edge.connect(case.protocol) {
        Ok(wire) => wire,
        Err(why) => return Some(format!("{name}: not connected: {why}")),
    };
    wire.send(&case.sent);
    match wire.receive_all().and_then(|bytes| statuses(&bytes)) {
        Ok(answered) if answered == case.answered => None,
        Ok(answered) => Some(format!(
            "{name}: answered {answered:?}, not {:?}",
            case.answered
        )),
        Err(why) => Some(format!("{name}: {why}")),
    }
}

/// The statuses of a series of answers, each of which has to say how long it is.
fn statuses(mut bytes: &[u8]) -> Result<Vec<u16>, String> {
    let mut all = Vec::new();
    // In HTTP/0.9 there is no head: this is the edge's sentence for a 400.
    if bytes == b"The request is not one that can be answered.\n" {
        return Ok(vec![400]);
    }
    while !bytes.is_empty() {
        let wrong = || format!("not an answer: {}", bytes.escape_ascii());
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let (head, rest) = bytes.split_at(end.ok_or_else(wrong)? + 4);
        let head = String::from_utf8_lossy(head);
        let status = head.get(9..12).and_then(|digits| digits.parse().ok());
        all.push(status.ok_or_else(wrong)?);
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok())
            .or(head.contains(" 100 ").then_some(0_usize));
        bytes = rest.get(length.ok_or_else(wrong)?..).ok_or_else(wrong)?;
    }
    Ok(all)
}

fn cases() -> Vec<Case> {
    let mut all = framing();
    all.extend(chunks());
    all.extend(targets());
    all.extend(methods_and_versions());
    all.extend(fields());
    all.extend(sizes());
    all.extend(on_port_80());
    all
}

/// Where a body ends: two servers that disagree see different requests (RFC 9112, section 11.2).
fn framing() -> Vec<Case> {
    let length_and = |path: &str, fields: &str| {
        let body = format!("0\r\n\r\n{}", smuggled(&format!("{path}/smuggled")));
        post(
            path,
            &format!("Content-Length: {}\r\n{fields}\r\n{body}", body.len()),
        )
    };
    let hidden = smuggled("/hidden/smuggled");
    vec![
        case(
            "CL.TE",
            length_and("/cl-te", "Transfer-Encoding: chunked\r\n"),
            &[400],
            &[],
        ),
        case(
            "TE.CL",
            post(
                "/te-cl",
                &format!(
                    "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n{:x}\r\n{hidden}\r\n0\r\n\r\n",
                    hidden.len()
                ),
            ),
            &[400],
            &[],
        ),
        case(
            "TE.TE, two codings",
            length_and("/te-te", "Transfer-Encoding: chunked, identity\r\n"),
            &[501],
            &[],
        ),
        case(
            "TE.TE, twice",
            length_and(
                "/te-twice",
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
            ),
            &[400],
            &[],
        ),
        case(
            "TE unknown",
            post("/te-unknown", "Transfer-Encoding: xchunked\r\n\r\n"),
            &[501],
            &[],
        ),
        case(
            "TE after a tab",
            post("/te-tab", "Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n"),
            &[501],
            &[],
        ),
        case(
            "TE before a space",
            post("/te-space", "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
            &[400],
            &[],
        ),
        case(
            "TE folded",
            post(
                "/te-folded",
                "X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            ),
            &[400],
            &[],
        ),
        case(
            "TE with an underscore is dropped",
            length_and(
                "/te-underscore",
                "Transfer_Encoding: chunked\r\nConnection: close\r\n",
            ),
            &[404],
            &["POST /te-underscore"],
        ),
        case(
            "TE in HTTP/1.0",
            "POST /te-1.0 HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            &[400],
            &[],
        ),
        case(
            "CL twice",
            post(
                "/cl-twice",
                "Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello",
            ),
            &[400],
            &[],
        ),
        case(
            "CL twice, the same",
            post(
                "/cl-same",
                "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
            ),
            &[400],
            &[],
        ),
        case(
            "CL in a list",
            post("/cl-list", "Content-Length: 5, 5\r\n\r\nhello"),
            &[400],
            &[],
        ),
        case(
            "CL negative",
            post("/cl-negative", "Content-Length: -5\r\n\r\nhello"),
            &[400],
            &[],
        ),
        case(
            "CL with a sign",
            post("/cl-sign", "Content-Length: +5\r\n\r\nhello"),
            &[400],
            &[],
        ),
        case(
            "CL in hexadecimal",
            post("/cl-hex", "Content-Length: 0x5\r\n\r\nhello"),
            &[400],
            &[],
        ),
        case(
            "CL beyond 64 bits",
            post(
                "/cl-huge",
                "Content-Length: 18446744073709551621\r\n\r\nhello",
            ),
            &[400],
            &[],
        ),
        case(
            "CL beyond the limit",
            post("/cl-large", "Content-Length: 1048577\r\n\r\nhello"),
            &[413],
            &[],
        ),
        case(
            "a request hidden in a body",
            length_and("/cl-0", "Connection: close\r\n"),
            &[404],
            &["POST /cl-0"],
        ),
        case(
            "two requests at once are two",
            format!(
                "GET /first HTTP/1.1\r\nHost: a\r\n\r\n{}",
                get("/second", "")
            ),
            &[404, 404],
            &["GET /first", "GET /second"],
        ),
    ]
}

/// The chunked coding (RFC 9112, section 7.1).
fn chunks() -> Vec<Case> {
    let chunked = |path: &str, body: &str| {
        post(
            path,
            &format!("Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n{body}"),
        )
    };
    vec![
        case(
            "chunk, as it should be",
            chunked("/chunk", "5;a=b\r\nhello\r\n0\r\n\r\n"),
            &[404],
            &["POST /chunk"],
        ),
        case(
            "chunk size no number",
            chunked("/chunk-x", "x\r\nhello\r\n0\r\n\r\n"),
            &[400],
            &[],
        ),
        case(
            "chunk size with 0x",
            chunked("/chunk-0x", "0x5\r\nhello\r\n0\r\n\r\n"),
            &[400],
            &[],
        ),
        case(
            "chunk size negative",
            chunked("/chunk-negative", "-1\r\nhello\r\n0\r\n\r\n"),
            &[400],
            &[],
        ),
        case(
            "chunk size beyond 64 bits",
            chunked("/chunk-huge", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
            &[400],
            &[],
        ),
        case(
            "chunk beyond the limit",
            chunked("/chunk-large", "100001\r\nhello"),
            &[413],
            &[],
        ),
        case(
            "chunk longer than its size",
            chunked("/chunk-long", "2\r\nhello\r\n0\r\n\r\n"),
            &[400],
            &[],
        ),
        case(
            "chunk trailers are dropped",
            chunked(
                "/chunk-trailer",
                "5\r\nhello\r\n0\r\nX-Real-IP: 192.0.2.1\r\nContent-Length: 9\r\n\r\n",
            ),
            &[404],
            &["POST /chunk-trailer"],
        ),
        case(
            "chunks that end early hide no request",
            post(
                "/chunk-end",
                &format!(
                    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{}",
                    get("/chunk-next", "")
                ),
            ),
            &[404, 404],
            &["POST /chunk-end", "GET /chunk-next"],
        ),
    ]
}

/// What is asked for (RFC 9112, section 3.2).
fn targets() -> Vec<Case> {
    vec![
        case(
            "absolute form",
            get("http://localhost/absolute", ""),
            &[404],
            &["GET /absolute"],
        ),
        case(
            "absolute form of another host",
            get("http://other.example/absolute-other", ""),
            &[404],
            &["GET /absolute-other"],
        ),
        case(
            "absolute form with a user",
            get("http://user@localhost/user", ""),
            &[400],
            &[],
        ),
        case(
            "another scheme",
            get("ftp://localhost/scheme", ""),
            &[404],
            &["GET /scheme"],
        ),
        case("authority form", get("localhost:443", ""), &[400], &[]),
        case(
            "asterisk form",
            "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            &[400],
            &[],
        ),
        case("no slash", get("no-slash", ""), &[400], &[]),
        case("a space", get("/a space", ""), &[400], &[]),
        case("a tab", get("/a\ttab", ""), &[400], &[]),
        case("a NUL", get("/a\0nul", ""), &[400], &[]),
        case("an encoded NUL", get("/%00nul", ""), &[400], &[]),
        case("half an encoding", get("/half%2", ""), &[400], &[]),
        case("no encoding", get("/no%zz", ""), &[400], &[]),
        case("above the root", get("/../etc/passwd", ""), &[400], &[]),
        case(
            "above the root, encoded",
            get("/%2e%2e/%2e%2e/etc/passwd", ""),
            &[400],
            &[],
        ),
        case(
            "above the root, encoded slashes",
            get("/..%2f..%2fetc/passwd", ""),
            &[400],
            &[],
        ),
        // Below the root it is the app that decides: it gets what was sent, undecoded.
        case(
            "dots below the root",
            get("/a/../dots", ""),
            &[404],
            &["GET /a/../dots"],
        ),
        case(
            "dots, encoded",
            get("/a/%2e%2e/dots", ""),
            &[404],
            &["GET /a/%2e%2e/dots"],
        ),
        case(
            "encoded twice",
            get("/%252e%252e/twice", ""),
            &[404],
            &["GET /%252e%252e/twice"],
        ),
        case(
            "overlong UTF-8",
            get("/%c0%ae%c0%ae/overlong", ""),
            &[404],
            &["GET /%c0%ae%c0%ae/overlong"],
        ),
        case(
            "backslashes",
            get("/..\\..\\back", ""),
            &[404],
            &["GET /..\\..\\back"],
        ),
        case(
            "a path parameter",
            get("/..;/parameter", ""),
            &[404],
            &["GET /..;/parameter"],
        ),
        case(
            "two slashes",
            get("//two.example/slashes", ""),
            &[404],
            &["GET //two.example/slashes"],
        ),
        case(
            "encoded CR and LF",
            get("/crlf%0d%0aX-Injected:%20x", ""),
            &[404],
            &["GET /crlf%0d%0aX-Injected:%20x"],
        ),
        case(
            "a fragment",
            get("/fragment#/../x", ""),
            &[404],
            &["GET /fragment"],
        ),
        case("a bare CR", get("/bare\rcr", ""), &[400], &[]),
        case(
            "bytes above ASCII",
            [b"GET /high\xff\x80 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".as_slice()]
                .concat(),
            &[400],
            &[],
        ),
    ]
}

fn methods_and_versions() -> Vec<Case> {
    let with = |method: &str, path: &str| {
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    };
    vec![
        case("TRACE", with("TRACE", "/trace"), &[405], &[]),
        case("CONNECT", with("CONNECT", "localhost:443"), &[405], &[]),
        case(
            "CONNECT with a path",
            with("CONNECT", "/connect"),
            &[400],
            &[],
        ),
        case(
            "TRACK, which a service may have",
            with("TRACK", "/track"),
            &[404],
            &["TRACK /track"],
        ),
        case("a method in lower case", with("get", "/lower"), &[400], &[]),
        case(
            "a method that is no token",
            with("G@T", "/token"),
            &[400],
            &[],
        ),
        case(
            "HTTP/2.0 in a request line",
            "GET /two HTTP/2.0\r\nHost: a\r\n\r\n",
            &[505],
            &[],
        ),
        case(
            "HTTP/1.9",
            "GET /nine HTTP/1.9\r\nHost: a\r\nConnection: close\r\n\r\n",
            &[404],
            &["GET /nine"],
        ),
        case("HTTP/0.9", "GET /zero-nine\r\n", &[400], &[]),
        case(
            "no HTTP",
            b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
            &[400],
            &[],
        ),
        case(
            "HTTP/2's preface",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            &[400],
            &[],
        ),
        case(
            "an upgrade to h2c is not made",
            get(
                "/h2c",
                "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
            ),
            &[404],
            &["GET /h2c"],
        ),
    ]
}

fn fields() -> Vec<Case> {
    let host = |host: &str| format!("GET /host HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
    vec![
        case("no Host", host(""), &[400], &[]),
        case(
            "no Host in HTTP/1.0",
            "GET /host HTTP/1.0\r\n\r\n",
            &[400],
            &[],
        ),
        case("two Hosts", host("Host: a\r\nHost: b\r\n"), &[400], &[]),
        case("a Host with a path", host("Host: a/b\r\n"), &[400], &[]),
        case("a Host with a user", host("Host: a@b\r\n"), &[400], &[]),
        case("an empty Host", host("Host: \r\n"), &[400], &[]),
        case(
            "a NUL in a value",
            get("/value-nul", "X: a\0b\r\n"),
            &[400],
            &[],
        ),
        case(
            "a NUL in a name",
            get("/name-nul", "X\0: a\r\n"),
            &[400],
            &[],
        ),
        case(
            "a bare CR in a value",
            get("/value-cr", "X: a\rX-Injected: b\r\n"),
            &[400],
            &[],
        ),
        case(
            "a bare CR in a name",
            get("/name-cr", "X\rY: b\r\n"),
            &[400],
            &[],
        ),
        case(
            "a space in a name",
            get("/name-space", "X Y: b\r\n"),
            &[400],
            &[],
        ),
        case("an empty name", get("/name-empty", ": b\r\n"), &[400], &[]),
        case(
            "no colon",
            get("/no-colon", "X\r\n"),
            &[404],
            &["GET /no-colon"],
        ),
        case(
            "a folded value",
            get("/folded", "X: a\r\n b\r\n"),
            &[400],
            &[],
        ),
        case(
            "bare LFs",
            "GET /bare-lf HTTP/1.1\nHost: localhost\nConnection: close\n\n",
            &[404],
            &["GET /bare-lf"],
        ),
        case(
            "Connection that names the edge's own fields",
            get(
                "/connection",
                "Connection: close, X-Real-IP, X-Forwarded-For, Host\r\n",
            ),
            &[404],
            &["GET /connection"],
        ),
        case(
            "an expectation",
            post(
                "/expect",
                "Expect: 100-continue\r\nContent-Length: 1\r\nConnection: close\r\n\r\na",
            ),
            &[100, 404],
            &["POST /expect"],
        ),
        case(
            "a thousand ranges",
            get(
                "/ranges",
                &format!("Range: bytes={}0-\r\n", "0-,".repeat(1000)),
            ),
            &[404],
            &["GET /ranges"],
        ),
    ]
}

/// One byte or one line above, and exactly at, what http/client.conf allows.
fn sizes() -> Vec<Case> {
    // Beside those that `get` sends.
    let more_fields = |count: usize| "X: y\r\n".repeat(count - 2);
    vec![
        case(
            "a request line above 8 KB",
            get(&format!("/{}", "a".repeat(8 * 1024)), ""),
            &[414],
            &[],
        ),
        case(
            "a field above 8 KB",
            get("/long-field", &format!("X: {}\r\n", "a".repeat(8 * 1024))),
            &[400],
            &[],
        ),
        case(
            "fields above 32 KB",
            get(
                "/long-fields",
                &format!("X: {}\r\n", "a".repeat(7 * 1024)).repeat(5),
            ),
            &[400],
            &[],
        ),
        case(
            "80 fields",
            get("/fields-80", &more_fields(80)),
            &[404],
            &["GET /fields-80"],
        ),
        case(
            "81 fields",
            get("/fields-81", &more_fields(81)),
            &[400],
            &[],
        ),
        case(
            "a flood of fields",
            get("/fields-flood", &"X: y\r\n".repeat(100_000)),
            &[400],
            &[],
        ),
        case(
            "a field without an end",
            get("/field-flood", &format!("X: {}", "a".repeat(1 << 20))),
            &[400],
            &[],
        ),
        case(
            "a body above 1 MB",
            post(
                "/body-flood",
                &format!(
                    "Transfer-Encoding: chunked\r\n\r\n{}",
                    format!("1000\r\n{}\r\n", "a".repeat(4096)).repeat(300)
                ),
            ),
            &[413],
            &[],
        ),
        case(
            "empty lines before a request",
            format!("{}{}", "\r\n".repeat(10_000), get("/empty-lines", "")),
            &[404],
            &["GET /empty-lines"],
        ),
    ]
}

fn on_port_80() -> Vec<Case> {
    let hidden = smuggled("/80/smuggled");
    vec![
        plain(
            "80: CL.TE",
            post(
                "/80",
                "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            ),
            &[400],
        ),
        plain(
            "80: a request hidden in a body",
            post(
                "/80",
                &format!(
                    "Content-Length: {}\r\nConnection: close\r\n\r\n{hidden}",
                    hidden.len()
                ),
            ),
            &[301],
        ),
        plain(
            "80: above the root of the challenges",
            get("/.well-known/acme-challenge/../../../etc/passwd", ""),
            &[400],
        ),
        plain(
            "80: likewise, encoded",
            get(
                "/.well-known/acme-challenge/%2e%2e%2f%2e%2e%2fetc/passwd",
                "",
            ),
            &[301],
        ),
        plain(
            "80: TRACE",
            "TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            &[405],
        ),
    ]
}
