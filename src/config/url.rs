//! The addresses in a configuration: upstream URLs, web addresses, and where to listen.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Endpoint, UpstreamTls};

/// A protocol's three schemes and their ports.
pub(super) struct Schemes {
    name: &'static str,
    secure: (&'static str, u16),
    plain: (&'static str, u16),
    insecure: &'static str,
}

impl Schemes {
    /// What one looks like.
    pub(super) fn example(&self) -> String {
        format!("{}://HOST", self.secure.0)
    }
}

/// RFC 8314 §7.3, RFC 3501, RFC 5092
pub(super) const IMAP: Schemes =
    Schemes { name: "imap", secure: ("imaps", 993), plain: ("imap", 143), insecure: "imap+insecure" };
/// RFC 8314 §7.3, RFC 6409
pub(super) const SUBMISSION: Schemes =
    Schemes { name: "submission", secure: ("smtps", 465), plain: ("smtp", 587), insecure: "smtp+insecure" };
/// RFC 8314 §7.3, RFC 6409: a relay takes submissions too
pub(super) const RELAY: Schemes =
    Schemes { name: "SMTP", secure: ("smtps", 465), plain: ("smtp", 587), insecure: "smtp+insecure" };
/// RFC 8314 §7.3, RFC 1939
pub(super) const POP3: Schemes =
    Schemes { name: "pop3", secure: ("pop3s", 995), plain: ("pop3", 110), insecure: "pop3+insecure" };

/// Reads `scheme://host[:port]`, or says what is wrong.
pub(super) fn endpoint(text: &str, schemes: &Schemes) -> Result<Endpoint, String> {
    let Schemes { name, secure, plain, insecure } = schemes;
    let form = || {
        format!(
            "`{}` is no address of an {name} server: write `{}://HOST` for TLS from the first byte, or `{}://HOST` for \
             STARTTLS",
            text.escape_debug(),
            secure.0,
            plain.0
        )
    };
    let (scheme, rest) = text.split_once("://").ok_or_else(form)?;
    let (tls, default_port) = match scheme {
        scheme if scheme == secure.0 => (UpstreamTls::Implicit, secure.1),
        scheme if scheme == plain.0 => (UpstreamTls::StartTls, plain.1),
        scheme if scheme == *insecure => (UpstreamTls::Insecure, plain.1),
        _ => return Err(form()),
    };
    let (host, port) = host_and_port(rest.strip_suffix('/').unwrap_or(rest)).ok_or_else(form)?;
    if tls == UpstreamTls::Insecure && !is_loopback(host) {
        return Err(format!(
            "`{insecure}://` sends passwords in the clear and is for this machine only (localhost, 127.0.0.1, [::1]): use \
             `{}://` or `{}://`",
            secure.0, plain.0
        ));
    }
    Ok(Endpoint { tls, host: host.to_ascii_lowercase(), port: port.unwrap_or(default_port) })
}

/// Splits `host[:port]`; the brackets of an IPv6 address are taken off.
fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            Some(digits.parse().ok().filter(|port| *port != 0)?)
        }
        _ => return None,
    };
    let host_ok = if text.starts_with('[') { host.parse::<Ipv6Addr>().is_ok() } else { is_host_name(host) };
    host_ok.then_some((host, port))
}

/// Reads `https://host[:port]`, with at most a slash behind it, to the form that browsers give an origin (RFC 6454
/// §6.1), or says what is wrong.
pub(super) fn origin(text: &str) -> Result<String, String> {
    let (origin, path) = web_address(text)?;
    if matches!(path, "" | "/") {
        return Ok(origin);
    }
    Err(format!("`{}` has more than a host: the panel has a host to itself; write `{origin}`", text.escape_debug()))
}

/// Reads the address of a page, or says what is wrong.
pub(super) fn web_page(text: &str) -> Result<String, String> {
    let (origin, path) = web_address(text)?;
    // RFC 3986 §2, without what stands for something else in HTML
    let ok = path.len() <= WEB_PATH_BYTES
        && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$()*+,;=%&".contains(&b));
    if ok { Ok(origin + path) } else { Err(not_web(text)) }
}

/// The longest path and query of a page's address.
const WEB_PATH_BYTES: usize = 2000;

/// The origin, and what stands behind it.
fn web_address(text: &str) -> Result<(String, &str), String> {
    let (scheme, rest) = text.split_once("://").ok_or_else(|| not_web(text))?;
    let usual_port = match scheme {
        "https" => 443,
        "http" => 80,
        _ => return Err(not_web(text)),
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (host, port) = host_and_port(authority).ok_or_else(|| not_web(text))?;
    if scheme == "http" && !is_loopback(host) {
        let text = "`http://` shows passwords to the network and is for this machine only (localhost, 127.0.0.1, \
                    [::1]): use `https://`";
        return Err(text.to_owned());
    }
    let host = match host.parse::<Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => host.to_ascii_lowercase(),
    };
    let port = port.filter(|port| *port != usual_port).map_or_else(String::new, |port| format!(":{port}"));
    Ok((format!("{scheme}://{host}{port}"), path))
}

fn not_web(text: &str) -> String {
    format!("`{}` is no web address: write `https://HOST`", text.escape_debug())
}

/// Reads `IP:PORT`; `localhost:PORT` is 127.0.0.1.
pub(super) fn listen_address(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix("localhost:") {
        Some(port) => Some(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port.parse().ok()?)),
        None => text.parse().ok(),
    }
}

/// Reads `HOST:PORT`, as others know it.
pub(super) fn public_address(text: &str) -> Option<(String, u16)> {
    let (host, port) = host_and_port(text)?;
    Some((host.to_ascii_lowercase(), port?))
}

/// RFC 1123 §2.1; an IPv4 address is of this form too.
fn is_host_name(host: &str) -> bool {
    host.len() <= 253
        && host.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn schemes_say_tls_and_port() {
        for (text, tls, host, port) in [
            ("imaps://imap.pec.example.it", UpstreamTls::Implicit, "imap.pec.example.it", 993),
            ("imap://IMAP.example.it/", UpstreamTls::StartTls, "imap.example.it", 143),
            ("imaps://imap.example.it:10993", UpstreamTls::Implicit, "imap.example.it", 10993),
            ("imaps://192.0.2.7", UpstreamTls::Implicit, "192.0.2.7", 993),
            ("imaps://[2001:db8::7]:10993", UpstreamTls::Implicit, "2001:db8::7", 10993),
            ("imap+insecure://127.0.0.1:1143", UpstreamTls::Insecure, "127.0.0.1", 1143),
            ("imap+insecure://[::1]", UpstreamTls::Insecure, "::1", 143),
            ("imap+insecure://localhost", UpstreamTls::Insecure, "localhost", 143),
        ] {
            assert_eq!(endpoint(text, &IMAP), Ok(Endpoint { tls, host: host.into(), port }), "{text}");
        }
        assert_eq!(endpoint("smtps://a", &SUBMISSION).unwrap().port, 465);
        assert_eq!(endpoint("smtp://a", &SUBMISSION).unwrap().port, 587);
        assert_eq!(endpoint("pop3s://a", &POP3).unwrap().port, 995);
        assert_eq!(endpoint("pop3://a", &POP3).unwrap().port, 110);
        for (text, schemes, port) in
            [("smtp+insecure://127.0.0.1", &SUBMISSION, 587), ("pop3+insecure://[::1]", &POP3, 110)]
        {
            let found = endpoint(text, schemes).unwrap();
            assert_eq!((found.tls, found.port), (UpstreamTls::Insecure, port), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "imap.example.it",
            "imaps:imap.example.it",
            "https://a",
            "smtps://a",
            "imaps://",
            "imaps://a:",
            "imaps://a:0",
            "imaps://a:65536",
            "imaps://u:p@a",
            "imaps://a/INBOX",
            "imaps://a b",
            "imaps://[::1",
            "imaps://[::1]x",
            "imaps://::1",
            "imaps://a?b",
            "imaps://-a",
        ] {
            assert!(endpoint(text, &IMAP).is_err(), "{text}");
        }
    }

    #[test]
    fn clear_text_stays_on_this_machine() {
        for text in
            ["imap+insecure://imap.example.it", "imap+insecure://10.0.0.1", "imap+insecure://localhost.example.it"]
        {
            let refused = endpoint(text, &IMAP).unwrap_err();
            assert!(refused.contains("this machine only"), "{text}: {refused}");
        }
        assert!(endpoint("smtp+insecure://smtp.example.it", &SUBMISSION).unwrap_err().contains("this machine only"));
        assert!(endpoint("pop3+insecure://192.0.2.1", &POP3).unwrap_err().contains("this machine only"));
    }

    #[test]
    fn an_origin_is_as_browsers_write_it() {
        for (text, expected) in [
            ("https://delega.example.it", "https://delega.example.it"),
            ("https://Delega.Example.IT/", "https://delega.example.it"),
            ("https://delega.example.it:443/", "https://delega.example.it"),
            ("https://delega.example.it:8443", "https://delega.example.it:8443"),
            ("https://[2001:DB8:0::7]:8443", "https://[2001:db8::7]:8443"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://127.0.0.1:80", "http://127.0.0.1"),
            ("http://[::1]", "http://[::1]"),
        ] {
            assert_eq!(origin(text).as_deref(), Ok(expected), "{text}");
        }
        for text in [
            "delega.example.it",
            "ftp://delega.example.it",
            "https://",
            "https://u:p@delega.example.it",
            "https://delega.example.it:0",
            "https://delega.example.it:+443",
            "https://delega.example.it:x",
            "https://dèlega.example.it",
            "https://delega example.it",
            "https://[::1",
        ] {
            assert!(origin(text).unwrap_err().contains("no web address"), "{text}");
        }
        for text in
            ["https://a.example.it/panel", "https://a.example.it?x", "https://a.example.it/#", "https://a.example.it//"]
        {
            assert!(origin(text).unwrap_err().contains("write `https://a.example.it`"), "{text}");
        }
        for text in ["http://delega.example.it", "http://192.0.2.7", "http://localhost.example.it"] {
            assert!(origin(text).unwrap_err().contains("this machine only"), "{text}");
        }
    }

    #[test]
    fn a_page_may_have_a_path() {
        for text in
            ["https://mail.example.it", "https://mail.example.it/webmail/?a=1&b=%20#x", "http://localhost:8080/"]
        {
            assert_eq!(web_page(text).as_deref(), Ok(text));
        }
        for text in ["javascript:alert(1)", "https://mail.example.it/a b", "https://mail.example.it/\"", "https://a/è"]
        {
            assert!(web_page(text).is_err(), "{text}");
        }
        let longest = format!("https://a/{}", "x".repeat(WEB_PATH_BYTES - 1));
        assert!(web_page(&longest).is_ok());
        assert!(web_page(&(longest + "x")).is_err());
    }

    #[test]
    fn what_mail_programs_connect_to() {
        for (text, host, port) in [
            ("IMAP.example.it:993", "imap.example.it", 993),
            ("192.0.2.7:10993", "192.0.2.7", 10993),
            ("[2001:db8::7]:993", "2001:db8::7", 993),
        ] {
            assert_eq!(public_address(text), Some((host.to_owned(), port)), "{text}");
        }
        for text in
            ["imap.example.it", "imap.example.it:", ":993", "imap.example.it:0", "imaps://imap.example.it:993", "a b:1"]
        {
            assert_eq!(public_address(text), None, "{text}");
        }
    }

    #[test]
    fn where_to_listen() {
        assert_eq!(listen_address("127.0.0.1:1993"), Some(SocketAddr::from(([127, 0, 0, 1], 1993))));
        assert_eq!(listen_address("localhost:0"), Some(SocketAddr::from(([127, 0, 0, 1], 0))));
        assert!(listen_address("[::]:993").is_some());
        for text in ["993", ":993", "example.it:993", "127.0.0.1", "127.0.0.1:x"] {
            assert_eq!(listen_address(text), None, "{text}");
        }
    }
}
