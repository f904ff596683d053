//! What an image is made of: its files, each in a component, and the crates in its programs. Three
//! sources are compared here: what Nix says of the parts, what programs say of themselves, and what
//! is in the archive.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use image_facts::{
    Kind,
    auditable::{self, Auditable},
    contents, hex, names,
};
use serde::Deserialize;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::stated::{Part, Program, Stated};

/// An image, accounted for.
pub(crate) struct Inventory {
    /// What the image is called, without a tag.
    pub(crate) name: String,
    /// As it says of what it is for.
    pub(crate) version: String,
    /// `OS/ARCHITECTURE`.
    pub(crate) platform: String,
    /// When it was made, as it says.
    pub(crate) created: String,
    /// Hexadecimal SHA-256 of its configuration.
    pub(crate) config: String,
    /// From the lowest to the highest.
    pub(crate) layers: Vec<Layer>,
    pub(crate) components: Vec<Component>,
}

/// One layer.
pub(crate) struct Layer {
    /// Hexadecimal SHA-256 of the tar.
    pub(crate) digest: String,
    /// The names of its store paths.
    pub(crate) name: String,
}

/// What a file belongs to, or is compiled of.
pub(crate) struct Component {
    pub(crate) part: Part,
    /// Its store path; that of the program for a crate; empty for what is outside the store.
    pub(crate) path: String,
    pub(crate) kind: Origin,
    /// An algorithm, as CycloneDX calls it, and the digest in hexadecimal.
    pub(crate) hash: (&'static str, String),
    /// Only its own; a crate has none, since it is in its program's.
    pub(crate) files: Vec<File>,
    /// Where those are that it needs.
    pub(crate) needs: BTreeSet<usize>,
}

/// How a component came into the image.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// As files.
    Files,
    /// Linked into a program.
    Linked,
}

/// One file.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) bytes: u64,
    pub(crate) sha1: String,
    pub(crate) sha256: String,
    /// Which layer it is in.
    pub(crate) layer: usize,
}

/// Everything that is wrong, a sentence each.
pub(crate) type Wrong = Vec<String>;

/// The part of a configuration that says what an image runs on.
#[derive(Deserialize)]
struct Made {
    os: String,
    architecture: String,
    #[serde(default)]
    created: String,
}

/// Cargo.lock.
#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
}

/// Cargo.toml, as far as it is of interest here.
#[derive(Deserialize)]
struct Manifest {
    package: Package,
}

#[derive(Deserialize)]
struct Package {
    license: Option<toml::Value>,
}

impl Inventory {
    /// Of the one image of an archive.
    pub(crate) fn take(stated: &Stated, archive: &Path) -> Result<Self, Wrong> {
        let read = contents::read(archive).map_err(|error| vec![error.to_string()])?;
        let [image] = read.as_slice() else {
            return Err(vec![format!("{} images instead of one", read.len())]);
        };
        let name = image.name();
        let made: Made = serde_json::from_slice(&image.config.text)
            .map_err(|error| vec![format!("the configuration: {error}")])?;
        let mut taken = Taking {
            stated,
            found: BTreeMap::new(),
            contents: BTreeMap::new(),
            programs: BTreeMap::new(),
            wrong: Wrong::new(),
        };
        for (number, layer) in image.layers.iter().enumerate() {
            let entries = layer.kept.entries();
            for (entry, bytes) in entries.map_err(|error| vec![error.to_string()])? {
                if entry.kind == Kind::File {
                    taken.file(entry.path, &bytes, number);
                } else if !entry.target.is_empty() {
                    taken.refers(&entry.path, entry.target.as_bytes());
                }
            }
        }
        let components = taken.components();
        if !taken.wrong.is_empty() {
            return Err(taken.wrong);
        }
        let layers = image.layers.iter().map(|layer| Layer {
            digest: layer.digest.clone(),
            name: layer.kept.name.clone(),
        });
        Ok(Self {
            name: name.split(':').next().unwrap_or_default().to_owned(),
            version: stated.image.version.clone(),
            platform: format!("{}/{}", made.os, made.architecture),
            created: made.created,
            config: image.config.digest.clone(),
            layers: layers.collect(),
            components,
        })
    }
}

/// An archive that is being read.
struct Taking<'a> {
    stated: &'a Stated,
    /// Files, by the store path that they are in; those outside by an empty one.
    found: BTreeMap<String, Vec<File>>,
    /// Store paths by what they are named in: where one has another's hash, it needs that.
    contents: BTreeMap<String, BTreeSet<String>>,
    /// What a program says of itself, by its store path: its crates, and the compiler's version.
    programs: BTreeMap<String, Vec<(Auditable, Option<String>)>>,
    wrong: Wrong,
}

impl Taking<'_> {
    /// Where the component is that a path is of: what is stated, or else a store path.
    fn place(&self, path: &str) -> String {
        let mut above = path;
        while !above.is_empty() {
            if self.stated.parts.contains_key(above) {
                return above.to_owned();
            }
            above = above.rsplit_once('/').map_or("", |(above, _)| above);
        }
        names::store_path(path).unwrap_or_default().to_owned()
    }

    fn file(&mut self, path: String, bytes: &[u8], layer: usize) {
        let within = self.place(&path);
        match auditable::read(bytes) {
            Ok(None) => {}
            Ok(Some(said)) => {
                let said = (said, auditable::compiler(bytes));
                self.programs.entry(within.clone()).or_default().push(said);
            }
            Err(why) => self.wrong.push(format!("{path}: {why}")),
        }
        self.refers(&path, bytes);
        self.found.entry(within).or_default().push(File {
            path,
            bytes: bytes.len() as u64,
            sha1: hex(&Sha1::digest(bytes)),
            sha256: hex(&Sha256::digest(bytes)),
            layer,
        });
    }

    /// As Nix finds what a path refers to: by the hashes of others in it.
    fn refers(&mut self, path: &str, bytes: &[u8]) {
        const STORE: &[u8] = b"/nix/store/";
        const HASH: usize = 32;
        let named = self.contents.entry(self.place(path)).or_default();
        for at in bytes.windows(STORE.len()).enumerate() {
            if at.1 == STORE
                && let Some(hash) = bytes.get(at.0 + STORE.len()..at.0 + STORE.len() + HASH)
                && hash.is_ascii()
            {
                named.insert(String::from_utf8_lossy(hash).into_owned());
            }
        }
    }

    fn components(&mut self) -> Vec<Component> {
        let mut components = Vec::new();
        for (path, files) in std::mem::take(&mut self.found) {
            components.push(Component {
                part: self.part(&path),
                hash: ("SHA-256", digest_of(&files)),
                kind: Origin::Files,
                needs: BTreeSet::new(),
                path,
                files,
            });
        }
        let hashes: Vec<_> = components
            .iter()
            .map(|one| hash_of(&one.path).to_owned())
            .collect();
        for (number, component) in components.iter_mut().enumerate() {
            let named = self.contents.get(&component.path);
            component.needs = (0..hashes.len())
                .filter(|other| {
                    *other != number && named.is_some_and(|named| named.contains(&hashes[*other]))
                })
                .collect();
        }
        let stated = self.stated;
        for (path, program) in &stated.programs {
            let at = components
                .iter()
                .position(|component| component.path == *path);
            match (at, self.programs.remove(path)) {
                (None, _) => self.wrong.push(format!("{path}: is not in the image")),
                (Some(_), None) => {
                    self.wrong.push(format!("{path}: its program does not say which crates are in it; cargo auditable makes one that does"));
                }
                (Some(at), Some(said)) => {
                    for (said, compiler) in said {
                        self.crates(&mut components, at, program, &said);
                        link(&mut components, at, compiler.map(standard_library));
                        link(&mut components, at, program.linked.iter().cloned());
                    }
                }
            }
        }
        for path in std::mem::take(&mut self.programs).into_keys() {
            self.wrong.push(format!(
                "{path}: has crates in it, and nothing says where they are from"
            ));
        }
        components
    }

    /// What is known of a store path.
    fn part(&mut self, path: &str) -> Part {
        if path.is_empty() {
            return self.stated.image.clone();
        }
        if let Some(part) = self.stated.parts.get(path) {
            return part.clone();
        }
        let (name, version) = names::name_and_version(path);
        if version.is_empty() {
            self.wrong
                .push(format!("{path}: is of no component that has a version"));
        }
        Part {
            name: name.to_owned(),
            version: version.to_owned(),
            purl: format!("pkg:nix/{name}@{version}"),
            license: None,
            patches: Vec::new(),
        }
    }

    /// Adds the crates of a program.
    fn crates(
        &mut self,
        components: &mut Vec<Component>,
        at: usize,
        program: &Program,
        said: &Auditable,
    ) {
        let lock = match lock_of(&program.lock) {
            Ok(lock) => lock,
            Err(why) => return self.wrong.push(why),
        };
        let path = components[at].path.clone();
        let mut numbers = BTreeMap::new();
        for (number, one) in said.packages.iter().enumerate() {
            if one.root {
                numbers.insert(number, at);
                continue;
            }
            if one.kind != auditable::Kind::Runtime {
                continue;
            }
            let name = format!("{} {}", one.name, one.version);
            let locked = lock
                .package
                .iter()
                .find(|locked| locked.name == one.name && locked.version == one.version);
            let Some(locked) = locked else {
                self.wrong.push(format!(
                    "{path}: has the crate {name}, and {} has not",
                    program.lock.display()
                ));
                continue;
            };
            let local = program.local.get(&one.name);
            let folder = match local {
                Some(local) => Some(local.folder.clone()),
                None => folder_of(&program.crates, &format!("{}-{}", one.name, one.version), 2),
            };
            let Some(folder) = folder else {
                self.wrong.push(format!(
                    "{path}: has the crate {name}, of which {} has no folder",
                    program.crates.display()
                ));
                continue;
            };
            let license = match local {
                Some(local) => Ok(local.license.clone()),
                None => license_of(&folder),
            };
            let commit = locked
                .source
                .as_deref()
                .and_then(|source| source.rsplit_once('#'))
                .map(|(_, commit)| commit);
            let hash = match (&locked.checksum, commit) {
                (Some(checksum), _) => Ok(("SHA-256", checksum.clone())),
                (None, Some(commit)) => Ok(("SHA-1", commit.to_owned())),
                (None, None) => digest_of_folder(&folder).map(|digest| ("SHA-256", digest)),
            };
            match (hash, license) {
                (Ok(hash), Ok(license)) => {
                    numbers.insert(number, components.len());
                    components.push(Component {
                        part: Part {
                            name: one.name.clone(),
                            version: one.version.clone(),
                            purl: format!(
                                "pkg:cargo/{}@{}",
                                one.name,
                                one.version.replace('+', "%2B")
                            ),
                            license,
                            patches: Vec::new(),
                        },
                        path: path.clone(),
                        kind: Origin::Linked,
                        hash,
                        files: Vec::new(),
                        needs: BTreeSet::new(),
                    });
                }
                (Err(why), _) | (_, Err(why)) => {
                    self.wrong.push(format!("{}: {why}", folder.display()));
                }
            }
        }
        for (number, one) in said.packages.iter().enumerate() {
            let needs: BTreeSet<usize> = one
                .dependencies
                .iter()
                .filter_map(|needed| numbers.get(needed).copied())
                .collect();
            if let Some(at) = numbers.get(&number) {
                components[*at].needs.extend(needs);
            }
        }
    }
}

/// Adds what is linked into a program besides crates.
fn link(components: &mut Vec<Component>, at: usize, parts: impl IntoIterator<Item = Part>) {
    for part in parts {
        let number = components.len();
        components[at].needs.insert(number);
        components.push(Component {
            part,
            path: components[at].path.clone(),
            kind: Origin::Linked,
            // Of what it is in: nothing else of it is left.
            hash: components[at].hash.clone(),
            files: Vec::new(),
            needs: BTreeSet::new(),
        });
    }
}

/// What comes with a compiler of this version.
fn standard_library(version: String) -> Part {
    Part {
        name: "rust-std".to_owned(),
        purl: format!("pkg:generic/rust-std@{version}"),
        version,
        license: Some("MIT OR Apache-2.0".to_owned()),
        patches: Vec::new(),
    }
}

fn lock_of(path: &Path) -> Result<Lock, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| wrong(&error))?;
    toml::from_str(&text).map_err(|error| wrong(&error))
}

/// What the manifest in a folder says.
fn license_of(folder: &Path) -> Result<Option<String>, String> {
    let text = fs::read_to_string(folder.join("Cargo.toml")).map_err(|error| error.to_string())?;
    let manifest: Manifest = toml::from_str(&text).map_err(|error| error.to_string())?;
    let license = manifest.package.license;
    Ok(license.and_then(|license| license.as_str().map(str::to_owned)))
}

/// A folder of that name, at most so many folders down.
fn folder_of(within: &Path, name: &str, depth: usize) -> Option<PathBuf> {
    let here = within.join(name);
    if here.is_dir() {
        return Some(here);
    }
    let mut below: Vec<_> = fs::read_dir(within)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    below.sort();
    below
        .iter()
        .filter(|_| depth > 0)
        .filter(|path| path.is_dir())
        .find_map(|path| folder_of(path, name, depth - 1))
}

/// The SHA-256 of one file; of several that of the lines `DIGEST  PATH`, as sha256sum(1) prints them,
/// in the order of the paths.
fn digest_of(files: &[File]) -> String {
    if let [file] = files {
        return file.sha256.clone();
    }
    let mut lines: Vec<_> = files
        .iter()
        .map(|file| (&file.path, &file.sha256))
        .collect();
    lines.sort();
    let mut hash = Sha256::new();
    for (path, digest) in lines {
        hash.update(format!("{digest}  {path}\n"));
    }
    hex(&hash.finalize())
}

/// The same of all files below a folder, by their paths in it.
fn digest_of_folder(folder: &Path) -> Result<String, String> {
    fn walk(folder: &Path, top: &Path, files: &mut Vec<File>) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                walk(&path, top, files)?;
            } else {
                let bytes = fs::read(&path)?;
                files.push(File {
                    path: path
                        .strip_prefix(top)
                        .unwrap_or(&path)
                        .display()
                        .to_string(),
                    bytes: bytes.len() as u64,
                    sha1: String::new(),
                    sha256: hex(&Sha256::digest(&bytes)),
                    layer: 0,
                });
            }
        }
        Ok(())
    }
    let mut files = Vec::new();
    walk(folder, folder, &mut files).map_err(|error| error.to_string())?;
    Ok(digest_of(&files))
}

fn hash_of(store_path: &str) -> &str {
    store_path
        .get("/nix/store/".len().."/nix/store/".len() + 32)
        .unwrap_or("\0")
}
