//! Which cores a program runs on. What is measured in microseconds must not wait for the one
//! who measures, so that one gets a core of its own where there is more than one. What the
//! machine itself holds up is measured, too: a request that meets a pause is late, whoever answers.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The cores of this program, apart.
pub(crate) struct Split {
    all: CpuSet,
    servers: CpuSet,
    generator: CpuSet,
}

impl Split {
    /// `None` with a single core, which both have to share.
    pub(crate) fn new() -> io::Result<Option<Self>> {
        let all = sched_getaffinity(None)?;
        let mut servers = all;
        let mut generator = CpuSet::new();
        let last = (0..CpuSet::MAX_CPU).rev().find(|core| all.is_set(*core));
        Ok(last.filter(|_| all.count() > 1).map(|last| {
            servers.unset(last);
            generator.set(last);
            Self {
                all,
                servers,
                generator,
            }
        }))
    }

    /// On how many cores servers run.
    pub(crate) fn servers(&self) -> usize {
        self.servers.count() as usize
    }

    /// Runs `start`, whose programs stay on the servers' cores.
    pub(crate) fn serving<T>(&self, start: impl FnOnce() -> T) -> io::Result<T> {
        self.on(&self.servers, start)
    }

    /// Runs `load` on the core that no server has.
    pub(crate) fn loading<T>(&self, load: impl FnOnce() -> T) -> io::Result<T> {
        self.on(&self.generator, load)
    }

    fn on<T>(&self, cores: &CpuSet, run: impl FnOnce() -> T) -> io::Result<T> {
        sched_setaffinity(None, cores)?;
        let done = run();
        sched_setaffinity(None, &self.all)?;
        Ok(done)
    }
}

/// A pause below this is the kernel's own business.
const STALL: Duration = Duration::from_millis(1);

/// For how long programs that never wait were kept waiting.
#[derive(Clone, Copy, Default)]
pub(crate) struct Stalls {
    /// The longest time without a step.
    pub(crate) longest: Duration,
    /// All of them, of each core.
    pub(crate) sum: Duration,
}

/// Keeps so many cores busy for so long, and looks for pauses.
pub(crate) fn stalls(cores: usize, time: Duration) -> Stalls {
    let busy = || {
        let begin = Instant::now();
        let (mut last, mut stalls) = (begin, Stalls::default());
        while last.duration_since(begin) < time {
            let now = Instant::now();
            let pause = now.duration_since(last);
            if pause > STALL {
                stalls.longest = stalls.longest.max(pause);
                stalls.sum += pause;
            }
            last = now;
        }
        stalls
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(busy)).collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().ok())
            .fold(Stalls::default(), |all, one| Stalls {
                longest: all.longest.max(one.longest),
                sum: all.sum + one.sum,
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_has_a_core_of_its_own() -> io::Result<()> {
        let all = sched_getaffinity(None)?;
        let Some(split) = Split::new()? else {
            assert_eq!(all.count(), 1);
            return Ok(());
        };
        let servers = split.serving(|| sched_getaffinity(None))??;
        let generator = split.loading(|| sched_getaffinity(None))??;
        assert_eq!(generator.count(), 1);
        assert_eq!(split.servers() + 1, all.count() as usize);
        assert!((0..CpuSet::MAX_CPU).all(|core| !(servers.is_set(core) && generator.is_set(core))));
        assert_eq!(sched_getaffinity(None)?, all);
        Ok(())
    }

    /// More threads than cores have to wait for each other.
    #[test]
    fn a_pause_is_seen() {
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let stalls = stalls(cores * 4, Duration::from_millis(300));
        assert!(stalls.longest > STALL);
        assert!(stalls.sum >= stalls.longest);
    }
}
