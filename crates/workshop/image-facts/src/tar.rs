//! Tar, as far as an image's archive and its layers use it, read strictly and within
//! limits: what the reader does not know is refused, not skipped.

use std::io::{self, ErrorKind, Read};

use crate::{Unreadable, limits, unreadable};

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    Symlink,
    HardLink,
}

/// One entry, without its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Absolute, without a slash at the end; `/` for the root.
    pub(crate) path: String,
    pub(crate) kind: Kind,
    pub(crate) mode: u64,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    pub(crate) size: u64,
    /// What a link points to.
    pub(crate) target: String,
    /// Seconds since 1970, as the header has them.
    pub(crate) modified: String,
}

const BLOCK: usize = 512;

/// Calls `visit` with each entry and a reader of its bytes.
pub(crate) fn walk<R: Read>(
    what: &str,
    input: &mut R,
    budget: &mut usize,
    mut visit: impl FnMut(&Entry, &mut dyn Read) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let mut extended = Extended::default();
    loop {
        let mut block = [0; BLOCK];
        read_exact(what, input, &mut block)?;
        if block == [0; BLOCK] {
            return end(what, input);
        }
        *budget = match budget.checked_sub(1) {
            Some(left) => left,
            None => return unreadable(format!("{what}: more than {} entries", limits::ENTRIES)),
        };
        let header = Header {
            what,
            block: &block,
        };
        header.checksum()?;
        let size = extended.size.map_or_else(|| header.number(124, 12), Ok)?;
        if let kind @ (b'L' | b'K' | b'x') = block[156] {
            let size = header.number(124, 12)?;
            if size > limits::HEADER_BYTES {
                return unreadable(format!("{what}: an extended header of {size} bytes"));
            }
            let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
            read_exact(what, input, &mut bytes)?;
            skip(what, input, padding(size))?;
            match kind {
                b'x' => extended.pax(what, &bytes)?,
                b'L' => extended.path = Some(text(what, &bytes)?),
                _ => extended.target = Some(text(what, &bytes)?),
            }
            continue;
        }
        let extended = std::mem::take(&mut extended);
        let entry = header.entry(extended, size)?;
        let mut bytes = input.by_ref().take(entry.size);
        visit(&entry, &mut bytes)?;
        let left = bytes.limit();
        skip(what, input, left + padding(entry.size))?;
    }
}

/// After the first block of zeros there is nothing but zeros.
fn end(what: &str, input: &mut impl Read) -> Result<(), Unreadable> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = retry(|| input.read(&mut buffer)).map_err(|error| broken(what, &error))?;
        if count == 0 {
            return Ok(());
        }
        if buffer[..count].iter().any(|byte| *byte != 0) {
            return unreadable(format!("{what}: bytes after the end of the archive"));
        }
    }
}

#[derive(Default)]
struct Extended {
    path: Option<String>,
    target: Option<String>,
    size: Option<u64>,
    uid: Option<u64>,
    gid: Option<u64>,
    modified: Option<String>,
}

impl Extended {
    /// <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html>, "pax Extended Header"
    fn pax(&mut self, what: &str, mut bytes: &[u8]) -> Result<(), Unreadable> {
        let wrong = || Unreadable(format!("{what}: a broken pax record"));
        while !bytes.is_empty() {
            let space = bytes
                .iter()
                .position(|byte| *byte == b' ')
                .ok_or_else(wrong)?;
            let length: usize = std::str::from_utf8(&bytes[..space])
                .ok()
                .and_then(|digits| digits.parse().ok())
                .ok_or_else(wrong)?;
            let record = bytes.get(space + 1..length).ok_or_else(wrong)?;
            bytes = &bytes[length..];
            let record = record.strip_suffix(b"\n").ok_or_else(wrong)?;
            let record = std::str::from_utf8(record).map_err(|_| wrong())?;
            let (key, value) = record.split_once('=').ok_or_else(wrong)?;
            let number = || value.parse().map(Some).map_err(|_| wrong());
            match key {
                "path" => self.path = Some(value.to_owned()),
                "linkpath" => self.target = Some(value.to_owned()),
                "size" => self.size = number()?,
                "uid" => self.uid = number()?,
                "gid" => self.gid = number()?,
                "mtime" => self.modified = Some(value.to_owned()),
                "atime" | "ctime" | "uname" | "gname" => {}
                // Above all security.capability, which is a set-uid bit by another name.
                _ => return unreadable(format!("{what}: the extended attribute {key:?}")),
            }
        }
        Ok(())
    }
}

struct Header<'a> {
    what: &'a str,
    block: &'a [u8; BLOCK],
}

impl Header<'_> {
    fn entry(&self, extended: Extended, size: u64) -> Result<Entry, Unreadable> {
        let what = self.what;
        let name = match extended.path {
            Some(path) => path,
            None => self.name()?,
        };
        let path = absolute(what, &name)?;
        let kind = match self.block[156] {
            b'0' | 0 => Kind::File,
            b'1' => Kind::HardLink,
            b'2' => Kind::Symlink,
            b'5' => Kind::Folder,
            b'3' | b'4' => return unreadable(format!("{what}: {path} is a device")),
            b'6' => return unreadable(format!("{what}: {path} is a named pipe")),
            other => {
                let kind = char::from(other);
                return unreadable(format!(
                    "{what}: {path} is an entry of unknown kind {kind:?}"
                ));
            }
        };
        if kind != Kind::File && size != 0 {
            return unreadable(format!("{what}: {path} is no file, and has {size} bytes"));
        }
        Ok(Entry {
            path,
            kind,
            mode: self.number(100, 8)? & 0o7777,
            uid: extended.uid.map_or_else(|| self.number(108, 8), Ok)?,
            gid: extended.gid.map_or_else(|| self.number(116, 8), Ok)?,
            size,
            target: extended
                .target
                .map_or_else(|| text(what, &self.block[157..257]), Ok)?,
            modified: match extended.modified {
                Some(seconds) => seconds,
                None => self.number(136, 12)?.to_string(),
            },
        })
    }

    fn name(&self) -> Result<String, Unreadable> {
        let name = text(self.what, &self.block[..100])?;
        // "ustar\0" has a field for the front of long paths; GNU's "ustar  " uses it otherwise.
        if &self.block[257..263] != b"ustar\0" || self.block[345] == 0 {
            return Ok(name);
        }
        Ok(text(self.what, &self.block[345..500])? + "/" + &name)
    }

    fn checksum(&self) -> Result<(), Unreadable> {
        let sum = (0..BLOCK)
            .map(|at| {
                if (148..156).contains(&at) {
                    b' '
                } else {
                    self.block[at]
                }
            })
            .map(u64::from)
            .sum::<u64>();
        if self.number(148, 8).ok() == Some(sum) {
            return Ok(());
        }
        unreadable(format!(
            "{}: no tar archive, or a broken one (wrong checksum)",
            self.what
        ))
    }

    /// Octal digits, or GNU's big endian for what is too large for them.
    fn number(&self, at: usize, length: usize) -> Result<u64, Unreadable> {
        let field = &self.block[at..at + length];
        let wrong = || Unreadable(format!("{}: a broken number in a tar header", self.what));
        if field[0] == 0x80 {
            return field[1..]
                .iter()
                .try_fold(0_u64, |sum, byte| {
                    Some(sum.checked_mul(256)? + u64::from(*byte))
                })
                .ok_or_else(wrong);
        }
        let digits = std::str::from_utf8(field).map_err(|_| wrong())?;
        let digits = digits.trim_matches([' ', '\0']);
        if digits.is_empty() {
            return Ok(0);
        }
        u64::from_str_radix(digits, 8).map_err(|_| wrong())
    }
}

/// Up to the first NUL.
fn text(what: &str, field: &[u8]) -> Result<String, Unreadable> {
    let end = field
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(field.len());
    String::from_utf8(field[..end].to_vec())
        .map_err(|_| Unreadable(format!("{what}: a path that is not UTF-8")))
}

/// The path below the image's root; none may lead out of it. A slash at the start
/// means that root to an engine, and nixpkgs' dockerTools writes one.
fn absolute(what: &str, name: &str) -> Result<String, Unreadable> {
    let leads_out = name.split('/').any(|part| part == "..");
    if leads_out {
        return unreadable(format!(
            "{what}: the path {name:?} leads out of the archive"
        ));
    }
    if name.is_empty() || name.len() > limits::PATH_BYTES || name.contains(char::is_control) {
        let start: String = name.chars().take(80).collect();
        return unreadable(format!(
            "{what}: the path {start:?} is empty, too long or not text"
        ));
    }
    let parts: Vec<&str> = name
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    Ok(format!("/{}", parts.join("/")))
}

fn padding(size: u64) -> u64 {
    size.next_multiple_of(BLOCK as u64) - size
}

fn skip(what: &str, input: &mut impl Read, count: u64) -> Result<(), Unreadable> {
    let skipped = io::copy(&mut input.take(count), &mut io::sink());
    match skipped {
        Ok(skipped) if skipped == count => Ok(()),
        Ok(_) => truncated(what),
        Err(error) => Err(broken(what, &error)),
    }
}

fn read_exact(what: &str, input: &mut impl Read, buffer: &mut [u8]) -> Result<(), Unreadable> {
    input
        .read_exact(buffer)
        .map_err(|error| broken(what, &error))
}

/// The sentence for a failure to read.
pub(crate) fn broken(what: &str, error: &io::Error) -> Unreadable {
    match error.kind() {
        ErrorKind::UnexpectedEof => Unreadable(format!("{what}: it is truncated")),
        _ => Unreadable(format!("{what}: {error}")),
    }
}

/// The refusal of what ends too early.
pub(crate) fn truncated<T>(what: &str) -> Result<T, Unreadable> {
    unreadable(format!("{what}: it is truncated"))
}

fn retry<T>(mut read: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match read() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
