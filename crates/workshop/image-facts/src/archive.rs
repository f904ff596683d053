//! Reads the archive of images, as `docker load` reads it, in two passes, since manifest.json may
//! stand at its end.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs::File,
    io::{self, BufReader, Read, Seek},
    path::Path,
    rc::Rc,
};

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    entries::{self, Entry, Kind},
    limits,
    unreadable::{Unreadable, unreadable},
};

/// What an archive consists of; its reader says what it keeps of each layer.
pub(crate) struct Archive<L> {
    /// As it is on the disk.
    pub(crate) bytes: u64,
    pub(crate) images: Vec<Image<L>>,
    /// A sentence for each thing that no build does, and `docker save` may.
    pub(crate) oddities: Vec<String>,
}

/// One image of an archive.
pub struct Image<L> {
    pub tags: Vec<String>,
    pub config: Config,
    /// From the lowest to the highest. Several images may have the same one.
    pub layers: Vec<Rc<Layer<L>>>,
}

/// An image's configuration.
pub struct Config {
    /// Hexadecimal SHA-256 of the text.
    pub digest: String,
    pub text: Vec<u8>,
}

impl Config {
    /// What the text says.
    ///
    /// # Errors
    ///
    /// Text that is no JSON.
    pub fn value(&self) -> Result<Value, Unreadable> {
        parse("the configuration", &self.text)
    }
}

/// One layer of an image.
pub struct Layer<L> {
    /// Hexadecimal SHA-256 of the tar, which is what the configuration states.
    pub digest: String,
    /// Of the tar, which is not compressed.
    pub bytes: u64,
    pub kept: L,
}

/// What manifest.json says of one image.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Manifest {
    config: String,
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

/// What a configuration says of the layers.
#[derive(Deserialize)]
struct Stated {
    rootfs: RootFs,
}

#[derive(Deserialize)]
struct RootFs {
    diff_ids: Vec<String>,
}

/// What an archive is called in a refusal.
const NAME: &str = "the archive";
const MANIFEST: &str = "/manifest.json";

/// Reads all images of the archive. What is kept of a layer is what `keep` makes of its tar, which
/// it has to read to the end; it is also given what the layer is called in a refusal.
pub(crate) fn read<L>(
    path: &Path,
    keep: impl FnMut(&str, &mut dyn Read) -> Result<L, Unreadable>,
) -> Result<Archive<L>, Unreadable> {
    let broken = |error| entries::broken(NAME, &error);
    let mut file = File::open(path).map_err(broken)?;
    let bytes = file.metadata().map_err(broken)?.len();
    let mut oddities = Vec::new();
    let (manifest, files) = first_pass(&file, &mut oddities)?;
    file.rewind().map_err(broken)?;

    let Some(manifest) = manifest else {
        return unreadable(format!("{NAME}: there is no manifest.json"));
    };
    let manifests: Vec<Manifest> = parse("manifest.json", &manifest)?;
    if manifests.len() > limits::IMAGES {
        return unreadable(format!("manifest.json: {} images", manifests.len()));
    }
    let named = Named::by(&manifests, &mut oddities);
    for name in &files {
        if name != MANIFEST && !named.configs.contains(name) && !named.layers.contains_key(name) {
            oddities.push(format!("{NAME}: manifest.json does not name {name}"));
        }
    }
    let (configs, layers) = second_pass(&file, &named, keep)?;
    let images = manifests
        .into_iter()
        .map(|manifest| image(manifest, &configs, &layers, &mut oddities))
        .collect::<Result<_, _>>()?;
    Ok(Archive {
        bytes,
        images,
        oddities,
    })
}

/// The text of manifest.json, and the names of all files.
fn first_pass(
    file: &File,
    oddities: &mut Vec<String>,
) -> Result<(Option<Vec<u8>>, BTreeSet<String>), Unreadable> {
    let mut manifest = None;
    let mut files = BTreeSet::new();
    walk(file, |entry, bytes| {
        match entry.kind {
            Kind::File if !files.insert(entry.path.clone()) => {
                return unreadable(format!("{NAME}: {} is there twice", entry.path));
            }
            Kind::File if entry.path == MANIFEST => manifest = Some(json(entry, bytes)?),
            Kind::File | Kind::Folder => {}
            Kind::Symlink | Kind::HardLink => {
                oddities.push(format!("{NAME}: {} is a link", entry.path));
            }
        }
        Ok(())
    })?;
    Ok((manifest, files))
}

/// The files that manifest.json names.
struct Named {
    configs: BTreeSet<String>,
    /// With what each is called in a refusal.
    layers: BTreeMap<String, String>,
}

impl Named {
    fn by(manifests: &[Manifest], oddities: &mut Vec<String>) -> Self {
        let configs = manifests.iter().map(|one| path(&one.config)).collect();
        let mut layers = BTreeMap::new();
        for manifest in manifests {
            for (layer, number) in manifest.layers.iter().zip(1..) {
                if layers.insert(path(layer), called(number)).is_some() {
                    let sentence = format!("manifest.json: the layer {layer:?} stands there twice");
                    oddities.push(sentence);
                }
            }
        }
        Self { configs, layers }
    }
}

type Configs = BTreeMap<String, Vec<u8>>;
type Layers<L> = BTreeMap<String, Rc<Layer<L>>>;

fn second_pass<L>(
    file: &File,
    named: &Named,
    mut keep: impl FnMut(&str, &mut dyn Read) -> Result<L, Unreadable>,
) -> Result<(Configs, Layers<L>), Unreadable> {
    let mut configs = Configs::new();
    let mut layers = Layers::new();
    let mut left = limits::INFLATED_BYTES;
    walk(file, |entry, bytes| {
        if entry.kind != Kind::File {
            return Ok(());
        }
        if named.configs.contains(&entry.path) {
            configs.insert(entry.path.clone(), json(entry, bytes)?);
        } else if let Some(what) = named.layers.get(&entry.path) {
            let mut input = Measured::new(unzipped(what, bytes)?, left);
            let kept = keep(what, &mut input)?;
            let layer = Layer {
                bytes: left - input.left,
                digest: hex(&input.hash.finalize()),
                kept,
            };
            left = input.left;
            layers.insert(entry.path.clone(), Rc::new(layer));
        }
        Ok(())
    })?;
    Ok((configs, layers))
}

fn image<L>(
    manifest: Manifest,
    configs: &Configs,
    all: &Layers<L>,
    oddities: &mut Vec<String>,
) -> Result<Image<L>, Unreadable> {
    let name = manifest.config;
    let Some(text) = configs.get(&path(&name)) else {
        return unreadable(format!("{NAME}: the configuration {name:?} is not there"));
    };
    let digest = hex(&Sha256::digest(text));
    if name != format!("{digest}.json") {
        oddities.push(format!("{name}: its digest is {digest}"));
    }
    let Stated { rootfs } = parse("the configuration", text)?;
    if rootfs.diff_ids.len() != manifest.layers.len() {
        return unreadable(format!(
            "manifest.json: {} layers, and the configuration has {}",
            manifest.layers.len(),
            rootfs.diff_ids.len()
        ));
    }
    let mut layers = Vec::new();
    for ((file, stated), number) in manifest.layers.iter().zip(&rootfs.diff_ids).zip(1..) {
        let Some(layer) = all.get(&path(file)) else {
            return unreadable(format!("{NAME}: the layer {file:?} is not there"));
        };
        let found = format!("sha256:{}", layer.digest);
        if *stated != found {
            return unreadable(format!(
                "{}: its digest is {found}, and the configuration has {stated}",
                called(number)
            ));
        }
        layers.push(Rc::clone(layer));
    }
    Ok(Image {
        tags: manifest.repo_tags.unwrap_or_default(),
        config: Config {
            digest,
            text: text.clone(),
        },
        layers,
    })
}

/// What a layer is called in a refusal.
fn called(number: usize) -> String {
    format!("layer {number}")
}

/// Where a file is that manifest.json names.
fn path(name: &str) -> String {
    format!("/{name}")
}

/// Calls `visit` with each entry of the archive itself.
fn walk(
    file: &File,
    visit: impl FnMut(&Entry, &mut dyn Read) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let inflated = unzipped(NAME, BufReader::new(file))?;
    let mut input = Measured::new(inflated, limits::INFLATED_BYTES);
    let mut budget = limits::ENTRIES;
    entries::walk(NAME, &mut input, &mut budget, visit)
}

fn json(entry: &Entry, bytes: &mut dyn Read) -> Result<Vec<u8>, Unreadable> {
    if entry.size > limits::JSON_BYTES {
        return unreadable(format!("{NAME}: too much JSON, at {}", entry.path));
    }
    whole(NAME, entry, bytes)
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

/// What is in it, whether it is gzip'ed or not.
fn unzipped<'a>(what: &str, mut input: impl Read + 'a) -> Result<Box<dyn Read + 'a>, Unreadable> {
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

/// Hashes what is read, and ends a reading that goes on for too long.
struct Measured<R> {
    inner: R,
    hash: Sha256,
    left: u64,
}

impl<R> Measured<R> {
    fn new(inner: R, left: u64) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
            left,
        }
    }
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
