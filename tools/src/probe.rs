//! One HTTP/1.1 request whose answer becomes an exit code: the health check of an image
//! that has no shell and no curl.
//!
//! A redirect is a failure, because what is asked for here is the health of the server that
//! was named. Only `http` is spoken: a health check stays inside its container.

mod url;

use std::{
    ffi::OsString,
    fmt,
    fs::File,
    io::{self, ErrorKind, Read, Write, stderr, stdout},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    process::ExitCode,
    time::{Duration, Instant},
};

use url::{Host, Url};

/// The whole program: command line in (without the program's name), exit code out.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    // A closed stdout or stderr must not turn a verdict into a panic, hence `let _`.
    match parse(args) {
        Ok(Command::Help) => {
            let _ = stdout().write_all(HELP.as_bytes());
            ExitCode::SUCCESS
        }
        Ok(Command::Version) => {
            let _ = writeln!(stdout(), "probe {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Ok(Command::Probe { url, limit }) => match run(&url, limit) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                let _ = writeln!(stderr(), "probe: {url}: {failure}");
                ExitCode::from(1)
            }
        },
        Err(wrong) => {
            let _ = writeln!(stderr(), "probe: {wrong}");
            ExitCode::from(2)
        }
    }
}

/// What `probe --help` prints.
const HELP: &str = "\
Usage: probe [--timeout SECONDS] URL

Sends one GET request and exits with
  0  when the answer is 2xx
  1  when it is not, or when there is none in time; one line on stderr says why
  2  when it was called wrongly

URL is http://HOST[:PORT][/PATH][?QUERY]; HOST is localhost, a name in /etc/hosts, an
IPv4 address, or an IPv6 address in brackets. Redirects are not followed.

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

const HOSTS: &str = "/etc/hosts";

/// How much of `/etc/hosts` is read, in bytes: Docker writes a few hundred.
const MAX_HOSTS: u64 = 1 << 20;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Command {
    /// Send the request.
    Probe {
        /// Where to.
        url: Url,
        /// Limit for everything together.
        limit: Duration,
    },
    /// Print [`HELP`].
    Help,
    /// Print the version.
    Version,
}

/// Reads the command line, without the program's name.
///
/// # Errors
/// A sentence that says what is wrong and what is allowed.
fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut args = args.into_iter();
    let mut limit = DEFAULT_LIMIT_SECONDS;
    let mut url = None;
    while let Some(arg) = args.next() {
        let arg = arg
            .into_string()
            .map_err(|arg| format!("{:?} is not UTF-8 text", arg.to_string_lossy()))?;
        match arg.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--version" | "-V" => return Ok(Command::Version),
            "--timeout" => {
                let value = args.next().unwrap_or_default();
                limit = parse_limit(&value.to_string_lossy())?;
            }
            option if option.starts_with('-') => {
                if let Some(value) = option.strip_prefix("--timeout=") {
                    limit = parse_limit(value)?;
                } else {
                    return Err(format!(
                        "unknown option {option:?}; allowed are --timeout SECONDS, --help and --version"
                    ));
                }
            }
            _ if url.is_some() => return Err("more than one URL; allowed is one".to_owned()),
            text => url = Some(text.parse()?),
        }
    }
    let url = url.ok_or("no URL; usage: probe [--timeout SECONDS] URL")?;
    let limit = Duration::from_secs(limit);
    Ok(Command::Probe { url, limit })
}

fn parse_limit(text: &str) -> Result<u64, String> {
    text.parse()
        .ok()
        .filter(|seconds| (1..=MAX_LIMIT_SECONDS).contains(seconds))
        .ok_or_else(|| {
            format!("--timeout {text:?}: allowed is a whole number from 1 to {MAX_LIMIT_SECONDS} (seconds)")
        })
}

/// Why the probe failed.
#[derive(Debug)]
enum Failure {
    /// The host's name is neither "localhost" nor in `/etc/hosts`.
    UnknownName,
    /// No connection to any address of the host.
    Connect(io::Error),
    /// The connection broke before there was a status line.
    Broken(io::Error),
    /// The server closed the connection before it sent a status line.
    Closed,
    /// The limit passed; the text says while what.
    TimedOut(&'static str, Duration),
    /// The answer does not start with an HTTP/1 status line; here is how it starts.
    NotHttp(String),
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
            Self::Connect(error) if error.kind() == ErrorKind::ConnectionRefused => {
                f.write_str("connection refused: nothing listens there")
            }
            Self::Connect(error) => write!(f, "cannot connect: {error}"),
            Self::Broken(error) => write!(f, "the connection broke: {error}"),
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

/// Sends the request and judges the answer, all within `limit`.
///
/// # Errors
/// Everything but a 2xx answer in time.
fn run(url: &Url, limit: Duration) -> Result<(), Failure> {
    let clock = Clock {
        end: Instant::now() + limit,
        limit,
    };
    let addresses = look_up(url)?;
    let mut stream = connect(&addresses, &clock)?;
    send(&mut stream, url, &clock)?;
    judge(&status_line(&mut stream, &clock)?)
}

/// The end of the time that everything together may take.
struct Clock {
    end: Instant,
    limit: Duration,
}

impl Clock {
    fn rest(&self, doing: &'static str) -> Result<Duration, Failure> {
        match self.end.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(Failure::TimedOut(doing, self.limit)),
            rest => Ok(rest),
        }
    }

    /// A socket reports its time-out as one of two kinds, depending on the platform.
    fn explain(
        &self,
        error: io::Error,
        doing: &'static str,
        other: impl FnOnce(io::Error) -> Failure,
    ) -> Failure {
        match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => Failure::TimedOut(doing, self.limit),
            _ => other(error),
        }
    }
}

fn look_up(url: &Url) -> Result<Vec<SocketAddr>, Failure> {
    let addresses = match &url.host {
        Host::Address(address) => vec![*address],
        // "localhost" is always the loopback (RFC 6761, 6.3), and an image may have no
        // /etc/hosts that says so.
        Host::Name(name) if name.eq_ignore_ascii_case("localhost") => {
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        }
        // The C library's look-up would make this program half as large again, loads shared
        // libraries even in a static program, and has no time limit that can be set.
        Host::Name(name) => addresses_in(&read_hosts(), name),
    };
    if addresses.is_empty() {
        return Err(Failure::UnknownName);
    }
    let with_port = |address| SocketAddr::new(address, url.port);
    Ok(addresses.into_iter().map(with_port).collect())
}

/// The file's text; nothing where there is no such file, because images need not have one.
fn read_hosts() -> String {
    let mut text = Vec::new();
    let _ = File::open(HOSTS).and_then(|file| file.take(MAX_HOSTS).read_to_end(&mut text));
    String::from_utf8_lossy(&text).into_owned()
}

/// The addresses of a name in a file as hosts(5) describes it.
fn addresses_in(hosts: &str, name: &str) -> Vec<IpAddr> {
    let lines = hosts
        .lines()
        .map(|line| line.split('#').next().unwrap_or(line));
    lines
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let address = words.next()?.parse().ok()?;
            words
                .any(|word| word.eq_ignore_ascii_case(name))
                .then_some(address)
        })
        .collect()
}

fn connect(addresses: &[SocketAddr], clock: &Clock) -> Result<TcpStream, Failure> {
    const DOING: &str = "connecting";
    let mut last = None;
    for address in addresses {
        match TcpStream::connect_timeout(address, clock.rest(DOING)?) {
            Ok(stream) => return Ok(stream),
            // The first address is the one that people mean by "localhost": its failure is told.
            Err(error) => last = last.or(Some(clock.explain(error, DOING, Failure::Connect))),
        }
    }
    Err(last.unwrap_or(Failure::UnknownName))
}

fn send(stream: &mut TcpStream, url: &Url, clock: &Clock) -> Result<(), Failure> {
    const DOING: &str = "sending the request";
    stream
        .set_write_timeout(Some(clock.rest(DOING)?))
        .map_err(Failure::Broken)?;
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: probe\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        url.target,
        url.authority()
    );
    stream
        .write_all(request.as_bytes())
        .map_err(|error| clock.explain(error, DOING, Failure::Broken))
}

/// Reads until the end of the first line, or as much of it as is ever looked at.
fn status_line(stream: &mut TcpStream, clock: &Clock) -> Result<Vec<u8>, Failure> {
    const DOING: &str = "waiting for the status line";
    let mut buffer = [0; MAX_STATUS_LINE];
    let mut filled = 0;
    loop {
        // A server that sends one byte a second must not stretch the limit: the rest of the
        // time shrinks with each read.
        stream
            .set_read_timeout(Some(clock.rest(DOING)?))
            .map_err(Failure::Broken)?;
        let count = match stream.read(&mut buffer[filled..]) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(clock.explain(error, DOING, Failure::Broken)),
        };
        filled += count;
        if let Some(end) = buffer[..filled].iter().position(|byte| *byte == b'\n') {
            return Ok(buffer[..end].to_vec());
        }
        if count == 0 || filled == buffer.len() {
            return if filled == 0 {
                Err(Failure::Closed)
            } else {
                Err(Failure::NotHttp(start_of(&buffer[..filled])))
            };
        }
    }
}

/// Judges `HTTP/1.x NNN reason` (RFC 9112, section 4).
fn judge(line: &[u8]) -> Result<(), Failure> {
    match status(line) {
        Some(200..=299) => Ok(()),
        Some(code @ 300..=399) => Err(Failure::Redirect(code)),
        Some(code) => Err(Failure::Status(code)),
        None => Err(Failure::NotHttp(start_of(line))),
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

/// The first bytes, made safe for one line of a log.
fn start_of(bytes: &[u8]) -> String {
    bytes[..bytes.len().min(40)].escape_ascii().to_string()
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
            let addresses = addresses_in(hosts, name);
            addresses.iter().map(ToString::to_string).collect()
        };
        assert_eq!(found("app"), ["::1", "10.0.0.7"]);
        assert_eq!(found("APP.local"), ["10.0.0.7"]);
        assert!(found("two").is_empty());
        assert!(found("1.1.1.1").is_empty());
    }

    #[test]
    fn the_start_of_a_foreign_answer_fits_one_line() {
        assert_eq!(start_of(b"\x15\x03\x01\n"), r"\x15\x03\x01\n");
        assert_eq!(start_of(&[b'a'; 100]).len(), 40);
    }

    #[test]
    fn command_lines_are_read() {
        let parse = |line: &str| parse(line.split_whitespace().map(OsString::from));
        let probe = |seconds| {
            Ok(Command::Probe {
                url: "http://a/".parse().unwrap(),
                limit: Duration::from_secs(seconds),
            })
        };
        assert_eq!(parse("http://a/"), probe(2));
        assert_eq!(parse("--timeout 60 http://a/"), probe(60));
        assert_eq!(parse("http://a/ --timeout=1"), probe(1));
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
            let message = parse(wrong).unwrap_err();
            assert!(!message.contains('\n'), "{message}");
        }
    }
}
