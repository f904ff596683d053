//! Measures the service side by side with what people would use instead, and how long it takes
//! until an image is there. Figures go to standard output as CSV, and ratios to standard error.

#![warn(clippy::expect_used, clippy::unwrap_used, unreachable_pub)]

mod building;
mod command;
mod contender;
mod cores;
mod load;
mod options;
mod pace;
mod results;
mod serving;

use std::process::ExitCode;

use clap::Parser as _;

use options::{Command, Options};

fn main() -> ExitCode {
    let options = Options::parse();
    let done = match &options.command {
        None => serving::run(&options.serving),
        Some(Command::Building(options)) => building::run(options),
    };
    if let Err(error) = done {
        eprintln!("drydock-bench: error: {error:#}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
