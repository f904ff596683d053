//! A program: its command line, its configuration, its end; the one place that gives exit codes.

use std::env;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::marker::PhantomData;
use std::process::ExitCode;

use actix_web::rt::System;
use actix_web::web::{Data, ServiceConfig};
use tokio::sync::oneshot;

use crate::config::Config;
use crate::confine;
use crate::error::Page;
use crate::log;
use crate::program::Program;
use crate::server::{Server, ServerError};
use crate::shutdown::Signals;
use crate::variable::Table;

/// The server could not start or go on.
const FAILED: u8 = 1;
/// An argument that is not known.
const USAGE: u8 = 2;
/// A variable that is not allowed: `EX_CONFIG` of sysexits(3).
const CONFIG: u8 = 78;

/// A service: [`Service::run`] is all that its `main` does. `Own` are the variables that it has
/// besides those of [`Config`].
#[derive(Debug)]
pub struct Service<Own = ()> {
    program: Program,
    error_page: Option<Page>,
    opens: Option<&'static [&'static str]>,
    own: PhantomData<fn() -> Own>,
}

impl Service {
    /// A service without variables of its own; `program` is [`program!()`](crate::program).
    #[must_use]
    pub const fn new(program: Program) -> Self {
        Self {
            program,
            error_page: None,
            opens: None,
            own: PhantomData,
        }
    }
}

impl<Own: Table + Clone + Send + Sync + 'static> Service<Own> {
    /// Puts variables of the service's own behind those of [`Config`]; see
    /// [`variables!`](crate::variables). A handler finds their values as [`Data<More>`](Data).
    #[must_use]
    pub fn variables<More: Table>(self) -> Service<More> {
        Service {
            program: self.program,
            error_page: self.error_page,
            opens: self.opens,
            own: PhantomData,
        }
    }

    /// Lets it open for reading what is below these paths, and no other file, once it has its
    /// configuration and the files that this names: by
    /// [Landlock](https://docs.kernel.org/userspace-api/landlock.html), where the kernel has that; the
    /// log says at `debug` whether. Without this, it may open what its user may.
    #[must_use]
    pub fn opens(mut self, paths: &'static [&'static str]) -> Self {
        self.opens = Some(paths);
        self
    }

    /// Shows errors to people so. Without it everybody gets a line of text, or JSON.
    #[must_use]
    pub fn error_page(mut self, page: Page) -> Self {
        self.error_page = Some(page);
        self
    }

    /// Does what the arguments say: without any, serves `routes` until a signal ends it, within
    /// the limits of the configuration. The health probes' paths are answered as well, and others
    /// with 404.
    #[must_use]
    pub fn run(self, routes: impl Fn(&mut ServiceConfig) + Send + Sync + 'static) -> ExitCode {
        let arguments: Vec<_> = env::args_os().skip(1).collect();
        match arguments.as_slice() {
            [] => self.with_config(|config| self.serve(config, routes)),
            [flag] if flag == "--check-config" => self.with_config(|config| {
                let lines = config.effective().into_iter();
                print(&lines.fold(String::new(), |mut text, (name, value)| {
                    let _ = writeln!(text, "{name}={value}");
                    text
                }))
            }),
            [flag] if flag == "--version" => print(&format!("{}\n", self.version())),
            [flag] if flag == "--help" => print(&self.help()),
            unknown => self.refuse(unknown),
        }
    }

    fn with_config(&self, then: impl FnOnce((Config, Own)) -> ExitCode) -> ExitCode {
        match <(Config, Own)>::from_env() {
            Ok(config) => then(config),
            Err(errors) => {
                for error in errors {
                    self.complain(&error.to_string());
                }
                ExitCode::from(CONFIG)
            }
        }
    }

    fn serve(
        &self,
        (config, own): (Config, Own),
        routes: impl Fn(&mut ServiceConfig) + Send + Sync + 'static,
    ) -> ExitCode {
        // Each thread has what the one has that started it: there is no other yet.
        let confined = self.opens.map(confine::to);
        let log = match log::init(self.program, config.log_format, &config.log_levels) {
            Ok(log) => log,
            Err(error) => {
                self.complain(&format!("the log cannot start: {error}"));
                return ExitCode::from(FAILED);
            }
        };
        match confined {
            None => {}
            Some(Ok(status)) => ::log::debug!("Landlock: {status:?}"),
            Some(Err(error)) => ::log::debug!("Landlock: not enforced: {error}"),
        }
        let routes = move |app: &mut ServiceConfig| {
            app.app_data(Data::new(own.clone()));
            routes(app);
        };
        let ended = System::new().block_on(serve(config, self.error_page, routes));
        log.flush();
        ended.unwrap_or_else(|error| {
            self.complain(&error.to_string());
            ExitCode::from(FAILED)
        })
    }

    fn version(&self) -> String {
        let Program { name, version, .. } = self.program;
        format!("{name} {version} ({})", self.program.revision())
    }

    fn help(&self) -> String {
        let name = self.program.name;
        format!(
            "{}\n\n\
             usage: {name}                 serve\n       \
                    {name} --check-config  print the effective configuration, one NAME=value a line\n       \
                    {name} --version\n       \
                    {name} --help\n\n\
             exit codes: 0 stopped as asked, {FAILED} failed, {USAGE} bad argument, {CONFIG} bad configuration,\n            \
             130 or 143 stopped at once by a second SIGINT or SIGTERM\n\n\
             environment variables:\n{}",
            self.version(),
            <(Config, Own)>::help()
        )
    }

    fn refuse(&self, arguments: &[OsString]) -> ExitCode {
        self.complain(&format!(
            "unknown arguments {arguments:?}; --help lists what there is"
        ));
        ExitCode::from(USAGE)
    }

    fn complain(&self, text: &str) {
        let _ = writeln!(io::stderr(), "{}: {text}", self.program.name);
    }
}

/// Serves until the first signal has been obeyed or the second one arrives.
async fn serve(
    config: Config,
    error_page: Option<Page>,
    routes: impl Fn(&mut ServiceConfig) + Send + Sync + 'static,
) -> Result<ExitCode, ServerError> {
    let mut signals = Signals::install()?;
    let (stop, stopped) = oneshot::channel();
    let server = Server::bind(config, error_page)?.run(routes, async {
        let _ = stopped.await;
    });
    let watch = async {
        let first = signals.next().await;
        ::log::info!("{}; a second signal stops at once", first.name);
        let _ = stop.send(());
        signals.next().await
    };
    tokio::select! {
        ended = server => ended.map(|()| ExitCode::SUCCESS),
        second = watch => {
            ::log::warn!("{}: stopped at once", second.name);
            Ok(ExitCode::from(second.code))
        }
    }
}

/// Not `println!`, which panics when stdout is closed.
fn print(text: &str) -> ExitCode {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(FAILED),
    }
}
