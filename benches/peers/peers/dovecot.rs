//! Dovecot (2.3) as a proxy: its login processes keep the connection after login and pass its bytes on. One login
//! process for each core. The owner is let in with any password, as the upstream will judge it; the delegate's is checked
//! first, in a passdb of Dovecot's own.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};

use super::{DELEGATE, Ground, PASSWORD, Place};
use crate::upstream::Protocol;

pub fn command(ground: &Ground, place: &Place<'_>) -> Result<Command> {
    let Place { protocol, upstream, address, folder } = *place;
    // The protocol, and its listeners without TLS and with.
    let (protocol, clear, encrypted) = match protocol {
        Protocol::Imap => ("imap", "imap", "imaps"),
        Protocol::Submission => ("submission", "submission", "submissions"),
        Protocol::Pop3 => ("pop3", "pop3", "pop3s"),
    };
    let user = User::find()?;
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    for name in ["run", "state"] {
        fs::create_dir(folder.join(name))?;
    }
    // Copies, so that the user whom Dovecot runs as can read them.
    for name in ["ca.pem", "server.pem", "server.key"] {
        fs::copy(ground.tls.file(name), folder.join(name))?;
    }
    let text = format!(
        "\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = {protocol}
listen = {host}
default_internal_user = {name}
default_internal_group = {group}
default_login_user = {name}
default_client_limit = 5000
first_valid_uid = 1
mail_max_userip_connections = 20000
ssl = required
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.key
ssl_client_ca_file = {folder}/ca.pem
ssl_ca = <{folder}/ca.pem
ssl_require_crl = no
auth_mechanisms = plain
auth_username_chars =
passdb {{
  driver = passwd-file
  args = username_format=%u {folder}/users
}}
passdb {{
  driver = static
  args = nopassword=y proxy=y host=localhost hostip={upstream_host} port={upstream_port} ssl=yes
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}
}}
service {protocol}-login {{
  chroot =
  service_count = 0
  client_limit = 5000
  process_min_avail = {cores}
  process_limit = {cores}
  inet_listener {clear} {{
    port = 0
  }}
  inet_listener {encrypted} {{
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
",
        folder = folder.display(),
        host = address.ip(),
        port = address.port(),
        upstream_host = upstream.ip(),
        upstream_port = upstream.port(),
        name = user.name,
        group = user.group,
        uid = user.uid,
        gid = user.gid,
    );
    let proxied = format!("proxy=y host=localhost hostip={} port={} ssl=yes", upstream.ip(), upstream.port());
    let known = format!("{DELEGATE}:{{ARGON2ID}}{}::::::{proxied}\n", hash(PASSWORD)?);
    super::write(folder, "users", &known)?;
    let file = super::write(folder, "dovecot.conf", &text)?;
    let mut command = super::command(Path::new("dovecot"));
    command.arg("-F").arg("-c").arg(file);
    if user.from_root {
        hand_over(folder, &user)?;
        command.uid(user.uid).gid(user.gid);
    }
    Ok(command)
}

/// argon2id with delega's parameters: 19 MiB, two passes, one lane.
fn hash(password: &str) -> Result<String> {
    let failed = |error: argon2::Error| anyhow!("argon2: {error}");
    let params = Params::new(19 * 1024, 2, 1, Some(32)).map_err(failed)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password(password.as_bytes()).map_err(|error| anyhow!("argon2: {error}"))?;
    Ok(hash.to_string())
}

/// Whom Dovecot runs as: this process's user, `nobody` in place of root.
struct User {
    uid: u32,
    gid: u32,
    name: String,
    group: String,
    from_root: bool,
}

impl User {
    fn find() -> Result<User> {
        let from_root = fs::metadata("/proc/self")?.uid() == 0;
        let ask = |what: &str| -> Result<String> {
            let mut id = Command::new("id");
            let output = if from_root { id.arg(what).arg("nobody") } else { id.arg(what) }.output()?;
            ensure!(output.status.success(), "id {what} failed");
            Ok(String::from_utf8(output.stdout)?.trim().to_owned())
        };
        Ok(User {
            uid: ask("-u")?.parse().context("id -u")?,
            gid: ask("-g")?.parse().context("id -g")?,
            name: ask("-un")?,
            group: ask("-gn")?,
            from_root,
        })
    }
}

fn hand_over(path: &Path, user: &User) -> Result<()> {
    std::os::unix::fs::lchown(path, Some(user.uid), Some(user.gid))?;
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            hand_over(&entry?.path(), user)?;
        }
    }
    Ok(())
}
