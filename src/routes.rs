//! The whole route table, then the handlers.

use actix_web::http::header::{Accept, CACHE_CONTROL, Header as _, Quality, VARY};
use actix_web::mime::{self, Mime};
use actix_web::web::{self, Bytes, ReqData, ServiceConfig};
use actix_web::{Handler, HttpRequest, HttpResponse, Resource, Responder, guard};
use serde::Serialize;

use crate::error::Error;
use crate::forwarded::Seen;
use crate::health;

/// Every path that is answered; [`crate::server`] answers the others with 404.
pub fn routes(app: &mut ServiceConfig) {
    app.service(get("/", index))
        .service(get(health::LIVE_PATH, health::live))
        .service(get(health::READY_PATH, health::ready));
}

/// GET, and HEAD, for which actix-web leaves the body out; 405 for every other method.
fn get<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(
            web::route()
                .guard(guard::Any(guard::Get()).or(guard::Head()))
                .to(handler),
        )
        .default_service(web::to(async || {
            Err::<HttpResponse, _>(Error::MethodNotAllowed { allow: "GET, HEAD" })
        }))
}

/// What `GET /` tells; the JSON answer has the names of the lines.
#[derive(Serialize)]
struct Answer {
    message: &'static str,
    #[serde(rename = "X-Forwarded-For")]
    forwarded_for: String,
    #[serde(rename = "X-Real-IP")]
    real_ip: String,
    #[serde(rename = "X-Forwarded-Proto")]
    proto: String,
}

impl Answer {
    fn new(seen: &Seen) -> Self {
        Self {
            message: "It's easier to ask forgiveness than it is to get permission.",
            forwarded_for: seen.forwarded_for_value(),
            real_ip: seen.real_ip.to_string(),
            proto: seen.proto.to_string(),
        }
    }

    fn text(&self) -> String {
        let Self {
            message,
            forwarded_for,
            real_ip,
            proto,
        } = self;
        format!(
            "{message}\n\
             X-Forwarded-For: {forwarded_for}\n\
             X-Real-IP: {real_ip}\n\
             X-Forwarded-Proto: {proto}\n"
        )
    }
}

/// Says who asks. A body has no meaning here (RFC 9110, section 9.3.1); it is read to its end
/// all the same, because a connection with an unread body cannot serve another request.
async fn index(
    request: HttpRequest,
    seen: ReqData<Seen>,
    _body: Bytes,
) -> Result<HttpResponse, Error> {
    let media = negotiate(Accept::parse(&request).ok().as_ref()).ok_or(Error::NotAcceptable)?;
    let answer = Answer::new(&seen);
    let mut response = HttpResponse::Ok();
    // The answer is about one client: no cache may give it to another.
    response
        .insert_header((VARY, "Accept"))
        .insert_header((CACHE_CONTROL, "no-store"));
    Ok(match media {
        Media::Text => response
            .content_type("text/plain; charset=utf-8")
            .body(answer.text()),
        Media::Json => response.json(answer),
    })
}

/// What `GET /` can be answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Media {
    Text,
    Json,
}

impl Media {
    /// From most to least liked, where the client has no preference.
    const ALL: [Self; 2] = [Self::Text, Self::Json];

    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Text => ("text", "plain"),
            Self::Json => ("application", "json"),
        }
    }
}

/// Proactive negotiation (RFC 9110, section 12.5.1): for each media type that there is, the most
/// specific range that matches gives the quality, and the best quality wins. No header, an empty
/// one or one without a single well-formed range means that anything goes.
fn negotiate(accept: Option<&Accept>) -> Option<Media> {
    let ranges = match accept {
        Some(accept) if !accept.is_empty() => accept,
        _ => return Some(Media::ALL[0]),
    };
    let mut best = None;
    for media in Media::ALL {
        let quality = ranges
            .iter()
            .filter_map(|range| Some((specificity(&range.item, media)?, range.quality)))
            .max_by_key(|(specificity, _)| *specificity)
            .map(|(_, quality)| quality)
            .filter(|quality| *quality > Quality::ZERO);
        if quality > best.map(|(quality, _)| quality) {
            best = quality.map(|quality| (quality, media));
        }
    }
    best.map(|(_, media)| media)
}

/// How closely a range of an `Accept` field names the media type, or `None` if it does not.
fn specificity(range: &Mime, media: Media) -> Option<usize> {
    let (kind, subkind) = media.names();
    let names = match (range.type_(), range.subtype()) {
        (mime::STAR, mime::STAR) => 0,
        (range_kind, mime::STAR) if range_kind == kind => 1,
        (range_kind, range_subkind) if range_kind == kind && range_subkind == subkind => 2,
        _ => return None,
    };
    // Both answers are UTF-8; any other parameter asks for something that there is not.
    let parameters = range
        .params()
        .map(|parameter| parameter == (mime::CHARSET, mime::UTF_8));
    parameters
        .into_iter()
        .try_fold(names, |sum, known| known.then_some(sum + 1))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn negotiation() {
        use Media::{Json, Text};
        for (accept, media) in [
            (&[][..], Some(Text)),
            (&[""], Some(Text)),
            (&["*/*"], Some(Text)),
            (&["text/plain"], Some(Text)),
            (&["TEXT/Plain"], Some(Text)),
            (&["text/*"], Some(Text)),
            (&["text/plain;charset=UTF-8"], Some(Text)),
            (&["text/plain; charset=latin1"], None),
            (&["text/plain;format=flowed"], None),
            (&["application/json"], Some(Json)),
            (&["application/*"], Some(Json)),
            (&["application/json;q=0.001"], Some(Json)),
            (&["application/json, text/plain"], Some(Text)),
            (&["application/json, text/plain;q=0.9"], Some(Json)),
            (&["application/json", "text/plain;q=0.9"], Some(Json)),
            (&["text/plain;q=0.2, application/json;q=0.3"], Some(Json)),
            (&["application/json, */*;q=0.1"], Some(Json)),
            // The most specific range counts, not the best quality.
            (&["text/plain;q=0, */*"], Some(Json)),
            (&["*/*, text/plain;q=0"], Some(Json)),
            (
                &["text/*;q=0.2, application/json;q=0.5, text/plain;q=0.7"],
                Some(Text),
            ),
            (&["text/plain;q=0"], None),
            (&["*/*;q=0"], None),
            (&["text/html"], None),
            (&["image/png, text/html;q=0.9"], None),
            // As a browser sends it.
            (
                &["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
                Some(Text),
            ),
            // Not one well-formed range.
            (&["nonsense"], Some(Text)),
        ] {
            let mut request = TestRequest::default();
            for value in accept {
                request = request.append_header(("Accept", *value));
            }
            let request = request.to_http_request();
            assert_eq!(
                negotiate(Accept::parse(&request).ok().as_ref()),
                media,
                "{accept:?}"
            );
        }
    }
}
