//! Holds the archive of an image, as `docker load` reads it, to facts that are written as
//! data. Nothing of the archive is run or unpacked to disk, no engine is needed, and memory
//! and time stay within the limits of [`limits`] whatever the archive holds.

pub mod auditable;
pub mod compare;
pub mod contents;
pub mod facts;
pub mod layout;
pub mod limits;
pub mod names;

mod archive;
mod difference;
mod elf;
mod entries;
mod image;
mod inside;
mod pattern;
mod rules;
mod unreadable;

use std::path::Path;

pub use archive::hex;
pub use entries::{Entry, Kind};
pub use unreadable::Unreadable;

use facts::Facts;

/// A sentence for each fact that does not hold, with what was found instead.
///
/// # Errors
///
/// An archive that is broken or hostile is refused as a whole, by one sentence.
pub fn judge(facts: &Facts, archive: &Path) -> Result<Vec<String>, Unreadable> {
    let image = image::read(archive, &inside::Look::new(facts)?)?;
    Ok(rules::Rules::new(facts).judge(&image))
}
