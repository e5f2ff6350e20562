//! Making clients wait as the service does, so that what they do then can be tried.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::header::{HeaderMap, HeaderName, HeaderValue};

/// How many requests are let through in a stretch of time, which begins with the first of them.
pub(in super::super) struct Throttle {
    requests: u32,
    window: Duration,
    current: Mutex<Option<Window>>,
}

struct Window {
    start: Instant,
    used: u32,
}

impl Throttle {
    pub(in super::super) fn new(requests: u32, window: Duration) -> Throttle {
        Throttle { requests, window, current: Mutex::new(None) }
    }

    /// Counts a request; what is left, or that it must wait.
    pub(super) fn admit(&self) -> Result<Quota, Quota> {
        self.admit_at(Instant::now())
    }

    fn admit_at(&self, now: Instant) -> Result<Quota, Quota> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let over = |window: &Window| now.saturating_duration_since(window.start) >= self.window;
        if current.as_ref().is_none_or(over) {
            *current = Some(Window { start: now, used: 0 });
        }
        let Some(window) = current.as_mut() else { return Ok(Quota::ample()) };
        let resets_after = self.window.saturating_sub(now.saturating_duration_since(window.start));
        if window.used >= self.requests {
            return Err(Quota { remaining: 0, resets_after });
        }
        window.used += 1;
        Ok(Quota { remaining: self.requests - window.used, resets_after })
    }
}

/// What a client may still ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quota {
    remaining: u32,
    resets_after: Duration,
}

impl Quota {
    /// Where nobody has to wait.
    pub(super) fn ample() -> Quota {
        Quota { remaining: 100_000, resets_after: Duration::from_secs(5) }
    }

    /// Whole seconds until there is more, at least one.
    pub(super) fn seconds(self) -> u64 {
        let part = u64::from(self.resets_after.subsec_nanos() > 0);
        (self.resets_after.as_secs() + part).max(1)
    }

    pub(super) fn mark(self, headers: &mut HeaderMap) {
        let remaining = HeaderValue::from(self.remaining);
        headers.insert(HeaderName::from_static("x-ms-user-quota-remaining"), remaining.clone());
        headers.insert(HeaderName::from_static("x-ms-ratelimit-remaining-tenant-resource-requests"), remaining);
        let seconds = self.seconds();
        let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        if let Ok(clock) = HeaderValue::try_from(clock) {
            headers.insert(HeaderName::from_static("x-ms-user-quota-resets-after"), clock);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_begins_with_its_first_request() {
        let throttle = Throttle::new(2, Duration::from_secs(5));
        let start = Instant::now();
        let at = |millis: u64| throttle.admit_at(start + Duration::from_millis(millis));
        let left = |remaining, millis| Quota { remaining, resets_after: Duration::from_millis(millis) };
        assert_eq!(at(1000), Ok(left(1, 5000)));
        assert_eq!(at(1500), Ok(left(0, 4500)));
        assert_eq!(at(4600), Err(left(0, 1400)));
        assert_eq!(at(4600).map_err(Quota::seconds), Err(2));
        assert_eq!(at(6000), Ok(left(1, 5000)));
    }
}
