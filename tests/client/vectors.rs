//! The published test vectors: the library makes exactly these signatures, and refuses those that are not good.

use std::fs;
use std::path::Path;

use neoirc::client::signing::signed_text;
use neoirc::client::{Message, PublicKey, SigningKey, VerifyError, verify};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    secret_key_hex: String,
    public_key: String,
    valid: Vec<Valid>,
    invalid: Vec<Invalid>,
}

#[derive(Deserialize)]
struct Valid {
    name: String,
    message: Message,
    signed_text: String,
    sig: String,
    relayed: Message,
}

#[derive(Deserialize)]
struct Invalid {
    name: String,
    relayed: Message,
}

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn vectors() -> Vectors {
    serde_json::from_str(&document("signing-vectors.json")).unwrap()
}

fn key(vectors: &Vectors) -> SigningKey {
    let seed = data_encoding::HEXLOWER.decode(vectors.secret_key_hex.as_bytes()).unwrap();
    SigningKey::from_bytes(&seed.try_into().unwrap())
}

#[test]
fn the_vectors_are_what_the_library_makes() {
    let vectors = vectors();
    let key = key(&vectors);
    assert_eq!(key.public().to_string(), vectors.public_key);
    assert!(vectors.valid.len() >= 8, "the vectors are found");
    for Valid { name, message, signed_text: text, sig, relayed } in vectors.valid {
        let mut signed = message;
        key.sign(&mut signed).unwrap();
        assert_eq!(signed_text(&signed), text, "{name}");
        assert_eq!(signed.meta.as_ref().unwrap()["sig"], *sig, "{name}");
        assert_eq!(signed_text(&relayed), text, "{name}: as it is read");
        assert_eq!(verify(&relayed, &key.public()), Ok(()), "{name}");
    }
}

#[test]
fn what_the_vectors_call_invalid_is_refused() {
    let vectors = vectors();
    let key: PublicKey = vectors.public_key.parse().unwrap();
    assert!(vectors.invalid.len() >= 8, "the vectors are found");
    for Invalid { name, relayed } in vectors.invalid {
        let expected = match name.as_str() {
            "no algorithm" => VerifyError::Algorithm,
            "no signature" => VerifyError::Unsigned,
            "a signature without its padding" => VerifyError::Malformed,
            _ => VerifyError::Mismatch,
        };
        assert_eq!(verify(&relayed, &key), Err(expected), "{name}");
    }
}

/// What the document shows is what the file has.
#[test]
fn the_document_shows_the_vectors() {
    let (vectors, page) = (vectors(), document("signing.md"));
    for shown in [&vectors.secret_key_hex, &vectors.public_key] {
        assert!(page.contains(&format!("`{shown}`")), "{shown}");
    }
    for Valid { name, signed_text, sig, .. } in &vectors.valid {
        let shown = format!("**{name}**\n\n```text\n{signed_text}\n{sig}\n```\n");
        assert!(page.contains(&shown), "the document does not show\n{shown}");
    }
}
