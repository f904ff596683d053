//! The pair that a user puts into nginx/tls: served when it is good, refused when it is not.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use crate::{
    client::{handshake, openssl},
    program,
    stack::Stack,
    tls,
};

/// A stack that takes the pair from a folder of its own instead of nginx/tls.
fn stack_with_folder() -> Stack {
    let stack = Stack::prepare("");
    let from = stack.folder("pair").display().to_string();
    stack.override_with(&format!(
        "services: {{tls: {{volumes: ['{from}:/from:ro,z']}}}}"
    ));
    stack
}

/// Makes a self-signed pair for localhost; `args` say of what kind.
fn make_pair(folder: &Path, name: &str, args: &[&str]) {
    let path = |suffix: &str| {
        folder
            .join(format!("{name}.{suffix}"))
            .display()
            .to_string()
    };
    let (certificate, key) = (path("crt"), path("key"));
    let mut all = vec!["req", "-x509", "-nodes", "-subj", "/CN=localhost"];
    all.extend(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]);
    all.extend(["-addext", "basicConstraints=critical,CA:FALSE"]);
    all.extend(["-keyout", &key, "-out", &certificate]);
    all.extend(args);
    openssl(&all);
}

const P_256: [&str; 4] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];

pub fn a_pair_of_ones_own_is_served() {
    let stack = stack_with_folder();
    let folder = stack.folder("pair");
    make_pair(&folder, "localhost", &["-newkey", "rsa:2048"]);
    // As strict as a careful user leaves it.
    let key = folder.join("localhost.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o400)).expect("the mode is set");
    let output = stack.start();
    assert!(output.success, "the stack did not start: {}", output.text());

    fs::copy(folder.join("localhost.crt"), stack.ca()).expect("the certificate is copied");
    assert_eq!(stack.curl(&[&stack.https("/")]).status, 200);
    for cipher in tls::RSA {
        tls::assert_cipher(stack.https_port(), &["-tls1_2", "-cipher", cipher], cipher);
    }
    let cbc = ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA:@SECLEVEL=0"];
    assert!(!handshake(stack.https_port(), &cbc).success, "CBC accepted");

    // nginx's user reads the key, and nobody else.
    let copy = format!("{}:/etc/nginx/tls/tls.key", stack.container("nginx"));
    let list = format!("docker cp {copy} - | tar --list --verbose --numeric-owner");
    let entry = program::output_of(Command::new("sh").args(["-c", &list]), program::QUICK);
    assert!(entry.starts_with("-r-------- 10002/10002 "), "{entry}");
}

pub fn a_bad_pair_stops_the_stack_with_a_sentence() {
    let stack = stack_with_folder();
    let folder = stack.folder("pair");
    let file = |name: &str| folder.join(name);
    let move_to = |from: &str, to: &str| fs::rename(file(from), file(to)).expect("it is moved");

    let mismatch = || {
        make_pair(&folder, "localhost", &P_256);
        make_pair(&folder, "other", &P_256);
        move_to("other.key", "localhost.key");
    };
    let expired = || {
        let mut args = P_256.to_vec();
        args.extend(["-not_before", "20200101000000Z"]);
        args.extend(["-not_after", "20200201000000Z"]);
        make_pair(&folder, "localhost", &args);
    };
    let weak = || make_pair(&folder, "localhost", &["-newkey", "rsa:1024"]);
    let key_missing = || {
        make_pair(&folder, "localhost", &P_256);
        fs::remove_file(file("localhost.key")).expect("the key is removed");
    };
    let unreadable = || {
        make_pair(&folder, "localhost", &P_256);
        fs::write(file("localhost.crt"), "no PEM").expect("the certificate is replaced");
    };
    let cases: [(&str, &dyn Fn(), &str); 5] = [
        ("mismatch", &mismatch, "localhost.key"),
        ("expired", &expired, "expired"),
        ("weak", &weak, "1024"),
        ("key missing", &key_missing, "localhost.key"),
        ("unreadable", &unreadable, "localhost.crt"),
    ];
    for (name, make, reason) in cases {
        make();
        stack.composed(&["rm", "--force", "tls"]);
        let output = stack.compose(&["up", "--detach"]);
        assert!(!output.success, "{name}: the stack started");

        let sentence = stack.composed(&["logs", "--no-color", "--no-log-prefix", "tls"]);
        assert_eq!(sentence.lines().count(), 1, "{name}: {sentence}");
        assert!(sentence.contains(reason), "{name}: {sentence}");
        assert_eq!(stack.inspect("tls")["State"]["ExitCode"], 1, "{name}");
        assert_eq!(
            stack.inspect("nginx")["State"]["Status"],
            "created",
            "{name}"
        );
        for entry in fs::read_dir(&folder).expect("the folder is read") {
            fs::remove_file(entry.expect("an entry").path()).expect("it is removed");
        }
    }
}
