//! Load over HTTP/3 by quinn and h3, since h2load is seldom built with it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h3::client::SendRequest;
use h3_quinn::OpenStreams;
use http::{Request, StatusCode};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Endpoint};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use tokio::runtime;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::{Plan, STREAMS, WARM_UP};
use crate::error::Error;
use crate::pace::PATIENCE;

/// Requests per second, each stream asking again when it has its answer.
pub(super) fn throughput(address: SocketAddr, plan: Plan) -> Result<f64, Error> {
    let seconds = Duration::from_secs(plan.seconds.into());
    let limit = WARM_UP + seconds + PATIENCE;
    let load = async {
        let begin = Instant::now() + WARM_UP;
        let time = begin..begin + seconds;
        let mut streams = JoinSet::new();
        let mut endpoints = Vec::new();
        for _ in 0..plan.connections {
            // A socket for each: the kernel gives all that comes from one to the same worker.
            let endpoint = endpoint()?;
            let connection = endpoint.connect(address, "localhost").map_err(failed)?;
            endpoints.push(endpoint);
            let connection = h3_quinn::Connection::new(connection.await.map_err(failed)?);
            let (mut driver, sender) = h3::client::new(connection).await.map_err(failed)?;
            tokio::spawn(async move { driver.wait_idle().await });
            for _ in 0..STREAMS {
                streams.spawn(ask(sender.clone(), time.clone()));
            }
        }
        let mut answers = 0;
        while let Some(stream) = streams.join_next().await {
            answers += stream.map_err(failed)??;
        }
        Ok(f64::from(answers) / seconds.as_secs_f64())
    };
    runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async { timeout(limit, load).await })
        .map_err(|_| Error::Late {
            seconds: PATIENCE.as_secs(),
        })?
}

/// Asks one thing after the other until the time is over; how many were answered in it.
async fn ask(
    mut sender: SendRequest<OpenStreams, Bytes>,
    time: std::ops::Range<Instant>,
) -> Result<u32, Error> {
    let mut answers = 0;
    loop {
        let request = Request::get("https://localhost/")
            .body(())
            .map_err(failed)?;
        let mut stream = sender.send_request(request).await.map_err(failed)?;
        stream.finish().await.map_err(failed)?;
        let status = stream.recv_response().await.map_err(failed)?.status();
        if status != StatusCode::OK {
            return Err(failed(status));
        }
        while stream.recv_data().await.map_err(failed)?.is_some() {}
        let now = Instant::now();
        if now >= time.end {
            return Ok(answers);
        }
        answers += u32::from(now >= time.start);
    }
}

fn endpoint() -> Result<Endpoint, Error> {
    let provider = Arc::new(ring::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(failed)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h3".to_vec()];
    let quic = QuicClientConfig::try_from(tls).map_err(failed)?;
    let mut endpoint = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into())?;
    endpoint.set_default_client_config(ClientConfig::new(Arc::new(quic)));
    Ok(endpoint)
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Http3(error.to_string())
}

/// Believes every certificate, as h2load does: what is measured has one of its own.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
