//! An image of which something is left open has no SBOM, and the sentence says what.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{Builder, Header};
use tempfile::TempDir;

const LIB: &str = "/nix/store/11111111111111111111111111111111-lib-1.2";
const APP: &str = "/nix/store/22222222222222222222222222222222-app";

fn tar(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o444);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(1);
        header.set_cksum();
        let path = path.trim_start_matches('/');
        tar.append_data(&mut header, path, content.as_slice())
            .unwrap();
    }
    tar.into_inner().unwrap()
}

fn digest(bytes: &[u8]) -> String {
    image_facts::hex(&Sha256::digest(bytes))
}

/// A folder with an archive of these files, a lock and a folder of crates.
struct Case {
    folder: TempDir,
    stated: Value,
}

impl Case {
    fn of(files: &[(&str, Vec<u8>)]) -> Self {
        let folder = TempDir::new().unwrap();
        let files: Vec<_> = files
            .iter()
            .map(|(path, content)| ((*path).to_owned(), content.clone()))
            .collect();
        let layer = tar(&files);
        let config = json!({
            "os": "linux", "architecture": "amd64", "created": "1970-01-01T00:00:01+00:00",
            "rootfs": { "diff_ids": [format!("sha256:{}", digest(&layer))] },
        })
        .to_string();
        let name = format!("{}.json", digest(config.as_bytes()));
        let manifest =
            json!([{ "Config": name, "RepoTags": ["x/app:latest"], "Layers": ["0/layer.tar"] }]);
        let archive = tar(&[
            ("0/layer.tar".to_owned(), layer),
            (name, config.into_bytes()),
            (
                "manifest.json".to_owned(),
                manifest.to_string().into_bytes(),
            ),
        ]);
        fs::write(folder.path().join("archive"), archive).unwrap();
        fs::write(
            folder.path().join("Cargo.lock"),
            "[[package]]\nname = \"one\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\nchecksum = \"abc\"\n",
        )
        .unwrap();
        let one = folder.path().join("crates/x/one-1.0.0");
        fs::create_dir_all(&one).unwrap();
        fs::write(
            one.join("Cargo.toml"),
            "[package]\nlicense = \"MIT/Apache-2.0\"\n",
        )
        .unwrap();
        let part = |name: &str| json!({ "name": name, "version": "1", "purl": format!("pkg:x/{name}@1"), "license": "MIT" });
        let mut stated = json!({ "image": part("image"), "parts": {}, "programs": {} });
        stated["parts"][APP] = part("app");
        stated["programs"][APP] = json!({
            "lock": folder.path().join("Cargo.lock"),
            "crates": folder.path().join("crates"),
            "local": {},
            "linked": [part("libc")],
        });
        Self { folder, stated }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What it says as it fails, or the CycloneDX file.
    fn write(&self) -> Result<Value, String> {
        fs::write(self.path("stated"), self.stated.to_string()).unwrap();
        let output = sbom(
            &["write"],
            &[
                &self.path("stated"),
                &self.path("archive"),
                &self.path("out"),
            ],
        );
        let file = self.path("out.cdx.json");
        output.map(|_| serde_json::from_slice(&fs::read(file).unwrap()).unwrap())
    }

    #[track_caller]
    fn refused(&self, words: &str) {
        let error = self.write().unwrap_err();
        assert!(error.contains(words), "{words:?} is not in: {error}");
    }
}

fn sbom(words: &[&str], paths: &[&Path]) -> Result<String, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_sbom"))
        .args(words)
        .args(paths)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}

/// A program that says of which crates it is.
fn program(crates: &Value) -> Vec<u8> {
    let packages = json!({ "packages": crates }).to_string();
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, packages.as_bytes()).unwrap();
    let content = packed.finish().unwrap();
    let mut file = vec![0; 120];
    file[..6].copy_from_slice(b"\x7fELF\x02\x01");
    let names = b"\0.dep-v0\0";
    let (names_at, content_at) = (file.len(), file.len() + names.len());
    file.extend(names);
    file.extend(&content);
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

fn crates() -> Value {
    json!([
        { "name": "app", "version": "1", "source": "local", "root": true, "dependencies": [1] },
        { "name": "one", "version": "1.0.0", "source": "crates.io" },
        { "name": "macro", "version": "1.0.0", "source": "crates.io", "kind": "build" },
    ])
}

fn app() -> (&'static str, Vec<u8>) {
    (
        "/nix/store/22222222222222222222222222222222-app/bin/app",
        program(&crates()),
    )
}

#[test]
fn each_file_crate_and_library_has_a_component_and_what_needs_it() {
    let mut data = app();
    data.1.extend(LIB.as_bytes());
    let case = Case::of(&[
        data,
        (
            "/nix/store/11111111111111111111111111111111-lib-1.2/x",
            b"x".to_vec(),
        ),
        ("/etc/y", b"y".to_vec()),
    ]);
    let bom = case.write().unwrap();
    let components = bom["components"].as_array().unwrap();
    let of = |name: &str| {
        let found = components.iter().find(|one| one["name"] == name);
        found.unwrap_or_else(|| panic!("there is no {name}"))
    };
    assert_eq!(of("image")["components"][0]["name"], "/etc/y");
    assert_eq!(of("lib")["version"], "1.2");
    assert_eq!(of("lib")["purl"], "pkg:nix/lib@1.2");
    assert_eq!(of("one")["hashes"][0]["content"], "abc");
    assert_eq!(of("one")["licenses"][0]["expression"], "MIT OR Apache-2.0");
    assert!(!components.iter().any(|one| one["name"] == "macro"));
    let needed = |name: &str| {
        let reference = &of(name)["bom-ref"];
        let app = &of("app")["bom-ref"];
        let dependencies = bom["dependencies"].as_array().unwrap();
        let of_app = dependencies.iter().find(|one| one["ref"] == *app).unwrap();
        of_app["dependsOn"].as_array().unwrap().contains(reference)
    };
    assert!(needed("lib") && needed("one") && needed("libc"));
    assert!(!needed("image"));
    assert_eq!(bom["metadata"]["component"]["name"], "x/app");

    let said = sbom(&["explain", "x"], &[&case.path("out.cdx.json")]).unwrap();
    assert!(
        said.contains("of lib 1.2") && said.contains("app needs lib"),
        "{said}"
    );
    let table = sbom(&["table"], &[&case.path("out.cdx.json")]).unwrap();
    assert!(table.contains("none stated"), "{table}");
    let spdx: Value =
        serde_json::from_slice(&fs::read(case.path("out.spdx.json")).unwrap()).unwrap();
    assert_eq!(spdx["files"].as_array().unwrap().len(), 3);
}

#[test]
fn what_is_left_open_is_said() {
    let nameless = (
        "/nix/store/33333333333333333333333333333333-data/x",
        b"x".to_vec(),
    );
    Case::of(&[app(), nameless]).refused("-data: is of no component that has a version");

    Case::of(&[("/etc/y", b"y".to_vec())]).refused("-app: is not in the image");

    let mute = (app().0, b"\x7fELF\x02\x01".to_vec());
    Case::of(&[mute]).refused("-app: its program does not say which crates are in it");

    let mut case = Case::of(&[app()]);
    case.stated["programs"] = json!({});
    case.refused("-app: has crates in it, and nothing says where they are from");

    let case = Case::of(&[app()]);
    fs::write(case.path("Cargo.lock"), "package = []").unwrap();
    case.refused("has the crate one 1.0.0, and ");

    let case = Case::of(&[app()]);
    fs::remove_dir_all(case.path("crates/x")).unwrap();
    case.refused("has the crate one 1.0.0, of which ");

    let case = Case::of(&[(app().0, program(&json!("none")))]);
    case.refused("bin/app: .dep-v0: invalid type");
}

#[test]
fn what_is_in_no_registry_has_the_hash_of_its_sources_or_its_commit() {
    let mut case = Case::of(&[app()]);
    fs::write(
        case.path("Cargo.lock"),
        "[[package]]\nname = \"one\"\nversion = \"1.0.0\"\n",
    )
    .unwrap();
    fs::create_dir(case.path("one")).unwrap();
    fs::write(case.path("one/a"), "a").unwrap();
    fs::write(case.path("one/b"), "b").unwrap();
    case.stated["programs"][APP]["local"]["one"] =
        json!({ "folder": case.path("one"), "license": null });
    let lines = format!("{}  a\n{}  b\n", digest(b"a"), digest(b"b"));
    let one = |bom: Value| {
        let components = bom["components"].as_array().unwrap().clone();
        components
            .into_iter()
            .find(|one| one["name"] == "one")
            .unwrap()
    };
    let local = one(case.write().unwrap());
    assert_eq!(local["hashes"][0]["content"], digest(lines.as_bytes()));
    assert_eq!(local["licenses"][0]["license"]["name"], "none stated");

    let case = Case::of(&[app()]);
    fs::write(
        case.path("Cargo.lock"),
        "[[package]]\nname = \"one\"\nversion = \"1.0.0\"\nsource = \"git+https://x/y#0123\"\n",
    )
    .unwrap();
    let hash = &one(case.write().unwrap())["hashes"][0];
    assert_eq!(*hash, json!({ "alg": "SHA-1", "content": "0123" }));
}
