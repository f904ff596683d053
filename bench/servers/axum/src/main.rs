//! The four lines from axum with its default settings.

use std::error::Error;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::HeaderMap;
use axum::routing::get;
use tokio::net::TcpListener;

async fn index(ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap) -> String {
    bench_answer::lines(peer.ip(), |name| headers.get(name)?.to_str().ok())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(bench_answer::address()?).await?;
    let app = Router::new().route("/", get(index));
    axum::serve(
        listener,
        app.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .await?;
    Ok(())
}
