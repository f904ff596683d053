//! A service on the chassis: a page, and a greeting for whoever asks.

use std::process::ExitCode;

use actix_web::http::header::ContentType;
use actix_web::web::{Data, Json, ReqData, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use chassis::{ClientInfo, Service, get};

chassis::variables! {
    /// What this service has besides what every service has.
    #[derive(Clone)]
    struct Own {
        /// how often the greeting is said
        times: usize = APP_TIMES or "1", from 1 to 10;
    }
}

async fn page() -> impl Responder {
    HttpResponse::Ok()
        .content_type(ContentType::html())
        .body(include_str!("page.html"))
}

#[derive(serde::Serialize)]
struct Greeting {
    greeting: String,
}

/// By the address that the edge states.
async fn greeting(client: ReqData<ClientInfo>, own: Data<Own>) -> impl Responder {
    let greeting = format!("Hello, {}! ", client.address).repeat(own.times);
    Json(Greeting { greeting })
}

fn routes(app: &mut ServiceConfig) {
    app.service(get("/", page))
        .service(get("/greeting", greeting));
}

fn main() -> ExitCode {
    Service::new(chassis::program!())
        .variables::<Own>()
        .run(routes)
}
