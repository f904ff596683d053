//! Pairs as users make them with openssl, good ones and bad ones.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::{
    client::openssl,
    stack::{Shared, Stack},
};

/// A stack with an RSA key of 2048 bits and a chain that has an intermediate authority.
pub static OWN: Shared = Shared::new();

const RSA_2048: [&str; 2] = ["-newkey", "rsa:2048"];
pub const P_256: [&str; 4] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];

/// What Mozilla's profile allows at most.
const ONE_YEAR: [&str; 2] = ["-days", "365"];

const FOR_LOCALHOST: [&str; 4] = [
    "-addext",
    "subjectAltName=DNS:localhost,IP:127.0.0.1",
    "-addext",
    "basicConstraints=critical,CA:FALSE",
];
const FOR_AN_AUTHORITY: [&str; 4] = [
    "-addext",
    "basicConstraints=critical,CA:TRUE",
    "-addext",
    "keyUsage=critical,keyCertSign,cRLSign",
];

/// The stack of [`OWN`], which all tests share that look at a pair of one's own.
pub fn own() -> &'static Stack {
    OWN.get_or_init(|| {
        let stack = Stack::prepare("");
        let root = make_chain(&stack);
        match stack.start() {
            output if output.success => {
                // In place of the chain's last certificate, which is not the root.
                fs::copy(root, stack.ca()).expect("the root is copied");
                Ok(stack)
            }
            output => Err(output.text()),
        }
    })
    .as_ref()
    .unwrap_or_else(|why| panic!("the stack did not start: {why}"))
}

/// Makes a pair for localhost, signed by an intermediate authority of a root, and gives the
/// root's certificate, which the chain does not have.
pub fn make_chain(stack: &Stack) -> PathBuf {
    let authorities = stack.folder("authorities");
    let folder = stack.pair();
    let signed = |folder: &Path, name: &str, by: &str, purpose: &[&str], more: &[&str]| {
        let certificate = path_text(&authorities, by, "crt");
        let key = path_text(&authorities, by, "key");
        let mut args = vec!["-CA", &certificate, "-CAkey", &key];
        args.extend(RSA_2048);
        args.extend(ONE_YEAR);
        args.extend(purpose);
        args.extend(more);
        make_pair(folder, name, &args);
    };
    let mut root = RSA_2048.to_vec();
    root.extend(ONE_YEAR);
    root.extend(FOR_AN_AUTHORITY);
    make_pair(&authorities, "root", &root);
    signed(&authorities, "intermediate", "root", &FOR_AN_AUTHORITY, &[]);
    let server = [
        "-addext",
        "keyUsage=critical,digitalSignature",
        "-addext",
        "extendedKeyUsage=serverAuth",
    ];
    signed(
        &folder,
        "localhost",
        "intermediate",
        &FOR_LOCALHOST,
        &server,
    );

    let leaf = folder.join("localhost.crt");
    let mut chain = fs::read_to_string(&leaf).expect("the leaf is read");
    chain += &fs::read_to_string(authorities.join("intermediate.crt")).expect("it is read");
    fs::write(leaf, chain).expect("the chain is written");
    // As strict as a careful user leaves it.
    let key = folder.join("localhost.key");
    fs::set_permissions(key, Permissions::from_mode(0o400)).expect("the mode is set");
    authorities.join("root.crt")
}

/// Makes a key and a certificate of that common name, self-signed unless `args` say by whom.
pub fn make_pair(folder: &Path, name: &str, args: &[&str]) {
    let (certificate, key) = (
        path_text(folder, name, "crt"),
        path_text(folder, name, "key"),
    );
    let subject = format!("/CN={name}");
    let mut all = vec!["req", "-x509", "-nodes", "-subj", &subject];
    all.extend(["-keyout", &key, "-out", &certificate]);
    all.extend(args);
    openssl(&all);
}

/// Makes a self-signed pair for localhost; `args` say of what kind.
pub fn make_own_pair(folder: &Path, name: &str, args: &[&str]) {
    let mut all = FOR_LOCALHOST.to_vec();
    all.extend(args);
    make_pair(folder, name, &all);
}

fn path_text(folder: &Path, name: &str, suffix: &str) -> String {
    folder
        .join(format!("{name}.{suffix}"))
        .display()
        .to_string()
}

/// A name, how the pair is made in a folder, and what the sentence about it has to say.
type Case = (&'static str, fn(&Path), &'static str);

/// What can be wrong with a pair.
pub const BAD: [Case; 8] = [
    ("mismatch", mismatch, "localhost.key"),
    ("expired", expired, "expired"),
    ("weak", weak, "1024"),
    ("key missing", key_missing, "localhost.key"),
    ("unreadable", unreadable, "localhost.crt"),
    ("glued", glued, "a line end is missing between them"),
    ("in UTF-16", in_utf16, "UTF-16"),
    ("must staple", must_staple, "OCSP"),
];

fn mismatch(folder: &Path) {
    make_own_pair(folder, "localhost", &P_256);
    make_own_pair(folder, "other", &P_256);
    let (other, key) = (folder.join("other.key"), folder.join("localhost.key"));
    fs::rename(other, key).expect("it is moved");
}

fn expired(folder: &Path) {
    let mut args = P_256.to_vec();
    args.extend(["-not_before", "20200101000000Z"]);
    args.extend(["-not_after", "20200201000000Z"]);
    make_own_pair(folder, "localhost", &args);
}

fn weak(folder: &Path) {
    make_own_pair(folder, "localhost", &["-newkey", "rsa:1024"]);
}

fn key_missing(folder: &Path) {
    make_own_pair(folder, "localhost", &P_256);
    fs::remove_file(folder.join("localhost.key")).expect("the key is removed");
}

fn unreadable(folder: &Path) {
    make_own_pair(folder, "localhost", &P_256);
    fs::write(folder.join("localhost.crt"), "no PEM").expect("the certificate is replaced");
}

/// A chain whose first file had no line end, as editors leave it.
fn glued(folder: &Path) {
    make_own_pair(folder, "localhost", &P_256);
    let path = folder.join("localhost.crt");
    let text = fs::read_to_string(&path).expect("the certificate is read");
    fs::write(path, text.trim_end().repeat(2)).expect("the certificate is replaced");
}

/// As PowerShell writes what it redirects.
fn in_utf16(folder: &Path) {
    make_own_pair(folder, "localhost", &P_256);
    let path = folder.join("localhost.crt");
    let text = fs::read_to_string(&path).expect("the certificate is read");
    let wide = format!("\u{feff}{text}");
    let bytes: Vec<_> = wide.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(path, bytes).expect("the certificate is replaced");
}

fn must_staple(folder: &Path) {
    let mut args = P_256.to_vec();
    args.extend(["-addext", "tlsfeature=status_request"]);
    make_own_pair(folder, "localhost", &args);
}

/// Takes all files away.
pub fn clear(folder: &Path) {
    for entry in fs::read_dir(folder).expect("the folder is read") {
        fs::remove_file(entry.expect("an entry").path()).expect("it is removed");
    }
}
