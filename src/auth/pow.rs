//! Doing the work of a stamp: counters are tried on all cores until the hash begins with enough zero bits.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use sha2::{Digest, Sha256};

use crate::protocol::stamp::StampHash;

/// Digits of a counter: all decimal, and its number stays below 2^53, which is as far as `JavaScript` counts.
const COUNTER_DIGITS: usize = 15;
/// Where counting begins is drawn below this, so that all counters have as many digits.
const START_MAX: u64 = 10_u64.pow(14);
/// Counters between two looks at whether another thread was faster: about a millisecond's work.
const TRIES_PER_LOOK: u32 = 4_096;

/// Completes a stamp whose other fields are in `front`, up to the colon before its counter. Takes 2^`bits` attempts
/// on the average, on all cores.
///
/// Counting begins at random: two who do the same work at the same time would else find the same stamp, which is
/// good for one of them.
pub fn mint(front: &str, bits: u32) -> String {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let (found, is_over) = (Mutex::new(None), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let stamp = search(front, bits, &is_over);
                is_over.store(true, Ordering::Relaxed);
                if let (Some(stamp), Ok(mut found)) = (stamp, found.lock()) {
                    *found = Some(stamp);
                }
            });
        }
    });
    found.into_inner().ok().flatten().expect("the threads stop only once one of them has found it")
}

fn search(front: &str, bits: u32, is_over: &AtomicBool) -> Option<String> {
    let begun = Sha256::new_with_prefix(front);
    let mut counter = rand::random_range(0..START_MAX);
    while !is_over.load(Ordering::Relaxed) {
        for _ in 0..TRIES_PER_LOOK {
            let digits = format!("{counter:0COUNTER_DIGITS$}");
            let hash = begun.clone().chain_update(&digits).finalize();
            if StampHash(hash.into()).work() >= bits {
                return Some(format!("{front}{digits}"));
            }
            counter += 1;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::protocol::stamp::{Demand, Stamp, front};

    #[test]
    fn what_is_minted_is_good() {
        let at = "2026-11-25T12:00:00Z".parse().unwrap();
        for (resource, extension) in [("irc.example.org", ""), ("#a:b", "80e2a72672ff27c2")] {
            for bits in [1, 7, 8, 13] {
                let stamp = mint(&front(bits, at, resource, extension), bits);
                Stamp::accept(&stamp, &Demand { bits, resource, extension, at }).unwrap();
            }
        }
    }

    #[test]
    fn the_same_work_finds_other_stamps() {
        let stamps: HashSet<String> = (0..8).map(|_| mint("1:1:261125:neoirc::", 1)).collect();
        assert_eq!(stamps.len(), 8);
    }
}
