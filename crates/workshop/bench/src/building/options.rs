//! What the command line says after `building`.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use super::way::{Tools, WAYS, Way};
use crate::error::Error;
use crate::options::{number, parts, value};

/// How it is called.
pub(crate) const USAGE: &str =
    "usage: drydock-bench building [--rounds N] [--measure PART,...] [--write FILE] [NAME...]
  --rounds   how often each part is measured (default: 3, and 1 for what takes minutes)
  --measure  of nothing, source, edge, up, cold, dependency, dependencies, assets,
             images (default: all)
  --write    the results go to this new file, too
  NAME       only these: cargo, drydock, dockerfile, buildImage, buildLayeredImage,
             streamLayeredImage";

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Part {
    /// Nothing has changed.
    Nothing,
    /// A line in src/ has.
    Source,
    /// A line in nginx/ has.
    Edge,
    /// The same through what a user types.
    Up,
    /// Everything is built.
    Cold,
    /// There is one more dependency.
    Dependency,
    /// How cost grows with dependencies.
    Dependencies,
    /// How cost grows with megabytes of assets.
    Assets,
    /// How cost grows with images.
    Images,
}

const PARTS: [(&str, Part); 9] = [
    ("nothing", Part::Nothing),
    ("source", Part::Source),
    ("edge", Part::Edge),
    ("up", Part::Up),
    ("cold", Part::Cold),
    ("dependency", Part::Dependency),
    ("dependencies", Part::Dependencies),
    ("assets", Part::Assets),
    ("images", Part::Images),
];

impl Part {
    /// What it is called on the command line and in the results.
    pub(crate) fn name(self) -> &'static str {
        PARTS
            .iter()
            .find(|(_, part)| *part == self)
            .map_or("", |(name, _)| name)
    }

    /// Whether it is measured with the service, each way.
    pub(crate) fn needs_builders(self) -> bool {
        !matches!(self, Self::Dependencies | Self::Assets | Self::Images)
    }

    fn is_slow(self) -> bool {
        !matches!(self, Self::Nothing | Self::Source | Self::Edge | Self::Up)
    }
}

/// What the command line says.
pub(crate) struct Options {
    /// What is measured.
    pub(crate) parts: Vec<Part>,
    /// How.
    pub(crate) ways: Vec<Way>,
    /// A file for the results.
    pub(crate) write: Option<PathBuf>,
    /// What they are of.
    pub(crate) commit: String,
    /// What makes this run's edits other ones than those of any other run.
    pub(crate) stamp: String,
    /// The repository.
    pub(crate) source: PathBuf,
    /// What all ways have in common.
    pub(crate) tools: Tools,
    rounds: Option<u32>,
}

impl Options {
    /// How often a part is measured.
    pub(crate) fn rounds(&self, part: Part) -> u32 {
        self.rounds.unwrap_or(if part.is_slow() { 1 } else { 3 })
    }

    /// How often the part is that is measured most.
    pub(crate) fn most_rounds(&self) -> u32 {
        let rounds = self.parts.iter().map(|part| self.rounds(*part));
        rounds.max().unwrap_or(0)
    }
}

/// Reads the arguments; `None` when only help is asked for.
pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Option<Options>, Error> {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let mut options = Options {
        parts: PARTS.iter().map(|(_, part)| *part).collect(),
        ways: Vec::new(),
        write: None,
        commit: "unknown".to_owned(),
        stamp: format!("bench-{since}"),
        source: PathBuf::new(),
        tools: Tools {
            source: PathBuf::new(),
            scratch: PathBuf::new(),
            crates: PathBuf::new(),
            programs: Vec::new(),
            target: String::new(),
            nix_flags: std::env::var("DRYDOCK_NIX_FLAGS")
                .unwrap_or_default()
                .lines()
                .map(str::to_owned)
                .collect(),
        },
        rounds: None,
    };
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--help" => return Ok(None),
            "--rounds" => options.rounds = Some(number(&argument, arguments.next())?),
            "--measure" => options.parts = parts(&PARTS, &value(&argument, arguments.next())?)?,
            "--write" => options.write = Some(value(&argument, arguments.next())?.into()),
            // These are the caller's, ../../../../nix/repository/commands/bench.nix.
            "--commit" => options.commit = value(&argument, arguments.next())?,
            "--source" => options.source = value(&argument, arguments.next())?.into(),
            "--scratch" => {
                options.tools.scratch = value(&argument, arguments.next())?.into();
                options.tools.source = options.tools.scratch.join("source");
            }
            "--crates" => options.tools.crates = value(&argument, arguments.next())?.into(),
            "--target" => options.tools.target = value(&argument, arguments.next())?,
            "--program" => options
                .tools
                .programs
                .push(value(&argument, arguments.next())?),
            _ if argument.starts_with('-') => {
                return Err(Error::Usage(format!(
                    "there is no option '{argument}'\n{USAGE}"
                )));
            }
            _ => options.ways.push(way(&argument)?),
        }
    }
    if options.ways.is_empty() {
        options.ways = WAYS.to_vec();
    }
    Ok(Some(options))
}

fn way(wanted: &str) -> Result<Way, Error> {
    WAYS.into_iter()
        .find(|way| way.name() == wanted)
        .ok_or_else(|| {
            let names = WAYS.map(Way::name).join(", ");
            Error::Usage(format!("there is no way '{wanted}'; there are {names}"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(arguments: &[&str]) -> Result<Option<Options>, Error> {
        parse(arguments.iter().map(ToString::to_string))
    }

    #[test]
    fn what_takes_minutes_is_measured_once_unless_it_is_said() -> Result<(), Error> {
        let rounds = |arguments: &[&str]| -> Result<Option<(u32, u32, u32)>, Error> {
            Ok(said(arguments)?.map(|options| {
                (
                    options.rounds(Part::Source),
                    options.rounds(Part::Cold),
                    options.most_rounds(),
                )
            }))
        };
        assert_eq!(rounds(&[])?, Some((3, 1, 3)));
        assert_eq!(rounds(&["--measure", "cold"])?, Some((3, 1, 1)));
        assert_eq!(rounds(&["--rounds", "2"])?, Some((2, 2, 2)));
        assert!(said(&["--rounds", "2", "--help"])?.is_none());
        Ok(())
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |arguments| said(arguments).err().map(|error| error.to_string());
        assert_eq!(
            error(&["podman"]).as_deref(),
            Some(
                "there is no way 'podman'; there are cargo, drydock, dockerfile, buildImage, buildLayeredImage, streamLayeredImage"
            )
        );
        assert!(error(&["--measure", "everything"]).is_some());
        assert!(error(&["--seconds", "1"]).is_some());
    }
}
