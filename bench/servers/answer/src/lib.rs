//! What the servers here have in common: the four lines, made anew for each request from
//! its headers and its peer, and the address that they listen on.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Why there is no address to listen on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The program was called without a port.
    #[error("usage: PROGRAM PORT")]
    NoPort,
    /// The first argument is something else.
    #[error("PORT is '{0}'; it may be 0 to 65535")]
    NotAPort(String),
}

/// The loopback address with the port that is the program's first argument.
///
/// # Errors
/// When there is no argument, or it is no port.
pub fn address() -> Result<SocketAddr, Error> {
    let port = std::env::args().nth(1).ok_or(Error::NoPort)?;
    match port.parse() {
        Ok(port) => Ok((Ipv4Addr::LOCALHOST, port).into()),
        Err(_) => Err(Error::NotAPort(port)),
    }
}

/// The four lines. A header that is absent shows the peer, or `http`; unlike the service,
/// these servers believe whoever sends one.
pub fn lines<'a>(peer: IpAddr, header: impl Fn(&'static str) -> Option<&'a str>) -> String {
    let peer = peer.to_string();
    format!(
        "It's easier to ask forgiveness than it is to get permission.\n\
         X-Forwarded-For: {}\nX-Real-IP: {}\nX-Forwarded-Proto: {}\n",
        header("x-forwarded-for").unwrap_or(&peer),
        header("x-real-ip").unwrap_or(&peer),
        header("x-forwarded-proto").unwrap_or("http"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_header_shows_the_peer() {
        let lines = lines(Ipv4Addr::LOCALHOST.into(), |name| {
            (name == "x-real-ip").then_some("192.0.2.1")
        });
        assert!(lines.ends_with(
            "X-Forwarded-For: 127.0.0.1\nX-Real-IP: 192.0.2.1\nX-Forwarded-Proto: http\n"
        ));
    }
}
