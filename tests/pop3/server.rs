//! The model of a POP3 server after login, in the manner of Dovecot 2.3: RETR marks as read, and so does TOP with the largest
//! number that there is; both that and deletions take place at QUIT; RSET takes both back.

use std::collections::BTreeSet;

/// What the messages hold; each is stuffed where it is sent.
const MESSAGES: [&[u8]; 4] = [
    b"Subject: one\r\n\r\nOne.\r\n",
    b"Subject: dots\r\n\r\n.\r\n..\r\n.x\r\n+OK 2 320\r\n-ERR no\r\n",
    b"Subject: bare\r\n\r\na\r.\r\nb\rc\r\n\r\r\n",
    b"",
];

/// A server.
#[derive(Debug, Default)]
pub struct Server {
    told: Vec<u8>,
    /// Every line that it was told.
    pub lines: Vec<String>,
    /// What it has to say.
    pub outbox: Vec<u8>,
    marked: BTreeSet<usize>,
    seen: BTreeSet<usize>,
    /// What has changed in the mailbox.
    pub effects: Vec<String>,
    /// A line that no server understands, or a second command before the first was answered.
    pub fault: Option<String>,
}

impl Server {
    /// Takes what it is told.
    pub fn take(&mut self, bytes: &[u8]) {
        self.told.extend_from_slice(bytes);
        while let Some(end) = self.told.windows(2).position(|pair| pair == b"\r\n") {
            let line = String::from_utf8(self.told.drain(..end + 2).take(end).collect()).unwrap();
            if !self.outbox.is_empty() {
                self.fault = Some(format!("{line} before the answer to another"));
            }
            self.answer(&line);
            self.lines.push(line);
        }
    }

    fn answer(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |n: usize| words.get(n).and_then(|word| word.parse::<usize>().ok());
        let known = number(1).filter(|n| (1..=MESSAGES.len()).contains(n) && !self.marked.contains(n));
        let no = || b"-ERR There's no such message.\r\n".to_vec();
        let of_all = |what: &dyn Fn(usize) -> String, marked: &BTreeSet<usize>| {
            let all = (1..=MESSAGES.len()).filter(|n| !marked.contains(n));
            let lines: String = all.map(|n| format!("{n} {}\r\n", what(n))).collect();
            format!("+OK\r\n{lines}.\r\n").into_bytes()
        };
        let one = |what: &dyn Fn(usize) -> String| match known {
            Some(n) => format!("+OK {n} {}\r\n", what(n)).into_bytes(),
            None => no(),
        };
        let size = |n: usize| MESSAGES[n - 1].len().to_string();
        let uid = |n: usize| format!("{n:016x}");
        let answer = match (words[0], words.len()) {
            ("STAT", 1) => b"+OK 4 320\r\n".to_vec(),
            ("NOOP", 1) => b"+OK\r\n".to_vec(),
            ("LIST", 1) => of_all(&size, &self.marked),
            ("UIDL", 1) => of_all(&uid, &self.marked),
            ("LIST", 2) => one(&size),
            ("UIDL", 2) => one(&uid),
            ("RETR", 2) => self.message(known, usize::MAX),
            ("TOP", 3) => self.message(known, number(2).unwrap_or(usize::MAX)),
            ("DELE", 2) => match known {
                Some(n) => {
                    self.marked.insert(n);
                    b"+OK Marked to be deleted.\r\n".to_vec()
                }
                None => no(),
            },
            ("RSET", 1) => {
                self.marked.clear();
                self.seen.clear();
                b"+OK\r\n".to_vec()
            }
            ("QUIT", 1) => {
                let gone = std::mem::take(&mut self.marked).into_iter().map(|n| format!("deleted {n}"));
                let seen = std::mem::take(&mut self.seen).into_iter().map(|n| format!("seen {n}"));
                self.effects.extend(gone.chain(seen));
                b"+OK Logging out.\r\n".to_vec()
            }
            _ => {
                self.fault = Some(line.to_owned());
                b"-ERR Unknown command.\r\n".to_vec()
            }
        };
        self.outbox.extend(answer);
    }

    fn message(&mut self, number: Option<usize>, lines: usize) -> Vec<u8> {
        let Some(number) = number else { return b"-ERR There's no such message.\r\n".to_vec() };
        if lines == usize::MAX {
            self.seen.insert(number);
        }
        let (mut body, mut left) = (false, lines);
        let mut answer = b"+OK\r\n".to_vec();
        for line in MESSAGES[number - 1].split_inclusive(|b| *b == b'\n') {
            if body && left == 0 {
                break;
            }
            left -= usize::from(body);
            body |= line == b"\r\n";
            if line.starts_with(b".") {
                answer.push(b'.');
            }
            answer.extend_from_slice(line);
        }
        answer.extend_from_slice(b".\r\n");
        answer
    }
}
