//! What the process may open, by Landlock: <https://docs.kernel.org/userspace-api/landlock.html>.

use landlock::{
    ABI, Access, AccessFs, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus,
    path_beneath_rules,
};

/// Where the chassis reads what it measures.
const OWN: &str = "/proc";

/// What keeps nothing may be written: whoever traces a program, such as valgrind, does so.
const NOTHING: &str = "/dev/null";

/// The newest set of rights that is known here; of them, the kernel enforces those that it knows.
const KNOWN: ABI = ABI::V5;

/// Lets this thread, and those that it starts, open what is below `paths` and what the chassis needs,
/// for reading, and no other file but [`NOTHING`]; what is open stays open.
///
/// # Errors
/// When the kernel refuses that. That it has no Landlock is [`RulesetStatus::NotEnforced`].
pub(crate) fn to(paths: &[&str]) -> Result<RulesetStatus, RulesetError> {
    let allowed = paths.iter().copied().chain([OWN]);
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(KNOWN))?
        .create()?
        .add_rules(path_beneath_rules(allowed, AccessFs::from_read(KNOWN)))?
        .add_rules(path_beneath_rules([NOTHING], AccessFs::from_file(KNOWN)))?
        .restrict_self()?;
    Ok(status.ruleset)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::ErrorKind;
    use std::thread;

    use super::*;

    #[test]
    fn what_is_not_named_cannot_be_opened() {
        let confined = thread::spawn(|| {
            let status = to(&["/dev"]).unwrap();
            if status == RulesetStatus::NotEnforced {
                eprintln!("this kernel has no Landlock");
                return;
            }
            let refused = |result: std::io::Result<File>| {
                result.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
            };
            assert!(fs::read("/proc/self/stat").is_ok());
            assert!(File::open("/dev/null").is_ok());
            assert!(File::create(NOTHING).is_ok());
            assert!(refused(File::create("/dev/zero")));
            assert!(refused(File::open(env!("CARGO_MANIFEST_DIR"))));
        });
        confined.join().unwrap();
        assert!(File::open(env!("CARGO_MANIFEST_DIR")).is_ok());
    }
}
