//! Writing messages, and laying them into a Maildir with the UIDs and flags that they are to have.

#![allow(dead_code, reason = "each test target uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

/// A message as it lies in a mailbox.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The folder's name, in UTF-8, `/` between the levels.
    pub folder: String,
    /// The letters of a Maildir file's name: `D` draft, `F` flagged, `R` answered, `S` seen, `T` deleted; `a`, `b`, … the
    /// first, second, … of [`KEYWORDS`]. `None`: nobody has seen that there is such a message.
    pub flags: Option<&'static str>,
    /// INTERNALDATE, in seconds since 1970.
    pub received: i64,
    /// The message, with LF for line ends as in a Maildir.
    pub raw: Vec<u8>,
}

/// The keywords in every folder.
pub const KEYWORDS: [&str; 3] = ["Protocollato", "$label1", "NonJunk"];

/// UIDVALIDITY of every folder.
pub const UID_VALIDITY: u32 = 1_767_222_000;

/// Lays messages into an empty Maildir with LAYOUT=fs: UIDs from 1 in each folder in their order, but every tenth is
/// left out, as if that message had been deleted. `folders` are made even if nothing lies in them; those named in
/// `subscribed` are subscribed to.
pub fn fill(maildir: &Path, mails: &[Mail], folders: &[&str], subscribed: &[&str]) {
    let mut by_folder: BTreeMap<&str, Vec<&Mail>> = folders.iter().map(|f| (*f, Vec::new())).collect();
    by_folder.entry("INBOX").or_default();
    for mail in mails {
        by_folder.entry(&mail.folder).or_default().push(mail);
    }
    for (number, (folder, mails)) in by_folder.into_iter().enumerate() {
        let directory = directory(maildir, folder);
        for part in ["cur", "new", "tmp"] {
            fs::create_dir_all(directory.join(part)).unwrap();
        }
        let keywords: String = KEYWORDS.iter().enumerate().map(|(n, keyword)| format!("{n} {keyword}\n")).collect();
        fs::write(directory.join("dovecot-keywords"), keywords).unwrap();
        let mut lines = String::new();
        let mut uid = 0;
        for mail in mails {
            uid += if uid % 10 == 8 { 2 } else { 1 };
            let base = put(&directory, mail, uid);
            writeln!(lines, "{uid} :{base}").unwrap();
        }
        let header = format!("3 V{UID_VALIDITY} N{} G{:032x}\n", uid + 1, 0xde1e_0000 + number);
        fs::write(directory.join("dovecot-uidlist"), header + &lines).unwrap();
    }
    let subscriptions: String = subscribed.iter().map(|folder| on_disk(folder) + "\n").collect();
    fs::write(maildir.join("subscriptions"), subscriptions).unwrap();
}

/// Writes one message's file. The answer is its name without the flags.
fn put(directory: &Path, mail: &Mail, uid: u32) -> String {
    let bytes = mail.raw.len();
    let on_the_wire = bytes + mail.raw.iter().filter(|b| **b == b'\n').count();
    let base = format!("{}.M{uid:06}.pec,S={bytes},W={on_the_wire}", mail.received);
    let path = match mail.flags {
        Some(flags) => directory.join("cur").join(format!("{base}:2,{flags}")),
        None => directory.join("new").join(&base),
    };
    fs::write(&path, &mail.raw).unwrap();
    let received = SystemTime::UNIX_EPOCH + Duration::from_secs(mail.received.unsigned_abs());
    File::options().append(true).open(&path).unwrap().set_modified(received).unwrap();
    base
}

fn directory(maildir: &Path, folder: &str) -> PathBuf {
    if folder == "INBOX" { maildir.to_owned() } else { maildir.join(on_disk(folder)) }
}

/// The messages that lie in a folder now, with LF for line ends, the oldest delivery first.
pub fn stored(maildir: &Path, folder: &str) -> Vec<Vec<u8>> {
    let directory = directory(maildir, folder);
    let mut files: Vec<PathBuf> = ["cur", "new"]
        .into_iter()
        .flat_map(|part| fs::read_dir(directory.join(part)).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort_by_key(|path| path.file_name().unwrap().to_owned());
    files.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// A folder's name as IMAP and Dovecot's Maildir have it: modified UTF-7 (RFC 3501 §5.1.3).
pub fn on_disk(folder: &str) -> String {
    let mut name = String::new();
    let mut wide: Vec<u8> = Vec::new();
    let flush = |name: &mut String, wide: &mut Vec<u8>| {
        if !wide.is_empty() {
            let text = BASE64.encode(&*wide);
            write!(name, "&{}-", text.trim_end_matches('=').replace('/', ",")).unwrap();
            wide.clear();
        }
    };
    for c in folder.chars() {
        if c.is_ascii() {
            flush(&mut name, &mut wide);
            name.push(c);
            name.push_str(if c == '&' { "-" } else { "" });
        } else {
            wide.extend(c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    flush(&mut name, &mut wide);
    name
}

/// The time in a header field, in Italian winter time.
pub fn date(seconds: i64) -> String {
    when(seconds, "%a, %d %b %Y %H:%M:%S %z")
}

/// The time in whatever form, in Italian winter time.
pub fn when(seconds: i64, form: &str) -> String {
    let zone = TimeZone::fixed(Offset::constant(1));
    Timestamp::from_second(seconds).unwrap().to_zoned(zone).strftime(form).to_string()
}

/// The header of a message, up to the MIME fields of its body.
pub fn head(from: &str, to: &str, subject: &str, id: &str, seconds: i64) -> String {
    let date = date(seconds);
    format!(
        "Received: from posta.example.it (posta.example.it [192.0.2.25])\n\tby pec.example.it with ESMTPS; {date}\n\
         From: {}\nTo: {to}\nSubject: {}\nDate: {date}\nMessage-ID: <{id}>\nMIME-Version: 1.0\n",
        encoded(from),
        encoded(subject),
    )
}

/// A header text with encoded words (RFC 2047) for what is not ASCII.
pub fn encoded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    // Only the words before an address may be encoded
    let (words, address) = text.rsplit_once(" <").map_or((text, String::new()), |(w, a)| (w, format!(" <{a}")));
    let mut lines = Vec::new();
    let mut line = String::new();
    for c in words.chars() {
        if line.len() + c.len_utf8() > 42 {
            lines.push(std::mem::take(&mut line));
        }
        line.push(c);
    }
    lines.push(line);
    let words: Vec<String> = lines.iter().map(|line| format!("=?UTF-8?B?{}?=", BASE64.encode(line))).collect();
    words.join("\n ") + &address
}

/// A text part, 8bit.
pub fn text(subtype: &str, body: &str) -> String {
    format!("Content-Type: text/{subtype}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{body}\n")
}

/// A text part in quoted-printable.
pub fn quoted_printable(subtype: &str, body: &str) -> String {
    let mut coded = String::new();
    for line in body.lines() {
        let mut column = 0;
        for (at, byte) in line.bytes().enumerate() {
            let last = at + 1 == line.len();
            let plain = (33..=126).contains(&byte) && byte != b'=' || byte == b' ' && !last;
            if column > 70 {
                coded.push_str("=\n");
                column = 0;
            }
            let before = coded.len();
            if plain {
                coded.push(char::from(byte))
            } else {
                write!(coded, "={byte:02X}").unwrap()
            }
            column += coded.len() - before;
        }
        coded.push('\n');
    }
    format!("Content-Type: text/{subtype}; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n{coded}")
}

/// A part with a file in base64.
pub fn file(media_type: &str, name: &str, disposition: &str, content: &[u8]) -> String {
    let name = if name.is_ascii() {
        format!("filename=\"{name}\"")
    } else {
        let coded: String =
            name.bytes()
                .map(|b| {
                    if b.is_ascii_alphanumeric() || b == b'.' { char::from(b).to_string() } else { format!("%{b:02X}") }
                })
                .collect();
        format!("filename*=utf-8''{coded}")
    };
    let mut part = format!(
        "Content-Type: {media_type}\nContent-Disposition: {disposition}; {name}\nContent-Transfer-Encoding: base64\n\n"
    );
    part.reserve(content.len() * 4 / 3 + content.len() / 40);
    // 57 octets make a line of 76 characters
    for line in content.chunks(57) {
        BASE64.encode_string(line, &mut part);
        part.push('\n');
    }
    part
}

/// Several parts as one.
pub fn multipart(subtype: &str, boundary: &str, parts: &[String]) -> String {
    let mut whole = format!("Content-Type: multipart/{subtype}; boundary=\"{boundary}\"\n");
    for part in parts {
        // The line end before a boundary belongs to the boundary
        write!(whole, "\n--{boundary}\n{part}").unwrap();
    }
    write!(whole, "\n--{boundary}--\n").unwrap();
    whole
}

/// Numbers that look like chance and are the same each time (the splitmix64 sequence).
#[derive(Clone, Debug)]
pub struct Dice(pub u64);

impl Dice {
    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % bound as u64).unwrap()
    }

    /// One of several.
    pub fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// So many bytes, which no compression makes fewer.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            bytes.extend(self.roll().to_le_bytes());
        }
        bytes.truncate(length);
        bytes
    }
}
