//! A connection each step of which ends in time.

use core::{net::SocketAddr, time::Duration};

use rustix::{
    event::{PollFd, PollFlags, poll},
    fd::OwnedFd,
    fs::Timespec,
    io::{self, Errno},
    net::addr::SocketAddrArg,
    net::{
        self, AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType,
        connect, socket_with, sockopt::socket_error,
    },
    time::{ClockId, clock_gettime},
};

/// Why a step did not succeed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stop {
    /// The time for everything together is over; so much it was.
    TimeOut(Duration),
    /// What the kernel says.
    Error(Errno),
}

impl From<Errno> for Stop {
    fn from(error: Errno) -> Self {
        Self::Error(error)
    }
}

/// The end of the time that everything together may take.
pub(super) struct Clock {
    end: Timespec,
    limit: Duration,
}

impl Clock {
    pub(super) fn start(limit: Duration) -> Self {
        // The limit is at most a minute, and such a number fits.
        let length = Timespec::try_from(limit).unwrap_or_default();
        Self {
            end: clock_gettime(ClockId::Monotonic) + length,
            limit,
        }
    }

    /// Waits until the connection can be read from or written to. A server that sends one byte
    /// a second does not stretch the limit: what is left of it shrinks with each call.
    fn wait(&self, socket: &OwnedFd, events: PollFlags) -> Result<(), Stop> {
        loop {
            let rest = self.end - clock_gettime(ClockId::Monotonic);
            if rest <= Timespec::default() {
                return Err(Stop::TimeOut(self.limit));
            }
            match poll(&mut [PollFd::new(socket, events)], Some(&rest)) {
                Ok(0) => return Err(Stop::TimeOut(self.limit)),
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Does what would else wait, when it need not.
    fn when<T>(
        &self,
        socket: &OwnedFd,
        events: PollFlags,
        mut step: impl FnMut() -> io::Result<T>,
    ) -> Result<T, Stop> {
        loop {
            self.wait(socket, events)?;
            match step() {
                Err(Errno::INTR | Errno::AGAIN) => {}
                result => return Ok(result?),
            }
        }
    }
}

/// An open connection.
#[derive(Debug)]
pub(super) struct Stream(OwnedFd);

impl Stream {
    pub(super) fn connect(address: SocketAddr, clock: &Clock) -> Result<Self, Stop> {
        let family = match address {
            SocketAddr::V4(_) => AddressFamily::INET,
            SocketAddr::V6(_) => AddressFamily::INET6,
        };
        Self::connect_to(family, &address, clock)
    }

    pub(super) fn connect_unix(path: &str, clock: &Clock) -> Result<Self, Stop> {
        Self::connect_to(AddressFamily::UNIX, &SocketAddrUnix::new(path)?, clock)
    }

    fn connect_to(
        family: AddressFamily,
        address: &impl SocketAddrArg,
        clock: &Clock,
    ) -> Result<Self, Stop> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(family, SocketType::STREAM, flags, None)?;
        match connect(&socket, address) {
            // The kernel goes on with it, and says by "writable" that it is done.
            Err(Errno::INPROGRESS | Errno::INTR) => clock.wait(&socket, PollFlags::OUT)?,
            result => result?,
        }
        socket_error(&socket)??;
        Ok(Self(socket))
    }

    pub(super) fn send(&self, mut bytes: &[u8], clock: &Clock) -> Result<(), Stop> {
        while !bytes.is_empty() {
            // Without the signal that would end the program before it could say why.
            let count = clock.when(&self.0, PollFlags::OUT, || {
                net::send(&self.0, bytes, SendFlags::NOSIGNAL)
            })?;
            bytes = &bytes[count..];
        }
        Ok(())
    }

    /// How many bytes there are; none when the other side has closed.
    pub(super) fn receive(&self, buffer: &mut [u8], clock: &Clock) -> Result<usize, Stop> {
        let (count, _) = clock.when(&self.0, PollFlags::IN, || {
            net::recv(&self.0, &mut *buffer, RecvFlags::empty())
        })?;
        Ok(count)
    }
}
