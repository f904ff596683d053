//! That no image carries a private key.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command},
};

use crate::{
    program::{self, QUICK},
    service::service,
    stack::docker,
};

/// Ends the first line of a key in PEM; programs that read keys hold this text too, but not a
/// key's first line of base64 behind it.
const MARK: &[u8] = b"PRIVATE KEY-----";

/// In a line of base64 in PEM, but for the last one.
const LINE: usize = 64;

fn holds_key(content: &[u8]) -> bool {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    content
        .windows(MARK.len())
        .enumerate()
        .filter(|(_, window)| *window == MARK)
        .any(|(at, _)| {
            let rest = &content[at + MARK.len()..];
            let line = rest.strip_prefix(b"\r").unwrap_or(rest);
            line.strip_prefix(b"\n")
                .and_then(|line| line.get(..LINE))
                .is_some_and(|line| line.iter().all(is_base64))
        })
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is read") {
        let path = entry.expect("an entry").path();
        if path.is_symlink() {
        } else if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

pub fn no_key_in_any_layer() {
    let folder = env::temp_dir().join(format!("drydock-test-{}-layers", process::id()));
    fs::create_dir_all(&folder).expect("a folder for the layers");
    let archive = folder.join("images.tar");
    let archive_name = archive.to_str().expect("a path in UTF-8");
    let folder_name = folder.to_str().expect("a path in UTF-8");
    docker(&[
        "save",
        "--output",
        archive_name,
        &service().image(),
        &service().edge_image(),
    ]);
    let unpack = [
        "--extract",
        "--file",
        archive_name,
        "--directory",
        folder_name,
    ];
    program::output_of(Command::new("tar").args(unpack), QUICK);
    fs::remove_file(&archive).expect("the archive is removed");

    let mut layers = 0;
    let mut found = Vec::new();
    for file in files_below(&folder) {
        // Some engines save their layers compressed.
        let mut content = fs::read(&file).expect("the file is read");
        if content.starts_with(&[0x1f, 0x8b]) {
            let unpacked = Command::new("gzip")
                .args(["--decompress", "--stdout"])
                .arg(&file)
                .output();
            content = unpacked.expect("gzip runs").stdout;
        }
        let is_tar = content.get(257..262) == Some(b"ustar");
        layers += usize::from(is_tar);
        if holds_key(&content) {
            found.push(file);
        }
    }
    let _ = fs::remove_dir_all(&folder);
    assert!(
        layers >= 2,
        "{layers} layers: the archive was not understood"
    );
    assert!(found.is_empty(), "a private key in {found:?}");
}
