//! Patterns, by the crate `globset`: `*` is anything but a slash, `**` as a whole part of a path
//! is any number of parts, all else is itself.

use std::{cell::RefCell, collections::HashMap};

use globset::{GlobBuilder, GlobMatcher};

use crate::unreadable::{Unreadable, unreadable};

thread_local! {
    /// Each is compiled once, and asked of every file.
    static COMPILED: RefCell<HashMap<String, Option<GlobMatcher>>> = RefCell::default();
}

/// Whether the whole of `text` fits.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    COMPILED.with_borrow_mut(|compiled| {
        if !compiled.contains_key(pattern) {
            compiled.insert(pattern.to_owned(), compile(pattern));
        }
        let matcher = compiled.get(pattern).and_then(Option::as_ref);
        matcher.is_some_and(|matcher| matcher.is_match(text))
    })
}

/// Whether one of `patterns` fits.
pub(crate) fn any_fits(patterns: &[String], text: &str) -> bool {
    patterns.iter().any(|pattern| fits(pattern, text))
}

/// Refuses a pattern with `**` in the middle of a part, where it would be no more than `*`.
pub(crate) fn check(pattern: &str) -> Result<(), Unreadable> {
    let stray = |part: &str| part.contains("**") && part != "**";
    if pattern.split('/').any(stray) || compile(pattern).is_none() {
        return unreadable(format!(
            "the pattern {pattern:?}: ** has to stand between slashes; * is anything but a slash"
        ));
    }
    Ok(())
}

fn compile(pattern: &str) -> Option<GlobMatcher> {
    let parts: Vec<_> = pattern.split('*').map(globset::escape).collect();
    let glob = GlobBuilder::new(&parts.join("*"))
        .literal_separator(true)
        .backslash_escape(false)
        .build();
    glob.ok().map(|glob| glob.compile_matcher())
}

#[cfg(test)]
mod tests {
    use super::{check, fits};

    #[test]
    fn stars_and_slashes() {
        for (pattern, text) in [
            ("/nix/store/*/bin/app", "/nix/store/abc-app/bin/app"),
            ("/**/*.a", "/nix/store/x/lib/libc.a"),
            ("**/bin/gcc*", "/bin/gcc-15"),
            ("**", ""),
            ("a*", "a"),
            ("a[b]{c,d}?\\e*", "a[b]{c,d}?\\ef"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("/nix/*/app", "/nix/store/x/app"),
            ("/tmp", "/tmp/x"),
            ("*.a", "x.ab"),
            ("", "x"),
            ("[ab]", "a"),
            ("{a,b}", "a"),
            ("?", "a"),
        ] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn two_stars_in_a_part_are_refused() {
        for pattern in ["/lib**", "a**b", "/x/**.so", "***"] {
            assert!(check(pattern).is_err(), "{pattern}");
        }
        for pattern in ["**", "/**", "**/x", "/x/**/y*", "*", ""] {
            assert!(check(pattern).is_ok(), "{pattern}");
        }
    }
}
