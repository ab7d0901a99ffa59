//! What a person may do in a mailbox, as the wire protocols ask for it.

use super::{Door, ListenerKind, Permission, Permissions, Protocol, Protocols};

/// The permissions of one open session, already taken under the operator's profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What the person may do.
    pub permissions: Permissions,
    /// With which retrieval protocols a mail program may come (P7).
    pub protocols: Protocols,
}

impl Grant {
    /// The owner's: everything, by every protocol (L3).
    pub const OWNER: Grant = Grant { permissions: Permissions::ALL, protocols: Protocols { imap: true, pop3: true } };

    /// Whether `permission` is granted.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(permission)
    }

    /// Whether the person may come in by `door` (P4, P7, G4): on a *client* listener **client** and the protocol are
    /// needed, on a *webmail* listener neither is. Submission needs no retrieval protocol.
    pub fn opens(&self, door: Door) -> bool {
        match door.kind {
            ListenerKind::Webmail => true,
            ListenerKind::Client => {
                self.may(Permission::Client)
                    && match door.protocol {
                        Protocol::Imap => self.protocols.imap,
                        Protocol::Pop3 => self.protocols.pop3,
                        Protocol::Submission => true,
                    }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g4_client_is_asked_for_on_client_listeners_only() {
        let reader = Grant { permissions: Permissions::READ, protocols: Protocols::default() };
        let door = |kind, protocol| Door { protocol, kind };
        assert!(reader.opens(door(ListenerKind::Webmail, Protocol::Imap)));
        assert!(!reader.opens(door(ListenerKind::Client, Protocol::Imap)));
        assert!(Grant::OWNER.opens(door(ListenerKind::Client, Protocol::Pop3)));
    }

    #[test]
    fn p7_client_with_imap_alone_does_not_open_pop3() {
        let grant = Grant { permissions: Permissions::ALL, protocols: Protocols { imap: true, pop3: false } };
        let client = |protocol| grant.opens(Door { protocol, kind: ListenerKind::Client });
        assert!(client(Protocol::Imap) && client(Protocol::Submission) && !client(Protocol::Pop3));
    }
}
