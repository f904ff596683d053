//! An OCI image layout (<https://specs.opencontainers.org/image-spec/image-layout/>): layers are
//! compressed here, once, so that the name by digest is known before anything is pushed, and
//! whoever pushes it has nothing to decide.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    archive::{self, Config, Image, hex},
    unreadable::{Unreadable, unreadable},
};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// Under which an image is found in a layout.
const NAME: &str = "org.opencontainers.image.ref.name";
/// What an image says of itself: <https://specs.opencontainers.org/image-spec/annotations/>
const SAID: &str = "org.opencontainers.image.";
const CREATED: &str = "org.opencontainers.image.created";

type Annotations = BTreeMap<String, String>;

/// What names a blob.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<Platform>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: Annotations,
}

/// What an image runs on, in the order that an index has.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Platform {
    architecture: String,
    os: String,
}

/// An image of one platform.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u8,
    media_type: String,
    config: Descriptor,
    layers: Vec<Descriptor>,
    #[serde(default)]
    annotations: Annotations,
}

/// An image of several platforms, or all that a layout has.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    schema_version: u8,
    media_type: String,
    manifests: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: Annotations,
}

impl Index {
    fn of(manifests: Vec<Descriptor>, annotations: Annotations) -> Self {
        Self {
            schema_version: 2,
            media_type: INDEX.to_owned(),
            manifests,
            annotations,
        }
    }
}

/// The part of a configuration that its manifest repeats.
#[derive(Deserialize)]
struct Made {
    #[serde(flatten)]
    platform: Platform,
    #[serde(default)]
    created: String,
    #[serde(default)]
    config: Container,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Container {
    #[serde(default)]
    labels: Option<Annotations>,
}

/// Writes the images of an archive, as `docker load` reads it, into a new folder. Configurations
/// stay as they are, to the byte; each layer is what `compressor` (a program and its arguments)
/// makes of it, from its standard input to its standard output, and has to be gzip.
///
/// # Errors
///
/// An archive that is broken or hostile, a folder that is there, and a compressor that fails.
pub fn write(archive: &Path, folder: &Path, compressor: &[OsString]) -> Result<(), Unreadable> {
    let blobs = Blobs::new(folder)?;
    let archive = archive::read(archive, |what, tar| blobs.compressed(what, tar, compressor))?;
    let mut manifests = Vec::new();
    for image in &archive.images {
        if image.tags.is_empty() {
            return unreadable("manifest.json: an image without a name");
        }
        let descriptor = blobs.image(image)?;
        manifests.extend(image.tags.iter().map(|tag| named(descriptor.clone(), tag)));
    }
    blobs.finish(manifests)
}

/// Writes a layout of what several have, one for each platform, into a new folder: an index for
/// each name, which is the same in whatever order they are given. What is said of an image stands
/// in `statements`, a folder with others named after digests.
///
/// # Errors
///
/// Layouts of other names than the first one's, two of one platform, and blobs that are not what
/// their digests say.
pub fn merge(layouts: &[PathBuf], folder: &Path) -> Result<(), Unreadable> {
    let blobs = Blobs::new(folder)?;
    let mut named_so: BTreeMap<String, Vec<Descriptor>> = BTreeMap::new();
    for layout in layouts {
        let from = Blobs(layout.clone());
        for descriptor in from.index()?.manifests {
            let Some(name) = descriptor.annotations.get(NAME).cloned() else {
                return unreadable(format!("{}: an image without a name", layout.display()));
            };
            blobs.take(&from, &descriptor)?;
            blobs.take_statements(&from, &descriptor)?;
            named_so.entry(name).or_default().push(descriptor);
        }
    }
    let mut indexes = Vec::new();
    for (name, mut images) in named_so {
        if images.len() != layouts.len() {
            return unreadable(format!(
                "{name}: {} of {} layouts have it",
                images.len(),
                layouts.len()
            ));
        }
        images.sort_by(|one, other| one.platform.cmp(&other.platform));
        for two in images.windows(2) {
            if two[0].platform == two[1].platform {
                return unreadable(format!("{name}: two layouts of one platform"));
            }
        }
        let mut common = blobs.manifest(&images[0])?.annotations;
        for image in &images[1..] {
            let others = blobs.manifest(image)?.annotations;
            common.retain(|key, value| others.get(key) == Some(value));
        }
        for image in &mut images {
            image.annotations.clear();
        }
        let index = blobs.json(INDEX, &Index::of(images, common))?;
        indexes.push(named(index, &name));
    }
    blobs.finish(indexes)
}

fn named(mut descriptor: Descriptor, name: &str) -> Descriptor {
    let name = (NAME.to_owned(), name.to_owned());
    descriptor.annotations.extend([name]);
    descriptor
}

/// A layout, by its folder.
struct Blobs(PathBuf);

impl Blobs {
    fn new(folder: &Path) -> Result<Self, Unreadable> {
        let made = fs::create_dir(folder)
            .and_then(|()| fs::create_dir_all(folder.join("blobs/sha256")))
            .and_then(|()| {
                fs::write(
                    folder.join("oci-layout"),
                    r#"{"imageLayoutVersion":"1.0.0"}"#,
                )
            });
        made.map_err(|error| wrong(folder, &error))?;
        Ok(Self(folder.to_owned()))
    }

    fn path(&self, digest: &str) -> PathBuf {
        let digits = digest.strip_prefix("sha256:").unwrap_or(digest);
        // A digest out of a file is no path.
        let digits = digits.replace(|digit: char| !digit.is_ascii_hexdigit(), "_");
        self.0.join("blobs/sha256").join(digits)
    }

    fn image(&self, image: &Image<Descriptor>) -> Result<Descriptor, Unreadable> {
        let Config { text, .. } = &image.config;
        let made: Made = archive::parse("the configuration", text)?;
        let mut annotations = made.config.labels.unwrap_or_default();
        annotations.retain(|label, _| label.starts_with(SAID));
        if !made.created.is_empty() {
            annotations.insert(CREATED.to_owned(), made.created);
        }
        let manifest = Manifest {
            schema_version: 2,
            media_type: MANIFEST.to_owned(),
            config: self.bytes(CONFIG, text)?,
            layers: image
                .layers
                .iter()
                .map(|layer| layer.kept.clone())
                .collect(),
            annotations,
        };
        let platform = Some(made.platform);
        let descriptor = self.json(MANIFEST, &manifest)?;
        Ok(Descriptor {
            platform,
            ..descriptor
        })
    }

    fn json(&self, media_type: &str, value: &impl Serialize) -> Result<Descriptor, Unreadable> {
        let text = serde_json::to_vec(value).map_err(|error| Unreadable(error.to_string()))?;
        self.bytes(media_type, &text)
    }

    fn bytes(&self, media_type: &str, bytes: &[u8]) -> Result<Descriptor, Unreadable> {
        let digest = format!("sha256:{}", hex(&Sha256::digest(bytes)));
        let path = self.path(&digest);
        fs::write(&path, bytes).map_err(|error| wrong(&path, &error))?;
        Ok(described(media_type, digest, bytes.len() as u64))
    }

    /// A layer, of which `what` is the name in a refusal.
    fn compressed(
        &self,
        what: &str,
        tar: &mut dyn Read,
        compressor: &[OsString],
    ) -> Result<Descriptor, Unreadable> {
        let [program, arguments @ ..] = compressor else {
            return unreadable("no compressor");
        };
        let aside = self.0.join("blobs/layer");
        let mut packed = || -> io::Result<Option<(String, u64)>> {
            let mut child = Command::new(program)
                .args(arguments)
                .stdin(Stdio::piped())
                .stdout(File::create(&aside)?)
                .spawn()?;
            let written = child
                .stdin
                .take()
                .map_or(Ok(0), |mut stdin| io::copy(tar, &mut stdin));
            // One that fails leaves off reading, which says nothing of the layer.
            if !child.wait()?.success() {
                return Ok(None);
            }
            written?;
            let mut magic = [0; 2];
            let gzip = File::open(&aside)?.read_exact(&mut magic).is_ok() && magic == [0x1f, 0x8b];
            let copied = copied(&mut File::open(&aside)?, &mut io::sink())?;
            Ok(gzip.then_some(copied))
        };
        let failed = |error| Unreadable(format!("{what}: {}: {error}", program.display()));
        let Some((digest, size)) = packed().map_err(failed)? else {
            let program = program.display();
            return unreadable(format!("{what}: {program} failed, or gave no gzip"));
        };
        let path = self.path(&digest);
        fs::rename(&aside, &path).map_err(|error| wrong(&path, &error))?;
        Ok(described(LAYER, digest, size))
    }

    fn index(&self) -> Result<Index, Unreadable> {
        let path = self.0.join("index.json");
        let text = fs::read(&path).map_err(|error| wrong(&path, &error))?;
        archive::parse(&path.display().to_string(), &text)
    }

    fn manifest(&self, descriptor: &Descriptor) -> Result<Manifest, Unreadable> {
        if descriptor.media_type != MANIFEST {
            return unreadable(format!(
                "{}: its type is {}, expected {MANIFEST}",
                descriptor.digest, descriptor.media_type
            ));
        }
        let path = self.path(&descriptor.digest);
        let text = fs::read(&path).map_err(|error| wrong(&path, &error))?;
        archive::parse(&path.display().to_string(), &text)
    }

    /// Copies an image from another layout.
    fn take(&self, from: &Self, image: &Descriptor) -> Result<(), Unreadable> {
        self.take_blob(from, image)?;
        let manifest = self.manifest(image)?;
        for blob in manifest.layers.iter().chain([&manifest.config]) {
            self.take_blob(from, blob)?;
        }
        Ok(())
    }

    fn take_statements(&self, from: &Self, image: &Descriptor) -> Result<(), Unreadable> {
        let below = |layout: &Self| {
            let digits = layout.path(&image.digest);
            let digits = digits.file_name().unwrap_or_default();
            layout.0.join("statements").join(digits)
        };
        let (source, target) = (below(from), below(self));
        if !source.is_dir() {
            return Ok(());
        }
        let copy = || {
            fs::create_dir_all(&target)?;
            for entry in fs::read_dir(&source)? {
                let entry = entry?;
                let (mut from, mut to) = (
                    File::open(entry.path())?,
                    File::create(target.join(entry.file_name()))?,
                );
                copied(&mut from, &mut to)?;
            }
            Ok(())
        };
        copy().map_err(|error| wrong(&source, &error))
    }

    fn take_blob(&self, from: &Self, blob: &Descriptor) -> Result<(), Unreadable> {
        let (source, target) = (from.path(&blob.digest), self.path(&blob.digest));
        let copy = || copied(&mut File::open(&source)?, &mut File::create(&target)?);
        let (digest, size) = copy().map_err(|error| wrong(&source, &error))?;
        if digest != blob.digest || size != blob.size {
            return unreadable(format!(
                "{}: {digest} of {size} bytes, and what names it says {} of {}",
                source.display(),
                blob.digest,
                blob.size
            ));
        }
        Ok(())
    }

    fn finish(&self, manifests: Vec<Descriptor>) -> Result<(), Unreadable> {
        let index = Index::of(manifests, Annotations::new());
        let path = self.0.join("index.json");
        let text = serde_json::to_vec(&index).map_err(|error| Unreadable(error.to_string()))?;
        fs::write(&path, text).map_err(|error| wrong(&path, &error))
    }
}

fn described(media_type: &str, digest: String, size: u64) -> Descriptor {
    Descriptor {
        media_type: media_type.to_owned(),
        digest,
        size,
        platform: None,
        annotations: Annotations::new(),
    }
}

/// The digest of what is copied, and its length.
fn copied(from: &mut impl Read, to: &mut impl Write) -> io::Result<(String, u64)> {
    let mut hash = Sha256::new();
    let mut size = 0;
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return Ok((format!("sha256:{}", hex(&hash.finalize())), size));
        }
        hash.update(&buffer[..count]);
        to.write_all(&buffer[..count])?;
        size += count as u64;
    }
}

fn wrong(path: &Path, error: &io::Error) -> Unreadable {
    Unreadable(format!("{}: {error}", path.display()))
}
