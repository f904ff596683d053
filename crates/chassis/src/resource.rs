//! A path that is read, and nothing else.

use actix_web::web;
use actix_web::{FromRequest, Handler, HttpResponse, Resource, Responder};

use crate::error::Error;

/// GET, and HEAD, for which actix-web leaves the body out; 405 with `Allow` for every other method.
pub fn get<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(async || {
            Err::<HttpResponse, _>(Error::MethodNotAllowed { allow: "GET, HEAD" })
        }))
}
