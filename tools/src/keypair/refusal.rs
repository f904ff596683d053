//! The one kind of error: a sentence for the person who supplied the files.

use std::fmt;

/// One sentence, on one line, that names the file, what is wrong and what is allowed. It
/// never holds key material.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(String);

impl Refusal {
    /// Wraps the sentence. Text from a certificate or a file name may hold anything, so that
    /// control characters are made visible: the sentence stays on its line.
    #[must_use]
    pub fn new(sentence: impl AsRef<str>) -> Self {
        Self(one_line(sentence.as_ref()))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

/// Replaces control characters, so that foreign text cannot forge lines of a log.
pub(super) fn one_line(text: &str) -> String {
    text.replace(char::is_control, "?")
}
