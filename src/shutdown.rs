//! Signal → not ready → drain → stop.
//!
//! The kernel gives PID 1 no default action: a signal without a handler is not delivered, and
//! `docker stop` would end in a kill. So handlers stand before the first connection.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM and SIGINT, which mean the same here.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

/// One signal that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// As in `kill -l`, with `SIG`.
    pub name: &'static str,
    /// The exit code of a process that the signal ended: 128 and its number, as shells say it.
    pub code: u8,
}

impl Signals {
    /// Takes over both signals for the rest of the process's life.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn install() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) -> Stop {
        tokio::select! {
            _ = self.terminate.recv() => Stop { name: "SIGTERM", code: 143 },
            _ = self.interrupt.recv() => Stop { name: "SIGINT", code: 130 },
        }
    }
}
