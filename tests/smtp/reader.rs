//! A reader of headers that repairs all it can, as lenient mail programs do, each in its way: whatever any of them might
//! take for the author or sender of a message is found.

/// Every address in every field that could be taken for one that names an author or sender, in lower case.
pub fn originators(message: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(message);
    let header = text.split("\r\n\r\n").next().unwrap_or_default();
    let mut fields: Vec<String> = Vec::new();
    // Whatever anybody takes for the end of a line.
    for line in header.split(|c| "\r\n\0\u{b}\u{c}\u{1c}\u{1d}\u{1e}\u{85}\u{2028}\u{2029}".contains(c)) {
        match fields.last_mut() {
            Some(field) if line.starts_with([' ', '\t']) => field.push_str(line),
            // Between CR and LF.
            _ if line.is_empty() => {}
            _ => fields.push(line.to_owned()),
        }
    }
    let names = ["from", "author", "sender", "resent-from", "resent-sender", "return-path"];
    let mut found = Vec::new();
    for field in fields {
        let name_end = field.find([':', ' ']).unwrap_or(field.len());
        let name: String = field[..name_end].chars().filter(|c| c.is_ascii_alphabetic() || *c == '-').collect();
        if names.contains(&name.to_ascii_lowercase().trim_matches('-')) {
            let value = field[name_end..].trim_start_matches([':', ' ', '\t']);
            found.extend(addresses(value));
            found.extend(addresses(&decoded(value)));
        }
    }
    found
}

/// What looks like an address, wherever it stands.
fn addresses(text: &str) -> Vec<String> {
    let words = text.split(|c: char| c.is_whitespace() || "<>()[],;:\"\\".contains(c));
    words
        .map(|word| word.replace('\u{ff20}', "@").to_lowercase())
        .filter(|word| word.contains('@'))
        .map(|word| word.trim_matches('.').to_owned())
        .collect()
}

/// Q-encoded words decoded wherever they stand, well formed or not.
fn decoded(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(begin) = rest.find("=?") {
        out.push_str(&rest[..begin]);
        let word = &rest[begin + 2..];
        let end = word.find("?=").unwrap_or(word.len());
        let encoded = word[..end].rsplit('?').next().unwrap_or_default();
        out.push_str(&encoded.replace("=40", "@").replace("=3C", "<").replace("=3c", "<").replace('_', " "));
        rest = word.get(end + 2..).unwrap_or_default();
    }
    out + rest
}
