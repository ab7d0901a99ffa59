//! Thunderbird without a screen, driven by its own Marionette: its commands are given as the menus would give them.

use std::time::Duration;

use serde_json::{Value, json};

use super::marionette::Marionette;
use super::*;
use crate::programs::Account;
use crate::support::guard::Guarded;
use crate::support::sample::{FOLDERS, UNSUBSCRIBED};

#[path = "thunderbird/downloading.rs"]
mod downloading;
#[path = "thunderbird/sending.rs"]
mod sending;
#[path = "thunderbird/setting_up.rs"]
mod setting_up;

const PATIENCE: Duration = Duration::from_secs(120);

/// What every script begins with: the window, the mail tab and the account; `folder` finds by the name in UTF-8.
const PRELUDE: &str = r#"
    const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
    const main = Services.wm.getMostRecentWindow("mail:3pane");
    const pane = main?.document.getElementById("tabmail")?.currentAbout3Pane;
    const server = MailServices.accounts.accounts.map(a => a.incomingServer).find(s => s && s.type != "none");
    const root = server?.rootFolder;
    const pathOf = folder => folder.parent == root ? folder.name : pathOf(folder.parent) + "/" + folder.name;
    const named = path => root.descendants.find(folder => pathOf(folder) == path);
    const message = (path, uid) => [...named(path).messages].find(m => m.messageKey == uid);
    const later = action => main.setTimeout(action, 0);
"#;

/// The window in which a message is being written.
const COMPOSE: &str = "const compose = Services.wm.getMostRecentWindow('msgcompose');";

/// A running Thunderbird, and the profile it has. Ends with this value.
struct Thunderbird {
    marionette: Marionette,
    // Ends before its home goes away
    process: Guarded,
    home: tempfile::TempDir,
}

/// What its account is to be like.
#[derive(Clone, Copy)]
struct Settings<'a> {
    office: &'a Office,
    /// The delegate who reads.
    username: &'a str,
    /// The server to send by, if it is to send.
    outgoing: Option<Account<'a>>,
}

/// The profile's preferences.
fn preferences(settings: Settings, logs_in: bool) -> String {
    let Settings { office, username, outgoing } = settings;
    let login = login(username);
    let port = if office.downloads { office.delega.pop3().implicit } else { office.delega.port() };
    let own = [
        ("mail.identity.id1.useremail", json!(ADDRESS)),
        ("mail.server.server1.userName", json!(login)),
        ("mail.server.server1.port", json!(port)),
        ("mail.server.server1.login_at_startup", json!(logs_in)),
        ("mail.server.server1.check_new_mail", json!(logs_in)),
    ];
    let own = own.into_iter().chain(outgoing.iter().flat_map(sending::preferences));
    let own = own.chain(office.downloads.then(downloading::preferences).into_iter().flatten());
    let own = own.map(|(name, value)| format!("user_pref({}, {value});\n", json!(name)));
    [include_str!("thunderbird/quiet.js"), include_str!("thunderbird/account.js"), &own.collect::<String>()].concat()
}

impl Thunderbird {
    /// A Thunderbird that was set up for a delegate, and then started again: it logs in by itself.
    fn start(office: &Office, username: &str) -> Thunderbird {
        Thunderbird::start_with(Settings { office, username, outgoing: None })
    }

    fn start_with(settings: Settings) -> Thunderbird {
        let home = Thunderbird::set_up(settings, &password(settings.username)).quit();
        let thunderbird = Thunderbird::launch(home, &preferences(settings, true));
        settings.office.delega.wait_logged("session start", 1);
        thunderbird
    }

    /// A Thunderbird with an account for a delegate, their password in its keeping and delega's authority trusted.
    fn set_up(settings: Settings, password: &str) -> Thunderbird {
        let home = folder();
        fs::create_dir(home.path().join("profile")).unwrap();
        let mut first = Thunderbird::launch(home, &preferences(settings, false));
        first.trusts(&settings.office.delega.ca_file());
        let server = if settings.office.downloads { "mailbox://localhost" } else { "imap://localhost" };
        first.keeps(server, &login(settings.username), password);
        if let Some(outgoing) = settings.outgoing {
            first.trusts(outgoing.ca);
            first.keeps("smtp://localhost", outgoing.login, outgoing.password);
        }
        first
    }

    fn trusts(&mut self, ca: &Path) {
        let pem = fs::read_to_string(ca).unwrap();
        let authority: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        self.does(
            r#"const trusted = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB);
               trusted.addCertFromBase64(arguments[0], "CTu,CTu,CTu");"#,
            &[json!(authority)],
        );
    }

    fn keeps(&mut self, server: &str, login: &str, password: &str) {
        self.does(
            r#"const [where, login, password] = arguments;
               const kept = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
               kept.init(where, null, where, login, password, "", "");
               globalThis.isKept = false;
               Services.logins.addLoginAsync(kept).then(() => { globalThis.isKept = true; });"#,
            &[json!(server), json!(login), json!(password)],
        );
        self.waits("the password is kept", "return globalThis.isKept;", &[]);
    }

    fn launch(home: tempfile::TempDir, preferences: &str) -> Thunderbird {
        let profile = home.path().join("profile");
        fs::write(profile.join("user.js"), preferences).unwrap();
        let mut command = program(installed("thunderbird"), home.path());
        command.args(["--headless", "--no-remote", "--marionette", "--remote-allow-system-access", "--profile"]);
        command.arg(&profile).env("MOZ_CRASHREPORTER_DISABLE", "1").env_remove("DISPLAY");
        let said = File::options().create(true).append(true).open(home.path().join("said")).unwrap();
        command.stdin(Stdio::null()).stdout(said.try_clone().unwrap()).stderr(said);
        let mut process = guard::spawn(&mut command, None);
        let deadline = Instant::now() + PATIENCE;
        let port_file = profile.join("MarionetteActivePort");
        let port = loop {
            if let Some(port) = fs::read_to_string(&port_file).ok().and_then(|port| port.trim().parse().ok()) {
                break port;
            }
            let said = || fs::read_to_string(home.path().join("said")).unwrap();
            assert!(process.ended().is_none(), "Thunderbird has ended:\n{}", said());
            assert!(Instant::now() < deadline, "Thunderbird cannot be driven:\n{}", said());
            thread::sleep(Duration::from_millis(50));
        };
        fs::remove_file(port_file).unwrap();
        let mut thunderbird = Thunderbird { home, process, marionette: Marionette::connect(port, "dismiss") };
        thunderbird.does(
            r#"if (!globalThis.dialogs) {
                   globalThis.dialogs = [];
                   Services.obs.addObserver(
                       subject => dialogs.push(`${subject.args?.title}: ${subject.args?.text}`), "common-dialog-loaded");
               }"#,
            &[],
        );
        thunderbird.waits("the window", "return !!pane?.threadTree;", &[]);
        thunderbird
    }

    /// Ends it as its menu would, so that everything is written into the profile.
    fn quit(mut self) -> tempfile::TempDir {
        let quit = json!({ "flags": ["eForceQuit"] });
        let _ = self.marionette.call("Marionette:Quit", &quit);
        self.process.wait(PATIENCE);
        self.home
    }

    /// Runs a script; its value is what it returns.
    #[track_caller]
    fn does(&mut self, script: &str, arguments: &[Value]) -> Value {
        loop {
            match self.marionette.script(&format!("{PRELUDE}{script}"), arguments) {
                Ok(value) => return value,
                // It has closed that, and not run the script
                Err(failure) if failure.error == "unexpected alert open" => {}
                Err(failure) => panic!("{}: {}\n{script}", failure.error, failure.message),
            }
        }
    }

    /// Runs a script until it returns something true.
    #[track_caller]
    fn waits(&mut self, what: &str, script: &str, arguments: &[Value]) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let value = self.does(script, arguments);
            if !matches!(value, Value::Null | Value::Bool(false)) {
                return value;
            }
            assert!(Instant::now() < deadline, "{what}: not so; dialogs: {:?}", self.dialogs());
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Says yes to the dialog that comes.
    #[track_caller]
    fn accepts(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while let Err(failure) = self.marionette.call("WebDriver:AcceptAlert", &json!({})) {
            assert!(Instant::now() < deadline, "no dialog: {}", failure.error);
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// The dialogs that were shown so far.
    fn dialogs(&mut self) -> Vec<String> {
        serde_json::from_value(self.does("return dialogs;", &[])).unwrap()
    }

    /// Shows a folder, and waits until all its messages are listed.
    #[track_caller]
    fn opens(&mut self, folder: &str, messages: usize) {
        self.waits("the folder is there", "return !!named(arguments[0]);", &[json!(folder)]);
        self.does("pane.displayFolder(named(arguments[0]));", &[json!(folder)]);
        self.waits(
            &format!("{folder} has {messages} messages"),
            "return pane.gDBView?.rowCount && [...named(arguments[0]).messages].length == arguments[1];",
            &[json!(folder), json!(messages)],
        );
    }

    /// Shows a message of the folder that is open.
    #[track_caller]
    fn selects(&mut self, folder: &str, uid: u32) {
        self.waits(
            &format!("message {uid} is listed"),
            "const wanted = message(...arguments);
             const row = wanted ? pane.gDBView.findIndexOfMsgHdr(wanted, true) : -1;
             if (row < 0 || row >= pane.gDBView.rowCount) return false;
             pane.threadTree.selectedIndex = row;
             return true;",
            &[json!(folder), json!(uid)],
        );
    }

    /// Shows a message, and waits until its text has this.
    #[track_caller]
    fn reads(&mut self, folder: &str, uid: u32, text: &str) {
        self.selects(folder, uid);
        self.waits(
            &format!("message {uid} shows {text}"),
            "return pane.messageBrowser.contentWindow.getMessagePaneBrowser().contentDocument?.body?.textContent
                 .includes(arguments[0]);",
            &[json!(text)],
        );
    }

    /// What whoever may read can do: folders are listed, messages shown.
    #[track_caller]
    fn looks_around(&mut self, office: &Office) {
        let mut folders: Vec<&str> = FOLDERS.into_iter().filter(|folder| *folder != UNSUBSCRIBED).collect();
        folders.extend(["INBOX", "Gare"]);
        folders.sort_unstable();
        self.waits("the folders", "return root.descendants.length == arguments[0];", &[json!(folders.len())]);
        assert_eq!(self.does("return root.descendants.map(pathOf).sort();", &[]), json!(folders));

        self.opens("INBOX", 211);
        self.reads("INBOX", found(office, "Subject: POSTA CERTIFICATA"), "Identificativo: opec");
        let attached = self.does("return pane.messageBrowser.contentWindow.currentAttachments.map(a => a.name);", &[]);
        assert_eq!(attached, json!(["postacert.eml", "istanza.pdf", "daticert.xml"]));
        self.opens("Città & Comuni", 8);
        self.opens("Fatture/2026/Primo trimestre", 12);
        self.reads("Fatture/2026/Primo trimestre", 1, "fattura_");
        self.opens("INBOX", 211);
    }

    fn is_enabled(&mut self, command: &str) -> bool {
        self.does("return pane.commandController.isCommandEnabled(arguments[0]);", &[json!(command)]) == true
    }

    /// Gives a command of the menus.
    fn commands(&mut self, command: &str) {
        assert!(self.is_enabled(command), "{command}");
        self.does("later(() => pane.commandController.doCommand(arguments[0]));", &[json!(command)]);
    }
}

impl Thunderbird {
    /// Begins a message in a window of its own.
    #[track_caller]
    fn writes(&mut self, to: &str, subject: &str, body: &str) {
        self.does(
            "const fields = Cc['@mozilla.org/messengercompose/composefields;1'].createInstance(Ci.nsIMsgCompFields);
             [fields.to, fields.subject, fields.body] = arguments;
             const wanted = Cc['@mozilla.org/messengercompose/composeparams;1'].createInstance(Ci.nsIMsgComposeParams);
             wanted.type = Ci.nsIMsgCompType.New;
             wanted.format = Ci.nsIMsgCompFormat.PlainText;
             wanted.identity = MailServices.accounts.getIdentity('id1');
             wanted.composeFields = fields;
             MailServices.compose.OpenComposeWindowWithParams(null, wanted);",
            &[json!(to), json!(subject), json!(body)],
        );
        self.waits("the window", &format!("{COMPOSE} return compose?.composeEditorReady === true;"), &[]);
    }

    /// Writes a message and says to keep it as a draft.
    #[track_caller]
    fn drafts(&mut self) {
        self.writes("esterno@pec.example.org", "Perché così", "Da finire: perché no");
        self.does(&format!("{COMPOSE} compose.setTimeout(() => compose.SaveAsDraft(), 0);"), &[]);
    }
}

/// The first message of INBOX that has this.
fn found(office: &Office, text: &str) -> u32 {
    let messages = office.messages("INBOX");
    messages.into_iter().find(|(_, raw)| String::from_utf8_lossy(raw).contains(text)).unwrap().0
}

/// Messages of INBOX that nobody has read, with nothing special about them.
fn unread(office: &Office) -> Vec<u32> {
    let state = office.snapshot();
    let plain = office.messages("INBOX").into_iter().filter(|(_, raw)| raw.starts_with(b"Received:"));
    plain.map(|(uid, _)| uid).filter(|uid| state.folder("INBOX").message(*uid).flags.is_empty()).collect()
}

#[test]
fn a_reader_reads_and_leaves_no_trace_and_is_offered_no_more() {
    let office = Office::open();
    let before = office.snapshot();
    let mut thunderbird = Thunderbird::start(&office, READER);
    thunderbird.looks_around(&office);
    for command in ["cmd_delete", "cmd_shiftDelete", "cmd_moveMessage"] {
        assert!(!thunderbird.is_enabled(command), "{command}");
    }
    let rights = thunderbird.does(
        "const inbox = named('INBOX');
         return [inbox.canDeleteMessages, inbox.canFileMessages, named('Trash').canFileMessages];",
        &[],
    );
    assert_eq!(rights, json!([false, false, false]));
    // Shown as read and starred here, until it asks the server again
    let uid = unread(&office)[0];
    thunderbird.reads("INBOX", uid, "");
    let has_star = thunderbird.does(
        "pane.commandController.doCommand('cmd_markAsFlagged'); return message('INBOX', arguments[0]).isFlagged;",
        &[json!(uid)],
    );
    assert_eq!(has_star, true);
    before.assert_unchanged(&office.snapshot());

    office.deliver("Arrivo adesso");
    thunderbird.waits("new mail", "return named('INBOX').getTotalMessages(false) == 212;", &[]);
    assert_eq!(thunderbird.dialogs(), Vec::<String>::new());
    assert!(office.delega.logged("refused").is_empty(), "{}", office.delega.log());

    // What it lets a reader try all the same is refused, in delega's words where it shows any.
    let with_mail = office.snapshot();
    thunderbird.does("root.createSubfolder('Pratiche', main.msgWindow);", &[]);
    office.delega.wait_logged("refused", 1);
    thunderbird.does(
        "const copied = [[...named('INBOX').messages][0]];
         later(() => MailServices.copy.copyMessages(
             named('INBOX'), copied, named('Junk'), false, null, main.msgWindow, false));",
        &[],
    );
    thunderbird.waits("the refusal is shown", "return dialogs.length > 0;", &[]);
    let dialog = thunderbird.dialogs().pop().unwrap();
    assert!(dialog.contains("[NOPERM] You may read this mailbox but not change it"), "{dialog}");
    thunderbird.drafts();
    thunderbird.waits("the question", "return dialogs.length > 1;", &[]);
    let dialog = thunderbird.dialogs().pop().unwrap();
    assert!(dialog.contains("You can retry or save the draft locally"), "{dialog}");
    // It would not quit before this is settled
    drop(thunderbird);
    with_mail.assert_unchanged(&office.snapshot());
}

#[test]
fn a_writer_works() {
    let office = Office::open();
    let uids = unread(&office);
    let mut thunderbird = Thunderbird::start(&office, WRITER);
    thunderbird.looks_around(&office);
    let before = office.snapshot();
    let count = |state: &State, folder: &str| state.folder(folder).messages.len();
    // While Dovecot renames a file, its message may not be there at all
    let find = |state: &State, uid: u32| state.folder("INBOX").messages.values().find(|m| m.uid == Some(uid)).cloned();
    let has = |state: &State, uid: u32, flag: &str| find(state, uid).is_some_and(|m| m.flags.contains(flag));
    let gone = |state: &State, uid: u32| find(state, uid).is_none();

    // Read, starred, tagged
    thunderbird.selects("INBOX", uids[0]);
    office.wait_for("it is read", |state| has(state, uids[0], "\\Seen"));
    thunderbird.commands("cmd_markAsFlagged");
    office.wait_for("it has a star", |state| has(state, uids[0], "\\Flagged"));
    thunderbird.commands("cmd_tag1");
    office.wait_for("it has a tag", |state| has(state, uids[0], "$label1"));

    // Deleted, and deleted at once
    thunderbird.selects("INBOX", uids[1]);
    thunderbird.commands("cmd_delete");
    office.wait_for("it is in Trash", |state| {
        gone(state, uids[1]) && count(state, "Trash") == count(&before, "Trash") + 1
    });
    thunderbird.selects("INBOX", uids[2]);
    thunderbird.commands("cmd_shiftDelete");
    office.wait_for("it is marked as deleted", |state| gone(state, uids[2]) || has(state, uids[2], "\\Deleted"));

    // A new folder, and what is moved and copied there
    thunderbird.does("root.createSubfolder('Pratiche è', main.msgWindow);", &[]);
    let new = "Pratiche &AOg-";
    office.wait_for("the folder", |state| state.folders.contains_key(new) && state.subscriptions.contains(new));
    thunderbird.waits("the folder", "return !!named('Pratiche è');", &[]);
    for (uid, moved) in [(uids[3], true), (uids[4], false)] {
        let arguments = [json!(uid), json!(moved)];
        thunderbird.does(
            "const [uid, moved] = arguments;
             main.copied = false;
             const listener = {
                 QueryInterface: ChromeUtils.generateQI(['nsIMsgCopyServiceListener']),
                 onStartCopy() {}, onProgress() {}, setMessageKey() {}, getMessageId() { return null; },
                 onStopCopy() { main.copied = true; },
             };
             MailServices.copy.copyMessages(
                 named('INBOX'), [message('INBOX', uid)], named('Pratiche è'), moved, listener, main.msgWindow, true);",
            &arguments,
        );
        // On disk it may be over before it is so for Thunderbird, which then passes over the next one without a word
        thunderbird.waits("the end of the copying", "return main.copied;", &[]);
        let wanted = if moved { 1 } else { 2 };
        office.wait_for("it is in the new folder", |s| count(s, new) == wanted && gone(s, uid) == moved);
    }
    thunderbird.does("named('Pratiche è').rename('Pratiche chiuse', main.msgWindow);", &[]);
    office.wait_for("the new name", |state| {
        !state.folders.contains_key(new) && state.folders.get("Pratiche chiuse").is_some_and(|f| f.messages.len() == 2)
    });

    thunderbird.drafts();
    let after = office.wait_for("the draft", |state| count(state, "Drafts") == count(&before, "Drafts") + 1);
    let drafts = after.folder("Drafts");
    assert!(drafts.message(drafts.uid_next - 1).flags.contains("\\Draft"), "{drafts:?}");
    let (_, draft) = office.messages("Drafts").pop().unwrap();
    assert!(String::from_utf8(draft).unwrap().contains("Da finire: perché no"));
    thunderbird.waits("it is saved", &format!("{COMPOSE} return !compose.gSaveOperationInProgress;"), &[]);
    thunderbird.does(&format!("{COMPOSE} compose.setTimeout(() => compose.close(), 0);"), &[]);

    // Searched on the server
    thunderbird.does(
        "const search = Cc['@mozilla.org/messenger/searchSession;1'].createInstance(Ci.nsIMsgSearchSession);
         search.addScopeTerm(Ci.nsMsgSearchScope.onlineMail, named('INBOX'));
         const term = search.createTerm();
         const value = term.value;
         value.attrib = term.attrib = Ci.nsMsgSearchAttrib.Subject;
         term.op = Ci.nsMsgSearchOp.Contains;
         value.str = 'perché';
         term.value = value;
         search.appendTerm(term);
         globalThis.hits = [];
         globalThis.isSearched = false;
         search.registerListener({
             onSearchHit(header) { hits.push(header.messageKey); },
             onSearchDone() { isSearched = true; },
             onNewSearch() {},
         });
         globalThis.search = search;
         search.search(main.msgWindow);",
        &[],
    );
    thunderbird.waits("the search is done", "return isSearched;", &[]);
    let hits = thunderbird.does("return hits.length;", &[]);
    let by_dovecot = office.dovecot.doveadm(&["search", "-u", ADDRESS, "mailbox", "INBOX", "subject", "perché"]);
    assert_eq!(hits, json!(by_dovecot.lines().count()));
    assert!(by_dovecot.lines().count() > 5);

    // New mail, and Trash emptied
    let total = thunderbird.does("return named('INBOX').getTotalMessages(false);", &[]).as_u64().unwrap();
    office.deliver("Arrivo adesso");
    thunderbird.waits("it", "return named('INBOX').getTotalMessages(false) == arguments[0];", &[json!(total + 1)]);
    thunderbird.does("named('Trash').emptyTrash(null);", &[]);
    office.wait_for("Trash is empty", |state| count(state, "Trash") == 0);
    assert_eq!(thunderbird.dialogs(), Vec::<String>::new());

    // It asks whether to delete a folder
    thunderbird.does("later(() => named('Pratiche chiuse').deleteSelf(main.msgWindow));", &[]);
    thunderbird.accepts();
    office.wait_for("the folder is in Trash", |state| state.folders.contains_key("Trash/Pratiche chiuse"));
    assert!(office.delega.logged("refused").is_empty(), "{}", office.delega.log());
    thunderbird.quit();
}

#[test]
fn a_wrong_password_is_asked_for_again() {
    let office = Office::open();
    let settings = Settings { office: &office, username: READER, outgoing: None };
    let mut thunderbird = Thunderbird::set_up(settings, "sbagliata");
    thunderbird.does("later(() => server.getNewMessages(root, main.msgWindow, null));", &[]);
    thunderbird.waits("the dialog", "return dialogs.length > 0;", &[]);
    let dialog = thunderbird.dialogs().swap_remove(0);
    let expected = format!("Login to server localhost with username {} failed.", login(READER));
    assert!(dialog.contains(&expected), "{dialog}");
    assert!(!office.delega.logged("login refused").is_empty());
    assert!(office.delega.logged("session start").is_empty(), "{}", office.delega.log());
    thunderbird.quit();
}
