//! What a handler does wrong costs its own request, and shows nothing.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::future;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;

use actix_web::http::StatusCode;
use actix_web::rt::System;
use actix_web::web::{self, Bytes, Json, Path, ServiceConfig};
use actix_web::{HttpResponse, ResponseError as _, error};
use chassis::server::Server;
use chassis::variable::Table as _;
use chassis::{Config, Error, Media};
use futures_util::StreamExt as _;
use support::Client;
use tokio::sync::oneshot;

const SECRET: &str = "password=1234";

fn routes(app: &mut ServiceConfig) {
    app.route(
        "/panic",
        web::to(async || -> HttpResponse { panic!("{SECRET}") }),
    )
    .route("/never", web::to(future::pending::<HttpResponse>))
    .route(
        "/never-after-body",
        web::to(async |_: Bytes| future::pending::<HttpResponse>().await),
    )
    .route(
        "/error",
        web::to(async || Err::<HttpResponse, _>(error::ErrorInternalServerError(SECRET))),
    )
    .route(
        "/number/{number}",
        web::to(async |number: Path<u8>| number.to_string()),
    )
    .route("/json", web::to(async |json: Json<u8>| json.to_string()))
    .route("/stream", web::to(bytes_in_stream))
    .route(
        "/long",
        web::to(async || HttpResponse::Ok().body("0123456789".repeat(100_000))),
    );
}

/// What people see of an error here.
fn page(error: &Error) -> Option<HttpResponse> {
    let html = || format!("<h1>{}</h1>", error.reason());
    // As one whose template fails.
    (error.status_code() != StatusCode::NOT_FOUND).then(|| {
        HttpResponse::build(error.status_code())
            .content_type(Media::Html.content_type())
            .body(html())
    })
}

/// Reads where actix-web's own limits for extractors do not see it.
async fn bytes_in_stream(mut body: web::Payload) -> Result<String, actix_web::Error> {
    let mut sum = 0;
    while let Some(chunk) = body.next().await {
        sum += chunk?.len();
    }
    Ok(sum.to_string())
}

/// Runs the server in a thread until this is dropped.
struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Running {
    fn start() -> Self {
        let vars = [
            ("APP_BIND", "127.0.0.1:0"),
            ("APP_WORKERS", "1"),
            ("APP_REQUEST_TIMEOUT_SECONDS", "1"),
            ("APP_MAX_BODY_BYTES", "16"),
        ];
        let vars = vars.map(|(name, value)| (name.into(), value.into()));
        let config = Config::from_vars(vars).unwrap();
        let (stop, stopped) = oneshot::channel();
        let (port_is, port) = mpsc::channel();
        let thread = thread::spawn(move || {
            System::new().block_on(async {
                let server = Server::bind(config, Some(page)).unwrap();
                port_is.send(server.port()).unwrap();
                let stopped = async {
                    let _ = stopped.await;
                };
                server.run(routes, stopped).await.unwrap();
            });
        });
        let port = port.recv_timeout(support::LIMIT).unwrap();
        Self {
            address: ([127, 0, 0, 1], port).into(),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    fn assert_answer(&self, request: &str, status: u16, body: &str) {
        let mut client = Client::connect(self.address);
        client.send(request);
        let answer = client.answer();
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (status, body),
            "{request}"
        );
        assert!(answer.field("x-request-id").is_some(), "{request}");
        assert_eq!(
            answer.field("content-type"),
            Some("text/plain; charset=utf-8")
        );
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(thread::JoinHandle::join);
        assert!(thread::panicking() || matches!(ended, Some(Ok(()))));
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n")
}

#[test]
fn a_panic_is_a_500_and_the_next_request_is_served() {
    let server = Running::start();
    // Both over one connection: not even that is lost.
    let mut client = Client::connect(server.address);
    for _ in 0..2 {
        client.send(&get("/panic"));
        let answer = client.answer();
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (500, "500 Internal Server Error\n")
        );
    }
}

#[test]
fn an_error_without_words_for_clients_is_a_500() {
    let server = Running::start();
    server.assert_answer(&get("/error"), 500, "500 Internal Server Error\n");
}

#[test]
fn a_handler_that_takes_too_long_is_a_503() {
    let server = Running::start();
    server.assert_answer(&get("/never"), 503, "503 Service Unavailable\n");
    // The whole body is there, so it is not the client's fault.
    let with_body = "GET /never-after-body HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbody";
    server.assert_answer(with_body, 503, "503 Service Unavailable\n");
}

#[test]
fn what_an_extractor_refuses_gets_a_body_of_ours() {
    let server = Running::start();
    server.assert_answer(&get("/number/300"), 404, "404 Not Found\n");
    let json = |kind: &str, body: &str| {
        let length = body.len();
        format!(
            "POST /json HTTP/1.1\r\nHost: test\r\nContent-Type: {kind}\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
    };
    server.assert_answer(
        &json("application/json", "{<script>"),
        400,
        "400 Bad Request\n",
    );
    server.assert_answer(&json("text/plain", "1"), 400, "400 Bad Request\n");
}

#[test]
fn an_error_is_said_as_the_client_prefers() {
    let server = Running::start();
    let text = "text/plain; charset=utf-8";
    let json = r#"{"status":500,"title":"Internal Server Error","detail":"The service failed. The fault is not yours."}"#;
    for (accept, path, kind, body) in [
        ("*/*", "/error", text, "500 Internal Server Error\n"),
        ("image/png", "/error", text, "500 Internal Server Error\n"),
        ("application/json", "/error", "application/json", json),
        (
            "text/html",
            "/error",
            Media::Html.content_type(),
            "<h1>Internal Server Error</h1>",
        ),
        (
            "text/html",
            "/panic",
            Media::Html.content_type(),
            "<h1>Internal Server Error</h1>",
        ),
        (
            "text/html",
            "/never",
            Media::Html.content_type(),
            "<h1>Service Unavailable</h1>",
        ),
        // Where it cannot be shown so.
        ("text/html", "/number/300", text, "404 Not Found\n"),
    ] {
        let mut client = Client::connect(server.address);
        client.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: test\r\nAccept: {accept}\r\n\r\n"
        ));
        let answer = client.answer();
        let content = (answer.field("content-type"), answer.body.as_str());
        assert_eq!(content, (Some(kind), body), "{accept} {path}");
        assert_eq!(answer.field("vary"), Some("Accept"), "{accept} {path}");
        assert_eq!(
            answer.field("cache-control"),
            Some("no-store"),
            "{accept} {path}"
        );
    }
}

#[test]
fn a_body_is_limited_however_it_is_read() {
    let server = Running::start();
    let post = |chunks: &str| {
        format!("POST /stream HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}")
    };
    let most = "8\r\n01234567\r\n8\r\n89abcdef\r\n";
    server.assert_answer(&post(&format!("{most}0\r\n\r\n")), 200, "16");
    server.assert_answer(
        &post(&format!("{most}1\r\n!\r\n")),
        413,
        "413 Payload Too Large\n",
    );
}

#[test]
fn a_long_answer_arrives_whole() {
    let server = Running::start();
    let mut client = Client::connect(server.address);
    client.send(&get("/long"));
    assert_eq!(client.answer().body.len(), 1_000_000);
}
