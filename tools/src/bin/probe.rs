//! `probe URL`: exits with 0 when the URL answers 2xx. See [`drydock_tools::probe`].

use std::{
    io::{Write, stderr, stdout},
    process::ExitCode,
};

use drydock_tools::probe::{Command, HELP, parse, run};

fn main() -> ExitCode {
    // A closed stdout or stderr must not turn a verdict into a panic, hence `let _`.
    match parse(std::env::args_os().skip(1)) {
        Ok(Command::Help) => {
            let _ = stdout().write_all(HELP.as_bytes());
            ExitCode::SUCCESS
        }
        Ok(Command::Version) => {
            let _ = writeln!(stdout(), "probe {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Ok(Command::Probe { url, limit }) => match run(&url, limit) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                let _ = writeln!(stderr(), "probe: {url}: {failure}");
                ExitCode::from(1)
            }
        },
        Err(wrong) => {
            let _ = writeln!(stderr(), "probe: {wrong}");
            ExitCode::from(2)
        }
    }
}
