//! Compares two archives, layer by layer: what an update ships, or whether two builds are one.

use std::{fmt::Write as _, io::Write as _, path::Path, rc::Rc};

use flate2::{Compression, write::GzEncoder};

use crate::{
    contents::{self, Image, Layer},
    difference, pattern,
    unreadable::Unreadable,
};

/// How the part of an image stands to the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The same bytes.
    Same,
    /// The same bytes, above a layer that is not the same. A registry has them already; an
    /// engine that keeps an image as a chain of layers fetches them again all the same.
    Above,
    /// Other bytes.
    Changed,
}

/// One layer of an image, or its configuration.
#[derive(Clone, Debug)]
pub struct Part {
    /// What it holds: `configuration`, or the names of the layer's store paths.
    pub name: String,
    /// Hexadecimal SHA-256 of the bytes, not compressed.
    pub digest: String,
    /// Not compressed.
    pub bytes: u64,
    /// As gzip's default level leaves them, which is what engines push.
    pub gzip_bytes: u64,
    /// Against the archive before.
    pub state: State,
}

/// One image of the archive after.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Its tags.
    pub image: String,
    /// The configuration, then the layers from the lowest to the highest.
    pub parts: Vec<Part>,
}

/// How two archives stand to each other.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The images of the archive after.
    pub images: Vec<Compared>,
    /// A sentence for each thing that is not the same: an image, a file, a key.
    pub differences: Vec<String>,
}

const CONFIGURATION: &str = "configuration";

/// Reads both archives and compares the images of the same name.
///
/// # Errors
///
/// An archive that is broken or hostile is refused as a whole, by one sentence that names it.
pub fn compare(before: &Path, after: &Path) -> Result<Comparison, Unreadable> {
    let read = |path: &Path| {
        contents::read(path).map_err(|error| Unreadable(format!("{}: {error}", path.display())))
    };
    let (before, after) = (read(before)?, read(after)?);
    let mut comparison = Comparison {
        images: Vec::new(),
        differences: Vec::new(),
    };
    for new in &after {
        let old = before.iter().find(|old| old.name() == new.name());
        comparison.image(old, new)?;
    }
    for old in &before {
        if !after.iter().any(|new| new.name() == old.name()) {
            let sentence = format!("{}: only before", old.name());
            comparison.differences.push(sentence);
        }
    }
    Ok(comparison)
}

impl Comparison {
    fn image(&mut self, old: Option<&Image>, new: &Image) -> Result<(), Unreadable> {
        let mut parts = vec![Part {
            name: CONFIGURATION.to_owned(),
            digest: new.config.digest.clone(),
            bytes: new.config.text.len() as u64,
            gzip_bytes: gzip_bytes(&new.config.text),
            state: match old {
                Some(old) if old.config.digest == new.config.digest => State::Same,
                _ => State::Changed,
            },
        }];
        let mut changed_below = false;
        for layer in &new.layers {
            let has = |old: &Image| old.layers.iter().any(|old| old.digest == layer.digest);
            let same = old.is_some_and(has);
            changed_below |= !same;
            parts.push(Part {
                name: layer.kept.name.clone(),
                digest: layer.digest.clone(),
                bytes: layer.bytes,
                gzip_bytes: gzip_bytes(&layer.kept.tar),
                state: match (same, changed_below) {
                    (true, false) => State::Same,
                    (true, true) => State::Above,
                    (false, _) => State::Changed,
                },
            });
        }
        match old {
            Some(old) => self.differ(old, new)?,
            None => self.differences.push(format!("{}: only after", new.name())),
        }
        self.images.push(Compared {
            image: new.name(),
            parts,
        });
        Ok(())
    }

    fn differ(&mut self, old: &Image, new: &Image) -> Result<(), Unreadable> {
        let found = self.differences.len();
        let alone = |layers: &[Rc<Layer>], others: &[Rc<Layer>]| -> Vec<usize> {
            let alone = |layer: &Rc<Layer>| others.iter().all(|other| other.digest != layer.digest);
            (0..layers.len())
                .filter(|index| alone(&layers[*index]))
                .collect()
        };
        let mut gone = alone(&old.layers, &new.layers);
        for index in alone(&new.layers, &old.layers) {
            let layer = &new.layers[index];
            let what = format!("{}: {}", new.name(), layer.kept.name);
            // What has the same name is the same thing in another state.
            let twin = gone
                .iter()
                .position(|old_index| old.layers[*old_index].kept.name == layer.kept.name);
            let Some(twin) = twin else {
                self.differences.push(format!("{what}: only after"));
                continue;
            };
            let twin = &old.layers[gone.remove(twin)];
            for sentence in difference::of_layers(twin, layer)? {
                self.differences.push(format!("{what}: {sentence}"));
            }
        }
        for index in gone {
            let layer = &old.layers[index].kept.name;
            let sentence = format!("{}: {layer}: only before", new.name());
            self.differences.push(sentence);
        }
        let digests = |image: &Image| -> Vec<String> {
            let layers = image.layers.iter();
            layers.map(|layer| layer.digest.clone()).collect()
        };
        if self.differences.len() == found && digests(old) != digests(new) {
            let sentence = format!("{}: the same layers in another order", new.name());
            self.differences.push(sentence);
        }
        if old.config.digest != new.config.digest {
            let (old, value) = (old.config.value()?, new.config.value()?);
            for sentence in difference::of_configs(&old, &value) {
                let sentence = format!("{}: {CONFIGURATION}: {sentence}", new.name());
                self.differences.push(sentence);
            }
        }
        Ok(())
    }

    /// A line for each part of each image, with `changed` for what is not the same.
    #[must_use]
    pub fn table(&self, changed: &str) -> String {
        let mut text = String::new();
        for image in &self.images {
            let _ = writeln!(
                text,
                "{}\n  {:<12}{:<73}{:>10}{:>12}  holds",
                image.image, "state", "digest", "bytes", "gzip bytes"
            );
            for part in &image.parts {
                let state = match part.state {
                    State::Same => "same",
                    State::Above => "same, above",
                    State::Changed => changed,
                };
                let _ = writeln!(
                    text,
                    "  {state:<12}sha256:{:<66}{:>10}{:>12}  {}",
                    part.digest, part.bytes, part.gzip_bytes, part.name
                );
            }
        }
        text
    }

    /// What the update ships, compressed: all that is not the same, and what stands above it.
    #[must_use]
    pub fn shipped_bytes(&self) -> u64 {
        let parts = self.images.iter().flat_map(|image| &image.parts);
        let shipped = parts.filter(|part| part.state != State::Same);
        shipped.map(|part| part.gzip_bytes).sum()
    }

    /// A sentence for each way in which the update is more than one layer that fits the
    /// pattern `layer`, or more than `at_most` bytes.
    #[must_use]
    pub fn beyond(&self, layer: &str, at_most: u64) -> Vec<String> {
        let mut found = Vec::new();
        let layers: Vec<String> = self
            .images
            .iter()
            .flat_map(|image| image.parts.iter().map(move |part| (&image.image, part)))
            .filter(|(_, part)| part.state == State::Changed && part.name != CONFIGURATION)
            .map(|(image, part)| format!("{image}: {}", part.name))
            .collect();
        let fits = |changed: &String| {
            let name = changed.rsplit(": ").next().unwrap_or_default();
            pattern::fits(layer, name)
        };
        if layers.is_empty() {
            found.push("no layer is re-shipped: the change did not reach any image".to_owned());
        } else if layers.len() > 1 || !layers.iter().all(fits) {
            found.push(format!(
                "layers that are re-shipped: {}, expected only {layer}",
                layers.join(", ")
            ));
        }
        let bytes = self.shipped_bytes();
        if bytes > at_most {
            found.push(format!(
                "to ship: {bytes} bytes, expected at most {at_most}"
            ));
        }
        found
    }
}

fn gzip_bytes(bytes: &[u8]) -> u64 {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.map_or(u64::MAX, |packed| packed.len() as u64)
}
