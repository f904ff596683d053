//! A stack under attack, and what has to hold of it meanwhile.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::wire::{Edge, Protocol};
use crate::{
    any::faults::edge,
    program::eventually,
    stack::{Stack, docker, inspect},
};

/// How long a well-behaved client may wait for its answer, from the first packet on. Without
/// load it is a few milliseconds; an edge that is stuck takes one of its time-outs, 10 s.
const LATENCY: Duration = Duration::from_secs(2);

/// The well-behaved client's pause between two requests.
const PAUSE: Duration = Duration::from_millis(50);

/// How much of its memory limit a container may use, in per cent.
const MEMORY: f64 = 90.0;

/// What the well-behaved client asks for; no hostile case does.
const POLITE: &str = "/";

/// A request that is the last one: when its line is in the log, so are those before it.
const LAST: &str = "/last";

/// A stack of its own, with a well-behaved client that asks all the time.
pub struct Siege {
    stack: Stack,
    pub edge: Arc<Edge>,
    workers: Vec<i32>,
    over: Arc<AtomicBool>,
    polite: Option<JoinHandle<Vec<Duration>>>,
}

impl Siege {
    /// Starts a stack, and its well-behaved client.
    pub fn begin() -> Self {
        let stack = Stack::up("services: {app: {environment: {APP_LOG_FORMAT: json}}}");
        let edge = Arc::new(Edge::of(&stack));
        let over = Arc::new(AtomicBool::new(false));
        let polite = thread::spawn({
            let (edge, over) = (Arc::clone(&edge), Arc::clone(&over));
            move || {
                let mut waited = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    waited.push(ask(&edge, POLITE, "200"));
                    thread::sleep(PAUSE);
                }
                waited
            }
        });
        Self {
            workers: edge::workers(&stack),
            stack,
            edge,
            over,
            polite: Some(polite),
        }
    }

    /// Asserts that both containers are within their memory; at the height of the attack.
    pub fn assert_memory(&self) {
        for service in ["app", "nginx"] {
            let id = self.stack.container(service);
            let used = docker(&["stats", "--no-stream", "--format", "{{.MemPerc}}", &id]);
            let percent: f64 = used
                .trim_end_matches('%')
                .parse()
                .unwrap_or_else(|_| panic!("no percentage: {used}"));
            assert!(percent < MEMORY, "{service} uses {used} of its memory");
        }
    }

    /// Ends the attack. Asserts that the well-behaved client was served in time all along, that
    /// nothing was killed or restarted, and that the app has got `expected` (`METHOD path`), the
    /// well-behaved client's own requests, and nothing else.
    pub fn end(mut self, mut expected: Vec<String>) {
        self.assert_memory();
        self.over.store(true, Ordering::Relaxed);
        let Some(Ok(waited)) = self.polite.take().map(JoinHandle::join) else {
            panic!("the well-behaved client was not served");
        };
        let slowest = waited.iter().max().expect("at least one request");
        assert!(*slowest < LATENCY, "a good client waited {slowest:?}");

        for service in ["app", "nginx"] {
            let state = inspect(&self.stack.container(service));
            assert_eq!(state["State"]["OOMKilled"], false, "{service}");
            assert_eq!(state["RestartCount"], 0, "{service}");
        }
        assert_eq!(edge::workers(&self.stack), self.workers, "a worker died");
        // Nothing that a client sends is worth one of these lines.
        let nginx = self.stack.compose(&["logs", "--no-color", "nginx"]).text();
        for level in ["[alert]", "[emerg]", "[crit]"] {
            let mut lines = nginx.lines().filter(|line| line.contains(level));
            assert_eq!(lines.next(), None);
        }
        let app = docker(&["logs", &self.stack.container("app")]);
        for level in ["warn", "error"] {
            let level = format!("\"level\":\"{level}\"");
            assert_eq!(app.lines().find(|line| line.contains(&level)), None);
        }

        expected.extend(waited.iter().map(|_| format!("GET {POLITE}")));
        let last = format!("GET {LAST}");
        expected.push(last.clone());
        expected.sort();
        ask(&self.edge, LAST, "404");
        let mut got = eventually("the last request's log line", LATENCY, || {
            let lines = self.requests();
            lines.contains(&last).then_some(lines)
        });
        got.sort();
        let (unexpected, missing) = (without(&got, &expected), without(&expected, &got));
        assert!(
            unexpected.is_empty() && missing.is_empty(),
            "the app has got {unexpected:?}, and not {missing:?}"
        );
    }

    /// What the app has got, but for probes: `METHOD path`, as its log has it.
    pub fn requests(&self) -> Vec<String> {
        let log = docker(&["logs", &self.stack.container("app")]);
        log.lines()
            .filter_map(|line| {
                let line: Value =
                    serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {line}"));
                let part = |name: &str| line[name].as_str().map(str::to_owned);
                Some(format!("{} {}", part("method")?, part("path")?))
            })
            .collect()
    }
}

impl Drop for Siege {
    fn drop(&mut self) {
        // Or it would be refused by a stack that is being removed.
        self.over.store(true, Ordering::Relaxed);
        if let Some(polite) = self.polite.take() {
            let _ = polite.join();
        }
    }
}

/// One request on a connection of its own: how long it took, from connecting to the end.
fn ask(edge: &Edge, path: &str, status: &str) -> Duration {
    let start = Instant::now();
    let mut wire = edge
        .connect(Protocol::Http1)
        .unwrap_or_else(|why| panic!("a good client cannot connect: {why}"));
    wire.send(
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes(),
    );
    let answer = wire
        .receive_all()
        .unwrap_or_else(|why| panic!("a good client: {why}"));
    let answer = String::from_utf8_lossy(&answer);
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "a good client got {answer}"
    );
    start.elapsed()
}

/// What `all` has more often than `some` (both sorted).
fn without<'all>(all: &'all [String], some: &[String]) -> Vec<&'all str> {
    let mut some = some.iter().peekable();
    all.iter()
        .filter(|item| {
            while some.next_if(|other| other < item).is_some() {}
            some.next_if(|other| other == item).is_none()
        })
        .map(String::as_str)
        .collect()
}
