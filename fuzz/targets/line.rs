//! Any bytes as a line of IRC: read within its limits, and what is made of it is read as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use neoirc::protocol::limits::PARAMS_MAX;
use neoirc::protocol::wire::{LINE_BYTES, WireError, WireLine, escape, line};

fuzz_target!(|bytes: &[u8]| {
    match WireLine::parse(bytes) {
        Ok(None) => assert!(bytes.len() <= 8_191 + LINE_BYTES),
        Ok(Some(read)) => {
            assert!(!read.command.is_empty() && !read.command.contains(' '));
            assert!(read.params.len() <= PARAMS_MAX);
            assert!(read.params.iter().all(|param| !param.contains(['\0', '\r', '\n'])));
            again(&read);
        }
        Err(WireError::TooLong) => assert!(bytes.len() > LINE_BYTES),
        Err(WireError::NotText(read)) => {
            let is_text = std::str::from_utf8(bytes).is_ok_and(|text| !text.contains(['\0', '\r']));
            assert!(!is_text || !read.command.is_empty());
        }
    }
});

/// What the server would send with the same words is taken apart into the same words.
fn again(read: &WireLine) {
    let Some((text, middle)) = read.params.split_last() else { return };
    if middle.iter().any(|param| param.is_empty() || param.starts_with(':') || param.contains(' ')) {
        return;
    }
    let middle: Vec<&str> = middle.iter().map(String::as_str).collect();
    let sent = line("nick!user@host", &read.command, &middle, Some(text));
    // What does not fit is cut, at a character.
    if sent.len() > LINE_BYTES - 4 {
        return;
    }
    let tags: Vec<String> =
        read.tags.iter().map(|(key, value)| format!("{key}={}", escape(value))).collect();
    let sent = format!("@{} {}", tags.join(";"), sent.trim_end_matches("\r\n"));
    if let Ok(Some(twice)) = WireLine::parse(sent.as_bytes()) {
        assert_eq!(twice.params, read.params, "{sent:?}");
        assert_eq!(twice.command, read.command, "{sent:?}");
        assert_eq!(twice.tags.len(), read.tags.len(), "{sent:?}");
    }
}
