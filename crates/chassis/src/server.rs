//! Bind, then run.

use std::future::pending;
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
use crate::metrics::{self, Told};
use crate::shutdown::Progress;
use crate::variable::Variable;
use crate::worker::{Site, Worker};

/// A server that has its port and does not yet answer.
#[derive(Debug)]
pub struct Server {
    config: Config,
    error_page: Option<Page>,
    listening: Listening,
    /// Where Prometheus comes to.
    metrics: Option<Listening>,
    /// Whether the socket is another one's too, and stays open when this server ends.
    passed: bool,
}

/// A socket, and where it is.
type Listening = (TcpListener, SocketAddr);

/// Why the server did not start or did not go on.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address is in use, not of this machine, or not permitted.
    #[error("{variable}={address}: cannot listen there: {source}")]
    Bind {
        /// Which variable says so.
        variable: &'static str,
        /// [`Config::bind`] or [`Config::metrics_bind`]
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
        let listening = match socket {
            Some(socket) => set_up(socket, &config),
            None => listen(config.bind, &config, false),
        };
        let listening = listening.map_err(refusal(&Config::APP_BIND, config.bind))?;
        let metrics = match config.metrics_bind {
            // A successor begins while this one ends.
            Some(bind) => Some(
                listen(bind, &config, passed).map_err(refusal(&Config::APP_METRICS_BIND, bind))?,
            ),
            None => None,
        };
        Ok(Self {
            config,
            error_page,
            listening,
            metrics,
            passed,
        })
    }

    /// The port, which the system chose if the configuration says 0.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.listening.1.port()
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
            listening: (listener, address),
            metrics,
            passed,
        } = self;
        let progress = Progress::default();
        let site = Site {
            config,
            address,
            routes: Arc::new(routes),
            error_page,
            metrics: metrics.as_ref().map(|_| Arc::default()),
        };
        let config = &site.config;
        connection::raise_open_files(config.max_connections);

        let workers = start(&site, &progress, config.workers).await?;
        let requests = workers
            .iter()
            .map(|worker| Arc::clone(&worker.requests))
            .collect();
        let mut acceptor = Acceptor::new(listener, workers, config.max_connections)?;
        ::log::info!(address:% = address, workers = config.workers; "listening");
        let mut observers = match (metrics, &site.metrics) {
            (Some((listener, address)), Some(metrics)) => {
                let told = Told {
                    metrics: Arc::clone(metrics),
                    requests,
                    most: config.max_connections,
                    progress: progress.clone(),
                    started: metrics::process::now(),
                };
                let site = metrics::site(config, address, told);
                let workers = start(&site, &progress, 1).await?;
                ::log::info!(address:% = address; "metrics are at {}", metrics::PATH);
                Some(Acceptor::new(listener, workers, metrics::CONNECTIONS)?)
            }
            _ => None,
        };
        if let Err(error) = handover::ready() {
            ::log::warn!("NOTIFY_SOCKET: nobody could be told that the service is ready: {error}");
        }

        let serve = async {
            tokio::select! {
                ended = acceptor.accept_all() => ended?,
                () = stop => {}
            }
            drain::drain(acceptor, config, &progress, passed).await
        };
        let observing = async {
            match &mut observers {
                Some(acceptor) => acceptor.accept_all().await,
                None => pending().await,
            }
        };
        tokio::select! {
            ended = serve => ended?,
            ended = observing => ended?,
        }
        ::log::info!("stopped");
        Ok(())
    }
}

/// Starts threads that serve, and waits until they do.
async fn start(site: &Site, progress: &Progress, workers: usize) -> io::Result<Vec<Worker>> {
    let mut starting = Vec::new();
    for _ in 0..workers {
        starting.push(Worker::start(site.clone(), progress.clone())?);
    }
    let mut workers = Vec::new();
    for (worker, started) in starting {
        let ended = |_| io::Error::other("a thread that serves could not start");
        started.await.map_err(ended)??;
        workers.push(worker);
    }
    Ok(workers)
}

fn refusal(
    variable: &'static Variable,
    address: SocketAddr,
) -> impl FnOnce(io::Error) -> ServerError {
    move |source| ServerError::Bind {
        variable: variable.name,
        address,
        source,
    }
}

/// `shared`: another process may listen there as well.
fn listen(address: SocketAddr, config: &Config, shared: bool) -> io::Result<Listening> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for connections of the last run to time out.
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.bind(&address.into())?;
    socket.listen(config.backlog)?;
    set_up(socket.into(), config)
}

/// What holds for a socket wherever it is from.
fn set_up(listener: TcpListener, config: &Config) -> io::Result<Listening> {
    // Accepted sockets inherit both (tcp(7)). actix-web has no time-out for writing, so the kernel
    // closes a connection whose other end takes nothing.
    let socket = SockRef::from(&listener);
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(config.write_timeout))?;
    // Where it fails, it costs time and no answer.
    let _ = socket.set_tcp_nodelay(true);
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}
