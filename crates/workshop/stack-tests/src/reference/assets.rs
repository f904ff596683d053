//! The compiled files that the page links to, as the edge serves them.

use std::{fs, process::Command};

use crate::{
    client::Response,
    program::{self, QUICK},
    stack::Stack,
};

const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The paths of the page's style, script and icon.
fn linked(stack: &Stack) -> Vec<String> {
    let page = stack.curl(&["--header", "Accept: text/html", &stack.https("/")]);
    let paths: Vec<_> = page
        .body
        .split('"')
        .filter(|text| text.starts_with("/assets/"))
        .map(str::to_owned)
        .collect();
    assert_eq!(paths.len(), 3, "{}", page.body);
    paths
}

fn fetch(stack: &Stack, path: &str, headers: &[&str]) -> Response {
    let url = stack.https(path);
    let mut args: Vec<_> = headers
        .iter()
        .flat_map(|header| ["--header", header])
        .collect();
    // The bodies are bytes that only their length is looked at of.
    args.extend(["--output", "/dev/null", "--dump-header", "-", &url]);
    stack.curl(&args)
}

fn length(response: &Response) -> u64 {
    let length = response.header("Content-Length").expect("a length");
    length.parse().expect("a number")
}

pub fn are_served_for_ever_in_the_form_that_the_client_takes() {
    let stack = Stack::shared();
    for path in linked(stack) {
        let media = match path.rsplit('.').next() {
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            _ => "image/svg+xml",
        };
        let mut tags = Vec::new();
        let plain = fetch(stack, &path, &[]);
        for (accepted, coding) in [
            ("", None),
            ("identity", None),
            ("gzip", Some("gzip")),
            ("gzip, deflate", Some("gzip")),
            ("GZIP;q=0.5", Some("gzip")),
            ("zstd", Some("zstd")),
            ("gzip, deflate, br, zstd", Some("br")),
            ("deflate,br;q=1.0", Some("br")),
            ("br;q=0, zstd;q=0.000, gzip", Some("gzip")),
            ("br;q=0,zstd;q=0", None),
            ("brotli, xgzip, zstd2", None),
        ] {
            let header = format!("Accept-Encoding: {accepted}");
            let response = fetch(stack, &path, &[&header]);
            let what = format!("{path} for {accepted}");
            assert_eq!(response.status, 200, "{what}");
            assert_eq!(response.header("Content-Type"), Some(media), "{what}");
            assert_eq!(response.header("Content-Encoding"), coding, "{what}");
            assert_eq!(response.header("Vary"), Some("Accept-Encoding"), "{what}");
            assert_eq!(response.header("Cache-Control"), Some(FOR_EVER), "{what}");
            assert_eq!(
                response.header("Cross-Origin-Resource-Policy"),
                Some("same-origin"),
                "{what}"
            );
            assert_eq!(response.header("X-Content-Type-Options"), Some("nosniff"));
            assert_eq!(
                coding.is_some(),
                length(&response) < length(&plain),
                "{what}"
            );
            let tag = response.header("ETag").expect("an ETag").to_owned();
            assert!(tag.starts_with('"'), "{what}: {tag} is weak");
            tags.push((coding, tag));
        }
        // As many tags as there are forms: what is one may be taken for one.
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), 4, "{path}: {tags:?}");
        tags.dedup_by(|a, b| a.1 == b.1);
        assert_eq!(tags.len(), 4, "{path}: {tags:?}");

        // Each form is the same file. Not every curl can decode them all.
        let url = stack.https(&path);
        let whole = stack.curl(&[&url]).body;
        for (coding, program, suffix) in [
            ("gzip", "gzip", "gz"),
            ("br", "brotli", "br"),
            ("zstd", "zstd", "zst"),
        ] {
            let header = format!("Accept-Encoding: {coding}");
            let file = stack.folder("assets").join(format!("form.{suffix}"));
            let file = file.to_str().expect("a path in UTF-8");
            stack.curl(&[
                "--header",
                &header,
                "--output",
                file,
                "--dump-header",
                "-",
                "--no-include",
                &url,
            ]);
            let mut command = Command::new(program);
            command.args(["--decompress", "--stdout", file]);
            assert_eq!(
                program::output_of(&mut command, QUICK),
                whole.trim(),
                "{path} {coding}"
            );
        }
    }
}

pub fn can_be_fetched_in_parts_and_asked_for_again() {
    let stack = Stack::shared();
    for path in linked(stack) {
        for accepted in ["identity", "br"] {
            let accepted = format!("Accept-Encoding: {accepted}");
            let whole = fetch(stack, &path, &[&accepted]);
            let tag = whole.header("ETag").expect("an ETag");
            assert_eq!(whole.header("Accept-Ranges"), Some("bytes"), "{path}");

            let part = fetch(stack, &path, &[&accepted, "Range: bytes=10-19"]);
            assert_eq!((part.status, length(&part)), (206, 10), "{path}");
            let range = format!("bytes 10-19/{}", length(&whole));
            assert_eq!(part.header("Content-Range"), Some(range.as_str()));
            assert_eq!(
                part.header("Content-Encoding"),
                whole.header("Content-Encoding")
            );
            let beyond = fetch(stack, &path, &[&accepted, "Range: bytes=999999-"]);
            assert_eq!(beyond.status, 416, "{path}");

            let again = fetch(stack, &path, &[&accepted, &format!("If-None-Match: {tag}")]);
            assert_eq!(again.status, 304, "{path}");
            assert_eq!(again.header("Cache-Control"), Some(FOR_EVER), "{path}");
            let other = fetch(
                stack,
                &path,
                &["Accept-Encoding: gzip", &format!("If-None-Match: {tag}")],
            );
            assert_eq!(other.status, 200, "{path}: {tag} is of another form");
        }
    }
}

pub fn what_is_no_asset_is_the_apps_to_answer() {
    let stack = Stack::shared();
    let style = linked(stack).remove(0);
    for path in [
        "/assets/",
        "/assets/page.css",
        "/assets/error.html",
        "/assets/../error.html",
        "/assets/..%2fbr",
        "/.error.html",
        "/.error.txt",
        &format!("{style}.br"),
    ] {
        let response = stack.curl(&[
            "--path-as-is",
            "--header",
            "Accept: text/html",
            &stack.https(path),
        ]);
        assert_eq!(response.status, 404, "{path}");
        assert_eq!(response.header("Cache-Control"), Some("no-store"), "{path}");
        assert!(
            response.body.contains("<h1>Not Found</h1>"),
            "{path}: {}",
            response.body
        );
    }
    let response = stack.curl(&["--request", "POST", &stack.https(&style)]);
    assert_eq!(response.status, 405);
    assert_eq!(response.header("Allow"), Some("GET, HEAD"));
}

pub fn a_mounted_folder_is_served_as_it_is_now() {
    let stack = Stack::prepare("");
    let folder = stack.folder("mounted");
    let file = folder.join("page.css");
    fs::write(&file, "/* first */").expect("the asset is written");
    stack.override_with(&format!(
        "services: {{nginx: {{volumes: ['{}:/var/www/assets/identity:ro,z']}}}}",
        folder.display()
    ));
    let output = stack.start();
    assert!(output.success, "the stack did not start: {}", output.text());

    let header = "Accept-Encoding: gzip, br, zstd";
    let get = || stack.curl(&["--header", header, &stack.https("/assets/page.css")]);
    let first = get();
    assert_eq!(first.body, "/* first */");
    assert_eq!(first.header("Cache-Control"), Some("no-cache"));
    assert_eq!(first.header("Content-Encoding"), None);
    fs::write(&file, "/* the second */").expect("the asset is written again");
    assert_eq!(get().body, "/* the second */");
}
