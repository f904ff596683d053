//! HTTPS to the authority, for the crate that speaks ACME.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header::RETRY_AFTER};
use http_body_util::{BodyExt, Full};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls_pki_types::CertificateDer;
use ureq::{
    Agent,
    tls::{Certificate, RootCerts, TlsConfig},
};

/// How long a request may take, from the look-up of the name to the last byte.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The largest answer that is read, in bytes: a chain of ten certificates has about 20 KiB.
const MAX_BODY: u64 = 1 << 20;

/// Asks over HTTPS alone, and notes for how long the authority wants not to be asked.
#[derive(Clone)]
pub(crate) struct Https {
    agent: Agent,
    told: Arc<Mutex<Option<Duration>>>,
}

impl Https {
    /// Trusts these authorities, or where there are none, Mozilla's list.
    pub(crate) fn trusting(authorities: &[CertificateDer<'static>]) -> Self {
        let roots = if authorities.is_empty() {
            RootCerts::WebPki
        } else {
            let owned = |der: &CertificateDer<'_>| Certificate::from_der(der).to_owned();
            RootCerts::from(authorities.iter().map(owned).collect::<Vec<_>>())
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(provider)
            .root_certs(roots)
            .build();
        let agent = Agent::config_builder()
            .https_only(true)
            // What an error says is in its body (RFC 8555, section 6.7).
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .tls_config(tls)
            .build()
            .into();
        Self {
            agent,
            told: Arc::default(),
        }
    }

    /// For how long the authority wanted not to be asked, if it refused one of the requests since
    /// the last time that this was called.
    pub(crate) fn told_to_wait(&self) -> Option<Duration> {
        self.told.lock().ok()?.take()
    }

    fn note(&self, response: &Response<ureq::Body>) {
        let refused = [
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::SERVICE_UNAVAILABLE,
        ];
        let seconds = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok());
        if refused.contains(&response.status())
            && let (Some(seconds), Ok(mut told)) = (seconds, self.told.lock())
        {
            *told = Some(Duration::from_secs(seconds));
        }
    }
}

impl HttpClient for Https {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let this = self.clone();
        Box::pin(async move {
            let other = |error: ureq::Error| Error::Other(Box::new(error));
            let (parts, body) = request.into_parts();
            let sent = match body.collect().await {
                Ok(body) => body.to_bytes().to_vec(),
                Err(never) => match never {},
            };
            // It blocks, and nobody else has anything to do.
            let response = this
                .agent
                .run(Request::from_parts(parts, sent))
                .map_err(other)?;
            this.note(&response);
            let (parts, mut body) = response.into_parts();
            let bytes = body
                .with_config()
                .limit(MAX_BODY)
                .read_to_vec()
                .map_err(other)?;
            Ok(Response::from_parts(parts, Full::new(Bytes::from(bytes))).into())
        })
    }
}
