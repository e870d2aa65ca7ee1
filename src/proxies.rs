//! Addresses and networks that the operator trusts: proxies whose word about others is taken, and gateways.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use ipnet::IpNet;

/// A list of them. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Arc<[IpNet]>);

impl Proxies {
    /// Reads a list of addresses and networks, such as `127.0.0.1, 10.0.0.0/8, fd00::/8`.
    ///
    /// # Errors
    /// The part of the list that is neither.
    pub fn parse(text: &str) -> Result<Self, String> {
        let network = |part: &str| {
            let address = part.parse().map(|address: IpAddr| IpNet::from(address.to_canonical()));
            let found = address.or_else(|_| IpNet::from_str(part));
            found.map_err(|_| format!("must be addresses or networks such as 10.0.0.0/8, not {part:?}"))
        };
        list(text).map(network).collect::<Result<_, _>>().map(Self)
    }

    /// Whether none is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this address is one of them.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// The parts of a list in a setting.
pub fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ', '\t', '\n']).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_what_is_wrong_in_it() {
        assert!(Proxies::parse(" 127.0.0.1,10.0.0.0/8 ::1\tfd00::/8 ").is_ok());
        for bad in ["localhost", "10.0.0.0/33", "127.0.0.1:80", "10.0.0.1-10.0.0.9"] {
            assert!(Proxies::parse(&format!("::1,{bad}")).unwrap_err().contains(bad));
        }
    }
}
