//! What the page of the other service asks for, below /api/.

use std::time::SystemTime;

use actix_web::{App, HttpServer, Responder, get, middleware::Logger};

#[get("/api/now")]
async fn now() -> impl Responder {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    format!("{} seconds since 1970\n", since.as_secs())
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    env_logger::init_from_env(env_logger::Env::default().default_filter_or("info"));
    HttpServer::new(|| App::new().wrap(Logger::default()).service(now))
        .bind(("0.0.0.0", 8080))?
        .run()
        .await
}
