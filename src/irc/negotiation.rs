//! CAP: which capabilities there are, and which a connection has.
//! Source: <https://ircv3.net/specs/extensions/capability-negotiation>

use tokio::io::{AsyncRead, AsyncWrite};

use super::capability::{self, Capabilities, Capability};
use super::connection::{Connection, Stage};
use crate::reply::door::{self, Objection};

/// The version of capability negotiation in which values and changes are told.
const CAP_302: u32 = 302;

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Connection<R, W> {
    pub(super) fn cap(&mut self, params: &[String]) {
        let Some(subcommand) = params.first() else { return self.object(&Objection::NeedMoreParams("CAP")) };
        // Without a colon in front each name is a parameter of its own.
        let argument = &params.get(1..).unwrap_or_default().join(" ");
        match subcommand.to_ascii_uppercase().as_str() {
            "LS" => {
                self.hold();
                if argument.parse::<u32>().is_ok_and(|version| version >= CAP_302) {
                    self.is_302 = true;
                    self.outgoing.capabilities.set(Capability::CapNotify, true);
                }
                // Whoever sees no values has no use for it, and nobody may ask for it.
                let sts = self.way.sts.as_ref().filter(|_| self.is_302).map(|sts| format!("sts={sts}"));
                self.say_caps(
                    "LS",
                    &capability::texts(
                        capability::known(self.is_302, self.shared.settings.multiline).chain(sts),
                    ),
                );
            }
            "LIST" => {
                let names = capability::texts(self.outgoing.capabilities.names());
                self.say_caps("LIST", &names);
            }
            "REQ" => {
                self.hold();
                match self.outgoing.capabilities.with(argument, self.is_302) {
                    Some(changed) => self.grant(changed, argument),
                    None => self.say_cap("NAK", false, argument),
                }
            }
            "END" => {
                if let Stage::Candidate(candidate) = &mut self.stage {
                    candidate.negotiates = false;
                }
            }
            _ => self.object(&Objection::InvalidCapCommand(subcommand.clone())),
        }
    }

    /// The answer to the request is the last that goes by what was asked for before.
    fn grant(&mut self, changed: Capabilities, request: &str) {
        for text in capability::texts(request.split_ascii_whitespace()) {
            self.say_cap("ACK", false, &text);
        }
        self.outgoing.capabilities = changed;
    }

    /// Whoever negotiates says when it has ended, and is not let in before.
    fn hold(&mut self) {
        if let Stage::Candidate(candidate) = &mut self.stage {
            candidate.negotiates = true;
        }
    }

    /// Names in several lines, where the client understands that there are more.
    fn say_caps(&mut self, subcommand: &str, texts: &[String]) {
        let last = texts.len() - 1;
        for (index, text) in texts.iter().enumerate() {
            self.say_cap(subcommand, self.is_302 && index < last, text);
        }
    }

    fn say_cap(&mut self, subcommand: &str, more: bool, text: &str) {
        let mut params = vec![self.outgoing.nick.clone(), subcommand.to_owned()];
        params.extend(more.then(|| "*".to_owned()));
        let server = self.shared.engine.server();
        self.outgoing.say(&door::said(&server, "CAP", params, text));
    }
}
