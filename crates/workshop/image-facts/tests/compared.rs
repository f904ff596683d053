//! Two archives: what an update ships, and where two builds differ.

#[expect(dead_code, reason = "the facts are what the other tests are about")]
mod support;

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use image_facts::compare::{Comparison, State, compare};
use serde_json::json;
use support::*;

/// Files that are removed when the test ends.
struct Files(PathBuf);

impl Files {
    fn of(archives: [Vec<u8>; 2]) -> Self {
        let folder = unique();
        fs::create_dir(&folder).unwrap();
        for (name, archive) in ["before", "after"].into_iter().zip(archives) {
            fs::write(folder.join(name), archive).unwrap();
        }
        Self(folder)
    }

    fn compared(&self) -> Result<Comparison, String> {
        compare(&self.0.join("before"), &self.0.join("after")).map_err(|error| error.to_string())
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn compared(before: &Image, after: &Image) -> Comparison {
    let files = Files::of([before.archive(), after.archive()]);
    files.compared().unwrap()
}

fn changed(change: impl FnOnce(&mut Image)) -> Comparison {
    let mut after = image();
    change(&mut after);
    compared(&image(), &after)
}

fn grown(image: &mut Image, layer: usize) {
    image.layers[layer][1].bytes.extend(b"more");
    image.layers[layer][1].size += 4;
}

fn states(comparison: &Comparison) -> Vec<(&str, State)> {
    let parts = comparison.images[0].parts.iter();
    parts.map(|part| (part.name.as_str(), part.state)).collect()
}

#[test]
fn the_same_archive_has_no_difference() {
    let mut plain = image();
    plain.zip = false;
    let comparison = compared(&image(), &plain);
    assert_eq!(comparison.differences, Vec::<String>::new());
    assert_eq!(comparison.shipped_bytes(), 0);
    assert!(
        states(&comparison)
            .iter()
            .all(|(_, state)| *state == State::Same)
    );
}

#[test]
fn an_edit_ships_its_layer_the_configuration_and_what_is_above() {
    let comparison = changed(|image| grown(image, 1));
    let expected = [
        ("configuration", State::Changed),
        ("lib", State::Same),
        ("app-1", State::Changed),
        ("links", State::Above),
    ];
    assert_eq!(states(&comparison), expected);
    let table = comparison.table("re-shipped");
    let line = |name: &str| table.lines().find(|line| line.ends_with(name)).unwrap();
    assert!(line("app-1").contains("re-shipped  sha256:"), "{table}");
    assert!(line("links").contains("same, above sha256:"), "{table}");
}

#[test]
fn the_budget_is_held_to_the_byte() {
    let comparison = changed(|image| grown(image, 1));
    let bytes = comparison.shipped_bytes();
    assert_eq!(comparison.beyond("app-*", bytes), Vec::<String>::new());
    let over = comparison.beyond("app-*", bytes - 1);
    assert_eq!(
        over,
        [format!(
            "to ship: {bytes} bytes, expected at most {}",
            bytes - 1
        )]
    );
}

#[test]
fn no_layer_another_layer_or_two_layers() {
    let none = changed(|_| {}).beyond("app-*", 1000);
    assert_eq!(
        none,
        ["no layer is re-shipped: the change did not reach any image"]
    );
    let another = changed(|image| grown(image, 0)).beyond("app-*", 1_000_000);
    assert_eq!(
        another,
        ["layers that are re-shipped: x/app:latest: lib, expected only app-*"]
    );
    let two = changed(|image| {
        grown(image, 0);
        grown(image, 1);
    });
    let two = two.beyond("app-*", 1_000_000);
    assert!(
        two[0].contains("x/app:latest: lib, x/app:latest: app-1"),
        "{two:?}"
    );
}

#[test]
fn an_image_that_is_not_in_both() {
    let mut other = image();
    other.tags = vec!["x/other:latest"];
    let comparison = compared(&image(), &other);
    let expected = ["x/other:latest: only after", "x/app:latest: only before"];
    assert_eq!(comparison.differences, expected);
    assert!(!comparison.beyond("*", u64::MAX).is_empty());
}

/// The one difference that is not of the configuration, which names the layers.
fn difference(change: impl FnOnce(&mut Image)) -> String {
    let comparison = changed(change);
    let (config, mut files): (Vec<_>, Vec<_>) = comparison
        .differences
        .into_iter()
        .partition(|sentence| sentence.contains(": configuration: "));
    assert_eq!(config.len(), 1, "{config:?}");
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

type Change = Box<dyn FnOnce(&mut Image)>;

#[test]
fn a_difference_names_the_file_and_the_place() {
    let lib = format!("x/app:latest: lib: /{LIB}");
    let cases: [(String, Change); 9] = [
        (
            format!("{lib}: 4 bytes, then 8; the first that differs is at offset 4"),
            Box::new(|image| grown(image, 0)),
        ),
        (
            format!("{lib}: 4 bytes, then 4; the first that differs is at offset 2"),
            Box::new(|image| image.layers[0][1].bytes[2] = b'T'),
        ),
        (
            format!("{lib}: mode 0444, then 0400"),
            Box::new(|image| image.layers[0][1].mode = 0o400),
        ),
        (
            format!("{lib}: owner 0:0, then 7:0"),
            Box::new(|image| image.layers[0][1].uid = 7),
        ),
        (
            format!("{lib}: time 1, then 1900000000"),
            Box::new(|image| image.layers[0][1].modified = 1_900_000_000),
        ),
        (
            "x/app:latest: links: /x: only after".into(),
            Box::new(|image| image.layers[2].push(file("x", ""))),
        ),
        (
            "x/app:latest: links: /tmp: only before".into(),
            Box::new(|image| drop(image.layers[2].pop())),
        ),
        (
            "x/app:latest: lib: the same files in another order or with other tar headers, \
             from byte 3 of the layer"
                .into(),
            Box::new(|image| image.layers[0].swap(0, 1)),
        ),
        (
            "x/app:latest: the same layers in another order".into(),
            Box::new(|image| image.layers.swap(0, 1)),
        ),
    ];
    for (expected, change) in cases {
        assert_eq!(difference(change), expected);
    }
}

#[test]
fn a_store_path_that_moved_is_told_with_its_name() {
    let moved = LIB.replace("1111", "2222");
    let comparison = changed(|image| image.layers[0][1].path = moved.clone());
    assert_eq!(states(&comparison)[1], ("lib", State::Changed));
    let sentence = &comparison.differences[0];
    let store_path = |path: &str| format!("/{}", path.strip_suffix("/share/data").unwrap());
    let expected = format!(
        "x/app:latest: lib: {}: was {}",
        store_path(&moved),
        store_path(LIB)
    );
    assert_eq!(*sentence, expected);
}

#[test]
fn a_difference_of_the_configuration_names_the_key() {
    let comparison = changed(|image| image.config["Labels"]["revision"] = json!("b"));
    let expected = "x/app:latest: configuration: config.Labels.revision: null, then \"b\"";
    assert_eq!(comparison.differences, [expected]);
    let states = states(&comparison);
    assert_eq!(states[0].1, State::Changed);
    assert!(states[1..].iter().all(|(_, state)| *state == State::Same));
}

#[test]
fn what_docker_saves_is_read_as_well() {
    let mut saved = image();
    saved.more = vec![
        special("blobs/", b'5', ""),
        file("oci-layout", "{}"),
        file("repositories", "{}"),
    ];
    assert_eq!(compared(&image(), &saved).differences, Vec::<String>::new());
}

#[test]
fn what_is_no_archive_is_refused_by_name() {
    let whole = image().archive();
    let mut lies = image();
    lies.break_digest = true;
    for (archive, words) in [
        (
            b"not an archive".to_vec(),
            "after: the archive: it is truncated",
        ),
        (vec![b'x'; 2048], "after: the archive: no tar archive"),
        (
            whole[..whole.len() / 2].to_vec(),
            "after: the archive: it is truncated",
        ),
        (
            tar(&[file("x", "")]),
            "after: the archive: there is no manifest.json",
        ),
        (lies.archive(), "after: layer 1: its digest is sha256:"),
    ] {
        let refusal = Files::of([whole.clone(), archive]).compared().unwrap_err();
        assert!(refusal.contains(words), "{refusal}");
    }
}

fn program(files: &Files, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_image-compare"))
        .args([files.0.join("before"), files.0.join("after")])
        .args(more)
        .output()
        .unwrap()
}

#[test]
fn the_program_prints_the_table_and_exits_accordingly() {
    let same = Files::of([image().archive(), image().archive()]);
    let mut edited = image();
    grown(&mut edited, 1);
    let edited = Files::of([image().archive(), edited.archive()]);
    for (files, more, code, stdout, stderr) in [
        (&same, &[][..], 0, "same", ""),
        (&edited, &[], 1, "different", "bin/app: 120 bytes, then 124"),
        (&edited, &["app-*", "100000"], 0, "re-shipped", ""),
        (
            &edited,
            &["app-*", "1"],
            1,
            "of 1 that are allowed",
            "expected at most 1",
        ),
        (
            &edited,
            &["lib", "100000"],
            1,
            "re-shipped",
            "bin/app: 120 bytes, then 124",
        ),
        (&edited, &["lib"], 2, "", "usage"),
        (&edited, &["lib", "many"], 2, "", "usage"),
    ] {
        let output = program(files, more);
        let (out, error) = (
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        );
        assert_eq!(output.status.code(), Some(code), "{more:?}: {error}");
        assert!(out.contains(stdout), "{more:?}: {out}");
        assert!(error.contains(stderr), "{more:?}: {error}");
    }
}
