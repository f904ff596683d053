//! Without a pair of the user's, one for localhost is made, and kept for as long as it is good.

mod support;

use std::{fs, time::SystemTime};

use base64ct::{Base64, Encoding};
use support::*;
use x509_cert::{
    Certificate,
    der::Decode,
    ext::pkix::{
        AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, NameConstraints,
        SubjectAltName, SubjectKeyIdentifier,
    },
};

fn parse(text: &str) -> Vec<Certificate> {
    text.split("-----BEGIN CERTIFICATE-----")
        .skip(1)
        .map(|block| {
            let body: String = block
                .lines()
                .take_while(|line| !line.starts_with('-'))
                .collect();
            Certificate::from_der(&Base64::decode_vec(&body).unwrap()).unwrap()
        })
        .collect()
}

#[test]
fn files_and_modes() {
    let folder = Folder::new();
    let report = folder.hand_over().unwrap();
    assert_eq!(folder.handed(), ["ca.crt", "tls.crt", "tls.key"]);
    assert_eq!(
        ["ca.crt", "tls.crt", "tls.key"].map(|name| folder.mode(name)),
        [0o444, 0o444, 0o400]
    );
    assert!(folder.read("tls.crt").ends_with(&folder.read("ca.crt")));
    let lines = report.lines.join("\n");
    for words in [
        "made a development pair",
        "localhost, 127.0.0.1, ::1",
        "docker compose cp nginx:",
    ] {
        assert!(lines.contains(words), "{words:?} is not in: {lines}");
    }
}

#[test]
fn it_passes_the_check_that_a_users_pair_must_pass() {
    let folder = Folder::new();
    folder.hand_over().unwrap();
    let other = Folder::new();
    other.supply(folder.read("tls.crt"), folder.read("tls.key"));
    let report = other.check().unwrap();
    assert!(report.warnings.is_empty(), "{report:?}");
}

#[test]
fn its_authority_can_vouch_for_localhost_only() {
    let folder = Folder::new();
    folder.hand_over().unwrap();
    let chain = parse(&folder.read("tls.crt"));
    let [leaf, authority] = chain.as_slice() else {
        panic!("two certificates are wanted");
    };
    let tbs = authority.tbs_certificate();
    let (critical, only) = tbs.get_extension::<NameConstraints>().unwrap().unwrap();
    assert!(critical && only.excluded_subtrees.is_none());
    assert_eq!(only.permitted_subtrees.unwrap().len(), 3);
    let (critical, constraints) = tbs.get_extension::<BasicConstraints>().unwrap().unwrap();
    assert!(critical && constraints.ca && constraints.path_len_constraint == Some(0));
    let (critical, usage) = tbs.get_extension::<KeyUsage>().unwrap().unwrap();
    assert!(critical && usage.key_cert_sign() && !usage.digital_signature());

    let tbs = leaf.tbs_certificate();
    assert_eq!(
        tbs.get_extension::<SubjectAltName>()
            .unwrap()
            .unwrap()
            .1
            .0
            .len(),
        3
    );
    assert_eq!(
        tbs.get_extension::<ExtendedKeyUsage>()
            .unwrap()
            .unwrap()
            .1
            .0,
        [SERVER]
    );
    let (critical, constraints) = tbs.get_extension::<BasicConstraints>().unwrap().unwrap();
    assert!(critical && !constraints.ca);
    let aki = tbs
        .get_extension::<AuthorityKeyIdentifier>()
        .unwrap()
        .unwrap()
        .1;
    let ski = authority
        .tbs_certificate()
        .get_extension::<SubjectKeyIdentifier>()
        .unwrap();
    assert_eq!(aki.key_identifier, Some(ski.unwrap().1.0));
}

#[test]
fn both_certificates_live_at_most_397_days() {
    let folder = Folder::new();
    folder.hand_over().unwrap();
    for one in parse(&folder.read("tls.crt")) {
        let validity = *one.tbs_certificate().validity();
        let start = validity.not_before.to_unix_duration();
        assert_eq!(validity.not_after.to_unix_duration(), start + days(397));
    }
}

#[test]
fn no_two_are_alike() {
    let made = [(), ()].map(|()| {
        let folder = Folder::new();
        folder.hand_over().unwrap();
        (parse(&folder.read("tls.crt")), folder.read("tls.key"))
    });
    let [(one, one_key), (other, other_key)] = made;
    assert_ne!(one_key, other_key);
    let numbers: std::collections::BTreeSet<_> = one
        .iter()
        .chain(&other)
        .map(|one| one.tbs_certificate().serial_number().clone())
        .collect();
    assert_eq!(numbers.len(), 4);
    let subject = |chain: &[Certificate]| chain[1].tbs_certificate().subject().to_string();
    assert_ne!(subject(&one), subject(&other));
}

#[test]
fn it_is_kept_until_its_last_thirty_days() {
    let folder = Folder::new();
    let now = SystemTime::now();
    folder.hand_over_at(now).unwrap();
    let before = folder.state();
    for later in [0, 1, 366] {
        let report = folder.hand_over_at(now + days(later)).unwrap();
        assert!(report.lines[0].contains("kept"), "{report:?}");
        assert_eq!(folder.state(), before);
    }
    for later in [368, 3680] {
        let report = folder.hand_over_at(now + days(later)).unwrap();
        assert!(report.lines[0].contains("made"), "{report:?}");
    }
    assert_ne!(folder.state(), before);
}

#[test]
fn a_clock_that_was_ahead_does_not_leave_a_pair_from_the_future() {
    let folder = Folder::new();
    folder.hand_over_at(SystemTime::now() + days(5)).unwrap();
    let report = folder.hand_over().unwrap();
    assert!(report.lines[0].contains("made"), "{report:?}");
}

#[test]
fn damage_is_mended_with_a_new_pair() {
    for name in ["ca.crt", "tls.crt", "tls.key"] {
        for content in [None, Some(""), Some("damage")] {
            let folder = Folder::new();
            folder.hand_over().unwrap();
            fs::remove_file(folder.to().join(name)).unwrap();
            if let Some(content) = content {
                fs::write(folder.to().join(name), content).unwrap();
            }
            let report = folder.hand_over().unwrap();
            assert!(report.lines[0].contains("made"), "{name}: {report:?}");
            assert_eq!(folder.handed(), ["ca.crt", "tls.crt", "tls.key"]);
            let report = folder.hand_over().unwrap();
            assert!(report.lines[0].contains("kept"), "{name}: {report:?}");
        }
    }
}

#[test]
fn a_pair_that_the_user_took_away_is_not_kept() {
    let folder = Folder::new();
    folder.hand_over().unwrap();
    let (chain, key) = good_pair();
    folder.supply(&chain, &key);
    folder.hand_over().unwrap();
    assert_eq!(
        folder.handed(),
        ["tls.crt", "tls.key"],
        "the authority is gone"
    );
    folder.withdraw();
    let report = folder.hand_over().unwrap();
    assert!(report.lines[0].contains("made"), "{report:?}");
    assert_ne!(folder.read("tls.key"), key);
}

#[test]
fn an_authority_that_did_not_sign_does_not_make_a_pair_ours() {
    let [folder, other] = [Folder::new(), Folder::new()];
    folder.hand_over().unwrap();
    other.hand_over().unwrap();
    let path = folder.to().join("ca.crt");
    fs::remove_file(&path).unwrap();
    fs::write(path, other.read("ca.crt")).unwrap();
    let report = folder.hand_over().unwrap();
    assert!(report.lines[0].contains("made"), "{report:?}");
}

#[test]
fn files_with_other_names_are_pointed_out() {
    let folder = Folder::new();
    for name in [".gitkeep", "README.md", "server.pem", "server.key"] {
        fs::write(folder.from().join(name), "").unwrap();
    }
    let report = folder.hand_over().unwrap();
    let [warning] = report.warnings.as_slice() else {
        panic!("one warning is wanted: {report:?}");
    };
    assert!(
        warning.contains("server.key, server.pem ignored"),
        "{warning}"
    );
}

#[test]
fn a_mere_check_makes_nothing() {
    let folder = Folder::new();
    let refusal = folder.check().unwrap_err().to_string();
    assert!(refusal.contains("nothing to check"), "{refusal}");
}
