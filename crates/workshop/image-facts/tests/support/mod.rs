//! An image that holds every fact, to be doctored by the tests.

use std::{
    fs,
    io::Write,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use flate2::{Compression, write::GzEncoder};
use image_facts::{facts::Facts, judge};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) kind: u8,
    pub(crate) mode: u64,
    pub(crate) uid: u64,
    pub(crate) target: String,
    pub(crate) bytes: Vec<u8>,
    /// What the header says, which need not be true.
    pub(crate) size: u64,
    /// Seconds since 1970.
    pub(crate) modified: u64,
}

pub(crate) fn file(path: &str, bytes: impl AsRef<[u8]>) -> Entry {
    let bytes = bytes.as_ref().to_vec();
    Entry {
        path: path.to_owned(),
        kind: b'0',
        mode: 0o444,
        uid: 0,
        target: String::new(),
        size: bytes.len() as u64,
        modified: 1,
        bytes,
    }
}

pub(crate) fn special(path: &str, kind: u8, target: &str) -> Entry {
    Entry {
        kind,
        mode: 0o755,
        target: target.to_owned(),
        ..file(path, "")
    }
}

pub(crate) fn tar(entries: &[Entry]) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in entries {
        let mut block = [0_u8; 512];
        let mut put = |at: usize, text: &str| {
            block[at..at + text.len()].copy_from_slice(text.as_bytes());
        };
        put(0, &entry.path);
        put(100, &format!("{:07o}", entry.mode));
        put(108, &format!("{:07o}", entry.uid));
        put(116, "0000000");
        put(124, &format!("{:011o}", entry.size));
        put(136, &format!("{:011o}", entry.modified));
        put(148, "        ");
        put(157, &entry.target);
        put(257, "ustar\x0000");
        block[156] = entry.kind;
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        all.extend(block);
        all.extend(&entry.bytes);
        all.resize(all.len().next_multiple_of(512), 0);
    }
    all.resize(all.len() + 1024, 0);
    all
}

/// 64 bit, little endian, with one program header.
pub(crate) fn elf(kind: u8, content: &[u8]) -> Vec<u8> {
    let mut file = vec![0; 120];
    file[..6].copy_from_slice(b"\x7fELF\x02\x01");
    file[18] = 62;
    file[32] = 64;
    file[54] = 56;
    file[56] = 1;
    file[64] = kind;
    file[72] = 120;
    file[96] = u8::try_from(content.len()).unwrap();
    file.extend(content);
    file
}

/// A program that has one section more than that of the names.
pub(crate) fn with_section(name: &str, content: &[u8]) -> Vec<u8> {
    let mut file = elf(PT_LOAD, b"");
    let names = format!("\0{name}\0");
    let (names_at, content_at) = (file.len(), file.len() + names.len());
    file.extend(names.as_bytes());
    file.extend(content);
    let table = file.len();
    for (at, length, name) in [
        (names_at, names.len(), 0),
        (content_at, content.len(), 1_u32),
    ] {
        let mut header = [0; 64];
        header[..4].copy_from_slice(&name.to_le_bytes());
        header[24..32].copy_from_slice(&(at as u64).to_le_bytes());
        header[32..40].copy_from_slice(&(length as u64).to_le_bytes());
        file.extend(header);
    }
    file[40..48].copy_from_slice(&(table as u64).to_le_bytes());
    file[58] = 64;
    file[60] = 2;
    file
}

const PT_LOAD: u8 = 1;
pub(crate) const APP: &str = "nix/store/00000000000000000000000000000000-app-1/bin/app";
pub(crate) const LIB: &str = "nix/store/11111111111111111111111111111111-lib/share/data";

pub(crate) struct Image {
    pub(crate) layers: Vec<Vec<Entry>>,
    pub(crate) config: Value,
    /// What stands beside it.
    pub(crate) made: Value,
    pub(crate) tags: Vec<&'static str>,
    pub(crate) facts: Facts,
    /// Besides what belongs into the archive.
    pub(crate) more: Vec<Entry>,
    pub(crate) break_digest: bool,
    pub(crate) zip: bool,
}

pub(crate) fn image() -> Image {
    let app = Entry {
        mode: 0o555,
        ..file(APP, elf(PT_LOAD, b""))
    };
    let tmp = Entry {
        mode: 0o1777,
        ..special("tmp/", b'5', "")
    };
    let facts = json!({
        "tags": ["x/app:latest"], "platforms": ["linux/amd64"], "created": "1970-01-01T*", "user": "1:1", "entry-point": ["/nix/store/*/bin/app"], "command": [],
        "environment": [], "allowed-environment": ["NO_TOKEN"],
        "forbidden-environment": { "named like a secret": "(?i)PASSWORD=.|_TOKEN=." },
        "working-directory": "", "ports": ["80/tcp"], "volumes": [], "stop-signal": "SIGQUIT",
        "health-check": { "Test": ["CMD", "/x"] }, "labels": { "dev.drydock.packages": "p*" },
        "set-id": [], "world-writable": { "/tmp": "1777" }, "not-owned-by-root": [], "files": { "/etc/passwd": false },
        "forbidden-paths": { "a shell": ["/**/sh"], "a header": ["/**/*.h"] }, "allowed-paths": ["/ok/**"],
        "forbidden-content": { "a private key": "-----BEGIN [A-Z ]*PRIVATE KEY-----\\s+[A-Za-z0-9+/]{16}" },
        "allowed-content": ["/example/*"],
        "static": ["/nix/store/*/bin/app"], "auditable": [], "components": null, "closure": ["lib", "app-*"], "forbidden-closure": ["*-dev"],
        "layers": { "at-most": 3, "last": ["app-*", "links"] },
        "budgets": [{ "packages": "p*", "archive-bytes": 1_000_000, "layers-bytes": 1_000_000 }],
    });
    Image {
        layers: vec![
            vec![special("nix", b'5', ""), file(LIB, "data")],
            vec![special("nix", b'5', ""), app],
            vec![special("./", b'5', ""), tmp],
        ],
        config: json!({
            "User": "1:1", "Entrypoint": [format!("/{APP}")], "ExposedPorts": { "80/tcp": {} },
            "StopSignal": "SIGQUIT", "Healthcheck": { "Test": ["CMD", "/x"] },
            "Labels": { "dev.drydock.packages": "p1" },
        }),
        made: json!({
            "os": "linux", "architecture": "amd64", "created": "1970-01-01T00:00:01Z",
            "history": [{ "created": "1970-01-01T00:00:01Z", "comment": "a layer" }],
        }),
        tags: vec!["x/app:latest"],
        facts: serde_json::from_value(facts).unwrap(),
        more: Vec::new(),
        break_digest: false,
        zip: true,
    }
}

pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

impl Image {
    pub(crate) fn archive(&self) -> Vec<u8> {
        let mut entries = Vec::new();
        let mut names = Vec::new();
        let mut diff_ids = Vec::new();
        for (index, layer) in self.layers.iter().enumerate() {
            let layer = tar(layer);
            names.push(format!("{index}/layer.tar"));
            diff_ids.push(format!("sha256:{}", digest(&layer)));
            entries.push(file(&names[index], layer));
        }
        if self.break_digest {
            diff_ids.swap(0, 1);
        }
        let mut config = self.made.clone();
        config["config"] = self.config.clone();
        config["rootfs"] = json!({ "diff_ids": diff_ids });
        let config = config.to_string();
        let name = format!("{}.json", digest(config.as_bytes()));
        let manifest = json!([{ "Config": name, "RepoTags": self.tags, "Layers": names }]);
        entries.push(file(&name, config));
        entries.push(file("manifest.json", manifest.to_string()));
        entries.extend(self.more.iter().map(|more| Entry {
            path: more.path.clone(),
            target: more.target.clone(),
            bytes: more.bytes.clone(),
            ..*more
        }));
        let archive = tar(&entries);
        if self.zip { gzip(&archive) } else { archive }
    }

    pub(crate) fn judged(&self) -> Result<Vec<String>, String> {
        judged(&self.facts, &self.archive())
    }
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A path that no other test has.
pub(crate) fn unique() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("image-facts-{}-{count}", std::process::id()))
}

pub(crate) fn judged(facts: &Facts, archive: &[u8]) -> Result<Vec<String>, String> {
    let path = unique();
    fs::write(&path, archive).unwrap();
    let result = judge(facts, &path).map_err(|error| error.to_string());
    fs::remove_file(&path).unwrap();
    result
}
