//! A reader of commands and one of responses, written for the tests from RFC 3501 and strict throughout, so that the
//! gateway's own grammar is not held against itself.

/// A piece of a command's arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Anything without a delimiter, in capitals.
    Atom(String),
    /// A string, however it was written.
    Text(Vec<u8>),
    /// A literal of a message.
    Message(Vec<u8>),
    /// `(`
    Open,
    /// `)`
    Close,
}

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Its tag.
    pub tag: String,
    /// Its name in capitals, `UID ` included.
    pub verb: String,
    /// Its arguments.
    pub arguments: Vec<Piece>,
}

/// What a piece of the client's stream is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// More is needed.
    Incomplete,
    /// The line ends in the announcement of this many octets, for which the client waits.
    Announced(usize),
    /// A whole command, with its CRLF, of this length.
    Command(usize),
}

/// Finds the end of the command that `bytes` begin with. `answered` announcements were answered with a continuation.
/// `plus` says whether literals may come without one.
pub fn frame(bytes: &[u8], answered: usize, plus: bool) -> Result<Read, String> {
    let (mut at, mut announced) = (0, 0);
    loop {
        let Some(length) = bytes[at..].iter().position(|b| matches!(b, b'\r' | b'\n' | 0)) else {
            return Ok(Read::Incomplete);
        };
        let end = at + length;
        match (bytes[end], bytes.get(end + 1)) {
            (b'\r', None) => return Ok(Read::Incomplete),
            (b'\r', Some(b'\n')) => {}
            _ => return Err(format!("a line with {:?} in it", bytes[end] as char)),
        }
        let line = &bytes[at..end];
        at = end + 2;
        let Some((octets, synchronizing)) = announcement(line)? else { return Ok(Read::Command(at)) };
        if synchronizing {
            announced += 1;
            if announced > answered {
                return Ok(Read::Announced(octets));
            }
        } else if !plus {
            return Err("a literal that waits for nothing".to_owned());
        }
        at += octets;
        if bytes.len() < at {
            return Ok(Read::Incomplete);
        }
    }
}

fn announcement(line: &[u8]) -> Result<Option<(usize, bool)>, String> {
    let Some(inner) = line.strip_suffix(b"}") else { return Ok(None) };
    let Some(open) = inner.iter().rposition(|b| *b == b'{') else { return Ok(None) };
    let digits = std::str::from_utf8(&inner[open + 1..]).map_err(|e| e.to_string())?;
    let (digits, synchronizing) = match digits.strip_suffix('+') {
        Some(digits) => (digits, false),
        None => (digits, true),
    };
    if digits.len() > 1 && digits.starts_with('0') {
        return Err(format!("an announcement that cannot be read: {digits:?}"));
    }
    let octets = digits.parse::<u32>().map_err(|_| format!("an announcement that cannot be read: {digits:?}"))?;
    Ok(Some((octets as usize, synchronizing)))
}

/// Reads a whole command.
pub fn command(bytes: &[u8]) -> Result<Command, String> {
    let fail = |what: &str| Err(format!("{what}: {:?}", String::from_utf8_lossy(bytes)));
    let mut at = 0;
    let mut word = || {
        let start = at;
        while bytes.get(at).is_some_and(|b| !matches!(b, b' ' | b'\r')) {
            at += 1;
        }
        let text = String::from_utf8_lossy(&bytes[start..at]).into_owned();
        let more = bytes.get(at) == Some(&b' ');
        at += usize::from(more);
        (text, more)
    };
    let (tag, more) = word();
    if tag.is_empty() || !tag.bytes().all(|b| b.is_ascii_graphic() && !b"(){%*\"\\+".contains(&b)) || !more {
        return fail("no tag");
    }
    let (mut verb, mut more) = word();
    verb.make_ascii_uppercase();
    if verb == "UID" {
        let (name, more_still) = word();
        verb = format!("UID {}", name.to_ascii_uppercase());
        more = more_still;
    }
    // How many arguments stand before a literal that is a message.
    let message = match verb.as_str() {
        "APPEND" => 1,
        "REPLACE" | "UID REPLACE" => 2,
        _ => usize::MAX,
    };
    let mut arguments = Vec::new();
    if more {
        at = pieces(bytes, at, message, &mut arguments)?;
    }
    if &bytes[at..] != b"\r\n" {
        return fail("no end");
    }
    Ok(Command { tag, verb, arguments })
}

/// Reads arguments up to the CRLF that ends the command; tells where that is.
fn pieces(bytes: &[u8], mut at: usize, message: usize, into: &mut Vec<Piece>) -> Result<usize, String> {
    let fail = |what: &str, at: usize| Err(format!("{what} at {at}: {:?}", String::from_utf8_lossy(bytes)));
    let mut depth = 0;
    // Whether a space must, may or must not stand before the next piece.
    let mut first = true;
    loop {
        let byte = *bytes.get(at).ok_or("the command does not end")?;
        let closes = byte == b')' || (byte == b']' && into.last() == Some(&Piece::Close));
        if byte == b'\r' {
            return if depth == 0 && !first { Ok(at) } else { fail("unbalanced", at) };
        }
        if !first && !closes {
            if byte != b' ' {
                return fail("no space", at);
            }
            at += 1;
        }
        first = false;
        match bytes.get(at).copied().ok_or("the command does not end")? {
            b'(' => {
                depth += 1;
                into.push(Piece::Open);
                first = bytes.get(at + 1) != Some(&b')');
                at += 1;
            }
            b')' => {
                if depth == 0 {
                    return fail("unbalanced", at);
                }
                depth -= 1;
                into.push(Piece::Close);
                at += 1;
            }
            b'"' => at = quoted(bytes, at + 1, into)?,
            b'{' => at = literal(bytes, at, depth == 0 && into.len() >= message, into)?,
            b'~' if bytes.get(at + 1) == Some(&b'{') => {
                at = literal(bytes, at + 1, depth == 0 && into.len() >= message, into)?
            }
            _ => {
                let start = at;
                while bytes.get(at).is_some_and(|b| b.is_ascii_graphic() && !b"(){\"".contains(b)) {
                    at += 1;
                }
                if at == start {
                    return fail("no argument", at);
                }
                into.push(Piece::Atom(String::from_utf8_lossy(&bytes[start..at]).to_ascii_uppercase()));
            }
        }
    }
}

fn quoted(bytes: &[u8], mut at: usize, into: &mut Vec<Piece>) -> Result<usize, String> {
    let mut text = Vec::new();
    loop {
        match bytes.get(at) {
            Some(b'"') => break,
            Some(b'\\') if matches!(bytes.get(at + 1), Some(b'"' | b'\\')) => {
                text.push(bytes[at + 1]);
                at += 2;
            }
            Some(byte) if !matches!(byte, b'\\' | b'\r' | b'\n' | 0) => {
                text.push(*byte);
                at += 1;
            }
            other => return Err(format!("{other:?} in a quoted string")),
        }
    }
    into.push(Piece::Text(text));
    Ok(at + 1)
}

fn literal(bytes: &[u8], at: usize, message: bool, into: &mut Vec<Piece>) -> Result<usize, String> {
    let close = at + bytes[at..].iter().position(|b| *b == b'}').ok_or("no literal")?;
    let (octets, _) = announcement(&bytes[at..=close])?.ok_or("no literal")?;
    let start = close + 3;
    if bytes.get(close + 1..start) != Some(b"\r\n") {
        return Err("a literal in the middle of a line".to_owned());
    }
    let text = bytes.get(start..start + octets).ok_or("a literal that is cut short")?.to_vec();
    into.push(if message { Piece::Message(text) } else { Piece::Text(text) });
    Ok(start + octets)
}

/// One response of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// `* …`, its CRLF apart.
    Untagged(Vec<u8>),
    /// `+ …`
    Continuation,
    /// The tag, and the rest with its `OK`, `NO` or `BAD`.
    Tagged(String, String),
}

/// Reads the response that `bytes` begin with, and its length; none where it is not complete.
pub fn response(bytes: &[u8]) -> Result<Option<(Response, usize)>, String> {
    let mut at = 0;
    loop {
        let Some(length) = bytes[at..].windows(2).position(|pair| pair == b"\r\n") else { return Ok(None) };
        let line = &bytes[at..at + length];
        if line.iter().any(|b| matches!(b, b'\r' | b'\n')) {
            return Err(format!("a bare line end: {:?}", String::from_utf8_lossy(line)));
        }
        at += length + 2;
        let is_data = bytes.starts_with(b"* ")
            && ![&b"* OK "[..], b"* NO ", b"* BAD ", b"* BYE ", b"* PREAUTH "]
                .iter()
                .any(|start| bytes.len() >= start.len() && bytes[..start.len()].eq_ignore_ascii_case(start));
        match if is_data { literal_at_end(line) } else { None } {
            Some(octets) => at += octets,
            None => break,
        }
        if bytes.len() < at {
            return Ok(None);
        }
    }
    let text = &bytes[..at - 2];
    let response = if text.starts_with(b"* ") {
        Response::Untagged(text.to_vec())
    } else if text.starts_with(b"+") {
        Response::Continuation
    } else {
        let text = String::from_utf8_lossy(text).into_owned();
        let (tag, rest) = text.split_once(' ').ok_or(format!("no response: {text:?}"))?;
        let condition = rest.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        if !matches!(condition.as_str(), "OK" | "NO" | "BAD") {
            return Err(format!("no response: {text:?}"));
        }
        Response::Tagged(tag.to_owned(), rest.to_owned())
    };
    Ok(Some((response, at)))
}

/// A server may write zeros before a length.
fn literal_at_end(line: &[u8]) -> Option<usize> {
    let inner = line.strip_suffix(b"}")?;
    let digits = &inner[inner.iter().rposition(|b| *b == b'{')? + 1..];
    let all_digits = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    if all_digits { std::str::from_utf8(digits).ok()?.parse::<u32>().ok().map(|octets| octets as usize) } else { None }
}

/// Reads all responses; what is left over is told too.
pub fn responses(mut bytes: &[u8]) -> Result<(Vec<Response>, Vec<u8>), String> {
    let mut all = Vec::new();
    while let Some((response, length)) = response(bytes)? {
        all.push(response);
        bytes = &bytes[length..];
    }
    Ok((all, bytes.to_vec()))
}
