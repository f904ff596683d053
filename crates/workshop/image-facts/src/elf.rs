//! What an ELF program runs on, and how it is linked.
//! <https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html>

/// A program or library.
pub(crate) struct Elf {
    /// As images call it: <https://go.dev/doc/install/source#environment>, `GOARCH`.
    pub(crate) architecture: String,
    /// Why it is not a static one, or nothing if it is.
    pub(crate) dynamic: Vec<String>,
}

impl Elf {
    /// `None` for what is no ELF file.
    pub(crate) fn read(file: &[u8]) -> Option<Self> {
        file.starts_with(b"\x7fELF").then(|| Self {
            architecture: architecture(file),
            dynamic: parts(file).unwrap_or_else(|| vec!["a broken ELF header".to_owned()]),
        })
    }
}

fn architecture(file: &[u8]) -> String {
    const EM_X86_64: u64 = 62;
    const EM_AARCH64: u64 = 183;
    match number(file, 18, 2) {
        Some(EM_X86_64) => "amd64".to_owned(),
        Some(EM_AARCH64) => "arm64".to_owned(),
        Some(machine) => format!("machine {machine}"),
        None => "an unknown machine".to_owned(),
    }
}

fn parts(file: &[u8]) -> Option<Vec<String>> {
    const LITTLE_ENDIAN_64_BIT: [u8; 2] = [2, 1];
    const PT_DYNAMIC: u64 = 2;
    const PT_INTERP: u64 = 3;
    if file.get(4..6)? != LITTLE_ENDIAN_64_BIT {
        return Some(vec![
            "another kind of ELF than 64 bit, little endian".to_owned(),
        ]);
    }
    let mut found = Vec::new();
    let table = number(file, 32, 8)?;
    let size = number(file, 54, 2)?;
    let count = number(file, 56, 2)?;
    for index in 0..count {
        let header = table.checked_add(index.checked_mul(size)?)?;
        let offset = number(file, header.checked_add(8)?, 8)?;
        let length = number(file, header.checked_add(32)?, 8)?;
        match number(file, header, 4)? {
            PT_INTERP => {
                let text = slice(file, offset, length)?;
                let text = String::from_utf8_lossy(text);
                found.push(format!("the loader {}", text.trim_end_matches('\0')));
            }
            PT_DYNAMIC => {
                let needed = needed(slice(file, offset, length)?);
                if needed > 0 {
                    found.push(format!("{needed} shared libraries"));
                }
            }
            _ => {}
        }
    }
    Some(found)
}

/// The number of DT_NEEDED entries.
fn needed(section: &[u8]) -> usize {
    const DT_NULL: u64 = 0;
    const DT_NEEDED: u64 = 1;
    section
        .chunks_exact(16)
        .map_while(|entry| number(entry, 0, 8).filter(|tag| *tag != DT_NULL))
        .filter(|tag| *tag == DT_NEEDED)
        .count()
}

/// The bytes of a section, by its name.
pub(crate) fn section<'a>(file: &'a [u8], name: &str) -> Option<&'a [u8]> {
    if !file.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let table = number(file, 40, 8)?;
    let size = number(file, 58, 2)?;
    let header = |index: u64| table.checked_add(index.checked_mul(size)?);
    let bytes = |header: u64| {
        let offset = number(file, header.checked_add(24)?, 8)?;
        slice(file, offset, number(file, header.checked_add(32)?, 8)?)
    };
    let names = bytes(header(number(file, 62, 2)?)?)?;
    (0..number(file, 60, 2)?).find_map(|index| {
        let header = header(index)?;
        let start = usize::try_from(number(file, header, 4)?).ok()?;
        let is = names.get(start..)?.strip_prefix(name.as_bytes())?.first() == Some(&0);
        is.then(|| bytes(header))?
    })
}

fn number(file: &[u8], offset: u64, length: u64) -> Option<u64> {
    let bytes = slice(file, offset, length)?;
    Some(
        bytes
            .iter()
            .rev()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    )
}

fn slice(file: &[u8], offset: u64, length: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    file.get(start..start.checked_add(usize::try_from(length).ok()?)?)
}
