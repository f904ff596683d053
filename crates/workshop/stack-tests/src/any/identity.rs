//! What arrives at the app of a request, with an nginx in the app's place that shows it.

use std::{fmt::Write as _, fs};

use serde_json::Value;

use crate::{
    service::service,
    stack::{Stack, docker},
};

/// Set by the edge, whatever the client sends.
const OVERWRITTEN: [&str; 10] = [
    "X-Forwarded-For",
    "X-Real-IP",
    "X-Forwarded-Proto",
    "X-Request-Id",
    "Traceparent",
    "X-Edge-Protocol",
    "X-Edge-TLS-Version",
    "X-Edge-TLS-Cipher",
    "X-Edge-TLS-Group",
    "Connection",
];

/// Taken away by the edge.
const STRIPPED: [&str; 36] = [
    "CF-Connecting-IP",
    "Early-Data",
    "Fastly-Client-IP",
    "Forwarded",
    "Forwarded-For",
    "Front-End-Https",
    "Keep-Alive",
    "Proxy",
    "TE",
    "Tracestate",
    "True-Client-IP",
    "Upgrade",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "X-Forwarded",
    "X-Forwarded-By",
    "X-Forwarded-Client-Cert",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "X-Forwarded-Protocol",
    "X-Forwarded-Scheme",
    "X-Forwarded-Server",
    "X-Forwarded-Ssl",
    "X-Forwarded-User",
    "X-HTTP-Method",
    "X-HTTP-Method-Override",
    "X-Method-Override",
    "X-Original-Forwarded-For",
    "X-Original-Host",
    "X-Original-URI",
    "X-Original-URL",
    "X-Remote-Addr",
    "X-Remote-IP",
    "X-Rewrite-URL",
    "X-Url-Scheme",
];

/// Handed on as the client sent them; one has to be there, or this test shows nothing.
const PASSED: [&str; 2] = ["User-Agent", "X-Anything-Else"];

/// Of no address and no number, so that nothing else looks like it.
const SPOOF: &str = "spoofed-by-the-client";

/// An nginx that answers on the app's port with the headers named above that it got.
fn mirror() -> String {
    let mut shown = String::new();
    for name in OVERWRITTEN.iter().chain(&STRIPPED).chain(&PASSED) {
        let variable = name.to_lowercase().replace('-', "_");
        write!(shown, "{name}=$http_{variable}\\n").expect("a string takes it");
    }
    format!(
        "pid /tmp/nginx.pid;
         events {{}}
         http {{
             client_body_temp_path /tmp/a; proxy_temp_path /tmp/b; fastcgi_temp_path /tmp/c;
             uwsgi_temp_path /tmp/d; scgi_temp_path /tmp/e;
             access_log off;
             server {{ listen {}; return 200 \"{shown}Host=$http_host\\nuri=$request_uri\\n\"; }}
             server {{ listen 127.0.0.1:8081; return 200; }}
         }}",
        service().port
    )
}

fn stack_with_mirror() -> Stack {
    let stack = Stack::prepare("");
    let image: Value =
        serde_json::from_str(&docker(&["image", "inspect", &service().edge_image()]))
            .expect("JSON from docker inspect");
    let program = &image[0]["Config"]["Entrypoint"][3];
    let file = stack.folder("mirror").join("nginx.conf");
    fs::write(&file, mirror()).expect("the mirror's configuration is written");
    let file = file.display();
    stack.override_with(&format!(
        "services:
           app:
             image: {}
             entrypoint: [{program}, -c, /mirror.conf, -e, stderr, -g, 'daemon off;']
             security_opt: !override ['no-new-privileges:true', 'seccomp=./seccomp/nginx.json']
             volumes: ['{file}:/mirror.conf:ro,z']
             tmpfs: ['/tmp:uid=10002,gid=10002,mode=0700']",
        service().edge_image()
    ));
    let output = stack.start();
    assert!(output.success, "the stack did not start: {}", output.text());
    stack
}

pub fn what_a_client_says_of_itself_never_reaches_the_app() {
    let stack = stack_with_mirror();
    for (version, protocol) in [
        ("--http1.1", "HTTP/1.1"),
        ("--http2", "HTTP/2.0"),
        ("--http3-only", "HTTP/3.0"),
    ] {
        // HTTP/2 and HTTP/3 have no hop-by-hop headers: a client that sends one is refused.
        let hop_by_hop = ["Connection", "Keep-Alive", "TE", "Upgrade"];
        let sent: Vec<String> = OVERWRITTEN
            .iter()
            .chain(&STRIPPED)
            .chain(&PASSED)
            .filter(|name| version == "--http1.1" || !hop_by_hop.contains(name))
            .map(|name| format!("{name}: {SPOOF}"))
            .collect();
        let url = stack.https("/a//b/../c%2F?d=%0d");
        let mut args = vec![version, "--path-as-is", &url];
        for header in &sent {
            args.extend(["--header", header]);
        }
        let response = stack.curl(&args);
        assert_eq!(response.status, 200, "{version}: {response:?}");
        let got = |name: &str| {
            let prefix = format!("{name}=");
            let mut lines = response.body.lines();
            lines
                .find_map(|line| line.strip_prefix(&prefix))
                .unwrap_or_else(|| panic!("no {name}: {response:?}"))
        };

        for name in PASSED {
            assert_eq!(got(name), SPOOF, "{version} {name}");
        }
        for name in STRIPPED {
            assert_eq!(got(name), "", "{version} {name}");
        }
        for name in OVERWRITTEN {
            assert!(!got(name).contains(SPOOF), "{version} {name}");
        }
        assert_eq!(got("X-Forwarded-For"), got("X-Real-IP"), "{version}");
        assert_eq!(got("X-Forwarded-Proto"), "https", "{version}");
        assert_eq!(got("X-Request-Id").len(), 32, "{version}");
        let id = got("X-Request-Id");
        let trace = format!("00-{id}-{}-01", &id[..16]);
        assert_eq!(got("Traceparent"), trace, "{version}");
        assert_eq!(got("X-Edge-Protocol"), protocol, "{version}");
        assert_eq!(got("X-Edge-TLS-Version"), "TLSv1.3", "{version}");
        assert_eq!(got("X-Edge-TLS-Group"), "X25519MLKEM768", "{version}");
        let cipher = got("X-Edge-TLS-Cipher");
        assert!(cipher.starts_with("TLS_"), "{version}: {cipher}");
        assert_eq!(
            Some(got("X-Request-Id")),
            response.header("X-Request-Id"),
            "{version}: the client is told another id"
        );
        assert_eq!(
            got("Host"),
            format!("localhost:{}", stack.https_port()),
            "{version}"
        );
        assert_eq!(got("uri"), "/a//b/../c%2F?d=%0d", "{version}");
    }
}
