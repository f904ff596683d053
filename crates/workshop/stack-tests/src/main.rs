//! The running stack, seen by real clients: `docker`, `docker-compose`, `curl`, `openssl`,
//! `gnutls-cli`, `testssl.sh`, `sslyze`.
//!
//! Needs a Docker engine on this machine with both images loaded. Tests that only look share
//! one stack; a test that disturbs has one of its own. Each is removed with its volumes, also
//! when a test fails. Nothing else on the machine is touched.

#![expect(clippy::expect_used, reason = "what is not as expected fails the test")]

mod any;
mod client;
mod network;
mod pair;
mod program;
mod reference;
mod service;
mod stack;
mod tests;
mod webdriver;

use std::{env, panic, process::ExitCode};

use libtest_mimic::{Arguments, Conclusion, Trial};

use any::{faults::understudy, hardening};
use service::service;
use stack::Stack;
use tests::Tests;

/// Tests mostly wait for containers: more at once than there are cores, but not so many that
/// the engine becomes the bottleneck.
const THREADS: usize = 4;

fn main() -> ExitCode {
    let [first, port, ready_path, flaw] =
        [1, 2, 3, 4].map(|place| env::args().nth(place).unwrap_or_default());
    let instead = match &*first {
        understudy::ARGUMENT => Some(understudy::serve(&port, &ready_path, &flaw)),
        hardening::ARGUMENT => Some(hardening::link()),
        _ => None,
    };
    if let Some(result) = instead {
        let Err(error) = result else {
            return ExitCode::SUCCESS;
        };
        eprintln!("the {first} fails: {error}");
        return ExitCode::FAILURE;
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    if !arguments.list {
        if let Some(obstacle) = service::load().err().or_else(stack::obstacle) {
            eprintln!("the container tests cannot run: {obstacle}");
            return ExitCode::FAILURE;
        }
        stack::remove_leftovers();
    }
    // libtest-mimic reports what a panic says, but not where it was.
    panic::set_hook(Box::new(|info| {
        if let Some(location) = info.location() {
            eprintln!("\npanicked at {location}");
        }
    }));
    let besides = arguments.list || service().reference;
    if !besides {
        eprintln!("this is not the reference service: only what holds for any is tested");
    }
    let both = |any: Tests, reference: Tests| {
        if besides {
            [any, reference].concat()
        } else {
            any.to_vec()
        }
    };
    let tests = run(&arguments, &both(any::TESTS, reference::TESTS), false);
    let quiet = both(any::QUIET_TESTS, reference::QUIET_TESTS);
    let quiet_tests = run(&arguments, &quiet, false);
    Stack::remove_shared(&[&pair::OWN]);
    // One after the other, since each is held to what it takes of time.
    arguments.test_threads = Some(1);
    let busy_tests = run(&arguments, &both(&[], reference::BUSY_TESTS), false);
    let long_tests = run(&arguments, any::LONG_TESTS, true);
    let conclusions = [tests, quiet_tests, busy_tests, long_tests];
    let failed = conclusions
        .iter()
        .find(|conclusion| conclusion.has_failed());
    failed.unwrap_or(&conclusions[0]).exit_code()
}

/// Those that are `long` are for `--include-ignored`.
fn run(arguments: &Arguments, tests: &[(&str, fn())], long: bool) -> Conclusion {
    let trial = |&(name, test): &(&str, fn())| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
        .with_ignored_flag(long)
    };
    libtest_mimic::run(arguments, tests.iter().map(trial).collect())
}
