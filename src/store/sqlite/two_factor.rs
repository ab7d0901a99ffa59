//! The rows of [`TwoFactorReads`] and [`TwoFactorWrites`] as SQL.

use rusqlite::{Row, params};

use super::queries::{Made, Work, column};
use crate::domain::{AccountId, RecoveryHash, Step};
use crate::store::two_factor::{Enrolling, SecondFactor, TwoFactorReads, TwoFactorWrites};
use crate::store::{SealedSecret, StoreError};

fn second_factor(row: &Row<'_>) -> Made<SecondFactor> {
    Ok(SecondFactor {
        secret: SealedSecret(column(row, "sealed_secret")?),
        since_secs: column(row, "since_secs")?,
        last_step: Step(column(row, "last_step")?),
    })
}

fn enrolling(row: &Row<'_>) -> Made<Enrolling> {
    Ok(Enrolling { secret: SealedSecret(column(row, "sealed_secret")?), begun_at_secs: column(row, "begun_at_secs")? })
}

impl TwoFactorReads for Work<'_> {
    fn second_factor(&self, account: AccountId) -> Made<Option<SecondFactor>> {
        let ask = "SELECT sealed_secret, since_secs, last_step FROM second_factors WHERE account = ?1";
        self.row(ask, [account.to_string()], second_factor)
    }

    fn enrolling(&self, account: AccountId) -> Made<Option<Enrolling>> {
        let ask = "SELECT sealed_secret, begun_at_secs FROM enrolments WHERE account = ?1";
        self.row(ask, [account.to_string()], enrolling)
    }

    fn recovery_left(&self, account: AccountId) -> Made<u32> {
        let left: Option<i64> =
            self.value("SELECT count(*) FROM recovery_codes WHERE account = ?1", [account.to_string()])?;
        u32::try_from(left.unwrap_or(0)).map_err(|_| StoreError::Corrupt(format!("the recovery codes of {account}")))
    }
}

impl TwoFactorWrites for Work<'_> {
    fn put_second_factor(&self, account: AccountId, factor: &SecondFactor) -> Made<()> {
        let put = "INSERT INTO second_factors (account, sealed_secret, since_secs, last_step) VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT (account) DO UPDATE SET sealed_secret = ?2, since_secs = ?3, last_step = ?4";
        let SecondFactor { secret, since_secs, last_step } = factor;
        self.execute(put, params![account.to_string(), secret.0, since_secs, last_step.0]).map(drop)
    }

    fn use_step(&self, account: AccountId, step: Step) -> Made<bool> {
        let update = "UPDATE second_factors SET last_step = ?2 WHERE account = ?1";
        self.execute(update, params![account.to_string(), step.0])
    }

    fn delete_second_factor(&self, account: AccountId) -> Made<bool> {
        self.execute("DELETE FROM recovery_codes WHERE account = ?1", [account.to_string()])?;
        self.execute("DELETE FROM second_factors WHERE account = ?1", [account.to_string()])
    }

    fn put_enrolling(&self, account: AccountId, enrolling: &Enrolling) -> Made<()> {
        let put = "INSERT OR REPLACE INTO enrolments (account, sealed_secret, begun_at_secs) VALUES (?1, ?2, ?3)";
        self.execute(put, params![account.to_string(), enrolling.secret.0, enrolling.begun_at_secs]).map(drop)
    }

    fn delete_enrolling(&self, account: AccountId) -> Made<bool> {
        self.execute("DELETE FROM enrolments WHERE account = ?1", [account.to_string()])
    }

    fn set_recovery_codes(&self, account: AccountId, hashes: &[RecoveryHash]) -> Made<()> {
        let account = account.to_string();
        self.execute("DELETE FROM recovery_codes WHERE account = ?1", [&account])?;
        for hash in hashes {
            let insert = "INSERT INTO recovery_codes (hash, account) VALUES (?1, ?2)";
            self.execute(insert, params![hash.0.as_slice(), account])?;
        }
        Ok(())
    }

    fn use_recovery_code(&self, account: AccountId, hash: &RecoveryHash) -> Made<bool> {
        let delete = "DELETE FROM recovery_codes WHERE hash = ?1 AND account = ?2";
        self.execute(delete, params![hash.0.as_slice(), account.to_string()])
    }
}
