//! The example configuration is one that delega reads, and tells the truth about what holds without it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use delega::config::{Config, PanelTls};

fn example() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/delega.toml")).unwrap()
}

fn parse(text: &str) -> Config {
    Config::parse(text, Path::new("/etc/delega/delega.toml")).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn it_is_a_configuration() {
    let config = parse(&example());
    assert_eq!(config.listeners.len(), 7);
    assert_eq!(config.store.path, Path::new("/etc/delega/delega.db"));
}

#[test]
fn what_is_commented_out_is_right_too() {
    let uncommented: String = example()
        .lines()
        .map(|line| line.strip_prefix('#').filter(|l| !l.starts_with(' ')).unwrap_or(line))
        .fold(String::new(), |text, line| text + line + "\n");
    assert_ne!(uncommented, example());
    let config = parse(&uncommented);
    assert_eq!(config.upstreams[0].master_user.as_deref(), Some("delega"));
    // What it names is what holds without it, but for where the webmail is.
    let panel = config.panel.unwrap();
    assert_eq!((panel.tls, panel.proxy_protocol), (PanelTls::Implicit, false));
    assert_eq!(config.notify.unwrap().from.address.as_str(), "noreply@example.it");
}

#[test]
fn the_defaults_that_it_names_are_the_defaults() {
    let whole = parse(&example());
    let least = parse(
        "[[listen]]\nprotocol = \"imap\"\naddress = \"127.0.0.1:1143\"\ntls = \"none\"\nkind = \"webmail\"\n\
         [upstream.a]\nimap = \"imaps://a.example.it\"\n",
    );
    assert_eq!(format!("{:?}", whole.limits), format!("{:?}", least.limits));
    assert_eq!(format!("{:?}", whole.log), format!("{:?}", least.log));
    assert_eq!(format!("{:?}", whole.store), format!("{:?}", least.store));
    assert_eq!(whole.profile, least.profile);
    let [whole, least] = [&whole.upstreams[0], &least.upstreams[0]];
    assert_eq!(whole.copy_to_sent, least.copy_to_sent);
    assert_eq!(whole.owner_renews_password, least.owner_renews_password);
    assert_eq!((whole.warm, whole.connections_per_mailbox), (least.warm, least.connections_per_mailbox));
}
