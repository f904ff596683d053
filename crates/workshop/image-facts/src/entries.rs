//! The entries of a tar archive, read by the crate `tar`, strictly and within limits: what no
//! image needs is refused, not skipped, and so is what another reader may take for something else.

use std::io::{self, ErrorKind, Read};

use tar::{Archive, EntryType, Header, PaxExtensions};

use crate::{
    limits,
    unreadable::{Unreadable, unreadable},
};

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "tar's own words")]
pub enum Kind {
    File,
    Folder,
    Symlink,
    HardLink,
}

/// One entry, without its bytes.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Absolute, without a slash at the end; `/` for the root.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    pub(crate) mode: u32,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    /// Bytes.
    pub size: u64,
    /// What a link points to.
    pub target: String,
    /// Seconds since 1970, as the header has them.
    pub(crate) modified: String,
}

/// Calls `visit` with each entry and a reader of its bytes.
pub(crate) fn walk<R: Read>(
    what: &str,
    input: &mut R,
    budget: &mut usize,
    mut visit: impl FnMut(&Entry, &mut dyn Read) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let mut input = Watched {
        inner: input,
        ended: false,
    };
    let walked = entries(what, &mut input, budget, &mut visit);
    // Before the block of zeros that says so, no archive ends; to the crate it may.
    if input.ended
        && walked
            .as_ref()
            .err()
            .is_none_or(|failure| failure.of_reading)
    {
        return truncated(what);
    }
    walked.map_err(|failure| failure.why)?;
    end(what, &mut input)
}

/// Why it goes no further.
struct Failure {
    why: Unreadable,
    /// What was read is too little, or no tar; not what it says.
    of_reading: bool,
}

impl From<Unreadable> for Failure {
    fn from(why: Unreadable) -> Self {
        Self {
            why,
            of_reading: false,
        }
    }
}

fn entries(
    what: &str,
    input: &mut impl Read,
    budget: &mut usize,
    visit: &mut impl FnMut(&Entry, &mut dyn Read) -> Result<(), Unreadable>,
) -> Result<(), Failure> {
    let reading = |error: io::Error| Failure {
        why: no_tar(what, &error),
        of_reading: true,
    };
    let mut archive = Archive::new(input);
    let mut extended = Extended::default();
    // As they are: the crate itself would keep an extended header of any length in memory.
    for entry in archive.entries().map_err(reading)?.raw(true) {
        let mut entry = entry.map_err(reading)?;
        *budget = match budget.checked_sub(1) {
            Some(left) => left,
            None => Err(Unreadable(format!(
                "{what}: more than {} entries",
                limits::ENTRIES
            )))?,
        };
        let kind = entry.header().entry_type();
        if matches!(
            kind,
            EntryType::GNULongName | EntryType::GNULongLink | EntryType::XHeader
        ) {
            let size = size(what, entry.header())?;
            if size > limits::HEADER_BYTES {
                Err(Unreadable(format!(
                    "{what}: an extended header of {size} bytes"
                )))?;
            }
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(reading)?;
            match kind {
                EntryType::XHeader => extended.pax(what, &bytes)?,
                EntryType::GNULongName => extended.path = Some(text(what, &bytes)?),
                _ => extended.target = Some(text(what, &bytes)?),
            }
            continue;
        }
        let described = described(what, entry.header(), std::mem::take(&mut extended))?;
        visit(&described, &mut entry)?;
    }
    Ok(())
}

/// After the first block of zeros there is nothing but zeros.
fn end(what: &str, input: &mut impl Read) -> Result<(), Unreadable> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = input
            .read(&mut buffer)
            .map_err(|error| broken(what, &error))?;
        if count == 0 {
            return Ok(());
        }
        if buffer[..count].iter().any(|byte| *byte != 0) {
            return unreadable(format!("{what}: bytes after the end of the archive"));
        }
    }
}

/// Notices that there is no more.
struct Watched<R> {
    inner: R,
    ended: bool,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.ended |= count == 0 && !buffer.is_empty();
        Ok(count)
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
    fn pax(&mut self, what: &str, bytes: &[u8]) -> Result<(), Unreadable> {
        let wrong = || Unreadable(format!("{what}: a broken pax record"));
        // The crate reads up to an empty line, and others go on.
        if !bytes.ends_with(b"\n")
            || bytes.starts_with(b"\n")
            || bytes.windows(2).any(|two| two == b"\n\n")
        {
            return Err(wrong());
        }
        for record in PaxExtensions::new(bytes) {
            let record = record.map_err(|_| wrong())?;
            let key = record.key().map_err(|_| wrong())?;
            let value = record.value().map_err(|_| wrong())?;
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

fn described(what: &str, header: &Header, extended: Extended) -> Result<Entry, Unreadable> {
    let number = |read: io::Result<u64>| {
        read.map_err(|_| Unreadable(format!("{what}: a broken number in a tar header")))
    };
    let name = match extended.path {
        Some(path) => path,
        None => text(what, &header.path_bytes())?,
    };
    let path = absolute(what, &name)?;
    let kind = match header.entry_type() {
        EntryType::Regular => Kind::File,
        EntryType::Link => Kind::HardLink,
        EntryType::Symlink => Kind::Symlink,
        EntryType::Directory => Kind::Folder,
        EntryType::Char | EntryType::Block => {
            return unreadable(format!("{what}: {path} is a device"));
        }
        EntryType::Fifo => return unreadable(format!("{what}: {path} is a named pipe")),
        other => {
            let kind = char::from(other.as_byte());
            return unreadable(format!(
                "{what}: {path} is an entry of unknown kind {kind:?}"
            ));
        }
    };
    let size = size(what, header)?;
    if extended.size.is_some_and(|other| other != size) {
        return unreadable(format!("{what}: {path} has two sizes"));
    }
    if kind != Kind::File && size != 0 {
        return unreadable(format!("{what}: {path} is no file, and has {size} bytes"));
    }
    let target = || text(what, &header.link_name_bytes().unwrap_or_default());
    Ok(Entry {
        path,
        kind,
        mode: u32::try_from(number(header.mode().map(u64::from))?).unwrap_or(u32::MAX) & 0o7777,
        uid: extended.uid.map_or_else(|| number(header.uid()), Ok)?,
        gid: extended.gid.map_or_else(|| number(header.gid()), Ok)?,
        size,
        target: extended.target.map_or_else(target, Ok)?,
        modified: match extended.modified {
            Some(seconds) => seconds,
            None => number(header.mtime())?.to_string(),
        },
    })
}

/// The size that the header has; GNU's form for large ones has more bytes than the crate reads.
fn size(what: &str, header: &Header) -> Result<u64, Unreadable> {
    let field = &header.as_old().size;
    let wide = field[0] & 0x80 != 0 && field[..4] != [0x80, 0, 0, 0];
    match header.entry_size() {
        Ok(size) if !wide => Ok(size),
        _ => unreadable(format!("{what}: a broken number in a tar header")),
    }
}

/// Up to the first NUL.
fn text(what: &str, field: &[u8]) -> Result<String, Unreadable> {
    let text = field.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8(text.to_vec())
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

/// The sentence for what the crate cannot read.
fn no_tar(what: &str, error: &io::Error) -> Unreadable {
    let sentence = error.to_string();
    if ["checksum", "cksum"]
        .iter()
        .any(|word| sentence.contains(word))
    {
        return Unreadable(format!(
            "{what}: no tar archive, or a broken one (wrong checksum)"
        ));
    }
    broken(what, error)
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
