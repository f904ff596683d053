//! What the kernel has of connections that nobody has accepted yet.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
#[cfg(target_os = "linux")]
use socket2::{SockFilter, SockRef};

/// Lets no more connections be made, while those that are being made go on. The client's kernel
/// asks again after a second (RFC 6298).
///
/// # Errors
/// The kernel cannot do this.
#[cfg(target_os = "linux")]
pub fn refuse_new(listener: &impl AsFd) -> io::Result<()> {
    // In the kernel's classic BPF, on the packet from its TCP header on (filter.rst): byte 13 has
    // the flags; one with SYN (0x02) is dropped, any other one kept whole.
    SockRef::from(listener).attach_filter(&[
        SockFilter::new(0x30, 0, 0, 13),   // A <- byte 13
        SockFilter::new(0x45, 0, 1, 0x02), // A & SYN ? the next : the one after
        SockFilter::new(0x06, 0, 0, 0),    // keep no byte
        SockFilter::new(0x06, 0, 0, u32::MAX),
    ])
}

/// Only Linux can.
///
/// # Errors
/// None.
#[cfg(not(target_os = "linux"))]
pub fn refuse_new(_: &impl AsFd) -> io::Result<()> {
    Ok(())
}

/// Whether a connection waits to be accepted.
#[must_use]
pub fn is_waited_in(listener: &impl AsFd) -> bool {
    let mut listener = [PollFd::new(listener, PollFlags::IN)];
    // What cannot be asked is tried.
    poll(&mut listener, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
}

/// Whether a connection to this address is being made that cannot be accepted yet, as proc(5) has
/// it. Where nobody can say, there is none.
#[must_use]
pub fn is_being_made(address: SocketAddr) -> bool {
    let local = Local::new(address);
    tables().any(|table| table.lines().any(|line| local.is_being_made(line)))
}

/// How many connections to this address wait to be accepted, as proc(5) has it. Where nobody can
/// say, there is none.
#[must_use]
pub fn len(address: SocketAddr) -> usize {
    let local = Local::new(address);
    let all =
        |table: String| -> usize { table.lines().filter_map(|line| local.waiting(line)).sum() };
    tables().map(all).sum()
}

fn tables() -> impl Iterator<Item = String> {
    let tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
    tables
        .into_iter()
        .filter_map(|table| fs::read_to_string(table).ok())
}

/// An address as the kernel writes it.
struct Local {
    /// None: any.
    address: Option<String>,
    port: String,
}

impl Local {
    fn new(of: SocketAddr) -> Self {
        // Each word of an address is written as the processor has it.
        let word = |word: &[u8]| {
            let word = word.try_into().unwrap_or_default();
            format!("{:08X}", u32::from_ne_bytes(word))
        };
        let words = |octets: &[u8]| octets.chunks(4).map(word).collect::<String>();
        let address = match of.ip() {
            ip if ip.is_unspecified() => None,
            IpAddr::V4(ip) => Some(words(&ip.octets())),
            IpAddr::V6(ip) => Some(words(&ip.octets())),
        };
        Self {
            address,
            port: format!("{:04X}", of.port()),
        }
    }

    /// Whether a line of the table is a connection to here in the state `TCP_SYN_RECV`.
    fn is_being_made(&self, line: &str) -> bool {
        self.after(line, "03").is_some()
    }

    /// Of a line that is a socket in the state `TCP_LISTEN` here: its queue, which the kernel
    /// writes where a connection has the bytes that were not read yet.
    fn waiting(&self, line: &str) -> Option<usize> {
        let (_, received) = self.after(line, "0A")?.split_once(':')?;
        usize::from_str_radix(received, 16).ok()
    }

    /// Of a line that is a socket in this state here: what comes after the state.
    fn after<'line>(&self, line: &'line str, state: &str) -> Option<&'line str> {
        let mut words = line.split_ascii_whitespace();
        let (address, port) = words.nth(1)?.split_once(':')?;
        let here = port == self.port && self.address.as_ref().is_none_or(|own| own == address);
        (here && words.nth(1)? == state).then(|| words.next())?
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use socket2::{SockFilter, SockRef};

    use super::{Local, is_being_made, is_waited_in, len, refuse_new};

    #[test]
    fn who_waits_to_be_accepted_is_seen() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert!(!is_waited_in(&listener));
        let _client = TcpStream::connect(address).unwrap();
        assert!(is_waited_in(&listener));
        assert_eq!(len(address), 1);
        listener.accept().unwrap();
        assert!(!is_waited_in(&listener));
        assert_eq!(len(address), 0);
    }

    #[test]
    fn a_connection_is_seen_while_it_is_made() {
        for bind in ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"] {
            // Not every machine has IPv6.
            let Ok(listener) = TcpListener::bind(bind) else {
                assert!(bind.starts_with('['), "{bind}");
                continue;
            };
            let address = listener.local_addr().unwrap();
            // The reverse of `refuse_new`: the client's kernel never hears that it has heard.
            let only_syn = [
                SockFilter::new(0x30, 0, 0, 13),
                SockFilter::new(0x45, 1, 0, 0x02),
                SockFilter::new(0x06, 0, 0, 0),
                SockFilter::new(0x06, 0, 0, u32::MAX),
            ];
            match SockRef::from(&listener).attach_filter(&only_syn) {
                // Some kernels let only root; there is no other way to hold a handshake up.
                Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                    eprintln!("left out, since this kernel takes no filter from this user");
                    return;
                }
                attached => attached.unwrap(),
            }
            assert!(!is_being_made(address), "{bind}");
            let client = TcpStream::connect(address).unwrap();
            assert!(is_being_made(address) && !is_waited_in(&listener), "{bind}");
            // Whoever has begun gets through; the client says once more that it has.
            refuse_new(&listener).unwrap();
            drop(client);
            listener.accept().unwrap();
            assert!(!is_being_made(address), "{bind}");
        }
    }

    #[test]
    fn a_line_of_the_kernel_is_read() {
        let line = |local: &str, state: &str| {
            format!(
                "   1: {local} 0100007F:C4C2 {state} 00000000:00000000 00:00000000 00000000     0        0 0 1 0000000000000000 20 4 30 10 -1"
            )
        };
        let four = "0100007F:1F40";
        let six = "00000000000000000000000001000000:1F40";
        let local = |address: &str| Local::new(address.parse().unwrap());
        for own in ["127.0.0.1:8000", "0.0.0.0:8000", "[::]:8000"] {
            assert!(local(own).is_being_made(&line(four, "03")), "{own}");
            for other in ["01", "06", "08", "0A", "3"] {
                assert!(!local(own).is_being_made(&line(four, other)), "{other}");
            }
        }
        assert!(local("[::1]:8000").is_being_made(&line(six, "03")));
        for other in ["127.0.0.2:8000", "127.0.0.1:8001", "[::1]:8000"] {
            assert!(!local(other).is_being_made(&line(four, "03")), "{other}");
        }
        for nothing in ["", "  sl  local_address rem_address   st"] {
            assert!(!local("127.0.0.1:8000").is_being_made(nothing));
        }
    }
}
