//! `Accept` → the media type to answer with: proactive negotiation (RFC 9110, section 12.5.1).

use std::fmt;

use actix_web::HttpMessage;
use actix_web::http::header::{ACCEPT, Accept, Header as _, Quality};
use actix_web::mime::{self, Mime};

/// What there is to answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// For programs and terminals.
    Text,
    /// For people with a browser.
    Html,
    /// For programs.
    Json,
}

impl Media {
    /// The value of `Content-Type`.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
            Self::Json => "application/json",
        }
    }

    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Text => ("text", "plain"),
            Self::Html => ("text", "html"),
            Self::Json => ("application", "json"),
        }
    }
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, subkind) = self.names();
        write!(f, "{kind}/{subkind}")
    }
}

/// For each of `offered`, the most specific range of the request's `Accept` that matches gives
/// the quality, and the best quality wins; where qualities are equal, what is offered first.
/// `None` is 406. No header, an empty one or one without a single well-formed range means that
/// anything goes.
#[must_use]
pub fn negotiate(request: &impl HttpMessage, offered: &[Media]) -> Option<Media> {
    // What most programs send needs no parser.
    let mut fields = request.headers().get_all(ACCEPT);
    match (fields.next(), fields.next()) {
        (None, _) => return offered.first().copied(),
        (Some(field), None) if field == "*/*" => return offered.first().copied(),
        _ => {}
    }
    let ranges = match Accept::parse(request) {
        Ok(accept) if !accept.is_empty() => accept,
        _ => return offered.first().copied(),
    };
    let mut best = None;
    for media in offered {
        let quality = ranges
            .iter()
            .filter_map(|range| Some((specificity(&range.item, *media)?, range.quality)))
            // Of two that are as specific the better counts, so that their order does not.
            .max()
            .map(|(_, quality)| quality)
            .filter(|quality| *quality > Quality::ZERO);
        if quality > best.map(|(quality, _)| quality) {
            best = quality.map(|quality| (quality, *media));
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
    // Every answer is UTF-8; any other parameter asks for something that there is not.
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
        use Media::{Html, Json, Text};
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
            (&["text/html"], Some(Html)),
            (&["text/html; charset=utf-8"], Some(Html)),
            (&["text/html;level=1"], None),
            (&["text/html, text/plain"], Some(Text)),
            (&["text/plain;q=0.9, text/html"], Some(Html)),
            (&["text/*, text/plain;q=0.5"], Some(Html)),
            (&["text/html;q=0, text/*;q=0.1"], Some(Text)),
            (&["application/json"], Some(Json)),
            (&["application/*"], Some(Json)),
            (&["application/json;q=0.001"], Some(Json)),
            (&["application/json, text/plain"], Some(Text)),
            (&["application/json, text/plain;q=0.9"], Some(Json)),
            (&["application/json", "text/plain;q=0.9"], Some(Json)),
            (&["text/plain;q=0.2, application/json;q=0.3"], Some(Json)),
            (&["application/json, */*;q=0.1"], Some(Json)),
            // The most specific range counts, not the best quality.
            (&["text/*;q=0, */*"], Some(Json)),
            (&["text/plain;q=0, */*"], Some(Html)),
            (&["*/*, text/plain;q=0, text/html;q=0.5"], Some(Json)),
            (
                &["text/*;q=0.2, application/json;q=0.5, text/plain;q=0.7"],
                Some(Text),
            ),
            // A range that is there twice counts with the better quality, in either order.
            (
                &["application/json;q=0.5, text/plain;q=0.2, text/plain"],
                Some(Text),
            ),
            (
                &["application/json;q=0.5, text/plain, text/plain;q=0.2"],
                Some(Text),
            ),
            (&["text/plain;q=0"], None),
            (&["*/*;q=0"], None),
            (&["image/png, application/xml;q=0.9"], None),
            // As a browser sends it.
            (
                &["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
                Some(Html),
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
                negotiate(&request, &[Text, Html, Json]),
                media,
                "{accept:?}"
            );
        }
    }
}
