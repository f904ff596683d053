//! Checks or makes the TLS key pair, once, before nginx starts. See [`keypair`].

use std::process::ExitCode;

fn main() -> ExitCode {
    keypair::main(std::env::args_os().skip(1))
}
