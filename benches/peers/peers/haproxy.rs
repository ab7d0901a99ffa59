//! haproxy as a pipe of bytes: TLS ends here and begins anew, and nothing is read of what passes. One thread for each
//! core, as it is by default.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{Ground, Place};

pub fn command(ground: &Ground, place: &Place<'_>) -> Result<Command> {
    let (pem, ca) = (ground.tls.file("both.pem"), ground.tls.file("ca.pem"));
    let verify = if ground.verify {
        format!("verify required ca-file {} verifyhost localhost", ca.display())
    } else {
        "verify none".to_owned()
    };
    let text = format!(
        "\
global
    maxconn 4500
    ssl-default-bind-options ssl-min-ver TLSv1.2
    ssl-default-server-options ssl-min-ver TLSv1.2
defaults
    mode tcp
    timeout connect 30s
    timeout client 30m
    timeout server 30m
frontend clients
    bind {address} ssl crt {pem}
    default_backend upstream
backend upstream
    server upstream {upstream} ssl {verify}
",
        address = place.address,
        pem = pem.display(),
        upstream = place.upstream,
    );
    let file = super::write(place.folder, "haproxy.cfg", &text)?;
    let mut command = super::command(Path::new("haproxy"));
    command.arg("-db").arg("-f").arg(file);
    Ok(command)
}
