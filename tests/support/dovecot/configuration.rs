//! `dovecot.conf`.

use super::{AUTH_SOCKET, Dovecot, Options, Ports, User};

impl Dovecot {
    /// The whole of it.
    pub(super) fn configuration(&self) -> String {
        let Options { acl, quota, metadata, compress, ref master, .. } = self.options;
        let User { uid, gid, ref name, ref group, .. } = self.user;
        let Ports { imap, imaps, pop3, pop3s, lmtp } = self.ports;
        let folder = self.folder.display();
        let when = |on: bool, text: &str| if on { text.to_owned() } else { String::new() };
        let plugins = when(acl, " acl") + &when(quota, " quota");
        let imap_plugins = when(acl, " imap_acl") + &when(quota, " imap_quota") + &when(compress, " imap_zlib");
        let refusal_secs = if self.options.slow_refusals { 2 } else { 0 };
        let masters = when(
            master.is_some(),
            &format!("passdb {{\n  driver = passwd-file\n  args = {folder}/masters\n  master = yes\n}}\n"),
        );
        let attributes = when(metadata, "mail_attribute_dict = file:%h/Maildir/dovecot-attributes\n");
        let metadata = if metadata { "yes" } else { "no" };
        format!(
            "\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap pop3 lmtp
listen = 127.0.0.1
default_internal_user = {name}
default_internal_group = {group}
default_login_user = {name}
first_valid_uid = 1
first_valid_gid = 1
mail_uid = {uid}
mail_gid = {gid}
mail_location = maildir:~/Maildir:LAYOUT=fs:INDEX=~/index
mail_fsync = never
mail_max_userip_connections = 10000
mailbox_idle_check_interval = 1 secs
rawlog_dir = %h/rawlog
mail_plugins = {plugins}
{attributes}
ssl = yes
ssl_cert = <{folder}/tls/shown.pem
ssl_key = <{folder}/tls/shown.key
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = {refusal_secs} secs
auth_verbose = yes
{masters}
passdb {{
  driver = passwd-file
  args = {folder}/users/%u
}}
userdb {{
  driver = passwd-file
  args = {folder}/users/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    special_use = \\Sent
  }}
  mailbox Drafts {{
    special_use = \\Drafts
  }}
  mailbox Trash {{
    special_use = \\Trash
  }}
  mailbox Junk {{
    special_use = \\Junk
  }}
  mailbox Archive {{
    special_use = \\Archive
  }}
}}
plugin {{
  acl = vfile
  acl_user = %u
  quota = count:casella
  quota_vsizes = yes
  quota_rule = *:storage=1G
}}
protocol imap {{
  mail_plugins = $mail_plugins{imap_plugins}
  imap_metadata = {metadata}
}}
service imap-login {{
  chroot =
  service_count = 0
  client_limit = 4000
  process_min_avail = 1
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 4000
}}
protocol lmtp {{
  postmaster_address = postmaster@pec.example.it
}}
service pop3-login {{
  chroot =
  service_count = 0
  client_limit = 4000
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service pop3 {{
  process_limit = 4000
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service auth {{
  client_limit = 10000
  unix_listener {AUTH_SOCKET} {{
    mode = 0666
  }}
}}
service anvil {{
  chroot =
  client_limit = 10000
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
  client_limit = 10000
}}
"
        )
    }
}
