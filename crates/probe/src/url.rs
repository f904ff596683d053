//! The small part of a URL (RFC 3986) that a health check needs.

use core::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

const ALLOWED: &str = "allowed is http://HOST[:PORT][/PATH][?QUERY], http://unix:SOCKET:[/PATH][?QUERY] or tcp://HOST:PORT, with an IPv6 address in brackets";

/// The port of `http` where the URL names none (RFC 9110, 4.2.1).
const DEFAULT_PORT: u16 = 80;

/// Longest URL that is accepted, in bytes: well above any health check's.
const MAX_LENGTH: usize = 2048;

/// How the server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    /// Not at all: it is connected to.
    Tcp,
}

/// An absolute `http` URL, or the address of a server.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Url<'a> {
    pub(super) scheme: Scheme,
    /// Whom to ask.
    pub(super) host: Host<'a>,
    /// 1 to 65535.
    pub(super) port: u16,
    /// Path and query as they were written; the path may be missing.
    path: &'a str,
}

/// The host part of a URL.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Host<'a> {
    /// An address that needs no look-up.
    Address(IpAddr),
    /// A name that does.
    Name(&'a str),
    /// The path of a Unix socket, written as nginx has it.
    Socket(&'a str),
}

/// Longest path of a Unix socket, in bytes: unix(7).
const MAX_SOCKET: usize = 107;

/// What is wrong with a URL, and what is allowed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal<'a> {
    TooLong,
    Wrong(&'a str, &'static str),
}

impl fmt::Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the URL is longer than {MAX_LENGTH} bytes"),
            Self::Wrong(text, why) => write!(f, "{text:?}: {why}; {ALLOWED}"),
        }
    }
}

impl<'a> Url<'a> {
    /// Host and port as the `Host` header wants them (RFC 9110, 7.2).
    pub(super) fn authority(&self) -> impl fmt::Display {
        fmt::from_fn(|f| {
            match self.host {
                Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]")?,
                Host::Address(IpAddr::V4(address)) => write!(f, "{address}")?,
                Host::Name(name) => f.write_str(name)?,
                // Whoever is there has no name.
                Host::Socket(_) => f.write_str("localhost")?,
            }
            match self.port {
                DEFAULT_PORT => Ok(()),
                port => write!(f, ":{port}"),
            }
        })
    }

    /// Path and query as sent in the request line.
    pub(super) fn target(&self) -> impl fmt::Display {
        fmt::from_fn(|f| {
            if !self.path.starts_with('/') {
                f.write_str("/")?;
            }
            f.write_str(self.path)
        })
    }

    pub(super) fn parse(text: &'a str) -> Result<Self, Refusal<'a>> {
        let refuse = |why| Err(Refusal::Wrong(text, why));
        if text.len() > MAX_LENGTH {
            return Err(Refusal::TooLong);
        }
        // A space or a line break would end the request line early and smuggle in headers.
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return refuse("has a character that a URL cannot have");
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return refuse("has no scheme");
        };
        let scheme = if scheme.eq_ignore_ascii_case("http") {
            Scheme::Http
        } else if scheme.eq_ignore_ascii_case("tcp") {
            Scheme::Tcp
        } else {
            return refuse("has a scheme that is not supported");
        };
        // A fragment is for the client alone (RFC 3986, 3.5): it is never sent.
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        if let Some(socket) = rest.strip_prefix("unix:")
            && scheme == Scheme::Http
        {
            let (socket, path) = socket.split_once(':').unwrap_or((socket, ""));
            if !socket.starts_with('/') || socket.len() > MAX_SOCKET {
                return refuse("has no absolute path of at most 107 bytes for a socket");
            }
            return Ok(Self {
                scheme,
                host: Host::Socket(socket),
                port: DEFAULT_PORT,
                path,
            });
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return refuse("has a user name");
        }
        let (host, port) = if let Some(bracketed) = authority.strip_prefix('[') {
            let Some((address, port)) = bracketed.split_once(']') else {
                return refuse("has no closing bracket");
            };
            let Ok(address) = address.parse::<Ipv6Addr>() else {
                return refuse("has no IPv6 address in its brackets");
            };
            (Host::Address(address.into()), port)
        } else {
            let end = authority.find(':').unwrap_or(authority.len());
            let (host, port) = authority.split_at(end);
            let Some(host) = name_or_v4(host) else {
                return refuse("has no valid host");
            };
            (host, port)
        };
        if scheme == Scheme::Tcp && !path.is_empty() {
            return refuse("has a path, which a connection has not");
        }
        let port = match (port, port.strip_prefix(':')) {
            ("", _) if scheme == Scheme::Tcp => return refuse("has no port"),
            ("", _) => DEFAULT_PORT,
            // Digits only, because `parse` would take a plus sign.
            (_, Some(digits)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                match digits.parse() {
                    Ok(port) if port > 0 => port,
                    _ => return refuse("has a port that is not from 1 to 65535"),
                }
            }
            _ => return refuse("has a port that is not a number"),
        };
        Ok(Self {
            scheme,
            host,
            port,
            path,
        })
    }
}

impl fmt::Display for Url<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.scheme, &self.host) {
            (_, Host::Socket(path)) => write!(f, "http://unix:{path}:{}", self.target()),
            (Scheme::Http, _) => write!(f, "http://{}{}", self.authority(), self.target()),
            (Scheme::Tcp, _) => write!(f, "tcp://{}", self.authority()),
        }
    }
}

fn name_or_v4(text: &str) -> Option<Host<'_>> {
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Some(Host::Address(address.into()));
    }
    // The underscore is no host name's, but Compose lets a service have one.
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    // 253 is the longest name that DNS can carry (RFC 1035, 2.3.4).
    let valid = !text.is_empty() && text.len() <= 253 && text.bytes().all(fits);
    valid.then_some(Host::Name(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read() {
        for (text, shown, port) in [
            (
                "http://127.0.0.1:8081/livez",
                "http://127.0.0.1:8081/livez",
                8081,
            ),
            ("http://127.0.0.1", "http://127.0.0.1/", 80),
            ("HTTP://app:80/", "http://app/", 80),
            ("http://[::1]:8000/a?b=c", "http://[::1]:8000/a?b=c", 8000),
            ("http://[0:0::1]", "http://[::1]/", 80),
            ("http://app?x", "http://app/?x", 80),
            (
                "http://unix:/run/a.socket",
                "http://unix:/run/a.socket:/",
                80,
            ),
            ("http://unix:/a:/b?c#d", "http://unix:/a:/b?c", 80),
            ("http://my_app.local/#top", "http://my_app.local/", 80),
            ("http://a:65535/:@", "http://a:65535/:@", 65535),
            ("tcp://127.0.0.1:8080", "tcp://127.0.0.1:8080", 8080),
            ("tcp://[::1]:9", "tcp://[::1]:9", 9),
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!(
                (url.to_string().as_str(), url.port),
                (shown, port),
                "{text}"
            );
        }
    }

    #[test]
    fn other_urls_are_refused_with_what_is_allowed() {
        for text in [
            "",
            "a",
            "//a/",
            "https://a/",
            "ftp://a/",
            "unix:/run/app.sock",
            "http://",
            "http:///livez",
            "http://:80/",
            "http://a:/",
            "http://a:0/",
            "http://a:65536/",
            "http://a:+80/",
            "http://a:80:80/",
            "http://a:http/",
            "http://u:p@a/",
            "http://::1/",
            "http://[::1/",
            "http://[::1]80/",
            "http://[127.0.0.1]/",
            "http://[fe80::1%25eth0]/",
            "http://a b/",
            "http://a/\r\nX-Evil: 1",
            "http://a/\t",
            "http://ä/",
            "http://a\\b/",
            "tcp://a",
            "tcp://a/",
            "tcp://a:1/",
            "tcp://a:1?b",
        ] {
            let message = Url::parse(text).unwrap_err().to_string();
            assert!(
                message.contains("allowed is http://"),
                "{text:?}: {message}"
            );
            assert!(!message.contains('\n'), "{message}");
        }
        for text in [
            format!("http://a/{}", "x".repeat(2048)),
            format!("http://{}/", "x".repeat(254)),
        ] {
            assert!(Url::parse(&text).is_err());
        }
    }
}
