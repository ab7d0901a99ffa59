//! Characters that are no text, though they stand in one: a terminal or a mail program obeys them, or they show what stands
//! around them as something else (UAX #9, Unicode Technical Report #36 §3).

/// Whether a character of a text that somebody typed is such a one: a control character, a separator of lines or of
/// paragraphs, one that turns the direction of text (Unicode's `Bidi_Control`), or the byte order mark, which is not seen.
pub fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}')
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || c == '\u{feff}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_text_and_what_is_obeyed_is_not() {
        for c in ['a', ' ', 'è', '日', 'א', '\u{301}', '\u{200d}', '\u{2027}', '\u{202f}', '\u{2065}', '\u{206a}'] {
            assert!(!deceives(c), "{c:?}");
        }
        // PropList.txt of Unicode has these twelve as Bidi_Control.
        let turns = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
        assert_eq!(turns.chars().count(), 12);
        for c in turns.chars().chain("\0\t\n\r\u{1b}\u{7f}\u{80}\u{85}\u{9b}\u{2028}\u{2029}\u{feff}".chars()) {
            assert!(deceives(c), "{c:?}");
        }
    }
}
