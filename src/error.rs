//! One enum → status and a safe body.
//!
//! What never becomes a request does not come here: to bytes that are not HTTP (400), a head that
//! is not complete in time (408) or above 128 KiB (431), actix-http answers before any code of
//! ours runs, with an empty body and `Connection: close`.

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CACHE_CONTROL, HeaderValue, VARY};
use actix_web::{HttpResponse, ResponseError};

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
    NotAcceptable,
    /// 408: the body did not arrive within `APP_REQUEST_TIMEOUT_SECONDS`.
    #[error("the body came too slowly")]
    SlowBody,
    /// 413: the body is longer than `APP_MAX_BODY_BYTES`.
    #[error("the body is too large")]
    BodyTooLarge,
    /// 431: the head is longer than `APP_MAX_HEADER_BYTES` (RFC 6585, section 5).
    #[error("the head is too large")]
    HeadTooLarge,
    /// 500: a handler panicked or failed in a way it has no words for.
    #[error("internal error")]
    Internal,
    /// 503: the handler took longer than `APP_REQUEST_TIMEOUT_SECONDS`. Not 504, which speaks
    /// of a server behind this one (RFC 9110, section 15.6.5).
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

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::SlowBody => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::SlowHandler | Self::Draining => StatusCode::SERVICE_UNAVAILABLE,
            Self::Refused(status) => *status,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let reason = status.canonical_reason().unwrap_or("Error");
        let mut response = HttpResponse::build(status)
            .content_type("text/plain; charset=utf-8")
            .insert_header((CACHE_CONTROL, "no-store"))
            .body(format!("{} {reason}\n", status.as_u16()));
        let headers = response.headers_mut();
        match self {
            Self::MethodNotAllowed { allow } => {
                headers.insert(ALLOW, HeaderValue::from_static(allow));
            }
            Self::NotAcceptable => {
                headers.insert(VARY, HeaderValue::from_static("Accept"));
            }
            // What is left of such a request is not going to be read.
            Self::SlowBody | Self::BodyTooLarge | Self::HeadTooLarge => {
                response
                    .head_mut()
                    .set_connection_type(actix_web::http::ConnectionType::Close);
            }
            Self::NotFound
            | Self::Internal
            | Self::SlowHandler
            | Self::Draining
            | Self::Refused(_) => {}
        }
        response
    }
}
