//! Who may connect: a bound on all connections together, and one on those from one address that have not logged in.
//!
//! Both are counted here, in memory, and given back when the [`Guard`] of a connection is dropped. How often a password
//! may be guessed is another matter, and belongs to `accounts`.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The counters that all listeners share.
#[derive(Debug)]
pub struct Admission {
    connections: Arc<Semaphore>,
    before_login: Mutex<HashMap<Origin, usize>>,
    before_login_per_address: usize,
}

/// Where a connection comes from, as far as counting goes: an IPv4 address, or an IPv6 network of 64 bits, since any
/// one customer of a provider has all addresses of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Origin {
    V4(Ipv4Addr),
    V6([u16; 4]),
}

/// The place of one connection among all of them.
#[derive(Debug)]
pub struct Slot(#[expect(dead_code, reason = "held for its Drop")] OwnedSemaphorePermit);

/// The place of one connection among all, and among those of its address until it has logged in.
///
/// Dropping it gives back both.
#[derive(Debug)]
#[must_use = "dropping the guard gives the connection's place to another"]
pub struct Guard {
    _slot: Slot,
    before_login: Option<(Arc<Admission>, Origin)>,
}

impl Admission {
    /// Counters for at most `connections` at once, and at most `before_login_per_address` of one origin that have not
    /// logged in.
    pub fn new(connections: usize, before_login_per_address: usize) -> Arc<Self> {
        Arc::new(Admission {
            connections: Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS))),
            before_login: Mutex::default(),
            before_login_per_address,
        })
    }

    /// A place among all connections, if there is one.
    pub fn slot(&self) -> Option<Slot> {
        self.connections.clone().try_acquire_owned().ok().map(Slot)
    }

    /// A guard for a connection from `address` that has yet to log in; none if too many such wait already.
    pub fn guard(self: &Arc<Self>, slot: Slot, address: IpAddr) -> Option<Guard> {
        let origin = Origin::of(address);
        let mut before_login = self.before_login.lock().unwrap_or_else(PoisonError::into_inner);
        let count = before_login.entry(origin).or_insert(0);
        if *count >= self.before_login_per_address {
            if *count == 0 {
                before_login.remove(&origin);
            }
            return None;
        }
        *count += 1;
        Some(Guard { _slot: slot, before_login: Some((self.clone(), origin)) })
    }

    /// A guard for a connection of a front end that the operator trusts, all of whose users come from its address.
    pub fn guard_of_front_end(slot: Slot) -> Guard {
        Guard { _slot: slot, before_login: None }
    }

    /// Forgets one connection that waited to log in.
    fn release(&self, origin: Origin) {
        let mut before_login = self.before_login.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = before_login.get_mut(&origin) {
            *count -= 1;
            if *count == 0 {
                before_login.remove(&origin);
            }
        }
    }
}

impl Guard {
    /// The connection has logged in, and no longer counts against its address.
    pub fn logged_in(&mut self) {
        if let Some((admission, origin)) = self.before_login.take() {
            admission.release(origin);
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.logged_in();
    }
}

impl Origin {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Origin::V4(v4),
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                Origin::V6([a, b, c, d])
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn guard(admission: &Arc<Admission>, address: &str) -> Option<Guard> {
        admission.guard(admission.slot()?, address.parse().unwrap())
    }

    #[test]
    fn one_address_waits_at_its_limit_and_others_do_not() {
        let admission = Admission::new(100, 2);
        let first = guard(&admission, "192.0.2.1").unwrap();
        let mut second = guard(&admission, "192.0.2.1").unwrap();
        assert!(guard(&admission, "192.0.2.1").is_none());
        let _other = guard(&admission, "192.0.2.2").unwrap();

        second.logged_in();
        let _third = guard(&admission, "192.0.2.1").unwrap();
        assert!(guard(&admission, "192.0.2.1").is_none());
        drop(second);
        assert!(guard(&admission, "192.0.2.1").is_none(), "a login is given back once, not twice");
        drop(first);
        assert!(guard(&admission, "192.0.2.1").is_some());
    }

    #[test]
    fn ipv6_counts_by_network_and_mapped_ipv4_as_ipv4() {
        let admission = Admission::new(100, 1);
        let _held = guard(&admission, "2001:db8:0:1::1").unwrap();
        assert!(guard(&admission, "2001:db8:0:1:ffff::2").is_none());
        assert!(guard(&admission, "2001:db8:0:2::1").is_some());
        let _held = guard(&admission, "192.0.2.1").unwrap();
        assert!(guard(&admission, "::ffff:192.0.2.1").is_none());
    }

    #[test]
    fn all_connections_together_are_bounded_logged_in_or_not() {
        let admission = Admission::new(2, 10);
        let mut first = guard(&admission, "192.0.2.1").unwrap();
        first.logged_in();
        let _second = Admission::guard_of_front_end(admission.slot().unwrap());
        assert!(admission.slot().is_none());
        drop(first);
        assert!(admission.slot().is_some());
    }

    #[test]
    fn nothing_is_remembered_of_those_who_left() {
        let admission = Admission::new(100, 3);
        for last in 0..=255 {
            drop(guard(&admission, &format!("192.0.2.{last}")));
        }
        assert!(admission.before_login.lock().unwrap().is_empty());
    }
}
