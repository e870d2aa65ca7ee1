//! WEBIRC: a gateway tells whose connection it is that it passes on.
//! Source: <https://ircv3.net/specs/extensions/webirc>

use std::net::IpAddr;

use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;
use tokio::io::{AsyncRead, AsyncWrite};

use super::connection::{Connection, Stage};
use super::outgoing::Parting;

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Connection<R, W> {
    /// Believes a gateway that is known, in its first line. What it says of the host's name is not taken: names are
    /// looked up here, both ways. A wrong word ends the connection, which would else be taken for the gateway's own.
    pub(super) fn webirc(&mut self, params: &[String]) -> Result<(), Parting> {
        let refused = |why: &str| Err(Parting::Because(why.to_owned()));
        let is_first = matches!(&self.stage, Stage::Candidate(candidate) if candidate.is_at_first_line());
        if !is_first {
            return refused("WEBIRC comes first");
        }
        let known =
            self.shared.settings.webirc.as_ref().filter(|webirc| webirc.gateways.trusts(self.address));
        let Some(webirc) = known else { return refused("Not a WebIRC gateway") };
        let [password, _gateway, _hostname, address, options @ ..] = params else {
            return refused("WEBIRC lacks parameters");
        };
        if !bool::from(password.as_bytes().ct_eq(webirc.password.expose_secret().as_bytes())) {
            return refused("Invalid WebIRC password");
        }
        let Ok(address) = address.parse::<IpAddr>() else { return refused("WEBIRC without an address") };
        let address = address.to_canonical();
        let Ok(place) = self.shared.place(address) else { return refused("Too many connections") };
        tracing::debug!(gateway = %self.address, %address, "a gateway passes a connection on");
        // A secure way to the gateway is none to here, unless the gateway comes by TLS itself.
        self.way.is_secure &= says_secure(options);
        self.address = address;
        self.way.place = place;
        // The gateway is no client that could go elsewhere.
        self.way.sts = None;
        Ok(())
    }
}

/// Whether the client came to the gateway by TLS: `secure`, whatever value it may have.
fn says_secure(options: &[String]) -> bool {
    let mut words = options.iter().flat_map(|words| words.split(' '));
    words.any(|word| word.split('=').next() == Some("secure"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secure_is_a_word_among_others() {
        for (options, secure) in [
            (&["secure"][..], true),
            (&["local-port=6697 secure=yes remote-port=1"], true),
            (&["secured", "insecure"], false),
            (&["remote-port=secure"], false),
            (&[], false),
        ] {
            let options: Vec<String> = options.iter().map(ToString::to_string).collect();
            assert_eq!(says_secure(&options), secure, "{options:?}");
        }
    }
}
