//! What every command needs: the configuration, and the accounts that it names. Everything is put together here.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use secrecy::SecretString;

use super::Failure;
pub(super) use crate::accounts::secret_file::one_line;
use crate::accounts::{Accounts, AccountsError, Master, Upstreams, secret_file};
use crate::config::{Config, UpstreamConfig};
use crate::store::Sqlite;

/// The parts that a command works with.
pub struct Context {
    /// The configuration.
    pub config: Config,
    /// The accounts in its store.
    pub accounts: Arc<Accounts>,
}

impl Context {
    /// Reads the configuration, opens the store and takes the key and the master users' passwords.
    pub fn open(config: &Path) -> Result<Context, Failure> {
        let config = load_config(config)?;
        let upstreams = config
            .upstreams
            .iter()
            .map(|upstream| Ok((upstream.name.clone(), master(upstream)?)))
            .collect::<Result<Upstreams, Failure>>()?;
        let store = Sqlite::open(&config.store.path).map_err(AccountsError::from)?;
        let accounts = Accounts::open(Arc::new(store), &config.store.key_file, config.profile, upstreams)?;
        let renewing = config.upstreams.iter().filter(|upstream| upstream.owner_renews_password);
        let renewing = renewing.map(|upstream| upstream.name.clone()).collect();
        let accounts = accounts.with_mails(config.notify.is_some()).with_passwords_renewed_by_owners(renewing);
        Ok(Context { config, accounts: Arc::new(accounts) })
    }
}

/// Reads the configuration file, and tells everything that is wrong with it.
pub fn load_config(path: &Path) -> Result<Config, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        let text = format!("the configuration {} cannot be read: {error}; give another with --config", path.display());
        Failure::Refused(text)
    })?;
    Ok(Config::parse(&text, path)?)
}

/// The upstream's master user, if it has one.
fn master(upstream: &UpstreamConfig) -> Result<Option<Master>, Failure> {
    let (Some(user), Some(file)) = (&upstream.master_user, &upstream.master_password_file) else {
        return Ok(None);
    };
    let refused = |why: String| {
        Failure::Refused(format!("the master user's password of upstream `{}` is not at hand: {why}", upstream.name))
    };
    let secret = secret_file::read(&secret_file::locate(file)).map_err(|error| refused(error.to_string()))?;
    let password = one_line(&secret).ok_or_else(|| refused(format!("{} is no text", file.display())))?;
    if password.is_empty() {
        return Err(refused(format!("{} is empty", file.display())));
    }
    Ok(Some(Master { user: user.clone(), password: SecretString::from(password) }))
}
