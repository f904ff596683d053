//! PEM (RFC 7468), read as leniently as OpenSSL reads it: text around the blocks, any line
//! length, CR LF and a byte order mark are tolerated.

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

/// One `-----BEGIN LABEL-----` block.
pub(super) struct Block {
    pub(super) label: String,
    /// Has the header `Proc-Type: 4,ENCRYPTED` (RFC 1421, 4.6.1.1).
    pub(super) encrypted: bool,
    pub(super) der: Zeroizing<Vec<u8>>,
}

/// All blocks, in the file's order.
///
/// # Errors
/// The end of a sentence that starts with the file's name.
pub(super) fn blocks(text: &[u8]) -> Result<Vec<Block>, String> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut found = Vec::new();
    let mut open: Option<(String, bool, Zeroizing<String>)> = None;
    for line in text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
        match &mut open {
            None => {
                if let Some(label) = boundary(line, "-----BEGIN ") {
                    // Room for the whole of it: a string that grows leaves copies behind.
                    let body = Zeroizing::new(String::with_capacity(text.len()));
                    open = Some((label, false, body));
                }
            }
            Some((label, encrypted, body)) => {
                if let Some(end) = boundary(line, "-----END ") {
                    if end != *label {
                        return Err(format!("has BEGIN {label} followed by END {end}"));
                    }
                    let der = Base64::decode_vec(body)
                        .map_err(|_| format!("has broken base64 in its block {label}"))?;
                    found.push(Block {
                        label: std::mem::take(label),
                        encrypted: *encrypted,
                        der: Zeroizing::new(der),
                    });
                    open = None;
                } else if boundary(line, "-----BEGIN ").is_some() {
                    return Err(format!("has BEGIN {label} without its END"));
                } else if line.contains(&b':') {
                    *encrypted |= line.starts_with(b"Proc-Type:") && line.ends_with(b"ENCRYPTED");
                } else if !*encrypted || !line.starts_with(b"DEK-Info") {
                    let line = str::from_utf8(line)
                        .map_err(|_| format!("has broken base64 in its block {label}"))?;
                    body.push_str(line);
                }
            }
        }
    }
    match open {
        Some((label, ..)) => Err(format!("ends inside its block {label}")),
        None => Ok(found),
    }
}

fn boundary(line: &[u8], start: &str) -> Option<String> {
    let label = line
        .strip_prefix(start.as_bytes())?
        .strip_suffix(b"-----")?;
    let fits = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b' ';
    label
        .iter()
        .all(fits)
        .then(|| String::from_utf8_lossy(label).into_owned())
}

/// One block as text, with lines of 64 characters (RFC 7468, section 2).
pub(super) fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(Base64::encode_string(der));
    let mut text = Zeroizing::new(String::with_capacity(body.len() * 66 / 64 + 80));
    text.push_str("-----BEGIN ");
    text.push_str(label);
    text.push_str("-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for length in [0, 1, 47, 48, 49, 1000] {
            let der = vec![7; length];
            let text = encode("CERTIFICATE", &der);
            assert!(text.lines().all(|line| line.len() <= 64));
            let blocks = blocks(text.as_bytes()).unwrap();
            assert_eq!(blocks[0].label, "CERTIFICATE");
            assert_eq!(*blocks[0].der, der);
        }
    }

    #[test]
    fn files_as_people_have_them_are_read() {
        for (text, wanted) in [
            ("-----BEGIN A-----\nAAEC\n-----END A-----", 1),
            (
                "\u{feff}-----BEGIN A-----\r\nAA\r\n EC \r\n-----END A-----\r\n",
                1,
            ),
            (
                "Bag Attributes\n x: y\n-----BEGIN A-----\nAAEC\n-----END A-----\ntext\n-----BEGIN A-----\nAAEC\n-----END A-----\n",
                2,
            ),
            ("-----BEGIN A-----\nName: value\n\nAAEC\n-----END A-----", 1),
            ("no block", 0),
        ] {
            let blocks = blocks(text.as_bytes()).unwrap();
            assert_eq!(blocks.len(), wanted, "{text}");
            assert!(
                blocks
                    .iter()
                    .all(|block| *block.der == [0, 1, 2] && !block.encrypted)
            );
        }
    }

    #[test]
    fn an_encrypted_block_is_told() {
        let text = b"-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAEC\n-----END A-----";
        assert!(blocks(text).unwrap()[0].encrypted);
    }

    #[test]
    fn broken_files_are_refused() {
        for (text, wanted) in [
            ("-----BEGIN A-----\nAAEC\n", "ends inside"),
            (
                "-----BEGIN A-----\nAAEC\n-----END B-----\n",
                "followed by END B",
            ),
            (
                "-----BEGIN A-----\nAAEC\n-----BEGIN A-----\n",
                "without its END",
            ),
            (
                "-----BEGIN A-----\nA?EC\n-----END A-----\n",
                "broken base64",
            ),
            ("-----BEGIN A-----\nAAE\n-----END A-----\n", "broken base64"),
        ] {
            let message = blocks(text.as_bytes()).err().unwrap();
            assert!(message.contains(wanted), "{text}: {message}");
        }
    }
}
