//! From the listening socket to the threads that serve: no more connections at a time than may be.

use std::cell::Cell;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use crate::backlog;
use crate::worker::{Job, Worker};

/// A connection, and whose it is.
pub type Connected = (TcpStream, SocketAddr);

/// How long the system gets to have descriptors or memory again.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections and hands them to the workers in turn.
///
/// actix-server counts connections for each worker, cannot be asked whether its threads have taken
/// all that waited, and drops what they have not: a stop would lose requests that were sent.
#[derive(Debug)]
pub struct Acceptor {
    /// None when it has stopped listening.
    listener: Option<TcpListener>,
    workers: Vec<Worker>,
    /// Whose turn it is.
    next: usize,
    slots: Arc<Semaphore>,
    most: u32,
    /// The system has refused the last connection.
    failing: Cell<bool>,
}

impl Acceptor {
    /// At most `most` connections are open, all workers together. The listener does not block.
    ///
    /// # Errors
    /// The listener cannot be waited for.
    pub fn new(
        listener: std::net::TcpListener,
        workers: Vec<Worker>,
        most: usize,
    ) -> io::Result<Self> {
        Ok(Self {
            listener: Some(TcpListener::from_std(listener)?),
            workers,
            next: 0,
            slots: Arc::new(Semaphore::new(most)),
            most: u32::try_from(most).unwrap_or(u32::MAX),
            failing: Cell::new(false),
        })
    }

    /// The socket that is listened on.
    #[must_use]
    pub fn listener(&self) -> Option<&TcpListener> {
        self.listener.as_ref()
    }

    /// Closes the socket: connections are refused, unless it is another process's too.
    pub fn stop_listening(&mut self) {
        self.listener = None;
    }

    /// How many requests are being answered.
    #[must_use]
    pub fn requests(&self) -> usize {
        let requests = |worker: &Worker| worker.requests.load(Ordering::Relaxed);
        self.workers.iter().map(requests).sum()
    }

    /// Accepts whatever comes, for ever. May be dropped at any point without a connection lost.
    ///
    /// # Errors
    /// A worker has ended, or the listener.
    pub async fn accept_all(&mut self) -> io::Result<()> {
        loop {
            let slot = self.slot().await?;
            let connected = self.accept().await?;
            self.hand_on(connected, slot)?;
        }
    }

    /// Room for one more connection, as soon as there is.
    ///
    /// # Errors
    /// Never in practice: nobody closes the semaphore.
    pub async fn slot(&self) -> io::Result<OwnedSemaphorePermit> {
        let slot = Arc::clone(&self.slots).acquire_owned().await;
        slot.map_err(io::Error::other)
    }

    /// Whether there is room for one more connection.
    #[must_use]
    pub fn has_slot(&self) -> bool {
        self.slots.available_permits() > 0
    }

    /// Waits until every connection has ended.
    pub async fn all_ended(&self) {
        // Nobody closes the semaphore.
        let _ = self.slots.acquire_many(self.most).await;
    }

    /// Waits for the next connection. May be dropped at any point without a connection lost.
    ///
    /// When the system has no descriptor or no memory for one, this says so once, and takes a
    /// [`PAUSE`].
    ///
    /// # Errors
    /// The listener has ended.
    pub async fn accept(&self) -> io::Result<Connected> {
        let Some(listener) = &self.listener else {
            return std::future::pending().await;
        };
        loop {
            let error = match listener.accept().await {
                Ok((stream, peer)) => {
                    self.failing.set(false);
                    return Ok((stream.into_std()?, peer));
                }
                Err(error) => error,
            };
            match error.kind() {
                // Whoever has left already (accept(2)), and a signal.
                ErrorKind::ConnectionAborted
                | ErrorKind::ConnectionReset
                | ErrorKind::Interrupted => {}
                // It does not listen any more.
                ErrorKind::InvalidInput => return Err(error),
                _ => {
                    if !self.failing.replace(true) {
                        log::error!(error:% = error; "connections cannot be accepted");
                    }
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Whether a connection waits to be accepted, which [`Acceptor::accept`] then does not wait
    /// for.
    #[must_use]
    pub fn is_waited_for(&self) -> bool {
        self.listener.as_ref().is_some_and(backlog::is_waited_in)
    }

    /// Hands a connection on to be served.
    ///
    /// # Errors
    /// A worker has ended.
    pub fn hand_on(&mut self, connected: Connected, slot: OwnedSemaphorePermit) -> io::Result<()> {
        let (stream, peer) = connected;
        let worker = &self.workers[self.next];
        self.next = (self.next + 1) % self.workers.len();
        let sent = worker.queue.send(Job { stream, peer, slot });
        sent.map_err(|_| io::Error::other("a thread that serves has ended"))
    }
}
