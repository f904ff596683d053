//! Why a measurement cannot be made.

use std::io;
use std::path::{Path, PathBuf};

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
    /// A file of figures has a line that is none.
    #[error("{path}: {source}")]
    Figures {
        /// Which.
        path: PathBuf,
        /// Where, and what is wrong.
        source: csv::Error,
    },
    /// A plot that cannot be drawn.
    #[error("bench/plots.toml: plot '{plot}': {what}")]
    Plot {
        /// Which.
        plot: String,
        /// Why not.
        what: String,
    },
    /// The page cannot be filled in.
    #[error(transparent)]
    Page(#[from] askama::Error),
    /// What measures cannot be started.
    #[error("{program} does not start: {source}; it comes with `./drydock bench`")]
    NoLoad {
        /// Which.
        program: &'static str,
        /// Why.
        source: io::Error,
    },
    /// What measures said what is not understood.
    #[error("{program} did not say '{wanted}'; it said: {said}")]
    Load {
        /// Which.
        program: &'static str,
        /// What was looked for.
        wanted: &'static str,
        /// All that it said.
        said: String,
    },
    /// A connection or a request over HTTP/3 failed.
    #[error("HTTP/3: {0}")]
    Http3(String),
    /// Requests failed, so their number says nothing.
    #[error("{failed} of {total} requests failed")]
    Failed {
        /// How many did.
        failed: u64,
        /// How many there were.
        total: u64,
    },
    /// An answer that is none.
    #[error("an answer is no success, or its length is not stated: {head}")]
    NoSuccess {
        /// How it begins.
        head: String,
    },
    /// The contender falls behind a fixed rate.
    #[error("answers are still missing {seconds} s after the last request was due")]
    Late {
        /// The limit.
        seconds: u64,
    },
    /// The contender ended by itself.
    #[error("it ended with {status}")]
    Ended {
        /// How.
        status: std::process::ExitStatus,
    },
    /// A contender does not answer, or not with the four lines.
    #[error("it does not answer within {seconds} s; the last was: {last}")]
    NoAnswer {
        /// The limit.
        seconds: u64,
        /// The last answer or error.
        last: String,
    },
    /// A program cannot be had.
    #[error("{0} is not there")]
    Absent(String),
    /// A command failed.
    #[error("'{command}' ended with {status}: {said}")]
    Command {
        /// With its arguments.
        command: String,
        /// How it ended.
        status: std::process::ExitStatus,
        /// The last that it said.
        said: String,
    },
    /// A command does not end.
    #[error("'{command}' took more than {seconds} s")]
    TooLong {
        /// With its arguments.
        command: String,
        /// The limit.
        seconds: u64,
    },
    /// A file does not have what is to be edited.
    #[error("{path} has no '{wanted}'")]
    NotThere {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        wanted: String,
    },
    /// Something else of the system's.
    #[error(transparent)]
    System(#[from] io::Error),
}

impl Error {
    /// What the system says of a file, with its name.
    pub(crate) fn at(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::File {
            path: path.to_owned(),
            source,
        }
    }
}
