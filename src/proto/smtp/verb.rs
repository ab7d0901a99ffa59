//! The verbs that delega knows. A command with any other is answered `500` and goes no further.

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
    Ehlo "EHLO" "RFC 5321 §4.1.1.1",
    Helo "HELO" "RFC 5321 §4.1.1.1",
    StartTls "STARTTLS" "RFC 3207",
    Auth "AUTH" "RFC 4954",
    Mail "MAIL" "RFC 5321 §4.1.1.2",
    Rcpt "RCPT" "RFC 5321 §4.1.1.3",
    Data "DATA" "RFC 5321 §4.1.1.4",
    Bdat "BDAT" "RFC 3030",
    Rset "RSET" "RFC 5321 §4.1.1.5",
    Noop "NOOP" "RFC 5321 §4.1.1.9",
    Quit "QUIT" "RFC 5321 §4.1.1.10",
    Help "HELP" "RFC 5321 §4.1.1.8",
    Vrfy "VRFY" "RFC 5321 §4.1.1.6",
    Expn "EXPN" "RFC 5321 §4.1.1.7",
    Etrn "ETRN" "RFC 1985",
    Turn "TURN" "RFC 821",
    Burl "BURL" "RFC 4468",
    Xclient "XCLIENT" "Postfix",
    Xforward "XFORWARD" "Postfix",
}

impl Verb {
    /// The verb of that name, case apart.
    pub fn named(word: &[u8]) -> Option<Verb> {
        Verb::ALL.iter().copied().find(|verb| word.eq_ignore_ascii_case(verb.name().as_bytes()))
    }
}
