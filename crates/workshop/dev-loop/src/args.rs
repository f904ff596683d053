//! The command line: what is watched, and what is done about it.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// What `--help` prints.
pub const HELP: &str = "\
usage: dev-loop [--in FOLDER] [--work FOLDER] [--url URL] [PART...]

  --in FOLDER     where the paths below are, and where cargo runs; the current folder
  --work FOLDER   a folder for files of the loop's own, which removes it with all that is in it
                  at its end, and so wants a file .dev-loop in it, which says that it may;
                  without it a new one among the temporary files
  --url URL       where the service is to be seen, which is said when it answers

the service:
  --app NAME      the binary of the crate; it takes a listening socket as in sd_listen_fds(3),
                  and says READY=1 as in sd_notify(3)
  --listen ADDR   the address of that socket, as 127.0.0.1:8000
  --source PATH   a file or folder that the program is made of; once for each
  --tests PATH    a file or folder that only its tests are made of; once for each
  --ready SECONDS how long a new program may take to be ready (default 10)

the edge:
  --edge FOLDER   nginx's configuration, with nginx.conf in it
  --nginx PROGRAM the nginx that tests and runs it (default nginx)
  --place FILE FROM TO
                  in this file of a copy of the configuration, TO stands for FROM

whatever else:
  --note PATH TEXT
                  what is said when this file, or something in this folder, changes

environment:
  APP_AUTOSTART     false: start nothing, and wait to be stopped (default true)
  APP_TEST_ON_SAVE  true: run `cargo test` after each good build (default false)
";

/// The command line, understood.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// `--in`
    pub root: PathBuf,
    /// `--url`
    pub url: Option<String>,
    /// `--app` and what belongs to it.
    pub app: Option<AppOptions>,
    /// `--edge` and what belongs to it.
    pub edge: Option<EdgeOptions>,
    /// `--note`: a path and a sentence.
    pub notes: Vec<(PathBuf, String)>,
}

/// The service.
#[derive(Debug, PartialEq, Eq)]
pub struct AppOptions {
    /// `--app`
    pub name: String,
    /// `--listen`
    pub listen: SocketAddr,
    /// `--source`
    pub sources: Vec<PathBuf>,
    /// `--tests`
    pub tests: Vec<PathBuf>,
    /// `--ready`
    pub ready: Duration,
}

/// The nginx in front of it.
#[derive(Debug, PartialEq, Eq)]
pub struct EdgeOptions {
    /// `--edge`
    pub folder: PathBuf,
    /// `--nginx`
    pub nginx: PathBuf,
    /// `--place`
    pub places: Vec<Place>,
}

/// A text in a file that stands for another one.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    /// Relative to the configuration's folder.
    pub file: PathBuf,
    /// What has to be there.
    pub from: String,
    /// What it becomes.
    pub to: String,
}

impl Options {
    /// Understands the arguments; a part that is named twice counts as it was named last.
    ///
    /// # Errors
    /// A sentence that says which argument is wrong, and what is allowed.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let mut arguments = Arguments(arguments.into_iter());
        let (mut root, mut url) = (PathBuf::from("."), None);
        let (mut name, mut listen, mut sources) = (None, None, Vec::new());
        let (mut ready, mut tests, mut edge) = (Duration::from_secs(10), Vec::new(), None);
        let (mut nginx, mut places, mut notes) = (PathBuf::from("nginx"), Vec::new(), Vec::new());
        while let Some(option) = arguments.0.next() {
            let option = option.to_string_lossy().into_owned();
            let mut value = |what| arguments.value(&option, what);
            match &*option {
                "--in" => root = value("a folder")?.into(),
                // What [`work`] has given already.
                "--work" => drop(value("a folder")?),
                "--url" => url = Some(text(&value("a URL")?)),
                "--app" => name = Some(text(&value("the name of a binary")?)),
                "--listen" => {
                    let given = text(&value("an address")?);
                    let address = given.parse::<SocketAddr>().map_err(|_| {
                        format!("--listen {given}: allowed is an IP address and a port, as 127.0.0.1:8000")
                    })?;
                    listen = Some(address);
                }
                "--source" => sources.push(value("a path")?.into()),
                "--tests" => tests.push(value("a path")?.into()),
                "--ready" => {
                    let given = text(&value("seconds")?);
                    let seconds = given
                        .parse()
                        .ok()
                        .filter(|seconds| (1..=3600).contains(seconds));
                    let refused =
                        || format!("--ready {given}: allowed is a whole number from 1 to 3600");
                    ready = Duration::from_secs(seconds.ok_or_else(refused)?);
                }
                "--edge" => edge = Some(value("a folder")?.into()),
                "--nginx" => nginx = value("a program")?.into(),
                "--place" => places.push(Place {
                    file: value("a file")?.into(),
                    from: text(&value("a text")?),
                    to: text(&value("a text")?),
                }),
                "--note" => notes.push((value("a path")?.into(), text(&value("a sentence")?))),
                unknown => {
                    return Err(format!(
                        "unknown argument {unknown:?}; --help lists what there is"
                    ));
                }
            }
        }
        let app = match (name, listen) {
            (Some(name), Some(listen)) => Some(AppOptions {
                name,
                listen,
                sources,
                tests,
                ready,
            }),
            (None, None) => None,
            (Some(_), None) => {
                return Err("--app needs --listen, the address of its socket".to_owned());
            }
            (None, Some(_)) => return Err("--listen needs --app, the name of a binary".to_owned()),
        };
        let edge = edge.map(|folder| EdgeOptions {
            folder,
            nginx,
            places,
        });
        if app.is_none() && edge.is_none() {
            return Err("nothing to run: --app, --edge or both have to be given".to_owned());
        }
        Ok(Self {
            root,
            url,
            app,
            edge,
            notes,
        })
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

struct Arguments<I>(I);

impl<I: Iterator<Item = OsString>> Arguments<I> {
    fn value(&mut self, option: &str, what: &str) -> Result<OsString, String> {
        self.0
            .next()
            .ok_or_else(|| format!("{option} needs {what}"))
    }
}

fn text(value: &OsString) -> String {
    value.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &[&str]) -> Result<Options, String> {
        Options::parse(line.iter().map(OsString::from))
    }

    #[test]
    fn everything_is_understood() {
        let options = parse(&[
            "--in",
            "crate",
            "--work",
            "w",
            "--url",
            "https://here/",
            "--app",
            "serve",
            "--listen",
            "127.0.0.1:80",
            "--source",
            "src",
            "--source",
            "Cargo.toml",
            "--tests",
            "tests",
            "--ready",
            "3",
            "--edge",
            "conf",
            "--nginx",
            "/bin/nginx",
            "--place",
            "a.conf",
            "x",
            "y",
            "--note",
            "flake.nix",
            "start again",
        ]);
        let expected = Options {
            root: "crate".into(),
            url: Some("https://here/".to_owned()),
            app: Some(AppOptions {
                name: "serve".to_owned(),
                listen: ([127, 0, 0, 1], 80).into(),
                sources: vec!["src".into(), "Cargo.toml".into()],
                tests: vec!["tests".into()],
                ready: Duration::from_secs(3),
            }),
            edge: Some(EdgeOptions {
                folder: "conf".into(),
                nginx: "/bin/nginx".into(),
                places: vec![Place {
                    file: "a.conf".into(),
                    from: "x".to_owned(),
                    to: "y".to_owned(),
                }],
            }),
            notes: vec![("flake.nix".into(), "start again".to_owned())],
        };
        assert_eq!(options, Ok(expected));
    }

    #[test]
    fn refusals_say_what_is_allowed() {
        for (line, why) in [
            (&[][..], "nothing to run"),
            (&["--app", "a"], "--app needs --listen"),
            (&["--listen", "127.0.0.1:1"], "--listen needs --app"),
            (
                &["--listen", "8000"],
                "--listen 8000: allowed is an IP address",
            ),
            (&["--ready", "0"], "--ready 0: allowed is a whole number"),
            (&["--edge"], "--edge needs a folder"),
            (&["--place", "a", "b"], "--place needs a text"),
            (&["--prot"], "unknown argument \"--prot\""),
        ] {
            let refused = parse(line).expect_err(why);
            assert!(refused.starts_with(why), "{refused}");
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
