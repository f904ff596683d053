//! One enum → status and a safe body.
//!
//! What never becomes a request does not come here: to bytes that are not HTTP (400) and a head that
//! is not complete in time (408), actix-http answers before any code of ours runs, with an empty
//! body and `Connection: close`; to a head that is not complete and too long (431) or has to end
//! with the process (503), `connection.rs` does.

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CACHE_CONTROL, HeaderValue, VARY};
use actix_web::{HttpMessage, HttpResponse, ResponseError};
use serde::Serialize;

use crate::negotiation::{Media, negotiate};

/// Why a request is not answered as asked. What a client sees is the status and its name, never
/// a cause; a cause is logged where it arises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// 404
    #[error("no such path")]
    NotFound,
    /// 405, with the `Allow` that RFC 9110, section 15.5.6 asks for.
    #[error("method not allowed")]
    MethodNotAllowed {
        /// The methods that are allowed.
        allow: &'static str,
    },
    /// 406 (RFC 9110, section 12.5.1)
    #[error("nothing that the client accepts")]
    NotAcceptable {
        /// What there is.
        offered: &'static [Media],
    },
    /// 408: the body did not arrive within [`Config::request_timeout`](crate::Config).
    #[error("the body came too slowly")]
    SlowBody,
    /// 413: the body is longer than [`Config::max_body_bytes`](crate::Config).
    #[error("the body is too large")]
    BodyTooLarge,
    /// 431: the head is longer than [`Config::max_header_bytes`](crate::Config) (RFC 6585, section 5).
    #[error("the head is too large")]
    HeadTooLarge,
    /// 500: a handler panicked or failed in a way it has no words for.
    #[error("internal error")]
    Internal,
    /// 503: the handler took longer than [`Config::request_timeout`](crate::Config). Not 504, which
    /// speaks of a server behind this one (RFC 9110, section 15.6.5).
    #[error("the handler took too long")]
    SlowHandler,
    /// 503: the process got a stop signal.
    #[error("draining")]
    Draining,
    /// An error of actix-web's own, such as a 400 from an extractor: its status without its text,
    /// which may repeat what the client sent.
    #[error("refused with {0}")]
    Refused(StatusCode),
}

impl Error {
    /// The error as it is, if it is one of ours, or else what may be shown of it.
    #[must_use]
    pub fn from_actix(error: &actix_web::Error) -> Self {
        error.as_error::<Self>().copied().unwrap_or_else(|| {
            match error.as_response_error().status_code() {
                StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
                StatusCode::INTERNAL_SERVER_ERROR => {
                    log::error!(error:% = error; "handler failed");
                    Self::Internal
                }
                status => Self::Refused(status),
            }
        })
    }
}

/// What people see of an error: an answer with its status, in HTML. `None`: they see the line of
/// text. How long it may be kept, and what else an error means for a connection, is seen to.
pub type Page = fn(&Error) -> Option<HttpResponse>;

/// What an error is said in to whoever sent the request: as text if nothing else is preferred,
/// or nothing that there is acceptable (RFC 9110, section 15.5.7 leaves that to the server).
#[must_use]
pub(crate) fn preferred(request: &impl HttpMessage, page: Option<Page>) -> Media {
    let offered: &[Media] = match page {
        Some(_) => &[Media::Text, Media::Html, Media::Json],
        None => &[Media::Text, Media::Json],
    };
    negotiate(request, offered).unwrap_or(Media::Text)
}

/// An error to programs, by the member names of RFC 9457, section 3.1.
#[derive(Serialize)]
struct Problem<'a> {
    status: u16,
    title: &'a str,
    detail: &'a str,
}

impl Error {
    /// The error as a page for people, as JSON for programs that want it, or else as a line of text.
    #[must_use]
    pub(crate) fn response(&self, media: Media, page: Option<Page>) -> HttpResponse {
        let shown = match (media, page) {
            (Media::Html, Some(page)) => page(self),
            _ => None,
        };
        let mut response = shown.unwrap_or_else(|| match media {
            Media::Json => self.body(media, self.problem()),
            _ => self.body(Media::Text, self.line()),
        });
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(VARY, HeaderValue::from_static("Accept"));
        match self {
            Self::MethodNotAllowed { allow } => {
                headers.insert(ALLOW, HeaderValue::from_static(allow));
            }
            // What is left of such a request is not going to be read.
            Self::SlowBody | Self::BodyTooLarge | Self::HeadTooLarge => {
                response
                    .head_mut()
                    .set_connection_type(actix_web::http::ConnectionType::Close);
            }
            Self::NotFound
            | Self::NotAcceptable { .. }
            | Self::Internal
            | Self::SlowHandler
            | Self::Draining
            | Self::Refused(_) => {}
        }
        response
    }

    fn body(self, media: Media, body: String) -> HttpResponse {
        HttpResponse::build(self.status_code())
            .content_type(media.content_type())
            .body(body)
    }

    fn problem(self) -> String {
        let problem = Problem {
            status: self.status_code().as_u16(),
            title: self.reason(),
            detail: &self.sentence(),
        };
        // Numbers and texts can always be written.
        serde_json::to_string(&problem).unwrap_or_default()
    }

    fn line(self) -> String {
        let mut text = format!("{} {}\n", self.status_code().as_u16(), self.reason());
        if let Self::NotAcceptable { .. } = self {
            text.push_str(&self.sentence());
            text.push('\n');
        }
        text
    }

    /// The status's name, such as `Not Found`.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.status_code().canonical_reason().unwrap_or("Error")
    }

    /// What the error means for whoever sent the request.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::NotFound => "There is nothing at this address.".to_owned(),
            Self::MethodNotAllowed { allow } => format!("This address answers {allow}."),
            Self::NotAcceptable { offered } => {
                let names: Vec<_> = offered.iter().map(ToString::to_string).collect();
                format!("There is {}.", names.join(", "))
            }
            Self::SlowBody => "The request took too long to arrive.".to_owned(),
            Self::BodyTooLarge | Self::HeadTooLarge => "The request is too large.".to_owned(),
            Self::Internal => "The service failed. The fault is not yours.".to_owned(),
            Self::SlowHandler | Self::Draining => {
                "The service cannot answer now. Please try again shortly.".to_owned()
            }
            Self::Refused(_) => "The request is not one that the service understands.".to_owned(),
        }
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable { .. } => StatusCode::NOT_ACCEPTABLE,
            Self::SlowBody => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::SlowHandler | Self::Draining => StatusCode::SERVICE_UNAVAILABLE,
            Self::Refused(status) => *status,
        }
    }

    fn error_response(&self) -> HttpResponse {
        self.response(Media::Text, None)
    }
}
