//! A [`Letter`] → `text/plain`: lines of [`WIDTH`] characters, which end in LF here and in CRLF in the mail.

use super::letter::{Block, Letter};

/// Where lines are broken between words.
const WIDTH: usize = 72;

/// The text of a letter.
pub(super) fn render(letter: &Letter) -> String {
    let mut paragraphs = vec![wrapped(&letter.greeting, "")];
    for block in &letter.blocks {
        paragraphs.push(match block {
            Block::Paragraph(text) => wrapped(text, ""),
            Block::Quote(lines) => lines.iter().map(|line| wrapped(line, "> ")).collect(),
            Block::Button { label, url, .. } => format!("{}{url}\n", wrapped(&format!("{label}:"), "")),
            Block::Facts(facts) => {
                facts.iter().map(|(name, value)| wrapped(&format!("{name}: {value}"), "  ")).collect()
            }
            Block::List(items) => items.iter().map(|item| wrapped(&format!("- {item}"), "  ")).collect(),
        });
    }
    // What mail programs take for the beginning of a signature (RFC 3676 §4.3)
    paragraphs.push(format!("-- \n{}", wrapped(&letter.footer, "")));
    paragraphs.join("\n")
}

/// Lines of at most so many characters with a prefix, broken at blanks only: a word that is longer has a line for itself.
fn wrapped(text: &str, prefix: &str) -> String {
    let room = WIDTH - prefix.len();
    let mut lines = vec![String::new()];
    let mut chars = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if chars > 0 && chars + 1 + length > room {
            lines.push(String::new());
            chars = 0;
        }
        if let Some(line) = lines.last_mut() {
            if chars > 0 {
                line.push(' ');
                chars += 1;
            }
            line.push_str(word);
            chars += length;
        }
    }
    lines.iter().map(|line| format!("{}\n", format!("{prefix}{line}").trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        let text = format!("{} {} {}", "a".repeat(40), "è".repeat(31), "c".repeat(100));
        let lines = format!("{} {}\n{}\n", "a".repeat(40), "è".repeat(31), "c".repeat(100));
        assert_eq!(wrapped(&text, ""), lines);
        assert_eq!(wrapped(&format!("x{text}"), "").lines().count(), 3);
        assert_eq!(wrapped("", "> "), ">\n");
    }
}
