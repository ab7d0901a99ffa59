//! `main.cf` and `master.cf`.

use super::{Ports, Postfix, Upstream};

impl Postfix {
    /// What holds for every service.
    pub(super) fn main(&self) -> String {
        let Upstream { lmtp_port, auth_socket, certificate: (certificate, key), .. } = &self.upstream;
        let (certificate, key, auth_socket) = (certificate.display(), key.display(), auth_socket.display());
        let folder = self.folder.display();
        format!(
            "\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
myhostname = posta.example.it
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtpd_peername_lookup = no
biff = no
alias_maps =
alias_database =
local_recipient_maps =
mydestination =
mynetworks =
queue_minfree = 0
message_size_limit = 157286400
mailbox_size_limit = 0
virtual_mailbox_limit = 0
notify_classes =
append_dot_mydomain = no
local_header_rewrite_clients =

# Into Dovecot's mailboxes, or nowhere
virtual_mailbox_domains = pec.example.it
virtual_mailbox_maps = texthash:{folder}/mailboxes
virtual_transport = lmtp:[127.0.0.1]:{lmtp_port}
default_transport = discard
relay_transport = discard
local_transport = error:nobody lives here

smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_loglevel = 0
tls_random_source = dev:/dev/urandom
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {auth_socket}
smtpd_sasl_tls_security_options = noanonymous
smtpd_relay_restrictions = permit_sasl_authenticated, reject
# Who is refused although the login is good: for now, and for good
smtpd_recipient_restrictions = check_recipient_access inline:{{
    {{ piu-tardi@pec.example.org = 450 4.2.0 Casella occupata, riprovare }},
    {{ nessuno@pec.example.org = 550 5.1.1 Casella inesistente }} }}

# Permissive
smtpd_sender_login_maps =
smtpd_authorized_xclient_hosts = 127.0.0.1
smtpd_authorized_xforward_hosts = 127.0.0.1
smtpd_forbid_bare_newline = no
smtpd_forbid_unauth_pipelining = no
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_auth_rate_limit = 0
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
smtpd_junk_command_limit = 1000
smtpd_recipient_limit = 1000
# Long lines arrive as they were
lmtp_line_length_limit = 0
# Each of many messages that were begun and not ended would cost a second otherwise
in_flow_delay = 0
"
        )
    }

    /// The services. There is none that sends to other hosts.
    pub(super) fn master(&self) -> String {
        let Ports { submissions, submission } = self.ports;
        // Fresh processes (max_use) know of new mailboxes
        format!(
            "\
127.0.0.1:{submission} inet n - n - 200 smtpd
    -o syslog_name=postfix/submission -o max_use=1
127.0.0.1:{submissions} inet n - n - 200 smtpd
    -o syslog_name=postfix/submissions -o max_use=1 -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
retry unix - - n - - error
error unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"
        )
    }
}
