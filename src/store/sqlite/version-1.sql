-- A store as delega 0.1 made it before there was a version 2: one mailbox and its delegate. Never to be edited.
PRAGMA application_id = 1684825953;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE mailboxes (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    address         TEXT NOT NULL UNIQUE,
    upstream        TEXT NOT NULL,
    upstream_user   TEXT,
    sealed_password BLOB,
    plan            TEXT NOT NULL,
    owner_name      TEXT NOT NULL,
    owner_email     TEXT NOT NULL,
    created_at_secs INTEGER NOT NULL,
    changed_at_secs INTEGER NOT NULL
) STRICT;
INSERT INTO mailboxes VALUES(1,'ufficio@pec.example.it','provider',NULL,X'01d4d91afa30b3d62626c69be38c233718af4da5087be3a169cfb73be1299f15d559e70137b9c5804c711c7eac0432e1ade13e71bd122a98714d','Pro','Carla Bianchi','carla@example.it',1795799177,1795799177);
CREATE TABLE delegates (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox_id      INTEGER NOT NULL REFERENCES mailboxes (id) ON DELETE RESTRICT,
    username        TEXT NOT NULL,
    first_name      TEXT NOT NULL,
    last_name       TEXT NOT NULL,
    email           TEXT NOT NULL,
    language        TEXT,
    permissions     TEXT NOT NULL,
    protocols       TEXT NOT NULL,
    state           TEXT NOT NULL,
    password_hash   TEXT,
    created_at_secs INTEGER NOT NULL,
    changed_at_secs INTEGER NOT NULL,
    UNIQUE (mailbox_id, username)
) STRICT;
INSERT INTO delegates VALUES(1,1,'anna','Anna','Verdi','anna@example.it',NULL,'read,write,send,client','imap','active','$argon2id$v=19$m=19456,t=2,p=1$lEftYg9JqFv5DICpUJYSGA$c2SSF347GstSTRgZs09ZBYI0uL5rfETjTRGLjZpjzwU',1795799177,1795799177);
CREATE TABLE key_check (
    one             INTEGER PRIMARY KEY CHECK (one = 1),
    sealed          BLOB NOT NULL
) STRICT;
INSERT INTO key_check VALUES(1,X'01fc1754197c159663e4a0eb14386401025651658ab30e8cb12794c51d1486cd62b0e7349739e1a7b6a2ffc76a4e0102199063909a1abee085ba5ef32dcf3491d8');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('mailboxes',1);
INSERT INTO sqlite_sequence VALUES('delegates',1);
COMMIT;
