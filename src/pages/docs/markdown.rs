//! Markdown as HTML: that of the repository and of the document, where no HTML is taken as such.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use crate::reference::fold;

/// A text as it is shown.
#[derive(Debug)]
pub struct Rendered {
    /// The words of its first heading.
    pub title: String,
    /// What follows it, as HTML.
    pub body: String,
    /// The headings of its sections.
    pub sections: Vec<Section>,
}

/// A heading of the second level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its anchor.
    pub id: String,
    /// Its words.
    pub title: String,
}

/// A heading where it was found.
struct Heading {
    from: usize,
    to: usize,
    level: HeadingLevel,
    section: Section,
}

/// A page, whose first heading is its title.
pub fn page(text: &str) -> Rendered {
    let mut events = read(text);
    let headings = headings(&events);
    for heading in &headings {
        if let Some(Event::Start(Tag::Heading { id, .. })) = events.get_mut(heading.from) {
            *id = Some(CowStr::from(heading.section.id.clone()));
        }
    }
    let first = headings.first().filter(|one| one.level == HeadingLevel::H1);
    let rest = events.split_off(first.map_or(0, |one| one.to + 1).min(events.len()));
    let sections = headings
        .iter()
        .filter(|heading| heading.level == HeadingLevel::H2);
    Rendered {
        title: first.map_or_else(String::new, |one| one.section.title.clone()),
        body: written(rest),
        sections: sections.map(|heading| heading.section.clone()).collect(),
    }
}

/// A few paragraphs, such as the description of an operation.
pub fn fragment(text: &str) -> String {
    written(read(text))
}

/// Its words alone, for a line of a list.
pub fn words(text: &str) -> String {
    let said = read(text).into_iter().filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text.into_string()),
        Event::SoftBreak | Event::HardBreak => Some(" ".to_owned()),
        _ => None,
    });
    said.collect()
}

fn read(text: &str) -> Vec<Event<'_>> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_SMART_PUNCTUATION;
    Parser::new_ext(text, options).map(plain).collect()
}

/// What is HTML is shown as it is written; a link to another guide goes to its page.
fn plain(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) => Event::Start(Tag::Link {
            link_type,
            dest_url: address(dest_url),
            title,
            id,
        }),
        other => other,
    }
}

/// `portail.md#envoyer` is `portail#envoyer`, both where the files stand and where they are served.
fn address(url: CowStr<'_>) -> CowStr<'_> {
    if url.contains("://") {
        return url;
    }
    match url.split_once(".md") {
        Some((file, anchor)) => CowStr::from(format!("/docs/{file}{anchor}")),
        None => url,
    }
}

fn headings(events: &[Event<'_>]) -> Vec<Heading> {
    let mut found: Vec<Heading> = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (at, event) in events.iter().enumerate() {
        match (event, &mut open) {
            (Event::Start(Tag::Heading { .. }), _) => open = Some((at, String::new())),
            (Event::Text(text) | Event::Code(text), Some((_, words))) => words.push_str(text),
            (Event::End(TagEnd::Heading(level)), Some((from, words))) => {
                let id = anchor(words, &found);
                let section = Section {
                    id,
                    title: std::mem::take(words),
                };
                found.push(Heading {
                    from: *from,
                    to: at,
                    level: *level,
                    section,
                });
                open = None;
            }
            _ => {}
        }
    }
    found
}

/// The words of a heading as an anchor, unlike those before it.
fn anchor(words: &str, others: &[Heading]) -> String {
    let folded = fold(words);
    let parts = folded.split(|c: char| !c.is_ascii_alphanumeric());
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let plain = parts.join("-");
    let same = others
        .iter()
        .filter(|other| {
            other
                .section
                .id
                .trim_end_matches(|c: char| c == '-' || c.is_ascii_digit())
                == plain
        })
        .count();
    match same {
        0 => plain,
        more => format!("{plain}-{}", more + 1),
    }
}

/// As HTML. What is wider than a screen scrolls by itself, with the keyboard too.
fn written(events: Vec<Event<'_>>) -> String {
    let mut body = String::new();
    html::push_html(&mut body, events.into_iter());
    body.replace("<pre><code", "<pre tabindex=\"0\"><code")
        .replace("<table>", "<div class=\"scroll\" tabindex=\"0\"><table>")
        .replace("</table>", "</table></div>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_heading_is_the_title_and_the_second_ones_are_sections() {
        let page =
            page("# Un *titre*\n\nDu texte.\n\n## Où écrire ?\n\n## Où écrire ?\n\n### Ici\n");
        assert_eq!(page.title, "Un titre");
        let ids: Vec<&str> = page.sections.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids, ["ou-ecrire", "ou-ecrire-2"]);
        assert!(page.body.starts_with("<p>Du texte.</p>"), "{}", page.body);
        assert!(
            page.body.contains("<h2 id=\"ou-ecrire-2\">"),
            "{}",
            page.body
        );
    }

    #[test]
    fn no_html_is_taken_as_such() {
        let shown = fragment("Un <script>alert(1)</script> et `<b>`.\n\n<div>\n\nfin");
        assert!(
            !shown.contains("<script>") && !shown.contains("<div>"),
            "{shown}"
        );
        assert!(shown.contains("&lt;script&gt;"), "{shown}");
    }

    #[test]
    fn links_between_guides_go_to_their_pages() {
        let shown =
            fragment("[a](portail.md#envoyer) [b](https://ree.example/x.md) [c](/problems)");
        for expected in [
            "/docs/portail#envoyer",
            "https://ree.example/x.md",
            "\"/problems\"",
        ] {
            assert!(shown.contains(expected), "{shown}");
        }
    }
}
