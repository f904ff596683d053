//! `keypair` checks or makes the TLS key pair, once, before nginx starts. See
//! [`drydock_tools::keypair`].
//!
//! Called by the name `probe` it is that program. An image that needs both holds this one
//! file and a link: most of a small static program is the libraries under it, which would
//! otherwise be there twice.

use std::{ffi::OsStr, path::Path, process::ExitCode};

fn main() -> ExitCode {
    let mut args = std::env::args_os();
    let name = args.next().unwrap_or_default();
    if Path::new(&name).file_name() == Some(OsStr::new("probe")) {
        drydock_tools::probe::main(args)
    } else {
        drydock_tools::keypair::main(args)
    }
}
