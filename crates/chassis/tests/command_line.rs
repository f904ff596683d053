//! What the program says about itself.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use chassis::Config;
use chassis::variable::Table as _;
use support::{command, run};

#[test]
fn version_names_the_revision() {
    let output = run(command(&[]).arg("--version"));
    assert_eq!(output.status.code(), Some(0));
    let revision = option_env!("DRYDOCK_REVISION").unwrap_or("unknown");
    let expected = format!("hello {} ({revision})\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn help_explains_every_variable() {
    // Also to those whose configuration is refused.
    let output = run(command(&[("APP_WORKERS", "!")]).arg("--help"));
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(&Config::help()), "{text}");
    for variable in Config::variables() {
        assert!(text.contains(&format!("  {}={}\n", variable.name, variable.default)));
        assert!(text.contains(&variable.meaning.replace('`', "")));
    }
    let own =
        "  APP_TIMES=1\n      how often the greeting is said\n      a whole number from 1 to 10\n";
    assert!(text.contains(own), "{text}");
    let secret =
        "      any text in Unicode; a secret: APP_KEY_FILE may name a file that holds it\n";
    assert!(text.ends_with(secret), "{text}");
}

#[test]
fn other_arguments_are_refused() {
    for arguments in [
        &["serve"][..],
        &["--versoin"],
        &["--version", "--help"],
        &[""],
    ] {
        let output = run(command(&[]).args(arguments));
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(output.stdout, b"");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.starts_with("hello: unknown arguments ["), "{stderr}");
    }
}
