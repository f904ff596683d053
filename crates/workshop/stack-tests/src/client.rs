//! The real clients: curl, openssl and gnutls.

use std::{path::Path, process::Command};

use crate::program::{self, QUICK};

/// An answer as curl saw it.
#[derive(Debug)]
pub struct Response {
    /// As in the status line: `HTTP/1.1`, `HTTP/2`, `HTTP/3`.
    pub version: String,
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Response {
    /// The header's value, if it is there exactly once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self
            .headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str());
        let first = values.next();
        assert!(values.next().is_none(), "{name} comes twice: {self:?}");
        first
    }

    /// All values of a header that is a list, which may come in several lines.
    pub fn list(&self, name: &str) -> String {
        let lines = self.headers.iter();
        let values = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let values: Vec<_> = values.map(|(_, value)| value.as_str()).collect();
        values.join(", ")
    }

    fn parse(text: &str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let mut status_line = lines.next()?.split(' ');
        Some(Self {
            version: status_line.next()?.to_owned(),
            status: status_line.next()?.parse().ok()?,
            headers: lines
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: body.to_owned(),
        })
    }
}

/// Fetches with curl; `args` hold the URL. The peer's certificate is verified against `ca`.
///
/// # Panics
/// When there is no answer.
pub fn curl(ca: &Path, args: &[&str]) -> Response {
    try_curl(ca, args).unwrap_or_else(|why| panic!("curl {args:?}: {why}"))
}

/// As [`curl`], with curl's own words where there is no answer.
pub fn try_curl(ca: &Path, args: &[&str]) -> Result<Response, String> {
    let mut command = Command::new("curl");
    command
        .args(["--disable", "--silent", "--show-error", "--include"])
        .args(["--noproxy", "*", "--max-time", "15", "--cacert"])
        .arg(ca)
        .args(args);
    let output = program::run(&mut command, QUICK);
    if !output.success {
        return Err(output.stderr);
    }
    Response::parse(&output.stdout).ok_or(output.stdout)
}

/// The codes of the answers to many requests, sent as fast as one HTTP/2 connection takes
/// them; `url` holds a range as curl writes it. Fewer at a time than the edge lets one have
/// (`http2_max_concurrent_streams`): it refuses what is above, and curl tries five times only.
pub fn burst(ca: &Path, url: &str) -> Vec<u16> {
    let mut command = Command::new("curl");
    command
        .args(["--disable", "--silent", "--show-error", "--noproxy", "*"])
        .args(["--http2", "--parallel", "--parallel-max", "30"])
        .args(["--max-time", "15", "--output", "/dev/null"])
        .args(["--write-out", "%{http_code}\n", "--cacert"])
        .arg(ca)
        .arg(url);
    program::output_of(&mut command, QUICK)
        .lines()
        .map(|code| code.parse().expect("a status code"))
        .collect()
}

/// One handshake with `openssl s_client`: what it reports, whether it succeeded or not.
pub fn handshake(port: u16, args: &[&str]) -> program::Output {
    handshake_and_send(port, args, "")
}

/// As [`handshake`], and sends `request` over the connection.
pub fn handshake_and_send(port: u16, args: &[&str], request: &str) -> program::Output {
    let mut command = Command::new("openssl");
    command
        .args(["s_client", "-servername", "localhost", "-connect"])
        .arg(format!("127.0.0.1:{port}"))
        .args(args);
    program::run_with_input(&mut command, request, QUICK)
}

/// Two handshakes of TLS 1.2 on one connection with `gnutls-cli`, whose priority string can
/// take parts of the protocol away; `openssl` always sends them.
pub fn renegotiation(port: u16, priority: &str) -> program::Output {
    let mut command = Command::new("gnutls-cli");
    command
        .args(["--insecure", "--rehandshake", "--priority", priority])
        .arg(format!("--port={port}"))
        .arg("127.0.0.1");
    program::run(&mut command, QUICK)
}

/// Runs `openssl` for keys and certificates.
pub fn openssl(args: &[&str]) -> String {
    program::output_of(Command::new("openssl").args(args), QUICK)
}
