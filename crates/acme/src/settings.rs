//! The command line and the environment.

use std::{ffi::OsString, fs, net::IpAddr, path::PathBuf, time::Duration};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use instant_acme::{Identifier, LetsEncrypt};
use rustls_pki_types::{CertificateDer, pem::PemObject};

/// What `acme --help` prints.
pub(crate) const HELP: &str = "\
Usage: acme --state DIR --challenges DIR [OPTION]... COMMAND [ARGUMENT]...

Gets a certificate by ACME and renews it when its authority says. COMMAND is run at the start and
for each new pair: it takes localhost.crt and localhost.key in the folder of --state.

  --state DIR       folder of the account and the pair, which is made for its owner alone
  --challenges DIR  folder that a web server serves as /.well-known/acme-challenge/ on port 80
  --ca FILE         certificates of the authorities that the server is trusted by, in PEM, in the
                    place of Mozilla's list; an empty file is none
  --binding FILE    of an external account: the key's name, a blank, and the key in base64url; an
                    empty file is none
  --retry SECONDS   pause after a failure; it doubles with each more, up to an hour (default 120)
  --once            one round, with exit code 0 when nothing is to be done any more, else 1
  --help            print this text

Environment:
  DRYDOCK_ACME            mailto:you@example.org, or several with commas between them, or on; who
                          sets it agrees to the terms of the authority
  DRYDOCK_ACME_NAMES      names and addresses, as example.org,www.example.org,192.0.2.7
  DRYDOCK_ACME_DIRECTORY  the authority's directory (default: Let's Encrypt's)
  DRYDOCK_ACME_PROFILE    one of the authority's profiles, as shortlived (default: its own)

Exit codes: 1 the round of --once failed, 78 called or configured wrongly; one line on stderr says
why. Else it does not end.
";

const CONTACT: &str = "DRYDOCK_ACME";
const NAMES: &str = "DRYDOCK_ACME_NAMES";
const DIRECTORY: &str = "DRYDOCK_ACME_DIRECTORY";
const PROFILE: &str = "DRYDOCK_ACME_PROFILE";

/// The most names that an authority is asked for at once: Let's Encrypt's limit.
const MAX_NAMES: usize = 100;

/// What is asked for.
#[derive(Debug)]
pub(crate) enum Asked {
    Help,
    Run(Box<Settings>),
}

/// All that there is to know before the first request.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) state: PathBuf,
    pub(crate) challenges: PathBuf,
    pub(crate) command: Vec<OsString>,
    pub(crate) retry: Duration,
    pub(crate) once: bool,
    pub(crate) contact: Vec<String>,
    pub(crate) names: Vec<Identifier>,
    pub(crate) directory: String,
    pub(crate) profile: Option<String>,
    pub(crate) authorities: Vec<CertificateDer<'static>>,
    /// Name and key of an external account.
    pub(crate) binding: Option<Binding>,
}

/// Of an external account (RFC 8555, section 7.3.4).
pub(crate) struct Binding {
    pub(crate) name: String,
    pub(crate) key: Vec<u8>,
}

/// The key is nobody's business.
impl std::fmt::Debug for Binding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Binding")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Reads the command line, without the program's name, the variables, and the files that they name.
///
/// # Errors
/// A sentence that says what is wrong and what is allowed.
pub(crate) fn read(
    args: impl IntoIterator<Item = OsString>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Asked, String> {
    let mut args = args.into_iter().peekable();
    let (mut state, mut challenges, mut ca, mut binding, mut retry) =
        (None, None, None, None, None);
    let mut once = false;
    while let Some(arg) = args.next_if(|arg| arg.as_encoded_bytes().starts_with(b"-")) {
        let slot = match arg.to_str() {
            Some("--help" | "-h") => return Ok(Asked::Help),
            Some("--once") => {
                once = true;
                continue;
            }
            Some("--state") => &mut state,
            Some("--challenges") => &mut challenges,
            Some("--ca") => &mut ca,
            Some("--binding") => &mut binding,
            Some("--retry") => &mut retry,
            _ => {
                return Err(format!(
                    "unknown argument {:?}; allowed are --state DIR, --challenges DIR, --ca FILE, --binding FILE, --retry SECONDS, --once and --help",
                    arg.to_string_lossy()
                ));
            }
        };
        let value = args.next().filter(|value| !value.is_empty());
        *slot = Some(value.ok_or_else(|| format!("{} has no value", arg.to_string_lossy()))?);
    }
    let command: Vec<_> = args.collect();
    if command.is_empty() {
        return Err("COMMAND is missing: what hands a new pair over".into());
    }
    let value = |name| variable(name).unwrap_or_default().trim().to_owned();
    Ok(Asked::Run(Box::new(Settings {
        state: state.ok_or("--state DIR is missing")?.into(),
        challenges: challenges.ok_or("--challenges DIR is missing")?.into(),
        command,
        retry: seconds(retry)?,
        once,
        contact: contact(&value(CONTACT))?,
        names: names(&value(NAMES))?,
        directory: directory(value(DIRECTORY))?,
        profile: Some(value(PROFILE)).filter(|profile| !profile.is_empty()),
        authorities: ca.map_or(Ok(Vec::new()), |path| authorities(&path.into()))?,
        binding: binding.map_or(Ok(None), |path| external(&path.into()))?,
    })))
}

fn seconds(retry: Option<OsString>) -> Result<Duration, String> {
    let Some(text) = retry else {
        return Ok(Duration::from_mins(2));
    };
    let text = text.to_string_lossy();
    let count = text
        .parse()
        .ok()
        .filter(|count| (1..=86400).contains(count));
    count
        .map(Duration::from_secs)
        .ok_or_else(|| format!("--retry {text:?}: allowed is a whole number from 1 to 86400"))
}

fn contact(value: &str) -> Result<Vec<String>, String> {
    if value == "on" {
        return Ok(Vec::new());
    }
    let is_mail = |url: &&str| {
        url.strip_prefix("mailto:")
            .is_some_and(|mail| mail.contains('@') && !mail.contains(['?', ' ']))
    };
    let urls: Vec<_> = value.split(',').map(str::trim).collect();
    match urls.iter().find(|url| !is_mail(url)) {
        Some(url) => Err(format!(
            "{CONTACT}: {url:?} is no contact; allowed are mailto:you@example.org, several with commas between them, and on"
        )),
        None => Ok(urls.into_iter().map(str::to_owned).collect()),
    }
}

fn names(value: &str) -> Result<Vec<Identifier>, String> {
    let mut names = Vec::new();
    for text in value.split([',', ' ']).filter(|text| !text.is_empty()) {
        let name = match text.parse::<IpAddr>() {
            Ok(address) => Identifier::Ip(address),
            Err(_) => Identifier::Dns(host(text)?),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    match names.len() {
        0 => Err(format!(
            "{NAMES} is empty; allowed are names and addresses, as example.org,www.example.org,192.0.2.7"
        )),
        1..=MAX_NAMES => Ok(names),
        many => Err(format!("{NAMES} has {many} names; allowed are {MAX_NAMES}")),
    }
}

fn host(text: &str) -> Result<String, String> {
    let name = text.to_ascii_lowercase();
    if name.starts_with("*.") {
        return Err(format!(
            "{NAMES}: {text:?} is a wildcard, which no authority proves by HTTP; allowed is each name by itself"
        ));
    }
    let is_label = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        (1..=63).contains(&label.len()) && label.bytes().all(fits)
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    // What ends in a number is taken for an address (URL standard, 3.5).
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
    if name.len() > 253 || is_number || !name.split('.').all(is_label) {
        return Err(format!(
            "{NAMES}: {text:?} is no name of a host; allowed are such as example.org, xn--bcher-kva.example and 192.0.2.7"
        ));
    }
    Ok(name)
}

fn directory(value: String) -> Result<String, String> {
    match value.as_str() {
        "" => Ok(LetsEncrypt::Production.url().to_owned()),
        url if url.starts_with("https://") && url.parse::<http::Uri>().is_ok() => Ok(value),
        _ => Err(format!(
            "{DIRECTORY}: {value:?} is no directory of an authority; allowed is a URL that begins with https://"
        )),
    }
}

/// An empty file is what stands in the place of none: compose.yaml mounts /dev/null.
fn text(path: &PathBuf) -> Result<Option<String>, String> {
    match fs::read_to_string(path) {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(error) => Err(format!("{}: cannot be read: {error}", path.display())),
    }
}

fn authorities(path: &PathBuf) -> Result<Vec<CertificateDer<'static>>, String> {
    let Some(text) = text(path)? else {
        return Ok(Vec::new());
    };
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    found.ok().filter(|found| !found.is_empty()).ok_or_else(|| {
        format!(
            "{}: has no certificate that can be read; allowed is PEM, which begins with -----BEGIN CERTIFICATE-----",
            path.display()
        )
    })
}

fn external(path: &PathBuf) -> Result<Option<Binding>, String> {
    let Some(text) = text(path)? else {
        return Ok(None);
    };
    let words: Vec<_> = text.split_whitespace().collect();
    let read = match words[..] {
        // Some authorities show it with what base64 is filled up with.
        [name, key] => BASE64_URL_SAFE_NO_PAD
            .decode(key.trim_end_matches('='))
            .ok()
            .map(|key| Binding {
                name: name.to_owned(),
                key,
            }),
        _ => None,
    };
    read.map(Some).ok_or_else(|| {
        format!(
            "{}: is no binding of an external account; allowed are the key's name, a blank, and the key in base64url",
            path.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARGS: &str = "--state /s --challenges /c keypair --from /s";

    fn asked(line: &str, variables: &[(&str, &str)]) -> Result<Asked, String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        read(line.split_whitespace().map(OsString::from), variable)
    }

    fn settings(line: &str, variables: &[(&str, &str)]) -> Box<Settings> {
        match asked(line, variables) {
            Ok(Asked::Run(settings)) => settings,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn one_setting_and_names_suffice() {
        let read = settings(
            ARGS,
            &[
                (CONTACT, "mailto:a@example.org, mailto:b@example.org"),
                (
                    NAMES,
                    "Example.org,www.example.org 192.0.2.7,2001:db8::1,example.org",
                ),
            ],
        );
        assert_eq!(
            read.contact,
            ["mailto:a@example.org", "mailto:b@example.org"]
        );
        assert_eq!(
            read.names,
            [
                Identifier::Dns("example.org".into()),
                Identifier::Dns("www.example.org".into()),
                Identifier::Ip("192.0.2.7".parse().unwrap()),
                Identifier::Ip("2001:db8::1".parse().unwrap()),
            ]
        );
        assert_eq!(
            read.directory,
            "https://acme-v02.api.letsencrypt.org/directory"
        );
        assert_eq!(read.command, ["keypair", "--from", "/s"]);
        assert_eq!(read.retry, Duration::from_mins(2));
        assert!(read.profile.is_none() && read.binding.is_none() && read.authorities.is_empty());
        assert!(!read.once);
        assert!(matches!(asked("--help", &[]), Ok(Asked::Help)));
    }

    #[test]
    fn empty_files_are_none() {
        let line = format!("--ca /dev/null --binding /dev/null --retry 1 --once {ARGS}");
        let read = settings(
            &line,
            &[
                (CONTACT, "on"),
                (NAMES, "a.example"),
                (PROFILE, "shortlived"),
            ],
        );
        assert!(read.contact.is_empty() && read.binding.is_none() && read.once);
        assert_eq!(read.profile.as_deref(), Some("shortlived"));
    }

    #[test]
    fn what_is_wrong_is_refused_in_one_line() {
        let good = [(CONTACT, "on"), (NAMES, "a.example")];
        let with = |name, value| {
            let mut all = vec![(name, value)];
            all.extend(good);
            all
        };
        for (line, variables, wanted) in [
            ("", with("", ""), "COMMAND is missing"),
            ("--state", with("", ""), "--state has no value"),
            ("--state /s x", with("", ""), "--challenges DIR is missing"),
            ("--challenges /c x", with("", ""), "--state DIR is missing"),
            (
                "--verbose x",
                with("", ""),
                "unknown argument \"--verbose\"",
            ),
            (&format!("--retry 0 {ARGS}"), with("", ""), "--retry \"0\""),
            (&format!("--retry a {ARGS}"), with("", ""), "--retry \"a\""),
            (
                &format!("--ca /none {ARGS}"),
                with("", ""),
                "/none: cannot be read",
            ),
            (
                &format!("--ca Cargo.toml {ARGS}"),
                with("", ""),
                "no certificate",
            ),
            (
                &format!("--binding Cargo.toml {ARGS}"),
                with("", ""),
                "no binding",
            ),
            (ARGS, with(CONTACT, ""), "DRYDOCK_ACME: \"\" is no contact"),
            (ARGS, with(CONTACT, "you@example.org"), "is no contact"),
            (ARGS, with(CONTACT, "mailto:you"), "is no contact"),
            (ARGS, with(NAMES, " "), "DRYDOCK_ACME_NAMES is empty"),
            (ARGS, with(NAMES, "*.example.org"), "is a wildcard"),
            (ARGS, with(NAMES, "a..b"), "is no name of a host"),
            (ARGS, with(NAMES, "a/b"), "is no name of a host"),
            (ARGS, with(NAMES, "192.0.2.300"), "is no name of a host"),
            (ARGS, with(NAMES, "bücher.example"), "is no name of a host"),
            (
                ARGS,
                with(DIRECTORY, "http://a.example/"),
                "begins with https://",
            ),
        ] {
            let message = asked(line, &variables).unwrap_err();
            assert!(message.contains(wanted), "{message}");
            assert!(!message.contains('\n'), "{message}");
        }
        let many: Vec<_> = (0..101).map(|index| format!("a{index}.example")).collect();
        let message = asked(ARGS, &with(NAMES, &many.join(","))).unwrap_err();
        assert!(message.contains("101 names; allowed are 100"), "{message}");
    }
}
