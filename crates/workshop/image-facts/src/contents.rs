//! An archive as a whole, in memory: every image in it, with the bytes of every layer.

use std::{collections::BTreeSet, io::Read, path::Path};

use crate::{
    archive,
    entries::{self, Entry},
    limits, names,
    unreadable::{Unreadable, unreadable},
};

/// One image, with the bytes of its layers.
pub type Image = archive::Image<Contents>;
/// One of them.
pub type Layer = archive::Layer<Contents>;

/// What a layer holds.
pub struct Contents {
    /// The names of its store paths, without their hashes.
    pub name: String,
    /// Not compressed.
    pub tar: Vec<u8>,
}

impl Contents {
    fn read(what: &str, input: &mut dyn Read) -> Result<Self, Unreadable> {
        let mut tar = Vec::new();
        input
            .read_to_end(&mut tar)
            .map_err(|error| entries::broken(what, &error))?;
        let mut paths = Vec::new();
        walk(what, &tar, |entry, _| {
            paths.push(entry.path.clone());
            Ok(())
        })?;
        let name = names::of_layer(paths.iter().map(String::as_str));
        Ok(Self { name, tar })
    }

    /// Each entry with its bytes.
    ///
    /// # Errors
    ///
    /// A tar that is broken or hostile.
    pub fn entries(&self) -> Result<Vec<(Entry, Vec<u8>)>, Unreadable> {
        let mut entries = Vec::new();
        walk(&self.name, &self.tar, |entry, bytes| {
            entries.push((entry.clone(), archive::whole(&self.name, entry, bytes)?));
            Ok(())
        })?;
        Ok(entries)
    }
}

/// Reads all images of an archive, made by a build or by `docker save`.
///
/// # Errors
///
/// An archive that is broken or hostile is refused as a whole, by one sentence.
pub fn read(path: &Path) -> Result<Vec<Image>, Unreadable> {
    let images = archive::read(path, Contents::read)?.images;
    let distinct: BTreeSet<String> = images.iter().map(Image::name).collect();
    if images.is_empty() || distinct.len() != images.len() {
        return unreadable("manifest.json: no image, or two of the same name");
    }
    Ok(images)
}

impl Image {
    /// Its tags, or what stands for them when it has none.
    #[must_use]
    pub fn name(&self) -> String {
        if self.tags.is_empty() {
            "an image without a tag".to_owned()
        } else {
            self.tags.join(" ")
        }
    }
}

fn walk(
    what: &str,
    mut tar: &[u8],
    visit: impl FnMut(&Entry, &mut dyn Read) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let mut budget = limits::ENTRIES;
    entries::walk(what, &mut tar, &mut budget, visit)
}
