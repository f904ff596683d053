//! The environment is the only configuration, and none of it is taken silently.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::net::TcpListener;
use std::os::unix::ffi::OsStringExt as _;

use chassis::Config;
use chassis::variable::{Allowed, Preset, Table as _, Variable};
use support::{command, run};

/// Runs the server with one bad variable: it must end by itself, with one line.
fn refusal(vars: &[(&str, &str)]) -> String {
    let output = run(&mut command(vars));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78), "{vars:?}: {stderr}");
    assert_eq!(output.stdout, b"", "{vars:?}");
    stderr
}

/// The program's own one that is no secret.
const APP_TIMES: Variable = Variable {
    name: "APP_TIMES",
    default: Preset::Fixed("1"),
    allowed: Allowed::Whole { min: 1, max: 10 },
    meaning: "how often the greeting is said",
    file: None,
};

/// Those of the chassis, and the program's own one. Its secret takes any text: see `secrets.rs`.
fn variables() -> Vec<&'static Variable> {
    [Config::variables(), vec![&APP_TIMES]].concat()
}

#[test]
fn every_variable_refuses_what_is_not_allowed() {
    for variable in variables() {
        let beyond = match variable.allowed {
            Allowed::Whole { max, .. } => (max + 1).to_string(),
            Allowed::Text(_) => "nonsense".to_owned(),
        };
        for value in ["", "!", &beyond] {
            let stderr = refusal(&[(variable.name, value)]);
            let expected = format!(
                "hello: {}={value:?} is not allowed: it must be {}\n",
                variable.name,
                variable.allowed.to_string().replace('`', "")
            );
            assert_eq!(stderr, expected);
        }
    }
}

#[test]
fn a_typo_is_refused_with_what_was_probably_meant() {
    let stderr = refusal(&[("APP_WORKRES", "2")]);
    assert_eq!(
        stderr,
        "hello: \"APP_WORKRES\" is not a variable of this program; did you mean APP_WORKERS?\n"
    );
}

#[test]
fn all_problems_come_at_once() {
    let bad: Vec<_> = variables()
        .iter()
        .map(|variable| (variable.name, "!"))
        .collect();
    let stderr = refusal(&bad);
    assert_eq!(stderr.lines().count(), variables().len());
    for (line, variable) in stderr.lines().zip(variables()) {
        assert!(line.contains(variable.name), "{line}");
    }
}

#[test]
fn bytes_that_are_not_unicode_are_refused() {
    let bytes = std::ffi::OsString::from_vec(vec![b'1', 0xff]);
    let output = run(command(&[]).env("APP_WORKERS", bytes));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78));
    assert!(
        stderr.starts_with("hello: APP_WORKERS=\"1\u{fffd}\" is not allowed"),
        "{stderr}"
    );
}

#[test]
fn check_config_refuses_what_the_server_refuses() {
    let output = run(command(&[("APP_WORKERS", "0")]).arg("--check-config"));
    assert_eq!(output.status.code(), Some(78));
}

#[test]
fn check_config_shows_what_would_hold() {
    let output = run(command(&[("APP_MAX_BODY_BYTES", "0")]).arg("--check-config"));
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    let shown: Vec<_> = text
        .lines()
        .map(|line| line.split_once('=').unwrap())
        .collect();
    let names: Vec<_> = shown.iter().map(|(name, _)| *name).collect();
    let mut expected: Vec<_> = variables().iter().map(|variable| variable.name).collect();
    expected.push("APP_KEY");
    assert_eq!(names, expected);
    assert!(shown.contains(&("APP_MAX_BODY_BYTES", "0")));
    assert!(shown.contains(&("APP_KEEP_ALIVE_SECONDS", "75")));

    // What it shows is what one can set.
    let again = run(command(&shown).arg("--check-config"));
    assert_eq!(String::from_utf8(again.stdout).unwrap(), text);
}

#[test]
fn an_address_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&mut command(&[("APP_BIND", &address)]));
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    let expected = format!("hello: APP_BIND={address}: cannot listen there: Address ");
    assert!(stderr.starts_with(&expected), "{stderr}");
    assert_eq!(stderr.lines().count(), 1);
}
