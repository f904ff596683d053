//! `doctor FACTS.json ARCHIVE`: changes an image that holds all its facts, one thing at a
//! time, and expects a refusal that names that thing. So what is stated of a shipped image is
//! known to be able to fail. Exit code 0 when each was refused, else 1 and a line for each
//! that was not; 2 when it was called wrongly.

use std::{env, error, fs, path::Path, process::ExitCode};

use image_facts::{contents, facts::Facts, judge};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{Archive, Builder, EntryType, Header};

type Result<T> = std::result::Result<T, Box<dyn error::Error>>;

/// One file that a layer does not have.
#[derive(Default)]
struct Plant {
    path: &'static str,
    mode: u32,
    uid: u64,
    content: Vec<u8>,
}

/// What is changed.
enum Change {
    /// A value of the configuration, by its JSON pointer.
    Config(&'static str, Value),
    /// A file more in the last layer.
    Plant(Plant),
    /// The last two layers change places.
    Swap,
    /// Small layers below the others, one more than there may be.
    MoreLayers,
    /// No program says which crates are in it.
    Forget,
    /// A file of bytes that do not compress, as large as the largest budget.
    OverBudget,
    /// The end is missing.
    Truncate,
}

/// What is changed, and the words that the refusal has to have.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn changes() -> Vec<(Change, &'static str)> {
    let config = |pointer, value, words| (Change::Config(pointer, value), words);
    let file = |path, content: &str, words| {
        let content = content.into();
        (
            Change::Plant(Plant {
                path,
                mode: 0o444,
                uid: 0,
                content,
            }),
            words,
        )
    };
    let with = |mode, uid, words| {
        let path = "x";
        let content = Vec::new();
        (
            Change::Plant(Plant {
                path,
                mode,
                uid,
                content,
            }),
            words,
        )
    };
    vec![
        config("/config/User", json!("0:0"), "user: \"0:0\""),
        config("/config/User", json!(null), "user: \"\""),
        config("/config/Entrypoint", json!(["/bin/x"]), "entry point"),
        config("/config/Cmd", json!(["-x"]), "command"),
        config("/config/Env", json!(["PATH=/bin"]), "environment"),
        config(
            "/config/Env",
            json!(["APP_DB_PASSWORD=x"]),
            "APP_DB_PASSWORD is named like a secret",
        ),
        config("/config/Env", json!(["api_key=x"]), "api_key is named"),
        config(
            "/config/Env",
            json!(["A=postgres://app:x@db/app"]),
            "A is a URL with a password",
        ),
        config(
            "/history/0/created_by",
            json!("RUN |1 TOKEN=x /bin/sh"),
            "history: a step has what is named like a secret",
        ),
        config("/config/WorkingDir", json!("/x"), "working directory"),
        config("/config/ExposedPorts", json!({"22/tcp": {}}), "ports"),
        config("/config/Volumes", json!({"/x": {}}), "volumes"),
        config("/config/StopSignal", json!("SIGKILL"), "stop signal"),
        config("/config/Healthcheck", json!(null), "health check"),
        config("/config/Labels/x", json!("y"), "label x"),
        config("/config/OnBuild", json!(["RUN x"]), "OnBuild"),
        config("/architecture", json!("riscv64"), "platform"),
        config("/created", json!("2026-01-01T00:00:00Z"), "created"),
        file("bin/sh", "", "a shell"),
        file("usr/bin/apt-get", "", "a package manager"),
        file("usr/bin/gcc", "", "a compiler or linker"),
        file("usr/bin/perl", "", "an interpreter"),
        file("usr/bin/su", "", "a way to become another user"),
        file("lib/libx.a", "", "a static library"),
        file("usr/include/x.h", "", "a header"),
        file("x.pem", "", "a key or certificate"),
        file("root/.netrc", "", "credentials"),
        file("x", "#!/bin/sh\n", "a script"),
        file(
            "x",
            "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEG\n",
            "holds a private key",
        ),
        file(
            "x",
            "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUYjV2\n",
            "holds a certificate",
        ),
        file(
            "x",
            "ghp_0123456789abcdefghijABCDEFGHIJ012345",
            "holds a GitHub token",
        ),
        file(
            "x",
            "at /home/somebody/src/main.rs",
            "a path of the machine",
        ),
        file("etc/passwd", "root:x:0:0::/:\n", "/etc/passwd: is there"),
        file("etc/group", "root:x:0:\n", "/etc/group: is there"),
        file(
            "nix/store/00000000000000000000000000000000-bash-5/x",
            "",
            "closure: bash-5",
        ),
        file("../x", "", "leads out"),
        file(
            "nix/store/00000000000000000000000000000000-nobody/x",
            "",
            "components: /nix/store/00000000000000000000000000000000-nobody",
        ),
        with(0o4555, 0, "set-uid"),
        with(0o2555, 0, "set-uid or set-gid"),
        with(0o666, 0, "anybody may write"),
        with(0o444, 1000, "not to root"),
        (Change::Swap, "the last ones are"),
        (Change::MoreLayers, "expected at most"),
        (Change::Forget, "does not say which crates are in it"),
        (Change::OverBudget, "budget: the archive"),
        (Change::Truncate, "truncated"),
    ]
}

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let [facts, archive] = arguments.as_slice() else {
        eprintln!("usage: doctor FACTS.json ARCHIVE");
        return ExitCode::from(2);
    };
    match run(Path::new(facts), Path::new(archive)) {
        Ok(passed) if passed.is_empty() => ExitCode::SUCCESS,
        Ok(passed) => {
            for words in &passed {
                eprintln!("doctor: no refusal says {words}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("doctor: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A line for each change that was not refused as it should be.
fn run(facts: &Path, archive: &Path) -> Result<Vec<String>> {
    let facts: Facts = serde_json::from_slice(&fs::read(facts)?)?;
    let image = Image::read(archive)?;
    let path = env::temp_dir().join("doctored.tar");
    let mut passed = Vec::new();
    for (change, words) in changes() {
        fs::write(&path, image.with(&change, &facts)?)?;
        let sentences = match judge(&facts, &path) {
            Ok(found) => found,
            Err(unreadable) => vec![unreadable.to_string()],
        };
        if !sentences.iter().any(|sentence| sentence.contains(words)) {
            passed.push(format!("{words:?}, but: {sentences:?}"));
        }
    }
    fs::remove_file(&path)?;
    Ok(passed)
}

/// An image, taken apart.
struct Image {
    config: Value,
    tags: Value,
    layers: Vec<Vec<u8>>,
}

impl Image {
    fn read(archive: &Path) -> Result<Self> {
        let images = contents::read(archive)?;
        let [image] = images.as_slice() else {
            return Err("the archive has more than one image".into());
        };
        let layers = image.layers.iter();
        Ok(Self {
            config: image.config.value()?,
            tags: json!(image.tags),
            layers: layers.map(|layer| layer.kept.tar.clone()).collect(),
        })
    }

    /// The archive of the changed image, not compressed.
    fn with(&self, change: &Change, facts: &Facts) -> Result<Vec<u8>> {
        let mut config = self.config.clone();
        let mut layers = self.layers.clone();
        match change {
            Change::Config(pointer, value) => set(&mut config, pointer, value.clone())?,
            Change::Plant(plant) => plant.put_into(&mut layers)?,
            Change::Swap => {
                let last = layers.len() - 1;
                layers.swap(last - 1, last);
            }
            Change::MoreLayers => {
                let more = facts.layers.at_most + 1 - layers.len();
                for number in 0..more {
                    let mut layer = Builder::new(Vec::new());
                    append(&mut layer, &format!("x{number}"), 0o444, 0, b"")?;
                    layers.insert(0, layer.into_inner()?);
                }
            }
            Change::OverBudget => {
                let budgets = facts.budgets.iter().map(|budget| budget.archive_bytes);
                let content = noise(budgets.max().ok_or("the facts have no budget")?);
                Plant {
                    path: "x",
                    mode: 0o444,
                    uid: 0,
                    content,
                }
                .put_into(&mut layers)?;
            }
            Change::Forget => layers.iter_mut().for_each(|layer| {
                while let Some(at) = layer.windows(9).position(|name| name == b"\0.dep-v0\0") {
                    layer[at + 1] = b'_';
                }
            }),
            Change::Truncate => {}
        }
        let mut archive = Builder::new(Vec::new());
        let mut names = Vec::new();
        let mut digests = Vec::new();
        for (number, layer) in layers.iter().enumerate() {
            names.push(format!("{number}/layer.tar"));
            digests.push(format!("sha256:{}", digest(layer)));
            append(&mut archive, &names[number], 0o444, 0, layer)?;
        }
        config["rootfs"]["diff_ids"] = json!(digests);
        let config = config.to_string();
        let name = format!("{}.json", digest(config.as_bytes()));
        append(&mut archive, &name, 0o444, 0, config.as_bytes())?;
        let manifest = json!([{ "Config": name, "RepoTags": self.tags, "Layers": names }]);
        append(
            &mut archive,
            "manifest.json",
            0o444,
            0,
            manifest.to_string().as_bytes(),
        )?;
        let mut bytes = archive.into_inner()?;
        if matches!(change, Change::Truncate) {
            bytes.truncate(bytes.len() / 2);
        }
        Ok(bytes)
    }
}

impl Plant {
    /// At the end of the last layer, in the place of the blocks that say that it ends.
    fn put_into(&self, layers: &mut [Vec<u8>]) -> Result<()> {
        let last = layers.last_mut().ok_or("the image has no layer")?;
        let mut end = 0;
        for entry in Archive::new(last.as_slice()).entries()? {
            let entry = entry?;
            end = entry.raw_file_position() + entry.size().next_multiple_of(512);
        }
        last.truncate(usize::try_from(end)?);
        let mut layer = Builder::new(std::mem::take(last));
        append(&mut layer, self.path, self.mode, self.uid, &self.content)?;
        *last = layer.into_inner()?;
        Ok(())
    }
}

/// The path is written as it is: the library's own way refuses those that lead out.
fn append(
    archive: &mut Builder<Vec<u8>>,
    path: &str,
    mode: u32,
    uid: u64,
    content: &[u8],
) -> Result<()> {
    let mut header = Header::new_gnu();
    let name = &mut header.as_old_mut().name;
    name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(EntryType::Regular);
    header.set_mode(mode);
    header.set_uid(uid);
    header.set_gid(0);
    header.set_mtime(1);
    header.set_size(content.len() as u64);
    header.set_cksum();
    Ok(archive.append(&header, content)?)
}

/// Sets what a JSON pointer (RFC 6901) leads to; its last part need not be there yet.
fn set(config: &mut Value, pointer: &str, value: Value) -> Result<()> {
    let (parent, key) = pointer.rsplit_once('/').ok_or("a pointer has a slash")?;
    let parent = config.pointer_mut(parent).ok_or("no such value")?;
    parent[key] = value;
    Ok(())
}

/// Bytes without a pattern: the digests of numbers.
fn noise(length: u64) -> Vec<u8> {
    let blocks = (0..length.div_ceil(32)).map(|number| Sha256::digest(number.to_le_bytes()));
    blocks.flatten().collect()
}

fn digest(bytes: &[u8]) -> String {
    image_facts::hex(&Sha256::digest(bytes))
}
