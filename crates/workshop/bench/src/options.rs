//! What the command line says.

use std::path::{Path, PathBuf};

use crate::contender::Contender;
use crate::error::Error;
use crate::load::Plan;

/// How it is called.
pub(crate) const USAGE: &str =
    "usage: drydock-bench [--bench FOLDER] [--rounds N] [--seconds N] [--connections N]
                     [--measure PART,...] [--write FILE] [--commit TEXT] [NAME...]
       drydock-bench [--root FOLDER] page
  --bench        the folder with contenders.toml (default: bench)
  --rounds       how often each is started (default 5)
  --seconds      how long each is under load (default 5)
  --connections  how many ask at once (default 64)
  --measure      of throughput, latency, connections, handshakes, instructions (default: all)
  --write        the results go to this new file, too
  --commit       what the results say they are of
  NAME           only these contenders
  page           makes docs/SPEED.md and docs/speed of bench/runs and bench/plots.toml
  --root         the repository's folder (default: the current one)

       drydock-bench building ...: see drydock-bench building --help";

/// What is said in the place of contenders for the page of results.
const PAGE: &str = "page";

/// What can be measured beside the start and the memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Part {
    /// Requests per second.
    Throughput,
    /// At half of those.
    Latency,
    /// Memory with idle connections.
    Connections,
    /// Full handshakes per second.
    Handshakes,
    /// Instructions per request.
    Instructions,
}

const PARTS: [(&str, Part); 5] = [
    ("throughput", Part::Throughput),
    ("latency", Part::Latency),
    ("connections", Part::Connections),
    ("handshakes", Part::Handshakes),
    ("instructions", Part::Instructions),
];

/// What the command line says.
pub(crate) struct Options {
    /// The folder with contenders.toml.
    pub(crate) bench: PathBuf,
    /// How often each contender is started.
    pub(crate) rounds: u32,
    /// The load.
    pub(crate) plan: Plan,
    /// What is measured.
    pub(crate) parts: Vec<Part>,
    /// A file for the results.
    pub(crate) write: Option<PathBuf>,
    /// What they are of.
    pub(crate) commit: String,
    /// The repository's folder, for the page.
    pub(crate) root: PathBuf,
    only: Vec<String>,
}

impl Options {
    /// Whether it is the page of results that is asked for.
    pub(crate) fn page(&self) -> bool {
        self.only == [PAGE]
    }

    /// The contenders that are asked for.
    pub(crate) fn chosen<'a>(&self, all: &'a [Contender]) -> Result<Vec<&'a Contender>, Error> {
        let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
        if let Some(name) = self
            .only
            .iter()
            .find(|name| !names.contains(&name.as_str()))
        {
            return Err(Error::Usage(format!(
                "there is no contender '{name}'; there are {}\n{USAGE}",
                names.join(", ")
            )));
        }
        Ok(all
            .iter()
            .filter(|one| self.only.is_empty() || self.only.contains(&one.name))
            .collect())
    }
}

/// Reads the arguments.
pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, Error> {
    let mut options = Options {
        bench: Path::new("bench").to_owned(),
        rounds: 5,
        plan: Plan {
            connections: 64,
            seconds: 5,
        },
        parts: PARTS.iter().map(|(_, part)| *part).collect(),
        write: None,
        commit: "unknown".to_owned(),
        root: Path::new(".").to_owned(),
        only: Vec::new(),
    };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => options.bench = value(&argument, arguments.next())?.into(),
            "--rounds" => options.rounds = number(&argument, arguments.next())?,
            "--seconds" => options.plan.seconds = number(&argument, arguments.next())?,
            "--connections" => options.plan.connections = number(&argument, arguments.next())?,
            "--measure" => options.parts = parts(&PARTS, &value(&argument, arguments.next())?)?,
            "--write" => options.write = Some(value(&argument, arguments.next())?.into()),
            "--commit" => options.commit = value(&argument, arguments.next())?,
            "--root" => options.root = value(&argument, arguments.next())?.into(),
            _ if argument.starts_with('-') => {
                return Err(Error::Usage(format!(
                    "there is no option '{argument}'\n{USAGE}"
                )));
            }
            _ => options.only.push(argument),
        }
    }
    Ok(options)
}

/// The parts that `--measure` names, of those that there are.
pub(crate) fn parts<P: Copy>(known: &[(&str, P)], text: &str) -> Result<Vec<P>, Error> {
    text.split(',')
        .map(|wanted| {
            known
                .iter()
                .find(|(name, _)| *name == wanted)
                .map(|(_, part)| *part)
                .ok_or_else(|| {
                    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
                    Error::Usage(format!(
                        "--measure has '{wanted}'; it may be of {}",
                        names.join(", ")
                    ))
                })
        })
        .collect()
}

/// What stands after an option.
pub(crate) fn value(option: &str, value: Option<String>) -> Result<String, Error> {
    value.ok_or_else(|| Error::Usage(format!("{option} needs a value\n{USAGE}")))
}

/// The same as a number.
pub(crate) fn number(option: &str, given: Option<String>) -> Result<u32, Error> {
    let text = value(option, given)?;
    match text.parse() {
        Ok(number @ 1..=10_000) => Ok(number),
        _ => Err(Error::Usage(format!(
            "{option} is '{text}'; it may be 1 to 10000"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(arguments: &[&str]) -> Result<Options, Error> {
        parse(arguments.iter().map(ToString::to_string))
    }

    #[test]
    fn options_and_names_are_read() -> Result<(), Error> {
        let options = said(&["--rounds", "3", "--measure", "latency", "hyper"])?;
        assert_eq!(
            (options.rounds, options.parts, options.only),
            (3, vec![Part::Latency], vec!["hyper".to_owned()])
        );
        Ok(())
    }

    #[test]
    fn the_page_is_asked_for_alone() -> Result<(), Error> {
        assert!(said(&["--root", "/x", "page"])?.page());
        assert!(!said(&["page", "hyper"])?.page());
        Ok(())
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |arguments| said(arguments).err().map(|error| error.to_string());
        assert_eq!(
            error(&["--seconds", "0"]).as_deref(),
            Some("--seconds is '0'; it may be 1 to 10000")
        );
        assert_eq!(
            error(&["--measure", "all"]).as_deref(),
            Some(
                "--measure has 'all'; it may be of throughput, latency, connections, handshakes, instructions"
            )
        );
    }
}
