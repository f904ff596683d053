//! Why a measurement cannot be made.

use std::io;
use std::path::PathBuf;

/// Why a measurement cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command line is wrong.
    #[error("{0}")]
    Usage(String),
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The list of contenders is no such list.
    #[error("{path}: {source}")]
    List {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<toml::de::Error>,
    },
    /// The load generator cannot be started.
    #[error("h2load does not start: {0}; it comes with `nix develop` and with `./drydock bench`")]
    NoLoad(io::Error),
    /// The load generator said what is not understood.
    #[error("h2load did not say '{wanted}'; it said: {said}")]
    Load {
        /// What was looked for.
        wanted: &'static str,
        /// All that it said.
        said: String,
    },
    /// Requests failed, so their number says nothing.
    #[error("{failed} of {total} requests failed")]
    Failed {
        /// How many did.
        failed: u64,
        /// How many there were.
        total: u64,
    },
    /// A contender does not answer, or not with the four lines.
    #[error("it does not answer within {seconds} s; the last was: {last}")]
    NoAnswer {
        /// The limit.
        seconds: u64,
        /// The last answer or error.
        last: String,
    },
    /// Something else of the system's.
    #[error(transparent)]
    System(#[from] io::Error),
}
