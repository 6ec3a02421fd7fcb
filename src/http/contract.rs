//! The OpenAPI document as the gate reads it: which methods a path has, which media types an
//! operation takes and answers, whether it needs `If-Match`. What is documented is what is
//! enforced, and what is not documented does not exist.

use std::collections::HashMap;

use actix_web::http::Method;
use utoipa::openapi::path::{Operation as Documented, ParameterIn, PathItem};
use utoipa::openapi::{OpenApi, RefOr, Required};

use super::formats::Form;

/// One operation of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its id, also its line of the access table.
    pub id: String,
    /// The media types it can answer, the preferred one first.
    pub produces: Vec<String>,
    /// The media types it takes; none when it takes no body.
    pub consumes: Vec<String>,
    /// Whether it refuses to work without a body.
    pub needs_body: bool,
    /// Whether it refuses to work without `If-Match`.
    pub needs_if_match: bool,
    /// Whether it answers without a token.
    pub public: bool,
    /// Whether the form of the answer can be asked for in its address.
    pub takes_format: bool,
    /// The parameter that carries a cursor, if it has one.
    pub cursor: Option<&'static str>,
}

impl Operation {
    /// Whether it takes tables that people fill in: it reads them itself, by the columns it knows.
    pub fn takes_tables(&self) -> bool {
        let xlsx = Form::Xlsx.media_type();
        self.consumes.iter().any(|media_type| media_type == xlsx)
    }
}

/// Every operation, by path template and method.
#[derive(Debug, Default)]
pub struct Contract {
    paths: HashMap<String, HashMap<Method, Operation>>,
}

impl Contract {
    /// Reads the document.
    pub fn of(document: &OpenApi) -> Self {
        let paths = document.paths.paths.iter();
        Self {
            paths: paths
                .map(|(path, item)| (path.clone(), operations(path, item)))
                .collect(),
        }
    }

    /// The operations of a path template.
    pub fn path(&self, template: &str) -> Option<&HashMap<Method, Operation>> {
        self.paths.get(template)
    }
}

/// The value of `Allow` for a path: what it documents, and what the service adds to it.
pub fn allow(operations: &HashMap<Method, Operation>) -> String {
    let mut methods: Vec<&str> = operations.keys().map(Method::as_str).collect();
    if operations.contains_key(&Method::GET) {
        methods.push("HEAD");
    }
    methods.push("OPTIONS");
    methods.sort_unstable();
    methods.join(", ")
}

fn operations(path: &str, item: &PathItem) -> HashMap<Method, Operation> {
    let documented = [
        (Method::GET, &item.get),
        (Method::POST, &item.post),
        (Method::PUT, &item.put),
        (Method::PATCH, &item.patch),
        (Method::DELETE, &item.delete),
    ];
    let found = documented
        .into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_ref()?)));
    found
        .map(|(method, operation)| (method, read(path, operation)))
        .collect()
}

fn read(path: &str, operation: &Documented) -> Operation {
    let parameters = operation.parameters.iter().flatten().filter_map(written);
    let named = |name: &str| parameters.clone().any(|parameter| parameter.name == name);
    let needs_if_match = parameters.clone().any(|parameter| {
        parameter.name == "If-Match"
            && parameter.parameter_in == ParameterIn::Header
            && parameter.required == Required::True
    });
    let body = operation.request_body.as_ref().and_then(written);
    let cursor = ["cursor", "after"].into_iter().find(|name| named(name));
    Operation {
        id: operation.operation_id.clone().unwrap_or_default(),
        produces: produced(operation),
        consumes: body
            .iter()
            .flat_map(|body| body.content.keys().cloned())
            .collect(),
        needs_body: body.is_some_and(|body| body.required == Some(Required::True)),
        needs_if_match,
        takes_format: named("format"),
        public: !path.starts_with("/v1"),
        cursor,
    }
}

/// What is written in place: the document has no references to parameters or bodies.
pub const fn written<T>(item: &RefOr<T>) -> Option<&T> {
    match item {
        RefOr::T(item) => Some(item),
        RefOr::Ref(_) => None,
    }
}

/// The media types of the successful answers.
fn produced(operation: &Documented) -> Vec<String> {
    let mut types: Vec<String> = Vec::new();
    for (status, response) in &operation.responses.responses {
        if let RefOr::T(response) = response
            && status.starts_with('2')
        {
            types.extend(
                response
                    .content
                    .keys()
                    .filter(|name| !types.contains(name))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
        }
    }
    types
}
