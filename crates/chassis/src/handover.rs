//! A listening socket that outlives the process: it comes from whoever started this one, who is
//! told when it serves. So a program can be replaced without a refused connection.
//!
//! The protocols are systemd's: `sd_listen_fds(3)` and `sd_notify(3)`.

use std::env;
use std::ffi::OsString;
use std::io;
use std::net::TcpListener;
#[cfg(unix)]
use std::os::unix::net::UnixDatagram;
use std::process;

use listenfd::ListenFd;
use socket2::SockRef;

/// Why a socket that was passed cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HandoverError {
    /// Not exactly one, so that what the others are for is unknown.
    #[error("LISTEN_FDS={0:?}: one socket can be taken; allowed is 1")]
    NotOne(OsString),
    /// A file, a socket of another kind, or nothing.
    #[error("LISTEN_FDS=1: descriptor 3 is no listening TCP socket: {0}")]
    NotASocket(io::Error),
    /// A TCP socket, but one of a connection.
    #[error("LISTEN_FDS=1: descriptor 3 is no listening TCP socket: it does not listen")]
    NotListening,
}

/// The socket that was passed to this process. Those for another one (`LISTEN_PID`) are its own
/// business. Neither variable is there for a child afterwards, nor the socket itself.
///
/// # Errors
/// [`HandoverError`]
pub fn socket() -> Result<Option<TcpListener>, HandoverError> {
    let is_for_us = env::var("LISTEN_PID").is_ok_and(|pid| pid == process::id().to_string());
    let count = env::var_os("LISTEN_FDS");
    // Takes both variables away, and believes a LISTEN_FDS that names no process.
    let mut passed = ListenFd::from_env();
    match count {
        Some(count) if is_for_us && count == "1" => {
            let listener = passed.take_tcp_listener(0);
            let listener = listener.map_err(HandoverError::NotASocket)?;
            match listener {
                Some(listener) if listens(&listener) => Ok(Some(listener)),
                _ => Err(HandoverError::NotListening),
            }
        }
        Some(count) if is_for_us => Err(HandoverError::NotOne(count)),
        _ => Ok(None),
    }
}

/// Says that requests are answered, if somebody wants to know (`NOTIFY_SOCKET`).
///
/// # Errors
/// When the one who asked is not to be reached.
pub fn ready() -> io::Result<()> {
    #[cfg(unix)]
    if let Some(to) = env::var_os("NOTIFY_SOCKET") {
        notify(&to)?;
    }
    Ok(())
}

#[cfg(unix)]
fn notify(to: &OsString) -> io::Result<()> {
    const READY: &[u8] = b"READY=1\n";
    let socket = UnixDatagram::unbound()?;
    // Whoever does not listen must not hold the service up.
    socket.set_nonblocking(true)?;
    #[cfg(target_os = "linux")]
    if let [b'@', name @ ..] = to.as_encoded_bytes() {
        use std::os::linux::net::SocketAddrExt as _;
        let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
        return socket.send_to_addr(READY, &address).map(drop);
    }
    socket.send_to(READY, to).map(drop)
}

fn listens(listener: &TcpListener) -> bool {
    // Not every system can say.
    SockRef::from(listener).is_listener().unwrap_or(true)
}
