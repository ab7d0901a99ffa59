//! STORE (RFC 3501 §6.4.6; UNCHANGEDSINCE RFC 7162) and what stands before a message in APPEND and REPLACE.

use super::cursor::Cursor;
use super::{C, Facts, Fault};
use crate::proto::imap::token::Kind;

/// `store = "STORE" SP sequence-set [SP "(" "UNCHANGEDSINCE" SP mod-sequence ")"] SP store-att-flags`
pub(super) fn store(cursor: &mut Cursor, facts: &mut Facts) -> Result<(), Fault> {
    cursor.sequence_set()?;
    if cursor.kind() == Some(Kind::Open) {
        facts.require(C::CondStore);
        cursor.list1(|cursor| {
            if cursor.word("UNCHANGEDSINCE") {
                cursor.number().map(|_| ())
            } else {
                Err(Fault("Unknown STORE modifier"))
            }
        })?;
    }
    const ITEMS: [&str; 6] = ["FLAGS", "+FLAGS", "-FLAGS", "FLAGS.SILENT", "+FLAGS.SILENT", "-FLAGS.SILENT"];
    if !ITEMS.iter().any(|item| cursor.word(item)) {
        return Err(Fault("STORE changes flags and nothing else"));
    }
    if cursor.kind() == Some(Kind::Open) {
        return cursor.list(Cursor::flag);
    }
    cursor.flag()?;
    while !cursor.at_end() {
        cursor.flag()?;
    }
    Ok(())
}

/// `[flag-list SP] [date-time SP] (literal / literal8)`. Neither CATENATE nor an annotation fits here.
pub(super) fn message(cursor: &mut Cursor, facts: &mut Facts) -> Result<(), Fault> {
    if cursor.kind() == Some(Kind::Open) {
        cursor.list(Cursor::flag)?;
    }
    if let Some(date) = cursor.take_kind(Kind::Quoted)
        && !is_date_time(date)
    {
        return Err(Fault("The date is not of the form dd-Mon-yyyy hh:mm:ss +zzzz"));
    }
    match cursor.message() {
        Some(true) => facts.require(C::Binary),
        Some(false) => {}
        None => return Err(Fault("A message was expected, as a literal")),
    }
    Ok(())
}

/// `date-time = date-day-fixed "-" date-month "-" date-year SP time SP zone`, its quotes apart.
fn is_date_time(text: &[u8]) -> bool {
    const SHAPE: &[u8] = b"dd-aaa-dddd dd:dd:dd sdddd";
    text.len() == SHAPE.len()
        && text.iter().zip(SHAPE).enumerate().all(|(n, (byte, shape))| match shape {
            b'd' => byte.is_ascii_digit() || (n == 0 && *byte == b' '),
            b'a' => byte.is_ascii_alphabetic(),
            b's' => matches!(byte, b'+' | b'-'),
            other => byte == other,
        })
}
