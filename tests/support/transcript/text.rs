//! The text of one line of a transcript: octets, repetitions, variables, and `*` for any rest.

use std::collections::HashMap;

/// What `$1` to `$9` stand for so far.
pub type Variables = HashMap<u8, Vec<u8>>;

/// The text of a line, its escapes undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
    /// Whether a CRLF belongs behind it.
    line: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Octets(Vec<u8>),
    Variable(u8),
    /// Anything, up to the end of the line.
    Rest,
}

/// How octets fit a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// This many of them are what was expected.
    Whole(usize),
    /// What there is fits, but it is not all.
    Partly,
    /// They are something else.
    Not,
}

impl Template {
    /// Reads `text`. `line`: a CRLF follows it. `rest`: a `*` at its end stands for anything.
    pub fn parse(text: &str, line: bool, rest: bool) -> Result<Template, String> {
        let (text, any) = match text.strip_suffix('*') {
            Some(before) if rest && line && !before.ends_with('\\') => (before, true),
            _ => (text, false),
        };
        let mut pieces = Vec::new();
        let mut octets = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(char) = chars.next() {
            match char {
                '\\' => escape(&mut chars, &mut octets)?,
                '$' => match chars.peek().and_then(|c| c.to_digit(10)) {
                    Some(digit) => {
                        chars.next();
                        pieces.push(Piece::Octets(std::mem::take(&mut octets)));
                        pieces.push(Piece::Variable(u8::try_from(digit).unwrap()));
                    }
                    None => octets.push(b'$'),
                },
                other => octets.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        pieces.push(Piece::Octets(octets));
        if any {
            pieces.push(Piece::Rest);
        }
        Ok(Template { pieces, line })
    }

    /// The octets to send.
    pub fn octets(&self, variables: &Variables) -> Result<Vec<u8>, String> {
        let mut all = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Octets(octets) => all.extend_from_slice(octets),
                Piece::Variable(name) => {
                    all.extend_from_slice(variables.get(name).ok_or(format!("${name} stands for nothing yet"))?);
                }
                Piece::Rest => return Err("`*` cannot be sent".to_owned()),
            }
        }
        if self.line {
            all.extend_from_slice(b"\r\n");
        }
        Ok(all)
    }

    /// Whether `heard` begins with what is expected. A variable that stands for nothing yet takes a word.
    pub fn fit(&self, heard: &[u8], variables: &mut Variables) -> Fit {
        let mut at = 0;
        let mut found = Variables::new();
        for piece in &self.pieces {
            let rest = &heard[at..];
            match piece {
                Piece::Octets(octets) => match begins(rest, octets) {
                    Fit::Whole(length) => at += length,
                    other => return other,
                },
                Piece::Variable(name) => match variables.get(name).or(found.get(name)) {
                    Some(word) => match begins(rest, word) {
                        Fit::Whole(length) => at += length,
                        other => return other,
                    },
                    None => match rest.iter().position(|b| matches!(b, b' ' | b'\r')) {
                        Some(0) => return Fit::Not,
                        Some(length) => {
                            found.insert(*name, rest[..length].to_vec());
                            at += length;
                        }
                        None => return Fit::Partly,
                    },
                },
                Piece::Rest => match rest.windows(2).position(|pair| pair == b"\r\n") {
                    Some(length) => at += length,
                    None => return Fit::Partly,
                },
            }
        }
        if self.line {
            match begins(&heard[at..], b"\r\n") {
                Fit::Whole(length) => at += length,
                other => return other,
            }
        }
        variables.extend(found);
        Fit::Whole(at)
    }
}

fn begins(heard: &[u8], expected: &[u8]) -> Fit {
    let common = heard.len().min(expected.len());
    if heard[..common] != expected[..common] {
        Fit::Not
    } else if common < expected.len() {
        Fit::Partly
    } else {
        Fit::Whole(common)
    }
}

fn escape(chars: &mut std::iter::Peekable<std::str::Chars>, octets: &mut Vec<u8>) -> Result<(), String> {
    let octet = match chars.next().ok_or("a `\\` at the end")? {
        'r' => b'\r',
        'n' => b'\n',
        't' => b'\t',
        's' => b' ',
        '0' => 0,
        '\\' => b'\\',
        '*' => b'*',
        '$' => b'$',
        'x' => {
            let digits: String = chars.take(2).collect();
            u8::from_str_radix(&digits, 16).map_err(|_| format!("`\\x{digits}` is no octet"))?
        }
        '{' => {
            let count: String = std::iter::from_fn(|| chars.next_if(char::is_ascii_digit)).collect();
            let count: usize = count.parse().map_err(|_| "a repetition is written `\\{3*text}`".to_owned())?;
            if chars.next() != Some('*') {
                return Err("a repetition is written `\\{3*text}`".to_owned());
            }
            let mut once = Vec::new();
            loop {
                match chars.next().ok_or("a repetition ends in `}`")? {
                    '}' => break,
                    '\\' => escape(chars, &mut once)?,
                    other => once.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
                }
            }
            octets.extend_from_slice(&once.repeat(count));
            return Ok(());
        }
        // IMAP's own: `\Seen`, `\Deleted`, `\"`.
        other if other.is_ascii_uppercase() || other == '"' => {
            octets.push(b'\\');
            u8::try_from(other).unwrap()
        }
        other => return Err(format!("`\\{other}` is no escape")),
    };
    octets.push(octet);
    Ok(())
}

/// Octets for a person to read.
pub fn readable(octets: &[u8]) -> String {
    const MOST: usize = 600;
    let shown = octets[..octets.len().min(MOST)].escape_ascii().to_string().replace("\\r\\n", "\\r\\n\n      ");
    if octets.len() > MOST { format!("{shown}… ({} octets)", octets.len()) } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(text: &str) -> Vec<u8> {
        Template::parse(text, true, false).unwrap().octets(&Variables::new()).unwrap()
    }

    fn fit(expected: &str, heard: &str) -> Fit {
        Template::parse(expected, true, true).unwrap().fit(heard.as_bytes(), &mut Variables::new())
    }

    #[test]
    fn escapes() {
        assert_eq!(sent(r"a\r\n\0\x80\\\Seen \{3*x\x41}$ $x\$1 *"), b"a\r\n\0\x80\\\\Seen xAxAxA$ $x$1 *\r\n");
        for text in ["\\", r"\q", r"\xZZ", r"\{x*y}", r"\{3}", r"\{3*x"] {
            assert!(Template::parse(text, true, false).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_fits_and_what_does_not() {
        assert_eq!(fit("a OK *", "a OK done\r\nb"), Fit::Whole(11));
        assert_eq!(fit("a OK *", "a OK \r\n"), Fit::Whole(7));
        assert_eq!(fit("a OK *", "a OK done"), Fit::Partly);
        assert_eq!(fit("a OK", "a OK done\r\n"), Fit::Not);
        assert_eq!(fit("a OK", "a NO\r\n"), Fit::Not);
        assert_eq!(fit("a OK", ""), Fit::Partly);
        assert_eq!(fit(r#"a LIST "" \*"#, "a LIST \"\" INBOX\r\n"), Fit::Not);
        assert_eq!(fit(r#"a LIST "" \*"#, "a LIST \"\" *\r\n"), Fit::Whole(13));
    }

    #[test]
    fn a_variable_keeps_what_it_took() {
        let mut variables = Variables::new();
        let template = Template::parse("$1 NOOP $1", true, true).unwrap();
        assert_eq!(template.fit(b"x NOOP y\r\n", &mut variables), Fit::Not);
        assert!(variables.is_empty());
        assert_eq!(template.fit(b"x7 NOOP x7\r\n", &mut variables), Fit::Whole(12));
        assert_eq!(template.fit(b"x8 NOOP x8\r\n", &mut variables), Fit::Not);
        assert_eq!(template.octets(&variables).unwrap(), b"x7 NOOP x7\r\n");
    }
}
