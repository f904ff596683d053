//! Pure: (peer, headers, trusted networks) → who the client is.
//!
//! `X-Forwarded-*` and `X-Real-IP` are no standard (RFC 7239 has `Forwarded`); what they mean
//! here is what nginx's `$proxy_add_x_forwarded_for`, `$remote_addr` and `$scheme` make of them.

use std::fmt::{self, Write as _};
use std::net::IpAddr;

use actix_web::http::header::{HeaderMap, HeaderValue, X_FORWARDED_FOR};
use smallvec::{SmallVec, smallvec};

use crate::networks::Networks;
use crate::trace::TraceParent;

/// Who asks, and how, as far as it can be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientInfo {
    /// `X-Forwarded-For`: addresses from the client to the last proxy but one.
    pub forwarded_for: SmallVec<[IpAddr; 1]>,
    /// `X-Real-IP`
    pub real_ip: IpAddr,
    /// `X-Forwarded-Proto`
    pub proto: Proto,
    /// The one address to hold responsible, for the log.
    pub address: IpAddr,
    /// `X-Request-Id`, if it may be used in a log and a header as it is.
    pub request_id: Option<String>,
    /// `traceparent`, if the trace has not begun with this request: [`ClientInfo::traceparent`].
    pub trace: Option<TraceParent>,
    /// `X-Edge-*`
    pub connection: Connection,
}

/// What the edge says of the client's own connection, of which the app sees nothing; each is in
/// the words of the nginx variable, or absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// `X-Edge-Protocol`: `HTTP/1.1`, `HTTP/2.0`, `HTTP/3.0`
    pub protocol: Option<String>,
    /// `X-Edge-TLS-Version`: `TLSv1.2`, `TLSv1.3`
    pub tls_version: Option<String>,
    /// `X-Edge-TLS-Cipher`, by OpenSSL's name
    pub tls_cipher: Option<String>,
    /// `X-Edge-TLS-Group`: the group of the key exchange
    pub tls_group: Option<String>,
}

impl ClientInfo {
    /// What is true of a request from `peer` with these headers.
    ///
    /// Headers count only when `peer` is in `trusted`. One that is absent, repeated or not of
    /// its form counts as absent, and the peer's own address, or `http`, stands in its place.
    #[must_use]
    pub fn new(peer: IpAddr, headers: &HeaderMap, trusted: &Networks) -> Self {
        let peer = peer.to_canonical();
        let mut info = Self {
            forwarded_for: smallvec![peer],
            real_ip: peer,
            proto: Proto::Http,
            address: peer,
            request_id: None,
            trace: None,
            connection: Connection::default(),
        };
        if !trusted.contains(peer) {
            return info;
        }

        let fields = Fields::new(headers);
        if let Some(addresses) = fields
            .forwarded_for
            .then(|| forwarded_for(headers))
            .flatten()
        {
            // Each proxy adds at the right: what stands left of an address that is not
            // trusted is hearsay.
            let honest = addresses
                .iter()
                .rev()
                .find(|address| !trusted.contains(**address));
            info.address = *honest.unwrap_or(&addresses[0]);
            info.forwarded_for = addresses;
        }
        if let Some(address) = fields.real_ip.text().and_then(address) {
            info.address = address;
            info.real_ip = address;
        }
        if let Some(proto) = fields.proto.text().and_then(Proto::parse) {
            info.proto = proto;
        }
        info.request_id = fields
            .request_id
            .text()
            .filter(|id| is_request_id(id))
            .map(str::to_owned);
        info.trace = fields.traceparent.once().and_then(TraceParent::parse);
        let word = |field: Field| {
            field
                .text()
                .filter(|value| is_word(value))
                .map(str::to_owned)
        };
        info.connection = Connection {
            protocol: word(fields.protocol),
            tls_version: word(fields.tls_version),
            tls_cipher: word(fields.tls_cipher),
            tls_group: word(fields.tls_group),
        };
        info
    }

    /// The trace that the request belongs to, to be sent on with requests to other services.
    #[must_use]
    pub fn traceparent(&self) -> TraceParent {
        let begun = || TraceParent::begin(self.request_id.as_ref()?);
        self.trace.or_else(begun).unwrap_or_else(TraceParent::anew)
    }

    /// [`ClientInfo::forwarded_for`] as the header's value.
    #[must_use]
    pub fn forwarded_for_value(&self) -> String {
        let mut value = String::new();
        self.push_forwarded_for(&mut value);
        value
    }

    /// Writes [`ClientInfo::forwarded_for_value`] to the end of a text.
    pub fn push_forwarded_for(&self, to: &mut String) {
        for (index, address) in self.forwarded_for.iter().enumerate() {
            if index > 0 {
                to.push_str(", ");
            }
            push_address(to, *address);
        }
    }
}

/// The scheme of the client's own connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proto {
    /// Plain.
    Http,
    /// Over TLS or QUIC.
    Https,
}

impl Proto {
    // Schemes are case-insensitive (RFC 9110, section 4.2.3).
    fn parse(text: &str) -> Option<Self> {
        [Self::Http, Self::Https]
            .into_iter()
            .find(|proto| text.eq_ignore_ascii_case(proto.as_str()))
    }

    /// The scheme's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

impl fmt::Display for Proto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// More hops than any real chain has; a longer list is an attempt at something.
const MAX_HOPS: usize = 32;

/// Repeated fields are one list (RFC 9110, section 5.3).
fn forwarded_for(headers: &HeaderMap) -> Option<SmallVec<[IpAddr; 1]>> {
    let mut addresses = SmallVec::new();
    for value in headers.get_all(X_FORWARDED_FOR) {
        for item in value.to_str().ok()?.split(',') {
            addresses.push(address(item.trim())?);
        }
    }
    (1..=MAX_HOPS)
        .contains(&addresses.len())
        .then_some(addresses)
}

/// The fields of a request that count here, found in one pass over all of them: to look each
/// up would cost more, above all when it is absent.
#[derive(Default)]
struct Fields<'a> {
    forwarded_for: bool,
    real_ip: Field<'a>,
    proto: Field<'a>,
    request_id: Field<'a>,
    traceparent: Field<'a>,
    protocol: Field<'a>,
    tls_version: Field<'a>,
    tls_cipher: Field<'a>,
    tls_group: Field<'a>,
}

impl<'a> Fields<'a> {
    fn new(headers: &'a HeaderMap) -> Self {
        let mut fields = Self::default();
        for (name, value) in headers {
            let field = match name.as_str() {
                "x-forwarded-for" => {
                    fields.forwarded_for = true;
                    continue;
                }
                "x-real-ip" => &mut fields.real_ip,
                "x-forwarded-proto" => &mut fields.proto,
                "x-request-id" => &mut fields.request_id,
                "traceparent" => &mut fields.traceparent,
                "x-edge-protocol" => &mut fields.protocol,
                "x-edge-tls-version" => &mut fields.tls_version,
                "x-edge-tls-cipher" => &mut fields.tls_cipher,
                "x-edge-tls-group" => &mut fields.tls_group,
                _ => continue,
            };
            *field = match field {
                Field::Absent => Field::Once(value),
                _ => Field::Repeated,
            };
        }
        fields
    }
}

#[derive(Clone, Copy, Default)]
enum Field<'a> {
    #[default]
    Absent,
    Once(&'a HeaderValue),
    Repeated,
}

impl<'a> Field<'a> {
    fn once(self) -> Option<&'a HeaderValue> {
        match self {
            Self::Once(value) => Some(value),
            _ => None,
        }
    }

    fn text(self) -> Option<&'a str> {
        self.once()?.to_str().ok().map(str::trim)
    }
}

/// The length of the longest address, an IPv6 one.
const ADDRESS: usize = "2001:0db8:0000:0000:0000:0000:0000:0001".len();

/// Writes the address as [`fmt::Display`] does, which for IPv4 takes ten times as long.
pub fn push_address(to: &mut String, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            let mut buffer = itoa::Buffer::new();
            let [first, rest @ ..] = address.octets();
            to.push_str(buffer.format(first));
            for octet in rest {
                to.push('.');
                to.push_str(buffer.format(octet));
            }
        }
        // To a string nothing fails.
        IpAddr::V6(address) => {
            let _ = write!(to, "{address}");
        }
    }
}

/// [`push_address`] to a string of its own.
#[must_use]
pub fn address_text(address: IpAddr) -> String {
    let mut text = String::with_capacity(ADDRESS);
    push_address(&mut text, address);
    text
}

fn address(text: &str) -> Option<IpAddr> {
    text.parse()
        .ok()
        .map(|address: IpAddr| address.to_canonical())
}

/// Long enough for UUIDs, ULIDs and trace ids, and with nothing that a log or a header could
/// take for its own syntax.
fn is_request_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:+/=@".contains(&byte))
}

/// The names of protocols, ciphers and groups have no other characters.
fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_./:".contains(&byte))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;
    use crate::variable::Value as _;

    const TRUSTED: &str = "10.0.0.0/8,::1";

    fn info(peer: &str, headers: &[(&str, &str)]) -> ClientInfo {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::try_from(*name).unwrap(),
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        ClientInfo::new(
            peer.parse().unwrap(),
            &map,
            &Networks::parse(TRUSTED).unwrap(),
        )
    }

    /// (what, peer, headers) → (X-Forwarded-For, X-Real-IP, X-Forwarded-Proto, client)
    type Row<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], [&'a str; 4]);

    const ROWS: &[Row] = &[
        (
            "nothing said",
            "10.0.0.1",
            &[],
            ["10.0.0.1", "10.0.0.1", "http", "10.0.0.1"],
        ),
        (
            "as the edge says it",
            "10.0.0.1",
            &[
                ("X-Forwarded-For", "203.0.113.7"),
                ("X-Real-IP", "203.0.113.7"),
                ("X-Forwarded-Proto", "https"),
            ],
            ["203.0.113.7", "203.0.113.7", "https", "203.0.113.7"],
        ),
        (
            "not trusted, so not believed",
            "192.0.2.1",
            &[
                ("X-Forwarded-For", "203.0.113.7"),
                ("X-Real-IP", "203.0.113.7"),
                ("X-Forwarded-Proto", "https"),
            ],
            ["192.0.2.1", "192.0.2.1", "http", "192.0.2.1"],
        ),
        (
            "each header stands for itself",
            "10.0.0.1",
            &[("X-Real-IP", "203.0.113.7")],
            ["10.0.0.1", "203.0.113.7", "http", "203.0.113.7"],
        ),
        (
            "a chain: the rightmost that is not trusted is the client",
            "10.0.0.1",
            &[("X-Forwarded-For", "198.51.100.9, 203.0.113.7,10.0.0.2")],
            [
                "198.51.100.9, 203.0.113.7, 10.0.0.2",
                "10.0.0.1",
                "http",
                "203.0.113.7",
            ],
        ),
        (
            "a chain of trusted ones: the leftmost",
            "10.0.0.1",
            &[("X-Forwarded-For", "10.0.0.3, 10.0.0.2")],
            ["10.0.0.3, 10.0.0.2", "10.0.0.1", "http", "10.0.0.3"],
        ),
        (
            "repeated lists are one list",
            "10.0.0.1",
            &[
                ("X-Forwarded-For", "203.0.113.7"),
                ("X-Forwarded-For", "10.0.0.2"),
            ],
            ["203.0.113.7, 10.0.0.2", "10.0.0.1", "http", "203.0.113.7"],
        ),
        (
            "repeated single values are garbage",
            "10.0.0.1",
            &[
                ("X-Real-IP", "203.0.113.7"),
                ("X-Real-IP", "203.0.113.8"),
                ("X-Forwarded-Proto", "https"),
                ("X-Forwarded-Proto", "https"),
            ],
            ["10.0.0.1", "10.0.0.1", "http", "10.0.0.1"],
        ),
        (
            "one bad address spoils the list",
            "10.0.0.1",
            &[("X-Forwarded-For", "203.0.113.7, unknown")],
            ["10.0.0.1", "10.0.0.1", "http", "10.0.0.1"],
        ),
        (
            "no address at all",
            "10.0.0.1",
            &[
                ("X-Forwarded-For", ""),
                ("X-Real-IP", "203.0.113.7:80"),
                ("X-Forwarded-Proto", "wss"),
            ],
            ["10.0.0.1", "10.0.0.1", "http", "10.0.0.1"],
        ),
        (
            "bytes that are not text",
            "10.0.0.1",
            &[("X-Forwarded-For", "é"), ("X-Real-IP", "é")],
            ["10.0.0.1", "10.0.0.1", "http", "10.0.0.1"],
        ),
        (
            "the scheme in any case",
            "10.0.0.1",
            &[("X-Forwarded-Proto", "HTTPS")],
            ["10.0.0.1", "10.0.0.1", "https", "10.0.0.1"],
        ),
        (
            "IPv6, written the one way",
            "::1",
            &[("X-Real-IP", "2001:DB8:0:0::1")],
            ["::1", "2001:db8::1", "http", "2001:db8::1"],
        ),
        (
            "IPv4 over a dual-stack socket",
            "::ffff:10.0.0.1",
            &[("X-Real-IP", "::ffff:203.0.113.7")],
            ["10.0.0.1", "203.0.113.7", "http", "203.0.113.7"],
        ),
    ];

    #[test]
    fn who_the_client_is() {
        for (what, peer, headers, expected) in ROWS {
            let info = info(peer, headers);
            let actual = [
                info.forwarded_for_value(),
                info.real_ip.to_string(),
                info.proto.to_string(),
                info.address.to_string(),
            ];
            assert_eq!(actual, *expected, "{what}");
        }
    }

    #[test]
    fn a_list_longer_than_any_chain_is_garbage() {
        let list = |length: usize| vec!["203.0.113.7"; length].join(",");
        let at_most = info("10.0.0.1", &[("X-Forwarded-For", &list(MAX_HOPS))]);
        assert_eq!(at_most.forwarded_for.len(), MAX_HOPS);
        let more = info("10.0.0.1", &[("X-Forwarded-For", &list(MAX_HOPS + 1))]);
        assert_eq!(more.forwarded_for_value(), "10.0.0.1");
    }

    #[test]
    fn request_ids() {
        let longest = "a".repeat(128);
        let too_long = "a".repeat(129);
        for (peer, id, taken) in [
            ("10.0.0.1", "6e1b0d5a-93f3-4c5e-8d0a-2f1f6f4b7f10", true),
            ("10.0.0.1", "Root=1-67891233-abcdef012345678912345678", true),
            ("10.0.0.1", longest.as_str(), true),
            ("10.0.0.1", too_long.as_str(), false),
            ("10.0.0.1", "", false),
            ("10.0.0.1", "two words", false),
            ("10.0.0.1", "a\"b", false),
            ("10.0.0.1", "a\tb", false),
            ("10.0.0.1", "é", false),
            ("192.0.2.1", "abc", false),
        ] {
            let info = info(peer, &[("X-Request-Id", id)]);
            assert_eq!(
                info.request_id.as_deref(),
                taken.then_some(id),
                "{peer} {id:?}"
            );
        }
    }

    #[test]
    fn traces() {
        const SENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        for (peer, headers, taken) in [
            ("10.0.0.1", &[("traceparent", SENT)][..], true),
            ("10.0.0.1", &[("Traceparent", SENT)], true),
            (
                "10.0.0.1",
                &[("traceparent", SENT), ("traceparent", SENT)],
                false,
            ),
            ("10.0.0.1", &[("traceparent", &SENT[1..])], false),
            ("192.0.2.1", &[("traceparent", SENT)], false),
        ] {
            let trace = info(peer, headers).trace;
            let expected = taken.then_some(SENT);
            assert_eq!(
                trace.as_ref().map(TraceParent::as_str),
                expected,
                "{peer} {headers:?}"
            );
        }
    }

    #[test]
    fn the_clients_connection() {
        const NAMES: [&str; 4] = [
            "X-Edge-Protocol",
            "X-Edge-TLS-Version",
            "X-Edge-TLS-Cipher",
            "X-Edge-TLS-Group",
        ];
        let too_long = "a".repeat(65);
        for (peer, value, taken) in [
            ("10.0.0.1", "HTTP/2.0", true),
            ("10.0.0.1", "ECDHE-ECDSA-AES128-GCM-SHA256", true),
            ("10.0.0.1", "", false),
            ("10.0.0.1", "two words", false),
            ("10.0.0.1", "<b>", false),
            ("10.0.0.1", too_long.as_str(), false),
            ("192.0.2.1", "HTTP/2.0", false),
        ] {
            for name in NAMES {
                let Connection {
                    protocol,
                    tls_version,
                    tls_cipher,
                    tls_group,
                } = info(peer, &[(name, value)]).connection;
                let values = [protocol, tls_version, tls_cipher, tls_group];
                for (other, actual) in NAMES.iter().zip(values) {
                    let expected = (taken && name == *other).then_some(value);
                    assert_eq!(actual.as_deref(), expected, "{peer} {name}: {value:?}");
                }
            }
        }
    }
}
