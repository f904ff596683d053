//! The image that facts are stated of: as a build makes it, and alone in its archive.

use std::{io::Read, path::Path, rc::Rc};

use serde::Deserialize;
use serde_json::Value;

use crate::{
    archive,
    entries::{self, Entry, Kind},
    inside::{Inside, Look},
    limits,
    unreadable::{Unreadable, unreadable},
};

/// What an image consists of.
pub(crate) struct Image {
    pub(crate) tags: Vec<String>,
    /// The container's part of the configuration.
    pub(crate) config: Value,
    /// The rest of it: what it runs on, and when it was made.
    pub(crate) made: Made,
    pub(crate) layers: Vec<Rc<Layer>>,
    /// What was found in the configuration's text.
    pub(crate) in_config: Vec<String>,
    /// What was found in its variables and its history.
    pub(crate) in_environment: Vec<String>,
    pub(crate) archive_bytes: u64,
}

/// One layer, with what was found in each of its files.
pub(crate) type Layer = archive::Layer<Vec<(Entry, Inside)>>;

/// <https://specs.opencontainers.org/image-spec/config/>; what is not named here is refused,
/// since no fact speaks of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default, rename = "config")]
    container: Value,
    /// The digests of the layers, which the reader of the archive has looked at.
    #[serde(rename = "rootfs")]
    _rootfs: Value,
    #[serde(flatten)]
    made: Made,
}

/// What an image runs on, and when it was made.
#[derive(Deserialize)]
pub(crate) struct Made {
    #[serde(default)]
    pub(crate) os: String,
    #[serde(default)]
    pub(crate) architecture: String,
    #[serde(default)]
    pub(crate) created: String,
    #[serde(default)]
    pub(crate) history: Vec<Step>,
}

/// One step of the history, which goes with a layer.
#[derive(Deserialize)]
pub(crate) struct Step {
    #[serde(default)]
    pub(crate) created: String,
    #[serde(default)]
    created_by: String,
    #[serde(default)]
    comment: String,
}

/// Reads the archive, looking into each file.
pub(crate) fn read(path: &Path, look: &Look) -> Result<Image, Unreadable> {
    let mut budget = limits::ENTRIES;
    let archive = archive::read(path, |what, tar| entries_of(what, tar, look, &mut budget))?;
    if let Some(sentence) = archive.oddities.into_iter().next() {
        return unreadable(sentence);
    }
    let [image] = <[_; 1]>::try_from(archive.images).map_err(|images: Vec<_>| {
        Unreadable(format!(
            "manifest.json: {} images instead of one",
            images.len()
        ))
    })?;
    let in_config = look.text(&image.config.text);
    let config: Config = archive::parse("the configuration", &image.config.text)?;
    let variables = config.container.get("Env").and_then(Value::as_array);
    let variables = variables.into_iter().flatten().filter_map(Value::as_str);
    let steps = config.made.history.iter();
    let said = steps.flat_map(|step| [&step.created_by, &step.comment]);
    let in_environment = variables
        .flat_map(|variable| look.variable(variable))
        .chain(said.flat_map(|text| look.step(text)))
        .collect();
    Ok(Image {
        tags: image.tags,
        layers: image.layers,
        config: config.container,
        made: config.made,
        in_config,
        in_environment,
        archive_bytes: archive.bytes,
    })
}

fn entries_of(
    what: &str,
    mut tar: &mut dyn Read,
    look: &Look,
    budget: &mut usize,
) -> Result<Vec<(Entry, Inside)>, Unreadable> {
    let mut all = Vec::new();
    entries::walk(what, &mut tar, budget, |entry, bytes| {
        let inside = if entry.kind == Kind::File {
            if entry.size > limits::FILE_BYTES {
                return unreadable(format!(
                    "{what}: {} has {} bytes, too many to look into",
                    entry.path, entry.size
                ));
            }
            look.file(entry, &archive::whole(what, entry, bytes)?)
        } else {
            Inside::default()
        };
        all.push((entry.clone(), inside));
        Ok(())
    })?;
    Ok(all)
}
