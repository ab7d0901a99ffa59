//! The language that somebody reads: what they chose by a link, what their invitation says, what their browser says
//! (RFC 9110 §12.5.4), Italian.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;

use crate::domain::Language;

/// Who reads the answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader {
    /// `?lang=`
    chosen: Option<Language>,
    /// What the browser prefers.
    preferred: Option<Language>,
}

impl Reader {
    pub(super) fn of(parts: &Parts) -> Reader {
        let query = parts.uri.query().unwrap_or_default();
        let chosen = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "lang");
        let mut headers = parts.headers.get_all(ACCEPT_LANGUAGE).into_iter().filter_map(|value| value.to_str().ok());
        Reader {
            chosen: chosen.and_then(|(_, language)| Language::from_name(&language)),
            preferred: headers.find_map(preferred),
        }
    }

    /// The language of a page that concerns nobody.
    pub(super) fn language(self) -> Language {
        self.language_of(None)
    }

    /// The language of a page that concerns somebody who was invited in this one.
    pub(super) fn language_of(self, invited: Option<Language>) -> Language {
        self.chosen.or(invited).or(self.preferred).unwrap_or_default()
    }
}

impl<S: Sync> FromRequestParts<S> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Reader, Infallible> {
        Ok(Reader::of(parts))
    }
}

/// The one that is wanted most of those that there are; the first of several wanted alike.
fn preferred(header: &str) -> Option<Language> {
    let mut best: Option<(f32, Language)> = None;
    for range in header.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let weight: f32 = weight.map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0));
        let primary = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let Some(language) = Language::from_name(&primary) else { continue };
        if weight > best.map_or(0.0, |(most, _)| most) {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use axum::http::Request;

    use super::*;

    fn reader(target: &str, accept: Option<&str>) -> Reader {
        let mut request = Request::builder().uri(target);
        if let Some(accept) = accept {
            request = request.header(ACCEPT_LANGUAGE, accept);
        }
        Reader::of(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn the_browser_is_asked_by_weight() {
        for (accept, expected) in [
            ("it", Some(Language::Italian)),
            ("en-GB,en;q=0.9,it;q=0.8", Some(Language::English)),
            ("de-DE,de;q=0.9,IT-it;q=0.8,en;q=0.7", Some(Language::Italian)),
            ("en;q=0.3, it;q=0.7", Some(Language::Italian)),
            ("it;q=0,en;q=0.1", Some(Language::English)),
            ("it;q=x,en; q=0.1", Some(Language::English)),
            ("en;q=NaN", None),
            ("de,fr;q=0.5,*", None),
            ("item,english", None),
            ("", None),
        ] {
            assert_eq!(preferred(accept), expected, "{accept}");
        }
    }

    #[test]
    fn a_choice_goes_before_the_invitation_and_that_before_the_browser() {
        use Language::{English, Italian};
        assert_eq!(reader("/", None).language(), Italian);
        assert_eq!(reader("/", Some("en")).language(), English);
        assert_eq!(reader("/", Some("en")).language_of(Some(Italian)), Italian);
        assert_eq!(reader("/?lang=en", Some("it")).language_of(Some(Italian)), English);
        assert_eq!(reader("/?a=b&lang=it", Some("en")).language(), Italian);
        assert_eq!(reader("/?lang=de", Some("en")).language(), English);
    }
}
