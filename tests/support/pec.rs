//! Certified mail as a PEC provider makes it (RFC 6109): transport envelopes (busta di trasporto), anomaly envelopes and
//! receipts, signed with S/MIME by a provider that exists in the sample alone.

#![allow(dead_code, reason = "each test target uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::mail;

/// The provider's address.
const PROVIDER: &str = "posta-certificata@gestore.example.it";

/// What a provider makes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Busta di trasporto: brings the message to its recipient.
    Transport,
    /// Busta di anomalia: brings a message that is not certified.
    Anomaly,
    /// Ricevuta di accettazione: the provider has taken the message on.
    Accepted,
    /// Ricevuta di avvenuta consegna, with the message.
    Delivered,
    /// Avviso di mancata consegna.
    Failed,
}

/// What stands in the original message.
#[derive(Clone, Debug)]
pub struct Original {
    /// Who wrote it.
    pub from: String,
    /// To whom.
    pub to: String,
    /// About what.
    pub subject: String,
    /// The `Message-ID` without its brackets.
    pub id: String,
    /// The whole message.
    pub raw: String,
}

/// Signs for the provider, with a key and certificate that are made once for each [`Provider`].
#[derive(Debug)]
pub struct Provider {
    folder: tempfile::TempDir,
}

impl Provider {
    /// Makes the provider's authority, key and certificate.
    pub fn new() -> Provider {
        let folder = tempfile::Builder::new().prefix("delega-pec-").tempdir().unwrap();
        let openssl = |arguments: &[&str]| {
            let output = Command::new("openssl").args(arguments).current_dir(&folder).output().unwrap();
            assert!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
        };
        let key = ["req", "-x509", "-newkey", "rsa:2048", "-noenc", "-days", "3650", "-set_serial", "2"];
        let authority = ["-subj", "/C=IT/O=Gestori Esempio/CN=CA PEC Esempio", "-keyout", "ca.key", "-out", "ca.pem"];
        openssl(&[&key[..], &authority].concat());
        let signer = [
            ["-subj", "/C=IT/O=Gestore PEC Esempio/CN=Posta Certificata"],
            ["-addext", "basicConstraints=CA:FALSE"],
            ["-addext", "extendedKeyUsage=emailProtection"],
            ["-addext", "subjectAltName=email:posta-certificata@gestore.example.it"],
            ["-CA", "ca.pem"],
            ["-CAkey", "ca.key"],
            ["-keyout", "signer.key"],
            ["-out", "signer.pem"],
        ];
        openssl(&[&key[..], &signer.concat()].concat());
        Provider { folder }
    }

    /// The authority behind the signatures.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// What the provider makes of `original`: a whole message.
    pub fn certify(&self, kind: Kind, original: &Original, number: usize, seconds: i64) -> String {
        let ident =
            format!("opec{number:05}.{}.{number:05}.01.1@gestore.example.it", mail::when(seconds, "%Y%m%d%H%M%S"));
        let Original { from, to, subject, id, raw } = original;
        let (prefix, name) = match kind {
            Kind::Transport => ("POSTA CERTIFICATA", "posta-certificata"),
            Kind::Anomaly => ("ANOMALIA MESSAGGIO", "anomalia"),
            Kind::Accepted => ("ACCETTAZIONE", "accettazione"),
            Kind::Delivered => ("CONSEGNA", "avvenuta-consegna"),
            Kind::Failed => ("AVVISO DI MANCATA CONSEGNA", "errore-consegna"),
        };
        let envelope = matches!(kind, Kind::Transport | Kind::Anomaly);
        let told = match kind {
            Kind::Transport => format!("Da {from} è arrivato per {to} il messaggio \"{subject}\", qui allegato."),
            Kind::Anomaly => format!("Da {from} è arrivato un messaggio non certificato: \"{subject}\"."),
            Kind::Accepted => format!("Il messaggio \"{subject}\" per {to} è stato accettato dal gestore."),
            Kind::Delivered => format!("Il messaggio \"{subject}\" è stato consegnato nella casella {to}."),
            Kind::Failed => format!("Il messaggio \"{subject}\" non è stato consegnato a {to}: casella inesistente."),
        };
        let told = format!("{told}\n\nData: {}\nIdentificativo: {ident}\n", mail::when(seconds, "%d/%m/%Y %H:%M:%S"));
        let page = format!("<html><body><h1>{prefix}</h1><p>{}</p></body></html>", told.replace('\n', "<br>\n"));
        let mut parts = vec![mail::multipart(
            "alternative",
            &format!("testo-{number}"),
            &[mail::quoted_printable("plain", &told), mail::quoted_printable("html", &page)],
        )];
        if envelope || kind == Kind::Delivered {
            parts.push(format!(
                "Content-Type: message/rfc822; name=\"postacert.eml\"\nContent-Transfer-Encoding: 8bit\n\
                 Content-Disposition: attachment; filename=\"postacert.eml\"\n\n{raw}"
            ));
        }
        if kind != Kind::Anomaly {
            let data = certification_data(kind, name, original, &ident, seconds);
            parts.push(mail::file("application/xml; name=\"daticert.xml\"", "daticert.xml", "inline", data.as_bytes()));
        }
        let signed = self.sign(&mail::multipart("mixed", &format!("busta-{number}"), &parts), number);

        let (from, to) =
            if envelope { (format!("\"Per conto di: {from}\" <{PROVIDER}>"), to) } else { (PROVIDER.to_owned(), from) };
        let head = mail::head(&from, to, &format!("{prefix}: {subject}"), &ident, seconds);
        let fields = match kind {
            Kind::Transport => format!("X-Trasporto: posta-certificata\nReply-To: {}\n", original.from),
            Kind::Anomaly => "X-Trasporto: errore\n".to_owned(),
            Kind::Delivered => format!("X-Ricevuta: {name}\nX-TipoRicevuta: completa\n"),
            Kind::Accepted | Kind::Failed => format!("X-Ricevuta: {name}\n"),
        };
        format!("Return-Path: <{PROVIDER}>\n{head}X-Riferimento-Message-ID: <{id}>\n{fields}{signed}")
    }

    /// The MIME fields and body of a `multipart/signed` (RFC 8551 §3.5.3) around `content`.
    fn sign(&self, content: &str, number: usize) -> String {
        let mut openssl = Command::new("openssl")
            .args("smime -sign -binary -noattr -md sha256 -outform DER -signer signer.pem -inkey signer.key".split(' '))
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = openssl.stdin.take().unwrap();
        // The signature is over the content as it is on the wire
        let on_the_wire = content.replace('\n', "\r\n");
        let writer = std::thread::spawn(move || stdin.write_all(on_the_wire.as_bytes()));
        let output = openssl.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        assert!(output.status.success());
        let p7s =
            mail::file("application/x-pkcs7-signature; name=\"smime.p7s\"", "smime.p7s", "attachment", &output.stdout);
        let parts = [content.to_owned(), p7s];
        mail::multipart("signed", &format!("firma-{number}"), &parts).replacen(
            "multipart/signed;",
            "multipart/signed; protocol=\"application/x-pkcs7-signature\"; micalg=\"sha-256\";\n\t",
            1,
        )
    }
}

/// `daticert.xml`: what the provider certifies, for programs.
fn certification_data(kind: Kind, name: &str, original: &Original, ident: &str, seconds: i64) -> String {
    let Original { from, to, subject, id, .. } = original;
    let text = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let error = if kind == Kind::Failed { "no-dest" } else { "nessuno" };
    let delivery = if kind == Kind::Delivered { format!("    <consegna>{to}</consegna>\n") } else { String::new() };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<postacert tipo=\"{name}\" errore=\"{error}\">\n  <intestazione>\n    \
         <mittente>{from}</mittente>\n    <destinatari tipo=\"certificato\">{to}</destinatari>\n    \
         <risposte>{from}</risposte>\n    <oggetto>{}</oggetto>\n  </intestazione>\n  <dati>\n    \
         <gestore-emittente>Gestore PEC Esempio</gestore-emittente>\n    <data zona=\"+0100\">\n      \
         <giorno>{}</giorno>\n      <ora>{}</ora>\n    </data>\n    <identificativo>{ident}</identificativo>\n    \
         <msgid>&lt;{}&gt;</msgid>\n{delivery}  </dati>\n</postacert>\n",
        text(subject),
        mail::when(seconds, "%d/%m/%Y"),
        mail::when(seconds, "%H:%M:%S"),
        text(id),
    )
}
