//! The folder of the account and the pair: for its owner alone, and each file whole or not there.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use instant_acme::AccountCredentials;
use serde::{Deserialize, Serialize};

/// The names that the key keeper takes a pair by.
const PAIR: [&str; 2] = ["localhost.crt", "localhost.key"];
const ACCOUNT: &str = "account.json";

/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// A folder that only its owner may enter.
pub(crate) struct State(PathBuf);

/// An account, and whose it is: its key opens nothing elsewhere.
#[derive(Deserialize, Serialize)]
struct Stored {
    directory: String,
    credentials: AccountCredentials,
}

impl State {
    /// Makes the folder, if it is not there.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(wrong(path, &error)),
            _ => Ok(Self(path.to_owned())),
        }
    }

    /// Whether something can be written, before the authority is asked for what would be lost.
    pub(crate) fn probe(&self) -> Result<(), String> {
        let path = self.0.join(".probe");
        fill(&path, b"probe")
            .and_then(|()| fs::remove_file(&path))
            .map_err(|error| wrong(&path, &error))
    }

    /// The account with this authority, if there is one.
    pub(crate) fn account(&self, directory: &str) -> Result<Option<AccountCredentials>, String> {
        let path = self.0.join(ACCOUNT);
        let Some(bytes) = read(&path)? else {
            return Ok(None);
        };
        let stored: Stored = serde_json::from_slice(&bytes).map_err(|error| {
            format!(
                "{}: is no account ({error}); take it away to have another one",
                path.display()
            )
        })?;
        Ok((stored.directory == directory).then_some(stored.credentials))
    }

    pub(crate) fn keep_account(
        &self,
        directory: &str,
        credentials: AccountCredentials,
    ) -> Result<(), String> {
        let stored = Stored {
            directory: directory.to_owned(),
            credentials,
        };
        let text = serde_json::to_vec(&stored).map_err(|error| error.to_string())?;
        self.write(ACCOUNT, &text)
    }

    /// The authority does not know it any more.
    pub(crate) fn forget_account(&self) {
        let _ = fs::remove_file(self.0.join(ACCOUNT));
    }

    /// The chain, in PEM, if there is one.
    pub(crate) fn chain(&self) -> Result<Option<Vec<u8>>, String> {
        read(&self.0.join(PAIR[0]))
    }

    /// The key first: until its certificate is there, the two do not fit, and nobody takes them.
    pub(crate) fn keep_pair(&self, chain: &str, key: &str) -> Result<(), String> {
        self.write(PAIR[1], key.as_bytes())?;
        self.write(PAIR[0], chain.as_bytes())
    }

    fn write(&self, name: &str, content: &[u8]) -> Result<(), String> {
        let path = self.0.join(name);
        let temporary = self.0.join(format!(".{name}.new"));
        fill(&temporary, content)
            .and_then(|()| fs::rename(&temporary, &path))
            .and_then(|()| File::open(&self.0)?.sync_all())
            .map_err(|error| wrong(&path, &error))
    }
}

/// Writes a file anew that its owner alone may read.
fn fill(path: &Path, content: &[u8]) -> io::Result<()> {
    // What a killed run left behind.
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, String> {
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes)) {
        Ok(_) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(wrong(path, &error)),
    }
}

fn wrong(path: &Path, error: &io::Error) -> String {
    format!(
        "{}: {error}; the folder must belong to the user that this program runs as",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn files_are_their_owners_alone_and_whole() {
        let path = std::env::temp_dir().join(format!("acme-state-{}", std::process::id()));
        let state = State::open(&path).unwrap();
        assert_eq!(state.chain(), Ok(None));
        assert!(state.account("https://a.example/").unwrap().is_none());
        // What a killed run left behind is in nobody's way.
        fs::write(path.join(".localhost.key.new"), "half").unwrap();
        for _ in 0..2 {
            state.probe().unwrap();
            state.keep_pair("chain", "key").unwrap();
        }
        assert_eq!(state.chain(), Ok(Some(b"chain".to_vec())));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        let mut names = Vec::new();
        for entry in fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(mode(&path), 0o600, "{}", path.display());
            names.push(path.file_name().unwrap().to_owned());
        }
        names.sort();
        assert_eq!(names, ["localhost.crt", "localhost.key"]);

        fs::write(path.join(ACCOUNT), "half").unwrap();
        let why = state.account("https://a.example/").err().unwrap();
        assert!(why.contains("is no account"), "{why}");
        state.forget_account();
        assert!(state.account("https://a.example/").unwrap().is_none());
        fs::remove_dir_all(&path).unwrap();
        let why = state.probe().unwrap_err();
        assert!(why.contains("the folder must belong"), "{why}");
    }
}
