//! What is around every request: its line in the log, its id, its limits, its end.

use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr};
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{HttpMessage as _, HttpResponse};
use futures_util::FutureExt as _;
use tokio::time::timeout;

use crate::config::Config;
use crate::connection::{Busy, Connection};
use crate::error::{self, Error, Page};
use crate::forwarded::ClientInfo;
use crate::limits;
use crate::log::RequestLine;
use crate::metrics::{Counted, Meter};
use crate::negotiation::Media;
use crate::shutdown::{Progress, Stage};
use crate::worker::Site;

/// What is around every request: its line in the log, its id, its limits, its end.
pub struct Envelope {
    config: Config,
    error_page: Option<Page>,
    progress: Progress,
    meter: Option<Rc<Meter>>,
}

impl Envelope {
    /// The same for every request of a thread.
    #[must_use]
    pub fn new(site: &Site, progress: Progress) -> Self {
        Self {
            config: site.config.clone(),
            error_page: site.error_page,
            progress,
            meter: site.metrics.clone().map(Meter::new).map(Rc::new),
        }
    }

    /// For [`actix_web::middleware::from_fn`].
    ///
    /// # Errors
    /// A request that was cut off: with its response.
    pub async fn around(
        self: Rc<Self>,
        request: ServiceRequest,
        next: Next<BoxBody>,
    ) -> Result<ServiceResponse<Answering>, actix_web::Error> {
        // Whoever serves connections otherwise has left it out.
        let connection = request.conn_data::<Rc<Connection>>().cloned();
        let connection = connection.ok_or(Error::Internal)?;
        let head = limits::head_bytes(&request);
        let busy = connection.busy(head);
        // Only a connection that is already lost has no peer.
        let peer = request
            .peer_addr()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        let mut client = ClientInfo::new(peer, request.headers(), &self.config.trusted_networks);
        let mut line = RequestLine::start(
            request.method().clone(),
            request.path(),
            client.address,
            client.request_id.take(),
            client.trace,
            self.counted(&request),
        );
        client.request_id = Some(line.id().to_owned());
        client.trace = line.trace();
        request.extensions_mut().insert(client);
        let errors_as = error::preferred(&request, self.error_page);
        // actix-http would repeat it in the answer, and then close the connection unsaid.
        let wishes_upgrade = request.head().upgrade();

        let answered = self.answer(request, next, head, &busy, errors_as).await;
        let last = wishes_upgrade || !busy.has_whole_body();
        match answered {
            Ok(mut response) => {
                self.stamp(response.response_mut(), &line, last);
                line.answered(response.status(), || response.request().match_pattern());
                Ok(response.map_body(|_, body| Answering {
                    body,
                    _line: line,
                    _busy: busy,
                }))
            }
            Err(error) => {
                // The request went down with its handler, so there is nothing to make a
                // `ServiceResponse` of; actix-web makes the response of the error instead.
                let mut response = error.response(errors_as, self.error_page);
                self.stamp(&mut response, &line, last);
                line.answered(response.status(), || None);
                self.failed(&error);
                Err(actix_web::error::InternalError::from_response(error, response).into())
            }
        }
    }

    /// An `Err` that a handler returned is a response already; that of a request that was cut
    /// off is not.
    async fn answer(
        &self,
        mut request: ServiceRequest,
        next: Next<BoxBody>,
        head: usize,
        busy: &Busy,
        errors_as: Media,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        limits::apply(&mut request, head, &self.config, busy)?;
        let mut called = pin!(AssertUnwindSafe(next.call(request)).catch_unwind());
        let answered = match poll_fn(|cx| Poll::Ready(called.as_mut().poll(cx))).await {
            // Most handlers wait for nothing, and need no timer.
            Poll::Ready(answered) => Ok(answered),
            Poll::Pending => tokio::select! {
                biased;
                answered = timeout(self.config.request_timeout, called) => answered,
                () = self.progress.reached(Stage::Over) => return Err(Error::Draining),
            },
        };
        let response = match answered {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(error))) => return Err(Error::from_actix(&error)),
            Ok(Err(_panic_was_logged)) => return Err(Error::Internal),
            Err(_) if busy.has_whole_body() => return Err(Error::SlowHandler),
            Err(_) => return Err(Error::SlowBody),
        };
        // What an extractor or actix-web itself refused gets a body of ours, too.
        match response.response().error() {
            Some(error) => {
                let error = Error::from_actix(error);
                self.failed(&error);
                let response_of_ours = error.response(errors_as, self.error_page);
                Ok(response.into_response(response_of_ours))
            }
            None => Ok(response),
        }
    }

    fn counted(&self, request: &ServiceRequest) -> Counted {
        self.meter.as_ref().map_or(Counted::Not, |meter| {
            meter.see(request);
            Counted::Unanswered(Rc::clone(meter))
        })
    }

    fn failed(&self, error: &Error) {
        if let Some(meter) = &self.meter {
            meter.failed(error);
        }
    }

    fn stamp<B>(&self, response: &mut HttpResponse<B>, line: &RequestLine, last: bool) {
        if let Ok(id) = HeaderValue::from_str(line.id()) {
            response.headers_mut().insert(X_REQUEST_ID, id);
        }
        if last || self.progress.has_reached(Stage::Closing) {
            // Whoever asks again when it ends must ask another instance.
            response
                .head_mut()
                .set_connection_type(ConnectionType::Close);
        }
    }
}

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A response's body, with what ends when it ends.
pub struct Answering {
    body: BoxBody,
    _line: RequestLine,
    _busy: Busy,
}

impl MessageBody for Answering {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
