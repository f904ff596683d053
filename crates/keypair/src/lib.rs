//! Checks the TLS pair that the user supplied, or makes one for localhost, and hands it to
//! nginx with the right owner and mode.
//!
//! It is linked statically and runs where there is no shell, no `/etc/passwd` and no name
//! service, so nothing here starts another program or looks up a user by name.
//!
//! It is the one-shot service that runs before nginx: a bad pair ends it with one sentence,
//! and nginx does not start. Where there already is a good pair it changes nothing.
//!
//! The chain is checked against itself, not against a list of trusted roots: whether a client
//! trusts the last certificate is that client's business.

mod algorithm;
mod args;
mod asn1;
mod certificate;
mod development;
mod handover;
mod host;
mod name;
mod pair;
mod pem;
mod private_key;
mod public_key;
mod refusal;
mod rsa;
mod source;
mod text;
mod unused;

use std::{
    ffi::OsString,
    io::{Write, stderr, stdout},
    process::ExitCode,
    time::SystemTime,
};

pub use args::{Job, Owner, Target};
pub use refusal::Refusal;
pub use source::SOURCE;

use args::Command;
use handover::{Item, Volume};
use pair::Pair;

const CHAIN: &str = "tls.crt";
const KEY: &str = "tls.key";
const AUTHORITY: &str = "ca.crt";

/// Readable by everybody: certificates are public.
const PUBLIC: u32 = 0o444;
/// Readable by the owner alone, writable by nobody.
const PRIVATE: u32 = 0o400;

/// The whole program: command line in (without the program's name), exit code out.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    // A closed stdout or stderr must not turn a verdict into a panic, hence `let _`.
    let job = match args::parse(args) {
        Ok(Command::Help) => {
            let _ = stdout().write_all(args::HELP.as_bytes());
            return ExitCode::SUCCESS;
        }
        Ok(Command::Version) => {
            let _ = writeln!(stdout(), "keypair {}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        Ok(Command::Run(job)) => job,
        Err(wrong) => {
            let _ = writeln!(stderr(), "keypair: {wrong}");
            return ExitCode::from(2);
        }
    };
    match run(&job, SystemTime::now()) {
        Ok(report) => {
            for warning in report.warnings {
                let _ = writeln!(stderr(), "keypair: warning: {warning}");
            }
            for line in report.lines {
                let _ = writeln!(stdout(), "keypair: {line}");
            }
            ExitCode::SUCCESS
        }
        Err(refusal) => {
            let _ = writeln!(stderr(), "keypair: {refusal}");
            ExitCode::from(1)
        }
    }
}

/// What there is to say after success.
#[derive(Debug, Default)]
pub struct Report {
    /// For stdout: what was done.
    pub lines: Vec<String>,
    /// For stderr: what will need attention.
    pub warnings: Vec<String>,
}

/// Does the job as of `now`.
///
/// # Errors
/// One sentence that names the file, what is wrong with it and what is allowed. Nothing was
/// changed in the target folder then, unless the sentence is about writing there.
pub fn run(job: &Job, now: SystemTime) -> Result<Report, Refusal> {
    let supplied = source::read(&job.from)?
        .map(|files| pair::check(&files, now))
        .transpose()?;
    match (supplied, &job.target) {
        (Some(pair), None) => Ok(accepted(&pair, "good", None)),
        (None, None) => Err(Refusal::new(format!(
            "{}: has neither {} nor {}: nothing to check",
            job.from.display(),
            SOURCE[0],
            SOURCE[1]
        ))),
        (Some(pair), Some(target)) => hand_over(&pair, target),
        (None, Some(target)) => match renewed(job, now) {
            Some(Ok(pair)) => hand_over(&pair, target),
            other => develop(job, target, now, other.and_then(Result::err)),
        },
    }
}

/// The pair of the client that renews one by itself, if there is one. Whatever is wrong with it, as
/// when it has expired while nothing ran, the client gets another one once nginx is there.
fn renewed(job: &Job, now: SystemTime) -> Option<Result<Pair, Refusal>> {
    let folder = job.renewed.as_deref().filter(|folder| folder.is_dir())?;
    match source::read(folder) {
        Ok(files) => files.map(|files| {
            let mut pair = pair::check(&files, now)?;
            if pair.expires_soon {
                // The first one says so, and somebody sees to it.
                pair.warnings.remove(0);
            }
            Ok(pair)
        }),
        Err(why) => Some(Err(why)),
    }
}

/// What there is to say of a good pair; `./drydock up` finds in a log of several runs what the
/// last one warned of by the number in its first line.
fn accepted(pair: &Pair, verdict: &str, more: impl IntoIterator<Item = String>) -> Report {
    let warnings: Vec<_> = pair.warnings.iter().cloned().chain(more).collect();
    let with = match warnings.len() {
        0 => String::new(),
        1 => " with 1 warning".to_owned(),
        many => format!(" with {many} warnings"),
    };
    Report {
        lines: vec![format!("{verdict}{with}: {}", pair.summary)],
        warnings,
    }
}

fn hand_over(pair: &Pair, target: &Target) -> Result<Report, Refusal> {
    let volume = Volume::open(&target.to)?;
    let changed = volume.write(&files_of(pair), target.owner)?;
    // What is left is no longer our own pair: a later start without the user's files must
    // make a new one instead of keeping a copy that the user took away.
    volume.remove(AUTHORITY)?;
    let verdict = if changed { "handed over" } else { "unchanged" };
    Ok(accepted(pair, verdict, None))
}

fn files_of(pair: &Pair) -> [Item<'_>; 2] {
    [
        Item::new(KEY, pair.key_pem.as_bytes(), PRIVATE),
        Item::new(CHAIN, pair.chain_pem.as_bytes(), PUBLIC),
    ]
}

/// `bad` is what is wrong with a pair that would have counted.
fn develop(
    job: &Job,
    target: &Target,
    now: SystemTime,
    bad: Option<Refusal>,
) -> Result<Report, Refusal> {
    let volume = Volume::open(&target.to)?;
    let (pair, verdict) = match kept(&volume, now)? {
        Some(pair) => (pair, "kept"),
        None => (
            development::make(&volume.path(CHAIN), &volume.path(KEY), now)?,
            "made",
        ),
    };
    let [key, chain] = files_of(&pair);
    // The authority goes last: it is what marks the pair as ours and whole.
    let authority = Item::new(AUTHORITY, pair.last_pem.as_bytes(), PUBLIC);
    volume.write(&[key, chain, authority], target.owner)?;

    let bad = bad.map(|why| why.to_string());
    let others = source::look_alikes(&job.from).into_iter().chain(bad);
    let mut report = accepted(&pair, &format!("{verdict} a development pair"), others);
    report.lines.push(format!(
        "to trust it in a browser, add its CA, which vouches for this pair only; get that with: docker compose cp nginx:{} .",
        volume.path(AUTHORITY).display(),
    ));
    report.lines.push(format!(
        "for a pair of your own put {} and {} into the folder mounted at {}",
        SOURCE[0],
        SOURCE[1],
        job.from.display()
    ));
    Ok(report)
}

/// The pair in the volume, if this program made it and it stays good for a while.
fn kept(volume: &Volume, now: SystemTime) -> Result<Option<Pair>, Refusal> {
    let (Some(chain), Some(key), Some(authority)) = (
        volume.read(CHAIN)?,
        volume.read(KEY)?,
        volume.read(AUTHORITY)?,
    ) else {
        return Ok(None);
    };
    let files = source::Files {
        chain,
        key,
        chain_path: volume.path(CHAIN),
        key_path: volume.path(KEY),
    };
    // Whatever is wrong with an old development pair, a new one is the answer.
    Ok(pair::check(&files, now)
        .ok()
        .filter(|pair| !pair.expires_soon && pair.last_pem.as_bytes() == authority.as_slice()))
}
