//! What strangers can send, in bulk: envelopes, masks and mode strings at random. Nothing panics, and each is read as a
//! slow and obvious reading of it would have it. `PROPTEST_CASES=100000` sends more.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use neoirc::protocol::mask::Mask;
use neoirc::protocol::message::{Body, Request};
use neoirc::protocol::mode::{Direction, parse_changes, render_changes};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Strings as a message may hold them, and now and then one that it may not.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        40 => "[^\u{0}\r\n]{0,12}",
        1 => ".{0,6}[\u{0}\r\n].{0,6}",
        8 => "[a-z#,*?\\\\\"é\u{1F600}\u{2028}]{0,12}",
    ]
}

/// JSON of any shape, deeper than is allowed at times.
fn free_form() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        // Fractions that every parser reads alike.
        any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(20, 40, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec((text(), inner), 0..3).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A few strings, now and then as many as there may be and a few more.
fn lines(most: usize) -> impl Strategy<Value = Value> {
    prop_oneof![8 => vec(text(), 0..4), 1 => vec("[a-z]?", most..most + 3)].prop_map(Value::from)
}

/// An object with the fields of an envelope, most of them well-formed.
fn envelope() -> impl Strategy<Value = Map<String, Value>> {
    let command = prop_oneof![4 => "[A-Za-z]{1,8}".prop_map(Value::from), 1 => text().prop_map(Value::from)];
    let to = prop_oneof![text().prop_map(Value::from), Just(Value::Null)];
    let params = prop_oneof![4 => lines(14), 1 => free_form()];
    let body = prop_oneof![4 => lines(63), 2 => free_form()];
    (command, to, params, body, free_form(), vec((text(), free_form()), 0..2)).prop_map(
        |(command, to, params, body, meta, others)| {
            let mut fields = Map::new();
            fields.insert("command".to_owned(), command);
            fields.insert("to".to_owned(), to);
            fields.insert("params".to_owned(), params);
            fields.insert("body".to_owned(), body);
            fields.insert("meta".to_owned(), meta);
            fields.retain(|_, value| !value.is_null());
            fields.extend(others);
            fields
        },
    )
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn is_plain(value: &Value) -> bool {
    let plain = |text: &str| !text.contains(['\0', '\r', '\n']);
    match value {
        Value::String(text) => plain(text),
        Value::Array(items) => items.iter().all(is_plain),
        Value::Object(fields) => fields.iter().all(|(key, value)| plain(key) && is_plain(value)),
        _ => true,
    }
}

fn are_strings(value: &Value, max: usize) -> bool {
    value.as_array().is_some_and(|items| items.len() <= max && items.iter().all(Value::is_string))
}

/// Whether an object is a message, by the rules of docs/api.md.
fn is_message(fields: &Map<String, Value>) -> bool {
    let field = |name: &str| fields.get(name).filter(|value| !value.is_null());
    let known = ["command", "to", "params", "body", "meta"].into_iter().filter_map(field);
    let free_form = |value: &Value| value.is_object() && depth(value) <= 16;
    let is_good = |name: &str, good: &dyn Fn(&Value) -> bool| field(name).is_none_or(good);
    known.into_iter().all(is_plain)
        && field("command").and_then(Value::as_str).is_some_and(|command| !command.is_empty())
        && is_good("to", &Value::is_string)
        && is_good("params", &|params| are_strings(params, 15))
        && is_good("body", &|body| are_strings(body, 64) || free_form(body))
        && is_good("meta", &free_form)
}

/// A request as the JSON that it came from, for what it keeps.
fn written(request: &Request) -> Value {
    let body = request.body.as_ref().map(|body| match body {
        Body::Lines(lines) => json!(lines),
        Body::Object(raw) => serde_json::from_str(raw.get()).unwrap(),
    });
    let meta = request.meta.as_ref().map(|raw| serde_json::from_str::<Value>(raw.get()).unwrap());
    json!({ "command": request.command, "to": request.to, "params": request.params, "body": body, "meta": meta })
}

/// The obvious matcher: the first sign of the mask is compared, or may be a star that takes nothing or one sign more.
fn matches_obviously(mask: &[char], text: &[char]) -> bool {
    match (mask.split_first(), text.split_first()) {
        (None, _) => text.is_empty(),
        (Some(('*', rest)), None) => matches_obviously(rest, text),
        (Some(('*', rest)), Some((_, less))) => {
            matches_obviously(rest, text) || matches_obviously(mask, less)
        }
        (Some(_), None) => false,
        (Some((sign, rest)), Some((first, less))) => {
            (*sign == '?' || sign.eq_ignore_ascii_case(first)) && matches_obviously(rest, less)
        }
    }
}

fn chars(text: &str) -> Vec<char> {
    text.chars().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_message_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        let _ = Request::parse(&bytes);
    }

    /// Text that nearly is JSON finds its way deeper into the parser than bytes do.
    #[test]
    fn any_scraps_of_json_are_a_message_or_refused(scraps in vec(
        prop_oneof![
            Just("{"), Just("}"), Just("["), Just("]"), Just(","), Just(":"), Just("\"command\""), Just("\"X\""),
            Just("\"body\""), Just("\"meta\""), Just("null"), Just("1e999"), Just("\"\\u0000\""), Just("\"\\ud800\""),
        ],
        0..40,
    )) {
        let _ = Request::parse(scraps.concat().as_bytes());
    }

    /// What keeps the rules is read, all of it, and what does not is refused; what was read is read the same again.
    #[test]
    fn an_envelope_is_read_as_the_rules_say(fields in envelope()) {
        let json = serde_json::to_vec(&fields).unwrap();
        let parsed = Request::parse(&json);
        prop_assert_eq!(parsed.is_ok(), is_message(&fields), "{:?}", parsed.err());
        let Ok(request) = Request::parse(&json) else { return Ok(()) };
        let once = written(&request);
        for name in ["to", "params", "body", "meta"] {
            prop_assert_eq!(&once[name], fields.get(name).unwrap_or(&Value::Null), "{}", name);
        }
        prop_assert_eq!(once["command"].as_str().unwrap(), fields["command"].as_str().unwrap().to_ascii_uppercase());
        let again = Request::parse(once.to_string().as_bytes()).unwrap();
        prop_assert_eq!(written(&again), once);
    }

    #[test]
    fn masks_match_what_they_obviously_match(mask in "[abA*?é]{0,8}", text in "[abAé]{0,8}") {
        let matches = Mask::parse(&mask).unwrap().matches(&text);
        prop_assert_eq!(matches, matches_obviously(&chars(&mask), &chars(&text)));
    }

    /// A mask made from a text by putting wildcards in its place matches that text.
    #[test]
    fn a_mask_made_of_a_text_matches_it(text in "[a-z!@.]{1,40}", holes in vec((0_usize..40, any::<bool>()), 0..6)) {
        let mut mask = chars(&text);
        for (place, star) in holes {
            let place = place % mask.len();
            mask[place] = if star || mask[place] == '*' { '*' } else { '?' };
        }
        let mask = mask.into_iter().collect::<String>().to_uppercase();
        prop_assert!(Mask::parse(&mask).unwrap().matches(&text), "{} {}", mask, text);
    }

    #[test]
    fn any_mask_is_taken_or_refused(mask in any::<String>(), text in any::<String>()) {
        let _ = Mask::parse(&mask).map(|mask| mask.matches(&text));
    }

    /// Any mode string is read; its letters come in order, each under the last sign before it, with no more arguments
    /// than there were, in order. What is read, written and read again is the same.
    #[test]
    fn mode_strings_are_read_letter_by_letter(modes in "[+\\-a-zA-Zé]{0,40}", arguments in vec("[^ ]{1,5}", 0..8)) {
        let changes = parse_changes(&modes, &arguments);
        let letters: Vec<char> = modes.chars().filter(|letter| !"+-".contains(*letter)).collect();
        prop_assert!(changes.len() <= letters.len());
        let signs = modes.chars().scan(Direction::Set, |direction, letter| {
            match letter {
                '+' => *direction = Direction::Set,
                '-' => *direction = Direction::Unset,
                _ => return Some(Some((*direction, letter))),
            }
            Some(None)
        });
        for (change, (direction, letter)) in changes.iter().zip(signs.flatten()) {
            prop_assert_eq!((change.direction, change.letter), (direction, letter));
        }
        let taken: Vec<&String> = changes.iter().filter_map(|change| change.argument.as_ref()).collect();
        prop_assert!(taken.len() <= arguments.len());
        prop_assert!(taken.iter().zip(&arguments).all(|(taken, given)| *taken == given), "in order");

        let rendered = render_changes(&changes);
        let (modes, arguments) = rendered.split_first().unwrap();
        // A letter whose argument was missing would take that of the next one the second time.
        if arguments.len() < taken.len() || changes.iter().any(|change| change.argument.is_none()) {
            return Ok(());
        }
        prop_assert_eq!(parse_changes(modes, arguments), changes);
    }
}
