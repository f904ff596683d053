//! What people see: the page, and errors, as HTML. The templates are in `templates/`.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError as _};
use askama::Template;

use chassis::{ClientInfo, Error, Media, replica};

use crate::program::PROGRAM;

/// On every HTML answer, so that the page is as safe without the edge as behind it.
const HEADERS: [(&str, &str); 7] = [
    // The page's own style, script, icon and questions; nothing else, from nowhere else.
    (
        "Content-Security-Policy",
        "default-src 'none'; connect-src 'self'; img-src 'self'; script-src 'self'; \
         style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    (
        "Permissions-Policy",
        "camera=(), geolocation=(), microphone=()",
    ),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
];

/// The page: a saying, and what the server saw of the request.
#[derive(Debug, Template)]
#[template(path = "index.html")]
pub struct Index {
    quote: String,
    groups: [(&'static str, Vec<(&'static str, String)>); 3],
}

impl Index {
    /// `protocol` is that of the connection to this process, which is the client's own when
    /// there is no edge; `image_digest` is shown if it is known.
    #[must_use]
    pub fn new(
        message: &str,
        client: &ClientInfo,
        protocol: &str,
        image_digest: Option<&str>,
    ) -> Self {
        let connection = &client.connection;
        let known = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        let mut server = vec![
            ("Request id", client.request_id.clone().unwrap_or_default()),
            ("Replica", replica()),
            ("Version", PROGRAM.version.to_owned()),
            ("Source revision", PROGRAM.revision().to_owned()),
        ];
        if let Some(digest) = image_digest {
            server.push(("Image digest", digest.to_owned()));
        }
        Self {
            quote: message.replace('\'', "’"),
            groups: [
                (
                    "Client",
                    vec![
                        ("Address", client.address.to_string()),
                        ("X-Forwarded-For", client.forwarded_for_value()),
                        ("X-Real-IP", client.real_ip.to_string()),
                        ("X-Forwarded-Proto", client.proto.to_string()),
                    ],
                ),
                (
                    "Connection",
                    vec![
                        (
                            "Protocol",
                            connection
                                .protocol
                                .as_deref()
                                .unwrap_or(protocol)
                                .to_owned(),
                        ),
                        ("TLS version", known(&connection.tls_version)),
                        ("Cipher", known(&connection.tls_cipher)),
                        ("Key exchange group", known(&connection.tls_group)),
                    ],
                ),
                ("Server", server),
            ],
        }
    }
}

/// An error, said to a person.
#[derive(Debug, Template)]
#[template(path = "error.html")]
struct Refusal {
    /// For example 404.
    status: u16,
    /// For example `Not Found`.
    reason: &'static str,
    /// What it means for whoever reads it.
    sentence: String,
}

/// An error as a page, for [`chassis::Service::error_page`].
pub fn error(error: &Error) -> Option<HttpResponse> {
    let refusal = Refusal {
        status: error.status_code().as_u16(),
        reason: error.reason(),
        sentence: error.sentence(),
    };
    html(error.status_code(), refusal.render()).ok()
}

/// An answer with this body, which is a rendered template.
///
/// # Errors
/// [`Error::Internal`] when the template has failed, which only a template that calls something
/// that fails can do.
pub fn html(status: StatusCode, body: askama::Result<String>) -> Result<HttpResponse, Error> {
    let body = body.map_err(|error| {
        log::error!(error:% = error; "template failed");
        Error::Internal
    })?;
    let mut response = HttpResponse::build(status);
    response.content_type(Media::Html.content_type());
    for header in HEADERS {
        response.insert_header(header);
    }
    Ok(response.body(body))
}
