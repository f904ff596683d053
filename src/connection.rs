//! What holds for a connection between its requests, and for all connections together.

use std::any::Any;
use std::cell::Cell;
use std::net::Shutdown;
use std::rc::Rc;
use std::time::Duration;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use actix_web::rt::task::JoinHandle;
use actix_web::rt::{spawn, time};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::SockRef;
use tokio::time::Instant;

/// Closes its connection when the next request's head is not complete in time.
///
/// actix-http limits the first head, and how long a connection is idle; but from the first byte
/// of a later head on, or while it throws away a body that no handler wanted, it would wait for
/// as long as the client likes. This is the limit for these, so it is only met by a client that
/// means ill, and is cut off without an answer.
#[derive(Debug)]
pub struct Watch {
    deadline: Rc<Deadline>,
    task: JoinHandle<()>,
}

impl Watch {
    /// Watches the connection that `io` is; `limit` starts when it is accepted and again after
    /// each answer. For [`actix_web::HttpServer::on_connect`].
    pub fn start(io: &dyn Any, extensions: &mut Extensions, limit: Duration) {
        // The connection belongs to actix-http; a second descriptor is what can close it from here.
        let socket = io
            .downcast_ref::<TcpStream>()
            .map(|stream| SockRef::from(stream).try_clone());
        let Some(Ok(socket)) = socket else {
            log::warn!("a connection cannot be watched: no file descriptor left");
            return;
        };
        let deadline = Rc::new(Deadline {
            at: Cell::new(Some(Instant::now() + limit)),
            limit,
        });
        let task = spawn({
            let deadline = Rc::clone(&deadline);
            async move {
                deadline.passed().await;
                let _ = socket.shutdown(Shutdown::Both);
            }
        });
        extensions.insert(Self { deadline, task });
    }

    /// A request has arrived: nothing is awaited until the guard is dropped.
    #[must_use]
    pub fn busy(&self) -> Busy {
        self.deadline.at.set(None);
        Busy(Rc::clone(&self.deadline))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub struct Busy(Rc<Deadline>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.at.set(Some(Instant::now() + self.0.limit));
    }
}

#[derive(Debug)]
struct Deadline {
    at: Cell<Option<Instant>>,
    limit: Duration,
}

impl Deadline {
    /// One timer for a connection's whole life: it looks again when it rings, so that a request
    /// costs no more than setting `at`.
    async fn passed(&self) {
        loop {
            let now = Instant::now();
            match self.at.get() {
                Some(at) if at <= now => return,
                Some(at) => time::sleep_until(at).await,
                None => time::sleep(self.limit).await,
            }
        }
    }
}

/// Raises the soft limit of open files as far as `connections` need it and the hard limit lets
/// it; many systems start services with 1024.
pub fn raise_open_files(connections: usize) {
    // Two for each connection (see `Watch`), and the process's own.
    let needed = connections as u64 * 2 + 128;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= needed) {
        return;
    }
    let possible = maximum.map_or(needed, |maximum| maximum.min(needed));
    let raised = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: Some(possible),
            maximum,
        },
    );
    if raised.is_err() || possible < needed {
        log::warn!(
            "APP_MAX_CONNECTIONS={connections} needs {needed} open files; the system's limit is less"
        );
    }
}
