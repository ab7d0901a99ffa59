//! What is asked for while a command runs: passwords, codes and confirmations.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::Path;

use secrecy::SecretString;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::Failure;
use super::context::one_line;

/// More than any password may have, so that one that is too long is told from one that was cut.
const READ_MAX_BYTES: u64 = 4096;

/// A new password: from `file`, from stdin where `file` is `-` or stdin is no terminal, or else typed twice.
pub(super) fn password(file: Option<&Path>, whose: &str) -> Result<SecretString, Failure> {
    match file {
        Some(path) if path != Path::new("-") => {
            let unreadable =
                |error| Failure::Refused(format!("the password file {} cannot be read: {error}", path.display()));
            from_reader(File::open(path).map_err(unreadable)?, &format!("the password file {}", path.display()))
        }
        None if io::stdin().is_terminal() => typed_twice(whose),
        _ => from_reader(io::stdin().lock(), "stdin"),
    }
}

fn from_reader(reader: impl Read, name: &str) -> Result<SecretString, Failure> {
    // Room for all of it at once: a vector that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(READ_MAX_BYTES as usize + 1));
    reader
        .take(READ_MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::Refused(format!("{name} cannot be read: {error}")))?;
    if bytes.is_empty() {
        return Err(Failure::Refused(format!("a password is expected, and {name} is empty")));
    }
    let text = one_line(&bytes).ok_or_else(|| Failure::Refused(format!("{name} is not a text in UTF-8")))?;
    Ok(text.into())
}

fn typed_twice(whose: &str) -> Result<SecretString, Failure> {
    let ask = |prompt: String| {
        let typed = rpassword::prompt_password(prompt).map(Zeroizing::new);
        typed.map_err(|error| Failure::Refused(format!("the password cannot be asked for: {error}")))
    };
    let first = ask(format!("Password {whose}: "))?;
    let second = ask("Once more: ".to_owned())?;
    if !bool::from(first.as_bytes().ct_eq(second.as_bytes())) {
        return Err(Failure::Refused("the two passwords differ".to_owned()));
    }
    Ok(first.as_str().into())
}

/// A code of two-step verification: typed, or the next line of stdin.
pub(super) fn code(what: &str) -> Result<SecretString, Failure> {
    let unread = |error| Failure::Refused(format!("the code cannot be read: {error}"));
    if io::stdin().is_terminal() {
        let mut err = io::stderr().lock();
        write!(err, "{what}: ").and_then(|()| err.flush()).map_err(unread)?;
    }
    let mut line = Zeroizing::new(Vec::with_capacity(READ_MAX_BYTES as usize));
    io::stdin().lock().take(READ_MAX_BYTES).read_until(b'\n', &mut line).map_err(unread)?;
    let text = one_line(&line).filter(|text| !text.is_empty());
    Ok(text.ok_or_else(|| Failure::Refused("a code is expected, on a line of its own".to_owned()))?.into())
}

/// Goes on where `yes` was said, on the command line or now; on nobody's terminal it has to be on the command line.
pub(super) fn confirm(question: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage("this cannot be undone: say --yes if it is meant".to_owned()));
    }
    ask(question)
}

/// The same for what can be undone: on nobody's terminal it goes on.
pub(super) fn confirm_undoable(question: &str, yes: bool) -> Result<(), Failure> {
    if yes || !io::stdin().is_terminal() { Ok(()) } else { ask(question) }
}

fn ask(question: &str) -> Result<(), Failure> {
    let mut err = io::stderr().lock();
    let mut answer = String::new();
    write!(err, "{question} [y/N] ")
        .and_then(|()| err.flush())
        .and_then(|()| io::stdin().lock().read_line(&mut answer))
        .map_err(|error| Failure::Refused(format!("nothing was done, since nobody could be asked: {error}")))?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" | "s" | "si" | "sì" => Ok(()),
        _ => Err(Failure::Refused("nothing was done".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_password_is_the_whole_input_but_its_line_break() {
        let read = |bytes: &[u8]| from_reader(bytes, "it").map(|secret| secret.expose_secret().to_owned());
        assert_eq!(read(b" two words \n").unwrap(), " two words ");
        assert!(matches!(read(b""), Err(Failure::Refused(_))));
        assert!(matches!(read(b"\xff\n"), Err(Failure::Refused(_))));
        assert_eq!(read(&[b'x'; 5000]).unwrap().len() as u64, READ_MAX_BYTES + 1);
    }
}
