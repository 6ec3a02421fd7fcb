//! No two types may share the name of a schema: the document would describe one of them as the other,
//! and so would every client made of it.

use std::cell::RefCell;
use std::rc::Rc;

use actix_web::dev::{AppService, HttpServiceFactory};
use utoipa::openapi::path::Paths;
use utoipa::openapi::{RefOr, schema::Schema};
use utoipa_actix_web::OpenApiFactory;

/// Schemas as types hand them in, one name as often as it is given.
type Given = Vec<(String, RefOr<Schema>)>;

/// Keeps what the services mounted before it handed in: the document itself has room for one schema a
/// name, and keeps the last. It serves nothing.
#[derive(Default, Clone)]
pub struct Collected(Rc<RefCell<Given>>);

impl OpenApiFactory for Collected {
    fn paths(&self) -> Paths {
        Paths::new()
    }

    fn schemas(&self, schemas: &mut Given) {
        self.0.borrow_mut().clone_from(schemas);
    }
}

impl HttpServiceFactory for Collected {
    fn register(self, _: &mut AppService) {}
}

impl Collected {
    /// The names that stand for more than one schema.
    pub fn shared_names(&self) -> Vec<String> {
        let given = self.0.borrow();
        let mut shared: Vec<String> = given
            .iter()
            .filter(|(name, schema)| given.iter().any(|(n, s)| n == name && s != schema))
            .map(|(name, _)| name.clone())
            .collect();
        shared.sort_unstable();
        shared.dedup();
        shared
    }
}

#[cfg(test)]
mod tests {
    use actix_web::get;
    use utoipa::ToSchema;
    use utoipa_actix_web::AppExt;
    use utoipa_actix_web::service_config::ServiceConfig;

    use super::*;

    fn collected(mount: fn(&mut ServiceConfig<'_>)) -> Collected {
        let collected = Collected::default();
        let last = collected.clone();
        let _ = actix_web::App::new()
            .into_utoipa_app()
            .configure(|config| {
                mount(config);
                config.service(last);
            })
            .split_for_parts();
        collected
    }

    #[test]
    fn no_two_schemas_share_a_name() {
        let collected = collected(crate::routes::mount);
        assert!(collected.0.borrow().len() > 200, "what is mounted is seen");
        assert_eq!(collected.shared_names(), [""; 0]);
    }

    mod changed {
        /// What is told.
        #[derive(serde::Serialize, utoipa::ToSchema)]
        pub struct Change {
            told: String,
        }
    }

    /// What is changed.
    #[derive(serde::Serialize, ToSchema)]
    struct Change {
        op: String,
    }

    #[utoipa::path(responses((status = 200, body = changed::Change)))]
    #[get("/told")]
    async fn told() -> &'static str {
        ""
    }

    #[utoipa::path(responses((status = 200, body = Vec<Change>)))]
    #[get("/changed")]
    async fn changes() -> &'static str {
        ""
    }

    #[test]
    fn two_types_of_one_name_are_found_whichever_of_them_the_document_keeps() {
        let both = collected(|config| {
            config.service(told).service(changes);
        });
        assert_eq!(both.shared_names(), ["Change"]);
        let one = collected(|config| {
            config.service(told).service(told);
        });
        assert_eq!(one.shared_names(), [""; 0]);
    }
}
