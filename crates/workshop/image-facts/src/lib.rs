//! Holds the archive of an image, as `docker load` reads it, to facts that are written as
//! data. Nothing of the archive is run or unpacked to disk, no engine is needed, and memory
//! and time stay within the limits of [`limits`] whatever the archive holds.

pub mod compare;
pub mod facts;
pub mod limits;

mod archive;
mod contents;
mod difference;
mod elf;
mod entries;
mod inside;
mod names;
mod pattern;
mod rules;

use std::{fmt, path::Path};

pub use archive::hex;
use facts::Facts;

/// Why an archive cannot be judged: it is not what an image's archive has to be.
#[derive(Debug)]
pub struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

/// A sentence for each fact that does not hold, with what was found instead.
///
/// # Errors
///
/// An archive that is broken or hostile is refused as a whole, by one sentence.
pub fn judge(facts: &Facts, archive: &Path) -> Result<Vec<String>, Unreadable> {
    let image = archive::read(archive, &inside::Look::new(facts)?)?;
    Ok(rules::Rules::new(facts).judge(&image))
}

/// Shorthand for a refusal.
fn unreadable<T>(sentence: impl Into<String>) -> Result<T, Unreadable> {
    Err(Unreadable(sentence.into()))
}
