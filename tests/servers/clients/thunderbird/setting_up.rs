//! Thunderbird sets itself up (X11): a person types an address into its dialog, and it finds out the rest from delega. It
//! sees the world through a proxy, by the names and ports that a real office would have.

use super::super::world::World;
use super::*;
use crate::delega::{ASKED, PUBLIC};
use crate::support::postfix::Postfix;

/// The dialog for new accounts, and its step that is shown.
const HUB: &str = r##"
    const hub = main.document.querySelector("account-hub-container")?.shadowRoot.querySelector("account-hub-email");
    const step = id => { const found = hub?.querySelector("#" + id); return found && !found.hidden ? found : null; };
    const forward = hub?.querySelector("account-hub-footer #forward");
    const types = (field, value) => {
        field.value = value;
        field.dispatchEvent(new main.Event("input", { bubbles: true }));
    };
"##;

/// An office that mail programs are told of, and the world around it.
fn open() -> (Office, Postfix, World) {
    let (office, postfix) = Office::with(false, |dovecot, options| {
        let postfix = Postfix::before(dovecot);
        *options = Options { is_public: true, ..options.clone().sending(&postfix) };
        postfix
    });
    let ports = [office.delega.port(), office.delega.submission().implicit];
    let doors = PUBLIC.iter().zip(ports).map(|((_, host, port), here)| ((*host, *port), here));
    let panel = office.delega.panel_port();
    let world = World::of(doors.chain(ASKED.map(|host| ((host, 443), panel))));
    (office, postfix, world)
}

/// A Thunderbird without an account.
fn new(office: &Office, world: &World) -> Thunderbird {
    new_with(office, world, "")
}

/// The same, with these preferences, too.
fn new_with(office: &Office, world: &World, more: &str) -> Thunderbird {
    let home = folder();
    fs::create_dir(home.path().join("profile")).unwrap();
    let proxy = [
        ("network.proxy.type", json!(1)),
        ("network.proxy.socks", json!("127.0.0.1")),
        ("network.proxy.socks_port", json!(world.port())),
        ("network.proxy.socks_version", json!(5)),
        ("network.proxy.socks_remote_dns", json!(true)),
        ("network.proxy.socks5_remote_dns", json!(true)),
    ];
    let proxy: String = proxy.map(|(name, value)| format!("user_pref({}, {value});\n", json!(name))).concat();
    let quiet = include_str!("quiet.js");
    let mut thunderbird = Thunderbird::launch(home, &format!("{quiet}{proxy}{more}"));
    thunderbird.trusts(&office.delega.ca_file());
    // It asks for MX and SRV records itself, past any proxy.
    thunderbird.does(
        r#"const { DNS } = ChromeUtils.importESModule("resource:///modules/DNS.sys.mjs");
           DNS.lookup = async () => [];"#,
        &[],
    );
    thunderbird
}

impl Thunderbird {
    fn hub(&mut self, script: &str, arguments: &[Value]) -> Value {
        self.does(&format!("{HUB}{script}"), arguments)
    }

    /// Waits for a step of the dialog.
    #[track_caller]
    fn comes_to(&mut self, step: &str) {
        self.waits(step, &format!("{HUB} return !!step(arguments[0]);"), &[json!(step)]);
    }

    #[track_caller]
    fn goes_on(&mut self) {
        self.waits("it may go on", &format!("{HUB} return !!forward && !forward.disabled && !forward.hidden;"), &[]);
        self.hub("later(() => forward.click());", &[]);
    }

    /// Types an address into the dialog; what it finds: username, host and port of both servers.
    #[track_caller]
    fn finds(&mut self, address: &str) -> Value {
        self.does("later(() => main.openAccountHub('MAIL'));", &[]);
        self.comes_to("emailAutoConfigSubview");
        self.waits("the form", &format!("{HUB} return !!hub.querySelector('#email');"), &[]);
        self.hub(
            "types(hub.querySelector('#realName'), 'Anna Verdi'); types(hub.querySelector('#email'), arguments[0]);",
            &[json!(address)],
        );
        self.goes_on();
        self.comes_to("emailConfigFoundSubview");
        self.hub(
            "return ['incomingUsername', 'incomingHost', 'incomingPort', 'outgoingHost', 'outgoingPort']
                 .map(id => hub.querySelector('#' + id)?.textContent);",
            &[],
        )
    }

    /// Takes what was found, with this password.
    #[track_caller]
    fn takes_it(&mut self, password: &str) {
        self.goes_on();
        self.comes_to("emailPasswordSubview");
        self.hub("types(step('emailPasswordSubview').querySelector('#password'), arguments[0]);", &[json!(password)]);
        self.goes_on();
        self.comes_to("emailAddedSuccessSubview");
        self.goes_on();
    }
}

#[test]
fn x11_a_delegate_types_their_login_and_reads() {
    let (office, _postfix, world) = open();
    let mut thunderbird = new(&office, &world);
    let login = login(READER);
    let found = thunderbird.finds(&login);
    assert_eq!(
        found,
        json!([login, "imap.pec.example.it", "993", "smtp.pec.example.it", "465"]),
        "{:?}",
        world.asked()
    );
    thunderbird.takes_it(&password(READER));
    thunderbird.looks_around(&office);
    let settings = thunderbird.does(
        "const outgoing = MailServices.outgoingServer.defaultServer;
         return [server.type, server.socketType, server.authMethod, outgoing.socketType, outgoing.authMethod, outgoing.username, MailServices.accounts.defaultAccount?.defaultIdentity?.email];",
        &[],
    );
    assert_eq!(settings, json!(["imap", 3, 3, 3, 3, login, login]));
    assert_eq!(thunderbird.dialogs(), Vec::<String>::new());
    thunderbird.quit();
}

/// The mailbox's address alone is its owner's login.
#[test]
fn x11_the_owner_types_their_address_and_reads() {
    let (office, _postfix, world) = open();
    let mut thunderbird = new(&office, &world);
    let found = thunderbird.finds(ADDRESS);
    assert_eq!(found, json!([ADDRESS, "imap.pec.example.it", "993", "smtp.pec.example.it", "465"]));
    thunderbird.takes_it(OWNERS_PASSWORD);
    thunderbird.looks_around(&office);
    assert_eq!(thunderbird.dialogs(), Vec::<String>::new());
    thunderbird.quit();
}

/// By what Outlook asks, where there is nothing else: Thunderbird knows that, too.
#[test]
fn x11_autodiscover_tells_the_same() {
    let (office, _postfix, world) = open();
    let outlooks_way = "user_pref(\"mailnews.auto_config.fetchFromISP.enabled\", false);\n";
    let mut thunderbird = new_with(&office, &world, outlooks_way);
    let found = thunderbird.finds(&login(READER));
    assert_eq!(found, json!([login(READER), "imap.pec.example.it", "993", "smtp.pec.example.it", "465"]));
    assert!(!world.asked().iter().any(|(host, _)| host == ASKED[0]), "{:?}", world.asked());
    thunderbird.takes_it(&password(READER));
    thunderbird.looks_around(&office);
    thunderbird.quit();
}

/// Thunderbird takes what was typed for the address that messages are from, too; a delegate's are from the mailbox.
#[test]
fn x11_a_delegate_who_sends_puts_the_address_right() {
    let (office, postfix, world) = open();
    let mut thunderbird = new(&office, &world);
    thunderbird.finds(&login(SENDER));
    thunderbird.takes_it(&password(SENDER));
    thunderbird.waits("the folders", "return !!named('INBOX');", &[]);
    let identity = "const identity = MailServices.accounts.defaultAccount.defaultIdentity;";
    assert_eq!(thunderbird.does(&format!("{identity} return identity.email;"), &[]), json!(login(SENDER)));
    thunderbird.does(&format!("{identity} identity.email = arguments[0];"), &[json!(ADDRESS)]);
    thunderbird.sends("esterno@pec.example.org", "Dalla casella", "Buongiorno").unwrap();
    let taken = postfix.taken();
    assert_eq!((taken.len(), taken[0].from.as_str()), (1, ADDRESS));
    // As it was
    thunderbird.does(&format!("{identity} identity.email = arguments[0];"), &[json!(login(SENDER))]);
    let refusal = thunderbird.sends("esterno@pec.example.org", "Da chi?", "Buongiorno").unwrap_err();
    assert!(refusal.contains("The sender must be the address of this mailbox"), "{refusal}");
    assert_eq!(postfix.taken().len(), 1);
    drop(thunderbird);
}
