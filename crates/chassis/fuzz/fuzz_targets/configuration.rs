//! The environment. An input is one variable a line, as `APP_WORKERS=2`.

#![no_main]
#![expect(clippy::expect_used, reason = "what is not as expected is a finding")]

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use chassis::Config;
use chassis::variable::{Allowed, ConfigError, Table as _};
use libfuzzer_sys::{Corpus, fuzz_target};

type Variables = BTreeMap<OsString, OsString>;

/// How long unknown names may be, all together, in bytes: the close one is looked for letter by
/// letter, which would take most of the time.
const MAX_UNKNOWN: usize = 64;

fuzz_target!(|input: &[u8]| -> Corpus {
    let vars: Variables = input
        .split(|byte| *byte == b'\n')
        .map(|line| {
            let end = line.iter().position(|byte| *byte == b'=');
            let (name, value) = line.split_at(end.unwrap_or(line.len()));
            let value = value.strip_prefix(b"=").unwrap_or(value);
            (
                OsStr::from_bytes(name).into(),
                OsStr::from_bytes(value).into(),
            )
        })
        .collect();
    let is_known = |name: &OsStr| {
        Config::variables()
            .iter()
            .any(|variable| name == variable.name)
    };
    let unknown = vars.keys().filter(|name| !is_known(name));
    if unknown.map(|name| name.len()).sum::<usize>() > MAX_UNKNOWN {
        return Corpus::Reject;
    }
    match Config::from_vars(vars.clone()) {
        Ok(config) => holds_of_what_is_accepted(&config, &vars),
        Err(errors) => holds_of_what_is_refused(&errors, vars),
    }
    Corpus::Keep
});

fn holds_of_what_is_accepted(config: &Config, vars: &Variables) {
    let shown = config.effective();
    let again = shown
        .iter()
        .map(|(name, value)| (name.into(), value.into()));
    assert_eq!(Config::from_vars(again).as_ref(), Ok(config), "{shown:?}");

    for (variable, (name, value)) in Config::variables().iter().zip(&shown) {
        assert_eq!(variable.name, *name);
        let set = vars.get(OsStr::new(name)).and_then(|set| set.to_str());
        if set.is_none() {
            assert_eq!(*value, variable.default_value(), "{name} was not set");
        }
        if let Allowed::Whole { min, max } = variable.allowed {
            let number: u64 = value.parse().expect("a number");
            assert!((min..=max).contains(&number), "{name}={number}");
            let set = set.map(|text| text.trim_start_matches('0'));
            assert!(
                set.is_none_or(|digits| digits == value.trim_start_matches('0')),
                "{name}: {set:?} became {value}"
            );
        }
    }
}

/// What is refused is named, and what is not named would have been accepted.
fn holds_of_what_is_refused(errors: &[ConfigError], mut vars: Variables) {
    assert!(!errors.is_empty());
    for error in errors {
        let text = error.to_string();
        assert!(!text.contains(char::is_control), "{text:?}");
        let refused = match error {
            ConfigError::NotAllowed { name, allowed, .. } => {
                assert!(text.starts_with(&format!("{name}=")), "{text}");
                assert!(text.ends_with(allowed), "{text}");
                vars.remove(OsStr::new(name))
            }
            ConfigError::Secret { .. } => unreachable!("the chassis has no secret: {text}"),
            ConfigError::Unknown { name, close } => {
                assert!(text.starts_with(&format!("{name:?} ")), "{text}");
                assert!(close.is_none_or(|close| text.contains(close)), "{text}");
                let set = vars.keys().find(|set| set.to_string_lossy() == *name);
                let set = set.cloned();
                set.and_then(|set| vars.remove(&set))
            }
        };
        assert!(refused.is_some(), "what was not set is refused: {text}");
    }
    let rest = Config::from_vars(vars);
    assert!(rest.is_ok(), "{rest:?} goes beyond {errors:?}");
}
