//! A table of environment variables: what is written in a row is all that is written of a variable,
//! and whatever is said of it elsewhere is made from that.
//!
//! [`variables!`](crate::variables) makes a struct of rows, with a [`Table`] of them; a service puts
//! a table of its own behind the one of the chassis.

use std::ffi::{OsStr, OsString};
use std::fmt::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::secret::{HIDDEN, Place};

/// Makes a struct with a field for each variable, which implements [`Table`]. A row is a field's
/// meaning, name and type, the variable's name, what holds where it is not set, and for a number
/// its bounds:
///
/// ```
/// chassis::variables! {
///     /// What the shop has besides.
///     #[derive(Clone, Debug)]
///     pub struct Shop {
///         /// how long a basket is kept
///         pub basket: std::time::Duration = APP_BASKET_SECONDS or "3600", from 60 to 86400;
///         /// the sign over the door, as `/` shows it
///         pub sign: String = APP_SIGN or "Open";
///     }
/// }
///
/// use chassis::variable::Table as _;
/// let shop = Shop::from_vars([("APP_BASKET_SECONDS".into(), "90".into())]).unwrap();
/// assert_eq!((shop.basket.as_secs(), shop.sign.as_str()), (90, "Open"));
/// let refused = Shop::from_vars([("APP_BASKET_SECONDS".into(), "1".into())]).unwrap_err();
/// assert_eq!(
///     refused[0].to_string(),
///     "APP_BASKET_SECONDS=\"1\" is not allowed: it must be a whole number from 60 to 86400"
/// );
/// ```
///
/// The meaning is one sentence in Markdown without its capital and its full stop. A type is one
/// that implements [`Value`]; of one that is not to be shown it is [`Secret`](crate::Secret), which
/// a file may hold as well. In the place of a default text there may be a [`Preset`] by name. Each
/// row is an associated constant by the variable's name, too: `Shop::APP_SIGN`.
#[macro_export]
macro_rules! variables {
    (
        $(#[$about:meta])*
        $visibility:vis struct $table:ident {
            $(
                $(#[doc = $meaning:literal])+
                $shown:vis $field:ident: $type:ty =
                    $name:ident or $default:tt $(, from $min:literal to $max:literal)?;
            )+
        }
    ) => {
        $(#[$about])*
        $visibility struct $table {
            $(
                $(#[doc = $meaning])+
                #[doc = concat!("\n[`", stringify!($table), "::", stringify!($name), "`]")]
                $shown $field: $type,
            )+
        }

        impl $table {
            $(
                #[doc = concat!("The row of [`", stringify!($table), "::", stringify!($field), "`].")]
                $shown const $name: $crate::variable::Variable = $crate::variable::Variable {
                    name: stringify!($name),
                    default: $crate::variables!(@default $default),
                    allowed: $crate::variables!(@allowed $type $(, $min, $max)?),
                    meaning: concat!($($meaning),+).trim_ascii(),
                    file: if <$type as $crate::variable::Value>::SECRET {
                        Some(concat!(stringify!($name), "_FILE"))
                    } else {
                        None
                    },
                };
            )+
        }

        impl $crate::variable::Table for $table {
            fn variables() -> Vec<&'static $crate::variable::Variable> {
                vec![$(&Self::$name),+]
            }

            fn take(from: &mut $crate::variable::Reader) -> Option<Self> {
                // All of them are read before one that is wrong ends it.
                $(let $field = from.read(&Self::$name);)+
                Some(Self { $($field: $field?),+ })
            }

            fn values(&self) -> Vec<String> {
                vec![$($crate::variable::Value::text(&self.$field)),+]
            }
        }
    };
    (@default $text:literal) => { $crate::variable::Preset::Fixed($text) };
    (@default $preset:expr) => { $preset };
    (@allowed $type:ty) => { <$type as $crate::variable::Value>::ALLOWED };
    (@allowed $type:ty, $min:literal, $max:literal) => {
        $crate::variable::Allowed::Whole { min: $min, max: $max }
    };
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
    /// What it does, in Markdown.
    pub meaning: &'static str,
    /// The variable that names a file which holds the value, of a secret: its type is one of
    /// which [`Value::SECRET`] is true.
    pub file: Option<&'static str>,
}

impl Variable {
    /// What holds on this machine when it is not set.
    #[must_use]
    pub fn default_value(&self) -> String {
        match (self.default, self.allowed) {
            (Preset::Fixed(text), _) => text.to_owned(),
            (Preset::Found { number, .. }, Allowed::Whole { min, max }) => {
                number().clamp(min, max).to_string()
            }
            (Preset::Found { number, .. }, Allowed::Text(_)) => number().to_string(),
        }
    }

    /// What may be set, and where besides, in Markdown.
    fn allowed_where(&self) -> String {
        let allowed = self.allowed;
        self.file.map_or_else(
            || allowed.to_string(),
            |file| format!("{allowed}; a secret: `{file}` may name a file that holds it"),
        )
    }
}

/// The value of a variable that is not set.
#[derive(Clone, Copy, Debug)]
pub enum Preset {
    /// Always this one.
    Fixed(&'static str),
    /// A number that the machine decides, within the variable's bounds.
    Found {
        /// The number in words.
        words: &'static str,
        /// The number itself.
        number: fn() -> u64,
    },
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(text) => f.write_str(text),
            Self::Found { words, .. } => f.write_str(words),
        }
    }
}

/// The values that a variable takes; it shows them in Markdown.
#[derive(Clone, Copy, Debug)]
pub enum Allowed {
    /// A decimal number, both ends included.
    Whole {
        /// The least value.
        min: u64,
        /// The greatest value.
        max: u64,
    },
    /// What these words say; a type's [`Value::parse`] holds a value to them.
    Text(&'static str),
}

impl Allowed {
    fn takes(self, value: &OsStr) -> bool {
        match self {
            // FromStr takes a sign, which a count or a duration does not have.
            Self::Whole { min, max } => value.to_str().is_some_and(|text| {
                text.bytes().all(|byte| byte.is_ascii_digit())
                    && text
                        .parse()
                        .is_ok_and(|number| (min..=max).contains(&number))
            }),
            Self::Text(_) => true,
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole { min, max } => write!(f, "a whole number from {min} to {max}"),
            Self::Text(words) => f.write_str(words),
        }
    }
}

/// A text for a page as a terminal shows it.
fn plain(markdown: &str) -> String {
    markdown.replace('`', "")
}

/// What a variable's text is made to.
pub trait Value: Sized {
    /// What may be set, unless a row has bounds of its own.
    const ALLOWED: Allowed;

    /// Whether nothing may show it.
    const SECRET: bool = false;

    /// Reads a text; `None` is what is not allowed.
    fn parse(text: &str) -> Option<Self>;

    /// The text that reads as this value; of a secret, what stands in its place.
    fn text(&self) -> String;
}

macro_rules! whole_numbers {
    ($($number:ty),+) => {
        $(
            impl Value for $number {
                // No row is about a number that is not one of these.
                #[allow(clippy::cast_sign_loss, reason = "the greatest of a type is not negative")]
                const ALLOWED: Allowed = Allowed::Whole { min: 0, max: <$number>::MAX as u64 };

                fn parse(text: &str) -> Option<Self> {
                    text.parse().ok()
                }

                fn text(&self) -> String {
                    self.to_string()
                }
            }
        )+
    };
}

whole_numbers!(i32, u16, u32, u64, usize);

/// In whole seconds.
impl Value for Duration {
    const ALLOWED: Allowed = u32::ALLOWED;

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self::from_secs)
    }

    fn text(&self) -> String {
        self.as_secs().to_string()
    }
}

impl Value for SocketAddr {
    const ALLOWED: Allowed =
        Allowed::Text("an IP address and a port, as `0.0.0.0:8000` or `[::]:8000`");

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl Value for Option<SocketAddr> {
    const ALLOWED: Allowed =
        Allowed::Text("an IP address and a port, as `0.0.0.0:9000` or `[::]:9000`, or `none`");

    fn parse(text: &str) -> Option<Self> {
        match text {
            "none" => Some(None),
            address => address.parse().ok().map(Some),
        }
    }

    fn text(&self) -> String {
        self.map_or_else(|| "none".to_owned(), |address| address.to_string())
    }
}

impl Value for bool {
    const ALLOWED: Allowed = Allowed::Text("`true` or `false`");

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl Value for String {
    const ALLOWED: Allowed = Allowed::Text("any text in Unicode");

    fn parse(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }

    fn text(&self) -> String {
        self.clone()
    }
}

/// Variables, and their values. [`variables!`](crate::variables) makes it; two tables are one, too.
pub trait Table: Sized {
    /// The rows, in the order in which they are shown.
    fn variables() -> Vec<&'static Variable>;

    /// Takes the values of its rows; `None` is an error that has been noted.
    fn take(from: &mut Reader) -> Option<Self>;

    /// The effective value of each row.
    fn values(&self) -> Vec<String>;

    /// Reads the process's environment.
    ///
    /// # Errors
    /// Every variable that is not allowed, in the order of the rows, then the unknown ones.
    fn from_env() -> Result<Self, Vec<ConfigError>> {
        Self::from_vars(std::env::vars_os())
    }

    /// Reads the given variables; a name that is in no row and does not start with `APP_` is
    /// somebody else's and is passed over.
    ///
    /// # Errors
    /// As [`Table::from_env`].
    fn from_vars(
        vars: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Vec<ConfigError>> {
        let mut reader = Reader::new(vars, Self::variables());
        let table = Self::take(&mut reader);
        let errors = reader.finish();
        match table {
            Some(table) if errors.is_empty() => Ok(table),
            _ => Err(errors),
        }
    }

    /// Each variable's name and effective value; setting exactly these gives the same table, but for
    /// its secrets.
    #[must_use]
    fn effective(&self) -> Vec<(&'static str, String)> {
        let names = Self::variables().into_iter().map(|variable| variable.name);
        names.zip(self.values()).collect()
    }

    /// The rows as `--help` has them.
    #[must_use]
    fn help() -> String {
        let mut text = String::new();
        for variable in Self::variables() {
            let Variable { name, default, .. } = variable;
            let meaning = plain(variable.meaning);
            let allowed = plain(&variable.allowed_where());
            // To a string nothing fails.
            let _ = writeln!(text, "  {name}={default}\n      {meaning}\n      {allowed}");
        }
        text
    }

    /// The rows as a table in Markdown.
    #[must_use]
    fn markdown() -> String {
        let mut text =
            "| variable | default | meaning | allowed |\n| --- | --- | --- | --- |\n".to_owned();
        for variable in Self::variables() {
            let Variable { name, meaning, .. } = variable;
            let allowed = variable.allowed_where();
            let default = match variable.default {
                Preset::Fixed("") => "none".to_owned(),
                Preset::Fixed(text) => format!("`{text}`"),
                Preset::Found { words, .. } => words.to_owned(),
            };
            let _ = writeln!(text, "| `{name}` | {default} | {meaning} | {allowed} |");
        }
        text
    }
}

/// One after the other.
impl<First: Table, Second: Table> Table for (First, Second) {
    fn variables() -> Vec<&'static Variable> {
        [First::variables(), Second::variables()].concat()
    }

    fn take(from: &mut Reader) -> Option<Self> {
        let (first, second) = (First::take(from), Second::take(from));
        Some((first?, second?))
    }

    fn values(&self) -> Vec<String> {
        [self.0.values(), self.1.values()].concat()
    }
}

/// No variable.
impl Table for () {
    fn variables() -> Vec<&'static Variable> {
        Vec::new()
    }

    fn take(_: &mut Reader) -> Option<Self> {
        Some(())
    }

    fn values(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A variable that is not as it must be. Its text is one line, whatever the value holds, and says
/// nothing of a secret.
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
    /// A secret cannot be had from where it is said to be, or is not among the allowed values.
    #[error("{places} {fault}")]
    Secret {
        /// The variable.
        name: &'static str,
        /// Where it is said to be.
        places: String,
        /// What is wrong with that.
        fault: String,
    },
    /// No variable has this name. Its value may be a secret, by a name that is mistyped.
    #[error("{name:?} is not a variable of this program{}", did_you_mean(*.close))]
    Unknown {
        /// The name as set.
        name: String,
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

/// Where systemd has put the [credentials](https://systemd.io/CREDENTIALS/) of a service, each a
/// file; a secret's is called as its variable.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Takes variables out one by one and keeps account of what is wrong with them.
// Without `Debug`: it holds secrets.
pub struct Reader {
    known: Vec<&'static Variable>,
    credentials: Option<PathBuf>,
    unread: Vec<(OsString, OsString)>,
    errors: Vec<ConfigError>,
}

impl Reader {
    fn new(
        vars: impl IntoIterator<Item = (OsString, OsString)>,
        known: Vec<&'static Variable>,
    ) -> Self {
        let is_ours = |name: &OsString| {
            name == CREDENTIALS
                || name.as_encoded_bytes().starts_with(b"APP_")
                || known.iter().any(|variable| {
                    name == variable.name || variable.file.is_some_and(|file| name == file)
                })
        };
        let mut reader = Self {
            unread: vars.into_iter().filter(|(name, _)| is_ours(name)).collect(),
            known,
            credentials: None,
            errors: Vec::new(),
        };
        let credentials = reader.take(CREDENTIALS).map(PathBuf::from);
        // An empty one would be the working directory.
        reader.credentials = credentials.filter(|folder| !folder.as_os_str().is_empty());
        reader
    }

    /// The value of a row; `None` is an error that has been noted.
    pub fn read<T: Value>(&mut self, variable: &Variable) -> Option<T> {
        let (value, not_allowed) = if T::SECRET {
            self.secret(variable)
                .map_err(|error| self.errors.push(error))
                .ok()?
        } else {
            self.shown(variable)
        };
        let parsed = value.to_str().and_then(T::parse);
        let parsed = parsed.filter(|_| variable.allowed.takes(&value));
        if parsed.is_none() {
            self.errors.push(not_allowed);
        }
        parsed
    }

    /// What a variable is that is no secret, and what to say of it when that is not allowed.
    fn shown(&mut self, variable: &Variable) -> (OsString, ConfigError) {
        let set = self.take(variable.name);
        let value = set.unwrap_or_else(|| variable.default_value().into());
        let not_allowed = ConfigError::NotAllowed {
            name: variable.name,
            value: value.to_string_lossy().into_owned(),
            allowed: plain(&variable.allowed.to_string()),
        };
        (value, not_allowed)
    }

    /// What a secret is, and what to say of it when that is not allowed.
    fn secret(&mut self, variable: &Variable) -> Result<(OsString, ConfigError), ConfigError> {
        let name = variable.name;
        let refusal = |places: String, fault| ConfigError::Secret {
            name,
            places,
            fault,
        };
        let allowed = plain(&variable.allowed.to_string());
        let set = self.take(name).map(|value| Place::Variable(name, value));
        let file = variable
            .file
            .zip(variable.file.and_then(|file| self.take(file)));
        let file = file.map(|(file, path)| Place::File(file, path.into()));
        let credentials = self.credentials.as_ref();
        let credential = credentials.and_then(|folder| Place::credential(folder, name));
        let mut places = [set, file, credential].into_iter().flatten();
        let Some(place) = places.next() else {
            let fault = format!("is not set, and must be: {allowed}");
            return Ok((
                variable.default_value().into(),
                refusal(name.to_owned(), fault),
            ));
        };
        let shown = place.to_string();
        if let Some(other) = places.next() {
            let fault = "both say what it is: leave one of them out";
            return Err(refusal(format!("{shown} and {other}"), fault.to_owned()));
        }
        let unusable = |why| refusal(shown.clone(), format!("cannot be used: {why}"));
        match place.read() {
            // What shows a configuration does not make a key of it that everybody knows.
            Ok(value) if value == HIDDEN => {
                let why = format!("{HIDDEN} is what is shown in the place of a secret");
                Err(unusable(why))
            }
            Ok(value) => {
                let why = format!("the value must be {allowed}");
                Ok((value.into(), unusable(why)))
            }
            Err(why) => Err(unusable(why)),
        }
    }

    fn take(&mut self, variable: &str) -> Option<OsString> {
        let mut set = None;
        self.unread.retain_mut(|(name, value)| {
            let is_it = name == variable;
            if is_it {
                // Of a name that is there twice, the last one counts.
                set = Some(std::mem::take(value));
            }
            !is_it
        });
        set
    }

    fn finish(self) -> Vec<ConfigError> {
        let Self {
            known,
            mut unread,
            mut errors,
            ..
        } = self;
        unread.sort_unstable();
        for (name, value) in unread {
            let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
            if !is_service_link(&name, &value) {
                errors.push(ConfigError::Unknown {
                    close: closest(&name, &known),
                    name: name.into_owned(),
                });
            }
        }
        errors
    }
}

/// Kubernetes gives each container the [addresses][links] of the Services in its namespace; those of
/// one called `app`, or `app-db`, look like ours: `APP_DB_SERVICE_HOST`, `APP_DB_SERVICE_PORT_HTTP`,
/// `APP_DB_PORT=tcp://…`, `APP_DB_PORT_80_TCP_ADDR`.
///
/// [links]: https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables
fn is_service_link(name: &str, value: &str) -> bool {
    match *name.split('_').collect::<Vec<_>>() {
        [.., "SERVICE", "HOST" | "PORT"] => true,
        [.., "PORT", number, "TCP" | "UDP" | "SCTP"]
        | [
            ..,
            "PORT",
            number,
            "TCP" | "UDP" | "SCTP",
            "PROTO" | "PORT" | "ADDR",
        ] => number.bytes().all(|byte| byte.is_ascii_digit()),
        // A name that somebody may mistype.
        [.., "PORT"] => value.contains("://"),
        ref words => words.windows(2).any(|pair| pair == ["SERVICE", "PORT"]),
    }
}

fn closest(name: &str, known: &[&'static Variable]) -> Option<&'static str> {
    let distance = |other: &str| strsim::osa_distance(&name.to_ascii_uppercase(), other);
    known
        .iter()
        .flat_map(|variable| [Some(variable.name), variable.file])
        .flatten()
        .map(|name| (distance(name), name))
        .min()
        .filter(|(distance, _)| *distance <= 3)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::variables! {
        /// A row of each kind.
        #[derive(Debug, PartialEq, Eq)]
        struct Example {
            /// an address
            address: SocketAddr = APP_ADDRESS or "[::1]:0";
            /// a number,
            /// said in two lines, as `APP_NUMBER`
            number: u16 = APP_NUMBER or "7", from 3 to 9;
            /// any number
            any: u16 = APP_ANY or "7";
            /// a number that the machine decides
            found: usize = APP_FOUND or MANY, from 1 to 4;
            /// a time
            time: Duration = APP_TIME_SECONDS or "1";
            /// yes or no
            yes: bool = APP_YES or "false";
            /// a text of somebody else's name
            text: String = SOMETHING_ELSE or "";
        }
    }

    const MANY: Preset = Preset::Found {
        words: "a thousand",
        number: || 1000,
    };

    fn example(vars: &[(&str, &str)]) -> Result<Example, Vec<String>> {
        let vars = vars.iter().map(|(name, value)| (name.into(), value.into()));
        Example::from_vars(vars).map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_default_holds_where_nothing_is_set_and_stays_within_bounds() {
        let shown = example(&[]).unwrap().effective();
        let expected = [
            ("APP_ADDRESS", "[::1]:0"),
            ("APP_NUMBER", "7"),
            ("APP_ANY", "7"),
            ("APP_FOUND", "4"),
            ("APP_TIME_SECONDS", "1"),
            ("APP_YES", "false"),
            ("SOMETHING_ELSE", ""),
        ];
        assert_eq!(
            shown,
            expected.map(|(name, value)| (name, value.to_owned()))
        );
    }

    #[test]
    fn what_is_set_is_read_and_what_is_not_allowed_is_refused() {
        for (name, value, refused) in [
            ("APP_NUMBER", "3", false),
            ("APP_NUMBER", "9", false),
            ("APP_NUMBER", "2", true),
            ("APP_NUMBER", "10", true),
            ("APP_NUMBER", "+4", true),
            ("APP_NUMBER", "", true),
            ("APP_ANY", "65535", false),
            ("APP_ANY", "65536", true),
            ("APP_YES", "true", false),
            ("APP_YES", "1", true),
            ("SOMETHING_ELSE", "x y", false),
        ] {
            let read = example(&[(name, value)]).map(|read| read.effective());
            match read {
                Ok(shown) => assert!(!refused && shown.contains(&(name, value.to_owned()))),
                Err(errors) => {
                    let start = format!("{name}={value:?} is not allowed: it must be ");
                    assert!(
                        refused && errors.len() == 1 && errors[0].starts_with(&start),
                        "{errors:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn two_tables_are_one() {
        crate::variables! {
            struct Other {
                /// a number of its own
                number: u32 = APP_OTHER or "1", from 0 to 5;
            }
        }
        type Both = (Example, Other);
        let both = |vars: &[(&str, &str)]| {
            Both::from_vars(vars.iter().map(|(name, value)| (name.into(), value.into())))
        };
        let (example, other) = both(&[("APP_OTHER", "5"), ("APP_NUMBER", "8")])
            .ok()
            .unwrap();
        assert_eq!((example.number, other.number), (8, 5));
        let shown = (example, other).effective();
        assert_eq!(shown.last(), Some(&("APP_OTHER", "5".to_owned())));
        // All problems at once, and each name is known to both.
        let errors = both(&[("APP_OTHER", "6"), ("APP_NUMBER", "0"), ("APP_OTER", "1")])
            .err()
            .unwrap();
        let names: Vec<_> = errors.iter().map(ToString::to_string).collect();
        assert!(names[0].starts_with("APP_NUMBER="), "{names:?}");
        assert!(names[1].starts_with("APP_OTHER="), "{names:?}");
        assert!(names[2].ends_with("did you mean APP_OTHER?"), "{names:?}");
    }

    #[test]
    fn a_default_that_is_not_allowed_is_not_silent() {
        crate::variables! {
            #[derive(Debug)]
            struct Wrong {
                /// a number
                _number: u32 = APP_NUMBER or "9", from 0 to 5;
            }
        }
        let errors = Wrong::from_vars([]).unwrap_err();
        assert_eq!(
            errors[0].to_string(),
            "APP_NUMBER=\"9\" is not allowed: it must be a whole number from 0 to 5"
        );
    }

    #[test]
    fn help_is_plain_and_a_page_has_markdown() {
        let help = Example::help();
        let row = "  APP_NUMBER=7\n      a number, said in two lines, as APP_NUMBER\n      a whole number from 3 to 9\n";
        assert!(help.contains(row), "{help}");
        assert!(help.contains("  APP_FOUND=a thousand\n"), "{help}");
        let page = Example::markdown();
        let row = "| `APP_NUMBER` | `7` | a number, said in two lines, as `APP_NUMBER` | a whole number from 3 to 9 |\n";
        assert!(page.contains(row), "{page}");
        assert!(page.contains("| `APP_FOUND` | a thousand |"), "{page}");
    }
}
