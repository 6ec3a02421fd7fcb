//! The parameters that many operations document; the gate and the lists read them.

use utoipa::IntoParams;

/// La clé d'idempotence d'une création ou d'une étape.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "read by http::gate; here for the document")]
pub struct IdempotencyKey {
    /// Une clé de votre choix : la même requête répétée reçoit la première réponse, et rien n'est refait.
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 255,
        pattern = "^[!-~]([\\t -~]*[!-~])?$"
    )]
    idempotency_key: Option<String>,
}

/// La version que la modification suppose.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "read by http::gate; here for the document")]
pub struct RequiredIfMatch {
    /// L'`ETag` lu, ou `*` pour y renoncer.
    #[param(rename = "If-Match", example = "*")]
    if_match: String,
}

/// La version que l'étape suppose, si on y tient.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "read by http::gate; here for the document")]
pub struct OptionalIfMatch {
    /// L'`ETag` lu.
    #[param(rename = "If-Match")]
    if_match: Option<String>,
}

/// Ce que l'écriture suppose absent, si on y tient.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "read by http::gate; here for the document")]
pub struct OptionalIfNoneMatch {
    /// `*` : seulement si l'objet n'existe pas encore.
    #[param(rename = "If-None-Match")]
    if_none_match: Option<String>,
}

/// L'écriture après laquelle lire.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "read by http::gate; here for the document")]
pub struct ReadAfter {
    /// Le `Ree-Position` qu'une écriture a répondu : ce qui est lu la comprend.
    #[param(
        rename = "Ree-Position",
        pattern = "^[1-9a-f][0-9a-f]{0,7}-(0|[1-9a-f][0-9a-f]{0,15})$",
        example = "1-16b3748"
    )]
    position: Option<String>,
}
