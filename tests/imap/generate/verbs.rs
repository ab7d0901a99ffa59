//! What each verb may be followed by, and what it may not.

use super::Draw;

impl Draw<'_> {
    fn status_items(&mut self) {
        self.list(1, 3, |draw| {
            let item = draw.one(&["MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "HIGHESTMODSEQ", "SIZE"]);
            draw.word(item);
        });
    }

    fn fetch_item(&mut self) {
        const PLAIN: [&str; 13] = [
            "FLAGS",
            "UID",
            "ENVELOPE",
            "INTERNALDATE",
            "BODY",
            "BODYSTRUCTURE",
            "RFC822.SIZE",
            "RFC822.HEADER",
            "RFC822",
            "RFC822.TEXT",
            "MODSEQ",
            "PREVIEW",
            "PREVIEW (LAZY)",
        ];
        if self.pick(2) == 0 {
            let item = self.one(&PLAIN);
            return self.word(item);
        }
        let name = self.one(&["BODY", "BODY.PEEK", "BINARY", "BINARY.PEEK", "BINARY.SIZE"]);
        self.word(name);
        self.text("[");
        let mut sections = vec!["", "1", "1.2.3", "12"];
        if name.starts_with("BODY") {
            sections.extend(["HEADER", "TEXT", "1.MIME", "1.HEADER", "2.TEXT", "HEADER.FIELDS", "1.HEADER.FIELDS.NOT"]);
        }
        let section = self.one(&sections);
        self.word(section);
        if section.contains("FIELDS") {
            self.text(" ");
            self.list(1, 3, |draw| {
                let field = draw.one(&["From", "Message-ID", "X-\"odd\"", "DATE"]);
                draw.string(field.as_bytes());
            });
        }
        self.text("]");
        if name != "BINARY.SIZE" {
            let partial = self.one(&["", "", "<0.100>", "<4294967295.1>"]);
            self.text(partial);
        }
    }

    fn fetch(&mut self) {
        self.set();
        self.text(" ");
        match self.pick(4) {
            0 | 1 => self.list(1, 4, Self::fetch_item),
            2 => self.fetch_item(),
            _ => {
                let all = self.one(&["ALL", "FAST", "FULL"]);
                self.word(all);
            }
        }
        let modifier = self.one(&["", "", "", " (CHANGEDSINCE 12)", " (CHANGEDSINCE 12345678901 VANISHED)"]);
        self.text(modifier);
    }

    fn store(&mut self) {
        self.set();
        let modifier = self.one(&[" ", " ", " (UNCHANGEDSINCE 320162338) ", " (unchangedsince 1) "]);
        self.text(modifier);
        let item = self.one(&["FLAGS", "+FLAGS", "-FLAGS", "FLAGS.SILENT", "+FLAGS.SILENT", "-FLAGS.SILENT"]);
        self.word(item);
        self.text(" ");
        match self.pick(3) {
            0 | 1 => self.list(0, 3, Self::flag),
            _ => {
                self.flag();
                if self.pick(2) == 1 {
                    self.text(" ");
                    self.flag();
                }
            }
        }
    }

    fn search_key(&mut self, depth: usize) {
        const BARE: [&str; 14] = [
            "ALL",
            "SEEN",
            "UNSEEN",
            "DELETED",
            "UNDELETED",
            "ANSWERED",
            "UNANSWERED",
            "DRAFT",
            "UNDRAFT",
            "FLAGGED",
            "UNFLAGGED",
            "NEW",
            "OLD",
            "RECENT",
        ];
        match self.pick(if depth == 0 { 10 } else { 13 }) {
            0 | 1 => {
                let key = self.one(&BARE);
                self.word(key);
            }
            2 | 3 => {
                let key = self.one(&["SUBJECT", "FROM", "TO", "CC", "BCC", "BODY", "TEXT"]);
                self.word(key);
                self.text(" ");
                self.words();
            }
            4 => {
                let key = self.one(&["BEFORE", "ON", "SINCE", "SENTBEFORE", "SENTON", "SENTSINCE"]);
                self.word(key);
                let date = self.one(&[" 1-Feb-1994", " \"01-Feb-2026\"", " 22-Nov-2026"]);
                self.text(date);
            }
            5 => {
                let key = self.one(&["KEYWORD $Forwarded", "UNKEYWORD Junk", "LARGER 4096", "SMALLER 0"]);
                self.text(key);
            }
            6 => {
                self.text("HEADER ");
                self.string(b"Message-ID");
                self.text(" ");
                self.words();
            }
            7 => {
                self.word("UID");
                self.text(" ");
                self.set();
            }
            8 => {
                let key = self.one(&["OLDER 86400", "YOUNGER 1", "MODSEQ 620162338"]);
                self.text(key);
            }
            9 => self.set(),
            10 => {
                self.word("NOT");
                self.text(" ");
                self.search_key(depth - 1);
            }
            11 => {
                self.word("OR");
                self.text(" ");
                self.search_key(depth - 1);
                self.text(" ");
                self.search_key(depth - 1);
            }
            _ => self.list(1, 3, |draw| draw.search_key(depth - 1)),
        }
    }

    fn search_keys(&mut self) {
        self.search_key(3);
        for _ in 0..self.pick(3) {
            self.text(" ");
            self.search_key(3);
        }
    }

    fn returning(&mut self) {
        if self.pick(3) == 2 {
            self.text(" RETURN ");
            self.list(0, 2, |draw| {
                let option = draw.one(&["ALL", "COUNT", "MIN", "MAX", "SAVE"]);
                draw.word(option);
            });
        }
    }

    fn charset(&mut self) {
        let charset = self.one(&["UTF-8", "US-ASCII", "\"UTF-8\""]);
        self.text(charset);
    }

    fn messages(&mut self, most: usize) {
        for _ in 0..=self.pick(most) {
            self.text(" ");
            if self.pick(2) == 1 {
                self.list(0, 2, Self::flag);
                self.text(" ");
            }
            if self.pick(3) == 2 {
                let date = self.one(&["\"22-Nov-2026 03:16:00 +0000\" ", "\" 2-Mar-2026 03:00:00 -0330\" "]);
                self.text(date);
            }
            let message: &[u8] = self.one::<&[u8]>(&[
                b"Subject: x\r\n\r\nciao\r\n",
                b"",
                b"x DELETE INBOX\r\ny STORE 1 FLAGS (\\Deleted)\r\n",
                b"{5}\r\n",
                b"a\0b\nc\rd)",
            ]);
            let binary = self.pick(5) == 4;
            self.octets(message, binary);
        }
    }

    /// Writes a legal command; true where it is IDLE.
    pub(super) fn legal(&mut self) -> bool {
        const VERBS: [&str; 50] = [
            "NOOP",
            "CAPABILITY",
            "SELECT",
            "EXAMINE",
            "STORE",
            "UID STORE",
            "FETCH",
            "UID FETCH",
            "APPEND",
            "IDLE",
            "CLOSE",
            "EXPUNGE",
            "UID EXPUNGE",
            "COPY",
            "UID COPY",
            "MOVE",
            "UID MOVE",
            "SEARCH",
            "UID SEARCH",
            "SORT",
            "UID SORT",
            "THREAD",
            "UID THREAD",
            "LIST",
            "LSUB",
            "XLIST",
            "STATUS",
            "CREATE",
            "DELETE",
            "RENAME",
            "SUBSCRIBE",
            "UNSUBSCRIBE",
            "ID",
            "ENABLE",
            "NAMESPACE",
            "CHECK",
            "UNSELECT",
            "GETQUOTA",
            "GETQUOTAROOT",
            "MYRIGHTS",
            "GETMETADATA",
            "SETMETADATA",
            "REPLACE",
            "UID REPLACE",
            "GETACL",
            "SETACL",
            "DELETEACL",
            "LISTRIGHTS",
            "SETQUOTA",
            "STARTTLS",
        ];
        let verb = self.one(&VERBS);
        self.word(verb);
        match verb {
            "SELECT" | "EXAMINE" => {
                self.text(" ");
                self.folder();
                let parameters =
                    self.one(&["", "", "", " (CONDSTORE)", " (QRESYNC (67890007 20050715194045000 41,43:116))"]);
                self.text(parameters);
            }
            "STORE" | "UID STORE" => {
                self.text(" ");
                self.store();
            }
            "FETCH" | "UID FETCH" => {
                self.text(" ");
                self.fetch();
            }
            "APPEND" => {
                self.text(" ");
                self.folder();
                self.messages(3);
            }
            "REPLACE" | "UID REPLACE" => {
                self.text(" 4 ");
                self.folder();
                self.messages(1);
            }
            "UID EXPUNGE" => {
                self.text(" ");
                self.set();
            }
            "COPY" | "UID COPY" | "MOVE" | "UID MOVE" => {
                self.text(" ");
                self.set();
                self.text(" ");
                self.folder();
            }
            "SEARCH" | "UID SEARCH" => {
                self.returning();
                if self.pick(3) == 2 {
                    self.text(" CHARSET ");
                    self.charset();
                }
                self.text(" ");
                self.search_keys();
            }
            "SORT" | "UID SORT" => {
                self.returning();
                self.text(" ");
                self.list(1, 3, |draw| {
                    let criterion = draw.one(&["DATE", "REVERSE ARRIVAL", "FROM", "SUBJECT", "DISPLAYFROM", "SIZE"]);
                    draw.word(criterion);
                });
                self.text(" ");
                self.charset();
                self.text(" ");
                self.search_keys();
            }
            "THREAD" | "UID THREAD" => {
                let algorithm = self.one(&[" REFERENCES ", " REFS ", " ORDEREDSUBJECT ", " references "]);
                self.text(algorithm);
                self.charset();
                self.text(" ");
                self.search_keys();
            }
            "LIST" => {
                let selection = self.one(&[" ", " ", " (SUBSCRIBED) ", " () ", " (SPECIAL-USE REMOTE) "]);
                self.text(selection);
                self.folder();
                let pattern = self.one(&[" *", " \"%\"", " (\"INBOX\" Sent/%)", " \"\"", " a]*"]);
                self.text(pattern);
                let returning = self.one(&[
                    "",
                    "",
                    " RETURN ()",
                    " RETURN (CHILDREN SPECIAL-USE)",
                    " return (STATUS (UNSEEN SIZE))",
                ]);
                self.text(returning);
            }
            "LSUB" | "XLIST" => {
                self.text(" ");
                self.folder();
                let pattern = self.one(&[" *", " \"%\"", " {1+}\r\n*"]);
                self.text(pattern);
            }
            "STATUS" => {
                self.text(" ");
                self.folder();
                self.text(" ");
                self.status_items();
            }
            "CREATE" => {
                self.text(" ");
                self.folder();
                let parameters = self.one(&["", "", " (USE (\\Drafts))", " (USE ())"]);
                self.text(parameters);
            }
            "DELETE" | "SUBSCRIBE" | "UNSUBSCRIBE" | "GETQUOTAROOT" | "MYRIGHTS" | "GETACL" | "GETQUOTA" => {
                self.text(" ");
                self.folder();
            }
            "RENAME" => {
                self.text(" ");
                self.folder();
                self.text(" ");
                self.folder();
            }
            "ID" => {
                let id = self.one(&[" NIL", " ()", " (\"name\" \"x\" \"version\" NIL)", " (\"name\" {2+}\r\n\"x)"]);
                self.text(id);
            }
            "ENABLE" => {
                let what =
                    self.one(&[" CONDSTORE", " QRESYNC", " UTF8=ACCEPT", " QRESYNC X-Y condstore", " IMAP4rev2"]);
                self.text(what);
            }
            "GETMETADATA" => {
                let options = self.one(&[" ", " (MAXSIZE 1024) ", " (DEPTH infinity) "]);
                self.text(options);
                self.folder();
                let entries = self.one(&[" /shared/comment", " (/shared/comment /private/comment)"]);
                self.text(entries);
            }
            "SETMETADATA" => {
                self.text(" ");
                self.folder();
                self.text(" (/private/comment ");
                match self.pick(3) {
                    0 => self.text("NIL"),
                    1 => self.text("\"new\""),
                    _ => self.octets(b"so\r\nlong", false),
                }
                self.text(")");
            }
            "SETACL" => self.text(" INBOX anna lrswi"),
            "DELETEACL" | "LISTRIGHTS" => self.text(" INBOX anna"),
            "SETQUOTA" => self.text(" \"\" (STORAGE 512)"),
            _ => {}
        }
        verb == "IDLE"
    }

    /// Writes what is no command, or none that anybody may give; true where it is IDLE.
    pub(super) fn illegal(&mut self) -> bool {
        let text = self.one(&[
            "XYZZY",
            "",
            "UID",
            "UID NOOP",
            "SELECT",
            "SELECT INBOX x",
            "SELECT  INBOX",
            "SELECT \"a\"b\"",
            "COMPRESS DEFLATE",
            "NOTIFY NONE",
            "UNAUTHENTICATE",
            "GENURLAUTH x INTERNAL",
            "APPEND INBOX",
            "APPEND INBOX CATENATE (URL \"/x\")",
            "APPEND INBOX {x}",
            "APPEND INBOX {3x}",
            "APPEND INBOX {}",
            "APPEND INBOX {99999999999}",
            "APPEND {0+}\r\n",
            "APPEND INBOX {3}y",
            "APPEND INBOX (\\Seen {2+}\r\nab",
            "APPEND INBOX ~{x}",
            "STORE 1 FLAGS \\*",
            "STORE 1 ANNOTATION (/comment (value.shared x))",
            "STORE 0 FLAGS (\\Seen)",
            "STORE 1 FLAGS (\\Seen",
            "FETCH 1 BODY[",
            "FETCH 1 (BODY[]",
            "FETCH 1 XYZZY",
            "FETCH 1 BODY[]<1>",
            "SEARCH FUZZY BODY x",
            "SEARCH NOT",
            "SEARCH (SEEN",
            "SEARCH SUBJECT {3}x",
            "SEARCH SUBJECT {3+}\r\nabcd",
            "SEARCH SUBJECT {3+}\r\nabc{3+}\r\nabc",
            "SEARCH SUBJECT {03}",
            "SEARCH SUBJECT {-1}",
            "SEARCH SUBJECT ~{2+}\r\nab",
            "XYZZY {15+}\r\na1 DELETE x\r\n\r\n",
            "LOGIN anna x",
            "LOGIN {4+}\r\nanna {1+}\r\nx",
            "AUTHENTICATE PLAIN AGEAYg==",
            "LIST \"\" \"*%*%*%*%*%*%*%*%*%\"",
            "MYRIGHTS citt\u{e0}",
            "MYRIGHTS \"citt\u{e0}\"",
            "NOOP ",
            "NOOP x",
            "DONE",
            "CREATE a\tb",
            "ESEARCH IN (mailboxes \"x\") ALL",
            "CLOSE\0",
        ]);
        self.text(text);
        false
    }
}
