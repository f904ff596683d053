//! The ways to build an image, each with a copy of the repository of its own;
//! ../../../../../bench/building/ways.sh has what each of them does.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::tree::Tree;
use crate::command::{Absent, Place};
use crate::options::{Building, Way, name};

/// The names of all images begin so.
pub(crate) const REPOSITORY: &str = "drydock-bench";

/// What is built: the image of the service, or that of nginx.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Which {
    Service,
    Edge,
}

impl Which {
    /// As steps and images call it.
    fn name(self) -> &'static str {
        match self {
            Self::Service => "app",
            Self::Edge => "nginx",
        }
    }
}

/// A folder, with what ways.sh has to know.
pub(crate) fn place(options: &Building, folder: &Path) -> Place {
    Place::new(folder)
        .with("CRATES", &options.crates)
        .with("PROGRAMS", options.programs.join(" "))
        .with("SCRATCH", options.scratch.to_string_lossy())
        .with("TARGET", &options.target)
}

/// Takes a step of ways.sh at a place, and says how long that took.
pub(crate) fn timed(place: &Place, way: Way, step: &[&str]) -> Result<Duration> {
    let begin = Instant::now();
    output(place, way, step)?;
    Ok(begin.elapsed())
}

/// The same, and what it prints.
pub(crate) fn output(place: &Place, way: Way, step: &[&str]) -> Result<String> {
    let way = name(way);
    place.run(&[&["bash", "bench/building/ways.sh", &way], step].concat())
}

/// Whether it only packages a program that something else has built.
pub(crate) fn only_packages(way: Way) -> bool {
    !matches!(way, Way::Cargo | Way::Drydock | Way::Dockerfile)
}

/// One way with its tree.
pub(crate) struct Builder {
    pub(crate) way: Way,
    pub(crate) tree: Tree,
    pub(crate) place: Place,
}

impl Builder {
    /// Makes the tree. `stamp` is of this run alone.
    pub(crate) fn new(way: Way, options: &Building, stamp: &str) -> Result<Self> {
        let name = name(way);
        // Those that only package have the same edits, so that they package the same.
        let own = if only_packages(way) { "plain" } else { &name };
        let tree = Tree::copy(options, &name, &format!("{stamp}-{own}"))?;
        let place = place(options, &tree.folder);
        Ok(Self { way, tree, place })
    }

    /// Builds once, so that what is measured is not the first time; what is to be said of it.
    pub(crate) fn prepare(&self) -> Result<String> {
        let said = output(&self.place, self.way, &["prepare"])?;
        self.build(Which::Service)?;
        match self.build(Which::Edge) {
            Err(error) if !error.is::<Absent>() => Err(error),
            _ => Ok(said),
        }
    }

    /// What an image is called.
    pub(crate) fn image(&self, which: Which) -> String {
        let prefix = match self.way {
            Way::Cargo | Way::Drydock => "",
            Way::Dockerfile => "dockerfile-",
            Way::BuildImage => "build-image-",
            Way::BuildLayeredImage => "build-layered-image-",
            Way::StreamLayeredImage => "stream-layered-image-",
        };
        format!("{REPOSITORY}/{prefix}{}", which.name())
    }

    /// Its place, where steps are of an image.
    pub(crate) fn place_of(&self, which: Which) -> Place {
        self.place.clone().with("IMAGE", self.image(which))
    }

    /// A step that is of an image.
    pub(crate) fn step(&self, step: &str, which: Which) -> Result<Duration> {
        timed(&self.place_of(which), self.way, &[step])
    }

    /// Builds an image, loads it, and says how long that took.
    pub(crate) fn build(&self, which: Which) -> Result<Duration> {
        self.step(which.name(), which)
    }

    /// An output of the tree's flake, by its name.
    pub(crate) fn output(&self, name: &str) -> Result<String> {
        output(&self.place, self.way, &["output", name])
    }

    /// Takes away what the service's image is made from, or makes it another one.
    pub(crate) fn make_cold(&mut self) -> Result<()> {
        if only_packages(self.way) || self.way == Way::Drydock {
            return self.tree.make_anew();
        }
        output(&self.place, self.way, &["forget"])?;
        Ok(())
    }
}
