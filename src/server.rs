//! Bind, then run; and the envelope that is around every request.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener};
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Bytes, PayloadConfig, ServiceConfig};
use actix_web::{App, HttpMessage as _, HttpResponse, HttpServer};
use futures_util::FutureExt as _;
#[cfg(target_os = "linux")]
use socket2::SockFilter;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::time::{sleep, timeout};

use crate::config::Config;
use crate::connection::{self, Busy, Watch};
use crate::error::{self, Error};
use crate::forwarded::Seen;
use crate::handover::{self, HandoverError};
use crate::health::Readiness;
use crate::limits;
use crate::log::RequestLine;
use crate::negotiation::Media;

/// A server that has its port and does not yet answer.
#[derive(Debug)]
pub struct Server {
    config: Config,
    listener: TcpListener,
    address: SocketAddr,
    /// Whether the socket is another one's too, and stays open when this server ends.
    passed: bool,
}

/// Why the server did not start or did not go on.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address is in use, not of this machine, or not permitted.
    #[error("APP_BIND={address}: cannot listen there: {source}")]
    Bind {
        /// `APP_BIND`
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
    /// configuration; connections wait in the backlog from now on.
    ///
    /// # Errors
    /// [`ServerError::Passed`] and [`ServerError::Bind`]
    pub fn bind(config: Config) -> Result<Self, ServerError> {
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

    /// Answers `routes`, and 404 elsewhere, until `stop` resolves; then drains, within the limits
    /// of the configuration. Must run in an `actix_web::rt::System`.
    ///
    /// # Errors
    /// [`ServerError::Run`]
    pub async fn run(
        self,
        routes: fn(&mut ServiceConfig),
        stop: impl Future<Output = ()>,
    ) -> Result<(), ServerError> {
        let Self {
            config,
            listener,
            address,
            passed,
        } = self;
        let readiness = Readiness::default();
        let next_request = config.keep_alive + config.header_timeout;
        connection::raise_open_files(config.max_connections);

        let factory = {
            let (config, readiness) = (config.clone(), readiness.clone());
            move || {
                let envelope = Rc::new(Envelope {
                    config: config.clone(),
                    readiness: readiness.clone(),
                });
                App::new()
                    .app_data(PayloadConfig::new(config.max_body_bytes))
                    .app_data(web::Data::new(readiness.clone()))
                    .app_data(web::Data::new(config.clone()))
                    .wrap(from_fn(move |request, next| {
                        Rc::clone(&envelope).around(request, next)
                    }))
                    .configure(routes)
                    .default_service(web::to(async || Err::<HttpResponse, _>(Error::NotFound)))
            }
        };
        let server = HttpServer::new(factory)
            .workers(config.workers)
            // actix-web counts for each worker.
            .on_connect(move |io, extensions| Watch::start(io, extensions, next_request))
            .max_connections(config.max_connections.div_ceil(config.workers))
            .keep_alive(config.keep_alive)
            .client_request_timeout(config.header_timeout)
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            .shutdown_timeout(config.shutdown.as_secs())
            .tcp_nodelay(true)
            .disable_signals()
            .listen(listener.try_clone()?)?
            .run();
        let handle = server.handle();
        tokio::pin!(server);
        // The first poll starts the workers, and returns when each of them is there.
        if let Poll::Ready(ended) = poll_fn(|cx| Poll::Ready(server.as_mut().poll(cx))).await {
            return Ok(ended?);
        }
        ::log::info!(address:% = address, workers = config.workers; "listening");
        if let Err(error) = handover::ready() {
            ::log::warn!("NOTIFY_SOCKET: nobody could be told that the service is ready: {error}");
        }

        tokio::select! {
            ended = &mut server => return Ok(ended?),
            () = stop => {}
        }
        readiness.drain();
        ::log::info!("draining");
        let drain = async {
            if !config.drain_delay.is_zero() {
                // The server runs on while the edge or an orchestrator sees /readyz, and sends
                // those elsewhere who come back.
                readiness.close();
                tokio::select! {
                    ended = &mut server => return ended,
                    () = sleep(config.drain_delay) => {}
                }
            }
            let refuse = async {
                if !passed {
                    // A kernel that cannot do this may reset what is being made at that moment.
                    let _ = hold_connections(&listener);
                    sleep(HANDSHAKE).await;
                }
                // This tells the edge to go elsewhere before it has sent anything. Accepting is
                // paused, because it would report as an error what is meant here.
                handle.pause().await;
                // Only Linux can; elsewhere connections wait in the backlog until the end. A socket
                // that was passed goes on listening: its next connections are the successor's.
                // As soon as anybody is refused, every answer says that it is its connection's last.
                readiness.close();
                if !passed {
                    let _ = SockRef::from(&listener).shutdown(Shutdown::Both);
                }
                sleep(LAST_REQUEST).await;
            };
            tokio::select! {
                ended = &mut server => return ended,
                () = refuse => {}
            }
            // From here on idle connections are closed, and the others after their current answer.
            let stopped = handle.stop(true);
            let (ended, ()) = tokio::join!(&mut server, stopped);
            ended
        };
        let limit = config.drain_delay + HANDSHAKE + LAST_REQUEST + config.shutdown;
        match timeout(limit, drain).await {
            Ok(ended) => ended?,
            Err(_) => ::log::warn!(
                "APP_SHUTDOWN_SECONDS={}: not every request could be finished",
                config.shutdown.as_secs()
            ),
        }
        ::log::info!("stopped");
        Ok(())
    }
}

/// How long a connection that is being made may take until it is accepted: a round trip to the
/// edge, and a busy machine's delay. Whoever connects in this time waits for a second.
const HANDSHAKE: Duration = Duration::from_millis(50);

/// How long an idle connection stays open for one more request when new connections are refused
/// already. The edge may be about to use it, and must not send a POST again that it has sent on
/// a connection which was closed at that moment. Below the edge's `fail_timeout`, for which it
/// leaves an instance alone that has refused it.
const LAST_REQUEST: Duration = Duration::from_secs(1);

/// How long a connection that is being closed may take to say good-bye.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(2);

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
    // actix-web has no time-out for writing, so the kernel closes a connection whose other end
    // takes nothing (tcp(7)); accepted sockets inherit this.
    #[cfg(target_os = "linux")]
    SockRef::from(listener).set_tcp_user_timeout(Some(config.write_timeout))?;
    listener.set_nonblocking(true)
}

/// Lets no more connections be made, while those that are being made go on. A socket that stops
/// listening resets what nobody has accepted yet, and with it a POST that was sent already. The
/// client's kernel asks again after a second (RFC 6298), and is refused then.
#[cfg(target_os = "linux")]
fn hold_connections(listener: &TcpListener) -> io::Result<()> {
    // In the kernel's classic BPF, on the packet from its TCP header on (filter.rst): byte 13 has
    // the flags; one with SYN (0x02) is dropped, any other one kept whole.
    SockRef::from(listener).attach_filter(&[
        SockFilter::new(0x30, 0, 0, 13),   // A <- byte 13
        SockFilter::new(0x45, 0, 1, 0x02), // A & SYN ? the next : the one after
        SockFilter::new(0x06, 0, 0, 0),    // keep no byte
        SockFilter::new(0x06, 0, 0, u32::MAX),
    ])
}

#[cfg(not(target_os = "linux"))]
fn hold_connections(_: &TcpListener) -> io::Result<()> {
    Ok(())
}

/// What is around every request: its line in the log, its id, its limits, its end.
struct Envelope {
    config: Config,
    readiness: Readiness,
}

impl Envelope {
    async fn around(
        self: Rc<Self>,
        request: ServiceRequest,
        next: Next<BoxBody>,
    ) -> Result<ServiceResponse<Answering>, actix_web::Error> {
        let busy = request.conn_data().map(Watch::busy);
        // Only a connection that is already lost has no peer.
        let peer = request
            .peer_addr()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        let mut seen = Seen::new(peer, request.headers(), &self.config.trusted_networks);
        let mut line = RequestLine::start(
            request.method().clone(),
            request.path(),
            seen.client,
            seen.request_id.take(),
        );
        seen.request_id = Some(line.id().to_owned());
        request.extensions_mut().insert(seen);
        let errors_as = error::preferred(&request);

        match self.answer(request, next, errors_as).await {
            Ok(mut response) => {
                self.stamp(response.response_mut(), &line);
                line.answered(response.status());
                Ok(response.map_body(|_, body| Answering {
                    body,
                    _line: line,
                    _busy: busy,
                }))
            }
            Err(error) => {
                // The request went down with its handler, so there is nothing to make a
                // `ServiceResponse` of; actix-web makes the response of the error instead.
                let mut response = error.response(errors_as);
                self.stamp(&mut response, &line);
                line.answered(response.status());
                Err(actix_web::error::InternalError::from_response(error, response).into())
            }
        }
    }

    /// An `Err` that a handler returned is a response already; that of a request that was cut
    /// off is not.
    async fn answer(
        &self,
        mut request: ServiceRequest,
        next: Next<BoxBody>,
        errors_as: Media,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        let body_arrived = limits::apply(&mut request, &self.config)?;
        let mut called = pin!(AssertUnwindSafe(next.call(request)).catch_unwind());
        let answered = match poll_fn(|cx| Poll::Ready(called.as_mut().poll(cx))).await {
            // Most handlers wait for nothing, and need no timer.
            Poll::Ready(answered) => Ok(answered),
            Poll::Pending => timeout(self.config.request_timeout, called).await,
        };
        let response = match answered {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(error))) => return Err(Error::from_actix(&error)),
            Ok(Err(_panic_was_logged)) => return Err(Error::Internal),
            Err(_) if body_arrived.get() => return Err(Error::SlowHandler),
            Err(_) => return Err(Error::SlowBody),
        };
        // What an extractor or actix-web itself refused gets a body of ours, too.
        match response.response().error() {
            Some(error) => {
                let response_of_ours = Error::from_actix(error).response(errors_as);
                Ok(response.into_response(response_of_ours))
            }
            None => Ok(response),
        }
    }

    fn stamp<B>(&self, response: &mut HttpResponse<B>, line: &RequestLine) {
        if let Ok(id) = HeaderValue::from_str(line.id()) {
            response.headers_mut().insert(X_REQUEST_ID, id);
        }
        if self.readiness.is_closing() {
            // Whoever asks again must ask another instance.
            response
                .head_mut()
                .set_connection_type(ConnectionType::Close);
        }
    }
}

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A response's body, with what ends when it ends.
struct Answering {
    body: BoxBody,
    _line: RequestLine,
    _busy: Option<Busy>,
}

impl MessageBody for Answering {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
