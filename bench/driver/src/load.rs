//! Load by h2load of nghttp2, which knows HTTP/1.1 and HTTP/2.

use std::net::SocketAddr;
use std::process::Command;

use crate::error::Error;

/// What is asked of the load generator.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// Connections, each of which is kept.
    pub(crate) connections: u32,
    /// How long it measures, after a second that does not count.
    pub(crate) seconds: u32,
}

/// Requests per second over HTTP/1.1, each connection asking again when it has its answer.
pub(crate) fn throughput(address: SocketAddr, plan: Plan) -> Result<f64, Error> {
    let output = Command::new("h2load")
        .args(["--h1", "--threads", "1", "--warm-up-time", "1"])
        .args(["--clients", &plan.connections.to_string()])
        .args(["--duration", &plan.seconds.to_string()])
        .arg(format!("http://{address}/"))
        .output()
        .map_err(Error::NoLoad)?;
    parse(&String::from_utf8_lossy(&output.stdout))
}

fn parse(said: &str) -> Result<f64, Error> {
    let missing = |wanted| Error::Load {
        wanted,
        said: said.to_owned(),
    };
    // requests: 10 total, 10 started, 10 done, 10 succeeded, 0 failed, 0 errored, 0 timeout
    let requests = field(said, "requests:").ok_or_else(|| missing("requests:"))?;
    let count = |what: &str| -> u64 {
        requests
            .split(',')
            .find_map(|part| part.trim().strip_suffix(what)?.trim().parse().ok())
            .unwrap_or(0)
    };
    let (total, succeeded) = (count("total"), count("succeeded"));
    let failed = count("failed") + count("errored") + count("timeout");
    if failed > 0 || succeeded == 0 {
        return Err(Error::Failed { failed, total });
    }
    // finished in 5.00s, 1234.50 req/s, 1.2MB/s
    field(said, "finished in")
        .and_then(|finished| {
            finished
                .split(',')
                .find_map(|part| part.trim().strip_suffix("req/s")?.trim().parse().ok())
        })
        .ok_or_else(|| missing("req/s"))
}

fn field<'a>(said: &'a str, name: &str) -> Option<&'a str> {
    said.lines().find_map(|line| line.strip_prefix(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "finished in 5.00s, 1234.50 req/s, 1.20MB/s\n\
        requests: 6172 total, 6172 started, 6172 done, 6172 succeeded, 0 failed, 0 errored, 0 timeout\n";

    #[test]
    fn the_rate_is_read() {
        assert!((parse(SAID).unwrap_or(0.0) - 1234.5).abs() < f64::EPSILON);
    }

    #[test]
    fn failed_requests_are_no_rate() {
        let said = SAID.replace("0 errored", "3 errored");
        assert!(matches!(
            parse(&said),
            Err(Error::Failed {
                failed: 3,
                total: 6172
            })
        ));
    }

    #[test]
    fn what_is_not_understood_is_shown() {
        let error = parse("nothing").err().map(|error| error.to_string());
        assert_eq!(
            error.as_deref(),
            Some("h2load did not say 'requests:'; it said: nothing")
        );
    }
}
