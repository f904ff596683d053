//! Parse the command, load the configuration, start the log, run; the one place that exits.

use std::env;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use actix_web::rt::System;
use drydock::config::{Config, VARIABLES};
use drydock::routes::routes;
use drydock::server::{Server, ServerError};
use drydock::shutdown::Signals;
use tokio::sync::oneshot;

/// The server could not start or go on.
const FAILED: u8 = 1;
/// An argument that is not known.
const USAGE: u8 = 2;
/// A variable that is not allowed: `EX_CONFIG` of sysexits(3).
const CONFIG: u8 = 78;

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    match arguments.as_slice() {
        [] => with_config(serve),
        [flag] if flag == "--check-config" => with_config(|config| {
            print(
                &config
                    .effective()
                    .iter()
                    .fold(String::new(), |mut text, (name, value)| {
                        let _ = writeln!(text, "{name}={value}");
                        text
                    }),
            )
        }),
        [flag] if flag == "--version" => print(&format!("{}\n", version())),
        [flag] if flag == "--help" => print(&help()),
        unknown => refuse(unknown),
    }
}

fn with_config(then: impl FnOnce(Config) -> ExitCode) -> ExitCode {
    match Config::from_env() {
        Ok(config) => then(config),
        Err(errors) => {
            for error in errors {
                complain(&error.to_string());
            }
            ExitCode::from(CONFIG)
        }
    }
}

fn serve(config: Config) -> ExitCode {
    let log = match drydock::log::init(&config) {
        Ok(log) => log,
        Err(error) => {
            complain(&format!("the log cannot start: {error}"));
            return ExitCode::from(FAILED);
        }
    };
    let ended = System::new().block_on(run(config));
    log.flush();
    ended.unwrap_or_else(|error| {
        complain(&error.to_string());
        ExitCode::from(FAILED)
    })
}

/// Serves until the first signal has been obeyed or the second one arrives.
async fn run(config: Config) -> Result<ExitCode, ServerError> {
    let mut signals = Signals::install()?;
    let (stop, stopped) = oneshot::channel();
    let server = Server::bind(config)?.run(routes, async {
        let _ = stopped.await;
    });
    let watch = async {
        let first = signals.next().await;
        log::info!("{}; a second signal stops at once", first.name);
        let _ = stop.send(());
        signals.next().await
    };
    tokio::select! {
        ended = server => ended.map(|()| ExitCode::SUCCESS),
        second = watch => {
            log::warn!("{}: stopped at once", second.name);
            Ok(ExitCode::from(second.code))
        }
    }
}

fn version() -> String {
    let revision = option_env!("DRYDOCK_REVISION").unwrap_or("unknown");
    format!("app {} ({revision})", env!("CARGO_PKG_VERSION"))
}

fn help() -> String {
    let mut text = format!(
        "{}\n\n\
         usage: app                 serve\n       \
                app --check-config  print the effective configuration, one NAME=value a line\n       \
                app --version\n       \
                app --help\n\n\
         exit codes: 0 stopped as asked, 1 failed, {USAGE} bad argument, {CONFIG} bad configuration,\n            \
         130 or 143 stopped at once by a second SIGINT or SIGTERM\n\n\
         environment variables:\n",
        version()
    );
    for variable in VARIABLES {
        let _ = writeln!(
            text,
            "  {}={}\n      {}\n      {}",
            variable.name, variable.default, variable.about, variable.allowed
        );
    }
    text
}

fn refuse(arguments: &[OsString]) -> ExitCode {
    complain(&format!(
        "unknown arguments {arguments:?}; --help lists what there is"
    ));
    ExitCode::from(USAGE)
}

/// Not `println!`, which panics when stdout is closed.
fn print(text: &str) -> ExitCode {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(FAILED),
    }
}

fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "app: {text}");
}
