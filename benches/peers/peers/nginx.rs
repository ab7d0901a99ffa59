//! nginx's mail proxy: it asks a web server where each login belongs, logs in there, and is a pipe of bytes from then
//! on. It knows no TLS towards the upstream, so it has half the work of the others.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{Ground, Place};
use crate::upstream::Protocol;

/// Where Debian's package of the mail module lies.
const MODULE: &str = "/usr/lib/nginx/modules/ngx_mail_module.so";

pub fn command(ground: &Ground, place: &Place<'_>) -> Result<Command> {
    let Place { protocol, address, folder, .. } = *place;
    let of_protocol = match protocol {
        Protocol::Imap => "imap_auth plain login;",
        // It logs in upstream itself, where it would otherwise tell who has logged in (XCLIENT).
        Protocol::Submission => {
            "smtp_auth plain login;
    smtp_capabilities PIPELINING \"SIZE 104857600\" 8BITMIME ENHANCEDSTATUSCODES;
    proxy_smtp_auth on;
    xclient off;"
        }
        Protocol::Pop3 => "pop3_auth plain;",
    };
    let text = format!(
        "\
load_module {MODULE};
daemon off;
worker_processes auto;
worker_rlimit_nofile 20000;
pid {folder}/pid;
error_log {folder}/error.log warn;
events {{
    worker_connections 10000;
}}
mail {{
    auth_http {auth_http}/;
    {of_protocol}
    timeout 30m;
    server {{
        listen {address} ssl;
        protocol {protocol};
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
    }}
}}
",
        folder = folder.display(),
        protocol = protocol.in_nginx(),
        auth_http = ground.upstream.auth_http,
        certificate = ground.tls.file("server.pem").display(),
        key = ground.tls.file("server.key").display(),
    );
    let file = super::write(folder, "nginx.conf", &text)?;
    let mut command = super::command(Path::new("nginx"));
    command.arg("-e").arg(folder.join("error.log")).arg("-p").arg(folder).arg("-c").arg(file);
    Ok(command)
}
