//! How often one may ask: sessions and logins by address, logins by nick, commands by session. The same buckets for all
//! faces, so that neither is the way round the other. And how many connections an address has, each face for itself.
//!
//! Each limit is a bucket that refills (GCRA, by `governor`). What it remembers of an address or a session is
//! forgotten once the bucket is full again, so a flood of addresses takes as much memory as it sends requests in the
//! time that a bucket takes to fill, and no more.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use dashmap::{DashMap, DashSet};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use uuid::Uuid;

use crate::id::UserId;
use crate::protocol::household::household as group;
use crate::protocol::name::Nickname;

/// How often what has refilled is forgotten: as often as a bucket of the usual size refills.
pub const FORGET_EVERY: Duration = Duration::from_secs(20);
/// Logins for one nick, from wherever they come: more than its owner needs. It locks nobody out of a nick from where the
/// password was right before.
const LOGINS_PER_NICK: Rate = Rate { per_second: 1.0, burst: NonZeroU32::new(20).unwrap() };

/// Addresses that are known to have had the password of a nick. Beyond them all are forgotten, and found again one by one.
const HOMES_MAX: usize = 20_000;

/// So many a second, and so many at once after a rest.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Rate {
    /// How many a second; 0 is no limit.
    pub per_second: f64,
    /// How many at once.
    pub burst: NonZeroU32,
}

/// Somebody has asked too often.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("too many requests")]
pub struct Exceeded {
    /// After how long to ask again.
    pub wait: Duration,
    /// How often one may ask at once.
    pub burst: u32,
}

impl Exceeded {
    /// The same in whole seconds, at least one.
    pub fn wait_s(&self) -> u64 {
        (self.wait.as_secs() + u64::from(self.wait.subsec_nanos() > 0)).max(1)
    }
}

/// The limits that the operator sets.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// New sessions, an address.
    pub sessions: Rate,
    /// New accounts, an address.
    pub accounts: Rate,
    /// Logins, an address.
    pub logins: Rate,
    /// Commands, a session.
    pub commands: Rate,
    /// Pages of history, a session.
    pub histories: Rate,
    /// Messages, a hook.
    pub hooks: Rate,
    /// Requests to hooks, an address.
    pub hook_addresses: Rate,
    /// Searches, a session.
    pub searches: Rate,
}

impl Rates {
    const fn logins_per_nick(&self) -> Rate {
        if self.logins.per_second > 0.0 {
            LOGINS_PER_NICK
        } else {
            Rate { per_second: 0.0, ..LOGINS_PER_NICK }
        }
    }
}

/// The state of all limits.
#[derive(Debug)]
pub struct Limits {
    sessions: Bucket<IpAddr>,
    accounts: Bucket<IpAddr>,
    logins: Bucket<IpAddr>,
    logins_per_nick: Bucket<Nickname>,
    /// From where the password of a nick was right.
    homes: DashSet<(Nickname, IpAddr)>,
    commands: Bucket<UserId>,
    histories: Bucket<UserId>,
    hooks: Bucket<Uuid>,
    hook_addresses: Bucket<IpAddr>,
    searches: Bucket<UserId>,
}

impl Limits {
    /// Limits that nobody has touched yet.
    pub fn new(rates: Rates) -> Self {
        Self {
            sessions: Bucket::new(rates.sessions),
            accounts: Bucket::new(rates.accounts),
            logins: Bucket::new(rates.logins),
            logins_per_nick: Bucket::new(rates.logins_per_nick()),
            homes: DashSet::new(),
            commands: Bucket::new(rates.commands),
            histories: Bucket::new(rates.histories),
            hooks: Bucket::new(rates.hooks),
            hook_addresses: Bucket::new(rates.hook_addresses),
            searches: Bucket::new(rates.searches),
        }
    }

    /// Goes by other rates from now on. Limits whose rate is the same keep what they remember.
    pub fn set(&self, rates: Rates) {
        self.sessions.set(rates.sessions);
        self.accounts.set(rates.accounts);
        self.logins.set(rates.logins);
        self.logins_per_nick.set(rates.logins_per_nick());
        self.commands.set(rates.commands);
        self.histories.set(rates.histories);
        self.hooks.set(rates.hooks);
        self.hook_addresses.set(rates.hook_addresses);
        self.searches.set(rates.searches);
    }

    /// Whether this address may open a session now.
    ///
    /// # Errors
    /// [`Exceeded`]
    pub fn session(&self, address: IpAddr) -> Result<(), Exceeded> {
        self.sessions.take(&group(address))
    }

    /// Whether an account may be made from this address now. Ask before hashing its password.
    ///
    /// # Errors
    /// [`Exceeded`]
    pub fn account(&self, address: IpAddr) -> Result<(), Exceeded> {
        self.accounts.take(&group(address))
    }

    /// Whether this address may try a password now. Ask before looking at the password, as with
    /// [`login_to`](Self::login_to).
    ///
    /// # Errors
    /// [`Exceeded`]
    pub fn login_from(&self, address: IpAddr) -> Result<(), Exceeded> {
        self.logins.take(&group(address))
    }

    /// Whether anybody may try a password for this nick now; from where it was right before, always.
    ///
    /// # Errors
    /// [`Exceeded`]
    pub fn login_to(&self, nick: &Nickname, address: IpAddr) -> Result<(), Exceeded> {
        if self.homes.contains(&(nick.clone(), group(address))) {
            return Ok(());
        }
        self.logins_per_nick.take(nick)
    }

    /// The password of this nick was right. While others guess it, whoever comes from there is not taken for one of them.
    pub fn entered(&self, nick: &Nickname, address: IpAddr) {
        if self.homes.len() >= HOMES_MAX {
            self.homes.clear();
        }
        self.homes.insert((nick.clone(), group(address)));
    }

    /// Whether this session may give a command now.
    ///
    /// # Errors
    /// [`Exceeded`]
    pub fn command(&self, user: UserId) -> Result<(), Exceeded> {
        self.commands.take(&user)
    }

    /// Whether this session may give a command now that costs as much as `price` commands. The first was asked about
    /// when nothing was known of it yet. A price that nobody could pay is the most that one can.
    ///
    /// # Errors
    /// [`Exceeded`]
    pub fn rest_of_price(&self, user: UserId, price: u32) -> Result<(), Exceeded> {
        self.commands.take_more(&user, price.saturating_sub(1))
    }

    /// Whether this session may read a page of history now.
    ///
    /// # Errors
    /// [`Exceeded`]
    pub fn history(&self, user: UserId) -> Result<(), Exceeded> {
        self.histories.take(&user)
    }

    /// Whether this address may ask a hook for something now. Ask before looking at the secret.
    ///
    /// # Errors
    /// [`Exceeded`]
    pub fn hook_from(&self, address: IpAddr) -> Result<(), Exceeded> {
        self.hook_addresses.take(&group(address))
    }

    /// Whether this hook may speak now. Ask after looking at the secret, so that only its owner can use it up.
    ///
    /// # Errors
    /// [`Exceeded`]
    pub fn hook(&self, hook: Uuid) -> Result<(), Exceeded> {
        self.hooks.take(&hook)
    }

    /// Whether this session may search now.
    ///
    /// # Errors
    /// [`Exceeded`]
    pub fn search(&self, user: UserId) -> Result<(), Exceeded> {
        self.searches.take(&user)
    }

    /// Forgets those whose buckets are full again.
    pub fn forget_idle(&self) {
        self.sessions.forget_idle();
        self.accounts.forget_idle();
        self.logins.forget_idle();
        self.logins_per_nick.forget_idle();
        self.commands.forget_idle();
        self.histories.forget_idle();
        self.hooks.forget_idle();
        self.hook_addresses.forget_idle();
        self.searches.forget_idle();
    }
}

/// How many connections each address has, so that nobody can take them all. Cheap to clone; all clones count together.
#[derive(Clone, Debug)]
pub struct Connections {
    max: usize,
    counts: Arc<DashMap<IpAddr, usize>>,
}

/// The place of one connection among those of its address, given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    counts: Arc<DashMap<IpAddr, usize>>,
    group: IpAddr,
}

impl Connections {
    /// None yet, and at most `max` of one address; 0 is no limit.
    pub fn new(max: usize) -> Self {
        Self { max, counts: Arc::default() }
    }

    /// A place for one more; `None` when its address has too many.
    pub fn enter(&self, address: IpAddr) -> Option<Place> {
        let group = group(address);
        let mut count = self.counts.entry(group).or_insert(0);
        if self.max > 0 && *count >= self.max {
            return None;
        }
        *count += 1;
        Some(Place { counts: Arc::clone(&self.counts), group })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.counts.remove_if_mut(&self.group, |_, count| {
            *count -= 1;
            *count == 0
        });
    }
}

/// One limit, for each key on its own.
#[derive(Debug)]
struct Bucket<K: Clone + Eq + Hash>(ArcSwap<State<K>>);

/// A rate, and what is remembered under it; `None` where it is off.
#[derive(Debug)]
struct State<K: Clone + Eq + Hash> {
    rate: Rate,
    limiter: Option<DefaultKeyedRateLimiter<K>>,
}

impl<K: Clone + Eq + Hash> Bucket<K> {
    fn new(rate: Rate) -> Self {
        Self(ArcSwap::from_pointee(State::new(rate)))
    }

    fn set(&self, rate: Rate) {
        if self.0.load().rate != rate {
            self.0.store(Arc::new(State::new(rate)));
        }
    }

    fn take(&self, key: &K) -> Result<(), Exceeded> {
        let state = self.0.load();
        let Some(limiter) = &state.limiter else { return Ok(()) };
        limiter.check_key(key).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            Exceeded { wait, burst: until.quota().burst_size().get() }
        })
    }

    /// So many more than the one that was taken before, as far as there ever are so many at once.
    fn take_more(&self, key: &K, more: u32) -> Result<(), Exceeded> {
        let state = self.0.load();
        let Some(more) = NonZeroU32::new(more.min(state.rate.burst.get() - 1)) else { return Ok(()) };
        let Some(limiter) = &state.limiter else { return Ok(()) };
        match limiter.check_key_n(key, more) {
            Ok(Err(until)) => {
                let wait = until.wait_time_from(DefaultClock::default().now());
                Err(Exceeded { wait, burst: until.quota().burst_size().get() })
            }
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    fn forget_idle(&self) {
        if let Some(limiter) = &self.0.load().limiter {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

impl<K: Clone + Eq + Hash> State<K> {
    fn new(rate: Rate) -> Self {
        let period = Duration::try_from_secs_f64(rate.per_second.recip()).ok();
        let quota = period.and_then(Quota::with_period).map(|quota| quota.allow_burst(rate.burst));
        Self { rate, limiter: quota.map(RateLimiter::keyed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn rate(per_second: f64, burst: u32) -> Rate {
        Rate { per_second, burst: NonZeroU32::new(burst).unwrap() }
    }

    fn limits(rate: Rate) -> Limits {
        Limits::new(Rates {
            sessions: rate,
            logins: rate,
            commands: rate,
            histories: rate,
            hooks: rate,
            hook_addresses: rate,
            searches: rate,
            accounts: rate,
        })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn after_the_burst_one_has_to_wait() {
        let limits = limits(rate(0.1, 2));
        let user = UserId::new(1);
        assert_eq!(limits.command(user), Ok(()));
        assert_eq!(limits.command(user), Ok(()));
        let refused = limits.command(user).unwrap_err();
        assert_eq!((refused.wait_s(), refused.burst), (10, 2));
        assert_eq!(limits.command(UserId::new(2)), Ok(()), "another session is not concerned");
    }

    #[test]
    fn the_wait_is_never_less_than_a_second() {
        let limits = limits(rate(20.0, 1));
        assert_eq!(limits.command(UserId::new(1)), Ok(()));
        let refused = limits.command(UserId::new(1)).unwrap_err();
        assert!(refused.wait <= Duration::from_millis(50) && refused.wait_s() == 1, "{refused:?}");
    }

    #[test]
    fn another_rate_begins_anew_and_the_same_goes_on() {
        let limits = limits(rate(0.001, 1));
        let (user, from) = (UserId::new(1), address("192.0.2.1"));
        assert_eq!((limits.command(user), limits.session(from)), (Ok(()), Ok(())));
        let same = rate(0.001, 1);
        limits.set(Rates { sessions: same, logins: same, commands: rate(0.001, 2), ..rates_off() });
        assert_eq!(limits.command(user), Ok(()), "there are two at once now");
        assert!(limits.session(from).is_err(), "nothing has changed for sessions");
    }

    #[test]
    fn zero_switches_a_limit_off() {
        let limits = limits(rate(0.0, 1));
        let nick = Nickname::parse("alice").unwrap();
        for _ in 0..100 {
            assert_eq!(limits.session(address("192.0.2.1")), Ok(()));
            assert_eq!(limits.login_from(address("192.0.2.1")), Ok(()));
            assert_eq!(limits.login_to(&nick, address("192.0.2.1")), Ok(()));
            assert_eq!(limits.command(UserId::new(1)), Ok(()));
        }
    }

    #[test]
    fn addresses_of_one_household_share_a_bucket() {
        let limits = limits(rate(0.1, 1));
        assert_eq!(limits.session(address("2001:db8:1:2::1")), Ok(()));
        assert!(limits.session(address("2001:db8:1:2:ffff::2")).is_err());
        assert_eq!(limits.session(address("2001:db8:1:3::1")), Ok(()));
        assert_eq!(limits.session(address("192.0.2.1")), Ok(()));
        assert_eq!(limits.session(address("192.0.2.2")), Ok(()));
        assert!(limits.session(address("::ffff:192.0.2.2")).is_err());
    }

    #[test]
    fn logins_are_limited_by_nick_too() {
        let limits = limits(rate(0.1, 5));
        let to = |text: &str, from: &str| limits.login_to(&Nickname::parse(text).unwrap(), address(from));
        limits.entered(&Nickname::parse("alice").unwrap(), address("192.0.2.7"));
        for _ in 0..20 {
            assert_eq!(to("alice", "192.0.2.1"), Ok(()));
        }
        assert!(to("ALICE", "192.0.2.2").is_err(), "however it is written, and from wherever it comes");
        assert_eq!(to("ALICE", "192.0.2.7"), Ok(()), "but for where the password was right before");
        assert_eq!(to("bob", "192.0.2.1"), Ok(()));
        let by_address = (0..9).filter(|_| limits.login_from(address("192.0.2.99")).is_ok()).count();
        assert_eq!(by_address, 5);
    }

    #[test]
    fn full_buckets_are_forgotten() {
        let limits = limits(rate(1_000_000.0, 1));
        for number in 0..1_000 {
            assert_eq!(limits.command(UserId::new(number)), Ok(()));
        }
        let state = limits.commands.0.load();
        let commands = state.limiter.as_ref().unwrap();
        assert!(commands.len() > 500, "{}", commands.len());
        // A bucket refills within a microsecond, so looking until all have is no wait.
        while !commands.is_empty() {
            limits.forget_idle();
        }
        let busy = super::Limits::new(Rates { commands: rate(0.001, 1), ..rates_off() });
        assert_eq!(busy.command(UserId::new(1)), Ok(()));
        busy.forget_idle();
        assert!(busy.command(UserId::new(1)).is_err(), "an empty bucket is remembered");
    }

    const fn rates_off() -> Rates {
        let off = rate(0.0, 1);
        Rates {
            sessions: off,
            logins: off,
            commands: off,
            histories: off,
            hooks: off,
            hook_addresses: off,
            searches: off,
            accounts: off,
        }
    }

    #[test]
    fn what_costs_more_is_paid_with_more() {
        let limits = limits(rate(0.001, 10));
        let pay = |user, price| limits.command(user).and_then(|()| limits.rest_of_price(user, price));
        let (alice, bob) = (UserId::new(1), UserId::new(2));
        assert_eq!((pay(alice, 4), pay(alice, 6)), (Ok(()), Ok(())));
        assert!(limits.command(alice).is_err());
        assert_eq!(pay(bob, 1_000), Ok(()), "nobody is asked for more than there is");
        assert!(limits.command(bob).is_err());
    }
}
