//! `keypair` checks or makes the TLS key pair, once, before nginx starts. See
//! [`drydock_tools::keypair`].

use std::process::ExitCode;

fn main() -> ExitCode {
    drydock_tools::keypair::main(std::env::args_os().skip(1))
}
