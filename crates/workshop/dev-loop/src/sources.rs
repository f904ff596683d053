//! The files that a program is made of, as cargo says it: which packages are here, and what each
//! build has read.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;

/// Of a package's folder: what makes its tests, and nothing else.
const OF_TESTS: [&str; 3] = ["tests", "benches", "examples"];

/// Of the folder with `Cargo.lock`: what cargo reads besides.
const OF_CARGO: [&str; 4] = [
    "Cargo.lock",
    ".cargo/config.toml",
    ".cargo/config",
    "Cargo.toml",
];

/// What is watched. Paths are those below the root, or else absolute.
#[derive(Debug, Default)]
pub struct Sources {
    root: PathBuf,
    /// Where cargo builds: nothing there is a source.
    target: PathBuf,
    /// The folders of packages.
    packages: Vec<PathBuf>,
    /// What the last build has read: files, and folders that a build script names.
    read: BTreeSet<PathBuf>,
    /// By where a link leads: the link.
    links: HashMap<PathBuf, PathBuf>,
    /// When the last build began.
    built: Option<SystemTime>,
    /// The time stamps that were set here.
    set: HashMap<PathBuf, SystemTime>,
    /// Whether nobody knows yet what is to be watched.
    changed: bool,
}

/// A folder to watch, and whether all that is in it is meant.
pub type Folder = (PathBuf, bool);

impl Sources {
    /// Of what `cargo metadata --no-deps` says:
    /// <https://doc.rust-lang.org/cargo/commands/cargo-metadata.html>
    #[must_use]
    pub fn new(root: &Path, metadata: &str) -> Self {
        let metadata: Value = serde_json::from_str(metadata).unwrap_or_default();
        let path = |value: &Value| value.as_str().map(PathBuf::from);
        let manifests = metadata["packages"].as_array().into_iter().flatten();
        let mut sources = Self {
            root: root.to_owned(),
            target: path(&metadata["target_directory"]).unwrap_or_else(|| root.join("target")),
            changed: true,
            ..Self::default()
        };
        sources.packages = manifests
            .filter_map(|package| Some(path(&package["manifest_path"])?.parent()?.to_owned()))
            .map(|folder| sources.below(&folder))
            .collect();
        if sources.packages.is_empty() {
            // Its manifest is wrong, and will be right after an edit.
            sources.packages.push(PathBuf::new());
        }
        sources
    }

    /// A build begins.
    pub fn begin(&mut self) {
        self.built = Some(SystemTime::now());
    }

    /// Takes what cargo has written beside a program: the files that it was made of.
    pub fn take(&mut self, program: &Path) {
        let Ok(text) = fs::read_to_string(program.with_extension("d")) else {
            // What was known goes on to hold.
            return;
        };
        let paths = dependencies(&text).into_iter();
        let paths = paths.filter(|path| !path.starts_with(&self.target));
        self.read = paths.map(|path| self.below(&path)).collect();
        self.changed = true;
        self.links.clear();
        for path in &self.read {
            let whole = self.root.join(path);
            if let Ok(real) = whole.canonicalize()
                && real != whole
            {
                let real = self.below(&real);
                self.links.insert(real, path.clone());
            }
        }
    }

    /// The folders that are to be watched now, if these are others than when they were asked
    /// for last.
    pub fn folders(&mut self) -> Vec<Folder> {
        if !std::mem::take(&mut self.changed) {
            return Vec::new();
        }
        let mut folders = vec![(PathBuf::new(), false), (".cargo".into(), false)];
        for package in &self.packages {
            folders.push((package.clone(), false));
            folders.push((package.join("src"), true));
            folders.extend(OF_TESTS.map(|folder| (package.join(folder), true)));
        }
        for path in self.read.iter().chain(self.links.keys()) {
            if self.root.join(path).is_dir() {
                folders.push((path.clone(), true));
            }
            if let Some(parent) = path.parent() {
                folders.push((parent.to_owned(), false));
            }
        }
        folders.sort();
        folders.dedup();
        folders
    }

    /// Whether the program may be made of it.
    #[must_use]
    pub fn are_of_program(&self, path: &Path) -> bool {
        let listed = |path: &Path| {
            self.read.contains(path)
                || path.ancestors().skip(1).any(|above| self.read.contains(above) && above != Path::new(""))
                // A folder that has some of it.
                || self.read.range(path.to_owned()..).next().is_some_and(|next| next.starts_with(path) && path != Path::new(""))
        };
        let of_package = |package: &PathBuf| {
            path.strip_prefix(package).is_ok_and(|rest| {
                rest.starts_with("src") || rest == "build.rs" || rest == "Cargo.toml"
            })
        };
        // A new file beside others of which it is made; but not at the top of a package, where
        // there is everything else.
        let beside = || {
            path.parent().is_some_and(|folder| {
                !self.packages.iter().any(|package| package == folder)
                    && !self.is_of_tests(path)
                    && self.read.iter().any(|read| read.parent() == Some(folder))
            })
        };
        listed(path)
            || self.links.contains_key(path)
            || OF_CARGO.iter().any(|file| path == Path::new(file))
            || self.packages.iter().any(of_package)
            || beside()
    }

    /// Whether only tests are made of it.
    #[must_use]
    pub fn is_of_tests(&self, path: &Path) -> bool {
        !self.read.contains(path)
            && self.packages.iter().any(|package| {
                path.strip_prefix(package)
                    .is_ok_and(|rest| OF_TESTS.iter().any(|folder| rest.starts_with(folder)))
            })
    }

    /// Cargo looks at time stamps: a file that is older than the last build, as `cp -p`, `rsync`
    /// and `mv` make them, gets the present one. Gives the files of which that is so.
    pub fn renew(&mut self, path: &Path) -> Vec<PathBuf> {
        let mut renewed = Vec::new();
        let Some(built) = self.built else {
            return renewed;
        };
        let mut left = vec![
            self.links
                .get(path)
                .cloned()
                .unwrap_or_else(|| path.to_owned()),
        ];
        while let Some(path) = left.pop() {
            let whole = self.root.join(&path);
            if let Ok(entries) = fs::read_dir(&whole) {
                let entries = entries.filter_map(Result::ok);
                left.extend(entries.map(|entry| path.join(entry.file_name())));
            } else if fs::metadata(&whole)
                .and_then(|file| file.modified())
                .is_ok_and(|time| time < built)
            {
                let now = SystemTime::now();
                // Somebody else's file stays as it is.
                if fs::File::open(&whole)
                    .and_then(|file| file.set_modified(now))
                    .is_ok()
                {
                    self.set.insert(path.clone(), now);
                    renewed.push(path);
                }
            }
        }
        renewed
    }

    /// Whether a change is the time stamp alone that was set here.
    #[must_use]
    pub fn is_own(&self, path: &Path) -> bool {
        let time = || fs::metadata(self.root.join(path))?.modified();
        self.set
            .get(path)
            .is_some_and(|set| time().is_ok_and(|time| time == *set))
    }

    fn below(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).unwrap_or(path).to_owned()
    }
}

/// The files in what cargo writes for `make`: a line `PROGRAM: FILE...`, where a space within a
/// name follows a backslash.
/// <https://doc.rust-lang.org/cargo/reference/build-cache.html#dep-info-files>
fn dependencies(text: &str) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for line in text.lines() {
        let Some((_, files)) = line.split_once(": ") else {
            continue;
        };
        let (mut name, mut characters) = (String::new(), files.chars().peekable());
        while let Some(character) = characters.next() {
            match character {
                '\\' if characters.peek() == Some(&' ') => name.extend(characters.next()),
                ' ' => all.push(PathBuf::from(std::mem::take(&mut name))),
                character => name.push(character),
            }
        }
        all.push(PathBuf::from(name));
    }
    all.retain(|path| !path.as_os_str().is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::time::Duration;

    fn metadata(root: &Path) -> String {
        let manifest = |folder: &str| root.join(folder).join("Cargo.toml");
        let (top, member) = (manifest(""), manifest("crates/one"));
        let target = root.join("target");
        format!(
            r#"{{"packages":[{{"manifest_path":{top:?}}},{{"manifest_path":{member:?}}}],"target_directory":{target:?}}}"#
        )
    }

    #[test]
    fn cargos_list_is_understood() {
        let seen = dependencies("/t/app: /a/src/main.rs /a/with\\ space.txt /a/x\n");
        let wanted = ["/a/src/main.rs", "/a/with space.txt", "/a/x"].map(PathBuf::from);
        assert_eq!(seen, wanted);
        assert_eq!(dependencies("/t/app:\n"), Vec::<PathBuf>::new());
    }

    #[test]
    fn what_a_build_has_read_is_of_the_program_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("its path");
        for folder in ["src", "pages/deep", "migrations", "shared", "target/debug"] {
            fs::create_dir_all(root.join(folder)).expect("folders");
        }
        fs::write(root.join("shared/real.rs"), "").expect("a file");
        symlink(root.join("shared/real.rs"), root.join("src/link.rs")).expect("a link");
        let program = root.join("target/debug/app");
        let files = [
            "src/main.rs",
            "src/link.rs",
            "pages/a.html",
            "migrations",
            "target/debug/out.rs",
        ];
        let files: Vec<_> = files
            .iter()
            .map(|file| root.join(file).display().to_string())
            .collect();
        let text = format!("{}: {}\n", program.display(), files.join(" "));
        fs::write(program.with_extension("d"), text).expect("a list");

        let mut sources = Sources::new(&root, &metadata(&root));
        let is = |sources: &Sources, path: &str| sources.are_of_program(Path::new(path));
        assert!(is(&sources, "src/new.rs") && !is(&sources, "pages/a.html"));
        sources.take(&program);
        for path in [
            "src/main.rs",
            "src",
            "src/new.rs",
            "shared/real.rs",
            "pages/a.html",
            "pages/new.html",
            "pages",
            "migrations/1.sql",
            "Cargo.lock",
            "crates/one/Cargo.toml",
            "crates/one/src/lib.rs",
        ] {
            assert!(is(&sources, path), "{path}");
        }
        for path in [
            "README.md",
            "tests/a.rs",
            "shared/other.rs",
            "target/debug/out.rs",
            "nginx/a.conf",
            "crates/one/README.md",
        ] {
            assert!(!is(&sources, path), "{path}");
        }
        assert!(sources.is_of_tests(Path::new("crates/one/tests/a.rs")));
        assert!(!sources.is_of_tests(Path::new("src/tests.rs")));
        let folders = sources.folders();
        for (path, all) in [
            ("shared", false),
            ("migrations", true),
            ("src", true),
            ("pages", false),
        ] {
            assert!(folders.contains(&(path.into(), all)), "{path}: {folders:?}");
        }
    }

    #[test]
    fn an_older_file_gets_the_present_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let file = root.join("src/old.rs");
        fs::create_dir(root.join("src")).expect("a folder");
        fs::write(&file, "").expect("a file");
        let long_ago = SystemTime::now() - Duration::from_hours(1);
        let age = || fs::File::open(&file).and_then(|file| file.set_modified(long_ago));
        age().expect("its time");

        let mut sources = Sources::new(root, "");
        assert!(
            sources.renew(Path::new("src")).is_empty(),
            "nothing is built"
        );
        sources.begin();
        let path = Path::new("src/old.rs");
        assert_eq!(sources.renew(Path::new("src")), [path]);
        assert!(sources.is_own(path));
        age().expect("its time");
        assert!(!sources.is_own(path));
        assert_eq!(sources.renew(path), [path]);
    }
}
