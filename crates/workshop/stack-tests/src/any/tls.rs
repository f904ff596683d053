//! Protocols, ciphers, groups and what goes with them, by handshakes. What the server is to
//! refuse is offered alone, one thing at a time, and has to be refused by the server.
//!
//! No OpenSSL of today can offer SSL 2.0 and 3.0: `scanners` does.

use std::collections::BTreeSet;

use crate::{
    client::{handshake, handshake_and_send, openssl, renegotiation, try_curl},
    pair,
    stack::Stack,
};

/// Of Mozilla's intermediate profile, those for a key on an elliptic curve.
const ECDSA: [&str; 3] = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
];

/// Those for an RSA key.
const RSA: [&str; 3] = [
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-CHACHA20-POLY1305",
];

const TLS_1_3: [&str; 3] = [
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
];

/// The others of RFC 8446, appendix B.4, and RFC 9150. OpenSSL knows them, but lists only
/// those that it is told to offer.
const NOT_IN_TLS_1_3: [&str; 4] = [
    "TLS_AES_128_CCM_SHA256",
    "TLS_AES_128_CCM_8_SHA256",
    "TLS_SHA256_SHA256",
    "TLS_SHA384_SHA384",
];

/// OpenSSL itself refuses old things at its default level; here the server has to.
const ANY_STRENGTH: &str = "@SECLEVEL=0";

/// A request after whose answer the server closes the connection.
const LAST_REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// What some ciphers cannot be offered without: a key or a password known to both sides.
const SHARED_SECRETS: [&str; 6] = [
    "-psk",
    "1a2b3c4d",
    "-srpuser",
    "user",
    "-srppass",
    "pass:password",
];

/// Whether the server accepts the offer; it refuses by an alert.
///
/// # Panics
/// When it did neither: the client could not make the offer.
fn accepts(port: u16, args: &[&str]) -> bool {
    let output = handshake(port, args);
    let refused = output.text().contains("SSL alert number");
    assert!(output.success != refused, "{args:?}: {}", output.text());
    output.success
}

/// Asserts that of `offers`, each made alone with the arguments that `with` gives, the server
/// accepts exactly those of the policy.
fn assert_accepted<'a>(
    port: u16,
    offers: impl Iterator<Item = &'a str>,
    policy: &[&str],
    with: impl Fn(&str) -> Vec<String>,
) {
    let accepted: BTreeSet<&str> = offers
        .filter(|offer| {
            let args = with(offer);
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            accepts(port, &args)
        })
        .collect();
    let policy: BTreeSet<&str> = policy.iter().copied().collect();
    assert_eq!(accepted, policy, "accepted, and the policy");
}

fn strings(args: &[&str]) -> Vec<String> {
    args.iter().map(ToString::to_string).collect()
}

/// Offers each cipher that OpenSSL knows, in each version that it can speak.
fn assert_ciphers(port: u16, policy: &[&str]) {
    for (version, policy) in [("-tls1", &[][..]), ("-tls1_1", &[]), ("-tls1_2", policy)] {
        let all = format!("ALL:COMPLEMENTOFALL:{ANY_STRENGTH}");
        let list = openssl(&["ciphers", "-s", "-psk", "-srp", version, &all]);
        let old = list.split(':').filter(|name| !name.starts_with("TLS_"));
        assert!(old.clone().count() > 60, "{version}: {list}");
        assert_accepted(port, old, policy, |cipher| {
            let cipher = format!("{cipher}:{ANY_STRENGTH}");
            let mut args = vec![version, "-cipher", &cipher];
            args.extend(SHARED_SECRETS);
            strings(&args)
        });
    }
    let all = TLS_1_3.into_iter().chain(NOT_IN_TLS_1_3);
    assert_accepted(port, all, &TLS_1_3, |cipher| {
        let level = format!("DEFAULT:{ANY_STRENGTH}");
        strings(&["-tls1_3", "-cipher", &level, "-ciphersuites", cipher])
    });
}

/// Offers each group that OpenSSL knows for this version.
fn assert_groups(port: u16, version: &str, policy: &[&str]) {
    let list = openssl(&["list", version, "-tls-groups"]);
    assert!(list.split(':').count() > 15, "{version}: {list}");
    assert_accepted(port, list.split(':'), policy, |group| {
        let level = format!("DEFAULT:{ANY_STRENGTH}");
        strings(&[version, "-cipher", &level, "-groups", group])
    });
}

pub fn versions_before_1_2_are_refused_as_such() {
    let port = Stack::shared().https_port();
    let all = format!("ALL:{ANY_STRENGTH}");
    for version in ["-tls1", "-tls1_1"] {
        let output = handshake(port, &[version, "-cipher", &all]);
        let text = output.text();
        assert!(!output.success, "{version} was accepted");
        assert!(text.contains("alert protocol version"), "{version}: {text}");
    }
}

pub fn with_a_p_256_key_exactly_the_ciphers_of_the_policy() {
    assert_ciphers(Stack::shared().https_port(), &ECDSA);
}

pub fn with_an_rsa_key_exactly_the_ciphers_of_the_policy() {
    assert_ciphers(pair::own().https_port(), &RSA);
}

pub fn exactly_the_groups_of_the_policy() {
    let port = Stack::shared().https_port();
    let curves = ["secp256r1", "secp384r1", "x25519"];
    let with_hybrid = [&curves[..], &["X25519MLKEM768"]].concat();
    assert_groups(port, "-tls1_3", &with_hybrid);
    // With a key on a curve, TLS 1.2 needs that curve among the client's groups, too.
    assert_groups(pair::own().https_port(), "-tls1_2", &curves);

    // What a client of today offers ends in the one that also holds against a quantum computer.
    let text = handshake(port, &["-tls1_3"]).text();
    assert!(
        text.contains("Negotiated TLS1.3 group: X25519MLKEM768"),
        "{text}"
    );
}

pub fn renegotiation_is_refused() {
    for port in [Stack::shared(), pair::own()].map(Stack::https_port) {
        let announced = handshake(port, &["-tls1_2"]);
        let text = announced.text();
        assert!(text.contains("Secure Renegotiation IS supported"), "{text}");

        // As RFC 5746 secures it, and as it was before.
        let secured = "NORMAL:-VERS-ALL:+VERS-TLS1.2";
        for priority in [secured, &format!("{secured}:%DISABLE_SAFE_RENEGOTIATION")] {
            let output = renegotiation(port, priority);
            let text = output.text();
            assert!(
                text.contains("Handshake was completed"),
                "{priority}: {text}"
            );
            assert!(
                text.contains("No renegotiation is allowed"),
                "{priority}: {text}"
            );
            assert!(!output.success, "{priority}: {text}");
        }
    }
}

/// By its id in TLS 1.2, by a ticket that holds no more than an id in TLS 1.3.
pub fn a_session_is_resumed_whatever_the_key() {
    for (name, stack) in [("p-256", Stack::shared()), ("rsa-2048", pair::own())] {
        for version in ["1_2", "1_3"] {
            let session = stack.folder("sessions").join(format!("{name}-{version}"));
            let session = session.to_str().expect("a path in UTF-8");
            let version = format!("-tls{version}");
            let kind = |option: &str| {
                let args = [&version, "-ign_eof", option, session];
                let text = handshake_and_send(stack.https_port(), &args, LAST_REQUEST).text();
                assert!(text.contains("HTTP/1.1 200"), "{name}, {version}: {text}");
                let kind = text.lines().find_map(|line| line.split_once(", TLSv1."));
                kind.map_or_else(|| panic!("{text}"), |(kind, _)| kind.to_owned())
            };
            assert_eq!(kind("-sess_out"), "New", "{name}, {version}");
            // Either worker may answer, so that both have to know each session.
            for _ in 0..8 {
                assert_eq!(kind("-sess_in"), "Reused", "{name}, {version}");
            }
        }
    }
}

pub fn no_session_state_leaves_the_server() {
    let port = Stack::shared().https_port();
    let tickets = |version: &str| {
        let output = handshake_and_send(port, &[version, "-ign_eof"], LAST_REQUEST);
        assert!(output.stdout.contains("HTTP/1.1 200"), "{}", output.text());
        let mut tickets = Vec::new();
        let mut lines = output.stdout.lines();
        while lines.any(|line| line.trim() == "TLS session ticket:") {
            // Sixteen bytes a line, after an offset.
            let dump = lines.by_ref().take_while(|line| line.contains(" - "));
            tickets.push(dump.count());
        }
        tickets
    };
    assert_eq!(tickets("-tls1_2"), [] as [usize; 0]);
    // In TLS 1.3 a session is resumed by a ticket only. Its two lines hold 32 bytes, which is
    // a number in the server's cache: encrypted state would not fit.
    assert_eq!(tickets("-tls1_3"), [2, 2]);
}

pub fn alpn_gives_http_2_first_and_refuses_what_is_not_http() {
    let port = Stack::shared().https_port();
    for (client, server) in [
        ("h2", "h2"),
        ("http/1.1", "http/1.1"),
        ("http/1.1,h2", "h2"),
        ("spdy/3,h2", "h2"),
        // nginx takes what it can speak.
        ("http/1.0", "http/1.0"),
    ] {
        let text = handshake(port, &["-alpn", client]).text();
        let agreed = format!("\nALPN protocol: {server}\n");
        assert!(text.contains(&agreed), "{client}: {text}");
    }
    // A protocol of another server on the same name must not end here (RFC 7301, 3.2).
    for client in [
        "h3",
        "h2c",
        "hq-interop",
        "spdy/3",
        "acme-tls/1",
        "ftp",
        "imap,smtp",
    ] {
        let text = handshake(port, &["-alpn", client]).text();
        assert!(
            text.contains("alert no application protocol"),
            "{client}: {text}"
        );
    }
    let text = handshake(port, &[]).text();
    assert!(text.contains("No ALPN negotiated"), "{text}");
}

pub fn quic_is_for_http_3_and_the_same_groups() {
    let port = Stack::shared().https_port();
    let alpn = |args: &[&str]| {
        let output = handshake(port, &[&["-quic"], args].concat());
        let agreed = output.stdout.contains("\nALPN protocol: h3\n");
        let none = output.stdout.contains("\nNo ALPN negotiated\n");
        assert!(agreed != none, "{args:?}: {}", output.text());
        agreed
    };
    assert!(alpn(&["-alpn", "h3"]));
    assert!(alpn(&["-alpn", "unknown,h3"]));
    for group in ["X25519MLKEM768", "x25519", "secp256r1", "secp384r1"] {
        assert!(alpn(&["-alpn", "h3", "-groups", group]), "{group}");
    }
    for group in ["secp521r1", "x448", "MLKEM768"] {
        assert!(!alpn(&["-alpn", "h3", "-groups", group]), "{group}");
    }
    for other in ["h2", "http/1.1", "hq-interop", "unknown"] {
        assert!(!alpn(&["-alpn", other]), "{other}");
    }
}

/// Asserts that who knows the authority in the stack's `ca.crt`, and nothing else, can verify
/// what the server sends, and that it sends these subjects, each signed by the next.
fn assert_chain(stack: &Stack, key: &str, subjects: &[&str]) {
    let ca = stack.ca().display().to_string();
    let args = [
        "-CAfile",
        &ca,
        "-verify_hostname",
        "localhost",
        "-verify_return_error",
    ];
    let output = handshake(stack.https_port(), &[&args[..], &["-showcerts"]].concat());
    let text = output.text();
    assert!(output.success, "{text}");
    assert!(text.contains("Verification: OK"), "{text}");
    assert!(text.contains(key), "no {key}: {text}");

    let after = |mark: &str| -> Vec<&str> {
        let lines = output.stdout.lines().map(str::trim);
        let names = lines.filter_map(|line| line.split_once(mark));
        names
            .map(|(_, name)| name.trim_start_matches("CN="))
            .collect()
    };
    let (sent, issuers) = (after(" s:"), after("i:CN="));
    assert_eq!(sent.len(), subjects.len(), "{text}");
    for (name, start) in sent.iter().zip(subjects) {
        assert!(name.starts_with(start), "{name} instead of {start}");
    }
    assert_eq!(sent[1..], issuers[..issuers.len() - 1], "{text}");
}

pub fn the_whole_chain_is_sent() {
    let development = ["localhost", "Drydock development CA"];
    assert_chain(Stack::shared(), "PKEY: EC, (prime256v1)", &development);
    // Without the root, which the client has to have anyway.
    assert_chain(
        pair::own(),
        "PKEY: RSA, 2048 (bit)",
        &["localhost", "intermediate"],
    );
}

pub fn the_development_ca_signs_for_this_machines_names() {
    let stack = Stack::shared();
    let port = stack.https_port();
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        let url = format!("https://{host}:{port}/");
        assert_eq!(stack.curl(&[&url]).status, 200, "{host}");
    }
    let here = format!("::127.0.0.1:{port}");
    let url = format!("https://example.com:{port}/");
    let other = try_curl(&stack.ca(), &["--connect-to", &here, &url]);
    assert!(other.is_err(), "the certificate is good for example.com");
}
