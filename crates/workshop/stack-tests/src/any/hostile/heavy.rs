//! Clients that make an edge hold as much as it will, each of a kind: what they send is never
//! finished, so that no limit of requests counts them.

use std::{io, net::UdpSocket};

use super::{
    frames::{DATA, END_HEADERS, HEADERS, NONE, PREFACE, SETTINGS, block, frame},
    http3,
    wire::{Edge, Protocol, Wire},
};

/// So many connections of half a head on port 80.
const HEADS: usize = 3000;

/// So many over TLS, which takes as long as a third of the time that a head may.
const ENCRYPTED_HEADS: usize = 500;

/// So many connections of half a handshake.
const HANDSHAKES: usize = 3000;

/// All connections together.
pub const CLIENTS: usize = HEADS + ENCRYPTED_HEADS + HANDSHAKES + 4 * CONNECTIONS;

/// So many connections with all streams of HTTP/2.
const CONNECTIONS: usize = 33;

/// More streams than an edge may take (`http2_max_concurrent_streams`).
const STREAMS: u32 = 128;

/// Just below what a head may have (`large_client_header_buffers`).
const HEAD: usize = 15_600;

/// So many packets that begin a handshake over QUIC, of which none goes on.
const INITIALS: usize = 10_000;

/// What they hold, until it is dropped.
#[derive(Default)]
pub struct Clients {
    wires: Vec<Wire>,
    refused: usize,
}

impl Clients {
    /// How many connections the edge has refused.
    pub fn refused(&self) -> usize {
        self.refused
    }

    fn keep(&mut self, client: io::Result<Wire>) {
        match client {
            Ok(wire) => self.wires.push(wire),
            Err(_) => self.refused += 1,
        }
    }

    /// Half a head on port 80, as long as a head may be.
    pub fn heads(&mut self, edge: &Edge) {
        self.half_heads(edge, Protocol::Plain, HEADS);
    }

    /// Half a head over TLS.
    pub fn encrypted_heads(&mut self, edge: &Edge) {
        self.half_heads(edge, Protocol::Http1, ENCRYPTED_HEADS);
    }

    fn half_heads(&mut self, edge: &Edge, protocol: Protocol, count: usize) {
        for _ in 0..count {
            let client = edge.connect(protocol).map(|mut wire| {
                wire.send(head().as_bytes());
                wire
            });
            self.keep(client);
        }
    }

    /// Five bytes of a handshake.
    pub fn handshakes(&mut self, edge: &Edge) {
        for _ in 0..HANDSHAKES {
            let client = edge.tcp(Protocol::Http1).map(|tcp| {
                let mut wire = Wire::Plain(tcp);
                wire.send(b"\x16\x03\x01\x02\0");
                wire
            });
            self.keep(client);
        }
    }

    /// All streams of HTTP/2, each with the dearest fields that there are: the shortest, which
    /// become one long one. A body that never ends keeps each open.
    pub fn cookies(&mut self, edge: &Edge) {
        // An entry of the static table, `cookie` without a value: one byte for each.
        let mut fields = request();
        fields.extend([0xa0].repeat(HEAD / "cookie".len()));
        self.streams(edge, |_| fields.clone());
    }

    /// All streams of HTTP/2, whose fields are references to one of the first stream's.
    pub fn references(&mut self, edge: &Edge) {
        self.streams(edge, |stream| {
            let mut fields = request();
            if stream == 1 {
                let mut large = block(&[("x", &"a".repeat(500))]);
                large[0] = 0x40;
                fields.extend(large);
            }
            fields.extend([0xbe].repeat(HEAD / 501 - 1));
            fields
        });
    }

    fn streams(&mut self, edge: &Edge, fields: impl Fn(u32) -> Vec<u8>) {
        // No answer is taken, so that one that refuses stays with its stream.
        let mut sent = [PREFACE, &frame(SETTINGS, NONE, 0, &[0, 4, 0, 0, 0, 0])].concat();
        for stream in (1..).step_by(2).take(STREAMS as usize) {
            sent.extend(frame(HEADERS, END_HEADERS, stream, &fields(stream)));
            sent.extend(frame(DATA, NONE, stream, b"a"));
        }
        for _ in 0..CONNECTIONS {
            let client = edge.connect(Protocol::Http2).map(|mut wire| {
                wire.send(&sent);
                wire
            });
            self.keep(client);
        }
    }
}

/// A head without its end.
fn head() -> String {
    let mut head = "GET /heavy HTTP/1.1\r\nHost: localhost\r\n".to_owned();
    while head.len() < HEAD {
        let rest = (HEAD - head.len()).min(7000);
        head.extend(["X: ", &"a".repeat(rest), "\r\n"]);
    }
    head
}

/// The pseudo-header fields of a request that has a body.
fn request() -> Vec<u8> {
    block(&[
        (":method", "POST"),
        (":scheme", "https"),
        (":authority", "localhost"),
        (":path", "/heavy"),
    ])
}

/// Packets that each begin a handshake over QUIC, from a socket of its own that is closed at once:
/// to the edge, their addresses are as good as made up.
///
/// # Errors
/// When there is no socket to be had.
pub fn initials(edge: &Edge) -> io::Result<()> {
    for packet in http3::initials(edge, INITIALS)? {
        let socket = UdpSocket::bind(("0.0.0.0", 0))?;
        socket.send_to(&packet, edge.quic())?;
    }
    Ok(())
}
