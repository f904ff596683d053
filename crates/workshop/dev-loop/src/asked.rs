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

/// Asks until there is an answer that is not a gateway's own.
///
/// # Errors
/// What was last seen, when that takes too long.
pub async fn answers(url: String) -> Result<(), String> {
    let end = Instant::now() + LIMIT;
    loop {
        let asked = url.clone();
        let answer = tokio::task::spawn_blocking(move || status(&asked)).await;
        let why = match answer {
            // Bad Gateway and Gateway Timeout: RFC 9110, sections 15.6.3 and 15.6.5.
            Ok(Ok(status @ (502 | 504))) => format!("the edge says {status}"),
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        if Instant::now() > end {
            return Err(why);
        }
        sleep(BETWEEN).await;
    }
}

fn status(url: &str) -> Result<u16, ureq::Error> {
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(QUESTION))
        .http_status_as_error(false)
        .max_redirects(0)
        // The pair may be for another name; nothing is said there that anybody may not know.
        .tls_config(TlsConfig::builder().disable_verification(true).build())
        .build()
        .into();
    Ok(agent.get(url).call()?.status().as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread;

    #[tokio::test]
    async fn a_gateways_own_answer_is_none() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("its address"));
        let server = thread::spawn(move || {
            for status in ["502 Bad Gateway", "504 Gateway Timeout", "404 Not Found"] {
                let (mut client, _) = listener.accept().expect("a question");
                let _ = client.read(&mut [0; 4096]).expect("its head");
                let answer =
                    format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                client.write_all(answer.as_bytes()).expect("an answer");
            }
        });
        answers(url).await.expect("an answer");
        server.join().expect("all three were asked for");
    }
}
