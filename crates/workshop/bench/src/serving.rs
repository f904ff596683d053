//! What it costs to serve: each round starts every contender, one after the other, so that what
//! the machine does besides falls on all of them.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::command::Absent;
use crate::contender::{self, Contender, Running, Start};
use crate::cores::{self, Split};
use crate::load::{self, Protocol};
use crate::options::{Part, Serving};
use crate::pace;
use crate::results::Results;

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

/// Measures what the options ask for.
pub(crate) fn run(options: &Serving) -> Result<()> {
    let all = contender::list(&options.bench)?;
    let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
    if let Some(name) = options
        .only
        .iter()
        .find(|name| !names.contains(&name.as_str()))
    {
        bail!(
            "there is no contender '{name}'; there are {}",
            names.join(", ")
        );
    }
    let plan = options.plan;
    let about = format!(
        "seconds: {}, connections: {}",
        plan.seconds, plan.connections
    );
    let mut bench = Bench {
        cores: std::thread::available_parallelism()?.get(),
        most_connections: most_connections(raise_open_files()?),
        results: Results::new(options.write.as_deref(), &options.commit, &about)?,
        options,
        all: &all,
        round: 0,
    };
    let chosen = |one: &&Contender| options.only.is_empty() || options.only.contains(&one.name);
    let chosen: Vec<_> = all.iter().filter(chosen).collect();
    for round in 1..=options.rounds {
        bench.round = round;
        if bench.wants(Part::Latency) {
            bench.stalls()?;
        }
        if bench.wants(Part::Handshakes) && chosen.iter().any(|contender| contender.tls) {
            bench.limits()?;
        }
        for contender in &chosen {
            match bench.measure(contender) {
                Ok(true) => {}
                Ok(false) => bench.missing(contender, "", "absent")?,
                // It is not the contender that is absent, but what measures it.
                Err(error) if error.is::<Absent>() => return Err(error),
                Err(error) => bench.failed(contender, "", &error)?,
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
    options: &'a Serving,
    all: &'a [Contender],
    cores: usize,
    most_connections: u32,
    results: Results,
    round: u32,
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
        self.options.measure.contains(&part)
    }

    fn row(&mut self, contender: &str, metric: &str, unit: &'static str, value: f64) -> Result<()> {
        self.results.row(self.round, contender, metric, unit, value)
    }

    fn missing(&mut self, contender: &Contender, metric: &str, why: &str) -> Result<()> {
        self.results
            .missing(self.round, &contender.name, metric, why)
    }

    fn failed(&mut self, contender: &Contender, metric: &str, error: &anyhow::Error) -> Result<()> {
        eprintln!("drydock-bench: {}: {metric}: {error:#}", contender.name);
        self.missing(contender, metric, "failed")
    }

    /// How long the machine keeps programs waiting when all its cores are busy.
    fn stalls(&mut self) -> Result<()> {
        let time = Duration::from_secs(self.options.plan.seconds.into());
        let stalls = cores::stalls(self.cores, time);
        let longest = stalls.longest.as_secs_f64() * 1e6;
        let share = stalls.sum.as_secs_f64() / time.as_secs_f64() * 1000.0;
        self.row("machine", "stall-longest", "us", longest)?;
        self.row("machine", "stall-sum", "ms", share)
    }

    /// What OpenSSL alone can do.
    fn limits(&mut self) -> Result<()> {
        for (name, _, algorithm) in KEYS {
            let rate = load::signatures(algorithm, self.cores, self.options.plan.seconds)?;
            self.row("openssl", &format!("signatures-{name}"), "1/s", rate)?;
        }
        Ok(())
    }

    /// One contender in one round; `false` when it is absent.
    fn measure(&mut self, contender: &Contender) -> Result<bool> {
        let name = &contender.name;
        let mut start = self.start();
        let mut behind = None;
        if let Some(upstream) = &contender.upstream {
            let found = self.all.iter().find(|one| one.name == *upstream);
            let found = found.with_context(|| format!("there is no contender '{upstream}'"))?;
            behind = found.start(start)?;
            if behind.is_none() {
                return Ok(false);
            }
        }
        start.upstream = behind.as_ref().map(|behind| behind.address);
        if contender.tls {
            return self.measure_tls(contender, start);
        }
        let Some(running) = contender.start(start)? else {
            return Ok(false);
        };
        let started_ms = running.started_in.as_secs_f64() * 1000.0;
        self.row(name, "start", "ms", started_ms)?;
        if contender.only_start {
            return Ok(true);
        }
        let idle = running.resident_kib();
        self.row(name, "memory-idle", "KiB", idle)?;
        if self.wants(Part::Throughput) {
            let rate = load::throughput(running.address, Protocol::Plain, self.options.plan)?;
            self.row(name, "requests", "1/s", rate)?;
            self.row(name, "memory-loaded", "KiB", running.resident_kib())?;
        }
        drop(running);
        // One that has not been under load, whose memory it would have kept.
        if self.wants(Part::Connections)
            && let Some(running) = contender.start(start)?
        {
            self.connections(&running, contender, idle)?;
        }
        if self.wants(Part::Latency) {
            self.latency(contender, start)?;
        }
        if self.wants(Part::Instructions) && contender.counted {
            self.instructions(contender)?;
        }
        Ok(true)
    }

    /// Latency at half of the highest rate, which is measured anew: the generator has a core
    /// of its own here, since else a request would wait for it and not for the contender.
    fn latency(&mut self, contender: &Contender, start: Start<'_>) -> Result<()> {
        let plan = self.options.plan;
        let load = |address| {
            let rate = load::throughput(address, Protocol::Plain, plan)? / 2.0;
            pace::at_rate(address, plan.connections, rate, plan.seconds)
        };
        let split = Split::new()?;
        let started = match &split {
            Some(split) => {
                let cores = split.servers();
                split.serving(|| contender.start(Start { cores, ..start }))?
            }
            None => contender.start(start),
        };
        let Some(running) = started? else {
            return Ok(());
        };
        let latencies = match split {
            Some(split) => split.loading(|| load(running.address))??,
            None => load(running.address)?,
        };
        let name = &contender.name;
        self.row(name, "latency-rate", "1/s", latencies.rate)?;
        for (metric, per_mille) in [
            ("latency-p50", 500),
            ("latency-p99", 990),
            ("latency-p99.9", 999),
        ] {
            self.row(name, metric, "us", latencies.microseconds(per_mille))?;
        }
        Ok(())
    }

    /// What is asked over TLS.
    fn measure_tls(&mut self, contender: &Contender, start: Start<'_>) -> Result<bool> {
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
                self.row(name, &format!("handshakes-{kind}"), "1/s", rate)?;
            }
            if !first || !self.wants(Part::Throughput) {
                continue;
            }
            for (metric, protocol) in [
                ("requests-http1-tls", Protocol::Http1),
                ("requests-http2", Protocol::Http2),
            ] {
                let rate = load::throughput(running.address, protocol, plan)?;
                self.row(name, metric, "1/s", rate)?;
            }
            let metric = "requests-http3";
            match load::http3::throughput(running.address, &running.certificate(), plan) {
                Ok(rate) => self.row(name, metric, "1/s", rate)?,
                // What the others are like does not depend on it.
                Err(error) => self.failed(contender, metric, &error)?,
            }
            self.row(name, "memory-loaded", "KiB", running.resident_kib())?;
        }
        Ok(true)
    }

    /// Resident memory with idle connections, each of which has had an answer.
    fn connections(&mut self, running: &Running, contender: &Contender, idle: f64) -> Result<()> {
        let mut open = Vec::new();
        for wanted in IDLE_CONNECTIONS {
            let wanted = wanted.min(self.most_connections);
            let metric = format!("memory-connection-{wanted}");
            for count in open.len()..usize::try_from(wanted)? {
                match pace::idle(running.address) {
                    Ok(connection) => open.push(connection),
                    Err(error) => {
                        let error = error.context(format!("after {count}"));
                        return self.failed(contender, &metric, &error);
                    }
                }
            }
            let resident = running.resident_kib();
            let closed = open.iter().filter(|one| !pace::is_open(one)).count();
            if closed > 0 {
                let error = anyhow::anyhow!("it has closed {closed} of them");
                return self.failed(contender, &metric, &error);
            }
            let each = (resident - idle) / f64::from(wanted);
            self.row(&contender.name, &metric, "KiB", each)?;
        }
        Ok(())
    }

    /// User-space instructions for a request over a connection that is kept.
    fn instructions(&mut self, contender: &Contender) -> Result<()> {
        let start = Start {
            counting: true,
            ..self.start()
        };
        let with = |requests: u32| -> Result<Option<f64>> {
            let Some(running) = contender.start(start)? else {
                return Ok(None);
            };
            let mut connection = pace::idle(running.address)?;
            for _ in 0..requests {
                pace::get(&mut connection)?;
            }
            drop(connection);
            running.instructions().map(Some)
        };
        let (few, many) = COUNTED_REQUESTS;
        match (with(few)?, with(many)?) {
            (Some(less), Some(more)) => {
                let each = (more - less) / f64::from(many - few);
                self.row(&contender.name, "instructions", "1", each)
            }
            _ => self.missing(contender, "instructions", "absent"),
        }
    }
}

/// Open files for all connections of this program and of each contender, some of which have
/// two for each; beyond the system's hard limit only for root.
fn raise_open_files() -> Result<Option<u64>> {
    let limit = |count| Rlimit {
        current: count,
        maximum: count,
    };
    let maximum = getrlimit(Resource::Nofile).maximum;
    let wanted = maximum.map(|maximum| maximum.max(OPEN_FILES));
    setrlimit(Resource::Nofile, limit(wanted))
        .or_else(|_| setrlimit(Resource::Nofile, limit(maximum)))?;
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
