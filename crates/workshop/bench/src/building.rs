//! Measures how long it takes until an image is there, side by side with other ways to build
//! it: each round makes the same change in a copy of the repository for every way, one after
//! the other. Nothing is done in the repository itself; who starts this removes the scratch
//! folder and everything in the engine whose name begins with `drydock-bench`.

mod growth;
mod shipped;
mod tree;
mod way;

use std::fmt::Display;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use fs_err as fs;

use crate::command::{Absent, Place};
use crate::contender;
use crate::options::{Building, Step, Way, name};
use crate::results::Results;
use way::{Builder, REPOSITORY, Which};

/// What the others are a ratio of.
const REFERENCE: &str = "cargo";

/// What the results say of themselves.
const ABOUT: &str = "each way has a copy of the repository; cold is with every derivation of ours made another one (cargo: an empty target folder, dockerfile: no cache)";

/// Measures what the options ask for.
pub(crate) fn run(options: &Building) -> Result<()> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let mut bench = Bench {
        results: Results::new(options.write.as_deref(), &options.commit, ABOUT)?,
        builders: Vec::new(),
        packaged: None,
        stamp: format!("bench-{}", since.as_secs()),
        options,
        round: 1,
    };
    tree::snapshot(options)?;
    let grows = |step: &Step| matches!(step, Step::Dependencies | Step::Assets | Step::Images);
    if !options.measure.iter().all(grows) {
        bench.prepare()?;
    }
    let rounds = options.measure.iter().map(|step| options.rounds(*step));
    for round in 1..=rounds.max().unwrap_or(0) {
        bench.round = round;
        for step in &options.measure {
            if round > options.rounds(*step) {
                continue;
            }
            say(format_args!("round {round}: {}", name(*step)));
            if grows(step) {
                bench.growth(*step)?;
            } else {
                bench.step(*step)?;
            }
        }
    }
    for line in bench.results.summary(|_| REFERENCE) {
        say(line);
    }
    Ok(())
}

/// What goes on, for who waits.
fn say(text: impl Display) {
    eprintln!("drydock-bench: {text}");
}

/// A run.
struct Bench<'a> {
    options: &'a Building,
    results: Results,
    builders: Vec<Builder>,
    /// How long the service took that all of dockerTools' builders package, in this step.
    packaged: Option<Duration>,
    /// What makes this run's edits other ones than those of any other run.
    stamp: String,
    round: u32,
}

impl Bench<'_> {
    fn row(&mut self, way: Way, metric: &str, unit: &'static str, value: f64) -> Result<()> {
        self.results
            .row(self.round, &name(way), metric, unit, value)
    }

    fn seconds(&mut self, way: Way, metric: &str, time: Duration) -> Result<()> {
        self.row(way, metric, "s", time.as_secs_f64())
    }

    /// That a figure is missing, and why.
    fn missing(&mut self, way: Way, metric: &str, error: &anyhow::Error) -> Result<()> {
        let way = name(way);
        say(format_args!("{way}: {metric}: {error:#}"));
        let why = if error.is::<Absent>() {
            "absent"
        } else {
            "failed"
        };
        self.results.missing(self.round, &way, metric, why)
    }

    /// Every way that is asked for, once built.
    fn prepare(&mut self) -> Result<()> {
        for way in &self.options.ways {
            say(format_args!("{}: the first build", name(*way)));
            let builder = Builder::new(*way, self.options, &self.stamp);
            let prepared = builder.and_then(|builder| Ok((builder.prepare()?, builder)));
            match prepared {
                Ok((said, builder)) => {
                    if !said.is_empty() {
                        self.results
                            .line(format_args!("# {}: {said}", name(*way)))?;
                    }
                    self.builders.push(builder);
                }
                Err(error) => self.missing(*way, "", &error)?,
            }
        }
        Ok(())
    }

    /// A change, and the image after it, each way.
    fn step(&mut self, step: Step) -> Result<()> {
        self.packaged = None;
        let mut builders = std::mem::take(&mut self.builders);
        for builder in &mut builders {
            let measured = match step {
                Step::Up if builder.way == Way::Drydock => self.up(builder),
                Step::Up => Ok(()),
                Step::Edge => self.image(step, Which::Edge, builder),
                _ => self.image(step, Which::Service, builder),
            };
            if let Err(error) = measured {
                self.missing(builder.way, &name(step), &error)?;
            }
        }
        self.builders = builders;
        Ok(())
    }

    fn growth(&mut self, step: Step) -> Result<()> {
        for size in growth::sizes(step) {
            for way in &self.options.ways {
                if !growth::is_of(step, *way) {
                    continue;
                }
                let metric = format!("{}-{size}", name(step));
                say(format_args!("{}: {metric}", name(*way)));
                let stamp = format!("{}-{metric}-{}-{}", self.stamp, name(*way), self.round);
                match growth::measure(step, size, *way, &stamp, self.options) {
                    Ok((first, edit)) => {
                        self.seconds(*way, &format!("{metric}-cold"), first)?;
                        self.seconds(*way, &format!("{metric}-edit"), edit)?;
                    }
                    Err(error) => self.missing(*way, &metric, &error)?,
                }
            }
        }
        Ok(())
    }

    /// The service alone, for those who only package it; all of them package the same, which
    /// the first of them builds.
    fn packaged(&mut self, builder: &Builder) -> Result<Duration> {
        if !way::only_packages(builder.way) {
            return Ok(Duration::ZERO);
        }
        let build = || -> Result<Duration> {
            let begin = Instant::now();
            builder.output("app")?;
            Ok(begin.elapsed())
        };
        let first = build()?;
        // Without what a build costs in which there is nothing to do: that comes once more.
        let took = first.saturating_sub(build()?);
        Ok(*self.packaged.get_or_insert(took))
    }

    /// A change, and the image after it.
    fn image(&mut self, step: Step, which: Which, builder: &mut Builder) -> Result<()> {
        let (way, metric) = (builder.way, name(step));
        let before = match way {
            Way::Cargo => Vec::new(),
            _ if step == Step::Cold => Vec::new(),
            _ => shipped::layers(&builder.image(which))?,
        };
        let took = match step {
            Step::Cold => {
                builder.make_cold()?;
                self.packaged(builder)? + builder.step("cold", which)?
            }
            Step::Nothing => builder.build(which)?,
            Step::Edge => {
                builder.tree.edit_edge()?;
                builder.build(which)?
            }
            Step::Dependency => {
                builder.tree.add_dependency()?;
                self.packaged(builder)? + builder.build(which)?
            }
            _ => {
                let running = Running::start(builder, "")?;
                let words = builder.tree.edit_source()?;
                let took = self.packaged(builder)? + builder.build(which)?;
                let begin = Instant::now();
                drop(running);
                let _running = Running::start(builder, &words)?;
                self.seconds(way, &format!("{metric}-answer"), took + begin.elapsed())?;
                took
            }
        };
        self.seconds(way, &metric, took)?;
        let bytes = match (way, which) {
            _ if step == Step::Nothing => return self.archives(builder),
            (Way::Cargo, Which::Edge) => return Ok(()),
            (Way::Cargo, Which::Service) => {
                let said = way::output(&builder.place, way, &["bytes"])?;
                said.parse().context(said)?
            }
            _ => shipped::bytes(&builder.image(which), &before, &self.options.scratch)?,
        };
        self.row(way, &format!("{metric}-bytes"), "B", bytes)
    }

    /// How large the archives of our images are, as they are downloaded.
    fn archives(&mut self, builder: &Builder) -> Result<()> {
        if builder.way != Way::Drydock {
            return Ok(());
        }
        for which in ["app", "nginx"] {
            let path = builder.output(&format!("image-{which}"))?;
            let bytes = u32::try_from(fs::metadata(path)?.len())?;
            self.row(builder.way, &format!("archive-{which}"), "B", bytes.into())?;
        }
        Ok(())
    }

    /// What a user types, from the edit to the answer through nginx.
    fn up(&mut self, builder: &mut Builder) -> Result<()> {
        let mut place = Place::new(&builder.tree.folder).with("COMPOSE_PROJECT_NAME", REPOSITORY);
        for port in ["DRYDOCK_HTTP_PORT", "DRYDOCK_HTTPS_PORT"] {
            place = place.with(port, contender::free_address()?.port().to_string());
        }
        let mut up = |metric: &str, words: &str| {
            let begin = Instant::now();
            let answer = place.run(&["./drydock", "up"])?;
            let time = begin.elapsed();
            ensure!(answer.contains(words), "it answers {answer}");
            self.seconds(builder.way, metric, time)
        };
        // The first time, everything has still to be started.
        place.run(&["./drydock", "up"])?;
        up("up-nothing", "")?;
        let words = builder.tree.edit_source()?;
        up("up-source", &words)?;
        builder.tree.edit_edge()?;
        up("up-edge", &words)?;
        place.run(&["./drydock", "down"])?;
        Ok(())
    }
}

/// The service as it was built last, alone, until this is dropped.
struct Running {
    place: Place,
    way: Way,
}

impl Running {
    /// Starts it and waits until it answers with these words.
    fn start(builder: &Builder, words: &str) -> Result<Self> {
        let address = contender::free_address()?;
        let place = builder
            .place_of(Which::Service)
            .with("ADDRESS", address.to_string());
        let way = builder.way;
        way::output(&place, way, &["start"])?;
        let running = Self { place, way };
        let is_right = |answer: &str| answer.starts_with("HTTP/1.1 200") && answer.contains(words);
        // Short against what is measured, and no busy loop beside it.
        let pause = Duration::from_millis(2);
        contender::wait_for(|| Ok(contender::ask(address)), is_right, pause)?;
        Ok(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // What stays is removed by who has started this.
        let _ = way::output(&self.place, self.way, &["stop"]);
    }
}
