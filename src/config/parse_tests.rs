//! Tests of the configuration: what is read, and every fault with its line.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use super::*;
use crate::config::{PanelTls, PublicServer, PublicTls, Sender, UpstreamTls};

const WHOLE: &str = r#"
[store]
url = "sqlite:delega.db"
key_file = "/etc/delega/delega.key"

[tls]
certificate = "certs/delega.pem"
key = "certs/delega.key"

[[listen]]
protocol = "imap"
address = "127.0.0.1:1993"
tls = "implicit"
kind = "client"
proxy_protocol = false
public = "IMAP.example.it:993"

[[listen]]
protocol = "imap"
address = "127.0.0.1:1143"
tls = "none"
kind = "webmail"
proxy_protocol = true

[[listen]]
protocol = "submission"
address = "127.0.0.1:1587"
tls = "starttls"
public = "smtp.example.it:587"

[[listen]]
protocol = "pop3"
address = "127.0.0.1:1995"
tls = "implicit"

[upstream.provider]
imap = "imaps://imap.pec.example.it"
submission = "smtps://smtp.pec.example.it"
pop3 = "pop3s://pop3.pec.example.it"
ca_file = "certs/ca.pem"
copy_to_sent = true
owner_renews_password = true

[upstream.local]
imap = "imap+insecure://127.0.0.1:10143"
master_user = "master"
master_password_file = "master.password"

[permissions]
client = "apart"

[limits]
connections = 10
connections_before_login_per_address = 3
message_bytes = 1_000_000
recipients = 20
login_timeout_secs = 1
command_timeout_secs = 2
idle_timeout_secs = 1801
upstream_timeout_secs = 4
shutdown_grace_secs = 0
refusal_delay_secs = 6

[log]
format = "json"
filter = "info,delega=debug"

[panel]
address = "127.0.0.1:8443"
public_url = "https://Delega.example.it/"
tls = "none"
proxy_protocol = true
webmail_url = "https://mail.example.it/roundcube/"

[notify]
relay = "smtp://relay.example.it:2525"
from = "delega <noreply@example.it>"
user = "delega"
password_file = "relay.password"
ca_file = "/etc/relay.pem"
"#;

const LEAST: &str = r#"
[[listen]]
protocol = "imap"
address = "127.0.0.1:1143"
tls = "none"
[upstream.provider]
imap = "imaps://imap.pec.example.it"
"#;

fn read(text: &str) -> Result<Config, Faults> {
    Config::parse(text, Path::new("/etc/delega/delega.toml"))
}

/// The faults as `line: text`.
fn faults(text: &str) -> Vec<String> {
    match read(text) {
        Ok(config) => panic!("no fault in {config:?}"),
        Err(faults) => faults.iter().map(|fault| format!("{}: {}", fault.line, fault.text)).collect(),
    }
}

/// `LEAST` with more after it has exactly one fault; its line is counted from the first line after `LEAST`.
#[track_caller]
fn one_fault(more: &str, line: usize, part: &str) {
    let found = faults(&format!("{LEAST}{more}"));
    let line = LEAST.lines().count() + line;
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with(&format!("{line}: ")) && found[0].contains(part), "{line}, {part}: {found:#?}");
}

#[test]
fn the_whole_of_it_is_read() {
    let config = read(WHOLE).unwrap();
    assert_eq!(config.store.path, Path::new("/etc/delega/delega.db"));
    assert_eq!(config.store.key_file, Path::new("/etc/delega/delega.key"));
    assert_eq!(config.tls.unwrap().certificate, Path::new("/etc/delega/certs/delega.pem"));
    let [first, second, third, fourth] = config.listeners.as_slice() else { panic!("{:?}", config.listeners) };
    assert_eq!((first.tls, first.kind, first.proxy_protocol), (ListenTls::Implicit, ListenerKind::Client, false));
    assert_eq!((second.tls, second.kind, second.proxy_protocol), (ListenTls::None, ListenerKind::Webmail, true));
    assert_eq!(
        (third.protocol, third.tls, third.kind),
        (Protocol::Submission, ListenTls::StartTls, ListenerKind::Client)
    );
    assert_eq!((fourth.protocol, fourth.tls), (Protocol::Pop3, ListenTls::Implicit));
    let [local, provider] = config.upstreams.as_slice() else { panic!("{:?}", config.upstreams) };
    assert_eq!(provider.ca_file, Some(PathBuf::from("/etc/delega/certs/ca.pem")));
    assert_eq!(provider.imap.as_ref().map(|imap| (imap.tls, imap.port)), Some((UpstreamTls::Implicit, 993)));
    let ports = |upstream: &UpstreamConfig| Protocol::ALL.map(|protocol| upstream.endpoint(protocol).map(|e| e.port));
    assert_eq!((ports(provider), ports(local)), ([Some(993), Some(465), Some(995)], [Some(10143), None, None]));
    assert_eq!((provider.copy_to_sent, local.copy_to_sent), (true, false));
    assert_eq!((provider.owner_renews_password, local.owner_renews_password), (true, false));
    assert_eq!((local.name.as_str(), local.master_user.as_deref()), ("local", Some("master")));
    assert_eq!(local.master_password_file, Some(PathBuf::from("/etc/delega/master.password")));
    assert_eq!(config.profile, Profile::ClientApart);
    let limits = config.limits;
    assert_eq!(
        (limits.connections, limits.connections_before_login_per_address, limits.message_bytes),
        (10, 3, 1_000_000)
    );
    assert_eq!(limits.recipients, 20);
    let secs = [
        limits.login_timeout,
        limits.command_timeout,
        limits.idle_timeout,
        limits.upstream_timeout,
        limits.shutdown_grace,
        limits.refusal_delay,
    ];
    assert_eq!(secs.map(|duration| duration.as_secs()), [1, 2, 1801, 4, 0, 6]);
    assert!(config.log.json);
    assert_eq!(config.log.filter, "info,delega=debug");
    let panel = config.panel.unwrap();
    assert_eq!(panel.address, "127.0.0.1:8443".parse().unwrap());
    assert_eq!((panel.public_url.as_str(), panel.tls), ("https://delega.example.it", PanelTls::None));
    assert!(panel.proxy_protocol);
    assert_eq!(panel.webmail_url.as_deref(), Some("https://mail.example.it/roundcube/"));
    let notify = config.notify.unwrap();
    assert_eq!(
        (notify.relay.tls, notify.relay.host.as_str(), notify.relay.port),
        (UpstreamTls::StartTls, "relay.example.it", 2525)
    );
    assert_eq!(notify.from, Sender { name: Some("delega".into()), address: "noreply@example.it".parse().unwrap() });
    assert_eq!(notify.user.as_deref(), Some("delega"));
    assert_eq!(notify.password_file, Some(PathBuf::from("/etc/delega/relay.password")));
    assert_eq!(notify.ca_file, Some(PathBuf::from("/etc/relay.pem")));
}

#[test]
fn little_is_enough() {
    let config = read(LEAST).unwrap();
    assert_eq!(config.store.path, Path::new("/etc/delega/delega.db"));
    assert_eq!(config.store.key_file, Path::new("/etc/delega/delega.key"));
    assert!(config.tls.is_none());
    assert_eq!(config.listeners[0].kind, ListenerKind::Client);
    assert_eq!(config.profile, Profile::Nested);
    let limits = config.limits;
    assert_eq!((limits.connections, limits.connections_before_login_per_address), (4096, 32));
    assert_eq!((limits.message_bytes, limits.recipients), (100 * 1024 * 1024, 500));
    assert!(!config.upstreams[0].copy_to_sent);
    let secs = [limits.login_timeout, limits.command_timeout, limits.idle_timeout, limits.upstream_timeout];
    assert_eq!(secs.map(|duration| duration.as_secs()), [60, 300, 1800, 30]);
    assert_eq!((limits.shutdown_grace.as_secs(), limits.refusal_delay.as_secs()), (10, 5));
    assert_eq!((config.log.json, config.log.filter.as_str()), (false, "info"));
    assert!(config.panel.is_none() && config.notify.is_none());
}

#[test]
fn paths_are_relative_to_the_file() {
    let config = Config::parse(LEAST, Path::new("delega.toml")).unwrap();
    assert_eq!(config.store.path, Path::new("delega.db"));
}

#[test]
fn a_fault_names_file_and_line() {
    let shown = read("x = 1\n").unwrap_err().to_string();
    assert!(shown.lines().all(|line| line.starts_with("/etc/delega/delega.toml:1: ")), "{shown}");
}

#[test]
fn all_faults_come_at_once() {
    let found = faults(
        "[store]\nurl = \"postgres://db\"\nkey_fil = \"x\"\n[[listen]]\nprotocol = \"imap\"\naddress = \"1993\"\ntls = 1\n\
         [upstream.a]\nimap = \"http://a\"\n[limits]\nconnections = 0\n",
    );
    let lines: Vec<_> = found.iter().map(|fault| fault.split_once(':').unwrap().0).collect();
    assert_eq!(lines, ["2", "3", "6", "7", "9", "11"], "{found:#?}");
}

#[test]
fn an_empty_file_says_what_it_needs() {
    let found = faults("");
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].contains("[[listen]]") && found[1].contains("[upstream.NAME]"), "{found:#?}");
}

#[test]
fn what_is_not_toml_is_said_with_the_faults_of_other_lines() {
    let found = faults("[store\nurl = \"postgres://db\"\n[limits]\nconnections = 0\n");
    assert!(found[0].starts_with("1: this is not TOML"), "{found:#?}");
    assert!(found.iter().any(|fault| fault.starts_with("4: `connections`")), "{found:#?}");
    assert!(!found.iter().any(|fault| fault.contains("[[listen]]")), "{found:#?}");
    let twice = faults(&format!("{LEAST}\n[log]\nfilter = \"info\"\nfilter = \"warn\"\n"));
    assert!(twice.len() == 1 && twice[0].starts_with("11: this is not TOML"), "{twice:#?}");
}

#[test]
fn unknown_keys_are_faults_with_a_hint() {
    one_fault("[store]\nurl = \"sqlite:a\"\nkeyfile = \"a\"\n", 3, "did you mean `key_file`?");
    one_fault("[limit]\n", 1, "did you mean `limits`?");
    one_fault("[log]\nzzz = 1\n", 2, "known are format, filter");
    one_fault("[limits]\nidle_timeout = 1800\n", 2, "did you mean `idle_timeout_secs`?");
    let found = faults(&format!("{LEAST}[panel]\nadress = \"127.0.0.1:8443\"\n"));
    assert!(found.iter().any(|fault| fault.contains("did you mean `address`?")), "{found:#?}");
    one_fault("[upstream.b]\nimap = \"imaps://b\"\nca = \"x\"\n", 3, "[upstream.b] has an unknown key `ca`");
    one_fault("[\"a\\u001b\"]\n", 1, "a\\u{1b}");
}

#[test]
fn the_store() {
    one_fault("[store]\nkey_file = \"a\"\n", 1, "[store] has no `url`");
    one_fault("[store]\nurl = \"postgresql://db/delega\"\n", 2, "not served by this version");
    one_fault("[store]\nurl = \"delega.db\"\n", 2, "use `sqlite:PATH`");
    one_fault("[store]\nurl = \"sqlite:\"\n", 2, "use `sqlite:PATH`");
    one_fault("[store]\nurl = \"sqlite://delega.db\"\n", 2, "use `sqlite:PATH`");
    one_fault("[store]\nurl = 7\n", 2, "write it in quotes");
    one_fault("[store]\nurl = \"sqlite:a\"\nkey_file = \"\"\n", 3, "is empty");
    let absolute = read(&format!("{LEAST}[store]\nurl = \"sqlite:///var/lib/a.db\"\n")).unwrap();
    assert_eq!(absolute.store.path, Path::new("/var/lib/a.db"));
}

const PANEL: &str = "[panel]\naddress = \"127.0.0.1:8080\"\npublic_url = \"http://localhost\"\ntls = \"none\"\n";

/// A listener without TLS whose `public` stands in its fourth line.
fn told(protocol: &str, port: u16, public: &str) -> String {
    format!(
        "[[listen]]\nprotocol = \"{protocol}\"\naddress = \"127.0.0.1:{port}\"\npublic = \"{public}\"\ntls = \"none\"\n"
    )
}

/// `LEAST`, whose upstream can send and be downloaded from.
fn least_of_all() -> String {
    format!("{LEAST}submission = \"smtps://a\"\npop3 = \"pop3s://a\"\n")
}

#[test]
fn x11_mail_programs_are_told_what_is_public() {
    let whole = read(WHOLE).unwrap().panel.unwrap().servers;
    let server = |protocol, tls, host: &str, port| PublicServer { protocol, tls, host: host.to_owned(), port };
    let expected = [
        server(Protocol::Imap, PublicTls::Implicit, "imap.example.it", 993),
        server(Protocol::Submission, PublicTls::StartTls, "smtp.example.it", 587),
    ];
    assert_eq!(whole, expected);

    // Where there is no TLS, a proxy does it; what is to be preferred goes first, wherever it stands.
    let starttls = told("imap", 2, "a:143").replace("\"none\"", "\"starttls\"");
    let listen = starttls + &told("submission", 3, "a:465") + &told("pop3", 4, "a:995") + &told("imap", 5, "a:993");
    let tls = "[tls]\ncertificate = \"c\"\nkey = \"k\"\n";
    let found = read(&format!("{}{listen}{tls}{PANEL}", least_of_all())).unwrap().panel.unwrap().servers;
    let found: Vec<_> = found.iter().map(|server| (server.protocol, server.tls, server.port)).collect();
    use PublicTls::{Implicit, StartTls};
    let expected = [
        (Protocol::Imap, Implicit, 993),
        (Protocol::Imap, StartTls, 143),
        (Protocol::Submission, Implicit, 465),
        (Protocol::Pop3, Implicit, 995),
    ];
    assert_eq!(found, expected);
    assert_eq!(read(&format!("{LEAST}{PANEL}")).unwrap().panel.unwrap().servers, []);
}

#[test]
fn x11_what_would_tell_nothing_is_a_fault() {
    let least = least_of_all();
    let first = least.lines().count();
    for (listen, panel, line, part) in [
        (told("imap", 2, "a:993") + &told("submission", 3, "a:465"), "", 4, "add a [panel] section"),
        (told("imap", 2, "a:993"), PANEL, 4, "`protocol = \"submission\"` a `public`"),
        (told("pop3", 2, "a:995"), PANEL, 4, "`protocol = \"submission\"` a `public`"),
        (told("submission", 2, "a:465"), PANEL, 4, "`protocol = \"imap\"` a `public`"),
        (told("imap", 2, "A:993") + &told("submission", 3, "a:993"), PANEL, 9, "a:993 is told twice"),
    ] {
        let found = faults(&format!("{least}{listen}{panel}"));
        let begins = format!("{}: ", first + line);
        assert!(found.len() == 1 && found[0].starts_with(&begins) && found[0].contains(part), "{part}: {found:#?}");
    }
    for public in ["imap.example.it", "imaps://imap.example.it", "imap.example.it:0", "imap example:993"] {
        one_fault(&told("imap", 2, public), 4, "such as `imap.example.it:993`");
    }
    one_fault(&told("imap", 2, ""), 4, "`public` is empty");
    let webmail = told("imap", 2, "a:993") + "kind = \"webmail\"\n" + &told("submission", 3, "a:465") + PANEL;
    let found = faults(&format!("{least}{webmail}"));
    assert!(found.len() == 1 && found[0].contains("no business at a webmail listener"), "{found:#?}");
}

#[test]
fn listeners() {
    let listen = |lines: &str| format!("[[listen]]\nprotocol = \"imap\"\naddress = \"127.0.0.1:2143\"\n{lines}");
    one_fault(&listen("tls = \"implicit\"\n"), 1, "add a [tls] section");
    one_fault(&listen("tls = \"starttls\"\n"), 1, "add a [tls] section");
    one_fault(&listen(""), 1, "add a [tls] section");
    one_fault(&listen("tls = \"off\"\n"), 4, "use `implicit` or `starttls` or `none`");
    one_fault(&listen("tls = \"none\"\nkind = \"web\"\n"), 5, "use `client` or `webmail`");
    one_fault(&listen("tls = \"none\"\nproxy_protocol = \"yes\"\n"), 5, "true or false");
    one_fault("[[listen]]\naddress = \"127.0.0.1:2143\"\ntls = \"none\"\n", 1, "[[listen]] has no `protocol`");
    one_fault("[[listen]]\nprotocol = \"imap\"\ntls = \"none\"\n", 1, "[[listen]] has no `address`");
    one_fault("[[listen]]\nprotocol = \"imap\"\naddress = \"imap:993\"\ntls = \"none\"\n", 3, "write an IP address");
    one_fault(
        "[[listen]]\nprotocol = \"imap\"\naddress = \"127.0.0.1:1143\"\ntls = \"none\"\n",
        3,
        "listened to twice",
    );
    for (protocol, url) in [("submission", "smtps://HOST"), ("pop3", "pop3s://HOST")] {
        let section = format!("[[listen]]\nprotocol = \"{protocol}\"\naddress = \"127.0.0.1:2143\"\ntls = \"none\"\n");
        one_fault(&section, 2, &format!("no upstream has `{protocol}`"));
        one_fault(&section, 2, &format!("add `{protocol} = \"{url}\"`"));
        // One that has it is enough, and one that cannot be read is one fault, not two.
        let other = format!("[upstream.b]\n{protocol} = \"{}\"\n", url.to_lowercase());
        read(&format!("{LEAST}{section}{other}")).unwrap();
        one_fault(&format!("{section}[upstream.b]\n{protocol} = \"http://b\"\n"), 6, "no address");
        one_fault(&format!("{section}{section}").replacen("2143", "2144", 1), 2, "no upstream has");
    }
    let only = "[[listen]]\nprotocol = \"imap\"\naddress = \"127.0.0.1:1\"\ntls = \"none\"\n[upstream.a]\npop3 = \"pop3s://a\"\n";
    let found = faults(only);
    assert!(found.len() == 1 && found[0].starts_with("2: no upstream has `imap`"), "{found:#?}");
    one_fault("[[listen]]\nprotocol = \"http\"\naddress = \"127.0.0.1:2143\"\ntls = \"none\"\n", 2, "use `imap`");
    let found = faults("[listen]\nprotocol = \"imap\"\n[upstream.a]\nimap = \"imaps://a\"\n");
    assert!(found.len() == 1 && found[0].starts_with("1: ") && found[0].contains("[[listen]]"), "{found:#?}");
}

#[test]
fn clear_text_stays_on_this_machine() {
    for address in ["0.0.0.0:143", "[::]:143", "192.0.2.1:143", "[::ffff:192.0.2.1]:143"] {
        let section = format!("[[listen]]\nprotocol = \"imap\"\naddress = \"{address}\"\ntls = \"none\"\n");
        one_fault(&section, 4, "this machine only");
    }
    for address in ["127.9.9.9:143", "[::1]:143", "[::ffff:127.0.0.1]:143", "localhost:143"] {
        read(&format!("{LEAST}[[listen]]\nprotocol = \"imap\"\naddress = \"{address}\"\ntls = \"none\"\n")).unwrap();
    }
    one_fault("[upstream.b]\nimap = \"imap+insecure://imap.example.it\"\n", 2, "this machine only");
    one_fault("[upstream.b]\nimap = \"imaps://b\"\npop3 = \"pop3+insecure://b\"\n", 3, "this machine only");
}

#[test]
fn tls_has_both_halves() {
    one_fault("[tls]\ncertificate = \"a\"\n", 1, "[tls] has no `key`");
    one_fault("[tls]\nkey = \"a\"\n", 1, "[tls] has no `certificate`");
}

#[test]
fn upstreams() {
    one_fault("[upstream.b]\n", 1, "[upstream.b] has no `imap`");
    one_fault("[upstream.b]\nimap = \"imap.example.it\"\n", 2, "`imaps://HOST`");
    one_fault("[upstream.b]\nimap = \"imaps://b\"\nsubmission = \"imaps://b\"\n", 3, "`smtps://HOST`");
    one_fault("[upstream.b]\nimap = \"imaps://b\"\nmaster_user = \"m\"\n", 3, "needs a `master_password_file`");
    one_fault("[upstream.b]\nimap = \"imaps://b\"\nmaster_password_file = \"m\"\n", 3, "needs a `master_user`");
    one_fault("[upstream.b]\nca_file = \"a\"\n", 1, "`imap`, `submission` or `pop3`");
    read(&format!("{LEAST}[upstream.b]\nsubmission = \"smtps://b\"\n")).unwrap();
    one_fault("[upstream.b]\nimap = \"imaps://b\"\ncopy_to_sent = \"yes\"\n", 3, "true or false");
    one_fault("[upstream.b]\nimap = \"imaps://b\"\ncopy_to_sent = true\n", 3, "needs `submission`");
    one_fault("[upstream.b]\nsubmission = \"smtps://b\"\ncopy_to_sent = true\n", 3, "needs `imap`");
    one_fault("[upstream.\"b c\"]\nimap = \"imaps://b\"\n", 1, "no name for an upstream");
    let listen = "[[listen]]\nprotocol = \"imap\"\naddress = \"127.0.0.1:1\"\ntls = \"none\"\n";
    let found = faults(&format!("{listen}[upstream]\nimap = \"imaps://b\"\n"));
    assert!(found.len() == 1 && found[0].starts_with("6: ") && found[0].contains("[upstream.NAME]"), "{found:#?}");
}

#[test]
fn permissions_limits_and_log() {
    one_fault("[permissions]\nclient = \"outside\"\n", 2, "use `nested` or `apart`");
    for (key, value, least) in [
        ("connections", "0", 1),
        ("connections_before_login_per_address", "-1", 1),
        ("message_bytes", "\"1 MB\"", 1),
        ("recipients", "0", 1),
        ("login_timeout_secs", "0", 1),
        ("command_timeout_secs", "0.5", 1),
        ("idle_timeout_secs", "1799", 1800),
        ("upstream_timeout_secs", "0", 1),
        ("shutdown_grace_secs", "-1", 0),
        ("refusal_delay_secs", "0", 1),
        ("connections", "99999999999999999999", 1),
    ] {
        let part = format!("`{key}` is a whole number of at least {least}");
        one_fault(&format!("[limits]\n{key} = {value}\n"), 2, &part);
    }
    read(&format!("{LEAST}[limits]\nidle_timeout_secs = 1_800\n")).unwrap();
    one_fault("[log]\nformat = \"xml\"\n", 2, "use `text` or `json`");
    one_fault("[log]\nfilter = \"delega=loud\"\n", 2, "no filter");
    let found = faults(&format!("log = 1\n{LEAST}"));
    assert!(found.len() == 1 && found[0].starts_with("1: ") && found[0].contains("[log]"), "{found:#?}");
}

#[test]
fn the_panel() {
    let panel = |lines: &str| format!("[panel]\naddress = \"127.0.0.1:8080\"\n{lines}");
    let plain = |lines: &str| panel(&format!("public_url = \"https://a.example.it\"\ntls = \"none\"\n{lines}"));
    let found = read(&format!("{LEAST}{}", plain(""))).unwrap().panel.unwrap();
    assert_eq!((found.tls, found.proxy_protocol, found.webmail_url), (PanelTls::None, false, None));
    let tls = "[tls]\ncertificate = \"a\"\nkey = \"b\"\n";
    let found = read(&format!("{LEAST}{tls}{}", panel("public_url = \"https://a.example.it\"\n"))).unwrap();
    assert_eq!(found.panel.unwrap().tls, PanelTls::Implicit);

    one_fault("[panel]\npublic_url = \"https://a\"\ntls = \"none\"\n", 1, "[panel] has no `address`");
    one_fault(&panel("tls = \"none\"\n"), 1, "[panel] has no `public_url`");
    one_fault(&panel("tls = \"none\"\npublic_url = \"https://a/b\"\n"), 4, "more than a host");
    one_fault(&panel("tls = \"none\"\npublic_url = \"http://a\"\n"), 4, "this machine only");
    one_fault(&panel("tls = \"starttls\"\npublic_url = \"https://a\"\n"), 3, "use `implicit` or `none`");
    one_fault(&panel("public_url = \"https://a\"\n"), 1, "add a [tls] section");
    one_fault(&plain("proxy_protocol = 1\n"), 5, "true or false");
    one_fault(&plain("webmail_url = \"mail.example.it\"\n"), 5, "no web address");
    one_fault(&plain("webmail_url = \"http://mail.example.it\"\n"), 5, "this machine only");
    one_fault(&plain("webmail_sign_on = true\n"), 5, "add webmail_url");
    one_fault(&plain("webmail = \"https://mail.example.it\"\n"), 5, "did you mean `webmail_url`?");
    let rest = "public_url = \"https://a\"\ntls = \"none\"\n";
    one_fault(&format!("[panel]\naddress = \"8443\"\n{rest}"), 2, "such as `0.0.0.0:443`");
    one_fault(&format!("[panel]\naddress = \"127.0.0.1:1143\"\n{rest}"), 2, "listened to twice");
    one_fault(&format!("[panel]\naddress = \"0.0.0.0:8443\"\n{rest}"), 4, "reverse proxy on this machine");
}

#[test]
fn mails_to_people() {
    const PANEL: &str = "[panel]\naddress = \"127.0.0.1:8080\"\npublic_url = \"https://a.it\"\ntls = \"none\"\n";
    let notify = |lines: &str| format!("{PANEL}[notify]\n{lines}");
    let from = |from: &str| {
        let lines = format!("relay = \"smtps://relay.it\"\nfrom = '{from}'\n");
        read(&format!("{LEAST}{}", notify(&lines))).unwrap().notify.unwrap().from
    };
    let sender =
        |name: Option<&str>| Sender { name: name.map(str::to_owned), address: "noreply@example.it".parse().unwrap() };
    assert_eq!(from("noreply@Example.it"), sender(None));
    assert_eq!(from("<noreply@example.it>"), sender(None));
    assert_eq!(from("  PEC del Comune è qui  <noreply@example.it> "), sender(Some("PEC del Comune è qui")));
    assert_eq!(from("\"Rossi, Anna\" <noreply@example.it>"), sender(Some("Rossi, Anna")));

    let relay = |more: &str| notify(&format!("relay = \"smtps://relay.it\"\n{more}"));
    one_fault(&notify("from = \"a@b.it\"\n"), 5, "[notify] has no `relay`: add `relay = \"smtps://HOST\"`");
    one_fault(&relay(""), 5, "[notify] has no `from`");
    one_fault(&notify("relay = \"smtp://\"\nfrom = \"a@b.it\"\n"), 6, "no address of an SMTP server");
    one_fault(&notify("relay = \"smtp+insecure://relay.it\"\nfrom = \"a@b.it\"\n"), 6, "this machine only");
    for bad in [
        "delega",
        "a@b.it, c@d.it",
        "x <a@b.it",
        "x <a@b.it> y",
        "a <b> <a@b.it>",
        "x\\u0007 <a@b.it>",
        "@b.it",
        "a;<a@b.it>",
    ] {
        one_fault(&relay(&format!("from = \"{bad}\"\n")), 7, "no sender");
    }
    one_fault(&relay("from = \"a@b.it\"\nuser = \"a\"\n"), 8, "a `user` needs a `password_file`");
    one_fault(&relay("from = \"a@b.it\"\npassword_file = \"a\"\n"), 8, "a `password_file` needs a `user`");
    one_fault(&relay("from = \"a@b.it\"\nfromm = \"a\"\n"), 8, "did you mean `from`?");
    let alone = "[notify]\nrelay = \"smtps://relay.it\"\nfrom = \"a@b.it\"\n";
    one_fault(alone, 1, "add a [panel] section with its `public_url`");
}
