//! Tells the page what its assets are called, and fails when one is missing.

use std::path::Path;
use std::{env, fs};

/// Names a manifest: for each asset a line with its name in `assets/`, a space, and the name
/// that it is served by. Without it, as in a plain `cargo build`, the two names are the same.
const MANIFEST: &str = "DRYDOCK_ASSETS";

/// What the page links to, and the variable in which the compiler finds the path of each.
const NEEDED: [(&str, &str); 3] = [
    ("page.css", "ASSET_STYLE"),
    ("page.js", "ASSET_SCRIPT"),
    ("icon.svg", "ASSET_ICON"),
];

fn main() {
    println!("cargo::rerun-if-env-changed={MANIFEST}");
    let (place, text) = match env::var(MANIFEST) {
        Ok(path) => match fs::read_to_string(&path) {
            Ok(text) => (path, text),
            Err(error) => return println!("cargo::error={MANIFEST}={path}: {error}"),
        },
        Err(_) => ("assets".to_owned(), names_in(Path::new("assets"))),
    };
    println!("cargo::rerun-if-changed={place}");
    println!("{}", instructions(&place, &text));
}

/// A manifest of files that are served as they are.
fn names_in(folder: &Path) -> String {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .map(|name| format!("{name} {name}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// What cargo is told, given the manifest's text and where it is from.
#[must_use]
pub fn instructions(place: &str, manifest: &str) -> String {
    let lines = NEEDED.map(|(name, variable)| {
        let served = manifest
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        match served {
            Some(served) => format!("cargo::rustc-env={variable}=/assets/{served}"),
            None => {
                format!("cargo::error=the page links to the asset {name}, which is not in {place}")
            }
        }
    });
    lines.join("\n")
}
