//! Bind, then run.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::web::ServiceConfig;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use crate::accept::Acceptor;
use crate::config::Config;
use crate::connection;
use crate::drain;
use crate::error::Page;
use crate::handover::{self, HandoverError};
use crate::shutdown::Progress;
use crate::worker::{Site, Worker};

/// A server that has its port and does not yet answer.
#[derive(Debug)]
pub struct Server {
    config: Config,
    error_page: Option<Page>,
    listener: TcpListener,
    address: SocketAddr,
    /// Whether the socket is another one's too, and stays open when this server ends.
    passed: bool,
}

/// Why the server did not start or did not go on.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address is in use, not of this machine, or not permitted.
    #[error("{}={address}: cannot listen there: {source}", Config::APP_BIND.name)]
    Bind {
        /// [`Config::bind`]
        address: SocketAddr,
        /// The system's answer.
        source: io::Error,
    },
    /// The socket that was passed is not one to serve on.
    #[error(transparent)]
    Passed(#[from] HandoverError),
    /// actix-web gave up.
    #[error("the server ended: {0}")]
    Run(#[from] io::Error),
}

impl Server {
    /// Takes the socket that was passed (see [`handover`]), else the address of the
    /// configuration; connections wait in the backlog from now on. `error_page` shows errors to
    /// people.
    ///
    /// # Errors
    /// [`ServerError::Passed`] and [`ServerError::Bind`]
    pub fn bind(config: Config, error_page: Option<Page>) -> Result<Self, ServerError> {
        let socket = handover::socket()?;
        let passed = socket.is_some();
        let listen = || {
            let listener = match socket {
                Some(socket) => socket,
                None => listener(&config)?,
            };
            set_up(&listener, &config)?;
            let address = listener.local_addr()?;
            Ok((listener, address))
        };
        match listen() {
            Ok((listener, address)) => Ok(Self {
                config,
                error_page,
                listener,
                address,
                passed,
            }),
            Err(source) => Err(ServerError::Bind {
                address: config.bind,
                source,
            }),
        }
    }

    /// The port, which the system chose if the configuration says 0.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Answers `routes`, the health probes, and 404 elsewhere, until `stop` resolves; then drains, within the limits
    /// of the configuration. Must run in an `actix_web::rt::System`.
    ///
    /// # Errors
    /// [`ServerError::Run`]
    pub async fn run(
        self,
        routes: impl Fn(&mut ServiceConfig) + Send + Sync + 'static,
        stop: impl Future<Output = ()>,
    ) -> Result<(), ServerError> {
        let Self {
            config,
            error_page,
            listener,
            address,
            passed,
        } = self;
        let site = Site {
            config,
            address,
            routes: Arc::new(routes),
            error_page,
        };
        let config = &site.config;
        let progress = Progress::default();
        connection::raise_open_files(config.max_connections);

        let mut workers = Vec::new();
        let mut starting = Vec::new();
        for _ in 0..config.workers {
            let (worker, started) = Worker::start(site.clone(), progress.clone())?;
            workers.push(worker);
            starting.push(started);
        }
        for started in starting {
            let ended = |_| io::Error::other("a thread that serves could not start");
            started.await.map_err(ended)??;
        }
        let mut acceptor = Acceptor::new(listener, workers, config.max_connections)?;
        ::log::info!(address:% = address, workers = config.workers; "listening");
        if let Err(error) = handover::ready() {
            ::log::warn!("NOTIFY_SOCKET: nobody could be told that the service is ready: {error}");
        }

        tokio::select! {
            ended = acceptor.accept_all() => ended?,
            () = stop => {}
        }
        drain::drain(acceptor, config, &progress, passed).await?;
        ::log::info!("stopped");
        Ok(())
    }
}

fn listener(config: &Config) -> io::Result<TcpListener> {
    let domain = Domain::for_address(config.bind);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for connections of the last run to time out.
    socket.set_reuse_address(true)?;
    socket.bind(&config.bind.into())?;
    socket.listen(config.backlog)?;
    Ok(socket.into())
}

/// What holds for a socket wherever it is from.
fn set_up(listener: &TcpListener, config: &Config) -> io::Result<()> {
    // Accepted sockets inherit both (tcp(7)). actix-web has no time-out for writing, so the kernel
    // closes a connection whose other end takes nothing.
    let socket = SockRef::from(listener);
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(config.write_timeout))?;
    // Where it fails, it costs time and no answer.
    let _ = socket.set_tcp_nodelay(true);
    listener.set_nonblocking(true)
}
