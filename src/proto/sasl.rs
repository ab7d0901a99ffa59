//! SASL PLAIN (RFC 4616) in its base64 form (RFC 4648 §4), as IMAP, SMTP and POP3 carry it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// Name and password from a SASL PLAIN message.
#[derive(Debug)]
pub struct Plain {
    /// Who logs in.
    pub authcid: String,
    /// Their password.
    pub password: SecretString,
}

/// Why a SASL PLAIN message was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlainFault {
    /// Not base64, not UTF-8, or not three fields.
    #[error("not a SASL PLAIN message")]
    Malformed,
    /// The message asks to act as somebody other than the one who logs in.
    #[error("the authorization identity differs from the login")]
    Authzid,
}

/// Reads `message = [authzid] NUL authcid NUL passwd`. An authzid must equal the authcid (mutt sends it so).
pub fn decode_plain(base64: &[u8]) -> Result<Plain, PlainFault> {
    let bytes = Zeroizing::new(STANDARD.decode(base64).map_err(|_| PlainFault::Malformed)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| PlainFault::Malformed)?;
    let mut fields = text.split('\0');
    let (Some(authzid), Some(authcid), Some(password), None) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(PlainFault::Malformed);
    };
    if authcid.is_empty() || password.is_empty() {
        return Err(PlainFault::Malformed);
    }
    if !authzid.is_empty() && authzid != authcid {
        return Err(PlainFault::Authzid);
    }
    Ok(Plain { authcid: authcid.to_owned(), password: SecretString::from(password.to_owned()) })
}

/// Writes a SASL PLAIN message in base64. Only ever put on a connection to the upstream.
pub fn encode_plain(authzid: Option<&str>, authcid: &str, password: &SecretString) -> Zeroizing<String> {
    let message = Zeroizing::new(format!("{}\0{authcid}\0{}", authzid.unwrap_or(""), password.expose_secret()));
    Zeroizing::new(STANDARD.encode(message.as_bytes()))
}

/// Reads one response of the mechanism LOGIN (draft-murchison-sasl-login): a text in base64, not empty.
pub fn decode_login(base64: &[u8]) -> Option<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(STANDARD.decode(base64).ok()?);
    let text = String::from_utf8(std::mem::take(&mut *bytes)).ok()?;
    Some(Zeroizing::new(text)).filter(|text| !text.is_empty() && !text.contains('\0'))
}

/// Writes one response of the mechanism LOGIN. Only ever put on a connection to the upstream.
pub fn encode_login(text: &str) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(message: &str) -> Result<(String, String), PlainFault> {
        decode_plain(STANDARD.encode(message).as_bytes())
            .map(|plain| (plain.authcid, plain.password.expose_secret().to_owned()))
    }

    #[test]
    fn rfc_4616_examples() {
        assert_eq!(decode("\0tim\0tanstaaftanstaaf"), Ok(("tim".into(), "tanstaaftanstaaf".into())));
        assert_eq!(decode("Ursel\0Kurt\0xipj3plmq"), Err(PlainFault::Authzid));
        assert_eq!(decode("tim\0tim\0x"), Ok(("tim".into(), "x".into())));
    }

    #[test]
    fn what_is_not_plain_is_refused() {
        for message in ["", "\0", "tim", "\0tim", "\0tim\0", "\0\0x", "\0tim\0a\0b"] {
            assert_eq!(decode(message), Err(PlainFault::Malformed), "{message:?}");
        }
        for raw in [&b"="[..], b"*", b"AHRpbQB0YW4=\t", b"AHRpb QB0YW4=", b"AHRpbQB0YW4", b"{5}", b"AP8AeA=="] {
            assert!(decode_plain(raw).is_err(), "{raw:?}");
        }
    }

    #[test]
    fn login_responses() {
        let read = |base64: &[u8]| decode_login(base64).map(|text| text.to_string());
        assert_eq!(read(encode_login("perché no").as_bytes()).as_deref(), Some("perché no"));
        for raw in [&b""[..], b"=", b"*", b"/w==", b"AGE=", b"YQ"] {
            assert_eq!(read(raw), None, "{raw:?}");
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        let written = encode_plain(None, "anna/ufficio@pec.example.it", &SecretString::from("perché"));
        let read = decode_plain(written.as_bytes()).unwrap();
        assert_eq!((read.authcid.as_str(), read.password.expose_secret()), ("anna/ufficio@pec.example.it", "perché"));
    }
}
