//! Reading a query string. Strict: a number that is not one, or that stands twice, is refused and not guessed.

use std::borrow::Cow;

use actix_web::dev::RequestHead;

use super::error::ApiError;

/// The pairs of a query string, looked for in place: a poll has two, and nothing is copied to find them.
pub(super) struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    pub(super) fn of(request: &'a RequestHead) -> Self {
        Self::of_text(request.uri.query().unwrap_or_default())
    }

    pub(super) const fn of_text(query: &'a str) -> Self {
        Self(query)
    }

    /// The value of a parameter.
    ///
    /// # Errors
    /// `BadRequest` when it stands there more than once.
    pub(super) fn text(&self, name: &str) -> Result<Option<Cow<'a, str>>, ApiError> {
        let mut values = self.pairs().filter(|(key, _)| key == name).map(|(_, value)| value);
        let value = values.next();
        if values.next().is_some() {
            return Err(ApiError::BadRequest("repeated query parameter"));
        }
        Ok(value)
    }

    fn pairs(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> {
        // What is not encoded need not be decoded.
        let is_encoded = self.0.bytes().any(|byte| matches!(byte, b'%' | b'+'));
        let (encoded, plain) = if is_encoded { (self.0, "") } else { ("", self.0) };
        let plain = plain.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key.into(), value.into())
        });
        plain.chain(form_urlencoded::parse(encoded.as_bytes()))
    }

    /// The value of a parameter that is a whole number from 0 to 2^63 − 1.
    ///
    /// # Errors
    /// `BadRequest` when it is anything else, or stands there more than once.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, ApiError> {
        self.text(name)?
            .map(|text| number(&text).ok_or(ApiError::BadRequest("invalid query parameter")))
            .transpose()
    }
}

/// ASCII digits only: no sign, no fraction, no blank.
pub(super) fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse::<u64>().ok().filter(|number| i64::try_from(*number).is_ok())).flatten()
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn only_whole_numbers_are_numbers() {
        assert_eq!(number("0"), Some(0));
        assert_eq!(number("9223372036854775807"), Some(i64::MAX as u64));
        for bad in
            ["", "-1", "+1", "1.0", "1e3", " 1", "0x1", "٣", "9223372036854775808", "99999999999999999999"]
        {
            assert_eq!(number(bad), None, "{bad}");
        }
    }
}
