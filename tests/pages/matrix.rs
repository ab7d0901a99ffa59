//! Every route behind the login by every method, for everybody who could come: nobody, an owner, delegates and postmasters
//! of here and of elsewhere, and those who are half in. `tests/golden/panel-routes.txt` is the table that a reviewer reads;
//! `UPDATE_GOLDEN=1 cargo test --test pages` writes it anew.

use super::panel::Visitor;
use super::routes::reviewed;
use super::*;

/// The addresses: as the table has them, and as they are asked for. Whatever is new behind the login is entered here.
fn addresses() -> Vec<(&'static str, String)> {
    let of_mailbox = |page: &str| format!("/mailboxes/{MAILBOX}/{page}").replace('@', "%40");
    vec![
        ("/mailboxes/{address}/delegates", of_mailbox("delegates")),
        ("/mailboxes/{unknown}/delegates", "/mailboxes/nessuno%40pec.example.it/delegates".to_owned()),
        ("/mailboxes/{broken}/delegates", "/mailboxes/nessuno/delegates".to_owned()),
        ("/account", "/account".to_owned()),
        ("/account/profile", "/account/profile".to_owned()),
        ("/account/email", "/account/email".to_owned()),
        ("/account/password", "/account/password".to_owned()),
        ("/account/two-factor", "/account/two-factor".to_owned()),
        ("/account/two-factor/begin", "/account/two-factor/begin".to_owned()),
        ("/account/two-factor/confirm", "/account/two-factor/confirm".to_owned()),
        ("/account/two-factor/codes", "/account/two-factor/codes".to_owned()),
        ("/account/two-factor/off", "/account/two-factor/off".to_owned()),
        ("/account/app-passwords", "/account/app-passwords".to_owned()),
        ("/account/app-passwords/extend", "/account/app-passwords/extend".to_owned()),
        ("/account/app-passwords/revoke", "/account/app-passwords/revoke".to_owned()),
        ("/account/webmail", "/account/webmail".to_owned()),
        ("/setup", "/setup".to_owned()),
        ("/login/code", "/login/code".to_owned()),
    ]
}

/// Those who come, by what they are called in the table.
async fn visitors(office: &Office) -> Vec<(&'static str, Option<Visitor<'_>>)> {
    office.add("anna");
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
    let office = Office::of("Carla Bianchi", &panel());
    let visitors = visitors(&office).await;
    let mut table =
        "# Who gets what behind the login: by address, method and visitor. A POST holds the session's key and\n\
                     # nothing else. Nothing here may depend on what else is in the store.\n"
            .to_owned();
    for (shown, path) in addresses() {
        table += &format!("\n{shown}\n");
        let mut alike: Vec<(String, Vec<&str>)> = Vec::new();
        for (who, visitor) in &visitors {
            let fares = fares(&office, visitor.as_ref(), &path).await;
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
async fn fares(office: &Office, visitor: Option<&Visitor<'_>>, path: &str) -> String {
    let mut alike: Vec<(String, Vec<&str>)> = Vec::new();
    for method in ["GET", "HEAD", "POST", "PUT", "DELETE"] {
        let answer = match (visitor, method) {
            (Some(visitor), "POST") => visitor.post(path, &[]).await,
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
