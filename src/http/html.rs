//! Answers that people read: a page in its frame, with what keeps it safe and how long it is fresh.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, REFERRER_POLICY, VARY,
};
use maud::Markup;

use super::answer::{Answer, FRESH, HTML};
use super::call::Call;
use crate::layout::{Frame, Spoken};

/// What a page depends on besides its address.
const DEPENDS_ON: &str = "Accept, Accept-Encoding, Accept-Language";

/// 200 with a page.
pub fn page(frame: &Frame<'_>, content: &Markup) -> Answer {
    Answer::text(HTML, frame.around(content).into_string())
        .header(CONTENT_SECURITY_POLICY, frame.policy())
        .header(CONTENT_LANGUAGE, frame.spoken.language.tag())
        .header(REFERRER_POLICY, "same-origin")
        .header(
            CACHE_CONTROL,
            &format!("public, max-age={}", FRESH.as_secs()),
        )
        .header(VARY, DEPENDS_ON)
}

/// The language that a request is answered a page in.
pub fn spoken<Q, B>(call: &Call<Q, B>) -> Spoken {
    let request = call.request();
    Spoken::of(request.query_string(), request.headers())
}

/// A file that a page needs. Its address changes with it, so that a copy may be kept for ever.
pub fn asset(content_type: &'static str, text: &'static str) -> Answer {
    Answer::text(content_type, text.to_owned())
        .header(CACHE_CONTROL, "public, max-age=31536000, immutable")
}
