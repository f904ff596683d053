//! Patterns: `*` is anything but a slash, `**` is anything, all else is itself.

/// Whether the whole of `text` fits. Takes at most pattern times text steps.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let text = text.as_bytes();
    // reached[i]: what was read of the pattern fits the first i bytes of the text.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    let mut rest = pattern.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first == b'*' {
            let any = after.first() == Some(&b'*');
            for i in 0..text.len() {
                if reached[i] && (any || text[i] != b'/') {
                    reached[i + 1] = true;
                }
            }
            rest = if any { &after[1..] } else { after };
        } else {
            for i in (0..text.len()).rev() {
                reached[i + 1] = reached[i] && text[i] == first;
            }
            reached[0] = false;
            rest = after;
        }
    }
    reached[text.len()]
}

/// Whether one of `patterns` fits.
pub(crate) fn any_fits(patterns: &[String], text: &str) -> bool {
    patterns.iter().any(|pattern| fits(pattern, text))
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_and_slashes() {
        for (pattern, text) in [
            ("/nix/store/*/bin/app", "/nix/store/abc-app/bin/app"),
            ("/**/*.a", "/nix/store/x/lib/libc.a"),
            ("**/bin/gcc*", "/bin/gcc-15"),
            ("**", ""),
            ("a*", "a"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("/nix/*/app", "/nix/store/x/app"),
            ("/tmp", "/tmp/x"),
            ("*.a", "x.ab"),
            ("", "x"),
        ] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }
}
