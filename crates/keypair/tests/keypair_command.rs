//! The program itself: exit codes, and what goes to which stream.

mod support;

use std::process::{Command, Output};

use support::*;

fn keypair(folder: &Folder, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keypair"));
    // Nothing may depend on the environment: the images have none.
    command
        .env_clear()
        .current_dir(folder)
        .args(args)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn exit_0_when_the_pair_is_in_place() {
    let folder = Folder::new();
    let owner = folder.owner();
    let owner = format!("{}:{}", owner.uid, owner.gid);
    let output = keypair(
        &folder,
        &["--from", "from", "--to", "to", "--owner", &owner],
    );
    assert_eq!(
        (output.status.code(), text(&output.stderr).as_str()),
        (Some(0), "")
    );
    assert!(text(&output.stdout).starts_with("keypair: made a development pair"));
    assert_eq!(folder.handed(), ["ca.crt", "tls.crt", "tls.key"]);
    assert!(!text(&output.stdout).contains("PRIVATE"));
}

#[test]
fn the_first_line_counts_the_warnings() {
    let folder = Folder::new();
    let key = p256_key();
    let chain = certificates(&[&Spec::leaf("ca").by(&key.public_key(), &key)]);
    let crl = pem("X509 CRL", &[0]);
    let owner = folder.owner();
    let owner = format!("{}:{}", owner.uid, owner.gid);
    for (chain, warnings, verdict) in [
        (crl + &chain, 2, "handed over with 2 warnings: from/"),
        (chain, 1, "unchanged with 1 warning: from/"),
    ] {
        folder.supply(chain, pkcs8(&key));
        let output = keypair(
            &folder,
            &["--from", "from", "--to", "to", "--owner", &owner],
        );
        let verdict = format!("keypair: {verdict}");
        assert!(text(&output.stdout).starts_with(&verdict), "{output:?}");
        let stderr = text(&output.stderr);
        assert_eq!(stderr.lines().count(), warnings, "{stderr}");
        assert!(
            stderr
                .lines()
                .all(|line| line.starts_with("keypair: warning: from/")),
            "{stderr}"
        );
    }
}

#[test]
fn exit_1_with_one_line_when_the_pair_is_bad() {
    let folder = Folder::new();
    folder.supply(good_pair().0, good_pair().1);
    let output = keypair(&folder, &["--check", "--from", "from"]);
    assert_eq!(
        (output.status.code(), text(&output.stdout).as_str()),
        (Some(1), "")
    );
    let stderr = text(&output.stderr);
    assert!(
        stderr.starts_with("keypair: from/localhost.crt: "),
        "{stderr}"
    );
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn exit_2_when_called_wrongly() {
    let folder = Folder::new();
    for args in [
        &["--form", "from"][..],
        &[],
        &["--from", "from", "--to", "to", "--owner", "x"],
    ] {
        let output = keypair(&folder, args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert_eq!(text(&output.stderr).lines().count(), 1, "{args:?}");
    }
    assert_eq!(folder.handed(), [""; 0]);
}

#[test]
fn help_names_every_option() {
    let folder = Folder::new();
    let output = keypair(&folder, &["--help"]);
    assert_eq!(output.status.code(), Some(0));
    for option in [
        "--from",
        "--to",
        "--owner",
        "--check",
        "--help",
        "--version",
    ] {
        assert!(text(&output.stdout).contains(option), "{option}");
    }
    let output = keypair(&folder, &["--version"]);
    let version = format!("keypair {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(text(&output.stdout), version);
}
