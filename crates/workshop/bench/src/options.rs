//! What the command line says.

use std::path::PathBuf;

use clap::builder::RangedI64ValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};

/// Measures the service side by side with what people would use instead
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serving: Serving,
}

/// What else than serving there is.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Measures how long it takes until an image is there
    Building(Building),
}

/// What is measured of serving.
#[derive(Args)]
pub(crate) struct Serving {
    /// The folder with contenders.toml
    #[arg(long, default_value = "bench")]
    pub(crate) bench: PathBuf,
    /// How often each contender is started
    #[arg(long, value_name = "N", default_value = "5", value_parser = many())]
    pub(crate) rounds: u32,
    #[command(flatten)]
    pub(crate) plan: Plan,
    /// What is measured beside the start and the memory
    #[arg(long, value_enum, value_name = "PART", value_delimiter = ',', default_values_t = Part::value_variants().to_vec())]
    pub(crate) measure: Vec<Part>,
    /// The results go to this new file, too
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
    /// What the results say they are of
    #[arg(long, value_name = "TEXT", default_value = "unknown")]
    pub(crate) commit: String,
    /// Only these contenders
    #[arg(value_name = "NAME")]
    pub(crate) only: Vec<String>,
}

/// What is asked of the load generator.
#[derive(Args, Clone, Copy)]
pub(crate) struct Plan {
    /// How many connections ask at once, each of which is kept
    #[arg(long, value_name = "N", default_value = "64", value_parser = many())]
    pub(crate) connections: u32,
    /// How long each is under load, after a second that does not count
    #[arg(long, value_name = "N", default_value = "5", value_parser = many())]
    pub(crate) seconds: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum Part {
    /// Requests per second
    Throughput,
    /// Latency at half of those
    Latency,
    /// Memory with idle connections
    Connections,
    /// Full handshakes per second
    Handshakes,
    /// Instructions per request
    Instructions,
}

/// What is measured of building.
#[derive(Args)]
pub(crate) struct Building {
    /// How often each part is measured (default: 3, and 1 for what takes minutes)
    #[arg(long, value_name = "N", value_parser = many())]
    rounds: Option<u32>,
    /// What is measured
    #[arg(long, value_enum, value_name = "PART", value_delimiter = ',', default_values_t = Step::value_variants().to_vec())]
    pub(crate) measure: Vec<Step>,
    /// The results go to this new file, too
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
    /// Only these ways to build
    #[arg(value_enum, value_name = "NAME", default_values_t = Way::value_variants().to_vec())]
    pub(crate) ways: Vec<Way>,

    // These are the caller's, ../../../../nix/repository/commands/bench.nix.
    /// What the results say they are of
    #[arg(long, hide = true)]
    pub(crate) commit: String,
    /// The repository
    #[arg(long, hide = true)]
    pub(crate) source: PathBuf,
    /// Where everything is made
    #[arg(long, hide = true)]
    pub(crate) scratch: PathBuf,
    /// Settings for cargo that name the crates
    #[arg(long, hide = true)]
    pub(crate) crates: String,
    /// The toolchain and nginx, for the base image
    #[arg(long = "program", hide = true)]
    pub(crate) programs: Vec<String>,
    /// The Rust target triple
    #[arg(long, hide = true)]
    pub(crate) target: String,
}

impl Building {
    /// How often a step is measured.
    pub(crate) fn rounds(&self, step: Step) -> u32 {
        let quick = matches!(step, Step::Nothing | Step::Source | Step::Edge | Step::Up);
        self.rounds.unwrap_or(if quick { 3 } else { 1 })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum Step {
    /// Nothing has changed
    Nothing,
    /// A line in src/ has
    Source,
    /// A line in nginx/ has
    Edge,
    /// The same through what a user types
    Up,
    /// Everything is built
    Cold,
    /// There is one more dependency
    Dependency,
    /// How cost grows with dependencies
    Dependencies,
    /// How cost grows with megabytes of assets
    Assets,
    /// How cost grows with images
    Images,
}

/// Ways to build.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
#[value(rename_all = "camelCase")]
pub(crate) enum Way {
    /// The limit: cargo alone, and the changed bytes into a fresh file
    Cargo,
    /// The flake, as it is
    Drydock,
    /// A Dockerfile
    Dockerfile,
    /// A builder of dockerTools
    BuildImage,
    /// Another one
    BuildLayeredImage,
    /// One that makes a program, which writes the archive
    StreamLayeredImage,
}

/// What a value is called on the command line and in the results.
pub(crate) fn name(value: impl ValueEnum + Copy) -> String {
    let value = value.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

/// At least one, and not without end.
fn many() -> RangedI64ValueParser<u32> {
    value_parser!(u32).range(1..=10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(arguments: &[&str]) -> Result<Options, String> {
        let all = [&["drydock-bench"], arguments].concat();
        Options::try_parse_from(all).map_err(|error| error.to_string())
    }

    fn building(arguments: &[&str]) -> Result<Building, String> {
        let callers = "building --commit a --source b --scratch c --crates d --target e";
        let callers: Vec<&str> = callers.split(' ').collect();
        match said(&[&callers, arguments].concat())?.command {
            Some(Command::Building(building)) => Ok(building),
            None => Err("it is not read as one".to_owned()),
        }
    }

    #[test]
    fn options_and_names_are_read() -> Result<(), String> {
        let serving = said(&["--rounds", "3", "--measure", "latency", "hyper"])?.serving;
        assert_eq!((serving.rounds, serving.plan.seconds), (3, 5));
        assert_eq!(serving.measure, [Part::Latency]);
        assert_eq!(serving.only, ["hyper"]);
        Ok(())
    }

    #[test]
    fn what_takes_minutes_is_measured_once_unless_it_is_said() -> Result<(), String> {
        let rounds =
            |building: Building| (building.rounds(Step::Source), building.rounds(Step::Cold));
        assert_eq!(rounds(building(&[])?), (3, 1));
        assert_eq!(rounds(building(&["--rounds", "2"])?), (2, 2));
        assert_eq!(building(&[])?.measure.len(), 9);
        assert_eq!(building(&["buildImage"])?.ways, [Way::BuildImage]);
        Ok(())
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (arguments, wanted) in [
            (["--seconds", "0"], "0 is not in 1..=10000"),
            (
                ["--measure", "all"],
                "[possible values: throughput, latency,",
            ),
            (["building", "podman"], "drydock, dockerfile, buildImage,"),
        ] {
            let said = said(&arguments).err().unwrap_or_default();
            assert!(said.contains(wanted), "{said}");
        }
    }
}
