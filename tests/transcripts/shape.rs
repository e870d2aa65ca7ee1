//! The shape that the table of numerics gives to each of them: how many parameters it has, and what its text says.

use neoirc::protocol::numeric::{ALL, Numeric};

use super::line::{Line, matches};

/// What the table has under these digits, or under `FAIL`.
pub(crate) fn named(code: &str) -> impl Iterator<Item = &'static Numeric> {
    ALL.iter().filter(move |numeric| numeric.code() == code)
}

/// Holds a received line against the table. Lines that are no numerics have no shape there.
pub(crate) fn check(line: &Line) -> Result<(), String> {
    let code = line.command.as_str();
    let is_numeric = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
    // A numeric begins with the nick of whoever it is for, a standard reply does not.
    let params = match line.params.split_first() {
        Some((_, behind)) if is_numeric => behind,
        _ if code == "FAIL" => &line.params,
        _ => return if is_numeric { Err(format!("{line}\nis for nobody")) } else { Ok(()) },
    };
    match named(code).map(|numeric| fits(*numeric, params)).reduce(Result::or) {
        Some(result) => {
            result.map_err(|why| format!("{line}\nis not as the table of numerics has it: {why}"))
        }
        None => Err(format!("{line}\nis not in the table of numerics")),
    }
}

fn fits(numeric: Numeric, params: &[String]) -> Result<(), String> {
    let middle = match (numeric.template(), params.split_last()) {
        ("", _) => params,
        (template, Some((text, middle))) if matches(&pattern(template), text) => middle,
        (template, _) => return Err(format!("the text should be {template:?}")),
    };
    let forms = forms(numeric.params());
    let (mut fewest, mut most) = (0, 0);
    for form in &forms {
        let is_optional = form.starts_with('[');
        fewest += usize::from(!is_optional);
        most = if form.contains('…') { usize::MAX } else { usize::saturating_add(most, 1) };
    }
    if !(fewest..=most).contains(&middle.len()) {
        return Err(format!("{} parameters, not {:?}", middle.len(), numeric.params()));
    }
    let literal = |form: &&String| !form.starts_with(['<', '[']);
    let wrong = forms.iter().zip(middle).find(|(form, param)| literal(form) && form != param);
    wrong.map_or(Ok(()), |(form, param)| Err(format!("{form} should stand where {param} does")))
}

/// A text with `*` where something is filled in.
fn pattern(template: &str) -> String {
    let mut pattern = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('<') {
        pattern.push_str(before);
        pattern.push('*');
        rest = behind.split_once('>').map_or("", |(_, behind)| behind);
    }
    pattern + rest
}

/// The parameters one by one; a blank within brackets parts nothing.
fn forms(params: &str) -> Vec<String> {
    let mut forms: Vec<String> = Vec::new();
    let mut depth = 0;
    for c in params.chars() {
        match c {
            '<' | '[' => depth += 1,
            '>' | ']' => depth -= 1,
            _ => {}
        }
        match forms.last_mut() {
            _ if c == ' ' && depth == 0 => forms.push(String::new()),
            Some(form) => form.push(c),
            None => forms.push(c.to_string()),
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_fine(line: &str) -> bool {
        check(&Line::parse(line)).is_ok()
    }

    #[test]
    fn parameters_are_counted() {
        assert!(is_fine(":neoirc 403 alice #c :No such channel"));
        assert!(!is_fine(":neoirc 403 alice :No such channel"));
        assert!(!is_fine(":neoirc 403 alice #c #d :No such channel"));
        assert!(is_fine(":neoirc 324 alice #c +") && is_fine(":neoirc 324 alice #c +kl key 5"));
        assert!(!is_fine(":neoirc 324 alice #c"));
        assert!(is_fine(":neoirc 354 alice") && is_fine(":neoirc 354 alice a b"));
        assert!(is_fine(":neoirc 005 alice A B=c :are supported by this server"));
        assert!(!is_fine(":neoirc 005 alice :are supported by this server"));
        assert!(is_fine(":neoirc 004 alice neoirc neoirc-1 iow bkl b"), "brackets hold blanks together");
        assert!(!is_fine(":neoirc 004 alice neoirc neoirc-1 iow bkl"));
    }

    #[test]
    fn texts_and_literal_parameters_are_compared() {
        assert!(!is_fine(":neoirc 403 alice #c :No such canal"));
        assert!(!is_fine(":neoirc 403 alice #c :"));
        assert!(is_fine(":neoirc 404 alice #c :Cannot send to channel (+m)"));
        assert!(
            is_fine(":neoirc 311 alice bob bob host * :Bob")
                && !is_fine(":neoirc 311 alice bob bob host 0 :Bob")
        );
        assert!(is_fine(":neoirc FAIL SETNAME INVALID_REALNAME :Realname is not valid"));
        assert!(!is_fine(":neoirc FAIL SETNAME CANNOT_CHANGE :Realname is not valid"));
    }

    #[test]
    fn what_is_not_in_the_table_is_not_spoken() {
        assert!(!is_fine(":neoirc 999 alice :Boo") && !is_fine(":neoirc 403"));
        assert!(is_fine(":alice PRIVMSG #c :hi"));
    }
}
