//! Whom to believe about the client. An input is the peer's address on a line of its own, then
//! one header a line, as `X-Real-IP: 203.0.113.7`.

#![no_main]
#![expect(clippy::expect_used, reason = "what is not as expected is a finding")]

use std::net::IpAddr;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use chassis::forwarded::{ClientInfo, Connection, Proto};
use chassis::networks::Networks;
use chassis::TraceParent;
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
    let info = ClientInfo::new(peer, &headers, &trusted);
    let peer = peer.to_canonical();
    let silent = ClientInfo {
        forwarded_for: [peer].into(),
        real_ip: peer,
        proto: Proto::Http,
        address: peer,
        request_id: None,
        trace: None,
        connection: Connection::default(),
    };

    if is_trusted(peer) {
        holds_of_what_is_believed(&info, &silent, &headers);
    } else {
        assert_eq!(info, silent, "an untrusted peer changed what is shown");
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

fn holds_of_what_is_believed(info: &ClientInfo, silent: &ClientInfo, headers: &HeaderMap) {
    let sent = |name: &str| -> Vec<_> {
        let values = headers.get_all(name);
        values.map(|value| value.as_bytes().to_vec()).collect()
    };

    // The list is one of addresses, written the one way, and reads back as itself.
    let shown = info.forwarded_for_value();
    let read: Result<Vec<IpAddr>, _> = shown.split(", ").map(str::parse).collect();
    assert_eq!(read.as_ref(), Ok(&info.forwarded_for.to_vec()), "{shown:?}");
    assert!((1..=32).contains(&info.forwarded_for.len()), "{shown}");
    for address in info
        .forwarded_for
        .iter()
        .chain([&info.real_ip, &info.address])
    {
        assert_eq!(*address, address.to_canonical());
    }

    // Each header stands for itself: what was not sent, or twice, is the peer's.
    if sent("x-forwarded-for").is_empty() {
        assert_eq!(info.forwarded_for, silent.forwarded_for);
    }
    for (name, unchanged) in [
        ("x-real-ip", info.real_ip == silent.real_ip),
        ("x-forwarded-proto", info.proto == silent.proto),
        ("x-request-id", info.request_id == silent.request_id),
        ("traceparent", info.trace == silent.trace),
        ("x-edge-protocol", info.connection.protocol.is_none()),
        ("x-edge-tls-version", info.connection.tls_version.is_none()),
        ("x-edge-tls-cipher", info.connection.tls_cipher.is_none()),
        ("x-edge-tls-group", info.connection.tls_group.is_none()),
    ] {
        let sent = sent(name);
        assert!(sent.len() == 1 || unchanged, "{name} was sent as {sent:?}");
    }

    // The client is who the last trusted proxy says, and never hearsay from further left.
    if info.real_ip == silent.real_ip && info.address != silent.address {
        let mut from_the_right = info.forwarded_for.iter().rev();
        let first = from_the_right.find(|address| !is_trusted(**address));
        assert_eq!(info.address, *first.unwrap_or(&info.forwarded_for[0]));
    }

    // What goes into a log line or a header as it is has no character that ends either.
    if let Some(id) = &info.request_id {
        assert!((1..=128).contains(&id.len()), "{id:?}");
        assert!(id.bytes().all(|byte| byte.is_ascii_graphic()), "{id:?}");
        assert!(!id.contains(['"', '\\', ',', ';', '<', '>']), "{id:?}");
    }
    if let Some(trace) = &info.trace {
        assert_eq!(TraceParent::parse(trace.as_str()), Some(*trace));
        assert_eq!(trace.trace_id().len(), 32, "{trace}");
    }
    let connection = &info.connection;
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
