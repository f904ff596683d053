//! The reference service of Drydock: it answers who is asking. What any service needs besides is in
//! the crate `chassis`.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod page;
mod routes;
mod settings;

use std::process::ExitCode;

use chassis::{Program, Service};

/// This program.
const PROGRAM: Program = chassis::program!();

fn main() -> ExitCode {
    Service::new(PROGRAM)
        .variables::<settings::Settings>()
        .error_page(page::error)
        .run(routes::routes)
}
