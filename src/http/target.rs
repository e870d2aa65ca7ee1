//! One spelling for each path. A letter may be written as what it is or by its number (`m` or `%6D`), and both name the same
//! path (RFC 3986, 6.2.2.2). Whoever goes by the path, the guard, the log, the table of routes, is to see one of them.

use actix_web::http::Uri;
use actix_web::http::uri::PathAndQuery;

/// Writes a path as nearly everybody writes it; what has been written so is not touched.
pub(super) fn respell(uri: &mut Uri) {
    let Some(path) = respelled(uri.path()) else { return };
    let target = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut parts = std::mem::take(uri).into_parts();
    // It has nothing that the longer spelling had not.
    parts.path_and_query = PathAndQuery::from_maybe_shared(target.into_bytes()).ok();
    *uri = Uri::from_parts(parts).unwrap_or_default();
}

/// The path without needless numbers, where it has any.
fn respelled(path: &str) -> Option<String> {
    let mut parts = path.split('%');
    let mut plain = parts.next()?.to_owned();
    let mut is_other = false;
    for part in parts {
        let letter = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(letter) = letter.filter(|letter| is_unreserved(*letter)) {
            plain.push(char::from(letter));
            plain.push_str(part.get(2..).unwrap_or_default());
            is_other = true;
        } else {
            plain.push('%');
            plain.push_str(part);
        }
    }
    is_other.then_some(plain)
}

/// What means the same however it is written.
const fn is_unreserved(letter: u8) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'.' | b'_' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn respelled(target: &str) -> String {
        let mut uri: Uri = target.parse().unwrap();
        respell(&mut uri);
        uri.to_string()
    }

    #[test]
    fn letters_are_written_as_they_are_and_all_else_stays() {
        for (written, meant) in [
            ("/api/v1/%6Dess%61ges?after=%30", "/api/v1/messages?after=%30"),
            ("/%61pi/v1/h%6foks/a/b", "/api/v1/hooks/a/b"),
            ("/a%2e%2Db%5F%7e", "/a.-b_~"),
            ("http://example.com/%61?b", "http://example.com/a?b"),
            // What separates, what is no letter, and what is no number.
            ("/api%2Fv1/%23rust/%C3%A9/%00", "/api%2Fv1/%23rust/%C3%A9/%00"),
            ("/%2561/%+1/%6/%", "/%2561/%+1/%6/%"),
            ("/?%61", "/?%61"),
        ] {
            assert_eq!(respelled(written), meant, "{written}");
        }
    }
}
