//! When it is time: pure functions of times.

use std::time::{Duration, SystemTime};

use ring::rand::{SecureRandom, SystemRandom};

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// The longest pause after failures, in the absence of another word of the authority. Let's Encrypt
/// takes five failed validations of a name in an hour: <https://letsencrypt.org/docs/rate-limits/>.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// How long to wait after a failure, of which so many came right before: the first pause, twice as
/// long each time, up to an hour; or what the authority asked for (RFC 8555, section 6.6), up to a day.
pub(crate) fn pause(first: Duration, failures: u32, told: Option<Duration>) -> Duration {
    let doubled = first
        .saturating_mul(1 << failures.min(16))
        .min(LONGEST_PAUSE.max(first));
    doubled.max(told.unwrap_or_default().min(DAY))
}

/// When the next look is due, in the words of the authority: not at once, and at least each day
/// (RFC 9773, section 4.3.2).
fn poll(after: Duration) -> Duration {
    after.clamp(MINUTE, DAY)
}

/// A moment of the window that the authority suggests, chosen at random (RFC 9773, section 4.2). Of one
/// that ends in the second half of the lifetime only that half counts: Pebble's are of a day and more,
/// and a certificate of some seconds would be renewed as soon as it is there.
pub(crate) fn within(
    (start, end): (SystemTime, SystemTime),
    lifetime: (SystemTime, SystemTime),
) -> SystemTime {
    let half = lifetime.0 + lifetime.1.duration_since(lifetime.0).unwrap_or_default() / 2;
    let start = if end > half { start.max(half) } else { start };
    let Ok(length) = end.duration_since(start) else {
        return start;
    };
    let mut bytes = [0; 4];
    // Without randomness, the middle: everybody's, but no reason not to renew.
    if SystemRandom::new().fill(&mut bytes).is_err() {
        bytes = [0x7f; 4];
    }
    start + length.mul_f64(f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX))
}

/// Where the authority suggests nothing: when a third of the lifetime is left, or half of it, if
/// that is less than ten days (<https://letsencrypt.org/docs/integration-guide/#when-to-renew>).
fn by_lifetime(from: SystemTime, until: SystemTime) -> SystemTime {
    let lifetime = until.duration_since(from).unwrap_or_default();
    from + if lifetime < 10 * DAY {
        lifetime / 2
    } else {
        lifetime * 2 / 3
    }
}

/// When a certificate of this lifetime is to be renewed, or the authority asked once more: its
/// suggestion is a moment, and a time until it wants to be asked again.
///
/// # Errors
/// Why there is no suggestion, as long as nothing is due without one either: an authority that
/// cannot say when keeps nobody from renewing in time.
pub(crate) fn due<E>(
    lifetime: (SystemTime, SystemTime),
    now: SystemTime,
    suggestion: Result<Option<(SystemTime, Duration)>, E>,
) -> Result<SystemTime, E> {
    let own = by_lifetime(lifetime.0, lifetime.1);
    match suggestion {
        // It may be too late, as Pebble's are for short lifetimes.
        Ok(Some((moment, after))) => Ok(moment
            .min(at_the_latest(lifetime.0, lifetime.1))
            .min(now + poll(after))),
        Err(why) if now < own => Err(why),
        Ok(None) | Err(_) => Ok(own),
    }
}

/// Whatever the authority suggests: when a sixth of the lifetime is left.
fn at_the_latest(from: SystemTime, until: SystemTime) -> SystemTime {
    from + until.duration_since(from).unwrap_or_default() * 5 / 6
}

/// A duration as people say it.
pub(crate) fn shown(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7200 => (seconds / 60, "minute"),
        7200..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn at(count: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + seconds(count)
    }

    #[test]
    fn an_authority_hurries_a_renewal_and_never_prevents_it() {
        let day = 86400;
        let lifetime = (at(0), at(90 * day));
        // In days: now, what is suggested or why there is nothing, and what is due.
        for (now, suggestion, wanted) in [
            (1, Ok(Some((50, day))), Ok(2)),
            (50, Ok(Some((50, day))), Ok(50)),
            (20, Ok(Some((10, day))), Ok(10)),
            // After the end, and the day before it: both are too late.
            (74, Ok(Some((100, 2 * day))), Ok(75)),
            (75, Ok(Some((89, day))), Ok(75)),
            (1, Ok(None), Ok(60)),
            (59, Err("no answer"), Err("no answer")),
            (60, Err("no answer"), Ok(60)),
            (89, Err("no answer"), Ok(60)),
        ] {
            let found = suggestion
                .map(|some| some.map(|(moment, after)| (at(moment * day), seconds(after))));
            let due = due(lifetime, at(now * day), found);
            assert_eq!(
                due,
                wanted.map(|days| at(days * day)),
                "{now} {suggestion:?}"
            );
        }
    }

    #[test]
    fn pauses_grow_and_are_bounded() {
        for (first, failures, told, wanted) in [
            (120, 0, None, 120),
            (120, 1, None, 240),
            (120, 4, None, 1920),
            (120, 5, None, 3600),
            (120, u32::MAX, None, 3600),
            (7200, 3, None, 7200),
            // The authority's word counts when it is the longer one, and not for ever.
            (120, 0, Some(10), 120),
            (120, 0, Some(5000), 5000),
            (120, 0, Some(u64::MAX), 86400),
        ] {
            let pause = pause(seconds(first), failures, told.map(seconds));
            assert_eq!(pause, seconds(wanted), "{first} {failures} {told:?}");
        }
        // No name fails more than five times in an hour.
        let tries: Vec<_> = (0..8)
            .scan(seconds(0), |at, failures| {
                *at += pause(seconds(120), failures, None);
                Some(*at)
            })
            .collect();
        assert!(
            tries
                .windows(5)
                .all(|five| five[4] >= five[0] + seconds(3600))
        );
        assert!(tries[4] > seconds(3600));
    }

    #[test]
    fn looks_are_neither_rare_nor_frequent() {
        for (told, wanted) in [(0, 60), (59, 60), (21600, 21600), (1 << 40, 86400)] {
            assert_eq!(poll(seconds(told)), seconds(wanted));
        }
    }

    #[test]
    fn renewals_are_spread_over_the_window() {
        let long = (at(0), at(2000));
        let chosen: Vec<_> = (0..100)
            .map(|_| within((at(1000), at(2000)), long))
            .collect();
        assert!(
            chosen
                .iter()
                .all(|time| (at(1000)..=at(2000)).contains(time))
        );
        assert!(chosen.iter().any(|time| *time < at(1500)));
        assert!(chosen.iter().any(|time| *time > at(1500)));
        assert_eq!(within((at(5), at(5)), long), at(5));
        assert_eq!(within((at(5), at(4)), long), at(5));
    }

    #[test]
    fn a_window_longer_than_the_lifetime_renews_nothing_at_once() {
        let brief = (at(100_000), at(100_030));
        for _ in 0..1000 {
            assert!(within((at(13_620), at(186_420)), brief) >= at(100_015));
        }
        // One that is over by then hurries it.
        assert!(within((at(100_001), at(100_002)), brief) <= at(100_002));
    }

    #[test]
    fn without_a_suggestion_the_lifetime_decides() {
        let day = 86400;
        assert_eq!(by_lifetime(at(0), at(90 * day)), at(60 * day));
        assert_eq!(by_lifetime(at(0), at(6 * day)), at(3 * day));
        assert_eq!(by_lifetime(at(10), at(5)), at(10));
    }

    #[test]
    fn durations_are_said_in_words() {
        for (count, wanted) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (3600, "60 minutes"),
            (7200, "2 hours"),
            (172_800, "2 days"),
        ] {
            assert_eq!(shown(seconds(count)), wanted);
        }
    }
}
