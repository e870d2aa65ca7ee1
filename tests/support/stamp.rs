//! Stamps of hashcash, made after the published rules and not with the server's own code.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// Completes a stamp with a counter that gives its hash at least so many leading zero bits.
pub(crate) fn mint(bits: u32, front: &str) -> String {
    search(front, |work| work >= bits)
}

/// Completes a stamp whose hash has fewer leading zero bits than that.
pub(crate) fn mint_lazily(bits: u32, front: &str) -> String {
    search(front, |work| work < bits)
}

fn search(front: &str, is_wanted: impl Fn(u32) -> bool) -> String {
    // Each search begins elsewhere, so that two for the same end in stamps that differ.
    let start: u32 = rand::random_range(0..1_000_000_000);
    let mut stamps = (start..).map(|counter| format!("{front}:{counter}"));
    stamps.find(|stamp| is_wanted(work(stamp))).expect("there are more counters than it takes")
}

/// How many zero bits the hash of a stamp begins with.
pub(crate) fn work(stamp: &str) -> u32 {
    let hash = Sha256::digest(stamp.as_bytes());
    let bits = hash.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
    u32::try_from(bits.take_while(|bit| *bit == 0).count()).expect("a hash has 256 bits")
}

/// The hash of a body of lines that need no escapes, as a stamp for a channel names it.
pub(crate) fn hash_of_lines(lines: &[&str]) -> String {
    let json = serde_json::to_string(lines).expect("strings have a JSON form");
    HEXLOWER.encode(&Sha256::digest(json.as_bytes()))
}
