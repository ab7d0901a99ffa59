//! Thunderbird downloads by POP3, as it does unless it is told otherwise: messages are left on the server.

use super::*;

/// What makes an account one of POP3.
pub fn preferences() -> Vec<(&'static str, Value)> {
    vec![
        ("mail.server.server1.type", json!("pop3")),
        ("mail.server.server1.leave_on_server", json!(true)),
        ("mail.server.server1.delete_mail_left_on_server", json!(false)),
        ("mail.server.server1.download_on_biff", json!(true)),
    ]
}

/// The inbox on this machine.
const INBOX: &str = "const inbox = root.descendants.find(folder => folder.name == 'Inbox');";

#[test]
fn a_reader_downloads_everything_and_leaves_no_trace_and_is_told_that_nothing_was_deleted() {
    let office = Office::downloading();
    let before = office.snapshot();
    let messages = before.folder("INBOX").messages.len();
    let mut thunderbird = Thunderbird::start(&office, READER);
    let all = format!("{INBOX} return inbox?.getTotalMessages(false) == arguments[0];");
    thunderbird.waits("everything is downloaded", &all, &[json!(messages)]);
    office.delega.wait_logged("session end", 1);
    assert_eq!(thunderbird.dialogs(), [""; 0]);
    before.assert_unchanged(&office.snapshot());

    // What is deleted here is to be deleted there
    thunderbird.does(
        &format!(
            "{INBOX} server.QueryInterface(Ci.nsIPop3IncomingServer).deleteMailLeftOnServer = true;
             inbox.deleteMessages([[...inbox.messages][0]], main.msgWindow, true, false, null, false);"
        ),
        &[],
    );
    thunderbird.waits(
        "one is deleted",
        &format!("{INBOX} return inbox.getTotalMessages(false) == arguments[0];"),
        &[json!(messages - 1)],
    );
    thunderbird.does(&format!("{INBOX} later(() => server.getNewMessages(inbox, main.msgWindow, null));"), &[]);
    office.delega.wait_logged("session end", 2);
    thunderbird.waits("the dialog", "return dialogs.length > 0;", &[]);
    let dialogs = thunderbird.dialogs();
    let sentence =
        "You may read this mailbox but not delete from it (puoi leggere la casella ma non cancellare messaggi)";
    assert!(dialogs[0].contains("Error marking a message as deleted") && dialogs[0].ends_with(sentence), "{dialogs:?}");
    before.assert_unchanged(&office.snapshot());
}
