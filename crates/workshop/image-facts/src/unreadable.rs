//! The one kind of error: a sentence about the archive.

use std::fmt;

/// Why an archive cannot be judged: it is not what an image's archive has to be.
#[derive(Debug)]
pub struct Unreadable(pub(crate) String);

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

/// Shorthand for a refusal.
pub(crate) fn unreadable<T>(sentence: impl Into<String>) -> Result<T, Unreadable> {
    Err(Unreadable(sentence.into()))
}
