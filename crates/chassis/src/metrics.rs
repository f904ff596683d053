//! What Prometheus is told, on a port of its own that no proxy has a route to.
//!
//! Names are those of OpenTelemetry's semantic conventions for HTTP
//! (<https://opentelemetry.io/docs/specs/semconv/http/http-metrics/>) and of what Prometheus says
//! every process has (<https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>);
//! those that neither has begin with `app_`. No label takes a text of a client's, so that nobody
//! can make them more than there are routes, methods and statuses.

use std::cell::OnceCell;
use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use actix_web::dev::{ResourceMap, ServiceRequest};
use actix_web::http::header::{Accept, Header as _, Quality};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeMetric, MetricEncoder, prometheus_text, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::config::Config;
use crate::error::Error;
use crate::resource::get;
use crate::shutdown::{Progress, Stage};
use crate::variable::Variable;
use crate::worker::Site;

pub mod process;

/// Where the page is.
pub const PATH: &str = "/metrics";

/// How many connections may look at it at a time.
pub const CONNECTIONS: usize = 16;

/// Upper bounds in seconds: those that the semantic conventions advise, and a lower one, since
/// most answers take less than the least of them.
const BUCKETS: [f64; 15] = [
    0.001, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// What is counted as it happens.
#[derive(Default)]
pub struct Metrics {
    connections: Gauge,
    requests: Requests,
    refusals: Refusals,
}

/// What a request or a connection may exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// [`Config::header_timeout`]
    HeaderTimeout,
    /// [`Config::request_timeout`]
    RequestTimeout,
    /// [`Config::max_header_bytes`]
    HeaderBytes,
    /// [`Config::max_body_bytes`]
    BodyBytes,
}

impl Limit {
    /// The variables that set them, in the same order.
    const VARIABLES: [Variable; 4] = [
        Config::APP_HEADER_TIMEOUT_SECONDS,
        Config::APP_REQUEST_TIMEOUT_SECONDS,
        Config::APP_MAX_HEADER_BYTES,
        Config::APP_MAX_BODY_BYTES,
    ];

    /// Which limit it was that an error tells of.
    fn of(error: &Error) -> Option<Self> {
        match error {
            Error::SlowBody | Error::SlowHandler => Some(Self::RequestTimeout),
            Error::BodyTooLarge => Some(Self::BodyBytes),
            Error::HeadTooLarge => Some(Self::HeaderBytes),
            Error::NotFound
            | Error::MethodNotAllowed { .. }
            | Error::NotAcceptable { .. }
            | Error::Internal
            | Error::Draining
            | Error::Refused(_) => None,
        }
    }
}

/// An open connection.
pub struct Open(Arc<Metrics>);

impl Open {
    /// It is, until this is dropped.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>) -> Self {
        metrics.connections.inc();
        Self(metrics)
    }

    /// It was refused, or cut off.
    pub fn refused(&self, limit: Limit) {
        self.0.refusals.count(limit);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.connections.dec();
    }
}

/// By the limit. Each is told from the start, so that the first one is seen to be more.
#[derive(Default)]
struct Refusals([Counter; Limit::VARIABLES.len()]);

impl Refusals {
    fn count(&self, limit: Limit) {
        self.0[limit as usize].inc();
    }
}

impl EncodeMetric for Refusals {
    fn encode(&self, mut encoder: MetricEncoder) -> fmt::Result {
        for (variable, counter) in Limit::VARIABLES.iter().zip(&self.0) {
            counter.encode(encoder.encode_family(&[("limit", variable.name)])?)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Counter
    }
}

/// In order. They are few, so that to look one up takes less time than to hash what it is called.
#[derive(Default)]
struct Requests(RwLock<Vec<Series>>);

/// The durations of those that have the same labels.
struct Series {
    method: &'static str,
    /// The pattern; empty where there is none for the path.
    route: Box<str>,
    status: StatusCode,
    durations: Histogram,
}

impl Requests {
    fn durations(&self, method: &'static str, route: &str, status: StatusCode) -> Histogram {
        let find = |all: &Vec<Series>| {
            all.binary_search_by(|one| {
                let one = (one.status, one.method, &*one.route);
                one.cmp(&(status, method, route))
            })
        };
        // Nothing is left half-done by a thread that panicked.
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Ok(found) = find(&all) {
            return all[found].durations.clone();
        }
        drop(all);
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let place = find(&all).unwrap_or_else(|place| {
            let series = Series {
                method,
                route: route.into(),
                status,
                durations: Histogram::new(BUCKETS),
            };
            all.insert(place, series);
            place
        });
        all[place].durations.clone()
    }
}

impl EncodeMetric for Requests {
    fn encode(&self, mut encoder: MetricEncoder) -> fmt::Result {
        for one in &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            let labels = [
                ("http_request_method", one.method),
                ("http_route", &one.route),
                ("http_response_status_code", one.status.as_str()),
            ];
            one.durations.encode(encoder.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

/// What one thread counts its requests with.
pub struct Meter {
    metrics: Arc<Metrics>,
    /// For a request that is gone before its answer, and with it what it matched.
    routes: OnceCell<ResourceMap>,
}

impl Meter {
    /// Into those.
    #[must_use]
    pub const fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            metrics,
            routes: OnceCell::new(),
        }
    }

    /// Sees a request before its handler does.
    pub fn see(&self, request: &ServiceRequest) {
        self.routes
            .get_or_init(|| request.request().resource_map().clone());
    }

    /// A request was refused, if the error is about a limit.
    pub fn failed(&self, error: &Error) {
        if let Some(limit) = Limit::of(error) {
            self.metrics.refusals.count(limit);
        }
    }

    fn durations(
        &self,
        method: &Method,
        path: &str,
        route: Option<String>,
        status: StatusCode,
    ) -> Histogram {
        let route = route.or_else(|| self.routes.get()?.match_pattern(path));
        let requests = &self.metrics.requests;
        requests.durations(known(method), &route.unwrap_or_default(), status)
    }
}

/// How a request is counted.
pub enum Counted {
    /// It is not.
    Not,
    /// With this, if it is not answered before it ends.
    Unanswered(Rc<Meter>),
    /// Its duration goes here.
    Answered(Histogram),
}

impl Counted {
    /// It is answered with this status. `route` is the pattern that was matched, if the handler
    /// has given the request back.
    pub fn answer(
        &mut self,
        method: &Method,
        path: &str,
        route: impl FnOnce() -> Option<String>,
        status: StatusCode,
    ) {
        if let Self::Unanswered(meter) = self {
            *self = Self::Answered(meter.durations(method, path, route(), status));
        }
    }

    /// It has ended.
    pub fn end(&mut self, duration: Duration) {
        if let Self::Answered(durations) = self {
            durations.observe(duration.as_secs_f64());
        }
    }
}

/// The methods that the semantic conventions know, and their word for others.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::CONNECT => "CONNECT",
        Method::DELETE => "DELETE",
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::TRACE => "TRACE",
        _ => "_OTHER",
    }
}

/// All that there is to tell: what was counted, and what is looked at when somebody asks.
pub struct Told {
    /// What was counted.
    pub metrics: Arc<Metrics>,
    /// Of each thread: how many requests it is answering.
    pub requests: Vec<Arc<AtomicUsize>>,
    /// How many connections there may be: [`Config::max_connections`].
    pub most: usize,
    /// Whether the process ends.
    pub progress: Progress,
    /// When it began, since the epoch.
    pub started: Duration,
}

/// [`Collector`] wants one. That of all fields would be code that never runs.
impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Told")
    }
}

impl Collector for Told {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let Metrics {
            connections,
            requests,
            refusals,
        } = &*self.metrics;
        let mut tell = |name: &str, help: &str, metric: &dyn EncodeMetric| {
            metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
        };
        tell(
            "http_server_request_duration_seconds",
            "From a request's head to the end of its answer; status 499 is a client that left",
            requests,
        )?;
        tell(
            "app_refusals",
            "Requests and connections that exceeded a limit, by the variable that sets it",
            refusals,
        )?;
        tell("app_connections", "Open connections", connections)?;
        let loads = self.requests.iter().map(|of| of.load(Ordering::Relaxed));
        for (name, help, value) in [
            (
                "app_requests_in_flight",
                "Requests that are being answered",
                loads.sum(),
            ),
            (
                "app_connections_limit",
                "How many connections may be open",
                self.most,
            ),
            (
                "app_workers",
                "Threads that serve requests",
                self.requests.len(),
            ),
            (
                "app_draining",
                "1 after a stop signal, when /readyz answers 503",
                usize::from(self.progress.has_reached(Stage::Draining)),
            ),
        ] {
            tell(name, help, &ConstGauge::new(value))?;
        }
        tell(
            "app_log_lines_lost",
            "Log lines that nobody has read in time",
            &ConstCounter::new(crate::log::lines_lost()),
        )?;
        process::tell(self.started, &mut tell)
    }
}

/// What answers [`PATH`], within the same limits as the service.
#[must_use]
pub fn site(config: &Config, address: SocketAddr, told: Told) -> Site {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(told));
    let registry = Data::new(registry);
    Site {
        config: config.clone(),
        address,
        routes: Arc::new(move |app| {
            app.app_data(registry.clone()).service(get(PATH, page));
        }),
        error_page: None,
        metrics: None,
    }
}

/// As `OpenMetrics` for those who name it, and else as Prometheus' own text, which all of them read.
async fn page(request: HttpRequest, registry: Data<Registry>) -> Result<HttpResponse, Error> {
    let open_metrics = Accept::parse(&request).is_ok_and(|accept| {
        accept.iter().any(|range| {
            range.item.essence_str() == "application/openmetrics-text"
                && range.quality > Quality::ZERO
        })
    });
    let mut page = String::new();
    let (kind, written) = if open_metrics {
        (OPEN_METRICS, text::encode(&mut page, &registry))
    } else {
        let written = prometheus_text::encode(&mut page, &registry);
        (prometheus_text::CONTENT_TYPE, written)
    };
    // To a string nothing fails.
    written.map_err(|_| Error::Internal)?;
    Ok(HttpResponse::Ok().content_type(kind).body(page))
}

/// <https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md#overall-structure>
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::log::RequestLine;

    #[test]
    fn a_client_that_has_left_is_counted() {
        let metrics = Arc::<Metrics>::default();
        let meter = Rc::new(Meter::new(Arc::clone(&metrics)));
        let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let counted = Counted::Unanswered(meter);
        drop(RequestLine::start(
            Method::GET,
            "/",
            client,
            None,
            None,
            counted,
        ));
        let requests = metrics.requests.0.read().unwrap();
        let labels: Vec<_> = requests
            .iter()
            .map(|one| (one.method, one.status.as_u16()))
            .collect();
        assert_eq!(labels, [("GET", 499)]);
    }
}
