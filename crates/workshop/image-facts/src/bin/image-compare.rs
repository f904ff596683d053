//! `image-compare BEFORE AFTER`: prints both archives' images as one table, and exits with
//! code 0 when they are the same; else 1, and a line on stderr for each difference.
//!
//! `image-compare BEFORE AFTER LAYER BYTES`: prints what the update ships, and exits with code 0
//! when that is one layer, of which the name fits the pattern, and no more bytes than these,
//! compressed; else 1, and a line on stderr for each way in which it is more.
//!
//! 2 when it was called wrongly.

use std::{
    env,
    ffi::OsString,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use image_facts::compare::compare;

/// What an update may ship.
struct Allowed {
    layer: String,
    bytes: u64,
}

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let result = match arguments.as_slice() {
        [before, after] => run(before, after, None),
        [before, after, layer, bytes] => match allowed(layer, bytes) {
            Some(allowed) => run(before, after, Some(&allowed)),
            None => return usage(),
        },
        _ => return usage(),
    };
    match result {
        Ok(found) if found.is_empty() => ExitCode::SUCCESS,
        Ok(found) => {
            for sentence in &found {
                eprintln!("image-compare: {sentence}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("image-compare: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: image-compare BEFORE AFTER [LAYER BYTES]");
    ExitCode::from(2)
}

fn allowed(layer: &OsString, bytes: &OsString) -> Option<Allowed> {
    Some(Allowed {
        layer: layer.to_str()?.to_owned(),
        bytes: bytes.to_str()?.parse().ok()?,
    })
}

fn run(
    before: &OsString,
    after: &OsString,
    allowed: Option<&Allowed>,
) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let comparison = compare(Path::new(before), Path::new(after))?;
    let mut stdout = io::stdout().lock();
    let Some(Allowed { layer, bytes }) = allowed else {
        write!(stdout, "{}", comparison.table("different"))?;
        return Ok(comparison.differences);
    };
    write!(stdout, "{}", comparison.table("re-shipped"))?;
    writeln!(
        stdout,
        "to ship: {} bytes, compressed, of {bytes} that are allowed",
        comparison.shipped_bytes()
    )?;
    let mut found = comparison.beyond(layer, *bytes);
    if !found.is_empty() {
        found.extend(comparison.differences);
    }
    Ok(found)
}
