//! What is asked of the delegates' lives: links that were mailed, plans, postmasters. A part of [`Reads`](super::Reads) and
//! [`Writes`](super::Writes).

use super::StoreError;
use crate::domain::{
    AccountId, Delegate, Language, LinkHash, LinkPurpose, MailDomain, Mailbox, MailboxAddress, Phone, Plan, PlanName,
    Postmaster, PostmasterId,
};

/// A link that was mailed to somebody and not used yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it is for.
    pub purpose: LinkPurpose,
    /// Whose it is.
    pub account: AccountId,
    /// The address that it confirms, where it is for that (S1).
    pub email: Option<String>,
    /// When it stops working: seconds since 1970-01-01 UTC.
    pub until_secs: i64,
}

/// A postmaster who has no row yet.
#[derive(Clone, Debug)]
pub struct NewPostmaster {
    /// The domain.
    pub domain: MailDomain,
    /// Their own address, in lower case.
    pub email: String,
    /// Their name.
    pub name: String,
    /// Their phone number.
    pub phone: Option<Phone>,
    /// The language that they are written to in.
    pub language: Language,
    /// Seconds since 1970-01-01 UTC.
    pub created_at_secs: i64,
}

/// A mailbox as the list of its domain has it (M1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainMailbox {
    /// Its address.
    pub address: MailboxAddress,
    /// Whose it is.
    pub owner_name: String,
    /// Its plan.
    pub plan: PlanName,
    /// Its packs.
    pub packs: u32,
    /// Whether several people may work in it.
    pub multi_user: bool,
    /// How many of its delegates are active.
    pub active: u32,
    /// How many were invited and can still answer.
    pub waiting: u32,
    /// How many are suspended.
    pub suspended: u32,
}

/// What can be asked within one piece of work.
pub trait LifeReads {
    /// The link with that token.
    fn link(&self, hash: &LinkHash) -> Result<Option<Link>, StoreError>;
    /// Somebody's links for this purpose, the one that ends first before the others.
    fn links(&self, account: AccountId, purpose: LinkPurpose) -> Result<Vec<Link>, StoreError>;
    /// When links for this purpose were asked for in somebody's name, seconds since 1970-01-01 UTC, in order.
    fn link_requests(&self, account: AccountId, purpose: LinkPurpose) -> Result<Vec<i64>, StoreError>;
    /// The delegates who are pending by their row, though their invitation has lapsed by then (D3).
    fn lapsed_invitations(&self, now_secs: i64) -> Result<Vec<Delegate>, StoreError>;
    /// The mailboxes whose grace period has ended by then (D10).
    fn mailboxes_past_grace(&self, now_secs: i64) -> Result<Vec<Mailbox>, StoreError>;
    /// The plan of that name.
    fn plan(&self, name: &PlanName) -> Result<Option<Plan>, StoreError>;
    /// All plans, by name.
    fn plans(&self) -> Result<Vec<Plan>, StoreError>;
    /// The mailboxes of a domain whose address or owner has this text in it, by address: at most so many beyond those that are
    /// skipped. Of letters, those of ASCII are the same in either case.
    fn mailboxes_of(
        &self,
        domain: &MailDomain,
        text: &str,
        now_secs: i64,
        skipped: usize,
        most: usize,
    ) -> Result<Vec<DomainMailbox>, StoreError>;
    /// How many of those there are in all.
    fn count_mailboxes_of(&self, domain: &MailDomain, text: &str) -> Result<usize, StoreError>;
    /// The postmaster of that row.
    fn postmaster(&self, id: PostmasterId) -> Result<Option<Postmaster>, StoreError>;
    /// All postmasters, by domain and address.
    fn postmasters(&self) -> Result<Vec<Postmaster>, StoreError>;
}

/// What can be changed within one piece of work.
pub trait LifeWrites {
    /// A link, beside those that they have.
    fn insert_link(&self, hash: &LinkHash, link: &Link) -> Result<(), StoreError>;
    /// Takes somebody's links for this purpose back.
    fn delete_links(&self, account: AccountId, purpose: LinkPurpose) -> Result<bool, StoreError>;
    /// The same for those that work no more by then.
    fn delete_links_until(&self, account: AccountId, purpose: LinkPurpose, secs: i64) -> Result<bool, StoreError>;
    /// These in place of those that [`LifeReads::link_requests`] told; they stay when links go.
    fn set_link_requests(&self, account: AccountId, purpose: LinkPurpose, at_secs: &[i64]) -> Result<(), StoreError>;
    /// A plan, in place of the one of that name.
    fn put_plan(&self, plan: &Plan) -> Result<(), StoreError>;
    /// Removes a plan.
    fn delete_plan(&self, name: &PlanName) -> Result<bool, StoreError>;
    /// A new postmaster. [`StoreError::Exists`] where the domain has one of that address.
    fn insert_postmaster(&self, new: &NewPostmaster) -> Result<PostmasterId, StoreError>;
    /// A postmaster's address, name, language and phone number. [`StoreError::Exists`] where the domain has another of that
    /// address.
    fn update_postmaster(&self, postmaster: &Postmaster) -> Result<bool, StoreError>;
    /// Removes a postmaster, and what belongs to their account.
    fn delete_postmaster(&self, id: PostmasterId) -> Result<bool, StoreError>;
}
