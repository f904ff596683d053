//! `keypair`: checks or makes the TLS key pair, once, before nginx starts.
//! See [`drydock_tools::keypair`].

use std::{
    io::{Write, stderr, stdout},
    process::ExitCode,
    time::SystemTime,
};

use drydock_tools::keypair::{Command, HELP, parse, run};

fn main() -> ExitCode {
    // A closed stdout or stderr must not turn a verdict into a panic, hence `let _`.
    let job = match parse(std::env::args_os().skip(1)) {
        Ok(Command::Help) => {
            let _ = stdout().write_all(HELP.as_bytes());
            return ExitCode::SUCCESS;
        }
        Ok(Command::Version) => {
            let _ = writeln!(stdout(), "keypair {}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        Ok(Command::Run(job)) => job,
        Err(wrong) => {
            let _ = writeln!(stderr(), "keypair: {wrong}");
            return ExitCode::from(2);
        }
    };
    match run(&job, SystemTime::now()) {
        Ok(report) => {
            for warning in report.warnings {
                let _ = writeln!(stderr(), "keypair: warning: {warning}");
            }
            for line in report.lines {
                let _ = writeln!(stdout(), "keypair: {line}");
            }
            ExitCode::SUCCESS
        }
        Err(refusal) => {
            let _ = writeln!(stderr(), "keypair: {refusal}");
            ExitCode::from(1)
        }
    }
}
