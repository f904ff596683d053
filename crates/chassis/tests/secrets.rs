//! A secret comes from a file, and nothing that the program says has it.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs, process};

use rustix::process::{Signal, geteuid};
use support::{App, command, run};

const KEY: &str = "open-sesame";

/// A folder of the test of this name, with a file `key` in it.
fn folder(test: &str) -> PathBuf {
    let folder = env::temp_dir().join(format!("secrets-{}-{test}", process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("key"), format!("{KEY}\n")).unwrap();
    folder
}

/// The program's end with these variables: the code, and all that it has said.
fn said(vars: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, String) {
    let output = run(command(vars).args(arguments));
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

fn knock(app: &App, key: &str) -> u16 {
    let fields = format!("Authorization: Bearer {key}\r\n");
    app.get("/inside", &fields).status
}

#[test]
fn whoever_has_the_key_comes_in_wherever_the_key_is() {
    let folder = folder("places");
    let file = folder.join("key");
    // As Kubernetes mounts one, and as systemd has it.
    fs::create_dir(folder.join("..2026")).unwrap();
    fs::copy(&file, folder.join("..2026/APP_KEY")).unwrap();
    symlink("..2026", folder.join("..data")).unwrap();
    symlink("..data/APP_KEY", folder.join("APP_KEY")).unwrap();
    for vars in [
        [("APP_KEY", KEY)],
        [("APP_KEY_FILE", file.to_str().unwrap())],
        [("APP_KEY_FILE", folder.join("APP_KEY").to_str().unwrap())],
        [("CREDENTIALS_DIRECTORY", folder.to_str().unwrap())],
    ] {
        let app = App::start(&vars);
        assert_eq!(knock(&app, KEY), 200, "{vars:?}");
        assert_eq!(knock(&app, "open-barley"), 403, "{vars:?}");
    }
    // The working directory is no place, although an empty path is that.
    let vars = [("CREDENTIALS_DIRECTORY", "")];
    let closed = App::start_as(command(&vars).current_dir(&folder));
    for key in ["", KEY] {
        assert_eq!(knock(&closed, key), 403, "{key}");
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn nothing_that_is_said_has_the_key() {
    let folder = folder("hidden");
    let file = folder.join("key");
    let file = file.to_str().unwrap();
    for (vars, arguments, code, shown) in [
        (
            &[("APP_KEY", KEY)][..],
            &["--check-config"][..],
            0,
            "APP_KEY=(secret)\n",
        ),
        (
            &[("APP_KEY_FILE", file)],
            &["--check-config"],
            0,
            "APP_KEY=(secret)\n",
        ),
        (&[], &["--check-config"], 0, "APP_KEY=\n"),
        (&[("APP_KEY", KEY)], &["--help"], 0, "APP_KEY_FILE"),
        (
            &[("APP_KEY", KEY), ("APP_KEY_FILE", file)],
            &[],
            78,
            "both say what it is: leave one of them out\n",
        ),
        (&[("APP_KEYS", KEY)], &[], 78, "did you mean APP_KEY?\n"),
    ] {
        let (ended, said) = said(vars, arguments);
        assert_eq!(ended, Some(code), "{vars:?}: {said}");
        assert!(
            said.contains(shown) && !said.contains(KEY),
            "{vars:?}: {said}"
        );
    }
    let app = App::start(&[("APP_KEY_FILE", file), ("RUST_LOG", "trace")]);
    assert_eq!(knock(&app, KEY), 200);
    app.signal(Signal::TERM);
    let (code, lines) = app.end();
    assert_eq!(code, Some(0));
    assert!(
        lines.iter().any(|line| line.contains("/inside")),
        "{lines:#?}"
    );
    assert!(lines.iter().all(|line| !line.contains(KEY)), "{lines:#?}");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_that_is_of_no_use_is_refused_at_once() {
    let folder = folder("bad");
    let place = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    fs::write(place("large"), KEY.repeat(6000)).unwrap();
    fs::write(place("bytes"), b"open-sesame\xff\n").unwrap();
    fs::write(place("nul"), "open-sesame\0\n").unwrap();
    fs::write(place("empty"), "\n").unwrap();
    symlink("nowhere", folder.join("dangling")).unwrap();
    let pipe = Command::new("mkfifo").arg(place("pipe")).status().unwrap();
    assert!(pipe.success());
    let mut bad = vec![
        (
            "missing",
            "No such file or directory (os error 2)".to_owned(),
        ),
        (
            "dangling",
            "No such file or directory (os error 2)".to_owned(),
        ),
        (".", "it is not a regular file".to_owned()),
        ("pipe", "it is not a regular file".to_owned()),
        ("large", "it has more than 65536 bytes".to_owned()),
        ("bytes", "it is not text in UTF-8".to_owned()),
        ("nul", "it has a NUL byte".to_owned()),
        ("empty", "it is empty".to_owned()),
    ];
    // Nothing keeps root from reading.
    if !geteuid().is_root() {
        fs::set_permissions(place("key"), fs::Permissions::from_mode(0o000)).unwrap();
        let user = geteuid().as_raw();
        let why = format!("Permission denied (os error 13); user {user} has to be able to read it");
        bad.push(("key", why));
    }
    for (name, why) in bad {
        let path = place(name);
        let (code, said) = said(&[("APP_KEY_FILE", &path)], &[]);
        assert_eq!(code, Some(78), "{name}: {said}");
        assert_eq!(
            said,
            format!("hello: APP_KEY_FILE={path:?} cannot be used: {why}\n")
        );
    }
    // The same of a credential.
    symlink("pipe", folder.join("APP_KEY")).unwrap();
    let (code, said) = said(
        &[("CREDENTIALS_DIRECTORY", &place(""))],
        &["--check-config"],
    );
    assert_eq!(code, Some(78), "{said}");
    let path = place("APP_KEY");
    let expected =
        format!("hello: the credential {path:?} cannot be used: it is not a regular file\n");
    assert_eq!(said, expected);
    fs::remove_dir_all(folder).unwrap();
}
