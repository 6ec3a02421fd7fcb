//! OAuth 2.0 for machine clients: how a secret becomes a token, how a token ends early, and what
//! a client library needs to find both.
//!
//! | file | what it contains |
//! | --- | --- |
//! | [`token_request`] | a request, parsed: its parameters and the client's credentials (RFC 6749 §2.3, §3.2) |
//! | [`refusal`] | the errors of OAuth, which are not problem documents (RFC 6749 §5.2) |
//! | [`workflow`] | recognising the client, issuing a token, revoking one (RFC 7009) |
//! | [`routes`] | the handlers, and the metadata (RFC 8414, RFC 7517) |

pub mod refusal;
pub mod routes;
pub mod token_request;
pub mod workflow;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts them, by name: they need no token.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::issue_token)
        .service(routes::revoke_token)
        .service(routes::get_jwks)
        .service(routes::get_authorization_server);
}
