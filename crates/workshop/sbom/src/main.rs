//! `sbom`: says what an image is made of, and why.

mod bom;
mod diff;
mod explain;
mod inventory;
mod license;
mod pull;
mod report;
mod spdx23;
mod stated;
mod table;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use serde::Serialize;

use bom::Bom;
use inventory::{Inventory, Wrong};

#[derive(Parser)]
#[command(about, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the SBOM of an image as NAME.cdx.json and NAME.spdx.json
    Write {
        /// What Nix says of its parts, as JSON
        stated: PathBuf,
        /// The image, as `docker load` reads it
        archive: PathBuf,
        /// Where to, and NAME
        to: PathBuf,
    },
    /// Show the components of images
    Table {
        /// CycloneDX files
        #[arg(required = true)]
        images: Vec<PathBuf>,
    },
    /// Say which component a file is of, and why that is in the image
    Explain {
        /// Its path in the image, or the end of it
        file: String,
        /// CycloneDX files
        #[arg(required = true)]
        images: Vec<PathBuf>,
    },
    /// Write a page that shows an image
    Report {
        /// A CycloneDX file
        image: PathBuf,
        /// The page
        to: PathBuf,
    },
    /// Show how the components of images differ
    Diff {
        /// A CycloneDX file, or a folder of them
        before: PathBuf,
        /// The same of the images to compare with
        after: PathBuf,
        /// As Markdown
        #[arg(long)]
        markdown: bool,
        /// The OCI image layouts of both, which know what a pull fetches
        #[arg(long, num_args = 2, value_names = ["BEFORE", "AFTER"])]
        layouts: Vec<PathBuf>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(wrong) => {
            for sentence in wrong {
                eprintln!("sbom: {sentence}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<String, Wrong> {
    match command {
        Command::Write {
            stated,
            archive,
            to,
        } => {
            let text = fs::read(&stated).map_err(|error| failed(&stated, &error))?;
            let stated = serde_json::from_slice(&text).map_err(|error| failed(&stated, &error))?;
            let inventory = Inventory::take(&stated, &archive)?;
            let named = |ending: &str| PathBuf::from(format!("{}.{ending}", to.display()));
            write(&named("cdx.json"), &Bom::of(&inventory))?;
            write(&named("spdx.json"), &spdx23::document(&inventory))?;
            Ok(String::new())
        }
        Command::Table { images } => Ok(table::of(&read_all(&images)?)),
        Command::Explain { file, images } => explain::of(&file, &read_all(&images)?),
        Command::Report { image, to } => {
            let page = report::of(&read(&image)?);
            fs::write(&to, page).map_err(|error| failed(&to, &error))?;
            Ok(String::new())
        }
        Command::Diff {
            before,
            after,
            markdown,
            layouts,
        } => {
            let pulls = match layouts.as_slice() {
                [before, after] => pull::between(before, after)?,
                _ => Vec::new(),
            };
            let changes = diff::of(&read_folder(&before)?, &read_folder(&after)?, markdown);
            Ok(pulls.concat() + &changes)
        }
    }
}

fn read(path: &Path) -> Result<Bom, Wrong> {
    let text = fs::read(path).map_err(|error| failed(path, &error))?;
    serde_json::from_slice(&text).map_err(|error| failed(path, &error))
}

fn read_all(paths: &[PathBuf]) -> Result<Vec<Bom>, Wrong> {
    paths.iter().map(|path| read(path)).collect()
}

/// Of a file the one, of a folder all that have the ending, by their names.
fn read_folder(path: &Path) -> Result<Vec<Bom>, Wrong> {
    if !path.is_dir() {
        return read_all(&[path.to_owned()]);
    }
    let entries = fs::read_dir(path).map_err(|error| failed(path, &error))?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.to_string_lossy().ends_with(".cdx.json"));
    files.sort();
    if files.is_empty() {
        return Err(failed(path, &"there is no .cdx.json in it"));
    }
    read_all(&files)
}

fn write(path: &Path, value: &impl Serialize) -> Result<(), Wrong> {
    let mut text = serde_json::to_string_pretty(value).map_err(|error| failed(path, &error))?;
    text.push('\n');
    fs::write(path, text).map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &dyn std::fmt::Display) -> Wrong {
    vec![format!("{}: {error}", path.display())]
}
