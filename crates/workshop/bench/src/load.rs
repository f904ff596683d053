//! Load by h2load of nghttp2 over HTTP/1.1 and HTTP/2, and by our own hand over HTTP/3; and by
//! OpenSSL, as many handshakes as it can make.

mod http3;

use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::error::Error;

/// What does not count at the beginning.
const WARM_UP: Duration = Duration::from_secs(1);

/// How many streams a connection has at once, where the protocol has streams.
const STREAMS: usize = 10;

/// What is asked of the load generator.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// Connections, each of which is kept.
    pub(crate) connections: u32,
    /// How long it measures, after a second that does not count.
    pub(crate) seconds: u32,
}

/// How requests are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Protocol {
    /// HTTP/1.1 without TLS.
    Plain,
    /// HTTP/1.1 over TLS.
    Http1,
    /// HTTP/2, ten streams a connection.
    Http2,
    /// HTTP/3, ten streams a connection.
    Http3,
}

/// Requests per second, each stream asking again when it has its answer.
pub(crate) fn throughput(
    address: SocketAddr,
    protocol: Protocol,
    plan: Plan,
) -> Result<f64, Error> {
    let streams = STREAMS.to_string();
    let (scheme, arguments) = match protocol {
        Protocol::Plain => ("http", &["--h1"] as &[&str]),
        Protocol::Http1 => ("https", &["--h1"] as _),
        Protocol::Http2 => (
            "https",
            &["--alpn-list", "h2", "--max-concurrent-streams", &streams] as _,
        ),
        Protocol::Http3 => return http3::throughput(address, plan),
    };
    let output = output(
        Command::new("h2load")
            .args(arguments)
            .args(["--threads", "1"])
            .args(["--warm-up-time", &WARM_UP.as_secs().to_string()])
            .args(["--clients", &plan.connections.to_string()])
            .args(["--duration", &plan.seconds.to_string()])
            .arg(format!("{scheme}://{address}/")),
    )?;
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// Full handshakes per second, by as many clients as there are cores.
pub(crate) fn handshakes(address: SocketAddr, clients: usize, seconds: u32) -> Result<f64, Error> {
    // The client's own time is in whole seconds.
    let begin = Instant::now();
    let started = (0..clients)
        .map(|_| {
            Command::new("openssl")
                .args(["s_time", "-new", "-connect", &address.to_string()])
                .args(["-time", &seconds.to_string()])
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .map_err(no_load("openssl"))
        })
        .collect::<Result<Vec<_>, Error>>()?;
    let mut sum = 0.0;
    for client in started {
        let said = client.wait_with_output()?;
        sum += parse_handshakes(&String::from_utf8_lossy(&said.stdout))?;
    }
    Ok(sum / begin.elapsed().as_secs_f64())
}

/// How many signatures OpenSSL makes in a second on all cores: no server can shake more hands.
pub(crate) fn signatures(algorithm: &str, cores: usize, seconds: u32) -> Result<f64, Error> {
    let output = output(
        Command::new("openssl")
            .args(["speed", "-seconds", &seconds.to_string()])
            .args(["-multi", &cores.to_string(), algorithm]),
    )?;
    parse_signatures(&String::from_utf8_lossy(&output.stdout))
}

/// Makes a key and a certificate of its own, as OpenSSL names the kind of key.
pub(crate) fn make_pair(folder: &std::path::Path, kind: &[&str]) -> Result<(), Error> {
    let output = output(
        Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-nodes",
                "-days",
                "1",
                "-subj",
                "/CN=localhost",
            ])
            .args(["-config", "/dev/null"])
            .args(kind)
            .arg("-keyout")
            .arg(folder.join("tls.key"))
            .arg("-out")
            .arg(folder.join("tls.crt")),
    )?;
    if output.status.success() {
        Ok(())
    } else {
        Err(Error::Load {
            program: "openssl",
            wanted: "a certificate",
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

/// Whether it answers over TLS.
pub(crate) fn answers_over_tls(address: SocketAddr) -> Result<String, Error> {
    let output = output(
        Command::new("curl")
            .args([
                "--silent",
                "--show-error",
                "--insecure",
                "--include",
                "--http1.1",
            ])
            .args(["--max-time", "5"])
            .arg(format!("https://{address}/")),
    )?;
    Ok(String::from_utf8_lossy(if output.status.success() {
        &output.stdout
    } else {
        &output.stderr
    })
    .into_owned())
}

fn output(command: &mut Command) -> Result<Output, Error> {
    let program = match command.get_program().to_str() {
        Some("curl") => "curl",
        Some("openssl") => "openssl",
        _ => "h2load",
    };
    command
        .stdin(Stdio::null())
        .output()
        .map_err(no_load(program))
}

fn no_load(program: &'static str) -> impl Fn(std::io::Error) -> Error {
    move |source| Error::NoLoad { program, source }
}

// 123 connections in 2 real seconds, 0 bytes read per connection
fn parse_handshakes(said: &str) -> Result<f64, Error> {
    said.lines()
        .find_map(|line| {
            let (count, rest) = line.split_once(" connections in ")?;
            rest.contains(" real seconds")
                .then(|| count.trim().parse().ok())?
        })
        .filter(|count| *count > 0.0)
        .ok_or_else(|| Error::Load {
            program: "openssl s_time",
            wanted: "connections in N real seconds",
            said: said.to_owned(),
        })
}

// The times of one operation have a unit; the first number without is signatures a second:
//  256 bits ecdsa (nistp256)   0.0000s   0.0001s  46411.1  15032.1
fn parse_signatures(said: &str) -> Result<f64, Error> {
    said.lines()
        .find_map(|line| {
            let (_, figures) = line.split_once(" bits")?;
            figures
                .split_ascii_whitespace()
                .find_map(|word| word.parse().ok())
        })
        .ok_or_else(|| Error::Load {
            program: "openssl speed",
            wanted: "sign/s",
            said: said.to_owned(),
        })
}

fn parse(said: &str) -> Result<f64, Error> {
    let missing = |wanted| Error::Load {
        program: "h2load",
        wanted,
        said: said.to_owned(),
    };
    // requests: 10 total, 10 started, 10 done, 10 succeeded, 0 failed, 0 errored, 0 timeout
    let requests = field(said, "requests:").ok_or_else(|| missing("requests:"))?;
    let count = |what: &str| -> u64 {
        requests
            .split(',')
            .find_map(|part| part.trim().strip_suffix(what)?.trim().parse().ok())
            .unwrap_or(0)
    };
    let (total, succeeded) = (count("total"), count("succeeded"));
    let failed = count("failed") + count("errored") + count("timeout");
    if failed > 0 || succeeded == 0 {
        return Err(Error::Failed { failed, total });
    }
    // finished in 5.00s, 1234.50 req/s, 1.2MB/s
    field(said, "finished in")
        .and_then(|finished| {
            finished
                .split(',')
                .find_map(|part| part.trim().strip_suffix("req/s")?.trim().parse().ok())
        })
        .ok_or_else(|| missing("req/s"))
}

fn field<'a>(said: &'a str, name: &str) -> Option<&'a str> {
    said.lines().find_map(|line| line.strip_prefix(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "finished in 5.00s, 1234.50 req/s, 1.20MB/s\n\
        requests: 6172 total, 6172 started, 6172 done, 6172 succeeded, 0 failed, 0 errored, 0 timeout\n";

    #[test]
    fn the_rate_is_read() {
        assert!((parse(SAID).unwrap_or(0.0) - 1234.5).abs() < f64::EPSILON);
    }

    #[test]
    fn failed_requests_are_no_rate() {
        let said = SAID.replace("0 errored", "3 errored");
        assert!(matches!(
            parse(&said),
            Err(Error::Failed {
                failed: 3,
                total: 6172
            })
        ));
    }

    #[test]
    fn handshakes_and_signatures_are_read() {
        let said = "84 connections in 0.06s; 1400.00 connections/user sec, bytes read 0\n\
            84 connections in 2 real seconds, 0 bytes read per connection\n";
        assert!((parse_handshakes(said).unwrap_or(0.0) - 84.0).abs() < f64::EPSILON);
        assert!(parse_handshakes("0 connections in 2 real seconds").is_err());
        let said = "                   sign    verify    sign/s verify/s\n\
            rsa  2048 bits 0.000603s 0.000018s   1658.3  56411.2\n";
        assert!((parse_signatures(said).unwrap_or(0.0) - 1658.3).abs() < f64::EPSILON);
    }

    #[test]
    fn what_is_not_understood_is_shown() {
        let error = parse("nothing").err().map(|error| error.to_string());
        assert_eq!(
            error.as_deref(),
            Some("h2load did not say 'requests:'; it said: nothing")
        );
    }
}
