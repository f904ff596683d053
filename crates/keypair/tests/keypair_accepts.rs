//! Pairs as certificate authorities, ACME clients and OpenSSL make them are good.

mod support;

use sha2::{Sha256, Sha384, Sha512};
use support::*;

fn accepted(chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> String {
    let folder = Folder::new();
    folder.supply(chain, key);
    let report = folder.check().unwrap();
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    assert_eq!(folder.handed(), [""; 0], "a mere check writes nothing");
    report.lines.join("\n")
}

#[test]
fn p256_in_pkcs8_and_in_sec1() {
    let key = p256_key();
    let chain = certificates(&[&Spec::leaf("leaf").by(&key.public_key(), &key)]);
    let summary = accepted(&chain, pkcs8(&key));
    assert!(
        summary.contains("www.example.org, P-256, valid until"),
        "{summary}"
    );

    let sec1 = pem("EC PRIVATE KEY", &key.to_sec1_der().unwrap());
    accepted(&chain, &sec1);
    // As `openssl ecparam -name prime256v1 -genkey` writes it.
    let parameters = pem("EC PARAMETERS", b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07");
    accepted(&chain, parameters + &sec1);
}

#[test]
fn p384() {
    let key = p384_key();
    let signer = p384::ecdsa::SigningKey::from(&key);
    let leaf = Spec::leaf("leaf").sign::<_, p384::ecdsa::DerSignature>(&key.public_key(), &signer);
    let summary = accepted(certificates(&[&leaf]), pkcs8(&key));
    assert!(summary.contains("P-384"), "{summary}");
}

#[test]
fn rsa_with_each_padding_and_hash() {
    // Padding works on bits: 2049 of them start a new byte.
    for bits in [2048, 2049] {
        accepted_rsa(bits);
    }
}

fn accepted_rsa(bits: usize) {
    let key = rsa_key(bits);
    let public = key.to_public_key();
    let leaf = Spec::leaf("leaf");
    let pkcs1v15 = rsa::pkcs1v15::SigningKey::<Sha256>::new(key.clone());
    let longer = rsa::pkcs1v15::SigningKey::<Sha384>::new(key.clone());
    let longest = rsa::pkcs1v15::SigningKey::<Sha512>::new(key.clone());
    let pss = rsa::pss::SigningKey::<Sha256>::new(key.clone());
    let pss_longest = rsa::pss::SigningKey::<Sha512>::new(key.clone());
    for (name, der) in [
        (
            "PKCS#1 SHA-256",
            leaf.sign::<_, rsa::pkcs1v15::Signature>(&public, &pkcs1v15),
        ),
        (
            "PKCS#1 SHA-384",
            leaf.sign::<_, rsa::pkcs1v15::Signature>(&public, &longer),
        ),
        (
            "PKCS#1 SHA-512",
            leaf.sign::<_, rsa::pkcs1v15::Signature>(&public, &longest),
        ),
        (
            "PSS SHA-256",
            leaf.sign::<_, rsa::pss::Signature>(&public, &pss),
        ),
        (
            "PSS SHA-512",
            leaf.sign::<_, rsa::pss::Signature>(&public, &pss_longest),
        ),
    ] {
        for key in [pkcs1(key), pkcs8(key)] {
            let summary = accepted(certificates(&[&der]), key);
            assert!(
                summary.contains(&format!("RSA {bits}")),
                "{name}: {summary}"
            );
        }
    }
}

#[test]
fn a_chain_with_intermediates_and_a_root() {
    let [leaf_key, middle_key, upper_key] = [p256_key(), p256_key(), p256_key()];
    let root_key = rsa_key(2048);
    // The root's signature of itself is nobody's business, and old roots have SHA-1.
    let old = rsa::pkcs1v15::SigningKey::<sha1::Sha1>::new(root_key.clone());
    let root = Spec::authority("root", "root")
        .sign::<_, rsa::pkcs1v15::Signature>(&root_key.to_public_key(), &old);
    let signer = rsa::pkcs1v15::SigningKey::<Sha256>::new(root_key.clone());
    let upper = Spec::authority("upper", "root")
        .sign::<_, rsa::pkcs1v15::Signature>(&upper_key.public_key(), &signer);
    let middle = Spec::authority("middle", "upper").by(&middle_key.public_key(), &upper_key);
    let leaf = Spec::leaf("middle").by(&leaf_key.public_key(), &middle_key);
    // Without the first of them there is a warning: tests/keypair_warns.rs.
    for length in 2..=4 {
        let chain: [&[u8]; 4] = [&leaf, &middle, &upper, &root];
        accepted(certificates(&chain[..length]), pkcs8(&leaf_key));
    }
}

#[test]
fn a_host_that_is_an_address_and_no_key_usage_at_all() {
    let key = p256_key();
    let spec = Spec::leaf("leaf").with(|spec| {
        spec.hosts = vec!["192.0.2.7"];
        spec.usage = None;
        spec.extended = vec![];
    });
    let summary = accepted(
        certificates(&[&spec.by(&key.public_key(), &key)]),
        pkcs8(&key),
    );
    assert!(summary.contains("192.0.2.7"), "{summary}");
}

#[test]
fn text_line_ends_and_marks_that_editors_leave() {
    let (chain, key) = good_pair();
    accepted(chain.replace('\n', "\r\n"), key.replace('\n', "\r\n"));
    accepted(format!("\u{feff}{chain}"), format!("\u{feff}{key}"));
    let mut latin = b"Bag Attributes\n    friendlyName: caf\xe9\n".to_vec();
    latin.extend(chain.as_bytes());
    accepted(latin, format!("subject=CN = leaf\n{key}\n\n"));
    accepted(chain.trim_end(), key.trim_end());
}

#[test]
fn base64_with_blanks_and_an_empty_line_before_it() {
    let (chain, key) = good_pair();
    let after_begin =
        |text: &str, more: &str| text.replacen("-----\n", &format!("-----\n{more}"), 1);
    accepted(after_begin(&chain, " \t"), after_begin(&key, "\t "));
    accepted(after_begin(&chain, "\n"), after_begin(&key, "  \n"));
}

#[test]
fn joined_files_that_have_a_mark_each() {
    let [leaf_key, root_key] = [p256_key(), p256_key()];
    let root = Spec::authority("root", "root").by(&root_key.public_key(), &root_key);
    let leaf = Spec::leaf("root").by(&leaf_key.public_key(), &root_key);
    let chain = [&leaf, &root].map(|der| format!("\u{feff}{}", certificates(&[der])));
    let folder = Folder::new();
    folder.supply(chain.concat(), pkcs8(&leaf_key));
    folder.hand_over().unwrap();
    assert_eq!(folder.read("tls.crt"), certificates(&[&leaf, &root]));
}

#[test]
fn what_is_commented_out_is_no_block() {
    let (chain, key) = good_pair();
    let other = good_pair().0.replace('\n', "\n# ");
    accepted(format!("# {other}\n{chain}"), key);
}

#[test]
fn certificates_under_the_other_names_that_they_have() {
    let key = p256_key();
    let leaf = Spec::leaf("leaf").by(&key.public_key(), &key);
    let settings = b"\x30\x0c\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01";
    let folder = Folder::new();
    for chain in [
        pem("X509 CERTIFICATE", &leaf),
        pem("TRUSTED CERTIFICATE", &leaf),
        // As `openssl x509 -trustout -addtrust serverAuth` writes it.
        pem("TRUSTED CERTIFICATE", &[&leaf, &settings[..]].concat()),
    ] {
        accepted(&chain, pkcs8(&key));
        folder.supply(chain, pkcs8(&key));
        folder.hand_over().unwrap();
        assert_eq!(folder.read("tls.crt"), certificates(&[&leaf]));
    }
}

#[test]
fn the_hosts_that_authorities_may_vouch_for() {
    let [leaf_key, root_key] = [p256_key(), p256_key()];
    let fitting = extension(
        "2.5.29.30",
        true,
        b"\x30\x11\xa0\x0f\x30\x0d\x82\x0bexample.org",
    );
    let root = Spec::authority("root", "root")
        .with(|spec| spec.more = vec![fitting])
        .by(&root_key.public_key(), &root_key);
    let leaf = Spec::leaf("root").by(&leaf_key.public_key(), &root_key);
    accepted(certificates(&[&leaf, &root]), pkcs8(&leaf_key));
}

#[test]
fn extensions_that_need_not_be_understood() {
    let key = p256_key();
    let spec = Spec::leaf("leaf").with(|spec| {
        spec.more = vec![
            extension("1.2.3.4", false, b"\x05\x00"),
            extension("2.5.29.32", true, b"\x30\x07\x30\x05\x06\x03\x2a\x03\x04"),
            extension("2.16.840.1.113730.1.1", false, b"\x03\x02\x06\x40"),
        ];
    });
    accepted(
        certificates(&[&spec.by(&key.public_key(), &key)]),
        pkcs8(&key),
    );
}

#[test]
fn names_are_equal_whatever_their_case() {
    let [leaf_key, root_key] = [p256_key(), p256_key()];
    let root = Spec::authority("My Root", "My Root").by(&root_key.public_key(), &root_key);
    let leaf = Spec::leaf("my root").by(&leaf_key.public_key(), &root_key);
    accepted(certificates(&[&leaf, &root]), pkcs8(&leaf_key));
}
