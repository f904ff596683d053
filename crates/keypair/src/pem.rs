//! PEM (RFC 7468), read as OpenSSL's `PEM_read_bio` reads it: text around the blocks, lines of
//! any length, CR LF, blanks at a line's end and a byte order mark are tolerated.
//!
//! OpenSSL passes over what is almost the first or the last line of a block, and then nginx
//! serves less than the file has. Here such a line is an error that says what it lacks.
//!
//! The crate `rustls-pki-types` reads PEM as well, and could say none of it: its sections have no
//! lines and no header, it drops those of kinds that it does not know, which are warned of here,
//! it leaves copies of a key in its buffers, and it does not write.

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::text::{self, Lines};

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// The longest label in use has half of it.
const MAX_LABEL: usize = 60;

/// One `-----BEGIN LABEL-----` block.
pub(super) struct Block {
    pub(super) label: String,
    /// The line that it begins in, counted from 1.
    pub(super) line: usize,
    pub(super) header: Header,
    pub(super) der: Zeroizing<Vec<u8>>,
}

impl Block {
    /// # Errors
    /// The end of a sentence that starts with the file's name, where a header stands in the
    /// block: OpenSSL reads none but that of an encrypted key.
    pub(super) fn without_header(&self) -> Result<(), String> {
        match self.header {
            Header::None => Ok(()),
            _ => Err(format!(
                "has a header in its block {} (line {}), as no certificate and no plain key has; take it out, and the empty line after it",
                self.label, self.line
            )),
        }
    }
}

/// What stands between a block's first line and its base64 (RFC 1421, 4.6).
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Header {
    None,
    /// `Proc-Type: 4,ENCRYPTED`.
    Encrypted,
    Other,
}

/// All blocks, in the file's order.
///
/// # Errors
/// The end of a sentence that starts with the file's name.
pub(super) fn blocks(bytes: &[u8]) -> Result<Vec<Block>, String> {
    let mut found = Vec::new();
    let mut lines = text::lines(bytes)?;
    let mut starts = true;
    while let Some((number, line)) = lines.next() {
        // Whoever joins files of Windows editors has a mark before each of them. OpenSSL
        // passes over it where it looks for a block anew.
        let marked = line.strip_prefix(text::MARK).filter(|_| starts);
        let line = marked.unwrap_or(line);
        starts = false;
        if line.trim_ascii_start().starts_with(b"#") {
            continue;
        }
        match boundary(line).map_err(|why| format!("{why} (line {number})"))? {
            Some(Boundary::Begin(label)) => {
                found.push(block(label, number, &mut lines)?);
                starts = true;
            }
            Some(Boundary::End(label)) => {
                return Err(format!(
                    "has END {label} in line {number} without its BEGIN: the line {BEGIN}{label}{DASHES} is missing"
                ));
            }
            None if resembles_boundary(line) => {
                return Err(format!(
                    "has a line {number} that is almost the first or the last of a block; allowed are {BEGIN}LABEL{DASHES} and {END}LABEL{DASHES}, in capitals and with five dashes before and after"
                ));
            }
            None => {}
        }
    }
    Ok(found)
}

fn block(label: String, start: usize, lines: &mut Lines<'_>) -> Result<Block, String> {
    let body = lines.clone();
    loop {
        let end = lines.clone();
        let Some((number, line)) = lines.next() else {
            return Err(format!(
                "ends inside its block {label}, which begins in line {start}: the line {END}{label}{DASHES} is missing"
            ));
        };
        match boundary(line).map_err(|why| format!("{why} (line {number})"))? {
            None => {}
            Some(Boundary::End(name)) if name == label => {
                let (header, body) = split(&label, body.until(&end))?;
                let der = decode(&label, body)?;
                if der.is_empty() && header != Header::Encrypted {
                    return Err(format!("has nothing in its block {label} (line {start})"));
                }
                return Ok(Block {
                    label,
                    line: start,
                    header,
                    der,
                });
            }
            Some(Boundary::End(name)) => {
                return Err(format!(
                    "has BEGIN {label} in line {start} followed by END {name} in line {number}"
                ));
            }
            Some(Boundary::Begin(_)) => {
                return Err(format!(
                    "has BEGIN {label} in line {start} without its END: the line {END}{label}{DASHES} is missing before line {number}"
                ));
            }
        }
    }
}

enum Boundary {
    Begin(String),
    End(String),
}

/// The first or last line of a block, or an error for one that shares its line.
fn boundary(line: &[u8]) -> Result<Option<Boundary>, String> {
    let find = |what: &str| position(line, what.as_bytes());
    let (begin, end) = (find(BEGIN), find(END));
    let (at, start) = match (begin, end) {
        (None, None) => return Ok(None),
        _ if line.contains(&b'\r') => {
            return Err(
                "has line ends of a lone CR, as old Macs had; allowed are LF and CR LF".to_owned(),
            );
        }
        (Some(begin), Some(end)) if begin < end => {
            let written = ["", r", and \n stands where they were"];
            let written = written[usize::from(position(line, br"\n").is_some())];
            return Err(format!(
                "has a whole block in one line: line ends are missing after {BEGIN}LABEL{DASHES} and before {END}LABEL{DASHES}{written}"
            ));
        }
        (Some(_), Some(_)) => {
            return Err(format!(
                "has {END}LABEL{DASHES} and {BEGIN}LABEL{DASHES} in one line: a line end is missing between them, as when files are joined and the first has none at its end"
            ));
        }
        (Some(at), None) => (at, BEGIN),
        (None, Some(at)) => (at, END),
    };
    let rest = String::from_utf8_lossy(&line[at + start.len()..]);
    let Some((label, after)) = rest.split_once(DASHES) else {
        return Err(format!(
            "has a line with {} that does not end with {DASHES}",
            start.trim_end()
        ));
    };
    if label.chars().count() > MAX_LABEL {
        return Err(format!(
            "has a label of more than {MAX_LABEL} characters after {}",
            start.trim_end()
        ));
    }
    let before = &line[..at];
    let wrong = if before.is_empty() && after.is_empty() {
        return Ok(Some(match start {
            BEGIN => Boundary::Begin(label.to_owned()),
            _ => Boundary::End(label.to_owned()),
        }));
    } else if before.is_empty() {
        "no line end after"
    } else if before.trim_ascii().is_empty() {
        "blanks before"
    } else if before == text::MARK {
        "a byte order mark before"
    } else {
        "no line end before"
    };
    Err(format!(
        "has {wrong} {start}{label}{DASHES}, which must stand alone in its line"
    ))
}

/// Whether somebody meant the line to be a boundary: too few dashes, dashes of a word
/// processor, small letters.
fn resembles_boundary(line: &[u8]) -> bool {
    let line = String::from_utf8_lossy(&line[..line.len().min(200)]);
    let line = line.trim_start();
    let is_dash = |c: char| c == '-' || ('\u{2010}'..='\u{2015}').contains(&c) || c == '\u{2212}';
    let word = line.trim_start_matches(is_dash);
    let dashes = &line[..line.len() - word.len()];
    let word = word.trim_start().to_ascii_uppercase();
    let is_meant = dashes.starts_with("----") || !dashes.is_ascii();
    is_meant && (word.starts_with("BEGIN") || word.starts_with("END "))
}

/// A block's header, and the lines of its base64. The first empty line ends the header, and
/// there is no other.
fn split<'a>(label: &str, body: Lines<'a>) -> Result<(Header, Lines<'a>), String> {
    let wrong = |number: usize| {
        format!("has an empty line in its block {label} (line {number}); take it out")
    };
    let mut data = body.clone();
    let empty = data.find(|(_, line)| line.is_empty());
    let mut head = body.clone().take_while(|(_, line)| !line.is_empty());
    let field = head.clone().find(|(_, line)| line.contains(&b':'));
    let is_encrypted =
        |line: &[u8]| line.starts_with(b"Proc-Type:") && line.ends_with(b"ENCRYPTED");
    let header = match (field, empty) {
        (None, None) => return Ok((Header::None, body)),
        (Some((number, _)), None) => {
            return Err(format!(
                "has a header in its block {label} (line {number}) and no empty line after it; take it out"
            ));
        }
        (Some(_), Some(_)) if head.any(|(_, line)| is_encrypted(line)) => {
            return Ok((Header::Encrypted, data.clone().until(&data)));
        }
        (Some(_), Some(_)) => Header::Other,
        (None, Some((number, _))) if head.next().is_some() => return Err(wrong(number)),
        (None, Some(_)) => Header::None,
    };
    // After an empty line OpenSSL wants lines of 64 characters, but for the last.
    let mut is_last = false;
    for (number, line) in data.clone() {
        if line.is_empty() {
            return Err(wrong(number));
        }
        if is_last || line.len() > 64 {
            return Err(wrong(empty.map_or(number, |(number, _)| number)));
        }
        is_last = line.len() < 64;
    }
    Ok((header, data))
}

fn decode(label: &str, lines: Lines<'_>) -> Result<Zeroizing<Vec<u8>>, String> {
    let broken = |why: &str| format!("has broken base64 in its block {label}: {why}");
    // Room for the whole of it: a string that grows leaves copies of a key behind.
    let room = lines.clone().map(|(_, line)| line.len()).sum();
    let mut body = Zeroizing::new(String::with_capacity(room));
    for (number, line) in lines {
        for byte in line.iter().filter(|byte| !b" \t\r".contains(byte)) {
            if !(byte.is_ascii_alphanumeric() || b"+/=".contains(byte)) {
                return Err(broken(&format!("a character in line {number} is none")));
            }
            body.push(char::from(*byte));
        }
    }
    if !body.len().is_multiple_of(4) {
        return Err(broken("its length says that characters are missing"));
    }
    Base64::decode_vec(&body)
        .map(Zeroizing::new)
        .map_err(|_| broken("its end is not that of base64"))
}

fn position(line: &[u8], part: &[u8]) -> Option<usize> {
    line.windows(part.len()).position(|window| window == part)
}

/// One block as text, with lines of 64 characters (RFC 7468, section 2).
pub(super) fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(Base64::encode_string(der));
    let mut text = Zeroizing::new(String::with_capacity(body.len() * 66 / 64 + 80));
    text.push_str(BEGIN);
    text.push_str(label);
    text.push_str("-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(END);
    text.push_str(label);
    text.push_str("-----\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for length in [1, 47, 48, 49, 1000] {
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
            (
                "-----BEGIN A-----\nA A\tEC\n-----END A-----\n\u{feff}-----BEGIN A-----\n\nAAEC\n-----END A-----",
                2,
            ),
            (
                "# -----BEGIN B-----\n  #AAEC\n#-----END B-----\n-----BEGIN A-----\nAAEC\n-----END A-----",
                1,
            ),
            ("no block\n--- end of text ---\n---- vendor ----", 0),
        ] {
            let blocks = blocks(text.as_bytes()).unwrap();
            assert_eq!(blocks.len(), wanted, "{text}");
            assert!(
                blocks
                    .iter()
                    .all(|block| *block.der == [0, 1, 2] && block.header == Header::None)
            );
        }
    }

    #[test]
    fn a_block_has_the_line_that_it_begins_in() {
        let text = b"text\n\n-----BEGIN A-----\nAAEC\n-----END A-----\n-----BEGIN B-----\nAAEC\n-----END B-----\n";
        let blocks = blocks(text).unwrap();
        let lines: Vec<_> = blocks
            .iter()
            .map(|block| (block.label.as_str(), block.line))
            .collect();
        assert_eq!(lines, [("A", 3), ("B", 6)]);
    }

    #[test]
    fn a_header_is_told() {
        for (header, wanted) in [
            (
                "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n",
                Header::Encrypted,
            ),
            ("Name: value\n", Header::Other),
        ] {
            let text = format!("-----BEGIN A-----\n{header}\nAAEC\n-----END A-----");
            assert_eq!(blocks(text.as_bytes()).unwrap()[0].header, wanted);
        }
    }

    #[test]
    fn broken_files_are_refused_with_what_they_lack() {
        assert_refused(&[
            (
                "-----BEGIN A-----\nAAEC\n",
                "ends inside its block A, which begins in line 1: the line -----END A----- is missing",
            ),
            (
                "-----BEGIN A-----\nAAEC\n-----END B-----\n",
                "followed by END B in line 3",
            ),
            (
                "-----BEGIN A-----\nAAEC\n-----BEGIN A-----\n",
                "without its END: the line -----END A----- is missing before line 3",
            ),
            (
                "AAEC\n-----END A-----\n",
                "END A in line 2 without its BEGIN: the line -----BEGIN A----- is missing",
            ),
            (
                "-----BEGIN A-----\nA?EC\n-----END A-----\n",
                "broken base64 in its block A: a character in line 2",
            ),
            (
                "-----BEGIN A-----\nAAE\n-----END A-----\n",
                "broken base64 in its block A: its length says that characters are missing",
            ),
            (
                "-----BEGIN A-----\nA=EC\n-----END A-----\n",
                "broken base64 in its block A: its end",
            ),
        ]);
    }

    #[test]
    fn boundaries_that_are_none_are_refused_with_what_they_lack() {
        let long = format!("-----BEGIN {}-----\n-----END A-----\n", "A".repeat(61));
        assert_refused(&[
            (
                "-----BEGIN A-----\nAAEC\n-----END A----------BEGIN A-----\nAAEC\n-----END A-----\n",
                "a line end is missing between them, as when files are joined and the first has none at its end (line 3)",
            ),
            (
                "-----BEGIN A-----\nAAEC\n-----END A-----BEGIN A-----\nAAEC\n-----END A-----\n",
                "a line end is missing between them",
            ),
            (
                "-----BEGIN A-----\nAAEC\n-----END A----- -----BEGIN B-----\n",
                "a line end is missing between them",
            ),
            (
                "-----BEGIN A-----AAEC-----END A-----\n",
                "a whole block in one line",
            ),
            (
                r"-----BEGIN A-----\nAAEC\n-----END A-----\n",
                r"a whole block in one line: line ends are missing after -----BEGIN LABEL----- and before -----END LABEL-----, and \n stands",
            ),
            (
                "-----BEGIN A-----AAEC\n-----END A-----\n",
                "no line end after -----BEGIN A-----",
            ),
            (
                "-----BEGIN A-----\nAAEC-----END A-----\n",
                "no line end before -----END A-----",
            ),
            (
                "-----BEGIN A-----\nAAEC\n-----END A-----Bag Attributes\n",
                "no line end after -----END A-----",
            ),
            (
                "  -----BEGIN A-----\n  AAEC\n  -----END A-----\n",
                "blanks before -----BEGIN A-----",
            ),
            (
                "text\n\u{feff}-----BEGIN A-----\nAAEC\n-----END A-----\n",
                "a byte order mark before -----BEGIN A-----",
            ),
            (
                "-----BEGIN A----\nAAEC\n-----END A-----\n",
                "does not end with -----",
            ),
            (
                "----BEGIN A----\nAAEC\n----END A----\n",
                "almost the first or the last",
            ),
            (
                "\u{2014}\u{2013}BEGIN A\u{2014}-\nAAEC\n",
                "almost the first or the last",
            ),
            (
                "-----begin a-----\nAAEC\n-----end a-----\n",
                "almost the first or the last",
            ),
            ("-----BEGIN A-----\rAAEC\r-----END A-----\r", "a lone CR"),
            (
                "-----BEGIN A-----\nAA\n\nEC\n-----END A-----\n",
                "an empty line in its block A (line 3)",
            ),
            (
                "-----BEGIN A-----\n\nAA\nEC\n-----END A-----\n",
                "an empty line in its block A (line 2)",
            ),
            (
                "-----BEGIN A-----\n\nAAEC\n\n-----END A-----\n",
                "an empty line in its block A (line 4)",
            ),
            (
                "-----BEGIN A-----\nName: value\nAAEC\n-----END A-----\n",
                "a header in its block A (line 2) and no empty line",
            ),
            (
                "-----BEGIN A-----\n-----END A-----\n",
                "has nothing in its block A (line 1)",
            ),
            (&long, "a label of more than 60"),
        ]);
    }

    #[track_caller]
    fn assert_refused(cases: &[(&str, &str)]) {
        for (text, wanted) in cases {
            let message = blocks(text.as_bytes()).err().unwrap();
            assert!(message.contains(wanted), "{text}: {message}");
        }
    }
}
