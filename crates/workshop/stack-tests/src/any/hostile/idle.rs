//! Ten thousand clients that have been served and do nothing more.

use std::{
    collections::VecDeque,
    io,
    panic::resume_unwind,
    sync::{Condvar, Mutex, PoisonError},
    thread::{self, ScopedJoinHandle},
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{
    frames::{HEADERS, NONE, PING, PREFACE, WHOLE, block, frame},
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
const OTHERS: usize = 256;

/// One of them, and when it was last heard of.
struct Client {
    protocol: Protocol,
    wire: Wire,
    /// How often it has spoken.
    spoken: u32,
    heard: Instant,
}

/// All of them, while they are connected.
pub struct Clients {
    clients: Vec<Client>,
    _files: OpenFiles,
}

impl Clients {
    /// Connects all of them, half over HTTP/1 and half over HTTP/2.
    pub fn connect(edge: &Edge) -> Self {
        let files = OpenFiles::for_clients(CLIENTS);
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
            Self {
                clients: joined
                    .flat_map(|clients| clients.unwrap_or_else(|panic| resume_unwind(panic)))
                    .collect(),
                _files: files,
            }
        })
    }

    /// Asserts that none of them has been closed: each is answered once more.
    pub fn assert_open(&mut self) {
        assert_eq!(self.clients.len(), CLIENTS);
        self.clients.iter_mut().for_each(Client::speak);
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

/// Open files of this process that a test has for itself, until this is dropped.
pub struct OpenFiles(usize);

/// How many tests have now.
static IN_USE: Mutex<usize> = Mutex::new(0);
static FEWER: Condvar = Condvar::new();

impl OpenFiles {
    /// Waits until there are so many. Tests run side by side in one process, and many systems
    /// let that have 20 000, which is less than all of them would take at once.
    ///
    /// # Panics
    /// When there can never be so many.
    pub fn for_clients(clients: usize) -> Self {
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        // Many systems start programs with 1024.
        let raised = setrlimit(
            Resource::Nofile,
            Rlimit {
                current: maximum,
                maximum,
            },
        );
        let there = maximum.map_or(usize::MAX, |maximum| {
            usize::try_from(maximum).unwrap_or(usize::MAX)
        });
        let there = there.saturating_sub(OTHERS);
        assert!(
            raised.is_ok() && clients <= there,
            "{clients} clients need as many open files and {OTHERS} more, and the hard limit here is {maximum:?}: raise it (`ulimit -Hn`)"
        );
        let in_use = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut in_use = FEWER
            .wait_while(in_use, |in_use| *in_use + clients > there)
            .unwrap_or_else(PoisonError::into_inner);
        *in_use += clients;
        Self(clients)
    }
}

impl Drop for OpenFiles {
    fn drop(&mut self) {
        *IN_USE.lock().unwrap_or_else(PoisonError::into_inner) -= self.0;
        FEWER.notify_all();
    }
}
