//! The four lines from actix-web with its default settings.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};

use actix_web::{App, HttpRequest, HttpServer, web};

async fn index(request: HttpRequest) -> String {
    let peer = request
        .peer_addr()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    bench_answer::lines(peer, |name| request.headers().get(name)?.to_str().ok())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = bench_answer::address()?;
    HttpServer::new(|| App::new().route("/", web::get().to(index)))
        .bind(address)?
        .run()
        .await?;
    Ok(())
}
