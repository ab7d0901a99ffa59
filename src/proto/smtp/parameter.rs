//! What stands behind the address in MAIL and RCPT (RFC 5321 §4.1.2).
//!
//! ```text
//! Mail-parameters = esmtp-param *(SP esmtp-param)
//! esmtp-param = esmtp-keyword ["=" esmtp-value]
//! esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
//! esmtp-value = 1*(%d33-60 / %d62-126)
//! ```

use std::fmt::Write as _;

use super::extension::Extension;

/// The longest ENVID (RFC 3461 §4.4).
const ENVID_BYTES: usize = 100;
/// The longest ORCPT (RFC 3461 §4.2).
const ORCPT_BYTES: usize = 500;

/// Why parameters were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// They cannot be read.
    Malformed,
    /// One is not known, or has a value that is not.
    Unknown,
}

/// What MAIL says beside the address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailParameters {
    /// SIZE: how many octets will come (RFC 1870).
    pub size: Option<u64>,
    /// BODY (RFC 6152).
    pub body: Option<Body>,
    /// SMTPUTF8 (RFC 6531).
    pub utf8: bool,
    /// RET (RFC 3461): whether a failure brings back the whole message.
    pub ret: Option<Ret>,
    /// ENVID (RFC 3461), in xtext.
    pub envid: Option<String>,
}

/// The values of BODY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// Lines of ASCII.
    SevenBit,
    /// Lines of any octets.
    EightBitMime,
}

/// The values of RET.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ret {
    /// The whole message.
    Full,
    /// Its header.
    Headers,
}

/// What RCPT says beside the address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RcptParameters {
    /// NOTIFY (RFC 3461), in capitals.
    pub notify: Option<String>,
    /// ORCPT (RFC 3461): the type, and the address in xtext.
    pub orcpt: Option<(String, String)>,
}

impl MailParameters {
    /// Reads `Mail-parameters`. AUTH= (RFC 4954 §5) is read and dropped: who speaks is known here, and is nobody else's
    /// concern.
    pub fn parse(text: &str) -> Result<MailParameters, Fault> {
        let mut all = MailParameters::default();
        let mut auth = None;
        for parameter in split(text) {
            let (keyword, value) = parameter?;
            match (keyword.to_ascii_uppercase().as_str(), value) {
                ("SIZE", Some(value)) => once(&mut all.size, number(value).ok_or(Fault::Malformed)?)?,
                ("BODY", Some(value)) => once(&mut all.body, body(value)?)?,
                ("SMTPUTF8", None) if all.utf8 => return Err(Fault::Malformed),
                ("SMTPUTF8", None) => all.utf8 = true,
                ("RET", Some(value)) => once(&mut all.ret, ret(value)?)?,
                ("ENVID", Some(value)) if value.len() <= ENVID_BYTES && is_xtext(value) => {
                    once(&mut all.envid, value.to_owned())?;
                }
                ("AUTH", Some(value)) if is_xtext(value) => once(&mut auth, ())?,
                ("SIZE" | "BODY" | "SMTPUTF8" | "RET" | "ENVID" | "AUTH", _) => return Err(Fault::Malformed),
                _ => return Err(Fault::Unknown),
            }
        }
        Ok(all)
    }

    /// Which extensions they need; SIZE can be left out.
    pub fn needs(&self) -> impl Iterator<Item = Extension> {
        let dsn = (self.ret.is_some() || self.envid.is_some()).then_some(Extension::Dsn);
        let body = self.body.map(|_| Extension::EightBitMime);
        dsn.into_iter().chain(body).chain(self.utf8.then_some(Extension::SmtpUtf8))
    }

    /// Each with a space before it; SIZE where it is wanted.
    pub fn written(&self, with_size: bool) -> String {
        let mut text = String::new();
        if let Some(size) = self.size.filter(|_| with_size) {
            let _ = write!(text, " SIZE={size}");
        }
        match self.body {
            Some(Body::SevenBit) => text.push_str(" BODY=7BIT"),
            Some(Body::EightBitMime) => text.push_str(" BODY=8BITMIME"),
            None => {}
        }
        if self.utf8 {
            text.push_str(" SMTPUTF8");
        }
        match self.ret {
            Some(Ret::Full) => text.push_str(" RET=FULL"),
            Some(Ret::Headers) => text.push_str(" RET=HDRS"),
            None => {}
        }
        if let Some(envid) = &self.envid {
            let _ = write!(text, " ENVID={envid}");
        }
        text
    }
}

impl RcptParameters {
    /// Reads `Rcpt-parameters`.
    pub fn parse(text: &str) -> Result<RcptParameters, Fault> {
        let mut all = RcptParameters::default();
        for parameter in split(text) {
            let (keyword, value) = parameter?;
            match (keyword.to_ascii_uppercase().as_str(), value) {
                ("NOTIFY", Some(value)) => once(&mut all.notify, notify(value).ok_or(Fault::Malformed)?)?,
                ("ORCPT", Some(value)) if value.len() <= ORCPT_BYTES => {
                    let (kind, address) = value.split_once(';').ok_or(Fault::Malformed)?;
                    if !is_keyword(kind) || !is_xtext(address) {
                        return Err(Fault::Malformed);
                    }
                    once(&mut all.orcpt, (kind.to_owned(), address.to_owned()))?;
                }
                ("NOTIFY" | "ORCPT", _) => return Err(Fault::Malformed),
                _ => return Err(Fault::Unknown),
            }
        }
        Ok(all)
    }

    /// Which extensions they need.
    pub fn needs(&self) -> Option<Extension> {
        (self.notify.is_some() || self.orcpt.is_some()).then_some(Extension::Dsn)
    }

    /// Each with a space before it.
    pub fn written(&self) -> String {
        let mut text = String::new();
        if let Some(notify) = &self.notify {
            let _ = write!(text, " NOTIFY={notify}");
        }
        if let Some((kind, address)) = &self.orcpt {
            let _ = write!(text, " ORCPT={kind};{address}");
        }
        text
    }
}

/// A keyword and its value, where it has one.
type Parameter<'a> = (&'a str, Option<&'a str>);

fn split(text: &str) -> impl Iterator<Item = Result<Parameter<'_>, Fault>> {
    text.split(' ').filter(|word| !word.is_empty()).map(|word| {
        let (keyword, value) = match word.split_once('=') {
            Some((keyword, value)) => (keyword, Some(value)),
            None => (word, None),
        };
        let is_value = |value: &str| !value.is_empty() && value.bytes().all(|b| matches!(b, b'!'..=b'~') && b != b'=');
        if is_keyword(keyword) && value.is_none_or(is_value) { Ok((keyword, value)) } else { Err(Fault::Malformed) }
    })
}

fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), Fault> {
    if slot.replace(value).is_some() { Err(Fault::Malformed) } else { Ok(()) }
}

fn is_keyword(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// `size-value = 1*20DIGIT`
fn number(text: &str) -> Option<u64> {
    Some(text).filter(|text| text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
}

/// BINARYMIME (RFC 3030) needs BDAT, and is not known here.
fn body(value: &str) -> Result<Body, Fault> {
    match value.to_ascii_uppercase().as_str() {
        "7BIT" => Ok(Body::SevenBit),
        "8BITMIME" => Ok(Body::EightBitMime),
        _ => Err(Fault::Unknown),
    }
}

fn ret(value: &str) -> Result<Ret, Fault> {
    match value.to_ascii_uppercase().as_str() {
        "FULL" => Ok(Ret::Full),
        "HDRS" => Ok(Ret::Headers),
        _ => Err(Fault::Malformed),
    }
}

/// `notify-esmtp-value = "NEVER" / 1#notify-list-element`
fn notify(value: &str) -> Option<String> {
    let value = value.to_ascii_uppercase();
    let mut seen = Vec::new();
    for word in value.split(',') {
        if !["NEVER", "SUCCESS", "FAILURE", "DELAY"].contains(&word) || seen.contains(&word) {
            return None;
        }
        seen.push(word);
    }
    if seen.contains(&"NEVER") && seen.len() > 1 { None } else { Some(value) }
}

/// `xtext = *( xchar / hexchar )`, with `hexchar = "+" 2(%x30-39 / %x41-46)` (RFC 3461 §4). What it stands for ends up in
/// the header of a delivery report, so control characters are not taken (§4.4).
fn is_xtext(text: &str) -> bool {
    let hex = |byte: Option<u8>| byte.filter(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F')).map(char::from)?.to_digit(16);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let taken = match byte {
            b'+' => match (hex(bytes.next()), hex(bytes.next())) {
                (Some(high), Some(low)) => !matches!(16 * high + low, 0..0x20 | 0x7f),
                _ => false,
            },
            b'!'..=b'~' => byte != b'=',
            _ => false,
        };
        if !taken {
            return false;
        }
    }
    !text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_parameters_are_written_anew() {
        for (text, expected) in [
            ("", ""),
            ("size=1000 body=8bitmime", " SIZE=1000 BODY=8BITMIME"),
            ("SMTPUTF8 BODY=7BIT  SIZE=0", " SIZE=0 BODY=7BIT SMTPUTF8"),
            ("RET=hdrs ENVID=QQ314159+2B AUTH=<>", " RET=HDRS ENVID=QQ314159+2B"),
        ] {
            assert_eq!(MailParameters::parse(text).map(|all| all.written(true)).as_deref(), Ok(expected));
        }
        assert_eq!(MailParameters::parse("SIZE=9").map(|all| all.written(false)).as_deref(), Ok(""));
    }

    #[test]
    fn mail_parameters_that_are_refused() {
        for text in [
            "SIZE",
            "SIZE=",
            "SIZE=-1",
            "SIZE=+1",
            "SIZE=0x10",
            "SIZE=18446744073709551616",
            "SIZE=1 SIZE=1",
            "SMTPUTF8=1",
            "SMTPUTF8 SMTPUTF8",
            "RET=ALL",
            "RET",
            "ENVID=",
            "ENVID=a+2",
            "ENVID=a+2b",
            // RFC 3461 §4.4: printable, since it becomes part of a header.
            "ENVID=a+0D+0AFrom:+20b",
            "ENVID=a+00",
            "ENVID=a+7F",
            "AUTH=a+0A",
            "AUTH",
            "=x",
            "-a=x",
            "A_B=x",
            "a=b=c",
            "SIZE=1\tBODY=7BIT",
            "AUTH=a AUTH=b",
            "ENVID=a\u{e8}",
        ] {
            assert_eq!(MailParameters::parse(text), Err(Fault::Malformed), "{text:?}");
        }
        for text in ["BODY=BINARYMIME", "MT-PRIORITY=3", "XVERP", "REQUIRETLS", "HOLDFOR=100", "X=y"] {
            assert_eq!(MailParameters::parse(text), Err(Fault::Unknown), "{text:?}");
        }
        let envid = |length: usize| MailParameters::parse(&format!("ENVID={}", "x".repeat(length)));
        assert!(envid(100).is_ok() && envid(101).is_err());
    }

    #[test]
    fn rcpt_parameters() {
        let written = |text: &str| RcptParameters::parse(text).map(|all| all.written());
        assert_eq!(written("notify=success,DELAY").as_deref(), Ok(" NOTIFY=SUCCESS,DELAY"));
        assert_eq!(written("ORCPT=rfc822;Bob@x.it NOTIFY=NEVER").as_deref(), Ok(" NOTIFY=NEVER ORCPT=rfc822;Bob@x.it"));
        for text in [
            "NOTIFY=NEVER,DELAY",
            "NOTIFY=",
            "NOTIFY=DELAY,DELAY",
            "NOTIFY=X",
            "ORCPT=x",
            "ORCPT=rfc822;",
            "ORCPT=rfc822;b+0D+0AX:+20y",
        ] {
            assert_eq!(RcptParameters::parse(text), Err(Fault::Malformed), "{text:?}");
        }
        assert_eq!(RcptParameters::parse("SIZE=1"), Err(Fault::Unknown));
        let orcpt = |length: usize| RcptParameters::parse(&format!("ORCPT=rfc822;{}", "x".repeat(length - 7)));
        assert!(orcpt(500).is_ok() && orcpt(501).is_err());
    }
}
