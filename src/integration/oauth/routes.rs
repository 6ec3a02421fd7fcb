//! The handlers of OAuth.

use actix_web::http::header::{CACHE_CONTROL, PRAGMA};
use actix_web::{HttpResponse, get, post};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::refusal::{Kind, Refusal};
use super::token_request::Form;
use super::workflow::{self, Issued};
use crate::error::Result;
use crate::error::oauth::OAuthError;
use crate::http::answer::Answer;
use crate::http::call::Call;

const TAG: &str = "Clients";

/// How long the keys and the metadata may be kept: a new key is known to all within that time.
const CACHEABLE: &str = "public, max-age=300";

/// La demande d'un jeton (RFC 6749 §4.4).
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by oauth::form; here for the document")]
pub struct TokenRequest {
    /// `client_credentials`.
    #[schema(example = "client_credentials")]
    grant_type: String,
    /// Portées voulues ; absentes : toutes celles du client.
    #[schema(example = "read")]
    scope: Option<String>,
    /// Identifiant du client, s'il ne s'authentifie pas par `Basic`.
    client_id: Option<String>,
    /// Secret du client, s'il ne s'authentifie pas par `Basic`.
    client_secret: Option<String>,
}

/// La révocation d'un jeton (RFC 7009).
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by oauth::form; here for the document")]
pub struct RevocationRequest {
    /// Le jeton.
    token: String,
    /// Son type ; il n'y en a qu'un.
    #[schema(example = "access_token")]
    token_type_hint: Option<String>,
    /// Identifiant du client, s'il ne s'authentifie pas par `Basic`.
    client_id: Option<String>,
    /// Secret du client, s'il ne s'authentifie pas par `Basic`.
    client_secret: Option<String>,
}

/// Un jeton (RFC 6749 §5.1).
#[derive(Serialize, ToSchema)]
pub struct TokenAnswer {
    /// Le jeton, à envoyer dans `Authorization: Bearer`.
    #[schema(example = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSJ9…")]
    access_token: String,
    /// `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Sa durée, en secondes.
    #[schema(example = 900)]
    expires_in: i64,
    /// Ce qu'il permet.
    #[schema(example = "read")]
    scope: &'static str,
}

impl From<Issued> for TokenAnswer {
    fn from(issued: Issued) -> Self {
        let scope = issued.scope.as_str();
        Self {
            access_token: issued.token,
            token_type: "Bearer",
            expires_in: issued.expires_in,
            scope,
        }
    }
}

/// Ce qu'une bibliothèque OAuth doit savoir du service (RFC 8414 §2).
#[derive(Serialize, ToSchema)]
pub struct AuthorizationServer {
    /// L'émetteur des jetons, leur `iss`.
    #[schema(example = "https://ree.exemple.fr")]
    issuer: String,
    /// Où demander un jeton.
    #[schema(example = "https://ree.exemple.fr/oauth2/token")]
    token_endpoint: String,
    /// Où révoquer un jeton.
    #[schema(example = "https://ree.exemple.fr/oauth2/revoke")]
    revocation_endpoint: String,
    /// Les clés qui vérifient les jetons.
    #[schema(example = "https://ree.exemple.fr/.well-known/jwks.json")]
    jwks_uri: String,
    /// La documentation.
    #[schema(example = "https://ree.exemple.fr/docs/")]
    service_documentation: String,
    /// Les portées.
    #[schema(example = json!(["read", "write"]))]
    scopes_supported: [&'static str; 2],
    /// Aucun : il n'y a pas d'autorisation par un navigateur.
    #[schema(example = json!([]))]
    response_types_supported: [&'static str; 0],
    /// `client_credentials`.
    #[schema(example = json!(["client_credentials"]))]
    grant_types_supported: [&'static str; 1],
    /// Comment un client s'authentifie pour demander un jeton.
    #[schema(example = json!(["client_secret_basic", "client_secret_post"]))]
    token_endpoint_auth_methods_supported: [&'static str; 2],
    /// Comment un client s'authentifie pour révoquer un jeton.
    #[schema(example = json!(["client_secret_basic", "client_secret_post"]))]
    revocation_endpoint_auth_methods_supported: [&'static str; 2],
}

impl AuthorizationServer {
    fn at(issuer: &str) -> Self {
        const METHODS: [&str; 2] = ["client_secret_basic", "client_secret_post"];
        Self {
            issuer: issuer.to_owned(),
            token_endpoint: format!("{issuer}/oauth2/token"),
            revocation_endpoint: format!("{issuer}/oauth2/revoke"),
            jwks_uri: format!("{issuer}/.well-known/jwks.json"),
            service_documentation: format!("{issuer}/docs/"),
            scopes_supported: ["read", "write"],
            response_types_supported: [],
            grant_types_supported: ["client_credentials"],
            token_endpoint_auth_methods_supported: METHODS,
            revocation_endpoint_auth_methods_supported: METHODS,
        }
    }
}

/// Obtention d'un jeton
///
/// `client_credentials` (RFC 6749 §4.4). Le client s'authentifie par `Basic` ou dans le corps, pas
/// les deux. Le jeton vit 15 minutes ; `scope` peut le restreindre. Les erreurs ont la forme
/// d'OAuth (RFC 6749 §5.2).
#[utoipa::path(
    tag = TAG,
    security(("client" = []), ()),
    request_body(
        content = TokenRequest, content_type = "application/x-www-form-urlencoded",
        example = json!({"grant_type": "client_credentials", "scope": "read"})
    ),
    responses(
        (status = 200, description = "Un jeton", body = TokenAnswer),
        (status = 400, description = "Demande refusée", body = OAuthError),
        (status = 401, description = "Client non reconnu", body = OAuthError),
        (status = 408, description = "La demande a mis trop de temps à arriver", body = OAuthError),
        (status = 413, description = "Demande trop volumineuse", body = OAuthError),
        (status = 414, description = "Adresse trop longue", body = OAuthError),
        (status = 429, description = "Trop de demandes, ou trop d'échecs", body = OAuthError),
        (status = 431, description = "En-têtes trop longs", body = OAuthError),
        (status = 500, description = "Erreur interne", body = OAuthError),
        (status = 503, description = "La base de données ne répond pas", body = OAuthError)
    )
)]
#[post("/oauth2/token")]
pub async fn issue_token(call: Call) -> Result<HttpResponse> {
    match token(&call).await {
        Ok(issued) => Ok(unkept().json(TokenAnswer::from(issued))),
        Err(refusal) => refusal.answer(),
    }
}

async fn token(call: &Call) -> Result<Issued, Refusal> {
    let form = Form::read(&call.admitted.raw)?;
    let grant = form
        .get("grant_type")
        .ok_or_else(|| Refusal::new(Kind::InvalidRequest, "The grant_type is missing."))?;
    if grant != "client_credentials" {
        return Err(Refusal::new(
            Kind::UnsupportedGrantType,
            "The only grant_type is client_credentials.",
        ));
    }
    let credentials = form.credentials(call.request().headers())?;
    workflow::issue(&call.app, &form, &credentials, &call.admitted.who).await
}

/// Révocation d'un jeton
///
/// RFC 7009. Un client révoque ses propres jetons ; un jeton inconnu ou expiré est déjà sans effet,
/// et la réponse est la même. Effet en 5 secondes au plus.
#[utoipa::path(
    tag = TAG,
    security(("client" = []), ()),
    request_body(
        content = RevocationRequest, content_type = "application/x-www-form-urlencoded",
        example = json!({"token": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSJ9", "token_type_hint": "access_token"})
    ),
    responses(
        (status = 200, description = "Le jeton n'est plus accepté"),
        (status = 400, description = "Demande refusée", body = OAuthError),
        (status = 401, description = "Client non reconnu", body = OAuthError),
        (status = 408, description = "La demande a mis trop de temps à arriver", body = OAuthError),
        (status = 413, description = "Demande trop volumineuse", body = OAuthError),
        (status = 414, description = "Adresse trop longue", body = OAuthError),
        (status = 429, description = "Trop de demandes, ou trop d'échecs", body = OAuthError),
        (status = 431, description = "En-têtes trop longs", body = OAuthError),
        (status = 500, description = "Erreur interne", body = OAuthError),
        (status = 503, description = "La base de données ne répond pas", body = OAuthError)
    )
)]
#[post("/oauth2/revoke")]
pub async fn revoke_token(call: Call) -> Result<HttpResponse> {
    match revocation(&call).await {
        Ok(()) => Ok(unkept().finish()),
        Err(refusal) => refusal.answer(),
    }
}

async fn revocation(call: &Call) -> Result<(), Refusal> {
    let form = Form::read(&call.admitted.raw)?;
    let credentials = form.credentials(call.request().headers())?;
    workflow::revoke(&call.app, &form, &credentials, &call.admitted.who).await
}

/// 200, for one reader and no cache (RFC 6749 §5.1).
fn unkept() -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((PRAGMA, "no-cache"));
    response
}

/// Les clés publiques
///
/// Celles qui vérifient la signature des jetons (RFC 7517) : la première signe, les autres signeront ou ont
/// signé. Une clé est publiée avant de signer.
#[utoipa::path(tag = TAG, responses((status = 200, description = "Les clés", body = Object, example = json!({
    "keys": [{ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "2026-09-01", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }]
}))))]
#[get("/.well-known/jwks.json")]
pub async fn get_jwks(call: Call) -> Result<Answer> {
    let keys: Value = call.app.authenticator.tokens().keys().jwks();
    Ok(Answer::digested(&keys)?.header(CACHE_CONTROL, CACHEABLE))
}

/// Le serveur d'autorisation
///
/// Ce qu'une bibliothèque OAuth doit savoir du service (RFC 8414).
#[utoipa::path(tag = TAG, responses((status = 200, description = "Ses adresses et ce qu'il sait faire", body = AuthorizationServer)))]
#[get("/.well-known/oauth-authorization-server")]
pub async fn get_authorization_server(call: Call) -> Result<Answer> {
    let server = AuthorizationServer::at(call.app.authenticator.tokens().issuer());
    Ok(Answer::digested(&server)?.header(CACHE_CONTROL, CACHEABLE))
}
