//! Clients with keep-alive connections that send one request after the other, and remember what
//! became of each. They are stricter than a browser: nothing is ever sent a second time.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    panic,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};

use crate::{client, program::eventually, stack::Stack};

/// Above every limit of the edge: a client that waits so long was forgotten.
const LIMIT: Duration = Duration::from_secs(40);

/// Between an answer and the next request. Clients that never pause would take the whole
/// machine from the containers that they ask.
const PAUSE: Duration = Duration::from_millis(2);

/// How a request ended that got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// There was no connection to send it on.
    NotConnected,
    /// The connection ended before the answer's first byte.
    Lost,
    /// The connection ended within the answer.
    Cut,
}

/// What became of all requests.
#[derive(Debug, Default)]
pub struct Report {
    /// Method and status, and how often.
    pub answers: BTreeMap<(&'static str, u16), usize>,
    /// What went wrong, and how often.
    pub faults: BTreeMap<(&'static str, Fault), usize>,
    /// The server's certificates in DER, as seen in handshakes.
    pub certificates: BTreeSet<Vec<u8>>,
    /// Handshakes that were made.
    pub connections: usize,
    /// When an answer came that the app gave.
    answered: Vec<Instant>,
}

impl Report {
    /// Asserts that the app answered every single request.
    pub fn assert_all_answered(&self) {
        let answered = |&(&(_, status), _): &(&(&str, u16), &usize)| status < 500;
        let lost: BTreeMap<_, _> = self.answers.iter().filter(|x| !answered(x)).collect();
        assert!(lost.is_empty() && self.faults.is_empty(), "{}", self.text());
        assert!(self.requests() > 0, "no request was sent");
    }

    /// Those that were answered with an error of the service or of the edge.
    pub fn failed(&self) -> usize {
        let failed = |&(&(_, status), _): &(&(&str, u16), &usize)| status >= 500;
        self.answers
            .iter()
            .filter(failed)
            .map(|(_, count)| count)
            .sum()
    }

    /// All requests.
    pub fn requests(&self) -> usize {
        self.answers.values().chain(self.faults.values()).sum()
    }

    /// The longest time in which the app gave no client an answer.
    pub fn outage(&mut self) -> Duration {
        self.answered.sort_unstable();
        let gaps = self.answered.windows(2).map(|pair| pair[1] - pair[0]);
        gaps.max().unwrap_or_default()
    }

    /// For people.
    pub fn text(&self) -> String {
        format!(
            "{:?} {:?} on {} connections",
            self.answers, self.faults, self.connections
        )
    }

    fn add(&mut self, other: Self) {
        for (key, count) in other.answers {
            *self.answers.entry(key).or_default() += count;
        }
        for (key, count) in other.faults {
            *self.faults.entry(key).or_default() += count;
        }
        self.certificates.extend(other.certificates);
        self.connections += other.connections;
        self.answered.extend(other.answered);
    }
}

/// Clients at work.
pub struct Load {
    stop: Arc<AtomicBool>,
    answers: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<Report>>,
}

impl Load {
    /// Starts one client for each method; every authority in `trusted` is good for each of them.
    pub fn start(stack: &Stack, methods: &[&'static str], trusted: &[&Path]) -> Self {
        Self::on(stack.https_port(), methods, &[], trusted)
    }

    /// As [`Load::start`], on this port; a client of `fresh` keeps no connection.
    pub fn on(port: u16, kept: &[&'static str], fresh: &[&'static str], trusted: &[&Path]) -> Self {
        Self::at(here(port), kept, fresh, trusted)
    }

    /// As [`Load::on`], wherever the edge is.
    pub fn at(
        edge: SocketAddr,
        kept: &[&'static str],
        fresh: &[&'static str],
        trusted: &[&Path],
    ) -> Self {
        let config = trusting(trusted);
        let stop = Arc::new(AtomicBool::new(false));
        let answers = Arc::new(AtomicUsize::new(0));
        let kept = kept.iter().map(|&method| (method, true));
        let fresh = fresh.iter().map(|&method| (method, false));
        let clients = kept
            .chain(fresh)
            .map(|(method, keep)| {
                let client = Client {
                    config: Arc::clone(&config),
                    edge,
                    method,
                    keep,
                    answers: Arc::clone(&answers),
                };
                let stop = Arc::clone(&stop);
                thread::spawn(move || client.run(&stop))
            })
            .collect();
        let load = Self {
            stop,
            answers,
            clients,
        };
        load.goes_on();
        load
    }

    /// Waits until each client can have had some more answers from the app.
    pub fn goes_on(&self) {
        let before = self.answers.load(Ordering::Relaxed);
        self.reaches(before + 20 * self.clients.len());
    }

    /// Waits until there were so many answers from the app in all.
    pub fn reaches(&self, answers: usize) {
        eventually("the app's answers under load", LIMIT, || {
            (self.answers.load(Ordering::Relaxed) >= answers).then_some(())
        });
    }

    /// Ends the load.
    pub fn stop(mut self) -> Report {
        let mut report = Report::default();
        for client in self.end() {
            report.add(client.expect("a client"));
        }
        report
    }

    /// Ends all clients, those too whose neighbour has panicked.
    fn end(&mut self) -> Vec<thread::Result<Report>> {
        self.stop.store(true, Ordering::Relaxed);
        self.clients.drain(..).map(JoinHandle::join).collect()
    }
}

impl Drop for Load {
    /// So that a test that failed leaves no client behind.
    fn drop(&mut self) {
        self.end();
    }
}

/// As [`Load`], with many streams on a connection of HTTP/2, by curl. As the protocol has it,
/// a server that leaves says which requests it has not looked at, and curl sends those once more.
pub struct Streams {
    stop: Arc<AtomicBool>,
    runs: JoinHandle<Vec<u16>>,
}

impl Streams {
    /// Starts one connection after the other, each for some hundred requests.
    pub fn start(stack: &Stack) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (ca, url) = (stack.ca(), stack.https("/?[1-300]"));
        let stopped = Arc::clone(&stop);
        let runs = thread::spawn(move || {
            let mut codes = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                codes.extend(client::burst(&ca, &url));
            }
            codes
        });
        Self { stop, runs }
    }

    /// Ends them and asserts that the app answered every single request.
    pub fn assert_all_answered(self) {
        self.stop.store(true, Ordering::Relaxed);
        let codes = self.runs.join();
        let codes = codes.unwrap_or_else(|panicked| panic::resume_unwind(panicked));
        let lost: Vec<_> = codes.iter().filter(|&&code| code != 200).collect();
        assert!(lost.is_empty(), "{lost:?} of {}", codes.len());
        assert!(!codes.is_empty(), "no request was sent");
    }
}

fn trusting(authorities: &[&Path]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for path in authorities {
        let certificate = CertificateDer::from_pem_file(path).expect("a certificate in PEM");
        roots.add(certificate).expect("a certificate");
    }
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

/// One connection, made by hand, that a test keeps for as long as it likes.
pub fn connect(stack: &Stack) -> io::Result<Connection> {
    connect_to(stack.https_port(), &[&stack.ca()])
}

/// As [`connect`], on this port, with these authorities.
pub fn connect_to(port: u16, trusted: &[&Path]) -> io::Result<Connection> {
    Connection::open(here(port), trusting(trusted))
}

fn here(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

struct Client {
    config: Arc<ClientConfig>,
    edge: SocketAddr,
    method: &'static str,
    keep: bool,
    answers: Arc<AtomicUsize>,
}

impl Client {
    fn run(self, stop: &AtomicBool) -> Report {
        let mut report = Report::default();
        let mut kept = None;
        while !stop.load(Ordering::Relaxed) {
            let (connection, outcome) = self.send(kept.take(), &mut report);
            kept = connection;
            match outcome {
                Ok(status) => {
                    *report.answers.entry((self.method, status)).or_default() += 1;
                    if status < 500 {
                        report.answered.push(Instant::now());
                        self.answers.fetch_add(1, Ordering::Relaxed);
                    }
                }
                Err(fault) => *report.faults.entry((self.method, fault)).or_default() += 1,
            }
            thread::sleep(PAUSE);
        }
        report
    }

    /// One request, on the connection that was kept or on a new one; the connection again
    /// when it can be kept.
    fn send(
        &self,
        kept: Option<Connection>,
        report: &mut Report,
    ) -> (Option<Connection>, Result<u16, Fault>) {
        let mut connection = match kept {
            Some(connection) => connection,
            None => match Connection::open(self.edge, Arc::clone(&self.config)) {
                Ok(connection) => {
                    report.connections += 1;
                    report.certificates.extend(connection.certificate());
                    connection
                }
                Err(_) => return (None, Err(Fault::NotConnected)),
            },
        };
        match connection.ask(self.method) {
            Ok((status, true)) if self.keep => (Some(connection), Ok(status)),
            Ok((status, _)) => (None, Ok(status)),
            Err(fault) => (None, Err(fault)),
        }
    }
}

/// A keep-alive connection over TLS.
pub struct Connection(BufReader<StreamOwned<ClientConnection, TcpStream>>);

impl Connection {
    fn open(edge: SocketAddr, config: Arc<ClientConfig>) -> io::Result<Self> {
        let mut socket = TcpStream::connect(edge)?;
        socket.set_read_timeout(Some(LIMIT))?;
        socket.set_write_timeout(Some(LIMIT))?;
        socket.set_nodelay(true)?;
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let mut tls = ClientConnection::new(config, name).map_err(io::Error::other)?;
        while tls.is_handshaking() {
            tls.complete_io(&mut socket)?;
        }
        Ok(Self(BufReader::new(StreamOwned::new(tls, socket))))
    }

    /// The server's own certificate in DER.
    pub fn certificate(&self) -> Option<Vec<u8>> {
        let chain = self.0.get_ref().conn.peer_certificates()?;
        Some(chain.first()?.to_vec())
    }

    /// Sends a request for `/` and reads the answer: its status, and whether the connection
    /// can be used again.
    pub fn ask(&mut self, method: &str) -> Result<(u16, bool), Fault> {
        let head = format!("{method} / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi");
        let tls = self.0.get_mut();
        let sent = tls.write_all(head.as_bytes()).and_then(|()| tls.flush());
        sent.map_err(|_| Fault::Lost)?;
        if !matches!(self.0.fill_buf(), Ok([_, ..])) {
            return Err(Fault::Lost);
        }
        self.answer().map_err(|_| Fault::Cut)
    }

    fn answer(&mut self) -> io::Result<(u16, bool)> {
        let bad = || io::Error::from(io::ErrorKind::InvalidData);
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(bad)?;
        let (mut length, mut keep) = (None, true);
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            if line == "\r\n" {
                break;
            }
            let (name, value) = line.trim_end().split_once(": ").ok_or_else(bad)?;
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse::<usize>().ok();
            } else if name.eq_ignore_ascii_case("connection") {
                keep = value != "close";
            }
        }
        let mut body = vec![0; length.ok_or_else(bad)?];
        self.0.read_exact(&mut body)?;
        Ok((status, keep))
    }
}
