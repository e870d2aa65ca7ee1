//! Which addresses are one household: whatever is limited for each address is limited for each of these.

use std::net::{IpAddr, Ipv6Addr};

/// What limits on addresses count as one: an IPv6 network of 64 bits, which every household has for itself, and an
/// IPv4 address.
pub fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::household;

    #[test]
    fn a_network_of_64_bits_and_an_address_of_32_are_one() {
        let group = |text: &str| household(text.parse().unwrap()).to_string();
        assert_eq!(group("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(group("192.0.2.7"), "192.0.2.7");
        assert_eq!(group("::ffff:192.0.2.7"), "192.0.2.7");
    }
}
