//! Measures how long it takes until an image is there, side by side with other ways to build
//! it: each round makes the same change in a copy of the repository for every way, one after
//! the other. Nothing is done in the repository itself; who starts this removes the scratch
//! folder and everything in the engine whose name begins with `drydock-bench`.

mod command;
mod growth;
mod options;
mod shipped;
mod tree;
mod way;

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::contender::{self, PATIENCE};
use crate::error::Error;
use crate::results::Results;
use command::Place;
use options::{Options, Part};
use way::{Builder, REPOSITORY, Way, Which};

/// What the others are a ratio of.
const REFERENCE: &str = "cargo";

/// Measures what the arguments ask for.
pub(crate) fn run(arguments: impl Iterator<Item = String>) -> Result<(), Error> {
    let Some(options) = options::parse(arguments)? else {
        println!("{}", options::USAGE);
        return Ok(());
    };
    let mut bench = Bench {
        results: Results::new(options.write.as_deref())?,
        builders: Vec::new(),
        plain: None,
        options: &options,
    };
    bench.results.describe_machine(&options.commit)?;
    bench.results.line("# each way has a copy of the repository; cold is with every derivation of ours made another one (cargo: an empty target folder, dockerfile: no cache)")?;
    bench.results.line("round,contender,metric,unit,value")?;
    tree::snapshot(&options.source, &options.tools.source)?;
    bench.prepare()?;
    for round in 1..=options.most_rounds() {
        for part in &options.parts {
            if round <= options.rounds(*part) {
                bench.measure(*part, round)?;
            }
        }
    }
    for line in bench.results.summary(|_| REFERENCE) {
        eprintln!("{line}");
    }
    Ok(())
}

/// A run.
struct Bench<'a> {
    options: &'a Options,
    results: Results,
    builders: Vec<Builder<'a>>,
    /// How long the service took that all of dockerTools' builders package, in this step.
    plain: Option<Duration>,
}

/// What goes on, for who waits.
fn say(text: impl std::fmt::Display) {
    eprintln!("drydock-bench: {text}");
}

/// That a figure is missing, and why.
fn missing(
    results: &mut Results,
    round: u32,
    contender: &str,
    metric: &str,
    error: &Error,
) -> Result<(), Error> {
    let why = match error {
        Error::Absent(_) => "absent",
        _ => "failed",
    };
    say(format_args!("{contender}: {metric}: {error}"));
    results.missing(round, contender, metric, why)
}

impl<'a> Bench<'a> {
    /// Every way that is asked for, once built.
    fn prepare(&mut self) -> Result<(), Error> {
        if !self.options.parts.iter().any(|part| part.needs_builders()) {
            return Ok(());
        }
        for way in &self.options.ways {
            say(format_args!("{}: the first build", way.name()));
            match Builder::new(*way, &self.options.tools, &self.options.stamp) {
                Ok(builder) => {
                    if *way == Way::Dockerfile {
                        self.results
                            .line(format_args!("# dockerfile: built by {}", builder.engine()))?;
                    }
                    self.builders.push(builder);
                }
                Err(error) => missing(&mut self.results, 1, way.name(), "", &error)?,
            }
        }
        Ok(())
    }

    fn measure(&mut self, part: Part, round: u32) -> Result<(), Error> {
        say(format_args!("round {round}: {}", part.name()));
        if !part.needs_builders() {
            return growth::measure(part, round, self.options, &mut self.results);
        }
        self.plain = None;
        let mut builders = std::mem::take(&mut self.builders);
        for builder in &mut builders {
            let name = builder.way.name();
            let measured = match part {
                Part::Up if builder.way == Way::Drydock => self.up(builder, round),
                Part::Up => Ok(()),
                _ => self.step(part, builder, round),
            };
            if let Err(error) = measured {
                missing(&mut self.results, round, name, part.name(), &error)?;
            }
        }
        self.builders = builders;
        Ok(())
    }

    fn seconds(
        &mut self,
        round: u32,
        name: &str,
        metric: &str,
        time: Duration,
    ) -> Result<(), Error> {
        self.results
            .row(round, name, metric, "s", time.as_secs_f64())
    }

    /// The service alone, for those who only package it; all of them package the same, which
    /// the first of them builds.
    fn packaged(&mut self, builder: &Builder<'a>) -> Result<Duration, Error> {
        if !matches!(builder.way, Way::Plain { .. }) {
            return Ok(Duration::ZERO);
        }
        let build = || -> Result<Duration, Error> {
            let begin = Instant::now();
            self.options.tools.nix_build(&builder.tree.place(), "app")?;
            Ok(begin.elapsed())
        };
        let first = build()?;
        // Without what a build costs in which there is nothing to do: that comes once more.
        let took = first.saturating_sub(build()?);
        Ok(*self.plain.get_or_insert(took))
    }

    /// A change, and the image after it.
    fn step(&mut self, part: Part, builder: &mut Builder<'a>, round: u32) -> Result<(), Error> {
        let (name, metric) = (builder.way.name(), part.name());
        let options = self.options;
        let which = if part == Part::Edge {
            Which::Edge
        } else {
            Which::Service
        };
        let before = match builder.way {
            Way::Cargo => Vec::new(),
            _ if part == Part::Cold => Vec::new(),
            _ => shipped::layers(&builder.image(which))?,
        };
        let mut answers = None;
        let took = match part {
            Part::Cold => {
                builder.make_cold()?;
                self.packaged(builder)? + builder.build_cold()?
            }
            Part::Nothing => builder.build(which)?,
            Part::Edge => {
                builder.tree.edit_edge()?;
                builder.build(which)?
            }
            Part::Dependency => {
                builder.tree.add_dependency(&options.tools.crates)?;
                self.packaged(builder)? + builder.build(which)?
            }
            _ => {
                let mut running = Running::start(builder, "")?;
                let words = builder.tree.edit_source()?;
                let took = self.packaged(builder)? + builder.build(which)?;
                answers = Some(took + running.replace(builder, &words)?);
                took
            }
        };
        self.seconds(round, name, metric, took)?;
        if let Some(time) = answers {
            self.seconds(round, name, &format!("{metric}-answer"), time)?;
        }
        if part == Part::Nothing {
            return self.archives(builder, round);
        }
        let bytes = match (builder.way, which) {
            (Way::Cargo, Which::Edge) => return Ok(()),
            (Way::Cargo, Which::Service) => {
                let program = builder.program();
                let place = Place::new(&options.tools.scratch);
                shipped::compressed(&place, &program.to_string_lossy())?
            }
            _ => shipped::bytes(&builder.image(which), &before, &options.tools.scratch)?,
        };
        #[expect(clippy::cast_precision_loss, reason = "an image is not that large")]
        self.results
            .row(round, name, &format!("{metric}-bytes"), "B", bytes as f64)
    }

    /// How large the archives of our images are, as they are downloaded.
    fn archives(&mut self, builder: &Builder<'a>, round: u32) -> Result<(), Error> {
        if builder.way != Way::Drydock {
            return Ok(());
        }
        for which in ["app", "nginx"] {
            let path = self
                .options
                .tools
                .nix_build(&builder.tree.place(), &format!("image-{which}"))?;
            let bytes = std::fs::metadata(&path)
                .map_err(|source| Error::File {
                    path: path.into(),
                    source,
                })?
                .len();
            let metric = format!("archive-{which}");
            #[expect(clippy::cast_precision_loss, reason = "an image is not that large")]
            self.results
                .row(round, builder.way.name(), &metric, "B", bytes as f64)?;
        }
        Ok(())
    }

    /// What a user types, from the edit to the answer through nginx.
    fn up(&mut self, builder: &mut Builder<'a>, round: u32) -> Result<(), Error> {
        let place = builder.tree.place();
        let place = ["DRYDOCK_HTTP_PORT", "DRYDOCK_HTTPS_PORT"]
            .iter()
            .try_fold(
                place.with("COMPOSE_PROJECT_NAME", REPOSITORY),
                |place, name| -> Result<Place, Error> {
                    Ok(place.with(name, contender::free_address()?.port().to_string()))
                },
            )?;
        let up = |metric: &str, words: &str, bench: &mut Self| -> Result<(), Error> {
            let begin = Instant::now();
            let answer = place.run(&["./drydock", "up"])?;
            let time = begin.elapsed();
            if !answer.contains(words) {
                return Err(Error::NoAnswer {
                    seconds: time.as_secs(),
                    last: answer,
                });
            }
            bench.seconds(round, builder.way.name(), metric, time)
        };
        // The first time, everything has still to be started.
        place.run(&["./drydock", "up"])?;
        up("up-nothing", "", self)?;
        let words = builder.tree.edit_source()?;
        up("up-source", &words, self)?;
        builder.tree.edit_edge()?;
        up("up-edge", &words, self)?;
        place.run(&["./drydock", "down"])?;
        Ok(())
    }
}

/// The service as it was built last, alone, until this is dropped.
struct Running {
    address: SocketAddr,
    container: String,
    program: Option<Child>,
}

impl Running {
    /// Starts it and waits until it answers with these words.
    fn start(builder: &Builder<'_>, words: &str) -> Result<Self, Error> {
        let mut running = Self {
            address: contender::free_address()?,
            container: format!("{REPOSITORY}-{}", builder.way.name()),
            program: None,
        };
        running.begin(builder, words)?;
        Ok(running)
    }

    /// Ends it, starts what was built since then, and says how long it took until that answers.
    fn replace(&mut self, builder: &Builder<'_>, words: &str) -> Result<Duration, Error> {
        let begin = Instant::now();
        self.end();
        self.begin(builder, words)?;
        Ok(begin.elapsed())
    }

    fn begin(&mut self, builder: &Builder<'_>, words: &str) -> Result<(), Error> {
        if builder.way == Way::Cargo {
            let child = Command::new(builder.program())
                .env("APP_BIND", self.address.to_string())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()?;
            self.program = Some(child);
        } else {
            let (port, image) = (
                format!("{}:8000", self.address),
                builder.image(Which::Service),
            );
            Place::new("/").run(&[
                "docker",
                "run",
                "--detach",
                "--pull",
                "never",
                "--name",
                &self.container,
                "--publish",
                &port,
                &image,
            ])?;
        }
        let begin = Instant::now();
        loop {
            let answer = contender::ask(self.address).unwrap_or_else(|error| error.to_string());
            if answer.starts_with("HTTP/1.1 200") && answer.contains(words) {
                return Ok(());
            }
            if begin.elapsed() > PATIENCE {
                return Err(Error::NoAnswer {
                    seconds: PATIENCE.as_secs(),
                    last: answer,
                });
            }
            // Short against what is measured, and no busy loop beside it.
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn end(&mut self) {
        if let Some(mut child) = self.program.take() {
            let _ = child.kill();
            let _ = child.wait();
        } else {
            let _ = Place::new("/").run(&["docker", "rm", "--force", &self.container]);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}
