//! What every service on this chassis is configured with: the rows.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use crate::log::{LogFormat, LogLevels};
use crate::networks::Networks;
use crate::variable::Preset;

crate::variables! {
    /// What every service on this chassis is configured with, by environment variables.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Config {
        /// where to listen; port 0 takes a free one
        pub bind: SocketAddr = APP_BIND or "0.0.0.0:8000";

        /// threads that serve requests
        pub workers: usize = APP_WORKERS or ONE_PER_PROCESSOR, from 1 to 256;

        /// open connections, all workers together; more wait in the backlog
        pub max_connections: usize = APP_MAX_CONNECTIONS or "8192", from 1 to 1_000_000;

        /// connections that may wait for being accepted
        pub backlog: i32 = APP_BACKLOG or "1024", from 1 to 65_535;

        /// how long an idle connection stays open for the next request; 0 takes one request each
        // Longer than the 30 s of nginx's upstream pool, so that the service never closes first.
        pub keep_alive: Duration = APP_KEEP_ALIVE_SECONDS or "75", from 0 to 3600;

        /// how long a request's head may take to arrive (408)
        pub header_timeout: Duration = APP_HEADER_TIMEOUT_SECONDS or "10", from 1 to 300;

        /// how long a body may take to arrive (408) and be answered (503)
        pub request_timeout: Duration = APP_REQUEST_TIMEOUT_SECONDS or "30", from 1 to 3600;

        /// how long a client may leave sent bytes unacknowledged before it is cut off
        pub write_timeout: Duration = APP_WRITE_TIMEOUT_SECONDS or "30", from 1 to 3600;

        /// request line and header fields together (431)
        // actix-http stops reading a head at 131072 bytes, so more would not be honoured.
        pub max_header_bytes: usize = APP_MAX_HEADER_BYTES or "32768", from 1024 to 65_536;

        /// a request's body (413)
        pub max_body_bytes: usize = APP_MAX_BODY_BYTES or "1048576", from 0 to 1_073_741_824;

        /// how long requests in flight may finish after a stop signal and the drain delay
        // Below the 10 s that `docker stop` waits before it kills.
        pub shutdown: Duration = APP_SHUTDOWN_SECONDS or "8", from 1 to 300;

        /// how long `/readyz` answers 503 after a stop signal while requests are still accepted
        pub drain_delay: Duration = APP_DRAIN_DELAY_SECONDS or "0", from 0 to 300;

        /// peers whose `X-Forwarded-*`, `X-Edge-*`, `X-Real-IP`, `X-Request-Id` and `traceparent` are believed
        pub trusted_networks: Networks = APP_TRUSTED_NETWORKS or "127.0.0.0/8,::1/128";

        /// where Prometheus finds `/metrics`: a port that no proxy leads to
        // Nobody is asked who they are there.
        pub metrics_bind: Option<SocketAddr> = APP_METRICS_BIND or "none";

        /// log lines for people or for machines
        pub log_format: LogFormat = APP_LOG_FORMAT or "text";

        /// what is logged; health probes and `/metrics` are at `debug`
        pub log_levels: LogLevels = RUST_LOG or "info";
    }
}

/// As many as the process may use (cgroup quotas count).
const ONE_PER_PROCESSOR: Preset = Preset::Found {
    words: "one per processor",
    number: || thread::available_parallelism().map_or(1, |processors| processors.get() as u64),
};

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::variable::{Allowed, ConfigError, Table as _};

    fn config(vars: &[(&str, &str)]) -> Result<Config, Vec<ConfigError>> {
        Config::from_vars(vars.iter().map(|(name, value)| (name.into(), value.into())))
    }

    #[test]
    fn every_default_is_allowed_and_shown_once_in_order() {
        let shown: Vec<_> = config(&[]).unwrap().effective();
        let names: Vec<_> = shown.iter().map(|(name, _)| *name).collect();
        let expected: Vec<_> = Config::variables()
            .iter()
            .map(|variable| variable.name)
            .collect();
        assert_eq!(names, expected);
        for ((name, value), variable) in shown.iter().zip(Config::variables()) {
            assert_eq!(*value, variable.default_value(), "{name}");
        }
    }

    #[test]
    fn what_is_shown_can_be_set_again() {
        let vars = [
            ("APP_BIND", "[::1]:0"),
            ("APP_WORKERS", "3"),
            ("APP_TRUSTED_NETWORKS", "10.1.2.3/8, ::1 ,192.0.2.7"),
            ("APP_METRICS_BIND", "[::1]:0"),
            ("APP_LOG_FORMAT", "json"),
            ("RUST_LOG", "warn,drydock::request=DEBUG"),
        ];
        let first = config(&vars).unwrap();
        let shown = first.effective();
        let again: Vec<_> = shown
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        assert_eq!(config(&again).unwrap(), first);
        assert!(again.contains(&("APP_TRUSTED_NETWORKS", "10.0.0.0/8,::1/128,192.0.2.7/32")));
        assert!(again.contains(&("RUST_LOG", "warn,drydock::request=debug")));
    }

    #[test]
    fn both_ends_of_a_range_are_allowed_and_the_next_values_are_not() {
        for variable in Config::variables() {
            let Allowed::Whole { min, max } = variable.allowed else {
                continue;
            };
            for value in [min, max] {
                assert!(
                    config(&[(variable.name, &value.to_string())]).is_ok(),
                    "{variable:?}"
                );
            }
            let below = min.checked_sub(1).map(|value| value.to_string());
            for value in [below, Some((max + 1).to_string())].into_iter().flatten() {
                let errors = config(&[(variable.name, &value)]).unwrap_err();
                assert!(
                    matches!(&errors[..], [ConfigError::NotAllowed { name, .. }] if *name == variable.name),
                    "{variable:?} {value}"
                );
            }
        }
    }

    #[test]
    fn refused_values() {
        for (name, value) in [
            ("APP_BIND", "8000"),
            ("APP_BIND", "localhost:8000"),
            ("APP_BIND", "0.0.0.0:65536"),
            ("APP_METRICS_BIND", "9000"),
            ("APP_WORKERS", ""),
            ("APP_WORKERS", "two"),
            ("APP_WORKERS", "+2"),
            ("APP_WORKERS", " 2"),
            ("APP_WORKERS", "99999999999999999999999"),
            ("APP_TRUSTED_NETWORKS", ""),
            ("APP_TRUSTED_NETWORKS", "10.0.0.0/33"),
            ("APP_TRUSTED_NETWORKS", "10.0.0.0/8,"),
            ("APP_TRUSTED_NETWORKS", "none,::1"),
            ("APP_TRUSTED_NETWORKS", "localhost"),
            ("APP_TRUSTED_NETWORKS", "::ffff:10.0.0.0/95"),
            ("APP_LOG_FORMAT", "JSON "),
            ("RUST_LOG", ""),
            ("RUST_LOG", "inof"),
            ("RUST_LOG", "drydock"),
            ("RUST_LOG", "=info"),
            ("RUST_LOG", "info,,warn"),
            ("RUST_LOG", "info/regex"),
        ] {
            let errors = config(&[(name, value)]).unwrap_err();
            let [error] = &errors[..] else {
                panic!("{name}={value}: {errors:?}")
            };
            let text = error.to_string();
            assert!(text.starts_with(&format!("{name}={value:?} ")), "{text}");
        }
    }

    #[test]
    fn unknown_names_are_refused_with_the_close_one() {
        for (name, close) in [
            ("APP_WORKER", Some("APP_WORKERS")),
            ("APP_BIDN", Some("APP_BIND")),
            ("APP_Bind", Some("APP_BIND")),
            ("APP_KEEPALIVE_SECONDS", Some("APP_KEEP_ALIVE_SECONDS")),
            ("APP_SOMETHING_ELSE", None),
        ] {
            let errors = config(&[(name, "1")]).unwrap_err();
            let expected = ConfigError::Unknown {
                name: name.into(),
                close,
            };
            assert_eq!(errors, [expected]);
        }
    }

    #[test]
    fn names_of_others_are_passed_over() {
        for (name, value) in [
            ("PATH", "/bin"),
            ("MY_APP_BIND", "x"),
            ("APP_SERVICE_HOST", "10.0.0.1"),
            ("APP_SERVICE_PORT_HTTP", "80"),
            ("APP_PORT", "tcp://10.0.0.1:80"),
            ("APP_PORT_80_TCP", "tcp://10.0.0.1:80"),
            ("APP_PORT_80_TCP_ADDR", "10.0.0.1"),
            ("APP_DB_SERVICE_HOST", "10.0.0.1"),
            ("APP_DB_SERVICE_PORT", "5432"),
            ("APP_DB_SERVICE_PORT_POSTGRES", "5432"),
            ("APP_DB_PORT", "tcp://10.0.0.1:5432"),
            ("APP_DB_PORT_5432_TCP", "tcp://10.0.0.1:5432"),
            ("APP_DB_PORT_5432_TCP_PROTO", "tcp"),
            ("APP_DB_PORT_53_UDP_PORT", "53"),
        ] {
            assert!(config(&[(name, value)]).is_ok(), "{name}");
        }
        for (name, value) in [
            ("APP_PORT", "8080"),
            ("APP_DB_PORT", "5432"),
            ("APP_DB_PORT_FILE", "/run/secrets/port"),
            ("APP_DB_PORT_80_TLS", "x"),
            ("APP_DB_PORT_TCP", "x"),
            ("APP_SERVICE", "x"),
        ] {
            assert!(config(&[(name, value)]).is_err(), "{name}");
        }
    }

    #[test]
    fn all_problems_come_at_once_on_one_line_each() {
        let vars = [
            ("APP_WORKERS", "0"),
            ("APP_LOG_FORMAT", "x\ny"),
            ("APP_A\nB", "1"),
        ];
        let errors = config(&vars).unwrap_err();
        assert_eq!(errors.len(), 3);
        assert!(errors.iter().all(|error| !error.to_string().contains('\n')));
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_unicode_is_refused() {
        use std::os::unix::ffi::OsStringExt as _;
        let bytes = OsString::from_vec(vec![b'8', 0xff]);
        assert!(Config::from_vars([("APP_WORKERS".into(), bytes.clone())]).is_err());
        assert!(Config::from_vars([("RUST_LOG".into(), bytes.clone())]).is_err());
        assert!(Config::from_vars([("OTHER".into(), bytes)]).is_ok());
    }
}
