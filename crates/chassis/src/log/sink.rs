//! Where log lines go: to memory, from which a thread of its own writes them to stdout.
//!
//! So no request waits for whoever reads the log, and many lines cost one call of the system.
//! A reader that has stopped can cost lines, but neither memory without end nor the service.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long lines are gathered before they are written together.
const GATHER: Duration = Duration::from_millis(1);

/// How many bytes wait for a reader, before further lines are lost: some thousand lines.
const CAPACITY: usize = 1024 * 1024;

/// How long the end of the process waits for the reader. With the longest drain by default this is
/// below the 10 s that `docker stop` waits before it kills.
const LAST_LINES: Duration = Duration::from_millis(400);

/// How many lines found no room since the process began.
static LOST: AtomicU64 = AtomicU64::new(0);

/// How many lines were lost since the process began: see [`LOST`].
pub(crate) fn lines_lost() -> u64 {
    LOST.load(Ordering::Relaxed)
}

/// The sink; all clones are the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sink(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// There are lines again.
    filled: Condvar,
    /// There are none any more.
    emptied: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<u8>,
    /// How many lines found no room since that was told.
    lost: u64,
    /// The thread waits for lines.
    idle: bool,
    /// The thread has lines that are not yet written.
    writing: bool,
}

impl Sink {
    /// Starts the thread that writes to `target`. What cannot be written there is dropped: a
    /// closed pipe must not stop the service.
    ///
    /// # Errors
    /// The system has no room for a thread.
    pub fn start(target: impl Write + Send + 'static) -> io::Result<Self> {
        let sink = Self::default();
        let own = sink.clone();
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || own.drain(target))?;
        Ok(sink)
    }

    /// Waits until every line is written, but not for ever.
    pub fn flush(&self) {
        let pending = |state: &mut State| state.writing || !state.lines.is_empty();
        let waited = self
            .0
            .emptied
            .wait_timeout_while(self.state(), LAST_LINES, pending);
        drop(waited);
    }

    fn drain(&self, mut target: impl Write) {
        let mut taken = Vec::new();
        loop {
            let mut state = self.state();
            while state.lines.is_empty() {
                state.idle = true;
                state = self
                    .0
                    .filled
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            drop(state);
            thread::sleep(GATHER);

            let mut state = self.state();
            std::mem::swap(&mut state.lines, &mut taken);
            let lost = std::mem::take(&mut state.lost);
            state.writing = true;
            drop(state);
            let _ = target.write_all(&taken).and_then(|()| target.flush());
            taken.clear();
            if lost > 0 {
                ::log::warn!(lines = lost; "log lines were lost: nobody has read them");
            }

            self.state().writing = false;
            self.0.emptied.notify_all();
        }
    }

    /// A thread that panicked between two lines has left nothing half-done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes whole lines: one that finds no room is lost as a whole.
impl Write for Sink {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut state = self.state();
        if state.lines.len() + line.len() > CAPACITY {
            state.lost += 1;
            LOST.fetch_add(1, Ordering::Relaxed);
        } else {
            state.lines.extend_from_slice(line);
        }
        if std::mem::take(&mut state.idle) {
            self.0.filled.notify_one();
        }
        Ok(line.len())
    }

    /// [`Sink::flush`] is for the end; a line must not wait for it.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A reader that says what it is given, and takes it when it is told to.
    struct Slow {
        given: mpsc::Sender<Vec<u8>>,
        go: mpsc::Receiver<()>,
    }

    impl Write for Slow {
        fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
            let _ = self.given.send(lines.to_vec());
            let _ = self.go.recv();
            Ok(lines.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A sink whose thread has its first line and cannot go on.
    fn stopped() -> (Sink, mpsc::Sender<()>, mpsc::Receiver<Vec<u8>>) {
        let ((given, read), (may, go)) = (mpsc::channel(), mpsc::channel());
        let mut sink = Sink::start(Slow { given, go }).unwrap();
        sink.write_all(b"1\n").unwrap();
        assert_eq!(read.recv().unwrap(), b"1\n");
        (sink, may, read)
    }

    #[test]
    fn lines_are_written_together_and_in_order() {
        let (mut sink, may, read) = stopped();
        for line in [b"2\n", b"3\n"] {
            sink.write_all(line).unwrap();
        }
        drop(may);
        Sink::flush(&sink);
        assert_eq!(read.try_iter().collect::<Vec<_>>(), [b"2\n3\n"]);
    }

    #[test]
    fn a_reader_that_has_stopped_costs_lines_and_no_more() {
        let (mut sink, _may, _read) = stopped();
        for _ in 0..CAPACITY / 1024 * 3 {
            sink.write_all(&[b'x'; 1024]).unwrap();
        }
        let state = sink.state();
        assert_eq!((state.lines.len(), state.lost), (CAPACITY, 2048));
    }
}
