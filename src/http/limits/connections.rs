//! The connections of each address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many there are of each address, and how many there may be.
pub struct Connections {
    most: usize,
    /// Addresses that bring those of many.
    trusted: Vec<IpAddr>,
    open: Arc<Open>,
}

type Open = Mutex<HashMap<IpAddr, usize>>;

/// A connection's place among those of its address, free again when it is dropped.
pub struct Place {
    open: Arc<Open>,
    address: Option<IpAddr>,
}

impl Connections {
    /// So many of each address, but for proxies that are trusted.
    pub fn new(most: usize, trusted: Vec<IpAddr>) -> Self {
        Self {
            most,
            trusted,
            open: Arc::default(),
        }
    }

    /// A place for one more; none where there are enough.
    pub fn enter(&self, address: Option<IpAddr>) -> Option<Place> {
        let address = address.filter(|address| !self.trusted.contains(address));
        if let Some(address) = address {
            let mut open = lock(&self.open);
            let count = open.entry(address).or_default();
            if *count >= self.most {
                return None;
            }
            *count += 1;
        }
        Some(Place {
            open: Arc::clone(&self.open),
            address,
        })
    }

    /// How many there are, of all addresses.
    pub fn count(&self) -> usize {
        lock(&self.open).values().sum()
    }
}

fn lock(open: &Open) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let mut open = lock(&self.open);
        if let Some(count) = open.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_so_many_and_a_trusted_proxy_as_many_as_it_needs() {
        let [one, other, proxy]: [IpAddr; 3] =
            ["1.1.1.1", "2.2.2.2", "10.0.0.1"].map(|address| address.parse().unwrap());
        let connections = Connections::new(2, vec![proxy]);
        let mut places = vec![connections.enter(Some(one)), connections.enter(Some(one))];
        assert!(places.iter().all(Option::is_some));
        assert!(connections.enter(Some(one)).is_none());
        assert!(connections.enter(Some(other)).is_some());
        places.extend((0..5).map(|_| connections.enter(Some(proxy))));
        assert!(places.iter().all(Option::is_some));
        assert_eq!(connections.count(), 2);
        drop(places);
        assert_eq!(connections.count(), 0);
        assert!(connections.enter(Some(one)).is_some());
    }
}
