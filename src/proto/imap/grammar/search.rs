//! SEARCH (RFC 3501 §6.4.4), its RETURN (RFC 4731, RFC 5182), SORT and THREAD (RFC 5256, RFC 5267, RFC 5957).

use super::cursor::{Cursor, is_sequence_set};
use super::{C, Facts, Fault};
use crate::proto::imap::token::Kind;

/// `search = "SEARCH" [SP "RETURN" SP "(" … ")"] [SP "CHARSET" SP astring] 1*(SP search-key)`
pub(super) fn search(cursor: &mut Cursor, facts: &mut Facts) -> Result<(), Fault> {
    if cursor.word("RETURN") {
        facts.require(C::ESearch);
        returning(cursor, facts)?;
    }
    if cursor.word("CHARSET") {
        charset(cursor)?;
    }
    keys(cursor, facts)
}

/// `sort = "SORT" [SP "RETURN" …] SP "(" sort-criterion *(SP sort-criterion) ")" SP charset 1*(SP search-key)`
pub(super) fn sort(cursor: &mut Cursor, facts: &mut Facts) -> Result<(), Fault> {
    facts.require(C::Sort);
    if cursor.word("RETURN") {
        facts.require(C::ESort);
        returning(cursor, facts)?;
    }
    cursor.list1(|cursor| {
        let known = ["REVERSE", "ARRIVAL", "CC", "DATE", "FROM", "SIZE", "SUBJECT", "TO"];
        if cursor.word("DISPLAYFROM") || cursor.word("DISPLAYTO") {
            facts.require(C::SortDisplay);
            Ok(())
        } else if known.iter().any(|criterion| cursor.word(criterion)) {
            Ok(())
        } else {
            Err(Fault("Unknown SORT criterion"))
        }
    })?;
    charset(cursor)?;
    keys(cursor, facts)
}

/// `thread = "THREAD" SP thread-alg SP charset 1*(SP search-key)`
pub(super) fn thread(cursor: &mut Cursor, facts: &mut Facts) -> Result<(), Fault> {
    facts.require(if cursor.word("REFERENCES") {
        C::ThreadReferences
    } else if cursor.word("REFS") {
        C::ThreadRefs
    } else if cursor.word("ORDEREDSUBJECT") {
        C::ThreadOrderedSubject
    } else {
        return Err(Fault("Unknown THREAD algorithm"));
    });
    charset(cursor)?;
    keys(cursor, facts)
}

/// `charset = atom / quoted`; names of character sets are printable ASCII (RFC 2978 §2.3).
fn charset(cursor: &mut Cursor) -> Result<(), Fault> {
    let name = cursor.astring()?;
    let fine = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    if fine { Ok(()) } else { Err(Fault("A character set was expected")) }
}

fn returning(cursor: &mut Cursor, facts: &mut Facts) -> Result<(), Fault> {
    cursor.list(|cursor| {
        if cursor.word("SAVE") {
            facts.require(C::SearchRes);
            return Ok(());
        }
        let known = ["MIN", "MAX", "ALL", "COUNT"].iter().any(|option| cursor.word(option));
        if known { Ok(()) } else { Err(Fault("Unknown search return option")) }
    })
}

/// `search-key *(SP search-key)`.
///
/// Written as a loop with a stack, since NOT and OR nest without parentheses and so without the tokenizer's bound: each
/// entry is the number of keys that an open parenthesis (or the whole command) still lacks for its NOTs and ORs.
fn keys(cursor: &mut Cursor, facts: &mut Facts) -> Result<(), Fault> {
    const MISSING: Fault = Fault("A search key is missing");
    let mut lacking: Vec<usize> = vec![1];
    loop {
        let complete = lacking.last() == Some(&0);
        match cursor.kind() {
            None if complete && lacking.len() == 1 => return Ok(()),
            None => return Err(MISSING),
            Some(Kind::Close) => {
                if !complete || lacking.len() == 1 {
                    return Err(MISSING);
                }
                cursor.take_kind(Kind::Close);
                lacking.pop();
                continue;
            }
            Some(_) => {}
        }
        // A key begins. Without a NOT or OR that lacks one it is a further key of the conjunction.
        let lacks = lacking.last_mut().ok_or(MISSING)?;
        *lacks = (*lacks).max(1);
        if cursor.take_kind(Kind::Open).is_some() {
            *lacks -= 1;
            lacking.push(1);
        } else if cursor.word("OR") {
            *lacks += 1;
        } else if !cursor.word("NOT") {
            key(cursor, facts)?;
            *lacks -= 1;
        }
    }
}

/// One `search-key` that holds no other.
fn key(cursor: &mut Cursor, facts: &mut Facts) -> Result<(), Fault> {
    const BARE: [&str; 14] = [
        "ALL",
        "ANSWERED",
        "DELETED",
        "DRAFT",
        "FLAGGED",
        "NEW",
        "OLD",
        "RECENT",
        "SEEN",
        "UNANSWERED",
        "UNDELETED",
        "UNDRAFT",
        "UNFLAGGED",
        "UNSEEN",
    ];
    const STRING: [&str; 7] = ["BCC", "BODY", "CC", "FROM", "SUBJECT", "TEXT", "TO"];
    const DATE: [&str; 6] = ["BEFORE", "ON", "SINCE", "SENTBEFORE", "SENTON", "SENTSINCE"];
    if BARE.iter().any(|name| cursor.word(name)) || cursor.atom_if(|set| set == b"$" || is_sequence_set(set)) {
        return Ok(());
    }
    if STRING.iter().any(|name| cursor.word(name)) {
        return cursor.astring().map(|_| ());
    }
    if DATE.iter().any(|name| cursor.word(name)) {
        return if is_date(&cursor.astring()?) { Ok(()) } else { Err(Fault("A date is of the form d-Mon-yyyy")) };
    }
    if cursor.word("KEYWORD") || cursor.word("UNKEYWORD") {
        return cursor.flag();
    }
    if cursor.word("LARGER") || cursor.word("SMALLER") {
        return cursor.number().map(|_| ());
    }
    if cursor.word("OLDER") || cursor.word("YOUNGER") {
        facts.require(C::Within);
        return cursor.number().map(|_| ());
    }
    if cursor.word("HEADER") {
        cursor.astring()?;
        return cursor.astring().map(|_| ());
    }
    if cursor.word("UID") {
        return cursor.sequence_set();
    }
    if cursor.word("MODSEQ") {
        facts.require(C::CondStore);
        // [SP entry-name SP entry-type-req]
        if cursor.take_kind(Kind::Quoted).is_some() {
            cursor.atom()?;
        }
        return cursor.number().map(|_| ());
    }
    Err(Fault("Unknown search key"))
}

/// `date-text = date-day "-" date-month "-" date-year`
fn is_date(text: &[u8]) -> bool {
    let mut fields = text.split(|b| *b == b'-');
    let digits = |field: &[u8], lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&field.len()) && field.iter().all(u8::is_ascii_digit)
    };
    fields.next().is_some_and(|day| digits(day, 1..=2))
        && fields.next().is_some_and(|month| month.len() == 3 && month.iter().all(u8::is_ascii_alphabetic))
        && fields.next().is_some_and(|year| digits(year, 4..=4))
        && fields.next().is_none()
}
