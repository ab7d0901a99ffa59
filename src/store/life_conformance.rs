//! What every store must do with links, plans, postmasters, mails and second factors, whatever is below it.
#![allow(clippy::unwrap_used)]

use super::conformance::{delegate, mailbox};
use super::*;
use crate::domain::api_token::{ApiScope, ApiTokenHash};
use crate::domain::{
    AccountId, DelegateState, Language, LinkHash, LinkPurpose, MailState, Notice, PasswordVersion, Plan, PlanName,
    Postmaster, PostmasterId, RecoveryHash, Step,
};

/// Runs all of it on a store that is new.
pub(super) fn holds(store: &dyn Store) {
    plans_are_shipped_and_changed(store);
    links_go_with_their_delegate(store);
    what_time_has_brought_is_found(store);
    postmasters_come_back(store);
    a_domains_mailboxes_are_listed(store);
    mails_go_out_in_order(store);
    api_tokens_come_back(store);
    second_factors_go_with_their_account(store);
    webmail_logins_come_and_go(store);
}

fn name(text: &str) -> PlanName {
    text.parse().unwrap()
}

/// S2
fn second_factors_go_with_their_account(store: &dyn Store) {
    let box_id = change(store, |w| w.insert_mailbox(&mailbox("factors@b.it"))).unwrap();
    let anna_id = change(store, |w| w.insert_delegate(&delegate(box_id, "anna"))).unwrap();
    let (anna, owner) = (AccountId::Delegate(anna_id), AccountId::Owner(box_id));
    let secret = |byte| SealedSecret(vec![byte; 61]);
    let factor = |byte, since_secs| SecondFactor { secret: secret(byte), since_secs, last_step: Step(7) };
    let marker = || store.change_marker().unwrap();
    let since = || {
        let delegate = read(store, |r| r.delegate_by_id(anna_id)).unwrap();
        let mailbox = read(store, |r| r.mailbox_by_id(box_id)).unwrap();
        (delegate.and_then(|one| one.two_factor_since_secs), mailbox.and_then(|one| one.owner_two_factor_since_secs))
    };
    let left = |account| read(store, |r| r.recovery_left(account)).unwrap();
    let before = marker();
    let begun = Enrolling { secret: secret(1), begun_at_secs: 5 };
    for account in [anna, owner] {
        change(store, |w| w.put_enrolling(account, &Enrolling { begun_at_secs: 4, ..begun.clone() })).unwrap();
        change(store, |w| w.put_enrolling(account, &begun)).unwrap();
        assert_eq!(read(store, |r| r.enrolling(account)).unwrap().as_ref(), Some(&begun));
    }
    assert!(
        change(store, |w| w.delete_enrolling(owner)).unwrap() && !change(store, |w| w.delete_enrolling(owner)).unwrap()
    );
    assert_eq!(marker(), before, "what is not in force concerns nobody's standing");

    for (account, at) in [(anna, 10), (owner, 11)] {
        assert_eq!(read(store, |r| r.second_factor(account)).unwrap(), None);
        change(store, |w| w.put_second_factor(account, &factor(2, 9))).unwrap();
        let put = marker();
        assert_ne!(put, before);
        change(store, |w| w.put_second_factor(account, &factor(3, at))).unwrap();
        assert_eq!(read(store, |r| r.second_factor(account)).unwrap(), Some(factor(3, at)));
        assert_ne!(marker(), put);
    }
    assert_eq!(since(), (Some(10), Some(11)));
    let before = marker();
    assert!(change(store, |w| w.use_step(anna, Step(8))).unwrap());
    assert_eq!(read(store, |r| r.second_factor(anna)).unwrap().map(|found| found.last_step), Some(Step(8)));
    let hashes: Vec<RecoveryHash> = (0..3).map(|n| RecoveryHash([n; 32])).collect();
    change(store, |w| w.set_recovery_codes(anna, &hashes)).unwrap();
    assert!(!change(store, |w| w.use_recovery_code(owner, &hashes[0])).unwrap(), "of somebody else");
    assert!(change(store, |w| w.use_recovery_code(anna, &hashes[0])).unwrap());
    assert!(!change(store, |w| w.use_recovery_code(anna, &hashes[0])).unwrap(), "twice");
    assert_eq!((left(anna), left(owner)), (2, 0));
    change(store, |w| w.set_recovery_codes(anna, &hashes[..1])).unwrap();
    assert_eq!(left(anna), 1);
    assert_eq!(marker(), before, "nor that a code was used");

    change(store, |w| w.set_recovery_codes(owner, &hashes[1..])).unwrap();
    assert!(change(store, |w| w.delete_second_factor(owner)).unwrap());
    assert!(!change(store, |w| w.delete_second_factor(owner)).unwrap());
    assert_ne!(marker(), before);
    assert_eq!((since(), left(owner), left(anna)), ((Some(10), None), 0, 1));
    change(store, |w| w.delete_delegate(anna_id)).unwrap();
    assert_eq!(read(store, |r| r.second_factor(anna)).unwrap(), None);
    assert_eq!((read(store, |r| r.enrolling(anna)).unwrap(), left(anna)), (None, 0));
}

/// S2
fn webmail_logins_come_and_go(store: &dyn Store) {
    let account = AccountId::Owner(change(store, |w| w.insert_mailbox(&mailbox("webmail@b.it"))).unwrap());
    let login = |made_at_ms| WebmailLogin {
        account,
        password: PasswordVersion(7),
        made_at_ms,
        until_ms: made_at_ms + 100,
        address: (made_at_ms > 1).then(|| "2001:db8::/64".to_owned()),
    };
    let hash = |n: i64| WebmailHash([n.to_be_bytes()[7]; 32]);
    let found = |n| read(store, |r| r.webmail_login(&hash(n))).unwrap();
    let marker = store.change_marker().unwrap();
    for n in 1..=4 {
        change(store, |w| w.insert_webmail_login(&hash(n), &login(n))).unwrap();
    }
    assert!(matches!(change(store, |w| w.insert_webmail_login(&hash(1), &login(9))), Err(StoreError::Exists)));
    assert_eq!((found(1), found(4), found(5)), (Some(login(1)), Some(login(4)), None));
    assert!(change(store, |w| w.prolong_webmail_login(&hash(3), 900)).unwrap());
    assert_eq!(found(3), Some(WebmailLogin { until_ms: 900, ..login(3) }));
    assert_eq!(change(store, |w| w.delete_webmail_logins_beyond(account, 3)).unwrap(), 1);
    assert_eq!(change(store, |w| w.delete_webmail_logins_beyond(AccountId::Owner(MailboxId(99)), 0)).unwrap(), 0);
    assert_eq!((found(1), found(2)), (None, Some(login(2))), "the oldest goes");
    let ended = |now| read(store, |r| r.any_webmail_login_ended(now)).unwrap();
    assert!(!ended(101) && ended(102), "the end itself is past it");
    assert_eq!(change(store, |w| w.delete_webmail_logins_ended(104)).unwrap(), 2);
    assert!(change(store, |w| w.delete_webmail_login(&hash(3))).unwrap());
    assert!(!change(store, |w| w.delete_webmail_login(&hash(3))).unwrap());
    change(store, |w| w.insert_webmail_login(&hash(6), &login(6))).unwrap();
    assert_eq!(store.change_marker().unwrap(), marker, "nobody stands otherwise than before");
    let AccountId::Owner(mailbox) = account else { return };
    change(store, |w| w.delete_mailbox(mailbox)).unwrap();
    assert_eq!(found(6), None, "it goes with its account");
}

/// D9
fn plans_are_shipped_and_changed(store: &dyn Store) {
    let shipped: Vec<(String, u32, u32)> = read(store, |r| r.plans())
        .unwrap()
        .into_iter()
        .map(|plan| (plan.name.to_string(), plan.seats_with(0), plan.seats_with(u32::MAX)))
        .collect();
    let catalogue = [("Plus", 1, 1), ("Premium", 3, 153), ("Pro", 1, 1), ("Pro-3", 3, 3), ("Standard", 0, 0)];
    assert_eq!(shipped, catalogue.map(|(name, least, most)| (name.to_owned(), least, most)));
    let ateneo = Plan { name: name("Ateneo"), seats: 40, pack_seats: 0, most_packs: 0 };
    change(store, |w| w.put_plan(&ateneo)).unwrap();
    let more = Plan { name: name("ATENEO"), seats: 50, ..ateneo };
    change(store, |w| w.put_plan(&more)).unwrap();
    assert_eq!(read(store, |r| r.plan(&name("ateneo"))).unwrap(), Some(more));
    assert!(change(store, |w| w.delete_plan(&name("Ateneo"))).unwrap());
    assert!(!change(store, |w| w.delete_plan(&name("Ateneo"))).unwrap());
}

fn links_go_with_their_delegate(store: &dyn Store) {
    let box_id = change(store, |w| w.insert_mailbox(&mailbox("links@b.it"))).unwrap();
    let delegates = ["anna", "bruno"].map(|who| change(store, |w| w.insert_delegate(&delegate(box_id, who))).unwrap());
    let [anna, bruno] = delegates.map(AccountId::Delegate);
    let link = |account, purpose, until_secs| Link { purpose, account, email: None, until_secs };
    let (one, two, three) = (LinkHash([1; 32]), LinkHash([2; 32]), LinkHash([3; 32]));
    let invitation = link(anna, LinkPurpose::Invitation, 10);
    let marker = store.change_marker().unwrap();
    change(store, |w| w.insert_link(&one, &invitation)).unwrap();
    change(store, |w| w.insert_link(&two, &link(anna, LinkPurpose::PasswordReset, 20))).unwrap();
    change(store, |w| w.insert_link(&three, &link(bruno, LinkPurpose::Invitation, 30))).unwrap();
    assert_eq!(read(store, |r| r.link(&one)).unwrap(), Some(invitation.clone()));
    // A newer one for the same purpose stands beside it, and both go with their purpose.
    let newer = link(anna, LinkPurpose::Invitation, 40);
    let four = LinkHash([4; 32]);
    change(store, |w| w.insert_link(&four, &newer)).unwrap();
    assert_eq!(
        [&one, &four].map(|hash| read(store, |r| r.link(hash)).unwrap()),
        [Some(invitation), Some(newer.clone())]
    );
    let until = |secs| change(store, |w| w.delete_links_until(anna, LinkPurpose::Invitation, secs)).unwrap();
    assert_eq!([until(9), until(10), until(10)], [false, true, false]);
    assert!(change(store, |w| w.delete_links(anna, LinkPurpose::Invitation)).unwrap());
    assert!(!change(store, |w| w.delete_links(anna, LinkPurpose::Invitation)).unwrap());
    assert_eq!([&one, &four].map(|hash| read(store, |r| r.link(hash)).unwrap()), [None, None]);
    let confirms = Link { email: Some("a@b.it".into()), ..link(anna, LinkPurpose::ConfirmEmail, 60) };
    change(store, |w| w.insert_link(&LinkHash([5; 32]), &confirms)).unwrap();
    let of = |purpose| read(store, |r| r.links(anna, purpose)).unwrap();
    assert_eq!((of(LinkPurpose::ConfirmEmail), of(LinkPurpose::Invitation)), (vec![confirms], vec![]));
    let requests = |delegate| read(store, |r| r.link_requests(delegate, LinkPurpose::PasswordReset)).unwrap();
    let ask = |who, purpose, at: &[i64]| change(store, |w| w.set_link_requests(who, purpose, at)).unwrap();
    ask(anna, LinkPurpose::PasswordReset, &[7, 3]);
    ask(bruno, LinkPurpose::PasswordReset, &[5]);
    // Each purpose has a count of its own.
    ask(anna, LinkPurpose::ConfirmEmail, &[3]);
    assert_eq!((requests(anna), requests(bruno)), (vec![3, 7], vec![5]));
    ask(anna, LinkPurpose::PasswordReset, &[7]);
    assert_eq!(requests(anna), [7]);
    assert_eq!(read(store, |r| r.link_requests(anna, LinkPurpose::ConfirmEmail)).unwrap(), [3]);
    assert_eq!(store.change_marker().unwrap(), marker, "a link concerns nobody's standing");
    assert!(change(store, |w| w.delete_delegate(delegates[0])).unwrap());
    assert_ne!(store.change_marker().unwrap(), marker);
    assert_eq!(read(store, |r| r.link(&two)).unwrap(), None);
    assert!(requests(anna).is_empty());
    assert!(read(store, |r| r.link(&three)).unwrap().is_some());
}

fn what_time_has_brought_is_found(store: &dyn Store) {
    let box_id = change(store, |w| w.insert_mailbox(&mailbox("time@b.it"))).unwrap();
    let pending =
        NewDelegate { state: DelegateState::Pending, invited_until_secs: Some(500), ..delegate(box_id, "invited") };
    let id = change(store, |w| w.insert_delegate(&pending)).unwrap();
    change(store, |w| w.insert_delegate(&delegate(box_id, "active"))).unwrap();
    let lapsed = |at| read(store, |r| r.lapsed_invitations(at)).unwrap().iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!((lapsed(499), lapsed(500)), (vec![], vec![id]));
    let mut changed = read(store, |r| r.mailbox_by_id(box_id)).unwrap().unwrap();
    let past = |at| read(store, |r| r.mailboxes_past_grace(at)).unwrap().len();
    assert_eq!(past(i64::MAX), 0);
    changed.grace_until_secs = Some(700);
    change(store, |w| w.update_mailbox(&changed)).unwrap();
    assert_eq!((past(699), past(700)), (0, 1));
}

fn postmasters_come_back(store: &dyn Store) {
    let new = NewPostmaster {
        domain: "pec.example.it".parse().unwrap(),
        email: "posta@example.it".into(),
        name: "Ufficio posta".into(),
        phone: None,
        language: Language::English,
        created_at_secs: 5,
    };
    let id = change(store, |w| w.insert_postmaster(&new)).unwrap();
    assert!(matches!(change(store, |w| w.insert_postmaster(&new)), Err(StoreError::Exists)));
    let elsewhere = NewPostmaster { domain: "b.it".parse().unwrap(), ..new.clone() };
    change(store, |w| w.insert_postmaster(&elsewhere)).unwrap();
    let found = read(store, |r| r.postmaster(id)).unwrap().unwrap();
    assert_eq!((found.domain, found.email, found.language), (new.domain.clone(), new.email.clone(), new.language));
    let domains = read(store, |r| r.postmasters()).unwrap().into_iter().map(|one| one.domain.to_string());
    assert_eq!(domains.collect::<Vec<_>>(), ["b.it", "pec.example.it"]);
    let before = read(store, |r| r.postmaster(id)).unwrap().unwrap();
    let mut changed = Postmaster { email: "nuova@example.it".into(), name: "Posta".into(), ..before.clone() };
    changed.phone = Some("+39055123456".parse().unwrap());
    assert!(change(store, |w| w.update_postmaster(&changed)).unwrap());
    assert_eq!(read(store, |r| r.postmaster(id)).unwrap(), Some(changed.clone()));
    change(store, |w| w.insert_postmaster(&new)).unwrap();
    assert!(matches!(change(store, |w| w.update_postmaster(&before)), Err(StoreError::Exists)));
    let hash = PasswordHash("$argon2id$".into());
    assert!(change(store, |w| w.set_password_hash(changed.account(), Some(&hash))).unwrap());
    let found = read(store, |r| r.postmaster(id)).unwrap().unwrap();
    assert!(found.has_password && found.password != changed.password);
    assert!(change(store, |w| w.delete_postmaster(id)).unwrap());
    assert_eq!(read(store, |r| r.postmaster(id)).unwrap(), None);
    assert!(!change(store, |w| w.delete_postmaster(PostmasterId(id.0 + 100))).unwrap());
}

/// M1
fn a_domains_mailboxes_are_listed(store: &dyn Store) {
    let domain = "comune.example".parse().unwrap();
    let owned = |address: &str, name: &str| {
        let owner = crate::domain::Owner { name: name.into(), ..mailbox(address).owner };
        change(store, |w| w.insert_mailbox(&NewMailbox { owner, ..mailbox(address) })).unwrap()
    };
    let uffici = owned("uffici@comune.example", "Comune di Prova");
    owned("anagrafe@comune.example", "ANAGRAFE");
    owned("altro@sub.comune.example", "Altri");
    owned("altro@xcomune.example", "Altri");
    for (who, state, until) in [
        ("a", DelegateState::Active, None),
        ("b", DelegateState::Pending, Some(500)),
        ("c", DelegateState::Pending, Some(501)),
        ("d", DelegateState::Suspended, None),
        ("e", DelegateState::Inactive, None),
    ] {
        let new = NewDelegate { state, invited_until_secs: until, ..delegate(uffici, who) };
        change(store, |w| w.insert_delegate(&new)).unwrap();
    }
    let page = |text: &str, skipped, most| read(store, |r| r.mailboxes_of(&domain, text, 500, skipped, most)).unwrap();
    let names = |text, skipped, most| {
        page(text, skipped, most).into_iter().map(|one| one.address.to_string()).collect::<Vec<_>>()
    };
    let (first, second) = ("anagrafe@comune.example", "uffici@comune.example");
    assert_eq!(names("", 0, 9), [first, second]);
    assert_eq!((names("", 0, 1), names("", 1, 1), names("", 2, 1)), (vec![first.into()], vec![second.into()], vec![]));
    assert_eq!((names("UFFICI@", 0, 9), names("anagrafe", 0, 9), names("prova", 0, 9)), {
        (vec![second.into()], vec![first.into()], vec![second.into()])
    });
    assert_eq!(names("%", 0, 9), [""; 0], "a text is no pattern");
    let count = |text| read(store, |r| r.count_mailboxes_of(&domain, text)).unwrap();
    assert_eq!((count(""), count("Prova"), count("nulla")), (2, 1, 0));
    let found = page("uffici", 0, 1).remove(0);
    assert_eq!((found.active, found.waiting, found.suspended), (1, 1, 1), "one invitation has lapsed");
}

fn api_tokens_come_back(store: &dyn Store) {
    let new = NewApiToken {
        name: "crm".into(),
        hash: ApiTokenHash([7; 32]),
        scope: ApiScope::ReadOnly,
        created_at_secs: 5,
        expires_at_secs: Some(9),
    };
    let marker = store.change_marker().unwrap();
    let id = change(store, |w| w.insert_api_token(&new)).unwrap();
    let again = NewApiToken { hash: ApiTokenHash([8; 32]), ..new.clone() };
    assert!(matches!(change(store, |w| w.insert_api_token(&again)), Err(StoreError::Exists)));
    let other = NewApiToken { name: "audit".into(), scope: ApiScope::Full, expires_at_secs: None, ..again };
    change(store, |w| w.insert_api_token(&other)).unwrap();
    assert!(change(store, |w| w.use_api_token(id, 11)).unwrap());
    let found = read(store, |r| r.api_token(&new.hash)).unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.scope, found.created_at_secs), ("crm", ApiScope::ReadOnly, 5));
    assert_eq!((found.expires_at_secs, found.used_at_ms), (Some(9), Some(11)));
    let all = read(store, |r| r.api_tokens()).unwrap();
    assert_eq!(all.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["audit", "crm"]);
    assert_eq!((all[0].scope, all[0].expires_at_secs, all[0].used_at_ms), (ApiScope::Full, None, None));
    assert_eq!(read(store, |r| r.api_token(&ApiTokenHash([9; 32]))).unwrap(), None);
    assert!(change(store, |w| w.delete_api_token(id)).unwrap());
    assert!(!change(store, |w| w.delete_api_token(id)).unwrap());
    assert_eq!(store.change_marker().unwrap(), marker, "a token concerns nobody's standing");
}

/// N5
fn mails_go_out_in_order(store: &dyn Store) {
    let notice = || Notice::OverSeats {
        mailbox: "a@b.it".parse().unwrap(),
        owner_name: "Comune".into(),
        plan: "Pro".into(),
        seats: 1,
        taken: 2,
        until_secs: 3,
    };
    let new = |recipient: &str, created_at_ms| NewMail {
        recipient: recipient.into(),
        language: Language::Italian,
        notice: notice(),
        created_at_ms,
    };
    let marker = store.change_marker().unwrap();
    let [first, second, other] = [("a@x.it", 100), ("a@x.it", 50), ("b@x.it", 120)]
        .map(|(recipient, at)| change(store, |w| w.insert_mail(&new(recipient, at))).unwrap());
    let next = |at| read(store, |r| r.next_mail(at)).unwrap();
    assert_eq!((next(99), next(100), next(120)), (None, Some(first), Some(first)));
    // While the first waits, what was caused later for the same recipient waits too.
    let mut row = read(store, |r| r.mail(first)).unwrap().unwrap();
    assert_eq!((row.state, row.attempts, row.since_ms, row.notice.clone()), (MailState::Waiting, 0, 100, notice()));
    row.attempts = 1;
    row.next_attempt_at_ms = 1_000;
    row.why = Some("greylisted".into());
    change(store, |w| w.update_mail(&row)).unwrap();
    assert_eq!((next(119), next(120), next(1_000)), (None, Some(other), Some(other)));
    row.state = MailState::Sent;
    row.ended_at_ms = Some(130);
    change(store, |w| w.update_mail(&row)).unwrap();
    assert_eq!(read(store, |r| r.mail(first)).unwrap(), Some(row));
    assert_eq!(next(1_000), Some(second));
    let sealed = SealedSecret(vec![1, 2, 3]);
    change(store, |w| w.set_sealed_token(second, Some(&sealed))).unwrap();
    assert_eq!(read(store, |r| r.sealed_token(second)).unwrap(), Some(sealed));
    change(store, |w| w.set_sealed_token(second, None)).unwrap();
    assert_eq!(read(store, |r| r.sealed_token(second)).unwrap(), None);
    let ids = |state, most| {
        read(store, |r| r.mails(state, most)).unwrap().into_iter().map(|row| row.unwrap().id).collect::<Vec<_>>()
    };
    assert_eq!(ids(None, 2), [other, second]);
    assert_eq!(ids(Some(MailState::Sent), 9), [first]);
    assert_eq!(change(store, |w| w.delete_mails_ended_before(130)).unwrap(), 0);
    assert_eq!(change(store, |w| w.delete_mails_ended_before(131)).unwrap(), 1);
    assert_eq!(ids(None, 9), [other, second]);
    assert_eq!(store.change_marker().unwrap(), marker, "mails concern nobody's standing");
}
