//! The edit-run loop: builds a service at each save and swaps the running program while its
//! listening socket stays; and tests and reloads the nginx in front of it.

mod app;
mod args;
mod asked;
mod edge;
mod front;
mod listening;
mod process;
mod say;
mod sources;
mod watch;

use std::env;
use std::fs;
use std::future;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use app::{App, Event};
use args::Options;
use clap::Parser as _;
use edge::Edge;
use say::say;
use watch::{Change, Watch};

/// All must be over two seconds after the signal; this is for those that are asked to end.
const LIMIT: Duration = Duration::from_millis(1200);

/// A folder that has it is the loop's to remove.
const MARKER: &str = ".dev-loop";

/// The loop could not start.
const FAILED: u8 = 1;
/// An argument that is not known.
const USAGE: u8 = 2;

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
        Some(first) if first == "--help" || first == "-h" => {
            // It prints, and ends the process.
            Options::parse();
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
    let understood = || {
        // Its own sentence, without the usage that it puts below.
        let wrong = |error: clap::Error| {
            let text = error.to_string();
            let first = text.lines().take_while(|line| !line.is_empty());
            let first: Vec<_> = first.map(str::trim).collect();
            let first = first.join(" ");
            first.strip_prefix("error: ").unwrap_or(&first).to_owned()
        };
        let options = Options::try_parse().map_err(wrong)?;
        if options.app().is_none() && options.edge().is_none() {
            return Err("nothing to run: --app, --edge or both have to be given".to_owned());
        }
        let start = switch("APP_AUTOSTART", true)?;
        Ok((options, start, switch("APP_TEST_ON_SAVE", false)?))
    };
    let (options, start, test_on_save) = match understood() {
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
            let ended = runtime.block_on(async {
                if start {
                    run(&options, &work.0, test_on_save).await
                } else {
                    wait().await
                }
            });
            // A question that waits for its answer is no reason to stay.
            runtime.shutdown_background();
            ended
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

async fn run(options: &Options, work: &Path, test_on_save: bool) -> Result<(), String> {
    // Before anything is there that would be left.
    let mut stop = Stop::install()?;
    let root = options.root.canonicalize();
    let root = root.map_err(|error| format!("--in {}: {error}", options.root.display()))?;
    let notes = options.notes();

    let mut listen = String::new();
    let mut app = match options.app() {
        Some(app) => {
            let address = app.listen;
            let urls = (options.url.clone(), options.ask.clone());
            let (app, bound) = App::bind(app, &root, work, urls, test_on_save)
                .map_err(|error| format!("--listen {address}: cannot listen there: {error}"))?;
            listen = bound.to_string();
            Some(app)
        }
        None => None,
    };
    let edge = options.edge();
    let mut edge = edge.map(|edge| Edge::new(edge, &root, work, listen));
    let unwatched = |error| format!("{}: cannot be watched: {error}", root.display());
    let mut watch = Watch::start(&root).map_err(unwatched)?;
    let paths = notes.iter().map(|(path, _)| path.as_path());
    let paths = paths.chain(edge.iter().flat_map(Edge::folders));
    watch.follow_paths(paths).map_err(unwatched)?;

    if let Some(app) = &mut app {
        app.build();
    }
    let mut follow = edge.is_some();
    loop {
        if let Some(app) = &mut app {
            watch.follow(app.sources.folders()).map_err(unwatched)?;
        }
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
                note(&change, &notes);
                if let Some(app) = &mut app {
                    take(app, &change);
                }
                if let Some(edge) = &edge
                    && let Some(path) = edge.folders().find_map(|folder| change.within(folder))
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

/// Builds or tests, if a change is one of what is built or tested.
fn take(app: &mut App, change: &Change) {
    let Change::Paths(paths) = change else {
        say!("more changed than the system told: building");
        return app.build();
    };
    let paths: Vec<_> = paths
        .iter()
        .filter(|path| !app.sources.is_own(path))
        .collect();
    let of_program = paths.iter().filter(|path| app.sources.are_of_program(path));
    let of_program: Vec<_> = of_program.copied().collect();
    if let Some(first) = of_program.first() {
        for path in &of_program {
            for renewed in app.sources.renew(path) {
                say!(
                    "{} is older than the program; its time is now the present one, or cargo would pass it over",
                    renewed.display()
                );
            }
        }
        say!("{} changed: building", first.display());
        app.build();
    } else if let Some(path) = paths.iter().find(|path| app.is_of_tests(path)) {
        say!("{} changed: testing", path.display());
        app.test();
    }
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
