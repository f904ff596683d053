//! One connection: what actix-http reads and writes it through, and what ends it when no request
//! does.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use actix_web::web::BytesMut;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf, copy, sink};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::config::Config;
use crate::metrics::{Limit, Open};
use crate::shutdown::{Progress, Stage};
use crate::worker::Site;

/// How long a connection that is being closed may take to say good-bye.
pub const GOODBYE: Duration = Duration::from_secs(2);

/// How long an idle connection stays open for one more request when new connections are refused
/// already. The edge may be about to use it, and must not send a POST again that it has sent on
/// a connection which was closed at that moment. Nothing tells when the edge has understood, so
/// this is a time. Below the edge's `fail_timeout`, for which it leaves an instance alone that
/// has refused it.
pub const LAST_REQUEST: Duration = Duration::from_secs(1);

/// How much of a body is read at a time, so that it is known how much of a head may follow.
const BODY: usize = 8 * 1024;

/// What a client is told that has sent no request which a handler could answer.
#[derive(Clone, Copy, Debug)]
pub struct LastWord(&'static str);

impl LastWord {
    /// 431 (RFC 6585, section 5)
    pub const HEAD_TOO_LARGE: Self = Self(concat!(
        "HTTP/1.1 431 Request Header Fields Too Large\r\n",
        "content-length: 36\r\ncontent-type: text/plain; charset=utf-8\r\n",
        "cache-control: no-store\r\nconnection: close\r\n\r\n",
        "431 Request Header Fields Too Large\n"
    ));
    /// 503 (RFC 9110, section 15.6.4)
    pub const UNAVAILABLE: Self = Self(concat!(
        "HTTP/1.1 503 Service Unavailable\r\n",
        "content-length: 24\r\ncontent-type: text/plain; charset=utf-8\r\n",
        "cache-control: no-store\r\nconnection: close\r\n\r\n",
        "503 Service Unavailable\n"
    ));
    /// Whoever has had an answer and asks nothing is told nothing.
    const NONE: Self = Self("");

    /// Says it, and throws away what still comes, so that no reset overtakes it (RFC 9112,
    /// section 9.6).
    pub async fn say(self, mut to: TcpStream) {
        let say = async {
            to.write_all(self.0.as_bytes()).await?;
            to.shutdown().await?;
            copy(&mut to, &mut sink()).await
        };
        // A client that is gone hears nothing.
        let _ = timeout(GOODBYE, say).await;
    }
}

/// A connection that was accepted. actix-http serves requests on it, through [`Io`].
pub struct Connection {
    stream: RefCell<TcpStream>,
    opened: Instant,
    /// How long the next request may take to arrive.
    next_request: Duration,
    /// [`Config::max_header_bytes`]
    max_head: usize,
    progress: Progress,
    /// How many are being answered, on whatever connection of the thread.
    requests: Arc<AtomicUsize>,
    /// If it is counted.
    open: Option<Open>,
    /// Until when the next request has to be there; nothing is awaited while one is answered.
    deadline: Cell<Option<Instant>>,
    /// A request has been taken up on it.
    used: Cell<bool>,
    /// A request's body has not been read to its end.
    body: Cell<bool>,
    /// How many bytes have come that no request was made of: a head that is not complete.
    head: Cell<usize>,
    /// actix-http has looked at them.
    parsed: Cell<bool>,
    /// It has found a request in them, or the end of one's body.
    found: Cell<bool>,
    /// Who waits for more to come.
    reader: RefCell<Option<Waker>>,
    /// Nothing more is awaited, and this is what the client is told.
    last_word: Cell<Option<LastWord>>,
    /// What is read first when actix-http begins anew.
    anew: RefCell<Option<Anew>>,
}

/// How a connection goes on when actix-http has given it away.
#[derive(Debug)]
pub struct Anew {
    /// What the client has sent so far.
    pub unread: BytesMut,
    /// Whether actix-http may do so again.
    pub interruptible: bool,
}

impl Connection {
    /// Takes a connection on, to be served by [`Connection::serve`].
    #[must_use]
    pub fn open(
        stream: TcpStream,
        site: &Site,
        progress: &Progress,
        requests: &Arc<AtomicUsize>,
    ) -> Rc<Self> {
        let opened = Instant::now();
        let config = &site.config;
        // Later than actix-http's own limits, which have words for the client.
        let next_request = config.keep_alive + config.header_timeout + GOODBYE;
        Rc::new(Self {
            stream: RefCell::new(stream),
            opened,
            next_request,
            max_head: config.max_header_bytes,
            progress: progress.clone(),
            requests: Arc::clone(requests),
            open: site.metrics.clone().map(Open::new),
            deadline: Cell::new(Some(opened + next_request)),
            used: Cell::new(false),
            body: Cell::new(false),
            head: Cell::new(0),
            parsed: Cell::new(true),
            found: Cell::new(false),
            reader: RefCell::new(None),
            last_word: Cell::new(None),
            anew: RefCell::new(None),
        })
    }

    /// Serves requests with what `dispatch` makes of the connection, until there is no other.
    pub async fn serve(
        self: Rc<Self>,
        dispatch: impl AsyncFn(Io, bool) -> Result<(), ()> + 'static,
    ) {
        // A task of its own, so that a request is no business of the watch.
        let mut serving = JoinSet::new();
        let connection = Rc::clone(&self);
        serving.spawn_local(async move {
            let mut anew = Anew {
                unread: BytesMut::new(),
                interruptible: true,
            };
            loop {
                let io = Io {
                    connection: Rc::clone(&connection),
                    unread: anew.unread,
                };
                let ended = dispatch(io, anew.interruptible).await;
                let (Ok(()), Some(next)) = (ended, connection.anew.take()) else {
                    break;
                };
                anew = next;
            }
        });
        tokio::select! {
            _ = serving.join_next() => {}
            () = self.watch() => return self.exceeds(Limit::HeaderTimeout),
        }
        if let Some(word) = self.last_word.get()
            && !word.0.is_empty()
            && let Some(connection) = Rc::into_inner(self)
        {
            word.say(connection.stream.into_inner()).await;
        }
    }

    fn exceeds(&self, limit: Limit) {
        if let Some(open) = &self.open {
            open.refused(limit);
        }
    }

    /// Goes on like this when actix-http has ended.
    pub fn begin_anew(&self, anew: Anew) {
        self.head.set(0);
        *self.anew.borrow_mut() = Some(anew);
    }

    /// Ends with the patience for the next request. Before that, the connection is closed when the
    /// process ends and nothing is asked on it.
    async fn watch(&self) {
        let close = async {
            self.progress.reached(Stage::Emptying).await;
            // Whoever has just connected is about to send.
            sleep_until(self.opened + LAST_REQUEST).await;
            if !self.is_busy() {
                let has_asked_nothing = self.used.get() && self.head.get() == 0;
                self.close(if has_asked_nothing {
                    LastWord::NONE
                } else {
                    LastWord::UNAVAILABLE
                });
            }
            pending::<()>().await;
        };
        tokio::select! {
            () = self.patience() => {}
            () = close => {}
        }
    }

    /// actix-http limits the first head, and how long a connection is idle; but from the first
    /// byte of a later head on, or while it throws away a body that no handler wanted, it would
    /// wait for as long as the client likes. This is the limit for these, so it is only met by a
    /// client that means ill, and is cut off without an answer.
    ///
    /// One timer for a connection's whole life: it looks again when it rings, so that a request
    /// costs no more than setting `deadline`.
    async fn patience(&self) {
        loop {
            match self.deadline.get() {
                Some(deadline) if deadline <= Instant::now() => return,
                Some(deadline) => sleep_until(deadline).await,
                None => sleep(self.next_request).await,
            }
        }
    }

    fn is_busy(&self) -> bool {
        self.deadline.get().is_none()
    }

    /// Ends it, unless a request has come already.
    fn close(&self, last_word: LastWord) {
        self.last_word.set(Some(last_word));
        self.wake_reader();
    }

    /// A request with a head of this length has arrived: nothing is awaited until the guard is
    /// dropped.
    #[must_use]
    pub fn busy(self: Rc<Self>, head: usize) -> Busy {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.deadline.set(None);
        self.used.set(true);
        self.body.set(false);
        self.last_word.set(None);
        self.taken(head);
        self.found.set(true);
        Busy(self)
    }

    fn came(&self, bytes: usize) {
        self.parsed.set(false);
        self.head.set(self.head.get() + bytes);
    }

    /// So many bytes of what has come were made use of.
    fn taken(&self, bytes: usize) {
        self.head.set(self.head.get().saturating_sub(bytes));
    }

    /// How many bytes may come before actix-http has to look at what there is.
    ///
    /// What is left behind a request begins the next head. White space in heads and what stands
    /// between chunks of a body are not told from it, so it counts for half a head, or for nothing
    /// if it is less.
    fn most(&self) -> usize {
        if self.found.take() {
            let half = self.max_head / 2;
            self.head.set(if self.head.get() > half { half } else { 0 });
        }
        if self.body.get() {
            return BODY;
        }
        (self.max_head + 1).saturating_sub(self.head.get())
    }

    /// Reads no more than `most`.
    fn poll_stream(
        &self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
        most: usize,
    ) -> Poll<io::Result<()>> {
        let mut stream = self.stream.borrow_mut();
        let stream = Pin::new(&mut *stream);
        if buffer.remaining() <= most {
            return stream.poll_read(context, buffer);
        }
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(most));
        ready!(stream.poll_read(context, &mut part))?;
        let read = part.filled().len();
        buffer.advance(read);
        Poll::Ready(Ok(()))
    }

    fn wait(&self, context: &Context<'_>) {
        let mut reader = self.reader.borrow_mut();
        match &mut *reader {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
    }

    fn wake_reader(&self) {
        if let Some(reader) = &*self.reader.borrow() {
            reader.wake_by_ref();
        }
    }
}

/// A request that is being answered.
pub struct Busy(Rc<Connection>);

impl Busy {
    /// The request has a body; what is read of it is to be told.
    #[must_use]
    pub fn body(&self) -> Body {
        self.0.body.set(true);
        Body(Rc::clone(&self.0))
    }

    /// Whether the whole body has been read, or there is none. Otherwise no other request can be
    /// found behind it.
    #[must_use]
    pub fn has_whole_body(&self) -> bool {
        !self.0.body.get()
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let connection = &*self.0;
        connection.requests.fetch_sub(1, Ordering::Relaxed);
        let deadline = Instant::now() + connection.next_request;
        connection.deadline.set(Some(deadline));
        if connection.head.get() > connection.max_head {
            // It may be whole requests.
            connection.parsed.set(false);
            connection.wake_reader();
        }
        if connection.progress.has_reached(Stage::Emptying) {
            connection.close(LastWord::NONE);
        }
    }
}

/// The body of a request, as it is read.
pub struct Body(Rc<Connection>);

impl Body {
    /// So much was read.
    pub fn read(&self, bytes: usize) {
        self.0.taken(bytes);
    }

    /// That was all.
    pub fn ended(&self) {
        self.0.body.set(false);
        self.0.found.set(true);
    }
}

/// The connection for actix-http.
pub struct Io {
    connection: Rc<Connection>,
    /// What is read before the socket is.
    unread: BytesMut,
}

impl Io {
    /// The connection itself.
    #[must_use]
    pub fn connection(&self) -> &Rc<Connection> {
        &self.connection
    }
}

impl AsyncRead for Io {
    /// Says that the client has closed its side when nothing more is awaited from it.
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { connection, unread } = &mut *self;
        let most = connection.most();
        if (most == 0 || connection.body.get()) && !connection.parsed.replace(true) {
            // actix-http looks at what it has when there is no more.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if most == 0 {
            if connection.is_busy() {
                connection.wait(context);
                return Poll::Pending;
            }
            if connection
                .last_word
                .replace(Some(LastWord::HEAD_TOO_LARGE))
                .is_none()
            {
                connection.exceeds(Limit::HeaderBytes);
            }
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        if unread.is_empty() {
            if connection.poll_stream(context, buffer, most)?.is_pending() {
                if connection.last_word.get().is_some() {
                    return Poll::Ready(Ok(()));
                }
                connection.parsed.set(true);
                connection.wait(context);
                return Poll::Pending;
            }
        } else {
            let length = unread.len().min(buffer.remaining()).min(most);
            buffer.put_slice(&unread.split_to(length));
        }
        connection.came(buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Io {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        // Before there was a request only actix-http answers, and so the first head that takes too long.
        if !self.connection.used.get() && bytes.starts_with(b"HTTP/1.1 408 ") {
            self.connection.exceeds(Limit::HeaderTimeout);
        }
        Pin::new(&mut *self.connection.stream.borrow_mut()).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.connection.stream.borrow_mut()).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.connection.last_word.get().is_some() {
            // Which is yet to be said.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut *self.connection.stream.borrow_mut()).poll_shutdown(context)
    }
}

/// Raises the soft limit of open files as far as `connections` need it and the hard limit lets
/// it; many systems start services with 1024.
pub fn raise_open_files(connections: usize) {
    // When the process ends, it accepts as many again to tell them so; and the process's own.
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
            "{}={connections} needs {needed} open files; the system's limit is less",
            Config::APP_MAX_CONNECTIONS.name
        );
    }
}
