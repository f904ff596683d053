//! `/livez`: the process runs. `/readyz`: it wants requests.
//!
//! Probes come every few seconds for ever, so their request lines are at debug (see
//! [`is_probe`]) and the log stays quiet.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};

use crate::error::Error;

/// Whether the process wants requests; clones share one state, and there is no way back.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<State>);

#[derive(Debug, Default)]
struct State {
    draining: AtomicBool,
    closing: AtomicBool,
}

impl Readiness {
    /// From now on the process drains.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Relaxed);
    }

    /// Whether [`Readiness::drain`] was called.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Relaxed)
    }

    /// From now on each answer is its connection's last one.
    pub fn close(&self) {
        self.0.closing.store(true, Ordering::Relaxed);
    }

    /// Whether [`Readiness::close`] was called.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.0.closing.load(Ordering::Relaxed)
    }
}

/// The path of [`live`].
pub const LIVE_PATH: &str = "/livez";

/// The path of [`ready`].
pub const READY_PATH: &str = "/readyz";

/// Whether requests for this path are health probes.
#[must_use]
pub fn is_probe(path: &str) -> bool {
    [LIVE_PATH, READY_PATH].contains(&path)
}

/// 200 while the process runs.
pub async fn live() -> HttpResponse {
    ok()
}

/// 200 until the process drains.
///
/// # Errors
/// [`Error::Draining`]
pub async fn ready(readiness: web::Data<Readiness>) -> Result<HttpResponse, Error> {
    if readiness.is_draining() {
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
