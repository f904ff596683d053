//! The edge's errors, beside the service's: they look the same, and are on assets of the page.

use std::fs;

use crate::{
    any::edge::PROMISED,
    stack::{Stack, root},
};

/// The tags of a page, in their order: what it looks like, but for its words.
fn tags(page: &str) -> Vec<&str> {
    page.split('<')
        .filter_map(|text| text.split_once('>'))
        .map(|(tag, _)| tag)
        .collect()
}

pub fn errors_of_both_look_the_same() {
    let stack = Stack::shared();
    let html = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let page = stack.curl(&["--header", html, &stack.https("/")]);
    let style = page
        .body
        .split('"')
        .find(|text| text.starts_with("/assets/page-"))
        .expect("a style");
    let of_the_app = stack.curl(&["--header", html, &stack.https("/nothing-here")]);
    let post = ["--request", "POST", "--header", html];
    let of_nginx = stack.curl(&[&post[..], &[&stack.https(style)]].concat());
    assert_eq!((of_the_app.status, of_nginx.status), (404, 405));
    assert_eq!(tags(&of_nginx.body), tags(&of_the_app.body));
    for word in [
        "405",
        "Method Not Allowed",
        "This address answers GET, HEAD.",
    ] {
        assert!(of_nginx.body.contains(word), "{}", of_nginx.body);
    }
    for name in ["Content-Type", "Cache-Control"].iter().chain(&PROMISED) {
        if *name != "X-Request-Id" {
            let value = of_the_app.header(name);
            assert!(value.is_some(), "no {name}");
            assert_eq!(of_nginx.header(name), value, "{name}");
            assert_eq!(page.header(name), value, "{name}");
        }
    }

    // Whoever did not ask for HTML gets a line.
    for accept in ["*/*", "text/html;q=0", "text/plain, text/html;q=0.5"] {
        let accept = format!("Accept: {accept}");
        let post = ["--request", "POST", "--header", &accept];
        let response = stack.curl(&[&post[..], &[&stack.https(style)]].concat());
        assert_eq!(
            response.body, "This address answers GET, HEAD.\n",
            "{accept}"
        );
    }
}

/// Whatever the status, what nginx says by itself is in our words, and in no page of its own.
pub fn no_error_has_a_page_of_nginxs_own() {
    let stack = Stack::shared();
    let page = stack.curl(&["--header", "Accept: text/html", &stack.https("/")]);
    let asset = page
        .body
        .split('"')
        .find(|text| text.starts_with("/assets/"));
    let asset = stack.https(asset.expect("an asset"));
    let home = stack.home();
    let cases: [(u16, &[&str]); 7] = [
        (400, &["--header", "Host: a b", &home]),
        (405, &["--request", "POST", &asset]),
        (412, &["--header", "If-Match: \"other\"", &asset]),
        (
            413,
            &[
                "--header",
                "Content-Length: 1048577",
                "--request",
                "POST",
                &home,
            ],
        ),
        (414, &[&stack.https(&format!("/{}", "a".repeat(9000)))]),
        (416, &["--header", "Range: bytes=99999999-", &asset]),
        (
            501,
            &[
                "--header",
                "Transfer-Encoding: gzip",
                "--request",
                "POST",
                &home,
            ],
        ),
    ];
    for (status, args) in cases {
        let answer = stack.curl(&[&["--http1.1"], args].concat());
        assert_eq!(answer.status, status, "{args:?}");
        let kind = answer.header("Content-Type");
        assert_eq!(kind, Some("text/plain; charset=utf-8"), "{args:?}");
        assert!(answer.body.ends_with(".\n"), "{args:?}: {}", answer.body);
        assert_eq!(answer.body.lines().count(), 1, "{args:?}: {}", answer.body);
    }
    // Statuses that no module of this nginx says are in the list all the same.
    let listed = fs::read_to_string(root().join("nginx/server/errors.conf")).expect("the file");
    for status in (400..=416)
        .chain([421, 429])
        .chain(494..=498)
        .chain(500..=505)
        .chain([507])
    {
        assert!(listed.contains(&format!(" {status} ")), "{status}");
    }
}
