//! Stamps for channels with `+H`, made as a client makes them: from the published format, not with the server's code.

use data_encoding::HEXLOWER;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// `1:bits:YYMMDD:channel:bodyhash:counter` with so much work in it; the hash is that of the canonical JSON.
#[expect(clippy::disallowed_methods, reason = "a stamp carries the day on which it is made")]
pub(crate) fn mint(bits: u32, channel: &str, body: &Value) -> String {
    let canonical = serde_json_canonicalizer::to_vec(body).expect("JSON has a canonical form");
    let body_hash = HEXLOWER.encode(&Sha256::digest(canonical));
    let today = jiff::Timestamp::now().strftime("%y%m%d");
    let front = format!("1:{bits}:{today}:{channel}:{body_hash}");
    let mut stamps = (0_u64..).map(|counter| format!("{front}:{counter:x}"));
    stamps.find(|stamp| zero_bits(stamp) >= bits).expect("there are more counters than one could try")
}

fn zero_bits(stamp: &str) -> u32 {
    let hash = Sha256::digest(stamp.as_bytes());
    let zeros = hash.iter().map(|byte| byte.leading_zeros());
    let mut sum = 0;
    for zeros in zeros {
        sum += zeros;
        if zeros < 8 {
            break;
        }
    }
    sum
}
