//! The arguments of each verb (RFC 3501 §9 and the extensions' ABNF). What is not listed here is not understood.
//!
//! Nothing is computed here but `Facts`: what policy needs to know of a command beyond its verb.

mod cursor;
mod fetch;
mod folders;
mod search;
mod store;

use super::capability::Capabilities;
use super::capability::Capability as C;
use super::command::{Command, Folder, Marking};
use super::verb::Verb;
use cursor::Cursor;

/// Why the arguments were not understood. For the client; holds nothing that it sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault(pub &'static str);

/// What policy needs to know of a command beyond its verb.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub folder: Option<Folder>,
    pub marking: Marking,
    pub requires: Capabilities,
    pub server_wide: bool,
}

impl Facts {
    fn require(&mut self, capability: C) {
        self.requires = self.requires.with(capability);
    }
}

/// Holds the arguments to the grammar of the command's verb.
pub(super) fn check(command: &Command) -> Result<Facts, Fault> {
    let mut facts = Facts::default();
    let cursor = &mut Cursor::new(command);
    match command.verb {
        Verb::Capability | Verb::Noop | Verb::Logout | Verb::StartTls | Verb::Check | Verb::Close => {}
        Verb::Unselect => facts.require(C::Unselect),
        Verb::Idle => facts.require(C::Idle),
        Verb::Namespace => facts.require(C::Namespace),
        Verb::Expunge if command.uid => {
            facts.require(C::UidPlus);
            cursor.sequence_set()?;
        }
        Verb::Expunge => {}
        Verb::Id => id(cursor)?,
        Verb::Login => {
            cursor.astring()?;
            cursor.astring()?;
        }
        Verb::Authenticate => {
            cursor.atom()?;
            if !cursor.at_end() {
                cursor.atom()?;
            }
        }
        Verb::Enable => {
            cursor.atom()?;
            while !cursor.at_end() {
                cursor.atom()?;
            }
        }
        Verb::Select | Verb::Examine => folders::select(cursor, &mut facts)?,
        Verb::List => folders::list(cursor, &mut facts)?,
        Verb::Lsub => folders::lsub(cursor)?,
        Verb::Xlist => {
            facts.require(C::Xlist);
            folders::lsub(cursor)?;
        }
        Verb::Status => folders::status(cursor, &mut facts)?,
        Verb::Create => folders::create(cursor, &mut facts)?,
        Verb::Delete | Verb::Subscribe | Verb::Unsubscribe => facts.folder = Some(cursor.folder()?),
        Verb::Rename => {
            facts.folder = Some(cursor.folder()?);
            cursor.folder()?;
        }
        Verb::MyRights => facts.folder = Some(cursor.folder()?),
        Verb::GetQuota => {
            facts.require(C::Quota);
            cursor.astring()?;
        }
        Verb::GetQuotaRoot => {
            facts.require(C::Quota);
            facts.folder = Some(cursor.folder()?);
        }
        Verb::GetMetadata => folders::get_metadata(cursor, &mut facts)?,
        Verb::SetMetadata => folders::set_metadata(cursor, &mut facts)?,
        // Refused whatever they say; that they tokenize is enough.
        Verb::GetAcl | Verb::SetAcl | Verb::DeleteAcl | Verb::ListRights | Verb::SetQuota => return Ok(facts),
        Verb::Fetch => fetch::fetch(cursor, &mut facts)?,
        Verb::Search => search::search(cursor, &mut facts)?,
        Verb::Sort => search::sort(cursor, &mut facts)?,
        Verb::Thread => search::thread(cursor, &mut facts)?,
        Verb::Store => store::store(cursor, &mut facts)?,
        Verb::Copy => {
            cursor.sequence_set()?;
            facts.folder = Some(cursor.folder()?);
        }
        Verb::Move => {
            facts.require(C::Move);
            cursor.sequence_set()?;
            facts.folder = Some(cursor.folder()?);
        }
        Verb::Append => {
            facts.folder = Some(cursor.folder()?);
            store::message(cursor, &mut facts)?;
        }
        Verb::Replace => {
            facts.require(C::Replace);
            cursor.number()?;
            facts.folder = Some(cursor.folder()?);
            store::message(cursor, &mut facts)?;
        }
    }
    cursor.end()?;
    Ok(facts)
}

/// Holds what announces a further message of one APPEND to its grammar.
pub(super) fn check_message(command: &Command) -> Result<Capabilities, Fault> {
    let mut facts = Facts::default();
    facts.require(C::MultiAppend);
    let cursor = &mut Cursor::new(command);
    store::message(cursor, &mut facts)?;
    cursor.end()?;
    Ok(facts.requires)
}

/// `id = "ID" SP ("(" [string SP nstring *(SP string SP nstring)] ")" / nil)`, at most 30 pairs (RFC 2971 §3.3).
fn id(cursor: &mut Cursor) -> Result<(), Fault> {
    const FAULT: Fault = Fault("ID takes NIL or a list of at most 30 pairs");
    if cursor.word("NIL") {
        return Ok(());
    }
    let mut strings = 0;
    cursor.list(|cursor| {
        strings += 1;
        cursor.nstring().map(|_| ())
    })?;
    if strings % 2 == 0 && strings <= 60 { Ok(()) } else { Err(FAULT) }
}
