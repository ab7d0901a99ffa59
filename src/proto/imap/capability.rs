//! The capabilities that delega knows (RFC 3501 §7.2.1 and the extensions' own documents).
//!
//! An allow-list: a name that is not here does not exist for delega, is never offered and never counted on.

use std::fmt;

macro_rules! capabilities {
    ($($variant:ident $name:literal $source:literal,)*) => {
        /// One capability.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Capability {
            $(#[doc = concat!("`", $name, "`, ", $source)] $variant,)*
        }

        impl Capability {
            /// All of them, in the order in which they are shown.
            pub const ALL: &'static [Capability] = &[$(Capability::$variant,)*];

            /// The name on the wire.
            pub fn name(self) -> &'static str {
                match self {
                    $(Capability::$variant => $name,)*
                }
            }
        }
    };
}

capabilities! {
    Imap4rev1 "IMAP4rev1" "RFC 3501",
    SaslIr "SASL-IR" "RFC 4959",
    AuthPlain "AUTH=PLAIN" "RFC 4616",
    LoginDisabled "LOGINDISABLED" "RFC 3501",
    StartTls "STARTTLS" "RFC 3501",
    LiteralPlus "LITERAL+" "RFC 7888",
    LiteralMinus "LITERAL-" "RFC 7888",
    Id "ID" "RFC 2971",
    Idle "IDLE" "RFC 2177",
    Enable "ENABLE" "RFC 5161",
    Namespace "NAMESPACE" "RFC 2342",
    UidPlus "UIDPLUS" "RFC 4315",
    Move "MOVE" "RFC 6851",
    Unselect "UNSELECT" "RFC 3691",
    Children "CHILDREN" "RFC 3348",
    ListExtended "LIST-EXTENDED" "RFC 5258",
    ListStatus "LIST-STATUS" "RFC 5819",
    SpecialUse "SPECIAL-USE" "RFC 6154",
    CreateSpecialUse "CREATE-SPECIAL-USE" "RFC 6154",
    Xlist "XLIST" "Gmail's forerunner of SPECIAL-USE",
    CondStore "CONDSTORE" "RFC 7162",
    QResync "QRESYNC" "RFC 7162",
    ESearch "ESEARCH" "RFC 4731",
    SearchRes "SEARCHRES" "RFC 5182",
    Within "WITHIN" "RFC 5032",
    Sort "SORT" "RFC 5256",
    SortDisplay "SORT=DISPLAY" "RFC 5957",
    ESort "ESORT" "RFC 5267",
    ThreadOrderedSubject "THREAD=ORDEREDSUBJECT" "RFC 5256",
    ThreadReferences "THREAD=REFERENCES" "RFC 5256",
    ThreadRefs "THREAD=REFS" "Dovecot's variant of THREAD=REFERENCES",
    Quota "QUOTA" "RFC 9208",
    StatusSize "STATUS=SIZE" "RFC 8438",
    MultiAppend "MULTIAPPEND" "RFC 3502",
    Replace "REPLACE" "RFC 8508",
    Binary "BINARY" "RFC 3516",
    Preview "PREVIEW" "RFC 8970",
    Metadata "METADATA" "RFC 5464",
    Acl "ACL" "RFC 4314",
    AclRights "RIGHTS=kxte" "RFC 4314 §2.2; an upstream's own letters differ and do not matter",
}

/// A set of capabilities.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities(u64);

impl Capabilities {
    /// None.
    pub const NONE: Capabilities = Capabilities(0);

    /// The set of those named.
    pub const fn of(list: &[Capability]) -> Capabilities {
        let mut bits = 0;
        let mut rest = list;
        while let [first, others @ ..] = rest {
            bits |= 1 << *first as u64;
            rest = others;
        }
        Capabilities(bits)
    }

    /// Reads the names in a capability list; unknown ones are passed over.
    pub fn parse(list: &[u8]) -> Capabilities {
        list.split(|b| *b == b' ').fold(Capabilities::NONE, |set, word| match Capability::named(word) {
            Some(capability) => set.with(capability),
            None => set,
        })
    }

    /// These and one more.
    #[must_use]
    pub const fn with(self, capability: Capability) -> Capabilities {
        Capabilities(self.0 | 1 << capability as u64)
    }

    /// Those in both sets.
    #[must_use]
    pub const fn and(self, other: Capabilities) -> Capabilities {
        Capabilities(self.0 & other.0)
    }

    /// Those in either set.
    #[must_use]
    pub const fn or(self, other: Capabilities) -> Capabilities {
        Capabilities(self.0 | other.0)
    }

    /// Those here that `other` has not.
    #[must_use]
    pub const fn without(self, other: Capabilities) -> Capabilities {
        Capabilities(self.0 & !other.0)
    }

    /// Whether `capability` is among them.
    pub const fn has(self, capability: Capability) -> bool {
        self.0 & (1 << capability as u64) != 0
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// They, in the order of [`Capability::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL.iter().copied().filter(move |capability| self.has(*capability))
    }
}

impl Capability {
    /// The capability of that name, case apart. Every `RIGHTS=` counts as [`Capability::AclRights`].
    pub fn named(word: &[u8]) -> Option<Capability> {
        if word.get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"RIGHTS=")) {
            return Some(Capability::AclRights);
        }
        Capability::ALL.iter().copied().find(|capability| word.eq_ignore_ascii_case(capability.name().as_bytes()))
    }
}

/// As they stand in a CAPABILITY response: names with a space between.
impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, capability) in self.iter().enumerate() {
            f.write_str(if n == 0 { "" } else { " " })?;
            f.write_str(capability.name())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_not_there() {
        let set = Capabilities::parse(b"IMAP4rev1 idle NOTIFY URLAUTH RIGHTS=texk COMPRESS=DEFLATE");
        assert_eq!(set.to_string(), "IMAP4rev1 IDLE RIGHTS=kxte");
    }

    #[test]
    fn there_is_room_for_all() {
        assert!(Capability::ALL.len() <= 64);
        let all = Capability::ALL.iter().fold(Capabilities::NONE, |set, capability| set.with(*capability));
        assert_eq!(all.iter().count(), Capability::ALL.len());
    }
}
