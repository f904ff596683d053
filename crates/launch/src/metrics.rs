//! What Prometheus is told of nginx, on a port of its own that nginx has no route to.
//!
//! Names are those of OpenTelemetry's semantic conventions for HTTP
//! (<https://opentelemetry.io/docs/specs/semconv/http/http-metrics/>) and of what exports nginx's
//! `stub_status` elsewhere (<https://github.com/nginx/nginx-prometheus-exporter>); those that neither
//! has begin with `edge_`. Whatever clients and services send, there are few series of each.

use core::{
    fmt::{self, Write},
    str,
};

/// The longest page, in bytes.
pub const MAX_PAGE: usize = 1 << 18;

/// How many statuses are told apart; whatever comes after that many is counted as status 0.
const MOST: usize = 32;

/// Upper bounds in milliseconds: those of the service's own.
const BOUNDS: [u64; 15] = [
    1, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000,
];

/// What a look at nginx gives: [`look`] says in which order.
pub type Look = [u64; 10];

/// The names of a look's values, and their types.
const VALUES: [(&str, &str); 10] = [
    ("nginx_connections_active", "gauge"),
    ("nginx_connections_accepted", "counter"),
    ("nginx_connections_handled", "counter"),
    ("nginx_http_requests_total", "counter"),
    ("nginx_connections_reading", "gauge"),
    ("nginx_connections_writing", "gauge"),
    ("nginx_connections_waiting", "gauge"),
    ("edge_reloads_total", "counter"),
    ("edge_certificate_not_before_timestamp_seconds", "gauge"),
    ("edge_certificate_not_after_timestamp_seconds", "gauge"),
];

/// Reads an answer of `stub_status`, which has in `X-Loads` how often nginx was reloaded:
/// <https://nginx.org/en/docs/http/ngx_http_stub_status_module.html>. After its seven numbers and that
/// one there is room for the validity of the certificate.
#[must_use]
pub fn look(answer: &str) -> Option<Look> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let loads = head.lines().find_map(|line| line.strip_prefix("X-Loads: "));
    let mut values = [0; 10];
    let mut numbers = body.split_whitespace().filter_map(|word| word.parse().ok());
    for value in &mut values[..7] {
        *value = numbers.next()?;
    }
    values[7] = loads?.parse().ok()?;
    Some(values)
}

/// How long something took, each time.
#[derive(Clone, Copy, Default)]
struct Histogram {
    /// A status, or what stands in its place.
    key: u16,
    count: u64,
    milliseconds: u64,
    buckets: [u64; BOUNDS.len()],
}

type Histograms = [Histogram; MOST];

/// The bit of a key that says that there was no answer, but an error that nginx calls by a status.
const FAILED: u16 = 1 << 15;

/// What is counted.
#[derive(Default)]
pub struct Metrics {
    requests: Histograms,
    attempts: Histograms,
    /// Answers of 5xx that are the edge's own.
    errors: u64,
    /// What `limit_req` and `limit_conn` have rejected.
    refusals: [u64; 2],
    look: Option<Look>,
    looks: u64,
}

impl Metrics {
    /// How many looks there were at nginx, one a second.
    #[must_use]
    pub const fn looks(&self) -> u64 {
        self.looks
    }

    /// Counts a line: of a request, as `nginx/http/launched/metrics.conf` has it, or of a look, which
    /// begins with `=`. What is neither is left out.
    pub fn count(&mut self, line: &str) {
        if let Some(values) = line.strip_prefix('=') {
            self.looks += 1;
            let mut numbers = values.split(' ').map_while(|word| word.parse().ok());
            let mut look = [0; 10];
            let whole = look
                .iter_mut()
                .all(|value| numbers.next().map(|number| *value = number).is_some());
            self.look = whole.then_some(look);
        } else {
            let _ = self.count_request(line);
        }
    }

    fn count_request(&mut self, line: &str) -> Option<()> {
        let mut fields = line.split('\t');
        let status = fields.next()?.parse().ok()?;
        observe(&mut self.requests, status, milliseconds(fields.next()?)?);
        for refusals in &mut self.refusals {
            *refusals += u64::from(fields.next()? == "REJECTED");
        }
        // One for each service that was tried: https://nginx.org/en/docs/http/ngx_http_upstream_module.html#var_upstream_status
        let mut list = || Some(fields.next()?.split([',', ':']).map(str::trim));
        let tried = list()?.zip(list()?).zip(list()?);
        let mut answered = false;
        for ((status, time), head) in tried {
            answered = head != "-";
            let failed = if answered { 0 } else { FAILED };
            if let (Ok(status), Some(time)) = (status.parse::<u16>(), milliseconds(time)) {
                observe(&mut self.attempts, status | failed, time);
            }
        }
        self.errors += u64::from(status >= 500 && !answered);
        Some(())
    }

    /// Writes the page, in Prometheus' text format:
    /// <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, out: &mut impl Write) -> fmt::Result {
        write(out, "http_server_request_duration_seconds", &self.requests)?;
        write(out, "http_client_request_duration_seconds", &self.attempts)?;
        typed(out, "edge_errors_total", "counter")?;
        writeln!(out, "edge_errors_total {}", self.errors)?;
        typed(out, "edge_refusals_total", "counter")?;
        for (limit, count) in ["limit_req", "limit_conn"].iter().zip(self.refusals) {
            writeln!(out, "edge_refusals_total{{limit=\"{limit}\"}} {count}")?;
        }
        typed(out, "nginx_up", "gauge")?;
        writeln!(out, "nginx_up {}", u8::from(self.look.is_some()))?;
        for ((name, kind), value) in VALUES.iter().zip(self.look.iter().flatten()) {
            // A certificate that could not be read has no validity.
            if *value > 0 || !name.contains("_certificate_") {
                typed(out, name, kind)?;
                writeln!(out, "{name} {value}")?;
            }
        }
        Ok(())
    }
}

fn observe(histograms: &mut Histograms, key: u16, milliseconds: u64) {
    let fits = |one: &Histogram| key != 0 && (one.key == key || one.count == 0);
    let place = histograms[..MOST - 1].iter().position(fits);
    let one = &mut histograms[place.unwrap_or(MOST - 1)];
    one.key = place.map_or(0, |_| key);
    one.count += 1;
    one.milliseconds += milliseconds;
    for (bucket, bound) in one.buckets.iter_mut().zip(BOUNDS) {
        *bucket += u64::from(milliseconds <= bound);
    }
}

/// Of a time as nginx writes it, in seconds with three digits behind the point.
fn milliseconds(text: &str) -> Option<u64> {
    let (seconds, rest) = text.split_once('.')?;
    let rest: u64 = rest.parse().ok().filter(|_| rest.len() == 3)?;
    Some(u64::from(seconds.parse::<u32>().ok()?) * 1000 + rest)
}

/// In seconds, as floating-point numbers are written.
fn seconds(milliseconds: u64) -> impl fmt::Display {
    fmt::from_fn(move |f| {
        let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
        match rest {
            _ if rest % 100 == 0 => write!(f, "{seconds}.{}", rest / 100),
            _ if rest % 10 == 0 => write!(f, "{seconds}.{:02}", rest / 10),
            _ => write!(f, "{seconds}.{rest:03}"),
        }
    })
}

fn typed(out: &mut impl Write, name: &str, kind: &str) -> fmt::Result {
    writeln!(out, "# TYPE {name} {kind}")
}

fn write(out: &mut impl Write, name: &str, histograms: &Histograms) -> fmt::Result {
    typed(out, name, "histogram")?;
    for one in histograms.iter().filter(|one| one.count > 0) {
        let (key, count) = (one.key & !FAILED, one.count);
        let label = match one.key & FAILED {
            0 => "http_response_status_code",
            _ => "error_type",
        };
        for (count, bound) in one.buckets.iter().zip(BOUNDS) {
            let bound = seconds(bound);
            writeln!(
                out,
                "{name}_bucket{{{label}=\"{key}\",le=\"{bound}\"}} {count}"
            )?;
        }
        writeln!(
            out,
            "{name}_bucket{{{label}=\"{key}\",le=\"+Inf\"}} {count}"
        )?;
        let sum = seconds(one.milliseconds);
        writeln!(
            out,
            "{name}_sum{{{label}=\"{key}\"}} {sum}\n{name}_count{{{label}=\"{key}\"}} {count}"
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(lines: &[&str]) -> String {
        let mut metrics = Metrics::default();
        for line in lines {
            metrics.count(line);
        }
        let mut page = String::new();
        metrics.write(&mut page).unwrap();
        page
    }

    /// How many of each, in few words, behind what is there before anything is counted.
    fn counted(lines: &[&str]) -> String {
        let page = page(lines).replace("_request_duration_seconds_count", "");
        let page = page.replace("http_response_status_code=", "");
        let counts = page
            .lines()
            .filter(|line| !line.starts_with('#') && !line.contains("duration"));
        counts
            .filter(|line| !line.ends_with(" 0"))
            .collect::<Vec<_>>()
            .join(", ")
    }

    #[test]
    fn what_is_no_line_counts_nothing() {
        for line in [
            "",
            "=",
            "=1 2 3 4 5 6 7 8 9 ",
            "200",
            "200\t0.1\t-\t-\t-\t-\t-",
            "a\t0.001\t-\t-\t-\t-\t-",
            "70000\t0.000\t-\t-\t-\t-\t-",
            "200\t99999999999999999.000\t-\t-\t-\t-\t-",
        ] {
            assert_eq!(page(&[line]), page(&[]), "{line}");
        }
    }

    #[test]
    fn a_request_is_counted_with_each_service_that_was_asked() {
        for (line, wanted) in [
            ("301\t0.000\t-\tPASSED\t-\t-\t-", r#"http_server{"301"} 1"#),
            (
                "200\t1.020\tPASSED\tPASSED\t200\t1.000\t0.900",
                r#"http_server{"200"} 1, http_client{"200"} 1"#,
            ),
            // The service's own.
            (
                "502\t0.001\tPASSED\tPASSED\t502\t0.001\t0.001",
                r#"http_server{"502"} 1, http_client{"502"} 1"#,
            ),
            // The first replica was gone.
            (
                "200\t0.300\tPASSED\tPASSED\t502, 200\t0.100, 0.200\t-, 0.150",
                r#"http_server{"200"} 1, http_client{error_type="502"} 1, http_client{"200"} 1"#,
            ),
            // A client that left.
            (
                "499\t0.030\tPASSED\tPASSED\t-\t0.030\t-",
                r#"http_server{"499"} 1"#,
            ),
            (
                "504\t5.000\tPASSED\tPASSED\t504, 504 : 502\t1.000, 4.000 : 0.000\t-, - : -",
                r#"http_server{"504"} 1, http_client{error_type="504"} 2, http_client{error_type="502"} 1, edge_errors_total 1"#,
            ),
            (
                "429\t0.000\tREJECTED\t-\t-\t-\t-",
                r#"http_server{"429"} 1, edge_refusals_total{limit="limit_req"} 1"#,
            ),
            (
                "429\t0.000\tPASSED\tREJECTED\t-\t-\t-",
                r#"http_server{"429"} 1, edge_refusals_total{limit="limit_conn"} 1"#,
            ),
        ] {
            assert_eq!(counted(&[line]), wanted, "{line}");
        }
    }

    #[test]
    fn the_page_is_as_prometheus_reads_it() {
        let lines = ["0.000", "0.001", "0.002", "9.999", "60.000"]
            .map(|time| format!("200\t{time}\t-\t-\t-\t-\t-"));
        let mut histogram = String::new();
        for (bound, count) in [
            ("0.001", 2),
            ("0.005", 3),
            ("0.01", 3),
            ("0.025", 3),
            ("0.05", 3),
            ("0.075", 3),
            ("0.1", 3),
            ("0.25", 3),
            ("0.5", 3),
            ("0.75", 3),
            ("1.0", 3),
            ("2.5", 3),
            ("5.0", 3),
            ("7.5", 3),
            ("10.0", 4),
            ("+Inf", 5),
        ] {
            let _ = writeln!(
                histogram,
                "http_server_request_duration_seconds_bucket{{http_response_status_code=\"200\",le=\"{bound}\"}} {count}"
            );
        }
        let wanted = format!(
            "\
# TYPE http_server_request_duration_seconds histogram
{histogram}\
http_server_request_duration_seconds_sum{{http_response_status_code=\"200\"}} 70.002
http_server_request_duration_seconds_count{{http_response_status_code=\"200\"}} 5
# TYPE http_client_request_duration_seconds histogram
# TYPE edge_errors_total counter
edge_errors_total 0
# TYPE edge_refusals_total counter
edge_refusals_total{{limit=\"limit_req\"}} 0
edge_refusals_total{{limit=\"limit_conn\"}} 0
# TYPE nginx_up gauge
nginx_up 0
"
        );
        assert_eq!(page(&lines.each_ref().map(String::as_str)), wanted);
    }

    #[test]
    fn no_series_is_there_twice_and_all_fit() {
        let lines: Vec<_> = (0..1000)
            .map(|status| format!("{status}\t4294967295.999\t-\t-\t{status}\t1.000\t-"))
            .collect();
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let page = page(&lines.repeat(2));
        assert!(page.len() < MAX_PAGE / 2, "{}", page.len());
        let mut names: Vec<_> = page
            .lines()
            .filter_map(|line| line.rsplit_once(' '))
            .collect();
        names.sort_unstable();
        names.dedup_by_key(|(name, _)| *name);
        assert_eq!(names.len(), page.lines().count());
    }

    #[test]
    fn a_look_is_told_until_there_is_none() {
        let answer = "HTTP/1.1 200 OK\r\nServer: nginx\r\nX-Loads: 4\r\n\r\nActive connections: 3 \nserver accepts handled requests\n 9 8 20 \nReading: 0 Writing: 1 Waiting: 2 \n";
        assert_eq!(look(answer), Some([3, 9, 8, 20, 0, 1, 2, 4, 0, 0]));
        for no in [
            "",
            "X-Loads: 4\r\n\r\n3 9 8 20 0 1",
            "HTTP/1.1 200 OK\r\n\r\n3 9 8 20 0 1 2",
        ] {
            assert_eq!(look(no), None, "{no}");
        }
        let line = "=3 9 8 20 0 1 2 4 0 1800000000 ";
        assert_eq!(
            counted(&[line]),
            "nginx_up 1, nginx_connections_active 3, nginx_connections_accepted 9, nginx_connections_handled 8, nginx_http_requests_total 20, nginx_connections_writing 1, nginx_connections_waiting 2, edge_reloads_total 4, edge_certificate_not_after_timestamp_seconds 1800000000"
        );
        assert!(!page(&[line]).contains("not_before"));
        assert_eq!(page(&[line, "="]), page(&[]));
    }
}
