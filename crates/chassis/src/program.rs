//! What a program is called, by itself and in its log.

/// What a program is called; [`program!`](crate::program) knows.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The binary's name, with which its complaints begin.
    pub name: &'static str,
    /// The binary's name as Rust has it, with which the targets of its log lines begin.
    pub module: &'static str,
    /// The package's name, with which those of a library of the same package begin.
    pub package: &'static str,
    /// The package's version.
    pub version: &'static str,
    /// The revision of the sources, if it was known when the program was built.
    pub revision: Option<&'static str>,
}

/// The [`Program`] whose source this stands in; what is no binary is called as its package.
/// `DRYDOCK_REVISION` in the environment of the build is its revision.
#[macro_export]
macro_rules! program {
    () => {
        $crate::Program {
            name: match option_env!("CARGO_BIN_NAME") {
                Some(name) => name,
                None => env!("CARGO_PKG_NAME"),
            },
            module: env!("CARGO_CRATE_NAME"),
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

    /// Whether a log target is of the program's own sources, or of the chassis's, as Rust names it
    /// by default.
    pub(crate) fn is_target(&self, target: &str) -> bool {
        [env!("CARGO_CRATE_NAME"), self.module, self.package]
            .iter()
            .any(|name| {
                let path = target.strip_prefix(name);
                path.is_some_and(|path| path.is_empty() || path.starts_with("::"))
            })
    }
}

/// The name of the machine, which in a container is that of the container: which of several
/// replicas this is.
#[must_use]
pub fn replica() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::Program;

    #[test]
    fn targets_of_its_own_are_those_of_its_crates() {
        let program = Program {
            name: "my-app",
            module: "my_app",
            package: "shop",
            version: "1.0.0",
            revision: None,
        };
        for (target, own) in [
            ("chassis::server", true),
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
