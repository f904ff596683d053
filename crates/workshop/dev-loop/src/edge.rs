//! The nginx in front of the service: a configuration is tested before it is taken.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::mem::replace;
use std::os::unix::fs::symlink;
use std::path::{Display, Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::Signal;
use tokio::time::timeout;

use crate::args::EdgeOptions;
use crate::process::{How, Process, ended};
use crate::say::say;

/// How long a test of the configuration may take.
const TEST: Duration = Duration::from_secs(20);

/// nginx, or what it is started with as soon as that is right.
#[derive(Debug)]
pub struct Edge {
    options: EdgeOptions,
    listen: String,
    root: PathBuf,
    /// Has the copies of the configuration, and `current`, a link to the one that is used.
    work: PathBuf,
    number: usize,
    /// The copy that was used before the current one.
    before: Option<PathBuf>,
    /// The program while it runs.
    pub nginx: Option<Process>,
}

/// Why a configuration was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// nginx has said the rest.
    #[error("nginx refuses it")]
    Test,
    /// A test without end.
    #[error("nginx -t did not end within {} s", TEST.as_secs())]
    Slow,
    /// What `--substitute` names.
    #[error("{file} has no {from:?}, which --substitute names")]
    Substitution {
        /// The file.
        file: String,
        /// The text.
        from: String,
    },
    /// Of files and programs.
    #[error("{0}")]
    System(#[from] io::Error),
}

impl Edge {
    /// Nothing runs yet; `work` is the loop's own folder, and `listen` the address of the
    /// service.
    #[must_use]
    pub fn new(mut options: EdgeOptions, root: &Path, work: &Path, listen: String) -> Self {
        for folder in &mut options.folders {
            let whole = root.join(&*folder);
            *folder = whole.canonicalize().unwrap_or(whole);
        }
        Self {
            options,
            listen,
            root: root.to_owned(),
            work: work.join("edge"),
            number: 0,
            before: None,
            nginx: None,
        }
    }

    /// Takes the configuration as it is now, if nginx accepts it: starts nginx, or has it take
    /// the new one. It keeps the one that it has, otherwise.
    ///
    /// # Errors
    /// [`Refusal`]
    pub async fn take(&mut self) -> Result<(), Refusal> {
        self.number += 1;
        let name = format!("configuration-{}", self.number);
        let copy = self.work.join(&name);
        let tested = self.test(&copy).await;
        if tested.is_err() {
            let _ = fs::remove_dir_all(&copy);
            return tested;
        }
        let (current, next) = (self.work.join("current"), self.work.join("next"));
        let before = fs::read_link(&current).ok();
        symlink(&name, &next)?;
        fs::rename(&next, &current)?;
        match &self.nginx {
            // https://nginx.org/en/docs/control.html
            Some(nginx) => nginx.signal(Signal::HUP),
            None => self.nginx = Some(self.start(&current, &["-g", "daemon off;"])?),
        }
        // nginx may still read the one that was there; nobody reads the one before that.
        if let Some(unused) = replace(&mut self.before, before) {
            let _ = fs::remove_dir_all(self.work.join(unused));
        }
        Ok(())
    }

    async fn test(&self, copy: &Path) -> Result<(), Refusal> {
        for folder in &self.options.folders {
            copy_configuration(folder, copy)?;
        }
        for substitution in &self.options.substitutions {
            let file = copy.join(&substitution.file);
            let text = fs::read_to_string(&file)?;
            if !text.contains(&substitution.from) {
                return Err(Refusal::Substitution {
                    file: substitution.file.display().to_string(),
                    from: substitution.from.clone(),
                });
            }
            let to = substitution.to.replace("{listen}", &self.listen);
            fs::write(&file, text.replace(&substitution.from, &to))?;
        }
        let mut test = self.start(copy, &["-t", "-q"])?;
        match timeout(TEST, test.ended()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(_)) => Err(Refusal::Test),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => {
                test.kill();
                Err(Refusal::Slow)
            }
        }
    }

    fn start(&self, configuration: &Path, arguments: &[&str]) -> io::Result<Process> {
        let file = configuration.join("nginx.conf").into_os_string();
        let common = ["-c".into(), file, "-e".into(), "stderr".into()];
        let all: Vec<OsString> = common
            .into_iter()
            .chain(arguments.iter().map(OsString::from))
            .collect();
        Process::start(&self.options.nginx, &all, &self.root, How::default())
    }

    /// Waits until nginx ends by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let status = ended(self.nginx.as_mut()).await;
        self.nginx = None;
        status
    }

    /// The folders of the configuration, below the root; those elsewhere do not change.
    pub fn folders(&self) -> impl Iterator<Item = &Path> {
        let all = self.options.folders.iter();
        all.filter_map(|folder| folder.strip_prefix(&self.root).ok())
    }

    /// The folder that is edited, for sentences.
    fn folder(&self) -> Display<'_> {
        let last = self
            .folders()
            .last()
            .or(self.options.folders.first().map(PathBuf::as_path));
        last.unwrap_or(Path::new(".")).display()
    }

    /// Takes the configuration and says what became of it.
    pub async fn follow(&mut self) {
        let then = match self.nginx {
            None => "nginx does not run",
            Some(_) => "the one before goes on serving",
        };
        match self.take().await {
            Ok(()) => say!("nginx has the configuration in {}", self.folder()),
            Err(refusal) => say!(
                "error: the configuration in {}: {refusal}; {then}",
                self.folder()
            ),
        }
    }
}

/// Copies what is configuration: a key may lie in the same folder.
fn copy_configuration(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_configuration(&path, &copy)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "conf")
        {
            // And not by its mode, which a store makes one that nobody may write.
            fs::write(&copy, fs::read(&path)?)?;
        }
    }
    Ok(())
}
