//! The four lines from hyper, HTTP/1.1 alone: no routing, no limits, no log.

use std::convert::Infallible;
use std::error::Error;
use std::net::IpAddr;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

fn index(peer: IpAddr, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let lines = bench_answer::lines(peer, |name| request.headers().get(name)?.to_str().ok());
    let mut response = Response::new(Full::from(lines));
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(bench_answer::address()?).await?;
    loop {
        let (stream, peer) = listener.accept().await?;
        tokio::spawn(async move {
            let service =
                service_fn(async |request| Ok::<_, Infallible>(index(peer.ip(), &request)));
            // A client that goes away is no matter for a server.
            let _ = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}
