//! What a registry is given: an archive as an OCI image layout, and several of these as one.

#[expect(dead_code, reason = "the facts are what the other tests are about")]
mod support;

use std::{ffi::OsString, fs, path::Path};

use flate2::read::GzDecoder;
use image_facts::layout::{merge, write};
use serde_json::{Value, json};
use support::*;
use tempfile::TempDir;

fn written(image: &Image, folder: &Path) -> Result<(), String> {
    let archive = folder.with_extension("tar");
    fs::write(&archive, image.archive()).unwrap();
    let compressor = ["gzip", "-n", "-c"].map(OsString::from);
    write(&archive, folder, &compressor).map_err(|error| error.to_string())
}

fn on(architecture: &str) -> Image {
    let mut image = image();
    image.made["architecture"] = json!(architecture);
    image.config["Labels"]["org.opencontainers.image.version"] = json!("1.2.3");
    image
}

fn blob(folder: &Path, descriptor: &Value) -> Vec<u8> {
    let digest = descriptor["digest"].as_str().unwrap();
    let digest = digest.strip_prefix("sha256:").unwrap();
    let bytes = fs::read(folder.join("blobs/sha256").join(digest)).unwrap();
    assert_eq!(support::digest(&bytes), digest);
    assert_eq!(descriptor["size"], json!(bytes.len()));
    bytes
}

fn json_of(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

fn index(folder: &Path) -> Value {
    json_of(&fs::read(folder.join("index.json")).unwrap())
}

#[test]
fn an_image_is_found_by_its_name_with_the_bytes_that_were_loaded() {
    let folder = TempDir::new().unwrap();
    let layout = folder.path().join("layout");
    let image = on("amd64");
    written(&image, &layout).unwrap();

    let entry = &index(&layout)["manifests"][0];
    assert_eq!(
        entry["annotations"],
        json!({ "org.opencontainers.image.ref.name": "x/app:latest" })
    );
    assert_eq!(
        entry["platform"],
        json!({ "architecture": "amd64", "os": "linux" })
    );
    let manifest = json_of(&blob(&layout, entry));
    assert_eq!(
        manifest["annotations"],
        json!({
            "org.opencontainers.image.created": "1970-01-01T00:00:01Z",
            "org.opencontainers.image.version": "1.2.3",
        })
    );
    let config = json_of(&blob(&layout, &manifest["config"]));
    let layers = manifest["layers"].as_array().unwrap();
    assert_eq!(layers.len(), image.layers.len());
    for (layer, diff_id) in layers
        .iter()
        .zip(config["rootfs"]["diff_ids"].as_array().unwrap())
    {
        let mut tar = Vec::new();
        std::io::copy(&mut GzDecoder::new(&blob(&layout, layer)[..]), &mut tar).unwrap();
        assert_eq!(diff_id, &format!("sha256:{}", support::digest(&tar)));
    }
    let files = fs::read_dir(layout.join("blobs")).unwrap().count();
    assert_eq!(files, 1, "something is left over");
}

#[test]
fn a_compressor_that_fails_or_gives_no_gzip_is_named() {
    let folder = TempDir::new().unwrap();
    let archive = folder.path().join("archive");
    fs::write(&archive, image().archive()).unwrap();
    for (number, compressor) in ["false", "cat", "/not/there"].into_iter().enumerate() {
        let layout = folder.path().join(number.to_string());
        let error = write(&archive, &layout, &[compressor.into()]).unwrap_err();
        assert!(
            error.to_string().starts_with("layer 1: ") && error.to_string().contains(compressor),
            "{error}"
        );
    }
}

#[test]
fn an_image_without_a_name_and_a_folder_that_is_there_are_refused() {
    let folder = TempDir::new().unwrap();
    let mut nameless = image();
    nameless.tags.clear();
    let error = written(&nameless, &folder.path().join("nameless")).unwrap_err();
    assert!(error.contains("without a name"), "{error}");
    fs::create_dir(folder.path().join("there")).unwrap();
    let error = written(&image(), &folder.path().join("there")).unwrap_err();
    assert!(error.contains("there: "), "{error}");
}

#[test]
fn an_index_is_the_same_in_whatever_order() {
    let folder = TempDir::new().unwrap();
    let [amd, arm] = ["amd64", "arm64"].map(|architecture| {
        let layout = folder.path().join(architecture);
        written(&on(architecture), &layout).unwrap();
        let digest = index(&layout)["manifests"][0]["digest"].clone();
        let digest = digest.as_str().unwrap().replace("sha256:", "");
        let said = layout.join("statements").join(digest);
        fs::create_dir_all(&said).unwrap();
        fs::write(said.join("x.json"), architecture).unwrap();
        layout
    });
    let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
    merge(&[amd.clone(), arm.clone()], &one).unwrap();
    merge(&[arm.clone(), amd.clone()], &other).unwrap();
    assert_eq!(index(&one), index(&other));

    let list = json_of(&blob(&one, &index(&one)["manifests"][0]));
    assert_eq!(
        list["annotations"]["org.opencontainers.image.version"],
        "1.2.3"
    );
    let images = list["manifests"].as_array().unwrap();
    for (image, architecture) in images.iter().zip(["amd64", "arm64"]) {
        assert_eq!(image["platform"]["architecture"], architecture);
        let digest = image["digest"].as_str().unwrap().replace("sha256:", "");
        let said = one.join("statements").join(digest).join("x.json");
        assert_eq!(fs::read_to_string(said).unwrap(), architecture);
        let manifest = json_of(&blob(&one, image));
        assert_eq!(
            json_of(&blob(&one, &manifest["config"]))["architecture"],
            architecture
        );
        for layer in manifest["layers"].as_array().unwrap() {
            blob(&one, layer);
        }
    }
}

#[test]
fn layouts_that_do_not_go_together_are_refused() {
    let folder = TempDir::new().unwrap();
    let amd = folder.path().join("amd64");
    written(&on("amd64"), &amd).unwrap();
    let arm = folder.path().join("arm64");
    let mut renamed = on("arm64");
    renamed.tags = vec!["x/other:latest"];
    written(&renamed, &arm).unwrap();
    let refused = |layouts: &[_], words: &str| {
        let target = TempDir::new().unwrap();
        let error = merge(layouts, &target.path().join("x")).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    };
    refused(
        &[amd.clone(), amd.clone()],
        "x/app:latest: two layouts of one platform",
    );
    refused(
        &[amd.clone(), arm.clone()],
        "x/app:latest: 1 of 2 layouts have it",
    );
    refused(
        &[amd.clone(), folder.path().join("none")],
        "none/index.json: ",
    );

    let layer = json_of(&blob(&amd, &index(&amd)["manifests"][0]))["layers"][0].clone();
    let digest = layer["digest"].as_str().unwrap().replace("sha256:", "");
    fs::write(amd.join("blobs/sha256").join(digest), "other").unwrap();
    refused(std::slice::from_ref(&amd), "and what names it says");
    let mut hostile = index(&amd);
    hostile["manifests"][0]["digest"] = json!("sha256:../../index.json");
    fs::write(amd.join("index.json"), hostile.to_string()).unwrap();
    refused(&[amd], "blobs/sha256/________de______");
}
