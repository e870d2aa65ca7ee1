//! Packed sets of ascending numbers: the clients of an audience, the places in a queue.
//!
//! A set is a list of runs, each written as the gap since the run before and its length less one, both as
//! LEB128. A thousand clients in a row take four bytes, a thousand scattered ones about two thousand.

/// Packs numbers that ascend without repeats.
pub(super) fn pack(numbers: impl Iterator<Item = u64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut end = 0; // one past the last number that was written
    let mut run: Option<(u64, u64)> = None;
    for number in numbers {
        match &mut run {
            Some((start, length)) if *start + *length == number => *length += 1,
            _ => {
                if let Some(done) = run.replace((number, 1)) {
                    end = write_run(&mut bytes, end, done);
                }
            }
        }
    }
    if let Some(done) = run {
        write_run(&mut bytes, end, done);
    }
    bytes
}

fn write_run(bytes: &mut Vec<u8>, end: u64, (start, length): (u64, u64)) -> u64 {
    write(bytes, start - end);
    write(bytes, length - 1);
    start + length
}

fn write(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

/// Most numbers that one packed set may hold: what is more is damage, not data.
const NUMBERS_MAX: u64 = 10_000_000;

/// Unpacks a set; `None` when the bytes are damaged.
pub(super) fn unpack(mut bytes: &[u8]) -> Option<Vec<u64>> {
    let mut numbers = Vec::new();
    let mut end = 0_u64;
    while !bytes.is_empty() {
        let start = end.checked_add(read(&mut bytes)?)?;
        let length = read(&mut bytes)?.checked_add(1)?;
        end = start.checked_add(length)?;
        if numbers.len() as u64 + length > NUMBERS_MAX {
            return None;
        }
        numbers.extend(start..end);
    }
    Some(numbers)
}

fn read(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_packed_comes_back(set in proptest::collection::btree_set(0_u64..5_000, 0..300)) {
            let numbers: Vec<u64> = set.into_iter().collect();
            prop_assert_eq!(unpack(&pack(numbers.iter().copied())), Some(numbers));
        }

        #[test]
        fn damage_is_noticed_or_harmless(bytes in proptest::collection::vec(any::<u8>(), 0..12)) {
            let _ = unpack(&bytes);
        }
    }

    #[test]
    fn a_run_is_short() {
        assert_eq!(pack(1000..2000).len(), 4);
    }
}
