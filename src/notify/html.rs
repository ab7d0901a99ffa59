//! A [`Letter`] → `text/html`: what every mail program can show. No table, no script, no picture, nothing that is fetched;
//! styles stand at their elements. Text and background keep the reader's colours, so that it is dark where theirs is.

use super::letter::{Block, Letter};

const BODY: &str = "margin:0;padding:24px 16px;\
                    font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5";
const PAGE: &str = "max-width:36em;margin:0 auto;overflow-wrap:anywhere";
const PARAGRAPH: &str = "margin:0 0 16px";
const QUOTE: &str = "margin:0 0 16px;padding:4px 16px;border-left:4px solid #7a8aa0";
const FACTS: &str = "margin:0 0 16px;padding:12px 16px;border:1px solid #7a8aa0;border-radius:6px";
const FACT: &str = "margin:0 0 8px";
const LAST_FACT: &str = "margin:0";
const BUTTON: &str = "display:inline-block;padding:12px 24px;border-radius:6px;\
                      background-color:#0b57a4;color:#ffffff;font-weight:bold;text-decoration:none";
const SMALL: &str = "margin:0 0 16px;font-size:14px";
const LIST: &str = "margin:0 0 16px;padding-left:24px";
const FOOTER: &str = "margin:24px 0 0;padding-top:12px;border-top:1px solid #7a8aa0;font-size:14px";

/// The page of a letter.
pub(super) fn render(letter: &Letter) -> String {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n</head>\n\
         <body style=\"{BODY}\">\n<div style=\"{PAGE}\">\n",
        letter.language.name(),
        escaped(&letter.subject)
    );
    page.push_str(&paragraph(PARAGRAPH, &letter.greeting));
    for block in &letter.blocks {
        page.push_str(&match block {
            Block::Paragraph(text) => paragraph(PARAGRAPH, text),
            Block::Quote(lines) => {
                let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
                format!("<blockquote style=\"{QUOTE}\">{}</blockquote>\n", lines.join("<br>\n"))
            }
            Block::Button { label, url, otherwise } => button(label, url, otherwise),
            Block::Facts(facts) => {
                let last = facts.len().saturating_sub(1);
                let fact = |(n, (name, value)): (usize, &(String, String))| {
                    let style = if n == last { LAST_FACT } else { FACT };
                    format!("<p style=\"{style}\">{}:<br>\n<strong>{}</strong></p>\n", escaped(name), escaped(value))
                };
                format!("<div style=\"{FACTS}\">\n{}</div>\n", facts.iter().enumerate().map(fact).collect::<String>())
            }
            Block::List(items) => {
                let items: String = items.iter().map(|item| format!("<li>{}</li>\n", escaped(item))).collect();
                format!("<ul style=\"{LIST}\">\n{items}</ul>\n")
            }
        });
    }
    page.push_str(&paragraph(FOOTER, &letter.footer));
    page.push_str("</div>\n</body>\n</html>\n");
    page
}

fn paragraph(style: &str, text: &str) -> String {
    format!("<p style=\"{style}\">{}</p>\n", escaped(text))
}

fn button(label: &str, url: &str, otherwise: &str) -> String {
    let (label, url, otherwise) = (escaped(label), escaped(url), escaped(otherwise));
    format!(
        "<p style=\"{PARAGRAPH}\"><a href=\"{url}\" style=\"{BUTTON}\">{label}</a></p>\n\
         <p style=\"{SMALL}\">{otherwise}<br>\n<a href=\"{url}\" style=\"color:inherit\">{url}</a></p>\n"
    )
}

/// For between tags and within quoted attributes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
