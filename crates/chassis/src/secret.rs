//! A value that nothing shows, and the places where it may be.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::hint::black_box;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::process::geteuid;

use crate::variable::{Allowed, Value};

/// What stands in the place of a secret.
pub(crate) const HIDDEN: &str = "(secret)";

/// How long the file of a secret may be: more than any key, and little to read at a start.
const MAX_FILE_BYTES: u64 = 65_536;

/// A value that is not shown: not by `--check-config`, a refusal or `Debug`, and there is no
/// `Display`. Where it comes from: see [`variables!`](crate::variables).
#[derive(Clone)]
pub struct Secret<T = String>(T);

impl<T> Secret<T> {
    /// The value, for where it is used.
    pub const fn reveal(&self) -> &T {
        &self.0
    }
}

impl Secret {
    /// Whether a client that says this knows the secret, in a time that tells no more than whether
    /// the length is right. A secret that is empty is one that was not set, and nobody knows it.
    #[must_use]
    pub fn is(&self, said: &str) -> bool {
        let bytes = self.0.bytes().zip(said.bytes());
        // A comparison that the compiler may end early is none of the same time.
        let different = bytes.fold(0, |all, (own, said)| black_box(all | (own ^ said)));
        !self.0.is_empty() && self.0.len() == said.len() && different == 0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl<T: Value> Value for Secret<T> {
    const ALLOWED: Allowed = T::ALLOWED;
    const SECRET: bool = true;

    fn parse(text: &str) -> Option<Self> {
        T::parse(text).map(Self)
    }

    /// Whether there is one is no secret.
    fn text(&self) -> String {
        let shown = if self.0.text().is_empty() { "" } else { HIDDEN };
        shown.to_owned()
    }
}

/// Where a secret is said to be; it shows that, and not the secret.
pub(crate) enum Place {
    /// In the variable of this name, with this value.
    Variable(&'static str, OsString),
    /// In a file that the variable of this name names.
    File(&'static str, PathBuf),
    /// In a file that systemd gives to the service.
    Credential(PathBuf),
}

impl Place {
    /// The credential of this name, if there is one. Whatever is wrong with one is seen when it is read.
    pub(crate) fn credential(folder: &Path, name: &str) -> Option<Self> {
        let path = folder.join(name);
        match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            _ => Some(Self::Credential(path)),
        }
    }

    /// The value, or why there is none.
    pub(crate) fn read(self) -> Result<String, String> {
        match self {
            Self::Variable(_, value) => value.into_string().map_err(|_| NOT_TEXT.to_owned()),
            Self::File(_, path) | Self::Credential(path) => read(&path),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In quotation marks, for it is one line whatever a path holds.
        match self {
            Self::Variable(name, _) => f.write_str(name),
            Self::File(name, path) => write!(f, "{name}={:?}", path.to_string_lossy()),
            Self::Credential(path) => write!(f, "the credential {:?}", path.to_string_lossy()),
        }
    }
}

const NOT_TEXT: &str = "it is not text in UTF-8";

/// What a file holds, without one end of a line at its end, which editors and `echo` put there.
fn read(path: &Path) -> Result<String, String> {
    let bytes = bytes_of(path).map_err(|error| match error.kind() {
        // Who has made the file is not who has to read it.
        io::ErrorKind::PermissionDenied => {
            let user = geteuid().as_raw();
            format!("{error}; user {user} has to be able to read it")
        }
        _ => error.to_string(),
    })?;
    let mut text = String::from_utf8(bytes).map_err(|_| NOT_TEXT.to_owned())?;
    if text.ends_with('\n') {
        text.truncate(text.len() - if text.ends_with("\r\n") { 2 } else { 1 });
    }
    match &*text {
        "" => Err("it is empty".to_owned()),
        text if text.contains('\0') => Err("it has a NUL byte".to_owned()),
        _ => Ok(text),
    }
}

fn bytes_of(path: &Path) -> io::Result<Vec<u8>> {
    // A named pipe that nobody writes to would hold the start up for ever.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::other(format!(
            "it has more than {MAX_FILE_BYTES} bytes"
        )));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::{env, fs, process};

    use super::*;
    use crate::variable::{ConfigError, Table as _};

    crate::variables! {
        #[derive(Debug)]
        struct Example {
            /// a key
            key: Secret = APP_KEY or "";
            /// a number that nobody is to know
            number: Secret<u16> = NUMBER or "7", from 3 to 9;
        }
    }

    fn example(vars: &[(&str, &str)]) -> Result<Example, String> {
        let vars = vars.iter().map(|(name, value)| (name.into(), value.into()));
        Example::from_vars(vars).map_err(|errors| {
            let lines: Vec<_> = errors.iter().map(ConfigError::to_string).collect();
            lines.join("\n")
        })
    }

    /// A folder of the test of this name, empty.
    fn folder(test: &str) -> PathBuf {
        let folder = env::temp_dir().join(format!("secret-{}-{test}", process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        folder
    }

    #[test]
    fn a_file_is_read_but_for_one_end_of_a_line() {
        let folder = folder("read");
        let file = folder.join("file");
        let file = file.to_str().unwrap();
        let longest = "x".repeat(65_536);
        for (content, expected) in [
            ("key", Ok("key")),
            ("key\n", Ok("key")),
            ("key\r\n", Ok("key")),
            ("key\n\n", Ok("key\n")),
            ("key\r\n\n", Ok("key\r\n")),
            ("key\r", Ok("key\r")),
            (" a\nkey\t ", Ok(" a\nkey\t ")),
            (&longest, Ok(&*longest)),
            ("", Err("it is empty")),
            ("\n", Err("it is empty")),
            ("key\0\n", Err("it has a NUL byte")),
            (&format!("{longest}\n"), Err("it has more than 65536 bytes")),
        ] {
            fs::write(file, content).unwrap();
            let read = example(&[("APP_KEY_FILE", file)]);
            let read = read.map(|example| example.key.reveal().clone());
            let expected = expected.map(ToOwned::to_owned);
            let refusal = |why| format!("APP_KEY_FILE={file:?} cannot be used: {why}");
            assert_eq!(read, expected.map_err(refusal), "{:?}", content.get(..9));
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_secret_is_in_one_place() {
        let folder = folder("places");
        let file = folder.join("file");
        fs::write(&file, "of the file").unwrap();
        // As Kubernetes mounts one.
        symlink("file", folder.join("APP_KEY")).unwrap();
        let file = file.to_str().unwrap();
        let credentials = folder.to_str().unwrap();
        let key = ("APP_KEY", "of the variable");
        let key_file = ("APP_KEY_FILE", file);
        let credential = ("CREDENTIALS_DIRECTORY", credentials);
        for (vars, expected) in [
            (&[][..], Ok("")),
            (&[key], Ok("of the variable")),
            (&[key_file], Ok("of the file")),
            (&[credential], Ok("of the file")),
            (&[("CREDENTIALS_DIRECTORY", "")], Ok("")),
            (&[("CREDENTIALS_DIRECTORY", "/nowhere")], Ok("")),
            (
                &[key, key_file],
                Err(format!("APP_KEY and APP_KEY_FILE={file:?} both")),
            ),
            // One that is empty is given, too.
            (
                &[("APP_KEY", ""), key_file],
                Err(format!("APP_KEY and APP_KEY_FILE={file:?} both")),
            ),
            (
                &[key, credential],
                Err(format!(
                    "APP_KEY and the credential \"{credentials}/APP_KEY\" both"
                )),
            ),
            (
                &[key, key_file, credential],
                Err(format!("APP_KEY and APP_KEY_FILE={file:?} both")),
            ),
            (
                &[("APP_KEY_FILE", "")],
                Err("APP_KEY_FILE=\"\" cannot be used: No such file or directory".to_owned()),
            ),
        ] {
            match (example(vars), expected) {
                (Ok(example), Ok(expected)) => assert_eq!(example.key.reveal(), expected),
                (Err(line), Err(start)) => assert!(line.starts_with(&start), "{vars:?}: {line}"),
                (read, _) => panic!("{vars:?}: {read:?}"),
            }
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_secret_is_held_to_its_type_and_bounds_wherever_it_is() {
        let folder = folder("bounds");
        let file = folder.join("file");
        fs::write(&file, "10\n").unwrap();
        let file = file.to_str().unwrap();
        let must = "cannot be used: the value must be a whole number from 3 to 9";
        for (vars, expected) in [
            (&[("NUMBER", "9")][..], Ok(9)),
            (&[], Ok(7)),
            (&[("NUMBER", "10")], Err(format!("NUMBER {must}"))),
            (
                &[("NUMBER_FILE", file)],
                Err(format!("NUMBER_FILE={file:?} {must}")),
            ),
        ] {
            let number = example(vars).map(|example| *example.number.reveal());
            assert_eq!(number, expected, "{vars:?}");
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_secret_that_has_to_be_set_says_so() {
        crate::variables! {
            #[derive(Debug)]
            struct Needed {
                /// a number
                _number: Secret<u16> = APP_NUMBER or "", from 3 to 9;
            }
        }
        let errors = Needed::from_vars([]).unwrap_err();
        assert_eq!(
            errors[0].to_string(),
            "APP_NUMBER is not set, and must be: a whole number from 3 to 9"
        );
    }

    #[test]
    fn nothing_shows_a_secret() {
        let read = example(&[("APP_KEY", "hush"), ("NUMBER", "4")]).unwrap();
        assert_eq!(
            format!("{read:?}"),
            "Example { key: (secret), number: (secret) }"
        );
        let shown = read.effective();
        assert_eq!(shown[0], ("APP_KEY", "(secret)".to_owned()));
        assert_eq!(shown[1], ("NUMBER", "(secret)".to_owned()));
        assert_eq!(
            example(&[]).unwrap().effective()[0],
            ("APP_KEY", String::new())
        );
        for vars in [
            [("NUMBER", "hush")],
            [("APP_KEYS", "hush")],
            [("APP_SOMETHING_ELSE", "hush")],
        ] {
            let line = example(&vars).unwrap_err();
            assert!(!line.contains("hush"), "{line}");
        }
        // What was shown is not set by who copies it.
        assert_eq!(
            example(&[("APP_KEY", "(secret)")]).unwrap_err(),
            "APP_KEY cannot be used: (secret) is what is shown in the place of a secret"
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_and_not_shown() {
        use std::os::unix::ffi::OsStringExt as _;
        let bytes = OsString::from_vec(b"hush\xff".to_vec());
        let errors = Example::from_vars([("APP_KEY".into(), bytes)]).unwrap_err();
        assert_eq!(
            errors[0].to_string(),
            "APP_KEY cannot be used: it is not text in UTF-8"
        );
    }

    #[test]
    fn help_and_a_page_say_that_it_is_a_secret() {
        let help = Example::help();
        let row = "  APP_KEY=\n      a key\n      any text in Unicode; a secret: APP_KEY_FILE may name a file that holds it\n";
        assert!(help.contains(row), "{help}");
        let page = Example::markdown();
        let row = "| `APP_KEY` | none | a key | any text in Unicode; a secret: `APP_KEY_FILE` may name a file that holds it |\n";
        assert!(page.contains(row), "{page}");
        let line = example(&[("APP_KEY_FIEL", "x")]).unwrap_err();
        assert!(line.ends_with("did you mean APP_KEY_FILE?"), "{line}");
    }

    #[test]
    fn who_knows_a_secret_says_all_of_it() {
        let secret = |text: &str| Secret(text.to_owned());
        assert!(secret("hush").is("hush"));
        for said in ["", "hus", "hush!", "huhh", "Hush"] {
            assert!(!secret("hush").is(said), "{said}");
        }
        assert!(!secret("").is(""));
    }
}
