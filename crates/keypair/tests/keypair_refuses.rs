//! Each bad pair ends with one sentence that names the file, what is wrong, what is allowed.

mod support;

use std::{
    fs,
    os::unix::{fs::symlink, net::UnixListener},
    process::Command,
};

use sha2::Sha256;
use support::*;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages};

/// The sentence that refuses the pair; it must have every one of `words`.
fn refused(chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>, words: &[&str]) {
    let folder = Folder::new();
    folder.supply(chain, key);
    refused_in(&folder, words);
}

fn refused_in(folder: &Folder, words: &[&str]) {
    let sentence = folder.hand_over().unwrap_err().to_string();
    assert!(!sentence.contains(char::is_control), "one line: {sentence}");
    assert!(!sentence.contains("PRIVATE KEY-----"), "{sentence}");
    for word in words {
        assert!(sentence.contains(word), "{word:?} is not in: {sentence}");
    }
    assert_eq!(folder.handed(), [""; 0], "nothing is handed over");
}

/// A self-signed leaf with one thing changed.
fn refused_leaf(change: impl FnOnce(&mut Spec), words: &[&str]) {
    let key = p256_key();
    let leaf = Spec::leaf("leaf").with(change).by(&key.public_key(), &key);
    refused(certificates(&[&leaf]), pkcs8(&key), words);
}

/// A chain of leaf and authority with one thing changed in the authority.
fn refused_authority(change: impl FnOnce(&mut Spec), words: &[&str]) {
    let [leaf_key, key] = [p256_key(), p256_key()];
    let authority = Spec::authority("ca", "root").with(change);
    let authority = authority.by(&key.public_key(), &key);
    let leaf = Spec::leaf("ca").by(&leaf_key.public_key(), &key);
    refused(certificates(&[&leaf, &authority]), pkcs8(&leaf_key), words);
}

#[test]
fn one_file_without_the_other() {
    let (chain, key) = good_pair();
    for (name, text, missing) in [
        ("localhost.crt", chain, "localhost.key: is missing"),
        ("localhost.key", key, "localhost.crt: is missing"),
    ] {
        let folder = Folder::new();
        fs::write(folder.from().join(name), text).unwrap();
        refused_in(&folder, &[missing, name, "put both"]);
    }
}

#[test]
fn what_is_no_certificate() {
    let (chain, key) = good_pair();
    let cut = &chain[..chain.len() / 2];
    let flipped = chain.replacen("MI", "NI", 1);
    for (text, words) in [
        ("", ["localhost.crt", "is empty"]),
        ("hello", ["localhost.crt", "has no certificate"]),
        (&key, ["localhost.crt", "has no certificate"]),
        ("\x30\u{3}abc", ["localhost.crt", "binary (DER"]),
        (cut, ["localhost.crt", "ends inside its block"]),
        (&flipped, ["localhost.crt", "certificate 1 cannot be read"]),
        (
            &chain.replacen("MI", "M?", 1),
            ["localhost.crt", "broken base64"],
        ),
        (&chain.repeat(11), ["localhost.crt", "more than 10"]),
    ] {
        refused(text, &key, &words);
    }
}

/// The bytes of one unit of a wide encoding.
type Unit = fn(u16) -> Vec<u8>;

#[test]
fn what_it_is_instead_of_text() {
    let (chain, key) = good_pair();
    let wide = |text: &str, unit: Unit| -> Vec<u8> { text.encode_utf16().flat_map(unit).collect() };
    let forms: [(Unit, &[u8]); 3] = [
        (|unit| unit.to_le_bytes().to_vec(), b"\xff\xfe"),
        (|unit| unit.to_be_bytes().to_vec(), b"\xfe\xff"),
        (
            |unit| u32::from(unit).to_be_bytes().to_vec(),
            b"\0\0\xfe\xff",
        ),
    ];
    for (unit, mark) in forms {
        for mark in [&b""[..], mark] {
            let words = ["UTF-16", "allowed is UTF-8 or ASCII"];
            let text = [mark, &wide(&chain, unit)].concat();
            refused(text, &key, &["localhost.crt", words[0], words[1]]);
            let text = [mark, &wide(&key, unit)].concat();
            refused(&chain, text, &["localhost.key", words[0], words[1]]);
        }
    }
    let old_mac = |text: &str| text.replace('\n', "\r");
    let words = ["a lone CR", "allowed are LF and CR LF"];
    refused(
        old_mac(&chain),
        &key,
        &["localhost.crt", words[0], words[1]],
    );
    refused(
        &chain,
        old_mac(&key),
        &["localhost.key", words[0], words[1]],
    );
}

#[test]
fn lines_that_are_missing() {
    let (chain, key) = good_pair();
    let [leaf_key, root_key] = [p256_key(), p256_key()];
    let root = Spec::authority("root", "root").by(&root_key.public_key(), &root_key);
    let leaf = Spec::leaf("root").by(&leaf_key.public_key(), &root_key);
    let [leaf, root] = [leaf, root].map(|der| certificates(&[&der]));
    let glued = leaf.trim_end().to_owned() + &root;
    assert!(glued.contains("-----END CERTIFICATE----------BEGIN CERTIFICATE-----"));
    let missing = "a line end is missing between them";
    refused(
        &glued,
        pkcs8(&leaf_key),
        &["localhost.crt", missing, "(line "],
    );
    let with_key = chain.trim_end().to_owned() + &key;
    refused(&with_key, &key, &["localhost.crt", missing]);
    let with_key = key.trim_end().to_owned() + &chain;
    refused(&chain, &with_key, &["localhost.key", missing]);

    let line = |number: usize| -> String {
        let lines: Vec<_> = chain.lines().collect();
        [&lines[..number], &lines[number + 1..]].concat().join("\n")
    };
    let last = chain.lines().count() - 1;
    for (text, words) in [
        (
            line(0),
            [
                "without its BEGIN",
                "the line -----BEGIN CERTIFICATE----- is missing",
            ],
        ),
        (
            line(last),
            [
                "ends inside",
                "the line -----END CERTIFICATE----- is missing",
            ],
        ),
        (
            chain.lines().take(last).skip(1).collect(),
            [
                "looks like base64",
                "-----BEGIN LABEL----- and -----END LABEL----- are missing",
            ],
        ),
        (
            chain.replace('\n', ""),
            ["in one line", "line ends are missing"],
        ),
        (
            chain.replace('\n', r"\n"),
            ["in one line", r"\n stands where they were"],
        ),
    ] {
        refused(&text, &key, &["localhost.crt", words[0], words[1]]);
    }
}

#[test]
fn what_stands_there_instead() {
    let (chain, key) = good_pair();
    for (label, words) in [
        ("CERTIFICATE REQUEST", "a CA makes a certificate of"),
        ("PKCS7", "openssl pkcs7 -print_certs"),
        ("X509 CRL", "for clients"),
        ("PRIVATE KEY", "read from localhost.key"),
        ("certificate", "in capitals"),
    ] {
        let named = format!("but a block {label} (line 1)");
        refused(
            pem(label, &[0, 1]),
            &key,
            &["has no certificate", &named, words],
        );
    }
    for (label, words) in [
        ("OPENSSH PRIVATE KEY", "ssh-keygen -p -N '' -m PKCS8"),
        ("PUBLIC KEY", "the private one is wanted"),
        ("EC PARAMETERS", "does not name the curve"),
        ("CERTIFICATE", "read from localhost.crt"),
    ] {
        let named = format!("but a block {label} (line 1)");
        refused(
            &chain,
            pem(label, &[0, 1]),
            &["has no private key", &named, words],
        );
    }
}

#[test]
fn headers_and_bytes_that_do_not_belong() {
    let key = p256_key();
    let leaf = Spec::leaf("leaf").by(&key.public_key(), &key);
    let (chain, key) = (certificates(&[&leaf]), pkcs8(&key));
    let with_header = |text: &str| text.replacen("-----\n", "-----\nName: value\n\n", 1);
    refused(
        with_header(&chain),
        &key,
        &["localhost.crt", "a header in its block CERTIFICATE"],
    );
    refused(
        &chain,
        with_header(&key),
        &["localhost.key", "a header in its block PRIVATE KEY"],
    );
    let in_the_middle = |text: &str| {
        let lines: Vec<_> = text.lines().collect();
        [&lines[..2], &[""], &lines[2..]].concat().join("\n")
    };
    let words = ["an empty line in its block", "(line 3)"];
    refused(
        in_the_middle(&chain),
        &key,
        &["localhost.crt", words[0], words[1]],
    );
    refused(
        &chain,
        in_the_middle(&key),
        &["localhost.key", words[0], words[1]],
    );
    let long = pem("CERTIFICATE", &[&leaf, &[1, 2, 3][..]].concat());
    refused(long, &key, &["certificate 1 has 3 bytes after its end"]);
    let short = pem("CERTIFICATE", &leaf[..100]);
    refused(short, &key, &["certificate 1", "cut off", "100 bytes of"]);
}

#[test]
fn elliptic_keys_that_openssl_cannot_use() {
    let [key, other] = [p256_key(), p256_key()];
    let chain = certificates(&[&Spec::leaf("leaf").by(&key.public_key(), &key)]);
    let sec1 = key.to_sec1_der().unwrap();
    // The public key is the last part of it.
    let mixed = [
        &sec1[..sec1.len() - 65],
        &other.to_sec1_der().unwrap()[sec1.len() - 65..],
    ]
    .concat();
    refused(
        &chain,
        pem("EC PRIVATE KEY", &mixed),
        &["localhost.key", "the public key of another beside it"],
    );
    let nameless = [&b"\x30\x25\x02\x01\x01\x04\x20"[..], &key.to_bytes()].concat();
    refused(
        &chain,
        pem("EC PRIVATE KEY", &nameless),
        &[
            "localhost.key",
            "does not name its elliptic curve",
            "-param_enc named_curve",
        ],
    );
}

#[test]
fn what_is_no_usable_key() {
    let (chain, key) = good_pair();
    let encrypted = pem("ENCRYPTED PRIVATE KEY", &[0, 1, 2]);
    let old_header = "RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n";
    let old_encrypted =
        pem("RSA PRIVATE KEY", &[0, 1, 2]).replacen("RSA PRIVATE KEY-----\n", old_header, 1);
    // PKCS#8 of an Ed25519 key (RFC 8410, section 10.3, with other bytes in the key).
    let ed25519 = [
        &b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"[..],
        &[7; 32],
    ]
    .concat();
    let dsa = pem("DSA PRIVATE KEY", &[0, 1, 2]);
    let sec1 = pem("EC PRIVATE KEY", &p256_key().to_sec1_der().unwrap());
    let relabelled = key.replace("PRIVATE", "EC PRIVATE");
    for (text, words) in [
        ("", ["localhost.key", "is empty"]),
        ("\x30\u{3}abc", ["localhost.key", "binary (DER"]),
        (&chain, ["localhost.key", "has no private key"]),
        (
            &key.repeat(2),
            ["localhost.key", "more than one private key"],
        ),
        (&encrypted, ["localhost.key", "is encrypted"]),
        (&old_encrypted, ["localhost.key", "is encrypted"]),
        (
            &pem("PRIVATE KEY", &ed25519),
            ["localhost.key", "kind Ed25519; allowed are RSA"],
        ),
        (&dsa, ["localhost.key", "DSA PRIVATE KEY; allowed are RSA"]),
        (&relabelled, ["localhost.key", "cannot be read"]),
        (&sec1, ["localhost.crt", "is not the one in"]),
    ] {
        refused(&chain, text, &words);
    }
}

#[test]
fn an_rsa_key_with_numbers_of_another() {
    use rsa::pkcs1::EncodeRsaPrivateKey;
    let key = rsa_key(2048);
    let signer = rsa::pkcs1v15::SigningKey::<Sha256>::new(key.clone());
    let leaf =
        Spec::leaf("leaf").sign::<_, rsa::pkcs1v15::Signature>(&key.to_public_key(), &signer);
    let mut der = key.to_pkcs1_der().unwrap().as_bytes().to_vec();
    // Somewhere in the private exponent, which follows 2048 bits of modulus.
    der[400] ^= 1;
    let words = ["localhost.key", "do not belong together"];
    refused(certificates(&[&leaf]), pem("RSA PRIVATE KEY", &der), &words);
}

#[test]
fn dates() {
    let now = std::time::SystemTime::now();
    refused_leaf(
        |spec| spec.not_after = now - std::time::Duration::from_mins(1),
        &["localhost.crt", "expired at 2", "(UTC)"],
    );
    refused_leaf(
        |spec| spec.not_before = now + days(1),
        &["localhost.crt", "valid only from 2", "(UTC)"],
    );
    refused_authority(
        |spec| spec.not_after = now - days(1),
        &["certificate 2 (CN=ca)", "expired at"],
    );
}

#[test]
fn weak_keys_and_signatures() {
    let short = rsa_key(1024);
    let signer = rsa::pkcs1v15::SigningKey::<Sha256>::new(short.clone());
    let leaf =
        Spec::leaf("leaf").sign::<_, rsa::pkcs1v15::Signature>(&short.to_public_key(), &signer);
    refused(
        certificates(&[&leaf]),
        pkcs8(short),
        &["localhost.key", "1024 bits", "allowed are RSA with 2048"],
    );

    let key = p256_key();
    let leaf = Spec::leaf("ca").sign::<_, rsa::pkcs1v15::Signature>(&key.public_key(), &signer);
    let authority = Spec::authority("ca", "ca")
        .sign::<_, rsa::pkcs1v15::Signature>(&short.to_public_key(), &signer);
    refused(
        certificates(&[&leaf, &authority]),
        pkcs8(&key),
        &["certificate 2", "1024 bits"],
    );

    let long = rsa_key(2048);
    let old = rsa::pkcs1v15::SigningKey::<sha1::Sha1>::new(long.clone());
    let leaf = Spec::leaf("ca").sign::<_, rsa::pkcs1v15::Signature>(&key.public_key(), &old);
    refused(
        certificates(&[&leaf]),
        pkcs8(&key),
        &["SHA-1 and RSA", "allowed are"],
    );
    let old = rsa::pss::SigningKey::<sha1::Sha1>::new(long.clone());
    let leaf = Spec::leaf("ca").sign::<_, rsa::pss::Signature>(&key.public_key(), &old);
    refused(
        certificates(&[&leaf]),
        pkcs8(&key),
        &["RSA-PSS", "allowed are"],
    );
    let salted = rsa::pss::SigningKey::<Sha256>::new_with_salt_len(long.clone(), 20);
    let leaf = Spec::leaf("ca").sign::<_, rsa::pss::Signature>(&key.public_key(), &salted);
    refused(
        certificates(&[&leaf]),
        pkcs8(&key),
        &["RSA-PSS", "a salt as long as the hash"],
    );
}

#[test]
fn chains_that_are_not_in_order() {
    let [leaf_key, middle_key, root_key] = [p256_key(), p256_key(), p256_key()];
    let root = Spec::authority("root", "root").by(&root_key.public_key(), &root_key);
    let middle = Spec::authority("middle", "root").by(&middle_key.public_key(), &root_key);
    let leaf = Spec::leaf("middle").by(&leaf_key.public_key(), &middle_key);
    let direct = Spec::leaf("root").by(&leaf_key.public_key(), &root_key);
    let key = pkcs8(&leaf_key);
    for (order, words) in [
        (
            [&middle, &leaf, &root],
            ["certificate 2 (CN=leaf)", "must come first"],
        ),
        (
            [&leaf, &root, &middle],
            [
                "was issued by CN=middle, but certificate 2 (CN=root) follows",
                "its issuer, which is certificate 3 here",
            ],
        ),
        (
            [&leaf, &leaf, &middle],
            ["was issued by CN=middle", "certificate 2 (CN=leaf) follows"],
        ),
        (
            [&leaf, &middle, &leaf],
            ["was issued by CN=root", "certificate 3 (CN=leaf) follows"],
        ),
        (
            [&leaf, &root, &root],
            ["was issued by CN=middle", "its issuer, which is missing"],
        ),
        (
            [&direct, &root, &middle],
            [
                "certificate 2 (CN=root) was issued by CN=root",
                "nothing follows a root",
            ],
        ),
    ] {
        let order: Vec<&[u8]> = order.iter().map(|der| der.as_slice()).collect();
        refused(certificates(&order), &key, &words);
    }
}

#[test]
fn signatures_by_another_key() {
    let [leaf_key, other_key, ca_key] = [p256_key(), p256_key(), p256_key()];
    let wrong = [
        "certificate 1 (CN=leaf)",
        "was not signed by the key of certificate 2 (CN=ca)",
    ];
    // The issuer's name is right, its key is not: of the same kind, and of another.
    let ca = Spec::authority("ca", "root").by(&ca_key.public_key(), &ca_key);
    let leaf = Spec::leaf("ca").by(&leaf_key.public_key(), &other_key);
    refused(certificates(&[&leaf, &ca]), pkcs8(&leaf_key), &wrong);
    let signer = rsa::pkcs1v15::SigningKey::<Sha256>::new(rsa_key(2048).clone());
    let leaf =
        Spec::leaf("ca").sign::<_, rsa::pkcs1v15::Signature>(&leaf_key.public_key(), &signer);
    refused(certificates(&[&leaf, &ca]), pkcs8(&leaf_key), &wrong);
}

#[test]
fn damage_to_what_was_signed_or_to_the_signature() {
    let key = rsa_key(2048);
    let public = key.to_public_key();
    let leaf = Spec::leaf("leaf");
    let pkcs1 = rsa::pkcs1v15::SigningKey::<Sha256>::new(key.clone());
    let pss = rsa::pss::SigningKey::<Sha256>::new(key.clone());
    let (small, large) = (p256_key(), p384_key());
    let ecdsa = p384::ecdsa::SigningKey::from(&large);
    let p384 = leaf.sign::<_, p384::ecdsa::DerSignature>(&large.public_key(), &ecdsa);
    for (good, key) in [
        (
            leaf.sign::<_, rsa::pkcs1v15::Signature>(&public, &pkcs1),
            pkcs8(key),
        ),
        (
            leaf.sign::<_, rsa::pss::Signature>(&public, &pss),
            pkcs8(key),
        ),
        (leaf.by(&small.public_key(), &small), pkcs8(&small)),
        (p384, pkcs8(&large)),
    ] {
        let mut signature = good.clone();
        *signature.last_mut().unwrap() ^= 1;
        let mut signed = good.clone();
        let host = b"www.example.org";
        let at = good.windows(host.len()).position(|bytes| bytes == host);
        signed[at.unwrap()] = b'x';
        for bad in [signature, signed] {
            refused(
                certificates(&[&bad]),
                &key,
                &["localhost.crt", "is damaged"],
            );
        }
    }
}

#[test]
fn certificates_that_are_for_something_else() {
    let is_ca = |spec: &mut Spec| {
        spec.authority = Some(BasicConstraints {
            ca: true,
            path_len_constraint: None,
        });
    };
    refused_leaf(is_ca, &["certificate 1 (CN=leaf)", "is a CA's", "CA:FALSE"]);
    refused_leaf(
        |spec| spec.hosts = vec![],
        &["names no host", "subjectAltName"],
    );
    refused_leaf(|spec| spec.extended = vec![CLIENT], &["serverAuth"]);
    refused_leaf(
        |spec| spec.usage = Some(KeyUsage(KeyUsages::KeyEncipherment.into())),
        &["digitalSignature"],
    );
    refused_leaf(|spec| spec.extended = vec![ANY], &["serverAuth"]);
    let netscape = extension("2.16.840.1.113730.1.1", false, b"\x03\x02\x07\x80");
    refused_leaf(
        |spec| spec.more = vec![netscape],
        &["nsCertType needs server"],
    );
    refused_authority(
        |spec| spec.extended = vec![CLIENT],
        &[
            "certificate 2 (CN=ca)",
            "may not vouch for servers",
            "serverAuth",
        ],
    );
    refused_authority(
        |spec| spec.authority = None,
        &["certificate 2 (CN=ca)", "is no CA's"],
    );
    let no_ca = |spec: &mut Spec| {
        spec.authority = Some(BasicConstraints {
            ca: false,
            path_len_constraint: None,
        });
    };
    refused_authority(no_ca, &["certificate 2 (CN=ca)", "is no CA's"]);
    refused_authority(
        |spec| spec.usage = Some(KeyUsage(KeyUsages::DigitalSignature.into())),
        &["keyCertSign"],
    );
}

#[test]
fn what_the_edge_cannot_do_for_it() {
    let must_staple = [
        &b"\x30\x03\x02\x01\x05"[..],
        b"\x30\x03\x02\x01\x11",
        b"\x30\x06\x02\x01\x17\x02\x01\x05",
    ];
    for critical in [false, true] {
        for features in must_staple {
            let staple = || vec![extension("1.3.6.1.5.5.7.1.24", critical, features)];
            let words = [
                "obliges the server",
                "OCSP",
                "allowed is one without the extension tlsfeature",
            ];
            refused_leaf(
                |spec| spec.more = staple(),
                &["certificate 1 (CN=leaf)", words[0], words[1], words[2]],
            );
            refused_authority(
                |spec| spec.more = staple(),
                &["certificate 2 (CN=ca)", words[0], words[1]],
            );
        }
    }
    let broken = || vec![extension("1.3.6.1.5.5.7.1.24", false, b"\x05\x00")];
    refused_leaf(
        |spec| spec.more = broken(),
        &["1.3.6.1.5.5.7.1.24 that cannot be read"],
    );
}

#[test]
fn extensions_that_clients_must_refuse() {
    let unknown = || vec![extension("1.2.3.4", true, b"\x05\x00")];
    let words = [
        "the critical extension 1.2.3.4",
        "allowed is one without it",
    ];
    refused_leaf(
        |spec| spec.more = unknown(),
        &["certificate 1 (CN=leaf)", words[0], words[1]],
    );
    refused_authority(
        |spec| spec.more = unknown(),
        &["certificate 2 (CN=ca)", words[0], words[1]],
    );
    let poison = vec![extension("1.3.6.1.4.1.11129.2.4.3", true, b"\x05\x00")];
    refused_leaf(
        |spec| spec.more = poison,
        &["is a precertificate", "RFC 6962"],
    );
    let twice = vec![extension("1.2.3.4", false, b"\x05\x00"); 2];
    refused_leaf(|spec| spec.more = twice, &["the extension 1.2.3.4 twice"]);
}

#[test]
fn hosts_that_an_authority_may_not_vouch_for() {
    for constraints in [
        // Permitted is example.net alone; excluded is example.org.
        &b"\x30\x11\xa0\x0f\x30\x0d\x82\x0bexample.net"[..],
        b"\x30\x11\xa1\x0f\x30\x0d\x82\x0bexample.org",
    ] {
        let only = vec![extension("2.5.29.30", true, constraints)];
        refused_authority(
            |spec| spec.more = only,
            &[
                "certificate 2 (CN=ca)",
                "may not vouch for www.example.org",
                "nameConstraints",
            ],
        );
    }
}

#[test]
fn names_that_no_client_matches() {
    for host in ["192.0.2.300", "example.org:443", "a b", "*"] {
        refused_leaf(
            |spec| spec.hosts = vec![host],
            &["names no host that clients match", host, "subjectAltName"],
        );
    }
    let address = extension("2.5.29.17", false, b"\x30\x0b\x82\x09192.0.2.7");
    refused_leaf(
        |spec| {
            spec.hosts = vec![];
            spec.more = vec![address];
        },
        &[
            "names no host that clients match",
            "the DNS name 192.0.2.7",
            "belongs into an IP entry",
        ],
    );
}

#[test]
fn names_in_another_encoding_than_they_say() {
    let key = p256_key();
    let leaf = Spec::leaf("leaf").by(&key.public_key(), &key);
    let at = leaf.windows(4).position(|bytes| bytes == b"leaf").unwrap();
    for (offset, byte) in [(1, 0xe9), (-2, 0x17)] {
        let mut bad = leaf.clone();
        bad[at.checked_add_signed(offset).unwrap()] = byte;
        refused(
            certificates(&[&bad]),
            pkcs8(&key),
            &["certificate 1 has a name", "not of the kind that it says"],
        );
    }
}

#[test]
fn a_chain_longer_than_its_authority_allows() {
    let [leaf_key, middle_key, root_key] = [p256_key(), p256_key(), p256_key()];
    let short = |spec: &mut Spec| {
        spec.authority = Some(BasicConstraints {
            ca: true,
            path_len_constraint: Some(0),
        });
    };
    let root = Spec::authority("root", "root")
        .with(short)
        .by(&root_key.public_key(), &root_key);
    let middle = Spec::authority("middle", "root")
        .with(short)
        .by(&middle_key.public_key(), &root_key);
    let leaf = Spec::leaf("middle").by(&leaf_key.public_key(), &middle_key);
    let words = ["certificate 3 (CN=root)", "pathLenConstraint"];
    refused(
        certificates(&[&leaf, &middle, &root]),
        pkcs8(&leaf_key),
        &words,
    );
}

#[test]
fn what_is_no_file() {
    let (chain, key) = good_pair();
    let refused_entry = |make: &dyn Fn(&std::path::Path), words: &[&str]| {
        for name in ["localhost.crt", "localhost.key"] {
            let folder = Folder::new();
            folder.supply(&chain, &key);
            let path = folder.from().join(name);
            fs::remove_file(&path).unwrap();
            make(&path);
            refused_in(&folder, &[words, &[name]].concat());
        }
    };
    refused_entry(&|path| fs::create_dir(path).unwrap(), &["is not a file"]);
    refused_entry(
        &|path| drop(UnixListener::bind(path).unwrap()),
        &["is not a file"],
    );
    // Nobody ever writes to it, so that opening it would not come back.
    refused_entry(
        &|path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
        &["is not a file"],
    );
    refused_entry(
        &|path| symlink(path.file_name().unwrap(), path).unwrap(),
        &["symbolic link"],
    );
    // As in the `live` folder of an ACME client, whose archive is not mounted.
    let dangling = "../../archive/x/fullchain1.pem";
    refused_entry(
        &|path| symlink(dangling, path).unwrap(),
        &["symbolic link that leads nowhere", "copy"],
    );
    refused_entry(
        &|path| symlink("/dev/zero", path).unwrap(),
        &["is not a file"],
    );
    let large = vec![b'\n'; (1 << 20) + 1];
    refused_entry(
        &|path| fs::write(path, &large).unwrap(),
        &["larger than 1048576"],
    );
}

#[test]
fn a_link_that_leads_to_a_file_is_followed() {
    let (chain, key) = good_pair();
    let folder = Folder::new();
    fs::write(folder.from().join("fullchain.pem"), chain).unwrap();
    fs::write(folder.from().join("privkey.pem"), key).unwrap();
    symlink("fullchain.pem", folder.from().join("localhost.crt")).unwrap();
    symlink("privkey.pem", folder.from().join("localhost.key")).unwrap();
    folder.check().unwrap();
}

#[test]
fn text_in_a_certificate_cannot_forge_lines() {
    let key = p256_key();
    let spec = Spec::leaf("leaf").with(|spec| {
        spec.subject = "CN=a\\0akeypair: good".to_owned();
        spec.hosts = vec![];
    });
    refused(
        certificates(&[&spec.by(&key.public_key(), &key)]),
        pkcs8(&key),
        &["names no host"],
    );
}

#[test]
fn a_folder_that_is_not_there() {
    let folder = Folder::new();
    fs::remove_dir(folder.from()).unwrap();
    refused_in(&folder, &["from: is not a folder"]);
}
