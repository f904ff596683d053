//! Load by h2load of nghttp2 over HTTP/1.1 and HTTP/2, and by our own hand over HTTP/3; and by
//! OpenSSL, as many handshakes as it can make.

pub(crate) mod http3;

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::command::{Absent, run};
use crate::options::Plan;

/// What does not count at the beginning.
const WARM_UP: Duration = Duration::from_secs(1);

/// How many streams a connection has at once, where the protocol has streams.
const STREAMS: usize = 10;

/// How requests are sent.
#[derive(Clone, Copy)]
pub(crate) enum Protocol {
    /// HTTP/1.1 without TLS.
    Plain,
    /// HTTP/1.1 over TLS.
    Http1,
    /// HTTP/2, ten streams a connection.
    Http2,
}

/// Requests per second, each stream asking again when it has its answer.
pub(crate) fn throughput(address: SocketAddr, protocol: Protocol, plan: Plan) -> Result<f64> {
    let streams = STREAMS.to_string();
    let (scheme, arguments): (_, &[&str]) = match protocol {
        Protocol::Plain => ("http", &["--h1"]),
        Protocol::Http1 => ("https", &["--h1"]),
        Protocol::Http2 => (
            "https",
            &["--alpn-list=h2", "--max-concurrent-streams", &streams],
        ),
    };
    let clients = format!("--clients={}", plan.connections);
    let duration = format!("--duration={}", plan.seconds);
    let warm_up = format!("--warm-up-time={}", WARM_UP.as_secs());
    let url = format!("{scheme}://{address}/");
    let command = ["h2load", "--threads=1", &warm_up, &clients, &duration, &url];
    parse(&run(&[&command, arguments].concat())?)
}

/// Full handshakes per second, by as many clients as there are cores.
pub(crate) fn handshakes(address: SocketAddr, clients: usize, seconds: u32) -> Result<f64> {
    // The client's own time is in whole seconds.
    let begin = Instant::now();
    let client = || {
        Command::new("openssl")
            .args(["s_time", "-new", "-connect", &address.to_string()])
            .args(["-time", &seconds.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("openssl")
    };
    let started: Vec<_> = (0..clients).map(|_| client()).collect();
    let mut sum = 0.0;
    for client in started {
        let said = client?.wait_with_output()?;
        sum += parse_handshakes(&String::from_utf8_lossy(&said.stdout))?;
    }
    Ok(sum / begin.elapsed().as_secs_f64())
}

/// How many signatures OpenSSL makes in a second on all cores: no server can shake more hands.
pub(crate) fn signatures(algorithm: &str, cores: usize, seconds: u32) -> Result<f64> {
    let (cores, seconds) = (cores.to_string(), seconds.to_string());
    let words = ["-seconds", &seconds, "-multi", &cores, algorithm];
    parse_signatures(&run(&[&["openssl", "speed"], &words[..]].concat())?)
}

/// Makes a key and a certificate of its own, as OpenSSL names the kind of key.
pub(crate) fn make_pair(folder: &Path, kind: &[&str]) -> Result<()> {
    let (key, certificate) = (folder.join("tls.key"), folder.join("tls.crt"));
    let (key, certificate) = (key.to_string_lossy(), certificate.to_string_lossy());
    let command = "openssl req -x509 -nodes -days 1 -subj /CN=localhost -config /dev/null \
                   -addext subjectAltName=DNS:localhost -addext basicConstraints=CA:FALSE";
    let command: Vec<&str> = command.split_ascii_whitespace().collect();
    let files = ["-keyout", &key, "-out", &certificate];
    run(&[&command, kind, &files].concat())?;
    Ok(())
}

/// What it answers over TLS, or why it does not.
pub(crate) fn ask_over_tls(address: SocketAddr) -> Result<String> {
    let command = "curl --silent --show-error --insecure --include --http1.1 --max-time 5";
    let url = format!("https://{address}/");
    let words: Vec<&str> = command.split(' ').chain([url.as_str()]).collect();
    match run(&words) {
        Err(error) if !error.is::<Absent>() => Ok(error.to_string()),
        answer => answer,
    }
}

// 123 connections in 2 real seconds, 0 bytes read per connection
fn parse_handshakes(said: &str) -> Result<f64> {
    said.lines()
        .find_map(|line| {
            let (count, rest) = line.split_once(" connections in ")?;
            rest.contains(" real seconds")
                .then(|| count.trim().parse().ok())?
        })
        .filter(|count| *count > 0.0)
        .with_context(|| {
            format!("openssl s_time did not say 'connections in N real seconds'; it said: {said}")
        })
}

// The times of one operation have a unit; the first number without is signatures a second:
//  256 bits ecdsa (nistp256)   0.0000s   0.0001s  46411.1  15032.1
fn parse_signatures(said: &str) -> Result<f64> {
    said.lines()
        .find_map(|line| {
            let (_, figures) = line.split_once(" bits")?;
            figures
                .split_ascii_whitespace()
                .find_map(|word| word.parse().ok())
        })
        .with_context(|| format!("openssl speed did not say 'sign/s'; it said: {said}"))
}

fn parse(said: &str) -> Result<f64> {
    let missing = |wanted| format!("h2load did not say '{wanted}'; it said: {said}");
    // requests: 10 total, 10 started, 10 done, 10 succeeded, 0 failed, 0 errored, 0 timeout
    let requests = field(said, "requests:").with_context(|| missing("requests:"))?;
    let count = |what: &str| -> u64 {
        requests
            .split(',')
            .find_map(|part| part.trim().strip_suffix(what)?.trim().parse().ok())
            .unwrap_or(0)
    };
    let (total, succeeded) = (count("total"), count("succeeded"));
    let failed = count("failed") + count("errored") + count("timeout");
    ensure!(
        failed == 0 && succeeded > 0,
        "{failed} of {total} requests failed"
    );
    // finished in 5.00s, 1234.50 req/s, 1.2MB/s
    field(said, "finished in")
        .and_then(|finished| {
            finished
                .split(',')
                .find_map(|part| part.trim().strip_suffix("req/s")?.trim().parse().ok())
        })
        .with_context(|| missing("req/s"))
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
        let error = parse(&said).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("3 of 6172 requests failed"));
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
