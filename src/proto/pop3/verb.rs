//! The verbs that delega knows. A command with any other, APOP among them, is refused and goes no further.

macro_rules! verbs {
    ($($variant:ident $name:literal $doc:literal,)*) => {
        /// A command's name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Verb {
            $(#[doc = $doc] $variant,)*
        }

        impl Verb {
            /// All of them.
            pub const ALL: &'static [Verb] = &[$(Verb::$variant,)*];

            /// The name on the wire.
            pub fn name(self) -> &'static str {
                match self {
                    $(Verb::$variant => $name,)*
                }
            }
        }
    };
}

verbs! {
    Capa "CAPA" "RFC 2449 §5",
    Stls "STLS" "RFC 2595 §4",
    User "USER" "RFC 1939 §7",
    Pass "PASS" "RFC 1939 §7",
    Auth "AUTH" "RFC 5034",
    Noop "NOOP" "RFC 1939 §5",
    Quit "QUIT" "RFC 1939 §4, §6",
    Stat "STAT" "RFC 1939 §5",
    List "LIST" "RFC 1939 §5",
    Uidl "UIDL" "RFC 1939 §7",
    Retr "RETR" "RFC 1939 §5",
    Top "TOP" "RFC 1939 §7",
    Dele "DELE" "RFC 1939 §5",
    Rset "RSET" "RFC 1939 §5",
}

impl Verb {
    /// The verb of that name, case apart.
    pub fn named(word: &[u8]) -> Option<Verb> {
        Verb::ALL.iter().copied().find(|verb| word.eq_ignore_ascii_case(verb.name().as_bytes()))
    }
}
