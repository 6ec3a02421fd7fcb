//! Content negotiation (RFC 9110 §12.5.1).

use actix_web::http::header::{ACCEPT, HeaderMap};

/// Smaller answers cost more to compress than to send.
const WORTH_COMPRESSING: u64 = 4 * 1024;

/// The media type to answer: the one the client weighs most, the first of `produced` on a tie;
/// `None` when it takes none of them.
pub fn choose<'a>(headers: &HeaderMap, produced: &'a [String]) -> Option<&'a str> {
    let ranges: Vec<Range> = headers
        .get_all(ACCEPT)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(Range::parse)
        .collect();
    if ranges.is_empty() {
        return produced.first().map(String::as_str);
    }
    let mut best: Option<(f32, &str)> = None;
    for media_type in produced {
        let weight = weight(&ranges, media_type);
        if weight > 0.0 && best.is_none_or(|(heaviest, _)| weight > heaviest) {
            best = Some((weight, media_type));
        }
    }
    best.map(|(_, media_type)| media_type)
}

/// Whether an answer of so many bytes is worth compressing.
pub const fn is_worth_compressing(bytes: u64) -> bool {
    bytes >= WORTH_COMPRESSING
}

/// Whether `Accept-Encoding` takes gzip.
/// Whether `Accept-Encoding` takes gzip.
pub fn takes_gzip(value: &str) -> bool {
    value.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case("gzip") || name == "*");
        named && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// The weight of the most specific range that names the type.
fn weight(ranges: &[Range], media_type: &str) -> f32 {
    let essence = media_type.split(';').next().unwrap_or(media_type).trim();
    let most_specific = ranges
        .iter()
        .filter_map(|range| Some((range.specificity(essence)?, range.weight)));
    most_specific
        .fold(
            (0, 0.0),
            |best, found| if found.0 > best.0 { found } else { best },
        )
        .1
}

struct Range {
    essence: String,
    weight: f32,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let essence = parts
            .next()
            .filter(|essence| essence.contains('/'))?
            .to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        Some(Self {
            essence,
            weight: weight.map_or(Some(1.0), |weight| weight.parse().ok())?,
        })
    }

    fn specificity(&self, essence: &str) -> Option<u8> {
        // A media type the operation cannot know beforehand is taken to be the one asked for.
        if self.essence == essence || essence == "*/*" {
            return Some(3);
        }
        if self.essence == "*/*" {
            return Some(1);
        }
        let kind = self.essence.strip_suffix("/*")?;
        essence.strip_prefix(kind)?.starts_with('/').then_some(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn chosen(accept: &'static str) -> Option<String> {
        let produced = ["application/json".to_owned(), "text/csv".to_owned()];
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        choose(&headers, &produced).map(str::to_owned)
    }

    #[test]
    fn the_heaviest_acceptable_form_is_chosen() {
        assert_eq!(chosen("*/*").as_deref(), Some("application/json"));
        assert_eq!(chosen("text/csv").as_deref(), Some("text/csv"));
        assert_eq!(
            chosen("text/*, application/json;q=0.5").as_deref(),
            Some("text/csv")
        );
        assert_eq!(
            chosen("application/json;q=0, */*").as_deref(),
            Some("text/csv")
        );
        assert_eq!(chosen("text/html"), None);
    }
}
