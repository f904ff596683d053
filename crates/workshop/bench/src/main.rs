//! Measures the service side by side with what people would use instead: each round starts
//! every contender, one after the other, so that what the machine does besides falls on all
//! of them. Figures go to standard output as CSV, and ratios to standard error; `page` makes
//! docs/SPEED.md of those that were kept.

#![warn(clippy::expect_used, clippy::unwrap_used, unreachable_pub)]

mod building;
mod contender;
mod cores;
mod error;
mod load;
mod options;
mod pace;
mod page;
mod results;
mod statistics;

use std::process::ExitCode;
use std::time::Duration;

use contender::{Contender, Running, Start};
use cores::Split;
use error::Error;
use load::Protocol;
use options::{Options, Part};
use results::Results;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the others are a ratio of: without TLS, and with it.
const REFERENCE: &str = "actix-web";
const TLS_REFERENCE: &str = "edge-alone";

/// The kinds of keys for handshakes, as the metric, as `openssl req` and as `openssl speed`
/// call them.
const KEYS: [(&str, &[&str], &str); 2] = [
    (
        "p256",
        &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "ecdsap256",
    ),
    ("rsa2048", &["-newkey", "rsa:2048"], "rsa2048"),
];

/// How many idle connections memory is looked at with, or as many as the system lets a
/// contender have; each takes those before along.
const IDLE_CONNECTIONS: [u32; 3] = [10, 1_000, 10_000];

/// What is enough for those.
const OPEN_FILES: u64 = 65_536;

/// Two runs with as many requests: what the second took more is those requests' alone.
const COUNTED_REQUESTS: (u32, u32) = (500, 2_500);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("drydock-bench: error: {error}");
            ExitCode::from(if matches!(error, Error::Usage(_)) {
                2
            } else {
                1
            })
        }
    }
}

fn run() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    if std::env::args().nth(1).as_deref() == Some("building") {
        arguments.next();
        return building::run(arguments);
    }
    if std::env::args().any(|argument| argument == "--help") {
        println!("{}", options::USAGE);
        return Ok(());
    }
    let options = options::parse(arguments)?;
    if options.page() {
        return page::write(&options.root);
    }
    let all = contender::list(&options.bench)?;
    let chosen = options.chosen(&all)?;
    let mut bench = Bench {
        cores: std::thread::available_parallelism()?.get(),
        most_connections: most_connections(raise_open_files()?),
        results: Results::new(options.write.as_deref())?,
        options: &options,
        all: &all,
    };
    bench.results.describe_machine(&options.commit)?;
    let plan = options.plan;
    bench.results.line(format_args!(
        "# seconds: {}, connections: {}",
        plan.seconds, plan.connections
    ))?;
    bench.results.line("round,contender,metric,unit,value")?;
    for round in 1..=options.rounds {
        if bench.wants(Part::Latency) {
            bench.stalls(round)?;
        }
        if chosen.iter().any(|contender| contender.tls) {
            bench.limits(round)?;
        }
        for contender in &chosen {
            match bench.measure(contender, round) {
                Ok(true) => {}
                Ok(false) => bench
                    .results
                    .missing(round, &contender.name, "", "absent")?,
                Err(error @ (Error::NoLoad { .. } | Error::Usage(_))) => return Err(error),
                Err(error) => {
                    bench
                        .results
                        .missing(round, &contender.name, "", "failed")?;
                    eprintln!("drydock-bench: {}: {error}", contender.name);
                }
            }
        }
    }
    let tls = |name: &str| all.iter().any(|one| one.name == name && one.tls);
    let reference = |name: &str| if tls(name) { TLS_REFERENCE } else { REFERENCE };
    for line in bench.results.summary(reference) {
        eprintln!("{line}");
    }
    Ok(())
}

/// A run.
struct Bench<'a> {
    options: &'a Options,
    all: &'a [Contender],
    cores: usize,
    most_connections: u32,
    results: Results,
}

impl<'a> Bench<'a> {
    fn start(&self) -> Start<'a> {
        Start {
            bench: &self.options.bench,
            cores: self.cores,
            upstream: None,
            key: KEYS[0].1,
            counting: false,
        }
    }

    fn wants(&self, part: Part) -> bool {
        self.options.parts.contains(&part)
    }

    /// How long the machine keeps programs waiting when all its cores are busy.
    fn stalls(&mut self, round: u32) -> Result<(), Error> {
        let time = Duration::from_secs(self.options.plan.seconds.into());
        let stalls = cores::stalls(self.cores, time);
        let longest = stalls.longest.as_secs_f64() * 1e6;
        let share = stalls.sum.as_secs_f64() / time.as_secs_f64() * 1000.0;
        self.results
            .row(round, "machine", "stall-longest", "us", longest)?;
        self.results.row(round, "machine", "stall-sum", "ms", share)
    }

    /// What OpenSSL alone can do.
    fn limits(&mut self, round: u32) -> Result<(), Error> {
        if self.wants(Part::Handshakes) {
            for (name, _, algorithm) in KEYS {
                let rate = load::signatures(algorithm, self.cores, self.options.plan.seconds)?;
                let metric = format!("signatures-{name}");
                self.results.row(round, "openssl", &metric, "1/s", rate)?;
            }
        }
        Ok(())
    }

    /// One contender in one round; `false` when it is absent.
    fn measure(&mut self, contender: &Contender, round: u32) -> Result<bool, Error> {
        let name = &contender.name;
        let mut start = self.start();
        let behind = match &contender.upstream {
            None => None,
            Some(upstream) => {
                let behind = self
                    .all
                    .iter()
                    .find(|one| one.name == *upstream)
                    .ok_or_else(|| {
                        Error::Usage(format!("{name}: there is no contender '{upstream}'"))
                    })?;
                let Some(behind) = behind.start(start)? else {
                    return Ok(false);
                };
                Some(behind)
            }
        };
        start.upstream = behind.as_ref().map(|behind| behind.address);
        if contender.tls {
            return self.measure_tls(contender, start, round);
        }
        let Some(running) = contender.start(start)? else {
            return Ok(false);
        };
        let started_ms = running.started_in.as_secs_f64() * 1000.0;
        self.results.row(round, name, "start", "ms", started_ms)?;
        if contender.only_start {
            return Ok(true);
        }
        let idle = running.resident_kib();
        self.results.row(round, name, "memory-idle", "KiB", idle)?;
        let plan = self.options.plan;
        if self.wants(Part::Throughput) {
            let rate = load::throughput(running.address, Protocol::Plain, plan)?;
            self.results.row(round, name, "requests", "1/s", rate)?;
            let loaded = running.resident_kib();
            self.results
                .row(round, name, "memory-loaded", "KiB", loaded)?;
        }
        drop(running);
        // One that has not been under load, whose memory it would have kept.
        if self.wants(Part::Connections)
            && let Some(running) = contender.start(start)?
        {
            self.connections(&running, name, idle, round)?;
        }
        if self.wants(Part::Latency) {
            self.latency(contender, start, round)?;
        }
        if self.wants(Part::Instructions) && contender.counted {
            self.instructions(contender, round)?;
        }
        Ok(true)
    }

    /// Latency at half of the highest rate, which is measured anew: the generator has a core
    /// of its own here, since else a request would wait for it and not for the contender.
    fn latency(
        &mut self,
        contender: &Contender,
        start: Start<'_>,
        round: u32,
    ) -> Result<(), Error> {
        let plan = self.options.plan;
        let load = |address| {
            let rate = load::throughput(address, Protocol::Plain, plan)? / 2.0;
            pace::at_rate(address, plan.connections, rate, plan.seconds)
        };
        let latencies = if let Some(split) = Split::new()? {
            let cores = split.servers();
            let started = split.serving(|| contender.start(Start { cores, ..start }))?;
            let Some(running) = started? else {
                return Ok(());
            };
            split.loading(|| load(running.address))??
        } else {
            let Some(running) = contender.start(start)? else {
                return Ok(());
            };
            load(running.address)?
        };
        let name = &contender.name;
        self.results
            .row(round, name, "latency-rate", "1/s", latencies.rate)?;
        for (metric, per_mille) in [
            ("latency-p50", 500),
            ("latency-p99", 990),
            ("latency-p99.9", 999),
        ] {
            let value = latencies.microseconds(per_mille);
            self.results.row(round, name, metric, "us", value)?;
        }
        Ok(())
    }

    /// What is asked over TLS.
    fn measure_tls(
        &mut self,
        contender: &Contender,
        start: Start<'_>,
        round: u32,
    ) -> Result<bool, Error> {
        let name = &contender.name;
        let plan = self.options.plan;
        for (kind, key, _) in KEYS {
            let first = key == KEYS[0].1;
            if !first && !self.wants(Part::Handshakes) {
                continue;
            }
            let Some(running) = contender.start(Start { key, ..start })? else {
                return Ok(false);
            };
            if self.wants(Part::Handshakes) {
                let rate = load::handshakes(running.address, self.cores, plan.seconds)?;
                let metric = format!("handshakes-{kind}");
                self.results.row(round, name, &metric, "1/s", rate)?;
            }
            if !first || !self.wants(Part::Throughput) {
                continue;
            }
            for (metric, protocol) in [
                ("requests-http1-tls", Protocol::Http1),
                ("requests-http2", Protocol::Http2),
                ("requests-http3", Protocol::Http3),
            ] {
                match load::throughput(running.address, protocol, plan) {
                    Ok(rate) => self.results.row(round, name, metric, "1/s", rate)?,
                    // What the others are like does not depend on it.
                    Err(error @ Error::Http3(_)) => {
                        eprintln!("drydock-bench: {name}: {metric}: {error}");
                        self.results.missing(round, name, metric, "failed")?;
                    }
                    Err(error) => return Err(error),
                }
            }
            let loaded = running.resident_kib();
            self.results
                .row(round, name, "memory-loaded", "KiB", loaded)?;
        }
        Ok(true)
    }

    /// Resident memory with idle connections, each of which has had an answer.
    fn connections(
        &mut self,
        running: &Running,
        name: &str,
        idle: f64,
        round: u32,
    ) -> Result<(), Error> {
        let mut open = Vec::new();
        for wanted in IDLE_CONNECTIONS {
            let wanted = wanted.min(self.most_connections);
            let metric = format!("memory-connection-{wanted}");
            for _ in open.len()..usize::try_from(wanted).unwrap_or(usize::MAX) {
                match pace::idle(running.address) {
                    Ok(connection) => open.push(connection),
                    Err(error) => {
                        let count = open.len();
                        eprintln!("drydock-bench: {name}: {metric}: after {count}: {error}");
                        return self.results.missing(round, name, &metric, "failed");
                    }
                }
            }
            let resident = running.resident_kib();
            let closed = open.iter().filter(|one| !pace::is_open(one)).count();
            if closed > 0 {
                eprintln!("drydock-bench: {name}: {metric}: it has closed {closed} of them");
                return self.results.missing(round, name, &metric, "failed");
            }
            let each = (resident - idle) / f64::from(wanted);
            self.results.row(round, name, &metric, "KiB", each)?;
        }
        Ok(())
    }

    /// User-space instructions for a request over a connection that is kept.
    fn instructions(&mut self, contender: &Contender, round: u32) -> Result<(), Error> {
        let start = Start {
            counting: true,
            ..self.start()
        };
        let with = |requests: u32| -> Result<Option<f64>, Error> {
            let Some(running) = contender.start(start)? else {
                return Ok(None);
            };
            let mut connection = pace::idle(running.address)?;
            for _ in 0..requests {
                pace::get(&mut connection)?;
            }
            drop(connection);
            Ok(Some(running.instructions()?))
        };
        let (few, many) = COUNTED_REQUESTS;
        let name = &contender.name;
        match (with(few)?, with(many)?) {
            (Some(less), Some(more)) => {
                let each = (more - less) / f64::from(many - few);
                self.results.row(round, name, "instructions", "1", each)
            }
            _ => self.results.missing(round, name, "instructions", "absent"),
        }
    }
}

/// Open files for all connections of this program and of each contender, some of which have
/// two for each; beyond the system's hard limit only for root.
fn raise_open_files() -> Result<Option<u64>, Error> {
    let limit = |count| Rlimit {
        current: count,
        maximum: count,
    };
    let maximum = getrlimit(Resource::Nofile).maximum;
    let wanted = maximum.map(|maximum| maximum.max(OPEN_FILES));
    setrlimit(Resource::Nofile, limit(wanted))
        .or_else(|_| setrlimit(Resource::Nofile, limit(maximum)))
        .map_err(std::io::Error::from)?;
    Ok(getrlimit(Resource::Nofile).maximum)
}

/// With two files for each, and some for other things.
fn most_connections(open_files: Option<u64>) -> u32 {
    open_files.map_or(u32::MAX, |files| {
        u32::try_from(files.saturating_sub(512) / 2).unwrap_or(u32::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_as_many_as_files_allow() {
        assert_eq!(most_connections(None), u32::MAX);
        assert_eq!(most_connections(Some(20_000)), 9_744);
        assert_eq!(most_connections(Some(100)), 0);
    }
}
