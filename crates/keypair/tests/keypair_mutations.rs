//! Files with damage of every kind: a sentence, or a pair that holds by itself.

mod support;

use support::*;

/// As many files of each kind; which, is the same at each run.
const ROUNDS: u32 = 400;

/// A linear congruential generator (Knuth's MMIX), which needs no crate and no seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn of<'a>(&mut self, choices: &'a [&[u8]]) -> &'a [u8] {
        choices[self.below(choices.len())]
    }
}

/// What editors, shells and transfers leave in files.
const PIECES: [&[u8]; 18] = [
    b"-----BEGIN CERTIFICATE-----",
    b"-----END CERTIFICATE-----",
    b"-----BEGIN ",
    b"-----",
    b"\n",
    b"\r\n",
    b"\r",
    b"\n\n",
    b" ",
    b"\t",
    b":",
    b"Proc-Type: 4,ENCRYPTED\n",
    b"=",
    b"#",
    b"\xef\xbb\xbf",
    b"\0",
    b"\x1b[2J",
    b"\xe2\x80\xae",
];

fn damaged(text: &[u8], random: &mut Random) -> Vec<u8> {
    let mut text = text.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(text.len());
        let end = (at + 1 + random.below(80)).min(text.len());
        match random.below(5) {
            0 => drop(text.splice(at..at, random.of(&PIECES).iter().copied())),
            1 => drop(text.drain(at..end)),
            2 => text[at] = u8::try_from(random.below(256)).unwrap(),
            3 => {
                let part = text[at..end].to_vec();
                let to = random.below(text.len());
                text.splice(to..to, part);
            }
            _ => text.truncate(at.max(1)),
        }
        if text.is_empty() {
            text.push(b'\n');
        }
    }
    text
}

fn changed(der: &[u8], random: &mut Random) -> Vec<u8> {
    let mut der = der.to_vec();
    for _ in 0..=random.below(2) {
        let at = random.below(der.len());
        der[at] = match random.below(3) {
            0 => der[at] ^ (1 << random.below(8)),
            1 => random.of(&[b"\0", b"\x01", b"\x7f", b"\x80", b"\xff", b"\x30", b"\x05"])[0],
            _ => u8::try_from(random.below(256)).unwrap(),
        };
    }
    der
}

/// Whatever the verdict is: it is one line with a bound, and what is handed over is good.
fn assert_holds(chain: &[u8], key: &[u8], folder: &Folder, other: &Folder) {
    folder.supply(chain, key);
    let report = match folder.hand_over() {
        Ok(report) => report,
        Err(refusal) => {
            let sentence = refusal.to_string();
            assert_line(&sentence);
            assert!(
                sentence.contains("localhost."),
                "names the file: {sentence}"
            );
            return;
        }
    };
    report
        .warnings
        .iter()
        .chain(&report.lines)
        .for_each(|line| assert_line(line));
    let (chain, key) = (folder.read("tls.crt"), folder.read("tls.key"));
    assert_eq!(
        chain.matches("-----BEGIN ").count(),
        chain.matches("-----BEGIN CERTIFICATE-----\n").count()
    );
    assert_eq!(key.matches("-----BEGIN ").count(), 1);
    assert!(key.lines().next().unwrap().ends_with("PRIVATE KEY-----"));
    other.supply(&chain, &key);
    other.hand_over().unwrap();
    assert_eq!((other.read("tls.crt"), other.read("tls.key")), (chain, key));
}

fn assert_line(line: &str) {
    assert!(line.chars().count() <= 1001, "{line}");
    let shows = |c: char| c == '\\' || c == '\'' || c == '"' || c.escape_debug().count() == 1;
    assert!(line.chars().all(shows), "{line:?}");
}

#[test]
fn damaged_text() {
    let [leaf_key, root_key] = [p256_key(), p256_key()];
    let root = Spec::authority("root", "root").by(&root_key.public_key(), &root_key);
    let leaf = Spec::leaf("root").by(&leaf_key.public_key(), &root_key);
    let chain = certificates(&[&leaf, &root]);
    let key = pkcs8(&leaf_key);
    let [folder, other] = [Folder::new(), Folder::new()];
    let mut random = Random(13);
    for _ in 0..ROUNDS {
        assert_holds(
            &damaged(chain.as_bytes(), &mut random),
            key.as_bytes(),
            &folder,
            &other,
        );
        assert_holds(
            chain.as_bytes(),
            &damaged(key.as_bytes(), &mut random),
            &folder,
            &other,
        );
    }
}

#[test]
fn changed_certificates() {
    // Nobody looks at the signature of the last one, whose issuer is not there.
    let [leaf_key, root_key] = [p256_key(), p256_key()];
    let leaf = Spec::leaf("root").by(&leaf_key.public_key(), &root_key);
    let key = pkcs8(&leaf_key);
    let [folder, other] = [Folder::new(), Folder::new()];
    let mut random = Random(26);
    for _ in 0..ROUNDS {
        let chain = pem("CERTIFICATE", &changed(&leaf, &mut random));
        assert_holds(chain.as_bytes(), key.as_bytes(), &folder, &other);
    }
}

#[test]
fn changed_keys() {
    use pkcs8::EncodePrivateKey;
    let key = p256_key();
    let leaf = Spec::leaf("leaf").by(&key.public_key(), &key);
    let chain = certificates(&[&leaf]);
    let [folder, other] = [Folder::new(), Folder::new()];
    let mut random = Random(39);
    let pkcs8 = key.to_pkcs8_der().unwrap();
    let sec1 = key.to_sec1_der().unwrap();
    for _ in 0..ROUNDS {
        for (label, der) in [("PRIVATE KEY", pkcs8.as_bytes()), ("EC PRIVATE KEY", &sec1)] {
            let key = pem(label, &changed(der, &mut random));
            assert_holds(chain.as_bytes(), key.as_bytes(), &folder, &other);
        }
    }
}
