//! `.env`: a part of the environment that is kept in a file.

use std::fs;

use super::ConfigError;

/// The file, in the folder where the program is started and in none above it.
const NAME: &str = ".env";

/// Takes what `.env` says into the environment, which stands over it. To be called while there is one thread.
///
/// # Errors
/// When it is there and not every line of it can be used. No error has any of its text, which may be a password.
pub fn read_dot_env() -> Result<(), ConfigError> {
    let error = |why: String| ConfigError { name: NAME.to_owned(), why };
    // A folder that one may not look into, as root's after `sudo -u`, has no such file for the one who asks.
    if !fs::exists(NAME).unwrap_or(false) {
        return Ok(());
    }
    let text = fs::read_to_string(NAME).map_err(|found| error(found.to_string()))?;
    // The last line, too, has an end: with blanks behind its value the parser would take it for half a line.
    let text = format!("{}\n", text.trim_start_matches('\u{feff}'));
    if let Some(line) = bad_line(&text) {
        let why = "is not NAME=value; a value with blanks or $ in it stands between '...'";
        return Err(error(format!("line {line} {why}")));
    }
    dotenvy::from_read(text.as_bytes()).map_err(|_| error("cannot be used".to_owned()))
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
