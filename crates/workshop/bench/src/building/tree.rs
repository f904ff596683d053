//! Copies of the repository to edit.

use std::path::{Path, PathBuf};

use super::command::Place;
use crate::error::Error;

/// What the service says, of which each edit makes another sentence.
const SAYING: (&str, &str) = ("src/routes.rs", "It's e");

/// A value of nginx's that each edit makes another one.
const VALUE: (&str, &str) = ("nginx/http/client.conf", "keepalive_timeout");

/// The crates of the build of an image: what is added to these is built anew with all that
/// comes after their dependencies.
const MANIFESTS: [&str; 3] = [
    "Cargo.toml",
    "crates/keypair/Cargo.toml",
    "crates/workshop/Cargo.toml",
];

/// The line of the grown crate's dependencies up to which they are a hundred.
pub(crate) const FEW: &str = "# 100";

/// Copies the files that git knows, as they are now: nothing of what was built in the folder
/// itself is there, and whoever works in it during a run changes nothing of the run.
pub(crate) fn snapshot(from: &Path, to: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(to)?;
    let script = r#"git -C "$1" ls-files -z | tar -C "$1" --null -T - -c | tar -C "$2" -x"#;
    let (from, to) = (from.to_string_lossy(), to.to_string_lossy());
    let words = [
        "bash", "-o", "pipefail", "-c", script, "snapshot", &from, &to,
    ];
    Place::new("/").run(&words)?;
    Ok(())
}

/// A copy of the repository.
pub(crate) struct Tree {
    /// Where it is.
    pub(crate) folder: PathBuf,
    edits: u32,
    /// What no tree before had.
    stamp: String,
    /// Crates that may be added, as lines of a manifest.
    spare: Vec<String>,
}

impl Tree {
    /// A copy of the snapshot. `stamp` is one that no other tree of any run has.
    pub(crate) fn copy(from: &Path, to: &Path, stamp: &str) -> Result<Self, Error> {
        let words = ["cp", "-a", &from.to_string_lossy(), &to.to_string_lossy()];
        Place::new("/").run(&words)?;
        let tree = Self {
            folder: to.to_owned(),
            edits: 0,
            stamp: stamp.to_owned(),
            spare: Vec::new(),
        };
        let own: Vec<String> = names(&tree.read("Cargo.lock")?);
        let grown = tree.read("bench/building/grown/Cargo.toml")?;
        let spare = dependencies(&grown)
            .take_while(|line| *line != FEW)
            .filter(|line| {
                line.split_once(' ')
                    .is_some_and(|(name, _)| !own.iter().any(|one| one == name))
            })
            .map(str::to_owned)
            .collect();
        Ok(Self { spare, ..tree })
    }

    /// Makes it a repository, as a user has it, whose files Nix takes.
    pub(crate) fn commit(&self) -> Result<(), Error> {
        let place = Place::new(&self.folder);
        place.run(&["git", "init", "--quiet"])?;
        place.run(&["git", "add", "--all", "--force"])?;
        place.run(&[
            "git",
            "-c",
            "user.name=bench",
            "-c",
            "user.email=bench@localhost",
            "commit",
            "--quiet",
            "--message=as copied",
        ])?;
        Ok(())
    }

    /// A place in it.
    pub(crate) fn place(&self) -> Place {
        Place::new(&self.folder)
    }

    /// A file of it.
    pub(crate) fn read(&self, file: &str) -> Result<String, Error> {
        let path = self.folder.join(file);
        std::fs::read_to_string(&path).map_err(|source| Error::File { path, source })
    }

    /// Writes a file of it.
    pub(crate) fn write(&self, file: &str, text: &str) -> Result<(), Error> {
        let path = self.folder.join(file);
        std::fs::write(&path, text).map_err(|source| Error::File { path, source })
    }

    /// Replaces each `from` in a file of it, which has to be there.
    pub(crate) fn replace(&self, file: &str, from: &str, to: &str) -> Result<(), Error> {
        let text = self.read(file)?;
        if !text.contains(from) {
            return Err(Error::NotThere {
                path: self.folder.join(file),
                wanted: from.to_owned(),
            });
        }
        self.write(file, &text.replace(from, to))
    }

    /// The words that the next edit brings, which no other has.
    fn next(&mut self) -> String {
        self.edits += 1;
        format!("{} {}", self.stamp, self.edits)
    }

    /// Changes one line in src/, and gives what the service answers from now on.
    pub(crate) fn edit_source(&mut self) -> Result<String, Error> {
        let words = self.next();
        let (file, begin) = SAYING;
        let text = self.read(file)?;
        let line = text
            .lines()
            .find(|line| line.contains(begin))
            .ok_or_else(|| Error::NotThere {
                path: self.folder.join(file),
                wanted: begin.to_owned(),
            })?;
        // What an edit before has put there goes.
        let (before, after) = line.split_once('"').unwrap_or((line, ""));
        let from = after.find(begin).unwrap_or(0);
        let edited = format!("{before}\"{words}: {}", &after[from..]);
        self.write(file, &text.replace(line, &edited))?;
        Ok(words)
    }

    /// Changes one line in nginx/.
    pub(crate) fn edit_edge(&mut self) -> Result<(), Error> {
        let words = self.next();
        let (file, name) = VALUE;
        let text = self.read(file)?;
        let line = text
            .lines()
            .find(|line| line.trim_start().starts_with(name))
            .ok_or_else(|| Error::NotThere {
                path: self.folder.join(file),
                wanted: name.to_owned(),
            })?;
        let value = line.split('#').next().unwrap_or(line).trim_end();
        self.write(file, &text.replace(line, &format!("{value} # {words}")))
    }

    /// Adds a crate that the service has not had, to its manifest and its lock file.
    pub(crate) fn add_dependency(&mut self, crates: &Path) -> Result<(), Error> {
        let line = self.spare.pop().ok_or_else(|| Error::NotThere {
            path: self.folder.join("bench/building/grown/Cargo.toml"),
            wanted: "a crate that the service does not have".to_owned(),
        })?;
        self.replace(
            "Cargo.toml",
            "\n[dependencies]\n",
            &format!("\n[dependencies]\n{line}\n"),
        )?;
        // Or the same dependencies as in another tree would be there already.
        self.add_profile("Cargo.toml")?;
        update_lock(&self.place(), crates)?;
        // Its dependencies are the service's as well.
        update_lock(&Place::new(self.folder.join("crates/chassis/fuzz")), crates)
    }

    /// Makes every derivation of this repository's own another one, and no other: a profile
    /// that nobody builds with changes what dependencies are built from, and not what they are
    /// built to. Emptying the store instead would take away the compilers as well.
    pub(crate) fn make_anew(&mut self) -> Result<(), Error> {
        for file in MANIFESTS {
            self.add_profile(file)?;
        }
        self.edit_edge()
    }

    /// Adds a profile that no manifest has had.
    fn add_profile(&mut self, file: &str) -> Result<(), Error> {
        let words = self.next().replace([' ', '.'], "-");
        let text = self.read(file)?;
        let text = format!("{text}\n[profile.{words}]\ninherits = \"release\"\n");
        self.write(file, &text)
    }
}

/// Has the lock file of the crate at a place follow its manifest.
pub(crate) fn update_lock(place: &Place, crates: &Path) -> Result<(), Error> {
    let crates = crates.to_string_lossy();
    place.run(&[
        "cargo",
        "--config",
        &crates,
        "update",
        "--workspace",
        "--offline",
        "--quiet",
    ])?;
    Ok(())
}

/// The names in a lock file.
fn names(lock: &str) -> Vec<String> {
    lock.lines()
        .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
        .map(str::to_owned)
        .collect()
}

/// The lines of a manifest's dependencies.
pub(crate) fn dependencies(manifest: &str) -> impl Iterator<Item = &str> {
    manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Result<(tempfile::TempDir, Tree), Error> {
        let scratch = tempfile::TempDir::new()?;
        for (file, text) in [
            ("src/routes.rs", "a\n  say: \"It's easier.\",\nb\n"),
            ("nginx/http/client.conf", "keepalive_timeout 65s; # why\n"),
            ("Cargo.toml", "[package]\n"),
            ("crates/keypair/Cargo.toml", "[package]\n"),
            ("crates/workshop/Cargo.toml", "[package]\n"),
        ] {
            let path = scratch.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
            std::fs::write(path, text)?;
        }
        let tree = Tree {
            folder: scratch.path().to_owned(),
            edits: 0,
            stamp: "one".to_owned(),
            spare: Vec::new(),
        };
        Ok((scratch, tree))
    }

    #[test]
    fn each_edit_is_one_line_and_another_one() -> Result<(), Error> {
        let (_scratch, mut tree) = example()?;
        assert_eq!(tree.edit_source()?, "one 1");
        assert_eq!(tree.edit_source()?, "one 2");
        assert_eq!(
            tree.read("src/routes.rs")?,
            "a\n  say: \"one 2: It's easier.\",\nb\n"
        );
        tree.edit_edge()?;
        tree.edit_edge()?;
        assert_eq!(
            tree.read("nginx/http/client.conf")?,
            "keepalive_timeout 65s; # one 4\n"
        );
        Ok(())
    }

    #[test]
    fn anew_is_all_that_is_built() -> Result<(), Error> {
        let (_scratch, mut tree) = example()?;
        tree.make_anew()?;
        for (file, number) in MANIFESTS.iter().zip(1..) {
            assert_eq!(
                tree.read(file)?,
                format!("[package]\n\n[profile.one-{number}]\ninherits = \"release\"\n")
            );
        }
        assert!(tree.read("nginx/http/client.conf")?.contains("# one 4"));
        Ok(())
    }

    #[test]
    fn dependencies_are_the_lines_of_their_table() {
        let manifest = "[package]\nname = \"a\"\n\n[dependencies]\nb = \"1\"\n# 100\nc = \"2\"\n\n[lints]\nd = 1\n";
        let lines: Vec<&str> = dependencies(manifest).collect();
        assert_eq!(lines, ["b = \"1\"", "# 100", "c = \"2\""]);
    }
}
