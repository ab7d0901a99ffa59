//! Makes the certificates of a development machine: `cargo run --example dev-certs [--force] [--into FOLDER] [NAME …]`.
//!
//! `certs/README.md` says what to do with them.

#![allow(clippy::print_stdout, reason = "it tells the person at the terminal what it did")]

use std::path::PathBuf;
use std::process::ExitCode;

#[path = "../tests/support/certs.rs"]
mod certs;

const USAGE: &str = "usage: dev-certs [--force] [--into FOLDER] [NAME …]";

fn main() -> ExitCode {
    let mut folder = PathBuf::from("certs");
    let mut force = false;
    let mut names: Vec<String> = certs::NAMES.map(str::to_owned).to_vec();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--force" => force = true,
            "--into" => match arguments.next() {
                Some(into) => folder = into.into(),
                None => return usage(),
            },
            option if option.starts_with('-') => return usage(),
            name if names.iter().any(|known| known == name) => {}
            name => names.push(name.to_owned()),
        }
    }

    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match certs::ensure(&folder, &names, force) {
        Ok(made) => {
            let place = folder.display();
            match made {
                certs::Made::Nothing => {
                    println!("{place}: the certificates are good for another 30 days; nothing to do")
                }
                certs::Made::Server => println!("{place}: made delega.pem and delega.key, by the CA that was there"),
                certs::Made::AuthorityAndServer => {
                    println!("{place}: made ca.pem, ca.key, delega.pem and delega.key; clients need to trust ca.pem");
                }
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}: the certificates could not be made: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}
