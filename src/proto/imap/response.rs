//! The head of a server's response (RFC 3501 §7), as far as it decides what becomes of the response.

/// What kind of response a line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head<'a> {
    /// `* OK`, `* NO`, `* BAD`, `* BYE`, `* PREAUTH`
    Status(Status, Option<Code<'a>>),
    /// `* KEYWORD …`, or `* n KEYWORD …`
    Data(Data),
    /// `+ …`
    Continuation,
    /// `tag OK …` and the like.
    Tagged(&'a [u8], Status, Option<Code<'a>>),
    /// None of these.
    Unknown,
}

/// A status response's condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done.
    Ok,
    /// Not done.
    No,
    /// Not understood.
    Bad,
    /// The server closes.
    Bye,
    /// The greeting of a connection that is logged in already.
    PreAuth,
}

/// A response code: its name and where its arguments are, `[NAME ARGUMENTS]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code<'a> {
    /// The name.
    pub name: &'a [u8],
    /// What stands between the name's space and the bracket; as much as there is in an incomplete line.
    pub arguments: &'a [u8],
    /// What follows the bracket and its space.
    pub text: &'a [u8],
}

macro_rules! data {
    ($($variant:ident $name:literal,)*) => {
        /// The untagged data that delega knows. Any other is not passed on: nobody can have asked for it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Data {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Data {
            fn named(word: &[u8]) -> Option<Data> {
                $(if word.eq_ignore_ascii_case($name.as_bytes()) { return Some(Data::$variant); })*
                None
            }
        }
    };
}

data! {
    Fetch "FETCH",
    Exists "EXISTS",
    Expunge "EXPUNGE",
    Recent "RECENT",
    Flags "FLAGS",
    List "LIST",
    Lsub "LSUB",
    Xlist "XLIST",
    Status "STATUS",
    Search "SEARCH",
    ESearch "ESEARCH",
    Sort "SORT",
    Thread "THREAD",
    Vanished "VANISHED",
    Namespace "NAMESPACE",
    Quota "QUOTA",
    QuotaRoot "QUOTAROOT",
    Metadata "METADATA",
    Capability "CAPABILITY",
    Enabled "ENABLED",
    MyRights "MYRIGHTS",
    Id "ID",
}

impl Status {
    fn named(word: &[u8]) -> Option<Status> {
        [
            ("OK", Status::Ok),
            ("NO", Status::No),
            ("BAD", Status::Bad),
            ("BYE", Status::Bye),
            ("PREAUTH", Status::PreAuth),
        ]
        .into_iter()
        .find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes()))
        .map(|(_, status)| status)
    }
}

/// Reads the head of a line, whose CRLF may or may not be there yet.
pub fn head(line: &[u8]) -> Head<'_> {
    let line = line.strip_suffix(b"\r\n").unwrap_or(line);
    if line.first() == Some(&b'+') {
        return Head::Continuation;
    }
    let (first, rest) = word(line);
    let (second, rest) = word(rest);
    if first != b"*" {
        return match Status::named(second) {
            Some(status @ (Status::Ok | Status::No | Status::Bad)) if super::command::tag(first).is_some() => {
                Head::Tagged(first, status, code(rest))
            }
            _ => Head::Unknown,
        };
    }
    if let Some(status) = Status::named(second) {
        return Head::Status(status, code(rest));
    }
    let numbered = !second.is_empty() && second.iter().all(u8::is_ascii_digit);
    let keyword = if numbered { word(rest).0 } else { second };
    match Data::named(keyword) {
        Some(data) if numbered == matches!(data, Data::Fetch | Data::Exists | Data::Expunge | Data::Recent) => {
            Head::Data(data)
        }
        _ => Head::Unknown,
    }
}

/// What stands behind the first words of a data response, for those that are held whole.
pub fn arguments(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\r\n").unwrap_or(line);
    word(word(line).1).1
}

fn word(text: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b' ', text) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default()),
        None => (text, b""),
    }
}

fn code(text: &[u8]) -> Option<Code<'_>> {
    let inner = text.strip_prefix(b"[")?;
    let (inner, text) = match memchr::memchr(b']', inner) {
        Some(at) => (inner.get(..at)?, inner.get(at + 1..)?),
        None => (inner, &b""[..]),
    };
    let (name, arguments) = word(inner);
    Some(Code { name, arguments, text: text.strip_prefix(b" ").unwrap_or(text) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        assert_eq!(head(b"* 12 FETCH (FLAGS ())\r\n"), Head::Data(Data::Fetch));
        assert_eq!(head(b"* fetch (x)\r\n"), Head::Unknown);
        assert_eq!(head(b"* SEARCH\r\n"), Head::Data(Data::Search));
        assert_eq!(head(b"* 3 SEARCH\r\n"), Head::Unknown);
        assert_eq!(head(b"+ idling\r\n"), Head::Continuation);
        assert_eq!(head(b"+\r\n"), Head::Continuation);
        assert_eq!(head(b"a1 OK done\r\n"), Head::Tagged(b"a1", Status::Ok, None));
        assert_eq!(head(b"a1 BYE\r\n"), Head::Unknown);
        assert_eq!(head(b"a1\r\n"), Head::Unknown);
        assert_eq!(head(b"\r\n"), Head::Unknown);
        let code = Code { name: b"CAPABILITY", arguments: b"IMAP4rev1 IDLE", text: b"ready" };
        assert_eq!(head(b"* OK [CAPABILITY IMAP4rev1 IDLE] ready\r\n"), Head::Status(Status::Ok, Some(code)));
        assert_eq!(head(b"* XYZZY 1\r\n"), Head::Unknown);
    }
}
