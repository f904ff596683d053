//! Which trace a request belongs to, by W3C Trace Context (<https://www.w3.org/TR/trace-context/>).

use std::fmt;
use std::ops::Range;
use std::str;

use crate::log::request_id;

/// The field `traceparent` (section 3.2): the trace, which of its spans this request is from, and
/// whether it is recorded. As a text it is what a request to another service is sent with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TraceParent([u8; LENGTH]);

/// The length of version 00; a later one may have more behind it.
const LENGTH: usize = NONE.len();

/// None, as ids of zeros are none.
const NONE: [u8; 55] = *b"00-00000000000000000000000000000000-0000000000000000-01";

/// Where what is; the version stands before them.
const TRACE: Range<usize> = 3..35;
const PARENT: Range<usize> = 36..52;
const FLAGS: Range<usize> = 53..55;

/// Hexadecimal digits in lower case; a table, because each request may have such a field.
static HEX: [bool; 256] = {
    let mut hex = [false; 256];
    let mut digits = b"0123456789abcdef".as_slice();
    while let [digit, rest @ ..] = digits {
        hex[*digit as usize] = true;
        digits = rest;
    }
    hex
};

impl TraceParent {
    /// Reads the field's value, in any version: what a later one has besides is left out (section
    /// 4.3). `None` is not of its form.
    #[must_use]
    pub fn parse(value: impl AsRef<[u8]>) -> Option<Self> {
        let (known, more) = value.as_ref().split_first_chunk::<LENGTH>()?;
        let ends = match &known[..2] {
            b"00" => more.is_empty(),
            b"ff" => false,
            _ => more.first().is_none_or(|byte| *byte == b'-'),
        };
        let parts = [0..2, TRACE, PARENT, FLAGS];
        let is_hex = |part: Range<usize>| known[part].iter().all(|byte| HEX[usize::from(*byte)]);
        let is_none = |part: Range<usize>| known[part.clone()] == NONE[part];
        let dashes = [known[2], known[35], known[52]] == *b"---";
        if !dashes || !ends || !parts.into_iter().all(is_hex) || is_none(TRACE) || is_none(PARENT) {
            return None;
        }
        let mut text = *known;
        text[..2].copy_from_slice(b"00");
        // The one flag that version 00 knows: recorded (section 3.2.2.5).
        let last = text[LENGTH - 1];
        let sampled = last % 2 == u8::from(last.is_ascii_digit());
        text[FLAGS].copy_from_slice(if sampled { b"01" } else { b"00" });
        Some(Self(text))
    }

    /// A trace that begins with this request, if its id is 32 hexadecimal digits: the edge makes it
    /// the same way (`nginx/http/trace.conf`).
    #[must_use]
    pub fn begin(request_id: &str) -> Option<Self> {
        let id: &[u8; 32] = request_id.as_bytes().try_into().ok()?;
        let mut text = NONE;
        text[TRACE].copy_from_slice(id);
        text[PARENT].copy_from_slice(&id[..16]);
        Self::parse(text)
    }

    /// A trace of which nobody has heard.
    #[must_use]
    pub fn anew() -> Self {
        loop {
            // Of all zeros, once in the life of many universes.
            if let Some(new) = Self::begin(&request_id()) {
                return new;
            }
        }
    }

    /// The trace: 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        // All of it is ASCII.
        str::from_utf8(&self.0[TRACE]).unwrap_or_default()
    }

    /// The value of the field.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Likewise.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    #[test]
    fn what_is_of_the_form_is_passed_on_in_version_00() {
        for (version, flags, more, passed) in [
            ("00", "01", "", "01"),
            ("00", "00", "", "00"),
            // What is not known of flags is set to 0.
            ("00", "02", "", "00"),
            ("00", "ff", "", "01"),
            ("00", "fe", "", "00"),
            ("00", "0a", "", "00"),
            ("00", "0b", "", "01"),
            ("01", "01", "", "01"),
            ("cc", "01", "-what-the-future-will-be-like", "01"),
            ("cc", "01", "-", "01"),
        ] {
            let text = format!("{version}-{ID}-{SPAN}-{flags}{more}");
            let read = TraceParent::parse(&text);
            let read = read.unwrap_or_else(|| panic!("{text}"));
            assert_eq!(read.as_str(), format!("00-{ID}-{SPAN}-{passed}"));
            assert_eq!(read.trace_id(), ID);
        }
    }

    /// As the test suite of the specification has them.
    #[test]
    fn what_is_not_is_none() {
        for text in [
            String::new(),
            format!("00-{ID}-{SPAN}"),
            format!("00-{ID}-{SPAN}-1"),
            format!("00-{ID}-{SPAN}-01-more"),
            format!("00-{ID}-{SPAN}-011"),
            format!("00-{ID}-{SPAN}-.0"),
            format!("cc-{ID}-{SPAN}-01.more"),
            format!("ff-{ID}-{SPAN}-01"),
            format!("0-{ID}-{SPAN}-01"),
            format!(".0-{ID}-{SPAN}-01"),
            format!("00_{ID}_{SPAN}_01"),
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{ID}-{}-01", "0".repeat(16)),
            format!("00-{}-{SPAN}-01", ID.to_uppercase()),
            format!("00-{}-{SPAN}-01", ID.replace('a', ".")),
            format!("00-{ID}-{}-01", SPAN.replace('a', "é")),
            format!("00-{ID}0-{SPAN}-01"),
            format!(" 00-{ID}-{SPAN}-01"),
        ] {
            assert_eq!(TraceParent::parse(&text), None, "{text:?}");
        }
    }

    #[test]
    fn a_trace_begins_with_a_request() {
        let trace = TraceParent::begin(ID).unwrap();
        assert_eq!(trace.as_str(), format!("00-{ID}-{}-01", &ID[..16]));
        for id in ["", "abc-1", &ID.to_uppercase(), &"0".repeat(32)] {
            assert_eq!(TraceParent::begin(id), None, "{id:?}");
        }
    }
}
