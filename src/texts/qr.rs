//! QR codes (ISO/IEC 18004), for a phone that reads what people would have to type: as SVG for a page, and as characters
//! for a terminal. Dark on a light ground of their own, with the quiet zone that readers need (§9.1: four modules), so that
//! it does not matter what is around them.
//!
//! What they say is a secret as often as not, and so is the picture.

use std::fmt::Write as _;

use qrcodegen::{QrCode, QrCodeEcc};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// How wide the light edge is, in modules.
const QUIET: i32 = 4;

/// A QR code.
pub struct Qr(QrCode);

impl Qr {
    /// That of a text; none of one that is too long for any.
    pub fn of(text: &SecretString) -> Option<Qr> {
        // A screen is not torn or stained: the lowest level gives the largest modules, and is raised where that costs none.
        QrCode::encode_text(text.expose_secret(), QrCodeEcc::Low).ok().map(Qr)
    }

    /// As an SVG element for a page, of no fixed size, in two fixed colours. `label` is what those hear who do not see it.
    pub fn svg(&self, label: &str) -> SecretString {
        let side = self.0.size() + 2 * QUIET;
        let mut svg = Zeroizing::new(String::with_capacity(32 * 1024));
        // What is written to a String does not fail.
        let _ = write!(
            svg,
            "<svg role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"#000\" d=\"",
            escaped(label)
        );
        for y in 0..self.0.size() {
            let mut x = 0;
            while x < self.0.size() {
                let run = (x..self.0.size()).take_while(|x| self.0.get_module(*x, y)).count();
                if run > 0 {
                    let _ = write!(svg, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET);
                }
                x += i32::try_from(run).unwrap_or(i32::MAX).saturating_add(1);
            }
        }
        svg.push_str("\"/></svg>");
        svg.as_str().into()
    }

    /// As lines for a terminal, two rows of modules in each, in two fixed colours (ECMA-48 SGR).
    pub fn terminal(&self) -> SecretString {
        let mut lines = Zeroizing::new(String::with_capacity(32 * 1024));
        for y in (-QUIET..self.0.size() + QUIET).step_by(2) {
            lines.push_str("\u{1b}[30;107m");
            for x in -QUIET..self.0.size() + QUIET {
                // Outside of the code all modules are light.
                lines.push(match (self.0.get_module(x, y), self.0.get_module(x, y + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            lines.push_str("\u{1b}[0m\n");
        }
        lines.as_str().into()
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const URI: &str =
        "otpauth://totp/delega:anna%2Fufficio%40pec.example.it?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=delega";

    /// Which modules are dark, by the lines for a terminal.
    fn by_terminal(lines: &str) -> Vec<Vec<bool>> {
        let mut rows = Vec::new();
        for line in lines.lines() {
            let drawn = line.strip_prefix("\u{1b}[30;107m").unwrap().strip_suffix("\u{1b}[0m").unwrap();
            rows.push(drawn.chars().map(|c| matches!(c, '█' | '▀')).collect());
            rows.push(drawn.chars().map(|c| matches!(c, '█' | '▄')).collect());
        }
        rows
    }

    /// The same by the SVG's path of dark runs.
    fn by_svg(svg: &str, side: usize) -> Vec<Vec<bool>> {
        let mut rows = vec![vec![false; side]; side];
        let path = svg.rsplit_once("d=\"").unwrap().1.split('"').next().unwrap();
        for run in path.split_terminator('z') {
            let (x, rest) = run.strip_prefix('M').unwrap().split_once(' ').unwrap();
            let (y, rest) = rest.split_once('h').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            let run: usize = rest.split('v').next().unwrap().parse().unwrap();
            rows[y][x..x + run].fill(true);
        }
        rows
    }

    #[test]
    fn both_drawings_are_of_one_code_with_a_quiet_zone() {
        let qr = Qr::of(&URI.to_owned().into()).unwrap();
        let (svg, lines) = (qr.svg("x"), qr.terminal());
        let mut rows = by_terminal(lines.expose_secret());
        let side = rows[0].len();
        // Of an odd number of rows the last line has one to spare, which is light.
        assert!(rows.len() == side + 1 && rows.pop().unwrap().iter().all(|dark| !dark));
        assert!(svg.expose_secret().contains(&format!("viewBox=\"0 0 {side} {side}\"")));
        assert_eq!(rows, by_svg(svg.expose_secret(), side));
        let edge = |n: usize| n < 4 || n >= side - 4;
        for (y, row) in rows.iter().enumerate() {
            assert!(row.iter().enumerate().all(|(x, dark)| !dark || !(edge(x) || edge(y))), "row {y}");
        }
        // The finder patterns: seven dark modules at three corners (§6.3.3).
        for (x, y) in [(4, 4), (side - 11, 4), (4, side - 11)] {
            assert!(rows[y][x..x + 7].iter().all(|dark| *dark));
        }
    }

    #[test]
    fn an_svg_is_whole_and_loads_nothing() {
        let svg = Qr::of(&URI.to_owned().into()).unwrap().svg("Codice \"QR\" <b>&");
        let svg = svg.expose_secret();
        assert!(svg.starts_with("<svg role=\"img\" aria-label=\"Codice &quot;QR&quot; &lt;b>&amp;\" "), "{svg}");
        assert!(!svg.contains("http") && !svg.contains("script") && !svg.contains("href") && !svg.contains("style"));
        assert!(!svg.contains("secret"), "it says so by its modules alone");
    }

    #[test]
    fn what_is_too_long_has_no_code() {
        assert!(Qr::of(&"x".repeat(2953).into()).is_some());
        assert!(Qr::of(&"x".repeat(2954).into()).is_none());
    }
}
