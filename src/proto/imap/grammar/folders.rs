//! Commands about folders: SELECT, LIST, STATUS, CREATE, metadata.

use super::cursor::{Cursor, is_sequence_set};
use super::{C, Facts, Fault};
use crate::proto::imap::token::Kind;

/// `select = "SELECT" SP mailbox [SP "(" select-param *(SP select-param) ")"]` (RFC 4466, RFC 7162 §3.1.8, §3.2.5)
pub(super) fn select(cursor: &mut Cursor, facts: &mut Facts) -> Result<(), Fault> {
    facts.folder = Some(cursor.folder()?);
    if cursor.at_end() {
        return Ok(());
    }
    cursor.list1(|cursor| {
        if cursor.word("CONDSTORE") {
            facts.require(C::CondStore);
            Ok(())
        } else if cursor.word("QRESYNC") {
            facts.require(C::QResync);
            qresync(cursor)
        } else {
            Err(Fault("Unknown SELECT parameter"))
        }
    })
}

/// `"(" uidvalidity SP mod-sequence-value [SP known-uids] [SP "(" known-sequence-set SP known-uid-set ")"] ")"`
fn qresync(cursor: &mut Cursor) -> Result<(), Fault> {
    let mut place = 0;
    cursor.list(|cursor| {
        place += 1;
        match place {
            1 | 2 => cursor.number().map(|_| ()),
            3 if cursor.atom_if(is_sequence_set) => Ok(()),
            3 | 4 => {
                place = 4;
                let mut sets = 0;
                cursor.list(|cursor| {
                    sets += 1;
                    cursor.sequence_set()
                })?;
                if sets == 2 { Ok(()) } else { Err(Fault("QRESYNC takes two sets")) }
            }
            _ => Err(Fault("Too many QRESYNC arguments")),
        }
    })?;
    if place >= 2 { Ok(()) } else { Err(Fault("QRESYNC takes a UIDVALIDITY and a mod-sequence")) }
}

/// `list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP "RETURN" SP "(" … ")"]` (RFC 5258 §6)
pub(super) fn list(cursor: &mut Cursor, facts: &mut Facts) -> Result<(), Fault> {
    if cursor.kind() == Some(Kind::Open) {
        facts.require(C::ListExtended);
        cursor.list(|cursor| {
            if cursor.word("SPECIAL-USE") {
                facts.require(C::SpecialUse);
                return Ok(());
            }
            let known = ["SUBSCRIBED", "REMOTE", "RECURSIVEMATCH"].iter().any(|option| cursor.word(option));
            if known { Ok(()) } else { Err(Fault("Unknown LIST selection option")) }
        })?;
    }
    cursor.folder()?;
    if cursor.kind() == Some(Kind::Open) {
        facts.require(C::ListExtended);
        cursor.list1(|cursor| cursor.pattern().map(|_| ()))?;
    } else {
        cursor.pattern()?;
    }
    if cursor.at_end() {
        return Ok(());
    }
    if !cursor.word("RETURN") {
        return Err(Fault("Too many arguments"));
    }
    facts.require(C::ListExtended);
    cursor.list(|cursor| {
        if cursor.word("STATUS") {
            facts.require(C::ListStatus);
            return status_items(cursor, facts);
        }
        if cursor.word("SPECIAL-USE") {
            facts.require(C::SpecialUse);
            return Ok(());
        }
        if cursor.word("SUBSCRIBED") || cursor.word("CHILDREN") {
            Ok(())
        } else {
            Err(Fault("Unknown LIST return option"))
        }
    })
}

/// `lsub = "LSUB" SP mailbox SP list-mailbox`
pub(super) fn lsub(cursor: &mut Cursor) -> Result<(), Fault> {
    cursor.folder()?;
    cursor.pattern()?;
    Ok(())
}

/// `status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"`
pub(super) fn status(cursor: &mut Cursor, facts: &mut Facts) -> Result<(), Fault> {
    facts.folder = Some(cursor.folder()?);
    status_items(cursor, facts)
}

fn status_items(cursor: &mut Cursor, facts: &mut Facts) -> Result<(), Fault> {
    cursor.list1(|cursor| {
        if cursor.word("HIGHESTMODSEQ") {
            facts.require(C::CondStore);
            return Ok(());
        }
        if cursor.word("SIZE") {
            facts.require(C::StatusSize);
            return Ok(());
        }
        let known = ["MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN"].iter().any(|item| cursor.word(item));
        if known { Ok(()) } else { Err(Fault("Unknown STATUS item")) }
    })
}

/// `create = "CREATE" SP mailbox [SP "(" "USE" SP "(" [use-attr *(SP use-attr)] ")" ")"]` (RFC 6154 §6)
pub(super) fn create(cursor: &mut Cursor, facts: &mut Facts) -> Result<(), Fault> {
    facts.folder = Some(cursor.folder()?);
    if cursor.at_end() {
        return Ok(());
    }
    facts.require(C::CreateSpecialUse);
    cursor.list1(
        |cursor| {
            if cursor.word("USE") { cursor.list(Cursor::flag) } else { Err(Fault("Unknown CREATE parameter")) }
        },
    )
}

/// `getmetadata = "GETMETADATA" [SP getmetadata-options] SP mailbox SP entries` (RFC 5464 §5)
pub(super) fn get_metadata(cursor: &mut Cursor, facts: &mut Facts) -> Result<(), Fault> {
    facts.require(C::Metadata);
    if cursor.kind() == Some(Kind::Open) {
        cursor.list1(|cursor| {
            if cursor.word("MAXSIZE") {
                return cursor.number().map(|_| ());
            }
            if cursor.word("DEPTH") && ["0", "1", "infinity"].iter().any(|depth| cursor.word(depth)) {
                return Ok(());
            }
            Err(Fault("Unknown GETMETADATA option"))
        })?;
    }
    named(cursor, facts)?;
    if cursor.kind() == Some(Kind::Open) {
        return cursor.list1(|cursor| cursor.astring().map(|_| ()));
    }
    cursor.astring().map(|_| ())
}

/// `setmetadata = "SETMETADATA" SP mailbox SP "(" entry SP value *(SP entry SP value) ")"` (RFC 5464 §5)
pub(super) fn set_metadata(cursor: &mut Cursor, facts: &mut Facts) -> Result<(), Fault> {
    facts.require(C::Metadata);
    named(cursor, facts)?;
    cursor.list1(|cursor| {
        cursor.astring()?;
        cursor.nstring().map(|_| ())
    })
}

fn named(cursor: &mut Cursor, facts: &mut Facts) -> Result<(), Fault> {
    let folder = cursor.folder()?;
    facts.server_wide = folder.as_bytes().is_empty();
    facts.folder = Some(folder);
    Ok(())
}
