//! Whatever the files hold, the verdict is a matter of seconds, and its sentence has a bound.

mod support;

use std::{
    process::Command,
    time::{Duration, Instant},
};

use pkcs1::{RsaPrivateKey, UintRef};
use pkcs8::{Document, EncodePublicKey, der::Encode};
use rsa::pkcs1::EncodeRsaPrivateKey;
use sha2::Sha256;
use support::*;
use x509_cert::der::Decode;

/// Milliseconds are needed. The limit is far above what a busy machine makes of them, and far
/// below the minutes of a number without a bound.
const LIMIT: Duration = Duration::from_secs(20);

fn refused(chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>, words: &str) {
    let folder = Folder::new();
    folder.supply(chain, key);
    let start = Instant::now();
    let sentence = folder.check().unwrap_err().to_string();
    assert!(start.elapsed() < LIMIT, "{sentence}");
    assert!(sentence.contains(words), "{words:?} is not in: {sentence}");
    assert!(!sentence.contains(char::is_control), "{sentence}");
    assert!(sentence.chars().count() <= 1001, "{sentence}");
}

/// A number of that many bytes, with a one in the first and the last bit.
fn number(bytes: usize) -> Vec<u8> {
    let mut number = vec![0x55; bytes];
    number[0] = 0x80;
    number
}

/// A private key, and what puts another number into it.
type Key<'a> = RsaPrivateKey<UintRef<'a>>;
type Change = for<'a> fn(&mut Key<'a>, UintRef<'a>);

#[test]
fn numbers_of_an_rsa_key() {
    let key = rsa_key(2048);
    let signer = rsa::pkcs1v15::SigningKey::<Sha256>::new(key.clone());
    let leaf =
        Spec::leaf("leaf").sign::<_, rsa::pkcs1v15::Signature>(&key.to_public_key(), &signer);
    let chain = certificates(&[&leaf]);
    let der = key.to_pkcs1_der().unwrap();
    let private = "a private number of";
    let changes: [(Change, &str); 8] = [
        (
            |key, number| key.modulus = number,
            "5600000 bits; allowed are RSA",
        ),
        (
            |key, number| key.public_exponent = number,
            "a public exponent of 5600000 bits",
        ),
        (|key, number| key.private_exponent = number, private),
        (|key, number| key.prime1 = number, private),
        (|key, number| key.prime2 = number, private),
        (|key, number| key.exponent1 = number, private),
        (|key, number| key.exponent2 = number, private),
        (|key, number| key.coefficient = number, private),
    ];
    let large = number(700_000);
    for (change, words) in changes {
        let mut key = Key::from_der(der.as_bytes()).unwrap();
        change(&mut key, UintRef::new(&large).unwrap());
        refused(
            &chain,
            pem("RSA PRIVATE KEY", &key.to_der().unwrap()),
            words,
        );
    }
    // As large as the modulus is what may be; below that they are only wrong.
    let large = number(256);
    for (change, _) in &changes[2..] {
        let mut key = Key::from_der(der.as_bytes()).unwrap();
        change(&mut key, UintRef::new(&large).unwrap());
        let text = pem("RSA PRIVATE KEY", &key.to_der().unwrap());
        refused(&chain, text, "do not belong together");
    }
    for (exponent, words) in [
        (
            &[1, 0, 0, 0, 0, 0, 0, 0, 1][..],
            "a public exponent of 65 bits",
        ),
        (&[4], "impossible numbers"),
        (&[1], "impossible numbers"),
        (&[0], "impossible numbers"),
    ] {
        let mut key = Key::from_der(der.as_bytes()).unwrap();
        key.public_exponent = UintRef::new(exponent).unwrap();
        refused(
            &chain,
            pem("RSA PRIVATE KEY", &key.to_der().unwrap()),
            words,
        );
    }
}

/// A public key of any numbers.
struct Numbers(Vec<u8>, Vec<u8>);

impl EncodePublicKey for Numbers {
    fn to_public_key_der(&self) -> x509_cert::spki::Result<Document> {
        let key = pkcs1::RsaPublicKey {
            modulus: UintRef::new(&self.0)?,
            public_exponent: UintRef::new(&self.1)?,
        };
        let key = key.to_der()?;
        let algorithm = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
        let bits = element(0x03, &[&[0], &key[..]].concat());
        Document::try_from(element(0x30, &[&algorithm[..], &bits].concat())).map_err(Into::into)
    }
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().position(|byte| *byte != 0).unwrap_or(7)..];
    let head = match content.len() {
        0..0x80 => vec![tag],
        _ => vec![tag, 0x80 | u8::try_from(length.len()).unwrap()],
    };
    [&head, length, content].concat()
}

#[test]
fn numbers_of_an_rsa_key_in_a_certificate() {
    let signer = p256_key();
    let key = pkcs8(&signer);
    let leaf = |modulus, exponent| {
        let leaf = Spec::leaf("ca").by(&Numbers(number(modulus), number(exponent)), &signer);
        certificates(&[&leaf])
    };
    refused(
        leaf(256, 90_000),
        &key,
        "certificate 1 has an RSA key with a public exponent of",
    );
    refused(
        leaf(90_000, 3),
        &key,
        "certificate 1 has an RSA key with 720000 bits",
    );
    refused(leaf(256, 700_000), &key, "allowed are 102400");
}

#[test]
fn sizes_and_counts_of_what_is_in_a_certificate() {
    let key = p256_key();
    let leaf = |change: &dyn Fn(&mut Spec)| {
        let leaf = Spec::leaf("ca").with(change).by(&key.public_key(), &key);
        certificates(&[&leaf])
    };
    let long = leaf(&|spec| spec.subject = format!("CN={}", "a".repeat(90_000)));
    let folder = Folder::new();
    folder.supply(long, pkcs8(&key));
    folder.check().unwrap();
    let names = leaf(&|spec| spec.hosts = vec!["www.example.org"; 5000]);
    folder.supply(names, pkcs8(&key));
    let report = folder.check().unwrap();
    assert!(
        report.lines[0].contains("www.example.org, 4990 more, P-256"),
        "{report:?}"
    );
    let extensions = leaf(&|spec| {
        let number = |number: u32| extension(&format!("1.2.3.{number}"), false, b"\x05\x00");
        spec.more = (0..5000).map(number).collect();
    });
    folder.supply(extensions, pkcs8(&key));
    folder.check().unwrap();
    let too_long = leaf(&|spec| spec.hosts = vec!["www.example.org"; 7000]);
    refused(too_long, pkcs8(&key), "allowed are 102400");
}

#[test]
fn depth_and_lengths() {
    let (chain, key) = good_pair();
    let mut deep = Vec::new();
    while deep.len() < 90_000 {
        deep = element(0x30, &deep);
    }
    refused(pem("CERTIFICATE", &deep), &key, "cannot be read");
    refused(&chain, pem("PRIVATE KEY", &deep), "cannot be read");
    for length in [
        &b"\x80"[..],
        b"\x84\xff\xff\xff\xff",
        b"\x88\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x82\x01",
        b"\x82\x00\x01",
    ] {
        let der = [b"\x30", length, b"\0\0\0"].concat();
        refused(pem("CERTIFICATE", &der), &key, "cannot be read");
        refused(&chain, pem("PRIVATE KEY", &der), "cannot be read");
    }
}

#[test]
fn texts_as_large_as_may_be() {
    let (chain, key) = good_pair();
    let block = "-----BEGIN A-----\nAAEC\n-----END A-----\n";
    for (part, words) in [
        ("-", "has no certificate"),
        ("\n", "has no certificate"),
        ("-----BEGIN ", "no line end after"),
        ("-----BEGIN A-----\n", "without its END"),
        ("-----END A-----\n", "without its BEGIN"),
        ("-----", "has no certificate"),
        (block, "but a block A"),
        (
            "-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n",
            "more than 10",
        ),
        ("----BEGIN", "almost the first"),
        ("#", "has no certificate"),
        ("\0", "a NUL at byte 0"),
    ] {
        let text = part.repeat((1 << 20) / part.len());
        refused(&text, &key, words);
    }
    let half = block.repeat((1 << 19) / block.len());
    let folder = Folder::new();
    folder.supply(half.clone() + &chain, half + &key);
    let start = Instant::now();
    folder.check().unwrap();
    assert!(start.elapsed() < LIMIT);
}

/// compose.yaml gives the service that runs it 32 MiB.
#[test]
fn the_memory_that_it_may_have() {
    let (chain, key) = good_pair();
    let lines = "-----BEGIN A-----\n".to_owned() + &"\n".repeat((1 << 20) - 18);
    let block = "-----BEGIN -----\nAAAA\n-----END -----\n";
    let blocks = block.repeat((1 << 20) / block.len() - 100);
    for (large, code) in [(lines, 1), (blocks.clone() + &key, 1), (blocks + &chain, 0)] {
        let folder = Folder::new();
        folder.supply(&large, if code == 0 { &key } else { &large });
        let command = "ulimit -v 32768; exec \"$0\" --check --from from";
        let output = Command::new("/bin/sh")
            .args(["-c", command, env!("CARGO_BIN_EXE_keypair")])
            .current_dir(&folder)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
    }
}
