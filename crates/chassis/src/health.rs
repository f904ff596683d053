//! `/livez`: the process runs. `/readyz`: it wants requests.
//!
//! Probes come every few seconds for ever, and so does Prometheus, so their request lines are at debug
//! (see [`is_probe`]) and the log stays quiet.

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{self, ServiceConfig};

use crate::error::Error;
use crate::metrics;
use crate::resource::get;
use crate::shutdown::{Progress, Stage};

/// 200 while the process runs.
pub const LIVE_PATH: &str = "/livez";

/// 200 until the process drains, then 503.
pub const READY_PATH: &str = "/readyz";

/// Whether requests for this path are health probes, or for metrics.
#[must_use]
pub fn is_probe(path: &str) -> bool {
    [LIVE_PATH, READY_PATH, metrics::PATH].contains(&path)
}

/// Answers both paths.
pub(crate) fn routes(app: &mut ServiceConfig) {
    app.service(get(LIVE_PATH, live))
        .service(get(READY_PATH, ready));
}

/// 200 while the process runs.
async fn live() -> HttpResponse {
    ok()
}

/// 200 until the process drains.
async fn ready(progress: web::Data<Progress>) -> Result<HttpResponse, Error> {
    if progress.has_reached(Stage::Draining) {
        return Err(Error::Draining);
    }
    Ok(ok())
}

fn ok() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .body("ok\n")
}
