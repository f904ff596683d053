//! `oci-layout write ARCHIVE FOLDER COMPRESSOR...`: writes the images of an archive, as `docker
//! load` reads it, as an OCI image layout; its layers are what the compressor makes of them.
//!
//! `oci-layout merge FOLDER LAYOUT...`: writes a layout of what those of several platforms have.
//!
//! Exit code 0, else 1 and a line on stderr; 2 when it was called wrongly.

use std::{env, path::Path, process::ExitCode};

use image_facts::layout;

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let command = arguments.first().and_then(|command| command.to_str());
    let done = match (command, arguments.get(1..)) {
        (Some("write"), Some([archive, folder, compressor @ ..])) if !compressor.is_empty() => {
            layout::write(Path::new(archive), Path::new(folder), compressor)
        }
        (Some("merge"), Some([folder, layouts @ ..])) if !layouts.is_empty() => {
            let layouts: Vec<_> = layouts.iter().map(Into::into).collect();
            layout::merge(&layouts, Path::new(folder))
        }
        _ => {
            eprintln!(
                "usage: oci-layout write ARCHIVE FOLDER COMPRESSOR...\n       oci-layout merge FOLDER LAYOUT..."
            );
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("oci-layout: {error}");
            ExitCode::FAILURE
        }
    }
}
