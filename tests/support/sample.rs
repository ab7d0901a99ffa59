//! The sample mailbox: what an Italian office's certified mailbox looks like, in some three hundred messages. The same
//! each time, but for the provider's signatures, whose key is made anew.

#![allow(dead_code, reason = "each test target uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use super::dovecot::Dovecot;
use super::mail::{self, Dice, Mail};
use super::pec::{Kind, Original, Provider};

/// The sample's address.
pub const ADDRESS: &str = "ufficio@pec.example.it";

/// Every folder beside INBOX. The second half is what trips programs that take names for plain words.
pub const FOLDERS: [&str; 15] = [
    "Archive",
    "Archive/2025",
    "Drafts",
    "Junk",
    "Sent",
    "Trash",
    "Fatture",
    "Fatture/2026",
    "Fatture/2026/Primo trimestre",
    "Attività",
    "Città & Comuni",
    "Fornitori",
    "Fornitori/Neri \"Legnami\" (chiuso)",
    "Gare/Lotto {12} [bis]",
    "Protocollo 100%",
];

/// The one folder that nobody has subscribed to.
pub const UNSUBSCRIBED: &str = "Fornitori/Neri \"Legnami\" (chiuso)";

/// Whether the message with the attachment of 20 MB is among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// All, about 30 MB.
    Whole,
    /// All but the large one, about 2 MB.
    Light,
}

const WRITERS: [&str; 5] = [
    "Comune di Esempio <protocollo@pec.comune.example.it>",
    "Studio Però & Associati <studio@pec.example.org>",
    "Società Città Nuova <amministrazione@pec.example.com>",
    "tribunale@pec.giustizia.example.it",
    "\"Azienda, Servizi\" <servizi@pec.example.net>",
];

const SENTENCES: [&str; 8] = [
    "Con la presente si comunica che la pratica è stata presa in carico.",
    "Si chiede cortesemente di inviare la documentazione mancante entro venerdì.",
    "La riunione è spostata alle ore quindici, nella solita sala.",
    "In allegato trovate il preventivo aggiornato: l'importo è di € 1.250,00.",
    "Restiamo a disposizione per ogni chiarimento e porgiamo distinti saluti.",
    "Il pagamento risulta già effettuato; alleghiamo la ricevuta.",
    "Perché la domanda sia valida, occorre la firma digitale del titolare.",
    "Vi preghiamo di confermare la ricezione di questo messaggio.",
];

const SUBJECTS: [&str; 6] = [
    "Richiesta di documentazione",
    "Verbale della riunione",
    "Preventivo per la manutenzione",
    "Comunicazione al personale",
    "Domanda di accesso agli atti: perché è così urgente?",
    "Convocazione dell'assemblea – novità",
];

/// Adds the sample mailbox to a server. Each folder's messages have their UIDs.
pub fn add(dovecot: &Dovecot, address: &str, password: &str, size: Size) {
    let maildir = dovecot.add_mailbox(address, password);
    let subscribed: Vec<&str> = FOLDERS.into_iter().filter(|folder| *folder != UNSUBSCRIBED).collect();
    mail::fill(&maildir, &messages(&Provider::new(), size), &FOLDERS, &subscribed);
    dovecot.hand_over(&maildir);
    dovecot.settle(address);
}

/// The messages, in the order of their UIDs.
pub fn messages(provider: &Provider, size: Size) -> Vec<Mail> {
    let mut sample = Sample { dice: Dice(2026), number: 0, mails: Vec::new() };
    sample.inbox(provider);
    sample.broken();
    sample.folders(provider);
    if size == Size::Whole {
        sample.large();
    }
    sample.mails
}

struct Sample {
    dice: Dice,
    number: usize,
    mails: Vec<Mail>,
}

impl Sample {
    /// Moves on to the next message: its number and its time.
    fn next(&mut self) -> (usize, i64) {
        self.number += 1;
        // From 7 January 2026 on, a message each six or seven hours
        let hours = i64::try_from(self.number).unwrap() * 6 + i64::try_from(self.dice.below(60)).unwrap() / 60;
        (self.number, 1_767_769_200 + hours * 3600 + i64::try_from(self.dice.below(3600)).unwrap())
    }

    fn add(&mut self, folder: &str, flags: Option<&'static str>, received: i64, raw: impl Into<Vec<u8>>) {
        self.mails.push(Mail { folder: folder.to_owned(), flags, received, raw: raw.into() });
    }

    fn flags(&mut self) -> Option<&'static str> {
        *self.dice.one_of(&[
            Some(""),
            Some("S"),
            Some("S"),
            Some("S"),
            Some("FS"),
            Some("RS"),
            Some("Sa"),
            Some("Sb"),
            None,
        ])
    }

    fn paragraph(&mut self) -> String {
        let sentences: Vec<&str> = (0..2 + self.dice.below(9)).map(|_| *self.dice.one_of(&SENTENCES)).collect();
        sentences.chunks(2).map(|pair| pair.join(" ")).collect::<Vec<_>>().join("\n")
    }

    fn inbox(&mut self, provider: &Provider) {
        for turn in 0..200 {
            let flags = self.flags();
            let (received, raw) = match turn % 10 {
                0..=2 => self.threaded(turn),
                3 | 4 => self.page(),
                5 => self.with_files(),
                6 => self.raw_header(),
                7 => self.certified(provider, Kind::Transport),
                8 => self.certified(provider, if turn % 40 == 8 { Kind::Failed } else { Kind::Accepted }),
                _ => self.certified(provider, if turn % 40 == 9 { Kind::Anomaly } else { Kind::Delivered }),
            };
            self.add("INBOX", flags, received, raw);
        }
        let (received, raw) = self.forwarded(provider);
        self.add("INBOX", Some(""), received, raw);
    }

    /// A message of plain text; those of one turn of ten answer each other.
    fn threaded(&mut self, turn: usize) -> (i64, Vec<u8>) {
        let (number, received) = self.next();
        let from = *self.dice.one_of(&WRITERS);
        let subject = SUBJECTS[turn / 10 % SUBJECTS.len()];
        let (subject, references) = match turn % 10 {
            0 => (subject.to_owned(), String::new()),
            _ => (
                format!("R: {subject}"),
                format!("In-Reply-To: <m{0}@pec.example.it>\nReferences: <m{0}@pec.example.it>\n", number - 1),
            ),
        };
        let head = mail::head(from, ADDRESS, &subject, &format!("m{number}@pec.example.it"), received);
        let paragraph = self.paragraph();
        let body = if turn.is_multiple_of(2) {
            mail::text("plain", &paragraph)
        } else {
            mail::quoted_printable("plain; format=flowed", &paragraph)
        };
        (received, format!("{head}{references}{body}").into_bytes())
    }

    /// A message as text and as a page.
    fn page(&mut self) -> (i64, Vec<u8>) {
        let (number, received) = self.next();
        let from = *self.dice.one_of(&WRITERS);
        let subject = format!("Novità n° {number}: {}", self.dice.one_of(&SUBJECTS));
        let paragraph = self.paragraph();
        let page =
            format!("<html><body style=\"color: #333\"><p>{}</p></body></html>", paragraph.replace('\n', "</p>\n<p>"));
        let parts = [mail::text("plain", &paragraph), mail::quoted_printable("html", &page)];
        let head = mail::head(from, ADDRESS, &subject, &format!("m{number}@pec.example.it"), received);
        (received, (head + &mail::multipart("alternative", &format!("alt-{number}"), &parts)).into_bytes())
    }

    /// A message with one to three files.
    fn with_files(&mut self) -> (i64, Vec<u8>) {
        let (number, received) = self.next();
        let from = *self.dice.one_of(&WRITERS);
        let mut parts = vec![mail::text("plain", &self.paragraph())];
        for n in 0..=self.dice.below(3) {
            let length = 500 + self.dice.below(20_000);
            let content = self.dice.bytes(length);
            parts.push(match n {
                0 => mail::file("application/pdf", &format!("fattura_{number}.pdf"), "attachment", &content),
                1 => mail::file("application/octet-stream", "perché (firmato).pdf.p7m", "attachment", &content),
                _ => mail::file("image/png", "logo.png", "inline", &content),
            });
        }
        let head = mail::head(
            from,
            ADDRESS,
            &format!("Fattura {number}/2026"),
            &format!("m{number}@pec.example.it"),
            received,
        );
        (received, (head + &mail::multipart("mixed", &format!("mix-{number}"), &parts)).into_bytes())
    }

    /// A message whose header has raw octets above 127, in UTF-8 or Latin-1, and whose body has lines far too long.
    fn raw_header(&mut self) -> (i64, Vec<u8>) {
        let (number, received) = self.next();
        let utf8 = format!(
            "From: Società Civiltà <info@pec.example.org>\nTo: {ADDRESS}\nSubject: Sarà così – è già n. {number}\n"
        );
        let (head, charset) = if number.is_multiple_of(2) {
            (utf8.into_bytes(), "utf-8")
        } else {
            let latin = utf8.replace('–', "-");
            (latin.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect(), "iso-8859-1")
        };
        let rest = format!(
            "Date: {}\nMessage-ID: <m{number}@pec.example.it>\nContent-Type: text/plain; charset={charset}\n\
             Content-Transfer-Encoding: 8bit\n\n{}\n",
            mail::date(received),
            "molto lunga ".repeat(200),
        );
        (received, [head, rest.into_bytes()].concat())
    }

    /// What somebody sent by certified mail.
    fn original(&mut self, number: usize, seconds: i64) -> Original {
        let subject = format!("Istanza {number}: {}", self.dice.one_of(&SUBJECTS));
        let id = format!("istanza{number}@pec.example.org");
        let paragraph = self.paragraph();
        let content = self.dice.bytes(4000);
        let parts =
            [mail::text("plain", &paragraph), mail::file("application/pdf", "istanza.pdf", "attachment", &content)];
        let from = "studio@pec.example.org";
        let raw = mail::head(from, ADDRESS, &subject, &id, seconds)
            + &mail::multipart("mixed", &format!("istanza-{number}"), &parts);
        Original { from: from.to_owned(), to: ADDRESS.to_owned(), subject: mail::encoded(&subject), id, raw }
    }

    fn certified(&mut self, provider: &Provider, kind: Kind) -> (i64, Vec<u8>) {
        let (number, received) = self.next();
        let mut original = self.original(number, received - 60);
        if matches!(kind, Kind::Accepted | Kind::Delivered | Kind::Failed) {
            // Receipts are for what this mailbox has sent
            std::mem::swap(&mut original.from, &mut original.to);
        }
        (received, provider.certify(kind, &original, number, received).into_bytes())
    }

    /// A certified message that was received, attached to another one and certified again: an envelope in an envelope.
    fn forwarded(&mut self, provider: &Provider) -> (i64, Vec<u8>) {
        let (_, first) = self.certified(provider, Kind::Transport);
        let (number, received) = self.next();
        let mut outer = self.original(number, received - 60);
        let first = String::from_utf8(first).unwrap();
        let attached =
            format!("Content-Type: message/rfc822; name=\"inoltrato.eml\"\nContent-Disposition: attachment\n\n{first}");
        let parts = [mail::text("plain", "Si inoltra quanto ricevuto."), attached];
        outer.subject = "I: Istanza ricevuta per errore".to_owned();
        outer.raw = mail::head(&outer.from, &outer.to, &outer.subject, &outer.id, received - 60)
            + &mail::multipart("mixed", &format!("inoltro-{number}"), &parts);
        (received, provider.certify(Kind::Transport, &outer, number, received).into_bytes())
    }

    /// Messages that break the rules of messages.
    fn broken(&mut self) {
        let addresses: Vec<String> = (0..150).map(|n| format!("\"Ufficio {n}\" <ufficio{n}@pec.example.it>")).collect();
        let nested = (0..12).fold("Subject: in fondo\n\nfine\n".to_owned(), |inside, _| {
            format!("Content-Type: message/rfc822\n\n{inside}")
        });
        let messages: [Vec<u8>; 10] = [
            b"Subject: senza altro\n\nNiente mittente, niente data.\n".to_vec(),
            b"Solo testo, nessuna intestazione\ne nemmeno una riga vuota".to_vec(),
            b"\n".to_vec(),
            b"From: <>\nSubject: \nDate: ieri\nMessage-ID: nessuno\nContent-Type: ???\n\n...\n".to_vec(),
            b"Subject: confine mai chiuso\nContent-Type: multipart/mixed; boundary=\"aperto\"\n\n--aperto\n\nprima parte".to_vec(),
            b"Subject: senza confine\nContent-Type: multipart/mixed\n\n--x\n\nparte\n--x--\n".to_vec(),
            b"Subject: =?klingon?Q?=FF?= =?utf-8?B?%%%?=\nContent-Transfer-Encoding: base64\n\n$$$ non base64 $$$\n".to_vec(),
            b"Subject: dopo la fine {12}\nX-Vuoto:\n: senza nome\n\n)\nA1 OK FETCH completed\n* BYE {3}\n".to_vec(),
            format!("To: {}\nSubject: tanti destinatari\n\n.\n", addresses.join(",\n ")).into_bytes(),
            nested.into_bytes(),
        ];
        for raw in messages {
            let (_, received) = self.next();
            self.add("INBOX", Some(""), received, raw);
        }
    }

    fn folders(&mut self, provider: &Provider) {
        for (folder, count, flags) in [
            ("Sent", 14, Some("S")),
            ("Drafts", 3, Some("DS")),
            ("Trash", 5, Some("S")),
            ("Junk", 6, Some("")),
            ("Archive", 8, Some("S")),
            ("Archive/2025", 10, Some("RS")),
            ("Fatture/2026", 2, Some("Sa")),
            ("Fatture/2026/Primo trimestre", 12, Some("Sa")),
            ("Attività", 10, Some("S")),
            ("Città & Comuni", 8, Some("")),
            (UNSUBSCRIBED, 4, Some("S")),
            ("Gare/Lotto {12} [bis]", 5, Some("FS")),
        ] {
            for turn in 0..count {
                let (received, raw) = match (folder, turn % 4) {
                    ("Archive" | "Archive/2025", 1) => self.certified(provider, Kind::Transport),
                    ("Fatture/2026/Primo trimestre", _) => self.with_files(),
                    (_, 3) => self.page(),
                    (_, turn) => self.threaded(turn),
                };
                self.add(folder, flags, received, raw);
            }
        }
    }

    fn large(&mut self) {
        let (number, received) = self.next();
        let content = self.dice.bytes(20_000_000);
        let parts = [
            mail::text("plain", "In allegato le tavole."),
            mail::file("application/zip", "tavole.zip", "attachment", &content),
        ];
        let head = mail::head(
            WRITERS[0],
            ADDRESS,
            "Progetto esecutivo, tavole (20 MB)",
            &format!("m{number}@pec.example.it"),
            received,
        );
        self.add("INBOX", Some(""), received, head + &mail::multipart("mixed", &format!("mix-{number}"), &parts));
    }
}
