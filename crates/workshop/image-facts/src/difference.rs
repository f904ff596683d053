//! Says in which file, and where in it, two layers differ, and in which key two
//! configurations do.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    contents::Layer,
    entries::{Entry, Kind},
    limits, names,
    unreadable::Unreadable,
};

type Sentences = Vec<String>;

/// A sentence for each entry that is not the same in both; at least one, if their bytes are
/// not the same.
pub(crate) fn of_layers(before: &Layer, after: &Layer) -> Result<Sentences, Unreadable> {
    let (old, new) = (by_path(before)?, by_path(after)?);
    let mut found = Sentences::new();
    let mut moved = BTreeSet::new();
    for path in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        match (old.get(path), new.get(path)) {
            (Some((entry, _)), None) => found.push(format!("{}: only before", entry.path)),
            (None, Some((entry, _))) => found.push(format!("{}: only after", entry.path)),
            (Some(old), Some(new)) => {
                if old.0.path != new.0.path {
                    moved.insert((
                        names::store_path(&old.0.path),
                        names::store_path(&new.0.path),
                    ));
                }
                found.extend(of_entries(old, new));
            }
            (None, None) => {}
        }
    }
    for (old, new) in moved {
        let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
        found.insert(0, format!("{new}: was {old}"));
    }
    if found.is_empty() && before.kept.tar != after.kept.tar {
        found.push(format!(
            "the same files in another order or with other tar headers, from byte {} of the layer",
            first_difference(&before.kept.tar, &after.kept.tar)
        ));
    }
    let more = found.len().saturating_sub(limits::DIFFERENCES);
    found.truncate(limits::DIFFERENCES);
    if more > 0 {
        found.push(format!("and {more} more"));
    }
    Ok(found)
}

/// By the path without the store's hash, since a change of the content changes that, too.
fn by_path(layer: &Layer) -> Result<BTreeMap<String, (Entry, Vec<u8>)>, Unreadable> {
    let entries = layer.kept.entries()?.into_iter();
    Ok(entries
        .map(|(entry, bytes)| (names::without_hash(&entry.path), (entry, bytes)))
        .collect())
}

fn of_entries(
    (old, old_bytes): &(Entry, Vec<u8>),
    (new, new_bytes): &(Entry, Vec<u8>),
) -> Sentences {
    let mut found = Sentences::new();
    let path = &new.path;
    let mut same = |what: &str, old: &str, new: &str| {
        if old != new {
            found.push(format!("{path}: {what} {old}, then {new}"));
        }
    };
    same("kind", kind(old.kind), kind(new.kind));
    same(
        "mode",
        &format!("{:04o}", old.mode),
        &format!("{:04o}", new.mode),
    );
    same(
        "owner",
        &format!("{}:{}", old.uid, old.gid),
        &format!("{}:{}", new.uid, new.gid),
    );
    same("time", &old.modified, &new.modified);
    same("target", &old.target, &new.target);
    if old_bytes != new_bytes {
        found.push(format!(
            "{path}: {} bytes, then {}; the first that differs is at offset {}",
            old_bytes.len(),
            new_bytes.len(),
            first_difference(old_bytes, new_bytes)
        ));
    }
    found
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Folder => "folder",
        Kind::Symlink => "symbolic link",
        Kind::HardLink => "hard link",
    }
}

/// Where they part; the end of the shorter one, if that is how the longer one starts.
fn first_difference(old: &[u8], new: &[u8]) -> usize {
    let same = old.iter().zip(new).take_while(|(old, new)| old == new);
    same.count()
}

/// A sentence for each value that is not the same in both. The digests of the layers are not
/// told again.
pub(crate) fn of_configs(old: &Value, new: &Value) -> Sentences {
    let mut found = Sentences::new();
    of_values("", old, new, &mut found);
    if found.is_empty() {
        found.push("only in the digests of the layers, or in how it is written".to_owned());
    }
    found
}

fn of_values(key: &str, old: &Value, new: &Value, found: &mut Sentences) {
    if old == new || key == "rootfs.diff_ids" {
        return;
    }
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
                let key = if key.is_empty() {
                    name.clone()
                } else {
                    format!("{key}.{name}")
                };
                let null = Value::Null;
                let value = |map: &serde_json::Map<String, Value>| {
                    map.get(name).cloned().unwrap_or(null.clone())
                };
                of_values(&key, &value(old), &value(new), found);
            }
        }
        _ => found.push(format!("{key}: {old}, then {new}")),
    }
}
