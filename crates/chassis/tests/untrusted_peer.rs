//! A peer outside the trusted networks can never change what is shown, whatever it sends.

#![expect(clippy::expect_used, reason = "what is not as expected fails the test")]

use std::net::IpAddr;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use chassis::forwarded::ClientInfo;
use chassis::networks::Networks;
use chassis::variable::Value as _;
use proptest::collection::vec;
use proptest::prelude::*;

const TRUSTED: &str = "10.0.0.0/8,fd00::/8";

/// The names that are believed from a trusted peer, and any other.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("x-forwarded-for".to_owned()),
        Just("x-real-ip".to_owned()),
        Just("x-forwarded-proto".to_owned()),
        Just("x-request-id".to_owned()),
        Just("x-edge-protocol".to_owned()),
        Just("x-edge-tls-version".to_owned()),
        Just("x-edge-tls-cipher".to_owned()),
        Just("x-edge-tls-group".to_owned()),
        Just("forwarded".to_owned()),
        "[a-z][a-z0-9-]{0,20}",
    ]
}

/// Values that would be believed from a trusted peer, lists of them, and any bytes.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let address = || any::<IpAddr>().prop_map(|address| address.to_string());
    prop_oneof![
        address().prop_map(String::into_bytes),
        vec(address(), 1..5).prop_map(|list| list.join(", ").into_bytes()),
        Just(b"https".to_vec()),
        Just(b"TLSv1.3".to_vec()),
        "[0-9a-f]{32}".prop_map(String::into_bytes),
        vec(any::<u8>(), 0..64),
    ]
}

/// What HTTP lets through of the pairs, in their order, names repeated as they come.
fn header_map(pairs: &[(String, Vec<u8>)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        if let (Ok(name), Ok(value)) = (
            HeaderName::try_from(name.as_str()),
            HeaderValue::from_bytes(value),
        ) {
            headers.append(name, value);
        }
    }
    headers
}

proptest! {
    // The same cases on every machine and at every time.
    #![proptest_config(ProptestConfig {
        cases: 4096,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_untrusted_peer_changes_nothing(peer: IpAddr, pairs in vec((name(), value()), 0..8)) {
        let trusted = Networks::parse(TRUSTED).expect("networks");
        prop_assume!(!trusted.contains(peer.to_canonical()));
        let silent = ClientInfo::new(peer, &HeaderMap::new(), &trusted);
        prop_assert_eq!(ClientInfo::new(peer, &header_map(&pairs), &trusted), silent);
    }

    #[test]
    fn a_trusted_peer_can_break_nothing(last: [u8; 3], pairs in vec((name(), value()), 0..8)) {
        let trusted = Networks::parse(TRUSTED).expect("networks");
        let peer = IpAddr::from([10, last[0], last[1], last[2]]);
        let info = ClientInfo::new(peer, &header_map(&pairs), &trusted);
        // What goes into a line or a header has no character that ends either.
        prop_assert!(!info.forwarded_for_value().contains(char::is_control));
        prop_assert!(info.request_id.is_none_or(|id| id.bytes().all(|byte| byte.is_ascii_graphic())));
    }
}
