//! `[panel]`: where the pages are listened for, and what browsers know them as.

use toml::de::DeTable;

use super::parse::{File, Found, Value};
use super::{PanelConfig, PanelTls, PublicServer, url};

impl File<'_> {
    /// `None` where there is no such section, or it has faults. `servers` are what it tells mail programs.
    pub(super) fn panel(
        &mut self,
        value: Value<'_, '_>,
        listeners: &[Found],
        servers: Vec<PublicServer>,
        has_tls: bool,
    ) -> Option<PanelConfig> {
        value?;
        let empty = DeTable::new();
        let mut section = self.section("[panel]", value, &empty);
        let address = section.needed("address", "127.0.0.1:8443", &mut self.ledger);
        let address = address.and_then(|found| self.listen_address(found, 443));
        let public_url = section.needed("public_url", "https://delega.example.it", &mut self.ledger);
        let public_url =
            public_url.and_then(|found| url::origin(found.text).map_err(|text| self.ledger.wrong(found.at, text)).ok());
        let tls_at = section.value("tls").map(|value| value.span().start);
        let words = [("implicit", PanelTls::Implicit), ("none", PanelTls::None)];
        let tls = section.choice("tls", &words, &mut self.ledger);
        let proxy_protocol = section.flag("proxy_protocol", &mut self.ledger);
        let webmail = section.text("webmail_url", &mut self.ledger);
        let webmail_url =
            webmail.map(|found| url::web_page(found.text).map_err(|text| self.ledger.wrong(found.at, text)).ok());
        let sign_on_at = section.value("webmail_sign_on").map(|value| value.span().start);
        let webmail_sign_on = section.flag("webmail_sign_on", &mut self.ledger);
        if let Some(at) = sign_on_at.filter(|_| webmail_sign_on && webmail_url.is_none()) {
            self.ledger.wrong(at, "there is no web mail to lead to: add webmail_url".to_owned());
        }
        if tls == Some(PanelTls::Implicit) && !has_tls {
            let text = "the panel needs a certificate: add a [tls] section with `certificate` and `key`";
            self.ledger.missing(section.at(), text.to_owned());
        }
        section.close(&mut self.ledger);
        let (address, address_at) = address?;
        if tls == Some(PanelTls::None) && !address.ip().to_canonical().is_loopback() {
            let text = format!(
                "`none` is for a reverse proxy on this machine (127.0.0.1, [::1]), not for {}: use `implicit`",
                address.ip()
            );
            self.ledger.wrong(tls_at.unwrap_or(address_at), text);
        }
        if address.port() != 0 && listeners.iter().any(|found| found.config.address == address) {
            self.ledger.wrong(address_at, format!("{address} is listened to twice: use another port"));
        }
        Some(PanelConfig {
            address,
            public_url: public_url?,
            tls: tls?,
            proxy_protocol,
            webmail_url: match webmail_url {
                None => None,
                Some(url) => Some(url?),
            },
            webmail_sign_on,
            servers,
        })
    }
}
