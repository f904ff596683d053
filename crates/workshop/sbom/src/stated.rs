//! What Nix says of an image's parts, which no file of the image does.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;

/// Of one image.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stated {
    /// What files belong to that nothing else is said of.
    pub(crate) image: Part,
    /// What is at a path, and below it; of others too, which the image does not have.
    pub(crate) parts: BTreeMap<String, Part>,
    /// By the store paths of what was compiled of crates.
    pub(crate) programs: BTreeMap<String, Program>,
}

/// What there is to say of a package.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    pub(crate) name: String,
    /// Empty, where it has none.
    pub(crate) version: String,
    /// <https://github.com/package-url/purl-spec>
    pub(crate) purl: String,
    /// An SPDX expression; `null` where none is stated.
    pub(crate) license: Option<String>,
    /// The names of the files that its sources are patched with.
    #[serde(default)]
    pub(crate) patches: Vec<String>,
}

/// A crate that comes with the program's own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Local {
    /// Its sources.
    pub(crate) folder: PathBuf,
    /// An SPDX expression; `null` where none is stated.
    pub(crate) license: Option<String>,
}

/// What a program was compiled of.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Program {
    /// Cargo.lock, which has the checksums.
    pub(crate) lock: PathBuf,
    /// A folder with the crates' own, at whatever depth, which have their licences.
    pub(crate) crates: PathBuf,
    /// Those that are in no registry, by their names.
    pub(crate) local: BTreeMap<String, Local>,
    /// What else is in it: the libraries that it is linked with.
    pub(crate) linked: Vec<Part>,
}
