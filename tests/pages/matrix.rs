//! Every route behind the login by every method, for everybody who could come: nobody, an owner, delegates and postmasters
//! of here and of elsewhere, and those who are half in. `tests/golden/panel-routes.txt` is the table that a reviewer reads;
//! `UPDATE_GOLDEN=1 cargo test --test pages` writes it anew.

use super::panel::{Visitor, hidden};
use super::routes::reviewed;
use super::*;

/// A route as the table has it, where it is asked for, and what its form says beside the session's key.
type Route = (&'static str, String, Vec<(&'static str, &'static str)>);

/// All that there are behind the login. Whatever is new is entered here.
fn routes() -> Vec<Route> {
    let of_mailbox = |page: &str| format!("/mailboxes/{MAILBOX}/{page}").replace('@', "%40");
    let of = |delegate: &str| of_mailbox(&format!("delegates/{delegate}"));
    let plain = |shown, path| (shown, path, Vec::new());
    let invited = vec![
        ("first_name", "Dora"),
        ("last_name", "Neri"),
        ("email", "dora@example.it"),
        ("username", "dora"),
        ("to", "send"),
    ];
    vec![
        plain("/mailboxes/{address}/sends", of_mailbox("sends")),
        plain("/mailboxes/{address}/sends.csv", of_mailbox("sends.csv")),
        plain("/mailboxes/{address}/accesses", of_mailbox("accesses")),
        plain("/mailboxes/{address}/accesses.csv", of_mailbox("accesses.csv")),
        plain("/mailboxes/{address}/now", of_mailbox("now")),
        plain("/mailboxes/{address}/now/{unknown}", of_mailbox("now/00112233445566778899aabbccddeeff")),
        plain("/mailboxes/{address}/sends/{unknown}", of_mailbox("sends/99999")),
        plain("/account/accesses", "/account/accesses".to_owned()),
        plain("/account/accesses.csv", "/account/accesses.csv".to_owned()),
        plain("/account/sessions", "/account/sessions".to_owned()),
        plain("/account/sessions/panel", "/account/sessions/panel".to_owned()),
        plain("/account/sessions/mail", "/account/sessions/mail".to_owned()),
        plain("/account", "/account".to_owned()),
        plain("/account/profile", "/account/profile".to_owned()),
        plain("/account/email", "/account/email".to_owned()),
        plain("/account/password", "/account/password".to_owned()),
        plain("/account/two-factor", "/account/two-factor".to_owned()),
        plain("/account/two-factor/begin", "/account/two-factor/begin".to_owned()),
        plain("/account/two-factor/confirm", "/account/two-factor/confirm".to_owned()),
        plain("/account/two-factor/codes", "/account/two-factor/codes".to_owned()),
        plain("/account/two-factor/off", "/account/two-factor/off".to_owned()),
        plain("/account/app-passwords", "/account/app-passwords".to_owned()),
        plain("/account/app-passwords/extend", "/account/app-passwords/extend".to_owned()),
        plain("/account/app-passwords/revoke", "/account/app-passwords/revoke".to_owned()),
        plain("/account/webmail", "/account/webmail".to_owned()),
        plain("/setup", "/setup".to_owned()),
        plain("/login/code", "/login/code".to_owned()),
        plain("/mailboxes", "/mailboxes".to_owned()),
        ("/mailboxes/{address}/multi-user, off", of_mailbox("multi-user"), vec![("turn", "off")]),
        ("/mailboxes/{address}/multi-user, on", of_mailbox("multi-user"), vec![("turn", "on")]),
        plain("/mailboxes/{address}/delegates", of_mailbox("delegates")),
        plain("/mailboxes/{unknown}/delegates", "/mailboxes/nessuno%40pec.example.it/delegates".to_owned()),
        plain("/mailboxes/{broken}/delegates", "/mailboxes/nessuno/delegates".to_owned()),
        ("/mailboxes/{address}/invite", of_mailbox("invite"), invited),
        plain("/mailboxes/{address}/delegates/{username}", of("bruno")),
        plain("/mailboxes/{address}/delegates/{unknown}", of("nessuno")),
        plain("/mailboxes/{address}/delegates/{broken}", of("-")),
        ("…/{username}/permissions", of("bruno/permissions"), vec![("to", "change"), ("write", "yes")]),
        ("…/{username}/app-passwords", of("bruno/app-passwords"), vec![("label", "Outlook"), ("imap", "yes")]),
        (
            "…/{username}/app-passwords/revoke?name=…",
            format!("{}?name=Thunderbird", of("bruno/app-passwords/revoke")),
            vec![("label", "Thunderbird")],
        ),
        plain("…/{active}/suspend", of("bruno/suspend")),
        plain("…/{active}/resume", of("bruno/resume")),
        plain("…/{active}/reject", of("bruno/reject")),
        plain("…/{active}/reinvite", of("bruno/reinvite")),
        plain("…/{active}/reset-password", of("bruno/reset-password")),
        plain("…/{active}/remove-two-factor", of("codice/remove-two-factor")),
        plain("…/{active}/deactivate", of("bruno/deactivate")),
        plain("…/{active}/delete", of("bruno/delete")),
        plain("…/{active}/{unknown}", of("bruno/promote")),
        plain("…/{pending}/reject", of("invitato/reject")),
        plain("…/{pending}/suspend", of("invitato/suspend")),
        plain("…/{rejected}/reinvite", of("rifiutato/reinvite")),
        plain("…/{rejected}/delete", of("rifiutato/delete")),
        plain("…/{suspended}/resume", of("sospeso/resume")),
        plain("…/{suspended}/permissions", of("sospeso/permissions")),
        plain("…/{inactive}/delete", of("finito/delete")),
        plain("…/{inactive}/resume", of("finito/resume")),
        plain("…/{manager}/suspend", of("capo/suspend")),
        plain("…/{manager}/permissions", of("capo/permissions")),
    ]
}

/// What confirmations about the delegate of an address hold, as their owner's pages have it: whoever else sends it could have
/// got at it somehow.
async fn seen(owner: &Visitor<'_>, path: &str) -> String {
    let Some((_, rest)) = path.split_once("/delegates/") else { return String::new() };
    let delegate = rest.split(['/', '?']).next().unwrap();
    for page in ["suspend", "resume", "reject", "delete"] {
        let path = path.replace(rest, &format!("{delegate}/{page}"));
        if let Some(seen) = hidden(&owner.get(&path).await.body, "seen") {
            return seen;
        }
    }
    String::new()
}

/// Those who come, by what they are called in the table.
async fn visitors(office: &Office) -> Vec<(&'static str, Option<Visitor<'_>>)> {
    office.add("anna");
    for username in ["bruno", "sospeso", "finito"] {
        office.add(username);
    }
    office.invite("invitato");
    office.invite("rifiutato");
    office.store(
        "UPDATE delegates SET state = 'suspended' WHERE username = 'sospeso';
         UPDATE delegates SET state = 'inactive' WHERE username = 'finito';
         UPDATE delegates SET state = 'rejected', invited_until_secs = NULL WHERE username = 'rifiutato'",
    );
    office.add_with("capo", "send,settings");
    office.add("codice");
    let elsewhere = office.elsewhere("altra@altro.example.it", "estraneo");
    let strict = office.elsewhere("severa@pec.example.it", "arruola");
    let factor = |username: &str| {
        format!(
            "INSERT INTO second_factors (account, sealed_secret, since_secs, last_step)
             SELECT 'delegate:' || id, x'00', 1, 0 FROM delegates WHERE username = '{username}';"
        )
    };
    let mut all = vec![("nobody", None), ("owner", Some(office.owner().await))];
    for (who, username) in [("delegate", "anna"), ("delegate with settings", "capo")] {
        all.push((who, Some(office.logs_in_as(username).await)));
    }
    all.push(("delegate of another mailbox", Some(office.logs_in(&elsewhere, ADDED_PASSWORD).await)));
    all.push(("postmaster", Some(office.postmaster("pec.example.it").await)));
    all.push(("postmaster of another domain", Some(office.postmaster("altro.example.it").await)));
    office.store(&factor("codice"));
    let label = AppPasswordEntry {
        login: name("bruno").login(),
        label: "Thunderbird".to_owned(),
        scope: Scope::ALL,
        valid_secs: DAY,
    };
    let _ = office.accounts.create_app_password(Actor::Operator, label, now()).unwrap();
    all.push(("somebody at the code", Some(office.logs_in_as("codice").await)));
    office.store(
        "INSERT INTO second_factors (account, sealed_secret, since_secs, last_step)
         SELECT 'owner:' || id, x'00', 1, 0 FROM mailboxes WHERE address = 'severa@pec.example.it'",
    );
    all.push(("somebody who enrols", Some(office.logs_in(&strict, ADDED_PASSWORD).await)));
    all
}

#[tokio::test]
async fn every_route_behind_the_login_by_every_method_for_everybody() {
    let office = Office::roomy();
    let visitors = visitors(&office).await;
    let before = office.remembers();
    let owner = visitors.iter().find_map(|(who, visitor)| visitor.as_ref().filter(|_| *who == "owner")).unwrap();
    let mut table = "# Who gets what behind the login: by address, method and visitor. A POST holds the session's key and what the page\n\
                     # that it comes from would have sent; each is the first that the store sees.\n"
        .to_owned();
    for (shown, path, mut fields) in routes() {
        table += &format!("\n{shown}\n");
        let seen = seen(owner, &path).await;
        fields.push(("seen", &seen));
        let mut alike: Vec<(String, Vec<&str>)> = Vec::new();
        for (who, visitor) in &visitors {
            let fares = fares(&office, visitor.as_ref(), &path, &fields).await;
            office.goes_back_to(&before);
            match alike.iter_mut().find(|(other, _)| *other == fares) {
                Some((_, those)) => those.push(who),
                None => alike.push((fares, vec![who])),
            }
        }
        for (fares, those) in alike {
            writeln!(table, "  {}\n{fares}", those.join(", ")).unwrap();
        }
    }
    reviewed("panel-routes.txt", &table);
}

/// How one visitor fares at one address, methods that fare alike in one line.
async fn fares(office: &Office, visitor: Option<&Visitor<'_>>, path: &str, fields: &[(&str, &str)]) -> String {
    let mut alike: Vec<(String, Vec<&str>)> = Vec::new();
    for method in ["GET", "HEAD", "POST", "PUT", "DELETE"] {
        let answer = match (visitor, method) {
            (Some(visitor), "POST") => visitor.post(path, fields).await,
            (visitor, method) => {
                let request = Request::builder().method(method).uri(path);
                let kind = "application/x-www-form-urlencoded";
                let request = request.header("content-type", kind).body(Body::empty()).unwrap();
                match visitor {
                    Some(visitor) => visitor.send(request).await,
                    None => office.send(request).await,
                }
            }
        };
        // A token is another one each time, and who it is for is the web mail's to know.
        let location = answer.header("location").split("_sso=").next().unwrap_or_default();
        let line = format!("{} {location}", answer.status.as_u16());
        match alike.iter_mut().find(|(other, _)| *other == line) {
            Some((_, methods)) => methods.push(method),
            None => alike.push((line, vec![method])),
        }
    }
    let lines = alike.iter().map(|(line, methods)| format!("    {:<24} {}", methods.join(" "), line.trim_end()));
    lines.collect::<Vec<_>>().join("\n")
}
