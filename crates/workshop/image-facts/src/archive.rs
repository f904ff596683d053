//! Reads an image's archive in two passes, since manifest.json may stand at its end.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write,
    fs::File,
    io::{self, BufReader, Read, Seek},
    path::Path,
};

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
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
    pub(crate) layers: Vec<Layer>,
    /// What was found in the configuration's text.
    pub(crate) in_config: Vec<String>,
    pub(crate) archive_bytes: u64,
}

/// One layer.
#[derive(Default)]
pub(crate) struct Layer {
    /// Not compressed.
    pub(crate) bytes: u64,
    pub(crate) entries: Vec<(Entry, Inside)>,
}

/// What manifest.json says of one image.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Manifest {
    pub(crate) config: String,
    pub(crate) repo_tags: Option<Vec<String>>,
    pub(crate) layers: Vec<String>,
}

/// <https://specs.opencontainers.org/image-spec/config/>; what is not named here is refused,
/// since no fact speaks of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default, rename = "config")]
    container: Value,
    rootfs: RootFs,
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
}

#[derive(Deserialize)]
struct RootFs {
    diff_ids: Vec<String>,
}

/// What an archive is called in a refusal.
pub(crate) const NAME: &str = "the archive";

/// Reads the archive, looking into each file.
pub(crate) fn read(path: &Path, look: &Look) -> Result<Image, Unreadable> {
    let mut file = File::open(path).map_err(|error| entries::broken(NAME, &error))?;
    let length = file
        .metadata()
        .map_err(|error| entries::broken(NAME, &error))?
        .len();
    let (jsons, files) = first_pass(&file)?;
    file.rewind()
        .map_err(|error| entries::broken(NAME, &error))?;

    let Some(manifest) = jsons.get("/manifest.json") else {
        return unreadable(format!("{NAME}: there is no manifest.json"));
    };
    let manifests: Vec<Manifest> = parse("manifest.json", manifest)?;
    let [manifest] = <[Manifest; 1]>::try_from(manifests).map_err(|manifests| {
        Unreadable(format!(
            "manifest.json: {} images instead of one",
            manifests.len()
        ))
    })?;
    let Some(config) = jsons.get(&format!("/{}", manifest.config)) else {
        return unreadable(format!(
            "{NAME}: the configuration {:?} is not there",
            manifest.config
        ));
    };
    let digest = hex(&Sha256::digest(config));
    if manifest.config != format!("{digest}.json") {
        return unreadable(format!("{}: its digest is {digest}", manifest.config));
    }
    let in_config = look.text(config);
    let config: Config = parse("the configuration", config)?;
    if config.rootfs.diff_ids.len() != manifest.layers.len() {
        return unreadable(format!(
            "manifest.json: {} layers, and the configuration has {}",
            manifest.layers.len(),
            config.rootfs.diff_ids.len()
        ));
    }

    let mut wanted = HashMap::new();
    for (index, layer) in manifest.layers.iter().enumerate() {
        let name = format!("/{layer}");
        if !files.contains(&name) {
            return unreadable(format!("{NAME}: the layer {layer:?} is not there"));
        }
        if wanted.insert(name, index).is_some() {
            return unreadable(format!(
                "manifest.json: the layer {layer:?} stands there twice"
            ));
        }
    }
    for name in &files {
        let known = name == "/manifest.json" || *name == format!("/{}", manifest.config);
        if !known && !wanted.contains_key(name) {
            return unreadable(format!("{NAME}: manifest.json does not name {name}"));
        }
    }
    Ok(Image {
        tags: manifest.repo_tags.unwrap_or_default(),
        layers: second_pass(&file, look, &wanted, &config.rootfs.diff_ids)?,
        config: config.container,
        made: config.made,
        in_config,
        archive_bytes: length,
    })
}

type Jsons = BTreeMap<String, Vec<u8>>;

/// The texts of what may be JSON, and the names of all files.
fn first_pass(file: &File) -> Result<(Jsons, BTreeSet<String>), Unreadable> {
    let mut jsons = Jsons::new();
    let mut files = BTreeSet::new();
    let mut input = inflated(NAME, file)?;
    let mut budget = limits::ENTRIES;
    entries::walk(NAME, &mut input, &mut budget, |entry, bytes| {
        match entry.kind {
            Kind::Folder => return Ok(()),
            Kind::File => {}
            Kind::Symlink | Kind::HardLink => {
                return unreadable(format!("{NAME}: {} is a link", entry.path));
            }
        }
        if !files.insert(entry.path.clone()) {
            return unreadable(format!("{NAME}: {} is there twice", entry.path));
        }
        if entry.path.strip_suffix(".json").is_some() {
            if entry.size > limits::JSON_BYTES || jsons.len() >= limits::JSON_FILES {
                return unreadable(format!("{NAME}: too much JSON, at {}", entry.path));
            }
            jsons.insert(entry.path.clone(), whole(NAME, entry, bytes)?);
        }
        Ok(())
    })?;
    Ok((jsons, files))
}

fn second_pass(
    file: &File,
    look: &Look,
    wanted: &HashMap<String, usize>,
    diff_ids: &[String],
) -> Result<Vec<Layer>, Unreadable> {
    let mut layers: Vec<Layer> = diff_ids.iter().map(|_| Layer::default()).collect();
    let mut input = inflated(NAME, file)?;
    let mut outer = limits::ENTRIES;
    let mut inner = limits::ENTRIES;
    let mut left = limits::INFLATED_BYTES;
    entries::walk(NAME, &mut input, &mut outer, |entry, bytes| {
        if let Some(&index) = wanted.get(&entry.path) {
            let what = format!("layer {}", index + 1);
            let (layer, digest) = layer(&what, look, bytes, left, &mut inner)?;
            left -= layer.bytes.min(left);
            if diff_ids[index] != format!("sha256:{digest}") {
                return unreadable(format!(
                    "{what}: its digest is sha256:{digest}, and the configuration has {}",
                    diff_ids[index]
                ));
            }
            layers[index] = layer;
        }
        Ok(())
    })?;
    Ok(layers)
}

fn layer(
    what: &str,
    look: &Look,
    bytes: &mut dyn Read,
    limit: u64,
    budget: &mut usize,
) -> Result<(Layer, String), Unreadable> {
    let mut input = Measured {
        inner: unzipped(what, bytes)?,
        hash: Sha256::new(),
        left: limit,
        count: 0,
    };
    let mut entries = Vec::new();
    entries::walk(what, &mut input, budget, |entry, bytes| {
        let inside = if entry.kind == Kind::File {
            if entry.size > limits::FILE_BYTES {
                return unreadable(format!(
                    "{what}: {} has {} bytes, too many to look into",
                    entry.path, entry.size
                ));
            }
            look.file(entry, &whole(what, entry, bytes)?)
        } else {
            Inside::default()
        };
        entries.push((entry.clone(), inside));
        Ok(())
    })?;
    let bytes = input.count;
    Ok((Layer { bytes, entries }, hex(&input.hash.finalize())))
}

/// All bytes of an entry, the size of which is known to be small enough.
pub(crate) fn whole(
    what: &str,
    entry: &Entry,
    bytes: &mut dyn Read,
) -> Result<Vec<u8>, Unreadable> {
    // Not reserved at once: a header may promise what does not follow.
    let mut all = Vec::new();
    bytes
        .read_to_end(&mut all)
        .map_err(|error| entries::broken(what, &error))?;
    if all.len() as u64 != entry.size {
        return entries::truncated(what);
    }
    Ok(all)
}

/// JSON, or a refusal that says where it is broken.
pub(crate) fn parse<T: for<'a> Deserialize<'a>>(what: &str, text: &[u8]) -> Result<T, Unreadable> {
    serde_json::from_slice(text).map_err(|error| Unreadable(format!("{what}: {error}")))
}

/// The file's bytes, inflated and within limits.
pub(crate) fn inflated<'a>(
    what: &str,
    file: &'a File,
) -> Result<Measured<Box<dyn Read + 'a>>, Unreadable> {
    Ok(Measured {
        inner: unzipped(what, BufReader::new(file))?,
        hash: Sha256::new(),
        left: limits::INFLATED_BYTES,
        count: 0,
    })
}

/// What is in it, whether it is gzip'ed or not.
pub(crate) fn unzipped<'a>(
    what: &str,
    mut input: impl Read + 'a,
) -> Result<Box<dyn Read + 'a>, Unreadable> {
    let mut magic = [0; 2];
    input
        .read_exact(&mut magic)
        .map_err(|error| entries::broken(what, &error))?;
    let whole = io::Cursor::new(magic).chain(input);
    Ok(if magic == [0x1f, 0x8b] {
        Box::new(MultiGzDecoder::new(whole))
    } else {
        Box::new(whole)
    })
}

/// Counts and hashes what is read, and ends a reading that goes on for too long.
pub(crate) struct Measured<R> {
    inner: R,
    hash: Sha256,
    left: u64,
    count: u64,
}

impl<R: Read> Read for Measured<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| {
            io::Error::other(format!(
                "it inflates to more than {} bytes",
                limits::INFLATED_BYTES
            ))
        })?;
        self.count += count as u64;
        self.hash.update(&buffer[..count]);
        Ok(count)
    }
}

/// Two digits for each byte, as digests are written.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
