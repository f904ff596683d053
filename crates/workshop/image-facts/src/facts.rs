//! The facts, as they are written down. Every key is required: what is not stated is not
//! known, so nothing is left to a default. Patterns are described at [`Facts::world_writable`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// All that is stated of one image.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Facts {
    /// The names that `docker load` gives it, with the tag.
    pub tags: Vec<String>,
    /// `OS/ARCHITECTURE`, of which it has to be one; its programs are of the same.
    pub platforms: Vec<String>,
    /// When it and each of its layers was made, as a pattern: a time that no clock told.
    pub created: String,
    /// `UID:GID`.
    pub user: String,
    /// The program and its first arguments, as patterns.
    pub entry_point: Vec<String>,
    /// The arguments after the entry point's.
    pub command: Vec<String>,
    /// `NAME=VALUE`, as patterns, in whatever order.
    pub environment: Vec<String>,
    /// What no variable and no step of the history may have: for each kind of thing, a regular
    /// expression on the bytes of `NAME=VALUE`.
    pub forbidden_environment: BTreeMap<String, String>,
    /// Variables that may have it, by name, as patterns.
    pub allowed_environment: Vec<String>,
    /// Where the program starts; empty is the root.
    pub working_directory: String,
    /// `PORT/PROTOCOL`, sorted.
    pub ports: Vec<String>,
    /// Paths that become volumes, sorted.
    pub volumes: Vec<String>,
    /// The signal that asks it to end; empty is the engine's SIGTERM.
    pub stop_signal: String,
    /// As the image format has it, durations in nanoseconds.
    pub health_check: BTreeMap<String, Value>,
    /// All labels, their values as patterns.
    pub labels: BTreeMap<String, String>,
    /// Files that run with the rights of their owner or group, as patterns.
    pub set_id: Vec<String>,
    /// What anybody may write to, with its mode; all of it has to be there. In a path, and
    /// wherever else a pattern is allowed, `*` is anything but a slash and `**`,
    /// between slashes, any number of parts.
    pub world_writable: BTreeMap<String, String>,
    /// What may belong to another user or group than root, as patterns.
    pub not_owned_by_root: Vec<String>,
    /// What a file holds, all of it; `false` for one that is not there.
    pub files: BTreeMap<String, FileFact>,
    /// Paths that must not be there: for each kind of thing, its patterns.
    pub forbidden_paths: BTreeMap<String, Vec<String>>,
    /// What `forbidden-paths` and the rule on scripts let pass, as patterns.
    pub allowed_paths: Vec<String>,
    /// What no file and no configuration may hold: for each kind of thing, a regular
    /// expression on bytes.
    pub forbidden_content: BTreeMap<String, String>,
    /// Files that may hold it, as patterns: crates bring examples of keys.
    pub allowed_content: Vec<String>,
    /// Programs that have to be linked statically, as patterns; each has to match one.
    #[serde(rename = "static")]
    pub linked_statically: Vec<String>,
    /// Programs that say which crates are in them, as patterns; each has to match one.
    pub auditable: Vec<String>,
    /// What packages are, by their store paths, of an image all files of which are to be known; of
    /// one that is not named here its own name says it.
    pub components: Option<BTreeMap<String, Component>>,
    /// What may be in the store, by name without the hash, as patterns.
    pub closure: Vec<String>,
    /// What must not be in the store, although `closure` may let it pass.
    pub forbidden_closure: Vec<String>,
    /// How it is cut.
    pub layers: Layers,
    /// The first of these whose `packages` fits is the budget; where there is none at all, it may
    /// weigh what it does.
    pub budgets: Vec<Budget>,
}

impl Facts {
    /// All texts that are patterns.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = &str> {
        let lists = [
            &self.entry_point,
            &self.environment,
            &self.allowed_environment,
            &self.set_id,
            &self.not_owned_by_root,
            &self.allowed_paths,
            &self.allowed_content,
            &self.linked_statically,
            &self.auditable,
            &self.closure,
            &self.forbidden_closure,
            &self.layers.last,
        ];
        let lists = lists.into_iter().chain(self.forbidden_paths.values());
        let budgets = self.budgets.iter().map(|budget| &budget.packages);
        lists
            .flatten()
            .chain(self.labels.values())
            .chain(budgets)
            .chain([&self.created])
            .map(String::as_str)
    }
}

/// What a file holds.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub enum FileFact {
    /// `false`: it is not there.
    There(bool),
    /// All of its text.
    Text(String),
}

/// What a package is.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Component {
    /// Never empty.
    pub version: String,
    /// Never empty: <https://github.com/package-url/purl-spec>
    pub purl: String,
}

/// How an image is cut.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Layers {
    /// How many there may be.
    pub at_most: usize,
    /// The last ones in their order, as patterns: a layer is called by the name of its store
    /// path without the hash, and `links` when it has none.
    pub last: Vec<String>,
}

/// What an image may weigh.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Budget {
    /// A pattern for the label `dev.drydock.packages`: whose packages it was built from.
    pub packages: String,
    /// The archive, as it is shipped.
    pub archive_bytes: u64,
    /// All layers, not compressed.
    pub layers_bytes: u64,
}
