//! What a layer is called: by its store path, without the hash, so that the name stays
//! when the content changes.

use std::collections::BTreeSet;

const STORE: &str = "/nix/store/";
const HASH: usize = "ffffffffffffffffffffffffffffffff-".len();

/// The names of all store paths among the paths.
pub(crate) fn in_store<'a>(paths: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    paths
        .filter_map(|path| path.strip_prefix(STORE))
        .map(|path| path.split('/').next().unwrap_or_default())
        .map(|name| name.get(HASH..).unwrap_or(name).to_owned())
        .collect()
}

/// The name of the layer that has these paths; `links` when none is in the store.
pub(crate) fn of_layer<'a>(paths: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = in_store(paths).into_iter().collect();
    if names.is_empty() {
        "links".to_owned()
    } else {
        names.join(" + ")
    }
}

/// The store path that the path is in.
#[must_use]
pub fn store_path(path: &str) -> Option<&str> {
    let name = path.strip_prefix(STORE)?.split('/').next()?;
    path.get(..STORE.len() + name.len())
}

/// Name and version of a store path, as `builtins.parseDrvName` has it: the version begins after the
/// first dash that no letter follows.
#[must_use]
pub fn name_and_version(path: &str) -> (&str, &str) {
    let name = path
        .strip_prefix(STORE)
        .and_then(|inside| inside.get(HASH..))
        .unwrap_or_default();
    let dash = name.match_indices('-').find(|(at, _)| {
        let after = name[at + 1..].chars().next();
        after.is_some_and(|letter| !letter.is_alphabetic())
    });
    dash.map_or((name, ""), |(at, _)| (&name[..at], &name[at + 1..]))
}

/// The path with a star for the hash of its store path.
pub(crate) fn without_hash(path: &str) -> String {
    path.strip_prefix(STORE)
        .and_then(|inside| inside.get(HASH..))
        .map_or_else(|| path.to_owned(), |inside| format!("{STORE}*-{inside}"))
}
