//! The edit-run loop: builds a service at each save and swaps the running program while its
//! listening socket stays; and tests and reloads the nginx in front of it.

mod app;
mod args;
mod edge;
mod process;
mod watch;

use std::env;
use std::fs;
use std::future;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use app::{App, Event};
use args::{HELP, Options};
use edge::Edge;
use watch::{Change, Watch};

/// All must be over two seconds after the signal; this is for those that are asked to end.
const LIMIT: Duration = Duration::from_millis(1200);

/// A folder that has it is the loop's to remove.
const MARKER: &str = ".dev-loop";

/// The loop could not start.
const FAILED: u8 = 1;
/// An argument that is not known.
const USAGE: u8 = 2;

/// A line of the loop's own, among those of the programs that it runs.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        // A terminal that is gone is no reason to end otherwise than by its signal.
        let _ = writeln!(std::io::stderr(), "dev: {}", format_args!($($text)*));
    }};
}

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    match arguments.first() {
        Some(first) if first == process::ARGUMENT => {
            say!(
                "error: {}",
                process::transform(arguments.into_iter().skip(1))
            );
            return ExitCode::from(FAILED);
        }
        Some(first) if first == "--help" => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    // Before anything can be refused: what is in it, a key perhaps, goes in any case.
    let work = match Work::new(args::work(&arguments)) {
        Ok(work) => work,
        Err(why) => {
            say!("error: --work {why}");
            return ExitCode::from(USAGE);
        }
    };
    let switch = |name, default| args::switch(name, env::var_os(name).as_ref(), default);
    let understood = Options::parse(arguments).and_then(|options| {
        let start = switch("APP_AUTOSTART", true)?;
        Ok((options, start, switch("APP_TEST_ON_SAVE", false)?))
    });
    let (options, start, test_on_save) = match understood {
        Ok(understood) => understood,
        Err(why) => {
            say!("error: {why}");
            return ExitCode::from(USAGE);
        }
    };
    // One thread: a program that is started dies with the thread that started it.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let ended = runtime
        .map_err(|error| error.to_string())
        .and_then(|runtime| {
            runtime.block_on(async {
                if start {
                    run(options, &work.0, test_on_save).await
                } else {
                    wait().await
                }
            })
        });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            say!("error: {why}");
            ExitCode::from(FAILED)
        }
    }
}

/// Does nothing but end when it is told to.
async fn wait() -> Result<(), String> {
    let mut stop = Stop::install()?;
    say!("APP_AUTOSTART=false: nothing is started");
    stop.wanted().await;
    Ok(())
}

/// The signals that mean an end.
struct Stop([Signal; 4]);

impl Stop {
    /// From now on none of them ends the process by itself.
    fn install() -> Result<Self, String> {
        let install = |kind| signal(kind).map_err(|error| format!("signals: {error}"));
        Ok(Self([
            install(SignalKind::interrupt())?,
            install(SignalKind::terminate())?,
            install(SignalKind::quit())?,
            install(SignalKind::hangup())?,
        ]))
    }

    /// Waits for one of them.
    async fn wanted(&mut self) {
        let [interrupt, terminate, quit, hang_up] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = quit.recv() => {}
            _ = hang_up.recv() => {}
        }
    }
}

async fn run(options: Options, work: &Path, test_on_save: bool) -> Result<(), String> {
    // Before anything is there that would be left.
    let mut stop = Stop::install()?;
    let root = options.root.canonicalize();
    let root = root.map_err(|error| format!("--in {}: {error}", options.root.display()))?;

    let mut app = match options.app {
        Some(app) => {
            let listen = app.listen;
            let bound = App::bind(app, &root, work, options.url, test_on_save);
            Some(
                bound
                    .map_err(|error| format!("--listen {listen}: cannot listen there: {error}"))?,
            )
        }
        None => None,
    };
    let mut edge = options.edge.map(|edge| Edge::new(edge, &root, work));
    let watched: Vec<PathBuf> = {
        let sources = app.iter().flat_map(|app| app.sources().chain(app.tests()));
        let folders = edge.iter().map(Edge::folder);
        let noted = options.notes.iter().map(|(path, _)| path.as_path());
        sources
            .chain(folders)
            .chain(noted)
            .map(Path::to_owned)
            .collect()
    };
    let watch = Watch::start(&root, watched.iter().map(PathBuf::as_path));
    let mut watch =
        watch.map_err(|error| format!("{}: cannot be watched: {error}", root.display()))?;

    if let Some(app) = &mut app {
        app.build();
    }
    let mut follow = edge.is_some();
    loop {
        if let Some(edge) = &mut edge
            && std::mem::take(&mut follow)
        {
            // A test of the configuration may take long; what it has started ends with it.
            tokio::select! {
                () = stop.wanted() => break,
                () = edge.follow() => {}
            }
        }
        tokio::select! {
            () = stop.wanted() => break,
            change = watch.change() => {
                note(&change, &options.notes);
                if let Some(app) = &mut app {
                    let found = app.sources().find_map(|source| change.within(source));
                    let of_tests = app.tests().find_map(|test| change.within(test));
                    if let Some(path) = found {
                        say!("{path} changed: building");
                        app.build();
                    } else if let Some(path) = of_tests {
                        say!("{path} changed: testing");
                        app.test();
                    }
                }
                if let Some(edge) = &edge
                    && let Some(path) = change.within(edge.folder())
                {
                    say!("{path} changed: testing it");
                    follow = true;
                }
            }
            event = event(app.as_mut()) => if let Some(app) = &mut app {
                app.handle(event);
            },
            status = nginx_ended(edge.as_mut()) => {
                say!("error: nginx ended by itself ({status}); the next change of its configuration starts it again");
            }
        }
    }
    let stop_app = async {
        if let Some(app) = app {
            app.stop(LIMIT).await;
        }
    };
    let stop_edge = async {
        if let Some(nginx) = edge.as_mut().and_then(|edge| edge.nginx.as_mut()) {
            nginx.stop(LIMIT).await;
        }
    };
    tokio::join!(stop_app, stop_edge);
    Ok(())
}

fn note(change: &Change, notes: &[(PathBuf, String)]) {
    for (place, text) in notes {
        if let Some(path) = change.within(place) {
            say!("{path} changed: {text}");
        }
    }
}

async fn event(app: Option<&mut App>) -> Event {
    match app {
        Some(app) => app.event().await,
        None => future::pending().await,
    }
}

async fn nginx_ended(edge: Option<&mut Edge>) -> ExitStatus {
    match edge {
        Some(edge) => edge.ended().await,
        None => future::pending().await,
    }
}

/// The folder for files of the loop's own, which goes with it.
struct Work(PathBuf);

impl Work {
    /// Refuses a folder that nobody has marked: it is removed whatever is in it.
    fn new(given: Option<PathBuf>) -> Result<Self, String> {
        let Some(given) = given else {
            let made = tempfile::Builder::new().prefix("dev-loop-").tempdir();
            return made
                .map(|folder| Self(folder.keep()))
                .map_err(|error| format!("is not given, and no folder can be made: {error}"));
        };
        let shown = given.display();
        let folder = given
            .canonicalize()
            .map_err(|error| format!("{shown}: {error}"))?;
        if !folder.join(MARKER).is_file() {
            return Err(format!(
                "{shown}: has no file {MARKER}, which says that it may be removed with all that is in it"
            ));
        }
        Ok(Self(folder))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            say!("error: {}: {error}", self.0.display());
        }
    }
}
