//! What a pull fetches, and the names by digest: of the OCI image layouts before and after.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde::{Deserialize, de::DeserializeOwned};

use crate::inventory::Wrong;

#[derive(Deserialize)]
struct Index {
    manifests: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Manifest {
    config: Descriptor,
    layers: Vec<Descriptor>,
}

#[derive(Clone, Deserialize)]
struct Descriptor {
    digest: String,
    size: u64,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// An image of a layout: its digest, and all blobs of it.
struct Image {
    digest: String,
    blobs: Vec<Descriptor>,
}

/// A line for each image after.
pub(crate) fn between(before: &Path, after: &Path) -> Result<Vec<String>, Wrong> {
    let (before, after) = (images(before)?, images(after)?);
    let known: BTreeSet<&str> = before
        .values()
        .flat_map(|image| &image.blobs)
        .map(|blob| blob.digest.as_str())
        .collect();
    let lines = after.iter().map(|(name, image)| {
        let fetched: Vec<_> = image
            .blobs
            .iter()
            .filter(|blob| !known.contains(blob.digest.as_str()))
            .collect();
        let bytes: u64 = fetched.iter().map(|blob| blob.size).sum();
        let was = before.get(name).map_or("new", |image| &image.digest);
        if was == image.digest {
            return format!("{name}: {was}, as before\n");
        }
        format!(
            "{name}: {was} → {}; a pull fetches {bytes} bytes in {} of {} blobs\n",
            image.digest,
            fetched.len(),
            image.blobs.len()
        )
    });
    Ok(lines.collect())
}

fn images(layout: &Path) -> Result<BTreeMap<String, Image>, Wrong> {
    let index: Index = json(&layout.join("index.json"))?;
    let mut images = BTreeMap::new();
    for entry in index.manifests {
        let digits = entry.digest.trim_start_matches("sha256:");
        let manifest: Manifest = json(&layout.join("blobs/sha256").join(digits))?;
        let name = entry.annotations.get("org.opencontainers.image.ref.name");
        let mut blobs = manifest.layers;
        blobs.push(manifest.config);
        blobs.push(entry.clone());
        images.insert(
            name.cloned().unwrap_or_default(),
            Image {
                digest: entry.digest,
                blobs,
            },
        );
    }
    Ok(images)
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, Wrong> {
    let wrong = |error: &dyn std::fmt::Display| vec![format!("{}: {error}", path.display())];
    let text = fs::read(path).map_err(|error| wrong(&error))?;
    serde_json::from_slice(&text).map_err(|error| wrong(&error))
}
