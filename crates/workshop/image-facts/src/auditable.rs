//! Which crates a program was linked of, as `cargo auditable` writes it into the program:
//! <https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md>

use std::io::Read;

use flate2::read::ZlibDecoder;
use serde::Deserialize;

use crate::{elf, limits};

/// All of them.
#[derive(Clone, Debug, Deserialize)]
pub struct Auditable {
    /// Those that only build scripts and macros have are among them.
    pub packages: Vec<Crate>,
}

/// One of them.
#[derive(Clone, Debug, Deserialize)]
pub struct Crate {
    /// As its manifest has it.
    pub name: String,
    /// As its manifest has it.
    pub version: String,
    /// `crates.io`, `git`, `local`, `registry`, or another.
    pub source: String,
    /// `build` for what is in build scripts and macros alone.
    #[serde(default)]
    pub kind: Kind,
    /// Where in the list those are that it depends on.
    #[serde(default)]
    pub dependencies: Vec<usize>,
    /// Whether it is what was built.
    #[serde(default)]
    pub root: bool,
}

/// What a crate is there for.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It is in the program.
    #[default]
    Runtime,
    /// It has run while the program was built.
    Build,
}

const SECTION: &str = ".dep-v0";

/// The version of the compiler, whose standard library is in the program: `None` for a file that does
/// not say.
#[must_use]
pub fn compiler(file: &[u8]) -> Option<String> {
    let comment = String::from_utf8_lossy(elf::section(file, ".comment")?).into_owned();
    let (_, version) = comment.split_once("rustc version ")?;
    Some(version.split([' ', '\0']).next()?.to_owned())
}

/// `None` for a file that does not say.
///
/// # Errors
///
/// A sentence on what is no such list.
pub fn read(file: &[u8]) -> Result<Option<Auditable>, String> {
    let Some(section) = elf::section(file, SECTION) else {
        return Ok(None);
    };
    let mut text = Vec::new();
    ZlibDecoder::new(section)
        .take(limits::JSON_BYTES + 1)
        .read_to_end(&mut text)
        .map_err(|error| format!("{SECTION}: {error}"))?;
    if text.len() as u64 > limits::JSON_BYTES {
        return Err(format!("{SECTION}: too much JSON"));
    }
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|error| format!("{SECTION}: {error}"))
}
