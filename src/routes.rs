//! The whole route table, then the handlers.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, VARY};
use actix_web::web::{Data, Payload, ServiceConfig};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use futures_util::StreamExt as _;
use serde::Serialize;

use askama::Template as _;
use chassis::forwarded::{address_text, push_address};
use chassis::{ClientInfo, Error, Media, get, negotiate};

use crate::page::{self, Index};
use crate::settings::Settings;

/// Every path that is answered, but those of the health probes; others are answered with 404.
pub fn routes(app: &mut ServiceConfig) {
    app.service(get("/", index));
}

/// What `GET /` can be answered with, from most to least liked where the client does not care:
/// `curl` gets the lines.
pub const OFFERED: &[Media] = &[Media::Text, Media::Html, Media::Json];

/// The first line.
const MESSAGE: &str = "It's easier to ask forgiveness than it is to get permission.";

/// What `GET /` tells, in lines.
fn text(client: &ClientInfo) -> String {
    // Enough for several proxies, so that it is not moved while it grows.
    let mut text = String::with_capacity(256);
    text.push_str(MESSAGE);
    text.push_str("\nX-Forwarded-For: ");
    client.push_forwarded_for(&mut text);
    text.push_str("\nX-Real-IP: ");
    push_address(&mut text, client.real_ip);
    text.push_str("\nX-Forwarded-Proto: ");
    text.push_str(client.proto.as_str());
    text.push('\n');
    text
}

/// What `GET /` tells, in JSON, by the names of the lines.
#[derive(Serialize)]
struct Answer {
    message: &'static str,
    #[serde(rename = "X-Forwarded-For")]
    forwarded_for: String,
    #[serde(rename = "X-Real-IP")]
    real_ip: String,
    #[serde(rename = "X-Forwarded-Proto")]
    proto: &'static str,
}

impl Answer {
    fn new(client: &ClientInfo) -> Self {
        Self {
            message: MESSAGE,
            forwarded_for: client.forwarded_for_value(),
            real_ip: address_text(client.real_ip),
            proto: client.proto.as_str(),
        }
    }
}

/// Says who asks. A body has no meaning here (RFC 9110, section 9.3.1); it is read to its end
/// all the same, because a connection with an unread body cannot serve another request.
async fn index(request: HttpRequest, body: Payload) -> Result<HttpResponse, Error> {
    read_to_end(body).await?;
    let media = negotiate(&request, OFFERED).ok_or(Error::NotAcceptable { offered: OFFERED })?;
    let extensions = request.extensions();
    // Whoever calls the handler without the envelope has left it out.
    let client = extensions.get::<ClientInfo>().ok_or(Error::Internal)?;
    let mut response = match media {
        Media::Text => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, HeaderValue::from_static(media.content_type())))
            .body(text(client)),
        Media::Html => {
            let protocol = format!("{:?}", request.version());
            let settings = request.app_data::<Data<Settings>>();
            let digest = settings.and_then(|settings| settings.image_digest.known());
            let page = Index::new(MESSAGE, client, &protocol, digest);
            page::html(StatusCode::OK, page.render())?
        }
        Media::Json => HttpResponse::Ok().json(Answer::new(client)),
    };
    // The answer is about one client: no cache may give it to another.
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn read_to_end(mut body: Payload) -> Result<(), Error> {
    while let Some(part) = body.next().await {
        part.map_err(|error| Error::from_actix(&error.into()))?;
    }
    Ok(())
}
