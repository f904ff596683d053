//! The command line: what is built and run, and what is said of other files.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::front::Address;

/// Builds a service at each save and swaps the running program; tests and reloads the nginx in
/// front of it.
#[derive(Debug, Parser)]
#[command(name = "dev-loop", after_help = ENVIRONMENT, disable_version_flag = true)]
pub struct Options {
    /// Where the paths below are, and where cargo runs.
    #[arg(long = "in", value_name = "FOLDER", default_value = ".")]
    pub root: PathBuf,
    /// A folder for files of the loop's own, which removes it with all that is in it at its end,
    /// and so wants a file .dev-loop in it, which says that it may; without it a new one among
    /// the temporary files.
    #[arg(long, value_name = "FOLDER")]
    pub work: Option<PathBuf>,
    /// Where the service is to be seen, which is said when it answers.
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Where that is asked from here, if it is another name.
    #[arg(long, value_name = "URL")]
    pub ask: Option<String>,
    /// What is said when this file, or something in this folder, changes.
    #[arg(long, num_args = 2, value_names = ["PATH", "TEXT"])]
    note: Vec<String>,

    #[command(flatten)]
    app: MaybeApp,
    #[command(flatten)]
    edge: MaybeEdge,
}

/// What belongs to the service.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The service")]
struct MaybeApp {
    /// Which program cargo builds.
    #[arg(long, value_name = "NAME", requires = "listen")]
    app: Option<String>,
    /// The address that the edge sends requests to, as 127.0.0.1:8000.
    #[arg(long, value_name = "ADDRESS", requires = "app")]
    listen: Option<SocketAddr>,
    /// The port that the program listens at, if it does not take the socket that it is given, as
    /// in sd_listen_fds(3); such a one is stopped before the next one starts.
    #[arg(long, value_name = "PORT", requires = "app")]
    port: Option<u16>,
    /// The same of a program that listens at a Unix socket: its path.
    #[arg(long, value_name = "PATH", requires = "app", conflicts_with = "port")]
    socket: Option<PathBuf>,
    /// An argument for cargo, such as --package=NAME; once for each.
    #[arg(
        long,
        value_name = "ARGUMENT",
        allow_hyphen_values = true,
        requires = "app"
    )]
    cargo: Vec<OsString>,
    /// An argument of the program; once for each.
    #[arg(
        long,
        value_name = "ARGUMENT",
        allow_hyphen_values = true,
        requires = "app"
    )]
    argument: Vec<OsString>,
    /// The folder that the program starts in.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    start_in: PathBuf,
    /// How long a new program may take to be ready, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    ready: u64,
}

/// What belongs to the nginx in front of it.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The edge")]
struct MaybeEdge {
    /// nginx's configuration, with nginx.conf in it.
    #[arg(long, value_name = "FOLDER")]
    edge: Option<PathBuf>,
    /// A folder whose files lie over those of the configuration; once for each, a later one over
    /// an earlier one.
    #[arg(long, value_name = "FOLDER", requires = "edge")]
    over: Vec<PathBuf>,
    /// The nginx that tests and runs it.
    #[arg(long, value_name = "PROGRAM", default_value = "nginx")]
    nginx: PathBuf,
    /// In this file of a copy of the configuration, TO stands for FROM; {listen} in it is the
    /// address of --listen.
    #[arg(long, num_args = 3, value_names = ["FILE", "FROM", "TO"], requires = "edge")]
    substitute: Vec<String>,
}

const ENVIRONMENT: &str = "\
Environment:
  APP_AUTOSTART     false: start nothing, and wait to be stopped (default true)
  APP_TEST_ON_SAVE  true: run `cargo test` after each good build (default false)";

/// The service.
#[derive(Debug, PartialEq, Eq)]
pub struct AppOptions {
    /// `--app`
    pub name: String,
    /// `--listen`
    pub listen: SocketAddr,
    /// `--port` or `--socket`
    pub own: Option<Address>,
    /// `--cargo`
    pub cargo: Vec<OsString>,
    /// `--argument`
    pub arguments: Vec<OsString>,
    /// `--start-in`
    pub folder: PathBuf,
    /// `--ready`
    pub ready: Duration,
}

/// The nginx in front of it.
#[derive(Debug, PartialEq, Eq)]
pub struct EdgeOptions {
    /// `--edge`, and `--over`.
    pub folders: Vec<PathBuf>,
    /// `--nginx`
    pub nginx: PathBuf,
    /// `--substitute`
    pub substitutions: Vec<Substitution>,
}

/// A text in a file that stands for another one.
#[derive(Debug, PartialEq, Eq)]
pub struct Substitution {
    /// Relative to the configuration's folder.
    pub file: PathBuf,
    /// What has to be there.
    pub from: String,
    /// What it becomes.
    pub to: String,
}

impl Options {
    /// The service, if there is to be one.
    #[must_use]
    pub fn app(&self) -> Option<AppOptions> {
        let app = &self.app;
        Some(AppOptions {
            name: app.app.clone()?,
            listen: app.listen?,
            own: match (app.port, &app.socket) {
                (Some(port), _) => Some(Address::Tcp((Ipv4Addr::LOCALHOST, port).into())),
                (None, socket) => socket.clone().map(Address::Unix),
            },
            cargo: app.cargo.clone(),
            arguments: app.argument.clone(),
            folder: app.start_in.clone(),
            ready: Duration::from_secs(app.ready),
        })
    }

    /// The edge, if there is to be one.
    #[must_use]
    pub fn edge(&self) -> Option<EdgeOptions> {
        let edge = &self.edge;
        let folders = edge.edge.iter().chain(&edge.over);
        edge.edge.as_ref()?;
        let (all, _) = edge.substitute.as_chunks();
        let substitution = |[file, from, to]: &[String; 3]| Substitution {
            file: file.into(),
            from: from.clone(),
            to: to.clone(),
        };
        Some(EdgeOptions {
            folders: folders.cloned().collect(),
            nginx: edge.nginx.clone(),
            substitutions: all.iter().map(substitution).collect(),
        })
    }

    /// A path and a sentence for each.
    #[must_use]
    pub fn notes(&self) -> Vec<(PathBuf, String)> {
        let (notes, _) = self.note.as_chunks();
        let note = |[path, text]: &[String; 2]| (path.into(), text.clone());
        notes.iter().map(note).collect()
    }
}

/// The folder of `--work`, whatever else is wrong with the arguments: it is removed all the same.
#[must_use]
pub fn work(arguments: &[OsString]) -> Option<PathBuf> {
    let at = arguments.iter().rposition(|option| option == "--work")?;
    arguments.get(at + 1).map(PathBuf::from)
}

/// Reads a variable that is `true` or `false`.
///
/// # Errors
/// A sentence that says what is allowed.
pub fn switch(name: &str, value: Option<&OsString>, default: bool) -> Result<bool, String> {
    match value.map(|value| value.to_string_lossy().into_owned()) {
        None => Ok(default),
        // Compose hands on a variable that is not set as an empty one.
        Some(value) if value.is_empty() => Ok(default),
        Some(value) if value == "true" => Ok(true),
        Some(value) if value == "false" => Ok(false),
        Some(value) => Err(format!("{name}={value:?}: allowed is true or false")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &[&str]) -> Result<Options, String> {
        let line = ["dev-loop"].iter().chain(line);
        Options::try_parse_from(line).map_err(|error| error.to_string())
    }

    #[test]
    fn everything_is_understood() {
        let options = parse(&[
            "--app",
            "serve",
            "--listen",
            "127.0.0.1:80",
            "--port",
            "8080",
            "--cargo",
            "--package=x",
            "--argument",
            "-v",
            "--start-in",
            "x",
            "--ready",
            "3",
            "--edge",
            "conf",
            "--over",
            "more",
            "--nginx",
            "/bin/nginx",
            "--substitute",
            "a.conf",
            "x",
            "y",
            "--note",
            "flake.nix",
            "start again",
            "--note",
            "nix",
            "again",
            "--substitute",
            "b.conf",
            "1",
            "2",
        ]);
        let options = options.expect("it is right");
        let substitution = |file: &str, from: &str, to: &str| Substitution {
            file: file.into(),
            from: from.to_owned(),
            to: to.to_owned(),
        };
        let app = AppOptions {
            name: "serve".to_owned(),
            listen: ([127, 0, 0, 1], 80).into(),
            own: Some(Address::Tcp(([127, 0, 0, 1], 8080).into())),
            cargo: vec!["--package=x".into()],
            arguments: vec!["-v".into()],
            folder: "x".into(),
            ready: Duration::from_secs(3),
        };
        assert_eq!(options.app(), Some(app));
        let edge = EdgeOptions {
            folders: vec!["conf".into(), "more".into()],
            nginx: "/bin/nginx".into(),
            substitutions: vec![
                substitution("a.conf", "x", "y"),
                substitution("b.conf", "1", "2"),
            ],
        };
        assert_eq!(options.edge(), Some(edge));
        let notes = [("flake.nix", "start again"), ("nix", "again")];
        assert_eq!(
            options.notes(),
            notes.map(|(path, text)| (path.into(), text.to_owned()))
        );
    }

    #[test]
    fn refusals_say_what_is_wrong() {
        for (line, why) in [
            (&["--app", "a"][..], "--listen"),
            (&["--listen", "127.0.0.1:1"], "--app"),
            (&["--app", "a", "--listen", "8000"], "8000"),
            (&["--ready", "0"], "1..=3600"),
            (&["--edge"], "--edge"),
            (&["--edge", "e", "--substitute", "a", "b"], "--substitute"),
            (&["--prot"], "--prot"),
            (
                &[
                    "--app",
                    "a",
                    "--listen",
                    "127.0.0.1:1",
                    "--port",
                    "1",
                    "--socket",
                    "/a",
                ],
                "--socket",
            ),
        ] {
            let refused = parse(line).expect_err(why);
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn switches_are_true_or_false() {
        let read = |value: &str| switch("X", Some(&value.into()), true);
        assert_eq!(switch("X", None, true), Ok(true));
        assert_eq!(
            (read(""), read("true"), read("false")),
            (Ok(true), Ok(true), Ok(false))
        );
        assert_eq!(
            read("no"),
            Err("X=\"no\": allowed is true or false".to_owned())
        );
    }
}
