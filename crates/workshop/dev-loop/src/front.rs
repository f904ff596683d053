//! Where the edge sends connections: they go on to the program that serves, and wait while there
//! is none.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};

/// How long a connection is silent, after what the program said last, until it is one that waits
/// for something to happen: a WebSocket, or a stream of events.
const SILENCE: Duration = Duration::from_millis(50);

/// Listens for as long as it is there.
#[derive(Debug)]
pub struct Front {
    target: watch::Sender<Option<Target>>,
    connections: Arc<Connections>,
}

/// A program, by a number of its own, and where it takes connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What [`Front::finished`] is asked for.
    pub number: usize,
    /// Where it listens.
    pub address: Address,
}

/// Where a program listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// At a port.
    Tcp(SocketAddr),
    /// At a Unix socket.
    Unix(PathBuf),
}

/// A connection to a program.
pub trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

impl Address {
    /// # Errors
    /// When nothing listens there.
    pub async fn connect(&self) -> io::Result<Box<dyn Connection>> {
        Ok(match self {
            Self::Tcp(address) => Box::new(TcpStream::connect(address).await?),
            Self::Unix(path) => Box::new(UnixStream::connect(path).await?),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "port {}", address.port()),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

/// What each connection last had.
#[derive(Debug, Default)]
struct Connections {
    states: Mutex<HashMap<u64, State>>,
    changed: Notify,
}

#[derive(Debug, Clone, Copy)]
struct State {
    number: usize,
    /// Whether the client said something last, and so has no answer yet.
    asked: bool,
    since: Instant,
}

impl Front {
    /// Takes the address; connections wait from now on.
    ///
    /// # Errors
    /// When the address is in use, not of this machine, or not permitted.
    pub fn bind(address: SocketAddr) -> io::Result<(Self, SocketAddr)> {
        let socket = std::net::TcpListener::bind(address)?;
        socket.set_nonblocking(true)?;
        let bound = socket.local_addr()?;
        let socket = TcpListener::from_std(socket)?;
        let (target, following) = watch::channel(None);
        let connections = Arc::new(Connections::default());
        tokio::spawn(accept(socket, following, Arc::clone(&connections)));
        let front = Self {
            target,
            connections,
        };
        Ok((front, bound))
    }

    /// Sends new connections there, or has them wait.
    pub fn lead(&self, target: Option<Target>) {
        self.target.send_replace(target);
    }

    /// Waits until no connection to that program is in the middle of something, but not for
    /// longer than the limit.
    pub fn finished(&self, number: usize, limit: Duration) -> impl Future<Output = ()> + use<> {
        let connections = Arc::clone(&self.connections);
        async move {
            let end = Instant::now() + limit;
            loop {
                let mut changed = std::pin::pin!(connections.changed.notified());
                changed.as_mut().enable();
                let now = Instant::now();
                let silent = connections.silent(number, now).unwrap_or(end).min(end);
                if silent <= now {
                    return;
                }
                let _ = timeout_at(silent, changed).await;
            }
        }
    }
}

impl Connections {
    fn states(&self) -> MutexGuard<'_, HashMap<u64, State>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// That a connection to that program is the one of a client who has asked, or has an answer.
    fn note(&self, id: u64, number: usize, asked: bool) {
        let since = Instant::now();
        let state = State {
            number,
            asked,
            since,
        };
        self.states().insert(id, state);
        self.changed.notify_waiters();
    }

    fn forget(&self, id: u64) {
        self.states().remove(&id);
        self.changed.notify_waiters();
    }

    /// When all connections to a program will have been silent for long enough: long ago, if
    /// there is none; never by itself, if one has an answer to come.
    fn silent(&self, number: usize, now: Instant) -> Option<Instant> {
        let states = self.states();
        let mut those = states.values().filter(|state| state.number == number);
        those.try_fold(now, |latest, state| {
            (!state.asked).then(|| latest.max(state.since + SILENCE))
        })
    }
}

async fn accept(
    socket: TcpListener,
    target: watch::Receiver<Option<Target>>,
    connections: Arc<Connections>,
) {
    let mut id = 0;
    loop {
        match socket.accept().await {
            Ok((client, _)) => {
                id += 1;
                let (target, connections) = (target.clone(), Arc::clone(&connections));
                tokio::spawn(async move {
                    // What goes wrong with one, its client sees.
                    let _ = pass(client, target, &connections, id).await;
                    connections.forget(id);
                });
            }
            // There are no descriptors left: one will be.
            Err(_) => tokio::time::sleep(SILENCE).await,
        }
    }
}

/// Passes on what either side says, until both have ended.
async fn pass(
    mut client: TcpStream,
    mut target: watch::Receiver<Option<Target>>,
    connections: &Connections,
    id: u64,
) -> io::Result<()> {
    let (number, program) = tokio::select! {
        found = connected(&mut target, connections, id) => found,
        // Nobody waits any more. What a client has sent meanwhile is there to be read.
        () = gone(&client) => return Ok(()),
    };
    let (mut from_client, mut to_client) = client.split();
    let (mut from_program, mut to_program) = tokio::io::split(program);
    // Each way by itself: neither side has to read in order to be read from.
    let up = async {
        let mut bytes = vec![0; 16384];
        loop {
            match from_client.read(&mut bytes).await? {
                0 => break,
                length => {
                    connections.note(id, number, true);
                    to_program.write_all(&bytes[..length]).await?;
                }
            }
        }
        to_program.shutdown().await?;
        // The answer may be still to come.
        std::future::pending().await
    };
    let down = async {
        let mut bytes = vec![0; 16384];
        loop {
            match from_program.read(&mut bytes).await? {
                0 => return to_client.shutdown().await,
                length => {
                    to_client.write_all(&bytes[..length]).await?;
                    connections.note(id, number, false);
                }
            }
        }
    };
    tokio::select! {
        ended = up => ended,
        ended = down => ended,
    }
}

/// Waits for a program that takes the connection.
async fn connected(
    target: &mut watch::Receiver<Option<Target>>,
    connections: &Connections,
    id: u64,
) -> (usize, Box<dyn Connection>) {
    loop {
        let now = target.borrow_and_update().clone();
        if let Some(Target { number, address }) = now {
            // Before it is there, or the program would be asked to end meanwhile.
            connections.note(id, number, true);
            if let Ok(program) = address.connect().await {
                return (number, program);
            }
            connections.forget(id);
        }
        if target.changed().await.is_err() {
            // The loop ends.
            std::future::pending::<()>().await;
        }
    }
}

/// Waits until the client has gone without a word.
async fn gone(client: &TcpStream) {
    let mut byte = [0];
    if !matches!(client.peek(&mut byte).await, Ok(0) | Err(_)) {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    async fn program() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        (listener, address)
    }

    #[tokio::test]
    async fn connections_wait_for_a_program_and_go_to_the_one_that_serves() {
        let (front, front_at) = Front::bind(([127, 0, 0, 1], 0).into()).expect("a front");
        let mut client = TcpStream::connect(front_at).await.expect("it is taken");
        client.write_all(b"ask").await.expect("written");

        for number in 1..3 {
            let (listener, address) = program().await;
            let address = Address::Tcp(address);
            front.lead(Some(Target { number, address }));
            let (mut taken, _) = listener.accept().await.expect("the connection");
            let mut text = [0; 3];
            taken.read_exact(&mut text).await.expect("what was asked");
            taken.write_all(b"answer").await.expect("answered");
            drop(taken);
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.expect("an answer");
            assert_eq!(answer, "answer");
            client = TcpStream::connect(front_at).await.expect("it is taken");
            client.write_all(b"ask").await.expect("written");
        }
    }

    #[tokio::test]
    async fn a_program_is_finished_when_nobody_waits_for_its_answer() {
        let (front, address) = Front::bind(([127, 0, 0, 1], 0).into()).expect("a front");
        let (listener, at) = program().await;
        let number = 1;
        front.lead(Some(Target {
            number,
            address: Address::Tcp(at),
        }));
        // Nothing is connected.
        front.finished(number, SOON).await;

        let mut client = TcpStream::connect(address).await.expect("it is taken");
        client.write_all(b"ask").await.expect("written");
        let (mut taken, _) = listener.accept().await.expect("the connection");
        let finished = front.finished(number, Duration::from_millis(200));
        let start = Instant::now();
        finished.await;
        assert!(
            start.elapsed() >= Duration::from_millis(200),
            "it has to answer"
        );

        // An event, and then silence.
        taken.write_all(b"event").await.expect("written");
        let mut text = [0; 5];
        client.read_exact(&mut text).await.expect("it arrives");
        let start = Instant::now();
        front.finished(number, SOON).await;
        assert!(start.elapsed() < SOON, "it is silent");
        // Of another program it has nothing.
        front.finished(2, SOON).await;
    }
}
