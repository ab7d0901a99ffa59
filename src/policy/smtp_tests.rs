//! Who a message may say it is from.

use super::*;

fn addresses() -> Vec<MailboxAddress> {
    vec!["ufficio@pec.example.it".parse().unwrap(), "protocollo@pec.example.it".parse().unwrap()]
}

fn judged(text: &str, utf8: bool) -> Result<(), Refusal> {
    let header = Header::parse(text.as_bytes(), utf8).map_err(unreadable)?;
    judge(&header, &addresses())
}

fn passes(text: &str) -> bool {
    judged(text, false).is_ok()
}

#[test]
fn g2_what_mail_programs_send_passes() {
    for text in [
        "From: ufficio@pec.example.it\r\n",
        "FROM:ufficio@PEC.Example.IT\r\nSubject: x\r\n",
        "From: Ufficio <Ufficio@pec.example.it>\r\nSender: <protocollo@pec.example.it>\r\n",
        "From: \"ufficio@pec.example.it\" <ufficio@pec.example.it>\r\n",
        "From: \"Ufficio, protocollo@pec.example.it.\" <ufficio@pec.example.it>\r\n",
        "From: =?UTF-8?Q?Citt=C3=A0?=\r\n =?UTF-8?Q?_di_X?= <ufficio@pec.example.it>\r\n",
        "From:\r\n Ufficio\r\n <ufficio@pec.example.it>\r\n",
        "From: ufficio@pec.example.it, Protocollo <protocollo@pec.example.it>\r\nSender: ufficio@pec.example.it\r\n",
        "Resent-From: ufficio@pec.example.it\r\nResent-To: b@c.it\r\nFrom: ufficio@pec.example.it\r\n",
        "Author: Ufficio <ufficio@pec.example.it>, protocollo@pec.example.it\r\nFrom: ufficio@pec.example.it\r\n",
        "From: ufficio@pec.example.it\r\nReply-To: g: a@b.it, c@d.it (x);\r\nTo: undisclosed-recipients:;\r\n",
        "X-From: a@b.it\r\nFrom: ufficio@pec.example.it\r\nReceived: a\r\nReceived: b\r\n",
    ] {
        assert!(passes(text), "{text:?}: {:?}", judged(text, false));
    }
    assert_eq!(judged("From: Citt\u{e0} <ufficio@pec.example.it>\r\n", true), Ok(()));
}

/// "Composition Kills" (USENIX Security 2020), "Weak Links" (USENIX Security 2021), and beyond.
#[test]
fn g2_a_forged_sender_is_refused() {
    const OWN: &str = "ufficio@pec.example.it";
    let fields = [
        // Another, none, two, hidden.
        "From: capo@example.it",
        "Subject: x",
        "From:",
        "From: ",
        "From: <>",
        "from: OWN\r\nFROM: capo@example.it",
        "From: OWN\r\nFrom: OWN",
        "From : OWN",
        "From : capo@example.it\r\nFrom: OWN",
        "From\t: capo@example.it\r\nFrom: OWN",
        " From: OWN",
        "From: OWN\r\n \r\nFrom: capo@example.it",
        "From: OWN\r\n\t\r\n",
        "From\r\n : capo@example.it\r\nFrom: OWN",
        "From\0: capo@example.it\r\nFrom: OWN",
        "From: OWN\0, capo@example.it",
        ">From: capo@example.it\r\nFrom: OWN",
        "From capo@example.it\r\nFrom: OWN",
        "\"From\": capo@example.it\r\nFrom: OWN",
        "X: y\x0cFrom: capo@example.it\r\nFrom: OWN",
        "hello\r\nFrom: OWN",
        "Fr\u{43e}m: capo@example.it\r\nFrom: OWN",
        ":From: capo@example.it\r\nFrom: OWN",
        // More than one address, in all the ways that programs disagree about.
        "From: OWN, capo@example.it",
        "From: capo@example.it, OWN",
        "From: OWN,",
        "From: ,OWN",
        "From: OWN;capo@example.it",
        "From: OWN capo@example.it",
        "From: <OWN><capo@example.it>",
        "From: <capo@example.it> <OWN>",
        "From: <OWN",
        "From: OWN>",
        "From: <<OWN>>",
        "From: <OWN>capo@example.it",
        "From: capo@example.it <OWN>",
        "From: <capo@example.it>, <OWN>",
        "From: \"<capo@example.it>\" <OWN>",
        "From: capo <capo@example.it, OWN>",
        // Comments, groups, routes, quotes, literals, encoded words.
        "From: (capo@example.it) OWN",
        "From: OWN (capo@example.it)",
        "From: <OWN(x)>",
        "From: capo@example.it(<OWN>)",
        "From: (\\)<capo@example.it>) OWN",
        "From: g:OWN;",
        "From: g:capo@example.it;<OWN>",
        "From: <@example.it:OWN>",
        "From: <@OWN:capo@example.it>",
        "From: <@example.it,@x.it:OWN>",
        "From: \"ufficio\"@pec.example.it",
        "From: <\"OWN\"@example.it>",
        "From: \"OWN\\\" <capo@example.it>\" <OWN>",
        "From: ufficio@[192.0.2.1]",
        "From: =?utf-8?q?ufficio=40pec.example.it?=",
        "From: <=?utf-8?q?OWN?=>",
        "From: =?utf-8?q?=3Ccapo=40example.it=3E=2C?= <OWN>",
        "From: =?utf-8?b?Y2Fwb0BleGFtcGxlLml0?= <OWN>",
        "From: =?utf-8?q?capo=40?= =?utf-8?q?example.it?= <OWN>",
        "From: =?utf-8?q?a=00b?= <OWN>",
        "From: =?utf-8?q?a=0D=0AFrom:_capo=40example.it?= <OWN>",
        "From: =?utf-7?q?+AEA-?= <OWN>",
        "From: \"=?utf-8?q?capo=40example.it?=\" <OWN>",
        "From: =?utf-8?q?capo=EF=BC=A0example.it?= <OWN>",
        "From: =?utf-8?q?=E2=80=AEti.elpmaxe?= <OWN>",
        "From: capo=40example.it <OWN> x",
        "From: \"capo@example.it\" <OWN>",
        "From: \"ufficio@pec.example.it capo@example.it\" <OWN>",
        "From: \"capo\\@example.it\" <OWN>",
        // Blanks and dots where none belong, and what only looks alike.
        "From: <ufficio @pec.example.it>",
        "From: ufficio@pec.example.it.",
        "From: ufficio.@pec.example.it",
        "From: ufficio@pec.example.it@example.it",
        "From: ufficio@example.it@pec.example.it",
        "From: ufficio@pec.example.it\\@example.it",
        "From: ufficio%pec.example.it@example.it",
        "From: ufficio@pec.example.itx",
        "From: ufficio+capo@pec.example.it",
        "From: <ufficio@\r\n pec.example.it>",
        "From: <ufficio@pec\r\n .example.it>",
        "From: xufficio@pec.example.it",
        // Who else may speak.
        "From: OWN\r\nSender: capo@example.it",
        "From: OWN\r\nSender: OWN\r\nSender: OWN",
        "From: OWN\r\nSender: OWN, OWN",
        "From: OWN\r\nSender:",
        "From: OWN\r\nAuthor: capo@example.it",
        "From: OWN\r\nauthor: OWN, capo@example.it",
        "From: OWN\r\nAuthor: \"capo@example.it\" <OWN>",
        "From: OWN\r\nAuthor: OWN\r\nAuthor: OWN",
        "From: OWN\r\nAuthor:",
        "From: OWN\r\nResent-From: capo@example.it",
        "From: OWN\r\nResent-From: OWN\r\nResent-From: capo@example.it",
        "From: OWN\r\nResent-Sender: capo@example.it",
        "From: OWN\r\nReturn-Path: <capo@example.it>",
        "From: OWN\r\nReturn-Path: <>",
        "From: OWN\r\nSender : capo@example.it",
        "From: OWN\r\n>Sender: capo@example.it",
        // What would be recorded and shown in two ways.
        "From: OWN\r\nSubject: a\r\nSubject: b",
        "From: OWN\r\nMessage-ID: <a@b>\r\nmessage-id: <c@d>",
        "From: OWN\r\nTo: a@b.it\r\nTo: c@d.it",
        "From: OWN\r\nReply-To: a@b.it\r\nReply-To: c@d.it",
        "From: OWN\r\nDate: x\r\nDate: y",
    ];
    for field in fields {
        let text = format!("{}\r\n", field.replace("OWN", OWN));
        for utf8 in [false, true] {
            let refusal = judged(&text, utf8).expect_err(&text);
            assert_eq!(refusal.code, 550, "{text:?}");
            assert!(["5.7.1", "5.6.0"].contains(&refusal.enhanced), "{text:?}");
        }
    }
    for field in [
        "From: <ufficio@pec.example.it\u{200b}>",
        "From: \u{202e}x <ufficio@pec.example.it>",
        "X: \u{2028}From: a@b.it\r\nFrom: ufficio@pec.example.it",
        "From: capo\u{ff20}example.it <ufficio@pec.example.it>",
    ] {
        assert!(judged(&format!("{field}\r\n"), true).is_err(), "{field:?}");
    }
}

#[test]
fn nothing_is_offered_that_the_upstream_has_not() {
    let bare = offered(Extensions::NONE, 1000);
    assert_eq!(bare.to_string(), "PIPELINING, SIZE 1000, ENHANCEDSTATUSCODES");
    let rich = Extensions::parse([
        "PIPELINING",
        "SIZE 900",
        "VRFY",
        "ETRN",
        "STARTTLS",
        "AUTH PLAIN XOAUTH2",
        "8BITMIME",
        "DSN",
        "SMTPUTF8",
        "CHUNKING",
        "BURL",
        "XCLIENT",
    ]);
    assert_eq!(offered(rich, 1000).to_string(), "PIPELINING, SIZE 900, 8BITMIME, SMTPUTF8, DSN, ENHANCEDSTATUSCODES");
    assert_eq!(offered(rich, 800).size(), Some(800));
    assert_eq!(
        offered_before_login(Channel::Private, Extensions::NONE, 9).to_string(),
        "PIPELINING, SIZE 9, ENHANCEDSTATUSCODES, AUTH PLAIN LOGIN"
    );
    assert_eq!(
        offered_before_login(Channel::BeforeStartTls, Extensions::NONE, 9).to_string(),
        "PIPELINING, SIZE 9, ENHANCEDSTATUSCODES, STARTTLS"
    );
}
