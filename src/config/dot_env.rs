//! The environment, and `.env`: a part of it that is kept in a file.

use std::collections::HashMap;
use std::env::VarError;
use std::{env, fs};

use super::{ConfigError, SETTINGS};

/// The file, in the folder where the program is started and in none above it.
const NAME: &str = ".env";

/// The settings in the environment that the program was given, and below them those in `.env`, which may be another one
/// the next time.
#[derive(Debug, Default)]
pub struct Environment {
    given: HashMap<String, String>,
}

impl Environment {
    /// What is given now. Takes what else `.env` says into the environment of the process, such as `RUST_LOG`. To be called
    /// once, and while there is one thread.
    ///
    /// # Errors
    /// When a setting is not UTF-8, or `.env` is there and not every line of it can be used. No error has any of its text,
    /// which may be a password.
    pub fn take() -> Result<Self, ConfigError> {
        let mut given = HashMap::new();
        for setting in SETTINGS {
            match env::var(setting.name) {
                Ok(value) => drop(given.insert(setting.name.to_owned(), value)),
                Err(VarError::NotPresent) => {}
                Err(VarError::NotUnicode(_)) => {
                    return Err(ConfigError {
                        name: setting.name.to_owned(),
                        why: "must be UTF-8".to_owned(),
                    });
                }
            }
        }
        if let Some(text) = text()? {
            dotenvy::from_read(text.as_bytes()).map_err(|_| unusable("cannot be used"))?;
        }
        Ok(Self { given })
    }

    /// Reads `.env` again, and gives what looks a setting up: there, unless it was given.
    ///
    /// # Errors
    /// As those of [`take`](Self::take).
    pub fn read(&self) -> Result<impl Fn(&str) -> Option<String> + '_, ConfigError> {
        let mut kept = HashMap::new();
        if let Some(text) = text()? {
            for pair in dotenvy::from_read_iter(text.as_bytes()) {
                let (name, value) = pair.map_err(|_| unusable("cannot be used"))?;
                // Of two lines with one name the first is good, as where they are taken into the environment.
                kept.entry(name).or_insert(value);
            }
        }
        Ok(move |name: &str| self.given.get(name).or_else(|| kept.get(name)).cloned())
    }
}

fn unusable(why: impl Into<String>) -> ConfigError {
    ConfigError { name: NAME.to_owned(), why: why.into() }
}

/// The file, if it is there and all of its lines are good.
fn text() -> Result<Option<String>, ConfigError> {
    // A folder that one may not look into, as root's after `sudo -u`, has no such file for the one who asks.
    if !fs::exists(NAME).unwrap_or(false) {
        return Ok(None);
    }
    let text = fs::read_to_string(NAME).map_err(|found| unusable(found.to_string()))?;
    // The last line, too, has an end: with blanks behind its value the parser would take it for half a line.
    let text = format!("{}\n", text.trim_start_matches('\u{feff}'));
    if let Some(line) = bad_line(&text) {
        let why = "is not NAME=value; a value with blanks or $ in it stands between '...'";
        return Err(unusable(format!("line {line} {why}")));
    }
    Ok(Some(text))
}

/// The number of the first line that cannot be used; what goes over several lines goes by the first of them.
fn bad_line(text: &str) -> Option<usize> {
    // A value with NUL is none that the environment takes.
    let is_good = |text: &str| {
        dotenvy::from_read_iter(text.as_bytes())
            .all(|pair| pair.is_ok_and(|(_, value)| !value.contains('\0')))
    };
    if is_good(text) {
        return None;
    }
    // The parser does not tell where it is. The most lines that are good by themselves stand in front of the bad one.
    let (mut end, mut good) = (0, 0);
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        end += line.len();
        if is_good(text.get(..end).unwrap_or_default()) {
            good = number;
        }
    }
    Some(good + 1)
}

#[cfg(test)]
mod tests {
    use super::bad_line;

    #[test]
    fn the_bad_line_is_found() {
        let good = "# a comment\n\nA=b\nexport B='two words'\nC=\"over\nlines\"\nD= \n";
        assert_eq!(bad_line(good), None);
        for bad in ["X=two words\n", "X\n", "X='open\n", "X: y\n", "X=a\0b\n", "X=\"open\nA=b\n"] {
            assert_eq!(bad_line(&format!("{good}{bad}")), Some(8), "{bad:?}");
            assert_eq!(bad_line(&format!("{bad}E=f\n")), Some(1), "{bad:?}");
        }
    }
}
