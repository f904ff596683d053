//! The ways to build an image, each with a copy of the repository of its own.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::command::Place;
use super::tree::Tree;
use crate::error::Error;

/// The names of all images begin so.
pub(crate) const REPOSITORY: &str = "drydock-bench";

/// Ways to build.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    /// The limit: cargo alone, and the changed bytes into a fresh file.
    Cargo,
    /// The flake, as it is.
    Drydock,
    /// A Dockerfile.
    Dockerfile,
    /// A builder of dockerTools, by the name of its output and the engine's way to load it.
    Plain {
        /// As nixpkgs calls it.
        name: &'static str,
        /// As ../../../building/flake.nix calls what it makes.
        output: &'static str,
        /// Whether it makes a program that writes the archive.
        streams: bool,
    },
}

pub(crate) const WAYS: [Way; 6] = [
    Way::Cargo,
    Way::Drydock,
    Way::Dockerfile,
    Way::Plain {
        name: "buildImage",
        output: "build-image",
        streams: false,
    },
    Way::Plain {
        name: "buildLayeredImage",
        output: "build-layered-image",
        streams: false,
    },
    Way::Plain {
        name: "streamLayeredImage",
        output: "stream-layered-image",
        streams: true,
    },
];

impl Way {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cargo => "cargo",
            Self::Drydock => "drydock",
            Self::Dockerfile => "dockerfile",
            Self::Plain { name, .. } => name,
        }
    }
}

/// What is built.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Which {
    /// The image of the service.
    Service,
    /// The image of nginx.
    Edge,
}

/// What all have in common.
pub(crate) struct Tools {
    /// The repository as it was at the start.
    pub(crate) source: PathBuf,
    /// Where everything is made.
    pub(crate) scratch: PathBuf,
    /// Settings for cargo that name the crates.
    pub(crate) crates: PathBuf,
    /// The toolchain and nginx, for the base image.
    pub(crate) programs: Vec<String>,
    /// The Rust target triple.
    pub(crate) target: String,
    /// Flags for each nix command.
    pub(crate) nix_flags: Vec<String>,
}

impl Tools {
    /// Builds an output of the flake at a place, and gives its store path.
    pub(crate) fn nix_build(&self, place: &Place, output: &str) -> Result<String, Error> {
        let installable = format!(".#{output}");
        let mut words = vec!["nix", "build", "--no-link", "--print-out-paths"];
        words.extend(self.nix_flags.iter().map(String::as_str));
        words.push(&installable);
        place.run(&words)
    }
}

/// Loads an archive, or what a program writes.
pub(crate) fn load(place: &Place, path: &str, streams: bool) -> Result<(), Error> {
    if streams {
        let script = r#""$1" | docker load --quiet"#;
        place.run(&["bash", "-o", "pipefail", "-c", script, "load", path])?;
    } else {
        place.run(&["docker", "load", "--quiet", "--input", path])?;
    }
    Ok(())
}

/// One way with its tree.
pub(crate) struct Builder<'a> {
    pub(crate) way: Way,
    pub(crate) tree: Tree,
    tools: &'a Tools,
    /// A client that builds with `BuildKit`.
    client: Option<String>,
    built: u32,
}

impl<'a> Builder<'a> {
    /// Makes the tree, and builds once, so that what is measured is not the first time.
    pub(crate) fn new(way: Way, tools: &'a Tools, stamp: &str) -> Result<Self, Error> {
        let folder = tools.scratch.join(way.name());
        // Those that only package have the same edits, so that they package the same.
        let stamp = match way {
            Way::Plain { .. } => format!("{stamp}-plain"),
            _ => format!("{stamp}-{}", way.name()),
        };
        let tree = Tree::copy(&tools.source, &folder, &stamp)?;
        let mut builder = Self {
            way,
            tree,
            tools,
            client: None,
            built: 0,
        };
        match way {
            Way::Cargo => {}
            Way::Drydock => {
                builder.tree.replace(
                    "flake.nix",
                    "name = \"app\";",
                    &format!("name = \"app\"; repository = \"{REPOSITORY}\";"),
                )?;
                builder.tree.replace(
                    "compose.yaml",
                    "image: drydock/",
                    &format!("image: {REPOSITORY}/"),
                )?;
                builder.tree.commit()?;
            }
            Way::Dockerfile => builder.make_base()?,
            Way::Plain { .. } => {
                let flake = builder.tree.read("bench/building/flake.nix")?;
                builder.tree.write("flake.nix", &flake)?;
            }
        }
        builder.build(Which::Service)?;
        match builder.build(Which::Edge) {
            Ok(_) | Err(Error::Absent(_)) => Ok(builder),
            Err(error) => Err(error),
        }
    }

    /// The base of the Dockerfiles, and who builds them: older clients have `BuildKit` themselves,
    /// newer ones as a plug-in.
    fn make_base(&mut self) -> Result<(), Error> {
        let folder = self.tools.scratch.join("base");
        std::fs::create_dir_all(&folder)?;
        let place = self.tree.place();
        let (folder, crates) = (
            folder.to_string_lossy(),
            self.tools.crates.to_string_lossy(),
        );
        let name = format!("{REPOSITORY}/base");
        let mut words = vec!["bash", "bench/building/base.sh", &name, &folder, &crates];
        words.extend(self.tools.programs.iter().map(String::as_str));
        match place.run(&words) {
            Err(Error::Command { status, .. }) if status.code() == Some(3) => {
                return Err(Error::Absent("apt".to_owned()));
            }
            other => other?,
        };
        std::fs::remove_dir_all(folder.as_ref())?;
        self.client = self.buildkit_client()?;
        Ok(())
    }

    /// The first client in the search path that builds with `BuildKit`.
    fn buildkit_client(&self) -> Result<Option<String>, Error> {
        let folder = self.tools.scratch.join("probe");
        std::fs::create_dir_all(&folder)?;
        std::fs::write(
            folder.join("Dockerfile"),
            "FROM scratch\nLABEL dev.drydock.bench=\"\"\nCOPY Dockerfile /\n",
        )?;
        let place = Place::new(folder).with("DOCKER_BUILDKIT", "1");
        let tag = format!("{REPOSITORY}/probe");
        let path = std::env::var_os("PATH").unwrap_or_default();
        Ok(std::env::split_paths(&path)
            .map(|folder| folder.join("docker").to_string_lossy().into_owned())
            .find(|client| {
                place
                    .run(&[client, "build", "--quiet", "--tag", &tag, "."])
                    .is_ok()
            }))
    }

    /// How the Dockerfiles are built.
    pub(crate) fn engine(&self) -> &'static str {
        match self.client {
            Some(_) => "BuildKit",
            None => "the classic builder",
        }
    }

    fn docker_build(&self, which: Which, options: &[&str]) -> Result<(), Error> {
        let (client, buildkit) = match &self.client {
            Some(client) => (client.as_str(), "1"),
            None => ("docker", "0"),
        };
        let place = self.tree.place().with("DOCKER_BUILDKIT", buildkit);
        let (file, target, tag) = (
            match which {
                Which::Service => "bench/building/Dockerfile",
                Which::Edge => "bench/building/edge.Dockerfile",
            },
            format!("target={}", self.tools.target),
            self.image(which),
        );
        let mut words = vec![client, "build", "--quiet", "--file", file, "--tag", &tag];
        if which == Which::Service {
            words.extend(["--build-arg", &target]);
        }
        words.extend(options);
        words.push(".");
        place.run(&words)?;
        Ok(())
    }

    /// What an image is called.
    pub(crate) fn image(&self, which: Which) -> String {
        let part = match which {
            Which::Service => "app",
            Which::Edge => "nginx",
        };
        match self.way {
            Way::Cargo | Way::Drydock => format!("{REPOSITORY}/{part}"),
            Way::Dockerfile => format!("{REPOSITORY}/dockerfile-{part}"),
            Way::Plain { output, .. } => format!("{REPOSITORY}/{output}-{part}"),
        }
    }

    /// The program that cargo has built.
    pub(crate) fn program(&self) -> PathBuf {
        self.target_folder()
            .join(&self.tools.target)
            .join("release/app")
    }

    fn target_folder(&self) -> PathBuf {
        self.tree.folder.join("target")
    }

    /// Builds an image, loads it, and says how long that took.
    pub(crate) fn build(&mut self, which: Which) -> Result<Duration, Error> {
        let begin = Instant::now();
        let place = self.tree.place();
        match self.way {
            Way::Cargo => {
                let from = match which {
                    Which::Service => {
                        self.cargo_build(&self.tree.folder)?;
                        self.program()
                    }
                    Which::Edge => self.tree.folder.join("nginx/http/client.conf"),
                };
                self.built += 1;
                let fresh = self.tools.scratch.join(format!("fresh-{}", self.built));
                std::fs::copy(from, fresh)?;
            }
            Way::Drydock => {
                let output = match which {
                    Which::Service => "image-app",
                    Which::Edge => "image-nginx",
                };
                let archive = self.tools.nix_build(&place, output)?;
                load(&place, &archive, false)?;
            }
            Way::Dockerfile => self.docker_build(which, &[])?,
            Way::Plain {
                output, streams, ..
            } => {
                let part = match which {
                    Which::Service => "app",
                    Which::Edge => "nginx",
                };
                let made = self.tools.nix_build(&place, &format!("{output}-{part}"))?;
                load(&place, &made, streams)?;
            }
        }
        Ok(begin.elapsed())
    }

    /// Takes away what the service's image is made from, or makes it another one.
    pub(crate) fn make_cold(&mut self) -> Result<(), Error> {
        match self.way {
            Way::Cargo => Ok(std::fs::remove_dir_all(self.target_folder())?),
            Way::Dockerfile => Ok(()),
            Way::Drydock | Way::Plain { .. } => self.tree.make_anew(),
        }
    }

    /// Builds after that.
    pub(crate) fn build_cold(&mut self) -> Result<Duration, Error> {
        if self.way != Way::Dockerfile {
            return self.build(Which::Service);
        }
        let begin = Instant::now();
        self.docker_build(Which::Service, &["--no-cache"])?;
        Ok(begin.elapsed())
    }

    fn cargo_build(&self, folder: &Path) -> Result<(), Error> {
        cargo_build(self.tools, folder)
    }
}

/// As the flake's own build calls it.
pub(crate) fn cargo_build(tools: &Tools, folder: &Path) -> Result<(), Error> {
    let target = folder.join("target");
    let place = Place::new(folder)
        .with("CARGO_TARGET_DIR", target.to_string_lossy())
        .with("CARGO_BUILD_TARGET", &tools.target)
        .with(
            "CARGO_BUILD_RUSTFLAGS",
            "-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs",
        )
        .with("CARGO_NET_OFFLINE", "true");
    let crates = tools.crates.to_string_lossy();
    place.run(&[
        "cargo",
        "--config",
        &crates,
        "build",
        "--release",
        "--locked",
    ])?;
    Ok(())
}
