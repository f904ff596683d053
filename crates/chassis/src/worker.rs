//! A thread that serves: it has its own event loop, and connections that no other thread sees.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::thread;

use actix_http::HttpService;
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, map_config};
use actix_web::dev::{AppConfig, Service, ServiceFactory, fn_service};
use actix_web::middleware::from_fn;
use actix_web::rt::{net, spawn};
use actix_web::web::{self, PayloadConfig, ServiceConfig};
use actix_web::{App, HttpResponse};
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, mpsc, oneshot};

use crate::config::Config;
use crate::connection::{Connection, GOODBYE, Io};
use crate::envelope::Envelope;
use crate::error::{Error, Page};
use crate::health;
use crate::metrics::Metrics;
use crate::shutdown::Progress;
use crate::upgrade;

/// A connection that waits to be served.
#[derive(Debug)]
pub struct Job {
    /// The connection, which does not block.
    pub stream: TcpStream,
    /// Who has connected.
    pub peer: SocketAddr,
    /// To be kept as long as the connection.
    pub slot: OwnedSemaphorePermit,
}

/// A thread that serves, as others know it.
#[derive(Debug)]
pub struct Worker {
    /// Where its connections are put.
    pub queue: mpsc::UnboundedSender<Job>,
    /// How many requests it is answering.
    pub requests: Arc<AtomicUsize>,
}

impl Worker {
    /// Starts a thread that serves until its queue is closed. The receiver says when it does, or
    /// why it cannot.
    ///
    /// # Errors
    /// The system has no room for a thread.
    pub fn start(
        site: Site,
        progress: Progress,
    ) -> io::Result<(Self, oneshot::Receiver<io::Result<()>>)> {
        let (queue, jobs) = mpsc::unbounded_channel();
        let (started, starts) = oneshot::channel();
        let requests = Arc::<AtomicUsize>::default();
        let serving = Serving {
            site,
            progress,
            requests: Arc::clone(&requests),
        };
        thread::Builder::new()
            .name("worker".to_owned())
            .spawn(move || {
                let options = LocalOptions::default();
                match Builder::new_current_thread()
                    .enable_all()
                    .build_local(options)
                {
                    Ok(runtime) => runtime.block_on(serving.run(jobs, started)),
                    Err(error) => drop(started.send(Err(error))),
                }
            })?;
        Ok((Self { queue, requests }, starts))
    }
}

/// What every thread serves.
#[derive(Clone)]
pub struct Site {
    /// Within these limits.
    pub config: Config,
    /// Where it is listened.
    pub address: SocketAddr,
    /// What is answered besides the health probes.
    pub routes: Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>,
    /// What people see of an error.
    pub error_page: Option<Page>,
    /// Where its requests are counted.
    pub metrics: Option<Arc<Metrics>>,
}

/// A thread that serves, as it knows itself.
struct Serving {
    site: Site,
    progress: Progress,
    requests: Arc<AtomicUsize>,
}

impl Serving {
    async fn run(
        self,
        mut jobs: mpsc::UnboundedReceiver<Job>,
        started: oneshot::Sender<io::Result<()>>,
    ) {
        let this = Rc::new(self);
        // actix-http has logged why it could not be made.
        let Ok(interruptible) = Rc::clone(&this).http_service(true).new_service(()).await else {
            return;
        };
        let _ = started.send(Ok(()));
        // Hardly anybody asks for a tunnel.
        let services = Rc::new((interruptible, OnceCell::new()));
        while let Some(Job { stream, peer, slot }) = jobs.recv().await {
            let stream = match net::TcpStream::from_std(stream) {
                Ok(stream) => stream,
                Err(error) => {
                    ::log::error!(error:% = error; "a connection cannot be served");
                    continue;
                }
            };
            let connection = Connection::open(stream, &this.site, &this.progress, &this.requests);
            let (this, services) = (Rc::clone(&this), Rc::clone(&services));
            let dispatch = async move |io, may_interrupt| {
                let (interruptible, plain) = &*services;
                let service = if may_interrupt {
                    interruptible
                } else {
                    let make = || Rc::clone(&this).http_service(false).new_service(());
                    plain.get_or_try_init(make).await?
                };
                // actix-http has logged what went wrong, and has told the client.
                service.call((io, Some(peer))).await.map_err(drop)
            };
            spawn(async move {
                connection.serve(dispatch).await;
                drop(slot);
            });
        }
    }

    /// What makes bytes of a connection into requests, and answers into bytes.
    fn http_service(
        self: Rc<Self>,
        interruptible: bool,
    ) -> impl ServiceFactory<
        (Io, Option<SocketAddr>),
        Config = (),
        Response = (),
        InitError = (),
        Service = impl Service<(Io, Option<SocketAddr>), Response = ()> + 'static,
    > {
        let Site {
            config,
            address,
            routes,
            ..
        } = &self.site;
        let envelope = Rc::new(Envelope::new(&self.site, self.progress.clone()));
        let app = App::new()
            .app_data(PayloadConfig::new(config.max_body_bytes))
            .app_data(web::Data::new(self.progress.clone()))
            .wrap(from_fn(move |request, next| {
                Rc::clone(&envelope).around(request, next)
            }))
            .configure(|app| {
                routes(app);
                // Behind the others, since they are seldom asked for.
                health::routes(app);
            })
            .default_service(web::to(async || Err::<HttpResponse, _>(Error::NotFound)))
            .into_factory()
            .map_err(|error| error.error_response());
        HttpService::build()
            .keep_alive(config.keep_alive)
            .client_request_timeout(config.header_timeout)
            .client_disconnect_timeout(GOODBYE)
            .local_addr(*address)
            .on_connect_ext(|io: &Io, extensions| {
                extensions.insert(Rc::clone(io.connection()));
            })
            .h1(map_config(app, |()| AppConfig::default()))
            .upgrade(interruptible.then(|| fn_service(upgrade::ignore)))
    }
}
