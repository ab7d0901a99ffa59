//! `[notify]`: the relay that mails to people go through, and who they are from.

use toml::de::DeTable;

use super::parse::{File, Value};
use super::url::{self, RELAY};
use super::{NotifyConfig, Sender};

impl File<'_> {
    /// `None` where there is no such section, or it has faults.
    pub(super) fn notify(&mut self, value: Value<'_, '_>, has_panel: bool) -> Option<NotifyConfig> {
        value?;
        let empty = DeTable::new();
        let mut section = self.section("[notify]", value, &empty);
        let relay = section.needed("relay", &RELAY.example(), &mut self.ledger);
        let relay = relay
            .and_then(|found| url::endpoint(found.text, &RELAY).map_err(|text| self.ledger.wrong(found.at, text)).ok());
        let from = section.needed("from", "delega <noreply@example.it>", &mut self.ledger);
        let from = from.and_then(|found| {
            let from = sender(found.text);
            if from.is_none() {
                let text = format!(
                    "`{}` is no sender: write `NAME <noreply@example.it>`, or the address alone",
                    found.text.escape_debug()
                );
                self.ledger.wrong(found.at, text);
            }
            from
        });
        let user = section.text("user", &mut self.ledger);
        let password = section.text("password_file", &mut self.ledger);
        match (user, password) {
            (Some(user), None) if section.value("password_file").is_none() => {
                self.ledger.missing(user.at, "a `user` needs a `password_file`: add it".to_owned());
            }
            (None, Some(password)) if section.value("user").is_none() => {
                self.ledger.missing(password.at, "a `password_file` needs a `user`: add it".to_owned());
            }
            _ => {}
        }
        let ca_file = section.text("ca_file", &mut self.ledger);
        if !has_panel {
            let text = "the links in mails lead to the panel: add a [panel] section with its `public_url`";
            self.ledger.missing(section.at(), text.to_owned());
        }
        section.close(&mut self.ledger);
        Some(NotifyConfig {
            relay: relay?,
            from: from?,
            user: user.map(|found| found.text.to_owned()),
            password_file: password.map(|found| self.folder.join(found.text)),
            ca_file: ca_file.map(|found| self.folder.join(found.text)),
        })
    }
}

/// The longest name.
const NAME_CHARS: usize = 200;

/// Reads `NAME <ADDRESS>`, or the address alone. The name may stand in quotes, and has to where a comma, a semicolon or
/// brackets are in it, as in a message's header (RFC 5322 §3.4); backslashes and quotes are never in it.
fn sender(text: &str) -> Option<Sender> {
    let (name, address) = match text.trim().strip_suffix('>') {
        Some(rest) => rest.rsplit_once('<')?,
        None => ("", text.trim()),
    };
    let name = name.trim();
    let quoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    let special = if quoted.is_some() { "\"\\" } else { "\"\\()<>[]:;@," };
    let name = quoted.unwrap_or(name);
    let fine = name.chars().count() <= NAME_CHARS && !name.contains(|c: char| c.is_control() || special.contains(c));
    let name = Some(name.to_owned()).filter(|name| !name.is_empty());
    fine.then_some(Sender { name, address: address.parse().ok()? })
}
