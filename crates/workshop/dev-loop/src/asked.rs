//! Whether the service is to be seen where the user will look for it.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use ureq::Agent;
use ureq::tls::TlsConfig;

/// How long one question may take.
const QUESTION: Duration = Duration::from_secs(2);
/// Between two of them.
const BETWEEN: Duration = Duration::from_millis(50);
/// How long the edge may take to find the service.
const LIMIT: Duration = Duration::from_secs(20);

/// Asks until there is an answer that is not the edge's own.
///
/// # Errors
/// What was last seen, when that takes too long.
pub async fn answers(url: String) -> Result<(), String> {
    let end = Instant::now() + LIMIT;
    loop {
        let asked = url.clone();
        let answer = tokio::task::spawn_blocking(move || edge_error(&asked)).await;
        let why = match answer {
            Ok(Ok(Some(error))) => format!("the edge has no answer: {error}"),
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        if Instant::now() > end {
            return Err(why);
        }
        sleep(BETWEEN).await;
    }
}

/// What the edge says of an answer that it has not got: RFC 9209, section 2.1.1, as in
/// `nginx/http/errors.conf`.
fn edge_error(url: &str) -> Result<Option<String>, ureq::Error> {
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(QUESTION))
        .http_status_as_error(false)
        .max_redirects(0)
        // The pair may be for another name; nothing is said there that anybody may not know.
        .tls_config(TlsConfig::builder().disable_verification(true).build())
        .build()
        .into();
    let answer = agent.get(url).call()?;
    let whose = answer.headers().get("Proxy-Status");
    Ok(whose
        .and_then(|value| value.to_str().ok()?.strip_prefix("edge;error="))
        .map(ToOwned::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread;

    #[tokio::test]
    async fn the_edges_own_answer_is_none() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("its address"));
        let server = thread::spawn(move || {
            for head in [
                "502 Bad Gateway\r\nProxy-Status: edge;error=destination_unavailable",
                "504 Gateway Timeout\r\nProxy-Status: edge;error=connection_timeout",
                "502 Bad Gateway",
            ] {
                let (mut client, _) = listener.accept().expect("a question");
                let _ = client.read(&mut [0; 4096]).expect("its head");
                let answer =
                    format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                client.write_all(answer.as_bytes()).expect("an answer");
            }
        });
        answers(url).await.expect("an answer");
        server.join().expect("all three were asked for");
    }
}
