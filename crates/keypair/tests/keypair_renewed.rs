//! A pair that an ACME client renews counts when the user has none.

mod support;

use std::{fs, time::SystemTime};

use support::*;

fn renew(folder: &Folder, (chain, key): (String, String)) {
    fs::create_dir_all(folder.renewed()).unwrap();
    fs::write(folder.renewed().join("localhost.crt"), chain).unwrap();
    fs::write(folder.renewed().join("localhost.key"), key).unwrap();
}

#[test]
fn it_takes_the_place_of_the_development_pair() {
    let folder = Folder::new();
    folder.hand_over().unwrap();
    let (chain, key) = good_pair();
    renew(&folder, (chain.clone(), key));
    let report = folder.hand_over().unwrap();
    assert!(report.lines[0].starts_with("handed over"), "{report:?}");
    assert_eq!(folder.handed(), ["tls.crt", "tls.key"]);
    assert_eq!(folder.read("tls.crt"), chain);
    let report = folder.hand_over().unwrap();
    assert!(report.lines[0].starts_with("unchanged"), "{report:?}");
}

#[test]
fn it_gives_way_to_a_pair_of_the_users() {
    let folder = Folder::new();
    renew(&folder, good_pair());
    let (chain, key) = good_pair();
    folder.supply(&chain, key);
    folder.hand_over().unwrap();
    assert_eq!(folder.read("tls.crt"), chain);
    folder.withdraw();
    folder.hand_over().unwrap();
    assert_ne!(folder.read("tls.crt"), chain);
    assert_eq!(folder.handed(), ["tls.crt", "tls.key"]);
}

#[test]
fn a_bad_one_is_warned_of_and_the_development_pair_serves() {
    let folder = Folder::new();
    let (chain, _) = good_pair();
    let (_, key) = good_pair();
    renew(&folder, (chain, key));
    let report = folder.hand_over_at(SystemTime::now()).unwrap();
    assert!(
        report.lines[0].starts_with("made a development pair with 1 warning: "),
        "{report:?}"
    );
    assert!(report.warnings[0].contains("localhost.key"), "{report:?}");
    assert_eq!(folder.handed(), ["ca.crt", "tls.crt", "tls.key"]);
}

#[test]
fn half_a_pair_is_a_bad_one() {
    let folder = Folder::new();
    renew(&folder, good_pair());
    fs::remove_file(folder.renewed().join("localhost.crt")).unwrap();
    let report = folder.hand_over().unwrap();
    assert!(report.warnings[0].contains("is missing"), "{report:?}");
}

#[test]
fn it_is_no_warning_that_it_expires_soon() {
    let folder = Folder::new();
    renew(&folder, good_pair());
    let report = folder.hand_over_at(SystemTime::now() + days(89)).unwrap();
    assert!(report.lines[0].starts_with("handed over: "), "{report:?}");
    assert!(report.warnings.is_empty(), "{report:?}");
}
