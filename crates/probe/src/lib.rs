//! One HTTP/1.1 request whose answer becomes an exit code, or one connection: the health check of
//! an image that has no shell and no curl. It can also do nothing until it is ended: a container
//! of it keeps a network that others share, whichever of them starts anew.
//!
//! A redirect is a failure, because what is asked for here is the health of the server that
//! was named. Only `http` is spoken: a health check stays inside its container.
//!
//! It runs without the standard library and without a heap: see `Cargo.toml`. What it says is
//! written piece by piece, and what it is told is never copied.
#![cfg_attr(not(test), no_std)]

mod net;
mod url;

use core::{
    fmt::{self, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    slice,
    time::Duration,
};

use rustix::{
    event::pause,
    fd::BorrowedFd,
    fs::{self, Mode, OFlags},
    io::{self, Errno},
};

use net::{Clock, Stop, Stream};
use url::{Host, Scheme, Url};

/// The whole program: command line in (without the program's name), exit code out.
pub fn main<'a>(
    args: impl IntoIterator<Item = &'a [u8]>,
    stdout: BorrowedFd<'_>,
    stderr: BorrowedFd<'_>,
) -> u8 {
    let (mut stdout, mut stderr) = (Output(stdout), Output(stderr));
    // A closed stdout or stderr must not change a verdict, hence `let _`. A pipe that nobody
    // reads ends the program by a signal, but a healthy answer has nothing to say.
    match parse(args) {
        Ok(Command::Help) => {
            let _ = stdout.write_str(HELP);
            0
        }
        Ok(Command::Version) => {
            let _ = writeln!(stdout, "probe {}", env!("CARGO_PKG_VERSION"));
            0
        }
        Ok(Command::Hold) => loop {
            // It returns when a signal was handled, and none is.
            pause();
        },
        Ok(Command::Probe { url, wanted, limit }) => match run(&url, wanted, limit) {
            Ok(()) => 0,
            Err(failure) => {
                let _ = writeln!(stderr, "probe: {url}: {failure}");
                1
            }
        },
        Err(wrong) => {
            let _ = writeln!(stderr, "probe: {wrong}");
            2
        }
    }
}

/// Where text goes.
struct Output<'a>(BorrowedFd<'a>);

impl Write for Output<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            match io::write(self.0, rest) {
                Ok(count) => rest = &rest[count..],
                Err(Errno::INTR) => {}
                Err(_) => return Err(fmt::Error),
            }
        }
        Ok(())
    }
}
/// What `probe --help` prints.
const HELP: &str = "\
Usage: probe [--any] [--timeout SECONDS] URL

Sends one GET request and exits with
  0  when the answer is 2xx, or with --any whatever its status is
  1  when it is not, or when there is none in time; one line on stderr says why
  2  when it was called wrongly

URL is http://HOST[:PORT][/PATH][?QUERY]; HOST is localhost, a name in /etc/hosts, an
IPv4 address, or an IPv6 address in brackets. Redirects are not followed. A Unix socket
is asked by http://unix:SOCKET:[/PATH][?QUERY]. For tcp://HOST:PORT nothing is sent, and
a connection is enough.

  --any              any answer of HTTP will do
  --hold             send nothing, and wait until this is ended by SIGKILL
  --timeout SECONDS  limit for everything together, from the connection to the status
                     line: a whole number from 1 to 60 (default: 2)
  --help             print this text
  --version          print the version
";

const DEFAULT_LIMIT_SECONDS: u64 = 2;
const MAX_LIMIT_SECONDS: u64 = 60;

/// Longest status line that is read, in bytes. The buffer is larger than a status line needs
/// so that a short answer is read whole: closing a socket with unread bytes resets the
/// connection, which some servers log.
const MAX_STATUS_LINE: usize = 4096;

/// Longest request, in bytes: a URL's text goes into it once, the rest of it is short.
const MAX_REQUEST: usize = 4096;

const HOSTS: &str = "/etc/hosts";

/// How much of `/etc/hosts` is read, in bytes: Docker writes a few hundred.
const MAX_HOSTS: usize = 1 << 14;

/// How much of a foreign answer is shown, in bytes.
const MAX_SHOWN: usize = 40;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Command<'a> {
    /// Send the request.
    Probe {
        /// Where to.
        url: Url<'a>,
        /// Which answer is a good one.
        wanted: Wanted,
        /// Limit for everything together.
        limit: Duration,
    },
    /// Do nothing until it is ended.
    Hold,
    /// Print [`HELP`].
    Help,
    /// Print the version.
    Version,
}

/// Which answer is a good one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// 2xx.
    Success,
    /// Whatever the status.
    Any,
}

/// What is wrong with the command line, and what is allowed.
#[derive(Debug, PartialEq, Eq)]
enum Wrong<'a> {
    NotText(&'a [u8]),
    UnknownOption(&'a str),
    Limit(&'a [u8]),
    NoUrl,
    SecondUrl,
    Url(url::Refusal<'a>),
}

impl fmt::Display for Wrong<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotText(bytes) => write!(f, "\"{}\" is not UTF-8 text", bytes.escape_ascii()),
            Self::UnknownOption(option) => write!(
                f,
                "unknown option {option:?}; allowed are --any, --hold, --timeout SECONDS, --help and --version"
            ),
            Self::Limit(value) => write!(
                f,
                "--timeout \"{}\": allowed is a whole number from 1 to {MAX_LIMIT_SECONDS} (seconds)",
                value.escape_ascii()
            ),
            Self::NoUrl => f.write_str("no URL; usage: probe [--any] [--timeout SECONDS] URL"),
            Self::SecondUrl => f.write_str("more than one URL; allowed is one"),
            Self::Url(refusal) => write!(f, "{refusal}"),
        }
    }
}

/// Reads the command line, without the program's name.
fn parse<'a>(args: impl IntoIterator<Item = &'a [u8]>) -> Result<Command<'a>, Wrong<'a>> {
    let mut args = args.into_iter();
    let mut limit = Duration::from_secs(DEFAULT_LIMIT_SECONDS);
    let mut wanted = Wanted::Success;
    let mut url = None;
    while let Some(arg) = args.next() {
        match str::from_utf8(arg).map_err(|_| Wrong::NotText(arg))? {
            "--help" | "-h" => return Ok(Command::Help),
            "--version" | "-V" => return Ok(Command::Version),
            "--hold" => return Ok(Command::Hold),
            "--any" => wanted = Wanted::Any,
            "--timeout" => limit = parse_limit(args.next().unwrap_or_default())?,
            option if option.starts_with('-') => match option.strip_prefix("--timeout=") {
                Some(value) => limit = parse_limit(value.as_bytes())?,
                None => return Err(Wrong::UnknownOption(option)),
            },
            _ if url.is_some() => return Err(Wrong::SecondUrl),
            text => url = Some(Url::parse(text).map_err(Wrong::Url)?),
        }
    }
    let url = url.ok_or(Wrong::NoUrl)?;
    Ok(Command::Probe { url, wanted, limit })
}

fn parse_limit(value: &[u8]) -> Result<Duration, Wrong<'_>> {
    str::from_utf8(value)
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(|seconds| (1..=MAX_LIMIT_SECONDS).contains(seconds))
        .map(Duration::from_secs)
        .ok_or(Wrong::Limit(value))
}

/// Why the probe failed.
#[derive(Debug)]
enum Failure {
    /// The host's name is neither "localhost" nor in `/etc/hosts`.
    UnknownName,
    /// No connection to any address of the host.
    Connect(Errno),
    /// The connection broke before there was a status line.
    Broken(Errno),
    /// The server closed the connection before it sent a status line.
    Closed,
    /// The limit passed; the text says while what.
    TimedOut(&'static str, Duration),
    /// The answer does not start with an HTTP/1 status line; here is how it starts.
    NotHttp(Start),
    /// A redirect, which is not followed.
    Redirect(u16),
    /// Any other status that is not 2xx.
    Status(u16),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownName => write!(
                f,
                "the host's name is not in {HOSTS}, and no name server is asked; allowed are its names, localhost and addresses"
            ),
            Self::Connect(Errno::CONNREFUSED) => {
                f.write_str("connection refused: nothing listens there")?;
                listening(f)
            }
            Self::Connect(error) => write!(f, "cannot connect: {}", described(*error)),
            Self::Broken(error) => write!(f, "the connection broke: {}", described(*error)),
            Self::Closed => f.write_str("the server closed the connection without an answer"),
            Self::TimedOut(what, limit) => {
                write!(f, "time-out after {} s while {what}", limit.as_secs())
            }
            Self::NotHttp(start) => {
                write!(f, "the answer is not HTTP/1: it starts with \"{start}\"")
            }
            Self::Redirect(status) => write!(f, "status {status}: redirects are not followed"),
            Self::Status(status) => write!(f, "status {status}, wanted 2xx"),
        }
    }
}

/// Says at which ports something listens, as far as the kernel tells: proc(5) has a line for each
/// socket, with its own address as the second word, in hexadecimal, and its state as the fourth.
fn listening(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut buffer = [0; MAX_HOSTS];
    let mut before = "; what does is at port ";
    for (file, any) in [
        ("/proc/net/tcp", "00000000"),
        ("/proc/net/tcp6", "00000000000000000000000000000000"),
    ] {
        let lines = read(file, &mut buffer).split(|byte| *byte == b'\n');
        for line in lines.filter_map(|line| str::from_utf8(line).ok()) {
            let mut words = line.split_whitespace().skip(1);
            let (Some(local), Some("0A")) = (words.next(), words.nth(1)) else {
                continue;
            };
            let Some((address, Ok(port))) = local
                .split_once(':')
                .map(|(address, port)| (address, u16::from_str_radix(port, 16)))
            else {
                continue;
            };
            write!(f, "{before}{port}")?;
            if address != any {
                f.write_str(" of one address")?;
            }
            before = ", ";
        }
    }
    Ok(())
}

/// The C library's words for what a network does; its number for the rest, see errno(3).
fn described(error: Errno) -> impl fmt::Display {
    fmt::from_fn(move |f| match error {
        Errno::CONNRESET => f.write_str("connection reset by peer"),
        Errno::PIPE => f.write_str("broken pipe"),
        Errno::NOENT => f.write_str("there is no such socket"),
        Errno::NETUNREACH => f.write_str("network is unreachable"),
        Errno::HOSTUNREACH => f.write_str("no route to host"),
        Errno::ACCESS | Errno::PERM => f.write_str("it is not permitted"),
        Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL => f.write_str("no such address family here"),
        error => write!(f, "error {} of the system", error.raw_os_error()),
    })
}

/// The first bytes of an answer, shown so that they are safe for one line of a log.
#[derive(Debug)]
struct Start {
    bytes: [u8; MAX_SHOWN],
    length: usize,
}

impl Start {
    fn of(answer: &[u8]) -> Self {
        let mut bytes = [0; MAX_SHOWN];
        let length = answer.len().min(MAX_SHOWN);
        bytes[..length].copy_from_slice(&answer[..length]);
        Self { bytes, length }
    }
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.bytes[..self.length].escape_ascii())
    }
}

/// Sends the request and judges the answer, all within `limit`.
///
/// # Errors
/// Everything but a 2xx answer in time.
fn run(url: &Url<'_>, wanted: Wanted, limit: Duration) -> Result<(), Failure> {
    let clock = Clock::start(limit);
    let mut hosts = [0; MAX_HOSTS];
    let stream = match url.host {
        Host::Socket(path) => Stream::connect_unix(path, &clock)
            .map_err(|stop| failure(stop, "connecting", Failure::Connect))?,
        Host::Address(_) => connect(addresses(&url.host, &[]), url.port, &clock)?,
        Host::Name(_) => {
            let hosts = read(HOSTS, &mut hosts);
            connect(addresses(&url.host, hosts), url.port, &clock)?
        }
    };
    if url.scheme == Scheme::Tcp {
        return Ok(());
    }
    send(&stream, url, &clock)?;
    let mut buffer = [0; MAX_STATUS_LINE];
    judge(status_line(&stream, &mut buffer, &clock)?, wanted)
}

/// What the host may be reached by, in the order in which it is tried.
fn addresses(host: &Host<'_>, hosts: &[u8]) -> impl Iterator<Item = IpAddr> {
    // "localhost" is always the loopback (RFC 6761, 6.3), and an image may have no
    // /etc/hosts that says so.
    const LOOPBACK: [IpAddr; 2] = [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ];
    let (known, name) = match host {
        Host::Address(address) => (slice::from_ref(address), None),
        Host::Name(name) if name.eq_ignore_ascii_case("localhost") => (&LOOPBACK[..], None),
        // A look-up as a C library has it would be most of this program, and has no time
        // limit that can be set.
        Host::Name(name) => (&[][..], Some(name)),
        Host::Socket(_) => (&[][..], None),
    };
    let found = name
        .into_iter()
        .flat_map(move |name| addresses_in(hosts, name));
    known.iter().copied().chain(found)
}

/// The file's text, as far as there is room for it; nothing where there is no such file, because
/// images need not have one.
fn read<'a>(name: &str, buffer: &'a mut [u8]) -> &'a [u8] {
    let mut filled = 0;
    if let Ok(file) = fs::open(name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()) {
        while let Ok(count @ 1..) = io::read(&file, &mut buffer[filled..]) {
            filled += count;
        }
    }
    &buffer[..filled]
}

/// The addresses of a name in a file as hosts(5) describes it.
fn addresses_in(hosts: &[u8], name: &str) -> impl Iterator<Item = IpAddr> {
    let lines = hosts
        .split(|byte| *byte == b'\n')
        .filter_map(|line| str::from_utf8(line).ok())
        .map(|line| line.split('#').next().unwrap_or(line));
    lines.filter_map(move |line| {
        let mut words = line.split_whitespace();
        let address = words.next()?.parse().ok()?;
        words
            .any(|word| word.eq_ignore_ascii_case(name))
            .then_some(address)
    })
}

fn connect(
    addresses: impl Iterator<Item = IpAddr>,
    port: u16,
    clock: &Clock,
) -> Result<Stream, Failure> {
    let mut first = None;
    for address in addresses {
        match Stream::connect(SocketAddr::new(address, port), clock) {
            Ok(stream) => return Ok(stream),
            // The first address is the one that people mean by "localhost": its failure is told.
            Err(stop) => first = first.or(Some(failure(stop, "connecting", Failure::Connect))),
        }
    }
    Err(first.unwrap_or(Failure::UnknownName))
}

fn failure(stop: Stop, doing: &'static str, other: fn(Errno) -> Failure) -> Failure {
    match stop {
        Stop::TimeOut(limit) => Failure::TimedOut(doing, limit),
        Stop::Error(error) => other(error),
    }
}

fn send(stream: &Stream, url: &Url<'_>, clock: &Clock) -> Result<(), Failure> {
    let mut request = Request {
        bytes: [0; MAX_REQUEST],
        length: 0,
    };
    write!(
        request,
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: probe\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        url.target(),
        url.authority()
    )
    .map_err(|_| Failure::Broken(Errno::MSGSIZE))?;
    stream
        .send(&request.bytes[..request.length], clock)
        .map_err(|stop| failure(stop, "sending the request", Failure::Broken))
}

/// The request as one piece: in several, each would wait for the one before to be received.
struct Request {
    bytes: [u8; MAX_REQUEST],
    length: usize,
}

impl Write for Request {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let place = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

/// Reads until the end of the first line, or as much of it as is ever looked at.
fn status_line<'a>(
    stream: &Stream,
    buffer: &'a mut [u8],
    clock: &Clock,
) -> Result<&'a [u8], Failure> {
    let mut filled = 0;
    loop {
        let count = stream
            .receive(&mut buffer[filled..], clock)
            .map_err(|stop| failure(stop, "waiting for the status line", Failure::Broken))?;
        filled += count;
        if let Some(end) = buffer[..filled].iter().position(|byte| *byte == b'\n') {
            return Ok(&buffer[..end]);
        }
        if count == 0 || filled == buffer.len() {
            return Err(match filled {
                0 => Failure::Closed,
                _ => Failure::NotHttp(Start::of(&buffer[..filled])),
            });
        }
    }
}

/// Judges `HTTP/1.x NNN reason` (RFC 9112, section 4).
fn judge(line: &[u8], wanted: Wanted) -> Result<(), Failure> {
    match status(line) {
        Some(_) if wanted == Wanted::Any => Ok(()),
        Some(200..=299) => Ok(()),
        Some(code @ 300..=399) => Err(Failure::Redirect(code)),
        Some(code) => Err(Failure::Status(code)),
        None => Err(Failure::NotHttp(Start::of(line))),
    }
}

fn status(line: &[u8]) -> Option<u16> {
    let [b'0'..=b'9', b' ', a, b, c, rest @ ..] = line.strip_prefix(b"HTTP/1.")? else {
        return None;
    };
    if !matches!(rest.first(), None | Some(b' ' | b'\r')) {
        return None;
    }
    [a, b, c].into_iter().try_fold(0, |code, digit| {
        digit
            .is_ascii_digit()
            .then(|| code * 10 + u16::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_lines_are_judged() {
        for (line, wanted) in [
            ("HTTP/1.1 200 OK\r", Some(200)),
            ("HTTP/1.0 204", Some(204)),
            ("HTTP/1.1 503 Service Unavailable\r", Some(503)),
            ("HTTP/1.1 301 \r", Some(301)),
            ("HTTP/1.1 2000 OK", None),
            ("HTTP/1.1 20", None),
            ("HTTP/1.1 2x0 OK", None),
            ("HTTP/1.1  200 OK", None),
            ("HTTP/2 200", None),
            ("SSH-2.0-OpenSSH_9.2", None),
            ("", None),
        ] {
            assert_eq!(status(line.as_bytes()), wanted, "{line:?}");
        }
    }

    #[test]
    fn names_are_found_in_a_hosts_file() {
        let hosts = "127.0.0.1 localhost\n::1\tip6 App # app two\n10.0.0.7 app app.local\nbad app\n#1.1.1.1 app";
        let found = |name| -> Vec<String> {
            let addresses = addresses_in(hosts.as_bytes(), name);
            addresses.map(|address| address.to_string()).collect()
        };
        assert_eq!(found("app"), ["::1", "10.0.0.7"]);
        assert_eq!(found("APP.local"), ["10.0.0.7"]);
        assert!(found("two").is_empty());
        assert!(found("1.1.1.1").is_empty());
    }

    #[test]
    fn the_start_of_a_foreign_answer_fits_one_line() {
        let shown = |answer: &[u8]| Start::of(answer).to_string();
        assert_eq!(shown(b"\x15\x03\x01\n"), r"\x15\x03\x01\n");
        assert_eq!(shown(&[b'a'; 100]).len(), 40);
    }

    #[test]
    fn command_lines_are_read() {
        let parse = |line: &'static str| parse(line.split_whitespace().map(str::as_bytes));
        let probe = |wanted, seconds| {
            Ok(Command::Probe {
                url: Url::parse("http://a/").unwrap(),
                wanted,
                limit: Duration::from_secs(seconds),
            })
        };
        assert_eq!(parse("http://a/"), probe(Wanted::Success, 2));
        assert_eq!(parse("--any http://a/"), probe(Wanted::Any, 2));
        assert_eq!(parse("--timeout 60 http://a/"), probe(Wanted::Success, 60));
        assert_eq!(parse("http://a/ --timeout=1"), probe(Wanted::Success, 1));
        assert_eq!(parse("--hold"), Ok(Command::Hold));
        assert_eq!(parse("--help"), Ok(Command::Help));
        assert_eq!(parse("--version"), Ok(Command::Version));
        for wrong in [
            "",
            "--timeout",
            "--timeout 0 http://a/",
            "--timeout 61 http://a/",
            "--timeout 1.5 http://a/",
            "--timeout -1 http://a/",
            "--quiet http://a/",
            "http://a/ http://b/",
        ] {
            let message = parse(wrong).unwrap_err().to_string();
            assert!(!message.contains('\n'), "{message}");
        }
    }
}
