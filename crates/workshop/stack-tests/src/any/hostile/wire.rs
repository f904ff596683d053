//! Raw bytes to the edge, through real TLS, with no client in between that would mend them.

use std::{
    fs,
    io::{self, Read, Write},
    net::{IpAddr, SocketAddr, TcpStream},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};

use crate::stack::Stack;

/// How long a server may take for anything that has no time-out of its own here.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// What the two sides speak, as the client offers it in the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Port 80, without TLS.
    Plain,
    Http1,
    Http2,
}

/// Both ports of an nginx container, at the container's own address: the engine's proxy on the
/// published ports would answer for it, and reset connections early.
pub struct Edge {
    address: IpAddr,
    http1: Arc<ClientConfig>,
    http2: Arc<ClientConfig>,
    http3: Arc<ClientConfig>,
}

impl Edge {
    /// That of the stack's only nginx.
    pub fn of(stack: &Stack) -> Self {
        let networks = &stack.inspect("nginx")["NetworkSettings"]["Networks"];
        let address = networks[stack.network("edge")]["IPAddress"]
            .as_str()
            .and_then(|address| address.parse().ok())
            .unwrap_or_else(|| panic!("no address in {networks}"));
        Self::at(address, &stack.ca())
    }

    /// One that listens there, and whose certificate this authority has signed.
    pub fn at(address: IpAddr, authority: &Path) -> Self {
        let client = |protocol| Arc::new(client(authority, protocol));
        Self {
            address,
            http1: client(b"http/1.1".as_slice()),
            http2: client(b"h2"),
            http3: client(b"h3"),
        }
    }

    /// Where it speaks QUIC.
    pub fn quic(&self) -> SocketAddr {
        SocketAddr::new(self.address, 443)
    }

    /// What a client of HTTP/3 offers in QUIC's handshake.
    pub fn http3(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.http3)
    }

    /// A connection of which nothing but TCP's own handshake has been sent.
    pub fn tcp(&self, protocol: Protocol) -> io::Result<TcpStream> {
        let port = if protocol == Protocol::Plain { 80 } else { 443 };
        let stream = TcpStream::connect_timeout(&SocketAddr::new(self.address, port), PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// A connection that is ready for the first byte of a request.
    pub fn connect(&self, protocol: Protocol) -> io::Result<Wire> {
        let stream = self.tcp(protocol)?;
        let config = match protocol {
            Protocol::Plain => return Ok(Wire::Plain(stream)),
            Protocol::Http1 => &self.http1,
            Protocol::Http2 => &self.http2,
        };
        let mut tls = start(stream, config)?;
        while tls.conn.is_handshaking() {
            tls.conn.complete_io(&mut tls.sock)?;
        }
        Ok(Wire::Tls(Box::new(tls)))
    }

    /// Configures a client that resumes sessions, and sends early data where a session allows it.
    pub fn early(&self) -> Arc<ClientConfig> {
        let mut config = ClientConfig::clone(&self.http1);
        config.resumption = rustls::client::Resumption::in_memory_sessions(8);
        config.enable_early_data = true;
        Arc::new(config)
    }
}

/// A connection for raw bytes.
pub enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Wire {
    /// Sends what the other end takes: a server that refuses need not read all of it.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = match self {
            Self::Plain(stream) => stream.write_all(bytes),
            Self::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        };
    }

    /// The connection below TLS.
    pub fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_ref(),
        }
    }

    /// What arrives next; nothing at the end, however the server ends it.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when nothing arrives in time.
    pub fn receive(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; 16 * 1024];
        let read = match self {
            Self::Plain(stream) => stream.read(&mut bytes),
            Self::Tls(stream) => stream.read(&mut bytes),
        };
        match read {
            Ok(length) => bytes.truncate(length),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(error),
            Err(_) => bytes.clear(),
        }
        Ok(bytes)
    }

    /// All that arrives until the server closes the connection.
    ///
    /// # Errors
    /// What has arrived, when it does not close it in time.
    pub fn receive_all(&mut self) -> Result<Vec<u8>, String> {
        let start = Instant::now();
        let mut all = Vec::new();
        loop {
            match self.receive() {
                Ok(bytes) if bytes.is_empty() => return Ok(all),
                Ok(bytes) if start.elapsed() < PATIENCE => all.extend(bytes),
                _ => return Err(format!("not closed, after {}", all.escape_ascii())),
            }
        }
    }
}

/// The client's side of TLS, of which nothing has been sent yet.
pub fn start(
    stream: TcpStream,
    config: &Arc<ClientConfig>,
) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    let tls = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
    Ok(StreamOwned::new(tls, stream))
}

/// Verifies as a browser does that trusts this authority, and resumes nothing: each connection
/// costs the edge what it can cost.
fn client(authority: &Path, protocol: &[u8]) -> ClientConfig {
    let pem = fs::read(authority).expect("the authority's certificate");
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.expect("a certificate in PEM");
        roots.add(certificate).expect("an authority");
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = rustls::client::Resumption::disabled();
    config.alpn_protocols = vec![protocol.to_vec()];
    config
}
