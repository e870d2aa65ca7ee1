//! Waiting between attempts: longer each time, and never in step with others.

use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

use super::clock;
use super::error::Error;

/// The first wait: short beside a restart of the server, long beside one request.
const WAIT_MIN: Duration = Duration::from_millis(250);

/// The longest wait that we choose ourselves: when a server comes back after hours, its users are there half a
/// minute later.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// The longest wait that a server may ask for. Beyond this a mistake in a header would silence a bot.
const RETRY_AFTER_MAX: Duration = Duration::from_mins(5);

/// The attempts at one request.
#[derive(Debug)]
pub(super) struct Attempts {
    deadline: Option<Deadline>,
    wait: Duration,
    made: u32,
}

/// When it is too late, by two clocks: that of timers stands still while the machine sleeps, the other may be set.
#[derive(Debug)]
struct Deadline {
    by_timers: Instant,
    by_date: SystemTime,
}

impl Deadline {
    /// Whether it will be over in so long.
    fn is_over_in(&self, time: Duration) -> bool {
        Instant::now() + time > self.by_timers || clock::now() + time > self.by_date
    }
}

impl Attempts {
    /// As many as fit into this time; one at least.
    pub(super) fn within(patience: Duration) -> Self {
        let deadline = Deadline { by_timers: Instant::now() + patience, by_date: clock::now() + patience };
        Self { deadline: Some(deadline), wait: WAIT_MIN, made: 0 }
    }

    /// Any number.
    pub(super) const fn for_ever() -> Self {
        Self { deadline: None, wait: WAIT_MIN, made: 0 }
    }

    /// How many have failed so far.
    pub(super) const fn failed(&self) -> u32 {
        self.made
    }

    /// Waits after an attempt that failed.
    ///
    /// # Errors
    /// The error itself, when another attempt would be in vain or too late.
    pub(super) async fn after(&mut self, error: Error) -> Result<(), Error> {
        if error.is_passing() { self.after_any(error).await } else { Err(error) }
    }

    /// The same where whatever went wrong may be right a little later.
    ///
    /// # Errors
    /// The error itself, when another attempt would be too late.
    pub(super) async fn after_any(&mut self, error: Error) -> Result<(), Error> {
        let wait = self.next_wait().max(error.retry_after().unwrap_or_default().min(RETRY_AFTER_MAX));
        if self.is_over_in(wait) {
            return Err(error);
        }
        if self.made == 1 {
            tracing::info!(%error, "trying again");
        }
        sleep(wait).await;
        // The machine may have slept much longer, and the server have forgotten the key of what was sent.
        if self.is_over_in(Duration::ZERO) { Err(error) } else { Ok(()) }
    }

    fn is_over_in(&self, time: Duration) -> bool {
        self.deadline.as_ref().is_some_and(|deadline| deadline.is_over_in(time))
    }

    /// Waits before an attempt that nothing speaks against, but that should not come at once.
    pub(super) async fn pause(&mut self) {
        sleep(self.next_wait()).await;
    }

    /// Half of it is chance, so that those who lost a server together do not come back together.
    fn next_wait(&mut self) -> Duration {
        let wait = self.wait / 2 + (self.wait / 2).mul_f64(rand::random());
        self.wait = (self.wait * 2).min(WAIT_MAX);
        self.made += 1;
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy(retry_after_s: u64) -> Error {
        Error::Busy { status: 503, retry_after: Some(Duration::from_secs(retry_after_s)) }
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn waits_grow_to_their_limit() {
        let begun = Instant::now();
        let mut attempts = Attempts::for_ever();
        for limit_ms in [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000] {
            let before = Instant::now();
            attempts.after(busy(0)).await.unwrap();
            let waited = before.elapsed();
            let limit = Duration::from_millis(limit_ms);
            assert!(limit / 2 <= waited && waited <= limit + Duration::from_millis(2), "{waited:?}");
        }
        assert!(begun.elapsed() > Duration::from_secs(45));
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn the_server_says_how_long_but_not_for_ever() {
        let mut attempts = Attempts::for_ever();
        let begun = Instant::now();
        attempts.after(busy(7)).await.unwrap();
        assert!((7..8).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
        let begun = Instant::now();
        attempts.after(busy(u64::MAX)).await.unwrap();
        assert!(begun.elapsed() <= RETRY_AFTER_MAX + Duration::from_millis(2), "{:?}", begun.elapsed());
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn patience_ends() {
        let begun = Instant::now();
        let mut attempts = Attempts::within(Duration::from_secs(10));
        let error = loop {
            if let Err(error) = attempts.after(busy(0)).await {
                break error;
            }
        };
        assert!(matches!(error, Error::Busy { .. }));
        assert!(begun.elapsed() <= Duration::from_secs(10), "{:?}", begun.elapsed());
        assert!(attempts.failed() > 3);
        let mut none = Attempts::within(Duration::ZERO);
        assert!(none.after(busy(0)).await.is_err());
    }

    /// The machine slept in the middle of a pause: by its timers there is much time left.
    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn patience_ends_while_the_machine_sleeps() {
        let mut attempts = Attempts::within(Duration::from_mins(9));
        attempts.deadline.as_mut().unwrap().by_date = clock::now() + Duration::from_millis(260);
        let suspended = async { std::thread::sleep(Duration::from_millis(300)) };
        let (outcome, ()) = tokio::join!(attempts.after(busy(0)), suspended);
        assert!(matches!(outcome, Err(Error::Busy { .. })));
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn what_will_not_pass_is_not_waited_for() {
        assert!(matches!(Attempts::for_ever().after(Error::Unauthorized).await, Err(Error::Unauthorized)));
    }
}
