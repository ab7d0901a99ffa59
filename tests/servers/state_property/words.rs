//! The words that commands are made of.

/// The sample mailbox's folders, as the wire has them.
pub const FOLDERS: &[&[u8]] = &[
    b"INBOX",
    b"inbox",
    b"Archive",
    b"Archive/2025",
    b"Drafts",
    b"Junk",
    b"Sent",
    b"Trash",
    b"Fatture",
    b"Fatture/2026",
    b"Fatture/2026/Primo trimestre",
    b"Attivit&AOA-",
    b"Citt&AOA- &- Comuni",
    b"Fornitori",
    b"Fornitori/Neri \"Legnami\" (chiuso)",
    b"Gare",
    b"Gare/Lotto {12} [bis]",
    b"Protocollo 100%",
];

/// Folders that are not there, or whose names are none.
pub const STRANGE_FOLDERS: &[&[u8]] = &[
    b"Nuova",
    b"Nuova/Sotto/Terza",
    b"Archive/2027",
    b"Fatture/2026/",
    b"Fatture//2026",
    b"/Fatture",
    b"INBOX/Sotto",
    b"",
    b"/",
    b".",
    b"..",
    b"../../etc",
    b"%",
    b"*",
    b"~",
    b"~root",
    b"#news",
    b"Attivit\xc3\xa0",
    b"&AOA",
    b"&AGE-",
    b"Gare/Lotto {12}",
    b"a{3+}",
    b"x\r\nevil4 DELETE Trash",
    b"Fatture\\2026",
    b"cur",
    b"dovecot-uidlist",
    b"Sent\x7f",
];

pub const TAGS: &[&str] = &[
    "0.0.jYT8D4u5",
    "-1pPcQ",
    "IDLE",
    "DONE",
    "OK",
    "BYE",
    "NO",
    "]",
    "a]b",
    "~",
    "$",
    "&",
    "'",
    ":",
    "1",
    "UID",
    "NIL",
    "}",
    "x}",
    "D0000000000000000",
    "#",
    "=",
    "!",
];

pub const NO_TAGS: &[&str] =
    &["", "+", "*", "a+b", "(x)", "\"q\"", "{3}", "{3+}", "\u{e0}", "%", "\\x", " x", "\0", "a\tb"];

pub const SPOILERS: &[&[u8]] = &[
    b" ",
    b" ",
    b"  ",
    b"\"",
    b"\"",
    b"(",
    b")",
    b"\\",
    b"\0",
    b"\xc3\xa0",
    b"\xff",
    b"\x7f",
    b"\t",
    b"{",
    b"%",
    b"]",
    b"[",
    b"*",
    b"{3}x",
    b"{3+}",
    b"+",
    b"$",
    b"()",
    b"\"\"",
    b"<0.1>",
];

pub const ANNOUNCEMENTS: &[&str] = &[
    " {18446744073709551617}",
    " {18446744073709551617+}",
    " {4294967296+}",
    " {4294967295}",
    " {-1}",
    " {-1+}",
    " {03}",
    " {03+}",
    " {}",
    " {+}",
    " { 3}",
    " {3",
    " 3}",
    " {3}}",
    "{3}",
    "~{3}",
    " {3-}",
    " ~{3+}",
    " {0}",
    " {0+}",
    " {99999}",
    " {1+}",
];

pub const SETS: &[&str] =
    &["1", "1", "1:3", "2,4:6", "*", "1:*", "5:2", "7,3,7", "*:20", "10:12", "4294967295", "999999", "$"];

pub const STRANGE_SETS: &[&str] =
    &["0", "1:", ":", "a", ",1", "1,,2", "4294967296", "-1", "1:2:3", "$,1", "()", "\"1\""];

pub const IDS: &[&str] = &[
    "ID NIL",
    "ID ()",
    "ID (\"name\" \"prova\" \"version\" NIL)",
    "ID (\"name\")",
    "ID (\"name\" {5+}\r\nprova)",
    "ID",
];

pub const ENABLES: &[&str] =
    &["CONDSTORE", "QRESYNC", "UTF8=ACCEPT", "QRESYNC CONDSTORE X-Y", "IMAP4rev2", "METADATA", "", "NOTIFY"];

pub const SELECT_PARAMETERS: &[&str] = &[
    "(CONDSTORE)",
    "(QRESYNC (1767222000 1))",
    "(QRESYNC (1767222000 1 1:20))",
    "(QRESYNC (1767222000 1 1:20 (1:3 1:3)))",
    "(QRESYNC (0 0))",
    "(QRESYNC (1767222000 9223372036854775807 *))",
    "(ANNOTATE)",
    "(X)",
    "()",
];

pub const PATTERNS: &[&str] = &[
    "*",
    "%",
    "\"*\"",
    "Fatture/%",
    "%/%",
    "INBOX",
    "\"\"",
    "(\"*\" \"%\")",
    "(INBOX Sent)",
    "*%*%*",
    "\"Gare/*{12}*\"",
];

pub const LIST_RETURNS: &[&str] = &[
    "(CHILDREN)",
    "(SUBSCRIBED SPECIAL-USE)",
    "(STATUS (MESSAGES UNSEEN RECENT))",
    "(STATUS (UIDNEXT UIDVALIDITY HIGHESTMODSEQ SIZE) CHILDREN)",
    "()",
    "(MYRIGHTS)",
    "(METADATA (/private/comment))",
];

pub const FETCH_ITEMS: &[&str] = &[
    "FLAGS",
    "UID",
    "ENVELOPE",
    "INTERNALDATE",
    "BODY",
    "BODYSTRUCTURE",
    "MODSEQ",
    "PREVIEW",
    "PREVIEW (LAZY)",
    "RFC822.SIZE",
    "RFC822.HEADER",
    "RFC822",
    "RFC822.TEXT",
    "BODY[]",
    "body[]",
    "BODY[TEXT]",
    "BODY[HEADER]",
    "BODY[1]",
    "BODY[1.MIME]",
    "BODY[2.1.TEXT]",
    "BODY[HEADER.FIELDS (FROM SUBJECT)]",
    "BODY[HEADER.FIELDS.NOT (\"X-Y\")]",
    "BODY[HEADER.FIELDS ({4+}\r\nFROM)]",
    "BODY[]<0.100>",
    "BODY[1]<5.1>",
    "BODY.PEEK[]<0.50>",
    "BODY.PEEK[HEADER]",
    "BINARY[1]",
    "BINARY[]<0.10>",
    "BINARY.PEEK[1]",
    "BINARY.SIZE[1]",
];

pub const STRANGE_FETCH_ITEMS: &[&str] = &[
    "BODY[0]",
    "BODY[",
    "BODY[]<0>",
    "RFC822.PEEK",
    "RFC822.TEXT.PEEK",
    "EMAILID",
    "X-GM-LABELS",
    "ANNOTATION (/comment value.priv)",
];

pub const TEXTS: &[&[u8]] = &[
    b"prova",
    b"perch\xc3\xa9",
    b"",
    b"\"",
    b"evil5 DELETE Trash",
    b"\r\nevil6 DELETE Trash\r\n",
    b"{5+}",
    b"a\\b",
    b"\xff\xfe",
];

pub const SEARCH_KEYS: &[&str] = &[
    "ALL",
    "UNSEEN",
    "DELETED",
    "NOT SEEN",
    "OR SEEN (FLAGGED 1:*)",
    "RECENT",
    "NEW",
    "UID 1:*",
    "$",
    "1:20",
    "LARGER 1000",
    "SINCE 1-Jan-2026",
    "KEYWORD Protocollato",
    "MODSEQ 1",
    "OLDER 100",
    "YOUNGER 100",
];

pub const STRANGE_SEARCH_KEYS: &[&str] =
    &["SAVEDSINCE 1-Jan-2026", "FUZZY TEXT x", "INTHREAD", "CHARSET UTF-8 ALL", "("];

pub const DONES: &[&str] = &[
    "DONE",
    "DONE",
    "done",
    "DONE ",
    " DONE",
    "evil7 DELETE Trash",
    "evil8 STORE 1:* +FLAGS (\\Deleted)",
    "evil9 EXPUNGE",
    "",
    "DONE {4+}\r\nevil",
    "x {26+}\r\nevil10 DELETE Trash\r\nxyz12",
    "\0",
];

pub const ENTRIES: &[&str] = &[
    "/private/comment",
    "/shared/comment",
    "/private/vendor/x",
    "/shared/vendor/vendor.dovecot/pvt/server/x",
    "/private/specialuse",
    "/shared/admin",
    "comment",
];

pub const STORE_ITEMS: &[&str] =
    &["FLAGS", "+FLAGS", "+FLAGS", "-FLAGS", "FLAGS.SILENT", "+FLAGS.SILENT", "-flags.silent"];

pub const STRANGE_STORE_ITEMS: &[&str] = &["+X-GM-LABELS", "ANNOTATION", "ADD-FLAGS"];

pub const FLAGS: &[&str] = &["\\Seen", "\\Deleted", "\\Flagged", "\\Answered", "\\Draft", "NuovaParola", "$label1"];

pub const STRANGE_FLAGS: &[&str] = &["\\Recent", "\\*", "$Forwarded", "Protocollato", "\\Nuova", "\\", "NIL"];

pub const BODIES: &[&[u8]] = &[
    b"Subject: prova\r\n\r\nevil11 DELETE Trash\r\nevil12 CREATE Male\r\n",
    b"evil13 STORE 1:* +FLAGS (\\Deleted)\r\nevil14 EXPUNGE\r\nevil15 MOVE 1 Trash\r\n",
    b"x",
    b"",
    b"\r\nevil16 SUBSCRIBE Gare\r\n",
    b"\0\x01\xff\r\nevil17 RENAME Trash Male\r\n",
    b"DONE\r\nevil18 UNSUBSCRIBE INBOX\r\nevil19 SETACL INBOX anyone lr\r\n",
];

pub const AUTHENTICATES: &[&str] =
    &["AUTHENTICATE PLAIN", "AUTHENTICATE PLAIN AGFsdHJhAHg=", "AUTHENTICATE EXTERNAL", "AUTHENTICATE"];

/// What nobody may say: other extensions, vendors' and administrators' commands, no commands at all.
pub const UNKNOWN: &[&str] = &[
    "COMPRESS DEFLATE",
    "UNAUTHENTICATE",
    "GENURLAUTH \"imap://pec.example.it/INBOX/;uid=1;urlauth=anonymous\" INTERNAL",
    "RESETKEY",
    "RESETKEY INBOX INTERNAL",
    "URLFETCH \"imap://pec.example.it/INBOX/;uid=1\"",
    "NOTIFY SET (selected (MessageNew (UID FLAGS) MessageExpunge))",
    "NOTIFY SET STATUS (personal (MessageNew MessageExpunge FlagChange))",
    "NOTIFY NONE",
    "ESEARCH IN (mailboxes INBOX) RETURN (ALL) SEEN",
    "ESEARCH IN (subtree Fatture) SEEN",
    "XAPPLEPUSHSERVICE aps-version 2 aps-account-id x aps-device-token x",
    "X-DELETE INBOX",
    "XKILL INBOX",
    "XDELETE Trash",
    "CONVERT 1 (\"text/plain\" NIL) BINARY[1]",
    "SETANNOTATION INBOX \"/comment\" (\"value.priv\" \"x\")",
    "LANGUAGE it",
    "BURL x",
    "UID DELETE Trash",
    "UID",
    "UID UID STORE 1 +FLAGS (\\Seen)",
    "CANCELUPDATE \"x\"",
    "UIDSTORE 1 +FLAGS (\\Seen)",
    "DELETEMAILBOX Trash",
    "STORE1",
    "PROXY x",
    "SYNC",
    "\"DELETE\" Trash",
    "(DELETE Trash)",
    "DONE",
];
