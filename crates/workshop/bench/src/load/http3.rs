//! Load over HTTP/3 by quinn and h3, since h2load is seldom built with it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use h3::client::SendRequest;
use h3_quinn::OpenStreams;
use http::{Request, StatusCode};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Endpoint};
use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::runtime;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::{STREAMS, WARM_UP};
use crate::options::Plan;
use crate::pace::PATIENCE;

/// Requests per second, each stream asking again when it has its answer.
pub(crate) fn throughput(address: SocketAddr, certificate: &Path, plan: Plan) -> Result<f64> {
    let config = config(certificate)?;
    let seconds = Duration::from_secs(plan.seconds.into());
    let limit = WARM_UP + seconds + PATIENCE;
    let load = async {
        let begin = Instant::now() + WARM_UP;
        let time = begin..begin + seconds;
        let mut streams = JoinSet::new();
        let mut endpoints = Vec::new();
        for _ in 0..plan.connections {
            // A socket for each: the kernel gives all that comes from one to the same worker.
            let mut endpoint = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into())?;
            endpoint.set_default_client_config(config.clone());
            let connection = endpoint.connect(address, "localhost")?;
            endpoints.push(endpoint);
            let connection = h3_quinn::Connection::new(connection.await?);
            let (mut driver, sender) = h3::client::new(connection).await?;
            tokio::spawn(async move { driver.wait_idle().await });
            for _ in 0..STREAMS {
                streams.spawn(ask(sender.clone(), time.clone()));
            }
        }
        let mut answers = 0;
        while let Some(stream) = streams.join_next().await {
            answers += stream??;
        }
        Ok(f64::from(answers) / seconds.as_secs_f64())
    };
    runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async { timeout(limit, load).await })
        .with_context(|| format!("answers are still missing after {limit:?}"))?
}

/// Asks one thing after the other until the time is over; how many were answered in it.
async fn ask(
    mut sender: SendRequest<OpenStreams, Bytes>,
    time: std::ops::Range<Instant>,
) -> Result<u32> {
    let mut answers = 0;
    loop {
        let request = Request::get("https://localhost/").body(())?;
        let mut stream = sender.send_request(request).await?;
        stream.finish().await?;
        let status = stream.recv_response().await?.status();
        ensure!(status == StatusCode::OK, "{status}");
        while stream.recv_data().await?.is_some() {}
        let now = Instant::now();
        if now >= time.end {
            return Ok(answers);
        }
        answers += u32::from(now >= time.start);
    }
}

/// What is measured has a certificate of its own, which is all that is believed.
fn config(certificate: &Path) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate)?)?;
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h3".to_vec()];
    Ok(ClientConfig::new(Arc::new(QuicClientConfig::try_from(
        tls,
    )?)))
}
