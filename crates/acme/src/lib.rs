//! Gets a certificate by ACME (RFC 8555) and renews it when the authority says (RFC 9773).
//!
//! It answers challenges by HTTP-01, through a folder that a web server serves, and leaves the pair
//! in a folder of its own, from which another program checks it and hands it over. That program is
//! its last argument: `acme` knows neither nginx nor what nginx needs.
//!
//! Whatever fails, the pair that is there stays, one sentence says why, and it waits longer each
//! time: an authority counts what fails, and refuses those who ask too often.

mod certificate;
mod http;
mod order;
mod round;
mod schedule;
mod settings;
mod state;

use std::{
    ffi::OsString,
    fmt::Display,
    io::{Write, stderr, stdout},
    process::ExitCode,
    thread,
    time::{Duration, SystemTime},
};

use round::{Keeper, Step};
use settings::Asked;

/// The exit code for what is configured wrongly: `EX_CONFIG` of sysexits.h.
const CONFIG: u8 = 78;

/// How long it sleeps at most: a machine that was suspended, or whose clock was set, is noticed.
const NAP: Duration = Duration::from_mins(1);

/// The whole program: command line (without the program's name) and environment in, exit code out.
/// It ends only when it was called wrongly, or asked for one round.
pub fn main(
    args: impl IntoIterator<Item = OsString>,
    variable: impl Fn(&str) -> Option<String>,
) -> ExitCode {
    let settings = match settings::read(args, variable) {
        Ok(Asked::Help) => {
            let _ = stdout().write_all(settings::HELP.as_bytes());
            return ExitCode::SUCCESS;
        }
        Ok(Asked::Run(settings)) => settings,
        Err(wrong) => {
            say(wrong);
            return ExitCode::from(CONFIG);
        }
    };
    let mut keeper = match Keeper::new(&settings) {
        Ok(keeper) => keeper,
        Err(why) => {
            say(why);
            return ExitCode::from(CONFIG);
        }
    };
    let mut failures = 0;
    loop {
        let until = match keeper.round() {
            Ok(Step::Done(sentence)) => {
                say(sentence);
                continue;
            }
            Ok(Step::Wait(until)) => {
                failures = 0;
                if settings.once {
                    return ExitCode::SUCCESS;
                }
                until
            }
            Err(why) => {
                let pause = schedule::pause(settings.retry, failures, keeper.told_to_wait());
                failures += 1;
                let next = schedule::shown(pause);
                say(format_args!(
                    "{why}; {}, and the next try is in {next}",
                    keeper.kept()
                ));
                if settings.once {
                    return ExitCode::FAILURE;
                }
                SystemTime::now() + pause
            }
        };
        while let Ok(rest) = until.duration_since(SystemTime::now()) {
            thread::sleep(rest.min(NAP));
        }
    }
}

/// One line, whatever an authority wrote into it.
fn say(sentence: impl Display) {
    let line: String = sentence.to_string().chars().take(1000).collect();
    let mut shown = String::from("acme: ");
    for c in line.chars() {
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    // A closed stderr is no reason to end.
    let _ = writeln!(stderr(), "{shown}");
}
