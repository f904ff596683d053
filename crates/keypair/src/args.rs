//! The command line of `keypair`.

use std::{ffi::OsString, path::PathBuf};

/// What `keypair --help` prints.
pub(super) const HELP: &str = "\
Usage: keypair --from DIR [--renewed DIR] --to DIR --owner UID:GID
       keypair --check --from DIR

Checks the TLS pair localhost.crt and localhost.key in --from and hands it over to --to as
tls.crt and tls.key. When --from has no pair, keeps the development pair in --to, or makes
one for localhost, 127.0.0.1 and ::1 with a CA of its own, ca.crt. A bad pair changes nothing.

  --from DIR       folder with the user's pair: localhost.crt (PEM, the server's certificate
                   first, then each issuer) and localhost.key (PEM, not encrypted)
  --renewed DIR    folder where an ACME client keeps a pair of the same names, which is taken when
                   --from has none; it need not be there, and a bad one is only warned of
  --to DIR         folder that nginx reads; must belong to the user this program runs as
  --owner UID:GID  numbers of the user and group that nginx runs as
  --check          only check the pair in --from, write nothing
  --help           print this text
  --version        print the version

A pair is good when the key fits the certificate; the keys are RSA (2048 to 8192 bits), P-256
or P-384; signatures use SHA-256, SHA-384 or SHA-512; each certificate is valid now and
signed by the next one, and has no critical extension that clients do not know; the first
one is for a server, names it in subjectAltName and is no CA; and nothing obliges the server
to staple answers of OCSP. What clients may stumble over all the same, such as a missing
intermediate, and what of the files is not used, is warned of on stderr.

Exit codes: 0 the pair is good and in place, 1 it is not (one line on stderr says why),
2 called wrongly.
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Check, and hand over if there is a target.
    Run(Job),
    /// Print [`HELP`].
    Help,
    /// Print the version.
    Version,
}

/// The folders and owner to work with.
#[derive(Debug, PartialEq, Eq)]
pub struct Job {
    /// Where the user's pair is, if there is one.
    pub from: PathBuf,
    /// Where a client renews a pair by itself, which counts when the user has none.
    pub renewed: Option<PathBuf>,
    /// Where the pair goes; none for a mere check.
    pub target: Option<Target>,
}

/// Where the pair goes, and whose it shall be.
#[derive(Debug, PartialEq, Eq)]
pub struct Target {
    /// The folder that nginx reads.
    pub to: PathBuf,
    /// The user and group that nginx runs as.
    pub owner: Owner,
}

/// A user and a group by number: an image need not have an `/etc/passwd`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// User number.
    pub uid: u32,
    /// Group number.
    pub gid: u32,
}

/// Reads the command line, without the program's name.
///
/// # Errors
/// A sentence that says what is wrong and what is allowed.
pub(super) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut args = args.into_iter();
    let (mut from, mut renewed, mut to, mut owner, mut check) = (None, None, None, None, false);
    while let Some(arg) = args.next() {
        let slot = match arg.to_str() {
            Some("--help" | "-h") => return Ok(Command::Help),
            Some("--version" | "-V") => return Ok(Command::Version),
            Some("--check") => {
                check = true;
                continue;
            }
            Some("--from") => &mut from,
            Some("--renewed") => &mut renewed,
            Some("--to") => &mut to,
            Some("--owner") => &mut owner,
            _ => {
                return Err(format!(
                    "unknown argument {:?}; allowed are --from DIR, --renewed DIR, --to DIR, --owner UID:GID, --check, --help and --version",
                    arg.to_string_lossy()
                ));
            }
        };
        let name = arg.to_string_lossy();
        match args.next() {
            Some(value) if value.is_empty() => return Err(format!("{name} has an empty value")),
            Some(_) if slot.is_some() => return Err(format!("{name} is given twice")),
            Some(value) => *slot = Some(value),
            None => return Err(format!("{name} has no value")),
        }
    }
    let from = from.ok_or("--from DIR is missing")?.into();
    let target = match (check, to, owner) {
        (true, None, None) => None,
        (true, ..) => return Err("--check writes nothing: it goes without --to and --owner".into()),
        (false, Some(to), Some(owner)) => Some(Target {
            to: to.into(),
            owner: parse_owner(&owner.to_string_lossy())?,
        }),
        (false, ..) => return Err("--to DIR and --owner UID:GID are needed (or --check)".into()),
    };
    if target.is_none() && renewed.is_some() {
        return Err("--check looks at one folder: it goes without --renewed".into());
    }
    Ok(Command::Run(Job {
        from,
        renewed: renewed.map(PathBuf::from),
        target,
    }))
}

fn parse_owner(text: &str) -> Result<Owner, String> {
    // u32::MAX means "leave as it is" to chown(2): it is nobody's number.
    let number = |text: &str| text.parse().ok().filter(|number| *number != u32::MAX);
    text.split_once(':')
        .and_then(|(uid, gid)| {
            Some(Owner {
                uid: number(uid)?,
                gid: number(gid)?,
            })
        })
        .ok_or_else(|| {
            format!("--owner {text:?}: allowed are two numbers, UID:GID, such as 101:101")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn command_lines_are_read() {
        let owner = Owner { uid: 101, gid: 0 };
        let target = Some(Target {
            to: "/b".into(),
            owner,
        });
        let run = |target| {
            Ok(Command::Run(Job {
                from: "/a".into(),
                renewed: None,
                target,
            }))
        };
        assert_eq!(read("--from /a --to /b --owner 101:0"), run(target));
        assert_eq!(read("--check --from /a"), run(None));
        assert!(matches!(
            read("--from /a --renewed /c --to /b --owner 101:0"),
            Ok(Command::Run(job)) if job.renewed == Some("/c".into())
        ));
        assert_eq!(read("--from /a --help"), Ok(Command::Help));
        assert_eq!(read("--version"), Ok(Command::Version));
    }

    #[test]
    fn wrong_command_lines_are_refused() {
        for wrong in [
            "",
            "--from",
            "--from /a",
            "--from /a --to /b",
            "--from /a --owner 1:1",
            "--to /b --owner 1:1",
            "--check",
            "--check --from /a --to /b",
            "--check --from /a --owner 1:1",
            "--check --from /a --renewed /c",
            "--from /a --from /a --check",
            "--from /a --check extra",
            "--from=/a --check",
            "--verbose",
            "--from /a --to /b --owner nginx",
            "--from /a --to /b --owner 101",
            "--from /a --to /b --owner 101:nginx",
            "--from /a --to /b --owner -1:101",
            "--from /a --to /b --owner 4294967295:0",
            "--from /a --to /b --owner 1:2:3",
        ] {
            let message = read(wrong).unwrap_err();
            assert!(!message.contains('\n'), "{message}");
        }
    }
}
