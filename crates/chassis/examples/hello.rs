//! A whole service: limits, who asks, a log in JSON, drain, handover and health, and variables of
//! its own, one of them a secret.

use std::process::ExitCode;

use actix_web::HttpRequest;
use actix_web::http::{StatusCode, header::AUTHORIZATION};
use actix_web::web::{Bytes, Data, ReqData};
use chassis::{ClientInfo, Error, Secret, Service, get};

chassis::variables! {
    /// What this service has besides what every service has.
    #[derive(Clone)]
    struct Hello {
        /// how often the greeting is said
        times: usize = APP_TIMES or "1", from 1 to 10;
        /// what opens `/inside`; without one it is closed
        // A file may hold it: APP_KEY_FILE.
        key: Secret = APP_KEY or "";
    }
}

/// Greets whoever asks, by the address that the edge states. A body means nothing, and is read.
async fn hello(client: ReqData<ClientInfo>, own: Data<Hello>, _body: Bytes) -> String {
    format!("Hello, {}!\n", client.address).repeat(own.times)
}

/// For those who have the key (RFC 6750).
async fn inside(request: HttpRequest, own: Data<Hello>) -> Result<&'static str, Error> {
    let said = request.headers().get(AUTHORIZATION);
    let key = said.and_then(|said| said.to_str().ok()?.strip_prefix("Bearer "));
    match key {
        Some(key) if own.key.is(key) => Ok("Come in!\n"),
        _ => Err(Error::Refused(StatusCode::FORBIDDEN)),
    }
}

fn main() -> ExitCode {
    Service::new(chassis::program!())
        .variables::<Hello>()
        .opens(&[])
        .run(|app| {
            app.service(get("/", hello)).service(get("/inside", inside));
        })
}
