//! The settings file: TOML, a value for each key.

use std::collections::HashMap;
use std::path::Path;

use config::{Config, File, FileFormat};

use super::{ConfigError, SETTINGS};

/// What the file says, as text by key.
///
/// # Errors
/// When it cannot be read, or has a key that is no setting's or a value that is a list.
pub(super) fn read(path: &Path) -> Result<HashMap<String, String>, ConfigError> {
    let error = |why: String| ConfigError { name: path.display().to_string(), why };
    let source = File::from(path).format(FileFormat::Toml);
    let file = Config::builder().add_source(source).build().map_err(|found| error(words(&found)))?;
    let table = file.cache.into_table().map_err(|found| error(words(&found)))?;
    let text = |(key, value): (String, config::Value)| {
        if !SETTINGS.iter().any(|setting| setting.key() == key) {
            return Err(error(format!("there is no setting {key}")));
        }
        match value.into_string() {
            Ok(text) => Ok((key, text)),
            Err(_) => Err(error(format!("{key} must be one value; a list is written as \"a, b\""))),
        }
    };
    table.into_iter().map(text).collect()
}

/// What is wrong with a file, without the line of it that the parser shows: it may have a password in it.
fn words(error: &config::ConfigError) -> String {
    let config::ConfigError::FileParse { cause, .. } = error else { return error.to_string() };
    let in_front = |letter: char| letter == ' ' || letter.is_ascii_digit();
    let cause = cause.to_string();
    let said = cause.lines().filter(|line| !line.trim_start_matches(in_front).starts_with('|'));
    said.collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read_text(text: &str) -> Result<HashMap<String, String>, ConfigError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        read(file.path())
    }

    #[test]
    fn values_of_every_kind_are_read() {
        let text = "max_history = 5\nsearch = false\naccount_rate_limit = 0.5\nmotd = \"a\\nb\"";
        let values = read_text(text).unwrap();
        let value = |key: &str| values.get(key).map(String::as_str);
        assert_eq!((value("max_history"), value("search")), (Some("5"), Some("false")));
        assert_eq!((value("account_rate_limit"), value("motd")), (Some("0.5"), Some("a\nb")));
    }

    /// The default in its place could be the opposite of what was meant.
    #[test]
    fn lists_and_tables_are_refused() {
        for (key, text) in [
            ("cors_origins", "cors_origins = [\"https://a.example\", \"https://b.example\"]"),
            ("trusted_proxies", "trusted_proxies = []"),
            ("motd", "motd.text = \"hello\""),
            ("search", "[search]\n"),
        ] {
            let error = read_text(text).unwrap_err();
            assert!(error.why.contains(key) && error.why.contains("\"a, b\""), "{error}");
        }
    }

    #[test]
    fn an_error_tells_the_line_and_not_what_is_in_it() {
        for text in ["motd = \"x\"\nirc_password = sesame\n", "motd = \"x\"\nirc_password = \"sesame\n"] {
            let error = read_text(text).unwrap_err().to_string();
            assert!(error.contains("line 2") && !error.contains("sesame"), "{error}");
        }
    }
}
