//! What people read, in mails and on pages, in Italian and English: the messages of `LANGUAGE/*.ftl`, in Fluent's syntax.
//!
//! A message that every part shares begins with `word-`, those of mails with `mail-`, those of pages with `page-`; the
//! tests hold both languages to the same messages and variables, and the sources to the messages. What is put into a
//! message is text and stays so: it is never read as Fluent, and whoever shows the result escapes it for where it stands.

mod csv;
mod names;
mod qr;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};

pub use csv::csv_line;
pub use names::{
    date, date_time, day_ms, granted, list, permission, protocol, protocols, scope, size, sortable_time, state,
};
pub use qr::Qr;

use crate::domain::Language;

type Bundle = FluentBundle<FluentResource>;

static ITALIAN: LazyLock<Bundle> = LazyLock::new(|| bundle("it", sources(Language::Italian)));
static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle("en", sources(Language::English)));

/// The message of that name, with what it has to be told. One that does not exist, which the tests rule out, shows its
/// name in brackets.
pub fn text(language: Language, id: &str, args: &[(&str, &str)]) -> String {
    format(language, id, args.iter().copied().collect())
}

/// A message that depends on a number: its variable `$count`.
pub fn counted(language: Language, id: &str, count: u32, args: &[(&str, &str)]) -> String {
    let mut args: FluentArgs<'_> = args.iter().copied().collect();
    args.set("count", count);
    format(language, id, args)
}

fn format(language: Language, id: &str, args: FluentArgs<'_>) -> String {
    let bundle = match language {
        Language::Italian => &ITALIAN,
        Language::English => &ENGLISH,
    };
    let pattern = bundle.get_message(id).and_then(|message| message.value());
    pattern.map_or_else(
        || format!("[{id}]"),
        |pattern| bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned(),
    )
}

fn sources(language: Language) -> [&'static str; 8] {
    match language {
        Language::Italian => [
            include_str!("it/word.ftl"),
            include_str!("it/mail.ftl"),
            include_str!("it/pages.ftl"),
            include_str!("it/panel.ftl"),
            include_str!("it/delegates.ftl"),
            include_str!("it/records.ftl"),
            include_str!("it/setup.ftl"),
            include_str!("it/account.ftl"),
        ],
        Language::English => [
            include_str!("en/word.ftl"),
            include_str!("en/mail.ftl"),
            include_str!("en/pages.ftl"),
            include_str!("en/panel.ftl"),
            include_str!("en/delegates.ftl"),
            include_str!("en/records.ftl"),
            include_str!("en/setup.ftl"),
            include_str!("en/account.ftl"),
        ],
    }
}

fn bundle(language: &str, sources: impl IntoIterator<Item = &'static str>) -> Bundle {
    let mut bundle = FluentBundle::new_concurrent(language.parse().into_iter().collect());
    // The marks that would keep right-to-left words apart are signs that mail programs show, and addresses carry along.
    bundle.set_use_isolating(false);
    for source in sources {
        // What can be read of a source that has a fault is used; the tests allow none.
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(readable, _)| readable);
        let _ = bundle.add_resource(resource);
    }
    bundle
}
