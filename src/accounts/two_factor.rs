//! Two-step verification (S2): set up by whoever has the account, checked, used up, and taken away.
//!
//! A code is right at its step and one step either way, and once: the step that was accepted is kept in the transaction
//! that accepts it, and only later ones are from then on. Of two who show one code at once, in whatever process, one is
//! right. Recovery codes are kept as keyed hashes, and go as they are used.
//!
//! Wrong codes are counted apart from wrong passwords (S5), since whoever gets to show one has the password: with a right
//! password nobody starts to count anew. A code that was right before is no guess; the same wrong one in another step is,
//! for it may be right by then.
//!
//! Untrusted is what is typed as a code.

use secrecy::{ExposeSecret, SecretString};

use super::account::Account;
use super::guard::Apart;
use super::totp::{Code, Totp};
use super::vault::Factor;
use super::{Accounts, AccountsError, Actor, DelegateName, DelegateView, Knock, Rule, VaultError, generated};
use crate::domain::guessing::Guess;
use crate::domain::life::{Action, Role};
use crate::domain::two_factor::{ENROLMENT_SECS, RECOVERY_CODES};
use crate::domain::{
    AccountId, Delegate, DelegateState, Mailbox, MailboxId, Notice, RecoveryHash, Step, TurnedOffBy, TwoFactor,
};
use crate::store::{self, Enrolling, Reads, SecondFactor, Writes};

/// 50 bits each.
const RECOVERY_CHARS: usize = 10;

/// A second factor to be set up: what goes into the app that shows the codes.
#[derive(Debug)]
pub struct Enrolment {
    /// The secret as it is typed, in base32.
    pub secret: SecretString,
    /// The same as a Key URI, for a QR code.
    pub uri: SecretString,
}

/// Recovery codes, shown once; each works once in the place of a code.
#[derive(Debug)]
pub struct RecoveryCodes(pub Vec<SecretString>);

/// What a code is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum CodeVerdict {
    /// It is right, and works no more from now on.
    Right,
    /// It was a recovery code.
    Recovery {
        /// How many they have left.
        left: u32,
    },
    /// It is wrong, or was used.
    Wrong,
    /// Nobody is looked at for a while, since there were too many wrong ones.
    Closed,
}

impl CodeVerdict {
    /// The rule that says no, where it does.
    fn passed(self) -> Result<(), Rule> {
        match self {
            CodeVerdict::Right | CodeVerdict::Recovery { .. } => Ok(()),
            CodeVerdict::Wrong => Err(Rule::WrongCode),
            CodeVerdict::Closed => Err(Rule::TooManyCodes),
        }
    }
}

impl Accounts {
    /// How somebody's two-step verification stands.
    pub fn two_factor(&self, account: AccountId) -> Result<TwoFactor, AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            let required = match Account::of(reads, account)? {
                Account::Delegate(mailbox, _) => mailbox.owner_two_factor_since_secs.is_some(),
                Account::Owner(_) | Account::Postmaster(_) => false,
            };
            let since_secs = reads.second_factor(account)?.map(|factor| factor.since_secs);
            Ok(TwoFactor { since_secs, recovery_left: reads.recovery_left(account)?, required })
        })
    }

    /// Begins to set up a second factor, in place of one that was begun. Nothing changes until it is confirmed.
    pub fn begin_enrolment(&self, account: AccountId, now_secs: i64) -> Result<Enrolment, AccountsError> {
        let totp = Totp::random()?;
        store::change(self.store.as_ref(), |writes| {
            let whose = Account::of(writes, account)?;
            self.may_enrol(writes, &whose)?;
            let secret = self.vault.seal_factor(account, Factor::Enrolling, totp.secret())?;
            writes.put_enrolling(account, &Enrolling { secret, begun_at_secs: now_secs })?;
            Ok(Enrolment::of(&totp, &whose))
        })
    }

    /// The second factor that somebody has begun to set up, to be shown once more; or [`Rule::NotEnrolling`].
    pub fn enrolment(&self, account: AccountId, now_secs: i64) -> Result<Enrolment, AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            let totp = self.enrolling(reads, account, now_secs)?;
            Ok(Enrolment::of(&totp, &Account::of(reads, account)?))
        })
    }

    /// Puts the second factor that was begun in force, by a code of it, and gives the recovery codes. Where there is one
    /// already, `present` is a code or recovery code of that. Open sessions of the account end within a second, and where
    /// it is an owner's, those of all delegates who have none.
    pub fn confirm_enrolment(
        &self,
        account: AccountId,
        code: &SecretString,
        present: Option<&SecretString>,
        knock: Knock,
    ) -> Result<RecoveryCodes, AccountsError> {
        let now_secs = knock.at_ms / 1000;
        let (codes, hashes) = self.random_recovery_codes(account)?;
        self.decide(|writes| {
            let whose = Account::of(writes, account)?;
            self.may_enrol(writes, &whose)?;
            let totp = self.enrolling(writes, account, now_secs)?;
            let shown = Code::read(code);
            let mut steps = Step::at(now_secs).tolerated();
            let Some(last_step) = shown.and_then(|code| steps.find(|step| totp.is(&code, *step))) else {
                return Ok(Err(Rule::WrongCode));
            };
            if writes.second_factor(account)?.is_some() {
                let Some(present) = present else { return Ok(Err(Rule::HasTwoFactor)) };
                if let Err(no) = self.judge_code(writes, account, &whose, present, knock)?.passed() {
                    return Ok(Err(no));
                }
            }
            let secret = self.vault.seal_factor(account, Factor::InForce, totp.secret())?;
            writes.put_second_factor(account, &SecondFactor { secret, since_secs: now_secs, last_step })?;
            writes.delete_enrolling(account)?;
            writes.set_recovery_codes(account, &hashes)?;
            writes.renew_password_version(account)?;
            self.tell_account(writes, &whose, Notice::TwoFactorOn, now_secs)?;
            if let Account::Owner(mailbox) = &whose {
                self.require_of_delegates(writes, mailbox.id, now_secs)?;
            }
            Ok(Ok(()))
        })?;
        Ok(codes)
    }

    /// Judges a code or a recovery code of somebody's; what is right is used up. [`Rule::NoTwoFactor`] where they have none.
    pub fn check_code(
        &self,
        account: AccountId,
        code: &SecretString,
        knock: Knock,
    ) -> Result<CodeVerdict, AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let whose = Account::of(writes, account)?;
            self.judge_code(writes, account, &whose, code, knock)
        })
    }

    /// New recovery codes in place of all that somebody has, by a code or one of those.
    pub fn renew_recovery_codes(
        &self,
        account: AccountId,
        code: &SecretString,
        knock: Knock,
    ) -> Result<RecoveryCodes, AccountsError> {
        let (codes, hashes) = self.random_recovery_codes(account)?;
        self.decide(|writes| {
            let whose = Account::of(writes, account)?;
            let verdict = self.judge_code(writes, account, &whose, code, knock)?.passed();
            if verdict.is_ok() {
                writes.set_recovery_codes(account, &hashes)?;
            }
            Ok(verdict)
        })?;
        Ok(codes)
    }

    /// Turns somebody's own two-step verification off, by a code or a recovery code. A delegate whose owner has it cannot.
    pub fn remove_two_factor(
        &self,
        account: AccountId,
        code: &SecretString,
        knock: Knock,
    ) -> Result<(), AccountsError> {
        self.decide(|writes| {
            let whose = Account::of(writes, account)?;
            if let Account::Delegate(mailbox, _) = &whose
                && mailbox.owner_two_factor_since_secs.is_some()
            {
                return Ok(Err(Rule::TwoFactorRequired(mailbox.address.clone())));
            }
            let verdict = self.judge_code(writes, account, &whose, code, knock)?.passed();
            if verdict.is_ok() {
                self.take_two_factor(writes, account, &whose, TurnedOffBy::Themself, knock.at_ms / 1000)?;
            }
            Ok(verdict)
        })
    }

    /// Turns a delegate's off who has lost it: whoever may take their password away may. Their sessions end within a
    /// second, and where the owner has it they must set it up anew.
    pub fn reset_two_factor(
        &self,
        actor: Actor,
        name: &DelegateName,
        now_secs: i64,
    ) -> Result<DelegateView, AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let act = self.act(writes, actor, name, Action::RemoveTwoFactor, now_secs)?;
            let by =
                if act.authority.role == Role::Operator { TurnedOffBy::Operator } else { TurnedOffBy::Administrator };
            let account = act.delegate.account();
            let whose = Account::Delegate(act.mailbox.into(), act.delegate);
            self.take_two_factor(writes, account, &whose, by, now_secs)?;
            writes.renew_password_version(account)?;
            let Account::Delegate(_, delegate) = Account::of(writes, account)? else {
                return Err(Rule::NoAccount.into());
            };
            Ok(self.view_delegate(delegate, &name.address, now_secs))
        })
    }

    /// The same for any account, by the operator.
    pub fn reset_two_factor_of(&self, account: AccountId, now_secs: i64) -> Result<(), AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let whose = Account::of(writes, account)?;
            self.take_two_factor(writes, account, &whose, TurnedOffBy::Operator, now_secs)?;
            writes.renew_password_version(account)?;
            Ok(())
        })
    }

    /// Tells a delegate that they must set it up, where they must.
    pub(super) fn tell_of_requirement(
        &self,
        writes: &dyn Writes,
        mailbox: &Mailbox,
        delegate: &Delegate,
        now_secs: i64,
    ) -> Result<(), AccountsError> {
        if !mailbox.must_enrol(delegate) {
            return Ok(());
        }
        let notice = Notice::TwoFactorRequired(self.facts(mailbox, delegate));
        self.tell_delegate(writes, delegate, notice, None, now_secs)
    }

    /// A change that a wrong code stops, and that keeps what was counted by it.
    fn decide(
        &self,
        work: impl FnOnce(&dyn Writes) -> Result<Result<(), Rule>, AccountsError>,
    ) -> Result<(), AccountsError> {
        Ok(store::change(self.store.as_ref(), work)??)
    }

    fn judge_code(
        &self,
        writes: &dyn Writes,
        account: AccountId,
        whose: &Account,
        code: &SecretString,
        knock: Knock,
    ) -> Result<CodeVerdict, AccountsError> {
        let factor = writes.second_factor(account)?.ok_or(Rule::NoTwoFactor)?;
        let who = Apart::Code.count(account);
        let counted = writes.guesses(&who)?;
        if counted.as_ref().is_some_and(|guesses| guesses.closed(knock.at_ms)) {
            return Ok(CodeVerdict::Closed);
        }
        let now_secs = knock.at_ms / 1000;
        let now = Step::at(now_secs);
        let verdict = if let Some(code) = Code::read(code) {
            let secret = self.vault.unseal_factor(account, Factor::InForce, &factor.secret)?;
            let totp = Totp::of(&secret).ok_or(VaultError::TamperedFactor(account))?;
            let right: Vec<Step> = now.tolerated().filter(|step| totp.is(&code, *step)).collect();
            match right.iter().find(|step| **step > factor.last_step) {
                Some(step) => {
                    writes.use_step(account, *step)?;
                    CodeVerdict::Right
                }
                None if !right.is_empty() => return Ok(CodeVerdict::Wrong),
                None => CodeVerdict::Wrong,
            }
        } else if let Some(code) = generated::read::<RECOVERY_CHARS>(code.expose_secret()) {
            match writes.use_recovery_code(account, &self.vault.recovery_hash(account, code.expose_secret()))? {
                true => CodeVerdict::Recovery { left: writes.recovery_left(account)? },
                false => CodeVerdict::Wrong,
            }
        } else {
            // What can never be right guesses at nothing.
            return Ok(CodeVerdict::Wrong);
        };
        let address = knock.from.to_canonical();
        match verdict {
            CodeVerdict::Wrong => {
                let context = [account.to_string().as_bytes(), b"\0", &now.0.to_be_bytes()].concat();
                let guess = Guess(self.vault.mark(&context, code.expose_secret().as_bytes()));
                let notice = |of, until_secs| Notice::CodesGuessed { of, address, until_secs };
                self.wrong_of_account(writes, &who, guess, Some(account), knock, notice)?;
            }
            CodeVerdict::Recovery { left } => {
                let notice = |of| Notice::RecoveryCodeUsed { of, left, address };
                self.tell_account(writes, whose, notice, now_secs)?;
            }
            CodeVerdict::Right | CodeVerdict::Closed => {}
        }
        if verdict.passed().is_ok() && counted.is_some() {
            writes.delete_guesses(&who)?;
        }
        Ok(verdict)
    }

    fn take_two_factor(
        &self,
        writes: &dyn Writes,
        account: AccountId,
        whose: &Account,
        by: TurnedOffBy,
        now_secs: i64,
    ) -> Result<(), AccountsError> {
        if !writes.delete_second_factor(account)? {
            return Err(Rule::NoTwoFactor.into());
        }
        writes.delete_enrolling(account)?;
        writes.delete_guesses(&Apart::Code.count(account))?;
        self.tell_account(writes, whose, |of| Notice::TwoFactorOff { of, by }, now_secs)
    }

    /// An owner's mail programs come in by app passwords then: something else has to open the mailbox upstream.
    fn may_enrol<R: Reads + ?Sized>(&self, reads: &R, whose: &Account) -> Result<(), AccountsError> {
        match whose {
            Account::Owner(mailbox) => {
                let opens = self.master(&mailbox.upstream).is_some() || reads.sealed_password(mailbox.id)?.is_some();
                if opens { Ok(()) } else { Err(Rule::TwoFactorNeedsPassword(mailbox.address.clone()).into()) }
            }
            Account::Delegate(..) | Account::Postmaster(_) => Ok(()),
        }
    }

    fn enrolling<R: Reads + ?Sized>(
        &self,
        reads: &R,
        account: AccountId,
        now_secs: i64,
    ) -> Result<Totp, AccountsError> {
        let begun = reads.enrolling(account)?;
        let lapses = |begun: &Enrolling| begun.begun_at_secs.saturating_add(ENROLMENT_SECS);
        let begun = begun.filter(|begun| now_secs < lapses(begun)).ok_or(Rule::NotEnrolling)?;
        let secret = self.vault.unseal_factor(account, Factor::Enrolling, &begun.secret)?;
        Ok(Totp::of(&secret).ok_or(VaultError::TamperedFactor(account))?)
    }

    fn random_recovery_codes(&self, account: AccountId) -> Result<(RecoveryCodes, Vec<RecoveryHash>), AccountsError> {
        let codes: Vec<SecretString> =
            (0..RECOVERY_CODES).map(|_| generated::random::<RECOVERY_CHARS>()).collect::<Result<_, _>>()?;
        let hashes = codes.iter().map(|code| self.vault.recovery_hash(account, code.expose_secret())).collect();
        Ok((RecoveryCodes(codes.iter().map(generated::shown).collect()), hashes))
    }

    /// An owner has it from now on: their delegates are told what they have to do.
    fn require_of_delegates(
        &self,
        writes: &dyn Writes,
        mailbox: MailboxId,
        now_secs: i64,
    ) -> Result<(), AccountsError> {
        let Some(mailbox) = writes.mailbox_by_id(mailbox)? else { return Ok(()) };
        for delegate in writes.delegates(mailbox.id)? {
            // Whoever is suspended is told when they may work again, and whoever is invited when they accept.
            if delegate.state == DelegateState::Active {
                self.tell_of_requirement(writes, &mailbox, &delegate, now_secs)?;
            }
        }
        Ok(())
    }
}

impl Enrolment {
    fn of(totp: &Totp, whose: &Account) -> Enrolment {
        Enrolment { secret: totp.shown(), uri: totp.uri(&whose.login()) }
    }
}

#[cfg(test)]
#[path = "two_factor_tests.rs"]
mod tests;
