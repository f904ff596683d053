//! One round: looks what there is, and does the next thing that is due.

use std::{
    mem,
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

use instant_acme::{Account, Error, ExternalAccountKey, NewAccount};
use tokio::runtime::{Builder, Runtime};

use crate::{
    certificate::{Certificate, written},
    http::Https,
    order::{self, described, is},
    schedule,
    settings::Settings,
    state::State,
};

/// What a round has come to.
pub(crate) enum Step {
    /// Something was done, and there may be more to do.
    Done(String),
    /// Nothing is due until then.
    Wait(SystemTime),
}

/// From when until when a certificate is best renewed (RFC 9773, section 4.2).
type Window = (SystemTime, SystemTime);

/// Keeps one pair.
pub(crate) struct Keeper<'a> {
    settings: &'a Settings,
    state: State,
    https: Https,
    runtime: Runtime,
    /// Whether the pair that is there was handed over since the start.
    handed_over: bool,
    /// Whether one was issued, and it was not yet seen that there is nothing more to do.
    fresh: bool,
    /// The moment that was chosen, and of which window.
    chosen: Option<(Window, SystemTime)>,
}

impl<'a> Keeper<'a> {
    pub(crate) fn new(settings: &'a Settings) -> Result<Self, String> {
        Ok(Self {
            settings,
            state: State::open(&settings.state)?,
            https: Https::trusting(&settings.authorities),
            runtime: Builder::new_current_thread()
                .enable_time()
                .build()
                .map_err(|error| format!("cannot start: {error}"))?,
            handed_over: false,
            fresh: false,
            chosen: None,
        })
    }

    /// For how long the authority wanted not to be asked.
    pub(crate) fn told_to_wait(&self) -> Option<Duration> {
        self.https.told_to_wait()
    }

    /// What remains after a failure.
    pub(crate) fn kept(&self) -> String {
        match self.certificate() {
            Some(there) => match there.not_after.duration_since(SystemTime::now()) {
                Ok(left) => format!(
                    "the certificate that is there stays, with {} left",
                    schedule::shown(left)
                ),
                Err(_) => "the certificate that is there stays, and has expired".to_owned(),
            },
            None => "there is no certificate of the authority yet".to_owned(),
        }
    }

    /// Does what is due.
    ///
    /// # Errors
    /// A sentence, without its end, on what failed. The pair is as it was.
    pub(crate) fn round(&mut self) -> Result<Step, String> {
        let there = self.certificate();
        if there.is_some() && !self.handed_over {
            let said = self.hand_over()?;
            self.handed_over = true;
            return Ok(Step::Done(said));
        }
        let now = SystemTime::now();
        if let Some(there) = &there
            && there.is_for(&self.settings.names)
            && now < there.not_after
        {
            let due = self.due(there, now)?;
            if now < due {
                self.fresh = false;
                return Ok(Step::Wait(due));
            }
        }
        // One after the other would come, as where this machine's clock is in the future.
        if mem::take(&mut self.fresh) {
            return Err(format!(
                "{} issued a certificate that is to be renewed at once, if the clock of this machine is right",
                self.settings.directory
            ));
        }
        self.state.probe()?;
        let pair = self.runtime.block_on(self.order(there))?;
        self.state.keep_pair(&pair.chain, &pair.key)?;
        self.handed_over = false;
        self.fresh = true;
        let names: Vec<_> = self.settings.names.iter().map(written).collect();
        Ok(Step::Done(format!(
            "{} issued a certificate for {}",
            self.settings.directory,
            names.join(", ")
        )))
    }

    fn certificate(&self) -> Option<Certificate> {
        self.state
            .chain()
            .ok()
            .flatten()
            .and_then(|chain| Certificate::of(&chain))
    }

    /// When there is something to do for a certificate that is good now: to renew it, or to ask for
    /// the authority's suggestion once more.
    fn due(&mut self, there: &Certificate, now: SystemTime) -> Result<SystemTime, String> {
        let suggestion = self.runtime.block_on(self.suggestion(there));
        let suggestion = suggestion.map(|found| {
            found.map(|(window, after)| {
                // One choice for a window, or the last of many would count.
                let chosen = match self.chosen {
                    Some((of, chosen)) if of == window => chosen,
                    _ => schedule::within(window, (there.not_before, there.not_after)),
                };
                self.chosen = Some((window, chosen));
                (chosen, after)
            })
        });
        schedule::due((there.not_before, there.not_after), now, suggestion)
    }

    /// When the authority wants the certificate to be renewed, and after what time it wants to be
    /// asked again; none if it makes no suggestions, or none for that of another authority.
    async fn suggestion(&self, there: &Certificate) -> Result<Option<(Window, Duration)>, String> {
        let Some(id) = &there.id else {
            return Ok(None);
        };
        match self.account().await?.renewal_info(id).await {
            Ok((info, after)) => {
                let window = info.suggested_window;
                Ok(Some(((window.start.into(), window.end.into()), after)))
            }
            Err(Error::Unsupported(_) | Error::Api(_) | Error::Str(_)) => Ok(None),
            Err(error) => Err(self.sentence(&error)),
        }
    }

    async fn order(&self, there: Option<Certificate>) -> Result<order::Pair, String> {
        let account = self.account().await?;
        let replaces = there.and_then(|there| there.id);
        order::issue(&account, self.settings, replaces)
            .await
            .map_err(|error| {
                if matches!(&error, Error::Api(problem) if is(problem, "accountDoesNotExist")) {
                    self.state.forget_account();
                }
                self.sentence(&error)
            })
    }

    /// The account that is there, or a new one.
    async fn account(&self) -> Result<Account, String> {
        let Settings {
            directory,
            contact,
            binding,
            ..
        } = self.settings;
        let builder = Account::builder_with_http(Box::new(self.https.clone()));
        if let Some(credentials) = self.state.account(directory)? {
            let restored = builder.from_credentials(credentials).await;
            return restored.map_err(|error| self.sentence(&error));
        }
        self.state.probe()?;
        let contact: Vec<_> = contact.iter().map(String::as_str).collect();
        let new = NewAccount {
            contact: &contact,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let external = binding
            .as_ref()
            .map(|binding| ExternalAccountKey::new(binding.name.clone(), &binding.key));
        let (account, credentials) = builder
            .create(&new, directory.clone(), external.as_ref())
            .await
            .map_err(|error| self.sentence(&error))?;
        self.state.keep_account(directory, credentials)?;
        Ok(account)
    }

    fn sentence(&self, error: &Error) -> String {
        let why = match error {
            Error::Api(problem) => described(problem),
            Error::Json(_) => "does not answer as an ACME server does".to_owned(),
            other => other.to_string(),
        };
        format!("{}: {why}", self.settings.directory)
    }

    /// Runs the command, and gives its first line, or else its last one on stderr.
    fn hand_over(&self) -> Result<String, String> {
        let [program, arguments @ ..] = &self.settings.command[..] else {
            return Err("there is no command".to_owned());
        };
        let output = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("{}: cannot be started: {error}", program.display()))?;
        let [said, complained] =
            [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        let ended = format!("{}: {}", program.display(), output.status);
        if !output.status.success() {
            return Err(complained.lines().last().map_or(ended, str::to_owned));
        }
        complained.lines().for_each(crate::say);
        Ok(said.lines().next().map_or(ended, str::to_owned))
    }
}
