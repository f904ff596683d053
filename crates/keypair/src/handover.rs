//! Puts the pair into nginx's folder, whole and with the right owner and mode.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{
    args::Owner,
    refusal::{Refusal, shown},
    source,
};

/// A file to be.
pub(super) struct Item<'a> {
    name: &'static str,
    content: &'a [u8],
    mode: u32,
}

impl<'a> Item<'a> {
    pub(super) fn new(name: &'static str, content: &'a [u8], mode: u32) -> Self {
        Self {
            name,
            content,
            mode,
        }
    }
}

/// The folder that nginx reads, held for this process alone until it is dropped.
pub(super) struct Volume {
    path: PathBuf,
    folder: File,
}

impl Volume {
    pub(super) fn open(path: &Path) -> Result<Self, Refusal> {
        let refuse = |why: String| Refusal::new(format!("{}: {why}", shown(path)));
        let folder = File::open(path)
            .and_then(|folder| {
                if folder.metadata()?.is_dir() {
                    Ok(folder)
                } else {
                    Err(ErrorKind::NotADirectory.into())
                }
            })
            .map_err(|error| refuse(format!("is no folder that can be used: {error}")))?;
        // Two at once would take each other's half-written files away. Nobody holds the lock
        // for long, and whoever comes second has nothing left to do: it is not waited for.
        folder.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                refuse("another keypair is at work there; start again when it has ended".to_owned())
            }
            TryLockError::Error(error) => refuse(format!(
                "cannot be held for one keypair alone, as its file system says: {error}"
            )),
        })?;
        let path = path.to_owned();
        Ok(Self { path, folder })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The bytes of a file in the folder; none if it is absent or no plain file.
    pub(super) fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Refusal> {
        let path = self.path(name);
        match fs::symlink_metadata(&path) {
            Ok(entry) if entry.is_file() && entry.len() > 0 => source::read_file(&path),
            _ => Ok(None),
        }
    }

    /// Makes the files be as wanted; false if they were already.
    ///
    /// Each file appears under its name whole or not at all. When the process is killed
    /// between two of them, nginx does not start, and the next run puts the rest in place.
    pub(super) fn write(&self, items: &[Item<'_>], owner: Owner) -> Result<bool, Refusal> {
        let mut prepared = Vec::new();
        for item in items {
            if !self.has(item, owner)? {
                prepared.push((self.prepare(item, owner)?, self.path(item.name)));
            }
        }
        for (temporary, path) in &prepared {
            fs::rename(temporary, path).map_err(|error| cannot_write(path, &error))?;
        }
        self.sync()?;
        Ok(!prepared.is_empty())
    }

    /// Takes a file away if it is there.
    pub(super) fn remove(&self, name: &str) -> Result<(), Refusal> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(cannot_write(&path, &error)),
            _ => self.sync(),
        }
    }

    fn sync(&self) -> Result<(), Refusal> {
        self.folder
            .sync_all()
            .map_err(|error| cannot_write(&self.path, &error))
    }

    fn has(&self, item: &Item<'_>, owner: Owner) -> Result<bool, Refusal> {
        let content = self.read(item.name)?;
        if content.is_none_or(|content| *content != item.content) {
            return Ok(false);
        }
        let path = self.path(item.name);
        let file = fs::symlink_metadata(&path).map_err(|error| cannot_write(&path, &error))?;
        let is = (file.uid(), file.gid(), file.mode() & 0o7777);
        Ok(is == (owner.uid, owner.gid, item.mode))
    }

    fn prepare(&self, item: &Item<'_>, owner: Owner) -> Result<PathBuf, Refusal> {
        let path = self.path(&format!(".{}.new", item.name));
        // What a killed run left behind; the lock says that nobody works on it now.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(cannot_write(&path, &error));
            }
            _ => {}
        }
        fill(&path, item, owner).inspect_err(|_| {
            let _ = fs::remove_file(&path);
        })?;
        Ok(path)
    }
}

fn fill(path: &Path, item: &Item<'_>, owner: Owner) -> Result<(), Refusal> {
    let write = || -> io::Result<File> {
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(item.content)?;
        // The mode before the owner: afterwards the file is another user's, and only a process
        // with the capability FOWNER may set its mode.
        file.set_permissions(fs::Permissions::from_mode(item.mode))?;
        Ok(file)
    };
    let file = write().map_err(|error| cannot_write(path, &error))?;
    give(&file, owner).map_err(|error| {
        Refusal::new(format!(
            "{}: cannot be given to {}:{}: {error}; it needs the capability CHOWN (CAP_CHOWN)",
            shown(path),
            owner.uid,
            owner.gid
        ))
    })?;
    file.sync_all().map_err(|error| cannot_write(path, &error))
}

/// Changes the owner where it is another one: a user may always keep what is its own.
fn give(file: &File, owner: Owner) -> io::Result<()> {
    let is = file.metadata()?;
    if (is.uid(), is.gid()) == (owner.uid, owner.gid) {
        return Ok(());
    }
    fchown(file, Some(owner.uid), Some(owner.gid))
}

fn cannot_write(path: &Path, error: &io::Error) -> Refusal {
    let hint = match error.kind() {
        ErrorKind::PermissionDenied => "; the folder must belong to the user this program runs as",
        _ => "",
    };
    Refusal::new(format!("{}: cannot be written: {error}{hint}", shown(path)))
}
