//! The build script finds out what the page's assets are called, and misses none silently.

#![allow(missing_docs)]

#[path = "../build.rs"]
#[expect(dead_code, reason = "its `main` is cargo's")]
mod build;

#[test]
fn names_are_those_of_the_manifest() {
    let manifest =
        "icon.svg icon-C.svg\nother.css other-X.css\npage.css page-A.css\npage.js page-B.js\n";
    assert_eq!(
        build::instructions("there", manifest),
        "cargo::rustc-env=ASSET_STYLE=/assets/page-A.css\n\
         cargo::rustc-env=ASSET_SCRIPT=/assets/page-B.js\n\
         cargo::rustc-env=ASSET_ICON=/assets/icon-C.svg"
    );
}

#[test]
fn a_missing_asset_fails_the_build_by_its_name() {
    // A longer name is not the one that is looked for.
    let manifest = "icon.svg icon-C.svg\npage.css page-A.css\npage.js.map page-B.js.map\n";
    let told = build::instructions("there", manifest);
    let errors: Vec<_> = told
        .lines()
        .filter(|line| line.starts_with("cargo::error="))
        .collect();
    assert_eq!(
        errors,
        ["cargo::error=the page links to the asset page.js, which is not in there"]
    );
}
