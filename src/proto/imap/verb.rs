//! The verbs that delega knows. A command with any other is answered `BAD` and goes no further.

macro_rules! verbs {
    ($($variant:ident $name:literal $uid:literal $doc:literal,)*) => {
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

            /// Whether there is a form with `UID` before it.
            pub fn has_uid_form(self) -> bool {
                match self {
                    $(Verb::$variant => $uid,)*
                }
            }
        }
    };
}

verbs! {
    Capability "CAPABILITY" false "RFC 3501 §6.1.1",
    Noop "NOOP" false "RFC 3501 §6.1.2",
    Logout "LOGOUT" false "RFC 3501 §6.1.3",
    Id "ID" false "RFC 2971",
    StartTls "STARTTLS" false "RFC 3501 §6.2.1",
    Login "LOGIN" false "RFC 3501 §6.2.3",
    Authenticate "AUTHENTICATE" false "RFC 3501 §6.2.2, RFC 4959",
    Enable "ENABLE" false "RFC 5161",
    Select "SELECT" false "RFC 3501 §6.3.1, RFC 7162",
    Examine "EXAMINE" false "RFC 3501 §6.3.2, RFC 7162",
    List "LIST" false "RFC 3501 §6.3.8, RFC 5258, RFC 5819, RFC 6154",
    Lsub "LSUB" false "RFC 3501 §6.3.9",
    Xlist "XLIST" false "Gmail's forerunner of SPECIAL-USE",
    Namespace "NAMESPACE" false "RFC 2342",
    Status "STATUS" false "RFC 3501 §6.3.10, RFC 7162, RFC 8438",
    Idle "IDLE" false "RFC 2177",
    Fetch "FETCH" true "RFC 3501 §6.4.5, RFC 3516, RFC 7162, RFC 8970",
    Search "SEARCH" true "RFC 3501 §6.4.4, RFC 4731, RFC 5032, RFC 5182, RFC 7162",
    Sort "SORT" true "RFC 5256, RFC 5267, RFC 5957",
    Thread "THREAD" true "RFC 5256",
    Check "CHECK" false "RFC 3501 §6.4.1",
    Unselect "UNSELECT" false "RFC 3691",
    Close "CLOSE" false "RFC 3501 §6.4.2",
    GetQuota "GETQUOTA" false "RFC 9208 §4.1.1",
    GetQuotaRoot "GETQUOTAROOT" false "RFC 9208 §4.1.2",
    SetQuota "SETQUOTA" false "RFC 9208 §4.1.3",
    GetMetadata "GETMETADATA" false "RFC 5464 §4.2",
    SetMetadata "SETMETADATA" false "RFC 5464 §4.3",
    MyRights "MYRIGHTS" false "RFC 4314 §3.5",
    GetAcl "GETACL" false "RFC 4314 §3.3",
    SetAcl "SETACL" false "RFC 4314 §3.1",
    DeleteAcl "DELETEACL" false "RFC 4314 §3.2",
    ListRights "LISTRIGHTS" false "RFC 4314 §3.4",
    Store "STORE" true "RFC 3501 §6.4.6, RFC 7162",
    Copy "COPY" true "RFC 3501 §6.4.7",
    Move "MOVE" true "RFC 6851",
    Expunge "EXPUNGE" true "RFC 3501 §6.4.3, RFC 4315",
    Append "APPEND" false "RFC 3501 §6.3.11, RFC 3502, RFC 3516",
    Replace "REPLACE" true "RFC 8508",
    Create "CREATE" false "RFC 3501 §6.3.3, RFC 6154",
    Delete "DELETE" false "RFC 3501 §6.3.4",
    Rename "RENAME" false "RFC 3501 §6.3.5",
    Subscribe "SUBSCRIBE" false "RFC 3501 §6.3.6",
    Unsubscribe "UNSUBSCRIBE" false "RFC 3501 §6.3.7",
}

impl Verb {
    /// The verb of that name, case apart.
    pub fn named(word: &[u8]) -> Option<Verb> {
        Verb::ALL.iter().copied().find(|verb| word.eq_ignore_ascii_case(verb.name().as_bytes()))
    }

    /// Whether a message streams in at its end.
    pub fn brings_message(self) -> bool {
        matches!(self, Verb::Append | Verb::Replace)
    }
}
