//! Proof of work: stamps in the form of hashcash, over SHA-256.
//!
//! A stamp is `1:bits:YYMMDD:resource:extension:counter`. The SHA-256 of the whole has at least `bits` leading zero
//! bits; the counter is tried out until it does, 2^bits times on the average. A session is paid for with the name of
//! the server as resource and an empty extension; a message to a channel under `+H` with the name of the channel, and
//! the SHA-256 of the body as extension. Source: <http://www.hashcash.org/docs/hashcash.html>

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::message::Body;

/// Attempts between two looks at whether the stamp is still wanted: about a millisecond's worth.
const ATTEMPTS_PER_LOOK: u32 = 4096;

/// Digits of a counter. All of them are decimal, so that every reader takes the stamp, and its number stays below
/// 2^53, which is as far as JavaScript counts.
const COUNTER_DIGITS: usize = 15;

/// The making of the stamp was called off.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the stamp is no longer wanted")]
pub struct Cancelled;

/// Calls off the making of a stamp on another thread.
///
/// A clone calls off the same.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Says that the stamp is no longer wanted. The search ends within about a millisecond.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the stamp is no longer wanted.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Makes the stamp that a session is paid for with. Computes for as long as it takes, so it belongs on a thread of
/// its own.
///
/// `resource` is the name of the server, `date` the day as `YYMMDD` in UTC.
///
/// ```
/// use neoirc::client::stamp::{Cancel, mint};
///
/// let stamp = mint(8, "neoirc", "261125", &Cancel::default())?;
/// assert!(stamp.starts_with("1:8:261125:neoirc::"));
/// # Ok::<(), neoirc::client::stamp::Cancelled>(())
/// ```
///
/// # Errors
/// [`Cancelled`] once `cancel` says so.
pub fn mint(bits: u32, resource: &str, date: &str, cancel: &Cancel) -> Result<String, Cancelled> {
    search(bits, format!("1:{bits}:{date}:{resource}::"), cancel)
}

/// Makes the stamp that a message with this body to this channel is paid for with. It goes into `meta.hashcash`.
///
/// # Errors
/// [`Cancelled`] once `cancel` says so.
pub fn mint_channel(
    bits: u32,
    channel: &str,
    body: &Body,
    date: &str,
    cancel: &Cancel,
) -> Result<String, Cancelled> {
    search(bits, format!("1:{bits}:{date}:{channel}:{}:", body_hash(body)), cancel)
}

/// The SHA-256 of the JCS form of a body, in lower-case hex.
pub fn body_hash(body: &Body) -> String {
    let canonical = serde_json_canonicalizer::to_vec(body).expect("JSON values have a canonical form");
    HEXLOWER.encode(&Sha256::digest(canonical))
}

/// The same as the two above off the threads that wait for the network. Called off when the future is dropped.
pub(super) async fn mint_in_background(
    mint: impl FnOnce(&Cancel) -> Result<String, Cancelled> + Send + 'static,
) -> Result<String, Cancelled> {
    struct CancelOnDrop(Cancel);
    impl Drop for CancelOnDrop {
        fn drop(&mut self) {
            self.0.cancel();
        }
    }
    let guard = CancelOnDrop(Cancel::default());
    let cancel = guard.0.clone();
    tokio::task::spawn_blocking(move || mint(&cancel)).await.unwrap_or(Err(Cancelled))
}

/// Tries one counter after another from a place that nobody else begins at: the same stamp twice would be spent.
fn search(bits: u32, prefix: String, cancel: &Cancel) -> Result<String, Cancelled> {
    let start = rand::random_range(0..10_u64.pow(14));
    let mut counter = format!("{start:0COUNTER_DIGITS$}").into_bytes();
    let begun = Sha256::new_with_prefix(&prefix);
    loop {
        if cancel.is_cancelled() {
            return Err(Cancelled);
        }
        for _ in 0..ATTEMPTS_PER_LOOK {
            let hash = begun.clone().chain_update(&counter).finalize();
            if leading_zero_bits(&hash) >= bits {
                return Ok(prefix + &String::from_utf8_lossy(&counter));
            }
            count_on(&mut counter);
        }
    }
}

/// Adds one to a number in decimal digits. Past the largest it begins at nought.
fn count_on(digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
}

fn leading_zero_bits(hash: &[u8]) -> u32 {
    let mut bits = 0;
    for byte in hash {
        bits += byte.leading_zeros();
        if *byte != 0 {
            break;
        }
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rules of a stamp, checked in another way than they are made by: bit by bit.
    fn check(stamp: &str, bits: usize, fields: [&str; 5]) {
        let parts: Vec<&str> = stamp.splitn(6, ':').collect();
        assert_eq!(parts[..5], fields, "{stamp}");
        assert!(!parts[5].is_empty() && parts[5].bytes().all(|byte| byte.is_ascii_digit()), "{stamp}");
        assert!(parts[5].parse::<u64>().unwrap() < 1 << 53 && stamp.len() <= 256, "{stamp}");
        let hash = Sha256::digest(stamp.as_bytes());
        let first = hash.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).take(bits);
        assert_eq!(first.sum::<u8>(), 0, "{stamp} has the hash {hash:x?}");
    }

    #[test]
    fn a_stamp_for_a_session_has_its_form_and_its_work() {
        for bits in [0, 1, 7, 8, 9, 13] {
            let stamp = mint(bits, "irc.example.org", "261125", &Cancel::default()).unwrap();
            let claimed = bits.to_string();
            check(&stamp, bits as usize, ["1", &claimed, "261125", "irc.example.org", ""]);
        }
    }

    #[test]
    fn a_stamp_for_a_channel_names_the_body() {
        let body = Body::from("hi");
        // printf '%s' '["hi"]' | sha256sum
        let hash = "80e2a72672ff27c2e0e49a77268d65b6ddce177702d20d7df0c63a4bcf10540d";
        let stamp = mint_channel(10, "#tea", &body, "261125", &Cancel::default()).unwrap();
        check(&stamp, 10, ["1", "10", "261125", "#tea", hash]);
        let one: Body = serde_json::from_str(r#"{"b":1.0,"a":"x"}"#).unwrap();
        let other: Body = serde_json::from_str(r#"{ "a": "x", "b": 1 }"#).unwrap();
        assert_eq!(body_hash(&one), body_hash(&other), "it is the canonical form that is hashed");
    }

    #[test]
    fn two_stamps_for_the_same_differ() {
        let mint = || mint(4, "neoirc", "261125", &Cancel::default()).unwrap();
        assert_ne!(mint(), mint());
    }

    #[test]
    fn counting_carries() {
        let mut digits = *b"0199";
        count_on(&mut digits);
        assert_eq!(&digits, b"0200");
        let mut digits = *b"999";
        count_on(&mut digits);
        assert_eq!(&digits, b"000");
    }

    /// More bits than anybody could find: it ends only because it is called off.
    #[test]
    fn a_search_is_called_off() {
        let cancel = Cancel::default();
        let clone = cancel.clone();
        let search = std::thread::spawn(move || mint(200, "neoirc", "261125", &clone));
        cancel.cancel();
        assert_eq!(search.join().unwrap(), Err(Cancelled));
    }

    /// The thread must end with the future that waited for it; else dropping the runtime would wait for ever.
    #[test]
    fn dropping_the_future_calls_the_search_off() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let search = mint_in_background(move |cancel| {
                let result = mint(200, "neoirc", "261125", cancel);
                sender.send(result.clone()).unwrap();
                result
            });
            let moment = std::time::Duration::from_millis(20);
            assert!(tokio::time::timeout(moment, search).await.is_err());
        });
        assert_eq!(receiver.recv_timeout(std::time::Duration::from_secs(20)), Ok(Err(Cancelled)));
    }
}
