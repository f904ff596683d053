//! How large a request may be, for every route alike.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::HttpMessage as _;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::Bytes;
use futures_util::Stream;

use crate::config::Config;
use crate::connection::{Body, Busy};
use crate::error::Error;

/// Refuses what is known to be too large, and sees to it that a body cannot become so while it
/// is read. `head`: [`head_bytes`].
///
/// # Errors
/// [`Error::HeadTooLarge`], [`Error::BodyTooLarge`]
pub fn apply(
    request: &mut ServiceRequest,
    head: usize,
    config: &Config,
    busy: &Busy,
) -> Result<(), Error> {
    let payload = request.take_payload();
    let body = match payload {
        Payload::None => None,
        _ => Some(busy.body()),
    };
    if head > config.max_header_bytes {
        return Err(Error::HeadTooLarge);
    }
    let Some(body) = body else {
        return Ok(());
    };
    // actix-http has refused a Content-Length that is not a number.
    let declared = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok());
    if declared.is_some_and(|length| length > config.max_body_bytes as u64) {
        return Err(Error::BodyTooLarge);
    }
    let limited = Limited {
        payload,
        left: config.max_body_bytes,
        body,
    };
    request.set_payload(Payload::Stream {
        payload: Box::pin(limited),
    });
    Ok(())
}

/// The request line, the fields and the empty line as they came, but for white space that HTTP
/// lets a client add.
#[must_use]
pub fn head_bytes(request: &ServiceRequest) -> usize {
    let uri = request.uri();
    let target = uri
        .path_and_query()
        .map_or(0, |target| target.as_str().len())
        + uri
            .authority()
            .map_or(0, |authority| authority.as_str().len());
    let line = request.method().as_str().len() + target + "  HTTP/1.1\r\n".len();
    let fields: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len())
        .sum();
    line + fields + "\r\n".len()
}

struct Limited {
    payload: Payload,
    left: usize,
    body: Body,
}

impl Stream for Limited {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(Pin::new(&mut self.payload).poll_next(context));
        Poll::Ready(match next {
            Some(Ok(chunk)) => {
                self.body.read(chunk.len());
                match self.left.checked_sub(chunk.len()) {
                    Some(left) => {
                        self.left = left;
                        Some(Ok(chunk))
                    }
                    None => Some(Err(PayloadError::Overflow)),
                }
            }
            None => {
                self.body.ended();
                None
            }
            error => error,
        })
    }
}
