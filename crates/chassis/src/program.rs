//! What a program is called, by itself and in its log.

/// What a program is called; [`program!`](crate::program) knows.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The binary's name, with which its complaints begin.
    pub name: &'static str,
    /// The package's name.
    pub package: &'static str,
    /// The package's version.
    pub version: &'static str,
    /// The revision of the sources, if it was known when the program was built.
    pub revision: Option<&'static str>,
}

/// The [`Program`] whose source this stands in: a binary. `DRYDOCK_REVISION` in the environment of
/// the build is its revision.
#[macro_export]
macro_rules! program {
    () => {
        $crate::Program {
            name: env!("CARGO_BIN_NAME"),
            package: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            revision: option_env!("DRYDOCK_REVISION"),
        }
    };
}

impl Program {
    /// The revision, or `unknown`.
    #[must_use]
    pub fn revision(&self) -> &'static str {
        self.revision.unwrap_or("unknown")
    }

    /// Whether a log target is of the program's own sources, as Rust names it by default.
    #[must_use]
    pub(crate) fn is_target(&self, target: &str) -> bool {
        let root = target.split("::").next().unwrap_or_default();
        [self.name, self.package].iter().any(|name| {
            // A crate's name has no hyphen.
            let same = |(one, other)| one == other || (one == b'-' && other == b'_');
            name.len() == root.len() && name.bytes().zip(root.bytes()).all(same)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Program;

    #[test]
    fn targets_of_its_own_are_those_of_its_crates() {
        let program = Program {
            name: "my-app",
            package: "shop",
            version: "1.0.0",
            revision: None,
        };
        for (target, own) in [
            ("my_app", true),
            ("my_app::routes", true),
            ("shop", true),
            ("shop::routes::deep", true),
            ("shopping", false),
            ("shopping::shop", false),
            ("my", false),
            ("", false),
        ] {
            assert_eq!(program.is_target(target), own, "{target}");
        }
    }
}
