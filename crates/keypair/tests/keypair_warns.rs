//! A pair that nginx can use and some client cannot, or of which a part is left out, is handed
//! over with a warning for each of those.

mod support;

use support::*;

/// The warnings about the pair, which is handed over.
fn warnings(chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Vec<String> {
    let folder = Folder::new();
    folder.supply(chain, key);
    let report = folder.hand_over().unwrap();
    assert_eq!(folder.handed(), ["tls.crt", "tls.key"]);
    for warning in &report.warnings {
        assert!(!warning.contains(char::is_control), "one line: {warning}");
        assert!(!warning.contains("PRIVATE KEY-----"), "{warning}");
        assert!(warning.chars().count() <= 1001, "{warning}");
    }
    report.warnings
}

/// Asserts that there is one warning, and that it has all of `words`.
fn assert_warned(chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>, words: &[&str]) {
    let warnings = warnings(chain, key);
    let [warning] = warnings.as_slice() else {
        panic!("one warning with {words:?} is wanted: {warnings:?}");
    };
    for word in words {
        assert!(warning.contains(word), "{word:?} is not in: {warning}");
    }
}

/// A leaf and its authority, each with a change, and the leaf's key.
fn issued(
    leaf: impl FnOnce(&mut Spec),
    authority: impl FnOnce(&mut Spec),
) -> (Vec<u8>, Vec<u8>, String) {
    let [leaf_key, key] = [p256_key(), p256_key()];
    let authority = Spec::authority("ca", "ca").with(authority);
    let authority = authority.by(&key.public_key(), &key);
    let leaf = Spec::leaf("ca").with(leaf).by(&leaf_key.public_key(), &key);
    (leaf, authority, pkcs8(&leaf_key))
}

#[test]
fn a_chain_without_its_intermediate() {
    let (leaf, authority, key) = issued(
        |spec| spec.issuer = "O=Some company,CN=ca".to_owned(),
        |spec| spec.subject = "O=Some company,CN=ca".to_owned(),
    );
    assert_warned(
        certificates(&[&leaf]),
        &key,
        &[
            "localhost.crt",
            "of its issuer, ",
            "CN=ca",
            "O=Some company",
            "is missing",
            "put it after",
        ],
    );
    assert_eq!(warnings(certificates(&[&leaf, &authority]), &key), [""; 0]);
}

#[test]
fn a_chain_that_names_an_endless_issuer() {
    let (leaf, _, key) = issued(
        |spec| spec.issuer = format!("CN={}", "a".repeat(5000)),
        |_| {},
    );
    assert_warned(
        certificates(&[&leaf]),
        key,
        &["a…, is missing", "put it after"],
    );
}

#[test]
fn blocks_that_are_not_used() {
    let (chain, key) = good_pair();
    let block = |label: &str| pem(label, &[0, 1, 2]);
    for (label, in_chain, in_key) in [
        (
            "CERTIFICATE REQUEST",
            "a CA makes a certificate of",
            "a CA makes a certificate of",
        ),
        (
            "NEW CERTIFICATE REQUEST",
            "a CA makes a certificate of",
            "a CA makes a certificate of",
        ),
        ("X509 CRL", "for clients", "for clients"),
        (
            "PUBLIC KEY",
            "a certificate has it already",
            "the private one is wanted",
        ),
        (
            "RSA PUBLIC KEY",
            "a certificate has it already",
            "the private one is wanted",
        ),
        (
            "PKCS7",
            "openssl pkcs7 -print_certs",
            "openssl pkcs7 -print_certs",
        ),
        (
            "CMS",
            "openssl pkcs7 -print_certs",
            "openssl pkcs7 -print_certs",
        ),
        (
            "EC PARAMETERS",
            "belongs to a private key",
            "does not name the curve",
        ),
        ("DH PARAMETERS", "no cipher in use", "no cipher in use"),
        (
            "OPENSSH PRIVATE KEY",
            "read from localhost.key",
            "ssh-keygen",
        ),
        ("certificate", "in capitals", "in capitals"),
        (
            "ATTRIBUTE CERTIFICATE",
            "nothing here reads",
            "nothing here reads",
        ),
        ("SOMETHING ELSE", "nothing here reads", "nothing here reads"),
        ("", "nothing here reads", "nothing here reads"),
    ] {
        let named = format!("its block {label} (line ");
        for text in [block(label) + &chain, chain.clone() + &block(label)] {
            assert_warned(text, &key, &["localhost.crt", &named, in_chain]);
        }
        for text in [block(label) + &key, key.clone() + &block(label)] {
            assert_warned(&chain, text, &["localhost.key", &named, in_key]);
        }
    }
    for label in ["PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
        let words = [
            "localhost.crt",
            label,
            "read from localhost.key",
            "take it out",
        ];
        assert_warned(block(label) + &chain, &key, &words);
    }
    for label in ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"] {
        let words = ["localhost.key", label, "read from localhost.crt"];
        assert_warned(&chain, block(label) + &key, &words);
    }
}

#[test]
fn blocks_are_named_once_for_each_kind_and_counted() {
    let (chain, key) = good_pair();
    let crl = pem("X509 CRL", &[0, 1, 2]);
    let words = ["its block X509 CRL (line 1 and 2 more) is not used"];
    assert_warned(crl.repeat(3) + &chain, &key, &words);
    let many: String = (0..1000)
        .map(|number| pem(&format!("A{number}"), &[0]))
        .collect();
    let warnings = warnings(many + &chain, &key);
    assert_eq!(warnings.len(), 6, "{warnings:?}");
    assert!(warnings[5].contains("still other kinds"), "{warnings:?}");
}

#[test]
fn the_parameters_of_another_curve() {
    let key = p256_key();
    let leaf = Spec::leaf("leaf").by(&key.public_key(), &key);
    let sec1 = pem("EC PRIVATE KEY", &key.to_sec1_der().unwrap());
    let p384 = pem("EC PARAMETERS", b"\x06\x05\x2b\x81\x04\x00\x22");
    let words = [
        "localhost.key",
        "EC PARAMETERS (line 1)",
        "does not name the curve",
    ];
    assert_warned(certificates(&[&leaf]), p384 + &sec1, &words);
}

#[test]
fn names_that_no_client_matches() {
    let key = p256_key();
    for (host, words) in [
        (
            "192.0.2.7",
            ["the DNS name 192.0.2.7", "belongs into an IP entry"],
        ),
        (
            "https://example.org/",
            ["the DNS name https://example.org/", "no host's"],
        ),
    ] {
        let spec = Spec::leaf("leaf").with(|spec| {
            let name = [
                &[0x30, u8::try_from(host.len()).unwrap() + 19, 0x82, 15][..],
                b"www.example.org",
            ];
            let bad = [
                &[0x82, u8::try_from(host.len()).unwrap()][..],
                host.as_bytes(),
            ];
            spec.hosts = vec![];
            spec.more = vec![extension(
                "2.5.29.17",
                false,
                &[name.concat(), bad.concat()].concat(),
            )];
        });
        let leaf = certificates(&[&spec.by(&key.public_key(), &key)]);
        assert_warned(
            leaf,
            pkcs8(&key),
            &["certificate 1 (CN=leaf)", words[0], words[1]],
        );
    }
}

#[test]
fn what_clients_with_openssl_refuse() {
    // subjectKeyIdentifier and authorityKeyIdentifier that do not agree.
    let own = |spec: &mut Spec| spec.more = vec![extension("2.5.29.14", false, b"\x04\x01\x07")];
    let other = |spec: &mut Spec| {
        spec.more = vec![extension("2.5.29.35", false, b"\x30\x03\x80\x01\x08")];
    };
    let same = |spec: &mut Spec| {
        spec.more = vec![extension("2.5.29.35", false, b"\x30\x03\x80\x01\x07")];
    };
    let (leaf, authority, key) = issued(other, own);
    assert_warned(
        certificates(&[&leaf, &authority]),
        key,
        &[
            "certificate 1 (CN=leaf)",
            "authorityKeyIdentifier",
            "certificate 2 (CN=ca)",
        ],
    );
    let (leaf, authority, key) = issued(same, own);
    assert_eq!(warnings(certificates(&[&leaf, &authority]), key), [""; 0]);

    let (leaf, authority, key) = issued(|_| {}, |spec| spec.extended = vec![ANY]);
    assert_warned(
        certificates(&[&leaf, &authority]),
        key,
        &["certificate 2 (CN=ca)", "anyExtendedKeyUsage"],
    );
}

#[test]
fn what_it_obliges_the_server_to_do() {
    let key = p256_key();
    let spec = Spec::leaf("leaf").with(|spec| {
        spec.more = vec![extension(
            "1.3.6.1.5.5.7.1.24",
            false,
            b"\x30\x03\x02\x01\x17",
        )];
    });
    assert_warned(
        certificates(&[&spec.by(&key.public_key(), &key)]),
        pkcs8(&key),
        &["certificate 1 (CN=leaf)", "the TLS extension 23 (RFC 7633)"],
    );
}
