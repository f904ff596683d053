//! `probe URL` exits with 0 when the URL answers 2xx. See [`drydock_tools::probe`].

use std::process::ExitCode;

fn main() -> ExitCode {
    drydock_tools::probe::main(std::env::args_os().skip(1))
}
