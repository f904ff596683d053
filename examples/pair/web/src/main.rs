//! A page that asks the other service of this workspace.

use actix_web::{App, HttpServer, Responder, get, middleware::Logger, web};

#[get("/")]
async fn page() -> impl Responder {
    web::Html::new(include_str!("page.html"))
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    env_logger::init_from_env(env_logger::Env::default().default_filter_or("info"));
    HttpServer::new(|| App::new().wrap(Logger::default()).service(page))
        .bind(("0.0.0.0", 8080))?
        .run()
        .await
}
