//! Copies of the repository to edit.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use fs_err as fs;

use crate::command::{Place, run};
use crate::options::Building;

/// The crates of the build of an image: what is added to these is built anew with all that
/// comes after their dependencies.
const MANIFESTS: [&str; 3] = [
    "Cargo.toml",
    "crates/keypair/Cargo.toml",
    "crates/workshop/Cargo.toml",
];

/// Small crates of the registry, of which the service has not all.
const SPARE: &str = "bench/building/grown/Cargo.toml";

/// Copies the files that git knows, as they are now: nothing of what was built in the folder
/// itself is there, and whoever works in it during a run changes nothing of the run.
pub(crate) fn snapshot(options: &Building) -> Result<()> {
    let to = original(options);
    fs::create_dir_all(&to)?;
    let script = r#"git -C "$1" ls-files -z | tar -C "$1" --null -T - -c | tar -C "$2" -x"#;
    let (from, to) = (options.source.to_string_lossy(), to.to_string_lossy());
    let shell = ["bash", "-o", "pipefail", "-c", script, "snapshot"];
    run(&[&shell[..], &[&from, &to]].concat())?;
    Ok(())
}

/// Where the snapshot is.
fn original(options: &Building) -> PathBuf {
    options.scratch.join("source")
}

/// A copy of the repository.
pub(crate) struct Tree {
    /// Where it is.
    pub(crate) folder: PathBuf,
    original: PathBuf,
    crates: String,
    edits: u32,
    /// What no other tree of any run has.
    stamp: String,
}

impl Tree {
    /// A copy of the snapshot in the scratch folder.
    pub(crate) fn copy(options: &Building, name: &str, stamp: &str) -> Result<Self> {
        let tree = Self {
            folder: options.scratch.join(name),
            original: original(options),
            crates: options.crates.clone(),
            edits: 0,
            stamp: stamp.to_owned(),
        };
        let (from, to) = (
            tree.original.to_string_lossy(),
            tree.folder.to_string_lossy(),
        );
        run(&["cp", "-a", &from, &to])?;
        Ok(tree)
    }

    /// Replaces each `from` in a file of it, which has to be there.
    pub(crate) fn replace(&self, file: &str, from: &str, to: &str) -> Result<()> {
        self.change(&self.folder, file, from, to)
    }

    /// The same of the file in another folder, without what edits before have put there.
    fn change(&self, folder: &Path, file: &str, from: &str, to: &str) -> Result<()> {
        let text = fs::read_to_string(folder.join(file))?;
        ensure!(text.contains(from), "{file} has no '{from}'");
        Ok(fs::write(self.folder.join(file), text.replace(from, to))?)
    }

    /// The words that the next edit brings, which no other has.
    fn next(&mut self) -> String {
        self.edits += 1;
        format!("{} {}", self.stamp, self.edits)
    }

    /// Changes one line in src/, and gives what the service answers from now on.
    pub(crate) fn edit_source(&mut self) -> Result<String> {
        let words = self.next();
        let edited = format!("\"{words}: It's e");
        self.change(&self.original, "src/routes.rs", "\"It's e", &edited)?;
        Ok(words)
    }

    /// Changes one line in nginx/.
    pub(crate) fn edit_edge(&mut self) -> Result<()> {
        let edited = format!("\n# {}\nkeepalive_timeout ", self.next());
        let file = "nginx/http/client.conf";
        self.change(&self.original, file, "\nkeepalive_timeout ", &edited)
    }

    /// Adds a crate that the service has not had, to its manifest and its lock file.
    pub(crate) fn add_dependency(&mut self) -> Result<()> {
        let spare = fs::read_to_string(self.folder.join(SPARE))?;
        let lock = fs::read_to_string(self.folder.join("Cargo.lock"))?;
        let line = new_dependency(&spare, &lock).context("the service has all spare crates")?;
        let table = "\n[dependencies]\n";
        self.replace("Cargo.toml", table, &format!("{table}{line}\n"))?;
        // Or the same dependencies as in another tree would be there already.
        self.add_profile("Cargo.toml")?;
        // Its dependencies are those of its fuzz targets as well.
        for folder in [&self.folder, &self.folder.join("crates/chassis/fuzz")] {
            let cargo = ["cargo", "--config", &self.crates, "update"];
            let offline = ["--workspace", "--offline", "--quiet"];
            Place::new(folder).run(&[&cargo[..], &offline].concat())?;
        }
        Ok(())
    }

    /// Makes every derivation of this repository's own another one, and no other: a profile
    /// that nobody builds with changes what dependencies are built from, and not what they are
    /// built to. Emptying the store instead would take away the compilers as well.
    pub(crate) fn make_anew(&mut self) -> Result<()> {
        for file in MANIFESTS {
            self.add_profile(file)?;
        }
        self.edit_edge()
    }

    /// Adds a profile that no manifest has had.
    fn add_profile(&mut self, file: &str) -> Result<()> {
        let words = self.next().replace([' ', '.'], "-");
        let path = self.folder.join(file);
        let text = fs::read_to_string(&path)?;
        let text = format!("{text}\n[profile.{words}]\ninherits = \"release\"\n");
        Ok(fs::write(path, text)?)
    }
}

/// The last line of the first hundred dependencies of a manifest whose crate is not in a lock.
fn new_dependency<'a>(manifest: &'a str, lock: &str) -> Option<&'a str> {
    let lines = manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]");
    let lines: Vec<&str> = lines.take_while(|line| *line != "# 100").collect();
    lines.into_iter().rfind(|line| {
        let name = line
            .split_once(" = ")
            .map(|(name, _)| format!("\nname = \"{name}\"\n"));
        name.is_some_and(|name| !lock.contains(&name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Result<(tempfile::TempDir, Tree)> {
        let scratch = tempfile::TempDir::new()?;
        let original = scratch.path().join("original");
        for (file, text) in [
            ("src/routes.rs", "a\n  say: \"It's easier.\",\nb\n"),
            (
                "nginx/http/client.conf",
                "a 1s;\nkeepalive_timeout 65s; # why\n",
            ),
            ("Cargo.toml", "[package]\n"),
            ("crates/keypair/Cargo.toml", "[package]\n"),
            ("crates/workshop/Cargo.toml", "[package]\n"),
        ] {
            for folder in [&original, &scratch.path().join("copy")] {
                let path = folder.join(file);
                fs::create_dir_all(path.parent().unwrap_or(&path))?;
                fs::write(path, text)?;
            }
        }
        let tree = Tree {
            folder: scratch.path().join("copy"),
            original,
            crates: String::new(),
            edits: 0,
            stamp: "one".to_owned(),
        };
        Ok((scratch, tree))
    }

    #[test]
    fn each_edit_is_one_line_and_another_one() -> Result<()> {
        let (_scratch, mut tree) = example()?;
        assert_eq!(tree.edit_source()?, "one 1");
        assert_eq!(tree.edit_source()?, "one 2");
        let source = fs::read_to_string(tree.folder.join("src/routes.rs"))?;
        assert_eq!(source, "a\n  say: \"one 2: It's easier.\",\nb\n");
        tree.edit_edge()?;
        tree.edit_edge()?;
        let edge = fs::read_to_string(tree.folder.join("nginx/http/client.conf"))?;
        assert_eq!(edge, "a 1s;\n# one 4\nkeepalive_timeout 65s; # why\n");
        assert!(tree.replace("Cargo.toml", "[lib]", "").is_err());
        Ok(())
    }

    #[test]
    fn anew_is_all_that_is_built() -> Result<()> {
        let (_scratch, mut tree) = example()?;
        tree.make_anew()?;
        for (file, number) in MANIFESTS.iter().zip(1..) {
            let added = format!("[package]\n\n[profile.one-{number}]\ninherits = \"release\"\n");
            assert_eq!(fs::read_to_string(tree.folder.join(file))?, added);
        }
        let edge = fs::read_to_string(tree.folder.join("nginx/http/client.conf"))?;
        assert!(edge.contains("# one 4"));
        Ok(())
    }

    #[test]
    fn a_new_dependency_is_one_that_is_not_locked() {
        let manifest =
            "[package]\nname = \"a\"\n\n[dependencies]\nb = \"1\"\nc = \"1\"\n\n# 100\nd = \"2\"\n";
        let lock = "[[package]]\nname = \"c\"\nversion = \"1.0.0\"\n";
        assert_eq!(new_dependency(manifest, lock), Some("b = \"1\""));
        assert_eq!(
            new_dependency(manifest, &lock.replace('c', "b")),
            Some("c = \"1\"")
        );
        assert_eq!(new_dependency("[dependencies]\n", lock), None);
    }
}
