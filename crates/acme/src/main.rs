//! Gets the edge's certificate by ACME, and renews it. See [`drydock_acme`].

use std::process::ExitCode;

fn main() -> ExitCode {
    drydock_acme::main(std::env::args_os().skip(1), |name| std::env::var(name).ok())
}
