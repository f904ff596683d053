//! The reference service of Drydock: it answers who is asking. What any service needs besides is in
//! the crate `chassis`.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod page;
mod program;
mod routes;
mod settings;

use std::process::ExitCode;

use chassis::Service;

fn main() -> ExitCode {
    Service::new(program::PROGRAM)
        .variables::<settings::Settings>()
        .error_page(page::error)
        .opens(&[])
        .run(routes::routes)
}
