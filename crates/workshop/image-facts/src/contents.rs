//! An archive as a whole, in memory: every image in it, with the bytes of every layer.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::Read,
    path::Path,
};

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    archive::{self, Manifest, NAME},
    entries::{self, Entry, Kind},
    limits, names,
    unreadable::{Unreadable, unreadable},
};

/// One image of an archive.
pub(crate) struct Image {
    /// Its tags, or what stands for them when it has none.
    pub(crate) name: String,
    pub(crate) config: Config,
    pub(crate) layers: Vec<Layer>,
}

/// An image's configuration.
pub(crate) struct Config {
    /// Hexadecimal SHA-256 of the text.
    pub(crate) digest: String,
    pub(crate) text: Vec<u8>,
    pub(crate) value: Value,
}

/// One layer of an image.
pub(crate) struct Layer {
    /// By its store paths, without their hashes.
    pub(crate) name: String,
    /// Hexadecimal SHA-256 of the tar, which is what the configuration names.
    pub(crate) digest: String,
    /// Not compressed.
    pub(crate) tar: Vec<u8>,
}

impl Layer {
    /// Each entry with its bytes.
    pub(crate) fn entries(&self) -> Result<Vec<(Entry, Vec<u8>)>, Unreadable> {
        let mut entries = Vec::new();
        let mut budget = limits::ENTRIES;
        let mut input = self.tar.as_slice();
        entries::walk(&self.name, &mut input, &mut budget, |entry, bytes| {
            entries.push((entry.clone(), archive::whole(&self.name, entry, bytes)?));
            Ok(())
        })?;
        Ok(entries)
    }
}

/// Only what is compared; the rest is read as it is.
#[derive(Deserialize)]
struct Parsed {
    rootfs: RootFs,
}

#[derive(Deserialize)]
struct RootFs {
    diff_ids: Vec<String>,
}

/// Reads all images of an archive as `docker load` reads it: made by a build, or by
/// `docker save`, which adds files of its own and names others as it likes.
pub(crate) fn read(path: &Path) -> Result<Vec<Image>, Unreadable> {
    let file = File::open(path).map_err(|error| entries::broken(NAME, &error))?;
    let files = files(&file)?;
    let Some(manifest) = files.get("/manifest.json") else {
        return unreadable(format!("{NAME}: there is no manifest.json"));
    };
    let manifests: Vec<Manifest> = archive::parse("manifest.json", manifest)?;
    let images: Vec<Image> = manifests
        .iter()
        .map(|manifest| image(manifest, &files))
        .collect::<Result<_, _>>()?;
    let distinct: BTreeSet<&str> = images.iter().map(|image| image.name.as_str()).collect();
    if images.is_empty() || distinct.len() != images.len() {
        return unreadable("manifest.json: no image, or two of the same name");
    }
    Ok(images)
}

type Files = BTreeMap<String, Vec<u8>>;

fn files(file: &File) -> Result<Files, Unreadable> {
    let mut files = Files::new();
    let mut budget = limits::ENTRIES;
    let mut input = archive::inflated(NAME, file)?;
    entries::walk(NAME, &mut input, &mut budget, |entry, bytes| {
        if entry.kind != Kind::File {
            return Ok(());
        }
        let content = archive::whole(NAME, entry, bytes)?;
        if files.insert(entry.path.clone(), content).is_some() {
            return unreadable(format!("{NAME}: {} is there twice", entry.path));
        }
        Ok(())
    })?;
    Ok(files)
}

fn image(manifest: &Manifest, files: &Files) -> Result<Image, Unreadable> {
    let named = |name: &str| {
        let found = files.get(&format!("/{name}"));
        found.ok_or_else(|| Unreadable(format!("{NAME}: {name:?} is not there, or no file")))
    };
    let text = named(&manifest.config)?.clone();
    let value: Value = archive::parse("the configuration", &text)?;
    let parsed: Parsed = archive::parse("the configuration", &text)?;
    if parsed.rootfs.diff_ids.len() != manifest.layers.len() {
        return unreadable("manifest.json and the configuration have different layers");
    }
    let mut layers = Vec::new();
    for (name, stated) in manifest.layers.iter().zip(&parsed.rootfs.diff_ids) {
        layers.push(layer(named(name)?, stated)?);
    }
    let tags = manifest.repo_tags.clone().unwrap_or_default();
    Ok(Image {
        name: if tags.is_empty() {
            "an image without a tag".to_owned()
        } else {
            tags.join(" ")
        },
        config: Config {
            digest: archive::hex(&Sha256::digest(&text)),
            text,
            value,
        },
        layers,
    })
}

fn layer(bytes: &[u8], stated: &str) -> Result<Layer, Unreadable> {
    let mut tar = Vec::new();
    let mut input = archive::unzipped("a layer", bytes)?.take(limits::INFLATED_BYTES);
    input
        .read_to_end(&mut tar)
        .map_err(|error| entries::broken("a layer", &error))?;
    let digest = archive::hex(&Sha256::digest(&tar));
    if stated != format!("sha256:{digest}") {
        return unreadable(format!(
            "a layer: its digest is sha256:{digest}, and the configuration has {stated}"
        ));
    }
    let mut paths = Vec::new();
    let mut budget = limits::ENTRIES;
    entries::walk("a layer", &mut tar.as_slice(), &mut budget, |entry, _| {
        paths.push(entry.path.clone());
        Ok(())
    })?;
    Ok(Layer {
        name: names::of_layer(paths.iter().map(String::as_str)),
        digest,
        tar,
    })
}
