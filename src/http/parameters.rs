//! The parameters that many operations document; the gate and the lists read them.

use utoipa::IntoParams;

/// La page demandée d'une liste.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by http::page; here for the document")]
pub struct PageParameters {
    /// Nombre d'éléments par page, de 1 à 200.
    #[param(minimum = 1, maximum = 200, default = 50, example = 50)]
    limit: Option<i64>,
    /// Le `next_cursor` de la page précédente, avec les mêmes filtres.
    cursor: Option<String>,
    /// Écriture du CSV : `standard` (RFC 4180) ou `excel-fr` (point-virgule, BOM, virgule décimale).
    #[param(example = "standard")]
    dialect: Option<String>,
}

/// La clé d'idempotence d'une création ou d'une étape.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "read by http::gate; here for the document")]
pub struct IdempotencyKey {
    /// Une clé de votre choix : la même requête répétée reçoit la première réponse, et rien n'est refait.
    #[param(rename = "Idempotency-Key", max_length = 255)]
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
