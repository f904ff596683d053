//! Protocols, ciphers and groups, by handshakes.

use crate::{
    client::{handshake, try_curl},
    stack::Stack,
};

/// Of Mozilla's intermediate profile, those for a key on an elliptic curve.
const ECDSA: [&str; 3] = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
];

/// Those for an RSA key.
pub const RSA: [&str; 3] = [
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-CHACHA20-POLY1305",
];

const TLS_1_3: [&str; 3] = [
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
];

/// OpenSSL itself refuses old things at its default level; here the server has to.
const ANYTHING: &str = "ALL:@SECLEVEL=0";

/// Asserts that the server, not the client, refused, with the alert of that name.
fn assert_refused(port: u16, args: &[&str], alert: &str) {
    let output = handshake(port, args);
    assert!(!output.success, "{args:?} was accepted");
    assert!(output.text().contains(alert), "{args:?}: {}", output.text());
}

/// Asserts that a handshake is made with exactly this cipher.
pub fn assert_cipher(port: u16, args: &[&str], cipher: &str) {
    let output = handshake(port, args);
    let agreed = format!("Cipher is {cipher}\n");
    assert!(output.success, "{args:?}: {}", output.text());
    assert!(
        output.stdout.contains(&agreed),
        "{args:?}: {}",
        output.text()
    );
}

pub fn only_1_2_and_1_3() {
    let port = Stack::shared().https_port();
    for version in ["-tls1", "-tls1_1"] {
        assert_refused(
            port,
            &[version, "-cipher", ANYTHING],
            "alert protocol version",
        );
    }
    for (option, version) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        let output = handshake(port, &[option]);
        assert!(output.success, "{version}: {}", output.text());
        assert!(output.stdout.contains(version), "{}", output.text());
    }
}

pub fn only_the_ciphers_of_the_profile() {
    let port = Stack::shared().https_port();
    for cipher in ECDSA {
        assert_cipher(port, &["-tls1_2", "-cipher", cipher], cipher);
    }
    for cipher in TLS_1_3 {
        assert_cipher(port, &["-tls1_3", "-ciphersuites", cipher], cipher);
    }

    // All that OpenSSL has, but for the profile's.
    let rest = format!("{ANYTHING}:!{}", ECDSA.join(":!"));
    assert_refused(port, &["-tls1_2", "-cipher", &rest], "handshake failure");
    // One by one those that servers are most often left with.
    for cipher in [
        "ECDHE-ECDSA-AES128-SHA",
        "ECDHE-ECDSA-AES256-SHA384",
        "ECDHE-ECDSA-AES128-CCM",
        "DHE-RSA-AES128-GCM-SHA256",
        "AES128-GCM-SHA256",
    ] {
        let cipher = format!("{cipher}:@SECLEVEL=0");
        assert_refused(port, &["-tls1_2", "-cipher", &cipher], "handshake failure");
    }
}

pub fn groups_of_the_profile() {
    let port = Stack::shared().https_port();
    for group in ["X25519MLKEM768", "X25519", "prime256v1", "secp384r1"] {
        let output = handshake(port, &["-tls1_3", "-groups", group]);
        assert!(output.success, "{group}: {}", output.text());
    }
    // What a client of today offers ends in the one that also holds against a quantum computer.
    let output = handshake(port, &["-tls1_3"]);
    assert!(
        output
            .stdout
            .contains("Negotiated TLS1.3 group: X25519MLKEM768"),
        "{}",
        output.text()
    );
    for group in ["secp521r1", "X448", "ffdhe2048"] {
        assert_refused(port, &["-tls1_3", "-groups", group], "handshake failure");
    }
}

pub fn no_session_tickets() {
    let port = Stack::shared().https_port();
    let output = handshake(port, &["-tls1_2"]);
    assert!(output.success, "{}", output.text());
    assert!(
        !output.stdout.contains("TLS session ticket:"),
        "{}",
        output.stdout
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
