//! The name of an address by reverse DNS, confirmed forwards.
//!
//! The system's resolver blocks, so each look-up has a thread of the blocking pool, few at a time and never
//! for long. Whatever goes wrong, the address serves as the name.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::protocol::name::Hostname;

/// Look-ups at once. More than that are left undone: a name is a courtesy, not worth a queue.
const LOOKUPS_MAX: usize = 8;
/// How long a look-up may take.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(3);

/// Looks names up.
#[derive(Clone, Debug)]
pub struct Resolver {
    permits: Arc<Semaphore>,
}

impl Default for Resolver {
    fn default() -> Self {
        Self { permits: Arc::new(Semaphore::new(LOOKUPS_MAX)) }
    }
}

impl Resolver {
    /// The name of an address, if it has one that leads back to it.
    pub async fn name_of(&self, address: IpAddr) -> Option<Hostname> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        let look_up = tokio::task::spawn_blocking(move || {
            // Held until the look-up ends, also when nobody waits for it any more.
            let _permit = permit;
            confirmed_name(address)
        });
        tokio::time::timeout(LOOKUP_TIMEOUT, look_up).await.ok()?.ok()?
    }
}

fn confirmed_name(address: IpAddr) -> Option<Hostname> {
    let address = address.to_canonical();
    let name = dns_lookup::lookup_addr(&address).ok()?;
    let hostname = Hostname::from_dns(&name).ok()?;
    let confirmed = dns_lookup::lookup_host(hostname.as_str()).ok()?.any(|found| found == address);
    confirmed.then_some(hostname)
}
