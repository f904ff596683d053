//! How cost grows: with dependencies, with assets, and with images, of a crate that is made
//! for it and built by the same functions as the service.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::command::Place;
use super::options::{Options, Part};
use super::tree::{FEW, Tree, dependencies, update_lock};
use super::way::{Way, cargo_build, load};
use super::{Results, missing, say};
use crate::error::Error;

/// How many dependencies, how many megabytes of assets, how many images.
const DEPENDENCIES: [u32; 3] = [0, 100, 300];
const ASSETS: [u32; 3] = [1, 10, 100];
const IMAGES: [u32; 3] = [1, 5, 20];

/// The length of an asset, and how many of them are a megabyte.
const ASSET_BYTES: usize = 100_000;
const ASSETS_EACH: u32 = 10;

/// One part in one round.
pub(crate) fn measure(
    part: Part,
    round: u32,
    options: &Options,
    results: &mut Results,
) -> Result<(), Error> {
    let sizes = match part {
        Part::Dependencies => DEPENDENCIES,
        Part::Assets => ASSETS,
        _ => IMAGES,
    };
    for size in sizes {
        for way in &options.ways {
            let (name, metric) = (way.name(), format!("{}-{size}", part.name()));
            let figures = match (way, part) {
                (Way::Drydock, _) | (Way::Cargo, Part::Dependencies) => {
                    say(format_args!("{name}: {metric}"));
                    Grown::new(*way, part, size, round, options)
                        .and_then(|mut grown| grown.figures())
                }
                _ => continue,
            };
            match figures {
                Ok((first, edit)) => {
                    let (first, edit) = (first.as_secs_f64(), edit.as_secs_f64());
                    results.row(round, name, &format!("{metric}-cold"), "s", first)?;
                    results.row(round, name, &format!("{metric}-edit"), "s", edit)?;
                }
                Err(error) => missing(results, round, name, &metric, &error)?,
            }
        }
    }
    Ok(())
}

/// The crate, in a copy of the repository.
struct Grown<'a> {
    options: &'a Options,
    way: Way,
    part: Part,
    /// What is built.
    output: String,
    tree: Tree,
    /// The text that each edit changes.
    words: String,
    edits: u32,
}

impl<'a> Grown<'a> {
    fn new(
        way: Way,
        part: Part,
        size: u32,
        round: u32,
        options: &'a Options,
    ) -> Result<Self, Error> {
        let tools = &options.tools;
        let name = format!("{}-{size}-{}-{round}", part.name(), way.name());
        let stamp = format!("{}-{name}", options.stamp);
        let tree = Tree::copy(&tools.source, &tools.scratch.join(name), &stamp)?;
        let flake = tree.read("bench/building/flake.nix")?;
        tree.write("flake.nix", &flake)?;
        let (from, to) = (
            tree.folder.join("bench/building/grown"),
            tree.folder.join("grown"),
        );
        std::fs::rename(&from, &to)?;
        std::fs::copy(
            tree.folder.join("rust-toolchain.toml"),
            to.join("rust-toolchain.toml"),
        )?;
        let wanted = match part {
            Part::Dependencies => size,
            _ => 0,
        };
        let manifest = manifest(&tree.read("grown/Cargo.toml")?, wanted);
        // The profile is one that nobody builds with: it makes the dependencies other ones.
        let manifest = format!("{manifest}\n[profile.{stamp}]\ninherits = \"release\"\n");
        tree.write("grown/Cargo.toml", &manifest)?;
        update_lock(&Place::new(&to), &tools.crates)?;
        if part == Part::Assets {
            write_assets(&to.join("assets"), size)?;
        }
        let output = match part {
            Part::Dependencies => "grown-app".to_owned(),
            Part::Assets => "grown-nginx".to_owned(),
            _ => format!("grown-images-{size}"),
        };
        let mut grown = Self {
            options,
            way,
            part,
            output,
            tree,
            words: "edited 0 times".to_owned(),
            edits: 0,
        };
        // So that no other run has had the same.
        grown.words = grown.edit(&format!("{stamp}: edited"))?;
        Ok(grown)
    }

    fn edit(&mut self, words: &str) -> Result<String, Error> {
        self.edits += 1;
        let words = format!("{words} {}", self.edits);
        let file = match self.part {
            Part::Assets => "grown/assets/asset-0.txt",
            _ => "grown/src/main.rs",
        };
        self.tree.replace(file, &self.words, &words)?;
        Ok(words)
    }

    /// From nothing, and after an edit.
    fn figures(&mut self) -> Result<(Duration, Duration), Error> {
        let first = self.build()?;
        let words = self.words.clone();
        self.words = self.edit(&words)?;
        Ok((first, self.build()?))
    }

    fn build(&self) -> Result<Duration, Error> {
        let tools = &self.options.tools;
        let begin = Instant::now();
        if self.way == Way::Cargo {
            let folder = self.tree.folder.join("grown");
            cargo_build(tools, &folder)?;
            let program = folder
                .join("target")
                .join(&tools.target)
                .join("release/grown");
            std::fs::copy(
                program,
                tools
                    .scratch
                    .join(format!("{}-{}", self.output, self.edits)),
            )?;
        } else {
            let place = self.tree.place();
            let archive = tools.nix_build(&place, &self.output)?;
            load(&place, &archive, false)?;
        }
        Ok(begin.elapsed())
    }
}

/// The same with fewer dependencies.
fn manifest(full: &str, wanted: u32) -> String {
    let kept: Vec<&str> = match wanted {
        0 => Vec::new(),
        100 => dependencies(full).take_while(|line| *line != FEW).collect(),
        _ => dependencies(full).collect(),
    };
    let head = full.split("[dependencies]").next().unwrap_or(full);
    format!("{head}[dependencies]\n{}\n", kept.join("\n"))
}

/// Text that is as good as any to compress: words, in no order, the same in each run.
fn write_assets(folder: &PathBuf, megabytes: u32) -> Result<(), Error> {
    const WORDS: [&str; 16] = [
        "harbour", "mast", "keel", "rope", "tide", "anchor", "sail", "rudder", "deck", "hull",
        "crane", "dock", "ship", "sea", "wind", "pilot",
    ];
    std::fs::create_dir_all(folder)?;
    let mut state = 1_u64;
    for number in 0..megabytes * ASSETS_EACH {
        let mut text = format!("edited 0 times, of asset {number}\n");
        while text.len() < ASSET_BYTES {
            // Knuth's generator; its upper bits are the better ones.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let word = WORDS
                .get(usize::try_from(state >> 60).unwrap_or(0))
                .unwrap_or(&"");
            // Writing to a string does not fail.
            let _ = write!(text, "{word} {:x} ", (state >> 40) & 0xfff);
        }
        std::fs::write(folder.join(format!("asset-{number}.txt")), text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_as_many_as_wanted() {
        let full = "[package]\n\n[dependencies]\na = \"1\"\n# 100\nb = \"1\"\n";
        assert_eq!(manifest(full, 0), "[package]\n\n[dependencies]\n\n");
        assert_eq!(
            manifest(full, 100),
            "[package]\n\n[dependencies]\na = \"1\"\n"
        );
        assert!(manifest(full, 300).contains("b = "));
    }

    #[test]
    fn assets_are_as_long_as_wanted() -> Result<(), Error> {
        let folder = tempfile::TempDir::new()?;
        write_assets(&folder.path().join("assets"), 1)?;
        let mut sum = 0;
        for entry in std::fs::read_dir(folder.path().join("assets"))? {
            sum += entry?.metadata()?.len();
        }
        assert!((1_000_000..1_001_000).contains(&sum), "{sum}");
        Ok(())
    }
}
