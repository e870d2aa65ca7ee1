//! What a connection may ask for beyond what RFC 1459 knows. Source: <https://ircv3.net/specs/extensions/capability-negotiation>

use super::Multiline;
use super::sasl::MECHANISM;
use crate::command::Style;

/// A capability.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Capability {
    AccountNotify,
    AccountRegistration,
    AccountTag,
    AwayNotify,
    Batch,
    CapNotify,
    Chghost,
    EchoMessage,
    Chathistory,
    EventPlayback,
    ExtendedJoin,
    ExtendedMonitor,
    InviteNotify,
    LabeledResponse,
    MessageTags,
    Multiline,
    MultiPrefix,
    NoImplicitNames,
    ReadMarker,
    Sasl,
    SelfMessage,
    ServerTime,
    Setname,
    StandardReplies,
    UserhostInNames,
}

/// Every capability by its name.
const ALL: [(&str, Capability); 26] = [
    ("account-notify", Capability::AccountNotify),
    ("account-tag", Capability::AccountTag),
    ("away-notify", Capability::AwayNotify),
    ("batch", Capability::Batch),
    ("cap-notify", Capability::CapNotify),
    ("chghost", Capability::Chghost),
    ("draft/account-registration", Capability::AccountRegistration),
    ("draft/chathistory", Capability::Chathistory),
    ("draft/event-playback", Capability::EventPlayback),
    ("draft/multiline", Capability::Multiline),
    ("draft/no-implicit-names", Capability::NoImplicitNames),
    ("draft/read-marker", Capability::ReadMarker),
    ("echo-message", Capability::EchoMessage),
    ("extended-join", Capability::ExtendedJoin),
    ("extended-monitor", Capability::ExtendedMonitor),
    ("invite-notify", Capability::InviteNotify),
    ("labeled-response", Capability::LabeledResponse),
    ("message-tags", Capability::MessageTags),
    ("multi-prefix", Capability::MultiPrefix),
    ("no-implicit-names", Capability::NoImplicitNames),
    ("sasl", Capability::Sasl),
    ("server-time", Capability::ServerTime),
    ("setname", Capability::Setname),
    ("standard-replies", Capability::StandardReplies),
    ("userhost-in-names", Capability::UserhostInNames),
    ("znc.in/self-message", Capability::SelfMessage),
];

/// Bytes of names in one line: with everything before them it fits a line of 512.
const NAMES_BYTES: usize = 400;

/// Those that a connection has asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Capabilities(u32);

impl Capabilities {
    /// Whether it has asked for one.
    pub(super) const fn has(self, capability: Capability) -> bool {
        self.0 & (1 << capability as u32) != 0
    }

    pub(super) const fn set(&mut self, capability: Capability, on: bool) {
        let bit = 1 << capability as u32;
        self.0 = if on { self.0 | bit } else { self.0 & !bit };
    }

    /// These with what a request changes; `None` when it names something that there is not, or would take away
    /// what cannot be.
    pub(super) fn with(self, request: &str, is_302: bool) -> Option<Self> {
        let mut changed = self;
        for word in request.split_ascii_whitespace() {
            let (name, on) = word.strip_prefix('-').map_or((word, true), |name| (name, false));
            let (_, capability) = ALL.iter().find(|(known, _)| *known == name)?;
            // Whoever speaks 302 is told of changes, whatever it asks for.
            if *capability == Capability::CapNotify && !on && is_302 {
                return None;
            }
            changed.set(*capability, on);
        }
        Some(changed)
    }

    /// The names, in order.
    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        ALL.into_iter().filter(move |(_, capability)| self.has(*capability)).map(|(name, _)| name)
    }

    /// What of them the answers to commands go by.
    pub(super) const fn style(self) -> Style {
        Style {
            multi_prefix: self.has(Capability::MultiPrefix),
            userhost_in_names: self.has(Capability::UserhostInNames),
            no_implicit_names: self.has(Capability::NoImplicitNames),
            read_marker: self.has(Capability::ReadMarker),
        }
    }
}

/// The names of everything there is, with values for those who understand them. The others, who take one line alone,
/// are told no drafts, which are younger than they.
pub(super) fn known(is_302: bool, multiline: Multiline) -> impl Iterator<Item = String> {
    let told = ALL.into_iter().filter(move |(name, _)| is_302 || !name.starts_with("draft/"));
    told.map(move |(name, capability)| match capability {
        Capability::Sasl if is_302 => format!("{name}={MECHANISM}"),
        Capability::Multiline if is_302 => {
            let Multiline { bytes_max, lines_max } = multiline;
            format!("{name}=max-bytes={bytes_max},max-lines={lines_max}")
        }
        _ => name.to_owned(),
    })
}

/// Names in as few texts as have room for them, at least one.
pub(super) fn texts(names: impl Iterator<Item = impl AsRef<str>>) -> Vec<String> {
    let mut texts = vec![String::new()];
    for name in names {
        let name = name.as_ref();
        let text = texts.last_mut().expect("there is one from the beginning");
        if text.is_empty() {
            text.push_str(name);
        } else if text.len() + 1 + name.len() <= NAMES_BYTES {
            text.push(' ');
            text.push_str(name);
        } else {
            texts.push(name.to_owned());
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_granted_whole_or_not_at_all() {
        let none = Capabilities::default();
        let some = none.with("server-time  message-tags", false).unwrap();
        assert_eq!(some.names().collect::<Vec<_>>(), ["message-tags", "server-time"]);
        assert_eq!(
            some.with("-server-time batch", false).unwrap().names().collect::<Vec<_>>(),
            ["batch", "message-tags"]
        );
        assert!(none.with("server-time nonsense", false).is_none());
        assert!(none.with("-cap-notify", true).is_none() && none.with("-cap-notify", false).is_some());
        assert_eq!(none.with("", false), Some(none));
    }

    #[test]
    fn every_capability_has_a_bit_of_its_own_and_names_fit_a_line() {
        let multiline = Multiline { bytes_max: 4_096, lines_max: 64 };
        assert_eq!(texts(known(false, multiline)).len(), 1, "whoever knows no 302 gets one line");
        let all = ALL.map(|(name, _)| name);
        let mut asked = Capabilities::default();
        for name in &all {
            asked = asked.with(name, true).unwrap();
            assert!(asked.names().any(|known| known == *name));
        }
        let bits = ALL
            .map(|(_, capability)| capability as u32)
            .into_iter()
            .collect::<std::collections::HashSet<_>>();
        assert_eq!(bits.len(), asked.0.count_ones() as usize, "one of them has two names");
        assert_eq!(texts(all.iter()).join(" "), all.join(" "));
        assert!(texts(all.iter().cycle().take(200)).iter().all(|text| text.len() <= NAMES_BYTES));
        assert_eq!(texts(std::iter::empty::<String>()), [""]);
    }
}
