//! HTTP/2 frames as bytes (RFC 9113), also those that no library would send.

use super::wire::Wire;

/// What a client begins with (section 3.4), and its first SETTINGS, without any.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

// Types of frames (section 6).
pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PUSH_PROMISE: u8 = 5;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

// Flags of frames.
pub const NONE: u8 = 0;
pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;
/// A whole request without a body.
pub const WHOLE: u8 = END_STREAM | END_HEADERS;

// Error codes (section 7).
pub const NO_ERROR: u32 = 0;
pub const PROTOCOL_ERROR: u32 = 1;
pub const FLOW_CONTROL_ERROR: u32 = 3;
pub const FRAME_SIZE_ERROR: u32 = 6;
pub const CANCEL: u32 = 8;
pub const COMPRESSION_ERROR: u32 = 9;
pub const ENHANCE_YOUR_CALM: u32 = 11;

/// One frame, whatever its payload.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let mut bytes = length.to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A header block in HPACK's plainest form: literal, not indexed, without Huffman's code
/// (RFC 7541, section 6.2.2).
pub fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in fields {
        bytes.push(0);
        for text in [name, value] {
            // Integers with a prefix of seven bits (section 5.1).
            if let Some(mut rest) = text.len().checked_sub(127) {
                bytes.push(127);
                while rest >= 128 {
                    bytes.push(0x80 | low_byte(rest));
                    rest >>= 7;
                }
                bytes.push(low_byte(rest));
            } else {
                bytes.push(low_byte(text.len()));
            }
            bytes.extend(text.as_bytes());
        }
    }
    bytes
}

fn low_byte(number: usize) -> u8 {
    number.to_le_bytes()[0]
}

/// How an edge reacts to what stream 1 brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// An answer on stream 1.
    Status(u16),
    /// An end of stream 1, with its error code.
    Reset(u32),
    /// An end of the connection, with its error code.
    GoAway(u32),
    /// An end of the connection without a word.
    Closed,
}

/// The first reaction that arrives.
///
/// # Errors
/// When nothing arrives in time.
pub fn reaction(wire: &mut Wire) -> Result<Reaction, String> {
    let mut bytes = Vec::new();
    loop {
        if let Some(first) = reactions(&bytes)?.first() {
            return Ok(*first);
        }
        match wire.receive() {
            Ok(more) if more.is_empty() => return Ok(Reaction::Closed),
            Ok(more) => bytes.extend(more),
            Err(why) => return Err(format!("no reaction: {why}")),
        }
    }
}

/// The reactions in what a server has sent so far.
///
/// # Errors
/// When an answer has no status.
pub fn reactions(mut bytes: &[u8]) -> Result<Vec<Reaction>, String> {
    let mut all = Vec::new();
    while let Some((head, rest)) = bytes.split_at_checked(9) {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let Some((payload, rest)) = rest.split_at_checked(length) else {
            break;
        };
        bytes = rest;
        match (head[3], number(head, 5)) {
            (HEADERS, 1) => all.push(Reaction::Status(status(payload)?)),
            (RST_STREAM, 1) => all.push(Reaction::Reset(number(payload, 0))),
            (GOAWAY, _) => all.push(Reaction::GoAway(number(payload, 4))),
            _ => {}
        }
    }
    Ok(all)
}

fn number(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
    u32::from_be_bytes(four.unwrap_or_default())
}

/// `:status`, which is the first field, in the two forms that nginx uses: one of the static
/// table's seven, or three digits.
fn status(block: &[u8]) -> Result<u16, String> {
    const STATIC: [u16; 7] = [200, 204, 206, 304, 400, 404, 500];
    match block {
        [index @ 0x88..=0x8e, ..] => Ok(STATIC[usize::from(index - 0x88)]),
        [0x08 | 0x48, 3, digits @ ..] if digits.len() >= 3 => {
            let digits = String::from_utf8_lossy(&digits[..3]);
            digits.parse().map_err(|why| format!("{why}: {digits}"))
        }
        _ => Err(format!("no status in {}", block.escape_ascii())),
    }
}
