//! The lines of a text file, or a sentence on what the file is instead.

/// The byte order mark that editors on Windows put before UTF-8.
pub(super) const MARK: &[u8] = b"\xef\xbb\xbf";

const ALLOWED: &str = "allowed is PEM, text that has lines such as -----BEGIN CERTIFICATE-----";

/// The lines of a text, numbered from 1, without what ends them and the blanks before that.
///
/// # Errors
/// The end of a sentence that starts with the file's name, for a file that is no text.
pub(super) fn lines(bytes: &[u8]) -> Result<Lines<'_>, String> {
    let is_control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    // The tag of an ASN.1 sequence is also the digit 0, with which a text may start.
    if bytes.starts_with(b"\x30") && bytes.iter().any(is_control) {
        return Err(format!(
            "is binary (DER or PKCS#12); {ALLOWED} (openssl x509, pkey and pkcs12 make it of those)"
        ));
    }
    if bytes.starts_with(b"\xfe\xed\xfe\xed") {
        return Err(format!(
            "is a Java key store; {ALLOWED} (keytool -importkeystore -deststoretype pkcs12 and openssl pkcs12 make it of that)"
        ));
    }
    if is_wide(bytes) {
        return Err(
            "is UTF-16 or UTF-32; allowed is UTF-8 or ASCII (in PowerShell, -Encoding ascii writes it)"
                .to_owned(),
        );
    }
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(format!(
            "has a NUL at byte {at}, so it is no text; {ALLOWED}"
        ));
    }
    Ok(Lines {
        rest: bytes,
        number: 0,
    })
}

/// Lines of a text, of which it holds no copy.
#[derive(Clone)]
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
}

impl Lines<'_> {
    /// Those before `end`, which are the same ones further on.
    pub(super) fn until(mut self, end: &Self) -> Self {
        self.rest = &self.rest[..self.rest.len() - end.rest.len()];
        self
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.rest.split_inclusive(|byte| *byte == b'\n').next()?;
        self.rest = &self.rest[line.len()..];
        self.number += 1;
        Some((self.number, line.trim_ascii_end()))
    }
}

/// Whether each character has two or four bytes: so says a mark, or else the share of zeros,
/// since all of PEM is ASCII.
fn is_wide(bytes: &[u8]) -> bool {
    let marks = [&b"\xff\xfe"[..], b"\xfe\xff", b"\0\0\xfe\xff"];
    let zeros = bytes.split(|byte| *byte == 0).count() - 1;
    marks.iter().any(|mark| bytes.starts_with(mark))
        || zeros >= bytes.len().div_ceil(3) && bytes.iter().any(u8::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str, unit: impl Fn(u16) -> Vec<u8>) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn what_is_no_text_is_named() {
        let text = "-----BEGIN A-----\r\nAAEC\r\n-----END A-----\r\n";
        let little = wide(text, |unit| unit.to_le_bytes().to_vec());
        let big = wide(text, |unit| unit.to_be_bytes().to_vec());
        let four = wide(text, |unit| u32::from(unit).to_be_bytes().to_vec());
        for (bytes, wanted) in [
            (little.clone(), "UTF-16"),
            (big.clone(), "UTF-16"),
            (four.clone(), "UTF-32"),
            ([b"\xff\xfe", &little[..]].concat(), "UTF-16"),
            ([b"\xfe\xff", &big[..]].concat(), "UTF-16"),
            ([b"\0\0\xfe\xff", &four[..]].concat(), "UTF-32"),
            (b"\x30\x03abc".to_vec(), "binary (DER"),
            (b"\xfe\xed\xfe\xed\0\0\0\x02".to_vec(), "Java"),
            (b"text\0".to_vec(), "a NUL at byte 4"),
            (vec![0; 70], "a NUL at byte 0"),
        ] {
            let message = lines(&bytes).err().unwrap();
            assert!(message.contains(wanted), "{bytes:?}: {message}");
        }
    }

    #[test]
    fn lines_end_with_lf() {
        let mut all = lines(b"0a \r\n\tb\r\r\n\nc").unwrap();
        let start = all.clone();
        let wanted = [(1, &b"0a"[..]), (2, b"\tb"), (3, b""), (4, b"c")];
        assert!(start.clone().eq(wanted));
        all.next();
        let end = all.clone();
        assert!(start.until(&end).eq(wanted[..1].to_vec()));
        assert!(all.clone().until(&all).next().is_none());
    }
}
