//! A whole service: limits, who asks, a log in JSON, drain, handover and health, and a variable of
//! its own.

use std::process::ExitCode;

use actix_web::web::{Bytes, Data, ReqData};
use chassis::{ClientInfo, Service, get};

chassis::variables! {
    /// What this service has besides what every service has.
    #[derive(Clone)]
    struct Hello {
        /// how often the greeting is said
        times: usize = APP_TIMES or "1", from 1 to 10;
    }
}

/// Greets whoever asks, by the address that the edge states. A body means nothing, and is read.
async fn hello(client: ReqData<ClientInfo>, own: Data<Hello>, _body: Bytes) -> String {
    format!("Hello, {}!\n", client.address).repeat(own.times)
}

fn main() -> ExitCode {
    Service::new(chassis::program!())
        .variables::<Hello>()
        .run(|app| {
            app.service(get("/", hello));
        })
}
