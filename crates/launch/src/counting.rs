//! The two processes beside nginx that tell Prometheus what it does.
//!
//! One reads a line for each request, which nginx writes into its standard input as it writes its
//! log: a piece for many lines, and nothing is lost. It opens no file and waits for no client, so
//! that nginx never waits for it; when it ends, nginx goes on. The other one, which may wait, looks
//! at nginx and at its certificate, and writes a line as well.

use core::{array, net::SocketAddr};

use drydock_launch::{
    metrics::{MAX_PAGE, Metrics, look},
    validity::validity,
};
use rustix::{
    event::{PollFd, PollFlags, poll},
    net::{
        SendFlags, SocketAddrUnix, accept_with, bind, connect, listen, send,
        sockopt::{Timeout, set_socket_reuseaddr, set_socket_send_buffer_size, set_socket_timeout},
    },
    stdio::dup2_stdin,
};

use super::{
    AddressFamily, AsFd, Duration, Fork, LOOK, MAX_FILE, METRICS_BIND, OSERR, Output, OwnedFd,
    Path, Pid, PipeFlags, SocketFlags, SocketType, Text, USAGE, Write, certificate_in,
    close_streams, described, fork, fs, getpid, getppid, io, nanosleep, pipe_with, put, read,
    socket_with, stderr, str, text_of, write_all,
};

/// How many may have connected and said nothing yet, and for how many looks. Who comes next takes
/// the place of the first of them, so that nobody keeps Prometheus from asking.
const MAX_CLIENTS: usize = 16;
const PATIENCE: u64 = 5;

/// How long nginx may take to say how many connections there are.
const LIMIT: Duration = Duration::from_secs(1);

/// Where Prometheus comes to.
pub(crate) fn listen_at(address: SocketAddr) -> Result<OwnedFd, u8> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let open = || {
        let socket = socket_with(family, SocketType::STREAM, flags, None)?;
        set_socket_reuseaddr(&socket, true)?;
        // Those of its connections are as large, so that a page is sent in one piece.
        set_socket_send_buffer_size(&socket, MAX_PAGE)?;
        bind(&socket, &address)?;
        listen(&socket, 128)?;
        Ok(socket)
    };
    match open() {
        Ok(socket) => Ok(socket),
        Err(error) => failed!(error, "{METRICS_BIND}={address}: cannot listen there"),
    }
}

/// Leaves both behind; what the caller writes into its standard input is counted from then on.
pub(crate) fn start(listener: OwnedFd, configuration: &str, scratch: &str) -> Result<(), u8> {
    let mut buffer = [0; MAX_FILE];
    let file = certificate_in(configuration, &mut buffer)?;
    let socket = Path::of(format_args!("{scratch}/status.sock"))?;
    // One that was killed has left it there, and nobody could listen.
    let _ = fs::unlink(socket.as_str());
    let Ok(socket) = SocketAddrUnix::new(socket.as_str()) else {
        refuse!(USAGE, "\"{}\" is too long for a socket", socket.as_str());
    };
    announce(scratch, 0)?;
    let (from, into) = match pipe_with(PipeFlags::CLOEXEC) {
        Ok(ends) => ends,
        Err(error) => failed!(error, "cannot make a pipe"),
    };
    let nginx = getpid();
    if let Fork::Child(_) = fork()? {
        drop(into);
        close_streams();
        count(&from, &listener);
        return Err(0);
    }
    drop((from, listener));
    if let Fork::Child(_) = fork()? {
        close_streams();
        tell(nginx, &socket, file, scratch, &into);
        return Err(0);
    }
    match dup2_stdin(&into) {
        Ok(()) => Ok(()),
        Err(error) => failed!(error, "cannot write into a pipe"),
    }
}

/// Until nobody writes any more.
fn count(from: &OwnedFd, listener: &OwnedFd) {
    let mut metrics = Metrics::default();
    let mut page = Text::<MAX_PAGE>::default();
    let (mut buffer, mut filled) = ([0; MAX_FILE], 0);
    let mut clients = [const { None::<(OwnedFd, u64)> }; MAX_CLIENTS];
    let mut next = 0;
    loop {
        let nobody = PollFd::new(from, PollFlags::empty());
        let mut polled: [_; MAX_CLIENTS + 2] = array::from_fn(|index| match index {
            0 => PollFd::new(from, PollFlags::IN),
            1 => PollFd::new(listener, PollFlags::IN),
            _ => clients[index - 2]
                .as_ref()
                .map_or(nobody.clone(), |(client, _)| {
                    PollFd::new(client, PollFlags::IN)
                }),
        });
        let _ = poll(&mut polled, None);
        let [written, connected, asked @ ..] = polled.map(|one| !one.revents().is_empty());
        if written {
            match io::read(from, &mut buffer[filled..]) {
                Ok(0) => return,
                Ok(length) => filled += length,
                Err(_) => {}
            }
            let end = buffer[..filled].iter().rposition(|byte| *byte == b'\n');
            let whole = end.map_or(0, |end| end + 1);
            for line in buffer[..whole].split(|byte| *byte == b'\n') {
                metrics.count(str::from_utf8(line).unwrap_or_default());
            }
            buffer.copy_within(whole..filled, 0);
            filled -= whole;
            // No line is that long.
            filled %= MAX_FILE;
        }
        for (client, asked) in clients.iter_mut().zip(asked) {
            if let Some((client, _)) = client.take_if(|_| asked) {
                answer(&client, &metrics, &mut page);
            }
            let _ = client.take_if(|(_, since)| metrics.looks() - *since > PATIENCE);
        }
        if connected && let Ok(client) = accept_with(listener, SocketFlags::NONBLOCK) {
            clients[next] = Some((client, metrics.looks()));
            next = (next + 1) % MAX_CLIENTS;
        }
    }
}

/// By the first bytes that there are, which Prometheus and all others send at once.
fn answer(client: &OwnedFd, metrics: &Metrics, page: &mut Text<MAX_PAGE>) {
    let mut asked = [0; MAX_FILE];
    let _ = io::read(client, &mut asked);
    page.length = 0;
    let status = if !asked.starts_with(b"GET /metrics ") {
        "404 Not Found"
    } else if metrics.write(page).is_ok() {
        "200 OK"
    } else {
        return;
    };
    let mut head = Text::<256>::default();
    let _ = write!(
        head,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        page.length
    );
    let more = SendFlags::NOSIGNAL | SendFlags::MORE;
    let _ = send(client, head.as_str().as_bytes(), more);
    let _ = send(client, page.as_str().as_bytes(), SendFlags::NOSIGNAL);
}

/// Looks at nginx each second, for as long as it is there and somebody reads.
fn tell(nginx: Pid, socket: &SocketAddrUnix, certificate: &str, scratch: &str, into: &OwnedFd) {
    let mut buffer = [0; MAX_FILE];
    let (mut loads, mut valid) = (None, [0; 2]);
    loop {
        let _ = nanosleep(&LOOK);
        if getppid() != Some(nginx) {
            return;
        }
        let mut line = Text::<256>::default();
        let _ = line.write_char('=');
        if let Some(mut values) = ask(socket, &mut buffer).ok().and_then(look) {
            // It has read the certificate that is there, and will read what this says next time; where
            // nothing can be written, in a full /tmp, both are tried again.
            if loads != Some(values[7]) && announce(scratch, values[7] + 1).is_ok() {
                loads = Some(values[7]);
                let text = read(certificate, &mut buffer).ok();
                valid = text.and_then(validity).unwrap_or_default();
            }
            values[8..].copy_from_slice(&valid);
            for value in values {
                let _ = write!(line, "{value} ");
            }
        }
        let _ = line.write_char('\n');
        if write_all(into.as_fd(), line.as_str().as_bytes()).is_err() {
            return;
        }
    }
}

/// Has nginx say, once it has loaded its configuration the next time, that it has.
fn announce(scratch: &str, loads: u64) -> Result<(), u8> {
    let (new, file) = (
        Path::of(format_args!("{scratch}/loads.new"))?,
        Path::of(format_args!("{scratch}/loads.conf"))?,
    );
    let line = Text::<64>::of(format_args!("add_header X-Loads {loads};\n"))?;
    // It may be reading the old one.
    match put(new.as_str(), line.as_str()).and_then(|()| fs::rename(new.as_str(), file.as_str())) {
        Ok(()) => Ok(()),
        Err(error) => failed!(error, "cannot write \"{}\"", file.as_str()),
    }
}

/// What nginx says of its connections.
fn ask<'a>(socket: &SocketAddrUnix, buffer: &'a mut [u8]) -> io::Result<&'a str> {
    let flags = SocketFlags::CLOEXEC;
    let nginx = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    for direction in [Timeout::Recv, Timeout::Send] {
        set_socket_timeout(&nginx, direction, Some(LIMIT))?;
    }
    connect(&nginx, socket)?;
    send(&nginx, b"GET / HTTP/1.0\r\n\r\n", SendFlags::NOSIGNAL)?;
    text_of(&nginx, buffer)
}
