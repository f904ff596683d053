//! Latency at a fixed rate. Each request has a time at which it is due, whatever became of
//! those before, and its latency begins there: one that has to wait because the server is
//! late counts as late ("coordinated omission" is the name of leaving that out). Load
//! generators that send the next request when they have an answer do not see it, nor does
//! h2load with a rate, which counts from the sending.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroU64;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, epoll, poll};
use rustix::thread::set_current_timer_slack;

/// What is asked; the connection is kept.
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// How long the last answers may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How long answers took, from when their requests were due.
#[derive(Debug)]
pub(crate) struct Latencies {
    /// How many answers came in a second.
    pub(crate) rate: f64,
    sorted: Vec<Duration>,
}

impl Latencies {
    /// As long took at most this many of a thousand.
    pub(crate) fn microseconds(&self, per_mille: usize) -> f64 {
        let last = self.sorted.len().saturating_sub(1);
        let index = (self.sorted.len() * per_mille).div_ceil(1000);
        self.sorted
            .get(index.saturating_sub(1).min(last))
            .map_or(0.0, |latency| latency.as_secs_f64() * 1e6)
    }
}

/// Asks `rate` times a second over so many connections in turn.
pub(crate) fn at_rate(
    address: SocketAddr,
    connections: u32,
    rate: f64,
    seconds: u32,
) -> Result<Latencies> {
    let mut lines = (0..connections)
        .map(|_| Line::open(address))
        .collect::<io::Result<Vec<_>>>()?;
    // A sleep ends up to 50 microseconds late else, which is longer than an answer takes.
    set_current_timer_slack(NonZeroU64::new(1))?;
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    for (index, line) in (0..).zip(&lines) {
        watch(&epoll, line, index)?;
    }
    let between = Duration::from_secs_f64(1.0 / rate);
    let begin = Instant::now();
    let end = begin + Duration::from_secs(seconds.into());
    let (mut due, mut turn, mut waiting) = (begin, 0, 0_usize);
    let mut latencies = Vec::new();
    let mut events = Vec::with_capacity(lines.len());
    loop {
        let now = Instant::now();
        while due <= now && due < end {
            lines[turn].due.push_back(due);
            lines[turn].ask()?;
            waiting += 1;
            turn = (turn + 1) % lines.len();
            due += between;
        }
        if now >= end && waiting == 0 {
            break;
        }
        let seconds = PATIENCE.as_secs();
        ensure!(
            now < end + PATIENCE,
            "answers are still missing {seconds} s after the last request was due"
        );
        let until = match waiting {
            _ if due < end => due,
            0 => end,
            _ => end + PATIENCE,
        };
        sleep(&epoll, until)?;
        events.clear();
        epoll::wait(&epoll, spare_capacity(&mut events), Some(&AT_ONCE))?;
        for event in &events {
            let index = event.data.u64();
            let Some(line) = lines.get_mut(usize::try_from(index).unwrap_or(usize::MAX)) else {
                continue;
            };
            match line.receive(address)? {
                Received::Part => {}
                Received::Whole => {
                    if let Some(due) = line.due.pop_front() {
                        latencies.push(due.elapsed());
                        waiting -= 1;
                    }
                    line.ask()?;
                }
                Received::End => {
                    watch(&epoll, line, index)?;
                    line.ask()?;
                }
            }
        }
    }
    latencies.sort_unstable();
    let count = u32::try_from(latencies.len()).unwrap_or(u32::MAX);
    Ok(Latencies {
        rate: f64::from(count) / begin.elapsed().as_secs_f64(),
        sorted: latencies,
    })
}

const AT_ONCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};

/// Until then, or until there is something to read.
fn sleep(epoll: &OwnedFd, until: Instant) -> io::Result<()> {
    let time = until.saturating_duration_since(Instant::now());
    let time = Timespec {
        tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: time.subsec_nanos().into(),
    };
    // Unlike epoll's own wait, in nanoseconds.
    poll(&mut [PollFd::new(epoll, PollFlags::IN)], Some(&time))?;
    Ok(())
}

/// Tells of answers under the line's index; a line that is closed is forgotten by itself.
fn watch(epoll: impl AsFd, line: &Line, index: u64) -> io::Result<()> {
    let data = epoll::EventData::new_u64(index);
    Ok(epoll::add(
        epoll,
        &line.stream,
        data,
        epoll::EventFlags::IN,
    )?)
}

/// What came of reading.
#[derive(Clone, Copy, PartialEq)]
enum Received {
    /// Not yet all of an answer.
    Part,
    /// The rest of an answer.
    Whole,
    /// The server has closed the connection; there is a new one.
    End,
}

/// A connection, and when the requests that it has to carry were due.
struct Line {
    stream: TcpStream,
    due: VecDeque<Instant>,
    asked: bool,
    received: Vec<u8>,
}

impl Line {
    fn open(address: SocketAddr) -> io::Result<Self> {
        Ok(Self {
            stream: connect(address)?,
            due: VecDeque::new(),
            asked: false,
            received: Vec::new(),
        })
    }

    /// Sends what is due, unless there is an answer to wait for.
    fn ask(&mut self) -> io::Result<()> {
        if !self.asked && !self.due.is_empty() {
            self.stream.write_all(REQUEST)?;
            self.asked = true;
        }
        Ok(())
    }

    fn receive(&mut self, address: SocketAddr) -> Result<Received> {
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            // A server may end a connection after so many requests; what is due stays due.
            Ok(0) => {
                let due = std::mem::take(&mut self.due);
                *self = Self {
                    due,
                    ..Self::open(address)?
                };
                Ok(Received::End)
            }
            Ok(length) => {
                self.received.extend_from_slice(&buffer[..length]);
                let whole = is_whole(&self.received)?;
                if whole {
                    self.received.clear();
                    self.asked = false;
                }
                Ok(if whole {
                    Received::Whole
                } else {
                    Received::Part
                })
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Received::Part),
            Err(error) => Err(error.into()),
        }
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

/// A connection that has had its answer and is kept open.
pub(crate) fn idle(address: SocketAddr) -> Result<TcpStream> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    get(&mut stream)?;
    Ok(stream)
}

/// Asks and waits for the whole answer.
pub(crate) fn get(stream: &mut TcpStream) -> Result<()> {
    stream.write_all(REQUEST)?;
    let mut received = Vec::new();
    let mut buffer = [0; 4096];
    while !is_whole(&received)? {
        let length = stream.read(&mut buffer)?;
        ensure!(length > 0, "the connection was closed within an answer");
        received.extend_from_slice(&buffer[..length]);
    }
    Ok(())
}

/// Whether the server still holds an idle connection.
pub(crate) fn is_open(stream: &TcpStream) -> bool {
    let would_block = |error: io::Error| error.kind() == io::ErrorKind::WouldBlock;
    stream.set_nonblocking(true).is_ok() && stream.peek(&mut [0]).is_err_and(would_block)
}

/// Whether this is a whole answer; one that is no success is an error.
fn is_whole(received: &[u8]) -> Result<bool> {
    let text = String::from_utf8_lossy(received);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return Ok(false);
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    match length {
        Some(length) if head.starts_with("HTTP/1.1 200 ") => Ok(body.len() >= length),
        _ => bail!("an answer is no success, or its length is not stated: {head}"),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

    #[test]
    fn an_answer_is_whole_with_its_last_byte() -> Result<()> {
        assert!(is_whole(ANSWER)?);
        assert!(!is_whole(&ANSWER[..ANSWER.len() - 1])?);
        assert!(!is_whole(&ANSWER[..10])?);
        assert!(is_whole(b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n").is_err());
        Ok(())
    }

    #[test]
    fn percentiles_are_of_the_sorted() {
        let latencies = Latencies {
            rate: 0.0,
            sorted: (1..=1000).map(Duration::from_micros).collect(),
        };
        let of = |per_mille| latencies.microseconds(per_mille).round();
        assert!((of(500) - 500.0).abs() < f64::EPSILON);
        assert!((of(990) - 990.0).abs() < f64::EPSILON);
        assert!((of(999) - 999.0).abs() < f64::EPSILON);
    }

    /// What a generator that waits for the answer would not see: while the server sleeps
    /// once, hundreds of requests are due, and each is late.
    #[test]
    fn what_waits_behind_a_pause_is_late() -> Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let server = std::thread::spawn(move || -> io::Result<()> {
            let (mut stream, _) = listener.accept()?;
            let mut buffer = [0; 4096];
            let mut paused = false;
            while stream.read(&mut buffer)? > 0 {
                if !paused {
                    std::thread::sleep(Duration::from_millis(300));
                    paused = true;
                }
                stream.write_all(ANSWER)?;
            }
            Ok(())
        });
        let latencies = at_rate(address, 1, 1000.0, 1)?;
        assert_eq!(latencies.sorted.len(), 1000);
        assert!(latencies.microseconds(900) > 100_000.0, "{latencies:?}");
        assert!(server.join().is_ok_and(|ended| ended.is_ok()));
        Ok(())
    }
}
