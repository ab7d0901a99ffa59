<?php

// Roundcube (1.6) in front of delega's webmail listeners. README.md beside this file says how to use it.
//
// `make webmail` uses this very file, and says by environment variables where everything is. Without them it holds what
// stands behind each `?:`, which is where an operator writes their own.

$config = [];

$config['db_dsnw'] = getenv('ROUNDCUBE_DATABASE') ?: 'sqlite:////var/lib/roundcube/db/roundcube.db?mode=0640';
// 24 characters that nobody knows: with them passwords are kept in the sessions
$config['des_key'] = getenv('ROUNDCUBE_KEY') ?: '';

// delega's listeners of the kind *webmail*, with TLS from the first byte. A delegate without *client* is served there
$config['imap_host'] = getenv('DELEGA_IMAP') ?: 'ssl://delega.example.it:2993';
$config['smtp_host'] = getenv('DELEGA_SUBMISSION') ?: 'ssl://delega.example.it:2465';
// The same login for sending
$config['smtp_user'] = '%u';
$config['smtp_pass'] = '%p';

// Whom to trust. Roundcube by itself checks no certificate
$trust = ['ssl' => ['verify_peer' => true, 'verify_peer_name' => true]];
if (getenv('DELEGA_CA')) {
    $trust['ssl']['cafile'] = getenv('DELEGA_CA');
}
$config['imap_conn_options'] = $trust;
$config['smtp_conn_options'] = $trust;
$config['imap_timeout'] = 30;
$config['smtp_timeout'] = 60;

// The address to write from is the mailbox's, and nobody can change it: delega lets no other pass. The plugin sees to
// the first part, and hides from people who may only read what would be refused. The other lets the panel open the web mail
$config['plugins'] = ['delega', 'delega_sso'];
$config['identities_level'] = 3;
// Nor does it let messages pass that have no sender, as receipts for what was read have without this
$config['mdn_use_from'] = true;

// The mailbox has its folders already
$config['create_default_folders'] = false;
$config['drafts_mbox'] = 'Drafts';
$config['sent_mbox'] = 'Sent';
$config['junk_mbox'] = 'Junk';
$config['trash_mbox'] = 'Trash';

$config['product_name'] = 'Posta certificata';
$config['skin'] = 'elastic';
$config['enable_spellcheck'] = false;
$config['support_url'] = '';
$config['log_driver'] = 'file';
$config['smtp_log'] = true;
