//! Tables for spreadsheets: comma-separated values (RFC 4180), each cell in quotes.
//!
//! What people and programs have written is in the cells, and spreadsheets take some texts for formulas (OWASP, "CSV
//! injection"). Where a formula could begin – at the start of a cell, and behind whatever some spreadsheet takes for the
//! end of one – an apostrophe stands before it. No cell breaks a line.

/// One line, with its CRLF.
pub fn csv_line<T: AsRef<str>>(cells: &[T]) -> String {
    let mut line = String::new();
    for (place, text) in cells.iter().enumerate() {
        if place > 0 {
            line.push(',');
        }
        line.push('"');
        cell(text.as_ref(), &mut line);
        line.push('"');
    }
    line + "\r\n"
}

fn cell(text: &str, line: &mut String) {
    let mut begins = true;
    for c in text.chars() {
        // Line ends and tabs begin cells, too; and what turns the direction of writing shows another text than is there.
        let turns = matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let c = if c.is_control() || turns { ' ' } else { c };
        if begins && matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') {
            line.push('\'');
        }
        // Italian spreadsheets part cells by semicolons.
        begins = matches!(c, ',' | ';' | '"') || begins && c.is_whitespace();
        if c == '"' {
            line.push('"');
        }
        line.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_as_rfc_4180_says() {
        assert_eq!(csv_line(&["a", "b \"c\" d", "e,f", ""]), "\"a\",\"b \"\"c\"\" d\",\"e,f\",\"\"\r\n");
        assert_eq!(csv_line(&["a\r\nb\tc\u{202e}d\u{2028}"]), "\"a  b c d \"\r\n");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for (text, shown) in [
            ("=1+1", "'=1+1"),
            ("+39 055", "'+39 055"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", " '=1"),
            ("\r=1", " '=1"),
            ("  =1", "  '=1"),
            ("＝1", "'＝1"),
            ("a;=1", "a;'=1"),
            ("a,=1", "a,'=1"),
            ("a\";=1", "a\"\";'=1"),
            ("a;\"=1", "a;\"\"'=1"),
            ("a\"=1", "a\"\"'=1"),
            ("a=1", "a=1"),
            ("Re: a-b", "Re: a-b"),
            ("anna@pec.example.it", "anna@pec.example.it"),
        ] {
            assert_eq!(csv_line(&[text]), format!("\"{shown}\"\r\n"), "{text}");
        }
    }
}
