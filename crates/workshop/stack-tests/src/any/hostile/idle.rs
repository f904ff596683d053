//! Ten thousand clients that have been served and do nothing more.

use std::{
    collections::VecDeque,
    io,
    panic::resume_unwind,
    thread::{self, ScopedJoinHandle},
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{
    frames::{HEADERS, NONE, PING, PREFACE, WHOLE, block, frame},
    heavy,
    wire::{Edge, Protocol, Wire},
};

/// How many there are: below what the workers can hold (`worker_processes` times
/// `worker_connections`).
pub const CLIENTS: usize = 10_000;

/// They connect in so many threads: one that waits for its handshake does not hold up the others.
const THREADS: usize = 20;

/// After so long a client says something, so that it is not closed for being idle
/// (`keepalive_timeout`, 65 s) where connecting all of them takes longer than that.
const REFRESH: Duration = Duration::from_secs(30);

/// Open files beside the connections.
const OTHERS: u64 = 256;

/// One of them, and when it was last heard of.
struct Client {
    protocol: Protocol,
    wire: Wire,
    /// How often it has spoken.
    spoken: u32,
    heard: Instant,
}

/// All of them, while they are connected.
pub struct Clients(Vec<Client>);

impl Clients {
    /// Connects all of them, half over HTTP/1 and half over HTTP/2.
    pub fn connect(edge: &Edge) -> Self {
        raise_open_files(CLIENTS + heavy::CLIENTS);
        let connect = || {
            let mut clients: VecDeque<Client> = VecDeque::new();
            for number in 0..CLIENTS / THREADS {
                while let Some(mut first) =
                    clients.pop_front_if(|first| first.heard.elapsed() > REFRESH)
                {
                    first.speak();
                    clients.push_back(first);
                }
                clients.push_back(Client::connect(edge, number));
            }
            clients
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(connect)).collect();
            let joined = threads.into_iter().map(ScopedJoinHandle::join);
            Self(
                joined
                    .flat_map(|clients| clients.unwrap_or_else(|panic| resume_unwind(panic)))
                    .collect(),
            )
        })
    }

    /// Asserts that none of them has been closed: each is answered once more.
    pub fn assert_open(&mut self) {
        assert_eq!(self.0.len(), CLIENTS);
        self.0.iter_mut().for_each(Client::speak);
    }
}

impl Client {
    fn connect(edge: &Edge, number: usize) -> Self {
        let protocol = if number.is_multiple_of(2) {
            Protocol::Http1
        } else {
            Protocol::Http2
        };
        let connected = edge.connect(protocol);
        let mut wire = connected.unwrap_or_else(|why| panic!("idle client {number}: {why}"));
        if protocol == Protocol::Http2 {
            wire.send(PREFACE);
        }
        let mut client = Self {
            protocol,
            wire,
            spoken: 0,
            heard: Instant::now(),
        };
        client.speak();
        client
    }

    /// Sends a request, the only thing that counts as not being idle, and has an answer.
    fn speak(&mut self) {
        let answered = if self.protocol == Protocol::Http2 {
            let request = block(&[
                (":method", "GET"),
                (":scheme", "https"),
                (":authority", "localhost"),
                (":path", "/livez"),
            ]);
            let request = frame(HEADERS, WHOLE, 1 + 2 * self.spoken, &request);
            let ping = frame(PING, NONE, 0, b"are you?");
            self.wire.send(&[request, ping].concat());
            self.hears(b"are you?")
        } else {
            self.wire
                .send(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
            self.hears(b"HTTP/1.1 200 ")
        };
        self.spoken += 1;
        answered.unwrap_or_else(|why| panic!("an idle {:?} client: {why}", self.protocol));
        self.heard = Instant::now();
    }

    /// Receives until it has got this.
    fn hears(&mut self, expected: &[u8]) -> io::Result<()> {
        let mut heard = Vec::new();
        loop {
            let more = self.wire.receive()?;
            if more.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            heard.extend(more);
            if heard.windows(expected.len()).any(|part| part == expected) {
                return Ok(());
            }
        }
    }
}

/// Many systems start programs with 1024. What tests need at the same time is asked for at once.
pub fn raise_open_files(clients: usize) {
    let needed = clients as u64 + OTHERS;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= needed) {
        return;
    }
    let raised = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: Some(needed),
            maximum,
        },
    );
    assert!(
        raised.is_ok(),
        "{clients} clients need {needed} open files, and the hard limit here is {maximum:?}: \
         raise it (`ulimit -Hn`)"
    );
}
