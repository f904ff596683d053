//! Each archive has one thing changed, and is refused for that and nothing else.

mod support;

use std::{collections::BTreeMap, io::Write};

use flate2::{Compression, write::ZlibEncoder};
use serde_json::json;
use support::*;

/// The one finding about an image that was changed so.
fn found(change: impl FnOnce(&mut Image)) -> String {
    let mut image = image();
    change(&mut image);
    let found = image.judged().unwrap();
    assert_eq!(found.len(), 1, "{found:#?}");
    found.into_iter().next().unwrap()
}

/// Why an archive cannot be judged at all.
fn refused(change: impl FnOnce(&mut Image)) -> String {
    let mut image = image();
    change(&mut image);
    image.judged().unwrap_err()
}

#[track_caller]
fn says(sentence: &str, words: &[&str]) {
    for word in words {
        assert!(sentence.contains(word), "{word:?} is not in: {sentence}");
    }
}

fn plant(entry: Entry) -> impl FnOnce(&mut Image) {
    |image| image.layers[2].push(entry)
}

#[test]
fn the_image_itself_holds_every_fact() {
    for zip in [true, false] {
        let mut image = image();
        image.zip = zip;
        assert_eq!(image.judged(), Ok(vec![]));
    }
}

#[test]
fn configuration() {
    for (key, value, words) in [
        ("User", json!("root"), ["user", "\"root\"", "1:1"]),
        ("User", json!(null), ["user", "\"\"", "1:1"]),
        ("Cmd", json!(["x"]), ["command", "[\"x\"]", "[]"]),
        ("Env", json!(["A=b"]), ["environment", "A=b", "[]"]),
        ("WorkingDir", json!("/x"), ["working directory", "/x", ""]),
        (
            "ExposedPorts",
            json!({"81/tcp": {}}),
            ["ports", "81/tcp", "80/tcp"],
        ),
        ("Volumes", json!({"/v": {}}), ["volumes", "/v", "[]"]),
        (
            "StopSignal",
            json!("SIGKILL"),
            ["stop signal", "SIGKILL", "SIGQUIT"],
        ),
        (
            "Healthcheck",
            json!({"Test": ["NONE"]}),
            ["health check", "NONE", "CMD"],
        ),
        ("OnBuild", json!(["RUN x"]), ["OnBuild", "no fact", ""]),
    ] {
        says(&found(|image| image.config[key] = value), &words);
    }
    let label = found(|image| image.config["Labels"]["more"] = json!("x"));
    says(&label, &["label more", "Some(\"x\")", "None"]);
    says(
        &found(|image| image.tags = vec!["x/other:latest"]),
        &["tags", "x/other"],
    );
}

#[test]
fn made_for_another_machine_or_at_another_time() {
    let arm = found(|image| {
        image.facts.platforms.push("linux/arm64".into());
        image.made["architecture"] = json!("arm64");
    });
    says(&arm, &[APP, "is for amd64, and the image for arm64"]);
    let other = found(|image| image.made["os"] = json!("plan9"));
    says(&other, &["platform", "plan9/amd64", "linux/amd64"]);
    let now = json!("2026-01-01T00:00:00Z");
    let created = found(|image| image.made["created"] = now.clone());
    says(&created, &["created", "the image", "2026", "1970"]);
    let layer = found(|image| image.made["history"][0]["created"] = now.clone());
    says(&layer, &["created", "a layer", "2026", "1970"]);
    let author = refused(|image| image.made["author"] = json!("somebody"));
    says(&author, &["the configuration", "author"]);
}

#[test]
fn the_entry_point_is_another_or_not_there() {
    let other = found(|image| image.config["Entrypoint"] = json!([format!("/{APP}"), "-x"]));
    says(&other, &["entry point", "-x"]);
    let gone = found(|image| image.layers[1][1].mode = 0o444);
    says(&gone, &["entry point", "no program that anybody may start"]);
}

#[test]
fn files_that_must_not_be_there() {
    says(&found(plant(file("bin/sh", ""))), &["/bin/sh: a shell"]);
    says(
        &found(plant(file("x/stdio.h", ""))),
        &["/x/stdio.h: a header"],
    );
    says(
        &found(plant(file("etc/passwd", ""))),
        &["/etc/passwd: is there"],
    );
    says(
        &found(plant(file("run", "#!/bin/x\n"))),
        &["/run: a script"],
    );
    let mut allowed = image();
    allowed.layers[2].push(file("ok/a.h", ""));
    assert_eq!(allowed.judged(), Ok(vec![]));
}

#[test]
fn a_key_in_a_file_or_in_the_configuration() {
    let key = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIBkg4LVWM9nuwNSk\n";
    says(
        &found(plant(file("x", key))),
        &[
            "/x: holds a private key at byte 0: \"-----BEGIN EC PR…\"",
            "allowed-content = [\"/x\"] lets it pass",
        ],
    );
    let mut example = image();
    example.layers[2].push(file("example/x", key));
    assert_eq!(example.judged(), Ok(vec![]));
    let label = found(|image| {
        image.facts.labels.insert("k".into(), "**".into());
        image.config["Labels"]["k"] = json!("-----BEGIN PRIVATE KEY----- MHcCAQEEIBkg4LVWM9nu");
    });
    says(&label, &["the configuration holds a private key"]);
    // What reads keys has the first line alone.
    let mut reader = image();
    plant(file("x", "-----BEGIN PRIVATE KEY-----\0other text"))(&mut reader);
    assert_eq!(reader.judged(), Ok(vec![]));
}

#[test]
fn a_variable_or_a_step_that_is_like_a_secret() {
    let with = |variable: &str| {
        let mut image = image();
        image.facts.environment = vec!["*".into()];
        image.config["Env"] = json!([variable]);
        image.judged().unwrap()
    };
    let expected = "environment: app_password is named like a secret; \
                    allowed-environment = [\"app_password\"] lets it pass";
    assert_eq!(with("app_password=hush"), [expected]);
    for variable in ["PASSWORD=", "PASSWORD_FILE=x", "NO_TOKEN=x", "A=b"] {
        assert_eq!(with(variable), [""; 0], "{variable}");
    }
    for key in ["created_by", "comment"] {
        let step = found(|image| image.made["history"][0][key] = json!("ENV PASSWORD=hush"));
        assert_eq!(step, "history: a step has what is named like a secret");
    }
    let none = refused(|image| {
        let facts = &mut image.facts.forbidden_environment;
        facts.insert("x".into(), "(".into());
    });
    says(&none, &["forbidden-environment, x: "]);
}

#[test]
fn rights_and_owners() {
    let with = |mode, uid| {
        let entry = file("x", "");
        found(plant(Entry { mode, uid, ..entry }))
    };
    says(&with(0o4755, 0), &["/x: set-uid or set-gid, mode 4755"]);
    says(&with(0o2755, 0), &["/x: set-uid or set-gid, mode 2755"]);
    says(&with(0o666, 0), &["/x: anybody may write to it, mode 0666"]);
    says(&with(0o444, 1000), &["/x: belongs to 1000:0, not to root"]);
    says(
        &found(|image| image.layers[2][1].mode = 0o755),
        &["/tmp: 0755, expected mode 1777"],
    );
}

#[test]
fn a_program_that_needs_a_loader_or_libraries() {
    let with = |kind, content: &[u8]| {
        let program = Entry {
            mode: 0o555,
            ..file(APP, elf(kind, content))
        };
        found(|image| image.layers[1][1] = program)
    };
    says(
        &with(3, b"/lib/ld.so\0"),
        &["not linked statically", "the loader /lib/ld.so"],
    );
    let mut needed = [0; 32];
    needed[0] = 1;
    says(
        &with(2, &needed),
        &["not linked statically", "1 shared libraries"],
    );
    let text = found(|image| image.layers[1][1].bytes[0] = 0);
    says(&text, &["static: no program fits"]);
}

#[test]
fn budgets_to_the_byte() {
    let archive = image().archive().len() as u64;
    for (at_most, count) in [(archive, 0), (archive - 1, 1)] {
        let mut image = image();
        image.facts.budgets[0].archive_bytes = at_most;
        assert_eq!(image.judged().unwrap().len(), count);
    }
    let over = found(|image| image.facts.budgets[0].layers_bytes = 1);
    says(&over, &["budget: the layers", "expected at most 1"]);
    let others = found(|image| image.facts.budgets[0].packages = "q*".into());
    says(&others, &["budgets: none", "p1"]);
    let mut none = image();
    none.facts.budgets.clear();
    assert_eq!(none.judged(), Ok(vec![]));
}

#[test]
fn layers() {
    says(
        &found(|image| image.layers.swap(0, 1)),
        &["the last ones are", "lib"],
    );
    says(
        &found(|image| image.facts.layers.at_most = 2),
        &["layers: 3, expected at most 2"],
    );
    let store = "nix/store/22222222222222222222222222222222-gcc/x";
    says(
        &found(|image| image.layers[0][1].path = store.into()),
        &["closure: gcc"],
    );
    says(
        &found(|image| image.facts.forbidden_closure = vec!["l*".into()]),
        &["closure: lib"],
    );
}

#[test]
fn what_is_in_the_store_is_of_a_package_of_some_version() {
    let known = |version: &str| {
        let lib = json!({ "version": version, "purl": "pkg:x/lib@1" });
        let components = json!({ "/nix/store/11111111111111111111111111111111-lib": lib });
        serde_json::from_value(components).unwrap()
    };
    let mut whole = image();
    whole.facts.components = known("1");
    assert_eq!(whole.judged(), Ok(vec![]));
    says(
        &found(|image| image.facts.components = known("")),
        &["components: /nix/store/11111111111111111111111111111111-lib"],
    );
    says(
        &found(|image| image.facts.components = Some(BTreeMap::new())),
        &["components: /nix/store/11111111111111111111111111111111-lib"],
    );
}

#[test]
fn a_program_says_which_crates_are_in_it() {
    let stated = |image: &mut Image| image.facts.auditable = vec!["/nix/store/*/bin/app".into()];
    says(&found(stated), &["/bin/app: does not say which crates"]);
    let none = |image: &mut Image| image.facts.auditable = vec!["/nix/store/*/bin/x".into()];
    says(&found(none), &["auditable: no program fits"]);
    let with = |section: &[u8]| {
        let mut image = image();
        stated(&mut image);
        let program = &mut image.layers[1][1];
        program.bytes = with_section(".dep-v0", section);
        program.size = program.bytes.len() as u64;
        image.judged().unwrap().concat()
    };
    let packed = |text: &str| {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let crates = r#"{"packages":[{"name":"a","version":"1.0.0","source":"local","root":true}]}"#;
    assert_eq!(with(&packed(crates)), "");
    says(&with(&packed("{}")), &["/bin/app: .dep-v0: missing field"]);
    says(&with(b"no zlib"), &["/bin/app: .dep-v0: "]);
    let bomb = packed(&"x".repeat(40 << 20));
    says(&with(&bomb), &["/bin/app: .dep-v0: too much JSON"]);
}

#[test]
fn layers_that_hide_something() {
    says(
        &found(plant(file("etc/.wh.x", ""))),
        &["/etc/.wh.x: a whiteout"],
    );
    let again = found(|image| image.layers[0].push(file(LIB, "")));
    says(&again, &[LIB, "is there twice"]);
    let through = found(|image| {
        image.layers[0].push(special("link", b'2', "/nix"));
        image.layers[2].push(file("link/x", ""));
    });
    says(&through, &["/link/x: leads through /link"]);
    says(
        &found(plant(special("x", b'1', "y"))),
        &["/x: a hard link to /y"],
    );
}

#[test]
fn paths_that_lead_out() {
    for path in ["../x", "a/../../x", "/../x"] {
        says(
            &refused(plant(file(path, ""))),
            &["layer 3", path, "leads out"],
        );
    }
    says(
        &refused(|image| image.more.push(file("../x", ""))),
        &["the archive", "leads out"],
    );
}

#[test]
fn entries_of_other_kinds() {
    for (kind, words) in [
        (b'3', "a device"),
        (b'6', "a named pipe"),
        (b'S', "unknown kind"),
    ] {
        says(
            &refused(plant(special("x", kind, ""))),
            &["layer 3: /x", words],
        );
    }
    let capability = file("x", "37 SCHILY.xattr.security.capability=1\n");
    let capability = plant(Entry {
        kind: b'x',
        size: 38,
        ..capability
    });
    says(&refused(capability), &["layer 3", "pax record"]);
    let text = "40 SCHILY.xattr.security.capability=abc\n";
    let capability = plant(Entry {
        kind: b'x',
        ..file("x", text)
    });
    says(
        &refused(capability),
        &["extended attribute", "security.capability"],
    );
    // A reader that stops at the empty line does not see it.
    let behind = plant(Entry {
        kind: b'x',
        ..file("x", format!("9 uid=00\n\n{text}"))
    });
    says(&refused(behind), &["layer 3", "pax record"]);
}

/// What one reader takes for a file of so many bytes, another takes for one of so many.
#[test]
fn entries_that_have_two_sizes() {
    for (record, refusal) in [
        ("9 size=5\n", Some("/y has two sizes")),
        ("9 size=0\n", None),
    ] {
        let mut image = image();
        image.layers[2].push(Entry {
            kind: b'x',
            ..file("x", record)
        });
        image.layers[2].push(file("y", ""));
        match refusal {
            Some(words) => says(&image.judged().unwrap_err(), &[words]),
            None => assert_eq!(image.judged(), Ok(vec![]), "{record}"),
        }
    }
}

/// At a block's end, but before those that say so.
#[test]
fn archives_without_an_end() {
    let mut plain = image();
    plain.zip = false;
    let plain = plain.archive();
    let sentence = judged(&image().facts, &plain[..plain.len() - 1024]).unwrap_err();
    says(&sentence, &["the archive: it is truncated"]);
}

#[test]
fn archives_that_are_broken() {
    let whole = image().archive();
    for length in [0, 1, 20, whole.len() / 2, whole.len() - 1] {
        let sentence = judged(&image().facts, &whole[..length]).unwrap_err();
        says(&sentence, &["the archive: it is truncated"]);
    }
    let mut plain = image();
    plain.zip = false;
    let plain = plain.archive();
    for length in [100, 700, plain.len() / 2, plain.len() - 1024] {
        let sentence = judged(&image().facts, &plain[..length]).unwrap_err();
        says(&sentence, &["it is truncated"]);
    }
    let mut longer = plain.clone();
    longer.extend(b"more");
    says(
        &judged(&image().facts, &longer).unwrap_err(),
        &["bytes after the end"],
    );
    let mut wrong = plain;
    wrong[3] ^= 1;
    says(
        &judged(&image().facts, &wrong).unwrap_err(),
        &["wrong checksum"],
    );
    says(
        &refused(|image| image.break_digest = true),
        &["layer 1: its digest is"],
    );
}

#[test]
fn archives_that_do_not_add_up() {
    let manifest = file("manifest.json", "[]");
    says(
        &refused(|image| image.more.push(manifest)),
        &["/manifest.json is there twice"],
    );
    says(
        &refused(|image| image.more.push(file("x", ""))),
        &["does not name /x"],
    );
    says(
        &refused(|image| image.more.push(special("x", b'2', "/y"))),
        &["/x is a link"],
    );
    let empty = gzip(&tar(&[]));
    says(
        &judged(&image().facts, &empty).unwrap_err(),
        &["no manifest.json"],
    );
}

#[test]
fn sizes_that_no_image_has() {
    let huge = |size| Entry {
        size,
        ..file("x", "")
    };
    says(
        &refused(plant(huge(0o77_777_777_777))),
        &["layer 3: /x", "too many to look into"],
    );
    says(
        &refused(plant(huge(4 << 20))),
        &["layer 3: it is truncated"],
    );
    let header = plant(Entry {
        kind: b'L',
        ..huge(1 << 30)
    });
    says(
        &refused(header),
        &["an extended header of 1073741824 bytes"],
    );
    let zeros = gzip(&vec![0; 64 << 20]);
    let bomb: Vec<u8> = zeros
        .iter()
        .copied()
        .cycle()
        .take(zeros.len() * 33)
        .collect();
    says(
        &judged(&image().facts, &bomb).unwrap_err(),
        &["inflates to more than 2147483648 bytes"],
    );
}

/// More than 64 bits, of which a reader that takes the last ones sees the right size.
#[test]
fn a_size_that_is_cut_off() {
    let mut plain = image();
    plain.zip = false;
    let mut plain = plain.archive();
    let digits = std::str::from_utf8(&plain[124..135]).unwrap();
    let size = u64::from_str_radix(digits, 8).unwrap();
    plain[124..128].copy_from_slice(&[0x80, 0, 0, 1]);
    plain[128..136].copy_from_slice(&size.to_be_bytes());
    plain[148..156].copy_from_slice(b"        ");
    let sum: u64 = plain[..512].iter().map(|byte| u64::from(*byte)).sum();
    plain[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    says(
        &judged(&image().facts, &plain).unwrap_err(),
        &["a broken number in a tar header"],
    );
}

/// It would be no more than one star.
#[test]
fn a_pattern_with_two_stars_in_a_part() {
    let sentence = refused(|image| image.facts.closure.push("lib**".into()));
    says(&sentence, &["the pattern \"lib**\"", "between slashes"]);
}
