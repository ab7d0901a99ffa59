//! Outlook's autodiscover, in plain old XML (MS-OXDSCLI): who is asked for, and the answer.
//!
//! The request is XML from strangers. It has the bound of every body ([`REQUEST_BODY_BYTES`]) and one on its nodes, and no
//! DTD, so that no entity is expanded and nothing is fetched.
//!
//! [`REQUEST_BODY_BYTES`]: crate::domain::limits::REQUEST_BODY_BYTES

use askama::Template;
use roxmltree::{Document, Node, ParsingOptions};

use super::Settings;
use crate::config::{PublicServer, PublicTls};
use crate::domain::limits::AUTODISCOVER_NODES;
use crate::domain::{Login, Protocol};

/// MS-OXDSCLI §2.2.1
const REQUEST: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006";
const RESPONSE: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

/// Why there are no settings (MS-OXDSCLI §2.2.4.1.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is not the XML of a request, or asks for nobody.
    InvalidRequest,
    /// Another kind of answer is asked for, such as ActiveSync's.
    OtherSchema,
}

#[derive(Template)]
#[template(path = "autodiscover.xml")]
struct Answer<'a> {
    /// Where it is left out, the program takes the address.
    login: Option<&'a str>,
    servers: Vec<Server<'a>>,
}

struct Server<'a> {
    kind: &'static str,
    encryption: &'static str,
    host: &'a str,
    port: u16,
}

#[derive(Template)]
#[template(path = "autodiscover-error.xml")]
struct Error<'a> {
    time: &'a str,
    code: u16,
    message: &'static str,
}

impl<'a> Server<'a> {
    fn of(server: &'a PublicServer) -> Server<'a> {
        let kind = match server.protocol {
            Protocol::Imap => "IMAP",
            Protocol::Pop3 => "POP3",
            Protocol::Submission => "SMTP",
        };
        let encryption = match server.tls {
            PublicTls::Implicit => "SSL",
            PublicTls::StartTls => "TLS",
        };
        Server { kind, encryption, host: &server.host, port: server.port }
    }
}

/// Reads who a request is for.
pub(super) fn read(body: &[u8]) -> Result<Login, Refused> {
    let text = std::str::from_utf8(body).map_err(|_| Refused::InvalidRequest)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: AUTODISCOVER_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|_| Refused::InvalidRequest)?;
    let root = document.root_element();
    if root.tag_name().name() != "Autodiscover" {
        return Err(Refused::InvalidRequest);
    }
    // The other kinds of request differ by their namespace, and in nothing else as far as this goes.
    if root.tag_name().namespace() != Some(REQUEST) {
        return Err(Refused::OtherSchema);
    }
    let request = only(root, "Request").ok_or(Refused::InvalidRequest)?;
    let said = |name| only(request, name).and_then(content).ok_or(Refused::InvalidRequest);
    if said("AcceptableResponseSchema")? != RESPONSE {
        return Err(Refused::OtherSchema);
    }
    said("EMailAddress")?.parse().map_err(|_| Refused::InvalidRequest)
}

/// The one child of that name.
fn only<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    let mut named = node.children().filter(|child| child.has_tag_name((REQUEST, name)));
    named.next().filter(|_| named.next().is_none())
}

/// The text of an element that has nothing else.
fn content<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    let mut children = node.children();
    let text = children.next().filter(|_| children.next().is_none())?;
    if text.is_text() { text.text().map(str::trim) } else { None }
}

/// The settings for this login. Each protocol is there once: Outlook takes the first of a kind.
pub(super) fn render(settings: &Settings<'_>, login: Option<&Login>) -> Result<String, askama::Error> {
    let mut servers: Vec<Server<'_>> = Vec::new();
    for server in settings.incoming().chain(settings.outgoing()).map(Server::of) {
        if servers.iter().all(|other| other.kind != server.kind) {
            servers.push(server);
        }
    }
    Answer { login: login.map(Login::to_string).as_deref(), servers }.render()
}

/// The refusal, at this time.
pub(super) fn render_refusal(refused: Refused, now_secs: i64) -> Result<String, askama::Error> {
    let (code, message) = match refused {
        Refused::InvalidRequest => (600, "Invalid Request"),
        Refused::OtherSchema => (601, "Provider is not available"),
    };
    let seconds = now_secs.rem_euclid(24 * 60 * 60);
    let time = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    Error { time: &time, code, message }.render()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::domain::limits::REQUEST_BODY_BYTES;

    /// As Outlook writes it (MS-OXDSCLI §4.1), with this in place of the address.
    fn request(address: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<Autodiscover xmlns=\"{REQUEST}\">\r\n  <Request>\r\n    \
             <EMailAddress>{address}</EMailAddress>\r\n    \
             <AcceptableResponseSchema>{RESPONSE}</AcceptableResponseSchema>\r\n  </Request>\r\n</Autodiscover>"
        )
    }

    fn asked(text: &str) -> Result<String, Refused> {
        read(text.as_bytes()).map(|login| login.to_string())
    }

    #[test]
    fn who_is_asked_for() {
        for (written, login) in [
            ("Ufficio@pec.example.it", "ufficio@pec.example.it"),
            (" anna/ufficio@pec.example.it\r\n", "anna/ufficio@pec.example.it"),
            ("r&amp;d@pec.example.it", "r&d@pec.example.it"),
            ("r&#38;d@pec.example.it", "r&d@pec.example.it"),
            ("<![CDATA[r&d@pec.example.it]]>", "r&d@pec.example.it"),
        ] {
            assert_eq!(asked(&request(written)).as_deref(), Ok(login), "{written}");
        }
        // Prefixes are as good as a default namespace, and what is unknown is passed over (§2.2.3.1.1).
        let address = "ufficio@pec.example.it";
        let prefixed = format!(
            "\u{feff}<a:Autodiscover xmlns:a='{REQUEST}'><a:Request><a:LegacyDN>/o=x</a:LegacyDN>\
             <a:AcceptableResponseSchema>{RESPONSE}</a:AcceptableResponseSchema>\
             <a:EMailAddress>{address}</a:EMailAddress></a:Request></a:Autodiscover>"
        );
        assert_eq!(asked(&prefixed).as_deref(), Ok(address));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let good = request("ufficio@pec.example.it");
        for text in [
            "",
            "ufficio@pec.example.it",
            "<Autodiscover/",
            "<a/>",
            &good[..good.len() - 1],
            &format!("{good}<a/>"),
            &good.replace("Request>", "Anfrage>"),
            &good.replace("EMailAddress", "LegacyDN"),
            &good.replace("AcceptableResponseSchema", "Other"),
            &request(""),
            &request("ufficio"),
            &request("a b@pec.example.it"),
            &request("&#1;@pec.example.it"),
            &request("è@pec.example.it"),
            &request("uffi<!-- -->cio@pec.example.it"),
            &request("<b>ufficio@pec.example.it</b>"),
            &request("a@b.it</EMailAddress><EMailAddress>ufficio@pec.example.it"),
            &request("&amp;lt;script&gt;@pec.example.it"),
        ] {
            assert_eq!(asked(text), Err(Refused::InvalidRequest), "{text}");
        }
        assert_eq!(read(b"\xff\xfe<\0a\0/\0>\0"), Err(Refused::InvalidRequest));
    }

    #[test]
    fn other_schemas_are_not_served() {
        let good = request("ufficio@pec.example.it");
        let mobile = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006";
        for text in [
            good.replace(RESPONSE, mobile),
            good.replace(RESPONSE, ""),
            good.replace(REQUEST, "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006"),
        ] {
            assert!(matches!(asked(&text), Err(Refused::OtherSchema | Refused::InvalidRequest)), "{text}");
        }
        assert_eq!(asked(&good.replace(RESPONSE, mobile)), Err(Refused::OtherSchema));
    }

    /// No entity but XML's own five, from inside or outside; no depth or number of nodes that costs more than a look.
    #[test]
    fn nothing_is_expanded_fetched_or_without_bound() {
        let with = |dtd: &str, address: &str| request(address).replace("?>\r\n", &format!("?>\r\n{dtd}\r\n"));
        for (dtd, address) in [
            ("<!DOCTYPE a [<!ENTITY b \"ufficio\">]>", "&b;@pec.example.it"),
            ("<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/hostname\">]>", "&b;@pec.example.it"),
            (
                "<!DOCTYPE a [<!ENTITY b \"x\"><!ENTITY c \"&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;\">]>",
                "&d;@pec.example.it",
            ),
            ("<!DOCTYPE Autodiscover SYSTEM \"http://127.0.0.1/a.dtd\">", "ufficio@pec.example.it"),
            ("<!DOCTYPE Autodiscover>", "ufficio@pec.example.it"),
            ("", "&b;@pec.example.it"),
        ] {
            assert_eq!(asked(&with(dtd, address)), Err(Refused::InvalidRequest), "{dtd}");
        }
        let deep = "<a>".repeat(REQUEST_BODY_BYTES / 3);
        assert_eq!(asked(&deep), Err(Refused::InvalidRequest));
        let deep = "<a>".repeat(REQUEST_BODY_BYTES / 7) + &"</a>".repeat(REQUEST_BODY_BYTES / 7);
        assert_eq!(asked(&deep), Err(Refused::InvalidRequest));
        // The document, its root, the texts and elements of the request: twelve nodes. The rest is more of them.
        let crowd =
            |more: u32| request("a@b.it").replace("</Request>", &format!("{}</Request>", "<a/>".repeat(more as usize)));
        assert_eq!(asked(&crowd(AUTODISCOVER_NODES - 12)).as_deref(), Ok("a@b.it"));
        assert_eq!(asked(&crowd(AUTODISCOVER_NODES - 11)), Err(Refused::InvalidRequest));
    }

    #[test]
    fn a_refusal_says_when_and_why() {
        let text = render_refusal(Refused::OtherSchema, 1_800_000_000 + 3_723).unwrap();
        assert!(
            text.contains("<Error Time=\"09:02:03\" Id=\"1\">") && text.contains("<ErrorCode>601</ErrorCode>"),
            "{text}"
        );
    }
}
