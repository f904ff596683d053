//! Signal → not ready → drain → stop.
//!
//! The kernel gives PID 1 no default action: a signal without a handler is not delivered, and
//! `docker stop` would end in a kill. So handlers stand before the first connection.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

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

/// How far the end of the process has come; there is no way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Stage {
    /// No stop signal has come.
    Serving,
    /// `/readyz` answers 503.
    Draining,
    /// Each answer is its connection's last one.
    Closing,
    /// A connection without a request ends.
    Emptying,
    /// Whatever is not answered yet is told 503.
    Over,
}

/// The [`Stage`] of this process; clones share one.
#[derive(Clone, Debug)]
pub struct Progress(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// As in `changes`, without its lock: every answer looks.
    stage: AtomicU8,
    changes: watch::Sender<Stage>,
}

impl Default for Progress {
    fn default() -> Self {
        Self(Arc::new(Shared {
            stage: AtomicU8::new(Stage::Serving as u8),
            changes: watch::Sender::new(Stage::Serving),
        }))
    }
}

impl Progress {
    /// From now on it is this stage, or a later one if that has come already.
    pub fn reach(&self, stage: Stage) {
        self.0.stage.fetch_max(stage as u8, Ordering::Release);
        self.0.changes.send_if_modified(|current| {
            let later = stage > *current;
            *current = stage.max(*current);
            later
        });
    }

    /// Whether the stage, or a later one, has come.
    #[must_use]
    pub fn has_reached(&self, stage: Stage) -> bool {
        self.0.stage.load(Ordering::Acquire) >= stage as u8
    }

    /// Waits for the stage, or a later one.
    pub async fn reached(&self, stage: Stage) {
        let mut changes = self.0.changes.subscribe();
        // The sender lives as long as `self`.
        let _ = changes.wait_for(|current| *current >= stage).await;
    }
}
