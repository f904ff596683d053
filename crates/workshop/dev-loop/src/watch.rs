//! Files that change.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, timeout_at};

use crate::sources::Folder;

/// After a change, how long nothing may change before it is acted upon: an editor writes more
/// than one file, and more than once.
const QUIET: Duration = Duration::from_millis(50);

/// How long that may be put off by further changes.
const AT_MOST: Duration = Duration::from_secs(1);

/// Watches paths of a folder.
#[derive(Debug)]
pub struct Watch {
    watcher: RecommendedWatcher,
    events: UnboundedReceiver<notify::Result<Event>>,
    root: PathBuf,
    /// What is watched as soon as it is there, and whether all that is in it is meant.
    folders: HashMap<PathBuf, bool>,
    pending: Pending,
}

/// What has changed and was not yet acted upon.
#[derive(Debug, Default)]
struct Pending {
    paths: Vec<PathBuf>,
    anything: bool,
    /// When it is acted upon if nothing follows, and when in any case.
    due: Option<(Instant, Instant)>,
}

/// What has changed.
#[derive(Debug, PartialEq, Eq)]
pub enum Change {
    /// These, those below the root relative to it; sorted, each once.
    Paths(Vec<PathBuf>),
    /// So much that it is not known what.
    Anything,
}

impl Change {
    /// The first path that is this one or lies in it, as it is said; or that it is not known.
    #[must_use]
    pub fn within(&self, place: &Path) -> Option<String> {
        match self {
            Self::Paths(paths) => {
                let found = paths.iter().find(|path| path.starts_with(place));
                found.map(|path| path.display().to_string())
            }
            Self::Anything => Some("more than the system told".to_owned()),
        }
    }
}

impl Watch {
    /// Watches what is directly in `root`.
    ///
    /// # Errors
    /// When the system cannot.
    pub fn start(root: &Path) -> notify::Result<Self> {
        let (sender, events) = unbounded_channel();
        let watcher = notify::recommended_watcher(move |event| {
            // The loop may have ended.
            let _ = sender.send(event);
        })?;
        let root = root.canonicalize()?;
        let mut watch = Self {
            watcher,
            events,
            folders: HashMap::new(),
            root,
            pending: Pending::default(),
        };
        watch.follow([(PathBuf::new(), false)])?;
        Ok(watch)
    }

    /// Watches these folders as well, now or when they are there, and all that is in them if
    /// that is said. A file is seen by its folder: an editor may write a new one and rename it.
    ///
    /// # Errors
    /// When the system cannot watch so much.
    pub fn follow(&mut self, folders: impl IntoIterator<Item = Folder>) -> notify::Result<()> {
        for (folder, whole) in folders {
            let folder = self.root.join(folder);
            let before = self.folders.get(&folder);
            if before.is_none_or(|&before| whole && !before) {
                self.folders.insert(folder.clone(), whole);
                self.watch(&folder, whole)?;
            }
        }
        Ok(())
    }

    /// The same of files and folders by their paths.
    ///
    /// # Errors
    /// When the system cannot watch so much.
    pub fn follow_paths<'a>(
        &mut self,
        paths: impl IntoIterator<Item = &'a Path>,
    ) -> notify::Result<()> {
        let paths = paths.into_iter().map(|path| {
            let is_folder = self.root.join(path).is_dir();
            match path.parent() {
                Some(parent) if !is_folder => (parent.to_owned(), false),
                _ => (path.to_owned(), true),
            }
        });
        let folders: Vec<_> = paths.collect();
        self.follow(folders)
    }

    /// Waits for changes, and until there are no more for a moment. Given up and called again,
    /// it goes on where it was.
    pub async fn change(&mut self) -> Change {
        loop {
            let event = match self.pending.due {
                None => self.events.recv().await,
                Some((due, _)) => match timeout_at(due, self.events.recv()).await {
                    Ok(event) => event,
                    Err(_) => break,
                },
            };
            match event {
                Some(Ok(event)) if !event.need_rescan() => {
                    let found = self.of_interest(event);
                    if found.is_empty() {
                        continue;
                    }
                    self.pending.paths.extend(found);
                }
                Some(_) => self.pending.anything = true,
                // The watcher is ours, so that it does not end before this does.
                None => std::future::pending().await,
            }
            let now = Instant::now();
            let latest = self.pending.due.map_or(now + AT_MOST, |(_, latest)| latest);
            self.pending.due = Some((latest.min(now + QUIET), latest));
        }
        let Pending {
            mut paths,
            anything,
            ..
        } = std::mem::take(&mut self.pending);
        if anything {
            return Change::Anything;
        }
        paths.sort();
        paths.dedup();
        Change::Paths(paths)
    }

    fn of_interest(&mut self, event: Event) -> Vec<PathBuf> {
        if event.kind.is_access() {
            return Vec::new();
        }
        for path in &event.paths {
            // A folder that was away and is back is another one to the system.
            if let Some(&whole) = self.folders.get(path)
                && (event.kind.is_create() || event.kind.is_modify())
            {
                let _ = self.watch(&path.clone(), whole);
            }
        }
        let paths = event.paths.into_iter();
        let sources = paths.filter(|path| !path.file_name().is_some_and(is_scratch));
        sources
            .map(|path| path.strip_prefix(&self.root).unwrap_or(&path).to_owned())
            .collect()
    }

    fn watch(&mut self, folder: &Path, whole: bool) -> notify::Result<()> {
        if !folder.is_dir() {
            return Ok(());
        }
        let mode = if whole {
            RecursiveMode::Recursive
        } else {
            RecursiveMode::NonRecursive
        };
        self.watcher.watch(folder, mode)
    }
}

/// What editors have beside the file that they edit.
fn is_scratch(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(b".") || name.starts_with(b"#") || name.ends_with(b"~") || name == b"4913"
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    async fn soon(watch: &mut Watch) -> Change {
        let change = tokio::time::timeout(Duration::from_secs(20), watch.change());
        change.await.expect("a change in time")
    }

    #[tokio::test]
    async fn each_way_to_write_is_seen_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        fs::create_dir_all(root.join("src/deep")).expect("folders");
        fs::write(root.join("src/deep/a.rs"), "").expect("a file");
        let mut watch = Watch::start(root).expect("a watch");
        let paths = ["src", "one.toml"].map(Path::new);
        watch.follow_paths(paths).expect("a watch");

        fs::write(root.join("src/deep/a.rs"), "1").expect("written in place");
        let change = Change::Paths(vec!["src/deep/a.rs".into()]);
        assert_eq!(soon(&mut watch).await, change);

        fs::write(root.join("src/deep/.a.rs.swp"), "2").expect("a scratch file");
        fs::rename(root.join("src/deep/.a.rs.swp"), root.join("src/deep/a.rs")).expect("a rename");
        assert_eq!(soon(&mut watch).await, change);

        fs::create_dir(root.join("src/new")).expect("a folder");
        assert_eq!(
            soon(&mut watch).await,
            Change::Paths(vec!["src/new".into()])
        );
        fs::write(root.join("src/new/b.rs"), "").expect("a file");
        assert_eq!(
            soon(&mut watch).await,
            Change::Paths(vec!["src/new/b.rs".into()])
        );

        fs::write(root.join("one.toml"), "").expect("a file");
        assert_eq!(
            soon(&mut watch).await,
            Change::Paths(vec!["one.toml".into()])
        );
    }

    #[tokio::test]
    async fn a_file_in_a_folder_is_seen_without_what_is_beside_it_in_other_folders() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        fs::create_dir_all(root.join("library/tests")).expect("folders");
        fs::write(root.join("library/one.toml"), "").expect("a file");
        let mut watch = Watch::start(root).expect("a watch");
        watch
            .follow_paths([Path::new("library/one.toml")])
            .expect("a watch");

        fs::write(root.join("library/tests/a.rs"), "").expect("a file");
        fs::write(root.join("library/new.toml"), "1").expect("a file");
        fs::rename(root.join("library/new.toml"), root.join("library/one.toml")).expect("a rename");
        let change = soon(&mut watch).await;
        let has = |file: &str| change.within(Path::new(file)).is_some();
        assert!(
            has("library/one.toml") && !has("library/tests"),
            "{change:?}"
        );
    }

    #[tokio::test]
    async fn nothing_is_lost_when_it_is_given_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut watch = Watch::start(folder.path()).expect("a watch");
        fs::write(folder.path().join("a"), "").expect("a file");
        while watch.pending.paths.is_empty() {
            let given_up = tokio::time::timeout(Duration::from_millis(1), watch.change());
            assert!(given_up.await.is_err(), "it waits longer");
        }
        assert_eq!(soon(&mut watch).await, Change::Paths(vec!["a".into()]));
    }

    #[tokio::test]
    async fn a_folder_that_comes_back_is_watched() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        fs::create_dir(root.join("src")).expect("a folder");
        let mut watch = Watch::start(root).expect("a watch");
        watch.follow([("src".into(), true)]).expect("a watch");
        fs::rename(root.join("src"), root.join("away")).expect("a rename");
        let gone = soon(&mut watch).await;
        assert_eq!(gone.within(Path::new("src")).as_deref(), Some("src"));
        fs::rename(root.join("away"), root.join("src")).expect("a rename");
        soon(&mut watch).await;
        fs::write(root.join("src/a.rs"), "").expect("a file");
        assert_eq!(
            soon(&mut watch).await,
            Change::Paths(vec!["src/a.rs".into()])
        );
    }

    #[test]
    fn a_change_is_within_a_file_or_a_folder() {
        let change = Change::Paths(vec!["nix/checks/a.nix".into(), "src/main.rs".into()]);
        let within = |place: &str| change.within(Path::new(place));
        assert_eq!(within("nix").as_deref(), Some("nix/checks/a.nix"));
        assert_eq!(within("src/main.rs").as_deref(), Some("src/main.rs"));
        assert_eq!(within("src/main"), None);
        let all = Change::Anything.within(Path::new("x"));
        assert_eq!(all.as_deref(), Some("more than the system told"));
    }
}
