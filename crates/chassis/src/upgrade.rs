//! Requests that ask for another protocol (RFC 9110, section 7.8). There is none here, so they are
//! answered as if they had not asked.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Context;

use actix_codec::Framed;
use actix_http::body::BodySize;
use actix_http::h1::{Codec, Message};
use actix_http::{HttpMessage as _, Request, Response};
use actix_web::http::header::{CONNECTION, UPGRADE};
use actix_web::http::{Method, Version};
use actix_web::web::BytesMut;

use crate::connection::{Anew, Io};

/// Has the connection served anew from this request on. actix-http takes whatever follows a
/// request with `Upgrade: websocket`, or one with the method CONNECT, for another protocol's: so
/// a body that is none would be waited for. The one is asked again without the field; the other
/// is refused, and what follows it with it.
///
/// # Errors
/// None.
pub async fn ignore((request, mut framed): (Request, Framed<Io, Codec>)) -> Result<(), Infallible> {
    // Answers to what came before.
    let mut flush = |context: &mut Context<'_>| {
        Pin::new(&mut framed).flush::<Message<(Response<()>, BodySize)>>(context)
    };
    if poll_fn(&mut flush).await.is_err() {
        // The client is gone.
        return Ok(());
    }
    let parts = framed.into_parts();
    let mut unread = head(&request);
    unread.extend_from_slice(&parts.read_buf);
    parts.io.connection().begin_anew(Anew {
        unread,
        interruptible: request.method() != Method::CONNECT,
    });
    Ok(())
}

/// The request's head, as it would be without the wish for another protocol.
fn head(request: &Request) -> BytesMut {
    let version = match request.version() {
        Version::HTTP_10 => " HTTP/1.0\r\n",
        _ => " HTTP/1.1\r\n",
    };
    let mut head = BytesMut::new();
    head.extend_from_slice(request.method().as_str().as_bytes());
    head.extend_from_slice(b" ");
    head.extend_from_slice(request.uri().to_string().as_bytes());
    head.extend_from_slice(version.as_bytes());
    for (name, value) in request.headers() {
        let value = value.as_bytes();
        if *name == UPGRADE {
            continue;
        }
        let kept = (*name == CONNECTION).then(|| without_upgrade(value));
        let value = match &kept {
            Some(kept) if kept.is_empty() => continue,
            Some(kept) => kept,
            None => value,
        };
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// A list of connection options without `upgrade`.
fn without_upgrade(options: &[u8]) -> Vec<u8> {
    let kept: Vec<_> = options
        .split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|option| !option.eq_ignore_ascii_case(b"upgrade"))
        .collect();
    kept.join(&b", "[..])
}
