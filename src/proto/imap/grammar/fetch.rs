//! FETCH (RFC 3501 §6.4.5; BINARY RFC 3516; CHANGEDSINCE, VANISHED, MODSEQ RFC 7162; PREVIEW RFC 8970).

use super::cursor::Cursor;
use super::{C, Facts, Fault};
use crate::proto::imap::command::Marking;
use crate::proto::imap::token::Kind;

/// `fetch = "FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")")
/// [SP "(" fetch-modifier *(SP fetch-modifier) ")"]`
pub(super) fn fetch(cursor: &mut Cursor, facts: &mut Facts) -> Result<(), Fault> {
    cursor.sequence_set()?;
    if cursor.kind() == Some(Kind::Open) {
        cursor.list1(|cursor| item(cursor, facts))?;
    } else if !["ALL", "FULL", "FAST"].iter().any(|name| cursor.word(name)) {
        item(cursor, facts)?;
    }
    if !cursor.at_end() {
        cursor.list1(|cursor| {
            if cursor.word("CHANGEDSINCE") {
                facts.require(C::CondStore);
                cursor.number().map(|_| ())
            } else if cursor.word("VANISHED") {
                facts.require(C::QResync);
                Ok(())
            } else {
                Err(Fault("Unknown FETCH modifier"))
            }
        })?;
    }
    Ok(())
}

/// `fetch-att`, from an allow-list.
fn item(cursor: &mut Cursor, facts: &mut Facts) -> Result<(), Fault> {
    const PLAIN: [&str; 8] =
        ["FLAGS", "UID", "ENVELOPE", "INTERNALDATE", "BODY", "BODYSTRUCTURE", "RFC822.SIZE", "RFC822.HEADER"];
    if let Some(name) = cursor.take_kind(Kind::SectionOpen) {
        return section(cursor, facts, name);
    }
    if cursor.word("RFC822") || cursor.word("RFC822.TEXT") {
        facts.marking = Marking::Whole;
        return Ok(());
    }
    if cursor.word("MODSEQ") {
        facts.require(C::CondStore);
        return Ok(());
    }
    if cursor.word("PREVIEW") {
        facts.require(C::Preview);
        // What follows in parentheses may as well be the FETCH modifiers.
        return if cursor.opens_with("LAZY") { cursor.list1(lazy) } else { Ok(()) };
    }
    if PLAIN.iter().any(|name| cursor.word(name)) { Ok(()) } else { Err(Fault("Unknown FETCH item")) }
}

/// `preview-mod = "LAZY"` (RFC 8970 §6)
fn lazy(cursor: &mut Cursor) -> Result<(), Fault> {
    if cursor.word("LAZY") { Ok(()) } else { Err(Fault("Unknown PREVIEW modifier")) }
}

/// `"BODY" [".PEEK"] section ["<" number "." nz-number ">"]`, `"BINARY" [".PEEK" / ".SIZE"] section-binary […]`
fn section(cursor: &mut Cursor, facts: &mut Facts, name: &[u8]) -> Result<(), Fault> {
    const FAULT: Fault = Fault("Unknown section");
    let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
    let binary = !(is("BODY") || is("BODY.PEEK"));
    if binary {
        facts.require(C::Binary);
    }
    if is("BODY") || is("BINARY") {
        facts.marking = facts.marking.max(Marking::Peekable);
    }
    let mut fields = false;
    if cursor.kind() == Some(Kind::Atom) {
        let known = cursor.atom_if(|spec| {
            let rest = part(spec);
            let is = |word: &str| rest.eq_ignore_ascii_case(word.as_bytes());
            fields = is("HEADER.FIELDS") || is("HEADER.FIELDS.NOT");
            let whole = rest.is_empty();
            let text = is("HEADER") || is("TEXT") || fields || (is("MIME") && rest.len() < spec.len());
            whole || (!binary && text)
        });
        if !known {
            return Err(FAULT);
        }
        if fields {
            cursor.list1(|cursor| cursor.astring().map(|_| ()))?;
        }
    }
    let partial = cursor.take_kind(Kind::SectionClose).ok_or(FAULT)?;
    if partial.is_empty() || (is_partial(partial) && !is("BINARY.SIZE")) { Ok(()) } else { Err(FAULT) }
}

/// What follows `section-part = nz-number *("." nz-number)` and its dot; all of it where there is no part.
fn part(spec: &[u8]) -> &[u8] {
    let mut rest = spec;
    loop {
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 || digits > 9 || rest.first() == Some(&b'0') {
            // `1.` is no part; `1.TEXT` is.
            return if rest.is_empty() && rest.len() < spec.len() { b"." } else { rest };
        }
        match rest.get(digits) {
            None => return b"",
            Some(b'.') => rest = rest.get(digits + 1..).unwrap_or_default(),
            Some(_) => return rest,
        }
    }
}

/// `"<" number "." nz-number ">"`
fn is_partial(text: &[u8]) -> bool {
    let inner = text.strip_prefix(b"<").and_then(|text| text.strip_suffix(b">")).unwrap_or_default();
    let mut numbers = inner.split(|b| *b == b'.').map(|n| std::str::from_utf8(n).ok()?.parse::<u32>().ok());
    matches!((numbers.next(), numbers.next(), numbers.next()), (Some(Some(_)), Some(Some(1..)), None))
}
