//! Whom to believe about the client. An input is the peer's address on a line of its own, then
//! one header a line, as `X-Real-IP: 203.0.113.7`.

#![no_main]
#![expect(clippy::expect_used, reason = "what is not as expected is a finding")]

use std::net::IpAddr;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use chassis::forwarded::{Connection, Proto, Seen};
use chassis::networks::Networks;
use chassis::variable::Value as _;
use libfuzzer_sys::{Corpus, fuzz_target};

const TRUSTED: &str = "10.0.0.0/8,fd00::/8";

/// What [`TRUSTED`] means, without the code that is held to it.
fn is_trusted(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets()[0] == 10,
        IpAddr::V6(address) => address.octets()[0] == 0xfd,
    }
}

fuzz_target!(|input: &[u8]| -> Corpus {
    let mut lines = input.split(|byte| *byte == b'\n');
    let peer = lines.next().and_then(|line| str::from_utf8(line).ok());
    let Some(peer) = peer.and_then(|text| text.parse::<IpAddr>().ok()) else {
        return Corpus::Reject;
    };
    let headers = headers(lines);
    let trusted = Networks::parse(TRUSTED).expect("networks");
    let seen = Seen::new(peer, &headers, &trusted);
    let peer = peer.to_canonical();
    let silent = Seen {
        forwarded_for: [peer].into(),
        real_ip: peer,
        proto: Proto::Http,
        client: peer,
        request_id: None,
        connection: Connection::default(),
    };

    if is_trusted(peer) {
        holds_of_what_is_believed(&seen, &silent, &headers);
    } else {
        assert_eq!(seen, silent, "an untrusted peer changed what is shown");
    }
    Corpus::Keep
});

/// What HTTP lets through of the lines.
fn headers<'a>(lines: impl Iterator<Item = &'a [u8]>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = line.split_at(colon.unwrap_or(line.len()));
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name),
            HeaderValue::from_bytes(value.strip_prefix(b":").unwrap_or(value).trim_ascii()),
        ) {
            headers.append(name, value);
        }
    }
    headers
}

fn holds_of_what_is_believed(seen: &Seen, silent: &Seen, headers: &HeaderMap) {
    let sent = |name: &str| -> Vec<_> {
        let values = headers.get_all(name);
        values.map(|value| value.as_bytes().to_vec()).collect()
    };

    // The list is one of addresses, written the one way, and reads back as itself.
    let shown = seen.forwarded_for_value();
    let read: Result<Vec<IpAddr>, _> = shown.split(", ").map(str::parse).collect();
    assert_eq!(read.as_ref(), Ok(&seen.forwarded_for.to_vec()), "{shown:?}");
    assert!((1..=32).contains(&seen.forwarded_for.len()), "{shown}");
    for address in seen
        .forwarded_for
        .iter()
        .chain([&seen.real_ip, &seen.client])
    {
        assert_eq!(*address, address.to_canonical());
    }

    // Each header stands for itself: what was not sent, or twice, is the peer's.
    if sent("x-forwarded-for").is_empty() {
        assert_eq!(seen.forwarded_for, silent.forwarded_for);
    }
    for (name, unchanged) in [
        ("x-real-ip", seen.real_ip == silent.real_ip),
        ("x-forwarded-proto", seen.proto == silent.proto),
        ("x-request-id", seen.request_id == silent.request_id),
        ("x-edge-protocol", seen.connection.protocol.is_none()),
        ("x-edge-tls-version", seen.connection.tls_version.is_none()),
        ("x-edge-tls-cipher", seen.connection.tls_cipher.is_none()),
        ("x-edge-tls-group", seen.connection.tls_group.is_none()),
    ] {
        let sent = sent(name);
        assert!(sent.len() == 1 || unchanged, "{name} was sent as {sent:?}");
    }

    // The client is who the last trusted proxy says, and never hearsay from further left.
    if seen.real_ip == silent.real_ip && seen.client != silent.client {
        let mut from_the_right = seen.forwarded_for.iter().rev();
        let first = from_the_right.find(|address| !is_trusted(**address));
        assert_eq!(seen.client, *first.unwrap_or(&seen.forwarded_for[0]));
    }

    // What goes into a log line or a header as it is has no character that ends either.
    if let Some(id) = &seen.request_id {
        assert!((1..=128).contains(&id.len()), "{id:?}");
        assert!(id.bytes().all(|byte| byte.is_ascii_graphic()), "{id:?}");
        assert!(!id.contains(['"', '\\', ',', ';', '<', '>']), "{id:?}");
    }
    let connection = &seen.connection;
    for word in [
        &connection.protocol,
        &connection.tls_version,
        &connection.tls_cipher,
        &connection.tls_group,
    ]
    .into_iter()
    .flatten()
    {
        assert!((1..=64).contains(&word.len()), "{word:?}");
        assert!(word.bytes().all(|byte| byte.is_ascii_graphic()), "{word:?}");
        assert!(!word.contains(['"', '\\', ',', ';', '<', '>']), "{word:?}");
    }
}
