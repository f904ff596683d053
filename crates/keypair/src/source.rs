//! Reads what the user put into the folder, and nothing that is not a file of sane size.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::refusal::{Refusal, one_line, shown};

/// The file names in the user's folder: certificate chain and private key.
pub const SOURCE: [&str; 2] = ["localhost.crt", "localhost.key"];

/// Largest file that is read, in bytes: a chain of ten certificates has about 20 KiB.
pub(super) const MAX_FILE: u64 = 1 << 20;

/// The bytes of both files, and their names for sentences about them.
pub(super) struct Files {
    pub(super) chain: Zeroizing<Vec<u8>>,
    pub(super) key: Zeroizing<Vec<u8>>,
    pub(super) chain_path: PathBuf,
    pub(super) key_path: PathBuf,
}

/// Both files of the folder, or none of them.
pub(super) fn read(folder: &Path) -> Result<Option<Files>, Refusal> {
    if !folder.is_dir() {
        return Err(Refusal::new(format!(
            "{}: is not a folder that can be read",
            shown(folder)
        )));
    }
    let [chain_path, key_path] = SOURCE.map(|name| folder.join(name));
    match (read_file(&chain_path)?, read_file(&key_path)?) {
        (Some(chain), Some(key)) => Ok(Some(Files {
            chain,
            key,
            chain_path,
            key_path,
        })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(missing(&key_path, &chain_path)),
        (None, Some(_)) => Err(missing(&chain_path, &key_path)),
    }
}

fn missing(absent: &Path, present: &Path) -> Refusal {
    Refusal::new(format!(
        "{}: is missing beside {}; put both there, or none to get a development pair",
        shown(absent),
        shown(present)
    ))
}

/// The file's bytes; none if there is no entry of that name.
pub(super) fn read_file(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Refusal> {
    let name = shown(path);
    let refuse = |why: String| Err(Refusal::new(format!("{name}: {why}")));
    let unreadable = |error: io::Error| {
        let hint = match error.kind() {
            ErrorKind::PermissionDenied => {
                "; it needs the capability DAC_READ_SEARCH, or modes that let this user read it"
            }
            _ => "",
        };
        refuse(format!("cannot be read: {error}{hint}"))
    };
    // A dangling link is not the same as no file: whoever made it meant to supply a pair.
    let is_link = match fs::symlink_metadata(path) {
        Ok(entry) => entry.is_symlink(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return unreadable(error),
    };
    let file = match fs::metadata(path) {
        Ok(file) => file,
        Err(error) if is_link => {
            return refuse(format!(
                "is a symbolic link that leads nowhere in here ({error}); copy the file itself, because only this folder is mounted"
            ));
        }
        Err(error) => return unreadable(error),
    };
    // Opening a pipe would wait for a writer without end, so the kind is looked at first.
    if !file.is_file() {
        return refuse("is not a file; allowed is a PEM file".to_owned());
    }
    let mut bytes = Zeroizing::new(Vec::new());
    match File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes)) {
        Err(error) => unreadable(error),
        Ok(count) if count as u64 > MAX_FILE => refuse(format!(
            "is larger than {MAX_FILE} bytes, the most that is read"
        )),
        Ok(0) => refuse("is empty".to_owned()),
        Ok(_) => Ok(Some(bytes)),
    }
}

/// A warning about files that look like a pair under other names: whoever put them there
/// would otherwise wonder why nginx shows a development certificate.
pub(super) fn look_alikes(folder: &Path) -> Option<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| {
            let extension = Path::new(name).extension().and_then(|text| text.to_str());
            matches!(
                extension,
                Some("pem" | "crt" | "cer" | "key" | "p12" | "pfx")
            )
        })
        .take(5)
        .collect();
    names.sort();
    (!names.is_empty()).then(|| {
        one_line(&format!(
            "{}: {} ignored; the pair must be named {} and {}",
            folder.display(),
            names.join(", "),
            SOURCE[0],
            SOURCE[1]
        ))
    })
}
