//! A good pair arrives whole, with the right owner and mode; a bad one changes nothing.

mod support;

use std::{fs, fs::File, os::unix::fs::MetadataExt, time::SystemTime};

use keypair::Owner;
use support::*;

#[test]
fn with_modes_that_keep_the_key_from_others() {
    let (chain, key) = good_pair();
    let folder = Folder::new();
    folder.supply(&chain, &key);
    let report = folder.hand_over().unwrap();
    assert!(report.lines[0].contains("handed over"), "{report:?}");
    assert_eq!(folder.handed(), ["tls.crt", "tls.key"]);
    assert_eq!(
        (folder.read("tls.crt"), folder.read("tls.key")),
        (chain, key)
    );
    assert_eq!(
        (folder.mode("tls.crt"), folder.mode("tls.key")),
        (0o444, 0o400)
    );
}

#[test]
fn an_unchanged_pair_is_left_untouched() {
    let (chain, key) = good_pair();
    let folder = Folder::new();
    folder.supply(chain, key);
    folder.hand_over().unwrap();
    let before = folder.state();
    let report = folder.hand_over().unwrap();
    assert!(report.lines[0].contains("unchanged"), "{report:?}");
    assert_eq!(folder.state(), before);
}

#[test]
fn a_new_pair_replaces_the_old_one() {
    let folder = Folder::new();
    for _ in 0..2 {
        let (chain, key) = good_pair();
        folder.supply(&chain, &key);
        folder.hand_over().unwrap();
        assert_eq!(
            (folder.read("tls.crt"), folder.read("tls.key")),
            (chain, key)
        );
    }
}

#[test]
fn a_bad_pair_leaves_the_old_one() {
    let (chain, key) = good_pair();
    let folder = Folder::new();
    folder.supply(&chain, &key);
    folder.hand_over().unwrap();
    let before = folder.state();
    folder.supply(&chain, good_pair().1);
    folder.hand_over().unwrap_err();
    assert_eq!(folder.state(), before);
}

#[test]
fn a_mode_that_somebody_changed_is_put_right() {
    use std::os::unix::fs::PermissionsExt;
    let (chain, key) = good_pair();
    let folder = Folder::new();
    folder.supply(chain, key);
    folder.hand_over().unwrap();
    let path = folder.to().join("tls.key");
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    folder.hand_over().unwrap();
    assert_eq!(folder.mode("tls.key"), 0o400);
}

#[test]
fn a_key_beside_the_certificate_does_not_become_public() {
    let (chain, key) = good_pair();
    let folder = Folder::new();
    folder.supply(format!("{key}{chain}"), format!("{key}{chain}"));
    folder.hand_over().unwrap();
    assert_eq!(
        (folder.read("tls.crt"), folder.read("tls.key")),
        (chain, key)
    );
}

#[test]
fn what_a_killed_run_left_is_cleared() {
    let (chain, key) = good_pair();
    let folder = Folder::new();
    folder.supply(&chain, &key);
    fs::write(folder.to().join(".tls.key.new"), "half").unwrap();
    fs::write(folder.to().join("tls.crt"), "half").unwrap();
    folder.hand_over().unwrap();
    assert_eq!(folder.handed(), ["tls.crt", "tls.key"]);
    assert_eq!(folder.read("tls.crt"), chain);
}

#[test]
fn a_link_in_the_volume_is_replaced_and_not_followed() {
    let (chain, key) = good_pair();
    let folder = Folder::new();
    folder.supply(&chain, &key);
    let elsewhere = folder.as_ref().join("elsewhere");
    fs::write(&elsewhere, &key).unwrap();
    for name in ["tls.key", ".tls.key.new"] {
        std::os::unix::fs::symlink(&elsewhere, folder.to().join(name)).unwrap();
    }
    folder.hand_over().unwrap();
    assert!(!folder.to().join("tls.key").is_symlink());
    assert_eq!(folder.read("tls.key"), key);
    assert_ne!(fs::metadata(&elsewhere).unwrap().mode() & 0o777, 0o400);
}

#[test]
fn to_another_owner_or_with_a_sentence_about_the_capability() {
    let (chain, key) = good_pair();
    let folder = Folder::new();
    folder.supply(chain, key);
    let owner = Owner {
        uid: 54321,
        gid: 54322,
    };
    // Whether it is possible depends on who runs the tests: both answers are right.
    match folder.hand_over_to(owner, SystemTime::now()) {
        Ok(_) => {
            for name in ["tls.crt", "tls.key"] {
                let is = fs::metadata(folder.to().join(name)).unwrap();
                assert_eq!((is.uid(), is.gid()), (54321, 54322), "{name}");
            }
            assert_eq!(folder.mode("tls.key"), 0o400);
        }
        Err(refusal) => {
            assert!(refusal.to_string().contains("54321:54322"), "{refusal}");
            assert!(refusal.to_string().contains("CAP_CHOWN"), "{refusal}");
            assert_eq!(folder.handed(), [""; 0]);
        }
    }
}

#[test]
fn nothing_while_another_one_is_at_work() {
    let (chain, key) = good_pair();
    let folder = Folder::new();
    folder.supply(chain, key);
    let other = File::open(folder.to()).unwrap();
    other.lock().unwrap();
    let refusal = folder.hand_over().unwrap_err().to_string();
    assert!(refusal.contains("another keypair"), "{refusal}");
    assert_eq!(folder.handed(), [""; 0]);
    drop(other);
    folder.hand_over().unwrap();
}

#[test]
fn nothing_into_a_folder_that_is_not_there() {
    let (chain, key) = good_pair();
    let folder = Folder::new();
    folder.supply(chain, key);
    fs::remove_dir(folder.to()).unwrap();
    let refusal = folder.hand_over().unwrap_err().to_string();
    assert!(refusal.contains("to: is no folder"), "{refusal}");
    fs::write(folder.to(), "").unwrap();
    let refusal = folder.hand_over().unwrap_err().to_string();
    assert!(refusal.contains("to: is no folder"), "{refusal}");
    fs::remove_file(folder.to()).unwrap();
}

#[test]
fn with_a_warning_when_it_expires_soon() {
    let key = p256_key();
    for (left, warnings) in [(29, 1), (31, 0)] {
        let spec = Spec::leaf("leaf").with(|spec| spec.not_after = SystemTime::now() + days(left));
        let folder = Folder::new();
        folder.supply(
            certificates(&[&spec.by(&key.public_key(), &key)]),
            pkcs8(&key),
        );
        let report = folder.hand_over().unwrap();
        assert_eq!(report.warnings.len(), warnings, "{report:?}");
        assert!(
            report
                .warnings
                .iter()
                .all(|text| text.contains("expires at 2"))
        );
    }
}
