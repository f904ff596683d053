//! Environment variables → [`Config`]: each with a default and bounds, all problems at once.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::thread;
use std::time::Duration;

use ::log::LevelFilter;
use ipnet::IpNet;

/// Everything that can be configured; see [`VARIABLES`] for meanings, units and bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `APP_BIND`
    pub bind: SocketAddr,
    /// `APP_WORKERS`
    pub workers: usize,
    /// `APP_MAX_CONNECTIONS`
    pub max_connections: usize,
    /// `APP_BACKLOG`
    pub backlog: i32,
    /// `APP_KEEP_ALIVE_SECONDS`
    pub keep_alive: Duration,
    /// `APP_HEADER_TIMEOUT_SECONDS`
    pub header_timeout: Duration,
    /// `APP_REQUEST_TIMEOUT_SECONDS`
    pub request_timeout: Duration,
    /// `APP_WRITE_TIMEOUT_SECONDS`
    pub write_timeout: Duration,
    /// `APP_MAX_HEADER_BYTES`
    pub max_header_bytes: usize,
    /// `APP_MAX_BODY_BYTES`
    pub max_body_bytes: usize,
    /// `APP_SHUTDOWN_SECONDS`
    pub shutdown: Duration,
    /// `APP_DRAIN_DELAY_SECONDS`
    pub drain_delay: Duration,
    /// `APP_TRUSTED_NETWORKS`
    pub trusted_networks: Networks,
    /// `APP_IMAGE_DIGEST`
    pub image_digest: ImageDigest,
    /// `APP_LOG_FORMAT`
    pub log_format: LogFormat,
    /// `RUST_LOG`
    pub log_levels: LogLevels,
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// Every variable that is not allowed, in the order of [`VARIABLES`], then the unknown ones.
    pub fn from_env() -> Result<Self, Vec<ConfigError>> {
        Self::from_vars(std::env::vars_os())
    }

    /// Reads the given variables; names that are neither `RUST_LOG` nor start with `APP_` are
    /// somebody else's and are passed over.
    ///
    /// # Errors
    /// As [`Config::from_env`].
    pub fn from_vars(
        vars: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Vec<ConfigError>> {
        let mut reader = Reader::new(vars);

        let bind = reader.read(&APP_BIND, |text| text.parse().ok());
        let workers = reader.whole(&APP_WORKERS);
        let max_connections = reader.whole(&APP_MAX_CONNECTIONS);
        let backlog = reader.whole(&APP_BACKLOG);
        let keep_alive = reader.seconds(&APP_KEEP_ALIVE_SECONDS);
        let header_timeout = reader.seconds(&APP_HEADER_TIMEOUT_SECONDS);
        let request_timeout = reader.seconds(&APP_REQUEST_TIMEOUT_SECONDS);
        let write_timeout = reader.seconds(&APP_WRITE_TIMEOUT_SECONDS);
        let max_header_bytes = reader.whole(&APP_MAX_HEADER_BYTES);
        let max_body_bytes = reader.whole(&APP_MAX_BODY_BYTES);
        let shutdown = reader.seconds(&APP_SHUTDOWN_SECONDS);
        let drain_delay = reader.seconds(&APP_DRAIN_DELAY_SECONDS);
        let trusted_networks = reader.read(&APP_TRUSTED_NETWORKS, Networks::parse);
        let image_digest = reader.read(&APP_IMAGE_DIGEST, ImageDigest::parse);
        let log_format = reader.read(&APP_LOG_FORMAT, LogFormat::parse);
        let log_levels = reader.read(&RUST_LOG, LogLevels::parse);

        let config = (|| {
            Some(Self {
                bind: bind?,
                workers: workers?,
                max_connections: max_connections?,
                backlog: backlog?,
                keep_alive: keep_alive?,
                header_timeout: header_timeout?,
                request_timeout: request_timeout?,
                write_timeout: write_timeout?,
                max_header_bytes: max_header_bytes?,
                max_body_bytes: max_body_bytes?,
                shutdown: shutdown?,
                drain_delay: drain_delay?,
                trusted_networks: trusted_networks?,
                image_digest: image_digest?,
                log_format: log_format?,
                log_levels: log_levels?,
            })
        })();
        let errors = reader.finish();
        match config {
            Some(config) if errors.is_empty() => Ok(config),
            _ => Err(errors),
        }
    }

    /// Each variable's name and effective value, in the order of [`VARIABLES`]; setting exactly
    /// these gives the same configuration.
    #[must_use]
    pub fn effective(&self) -> Vec<(&'static str, String)> {
        let seconds = |duration: Duration| duration.as_secs().to_string();
        vec![
            (APP_BIND.name, self.bind.to_string()),
            (APP_WORKERS.name, self.workers.to_string()),
            (APP_MAX_CONNECTIONS.name, self.max_connections.to_string()),
            (APP_BACKLOG.name, self.backlog.to_string()),
            (APP_KEEP_ALIVE_SECONDS.name, seconds(self.keep_alive)),
            (
                APP_HEADER_TIMEOUT_SECONDS.name,
                seconds(self.header_timeout),
            ),
            (
                APP_REQUEST_TIMEOUT_SECONDS.name,
                seconds(self.request_timeout),
            ),
            (APP_WRITE_TIMEOUT_SECONDS.name, seconds(self.write_timeout)),
            (APP_MAX_HEADER_BYTES.name, self.max_header_bytes.to_string()),
            (APP_MAX_BODY_BYTES.name, self.max_body_bytes.to_string()),
            (APP_SHUTDOWN_SECONDS.name, seconds(self.shutdown)),
            (APP_DRAIN_DELAY_SECONDS.name, seconds(self.drain_delay)),
            (APP_TRUSTED_NETWORKS.name, self.trusted_networks.to_string()),
            (APP_IMAGE_DIGEST.name, self.image_digest.to_string()),
            (APP_LOG_FORMAT.name, self.log_format.to_string()),
            (RUST_LOG.name, self.log_levels.to_string()),
        ]
    }
}

/// One environment variable: what `--help`, the refusals and the documentation say about it.
#[derive(Debug)]
pub struct Variable {
    /// The name in the environment; a unit, where there is one, is its last word.
    pub name: &'static str,
    /// What holds when it is not set.
    pub default: Preset,
    /// What may be set.
    pub allowed: Allowed,
    /// What it does.
    pub about: &'static str,
}

/// The value of a variable that is not set.
#[derive(Clone, Copy, Debug)]
pub enum Preset {
    /// Always this one.
    Fixed(&'static str),
    /// One for each processor that the process may use (cgroup quotas count).
    Processors,
}

impl Preset {
    /// The value itself, on this machine.
    #[must_use]
    pub fn value(self) -> String {
        match self {
            Self::Fixed(text) => text.to_owned(),
            Self::Processors => thread::available_parallelism()
                .map_or(1, usize::from)
                .min(MAX_WORKERS)
                .to_string(),
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(text) => f.write_str(text),
            Self::Processors => f.write_str("one per processor"),
        }
    }
}

/// The values that a variable takes.
#[derive(Clone, Copy, Debug)]
pub enum Allowed {
    /// A decimal number, both ends included.
    Whole {
        /// The least value.
        min: usize,
        /// The greatest value.
        max: usize,
    },
    /// See [`Config::bind`].
    SocketAddress,
    /// See [`Networks`].
    Networks,
    /// See [`ImageDigest`].
    ImageDigest,
    /// See [`LogFormat`].
    LogFormat,
    /// See [`LogLevels`].
    LogLevels,
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole { min, max } => write!(f, "a whole number from {min} to {max}"),
            Self::SocketAddress => {
                f.write_str("an IP address and a port, as 0.0.0.0:8000 or [::]:8000")
            }
            Self::Networks => f.write_str(
                "IP networks and addresses separated by commas, as 10.0.0.0/8,::1, or none",
            ),
            Self::ImageDigest => {
                f.write_str("sha256: and 64 hexadecimal digits in lower case, or unknown")
            }
            Self::LogFormat => f.write_str("text or json"),
            Self::LogLevels => f.write_str(
                "off, error, warn, info, debug or trace, or target=level, separated by commas",
            ),
        }
    }
}

const MAX_WORKERS: usize = 256;

const APP_BIND: Variable = Variable {
    name: "APP_BIND",
    default: Preset::Fixed("0.0.0.0:8000"),
    allowed: Allowed::SocketAddress,
    about: "where to listen; port 0 takes a free one",
};
const APP_WORKERS: Variable = Variable {
    name: "APP_WORKERS",
    default: Preset::Processors,
    allowed: Allowed::Whole {
        min: 1,
        max: MAX_WORKERS,
    },
    about: "threads that serve requests",
};
const APP_MAX_CONNECTIONS: Variable = Variable {
    name: "APP_MAX_CONNECTIONS",
    default: Preset::Fixed("8192"),
    allowed: Allowed::Whole {
        min: 1,
        max: 1_000_000,
    },
    about: "open connections, all workers together; more wait in the backlog",
};
const APP_BACKLOG: Variable = Variable {
    name: "APP_BACKLOG",
    default: Preset::Fixed("1024"),
    allowed: Allowed::Whole {
        min: 1,
        max: 65_535,
    },
    about: "connections that may wait for being accepted",
};
const APP_KEEP_ALIVE_SECONDS: Variable = Variable {
    name: "APP_KEEP_ALIVE_SECONDS",
    // Longer than the 60 s of nginx's upstream pool, so that the app never closes first.
    default: Preset::Fixed("75"),
    allowed: Allowed::Whole { min: 0, max: 3600 },
    about: "how long an idle connection stays open for the next request; 0 takes one request each",
};
const APP_HEADER_TIMEOUT_SECONDS: Variable = Variable {
    name: "APP_HEADER_TIMEOUT_SECONDS",
    default: Preset::Fixed("10"),
    allowed: Allowed::Whole { min: 1, max: 300 },
    about: "how long a request's head may take to arrive (408)",
};
const APP_REQUEST_TIMEOUT_SECONDS: Variable = Variable {
    name: "APP_REQUEST_TIMEOUT_SECONDS",
    default: Preset::Fixed("30"),
    allowed: Allowed::Whole { min: 1, max: 3600 },
    about: "how long a body may take to arrive (408) and be answered (503)",
};
const APP_WRITE_TIMEOUT_SECONDS: Variable = Variable {
    name: "APP_WRITE_TIMEOUT_SECONDS",
    default: Preset::Fixed("30"),
    allowed: Allowed::Whole { min: 1, max: 3600 },
    about: "how long a client may leave sent bytes unacknowledged before it is cut off",
};
const APP_MAX_HEADER_BYTES: Variable = Variable {
    name: "APP_MAX_HEADER_BYTES",
    default: Preset::Fixed("32768"),
    // actix-http stops reading a head at 131072 bytes, so more would not be honoured.
    allowed: Allowed::Whole {
        min: 1024,
        max: 65_536,
    },
    about: "request line and header fields together (431)",
};
const APP_MAX_BODY_BYTES: Variable = Variable {
    name: "APP_MAX_BODY_BYTES",
    default: Preset::Fixed("1048576"),
    allowed: Allowed::Whole {
        min: 0,
        max: 1_073_741_824,
    },
    about: "a request's body (413)",
};
const APP_SHUTDOWN_SECONDS: Variable = Variable {
    name: "APP_SHUTDOWN_SECONDS",
    // Below the 10 s that `docker stop` waits before it kills.
    default: Preset::Fixed("8"),
    allowed: Allowed::Whole { min: 1, max: 300 },
    about: "how long requests in flight may finish after a stop signal and the drain delay",
};
const APP_DRAIN_DELAY_SECONDS: Variable = Variable {
    name: "APP_DRAIN_DELAY_SECONDS",
    default: Preset::Fixed("0"),
    allowed: Allowed::Whole { min: 0, max: 300 },
    about: "how long /readyz answers 503 after a stop signal while requests are still accepted",
};
const APP_TRUSTED_NETWORKS: Variable = Variable {
    name: "APP_TRUSTED_NETWORKS",
    default: Preset::Fixed("127.0.0.0/8,::1/128"),
    allowed: Allowed::Networks,
    about: "peers whose X-Forwarded-*, X-Edge-*, X-Real-IP and X-Request-Id are believed",
};
const APP_IMAGE_DIGEST: Variable = Variable {
    name: "APP_IMAGE_DIGEST",
    // No image can hold its own; whoever starts it can say it.
    default: Preset::Fixed(UNKNOWN),
    allowed: Allowed::ImageDigest,
    about: "the digest of the image that the process runs from, shown on the page",
};
const APP_LOG_FORMAT: Variable = Variable {
    name: "APP_LOG_FORMAT",
    default: Preset::Fixed("text"),
    allowed: Allowed::LogFormat,
    about: "log lines for people or for machines",
};
const RUST_LOG: Variable = Variable {
    name: "RUST_LOG",
    default: Preset::Fixed("info"),
    allowed: Allowed::LogLevels,
    about: "what is logged; health probes are at debug",
};

/// Every variable, in the order in which they are shown.
pub const VARIABLES: [&Variable; 16] = [
    &APP_BIND,
    &APP_WORKERS,
    &APP_MAX_CONNECTIONS,
    &APP_BACKLOG,
    &APP_KEEP_ALIVE_SECONDS,
    &APP_HEADER_TIMEOUT_SECONDS,
    &APP_REQUEST_TIMEOUT_SECONDS,
    &APP_WRITE_TIMEOUT_SECONDS,
    &APP_MAX_HEADER_BYTES,
    &APP_MAX_BODY_BYTES,
    &APP_SHUTDOWN_SECONDS,
    &APP_DRAIN_DELAY_SECONDS,
    &APP_TRUSTED_NETWORKS,
    &APP_IMAGE_DIGEST,
    &APP_LOG_FORMAT,
    &RUST_LOG,
];

/// A variable that is not as it must be. Its text is one line, whatever the value holds.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The value is not among the allowed ones.
    #[error("{name}={value:?} is not allowed: it must be {allowed}")]
    NotAllowed {
        /// The variable.
        name: &'static str,
        /// Its value, bytes that are not Unicode replaced.
        value: String,
        /// [`Variable::allowed`] in words.
        allowed: String,
    },
    /// No variable has this name.
    #[error("{name:?} (set to {value:?}) is not a variable of this program{}", did_you_mean(*.close))]
    Unknown {
        /// The name as set.
        name: String,
        /// Its value, bytes that are not Unicode replaced.
        value: String,
        /// The variable that was probably meant.
        close: Option<&'static str>,
    },
}

fn did_you_mean(close: Option<&'static str>) -> String {
    close.map_or_else(
        || "; --help lists them".to_owned(),
        |name| format!("; did you mean {name}?"),
    )
}

/// Peers that are believed about whom they speak for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Parses a list such as `10.0.0.0/8,::1`; `none` is the empty one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self(Vec::new()));
        }
        text.split(',')
            .map(str::trim)
            .map(|item| {
                IpNet::from_str(item)
                    .or_else(|_| IpAddr::from_str(item).map(IpNet::from))
                    .map(|network| network.trunc())
                    .ok()
            })
            .collect::<Option<_>>()
            .map(Self)
    }

    /// Whether the address is in one of the networks; `::ffff:10.0.0.1` counts as `10.0.0.1`.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        let items: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&items.join(","))
    }
}

/// The digest of the image that the process runs from, where it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageDigest(Option<String>);

const UNKNOWN: &str = "unknown";

impl ImageDigest {
    fn parse(text: &str) -> Option<Self> {
        if text == UNKNOWN {
            return Some(Self(None));
        }
        let digits = text.strip_prefix("sha256:")?;
        let valid = digits.len() == 64
            && digits
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        valid.then(|| Self(Some(text.to_owned())))
    }

    /// As `sha256:` and hexadecimal digits.
    #[must_use]
    pub fn known(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl fmt::Display for ImageDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.known().unwrap_or(UNKNOWN))
    }
}

/// The shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// `time level message name=value …`
    Text,
    /// One JSON object.
    Json,
}

impl LogFormat {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

/// What is logged: a level for everything, and others for targets by their prefix.
///
/// This is `env_logger`'s syntax without its bare `target` and `/filter`: with them, a mistyped
/// level would be taken for the name of a target, and silence everything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLevels(Vec<(Option<String>, LevelFilter)>);

impl LogLevels {
    fn parse(text: &str) -> Option<Self> {
        text.split(',')
            .map(|item| match item.trim().split_once('=') {
                None => Some((None, item.trim().parse().ok()?)),
                Some((target, level)) if is_target(target) => {
                    Some((Some(target.to_owned()), level.parse().ok()?))
                }
                Some(_) => None,
            })
            .collect::<Option<_>>()
            .map(Self)
    }

    /// The levels, each with its target, or with none where it is for everything.
    pub fn iter(&self) -> impl Iterator<Item = (Option<&str>, LevelFilter)> {
        self.0
            .iter()
            .map(|(target, level)| (target.as_deref(), *level))
    }
}

fn is_target(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-:".contains(&byte))
}

impl fmt::Display for LogLevels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items: Vec<_> = self
            .iter()
            .map(|(target, level)| {
                let level = level.as_str().to_ascii_lowercase();
                target.map_or(level.clone(), |target| format!("{target}={level}"))
            })
            .collect();
        f.write_str(&items.join(","))
    }
}

/// Takes variables out one by one and keeps account of what is wrong with them.
struct Reader {
    unread: BTreeMap<OsString, OsString>,
    errors: Vec<ConfigError>,
}

impl Reader {
    fn new(vars: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let unread = vars
            .into_iter()
            .filter(|(name, _)| {
                name == RUST_LOG.name || name.as_encoded_bytes().starts_with(b"APP_")
            })
            .collect();
        Self {
            unread,
            errors: Vec::new(),
        }
    }

    /// `None` is an error that has been noted.
    fn read<T>(&mut self, variable: &Variable, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let Some(value) = self.unread.remove(&OsString::from(variable.name)) else {
            return parse(&variable.default.value());
        };
        let parsed = value.to_str().and_then(parse);
        if parsed.is_none() {
            self.errors.push(ConfigError::NotAllowed {
                name: variable.name,
                value: value.to_string_lossy().into_owned(),
                allowed: variable.allowed.to_string(),
            });
        }
        parsed
    }

    fn whole<T: TryFrom<usize>>(&mut self, variable: &Variable) -> Option<T> {
        self.read(variable, |text| {
            // FromStr takes a sign, which a count or a duration does not have.
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            let number = digits.then(|| text.parse().ok()).flatten()?;
            match variable.allowed {
                Allowed::Whole { min, max } if (min..=max).contains(&number) => {
                    T::try_from(number).ok()
                }
                _ => None,
            }
        })
    }

    fn seconds(&mut self, variable: &Variable) -> Option<Duration> {
        self.whole(variable).map(Duration::from_secs)
    }

    fn finish(mut self) -> Vec<ConfigError> {
        for (name, value) in self.unread {
            let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
            if !is_service_link(&name, &value) {
                self.errors.push(ConfigError::Unknown {
                    close: closest(&name),
                    name: name.into_owned(),
                    value: value.into_owned(),
                });
            }
        }
        self.errors
    }
}

/// Kubernetes gives each container the addresses of the Services in its namespace; those of one
/// called `app` look like ours: `APP_SERVICE_HOST`, `APP_PORT=tcp://…`, `APP_PORT_80_TCP_ADDR`.
fn is_service_link(name: &str, value: &str) -> bool {
    name.starts_with("APP_SERVICE_")
        || (name == "APP_PORT" && value.contains("://"))
        || name
            .strip_prefix("APP_PORT_")
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

fn closest(name: &str) -> Option<&'static str> {
    let distance = |other: &str| strsim::damerau_levenshtein(&name.to_ascii_uppercase(), other);
    VARIABLES
        .iter()
        .map(|variable| (distance(variable.name), variable.name))
        .min()
        .filter(|(distance, _)| *distance <= 3)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(vars: &[(&str, &str)]) -> Result<Config, Vec<ConfigError>> {
        Config::from_vars(vars.iter().map(|(name, value)| (name.into(), value.into())))
    }

    #[test]
    fn every_default_is_allowed_and_shown_once_in_order() {
        let shown: Vec<_> = config(&[]).unwrap().effective();
        let names: Vec<_> = shown.iter().map(|(name, _)| *name).collect();
        let expected: Vec<_> = VARIABLES.iter().map(|variable| variable.name).collect();
        assert_eq!(names, expected);
        for ((name, value), variable) in shown.iter().zip(VARIABLES) {
            assert_eq!(*value, variable.default.value(), "{name}");
        }
    }

    #[test]
    fn what_is_shown_can_be_set_again() {
        let digest = format!("sha256:{}", "0af9".repeat(16));
        let vars = [
            ("APP_BIND", "[::1]:0"),
            ("APP_WORKERS", "3"),
            ("APP_TRUSTED_NETWORKS", "10.1.2.3/8, ::1 ,192.0.2.7"),
            ("APP_IMAGE_DIGEST", &digest),
            ("APP_LOG_FORMAT", "json"),
            ("RUST_LOG", "warn,drydock::request=DEBUG"),
        ];
        let first = config(&vars).unwrap();
        let shown = first.effective();
        let again: Vec<_> = shown
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        assert_eq!(config(&again).unwrap(), first);
        assert!(again.contains(&("APP_TRUSTED_NETWORKS", "10.0.0.0/8,::1/128,192.0.2.7/32")));
        assert!(again.contains(&("RUST_LOG", "warn,drydock::request=debug")));
    }

    #[test]
    fn both_ends_of_a_range_are_allowed_and_the_next_values_are_not() {
        for variable in VARIABLES {
            let Allowed::Whole { min, max } = variable.allowed else {
                continue;
            };
            for value in [min, max] {
                assert!(
                    config(&[(variable.name, &value.to_string())]).is_ok(),
                    "{variable:?}"
                );
            }
            let below = min.checked_sub(1).map(|value| value.to_string());
            for value in [below, Some((max + 1).to_string())].into_iter().flatten() {
                let errors = config(&[(variable.name, &value)]).unwrap_err();
                assert!(
                    matches!(&errors[..], [ConfigError::NotAllowed { name, .. }] if *name == variable.name),
                    "{variable:?} {value}"
                );
            }
        }
    }

    #[test]
    fn refused_values() {
        for (name, value) in [
            ("APP_BIND", "8000"),
            ("APP_BIND", "localhost:8000"),
            ("APP_BIND", "0.0.0.0:65536"),
            ("APP_WORKERS", ""),
            ("APP_WORKERS", "two"),
            ("APP_WORKERS", "+2"),
            ("APP_WORKERS", " 2"),
            ("APP_WORKERS", "99999999999999999999999"),
            ("APP_TRUSTED_NETWORKS", ""),
            ("APP_TRUSTED_NETWORKS", "10.0.0.0/33"),
            ("APP_TRUSTED_NETWORKS", "10.0.0.0/8,"),
            ("APP_TRUSTED_NETWORKS", "none,::1"),
            ("APP_TRUSTED_NETWORKS", "localhost"),
            ("APP_IMAGE_DIGEST", ""),
            ("APP_IMAGE_DIGEST", "sha256:"),
            ("APP_IMAGE_DIGEST", &format!("sha256:{}", "A".repeat(64))),
            ("APP_IMAGE_DIGEST", &format!("sha512:{}", "a".repeat(64))),
            ("APP_LOG_FORMAT", "JSON "),
            ("RUST_LOG", ""),
            ("RUST_LOG", "inof"),
            ("RUST_LOG", "drydock"),
            ("RUST_LOG", "=info"),
            ("RUST_LOG", "info,,warn"),
            ("RUST_LOG", "info/regex"),
        ] {
            let errors = config(&[(name, value)]).unwrap_err();
            let [error] = &errors[..] else {
                panic!("{name}={value}: {errors:?}")
            };
            let text = error.to_string();
            assert!(text.starts_with(&format!("{name}={value:?} ")), "{text}");
        }
    }

    #[test]
    fn unknown_names_are_refused_with_the_close_one() {
        for (name, close) in [
            ("APP_WORKER", Some("APP_WORKERS")),
            ("APP_BIDN", Some("APP_BIND")),
            ("APP_Bind", Some("APP_BIND")),
            ("APP_KEEPALIVE_SECONDS", Some("APP_KEEP_ALIVE_SECONDS")),
            ("APP_SOMETHING_ELSE", None),
        ] {
            let errors = config(&[(name, "1")]).unwrap_err();
            let expected = ConfigError::Unknown {
                name: name.into(),
                value: "1".into(),
                close,
            };
            assert_eq!(errors, [expected]);
        }
    }

    #[test]
    fn names_of_others_are_passed_over() {
        for (name, value) in [
            ("PATH", "/bin"),
            ("MY_APP_BIND", "x"),
            ("APP_SERVICE_HOST", "10.0.0.1"),
            ("APP_SERVICE_PORT_HTTP", "80"),
            ("APP_PORT", "tcp://10.0.0.1:80"),
            ("APP_PORT_80_TCP_ADDR", "10.0.0.1"),
        ] {
            assert!(config(&[(name, value)]).is_ok(), "{name}");
        }
        assert!(config(&[("APP_PORT", "8080")]).is_err());
    }

    #[test]
    fn all_problems_come_at_once_on_one_line_each() {
        let vars = [
            ("APP_WORKERS", "0"),
            ("APP_LOG_FORMAT", "x\ny"),
            ("APP_A\nB", "1"),
        ];
        let errors = config(&vars).unwrap_err();
        assert_eq!(errors.len(), 3);
        assert!(errors.iter().all(|error| !error.to_string().contains('\n')));
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_unicode_is_refused() {
        use std::os::unix::ffi::OsStringExt as _;
        let bytes = OsString::from_vec(vec![b'8', 0xff]);
        assert!(Config::from_vars([("APP_WORKERS".into(), bytes.clone())]).is_err());
        assert!(Config::from_vars([("RUST_LOG".into(), bytes.clone())]).is_err());
        assert!(Config::from_vars([("OTHER".into(), bytes)]).is_ok());
    }

    #[test]
    fn mapped_addresses_count_as_ipv4() {
        let networks = Networks::parse("10.0.0.0/8").unwrap();
        assert!(networks.contains("::ffff:10.1.2.3".parse().unwrap()));
        assert!(!networks.contains("::ffff:11.1.2.3".parse().unwrap()));
        assert!(
            !Networks::parse("none")
                .unwrap()
                .contains("127.0.0.1".parse().unwrap())
        );
    }
}
