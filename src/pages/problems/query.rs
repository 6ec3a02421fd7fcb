//! What a page of errors is asked for.

use crate::http::query::{Parameter, Query, Reader, parameter};
use crate::language::Language;

/// In which language, where its address says so: a link cannot carry a header.
#[derive(Debug, Clone, Copy)]
pub struct Tongue(pub Option<Language>);

impl Query for Tongue {
    const PARAMETERS: &'static [Parameter] = &[parameter(
        "lang",
        "Langue de la réponse, `fr` ou `en` ; à défaut celle de `Accept-Language`",
        "en",
    )];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self(reader.language())
    }
}
